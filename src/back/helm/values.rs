//! The values of a chart: what holds everywhere, and what an environment changes.
//!
//! Helm merges maps and replaces everything else, so a key of a map that an environment does not have would shine through from `values.yaml`. A
//! value whose shape differs between environments therefore stands in the environments' own files only.

use crate::back::tree::{list, map, number, text};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::app::{AppSettings, Resources};
use crate::ir::id::GateId;
use crate::ir::raw::RawValue;
use crate::ir::strategy::{Amount, CanaryStep, Strategy};
use crate::ir::units::{Cpu, Size};
use crate::plan::alert::PlannedAlert;
use crate::plan::analysis::PlannedAnalysis;
use crate::plan::delivery::{PlannedApp, SecretGroup};

/// What stands at the top of `values.yaml`.
pub(super) const TITLE: &str = "What holds in every environment; values-ENVIRONMENT.yaml stands beside it.";

/// How long a Rollout may go without progress: its own default, <https://argo-rollouts.readthedocs.io/en/stable/features/specification/>. Pauses do
/// not count there; an analysis does.
const PROGRESS_SECONDS: u64 = 600;

/// A key of the values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Image,
    Replicas,
    Autoscale,
    Ports,
    Resources,
    Health,
    Config,
    ExternalSecrets,
    Ingress,
    Migrate,
    User,
    WritableRoot,
    Strategy,
    Slots,
    Analysis,
    Metrics,
    Alerts,
}

impl Key {
    /// All, in the order of the files, with the comment of each.
    const ALL: &'static [(Self, &'static str, Option<&'static str>)] = &[
        (Self::Image, "image", Some("A deploy sets the tag or the digest.")),
        (Self::Replicas, "replicas", None),
        (Self::Autoscale, "autoscale", Some("Pods by load, in percent of what they are promised.")),
        (Self::Ports, "ports", None),
        (Self::Resources, "resources", None),
        (Self::Health, "health", None),
        (Self::Config, "config", Some("Variables of the containers.")),
        (
            Self::ExternalSecrets,
            "externalSecrets",
            Some("Secrets by the ClusterSecretStore they come from; they become variables."),
        ),
        (Self::Ingress, "ingress", None),
        (Self::Migrate, "migrate", Some("Runs once before a new version starts.")),
        (Self::User, "user", None),
        (Self::WritableRoot, "writableRoot", None),
        (Self::Strategy, "strategy", Some("How new pods replace old ones.")),
        (Self::Slots, "slots", Some("The deploy runs two versions side by side: it sets slot and active.")),
        (Self::Analysis, "analysis", Some("What is asked of Prometheus before the new version gets more.")),
        (Self::Metrics, "metrics", Some("What Prometheus fetches from each pod.")),
        (Self::Alerts, "alerts", Some("Each fires when its gate would not pass.")),
    ];

    /// Its name in the files.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(k, ..)| *k == self).map_or("", |(_, name, _)| name)
    }
}

/// A top-level key with its value.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) comment: Option<&'static str>,
    pub(super) value: RawValue,
}

/// All files of values.
pub(super) struct Values {
    /// `values.yaml`
    pub(super) base: Vec<Row>,
    /// By environment: its file.
    pub(super) places: Vec<(String, Vec<Row>)>,
    /// Every key that some file has.
    pub(super) keys: Vec<Key>,
}

