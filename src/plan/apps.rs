//! The plan of a spec's apps: every text that a chart or an Application holds, or a finding why it is not known.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::check::Checked;
use crate::ir::Pipeline;
use crate::ir::alert::Alert;
use crate::ir::app::{App, AppImage, Applications, Method, Placed, SyncPolicy};
use crate::ir::environment::{ClusterAccess, Environment};
use crate::ir::gate::GateKind;
use crate::ir::id::EnvironmentId;
use crate::ir::raw::RawValue;
use crate::ir::step::StepKind;
use crate::ir::strategy::Strategy;
use crate::ir::text::{Context, EnvVar, Part, Text};
use crate::ir::units::Duration;
use crate::plan::alert::{PlannedAlert, expression};
use crate::plan::analysis::{PlannedAnalysis, condition};
use crate::plan::delivery::{
    DeliveryPlan, OWNED_VALUES, PlannedApp, PlannedApplication, PlannedPlace, SecretGroup, application, infra_folder,
    is_automated, namespace,
};
use crate::sema::constant::constant;

/// Longest value of a label, which Argo CD writes the name of an Application into.
const MAX_LABEL: usize = 63;
/// How often a secret store is read again, where the spec does not say: External Secrets' own default.
const REFRESH: Duration = Duration { seconds: 3600 };

/// The plan of a spec's apps; none where a finding is an error, and where no target delivers any.
pub fn plan<'a>(checked: Checked<'a>, spec: &str) -> (Option<DeliveryPlan<'a>>, Diagnostics) {
    let pipeline = checked.pipeline();
    let mut planner = Planner { pipeline, diagnostics: Diagnostics::new() };
    if pipeline.delivery.helm.is_none() {
        return (None, planner.diagnostics);
    }
    let apps: Vec<PlannedApp<'a>> = pipeline.apps.iter().filter_map(|a| planner.app(a)).collect();
    if planner.diagnostics.has_errors() {
        return (None, planner.diagnostics);
    }
    let plan = DeliveryPlan { spec: spec.to_owned(), pipeline, apps, argocd: pipeline.delivery.argocd.as_ref() };
    (Some(plan), planner.diagnostics)
}

struct Planner<'a> {
    pipeline: &'a Pipeline,
    diagnostics: Diagnostics,
}

