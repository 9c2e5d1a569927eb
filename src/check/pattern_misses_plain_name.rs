//! `phase-*/**` does not take `phase-2`: it demands a slash.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Filter, Pattern};
use crate::ir::glob::{Glob, GlobPiece};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let of_workflows =
        pipeline.workflows.iter().flat_map(|w| std::iter::once(&w.on).chain(w.stages.iter().filter_map(|s| s.only.as_ref())));
    let of_jobs = pipeline.jobs.iter().filter_map(|j| j.only.as_ref());
    let of_environments = pipeline.environments.iter().filter_map(|e| e.allow.as_ref());
    of_workflows.chain(of_jobs).chain(of_environments).for_each(|f| filter(f, diagnostics));
}

fn filter(filter: &Filter, diagnostics: &mut Diagnostics) {
    for clause in &filter.clauses {
        match &clause.kind {
            ClauseKind::Push { branches, .. } | ClauseKind::Branch { branches } | ClauseKind::Manual { branches } => {
                pattern(branches, diagnostics);
            }
            ClauseKind::Tag { names } | ClauseKind::Release { tags: names } => pattern(names, diagnostics),
            ClauseKind::PullRequest { targets, heads, .. } => [targets, heads].into_iter().for_each(|p| pattern(p, diagnostics)),
            ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => {}
        }
    }
}

fn pattern(pattern: &Pattern, diagnostics: &mut Diagnostics) {
    for list in [&pattern.include, &pattern.except] {
        for glob in list {
            let Some(plain) = plain(glob) else { continue };
            if list.iter().any(|g| g.value.matches(&plain.sample())) {
                continue;
            }
            diagnostics.push(
                Diagnostic::warning(
                    "pattern-misses-plain-name",
                    glob.span,
                    format!("`{}` does not take `{}`: it demands a slash", glob.value, plain.sample()),
                )
                .label("only names with a further part")
                .help(format!("write \"{plain}\" \"{}\" to take both, or \"{plain}\" alone", glob.value)),
            );
        }
    }
}

/// `phase-*` of `phase-*/**`, where a name without the slash would look much the same.
fn plain(glob: &Spanned<Glob>) -> Option<Glob> {
    let [
        GlobPiece::Literal(first),
        ..,
        GlobPiece::AnyInSegment,
        GlobPiece::Literal(slash),
        GlobPiece::AnyRun | GlobPiece::AnyInSegment,
    ] = glob.value.pieces()
    else {
        return None;
    };
    let text = glob.value.text();
    let cut = text.strip_suffix("/**").or_else(|| text.strip_suffix("/*"))?;
    (slash == "/" && !first.ends_with('/')).then(|| Glob::parse(cut).ok()).flatten()
}
