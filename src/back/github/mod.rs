//! GitHub Actions: one file a workflow, in `.github/workflows/`.
//!
//! What GitHub decides differently from the spec, and where it is made good: ordering and skipped jobs in `job.rs`, names and case in
//! `condition.rs`, events that one `on:` cannot say in `trigger.rs`, changed files in `route.rs`, artifact roots in `data.rs`.

mod attempts;
mod bash;
mod condition;
mod context;
mod data;
mod domain;
mod expr;
mod job;
mod job_if;
mod leaf;
mod lock;
mod machine;
mod outputs;
mod permission;
mod route;
#[cfg(test)]
mod sample;
mod search;
pub(super) mod settings;
mod step;
mod toolchain;
mod translate;
mod trigger;
mod values;
mod view;

use std::collections::BTreeMap;

use crate::base::failure::Failure;
use crate::ir::event::{ClauseKind, EventKind, Filter};
use crate::ir::job::{Mode, Workflow};
use crate::ir::raw::{RunsOn, runs_on};
use crate::ir::step::Moment;
use crate::plan::drift::{CHECK, DriftCheck};
use crate::plan::job::PlannedJob;
use crate::plan::step::Notice;
use crate::plan::{Plan, PlannedWorkflow};
use crate::render::header::Header;
use crate::render::{Output, Renderer};

use condition::{Answers, Scope};
use context::{Computed, Wanted, Writer};
use expr::Gh;
use view::{JobView, StepView, WorkflowView};

const TEMPLATE: &str = "github/templates/workflow.yml.j2";

/// The workflow files of a plan.
///
/// # Errors
/// `Internal` if a template and its view do not fit.
pub(super) fn emit(plan: &Plan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let folder = if plan.target.standby.is_some() { "standby/.github/workflows" } else { ".github/workflows" };
    let mut outputs = Vec::new();
    for workflow in &plan.workflows {
        let view = workflow_view(plan, workflow);
        outputs.push(Output::new(format!("{folder}/{}.yml", workflow.file), renderer.yaml(TEMPLATE, &view)?));
    }
    if let Some((drift, first)) = plan.drift.as_ref().zip(plan.workflows.first()) {
        let view = drift_view(plan, drift, first);
        outputs.push(Output::new(format!("{folder}/{}.yml", drift.file), renderer.yaml(TEMPLATE, &view)?));
    }
    Ok(outputs)
}

