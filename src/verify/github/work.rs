//! What the steps of a job run, and on what machine.

use std::collections::BTreeMap;

use crate::verify::behaviour::{Act, Beside, Bit, Frame, Guard, Interpreter, Variables};
use crate::verify::script::{self, Shell, below};
use crate::verify::yaml::Node;

/// The parts of a value: characters and expressions.
pub(super) fn bits(value: &str) -> Vec<Bit> {
    let mut found: Vec<Bit> = Vec::new();
    let text = |found: &mut Vec<Bit>, more: &str| match found.last_mut() {
        _ if more.is_empty() => {}
        Some(Bit::Text(known)) => known.push_str(more),
        _ => found.push(Bit::Text(more.to_owned())),
    };
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${{") {
        text(&mut found, before);
        // The sign itself is written as an expression that gives it.
        if let Some(after) = after.strip_prefix(" '${{' }}") {
            text(&mut found, "${{");
            rest = after;
            continue;
        }
        let Some((expression, after)) = after.split_once("}}") else { break };
        found.push(Bit::Symbol(expression.trim().to_owned()));
        rest = after;
    }
    text(&mut found, rest);
    found
}

/// The values of a map.
pub(super) fn values(node: Option<&Node>) -> Variables {
    let rows = node.map(Node::rows).unwrap_or_default();
    rows.iter().filter_map(|(name, value)| Some((name.clone(), bits(value.text()?)))).collect()
}

/// The variables of a job: the file's, then its own.
pub(super) fn env(job: &Node, root: &Node) -> Variables {
    let mut found = values(root.get("env"));
    found.extend(values(job.get("env")));
    found
}

/// The containers beside a job.
pub(super) fn services(job: &Node) -> Vec<Beside> {
    let rows = job.get("services").map(Node::rows).unwrap_or_default();
    let service = |(name, node): &(String, Node)| Beside {
        name: name.clone(),
        image: bits(node.get("image").or(Some(node)).and_then(Node::text).unwrap_or_default()),
        env: values(node.get("env")),
    };
    rows.iter().map(service).collect()
}

/// The cells of a matrix: every combination of its axes, and what `include` adds (GitHub's documentation, "Workflow syntax", `matrix.include`:
/// a row that would change no value of a cell is added to it, any other is a cell of its own).
pub(super) fn cells(job: &Node) -> Option<Vec<BTreeMap<String, String>>> {
    let matrix = job.path(&["strategy", "matrix"])?;
    let axes: Vec<(&String, Vec<String>)> =
        matrix.rows().iter().filter(|(k, _)| k != "include" && k != "exclude").map(|(k, v)| (k, v.texts())).collect();
    let mut cells: Vec<BTreeMap<String, String>> = if axes.is_empty() { Vec::new() } else { vec![BTreeMap::new()] };
    for (axis, values) in &axes {
        let with = |cell: &BTreeMap<String, String>, value: &String| {
            let mut cell = cell.clone();
            cell.insert((*axis).clone(), value.clone());
            cell
        };
        cells = cells.iter().flat_map(|cell| values.iter().map(move |v| with(cell, v))).collect();
    }
    let rows = |key: &str| -> Vec<BTreeMap<String, String>> {
        let row = |n: &Node| n.rows().iter().filter_map(|(k, v)| Some((k.clone(), v.text()?.to_owned()))).collect();
        matrix.get(key).map(Node::items).unwrap_or_default().iter().map(row).collect()
    };
    for out in rows("exclude") {
        cells.retain(|cell| !out.iter().all(|(k, v)| cell.get(k) == Some(v)));
    }
    let made = cells.len();
    for more in rows("include") {
        let is_axis = |k: &String| axes.iter().any(|(a, _)| *a == k);
        let fits = |cell: &BTreeMap<String, String>| more.iter().all(|(k, v)| !is_axis(k) || cell.get(k) == Some(v));
        let mut added = false;
        for cell in cells.iter_mut().take(made).filter(|c| fits(c)) {
            cell.extend(more.clone());
            added = true;
        }
        if !added {
            cells.push(more);
        }
    }
    Some(cells)
}

/// Minutes of a limit as seconds.
pub(super) fn seconds(node: Option<&Node>) -> Option<u64> {
    let minutes: f64 = node?.text()?.parse().ok()?;
    Some((minutes * 60.0) as u64)
}

/// What the steps run, in their order. `tried`: whether the spec has jobs that are tried again, so that a script may do that for them.
pub(super) fn acts(job: &Node, root: &Node, tried: bool) -> Vec<Act> {
    let mut found = Vec::new();
    let mut number = 0;
    let windows = job.get("runs-on").and_then(Node::text).is_some_and(|r| r.contains("windows"));
    for step in job.get("steps").map(Node::items).unwrap_or_default() {
        let mut frame = Frame { env: values(step.get("env")), limit: seconds(step.get("timeout-minutes")), ..Frame::default() };
        frame.soft = step.get("continue-on-error").is_some_and(|c| !c.is_false());
        frame.guards = step.get("if").and_then(Node::text).map(|t| Guard::Vendor(t.to_owned())).into_iter().collect();
        if let Some(action) = step.get("uses").and_then(Node::text) {
            let path = action.split('@').next().unwrap_or_default();
            number += 1;
            found.push(Act {
                line: step.line,
                text: format!("uses {path}"),
                quoted: false,
                with: values(step.get("with")),
                shell: number,
                frame: frame.into(),
            });
            continue;
        }
        let Some(run) = step.get("run") else { continue };
        let default = |key: &str| {
            let of = |node: &Node| node.path(&["defaults", "run", key]).and_then(Node::text).map(str::to_owned);
            of(job).or_else(|| of(root))
        };
        let own = |key: &str| step.get(key).and_then(Node::text).map(str::to_owned);
        interpret(&mut frame, own("shell").or_else(|| default("shell")).as_deref(), windows);
        let dir = own("working-directory").or_else(|| default("working-directory"));
        frame.dir = Some(below("", &dir.unwrap_or_default()));
        let text = run.text().unwrap_or_default();
        let line = run.line + usize::from(text.contains('\n'));
        number += 1;
        match tried.then(|| attempts(text, &frame)).flatten() {
            Some(bodies) => {
                for (frame, body, offset) in bodies {
                    number += 1;
                    let mut shell = Shell::new(frame, number);
                    shell.read(&body, line + offset);
                    number = shell.next();
                    found.extend(shell.acts());
                }
            }
            None => {
                let mut shell = Shell::new(frame, number);
                shell.read(text, line);
                number = shell.next();
                found.extend(shell.acts());
            }
        }
    }
    found
}

/// What a value of `shell` starts (GitHub's documentation, "Workflow syntax", `steps[*].shell`): `bash` is `bash --noprofile --norc -eo pipefail`, `sh` is
/// `sh -e`; without a word for it Linux has `bash -e`, Windows PowerShell.
fn interpret(frame: &mut Frame, shell: Option<&str>, windows: bool) {
    let (interpreter, stops, pipes) = match shell {
        Some("bash") => (Interpreter::Bash, true, true),
        Some("sh") => (Interpreter::Sh, true, false),
        Some("pwsh" | "powershell") => (Interpreter::Pwsh, true, false),
        None if windows => (Interpreter::Pwsh, true, false),
        None => (Interpreter::Bash, true, false),
        Some(other) => {
            called(frame, other);
            return;
        }
    };
    (frame.interpreter, frame.stops, frame.pipes) = (Some(interpreter), stops, pipes);
}

/// The shell that a command line starts.
fn called(frame: &mut Frame, call: &str) {
    let words: Vec<&str> = call.split_whitespace().collect();
    let interpreter = match words.first() {
        Some(&"bash") => Interpreter::Bash,
        Some(&"sh") => Interpreter::Sh,
        Some(&"pwsh") => Interpreter::Pwsh,
        _ => Interpreter::Other,
    };
    (frame.stops, frame.pipes) = (false, false);
    script::set(frame, words.get(1..).unwrap_or_default());
    frame.stops |= interpreter == Interpreter::Pwsh && call.contains("$ErrorActionPreference = 'Stop'");
    frame.interpreter = Some(interpreter);
}

/// A step that writes scripts into files and starts them one after another, again from the first if one fails: for each its frame, its text and the line
/// where that begins. None for a step of another form.
fn attempts(text: &str, frame: &Frame) -> Option<Vec<(Frame, String, usize)>> {
    let lines: Vec<&str> = text.lines().collect();
    let head = lines.iter().position(|l| l.starts_with("for attempt in ") && l.ends_with("; do"))?;
    let times = lines[head].split_whitespace().count().saturating_sub(4);
    let mut found = Vec::new();
    let mut at = 0;
    while at < head {
        let (file, mark) = lines[at].strip_prefix("cat > \"")?.strip_suffix('\'')?.split_once("\" <<'")?;
        let end = (at + 1..head).find(|i| lines[*i] == mark)?;
        let call = lines[head..].iter().find(|l| l.contains(file))?.trim();
        let mut own = frame.clone();
        own.attempts = times as u32;
        let mut call = call.strip_prefix("if ").unwrap_or(call);
        if let Some((condition, rest)) = call.strip_prefix("{ [ \"$").and_then(|c| c.split_once("\" != true ] || ")) {
            own.guards.push(match frame.env.get(condition).map(Vec::as_slice) {
                Some([Bit::Symbol(expression)]) => Guard::Vendor(expression.clone()),
                _ => Guard::Open,
            });
            call = rest;
        }
        if let Some(rest) = call.strip_prefix("{ ") {
            own.soft |= rest.contains(" || ");
            call = rest;
        }
        if let Some((limit, rest)) = call.strip_prefix("timeout ").and_then(|c| c.split_once(' ')) {
            own.limit = limit.parse().ok();
            call = rest;
        }
        called(&mut own, call.replace("\\$", "$").as_str());
        found.push((own, lines[at + 1..end].join("\n"), at + 1));
        at = end + 1;
    }
    (!found.is_empty()).then_some(found)
}
