//! Names of a vendor as names of a spec: `[a-z][a-z0-9-]{0,49}`.

use std::collections::BTreeSet;

/// Longest name of a spec.
const MAX: usize = 50;

/// A text as a name: small letters, digits and single dashes.
pub fn slug(text: &str) -> String {
    let mut name = String::new();
    let mut before = '-';
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if before != '-' {
            name.push('-');
        }
        before = name.chars().next_back().unwrap_or('-');
    }
    let name = name.trim_matches('-');
    let name = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_owned() } else { format!("x-{name}") };
    name[..name.len().min(MAX)].trim_end_matches('-').to_owned()
}

/// Names that are in use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    used: BTreeSet<String>,
}

impl Names {
    /// A set in which some words are taken.
    pub fn without(reserved: &[&str]) -> Self {
        Self { used: reserved.iter().map(|w| (*w).to_owned()).collect() }
    }

    /// A name for a text that nothing else has yet.
    pub fn unique(&mut self, text: &str) -> String {
        let name = slug(text);
        let numbered = (2..).map(|n| {
            let end = format!("-{n}");
            format!("{}{end}", name[..name.len().min(MAX - end.len())].trim_end_matches('-'))
        });
        let free = std::iter::once(name.clone()).chain(numbered).find(|n| !self.used.contains(n)).unwrap_or(name.clone());
        self.used.insert(free.clone());
        free
    }
}

/// A name as one of a variable: `PipelineRole.Arn` is `PIPELINE_ROLE_ARN`.
pub fn variable_of(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for c in name.chars() {
        let starts = c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if (starts || !c.is_ascii_alphanumeric()) && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_uppercase());
        }
        before = c;
    }
    let out = out.trim_matches('_').to_owned();
    if out.starts_with(|c: char| c.is_ascii_digit()) || out.is_empty() { format!("X_{out}") } else { out }
}

/// Whether a text is the name of a variable of a shell.
pub fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Names, slug, variable_of};

    #[test]
    fn names_are_small_and_unique() {
        assert_eq!(slug("Build & Test (Linux)"), "build-test-linux");
        assert_eq!(slug("3.10"), "x-3-10");
        assert_eq!(slug(&"a".repeat(80)).len(), 50);
        let mut names = Names::without(&["all"]);
        assert_eq!(["Build", "build", "all"].map(|n| names.unique(n)), ["build", "build-2", "all-2"]);
    }

    #[test]
    fn names_of_others_are_names_of_variables() {
        assert_eq!(variable_of("PipelineRole.Arn"), "PIPELINE_ROLE_ARN");
        assert_eq!(variable_of("AWS_REGION"), "AWS_REGION");
        assert_eq!(variable_of("-AppBuild"), "APP_BUILD");
        assert_eq!(variable_of("3x"), "X_3X");
    }
}
