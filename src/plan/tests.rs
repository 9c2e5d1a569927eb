//! Plans of small pipelines.

use crate::base::diag::{Diagnostics, Severity};
use crate::base::span::Span;
use crate::check::Checked;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::gate::{GateKind, Probe, Via};
use crate::ir::id::{GateId, TargetId};
use crate::ir::job::{Deploy, NeedKind};
use crate::ir::step::{Moment, Permission, StepKind};
use crate::ir::units::Duration;
use crate::plan::build::plan;
use crate::plan::job::{ApprovalBy, JobSource};
use crate::plan::samples::{
    accept, approval, at, enters, gate, job, needs, notify, pipeline, production, run, step, target, text, word,
};
use crate::plan::step::{Phase, PlannedKind, RunWhen};
use crate::plan::{Options, Plan};

fn checked(pipeline: &Pipeline) -> Checked<'_> {
    let mut found = Diagnostics::new();
    Checked::new(pipeline, &mut found).unwrap_or_else(|| panic!("{:#?}", found.finish()))
}

fn planned<'a>(pipeline: &'a Pipeline, target: &'a Target) -> Plan<'a> {
    let (plan, diagnostics) = plan(checked(pipeline), target, &Options::default()).unwrap();
    plan.unwrap_or_else(|| panic!("{:#?}", diagnostics.finish()))
}

/// Rule and weight of every finding.
fn findings(pipeline: &Pipeline, target: &Target, today: &str) -> Vec<(&'static str, Severity)> {
    let (_, diagnostics) =
        plan(checked(pipeline), target, &Options { today: Some(today.to_owned()), ..Options::default() }).unwrap();
    diagnostics.finish().iter().map(|d| (d.rule, d.severity)).collect()
}

fn probe() -> GateKind {
    let second = Duration::from_seconds(1);
    GateKind::Probe(Probe { url: text("https://a.example"), status: 200, every: second, during: second })
}

fn tests() -> GateKind {
    GateKind::Junit { files: vec![word("junit.xml")] }
}

#[test]
fn a_descendant_of_a_job_that_may_be_absent_is_poisoned() {
    let jobs = vec![
        job("lint", &[0]),
        needs(job("build", &[0, 1]), &[(0, NeedKind::Stage)]),
        needs(job("test", &[0, 1]), &[(1, NeedKind::Strict), (1, NeedKind::Data)]),
        needs(job("docs", &[0]), &[(0, NeedKind::Stage)]),
    ];
    let (pipeline, github) = (pipeline(jobs, Vec::new(), Vec::new()), target(TargetId::Github));
    let plan = planned(&pipeline, &github);
    let jobs = &plan.workflows[0].jobs;
    assert_eq!(jobs.iter().map(|j| j.poisoned).collect::<Vec<_>>(), [false, true, true, false]);
    assert!(!jobs[1].needs[0].always_present && !jobs[1].needs[0].strict);
    assert_eq!((jobs[2].needs.len(), jobs[2].needs[0].strict, jobs[2].needs[0].always_present), (1, true, true));
    assert!(jobs[3].needs[0].always_present);
    assert!(jobs.iter().all(|j| j.interruptible && j.permissions == [Permission::ContentsRead].into()));
}

