//! What an import declares at the top of the spec, because a workflow uses it.

use std::collections::{BTreeMap, BTreeSet};

use crate::front::node::{Build, node};

/// Names that are declared once for the whole import.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    /// Secrets by name.
    pub(crate) secrets: BTreeSet<String>,
    /// Variables that live with the vendor; some have a value in the input.
    pub(crate) variables: BTreeMap<String, Option<String>>,
    /// Runners by name.
    pub(crate) runners: BTreeMap<String, Build>,
    /// Registries and values, in the order of their use.
    pub(crate) given: Vec<Build>,
    /// Gates and what they need, in the order of their use.
    pub(crate) gates: Vec<Build>,
    /// Names of environments.
    pub(crate) environments: Vec<Build>,
}

impl Declared {
    /// The declarations by section.
    pub(crate) fn sections(self) -> Vec<Vec<Build>> {
        let mut small = Vec::new();
        if !self.secrets.is_empty() {
            small.push(node("secret").args(&self.secrets));
        }
        small.extend(self.variables.iter().map(|(name, value)| match value {
            Some(value) => node("variable").arg(name).arg(value),
            None => node("variable").arg(name),
        }));
        small.extend(self.runners.into_values());
        small.extend(self.given);
        vec![small, self.gates, self.environments]
    }
}