/// The values of an app.
pub(super) fn values(app: &PlannedApp<'_>, pipeline: &Pipeline) -> Values {
    let of_base = settings(pipeline, app, &app.app.base, &app.env, &[], &[], &app.alerts);
    let of_places: Vec<Vec<(Key, RawValue)>> =
        app.places.iter().map(|p| settings(pipeline, app, p.settings, &p.env, &p.secrets, &p.analyses, &p.alerts)).collect();
    let (mut base, mut own, mut keys) = (Vec::new(), vec![Vec::new(); app.places.len()], Vec::new());
    for (key, name, comment) in Key::ALL {
        let find = |list: &[(Key, RawValue)]| list.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
        let here: Vec<Option<RawValue>> = of_places.iter().map(|p| find(p)).collect();
        let everywhere = find(&of_base);
        if everywhere.is_none() && here.iter().all(Option::is_none) {
            continue;
        }
        keys.push(*key);
        let row = |value: RawValue| Row { key: (*name).to_owned(), comment: *comment, value };
        let fits = |v: &Option<RawValue>| match (v, &everywhere) {
            (Some(v), Some(e)) => shape(v) == shape(e),
            _ => false,
        };
        let shared = everywhere.clone().filter(|_| here.iter().all(fits));
        let differs = shared.is_none() || here.iter().any(|v| *v != shared);
        base.extend(shared.map(row));
        for (rows, value) in own.iter_mut().zip(here).filter(|_| differs) {
            rows.extend(value.map(|value| Row { comment: None, ..row(value) }));
        }
    }
    let of_spec = |list: &[(crate::base::span::Spanned<String>, RawValue)]| -> Vec<Row> {
        list.iter().map(|(key, value)| Row { key: key.value.clone(), comment: None, value: value.clone() }).collect()
    };
    base.extend(of_spec(&app.app.base.values));
    let places = app.places.iter().zip(own).map(|(place, mut rows)| {
        rows.extend(of_spec(&place.settings.values));
        (place.environment.name.value.clone(), rows)
    });
    Values { base, places: places.collect(), keys }
}

/// The keys of a value, however deep, without what they hold.
fn shape(value: &RawValue) -> Vec<String> {
    let RawValue::Map(pairs) = value else { return Vec::new() };
    let below = |(key, value): &(String, RawValue)| {
        std::iter::once(key.clone()).chain(shape(value).into_iter().map(|s| format!("{key}.{s}"))).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = pairs.iter().flat_map(below).collect();
    all.sort();
    all
}

fn settings(
    pipeline: &Pipeline,
    app: &PlannedApp<'_>,
    settings: &AppSettings,
    env: &[(String, String)],
    secrets: &[SecretGroup],
    analyses: &[PlannedAnalysis],
    alerts: &[PlannedAlert],
) -> Vec<(Key, RawValue)> {
    let mut out = vec![(Key::Image, map([("repository", text(&app.repository)), ("tag", text("")), ("digest", text(""))]))];
    match &settings.autoscale {
        Some(scale) => {
            let share = |name: &'static str, p: Option<crate::ir::units::Percent>| {
                p.and_then(|p| p.value().whole()).map(|n| (name, RawValue::Number(n.to_string())))
            };
            let by = [share("cpu", scale.cpu), share("memory", scale.memory)].into_iter().flatten();
            let pairs = [("min", number(scale.min.value)), ("max", number(scale.max.value)), ("utilization", map(by))];
            out.push((Key::Replicas, number(scale.min.value)));
            out.push((Key::Autoscale, map(pairs)));
        }
        None => out.push((Key::Replicas, number(settings.replicas.value))),
    }
    if !settings.ports.is_empty() {
        out.push((Key::Ports, map(settings.ports.iter().map(|(name, port)| (name.value.clone(), number(*port))))));
    }
    let shares = [("requests", resources(settings.requests)), ("limits", resources(settings.limits))];
    let shares: Vec<(&str, RawValue)> = shares.into_iter().filter_map(|(name, r)| r.map(|r| (name, r))).collect();
    if !shares.is_empty() {
        out.push((Key::Resources, map(shares)));
    }
    if let Some(health) = &settings.health {
        let every = health.every.seconds.max(1);
        let pairs = [
            ("path", text(&health.path.value)),
            ("port", text(&health.port)),
            ("periodSeconds", number(every)),
            ("startFailures", number(health.start.seconds.div_ceil(every).max(1))),
        ];
        out.push((Key::Health, map(pairs)));
    }
    if !env.is_empty() {
        out.push((Key::Config, map(env.iter().map(|(name, value)| (name.clone(), text(value))))));
    }
    if !secrets.is_empty() {
        out.push((Key::ExternalSecrets, map(secrets.iter().map(|s| (s.store.clone(), group(s))))));
    }
    if let Some(ingress) = &settings.ingress {
        let mut pairs = vec![("host", text(&ingress.host.value)), ("path", text(&ingress.path)), ("port", text(&ingress.port))];
        pairs.extend(ingress.class.iter().map(|c| ("className", text(c))));
        pairs.extend(ingress.tls.iter().map(|t| ("tlsSecret", text(t))));
        pairs.extend(ingress.gateway.iter().map(|g| {
            let (namespace, name) = &g.value;
            ("gateway", map([("namespace", text(namespace)), ("name", text(name))]))
        }));
        out.push((Key::Ingress, map(pairs)));
    }
    if let Some(migrate) = &settings.migrate {
        let pairs = [("command", text(&migrate.command)), ("activeDeadlineSeconds", number(migrate.timeout.seconds))];
        out.push((Key::Migrate, map(pairs)));
    }
    if let Some(user) = settings.user {
        out.push((Key::User, number(user.value)));
    }
    out.push((Key::WritableRoot, RawValue::Bool(settings.writable_root.is_some())));
    out.push((Key::Strategy, strategy(pipeline, &settings.strategy)));
    if let Some(slots) = slots(pipeline, &settings.strategy) {
        out.push((Key::Slots, slots));
    }
    if !analyses.is_empty() {
        out.push((Key::Analysis, map(analyses.iter().map(|a| (a.name.clone(), analysis(a))))));
    }
    if let Some(metrics) = &settings.metrics {
        let pairs =
            [("path", text(&metrics.path.value)), ("port", text(&metrics.port)), ("interval", text(metrics.every.to_string()))];
        out.push((Key::Metrics, map(pairs)));
    }
    if !alerts.is_empty() {
        out.push((Key::Alerts, list(alerts.iter().map(alert))));
    }
    out
}

