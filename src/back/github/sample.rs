//! Small pipelines for the tests of this room.


use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::event::{Clause, ClauseKind, DEFAULT_PULL_REQUEST_TYPES, Filter, Pattern};
use crate::ir::glob::Glob;
use crate::ir::job::Workflow;
use crate::ir::lang::Lang;

use super::condition::Demand;

pub(super) fn at<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span::default())
}

pub(super) fn pattern(include: &[&str], except: &[&str]) -> Pattern {
    let globs = |list: &[&str]| list.iter().map(|g| at(Glob::parse(g).unwrap())).collect::<Vec<_>>();
    let langs = |list: &[Spanned<Glob>]| Lang::union_all(&list.iter().map(|g| g.lang()).collect::<Vec<_>>()).unwrap();
    let (include, except) = (globs(include), globs(except));
    let all = if include.is_empty() { Lang::all() } else { langs(&include) };
    let lang = all.difference(&langs(&except)).unwrap();
    Pattern { include, except, lang }
}

pub(super) fn push(branches: &[&str]) -> ClauseKind {
    ClauseKind::Push { branches: pattern(branches, &[]), paths: None }
}

pub(super) fn tag(names: &[&str]) -> ClauseKind {
    ClauseKind::Tag { names: pattern(names, &[]) }
}

pub(super) fn pull_request(targets: &[&str]) -> ClauseKind {
    ClauseKind::PullRequest {
        targets: pattern(targets, &[]),
        heads: pattern(&[], &[]),
        types: DEFAULT_PULL_REQUEST_TYPES.to_vec(),
        exclude_forks: false,
        paths: None,
    }
}

pub(super) fn filter(clauses: &[ClauseKind]) -> Filter {
    let clauses = clauses.iter().map(|kind| Clause { kind: kind.clone(), span: Span::default() }).collect();
    Filter { clauses, span: Span::default() }
}

pub(super) fn demand(filter: &Filter) -> Demand<'_> {
    Demand { filters: vec![filter], exprs: Vec::new() }
}

pub(super) fn pipeline(on: &[ClauseKind]) -> Pipeline {
    let workflow = Workflow {
        name: at("ci".to_owned()),
        on: filter(on),
        schedules: Vec::new(),
        inputs: Vec::new(),
        dedupe: None,
        concurrency: None,
        stages: Vec::new(),
        jobs: Vec::new(),
        env: Vec::new(),
        notify: Vec::new(),
        budget: None,
        raw: Vec::new(),
        comments: Vec::new(),
    };
    Pipeline {
        name: at("sample".to_owned()),
        description: None,
        default_branch: at("main".to_owned()),
        docs: Vec::new(),
        targets: Vec::new(),
        accepts: Vec::new(),
        teams: Vec::new(),
        secrets: Vec::new(),
        variables: Vec::new(),
        registries: Vec::new(),
        runners: Vec::new(),
        images: Vec::new(),
        values: Vec::new(),
        channels: Vec::new(),
        gates: Vec::new(),
        environments: Vec::new(),
        workflows: vec![workflow],
        jobs: Vec::new(),
        repository: None,
        events: Vec::new(),
        span: Span::default(),
    }
}
