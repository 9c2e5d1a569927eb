//! What becomes of the properties of a configuration that keep others out of it.

use crate::base::span::Span;

/// What is kept, or was open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Property {
    /// Code of others that runs, and whether it can change beneath.
    Pins,
    /// What the token of a run may do.
    Permissions,
    /// Who gets a secret.
    Secrets,
    /// Text of an outsider in a script.
    Injection,
    /// What runs for the code of a stranger.
    Forks,
}

impl Property {
    /// As a table shows it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pins => "pins",
            Self::Permissions => "permissions",
            Self::Secrets => "secrets",
            Self::Injection => "injection",
            Self::Forks => "forks",
        }
    }
}

/// One of them at one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Security {
    /// Which.
    pub property: Property,
    /// Where the configuration says it, or fails to.
    pub span: Span,
    /// What it was.
    pub was: String,
    /// What it is in the spec.
    pub now: String,
}