fn workflow_view(plan: &Plan<'_>, workflow: &PlannedWorkflow<'_>) -> WorkflowView {
    let emitted = trigger::emit(plan.pipeline, workflow.workflow);
    // Where `on:` takes more than the spec, every job asks for the rest.
    let wide = Workflow { on: emitted.filter, ..workflow.workflow.clone() };
    let rest: Option<&Filter> = (!emitted.exact).then_some(&workflow.workflow.on);
    let answers = Answers::default();
    let scope = Scope { pipeline: plan.pipeline, id: workflow.id, workflow: &wide, answers: &answers };
    let mut asking = workflow.clone();
    for planned in &mut asking.jobs {
        let own = condition::Demand { filters: planned.filters.iter().collect(), exprs: Vec::new() };
        let started = rest.map(|on| condition::Demand { filters: vec![on], exprs: Vec::new() });
        // A job whose own filters are within the spec's events need not ask for those again.
        let asks = started.is_some_and(|on| scope.exactly(&own, &on) != search::Found::Always);
        planned.filters.extend(rest.filter(|_| asks).cloned());
    }
    let mut wanted = Wanted::default();
    let mut jobs: Vec<JobView> = Vec::new();
    let mut builds = Vec::new();
    for planned in &asking.jobs {
        let mut writer = Writer {
            plan,
            workflow: &asking,
            job: planned,
            scope,
            wanted: &mut wanted,
            computed: Computed::default(),
            deciding: None,
            shell: planned.job.shell.value,
            builds: BTreeMap::new(),
        };
        jobs.push(writer.view());
        builds.push(writer.builds.clone());
    }
    for (job, image) in &wanted.images {
        let name = &plan.pipeline.images[image.index()].name.value;
        if let Some(reference) = builds[*job].get(image) {
            jobs[*job].outputs.push((format!("{name}-image"), reference.clone()));
        }
    }
    let ids: Vec<String> = jobs.iter().map(|j| j.id.clone()).collect();
    if let Some(first) = workflow.jobs.first() {
        let mut messages = notices(plan, workflow, scope, first, &ids);
        jobs.append(&mut messages);
    }
    if !wanted.routes.is_empty() {
        jobs.insert(0, route_job(plan, workflow, &wanted.routes));
    }
    let releases =
        workflow.workflow.on.clauses.iter().any(|c| domain::takes(c, EventKind::Tag) || domain::takes(c, EventKind::Release));
    let publishes = |job: &JobView| job.steps.iter().any(|s| s.with.iter().any(|(key, value)| key == "push" && value != "false"));
    for job in jobs.iter_mut().filter(|j| releases || publishes(j)) {
        job.steps.iter_mut().for_each(trust_cache);
    }
    let mut losses: Vec<String> = Vec::new();
    for loss in &plan.losses {
        let of_jobs = if loss.jobs.is_empty() { String::new() } else { format!(" ({})", loss.jobs.join(", ")) };
        losses.push(format!("{}{of_jobs}: {}. Accepted: {}", loss.capability, loss.lost, loss.reason));
    }
    let header = Header { losses, ..Header::new(&plan.spec) }.text();
    let concurrency = concurrency(plan, workflow, scope);
    let env = match workflow.jobs.first() {
        Some(first) => step::pairs(&mut writer(plan, workflow, scope, first, &mut Wanted::default()), &workflow.env),
        None => Vec::new(),
    };
    WorkflowView {
        header,
        comments: workflow.workflow.comments.clone(),
        name: workflow.workflow.name.value.clone(),
        on: emitted.on,
        why: match &workflow.workflow.concurrency {
            None => Some("Runs do not wait for one another."),
            Some(own) if own.mode.value == Mode::CancelRunning && concurrency.as_ref().is_some_and(|c| !c.cancel) => {
                Some("A newer run cancels single jobs below, never a deploy or what a deploy asks for.")
            }
            Some(_) => None,
        },
        concurrency,
        env,
        shell: Some("bash"),
        raw: job::raw(&workflow.workflow.raw),
        jobs,
    }
}

fn writer<'w, 'a>(
    plan: &'w Plan<'a>,
    workflow: &'w PlannedWorkflow<'a>,
    scope: Scope<'w>,
    job: &'w PlannedJob<'a>,
    wanted: &'w mut Wanted,
) -> Writer<'w, 'a> {
    Writer {
        plan,
        workflow,
        job,
        scope,
        wanted,
        computed: Computed::default(),
        deciding: None,
        shell: job.job.shell.value,
        builds: BTreeMap::new(),
    }
}

/// The lock of the whole workflow. One that cancels stands here only if no job of it may be hurt; otherwise the jobs have their own.
fn concurrency(plan: &Plan<'_>, workflow: &PlannedWorkflow<'_>, scope: Scope<'_>) -> Option<view::ConcurrencyView> {
    let own = workflow.workflow.concurrency.as_ref();
    let first = workflow.jobs.first()?;
    let own = own.filter(|c| c.mode.value != Mode::CancelRunning || lock::cancels_as_a_whole(&workflow.jobs));
    // A called workflow and its caller in one group would wait for one another.
    let is_call = |kind: &ClauseKind| matches!(kind, ClauseKind::Raw(own) if runs_on(&own.name.value) == Some(RunsOn::Caller));
    let is_called = workflow.workflow.on.clauses.iter().any(|c| is_call(&c.kind));
    match own {
        None if is_called => None,
        Some(own) => Some(writer(plan, workflow, scope, first, &mut Wanted::default()).lock(own)),
        // Nothing is shared between runs: said in GitHub's words, so that no reader has to guess.
        None => Some(view::ConcurrencyView {
            group: "${{ github.workflow }}-${{ github.run_id }}".into(),
            cancel: false,
            queue: None,
        }),
    }
}

