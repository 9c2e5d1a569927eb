//! When a line of a build runs, given how the build stands: `post_build` runs whatever came of `build`, and asks by itself
//! (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>: `CODEBUILD_BUILD_SUCCEEDING`).

use std::collections::BTreeMap;

use crate::verify::aws::build::Build;
use crate::verify::aws::evaluate::{Known, Shell};
use crate::verify::aws::shell::{Command, commands};
use crate::verify::behaviour::{Frame, Guard, Standing};

/// The file that a build leaves where its steps failed and may.
const FORGIVEN: &str = "[ -e /tmp/failed ]";

impl Build {
    /// Whether a line runs; none where only a run knows. `passed` is what the run tells the build.
    pub(super) fn runs(&self, passed: &BTreeMap<String, Known>, frame: &Frame, standing: Standing) -> Option<bool> {
        let failed = match standing {
            Standing::Well => false,
            Standing::Failed => true,
            // A build that a person stops runs nothing more: a loss that the spec accepts.
            Standing::Cancelled => return None,
        };
        if failed && !frame.after {
            return Some(false);
        }
        let mut variables = self.variables.clone();
        // Each cell of a matrix has its own.
        let told = |name: &str, value: &Known| value.clone().filter(|_| !name.starts_with("MATRIX_"));
        variables.extend(passed.iter().map(|(n, v)| (n.clone(), told(n, v))));
        let well = if failed && !self.forgiven { "0" } else { "1" };
        variables.insert("CODEBUILD_BUILD_SUCCEEDING".to_owned(), Some(well.to_owned()));
        let unknown = |_: &[String]| None;
        let mut shell = Shell::new(variables, &unknown);
        // A file of another build may hold what nothing sets here.
        shell.open = !self.fetches.is_empty();
        shell.all(&self.prepared);
        frame.holds(Some(true), |guard| match guard {
            Guard::Test(test) => {
                let asked = asked(test, failed && self.forgiven);
                let lines: Vec<Command> = commands(&asked).into_iter().map(|l| l.command).collect();
                shell.all(&lines).well()
            }
            Guard::Vendor(_) | Guard::Open => None,
        })
    }
}

/// A test in which files that the build leaves are there: that of what may fail where it did, and the marks of steps that have started.
fn asked(test: &str, forgiven: bool) -> String {
    let mut out = test.replace(FORGIVEN, if forgiven { "true" } else { "false" });
    while let Some(at) = out.find("[ -e /tmp/") {
        let Some(end) = out[at..].find(" ]") else { break };
        out.replace_range(at..at + end + 2, "true");
    }
    out
}
