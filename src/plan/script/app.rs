//! Delivery of apps: what a deploy runs to bring a version of an app to its environment, and to bring back what it was.
//!
//! A rollback goes to the revision that the deploy wrote down before it changed anything: "the one before" is another one after a failed attempt
//! that undid itself, or after a deploy that changed nothing.

use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::app::{App, Method, Placed};
use crate::ir::environment::Environment;
use crate::ir::id::{EnvironmentId, GateId};
use crate::ir::step::{AppAct, AppStep, Tool};
use crate::ir::strategy::Strategy;
use crate::ir::text::Text;
use crate::plan::delivery;
use crate::plan::script::emulated::{self, Act, Written};
use crate::plan::script::{Shell, fill, part, quote};

/// One step of a delivery: its name and what it runs.
type Part = (String, Shell);

/// What a deploy does for an app, in order.
#[derive(Debug)]
pub enum Piece {
    /// A step: its name, what it runs, and its limit in seconds where it has pauses.
    Step(String, Shell, Option<u64>),
    /// Gates, and the lines before each that end it where nothing ran before.
    Gates(Vec<Spanned<GateId>>, String),
    /// As `Step`, when everything else of the deploy has gone well.
    Last(String, Shell, Option<u64>),
}

/// Tools that a method needs, in the versions that a deploy gets where the spec names none.
const TOOLS: &[(Method, &[(&str, &str)])] = &[
    (Method::Helm, &[("helm", "3.19.0")]),
    (Method::Kubectl, &[("helm", "3.19.0"), ("kubectl", "1.34.1")]),
    (Method::Argocd, &[("argocd", "3.1.9")]),
];

/// Tools that look after a Rollout, where the cluster's own login is at hand.
const ROLLOUT_TOOLS: &[(&str, &str)] = &[("kubectl", "1.34.1"), ("kubectl-argo-rollouts", "1.8.3")];

/// Whether Argo Rollouts replaces the pods of an app.
pub fn by_rollouts(pipeline: &Pipeline, placed: &Placed) -> bool {
    pipeline.delivery.rollouts.is_some() && placed.settings.strategy.stepwise().is_some()
}

/// The tools that a delivery needs.
pub fn tools(pipeline: &Pipeline, app: &App, environment: EnvironmentId, span: Span) -> Vec<Tool> {
    let method = app.via.value;
    let found = TOOLS.iter().find(|(m, _)| *m == method).map_or(&[][..], |(_, tools)| *tools);
    let rollouts = method != Method::Argocd && app.place(environment).is_some_and(|p| by_rollouts(pipeline, p));
    let more = ROLLOUT_TOOLS.iter().filter(|(name, _)| rollouts && found.iter().all(|(known, _)| known != name));
    let word = |text: &str| crate::base::span::Spanned::new(text.to_owned(), span);
    found
        .iter()
        .chain(more)
        .map(|(name, version)| Tool { name: word(name), version: Some(Text::literal(*version, span)) })
        .collect()
}

/// What a step of the spec runs. `keeps` says that a rollback follows if the deploy fails, so that nothing undoes itself before it.
pub fn pieces(pipeline: &Pipeline, environment: &Environment, step: &AppStep, keeps: bool, span: Span) -> Vec<Piece> {
    let app = pipeline.app(step.app);
    let Some(placed) = app.places.iter().find(|p| pipeline.environment(p.environment).name.value == environment.name.value)
    else {
        return Vec::new();
    };
    let delivery = Delivered { pipeline, app, placed, environment, step, keeps, span };
    let strategy = &placed.settings.strategy;
    if pipeline.delivery.emulates(strategy) {
        return delivery.emulated();
    }
    // A strategy holds the step for as long as its pauses say; a share of the job's time might be less.
    let pauses = if step.act == AppAct::RollBack { 0 } else { strategy.seconds(&pipeline.gates) };
    let limit = strategy.stepwise().map(|_| pauses + step.wait.seconds);
    let parts = match (app.via.value, step.act) {
        (Method::Helm, AppAct::RollBack) => vec![delivery.helm_back()],
        (Method::Kubectl, AppAct::RollBack) => vec![delivery.kubectl_back()],
        (Method::Argocd, AppAct::RollBack) => vec![delivery.argocd_back()],
        (Method::Helm, AppAct::Tag | AppAct::Digest) => vec![delivery.helm()],
        (Method::Kubectl, AppAct::Tag | AppAct::Digest) => delivery.kubectl(),
        (Method::Argocd, AppAct::Tag | AppAct::Digest) => vec![delivery.argocd()],
    };
    parts.into_iter().map(|(name, shell)| Piece::Step(name, shell, limit)).collect()
}

