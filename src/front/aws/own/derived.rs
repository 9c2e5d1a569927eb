//! Variables that a build works out before it uses them.

use crate::front::name::slug;
use crate::front::node::node;

use super::super::work::Work;
use super::beside;
use super::frame::Piece;
use super::text::{Table, is_passed};

/// How the values of variables begin that a build works out from what CodeBuild tells it.
const TOLD: &[&str] = &[
    "$(aws codebuild batch-get-build",
    "$(printf '%.7s' \"$CODEBUILD_RESOLVED_SOURCE_VERSION\")",
    "$(git log -1 --format=%",
    "${CODEBUILD_WEBHOOK_",
    "${COMMIT_BRANCH:-",
    "${COMMIT_TAG:-",
    "${MATRIX_",
];

/// Whether lines do nothing but give a variable its value.
pub(super) fn is_assignment(line: &str, name: &str) -> bool {
    if let Some(value) = line.strip_prefix(&format!("{name}=")) {
        let status = "success\nif [ \"$CODEBUILD_BUILD_SUCCEEDING\" = 0 ] || [ -e /tmp/failed ]; then JOB_STATUS=failure; fi";
        return is_passed(name) && TOLD.iter().any(|start| value.starts_with(start)) && !value.contains('\n')
            || name == "JOB_STATUS" && value == status;
    }
    let chosen = line.starts_with("case \"${CODEBUILD_WEBHOOK_TRIGGER:-}\" in\n") && is_passed(name)
        || line.starts_with("case \"$RUN_EVENT\" in\n") && name.starts_with("VALUE_");
    chosen && line.ends_with("\nesac") && line.contains(&format!(" {name}="))
}

/// How many pieces give a variable its value that a context stands for; none where the first does something else.
pub(super) fn looked(pieces: &[Piece]) -> Option<usize> {
    if pieces[0].text == "JOB_STATUS=success" {
        return (pieces.get(2)?.text == "export JOB_STATUS").then_some(3);
    }
    let name = pieces.get(1)?.text.strip_prefix("export ")?;
    is_assignment(&pieces[0].text, name).then_some(2)
}

/// The same; a value that the events choose is declared.
pub(super) fn taken(work: &mut Work<'_>, table: &mut Table, words: &mut Table, pieces: &[Piece]) -> Option<usize> {
    let taken = looked(pieces)?;
    let name = pieces.get(1)?.text.strip_prefix("export ").unwrap_or_default();
    let Some(value) = name.strip_prefix("VALUE_") else { return Some(taken) };
    let mut made = node("value").arg(&slug(value));
    let mut kinds: Vec<&str> = Vec::new();
    for line in pieces[0].text.lines().skip(1) {
        if let Some(arm) = line.strip_prefix("  ").and_then(|l| l.strip_suffix(')')).filter(|l| !l.starts_with(' ')) {
            kinds = arm.split(" | ").collect();
        } else if let Some(word) = line.strip_prefix(&format!("    {name}=")) {
            let text = words.word(word, &mut Vec::new())?;
            for kind in &kinds {
                made.push(if *kind == "*" { node("otherwise").arg(&text) } else { node("on").arg(kind).arg(&text) });
            }
        }
    }
    let context = format!("value.{}", slug(value));
    beside::declare(work, made)?;
    table.set(name, &context);
    words.set(name, &context);
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::is_assignment;

    #[test]
    fn only_what_a_build_is_told_is_left_out() {
        assert!(is_assignment("COMMIT_SHORT=$(printf '%.7s' \"$CODEBUILD_RESOLVED_SOURCE_VERSION\")", "COMMIT_SHORT"));
        assert!(is_assignment("case \"$RUN_EVENT\" in\n  *)\n    VALUE_X=a\n    ;;\nesac", "VALUE_X"));
        assert!(!is_assignment("COMMIT_SHORT=$(make name)", "COMMIT_SHORT"));
        assert!(!is_assignment("OTHER=$(git log -1 --format=%B)", "OTHER"));
    }
}
