//! A planned job as a job of the file.

use std::collections::BTreeSet;

use crate::back::gitlab::rules::{self, Rule, Start, Way};
use crate::back::gitlab::script::{self, Item};
use crate::back::gitlab::time;
use crate::back::gitlab::value::Place;
use crate::back::gitlab::view::{self, Pairs};
use crate::back::gitlab::{cache, data};
use crate::back::tree::Tree;
use crate::back::variables::{OUTPUT, Variables, axis};
use crate::base::failure::Failure;
use crate::ir::environment::{LicenceTier, Tier};
use crate::ir::gate::{Approval, Gate, GateKind};
use crate::ir::id::TargetId;
use crate::ir::job::{Group, Mode, Purpose, Runner};
use crate::ir::step::{Outcome, Permission};
use crate::plan::job::{ApprovalBy, JobSource, PlannedJob};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};

/// The image of the docker command line.
pub(super) const DOCKER: &str = "docker:28.5";

/// The daemon beside a job.
pub(super) const DAEMON: &str = "docker:28.5-dind";

/// How the command line finds the daemon.
const CLIENT: [(&str, &str); 4] = [
    ("DOCKER_HOST", "tcp://docker:2376"),
    ("DOCKER_TLS_CERTDIR", "/certs"),
    ("DOCKER_TLS_VERIFY", "1"),
    ("DOCKER_CERT_PATH", "/certs/client"),
];

/// The job of the file.
///
/// # Errors
/// As [`rules::of_job`].
pub(super) fn view(place: Place<'_>, stage: &str, ways: &[Way<'_>], pipeline: &[Rule]) -> Result<view::Job, Failure> {
    let planned = place.job;
    let job = &*planned.job;
    let approvals = approvals(place);
    let manual = !approvals.is_empty();
    let waived = approvals.iter().find_map(|g| g.waive.as_ref()).map(|w| &w.condition).filter(|_| approvals.len() == 1);
    let when = match job.when.value {
        _ if manual => Some("manual"),
        Outcome::Success => None,
        Outcome::Failure => Some("on_failure"),
        Outcome::Always => Some("always"),
    };
    let (cache, tool_variables) = cache::of_job(&place);
    let scripts = if let JobSource::Approval { gate, .. } = planned.source {
        let name = &place.plan.pipeline.gate(gate).name.value;
        let text = format!("echo \"Approved by $GITLAB_USER_LOGIN: {name}\"");
        script::Scripts { main: vec![Item { comment: None, text }], ..Default::default() }
    } else {
        script::of_job(place, data::first_lines(place), data::last_lines(place))
    };
    let rollback = scripts.after_seconds;
    let mut variables = variables(place);
    let of_tools =
        CLIENT.iter().map(|(name, _)| (*name).to_owned()).chain(tool_variables.iter().map(|(n, _)| n.clone())).collect();
    // What the spec sets itself is not set for a tool.
    let own: BTreeSet<String> = variables.iter().map(|(name, _)| name.clone()).collect();
    variables.extend(tool_variables.into_iter().filter(|(name, _)| !own.contains(name)));
    // The limit of the job is the limit of its script; what comes after gets time of its own, so that it is never cut off by the job's limit.
    let mut timeout = planned.timeout.seconds;
    let limited = |s: &PlannedStep| s.when != RunWhen::Success && (s.timeout.is_some() || s.phase == Phase::Rollback);
    if planned.steps.iter().any(limited) {
        variables.push(("RUNNER_SCRIPT_TIMEOUT".to_owned(), time::short(planned.timeout.seconds)));
        variables.push(("RUNNER_AFTER_SCRIPT_TIMEOUT".to_owned(), time::short(rollback)));
        timeout += rollback + 60;
    }
    let (allow_failure, exit_codes) = match &job.allow_failure {
        None => (false, Vec::new()),
        Some(allowed) => (allowed.exit_codes.is_empty(), allowed.exit_codes.clone()),
    };
    let made = view::Job {
        key: planned.id.clone(),
        comments: comments(place, &approvals),
        extends: Vec::new(),
        stage: stage.to_owned(),
        image: image(place).map(|name| view::Image { name, no_entrypoint: job.no_entrypoint.is_some() }),
        services: services(place),
        tags: tags(place),
        needs: Some(needs(place)),
        rules: rules::of_job(ways, place, &Start { when, waived }, pipeline)?,
        confirmation: if manual { confirmation(place) } else { None },
        environment: environment(place),
        resource_group: resource_group(place),
        interruptible: None,
        timeout: time::words(timeout),
        retry: job.retry.as_ref().map(|r| r.value),
        allow_failure,
        exit_codes,
        matrix: matrix(place),
        id_tokens: id_tokens(planned),
        variables: last_wins(variables),
        of_tools,
        cache,
        artifacts: data::artifacts(place, &scripts.main),
        script: scripts.main,
        after_script: scripts.after,
        raw: raw(&job.raw),
    };
    let starts = matches!(planned.source, JobSource::Spec(_)) && job.starts_a_pipeline();
    Ok(if starts { of_another_pipeline(place, made) } else { made })
}

