//! Argo CD: an Application for each app in each environment, and the project they belong to.

use serde::Serialize;

use crate::base::failure::Failure;
use crate::ir::app::Argocd;
use crate::ir::gate::{ClosedHours, WeekMinute, Window};
use crate::plan::delivery::{APPLICATIONS, DeliveryPlan, PlannedApp, PlannedApplication};
use crate::render::header::Header;
use crate::render::{Output, Renderer};

const MINUTES_A_WEEK: u32 = 7 * 24 * 60;

#[derive(Serialize)]
struct ApplicationView<'v> {
    header: &'v str,
    notes: Vec<String>,
    name: &'v str,
    namespace: &'v str,
    wave: Option<String>,
    project: &'v str,
    repo: &'v str,
    revision: &'v str,
    folder: &'v str,
    release: &'v str,
    values: Vec<String>,
    server: &'v str,
    destination: &'v str,
    sync: Option<SyncView>,
}

#[derive(Serialize)]
struct SyncView {
    automated: Option<AutomatedView>,
    options: Vec<String>,
    retry: Option<RetryView>,
}

#[derive(Serialize)]
struct AutomatedView {
    prune: bool,
    self_heal: bool,
}

#[derive(Serialize)]
struct RetryView {
    limit: u32,
    duration: String,
    factor: u32,
    max: String,
}

#[derive(Serialize)]
struct ProjectView<'v> {
    header: &'v str,
    name: &'v str,
    namespace: &'v str,
    description: Option<&'v str>,
    repo: &'v str,
    destinations: Vec<DestinationView>,
    creates_namespaces: bool,
    policies: Vec<String>,
    windows: Vec<WindowView>,
}

#[derive(Serialize, PartialEq)]
struct DestinationView {
    server: String,
    namespace: String,
}

#[derive(Serialize)]
struct WindowView {
    comment: String,
    schedule: String,
    duration: String,
    timezone: String,
    applications: Vec<String>,
}

/// The files of a plan; none where Argo CD is no target, or delivers nothing.
///
/// # Errors
/// `Internal` if a template and its view do not fit.
pub(super) fn emit(plan: &DeliveryPlan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let Some(argocd) = plan.argocd else { return Ok(Vec::new()) };
    let header = Header::new(&plan.spec).text();
    let mut outputs = Vec::new();
    let mut all: Vec<&PlannedApplication<'_>> = Vec::new();
    for app in &plan.apps {
        for place in &app.places {
            let Some(application) = &place.application else { continue };
            let environment = &place.environment.name.value;
            let view = view(plan, argocd, app, application, environment, &header);
            let text = renderer.yaml("argocd/templates/application.yaml.j2", &view)?;
            outputs.push(Output::new(format!("{APPLICATIONS}/{}.yaml", application.name), text));
            all.push(application);
        }
    }
    if !all.is_empty() {
        let text = renderer.yaml("argocd/templates/appproject.yaml.j2", &project(plan, argocd, &all, &header))?;
        outputs.insert(0, Output::new(format!("{APPLICATIONS}/project.yaml"), text));
    }
    Ok(outputs)
}

fn view<'v>(
    plan: &'v DeliveryPlan<'_>,
    argocd: &'v Argocd,
    app: &'v PlannedApp<'_>,
    application: &'v PlannedApplication<'_>,
    environment: &str,
    header: &'v str,
) -> ApplicationView<'v> {
    let mut notes = Vec::new();
    if !application.automated {
        notes.push(format!("Argo CD does not act by itself here: the deploy to {environment} asks it to."));
    }
    let sync = application.sync.map(|policy| SyncView {
        automated: application.automated.then_some(AutomatedView { prune: policy.prune, self_heal: policy.self_heal }),
        options: policy.options.iter().map(|o| format!("{}=true", o.value)).collect(),
        retry: policy.retry.map(|r| RetryView {
            limit: r.limit,
            duration: r.backoff.to_string(),
            factor: r.factor,
            max: r.max.to_string(),
        }),
    });
    ApplicationView {
        header,
        notes,
        name: &application.name,
        namespace: &argocd.namespace,
        wave: application.sync.and_then(|s| s.wave).map(|w| w.to_string()),
        project: &plan.pipeline.name.value,
        repo: &argocd.repo.value,
        revision: &argocd.revision.value,
        folder: &application.folder,
        release: &app.app.name.value,
        values: vec![format!("values-{environment}.yaml"), "version.yaml".to_owned()],
        server: &application.server,
        destination: &application.namespace,
        sync: sync.filter(|s| s.automated.is_some() || !s.options.is_empty() || s.retry.is_some()),
    }
}

