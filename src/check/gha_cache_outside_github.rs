//! GitHub's layer cache in a script that another vendor runs.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::id::TargetId;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let Some(other) = pipeline.targets.iter().find(|t| t.id != TargetId::Github) else { return };
    for line in script::all(pipeline).filter(|l| script::marked(l.text).contains("type=gha")) {
        diagnostics.push(
            Diagnostic::error("gha-cache-outside-github", line.text.span, "the layer cache `type=gha` exists on GitHub only")
                .label("has no cache service elsewhere")
                .related(other.span, "runs there too")
                .help("use `docker-build`, which caches layers by each vendor's own means, or type=registry"),
        );
    }
}
