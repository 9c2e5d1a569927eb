//! `rules`, `only` and `except`: for which events a job is there, as a condition of a spec.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::logic::{Part, and, asked, not, or};
use crate::front::yaml::{Entry, Node};

use super::expr;
use super::work::Work;

/// What the rules of a job come to.
pub(super) struct Rules {
    /// When the job is there.
    pub(super) present: Part,
    /// The word of `when` that its rules give, where they agree.
    pub(super) when: Option<String>,
    /// Whether its failure is forgiven.
    pub(super) forgiven: bool,
    /// Files of which one must have changed.
    pub(super) paths: Vec<String>,
    /// Variables that every rule sets alike.
    pub(super) variables: Vec<(String, String)>,
}

/// The files of `changes`, where they are plain patterns.
fn files(changes: &Node) -> Option<Vec<String>> {
    let list = if changes.is_map() { changes.get("paths")?.texts()? } else { changes.texts()? };
    let plain = |p: &&str| !p.contains(['$', '\n']) && !p.starts_with('/') && !p.is_empty();
    (!list.is_empty() && list.iter().all(plain)).then(|| list.iter().map(|p| (*p).to_owned()).collect())
}

/// The files that all rules ask for alike; of a rule that leaves a job out none may ask.
fn common_files(rules: &[Node]) -> Vec<String> {
    let mut common: Option<Vec<String>> = None;
    for rule in rules {
        let takes = rule.get("when").and_then(Node::text) != Some("never");
        let own = rule.get("changes").and_then(files);
        match (takes, own, rule.get("changes")) {
            (false, _, None) => {}
            (true, Some(own), _) if common.as_ref().is_none_or(|c| *c == own) => common = Some(own),
            _ => return Vec::new(),
        }
    }
    common.unwrap_or_default()
}

/// The variables that all rules set alike.
fn common_variables(rules: &[Node]) -> Vec<(String, String)> {
    let mut common: Option<Vec<(String, String)>> = None;
    for rule in rules.iter().filter(|r| r.get("when").and_then(Node::text) != Some("never")) {
        let own: Vec<(String, String)> = rule
            .get("variables")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|e| Some((e.key.clone(), e.value.text()?.to_owned())))
            .collect();
        match &mut common {
            Some(common) => common.retain(|pair| own.contains(pair)),
            None => common = Some(own),
        }
    }
    common.unwrap_or_default()
}

/// Reads `rules`.
pub(super) fn rules(work: &mut Work<'_>, entry: &Entry) -> Rules {
    let mut made: Vec<(Part, bool)> = Vec::new();
    let mut whens: Vec<String> = Vec::new();
    let mut forgiven = false;
    let paths = common_files(entry.value.items());
    let variables = common_variables(entry.value.items());
    for rule in entry.value.items() {
        let mut part = Part::Known(true);
        if rule.tag.is_some() || !rule.is_map() {
            work.mark(entry, Fate::Lost("a rule of another file is not here".to_owned()));
            part = asked("rule.of-another-file");
        }
        if let Some(condition) = work.open(rule, "if") {
            part = and(part, work.condition(condition));
        }
        if let Some(changes) = work.open(rule, "changes")
            && !paths.is_empty()
        {
            let _ = work.open(&changes.value, "paths");
            if let Some(base) = changes.value.entry("compare_to") {
                work.lose(base, "files are compared with the commit before, or with the target of the merge request");
            }
        } else if let Some(changes) = work.open(rule, "changes") {
            work.lose(changes, "say the files as `paths` of the job's `only`: a condition does not know them");
            part = and(part, asked("changes.of-files"));
        }
        if let Some(exists) = work.open(rule, "exists") {
            work.lose(exists, "whether a file is there is known when the spec is written");
        }
        if let Some(own) = work.open(rule, "variables") {
            for variable in own.value.entries() {
                let is_common = variables.iter().any(|(name, _)| *name == variable.key);
                if work.settled.contains(&variable.key) {
                    continue;
                }
                if is_common && crate::front::name::is_variable(&variable.key) {
                    work.mark(variable, Fate::Exact);
                } else {
                    work.lose(variable, "another rule does not set it so, and the kind of event does not decide: a condition of a spec sets no `variables`");
                }
            }
        }
        for key in ["needs", "interruptible", "auto_cancel"] {
            if let Some(own) = rule.entry(key) {
                work.lose(own, &format!("a condition of a spec sets no `{key}`"));
            }
        }
        let when = work.open(rule, "when");
        let word = when.and_then(|e| e.value.text()).unwrap_or("on_success").to_owned();
        if let Some(own) = work.open(rule, "allow_failure") {
            forgiven |= own.value.truth() == Some(true);
        }
        let takes = word != "never";
        if takes && part != Part::Known(false) {
            if whens.first().is_some_and(|first| *first != word)
                && let Some(when) = when
            {
                work.mark(when, Fate::Lost("a job of a spec starts in one way".to_owned()));
            }
            whens.push(word);
        }
        made.push((part, takes));
    }
    let mut present = Part::Known(false);
    for (part, takes) in made.into_iter().rev() {
        present = if takes { or(part, present) } else { and(not(part), present) };
    }
    // The one that needs a person is the stricter one.
    let manual = whens.iter().find(|w| *w == "manual").cloned();
    Rules { present, when: manual.or_else(|| whens.into_iter().next()), forgiven, paths, variables }
}

/// Reads `only` and `except`.
pub(super) fn only_except(work: &mut Work<'_>, job: &Node) -> Part {
    let only = work.open(job, "only").map(|e| refs(work, e));
    let except = work.open(job, "except").map(|e| refs(work, e));
    // Without a word a job is for branches and tags.
    let only = only.unwrap_or_else(|| without_word(work));
    match except {
        Some(except) => and(only, not(except)),
        None => only,
    }
}

/// What a job without rules is for.
pub(super) fn without_word(work: &Work<'_>) -> Part {
    work.kind(&["push", "tag", "schedule", "manual"])
}

fn refs(work: &mut Work<'_>, entry: &Entry) -> Part {
    let mut part = Part::Known(false);
    let list = if entry.value.is_map() {
        for key in ["changes", "variables", "kubernetes"] {
            if let Some(own) = entry.value.entry(key) {
                work.lose(own, "only names of branches, tags and events are carried");
            }
        }
        match work.open(&entry.value, "refs") {
            Some(refs) => refs.value.texts(),
            None => return asked(format!("{}.of-changes", entry.key)),
        }
    } else {
        entry.value.texts()
    };
    for word in list.unwrap_or_default() {
        let one = match word {
            "branches" => asked("commit.branch matches '**'"),
            "tags" => work.kind(&["tag"]),
            "merge_requests" => work.kind(&["pull-request"]),
            "schedules" => work.kind(&["schedule"]),
            "pushes" => work.kind(&["push", "tag"]),
            "web" | "api" => work.kind(&["manual"]),
            "triggers" | "pipelines" | "external" | "chat" | "external_pull_requests" => Part::Known(false),
            _ if word.starts_with('/') => match expr::glob(word) {
                Some(glob) => asked(format!("commit.ref matches '{glob}'")),
                None => {
                    work.mark(entry, Fate::Lost(format!("`{word}` says more than a glob of a spec can")));
                    asked(format!("pattern.{}", crate::front::name::slug(word)))
                }
            },
            _ if word.contains(['@', '$', '\'']) => {
                work.mark(entry, Fate::Lost(format!("`{word}` has no match in a spec")));
                asked("name.of-another-project")
            }
            name => asked(format!("commit.ref == '{name}'")),
        };
        part = or(part, one);
    }
    part
}