/// A job that starts another pipeline has no script and no machine, and hands its variables on
/// (<https://docs.gitlab.com/ci/yaml/#trigger>): those of the spec, and none that speak to a runner.
fn of_another_pipeline(place: Place<'_>, made: view::Job) -> view::Job {
    let own: BTreeSet<&str> = place.workflow.env.iter().chain(&place.job.env).map(|e| e.name.value.as_str()).collect();
    view::Job {
        image: None,
        services: Vec::new(),
        tags: Vec::new(),
        timeout: String::new(),
        retry: None,
        id_tokens: Vec::new(),
        variables: made.variables.into_iter().filter(|(name, _)| own.contains(name.as_str())).collect(),
        cache: Vec::new(),
        artifacts: None,
        script: Vec::new(),
        after_script: Vec::new(),
        ..made
    }
}

/// Whether a newer pipeline may cancel the job.
pub(super) fn is_interruptible(place: Place<'_>) -> bool {
    let cancels = |c: &Option<crate::ir::job::Concurrency>| c.as_ref().is_some_and(|c| c.mode.value == Mode::CancelRunning);
    place.job.interruptible && (cancels(&place.workflow.workflow.concurrency) || cancels(&place.job.job.concurrency))
}

/// Vendor keys of the spec for this target.
pub(super) fn raw(list: &[crate::ir::raw::Raw]) -> Vec<view::Pair> {
    let ours = list.iter().filter(|r| r.target.value == TargetId::Gitlab);
    ours.flat_map(|r| r.keys.iter().map(|(k, v)| view::Pair { key: k.value.clone(), value: Tree(v.clone()) })).collect()
}

/// The approvals that the job itself waits for.
fn approvals<'p>(place: Place<'p>) -> Vec<&'p Gate> {
    let own = match place.job.source {
        JobSource::Approval { gate, .. } => vec![gate],
        JobSource::Spec(_) => {
            let asked = place.job.approvals.iter().filter(|a| a.by == ApprovalBy::Environment);
            asked.map(|a| a.gate).collect()
        }
    };
    own.into_iter().map(|id| place.plan.pipeline.gate(id)).collect()
}

fn approval(gate: &Gate) -> Option<&Approval> {
    if let GateKind::Approval(approval) = &gate.kind { Some(approval) } else { None }
}

/// What is asked at the button.
fn confirmation(place: Place<'_>) -> Option<String> {
    let question = place.job.question.as_ref()?;
    let message = question.message.as_ref().map(|m| place.expanded(m).unwrap_or_else(|| place.shown(m)));
    // No shell works out anything here: a person is shown GitLab's own short hash, of eight digits.
    let message = message.map(|m| m.replace("$COMMIT_SHORT", "$CI_COMMIT_SHORT_SHA"));
    let list = question.checklist.join(", ");
    match (message, list.is_empty()) {
        (message, true) => message,
        (Some(message), false) => Some(format!("{message} ({list})")),
        (None, false) => Some(list),
    }
}

fn comments(place: Place<'_>, approvals: &[&Gate]) -> Vec<String> {
    let mut out = place.job.job.comments.clone();
    for gate in approvals {
        let Some(asked) = approval(gate) else { continue };
        let names: Vec<&str> = asked
            .from
            .iter()
            .filter_map(|t| place.plan.pipeline.teams.get(t.value.index()))
            .map(|team| {
                let own = team.names.iter().find(|(target, _)| *target == TargetId::Gitlab);
                own.map_or(team.name.value.as_str(), |(_, name)| name.value.as_str())
            })
            .collect();
        let of = if names.is_empty() { String::new() } else { format!(" of {}", names.join(", ")) };
        let who = if asked.count.value > 1 { format!("{} people{of}", asked.count.value) } else { format!("a person{of}") };
        let held = place.job.environment.as_ref().filter(|_| place.plan.target.tier != LicenceTier::Free);
        let how = held.map_or_else(String::new, |e| format!(", as the protected environment {} says", e.name));
        out.push(format!("Waits for {who}: {}{how}.", gate.name.value));
    }
    out
}

