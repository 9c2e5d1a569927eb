//! What an import found in use: actions, images, secrets, runners, and how much of each construct came over.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::source::SourceMap;
use crate::front::Imported;
use crate::front::ledger::{Key, Tally};
use crate::syntax::tree::{Node, Value};

/// Keys below which a name is one's own and no word of the vendor.
const OWN: &[&str] = &[
    "env",
    "with",
    "variables",
    "secrets",
    "outputs",
    "inputs",
    "matrix",
    "jobs",
    "services",
    "secrets-manager",
    "parameter-store",
    "reports",
    "Parameters",
    "Resources",
    "Outputs",
    "Mappings",
    "Conditions",
    "environment",
];

/// What is in use, each with how often.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Actions and other things by reference, as `actions/checkout@v4`.
    pub actions: BTreeMap<String, usize>,
    /// Container images.
    pub images: BTreeMap<String, usize>,
    /// Names of secrets.
    pub secrets: BTreeSet<String>,
    /// Names of variables that the vendor holds.
    pub variables: BTreeSet<String>,
    /// Runners, as the vendor or the spec calls them.
    pub runners: BTreeMap<String, usize>,
    /// Environments.
    pub environments: BTreeSet<String>,
    /// Keys by construct.
    pub constructs: BTreeMap<String, Tally>,
}

impl Inventory {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        for (own, theirs) in
            [(&mut self.actions, &other.actions), (&mut self.images, &other.images), (&mut self.runners, &other.runners)]
        {
            theirs.iter().for_each(|(name, count)| *own.entry(name.clone()).or_default() += count);
        }
        self.secrets.extend(other.secrets.iter().cloned());
        self.variables.extend(other.variables.iter().cloned());
        self.environments.extend(other.environments.iter().cloned());
        for (name, tally) in &other.constructs {
            self.constructs.entry(name.clone()).or_default().join(tally);
        }
    }
}

/// The construct that a key belongs to: its last word that the vendor knows.
fn construct(path: &str) -> String {
    let plain = |part: &str| part.split(['[', '(']).next().unwrap_or(part).to_owned();
    let parts: Vec<String> = path.split('.').map(plain).filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        [.., parent, _] if OWN.contains(&parent.as_str()) => format!("{parent}.*"),
        [.., last] => last.clone(),
        [] => path.to_owned(),
    }
}

/// The value that stands behind a key on its line.
fn value(sources: &SourceMap, key: &Key) -> Option<String> {
    let rest = sources.file(key.span.source).text.get(key.span.end as usize..)?;
    let line = rest.lines().next()?.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim();
    let line = line.split(" #").next().unwrap_or(line).trim().trim_end_matches(['}', ',']).trim();
    let plain = line.trim_matches(['"', '\'']);
    let bad = plain.is_empty() || plain.starts_with(['{', '[', '|', '>', '&', '*', '!']) || plain.contains(' ');
    (!bad).then(|| plain.to_owned())
}

fn text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::String(text, _) => Some(text.to_string()),
        _ => None,
    }
}

impl Imported {
    /// What is in use. Actions, images and labels are read in the files, so that those of a file that stays as it is are told, too; secrets and
    /// environments are those of the spec.
    pub fn inventory(&self, sources: &SourceMap) -> Inventory {
        let mut found = Inventory::default();
        let count = |map: &mut BTreeMap<String, usize>, name: String| *map.entry(name).or_default() += 1;
        for key in self.ledger.keys() {
            found.constructs.entry(construct(&key.path)).or_default().add(&key.fate());
            let word = key.path.rsplit('.').next().unwrap_or(&key.path);
            let parent = key.path.rsplit('.').nth(1).unwrap_or_default();
            let map = match word {
                "uses" => &mut found.actions,
                "image" | "container" | "Image" => &mut found.images,
                "name" if matches!(parent, "image" | "container") => &mut found.images,
                "runs-on" | "compute-type" | "ComputeType" | "label" => &mut found.runners,
                _ => continue,
            };
            if let Some(value) = value(sources, key) {
                count(map, value);
            }
        }
        for node in self.sections.iter().flatten() {
            look(&node.0, &mut found);
        }
        found
    }
}

/// What a node of the spec declares or asks for.
fn look(node: &Node<'_>, found: &mut Inventory) {
    let args = || node.entries.iter().filter(|e| e.name.is_none()).filter_map(|e| text(&e.value));
    match node.name() {
        "secret" => found.secrets.extend(args()),
        "variable" => found.variables.extend(args().take(1)),
        "environment" => found.environments.extend(args().take(1)),
        "runner" if node.children.is_some() => {
            args().take(1).for_each(|name| *found.runners.entry(name).or_default() += 0);
        }
        _ => {}
    }
    node.children().iter().for_each(|c| look(c, found));
}

#[cfg(test)]
mod tests {
    use super::construct;

    #[test]
    fn names_of_ones_own_are_no_constructs() {
        assert_eq!(construct("jobs.unit.steps[2].with.path"), "with.*");
        assert_eq!(construct("jobs.unit"), "jobs.*");
        assert_eq!(construct("unit.rules[0].if"), "if");
        assert_eq!(construct("pipeline.stages.stage(Unit tests).steps.sh"), "sh");
    }
}
