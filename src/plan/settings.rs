//! What a vendor keeps outside its files, gathered from the plan: environments and who may pass them, secrets and variables by name.

use std::collections::BTreeSet;

use crate::ir::environment::Environment;
use crate::ir::event::{ClauseKind, Filter, Pattern};
use crate::ir::gate::{Approval, GateKind};
use crate::ir::glob::Glob;
use crate::ir::id::GateId;
use crate::plan::Plan;
use crate::plan::job::{ApprovalBy, JobSource, PlannedJob};

/// What a vendor keeps outside its files. Every list is in the order of the plan and free of repetition.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outside<'a> {
    /// The environments that jobs enter.
    pub environments: Vec<OutsideEnvironment<'a>>,
    /// Secrets of the whole repository, by the vendor's names.
    pub secrets: Vec<String>,
    /// Variables of the whole repository whose values the spec does not fix.
    pub variables: Vec<String>,
}

/// An environment with the vendor.
#[derive(Clone, PartialEq, Debug)]
pub struct OutsideEnvironment<'a> {
    /// The vendor's name of it.
    pub name: String,
    /// The one of the spec; none for one that only holds an approval.
    pub environment: Option<&'a Environment>,
    /// The vendor's names of the teams that may approve; empty where nobody is asked.
    pub reviewers: Vec<String>,
    /// How many of them must; 0 where nobody is asked.
    pub count: u32,
    /// Whether the one who started the run may not.
    pub exclude_author: bool,
    /// Secrets that only its jobs see, by the vendor's names.
    pub secrets: Vec<String>,
}

/// The branches and tags that may deploy.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Refs {
    /// Globs without braces.
    pub branches: Vec<Glob>,
    /// Globs without braces.
    pub tags: Vec<Glob>,
    /// Whether pull requests may.
    pub pull_requests: bool,
}

/// What the vendor of a plan keeps outside its files.
pub fn outside<'a>(plan: &Plan<'a>) -> Outside<'a> {
    let mut found = Outside::default();
    for job in plan.jobs() {
        let own = job.environment.as_ref().and_then(|e| e.id).map(|id| plan.pipeline.environment(id));
        let at = job.environment.as_ref().map(|e| entry(&mut found.environments, &e.name, own));
        if let Some(at) = at {
            for approval in approvals(plan, job) {
                found.environments[at].asks(plan, approval);
            }
        }
        for name in &job.secrets {
            let scoped = own.filter(|e| is_scoped(plan, e, name));
            match at.zip(scoped) {
                Some((at, environment)) => add(&mut found.environments[at].secrets, environment.vendor_secret(name)),
                None => add(&mut found.secrets, name),
            }
        }
        let open = |name: &&String| plan.pipeline.variables.iter().any(|v| v.name.value == **name && v.value.is_none());
        job.variables.iter().filter(open).for_each(|name| add(&mut found.variables, name));
    }
    found
}

/// The approvals that the vendor asks for when this job enters its environment.
fn approvals<'a>(plan: &Plan<'a>, job: &PlannedJob<'a>) -> Vec<&'a Approval> {
    let own: BTreeSet<GateId> = match job.source {
        JobSource::Approval { gate, .. } => [gate].into(),
        JobSource::Spec(_) => job.approvals.iter().filter(|a| a.by == ApprovalBy::Environment).map(|a| a.gate).collect(),
    };
    let approvals = own.into_iter().filter_map(|gate| match &plan.pipeline.gate(gate).kind {
        GateKind::Approval(approval) => Some(&**approval),
        _ => None,
    });
    approvals.collect()
}

/// Whether a secret is the environment's own: it stands there, or names it as its scope.
fn is_scoped(plan: &Plan<'_>, environment: &Environment, name: &str) -> bool {
    let named = |id: &crate::ir::id::EnvironmentId| plan.pipeline.environment(*id).name.value == environment.name.value;
    environment.secrets.iter().any(|s| s.name.value == name)
        || plan.pipeline.secrets.iter().any(|s| s.name.value == name && s.environments.iter().any(named))
}

fn entry<'a>(list: &mut Vec<OutsideEnvironment<'a>>, name: &str, environment: Option<&'a Environment>) -> usize {
    let at = list.iter().position(|e| e.name == name).unwrap_or_else(|| {
        list.push(OutsideEnvironment {
            name: name.to_owned(),
            environment,
            reviewers: Vec::new(),
            count: 0,
            exclude_author: false,
            secrets: Vec::new(),
        });
        list.len() - 1
    });
    list[at].environment = list[at].environment.or(environment);
    at
}

fn add(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|n| n == name) {
        list.push(name.to_owned());
    }
}

impl OutsideEnvironment<'_> {
    fn asks(&mut self, plan: &Plan<'_>, approval: &Approval) {
        for team in &approval.from {
            let Some(team) = plan.pipeline.teams.get(team.value.index()) else { continue };
            let names = team.names.iter().filter(|(target, _)| *target == plan.target.id);
            names.for_each(|(_, name)| add(&mut self.reviewers, &name.value));
        }
        self.count = self.count.max(approval.count.value);
        self.exclude_author |= approval.exclude_author.is_some();
    }

    /// The branches and tags that its `allow` names; none where any may deploy. What a glob leaves out stays with the jobs' own conditions: no
    /// vendor has a list of exceptions there.
    pub fn refs(&self, default_branch: &str) -> Option<Refs> {
        let allow: &Filter = self.environment?.allow.as_ref()?;
        let mut refs = Refs::default();
        for clause in &allow.clauses {
            match &clause.kind {
                ClauseKind::Push { branches, .. } | ClauseKind::Manual { branches } | ClauseKind::Branch { branches } => {
                    globs(branches, &mut refs.branches);
                }
                ClauseKind::Tag { names } | ClauseKind::Release { tags: names } => globs(names, &mut refs.tags),
                ClauseKind::PullRequest { .. } => refs.pull_requests = true,
                // No set of events that an environment allows names one.
                ClauseKind::Raw(_) => {}
                ClauseKind::Schedule { .. } => refs.branches.extend(Glob::parse(default_branch).ok()),
            }
        }
        Some(refs)
    }
}

fn globs(pattern: &Pattern, into: &mut Vec<Glob>) {
    let all = Glob::parse("**").ok();
    let include: Vec<Glob> = match pattern.include.as_slice() {
        [] => all.into_iter().collect(),
        some => some.iter().flat_map(|g| g.value.expand_braces()).collect(),
    };
    for glob in include {
        if !into.iter().any(|g| g.text() == glob.text()) {
            into.push(glob);
        }
    }
}
