//! Argo CD: an Application for each app in each environment, and the project they belong to.

use serde::Serialize;
use serde_json::json;

use crate::base::failure::Failure;
use crate::ir::app::{Applications, Argocd};
use crate::ir::gate::{ClosedHours, WeekMinute, Window};
use crate::ir::strategy::Router;
use crate::plan::delivery::{APPLICATIONS, DeliveryPlan, PlannedApp, PlannedApplication, application, infra_folder};
use crate::render::header::Header;
use crate::render::{Output, Renderer};

/// What stands for the name of an environment in a template of Go.
const ENVIRONMENT: &str = "{{.environment}}";

/// What an element adds to the template, as a template of Go.
const PATCH: &str = "{{- if .syncPolicy }}\nspec:\n  syncPolicy: {{ .syncPolicy }}\n{{- end }}";

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
    ignore: Vec<IgnoreView>,
}

/// What a controller writes beside Argo CD.
#[derive(Serialize, Clone, PartialEq)]
struct IgnoreView {
    group: &'static str,
    kind: &'static str,
    path: &'static str,
}

/// An ApplicationSet; what differs between its environments stands in the elements.
#[derive(Serialize)]
struct SetView<'v> {
    header: &'v str,
    notes: Vec<String>,
    name: &'v str,
    namespace: &'v str,
    wave: Option<String>,
    project: &'v str,
    repo: &'v str,
    revision: &'v str,
    /// Of an Application, with the environment to be filled in, as are the folder and the values.
    application: String,
    folder: String,
    values: Vec<String>,
    sync: Option<SyncView>,
    ignore: Vec<IgnoreView>,
    /// Of all elements the same keys.
    elements: Vec<Vec<(&'static str, String)>>,
    /// How Applications are kept where that is not the same everywhere.
    patch: Option<&'static str>,
}

#[derive(Serialize, Clone, PartialEq)]
struct SyncView {
    automated: Option<AutomatedView>,
    options: Vec<String>,
    retry: Option<RetryView>,
}

#[derive(Serialize, Clone, PartialEq)]
struct AutomatedView {
    prune: bool,
    self_heal: bool,
}

#[derive(Serialize, Clone, PartialEq)]
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
        let placed = app.places.iter().filter_map(|p| Some((p.environment.name.value.as_str(), p.application.as_ref()?)));
        let placed: Vec<(&str, &PlannedApplication<'_>)> = placed.collect();
        if argocd.applications == Applications::Set
            && let Some(set) = set(plan, argocd, app, &placed, &header)
        {
            let text = renderer.yaml("argocd/templates/applicationset.yaml.j2", &set)?;
            outputs.push(Output::new(format!("{APPLICATIONS}/{}.yaml", app.app.name.value), text));
            all.extend(placed.iter().map(|(_, a)| *a));
            continue;
        }
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
        values: values(environment),
        server: &application.server,
        destination: &application.namespace,
        sync: sync(application),
        ignore: ignored(application.router).into_iter().collect(),
    }
}

/// The weights that Argo Rollouts moves while a canary comes in; whoever brought those of the chart back would end it
/// (<https://rollouts-plugin-trafficrouter-gatewayapi.readthedocs.io/en/latest/quick-start/>,
/// <https://argo-rollouts.readthedocs.io/en/stable/features/traffic-management/istio/#integrating-with-gitops>).
fn ignored(router: Option<Router>) -> Option<IgnoreView> {
    match router? {
        Router::Istio => {
            Some(IgnoreView { group: "networking.istio.io", kind: "VirtualService", path: ".spec.http[].route[].weight" })
        }
        Router::Gateway => {
            Some(IgnoreView { group: "gateway.networking.k8s.io", kind: "HTTPRoute", path: ".spec.rules[].backendRefs[].weight" })
        }
        Router::Nginx | Router::Alb => None,
    }
}