fn project<'v>(
    plan: &'v DeliveryPlan<'_>,
    argocd: &'v Argocd,
    all: &[&PlannedApplication<'_>],
    header: &'v str,
) -> ProjectView<'v> {
    let name = &plan.pipeline.name.value;
    let mut destinations: Vec<DestinationView> = Vec::new();
    for application in all {
        let view = DestinationView { server: application.server.clone(), namespace: application.namespace.clone() };
        if !destinations.contains(&view) {
            destinations.push(view);
        }
    }
    let policy = |action: &str| format!("p, proj:{name}:deploy, applications, {action}, {name}/*, allow");
    let creates = |a: &&PlannedApplication<'_>| a.sync.is_some_and(|s| s.options.iter().any(|o| o.value == "CreateNamespace"));
    ProjectView {
        header,
        name,
        namespace: &argocd.namespace,
        description: plan.pipeline.description.as_deref(),
        repo: &argocd.repo.value,
        destinations,
        creates_namespaces: all.iter().any(creates),
        policies: ["get", "sync"].map(policy).to_vec(),
        windows: windows(all),
    }
}

/// Closed hours, each once with the Applications that they hold.
fn windows(all: &[&PlannedApplication<'_>]) -> Vec<WindowView> {
    let mut seen: Vec<(&str, &Window, Vec<String>)> = Vec::new();
    for application in all {
        for (gate, window) in &application.windows {
            match seen.iter_mut().find(|(known, ..)| known == gate) {
                Some((_, _, names)) => names.push(application.name.clone()),
                None => seen.push((gate, window, vec![application.name.clone()])),
            }
        }
    }
    let views = seen.into_iter().flat_map(|(gate, window, applications)| {
        window.deny.iter().map(move |hours| WindowView {
            comment: format!("Gate {gate}."),
            schedule: cron(hours.value.from),
            duration: duration(hours.value),
            timezone: window.timezone.value.clone(),
            applications: applications.clone(),
        })
    });
    views.collect()
}

/// The cron line of a minute of the week; 0 is Sunday there.
fn cron(at: WeekMinute) -> String {
    format!("{} {} * * {}", at.minute % 60, at.minute / 60, (at.weekday + 1) % 7)
}

/// How long a closed span is, as Go writes times.
fn duration(hours: ClosedHours) -> String {
    let minute = |m: WeekMinute| u32::from(m.weekday) * 1440 + u32::from(m.minute);
    let minutes = (minute(hours.to) + MINUTES_A_WEEK - minute(hours.from)) % MINUTES_A_WEEK;
    if minutes.is_multiple_of(60) { format!("{}h", minutes / 60) } else { format!("{}h{}m", minutes / 60, minutes % 60) }
}

#[cfg(test)]
mod tests {
    use super::{cron, duration};
    use crate::ir::gate::{ClosedHours, WeekMinute};

    #[test]
    fn a_weekend_is_a_window() {
        let at = |weekday, minute| WeekMinute { weekday, minute };
        assert_eq!(cron(at(4, 16 * 60)), "0 16 * * 5");
        assert_eq!(cron(at(6, 30)), "30 0 * * 0");
        assert_eq!(duration(ClosedHours { from: at(4, 16 * 60), to: at(0, 8 * 60) }), "64h");
        assert_eq!(duration(ClosedHours { from: at(0, 0), to: at(0, 90) }), "1h30m");
    }
}
