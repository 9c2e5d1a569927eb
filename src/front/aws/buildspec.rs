//! One buildspec as a job.

use crate::front::account::Account as _;
use crate::front::name::{is_variable, slug};
use crate::front::node::{Build, node, run};
use crate::front::yaml::{Entry, Node};

use super::data;
use super::own;
use super::phase;
use super::work::Work;

/// What a job has from where its buildspec is used: a task of a batch, an action with its project.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// What it is called.
    pub(super) name: String,
    /// Comments above it.
    pub(super) comments: Vec<String>,
    /// Nodes before its own, such as `needs`.
    pub(super) before: Vec<Build>,
    /// Variables that win over those of the buildspec.
    pub(super) env: Vec<(String, String)>,
    /// Variables that win over those of the project, too.
    pub(super) over: Vec<(String, String)>,
    /// Artifacts that others read: the vendor's name to the spec's. Without any the buildspec names them.
    pub(super) outputs: Vec<(String, String)>,
}

impl Around {
    /// A job that has nothing but a name.
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The same for a job of that name.
    pub(super) fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// With the variables that win.
    pub(super) fn given(mut self) -> Self {
        for (name, value) in std::mem::take(&mut self.over) {
            self.set(&name, &value);
        }
        self
    }

    /// Sets a variable: a later one wins.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        match self.env.iter_mut().find(|(n, _)| n == name) {
            Some(known) => known.1 = value.to_owned(),
            None => self.env.push((name.to_owned(), value.to_owned())),
        }
    }
}

/// The job of a buildspec.
pub(super) fn job(work: &mut Work<'_>, document: &Node, around: &Around) -> Build {
    if let Some(own) = own::job(work, document, around) {
        return own;
    }
    let mut build =
        node("job").arg(&around.name).comments(around.comments.iter().cloned()).children(around.before.iter().cloned());
    let version = work.open(document, "version");
    let apart = version.and_then(|e| e.value.text()).is_some_and(|v| v.starts_with("0.1"));
    let env = work.open(document, "env");
    let shell = env.and_then(|e| work.open(&e.value, "shell"));
    if let Some(shell) = shell {
        match shell.value.text() {
            Some("bash") => {}
            Some("sh" | "/bin/sh") => build.push(node("shell").arg("sh")),
            Some("powershell.exe" | "powershell" | "pwsh") => build.push(node("shell").arg("pwsh")),
            _ => work.lose(shell, "a spec has the shells bash, sh and pwsh"),
        }
    }
    let made = phase::phases(work, document, shell.is_some());
    if made.retries > 0 {
        build.push(node("retry").number(&made.retries.to_string()));
    }
    let own = env.map(|e| variables(work, e)).unwrap_or_default();
    for (name, value) in own.iter().filter(|(n, _)| around.env.iter().all(|(o, _)| o != n)).chain(&around.env) {
        build.push(node("env").prop(name, value));
    }
    let outputs = env.and_then(|e| exported(work, e)).unwrap_or_default();
    for (name, _) in &outputs {
        build.push(node("output").arg(name));
    }
    if made.docker && build.0.children().iter().all(|c| c.name() != "docker") {
        build.push(node("docker"));
    }
    build.0.children.get_or_insert_default().extend(data::cache(work, document).into_iter().map(|b| b.0));
    if let Some(toolchain) = made.toolchain {
        build.push(toolchain);
    }
    let told = outputs.iter().map(|(name, variable)| format!("echo \"{name}=${variable}\" >> \"$PIPEWRIGHT_OUTPUT\""));
    let mut lines = made.lines;
    lines.extend(told);
    if apart {
        lines.iter().for_each(|line| build.push(run(&[line])));
    } else if !lines.is_empty() {
        build.push(run(&lines));
    }
    for made in data::artifacts(work, document, around) {
        build.push(made);
    }
    for made in data::reports(work, document, &around.name) {
        build.push(made);
    }
    if let Some(proxy) = document.entry("proxy") {
        work.lose(proxy, "a spec has no proxy for the vendor's own uploads");
    }
    build
}

/// Variables of the job: its own, and secrets of the stores of AWS.
fn variables(work: &mut Work<'_>, env: &Entry) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Some(plain) = work.open(&env.value, "variables") {
        for own in plain.value.entries() {
            work.mark(own, crate::front::ledger::Fate::Exact);
            match own.value.text() {
                _ if !is_variable(&own.key) => work.lose(own, "no shell takes such a name for a variable"),
                Some(text) => pairs.push((own.key.clone(), text.to_owned())),
                None if own.value.is_null() => pairs.push((own.key.clone(), String::new())),
                None => work.lose(own, "a variable is text"),
            }
        }
    }
    for (store, what) in [("parameter-store", "parameter"), ("secrets-manager", "secret of the Secrets Manager")] {
        let Some(entry) = work.open(&env.value, store) else { continue };
        for own in entry.value.entries() {
            if !is_variable(&own.key) {
                work.lose(own, "no shell takes such a name for a variable");
                continue;
            }
            let from = own.value.text().unwrap_or_default();
            work.turn(own, &format!("a secret of the target; its value is the {what} `{from}`"));
            work.declared.secrets.insert(own.key.clone());
            pairs.push((own.key.clone(), format!("${{secret.{}}}", own.key)));
        }
    }
    if let Some(helper) = work.open(&env.value, "git-credential-helper")
        && matches!(helper.value.text(), Some("yes" | "true"))
    {
        work.lose(helper, "scripts of a spec get no credentials of the repository's host by themselves");
    }
    pairs
}

/// Variables that are read elsewhere, as outputs: the spec's name and the variable's.
fn exported(work: &mut Work<'_>, env: &Entry) -> Option<Vec<(String, String)>> {
    let entry = work.open(&env.value, "exported-variables")?;
    let names: Vec<String> = entry.value.texts()?.into_iter().filter(|n| is_variable(n)).map(str::to_owned).collect();
    work.turn(entry, "outputs of the job, written when its commands have succeeded");
    Some(names.into_iter().map(|n| (slug(&n), n)).collect())
}
