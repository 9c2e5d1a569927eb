//! Strategies without a controller in the cluster: the deploy itself runs two versions side by side, with the gates between its steps.
//!
//! A canary is a second release of the chart beside the first one; its share is that of its pods, or what the ingress controller of the
//! Kubernetes project is told by annotations (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary>).
//! Colours are two releases, and a Service that selects one of them.

use crate::base::span::Spanned;
use crate::ir::app::{AppSettings, Placed};
use crate::ir::id::GateId;
use crate::ir::strategy::{BlueGreen, Canary, CanaryStep, Strategy};

/// One thing that a deploy does for a strategy.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// A script.
    Script(Written),
    /// Gates, all at one time.
    Gates(Vec<Spanned<GateId>>),
    /// As `Script`, when everything else of the deploy has gone well.
    Last(Written),
}

/// A script of a strategy.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// The name of its step.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Seconds of its pauses.
    pub pauses: u64,
    /// Whether it waits for pods to start.
    pub waits: bool,
}

/// Pods of an app that nothing has scaled yet.
pub fn pods(settings: &AppSettings) -> u32 {
    settings.autoscale.as_ref().map_or(settings.replicas.value, |a| a.min.value)
}

/// The file that is empty where nothing ran before.
pub fn state(strategy: &Strategy) -> &'static str {
    if matches!(strategy, Strategy::BlueGreen(_)) { "live" } else { "revision" }
}

/// What a deploy does in place of one `kubectl apply`. `part` gives a script by its name.
pub fn acts(placed: &Placed, app: &str, part: impl Fn(&str) -> String) -> Vec<Act> {
    match &placed.settings.strategy {
        Strategy::Rolling { .. } => Vec::new(),
        Strategy::Canary(canary) => of_canary(canary, pods(&placed.settings), app, part),
        Strategy::BlueGreen(colours) => of_colours(colours, placed.settings.autoscale.is_some(), app, part),
    }
}

fn of_canary(canary: &Canary, pods: u32, app: &str, part: impl Fn(&str) -> String) -> Vec<Act> {
    let share = |weight: u32| (pods * weight).div_ceil(100).max(1);
    let first = canary.steps.iter().find_map(|s| if let CanaryStep::Weight(w) = s { Some(w.value) } else { None });
    let start = [part("kubectl-remember.sh"), part("canary-start.sh").replace("@pods@", &share(first.unwrap_or(1)).to_string())];
    let start = Written { name: format!("Start a canary of {app}"), text: start.join("\n"), pauses: 0, waits: false };
    let mut acts = vec![Act::Script(start)];
    let mut open: Option<Written> = None;
    let flush = |open: &mut Option<Written>, acts: &mut Vec<Act>| {
        let Some(mut written) = open.take() else { return };
        let body: Vec<String> = written.text.lines().map(|l| format!("  {l}")).collect();
        written.text = format!("if [ -s \"${{TMPDIR:-/tmp}}/{app}.revision\" ]; then\n{}\nfi", body.join("\n"));
        acts.push(Act::Script(written));
    };
    for step in &canary.steps {
        match step {
            CanaryStep::Weight(weight) => {
                flush(&mut open, &mut acts);
                let script = if canary.router.is_some() { "canary-nginx.sh" } else { "canary-pods.sh" };
                let here = share(weight.value);
                let text = part(script)
                    .replace("@pods@", &here.to_string())
                    .replace("@rest@", &pods.saturating_sub(here).to_string())
                    .replace("@weight@", &weight.value.to_string());
                open =
                    Some(Written { name: format!("Give the canary of {app} {}%", weight.value), text, pauses: 0, waits: true });
            }
            CanaryStep::Pause(time) => {
                let name = format!("Wait for the canary of {app}");
                let written = open.get_or_insert(Written { name, text: String::new(), pauses: 0, waits: false });
                written.text.push_str(&format!("\nsleep {}", time.value.seconds));
                written.text = written.text.trim_start().to_owned();
                written.pauses += time.value.seconds;
            }
            CanaryStep::Analysis(gates) => {
                flush(&mut open, &mut acts);
                acts.push(Act::Gates(gates.clone()));
            }
        }
    }
    flush(&mut open, &mut acts);
    let end = [part("kubectl-apply.sh"), part("kubectl-status.sh"), part("canary-end.sh")];
    acts.push(Act::Script(Written { name: format!("Deliver {app}"), text: end.join("\n"), pauses: 0, waits: true }));
    acts
}

fn of_colours(colours: &BlueGreen, scaled: bool, app: &str, part: impl Fn(&str) -> String) -> Vec<Act> {
    let start = match scaled {
        true => part("colour-start.sh").replace("@scale@", &part("colour-scale.sh")),
        false => part("colour-start.sh").replace("@scale@\n", ""),
    };
    let name = format!("Deliver {app} beside what runs");
    let mut acts = vec![Act::Script(Written { name, text: start, pauses: 0, waits: true })];
    if !colours.before.is_empty() {
        acts.push(Act::Gates(colours.before.clone()));
    }
    let wait = colours.promote.value.seconds;
    let switch = if wait > 0 { format!("sleep {wait}\n{}", part("colour-switch.sh")) } else { part("colour-switch.sh") };
    acts.push(Act::Script(Written { name: format!("Switch {app}"), text: switch, pauses: wait, waits: false }));
    if !colours.after.is_empty() {
        acts.push(Act::Gates(colours.after.clone()));
    }
    let keep = colours.keep_old.value.seconds;
    let retire = part("colour-retire.sh").replace("@old@", &keep.to_string());
    let name = format!("Retire the version of {app} before");
    acts.push(Act::Last(Written { name, text: retire, pauses: keep, waits: false }));
    acts
}