/// One key, by which the templates know what they are to write.
fn strategy(pipeline: &Pipeline, strategy: &Strategy) -> RawValue {
    let names = |gates: &[Spanned<GateId>]| list(gates.iter().map(|g| text(&pipeline.gate(g.value).name.value)));
    if pipeline.delivery.emulates(strategy) {
        let whole = Strategy::Rolling { max_surge: Amount::Share(25), max_unavailable: Amount::Pods(0) };
        return self::strategy(pipeline, &whole);
    }
    let longest = strategy.gates().iter().map(|g| pipeline.gate(g.value).kind.seconds()).max().unwrap_or(0);
    let deadline = ("progressDeadlineSeconds", number(PROGRESS_SECONDS + longest));
    match strategy {
        Strategy::Rolling { max_surge, max_unavailable } => {
            let rolling = map([("maxSurge", amount(*max_surge)), ("maxUnavailable", amount(*max_unavailable))]);
            map([("type", text("RollingUpdate")), ("rollingUpdate", rolling)])
        }
        Strategy::Canary(canary) => {
            let step = |step: &CanaryStep| match step {
                CanaryStep::Weight(share) => map([("weight", number(share.value))]),
                CanaryStep::Pause(time) => map([("pause", text(time.value.to_string()))]),
                CanaryStep::Analysis(gates) => map([("analysis", names(gates))]),
            };
            let router = canary.router.iter().map(|r| ("router", text(r.value.word())));
            let steps = ("steps", list(canary.steps.iter().map(step)));
            map([deadline, ("canary", map(router.chain([steps])))])
        }
        Strategy::BlueGreen(colours) => {
            let mut pairs = vec![("preview", RawValue::Bool(colours.preview.is_some()))];
            if colours.promote.value.seconds > 0 {
                pairs.push(("autoPromotionSeconds", number(colours.promote.value.seconds)));
            }
            pairs.push(("scaleDownDelaySeconds", number(colours.keep_old.value.seconds)));
            for (key, gates) in [("prePromotionAnalysis", &colours.before), ("postPromotionAnalysis", &colours.after)] {
                if !gates.is_empty() {
                    pairs.push((key, names(gates)));
                }
            }
            map([deadline, ("blueGreen", map(pairs))])
        }
    }
}

