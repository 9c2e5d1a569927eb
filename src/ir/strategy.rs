//! How a new version of an app replaces the old one.

use crate::base::span::{Span, Spanned};
use crate::ir::gate::Gate;
use crate::ir::id::GateId;
use crate::ir::units::Duration;
use crate::ir::words::fields;

/// How a new version replaces the old one.
#[derive(Clone, PartialEq, Debug)]
pub enum Strategy {
    /// Pod by pod.
    Rolling {
        /// Pods above the wanted number, at one time.
        max_surge: Amount,
        /// Pods missing from the wanted number, at one time.
        max_unavailable: Amount,
    },
    /// A growing share of the requests, then all of them.
    Canary(Canary),
    /// All requests at once, with the old version kept for a while.
    BlueGreen(BlueGreen),
}

/// A growing share of the requests.
#[derive(Clone, PartialEq, Debug)]
pub struct Canary {
    /// What splits the requests; without it their share is the share of the pods.
    pub router: Option<Spanned<Router>>,
    /// What happens, in order; when all is done the new version gets everything.
    pub steps: Vec<CanaryStep>,
    /// Where it stands.
    pub span: Span,
}

fields! {
    /// What splits requests between two versions.
    Router {
        /// The ingress controller of the Kubernetes project.
        Nginx = "nginx",
        /// The load balancers of AWS.
        Alb = "alb",
        /// A route of Istio behind a gateway of its own.
        Istio = "istio",
        /// A route of the Gateway API, whatever implements it.
        Gateway = "gateway",
    }
}

impl Router {
    /// Whether a route stands in place of the ingress, at a gateway that the ingress names.
    pub fn has_gateway(self) -> bool {
        matches!(self, Self::Istio | Self::Gateway)
    }
}

/// One thing that a canary does.
#[derive(Clone, PartialEq, Debug)]
pub enum CanaryStep {
    /// The new version gets this share of the requests, in whole percent.
    Weight(Spanned<u32>),
    /// Nothing changes for so long.
    Pause(Spanned<Duration>),
    /// Gates that must pass before anything else happens.
    Analysis(Vec<Spanned<GateId>>),
}

/// All requests at once.
#[derive(Clone, PartialEq, Debug)]
pub struct BlueGreen {
    /// Whether the new version has an address inside of the cluster before it gets any request.
    pub preview: Option<Span>,
    /// Gates that must pass before the switch.
    pub before: Vec<Spanned<GateId>>,
    /// How long the new version stands ready before the switch.
    pub promote: Spanned<Duration>,
    /// Gates that must pass after the switch, or it is undone.
    pub after: Vec<Spanned<GateId>>,
    /// How long the old version is kept after the switch.
    pub keep_old: Spanned<Duration>,
    /// Where it stands.
    pub span: Span,
}

/// A number of pods, or a share of them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Amount {
    /// So many.
    Pods(u32),
    /// Such a share, in whole percent.
    Share(u32),
}

impl Amount {
    /// Whether it allows no pod at all.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Pods(0) | Self::Share(0))
    }
}

impl Strategy {
    /// The word of the language.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rolling { .. } => "rolling",
            Self::Canary(_) => "canary",
            Self::BlueGreen(_) => "blue-green",
        }
    }

    /// Where it stands, if something other than pods replaces pods: a Deployment knows no more.
    pub fn stepwise(&self) -> Option<Span> {
        match self {
            Self::Rolling { .. } => None,
            Self::Canary(canary) => Some(canary.span),
            Self::BlueGreen(colours) => Some(colours.span),
        }
    }

    /// What splits the requests of a canary.
    pub fn router(&self) -> Option<Router> {
        match self {
            Self::Canary(canary) => canary.router.map(|r| r.value),
            Self::Rolling { .. } | Self::BlueGreen(_) => None,
        }
    }

    /// The gates that it asks, in order.
    pub fn gates(&self) -> Vec<Spanned<GateId>> {
        match self {
            Self::Rolling { .. } => Vec::new(),
            Self::Canary(canary) => {
                let asked = canary.steps.iter().filter_map(|s| if let CanaryStep::Analysis(g) = s { Some(g) } else { None });
                asked.flatten().copied().collect()
            }
            Self::BlueGreen(colours) => colours.before.iter().chain(&colours.after).copied().collect(),
        }
    }

    /// Seconds that it takes beside the start of pods: its pauses, and the samples of its gates. Gates of one step are asked together.
    pub fn seconds(&self, gates: &[Gate]) -> u64 {
        let longest = |asked: &[Spanned<GateId>]| {
            asked.iter().filter_map(|g| gates.get(g.value.index())).map(|g| g.kind.seconds()).max().unwrap_or(0)
        };
        match self {
            Self::Rolling { .. } => 0,
            Self::Canary(canary) => {
                let of = |step: &CanaryStep| match step {
                    CanaryStep::Weight(_) => 0,
                    CanaryStep::Pause(time) => time.value.seconds,
                    CanaryStep::Analysis(asked) => longest(asked),
                };
                canary.steps.iter().map(of).sum()
            }
            Self::BlueGreen(colours) => longest(&colours.before) + colours.promote.value.seconds + longest(&colours.after),
        }
    }
}
