//! Names of branches or tags that differ in case only: some vendors' conditions do not tell them apart.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Filter};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut names: Vec<(&str, Span)> = vec![(&pipeline.default_branch.value, pipeline.default_branch.span)];
    for workflow in &pipeline.workflows {
        literals(&workflow.on, &mut names);
        workflow.stages.iter().filter_map(|s| s.only.as_ref()).for_each(|f| literals(f, &mut names));
    }
    pipeline.jobs.iter().filter_map(|j| j.only.as_ref()).for_each(|f| literals(f, &mut names));
    pipeline.environments.iter().filter_map(|e| e.allow.as_ref()).for_each(|f| literals(f, &mut names));
    let mut known: BTreeMap<String, (&str, Span)> = BTreeMap::new();
    for (name, span) in names {
        let (first, at) = *known.entry(name.to_lowercase()).or_insert((name, span));
        if first != name {
            diagnostics.push(
                Diagnostic::warning("ref-case-variants", span, format!("`{name}` and `{first}` differ in case only"))
                    .label("written this way here")
                    .related(at, "and this way here")
                    .help("write the name as git has it; two such names cannot even be checked out side by side on some systems"),
            );
        }
    }
}

fn literals<'p>(filter: &'p Filter, names: &mut Vec<(&'p str, Span)>) {
    for clause in &filter.clauses {
        let patterns = match &clause.kind {
            ClauseKind::Push { branches, .. } | ClauseKind::Branch { branches } | ClauseKind::Manual { branches } => {
                vec![branches]
            }
            ClauseKind::Tag { names } | ClauseKind::Release { tags: names } => vec![names],
            ClauseKind::PullRequest { targets, heads, .. } => vec![targets, heads],
            ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => Vec::new(),
        };
        for glob in patterns.into_iter().flat_map(|p| p.include.iter().chain(&p.except)) {
            names.extend(glob.value.is_literal().map(|name| (name, glob.span)));
        }
    }
}
