//! The first job of a workflow that decides what no `if` of GitHub can say exactly: names matched by a pattern, and files that changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::ir::event::EventKind;

/// Its id.
pub(super) const JOB: &str = "route";

/// One answer it gives.
pub(super) struct Question {
    /// The output, named by the first job that asks.
    pub(super) name: String,
    /// A command that succeeds if the answer is yes.
    pub(super) test: String,
    /// Variables it reads.
    pub(super) env: BTreeMap<String, String>,
}

/// Whether the changed files are asked for.
pub(super) fn needs_files(questions: &[Question]) -> bool {
    questions.iter().any(|q| q.test.contains("changed "))
}

/// The script that answers. `kinds` are those of the workflow, for the way files are compared.
pub(super) fn script(questions: &[Question], kinds: &[EventKind], default_branch: &str) -> String {
    let mut out = String::new();
    if needs_files(questions) {
        out.push_str(&files(kinds, default_branch));
    }
    for question in questions {
        let (name, test) = (&question.name, &question.test);
        let _ = write!(out, "if {test}; then\n  echo \"{name}=true\" >> \"$GITHUB_OUTPUT\"\nfi\n");
    }
    out
}

/// The files that count, as GitHub's own `paths:` takes them: of a pull request those it changes against its merge base, of a push those between
/// the commit before and the new one, of a new branch those since it left the default branch. Where no diff can be made, every file counts
/// (docs.github.com, "Workflow syntax", git diff comparisons).
fn files(kinds: &[EventKind], default_branch: &str) -> String {
    let mut out = String::from("case \"$GITHUB_EVENT_NAME\" in\n");
    if kinds.contains(&EventKind::PullRequest) {
        out.push_str("  pull_request) base=$(git merge-base \"origin/$GITHUB_BASE_REF\" HEAD) || base= ;;\n");
    }
    if kinds.contains(&EventKind::Push) {
        let _ = write!(
            out,
            "  push)\n    base=$BEFORE\n    if [[ $base =~ ^0+$ ]]; then\n      base=$(git merge-base origin/{default_branch} HEAD) || base=\n    fi\n    ;;\n"
        );
    }
    out.push_str(
        "  *) base= ;;
esac
files=
if [[ -n $base ]]; then
  files=$(git diff --name-only \"$base\" HEAD) || base=
fi

# changed INCLUDE [EXCEPT]: whether a changed file matches; yes where no diff could be made.
changed() {
  local file
  [[ -n $base ]] || return 0
  while IFS= read -r file; do
    if [[ -n $file && $file =~ $1 && ! (-n ${2:-} && $file =~ ${2:-}) ]]; then
      return 0
    fi
  done <<< \"$files\"
  return 1
}

",
    );
    out
}