/// What the templates must know where the deploy carries a strategy out by itself.
fn slots(pipeline: &Pipeline, strategy: &Strategy) -> Option<RawValue> {
    match strategy {
        _ if !pipeline.delivery.emulates(strategy) => None,
        Strategy::Rolling { .. } => None,
        Strategy::Canary(canary) => {
            let router = canary.router.iter().map(|r| ("router", text(r.value.word())));
            Some(map(std::iter::once(("kind", text("canary"))).chain(router)))
        }
        Strategy::BlueGreen(colours) => {
            Some(map([("kind", text("colour")), ("preview", RawValue::Bool(colours.preview.is_some()))]))
        }
    }
}

fn analysis(analysis: &PlannedAnalysis) -> RawValue {
    let mut pairs =
        vec![("address", text(&analysis.address)), ("query", text(&analysis.query)), ("count", number(analysis.count))];
    pairs.extend(analysis.interval.map(|i| ("interval", text(i.to_string()))));
    pairs.push(("successCondition", text(&analysis.condition)));
    pairs.extend(analysis.token.iter().map(|(store, key)| ("token", map([("store", text(store)), ("key", text(key))]))));
    map(pairs)
}

/// A rule of Prometheus, as its own files have it.
fn alert(alert: &PlannedAlert) -> RawValue {
    let texts = |pairs: &[(String, String)]| map(pairs.iter().map(|(name, value)| (name.clone(), text(value))));
    let mut pairs = vec![("alert", text(&alert.name)), ("expr", text(&alert.expr))];
    pairs.extend(alert.during.map(|d| ("for", text(d.to_string()))));
    pairs.push(("labels", texts(&alert.labels)));
    pairs.push(("annotations", texts(&alert.annotations)));
    map(pairs)
}

fn resources(resources: Resources) -> Option<RawValue> {
    let cpu = resources.cpu.map(|c: Cpu| ("cpu", text(c.to_string())));
    let memory = resources.memory.map(|m| ("memory", text(quantity(m))));
    let pairs: Vec<(&str, RawValue)> = cpu.into_iter().chain(memory).collect();
    (!pairs.is_empty()).then(|| map(pairs))
}

/// A size as Kubernetes writes it: `256Mi`, `1G`.
fn quantity(size: Size) -> String {
    let shown = size.to_string();
    shown.trim_end_matches('B').replace("KiB", "Ki").replacen('K', if shown.contains("KiB") { "K" } else { "k" }, 1)
}

fn group(group: &SecretGroup) -> RawValue {
    let entries = group.entries.iter().map(|(name, key, property)| {
        let property = property.iter().map(|p| ("property", text(p)));
        (name.clone(), map(std::iter::once(("key", text(key))).chain(property)))
    });
    map([("refreshInterval", text(group.refresh.to_string())), ("data", map(entries))])
}

fn amount(amount: Amount) -> RawValue {
    match amount {
        Amount::Pods(pods) => number(pods),
        Amount::Share(percent) => text(format!("{percent}%")),
    }
}

#[cfg(test)]
mod tests {
    use super::{quantity, shape};
    use crate::back::tree::{map, number};
    use crate::ir::units::Size;

    #[test]
    fn sizes_are_written_as_kubernetes_reads_them() {
        for (text, expected) in [("256MiB", "256Mi"), ("1GB", "1G"), ("512KiB", "512Ki"), ("300KB", "300k"), ("100B", "100")] {
            assert_eq!(quantity(Size::parse(text).unwrap()), expected);
        }
    }

    #[test]
    fn the_shape_of_a_value_is_its_keys() {
        let value = map([("b", map([("c", number(1u64))])), ("a", number(2u64))]);
        assert_eq!(shape(&value), ["a", "b", "b.c"]);
    }
}
