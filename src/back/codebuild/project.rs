//! The stack: a project for each batch, with its webhook or schedule and a role that may do what its jobs need.

use crate::back::aws::guard::{union, webhook_event};
use crate::back::aws::machine::{self, Machine};
use crate::back::aws::names::{BUCKET, logical, parameter};
use crate::back::aws::place::Place;
use crate::back::aws::policy::{self, Statement, arn};
use crate::back::aws::{data, schedule, script};
use crate::back::codebuild::{place, view};
use crate::ir::event::{ClauseKind, EventKind, PathFilter, Pattern};
use crate::ir::text::{Context, Text};
use crate::plan::start::{Start, levels};
use crate::plan::step::PlannedKind;
use crate::plan::{Plan, PlannedWorkflow};
use crate::target::frame;

/// A batch, and what starts it.
pub(super) struct Batch<'p> {
    pub(super) path: String,
    pub(super) workflow: &'p PlannedWorkflow<'p>,
    pub(super) start: Start<'p>,
    pub(super) limit: u64,
}

/// The machine that most builds of a workflow have: that of a job that says nothing.
pub(super) fn usual(plan: &Plan<'_>, workflow: &PlannedWorkflow<'_>) -> Machine {
    let all: Vec<Machine> =
        workflow.jobs.iter().map(|job| Machine { privileged: false, ..machine::of_job(&place(plan, workflow, job)) }).collect();
    let count = |m: &Machine| all.iter().filter(|o| *o == m).count();
    let most = all.iter().map(count).max().unwrap_or(0);
    all.iter().find(|m| count(m) == most).cloned().unwrap_or(Machine {
        image: String::new(),
        kind: "LINUX_CONTAINER",
        compute: "BUILD_GENERAL1_SMALL",
        privileged: false,
    })
}

/// A text of a setting: its value, or the parameter that the account gives it by.
pub(in crate::back) fn setting(plan: &Plan<'_>, text: &Text, parameters: &mut Vec<view::Parameter>) -> String {
    let name = text.contexts().find_map(|c| match &c.value {
        Context::Variable(name) => Some(name.clone()),
        _ => None,
    });
    let Some(name) = name else { return text.as_literal().unwrap_or_default().to_owned() };
    let declared = plan.pipeline.variables.iter().find(|v| v.name.value == name).and_then(|v| v.value.as_ref());
    if let Some(value) = declared.and_then(Text::as_literal) {
        return value.to_owned();
    }
    let id = parameter(&name);
    if !parameters.iter().any(|p| p.name == id) {
        parameters.push(variable(plan, &name));
    }
    format!("${{{id}}}")
}

/// The parameter of a variable whose value only the account knows. Builds read it from the same place.
pub(in crate::back) fn variable(plan: &Plan<'_>, name: &str) -> view::Parameter {
    view::Parameter {
        name: parameter(name),
        description: frame::variable(name),
        stored: true,
        default: Some(format!("/{}/{name}", plan.pipeline.name.value)),
    }
}

/// The parameters that statements name and that are not there yet.
pub(in crate::back) fn named<'s>(
    plan: &Plan<'_>,
    statements: impl Iterator<Item = &'s Statement>,
    parameters: &mut Vec<view::Parameter>,
) {
    for name in statements.flat_map(|s| &s.resources).flat_map(|r| referred(r)) {
        let declared = plan.pipeline.variables.iter().find(|v| parameter(&v.name.value) == name);
        if let Some(declared) = declared.filter(|_| !parameters.iter().any(|p| p.name == name)) {
            parameters.push(variable(plan, &declared.name.value));
        }
    }
}

