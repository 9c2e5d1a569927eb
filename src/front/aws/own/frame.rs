//! The frame around the scripts of a build: how often and how long they run, what stands behind them, and where one piece of them ends.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::yaml::Node;
use crate::target::frame::{AFTER, ALL_WELL, EACH, FORGIVEN, JOB, NONE_FAILED};

use super::super::work::Work;

/// One command, or one block of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    /// What stands above it.
    pub(super) comment: Option<String>,
    /// The code.
    pub(super) text: String,
}

/// What a build runs, out of its frame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Frame {
    /// Pieces that run while all goes well.
    pub(super) main: Vec<Piece>,
    /// Pieces that run behind them.
    pub(super) after: Vec<Piece>,
    /// Seconds after which each attempt is stopped, where the build says so.
    pub(super) limit: Option<u64>,
    /// Further attempts.
    pub(super) retries: usize,
    /// Codes of a failure that is forgiven; all where none is named.
    pub(super) forgiven: Option<Vec<String>>,
}

/// The frame of a buildspec; none where it is not one that pipewright writes.
pub(super) fn of(work: &mut Work<'_>, document: &Node) -> Option<Frame> {
    let phases = document.get("phases")?;
    let of_phase = |name: &str| -> Option<Vec<Piece>> {
        let Some(phase) = phases.get(name) else { return Some(Vec::new()) };
        let mut made = Vec::new();
        for item in phase.get("commands").map(Node::items).unwrap_or_default() {
            made.push(Piece { comment: work.comment(item.span), text: item.text()?.trim_end().to_owned() });
        }
        Some(made)
    };
    let (build, behind) = (of_phase("build")?, of_phase("post_build")?);
    let known = |name: &str| matches!(name, "install" | "build" | "post_build");
    if phases.entries().iter().any(|p| !known(&p.key)) || phases.get("install").is_some_and(|i| i.get("commands").is_some()) {
        return None;
    }
    let mut frame = Frame::default();
    match build.as_slice() {
        [script, run] if script.text.starts_with(&format!("cat > {JOB} ")) => {
            frame.main = pieces(document_of(&script.text, JOB)?);
            run_of(&run.text, &mut frame)?;
        }
        _ => frame.main = build,
    }
    match behind.as_slice() {
        [] => {}
        [script, run] if run.text.ends_with(&format!(" {AFTER}")) => {
            let all = pieces(document_of(&script.text, AFTER)?);
            let [first, inner @ .., last] = all.as_slice() else { return None };
            let opens = first.comment.as_deref() == Some(EACH) && first.text == NONE_FAILED;
            frame.after = inner.to_vec();
            if !opens || last.text != ALL_WELL {
                return None;
            }
        }
        _ => return None,
    }
    // Only now is everything of it said.
    phases.each_entry(&mut |e| work.mark(e, Fate::Exact));
    Some(frame)
}

/// The script that a command writes to a file.
fn document_of<'t>(text: &'t str, file: &str) -> Option<&'t str> {
    let (mark, rest) = text.strip_prefix(&format!("cat > {file} <<'"))?.split_once("'\n")?;
    rest.strip_suffix(mark)
}

/// How the script of the steps runs.
fn run_of(text: &str, frame: &mut Frame) -> Option<()> {
    let mut text = text;
    if let Some(rest) = text.strip_suffix(&format!(" || {FORGIVEN}")) {
        (frame.forgiven, text) = (Some(Vec::new()), rest);
    }
    if let Some((rest, cases)) = text.split_once("\ncase \"$code\" in\n  0) ;;\n  ") {
        let (codes, _) = cases.split_once(") ")?;
        frame.forgiven = Some(codes.split(" | ").map(str::to_owned).collect());
        // The loop of attempts has the code already.
        text = rest.strip_prefix("code=0\n").and_then(|t| t.strip_suffix(" || code=$?")).unwrap_or(rest);
    }
    if let Some(rest) = text.strip_prefix("for attempt in ") {
        let (attempts, inner) = rest.split_once("; do\n")?;
        frame.retries = attempts.split(' ').count() - 1;
        let once = inner.strip_prefix("  echo \"Attempt $attempt\"\n  code=0\n  ")?;
        text = once.split_once(" || code=$?\n")?.0;
    }
    let (limit, shell) = text.strip_prefix("timeout ")?.split_once(' ')?;
    frame.limit = Some(limit.parse().ok()?);
    matches!(shell.strip_suffix(&format!(" {JOB}"))?, "bash -euo pipefail" | "sh -eu").then_some(())
}

