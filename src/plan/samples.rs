//! Small pipelines by hand, for the tests of this room.

use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::environment::{Accept, Channel, ChannelKind, Environment, LicenceTier, Target, Tier};
use crate::ir::event::{Clause, ClauseKind, Filter, Pattern};
use crate::ir::gate::{Approval, Bound, Gate, GateKind, Limit, Metric, NoData, Query, Via};
use crate::ir::id::{ChannelId, EnvironmentId, GateId, JobId, TargetId, WorkflowId};
use crate::ir::job::{Concurrency, EnvironmentUse, Group, Job, Mode, Need, NeedKind, Purpose, Workflow};
use crate::ir::lang::Lang;
use crate::ir::step::{Checkout, Moment, Notification, Outcome, Script, Step, StepKind};
use crate::ir::text::{Context, Part, Text};
use crate::ir::units::{Decimal, Duration};

pub(crate) fn at<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span::default())
}

pub(crate) fn word(text: &str) -> Spanned<String> {
    at(text.to_owned())
}

pub(crate) fn text(text: &str) -> Text {
    Text::literal(text, Span::default())
}

pub(crate) fn secret(name: &str) -> Text {
    Text { parts: vec![Part::Context(at(Context::Secret(name.to_owned())))], span: Span::default() }
}

pub(crate) fn step(kind: StepKind) -> Step {
    Step {
        name: None,
        kind,
        condition: None,
        when: Outcome::Success,
        continue_on_error: false,
        timeout: None,
        env: Vec::new(),
        dir: None,
        id: None,
        span: Span::default(),
    }
}

pub(crate) fn run(line: &str) -> Step {
    step(StepKind::Run(Script { lines: vec![text(line)] }))
}

/// A job that is present for the events of `present`, out of three.
pub(crate) fn job(name: &str, present: &[usize]) -> Job {
    let mut events = BitSet::new(3);
    present.iter().for_each(|e| assert!(events.insert(*e)));
    Job {
        present: events.clone(),
        possible: events,
        steps: vec![step(StepKind::Checkout(Checkout::default())), run("make")],
        ..Job::bare(name, WorkflowId(0), 3, Duration::from_seconds(1200), Span::default())
    }
}

pub(crate) fn needs(mut job: Job, list: &[(u32, NeedKind)]) -> Job {
    job.needs = list.iter().map(|(id, kind)| Need { job: JobId(*id), kind: *kind, span: Span::default() }).collect();
    job
}

pub(crate) fn gate(name: &str, kind: GateKind, producers: &[u32]) -> Gate {
    let producers = producers.iter().map(|p| JobId(*p)).collect();
    Gate { name: word(name), kind, producers, advisory: None, waive: None, notify: Vec::new(), span: Span::default() }
}

/// A query of Prometheus whose figure keeps these limits.
pub(crate) fn query(scale: &str, limits: &[(Bound, &str)], no_data: NoData) -> Query {
    let limit = |(bound, value): &(Bound, &str)| {
        at(Limit { bound: *bound, value: Decimal::parse(value).unwrap(), shown: (*value).into() })
    };
    Query {
        system: word("prometheus"),
        query: text("up"),
        address: text("http://p"),
        token: None,
        project: None,
        metric: Metric::Ratio,
        scale: Decimal::parse(scale).unwrap(),
        limits: limits.iter().map(limit).collect(),
        samples: 1,
        every: Duration::from_seconds(60),
        no_data,
    }
}

pub(crate) fn approval(count: u32, via: Via) -> GateKind {
    GateKind::Approval(Box::new(Approval {
        from: Vec::new(),
        count: at(count),
        via,
        timeout: None,
        message: Some(text("Deploy?")),
        checklist: Vec::new(),
        exclude_author: None,
        span: Span::default(),
    }))
}

pub(crate) fn production(requires: &[u32]) -> Environment {
    Environment {
        name: word("production"),
        tier: Tier::Production,
        url: None,
        after: Vec::new(),
        allow: None,
        requires: requires.iter().map(|g| at(GateId(*g))).collect(),
        env: Vec::new(),
        secrets: Vec::new(),
        cluster: None,
        identity: None,
        concurrency: Concurrency { group: Group::Environment(EnvironmentId(0)), mode: at(Mode::QueueAll), span: Span::default() },
        span: Span::default(),
    }
}

/// A job in the first environment, with all that this environment requires.
pub(crate) fn enters(mut job: Job, requires: &[u32]) -> Job {
    job.environment = Some(EnvironmentUse { environment: EnvironmentId(0), purpose: Purpose::Deploy, span: Span::default() });
    job.requires = requires.iter().map(|g| at(GateId(*g))).collect();
    job
}

pub(crate) fn notify(on: &[Moment]) -> Notification {
    Notification {
        channel: ChannelId(0),
        on: on.iter().map(|m| at(*m)).collect(),
        text: text("done"),
        subject: None,
        span: Span::default(),
    }
}

pub(crate) fn target(id: TargetId) -> Target {
    Target {
        id,
        tier: LicenceTier::Free,
        tags: Vec::new(),
        workflows: None,
        standby: None,
        check_drift: None,
        settings: None,
        install: Vec::new(),
        aws: crate::ir::environment::AwsTarget::default(),
        span: Span::default(),
    }
}

pub(crate) fn accept(target: TargetId, loss: &str, until: Option<&str>) -> Accept {
    Accept { target: at(target), loss: word(loss), reason: word("known"), until: until.map(word), span: Span::default() }
}

fn every_push() -> Clause {
    let branches = Pattern { include: Vec::new(), except: Vec::new(), lang: Lang::all() };
    Clause { kind: ClauseKind::Push { branches, paths: None }, span: Span::default() }
}

/// One workflow with these jobs, gates and at most one environment; one Slack channel.
pub(crate) fn pipeline(jobs: Vec<Job>, gates: Vec<Gate>, environments: Vec<Environment>) -> Pipeline {
    let workflow = Workflow {
        name: word("ci"),
        on: Filter { clauses: vec![every_push()], span: Span::default() },
        schedules: Vec::new(),
        inputs: Vec::new(),
        dedupe: None,
        concurrency: None,
        stages: Vec::new(),
        jobs: (0..jobs.len() as u32).map(JobId).collect(),
        env: Vec::new(),
        notify: Vec::new(),
        requires: Vec::new(),
        budget: None,
        raw: Vec::new(),
        comments: Vec::new(),
    };
    let hook = ChannelKind::Slack { webhook: secret("HOOK") };
    Pipeline {
        name: word("orders"),
        description: None,
        default_branch: word("main"),
        docs: Vec::new(),
        targets: Vec::new(),
        delivery: crate::ir::app::Delivery::default(),
        apps: Vec::new(),
        accepts: Vec::new(),
        raw_files: Vec::new(),
        elsewhere: None,
        teams: Vec::new(),
        secrets: Vec::new(),
        variables: Vec::new(),
        registries: Vec::new(),
        runners: Vec::new(),
        images: Vec::new(),
        values: Vec::new(),
        channels: vec![Channel { name: word("team"), kind: hook, span: Span::default() }],
        gates,
        environments,
        workflows: vec![workflow],
        jobs,
        repository: None,
        tests: Vec::new(),
        events: Vec::new(),
        span: Span::default(),
    }
}