/// The image of a job: its own, that of its docker client, or that of its language.
pub(super) fn image(place: Place<'_>) -> Option<String> {
    let job = &*place.job.job;
    if let Some(image) = &job.image {
        return place.expanded(image);
    }
    if job.docker.is_some() || place.job.steps.iter().any(|s| needs_docker(&s.kind)) {
        return Some(DOCKER.to_owned());
    }
    place.job.steps.iter().find_map(|s| {
        let PlannedKind::Toolchain(toolchain) = &s.kind else { return None };
        let (language, version) = toolchain.tools.first()?;
        let version = place.expanded(version)?;
        Some(match language.value.as_str() {
            "go" => format!("golang:{version}"),
            // The JDK with Maven: a hosted runner of GitHub has it, too.
            "java" => format!("maven:3-eclipse-temurin-{version}"),
            "dotnet" => format!("mcr.microsoft.com/dotnet/sdk:{version}"),
            "rust" if version == "stable" => "rust:latest".to_owned(),
            "rust" if version == "nightly" => "rustlang/rust:nightly".to_owned(),
            "node" if version.starts_with("lts/") => format!("node:{}", version.trim_start_matches("lts/").replace('*', "lts")),
            other => format!("{other}:{version}"),
        })
    })
}

fn needs_docker(kind: &PlannedKind) -> bool {
    matches!(kind, PlannedKind::DockerBuild(_) | PlannedKind::RegistryLogin(_) | PlannedKind::ImagePromote { .. })
}

/// Whether the job has a daemon beside it.
fn has_daemon(place: Place<'_>) -> bool {
    place.job.job.docker.is_some() || place.job.steps.iter().any(|s| needs_docker(&s.kind))
}

fn services(place: Place<'_>) -> Vec<view::Service> {
    let mut out = Vec::new();
    if has_daemon(place) {
        out.push(view::Service { name: DAEMON.to_owned(), alias: "docker".to_owned(), variables: Vec::new() });
    }
    out.extend(place.job.job.services.iter().map(|service| view::Service {
        name: place.expanded(&service.image).unwrap_or_default(),
        alias: service.name.value.clone(),
        variables: service.env.iter().filter_map(|e| Some((e.name.value.clone(), place.expanded(&e.value)?))).collect(),
    }));
    out
}

/// The tag of a hosted runner; none for the usual one.
fn hosted(runner: &str) -> Option<&'static str> {
    match runner {
        "linux-arm" => Some("saas-linux-small-arm64"),
        "windows" => Some("saas-windows-medium-amd64"),
        "macos" => Some("saas-macos-medium-m1"),
        _ => None,
    }
}

fn tags(place: Place<'_>) -> Vec<String> {
    match &place.job.job.runner {
        Runner::Named(name) => match place.plan.pipeline.runners.iter().find(|r| r.name.value == name.value) {
            Some(own) => own.gitlab.iter().map(|t| t.value.clone()).collect(),
            None => hosted(&name.value).map(str::to_owned).into_iter().collect(),
        },
        Runner::Axis(_) => vec!["$RUNNER".to_owned()],
        // Nothing that a job of the run gives is in the tags of another (<https://docs.gitlab.com/ci/yaml/#tags>).
        Runner::Label(text) => place.expanded(text).filter(|_| place.job.job.runner.is_by_variables()).into_iter().collect(),
    }
}

fn needs(place: Place<'_>) -> Vec<view::Need> {
    let needs = place.job.needs.iter().filter_map(|need| {
        let other = place.workflow.jobs.get(need.job)?;
        let gives = !other.job.produces.is_empty() || has_outputs(Place { job: other, ..place });
        let wanted = !need.artifacts.is_empty() || need.reads_outputs() || place.job.reads(other);
        Some(view::Need { job: other.id.clone(), optional: !need.always_present, no_artifacts: gives && !wanted })
    });
    needs.collect()
}

/// Whether the job hands variables to others.
fn has_outputs(place: Place<'_>) -> bool {
    !place.job.job.outputs.is_empty()
        || place
            .job
            .steps
            .iter()
            .any(|s| matches!(&s.kind, PlannedKind::DockerBuild(b) if place.workflow.image_is_read(place.job, b.image)))
}

