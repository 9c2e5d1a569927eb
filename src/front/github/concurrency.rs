//! `concurrency:` of a workflow or job.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::Entry;

use super::expr::{Gh, Piece, parse, pieces};
use super::text::Where;
use super::work::Work;

/// The `concurrency` node.
pub(super) fn concurrency(work: &mut Work<'_, '_>, entry: &Entry) -> Option<Build> {
    let map = entry.value.is_map();
    let group = if map { work.open(&entry.value, "group")? } else { entry };
    let source = group.value.text()?;
    let mut build = match kind(source) {
        Some(per) => {
            work.mark(group, Fate::Emulated(format!("`per={per}`: pipewright makes the name of the group")));
            node("concurrency").prop("per", per)
        }
        None => {
            let text = work.text(group, Where::Field)?;
            node("concurrency").arg(&text)
        }
    };
    // A waiting run gives way to a newer one on GitHub.
    build = build.prop("queue", "latest");
    if let Some(cancel) = map.then(|| work.open(&entry.value, "cancel-in-progress")).flatten() {
        match cancel.value.truth() {
            Some(true) => {
                build.0.entries.retain(|e| e.name.as_ref().is_none_or(|n| n.text != "queue"));
                build = build.arg("cancel-running");
            }
            Some(false) => {}
            None => work.lose(cancel, "an expression decides here; the running run goes on"),
        }
    }
    Some(build)
}

/// What two runs of a group share, where it is one of the usual names.
fn kind(source: &str) -> Option<&'static str> {
    let (mut branch, mut workflow) = (false, false);
    for piece in pieces(source) {
        if let Piece::Expr(inner) = piece {
            let expr = parse(inner)?;
            for path in alternatives(&expr)? {
                match path.as_str() {
                    "github.workflow" => workflow = true,
                    "github.ref"
                    | "github.ref_name"
                    | "github.head_ref"
                    | "github.event.pull_request.number"
                    | "github.event.number"
                    | "github.event.pull_request.head.ref" => branch = true,
                    "github.event_name" | "github.repository" | "github.actor" => {}
                    // Behind a pull request's number: every other run alone, which is what a group of its own means.
                    "github.run_id" | "github.sha" if branch => {}
                    _ => return None,
                }
            }
        }
    }
    match (branch, workflow) {
        (true, _) => Some("branch"),
        (false, true) => Some("workflow"),
        (false, false) => None,
    }
}

/// The paths of `a || b || c`; `None` where something else is among them.
fn alternatives(expr: &Gh) -> Option<Vec<String>> {
    match expr {
        Gh::Both("||", a, b) => Some(alternatives(a)?.into_iter().chain(alternatives(b)?).collect()),
        other => Some(vec![other.path()?]),
    }
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn usual_groups_are_known() {
        assert_eq!(kind("${{ github.workflow }}-${{ github.event.pull_request.number || github.ref }}"), Some("branch"));
        assert_eq!(kind("${{ github.workflow }}-${{ github.head_ref || github.run_id }}"), Some("branch"));
        assert_eq!(kind("${{ github.workflow }}"), Some("workflow"));
        assert_eq!(kind("pages"), None);
        assert_eq!(kind("${{ inputs.x }}-${{ github.ref }}"), None);
    }
}