impl<'a> Planner<'a> {
    fn app(&mut self, app: &'a App) -> Option<PlannedApp<'a>> {
        let repository = self.repository(app);
        self.own_values(&app.base.values);
        let places: Vec<PlannedPlace<'a>> = app.places.iter().map(|p| self.place(app, p)).collect();
        self.waves(&places);
        let everywhere = |v: &&EnvVar| constant(self.pipeline, None, &v.value).ok();
        let env = app.base.env.iter().filter_map(|v| Some((v.name.value.clone(), everywhere(&v)?))).collect();
        let alerts = app.base.alerts.iter().map(|a| self.alert(a, None));
        let alerts: Option<Vec<PlannedAlert>> = alerts.map(Result::ok).collect();
        Some(PlannedApp { app, repository: repository?, env, alerts: alerts.unwrap_or_default(), places })
    }

    /// The repository of the image: of the registry that the build pushes to.
    fn repository(&mut self, app: &'a App) -> Option<String> {
        let Some(image) = &app.base.image else {
            self.error("app-without-image", app.name.span, format!("`{}` does not say which image it runs", app.name.value)).map(
                |d| d.label("no image").help("write image NAME, a `docker-build` of the spec, or the repository of an image"),
            );
            return None;
        };
        let id = match &image.value {
            AppImage::Repository(repository) => return Some(repository.clone()),
            AppImage::Built(id) => *id,
        };
        let name = &self.pipeline.images[id.index()].name.value;
        let builds = self.pipeline.jobs.iter().flat_map(|j| &j.steps).filter_map(|s| match &s.kind {
            StepKind::DockerBuild(build) if build.image == id => build.registry.map(|r| r.value),
            _ => None,
        });
        let mut registries: Vec<_> = builds.collect();
        registries.dedup();
        match registries.as_slice() {
            [registry] => Some(format!("{}/{name}", self.pipeline.registries[registry.index()].address.value)),
            other => {
                let (what, help) = if other.is_empty() {
                    ("is pushed to no registry", "give its `docker-build` a `registry`")
                } else {
                    ("is pushed to several registries", "name the repository that the cluster pulls from instead of the build")
                };
                let message = format!("image `{name}` {what}, so the chart cannot say where it comes from");
                self.error("app-image-unplaced", image.span, message).map(|d| d.label("which repository?").help(help));
                None
            }
        }
    }

    /// An ApplicationSet has one place among the Applications of a parent, and makes all of its own at one time.
    fn waves(&mut self, places: &[PlannedPlace<'a>]) {
        if self.pipeline.delivery.argocd.as_ref().is_none_or(|a| a.applications != Applications::Set) {
            return;
        }
        let policies: Vec<&SyncPolicy> = places.iter().filter_map(|p| p.application.as_ref()?.sync).collect();
        if let Some(other) = policies.iter().find(|p| p.wave != policies[0].wave) {
            let message = "the environments of one ApplicationSet have different waves, and it makes all of them at one time";
            self.error("wave-in-set", other.span, message.to_owned()).map(|d| {
                d.label("another wave")
                    .related(policies[0].span, "than here")
                    .help("give all of them one wave, or write applications=each")
            });
        }
    }

    fn error(&mut self, rule: &'static str, span: Span, message: String) -> Pending<'_> {
        Pending { diagnostics: &mut self.diagnostics, diagnostic: Diagnostic::error(rule, span, message) }
    }

    fn place(&mut self, app: &'a App, placed: &'a Placed) -> PlannedPlace<'a> {
        let environment = self.pipeline.environment(placed.environment);
        self.own_values(&placed.settings.values);
        let application = (app.via.value == Method::Argocd).then(|| self.application(app, placed, environment)).flatten();
        let secrets = self.secrets(app, placed, environment);
        PlannedPlace {
            environment,
            settings: &placed.settings,
            env: self.env(placed),
            analyses: if self.by_rollouts(&placed.settings.strategy) { self.analyses(placed, &secrets) } else { Vec::new() },
            secrets,
            alerts: self.alerts(placed),
            application,
        }
    }

    fn by_rollouts(&self, strategy: &Strategy) -> bool {
        self.pipeline.delivery.rollouts.is_some() && strategy.stepwise().is_some()
    }

    /// The gates of a strategy, each once. Gates of other kinds than queries of Prometheus are refused by a rule.
    fn analyses(&mut self, placed: &'a Placed, secrets: &[SecretGroup]) -> Vec<PlannedAnalysis> {
        let mut list: Vec<PlannedAnalysis> = Vec::new();
        for asked in placed.settings.strategy.gates() {
            let gate = self.pipeline.gate(asked.value);
            let GateKind::Query(query) = &gate.kind else { continue };
            if list.iter().any(|known| known.name == gate.name.value) {
                continue;
            }
            let mut known = |what: &str, text| match constant(self.pipeline, Some(placed.environment), text) {
                Ok(value) => value,
                Err(context) => {
                    self.unknown(&format!("{what} of gate {}", gate.name.value), placed.environment, &context);
                    String::new()
                }
            };
            let (address, query_text) = (known("address", &query.address), known("query", &query.query));
            let token = query.token.as_ref().map(|token| self.token_of(&gate.name.value, token, secrets));
            list.push(PlannedAnalysis {
                name: gate.name.value.clone(),
                address,
                query: query_text.trim().to_owned(),
                count: query.samples,
                interval: (query.samples > 1).then_some(query.every),
                condition: condition(query),
                token: token.flatten(),
                span: asked.span,
            });
        }
        list
    }

    /// The token is asked from the cluster, so it must be one of the secrets that the app has there.
    fn token_of(&mut self, gate: &str, token: &Text, secrets: &[SecretGroup]) -> Option<(String, String)> {
        let name = match token.parts.as_slice() {
            [Part::Context(context)] => match &context.value {
                Context::Secret(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        let found = name.as_ref().and_then(|name| {
            let group = secrets.iter().find(|g| g.entries.iter().any(|(variable, ..)| variable == name))?;
            Some((group.store.clone(), name.clone()))
        });
        if found.is_none() {
            let message = format!("the cluster asks gate `{gate}`, and its token is no secret that the app has there");
            let shown = name.unwrap_or_else(|| "PROMETHEUS_TOKEN".to_owned());
            self.error("analysis-token-not-in-cluster", token.span, message).map(|d| {
                d.label("known to the CI vendor only").help(format!(
                    "write `secret {shown}` in the app, and from which store it comes in the environment: secret {shown} from=\"STORE:PATH\""
                ))
            });
        }
        found
    }

    /// Values of the spec's own must not take a key that the compiler writes.
    fn own_values(&mut self, values: &[(Spanned<String>, RawValue)]) {
        for (key, value) in values {
            if OWNED_VALUES.contains(&key.value.as_str()) {
                let message = format!("`{}` is a value that pipewright writes", key.value);
                self.error("value-key-owned", key.span, message).map(|d| {
                    d.label("not for `values`")
                        .help("say it in the language of the spec: in the app, or in `app NAME { … }` of the environment")
                });
            } else if has_null(value) {
                let message = format!("`{}` holds #null, by which Helm removes a value", key.value);
                self.error("wrong-value-type", key.span, message).map(|d| {
                    d.label("no value").help("leave it out, or give it a value that says nothing, such as an empty text")
                });
            }
        }
    }

    fn env(&mut self, placed: &'a Placed) -> Vec<(String, String)> {
        let mut list = Vec::new();
        for variable in &placed.settings.env {
            match constant(self.pipeline, Some(placed.environment), &variable.value) {
                Ok(value) => list.push((variable.name.value.clone(), value)),
                Err(context) => self.unknown(&variable.name.value, placed.environment, &context),
            }
        }
        list
    }

    /// An alert in an environment; the gate of a rule that was refused answers nothing.
    fn alert(&self, alert: &Alert, environment: Option<EnvironmentId>) -> Result<PlannedAlert, Spanned<Context>> {
        let known = |text: &Text| constant(self.pipeline, environment, text);
        let expr = match &self.pipeline.gate(alert.gate.value).kind {
            GateKind::Query(query) => expression(&known(&query.query)?, query, alert.without_data),
            _ => String::new(),
        };
        let labels = alert.labels.iter().map(|(name, value)| Ok((name.value.clone(), known(value)?)));
        let annotations = alert.annotations.iter().map(|(name, value)| Ok(((*name).to_owned(), known(value)?)));
        Ok(PlannedAlert {
            name: alert.name.value.clone(),
            expr,
            during: alert.during.as_ref().map(|d| d.value),
            labels: labels.collect::<Result<_, _>>()?,
            annotations: annotations.collect::<Result<_, _>>()?,
        })
    }

    fn alerts(&mut self, placed: &'a Placed) -> Vec<PlannedAlert> {
        let mut list = Vec::new();
        for alert in &placed.settings.alerts {
            match self.alert(alert, Some(placed.environment)) {
                Ok(alert) => list.push(alert),
                Err(context) => self.unknown(&format!("alert {}", alert.name.value), placed.environment, &context),
            }
        }
        list
    }

    fn unknown(&mut self, variable: &str, environment: EnvironmentId, context: &Spanned<Context>) {
        let environment = &self.pipeline.environment(environment).name.value;
        let (why, help) = match &context.value {
            Context::Secret(name) => (
                "a secret".to_owned(),
                format!(
                    "write `secret {name}` in the app and its `from` in the environment: it reaches the pods by a secret store"
                ),
            ),
            Context::Env(name) => (
                format!("`env.{name}`, which `{environment}` does not set"),
                format!("add `env {name}=…` to environment `{environment}`"),
            ),
            Context::Variable(name) => (
                format!("`var.{name}`, whose value lives with the CI vendor"),
                format!("give the variable a value in the spec: variable {name} \"…\", or set it per environment with `env`"),
            ),
            _ => ("something that only a run knows".to_owned(), "use ${env.NAME} of the environment, or a constant".to_owned()),
        };
        let message = format!("`{variable}` in `{environment}` reads {why}; a chart is written before any run");
        self.error("app-value-unknown", context.span, message).map(|d| d.label("not known when the chart is written").help(help));
    }

    fn secrets(&mut self, app: &'a App, placed: &'a Placed, environment: &'a Environment) -> Vec<SecretGroup> {
        let mut groups: Vec<SecretGroup> = Vec::new();
        for name in &placed.settings.secrets {
            let own = environment.secrets.iter().find(|s| s.name.value == name.value);
            let from = own.and_then(|s| s.from.as_ref());
            let Some((store, path)) = from.and_then(|f| f.value.split_once(':')).filter(|(store, _)| *store != "ci") else {
                let message = format!(
                    "`{}` needs secret `{}` in `{}`, and no secret store is named for it there",
                    app.name.value, name.value, environment.name.value
                );
                let help = format!(
                    "write in environment `{}`: secret {} from=\"aws-secretsmanager:{}/{}\"; the word before the colon is a ClusterSecretStore of External Secrets",
                    environment.name.value, name.value, environment.name.value, app.name.value
                );
                self.error("app-secret-without-store", name.span, message).map(|d| d.label("from which store?").help(help));
                continue;
            };
            let refresh = own.and_then(|s| s.refresh).map_or(REFRESH, |r| r.value);
            let (key, property) = path.split_once('#').map_or((path, None), |(k, p)| (k, Some(p.to_owned())));
            let entry = (name.value.clone(), key.to_owned(), property);
            match groups.iter_mut().find(|g| g.store == store) {
                Some(group) => {
                    group.refresh = group.refresh.min(refresh);
                    group.entries.push(entry);
                }
                None => groups.push(SecretGroup { store: store.to_owned(), refresh, entries: vec![entry] }),
            }
        }
        groups
    }

    fn application(&mut self, app: &'a App, placed: &'a Placed, environment: &'a Environment) -> Option<PlannedApplication<'a>> {
        let argocd = self.pipeline.delivery.argocd.as_ref()?;
        let ClusterAccess::Server(server) = &environment.cluster.as_ref()?.access else { return None };
        let name = application(&app.name.value, &environment.name.value);
        if name.len() > MAX_LABEL {
            let message =
                format!("the Application `{name}` has {} characters, and labels of Kubernetes take {MAX_LABEL}", name.len());
            self.error("bad-name", app.name.span, message)
                .map(|d| d.label("with the name of the environment").help("shorten the name of the app or of the environment"));
        }
        let settings = &placed.settings;
        let automated = is_automated(self.pipeline, environment, settings);
        if let Some(sync) = settings.sync.as_ref().filter(|s| s.automated && !automated) {
            let message = format!(
                "`{}` asks for an approval, so Argo CD does not act by itself for `{}` there: the deploy asks it to",
                environment.name.value, app.name.value
            );
            self.diagnostics.push(Diagnostic::note("sync-not-automated", sync.span, message));
        }
        let windows = environment.requires.iter().filter_map(|g| {
            let gate = self.pipeline.gate(g.value);
            if let GateKind::Window(window) = &gate.kind { Some((gate.name.value.as_str(), window)) } else { None }
        });
        Some(PlannedApplication {
            name,
            server: server.value.clone(),
            namespace: namespace(environment),
            folder: infra_folder(&argocd.path, &environment.name.value, &app.name.value),
            sync: settings.sync.as_ref(),
            router: settings.strategy.router(),
            automated,
            windows: windows.collect(),
        })
    }
}

fn has_null(value: &RawValue) -> bool {
    match value {
        RawValue::Null => true,
        RawValue::List(items) => items.iter().any(has_null),
        RawValue::Map(pairs) => pairs.iter().any(|(_, v)| has_null(v)),
        RawValue::Bool(_) | RawValue::Number(_) | RawValue::String(_) => false,
    }
}

/// An error that has not said everything yet.
#[must_use]
struct Pending<'d> {
    diagnostics: &'d mut Diagnostics,
    diagnostic: Diagnostic,
}

impl Pending<'_> {
    /// Says the rest of it.
    fn map(self, rest: impl FnOnce(Diagnostic) -> Diagnostic) {
        self.diagnostics.push(rest(self.diagnostic));
    }
}
