//! Helm: a chart for each app, with a file of values for each environment.
//!
//! Text of a spec stands in values and nowhere else: Helm reads no values as templates, so `{{ }}` in them stays what it is. The templates are the
//! same for every app; which of them a chart has depends on what its app asks for.

mod schema;
mod values;

use serde::Serialize;

use crate::back::helm::values::{Key, Row};
use crate::back::tree::{Tree, text};
use crate::base::failure::Failure;
use crate::ir::Pipeline;
use crate::ir::raw::RawValue;
use crate::ir::strategy::Router;
use crate::plan::delivery::{DeliveryPlan, PlannedApp, PlannedPlace, chart_folder};
use crate::render::header::Header;
use crate::render::{Output, Renderer};

/// The version of every chart: a chart is delivered from the repository it is written to, so its version tells nothing apart.
const CHART_VERSION: &str = "0.1.0";
/// The oldest cluster that has every object of the templates (policy/v1 and autoscaling/v2 are older).
const KUBE_VERSION: &str = ">= 1.25.0-0";

#[derive(Serialize)]
struct RowsView<'v> {
    header: &'v str,
    title: Option<String>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    key: String,
    comment: Option<String>,
    value: Tree,
}

#[derive(Serialize)]
struct TemplateView<'v> {
    header: &'v str,
    /// Whether some environment has a Deployment.
    deployments: bool,
    /// Whether some environment has a Rollout.
    rollouts: bool,
    /// Whether some environment has two releases side by side.
    slots: bool,
    /// Whether some environment hangs a route on a gateway.
    gateways: bool,
    /// Labels by which Prometheus chooses.
    labels: Vec<(&'v str, &'v str)>,
}

/// The charts of a plan.
///
/// # Errors
/// `Internal` if a template and its view do not fit.
pub(super) fn emit(plan: &DeliveryPlan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let header = Header::new(&plan.spec).text();
    let mut outputs = Vec::new();
    for app in &plan.apps {
        outputs.extend(chart(app, plan.pipeline, &header, renderer)?);
    }
    Ok(outputs)
}

fn chart(app: &PlannedApp<'_>, pipeline: &Pipeline, header: &str, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let folder = chart_folder(&app.app.name.value);
    let rows = |file: &str, title: Option<String>, rows: Vec<Row>| -> Result<Output, Failure> {
        let view = |r: Row| RowView { key: r.key, comment: r.comment.map(str::to_owned), value: Tree(r.value) };
        let view = RowsView { header, title, rows: rows.into_iter().map(view).collect() };
        Ok(Output::new(format!("{folder}/{file}"), renderer.yaml("helm/templates/rows.yaml.j2", &view)?))
    };
    let values = values::values(app, pipeline);
    let mut outputs =
        vec![rows("Chart.yaml", None, about(app))?, rows("values.yaml", Some(values::TITLE.to_owned()), values.base)?];
    for (environment, own) in values.places {
        let title = format!("What is different in {environment}.");
        outputs.push(rows(&format!("values-{environment}.yaml"), Some(title), own)?);
    }
    let schema = serde_json::to_string_pretty(&Tree(schema::schema(&values.keys)))
        .map_err(|e| Failure::Internal(format!("{folder}/values.schema.json: {e}")))?;
    outputs.push(Output { marked: false, ..Output::new(format!("{folder}/values.schema.json"), schema + "\n") });
    let by_rollouts = pipeline.delivery.rollouts.is_some();
    let stepwise = |p: &PlannedPlace<'_>| by_rollouts && p.settings.strategy.stepwise().is_some();
    let rollouts = app.places.iter().any(stepwise);
    let has = |router: Router| app.places.iter().any(|p| p.settings.strategy.router() == Some(router));
    let view = TemplateView {
        header,
        deployments: !rollouts || !app.places.iter().all(stepwise),
        rollouts,
        slots: values.keys.contains(&Key::Slots),
        gateways: has(Router::Istio) || has(Router::Gateway),
        labels: pipeline.delivery.monitor_labels.iter().map(|(n, v)| (n.value.as_str(), v.as_str())).collect(),
    };
    for (file, needs) in TEMPLATES {
        let wanted = match needs {
            Needs::Nothing => true,
            Needs::Key(key) => values.keys.contains(key),
            Needs::Deployment => view.deployments,
            Needs::Rollout => view.rollouts,
            Needs::Router(router) => has(*router),
        };
        if wanted {
            let text = renderer.yaml(&format!("helm/templates/{file}.j2"), &view)?;
            outputs.push(Output::new(format!("{folder}/templates/{file}"), text));
        }
    }
    Ok(outputs)
}

/// Without what a template has nothing to say.
enum Needs {
    Nothing,
    Key(Key),
    Deployment,
    Rollout,
    Router(Router),
}

/// The templates of a chart.
const TEMPLATES: &[(&str, Needs)] = &[
    ("_helpers.tpl", Needs::Nothing),
    ("analysistemplate.yaml", Needs::Key(Key::Analysis)),
    ("configmap.yaml", Needs::Key(Key::Config)),
    ("deployment.yaml", Needs::Deployment),
    ("externalsecret.yaml", Needs::Key(Key::ExternalSecrets)),
    ("hpa.yaml", Needs::Key(Key::Autoscale)),
    ("httproute.yaml", Needs::Router(Router::Gateway)),
    ("ingress.yaml", Needs::Key(Key::Ingress)),
    ("migrate.yaml", Needs::Key(Key::Migrate)),
    ("pdb.yaml", Needs::Nothing),
    ("podmonitor.yaml", Needs::Key(Key::Metrics)),
    ("prometheusrule.yaml", Needs::Key(Key::Alerts)),
    ("rollout.yaml", Needs::Rollout),
    ("service.yaml", Needs::Key(Key::Ports)),
    ("serviceaccount.yaml", Needs::Nothing),
    ("tests/health.yaml", Needs::Key(Key::Health)),
    ("virtualservice.yaml", Needs::Router(Router::Istio)),
    ("NOTES.txt", Needs::Nothing),
];

fn about(app: &PlannedApp<'_>) -> Vec<Row> {
    let row = |key: &str, value: RawValue| Row { key: key.to_owned(), comment: None, value };
    let name = &app.app.name.value;
    vec![
        row("apiVersion", text("v2")),
        row("name", text(name)),
        row("description", text(format!("The chart of {name}."))),
        row("type", text("application")),
        row("version", text(CHART_VERSION)),
        row("kubeVersion", text(KUBE_VERSION)),
    ]
}