pub(super) fn stack<'p>(plan: &'p Plan<'p>, batches: Vec<Batch<'p>>, header: String) -> view::Stack {
    let mut parameters = vec![view::Parameter {
        name: "RepositoryUrl".to_owned(),
        description: "The address to clone the repository from".to_owned(),
        stored: false,
        default: plan.target.aws.repository.as_ref().map(|r| format!("https://github.com/{}.git", r.value)),
    }];
    let connection = plan.target.aws.connection.as_ref().map(|c| setting(plan, c, &mut parameters));
    let mut projects: Vec<view::Project> = batches.iter().map(|b| project(plan, b)).collect();
    if let Some(connection) = &connection {
        // https://docs.aws.amazon.com/codebuild/latest/userguide/connections-github-app.html
        let actions = ["codeconnections:GetConnection", "codeconnections:GetConnectionToken"];
        projects.iter_mut().for_each(|p| p.statements.push(Statement::new(&actions, vec![connection.clone()])));
    }
    named(plan, projects.iter().flat_map(|p| &p.statements), &mut parameters);
    let wanted = projects.iter().any(|p| p.store || p.cache);
    view::Stack {
        header,
        description: plan.pipeline.description.clone().unwrap_or_else(|| plan.pipeline.name.value.clone()),
        parameters,
        bucket: wanted.then(|| days(plan)),
        connection,
        projects,
    }
}

/// Parameters that a text of `Fn::Sub` names, without the stack's own words.
fn referred(text: &str) -> Vec<String> {
    let names = text.split("${").skip(1).filter_map(|p| p.split('}').next());
    names.filter(|n| !n.starts_with("AWS::") && !n.ends_with(".Arn")).map(str::to_owned).collect()
}

/// How long files are kept: as long as the longest artifact wants.
pub(in crate::back) fn days(plan: &Plan<'_>) -> u64 {
    let keeps = plan.jobs().flat_map(|j| &j.job.produces).filter_map(|a| a.keep.as_ref());
    keeps.map(|k| k.value.days_ceil()).max().unwrap_or(30).max(1)
}

fn project(plan: &Plan<'_>, batch: &Batch<'_>) -> view::Project {
    let word = format!("{}-{}", batch.workflow.workflow.name.value, batch.start.word());
    let name = format!("{}-{word}", plan.pipeline.name.value);
    let usual = usual(plan, batch.workflow);
    let jobs: Vec<Place<'_>> =
        batch.workflow.jobs.iter().filter(|j| batch.start.has(j)).map(|job| place(plan, batch.workflow, job)).collect();
    let caches = |j: &Place<'_>| {
        j.job.steps.iter().any(|s| match &s.kind {
            PlannedKind::Cache(_) => true,
            PlannedKind::Toolchain(t) => t.cache,
            _ => false,
        })
    };
    let (store, cache) = (jobs.iter().any(data::uses_store), jobs.iter().any(caches));
    let mut statements = policy::of_jobs(&jobs, &name, BUCKET);
    if cache && !store {
        statements.push(Statement::new(&["s3:GetObject", "s3:PutObject"], vec![format!("${{{BUCKET}.Arn}}/cache/*")]));
    }
    let own = vec![arn("codebuild", &format!("project/{name}"))];
    if store {
        statements.push(Statement::new(&["codebuild:BatchGetBuildBatches", "codebuild:BatchGetBuilds"], own));
    }
    let longest = levels(batch.workflow, &batch.start).into_iter().map(|(_, level)| level as u64 + 1).max().unwrap_or(1);
    let branch = batch.start.schedule.and_then(|s| s.branch.as_ref()).unwrap_or(&plan.pipeline.default_branch);
    let input = serde_json::json!({ "ProjectName": name, "SourceVersion": branch.value }).to_string();
    view::Project {
        id: logical(&word),
        description: format!("{} on {}", batch.workflow.workflow.name.value, batch.start.word()),
        arn: arn("codebuild", &format!("project/{name}")),
        name,
        buildspec: batch.path.clone(),
        kind: usual.kind,
        image: usual.image,
        compute: usual.compute,
        store,
        cache,
        minutes: batch.limit.div_ceil(60),
        // AWS does not say how long a batch may take. A build may take 36 hours; more is written only where the builds may need it.
        batch_minutes: (longest * batch.limit.div_ceil(60)).min(2160).max(chain(batch)),
        filters: filters(batch),
        schedule: batch.start.schedule.map(|s| view::Schedule {
            expression: schedule::expression(&s.cron.value),
            timezone: s.timezone.as_ref().map_or_else(|| "UTC".to_owned(), |z| z.value.clone()),
            input: input.clone(),
        }),
        statements,
    }
}

