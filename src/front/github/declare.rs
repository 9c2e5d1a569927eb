//! What an import declares at the top of the spec, because a workflow uses it.

use std::collections::{BTreeMap, BTreeSet};

use crate::front::name::{Names, is_variable};
use crate::front::node::{Build, node};
use crate::syntax::shape::job;
use crate::syntax::tree::Node;

use super::known::{self, Elsewhere, INTO, With};

/// Portable actions that come with pipewright, and words that a step's call may not be.
const TAKEN: &[&str] = &[
    "scan",
    "release",
    "comment",
    "issue",
    "http-check",
    "http-call",
    "wait",
    "kubectl",
    "helm-upgrade",
    "argocd-sync",
    "aws-role",
];

/// Settings of every step: an input may not be called so.
const SETTINGS: &[&str] = &["name", "id", "if", "when", "timeout", "env", "continue-on-error", "argument"];

/// Runners that a spec knows, by GitHub's labels.
const RUNNERS: &[(&str, &str)] = &[
    ("ubuntu-latest", "linux"),
    ("ubuntu-24.04", "linux"),
    ("ubuntu-24.04-arm", "linux-arm"),
    ("windows-latest", "windows"),
    ("windows-2025", "windows"),
    ("macos-latest", "macos"),
    ("macos-15", "macos"),
];

/// Before the name of a node that stands for a use of an action until all uses are known.
const MARK: char = '\u{1}';

/// What is declared once for the whole import.
#[derive(Clone)]
pub(crate) struct Declared {
    /// Secrets by name.
    pub(crate) secrets: BTreeSet<String>,
    /// Variables that live with the vendor.
    pub(crate) variables: BTreeSet<String>,
    /// Runners by name, with their labels.
    pub(crate) runners: BTreeMap<String, Vec<String>>,
    /// Environments: the vendor's name to the spec's, with the address.
    pub(crate) environments: BTreeMap<String, (String, Option<String>)>,
    /// Whether a job logs in to GitHub's own registry.
    pub(crate) has_ghcr: bool,
    /// Whether an action is used by a version that nobody pinned.
    pub(crate) has_unpinned: bool,
    environment_names: Names,
    runner_names: Names,
    /// Names of schedules.
    pub(crate) schedules: Names,
    actions: Vec<Action>,
    /// Values that only GitHub works out: their names, its expressions, and the files that have them elsewhere.
    values: Vec<(String, String, Option<String>)>,
    value_names: Names,
}

/// Uses of one action with the same inputs.
#[derive(Clone)]
struct Action {
    /// `owner/name@version`
    reference: String,
    /// What stands behind it as a comment: the version of a commit.
    version: Option<String>,
    /// The version as a person says it.
    shown: String,
    /// Whether it is left out where GitHub's pages are not.
    left_out: bool,
    keys: Vec<String>,
    /// The values of each use, in the order of the keys.
    uses: Vec<Vec<String>>,
}

impl Default for Declared {
    fn default() -> Self {
        Self {
            secrets: BTreeSet::new(),
            variables: BTreeSet::new(),
            runners: BTreeMap::new(),
            environments: BTreeMap::new(),
            has_ghcr: false,
            has_unpinned: false,
            environment_names: Names::default(),
            runner_names: Names::without(&["linux", "linux-arm", "windows", "macos"]),
            schedules: Names::default(),
            actions: Vec::new(),
            values: Vec::new(),
            value_names: Names::default(),
        }
    }
}

/// GitLab's hosted Linux machine, whose jobs are in containers (<https://docs.gitlab.com/ci/runners/hosted_runners/linux/>).
const LINUX_OF_GITLAB: &str = "saas-linux-small-amd64";