#[test]
fn the_steps_of_a_deploy_stand_in_one_order_with_their_conditions() {
    let mut deploy = enters(job("deploy", &[0]), &[1]);
    deploy.steps.push(step(StepKind::Gate(GateId(0))));
    deploy.deploy = Some(Deploy {
        smoke_tests: vec![run("smoke")],
        monitor: vec![at(GateId(2)), at(GateId(3))],
        rollback: Some(crate::ir::job::Rollback { steps: vec![run("undo")], timeout: None, span: Span::default() }),
    });
    deploy.notify = vec![notify(&[Moment::Started, Moment::Failure, Moment::Rollback, Moment::GateFailed])];
    let gates = vec![gate("tests", tests(), &[0]), gate("up", probe(), &[]), gate("a", probe(), &[]), gate("b", probe(), &[])];
    let (pipeline, github) = (pipeline(vec![deploy], gates, vec![production(&[1])]), target(TargetId::Github));
    let plan = planned(&pipeline, &github);
    let job = &plan.workflows[0].jobs[0];
    let phases: Vec<Phase> = job.steps.iter().map(|s| s.phase).collect();
    use Phase::{Guard, Main, Measure, Monitor, Notify, Rollback, Setup, SmokeTest};
    assert_eq!(phases, [Notify, Setup, Guard, Main, SmokeTest, Monitor, Measure, Rollback, Notify, Notify, Notify]);
    assert_eq!(job.steps[3].id.as_deref(), Some("deploy"));
    assert_eq!(job.steps[7].when, RunWhen::Rollback { started: "deploy".into() });
    assert_eq!(job.steps[8].when, RunWhen::Failure);
    assert_eq!(job.steps[9].when, RunWhen::Ran { step: "rollback".into() });
    assert_eq!(job.steps[10].when, RunWhen::AnyFailed { steps: vec!["gate-up".into(), "watch-5".into(), "gate-tests".into()] });
    // From the deploy on every step has a limit, and together with what stands before and behind they stay below the job's.
    let limited: u64 = job.steps[3..=7].iter().map(|s| s.timeout.map_or(u64::MAX / 8, |t| t.seconds)).sum();
    assert!(limited < job.timeout.seconds, "{limited}");
    assert!(job.steps[3].timeout > job.steps[4].timeout);
    assert!(job.steps.iter().filter(|s| s.phase == Notify).all(|s| s.continue_on_error));
    assert!(!job.interruptible && job.secrets.contains("HOOK"));
}