/// Minutes that the builds of a batch may take one after another.
fn chain(batch: &Batch<'_>) -> u64 {
    let jobs = &batch.workflow.jobs;
    let mut ends = vec![0; jobs.len()];
    // A chain is no longer than the list, and cycles have been refused before.
    for _ in jobs {
        for (at, job) in jobs.iter().enumerate().filter(|(_, j)| batch.start.has(j)) {
            let before = job.needs.iter().map(|n| ends[n.job]).max().unwrap_or(0);
            ends[at] = before + script::seconds(job).div_ceil(60);
        }
    }
    ends.into_iter().max().unwrap_or(0)
}

/// Groups of conditions of the webhook: one group must hold, with all its conditions.
fn filters(batch: &Batch<'_>) -> Vec<Vec<view::Filter>> {
    let is = |kind: &'static str, pattern: String| view::Filter { kind, pattern, excludes: false };
    let mut groups = Vec::new();
    for clause in &batch.workflow.workflow.on.clauses {
        let mut group = Vec::new();
        match (&clause.kind, batch.start.kind) {
            (ClauseKind::Push { branches, paths }, EventKind::Push) => {
                group.push(is("EVENT", "PUSH".to_owned()));
                names("HEAD_REF", "refs/heads/", branches, true, &mut group);
                files(paths.as_ref(), &mut group);
            }
            (ClauseKind::Branch { branches }, EventKind::Push) => {
                group.push(is("EVENT", "PUSH".to_owned()));
                names("HEAD_REF", "refs/heads/", branches, true, &mut group);
            }
            (ClauseKind::Tag { names: tags }, EventKind::Tag) => {
                group.push(is("EVENT", "PUSH".to_owned()));
                names("HEAD_REF", "refs/tags/", tags, true, &mut group);
            }
            (ClauseKind::PullRequest { targets, heads, types, paths, .. }, EventKind::PullRequest) => {
                let events: Vec<&str> = types.iter().filter_map(|t| webhook_event(*t)).collect();
                group.push(is("EVENT", events.join(", ")));
                names("BASE_REF", "refs/heads/", targets, false, &mut group);
                names("HEAD_REF", "refs/heads/", heads, false, &mut group);
                files(paths.as_ref(), &mut group);
            }
            _ => continue,
        }
        groups.push(group);
    }
    groups
}

fn names(kind: &'static str, prefix: &str, pattern: &Pattern, always: bool, group: &mut Vec<view::Filter>) {
    let anchored = |globs: &[crate::base::span::Spanned<crate::ir::glob::Glob>]| {
        union(globs.iter().map(|g| g.value.to_regex())).replacen('^', &format!("^{prefix}"), 1)
    };
    if !pattern.include.is_empty() {
        group.push(view::Filter { kind, pattern: anchored(&pattern.include), excludes: false });
    } else if always {
        group.push(view::Filter { kind, pattern: format!("^{prefix}"), excludes: false });
    }
    if !pattern.except.is_empty() {
        group.push(view::Filter { kind, pattern: anchored(&pattern.except), excludes: true });
    }
}

fn files(paths: Option<&PathFilter>, group: &mut Vec<view::Filter>) {
    if let Some(paths) = paths.filter(|p| !p.pattern.include.is_empty()) {
        let pattern = union(paths.pattern.include.iter().map(|g| crate::plan::script::glob_regex(g.value.text())));
        group.push(view::Filter { kind: "FILE_PATH", pattern, excludes: false });
    }
}