fn route_job(plan: &Plan<'_>, workflow: &PlannedWorkflow<'_>, questions: &[route::Question]) -> JobView {
    let kinds: Vec<EventKind> = EventKind::ALL
        .iter()
        .map(|(_, k)| *k)
        .filter(|k| workflow.workflow.on.clauses.iter().any(|c| domain::takes(c, *k)))
        .collect();
    let mut steps = Vec::new();
    let mut env: BTreeMap<String, String> = questions.iter().flat_map(|q| q.env.clone()).collect();
    let mut permissions = Vec::new();
    if route::needs_files(questions) {
        let mut checkout = step::action("actions/checkout", "Check out the history");
        checkout.with.push(("fetch-depth".into(), "0".into()));
        checkout.with.push(("persist-credentials".into(), "false".into()));
        steps.push(checkout);
        if kinds.contains(&EventKind::Push) {
            env.insert("BEFORE".into(), "${{ github.event.before }}".into());
        }
        permissions = permission::view(&[crate::ir::step::Permission::ContentsRead].into());
    }
    steps.push(StepView {
        name: Some("Decide".into()),
        id: Some("decide".into()),
        env: env.into_iter().collect(),
        run: Some(route::script(questions, &kinds, &plan.pipeline.default_branch.value)),
        ..StepView::default()
    });
    JobView {
        comments: vec!["Decides what no `if` can say exactly: patterns of names, and changed files.".into()],
        id: route::JOB.into(),
        name: route::JOB.into(),
        runs_on: serde_json::json!(machine::hosted("linux")),
        permissions,
        timeout: 5,
        outputs: questions.iter().map(|q| (q.name.clone(), format!("${{{{ steps.decide.outputs.{} }}}}", q.name))).collect(),
        steps,
        ..JobView::default()
    }
}

/// Tells zizmor that a cache beside something that is published is meant: a run reads the caches of its own ref and of the default branch,
/// never those of a pull request (docs.github.com, "Dependency caching reference", restrictions for accessing a cache).
fn trust_cache(step: &mut StepView) {
    let with = |key: &str, value: &str| step.with.iter().any(|(k, v)| k == key && v == value);
    let has = |key: &str| step.with.iter().any(|(k, _)| k == key);
    let caches = match step.uses.as_deref().and_then(|u| u.split('@').next()) {
        Some("actions/cache") => true,
        Some("actions/setup-node" | "actions/setup-python" | "actions/setup-java") => has("cache"),
        Some("actions/setup-go") => !with("cache", "false"),
        Some("ruby/setup-ruby") => with("bundler-cache", "true"),
        Some("astral-sh/setup-uv") => with("enable-cache", "true"),
        _ => false,
    };
    if caches {
        let version = step.version.take().unwrap_or_default();
        step.version = Some(format!("{version} # zizmor: ignore[cache-poisoning] pull requests have caches of their own"));
    }
}

/// The check of the outputs: a workflow of its own, since it runs on pushes and pull requests whatever else runs, and none of its failures
/// is one of the pipeline.
fn drift_view(plan: &Plan<'_>, drift: &DriftCheck, first: &PlannedWorkflow<'_>) -> WorkflowView {
    let on = Workflow { on: drift.on.clone(), schedules: Vec::new(), inputs: Vec::new(), ..first.workflow.clone() };
    let mut checkout = step::action("actions/checkout", "Check out the repository");
    checkout.with.push(("persist-credentials".into(), "false".into()));
    let install =
        StepView { name: Some("Install pipewright".into()), run: Some(drift.install.join("\n")), ..StepView::default() };
    let check = StepView { run: Some(CHECK.into()), ..StepView::default() };
    let job = JobView {
        id: drift.id.clone(),
        name: drift.id.clone(),
        needs: job::needs_value(Vec::new()),
        runs_on: serde_json::json!(machine::hosted("linux")),
        permissions: permission::view(&[crate::ir::step::Permission::ContentsRead].into()),
        timeout: 10,
        steps: vec![checkout, install, check],
        ..JobView::default()
    };
    WorkflowView {
        header: Header::new(&plan.spec).text(),
        comments: vec!["Fails when a file and the spec have grown apart.".into()],
        name: drift.file.clone(),
        on: trigger::emit(plan.pipeline, &on).on,
        why: None,
        concurrency: Some(view::ConcurrencyView {
            group: "${{ github.workflow }}-${{ github.ref }}".into(),
            cancel: true,
            queue: None,
        }),
        env: Vec::new(),
        shell: Some("bash"),
        raw: Vec::new(),
        jobs: vec![job],
    }
}