#[test]
fn a_job_that_measures_a_gate_of_a_deploy_is_never_cancelled() {
    let mut unit = job("unit", &[0]);
    unit.steps.push(step(StepKind::Gate(GateId(0))));
    let jobs = vec![unit, job("lint", &[0]), needs(enters(job("deploy", &[0]), &[0]), &[(0, NeedKind::Gate)])];
    let (pipeline, github) =
        (pipeline(jobs, vec![gate("tests", tests(), &[0])], vec![production(&[0])]), target(TargetId::Github));
    let plan = planned(&pipeline, &github);
    assert_eq!(plan.jobs().map(|j| j.interruptible).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(plan.workflows[0].jobs[0].steps.last().map(|s| (s.phase, s.gate)), Some((Phase::Measure, Some(GateId(0)))));
}

#[test]
fn an_approval_stands_with_the_environment_on_github_and_as_a_job_on_gitlab() {
    let jobs = vec![job("build", &[0]), needs(enters(job("deploy", &[0]), &[0]), &[(0, NeedKind::Strict)])];
    let pipeline = pipeline(jobs, vec![gate("go-live", approval(1, Via::Native), &[])], vec![production(&[0])]);
    let (github, gitlab) = (target(TargetId::Github), target(TargetId::Gitlab));
    let plan = planned(&pipeline, &github);
    assert_eq!(plan.workflows[0].jobs[1].approvals[0].by, ApprovalBy::Environment);
    assert!(plan.workflows[0].jobs[1].question.is_some() && !plan.settings.is_empty());
    let plan = planned(&pipeline, &gitlab);
    let jobs = &plan.workflows[0].jobs;
    assert_eq!(jobs.iter().map(|j| j.id.as_str()).collect::<Vec<_>>(), ["build", "go-live", "deploy"]);
    assert_eq!(jobs[1].source, JobSource::Approval { gate: GateId(0), round: 1 });
    assert_eq!(jobs[1].needs.iter().map(|n| n.job).collect::<Vec<_>>(), [0]);
    assert_eq!(jobs[2].needs.iter().map(|n| (n.job, n.strict)).collect::<Vec<_>>(), [(0, true), (1, true)]);
    assert_eq!(jobs[2].approvals[0].by, ApprovalBy::Jobs(vec![1]));
    let environment = jobs[1].environment.as_ref().unwrap();
    assert_eq!((environment.name.as_str(), environment.deploys), ("production", false));
    assert!(!jobs[1].interruptible);
}

#[test]
fn approvals_one_after_another_are_jobs_in_a_row() {
    let mut later = job("publish", &[0, 1]);
    later.requires = vec![at(GateId(0))];
    let mut first = needs(job("tag", &[0, 1]), &[(0, NeedKind::Strict)]);
    first.requires = vec![at(GateId(0))];
    let jobs = vec![job("build", &[0, 1]), first, needs(later, &[(1, NeedKind::Strict)])];
    let gates = vec![gate("ok", approval(2, Via::Sequential), &[])];
    let (pipeline, github) = (pipeline(jobs, gates, Vec::new()), target(TargetId::Github));
    let plan = planned(&pipeline, &github);
    let jobs = &plan.workflows[0].jobs;
    assert_eq!(jobs.iter().map(|j| j.id.as_str()).collect::<Vec<_>>(), ["build", "ok-1", "ok-2", "tag", "publish"]);
    let waits = |i: usize| jobs[i].needs.iter().map(|n| n.job).collect::<Vec<_>>();
    assert_eq!([waits(1), waits(2), waits(3), waits(4)], [vec![0], vec![1], vec![0, 2], vec![3, 2]]);
}

#[test]
fn an_approval_by_issue_waits_in_a_job_with_a_pinned_action() {
    let mut guarded = job("publish", &[0]);
    guarded.requires = vec![at(GateId(0))];
    let gates = vec![gate("ok", approval(2, Via::Issue), &[])];
    let (pipeline, github) = (pipeline(vec![guarded], gates, Vec::new()), target(TargetId::Github));
    let plan = planned(&pipeline, &github);
    let asks = &plan.workflows[0].jobs[0];
    assert!(matches!(&asks.steps[0].kind, PlannedKind::Uses { action, .. } if action.commit.len() == 40));
    assert_eq!(asks.permissions, [Permission::IssuesWrite].into());
    assert_eq!(findings(&pipeline, &target(TargetId::Gitlab), "2027-01-01"), [("not-expressible", Severity::Error)]);
}

#[test]
fn a_loss_is_an_error_until_it_is_accepted_by_name() {
    let jobs = vec![enters(job("deploy", &[0]), &[0])];
    let mut pipeline = pipeline(jobs, vec![gate("go-live", approval(2, Via::Native), &[])], vec![production(&[0])]);
    let mut gitlab = target(TargetId::Gitlab);
    assert_eq!(findings(&pipeline, &gitlab, "2027-01-01"), [("lossy", Severity::Error)]);
    pipeline.accepts = vec![accept(TargetId::Gitlab, "approval-count", Some("2027-06-30"))];
    assert_eq!(findings(&pipeline, &gitlab, "2027-06-30"), [("accepted-loss", Severity::Note)]);
    assert_eq!(findings(&pipeline, &gitlab, "2027-07-01"), [("accept-expired", Severity::Error)]);
    let plan = planned(&pipeline, &gitlab);
    assert_eq!((plan.losses.len(), plan.losses[0].jobs.as_slice()), (1, ["deploy".to_owned()].as_slice()));
    gitlab.tier = crate::ir::environment::LicenceTier::Premium;
    assert_eq!(findings(&pipeline, &gitlab, "2027-01-01"), [("accept-unused", Severity::Warning)]);
    pipeline.accepts = vec![accept(TargetId::Gitlab, "approval-cout", None)];
    assert_eq!(findings(&pipeline, &gitlab, "2027-01-01"), [("accept-unknown", Severity::Error)]);
}

#[test]
fn what_counts_is_a_loss_only_above_its_limit() {
    let mut last = job("last", &[0]);
    let many: Vec<(u32, NeedKind)> = (0..51).map(|i| (i, NeedKind::Strict)).collect();
    last = needs(last, &many);
    let mut jobs: Vec<_> = (0..51).map(|i| job(&format!("j{i}"), &[0])).collect();
    jobs.push(last);
    let pipeline = pipeline(jobs, Vec::new(), Vec::new());
    assert_eq!(findings(&pipeline, &target(TargetId::Gitlab), "2027-01-01"), [("not-expressible", Severity::Error)]);
    assert_eq!(findings(&pipeline, &target(TargetId::Github), "2027-01-01"), []);
}

#[test]
fn an_action_that_nobody_pinned_is_an_error() {
    let mut uses = job("x", &[0]);
    uses.steps.push(step(StepKind::Uses { action: word("someone/else@v1"), with: Vec::new() }));
    let pipeline = pipeline(vec![uses], Vec::new(), Vec::new());
    assert_eq!(findings(&pipeline, &target(TargetId::Github), "2027-01-01"), [("lossy", Severity::Error)]);
}