/// The pieces of a script: blocks, here-documents, lines.
pub(super) fn pieces(script: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut comment: Option<String> = None;
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        if let Some(said) = line.strip_prefix("# ") {
            comment = Some(said.to_owned());
            continue;
        }
        let mut text = line.to_owned();
        let end = match line {
            "(" => Some(")".to_owned()),
            _ if line.starts_with("case ") => Some("esac".to_owned()),
            _ if line.starts_with("if ") && line.ends_with("; then") => Some("fi".to_owned()),
            _ => line.split_once("<<'").and_then(|(_, r)| r.split_once('\'')).map(|(mark, _)| mark.to_owned()),
        };
        let even = |text: &str, quote: char| text.matches(quote).count().is_multiple_of(2);
        let open = |text: &str| text.ends_with('\\') || !even(text, '"') || !even(text, '\'');
        while end.as_ref().map_or_else(|| open(&text), |end| text.lines().last() != Some(end) || text == *end) {
            let Some(next) = lines.next() else { break };
            text.push('\n');
            text.push_str(next);
        }
        found.push(Piece { comment: comment.take(), text });
    }
    // What counts a failure belongs to what may fail.
    let mut joined: Vec<Piece> = Vec::new();
    for piece in found {
        match joined.last_mut() {
            Some(last) if piece.text == crate::target::frame::COUNTED => {
                last.text.push('\n');
                last.text.push_str(&piece.text);
            }
            _ => joined.push(piece),
        }
    }
    joined
}

/// The lines within a block, without the blanks that stand before them there; `close` may have more behind it.
pub(super) fn within<'t>(text: &'t str, open: &str, close: &str) -> Option<Vec<&'t str>> {
    let inner = text.strip_prefix(open)?.strip_prefix('\n')?.strip_suffix(close)?.strip_suffix('\n')?;
    let lines: Vec<&str> = inner.lines().collect();
    let moved = |line: &&str| line.is_empty() || line.starts_with("  ");
    // Text that goes over several lines keeps its place.
    let until = if lines.iter().all(moved) { lines.len() } else { lines.iter().take_while(|l| moved(l)).count() };
    Some(
        lines
            .iter()
            .enumerate()
            .map(|(at, line)| if at < until { line.strip_prefix("  ").unwrap_or(line) } else { line })
            .collect(),
    )
}

/// The lines of a block that stops at its first failure, or of a piece that is none.
pub(super) fn strict(text: &str) -> Vec<&str> {
    match within(text, "(", ")") {
        Some(lines) => match lines.split_first() {
            Some((first, rest)) if matches!(*first, "set -euo pipefail" | "set -eu") => rest.to_vec(),
            _ => lines,
        },
        None => text.lines().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, pieces, run_of, strict};

    #[test]
    fn a_script_is_pieces() {
        let script = "A=1\n# Files of x\n(\n  set -eu\n  make\n)\ncase \"$A\" in\n  x) ;;\nesac\nbash /dev/fd/3 3<<'STEP'\n)\nSTEP\na \\\n  b\n";
        let texts: Vec<String> = pieces(script).into_iter().map(|p| p.text).collect();
        assert_eq!(
            texts,
            ["A=1", "(\n  set -eu\n  make\n)", "case \"$A\" in\n  x) ;;\nesac", "bash /dev/fd/3 3<<'STEP'\n)\nSTEP", "a \\\n  b"]
        );
        assert_eq!(strict("(\n  set -euo pipefail\n  make\n)"), ["make"]);
    }

    #[test]
    fn how_it_runs_is_said_around_it() {
        let run = |text: &str| {
            let mut frame = Frame::default();
            run_of(text, &mut frame).map(|()| (frame.limit, frame.retries, frame.forgiven))
        };
        assert_eq!(run("timeout 60 bash -euo pipefail /tmp/job.sh"), Some((Some(60), 0, None)));
        let twice = "for attempt in 1 2; do\n  echo \"Attempt $attempt\"\n  code=0\n  timeout 9 sh -eu /tmp/job.sh || code=$?\n  [ \"$code\" != 0 ] || break\ndone\n(exit \"$code\") || { echo \"The job failed; the run goes on.\"; touch /tmp/failed; }";
        assert_eq!(run(twice), Some((Some(9), 1, Some(Vec::new()))));
        let codes = "code=0\ntimeout 9 sh -eu /tmp/job.sh || code=$?\ncase \"$code\" in\n  0) ;;\n  3 | 4) echo \"The job failed; the run goes on.\"; touch /tmp/failed ;;\n  *) (exit \"$code\") ;;\nesac";
        assert_eq!(run(codes), Some((Some(9), 0, Some(vec!["3".to_owned(), "4".to_owned()]))));
        assert_eq!(run("make"), None);
    }
}