struct Delivered<'p> {
    pipeline: &'p Pipeline,
    app: &'p App,
    placed: &'p Placed,
    environment: &'p Environment,
    step: &'p AppStep,
    keeps: bool,
    span: Span,
}

impl Delivered<'_> {
    fn name(&self) -> &str {
        &self.app.name.value
    }

    /// A script of `targets/scripts/` with the words that all of them know.
    fn script(&self, name: &str) -> String {
        let app = self.name();
        let seconds = self.step.wait.seconds;
        // What ran before comes back without the steps of the strategy.
        let steps =
            if self.step.act == AppAct::RollBack { 0 } else { self.placed.settings.strategy.seconds(&self.pipeline.gates) };
        let total = seconds + steps;
        fill(
            name,
            &[
                ("app", app),
                ("chart", &delivery::chart_folder(app)),
                ("environment", &self.environment.name.value),
                ("namespace", &quote(&delivery::namespace(self.environment))),
                ("set", self.set()),
                ("wait", &format!("{seconds}s")),
                ("total", &format!("{total}s")),
                ("seconds", &total.to_string()),
                ("replicas", &emulated::pods(&self.placed.settings).to_string()),
                ("keep", if self.keeps { "" } else { "--atomic " }),
            ],
        )
    }

    /// The value of the chart that names the version.
    fn set(&self) -> &'static str {
        if self.step.act == AppAct::Digest { "image.digest=\"$DIGEST\"" } else { "image.tag=\"$VERSION\"" }
    }

    fn shell(&self, parts: &[String]) -> Shell {
        let head = match self.step.act {
            AppAct::Tag => part("app-tag.sh"),
            AppAct::Digest => part("app-digest.sh"),
            AppAct::RollBack => "",
        };
        let all: Vec<&str> = std::iter::once(head).chain(parts.iter().map(String::as_str)).filter(|p| !p.is_empty()).collect();
        Shell::plain(&all.join("\n"), self.span)
    }

    fn title(&self, what: &str) -> String {
        format!("{what} {}", self.name())
    }

    /// The deploy carries the strategy out by itself.
    fn emulated(&self) -> Vec<Piece> {
        let strategy = &self.placed.settings.strategy;
        if self.step.act == AppAct::RollBack {
            let script = match strategy {
                Strategy::BlueGreen(_) => self.script("colour-rollback.sh"),
                Strategy::Canary(canary) if canary.router.is_none() => {
                    self.script("canary-rollback.sh").replace("@restore@", &self.script("canary-restore.sh"))
                }
                Strategy::Canary(_) | Strategy::Rolling { .. } => self.script("canary-rollback.sh").replace("@restore@\n", ""),
            };
            return vec![Piece::Step(self.title("Bring back"), self.shell(&[script]), Some(self.step.wait.seconds))];
        }
        let mut pieces = Vec::new();
        if let Some((name, shell)) = self.migration() {
            let limit = self.placed.settings.migrate.as_ref().map(|m| m.timeout.seconds);
            pieces.push(Piece::Step(name, shell, limit));
        }
        let limit = |w: &Written| Some(w.pauses + if w.waits { self.step.wait.seconds } else { 0 });
        for act in emulated::acts(self.placed, self.name(), |name| self.script(name)) {
            // Only what renders the chart needs the version.
            let shell = |script: String| {
                if script.contains("--set-literal image") { self.shell(&[script]) } else { Shell::plain(&script, self.span) }
            };
            pieces.push(match act {
                Act::Script(w) => Piece::Step(w.name.clone(), shell(w.text.clone()), limit(&w)),
                Act::Last(w) => Piece::Last(w.name.clone(), shell(w.text.clone()), limit(&w)),
                Act::Gates(gates) => {
                    Piece::Gates(gates, self.script("strategy-first.sh").replace("@state@", emulated::state(strategy)))
                }
            });
        }
        pieces
    }

    fn by_rollouts(&self) -> bool {
        by_rollouts(self.pipeline, self.placed)
    }

    /// Helm waits for a Deployment and not for a Rollout.
    fn helm_waits(&self) -> String {
        if self.by_rollouts() { self.script("rollouts-status.sh") } else { String::new() }
    }

    fn helm_back(&self) -> Part {
        (self.title("Bring back"), self.shell(&[self.script("helm-rollback.sh"), self.helm_waits()]))
    }

    fn kubectl_back(&self) -> Part {
        let script = if self.by_rollouts() { "rollouts-rollback.sh" } else { "kubectl-rollback.sh" };
        (self.title("Bring back"), self.shell(&[self.script(script)]))
    }

    fn helm(&self) -> Part {
        let remember = if self.keeps { self.script("helm-remember.sh") } else { String::new() };
        (self.title("Deliver"), self.shell(&[remember, self.script("helm-deploy.sh"), self.helm_waits()]))
    }

    fn migration(&self) -> Option<Part> {
        let migrate = self.placed.settings.migrate.as_ref()?;
        let script = self.script("kubectl-migrate.sh").replace("@limit@", &format!("{}s", migrate.timeout.seconds));
        Some((self.title("Migrate"), self.shell(&[script])))
    }

    fn kubectl(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = self.migration().into_iter().collect();
        let [remember, status] = if self.by_rollouts() {
            ["rollouts-remember.sh", "rollouts-status.sh"]
        } else {
            ["kubectl-remember.sh", "kubectl-status.sh"]
        };
        let scripts = [remember, "kubectl-apply.sh", status].map(|s| self.script(s));
        parts.push((self.title("Deliver"), self.shell(&scripts)));
        parts
    }

    /// The folder of the repository that Argo CD reads for this environment.
    fn folder(&self) -> String {
        let path = self.pipeline.delivery.argocd.as_ref().map_or("apps", |a| a.path.as_str());
        delivery::infra_folder(path, &self.environment.name.value, self.name())
    }

    fn argocd_script(&self, name: &str) -> String {
        let (repo, revision) = match &self.pipeline.delivery.argocd {
            Some(argocd) => (argocd.repo.value.as_str(), argocd.revision.value.as_str()),
            None => ("", ""),
        };
        let (key, shown) = match self.step.act {
            AppAct::Digest => ("digest \"$DIGEST\"", "$DIGEST"),
            AppAct::Tag | AppAct::RollBack => ("tag \"$VERSION\"", "$VERSION"),
        };
        let prunes = self.placed.settings.sync.as_ref().is_some_and(|s| s.prune);
        let mut text = self.script(name);
        for (word, value) in [
            ("folder", self.folder().as_str()),
            ("repo", &quote(&repo.replacen("https://", "https://x-access-token@", 1))),
            ("revision", &quote(revision)),
            ("key", key),
            ("shown", shown),
            ("application", &delivery::application(self.name(), &self.environment.name.value)),
            ("prune", if prunes { "--prune " } else { "" }),
        ] {
            text = text.replace(&format!("@{word}@"), value);
        }
        text
    }

    fn sync(&self) -> String {
        let automated = delivery::is_automated(self.pipeline, self.environment, &self.placed.settings);
        self.argocd_script(if automated { "argocd-sync-automated.sh" } else { "argocd-sync-manual.sh" })
    }

    fn argocd(&self) -> Part {
        let push: Vec<String> = self.argocd_script("argocd-push.sh").lines().map(|l| format!("  {l}")).collect();
        let deploy = self.argocd_script("argocd-deploy.sh").replace("@push@", &push.join("\n"));
        (self.title("Deliver"), self.shell(&[self.argocd_script("argocd-clone.sh"), deploy, self.sync()]))
    }

    fn argocd_back(&self) -> Part {
        let parts =
            ["argocd-rollback.sh", "argocd-clone.sh", "argocd-revert.sh", "argocd-push.sh"].map(|s| self.argocd_script(s));
        let mut parts = parts.to_vec();
        parts.push(self.sync());
        (self.title("Bring back"), self.shell(&parts))
    }
}
