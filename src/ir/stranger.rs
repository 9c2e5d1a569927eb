//! Words by which GitHub's expressions and scripts get the code of a pull request, and those that name what the repository has already
//! (docs.github.com, "Events that trigger workflows", and "Contexts").

/// Paths that name what lies in the repository already.
const BASE: &[&str] = &[
    "github.sha",
    "github.ref",
    "github.ref_name",
    "github.base_ref",
    "github.repository",
    "github.event.pull_request.base.sha",
    "github.event.pull_request.base.ref",
    "github.event.pull_request.base.repo.full_name",
    "github.event.repository.default_branch",
    "github.event.repository.full_name",
];

/// What scripts say to fetch the code of a pull request.
const FETCHES: &[&str] = &["gh pr checkout", "refs/pull/", "refs/remotes/pull/", "hub checkout"];

/// Words of expressions that name the commit, branch or repository of a stranger.
const HEADS: &[&str] = &[
    "head.sha",
    "head.ref",
    "head.repo",
    "head_ref",
    "head_sha",
    "head_branch",
    "head_commit",
    "head_repository",
    "merge_commit_sha",
];

/// What git does to get files.
const GETS: &[&str] = &["checkout", "fetch", "clone", "switch", "pull", "merge", "worktree", "reset"];

/// Whether an expression surely names what the repository has.
pub fn is_base(expression: &str) -> bool {
    BASE.contains(&expression.trim())
}

/// Whether a text names the commit, branch or repository of a stranger.
pub fn names_head(text: &str) -> bool {
    HEADS.iter().any(|word| text.contains(word))
}

/// Whether a text fetches the code of a pull request whatever else it reads.
pub fn fetches(text: &str) -> bool {
    FETCHES.iter().any(|word| text.contains(word))
}

/// Whether a text has git get files.
pub fn runs_git(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.any(|w| w == "git" || w == "gh") && GETS.iter().any(|w| text.contains(w))
}