/// Whether labels name a hosted Linux machine of GitHub's of another version than the spec's own `linux`.
fn is_linux(labels: &[String]) -> bool {
    let [label] = labels else { return false };
    label.strip_prefix("ubuntu-").is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

impl Declared {
    /// The runner of a spec for GitHub's labels.
    pub(super) fn runner(&mut self, labels: &[&str]) -> String {
        if let [one] = labels
            && let Some((_, name)) = RUNNERS.iter().find(|(label, _)| label == one)
        {
            return (*name).to_owned();
        }
        let labels: Vec<String> = labels.iter().map(|l| (*l).to_owned()).collect();
        if let Some((name, _)) = self.runners.iter().find(|(_, known)| **known == labels) {
            return name.clone();
        }
        let name = self.runner_names.unique(&labels.join("-"));
        self.runners.insert(name.clone(), labels);
        name
    }

    /// The environment of a spec for the vendor's name.
    pub(super) fn environment(&mut self, theirs: &str, url: Option<String>) -> String {
        let names = &mut self.environment_names;
        let known = self.environments.entry(theirs.to_owned()).or_insert_with(|| (names.unique(theirs), None));
        known.1 = known.1.take().or(url);
        known.0.clone()
    }

    /// The value of a spec for an expression that only GitHub can work out.
    pub(super) fn value(&mut self, name: &str, expression: &str, file: Option<String>) -> String {
        if let Some((name, ..)) = self.values.iter().find(|(_, known, other)| known == expression && *other == file) {
            return name.clone();
        }
        let name = self.value_names.unique(name);
        self.values.push((name.clone(), expression.to_owned(), file));
        name
    }

    /// A step that uses an action of GitHub, to be finished by [`Declared::finish`].
    pub(super) fn call(
        &mut self,
        reference: &str,
        version: Option<String>,
        shown: String,
        left_out: bool,
        with: Vec<(String, String)>,
    ) -> Build {
        let (keys, values): (Vec<String>, Vec<String>) = with.into_iter().unzip();
        let at = self
            .actions
            .iter()
            .position(|a| a.reference == reference && a.keys == keys && a.left_out == left_out)
            .unwrap_or_else(|| {
                self.actions.push(Action { reference: reference.to_owned(), version, shown, left_out, keys, uses: Vec::new() });
                self.actions.len() - 1
            });
        self.actions[at].uses.push(values);
        node(&format!("{MARK}{at}:{}", self.actions[at].uses.len() - 1))
    }

    /// The declarations, and the workflows with their calls finished.
    pub(super) fn finish(self, mut workflows: Vec<Build>) -> (Vec<Vec<Build>>, Vec<Build>) {
        let words: Vec<&str> = job::DEPLOY.block_words().chain(TAKEN.iter().copied()).collect();
        let mut names = Names::without(&words);
        let mut calls = Vec::new();
        let mut actions = Vec::new();
        let (known, places) = told_apart(&self.actions);
        for action in &known {
            let name = names.unique(title(&action.reference));
            let (build, inputs) = action.declare(&name);
            actions.push(build);
            calls.push((name, inputs));
        }
        for workflow in &mut workflows {
            finish(&mut workflow.0, &known, &places, &calls);
        }
        let mut sections = Vec::new();
        let mut small = Vec::new();
        if !self.secrets.is_empty() {
            small.push(node("secret").args(&self.secrets));
        }
        small.extend(self.variables.iter().map(|v| node("variable").arg(v)));
        let read: Vec<&(String, String, Option<String>)> = self
            .values
            .iter()
            .filter(|(name, ..)| workflows.iter().any(|w| reads(&w.0, name)) || actions.iter().any(|a| reads(&a.0, name)))
            .collect();
        small.extend(read.into_iter().map(|(name, own, file)| {
            let file = file.iter().map(|f| node("file").arg(f));
            node("value").arg(name).child(node("github").arg(own)).children(file)
        }));
        small.extend(self.runners.iter().map(|(name, labels)| {
            let own = node("runner").arg(name).child(node("github").args(labels));
            if is_linux(labels) { own.child(node("gitlab").arg(LINUX_OF_GITLAB)) } else { own }
        }));
        if self.has_ghcr {
            small.push(node("registry").arg("ghcr").arg("ghcr.io"));
        }
        sections.push(small);
        sections.push(
            self.environments
                .values()
                .map(|(name, url)| {
                    let build = node("environment").arg(name);
                    match url {
                        Some(url) => build.child(node("url").arg(url)),
                        None => build,
                    }
                })
                .collect(),
        );
        sections.push(actions);
        (sections, workflows)
    }
}

/// The actions, with those told apart whose uses have commands of their own elsewhere, but none that an input could be put into; and where each use
/// of an action stands then.
fn told_apart(actions: &[Action]) -> (Vec<Action>, Places) {
    let mut found: Vec<Action> = Vec::new();
    let mut places = BTreeMap::new();
    for (at, action) in actions.iter().enumerate() {
        let apart = action.elsewhere(&action.pairs()).is_none()
            && action.uses.iter().all(|values| {
                let plain = values.iter().all(|v| !v.contains("${input."));
                let pairs: Vec<(String, String)> = action.keys.iter().cloned().zip(values.iter().cloned()).collect();
                plain && action.elsewhere(&pairs).is_some()
            });
        let first = found.len();
        for (number, values) in action.uses.iter().enumerate() {
            let same = |a: &Action| !apart || a.uses.first() == Some(values);
            let own = found[first..].iter().position(same).map_or(found.len(), |own| first + own);
            if own == found.len() {
                found.push(Action { uses: Vec::new(), ..action.clone() });
            }
            places.insert((at, number), (own, found[own].uses.len()));
            found[own].uses.push(values.clone());
        }
    }
    (found, places)
}

/// What an action is called: the last words of its path.
fn title(reference: &str) -> &str {
    let path = reference.split('@').next().unwrap_or(reference).trim_start_matches("docker://");
    let path = path.split(':').next().unwrap_or(path);
    path.split_once('/')
        .filter(|(owner, _)| *owner != ".")
        .map_or(path, |(_, rest)| rest)
        .rsplit("actions/")
        .next()
        .unwrap_or(path)
}

impl Action {
    /// What stands for it on other vendors, by its inputs.
    fn elsewhere(&self, pairs: &[(String, String)]) -> Option<Elsewhere> {
        let path = self.reference.split('@').next().unwrap_or_default();
        known::elsewhere(path, &self.shown, &With(pairs))
    }

    /// Whether calls give an input: its uses differ in it, or read one of the run, which the body of an action has another word for.
    fn is_given(&self, key: usize) -> bool {
        let first = self.uses.first().map(|u| &u[key]);
        first.is_some_and(|v| v.contains("${input.")) || self.uses.iter().any(|u| Some(&u[key]) != first)
    }

    /// The inputs with their values; what calls give stands as an input.
    fn pairs(&self) -> Vec<(String, String)> {
        let value = |k: usize| match (self.is_given(k), self.uses.first()) {
            (true, _) => format!("${{input.{}}}", self.keys[k]),
            (false, first) => first.map(|u| u[k].clone()).unwrap_or_default(),
        };
        self.keys.iter().enumerate().map(|(k, key)| (key.clone(), value(k))).collect()
    }

    /// The declaration, and for each key the input that calls give it by.
    fn declare(&self, name: &str) -> (Build, Vec<Option<String>>) {
        let mut names = Names::without(SETTINGS);
        let inputs: Vec<Option<String>> =
            (0..self.keys.len()).map(|k| self.is_given(k).then(|| names.unique(self.keys[k].trim_start_matches(MARK)))).collect();
        let value = |k: usize| match &inputs[k] {
            Some(input) => format!("${{input.{input}}}"),
            None => self.uses.first().map(|u| u[k].clone()).unwrap_or_default(),
        };
        let pairs: Vec<(String, String)> = self.keys.iter().enumerate().map(|(k, key)| (key.clone(), value(k))).collect();
        let with = pairs.iter().filter(|(key, _)| key != INTO).fold(node("with"), |with, (key, value)| with.prop(key, value));
        let mut uses = node("uses").arg(&self.reference).comments(self.version.clone());
        if !with.is_bare() {
            uses.push(with);
        }
        let declared = inputs.iter().flatten().map(|i| node("input").arg(i));
        let build = node("action").arg(name).children(declared).child(node("for").arg("github").child(uses));
        let others = self.elsewhere(&pairs).map(|elsewhere| match elsewhere {
            Elsewhere::Nothing | Elsewhere::Slower | Elsewhere::Roomy => node("for").args(["gitlab", "codebuild"]),
            Elsewhere::Steps(targets, steps) => node("for").args(targets).children(steps),
        });
        let others = others.or_else(|| self.left_out.then(|| node("for").args(["gitlab", "codebuild"])));
        (build.children(others), inputs)
    }
}

/// Whether a text or condition of a node reads a value.
fn reads(node: &Node<'static>, name: &str) -> bool {
    let whole = format!("value.{name}");
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let text = |text: &str| text.match_indices(&whole).any(|(at, _)| !text[at + whole.len()..].starts_with(part));
    node.entries.iter().filter_map(|e| e.as_str()).any(text) || node.children.iter().flatten().any(|c| reads(c, name))
}

type Places = BTreeMap<(usize, usize), (usize, usize)>;

fn finish(build: &mut Node<'static>, actions: &[Action], places: &Places, calls: &[(String, Vec<Option<String>>)]) {
    if let Some((action, used)) = build.name.text.strip_prefix(MARK).and_then(|m| m.split_once(':'))
        && let (Ok(action), Ok(used)) = (action.parse::<usize>(), used.parse::<usize>())
        && let Some(&(action, used)) = places.get(&(action, used))
        && let (Some(known), Some((name, inputs))) = (actions.get(action), calls.get(action))
    {
        let mut call = node(name);
        for (k, input) in inputs.iter().enumerate() {
            if let Some(input) = input {
                call = call.prop(input, &known.uses[used][k]);
            }
        }
        build.name = call.0.name;
        let own = std::mem::take(&mut build.entries);
        build.entries = call.0.entries.into_iter().chain(own).collect();
    }
    build.children.iter_mut().flatten().for_each(|c| finish(c, actions, places, calls));
}

/// Whether a name may be declared as a secret or variable.
pub(super) fn is_declarable(name: &str) -> bool {
    is_variable(name)
}