fn sync(application: &PlannedApplication<'_>) -> Option<SyncView> {
    let none = SyncView { automated: None, options: Vec::new(), retry: None };
    let mut sync = application.sync.map_or(none, |policy| SyncView {
        automated: application.automated.then_some(AutomatedView { prune: policy.prune, self_heal: policy.self_heal }),
        options: policy.options.iter().map(|o| format!("{}=true", o.value)).collect(),
        retry: policy.retry.map(|r| RetryView {
            limit: r.limit,
            duration: r.backoff.to_string(),
            factor: r.factor,
            max: r.max.to_string(),
        }),
    });
    // Without it what is ignored is still written by each synchronisation.
    let respects = "RespectIgnoreDifferences=true".to_owned();
    if ignored(application.router).is_some() && !sync.options.contains(&respects) {
        sync.options.push(respects);
    }
    Some(sync).filter(|s| s.automated.is_some() || !s.options.is_empty() || s.retry.is_some())
}

/// The policy as the `syncPolicy` of an Application, in one line.
fn policy(sync: Option<&SyncView>) -> String {
    let Some(sync) = sync else { return String::new() };
    let mut map = serde_json::Map::new();
    if let Some(automated) = &sync.automated {
        map.insert("automated".to_owned(), json!({ "prune": automated.prune, "selfHeal": automated.self_heal }));
    }
    if !sync.options.is_empty() {
        map.insert("syncOptions".to_owned(), json!(sync.options));
    }
    if let Some(retry) = &sync.retry {
        let backoff = json!({ "duration": retry.duration, "factor": retry.factor, "maxDuration": retry.max });
        map.insert("retry".to_owned(), json!({ "limit": retry.limit, "backoff": backoff }));
    }
    serde_json::Value::Object(map).to_string()
}

/// The files of values that an Application reads.
fn values(environment: &str) -> Vec<String> {
    vec![format!("values-{environment}.yaml"), "version.yaml".to_owned()]
}

/// The ApplicationSet of an app; none where no environment of it is Argo CD's
/// (<https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/applicationset-specification/>).
fn set<'v>(
    plan: &'v DeliveryPlan<'_>,
    argocd: &'v Argocd,
    app: &'v PlannedApp<'_>,
    placed: &[(&'v str, &'v PlannedApplication<'v>)],
    header: &'v str,
) -> Option<SetView<'v>> {
    let (_, first) = placed.first()?;
    let policies: Vec<Option<SyncView>> = placed.iter().map(|(_, a)| sync(a)).collect();
    let differ = policies.iter().any(|p| *p != policies[0]);
    let elements = placed.iter().zip(&policies).map(|((environment, application), sync)| {
        let mut element = vec![
            ("environment", (*environment).to_owned()),
            ("server", application.server.clone()),
            ("namespace", application.namespace.clone()),
        ];
        element.extend(differ.then(|| ("syncPolicy", policy(sync.as_ref()))));
        element
    });
    let asked: Vec<&str> = placed.iter().filter(|(_, a)| !a.automated).map(|(environment, _)| *environment).collect();
    let notes = if asked.is_empty() {
        Vec::new()
    } else {
        vec![format!("Argo CD does not act by itself in {}: the deploys ask it to.", asked.join(", "))]
    };
    let name = &app.app.name.value;
    let mut ignores: Vec<IgnoreView> = Vec::new();
    for ignore in placed.iter().filter_map(|(_, a)| ignored(a.router)) {
        if !ignores.contains(&ignore) {
            ignores.push(ignore);
        }
    }
    Some(SetView {
        header,
        notes,
        name,
        namespace: &argocd.namespace,
        wave: first.sync.and_then(|s| s.wave).map(|w| w.to_string()),
        project: &plan.pipeline.name.value,
        repo: &argocd.repo.value,
        revision: &argocd.revision.value,
        application: application(name, ENVIRONMENT),
        folder: infra_folder(&argocd.path, ENVIRONMENT, name),
        values: values(ENVIRONMENT),
        elements: elements.collect(),
        ignore: ignores,
        patch: differ.then_some(PATCH),
        sync: if differ { None } else { policies.into_iter().next().flatten() },
    })
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