/// One job for all messages about the run that are sent at the same moment.
fn notices<'w, 'a>(
    plan: &'w Plan<'a>,
    workflow: &'w PlannedWorkflow<'a>,
    scope: Scope<'w>,
    first: &'w PlannedJob<'a>,
    ids: &[String],
) -> Vec<JobView> {
    let mut found = Vec::new();
    for (moment, own) in by_moment(&workflow.notices) {
        let mut wanted = Wanted::default();
        // The messages stand in no job of the spec: nothing of the first one but its workflow is read.
        let mut writer = writer(plan, workflow, scope, first, &mut wanted);
        let mut steps: Vec<StepView> = own.iter().flat_map(|n| writer.step(&n.step)).collect();
        if let Some(first) = writer.values_step() {
            steps.insert(0, first);
        }
        let failed = || Gh::atom("contains(needs.*.result, 'failure')");
        let condition = match moment {
            Moment::Success => Gh::all([Gh::atom("!cancelled()"), failed().negate()]),
            Moment::Failure => Gh::all([Gh::atom("always()"), failed()]),
            Moment::Always => Some(Gh::atom("always()")),
            Moment::Started | Moment::ApprovalRequested | Moment::Rollback | Moment::GateFailed => None,
        };
        let id = unique(&format!("notify-{}", moment.word()), ids);
        found.push(JobView {
            id: id.clone(),
            name: id,
            needs: job::needs_value(if moment == Moment::Started { Vec::new() } else { ids.to_vec() }),
            condition: condition.map(|gh| step::if_text(&gh)),
            runs_on: serde_json::json!(machine::hosted("linux")),
            timeout: 5,
            steps,
            ..JobView::default()
        });
    }
    found
}

fn by_moment(notices: &[Notice]) -> Vec<(Moment, Vec<&Notice>)> {
    let mut found: Vec<(Moment, Vec<&Notice>)> = Vec::new();
    for notice in notices {
        match found.iter_mut().find(|(m, _)| *m == notice.on) {
            Some((_, own)) => own.push(notice),
            None => found.push((notice.on, vec![notice])),
        }
    }
    found
}

fn unique(id: &str, taken: &[String]) -> String {
    let mut id = id.to_owned();
    while taken.contains(&id) {
        id.push_str("-run");
    }
    id
}

#[cfg(test)]
mod tests {
    use crate::back::github::sample::{filter, job, need, pipeline, pull_request, push, rendered, run, step, tag};
    use crate::ir::event::{ClauseKind, PathFilter, PullRequestType};
    use crate::ir::id::EnvironmentId;
    use crate::ir::job::Deploy;
    use crate::ir::step::{Checkout, Toolchain};
    use crate::plan::job::PlannedEnvironment;
    use crate::plan::samples::at;
    use crate::plan::step::{PlannedKind, RunWhen};

    use super::sample;

