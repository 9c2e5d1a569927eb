//! What a buildspec runs, line by line: the commands of all phases go through one shell, and a phase ends at the first that fails
//! (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>).

use std::collections::BTreeMap;

use crate::verify::behaviour::{Act, Frame, Interpreter};
use crate::verify::script::{Shell, set};
use crate::verify::yaml::Node;

/// Phases in their order, the last one after the work.
const PHASES: &[&str] = &["install", "pre_build", "build", "post_build"];

/// The lines of a buildspec, and the seconds after which its work is stopped.
pub(super) fn acts(root: &Node) -> (Vec<Act>, Option<u64>) {
    let mut shell = Shell::new(Frame::default(), 0);
    let mut limit = None;
    let mut files: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for phase in PHASES {
        let after = *phase == "post_build";
        for item in root.path(&["phases", phase, "commands"]).map(Node::items).unwrap_or_default() {
            let text = item.text().unwrap_or_default();
            let line = item.line + usize::from(text.contains('\n'));
            if let Some((file, script)) = written(text) {
                files.insert(file.to_owned(), (script.to_owned(), line + 1));
                continue;
            }
            let named = files.iter().find(|(file, _)| text.split_whitespace().any(|w| w == file.as_str()));
            let Some((file, (script, at))) = named else {
                shell.fed(is_one(text), !text.contains('|'), after);
                shell.read(text, line);
                continue;
            };
            let call = text.lines().find(|l| l.split_whitespace().any(|w| w == file)).unwrap_or_default();
            let words: Vec<&str> = call.split_whitespace().take_while(|w| w != file).collect();
            let limited = words.iter().position(|w| *w == "timeout").and_then(|at| words.get(at + 1)?.parse().ok());
            limit = limit.or(limited.filter(|_| !after));
            let tries = text.lines().find_map(|l| l.trim().strip_prefix("for attempt in ")?.strip_suffix("; do"));
            shell.file(script, *at, |frame| {
                let by = words.iter().rev().find_map(|w| match *w {
                    "bash" => Some(Interpreter::Bash),
                    "sh" => Some(Interpreter::Sh),
                    _ => None,
                });
                (frame.stops, frame.pipes, frame.after, frame.interpreter) = (false, false, after, by);
                set(frame, &words);
                frame.attempts = tries.map_or(1, |t| t.split_whitespace().count() as u32);
            });
        }
    }
    (shell.acts(), limit)
}

/// Whether a command is a single one, or a single group, with or without a condition: its failure is that of the whole.
fn is_one(text: &str) -> bool {
    let text = text.trim();
    let inner = text.strip_prefix("if ").and_then(|t| t.split_once("; then\n")?.1.strip_suffix("\nfi"));
    match inner {
        Some(inner) => is_one(inner),
        None => {
            let mut lines = text.lines().map(str::trim);
            let first = lines.next();
            lines.next_back().is_none_or(|last| (first, last) == (Some("("), ")"))
        }
    }
}

/// `cat > FILE <<'END'`: the file and what is put there.
pub(super) fn written(text: &str) -> Option<(&str, &str)> {
    let (head, rest) = text.split_once('\n')?;
    let (file, end) = head.strip_prefix("cat > ")?.split_once(" <<'")?;
    let script = rest.trim_end().strip_suffix(end.strip_suffix('\'')?)?;
    Some((file, script))
}