fn environment(place: Place<'_>) -> Option<view::Environment> {
    let planned = place.job.environment.as_ref()?;
    let declared = planned.id.map(|id| place.plan.pipeline.environment(id));
    let tier = declared.map(|e| e.tier);
    let looks = !planned.deploys;
    Some(view::Environment {
        name: planned.name.clone(),
        url: declared.and_then(|e| e.url.as_ref()).and_then(|u| place.expanded_at_the_end(u)).filter(|_| planned.deploys),
        // GitLab guesses the tier from the name; where it guesses right there is nothing to say.
        // <https://docs.gitlab.com/ci/environments/#deployment-tier-of-environments>
        deployment_tier: tier.map(Tier::word).filter(|t| planned.deploys && *t != planned.name).map(str::to_owned),
        action: looks.then(|| {
            let verifies = place.job.job.environment.as_ref().is_some_and(|e| e.purpose == Purpose::Verify);
            if verifies { "verify" } else { "prepare" }
        }),
    })
}

fn resource_group(place: Place<'_>) -> Option<String> {
    let own = place.job.job.concurrency.as_ref().filter(|c| c.mode.value != Mode::CancelRunning);
    if let Some(own) = own {
        return match &own.group {
            Group::Environment(id) => Some(place.plan.pipeline.environment(*id).name.value.clone()),
            Group::PerBranch => Some(format!("{}-$CI_COMMIT_REF_SLUG", place.job.id)),
            Group::PerWorkflow => Some(place.job.id.clone()),
            Group::Named(text) => place.expanded(text),
        };
    }
    // An approval waits outside of the lock, or nothing else could be deployed until somebody pressed the button.
    let locks = matches!(place.job.source, JobSource::Spec(_));
    place.job.environment.as_ref().filter(|e| locks && e.id.is_some()).map(|e| e.name.clone())
}

fn matrix(place: Place<'_>) -> Vec<Pairs> {
    let Some(matrix) = &place.job.job.matrix else { return Vec::new() };
    let by_axis = match &place.job.job.runner {
        Runner::Axis(name) => matrix.axes.iter().position(|a| a.value == name.value),
        Runner::Named(_) | Runner::Label(_) => None,
    };
    let cells = matrix.cells.iter().map(|cell| {
        let named = matrix.axes.iter().zip(cell).filter_map(|(a, v)| Some((axis(&a.value), v.clone()?)));
        let mut pairs: Vec<(String, String)> = named.collect();
        if let Some(Some(runner)) = by_axis.and_then(|i| cell.get(i)) {
            let own = place.plan.pipeline.runners.iter().find(|r| r.name.value == *runner).and_then(|r| r.gitlab.first());
            let tag = own.map_or_else(|| hosted(runner).unwrap_or("saas-linux-small-amd64").to_owned(), |t| t.value.clone());
            pairs.push(("RUNNER".to_owned(), tag));
        }
        Pairs(pairs)
    });
    cells.collect()
}

fn id_tokens(job: &PlannedJob<'_>) -> Vec<(String, String)> {
    let asks = job.permissions.contains(&Permission::IdToken);
    if asks { vec![("ID_TOKEN".to_owned(), "sts.amazonaws.com".to_owned())] } else { Vec::new() }
}

fn variables(place: Place<'_>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let checkout = place.job.steps.iter().find_map(|s| if let PlannedKind::Checkout(c) = &s.kind { Some(c) } else { None });
    match checkout {
        None => out.push(("GIT_STRATEGY".to_owned(), "none".to_owned())),
        Some(checkout) => {
            out.extend(checkout.depth.map(|d| ("GIT_DEPTH".to_owned(), d.to_string())));
            if checkout.submodules {
                out.push(("GIT_SUBMODULE_STRATEGY".to_owned(), "recursive".to_owned()));
            }
        }
    }
    if has_daemon(place) {
        out.extend(CLIENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }
    // Variables of the workflow stand at the top of the file where there is one workflow only.
    let shared = if place.plan.workflows.len() > 1 { place.workflow.env.as_slice() } else { &[] };
    for variable in shared.iter().chain(&place.job.env) {
        out.extend(place.expanded(&variable.value).map(|v| (variable.name.value.clone(), v)));
    }
    if !place.job.job.outputs.is_empty() {
        out.push((OUTPUT.to_owned(), "$CI_PROJECT_DIR/.outputs".to_owned()));
    }
    out
}

/// A repeated key would be refused: the last value stands at the place of the first.
fn last_wins(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match out.iter_mut().find(|(n, _)| *n == name) {
            Some(found) => found.1 = value,
            None => out.push((name, value)),
        }
    }
    // A variable that is given by itself is there already.
    out.retain(|(name, value)| *value != format!("${name}"));
    out
}