    #[test]
    fn a_workflow_reads_like_one_written_by_hand() {
        let on = [push(&["main"]), tag(&["v*"]), pull_request(&["main"])];
        let pipeline = pipeline(&on);
        let checkout = || step(PlannedKind::Checkout(Checkout::default()));
        let toolchain = Toolchain { tools: vec![(at("node".into()), sample::text("20"))], cache: true, install: true };
        let lint = job("lint", vec![checkout(), step(PlannedKind::Toolchain(toolchain)), run(&["npm run lint"])]);
        let mut build = job("build", vec![checkout(), run(&["docker build -t app:@sha .", "docker push app:@sha"])]);
        build.needs = vec![need(0, true)];
        build.filters = vec![filter(&[push(&["main"])])];
        let mut dev = job("dev", vec![run(&["./deploy.sh @short"])]);
        dev.needs = vec![need(1, true)];
        dev.filters = build.filters.clone();
        let mut publish = job("publish", vec![run(&["./publish.sh --token @TOKEN"])]);
        publish.needs = vec![need(0, true), need(2, false)];
        publish.poisoned = true;
        let mut first = run(&["./deploy.sh"]);
        first.id = Some("deploy".into());
        let mut undo = run(&["./undo.sh"]);
        undo.when = RunWhen::Rollback { started: "deploy".into() };
        publish.steps.extend([first, undo]);
        let text = rendered(&pipeline, vec![lint, build, dev, publish]);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_no_condition_can_say_is_decided_in_a_first_job() {
        let on = [push(&["**"]), tag(&["**"])];
        let pipeline = pipeline(&on);
        let mut release = job("release", vec![run(&["make release"])]);
        release.filters = vec![filter(&[tag(&["v*.*.*"])])];
        let mut api = job("api", vec![run(&["make api"])]);
        let mut touched = push(&["main"]);
        if let ClauseKind::Push { paths, .. } = &mut touched {
            let pattern = sample::pattern(&["services/api/**"], &["**/*.md"]);
            *paths = Some(PathFilter { pattern, span: Default::default() });
        }
        api.filters = vec![filter(&[touched])];
        let text = rendered(&pipeline, vec![release, api]);
        assert!(text.contains("needs: route\n    if: needs.route.outputs.release == 'true'"), "{text}");
        assert!(text.contains(r"$GITHUB_REF =~ ^refs/tags/v[^/]*\.[^/]*\.[^/]*$"), "{text}");
        assert!(text.contains(r"changed '^services/api/.*$' '^(.*/)?[^/]*\.md$'"), "{text}");
        assert!(text.contains("fetch-depth: 0"), "{text}");
    }

    #[test]
    fn a_merge_is_a_close_that_every_job_looks_at() {
        let mut merged = pull_request(&["main"]);
        if let ClauseKind::PullRequest { types, .. } = &mut merged {
            *types = vec![PullRequestType::Merged];
        }
        let text = rendered(&pipeline(&[merged]), vec![job("publish", vec![run(&["make publish"])])]);
        assert!(text.contains("types: [closed]"), "{text}");
        assert!(text.contains("if: github.event.pull_request.merged\n"), "{text}");
    }

    #[test]
    fn a_strict_need_is_named_where_a_skipped_one_would_let_the_job_run() {
        let pipeline = pipeline(&[push(&["main", "develop"])]);
        let gate = job("gate", vec![run(&["make check"])]);
        let mut dev = job("dev", vec![run(&["make dev"])]);
        dev.filters = vec![filter(&[push(&["develop"])])];
        let mut deploy = job("deploy", vec![run(&["make deploy"])]);
        deploy.needs = vec![need(0, true), need(1, false)];
        deploy.poisoned = true;
        let mut below = job("below", vec![run(&["make below"])]);
        below.needs = vec![need(2, true)];
        below.poisoned = true;
        let text = rendered(&pipeline, vec![gate, dev, deploy, below]);
        assert!(text.contains("needs.gate.result == 'success' &&"), "{text}");
        assert!(text.contains("(needs.dev.result == 'success' || github.ref != 'refs/heads/develop')"), "{text}");
        assert!(text.contains("if: ${{ !cancelled() && needs.deploy.result == 'success' }}"), "{text}");
    }

    #[test]
    fn a_job_that_only_looks_leaves_no_deployment_behind() {
        let mut pipeline = pipeline(&[push(&["main"])]);
        pipeline.environments.push(sample::environment("staging"));
        let of = |id: Option<EnvironmentId>| {
            let mut look = job("look", vec![run(&["make look"])]);
            look.environment = Some(PlannedEnvironment { id, name: "staging".into(), deploys: false });
            rendered(&pipeline, vec![look])
        };
        assert!(of(None).contains("    environment: staging\n"), "an approval keeps its record");
        assert!(of(Some(EnvironmentId(0))).contains("      name: staging\n      deployment: false\n"));
    }

    #[test]
    fn names_of_another_case_do_not_reach_a_deploy() {
        let pipeline = pipeline(&[push(&["**"])]);
        let mut deploy = job("deploy", vec![run(&["make deploy"])]);
        deploy.filters = vec![filter(&[push(&["main"])])];
        deploy.job.to_mut().deploy = Some(Deploy { smoke_tests: Vec::new(), monitor: Vec::new(), rollback: None });
        let text = rendered(&pipeline, vec![deploy]);
        assert!(text.contains("if: github.ref == 'refs/heads/main'\n"), "{text}");
        assert!(text.contains("if ! [[ $GITHUB_EVENT_NAME == push && $GITHUB_REF == refs/heads/main ]]; then"), "{text}");
    }
}
