//! Places the lines of a value that takes several: the indentation comes from the line the value stands in, so no template counts it.
//!
//! A filter cannot see where its result will stand. It writes [`BREAK`] and [`COMMENT_BREAK`] where a line ends, and [`settle`] turns them into
//! newlines with the right indentation once the template is rendered. Both marks are noncharacters: `yaml.rs` escapes them in every string, so
//! no value can bring one in.

/// Ends a line inside a value; the next one is indented below the key or dash that the value belongs to.
pub(super) const BREAK: char = '\u{FDD2}';

/// Ends a line inside a comment; the next one starts where its line starts.
pub(super) const COMMENT_BREAK: char = '\u{FDD3}';

/// Spaces by which a value stands below its key.
const STEP: usize = 2;

/// Replaces the marks in a rendered text.
pub(super) fn settle(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len() + rendered.len() / 8);
    for line in rendered.split_inclusive('\n') {
        if line.contains([BREAK, COMMENT_BREAK]) {
            settle_line(line, &mut out);
        } else {
            out.push_str(line);
        }
    }
    out
}

fn settle_line(line: &str, out: &mut String) {
    let margin = line.len() - line.trim_start_matches(' ').len();
    let mut key = margin;
    while line[key..].starts_with("- ") {
        key += 2;
    }
    // `- |` and `- <mapping>`: the value belongs to the dash itself. A mapping starts on the line of its dash.
    let value_of_dash = key > margin && line[key..].starts_with([BREAK, '|']);
    let base = if value_of_dash { key - 2 } else { key };
    let rest = if value_of_dash { line[key..].strip_prefix(BREAK) } else { None };
    if rest.is_some() {
        out.push_str(&line[..key]);
    }
    let mut pieces = rest.unwrap_or(line).split_inclusive([BREAK, COMMENT_BREAK]).peekable();
    while let Some(piece) = pieces.next() {
        let text = piece.trim_end_matches([BREAK, COMMENT_BREAK]);
        if text.len() == piece.len() {
            out.push_str(text);
            break;
        }
        // `env: <mapping>` leaves a blank after the colon.
        out.push_str(text.trim_end_matches(' '));
        out.push('\n');
        let next_is_empty = pieces.peek().is_none_or(|next| next.starts_with([BREAK, COMMENT_BREAK, '\n']));
        if !next_is_empty {
            let indent = if piece.ends_with(BREAK) { base + STEP } else { margin };
            out.extend(std::iter::repeat_n(' ', indent));
        }
    }
}
