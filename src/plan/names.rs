//! Names that a vendor takes: legal, unique in their file, and stable (an id depends on the job and on jobs before it, never on later ones).

use std::collections::BTreeSet;

use crate::ir::id::TargetId;

/// Names that GitLab reads as keywords at the top of its file, or that it warns of.
const GITLAB_RESERVED: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "default",
    "false",
    "image",
    "include",
    "nil",
    "pages",
    "pages:deploy",
    "services",
    "spec",
    "stages",
    "true",
    "variables",
    "workflow",
];

/// The names given so far in one file.
#[derive(Clone, Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// No names yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A legal name that nobody in the file has: the job's own, else with its workflow before it, else with a number behind it. GitHub compares
    /// ids without regard to case, so the two that differ by it alone are told apart everywhere.
    pub fn give(&mut self, target: TargetId, name: &str, workflow: &str) -> String {
        let legal = match target {
            TargetId::Github => github(name),
            TargetId::Gitlab => gitlab(name),
            TargetId::Codebuild | TargetId::Codepipeline => codebuild(name),
        };
        if self.take(&legal) {
            return legal;
        }
        let qualified = match target {
            TargetId::Github => github(&format!("{workflow}-{name}")),
            TargetId::Gitlab => gitlab(&format!("{workflow}:{name}")),
            TargetId::Codebuild | TargetId::Codepipeline => codebuild(&format!("{workflow}_{name}")),
        };
        if self.take(&qualified) {
            return qualified;
        }
        let mark = if target.is_aws() { '_' } else { '-' };
        (2u32..).map(|i| format!("{qualified}{mark}{i}")).find(|n| self.take(n)).unwrap_or(qualified)
    }

    fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_lowercase())
    }
}

/// `[A-Za-z_][A-Za-z0-9_-]*`
pub fn github(name: &str) -> String {
    let mut id: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' }).collect();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id.insert(0, '_');
    }
    id
}

/// `[A-Za-z][A-Za-z0-9_]*`, at most 100 characters, where the identifiers of a batch and the names of actions agree.
fn codebuild(name: &str) -> String {
    let mut id: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(90).collect();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic()) {
        id.insert_str(0, "job_");
    }
    id
}

/// At most 128 characters, so that it can be needed; no leading point, which hides a job; no keyword.
fn gitlab(name: &str) -> String {
    let mut id: String = name.chars().map(|c| if c.is_control() || c == '"' { '-' } else { c }).take(120).collect();
    if id.starts_with('.') || id.is_empty() {
        id.insert_str(0, "job ");
    }
    if GITLAB_RESERVED.contains(&id.as_str()) { format!("{id} job") } else { id }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::ir::id::TargetId;

    #[test]
    fn names_are_legal_and_unique() {
        let mut names = Names::new();
        let mut give = |name: &str| names.give(TargetId::Github, name, "ci");
        assert_eq!([give("build"), give("test api"), give("2x")], ["build", "test-api", "_2x"]);
        assert_eq!([give("Build"), give("build"), give("build")], ["ci-Build", "ci-build-2", "ci-build-3"]);
        let mut names = Names::new();
        let mut give = |name: &str, workflow: &str| names.give(TargetId::Gitlab, name, workflow);
        assert_eq!([give("image", "ci"), give(".x", "ci"), give("unit", "ci")], ["image job", "job .x", "unit"]);
        assert_eq!(give("unit", "nightly"), "nightly:unit");
        assert_eq!(give(&"x".repeat(300), "ci").len(), 120);
    }
}
