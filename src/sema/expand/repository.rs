//! `repository { branch-names …; commit-messages … }`: a workflow that checks pull requests, written in the language itself.
//!
//! Rules of the vendors' own for names and messages are bought extra or live outside of files (GitHub: rulesets with metadata restrictions,
//! <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets>;
//! GitLab: push rules, <https://docs.gitlab.com/user/project/repository/push_rules/>). A pull request is the first event at which every
//! vendor can say no, so the checks run there.

use crate::base::diag::Diagnostics;
use crate::base::source::SourceMap;
use crate::sema::expand::fill;
use crate::sema::filter;
use crate::syntax::parse;
use crate::syntax::tree::{Document, Node};

/// The types of the Angular convention, which Conventional Commits 1.0 names beside `feat` and `fix`:
/// <https://www.conventionalcommits.org/en/v1.0.0/#summary>.
const TYPES: [&str; 11] = ["build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"];

/// Adds the workflow of the checks, if `repository` asks for any.
pub(super) fn checks<'a>(nodes: &mut Vec<Node<'a>>, sources: &'a SourceMap) {
    let Some(repository) = nodes.iter().find(|n| n.name() == "repository") else { return };
    let jobs: Vec<String> = [branch_names(repository), commit_messages(repository)].into_iter().flatten().collect();
    if jobs.is_empty() {
        return;
    }
    let mut text = String::from("// What this repository asks of branches and commits.\nworkflow repository {\n");
    text.push_str(&format!("    on {{ pull-request {} }}\n", targets(nodes).join(" ")));
    text.extend(jobs);
    text.push('}');
    let expansion = sources.expand(repository.head(), "the workflow that checks what `repository` asks for");
    let source = sources.add("<checks of the repository>", text);
    let (Document { nodes: made }, _) = parse::parse(source, &sources.file(source).text);
    nodes.extend(made.into_iter().map(|mut node| {
        fill::tag_all(&mut node, expansion);
        node
    }));
}

/// The branches that the spec's own pull requests go to, so that no run is made that was not there; all where one of them says all.
fn targets(nodes: &[Node<'_>]) -> Vec<String> {
    let on = nodes.iter().filter(|n| n.name() == "workflow").flat_map(Node::children).filter(|n| n.name() == "on");
    let mut found: Vec<String> = Vec::new();
    for clause in on.flat_map(Node::children).filter(|n| n.name() == "pull-request") {
        if clause.args().next().is_none() {
            return Vec::new();
        }
        for target in clause.args().map(|a| raw(&a.as_text())) {
            if !found.contains(&target) {
                found.push(target);
            }
        }
    }
    found
}

fn branch_names(repository: &Node<'_>) -> Option<String> {
    let entries: Vec<_> = repository.children().iter().filter(|c| c.name() == "branch-names").flat_map(Node::args).collect();
    // What is no glob is said where the meaning is read.
    let mut unsaid = Diagnostics::new();
    let globs: Vec<_> = entries.iter().filter_map(|e| filter::glob(e, &mut unsaid)).map(|g| g.value).collect();
    if globs.is_empty() {
        return None;
    }
    let regexes: Vec<String> =
        globs.iter().map(|g| g.to_regex().trim_start_matches('^').trim_end_matches('$').to_owned()).collect();
    let known: Vec<String> = entries.iter().map(|e| e.as_text().into_owned()).collect();
    let script = [
        format!("pattern={}", quoted(&format!("^({})$", regexes.join("|")))),
        r#"if ! [[ "${pr.source}" =~ $pattern ]]; then"#.to_owned(),
        format!(r#"  echo "branch ${{pr.source}} is none of:" {}"#, quoted(&known.join(", "))),
        "  exit 1".to_owned(),
        "fi".to_owned(),
    ];
    Some(job("branch-name", "none", "Check the name of the branch", &script))
}

fn commit_messages(repository: &Node<'_>) -> Option<String> {
    let node = repository.child("commit-messages")?;
    let given: Vec<String> = node.values("types").into_iter().map(|e| escaped(&e.as_text())).collect();
    let types = if given.is_empty() { TYPES.join("|") } else { given.join("|") };
    let scope = if node.flag("scope-required").is_some() { "" } else { "?" };
    let pattern = quoted(&format!(r"^({types})(\([^()]+\)){scope}!?: .+"));
    let script = [
        r#"subjects=$(git log --no-merges --format=%s "origin/${pr.target}..${commit.head-sha}")"#.to_owned(),
        format!(r#"if wrong=$(printf '%s' "$subjects" | grep -Ev {pattern}); then"#),
        r#"  printf 'not in the form of a conventional commit:\n%s\n' "$wrong""#.to_owned(),
        "  exit 1".to_owned(),
        "fi".to_owned(),
    ];
    Some(job("commit-messages", "depth=0", "Check the messages of the commits", &script))
}

fn job(name: &str, checkout: &str, step: &str, script: &[String]) -> String {
    let script = raw(&script.join("\n"));
    format!("    job {name} {{\ntimeout \"5m\"\ncheckout {checkout}\nrun name=\"{step}\" {script}\n}}\n")
}

/// A text that stands for itself in an extended regular expression.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| r"\.+*?()|[]{}^$".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A text for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A raw string of KDL, with as many `#` as the text needs.
fn raw(text: &str) -> String {
    let hashes = (1..=text.len() + 1).map(|n| "#".repeat(n)).find(|h| !text.contains(&format!("\"{h}"))).unwrap_or_default();
    if text.contains('\n') { format!("{hashes}\"\"\"\n{text}\n\"\"\"{hashes}") } else { format!("{hashes}\"{text}\"{hashes}") }
}
