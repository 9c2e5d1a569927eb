//! Steps that use an action: the portable ones for the most used, the action itself for the rest.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};
use crate::target::pins;

use super::artifact::{download, upload};
use super::cache;
use super::checkout;
use super::handover::{Artifacts, below};
use super::known::{self, Elsewhere, With};
use super::step::{Common, Made};
use super::text::Where;
use super::toolchain;
use super::work::Work;

/// A step that uses an action, with what is known of it.
pub(super) struct Use<'u> {
    /// `actions/checkout`, without its version.
    pub(super) action: &'u str,
    /// The key.
    pub(super) entry: &'u Entry,
    /// What stands behind the `@`.
    pub(super) version: &'u str,
    /// The inputs.
    pub(super) with: Option<&'u Node>,
    /// What the step says beside.
    pub(super) common: &'u Common,
}

impl Use<'_> {
    /// Whether no other inputs than these are given.
    pub(super) fn has_only(&self, keys: &[&str]) -> bool {
        self.with.is_none_or(|w| w.entries().iter().all(|e| keys.contains(&e.key.as_str())))
    }

    /// The text of an input, with the variables put in that have one value whatever happens.
    pub(super) fn fixed(&self, work: &Work<'_, '_>, key: &str) -> Option<String> {
        self.raw(key).map(|text| work.fixed(text))
    }

    /// The text of an input as written.
    pub(super) fn raw(&self, key: &str) -> Option<&str> {
        self.with.and_then(|w| w.get(key)).and_then(Node::text)
    }
}

/// Converts a step.
pub(super) fn step(
    work: &mut Work<'_, '_>,
    step: &Node,
    entry: &Entry,
    index: usize,
    common: &Common,
    artifacts: &Artifacts,
    made: &mut Made,
) {
    let Some(reference) = entry.value.text() else { return };
    let (action, version) = reference.split_once('@').unwrap_or((reference, ""));
    let with = work.open(step, "with");
    let lower = action.to_ascii_lowercase();
    let used = Use { action: &lower, entry, version, with: with.map(|e| &e.value), common };
    if portable(work, &used, index, artifacts, made) {
        let how = if lower == "actions/checkout" {
            Fate::Exact
        } else {
            Fate::Emulated(format!("each vendor has its own way of what `{action}` does"))
        };
        work.mark(entry, how);
        if let Some(with) = with {
            with.value.each_entry(&mut |e| {
                if !work.ledger.is_marked(e.id) {
                    work.ledger.mark(e.id, Fate::Exact)
                }
            });
        }
        if let Some(name) = step.entry("name") {
            work.mark(name, Fate::Emulated("pipewright names the step itself".to_owned()));
        }
        return;
    }
    made.steps.push(opaque(work, entry, with, common));
}

/// The step of the spec for an action that every vendor can do; false where it is none of these, or has inputs that only GitHub knows.
fn portable(work: &mut Work<'_, '_>, used: &Use<'_>, index: usize, artifacts: &Artifacts, made: &mut Made) -> bool {
    // What others read of a step are the outputs of this very action.
    if !used.common.env.is_empty() || used.common.forgiven || used.common.id.is_some() {
        return false;
    }
    match used.action {
        "actions/checkout" => checkout::checkout(work, used, index, made),
        "actions/upload-artifact" => upload(work, used, artifacts, made),
        "actions/download-artifact" => download(work, used, artifacts, made),
        "actions/cache" => used.common.is_plain() && cache::cache(work, used, made),
        "swatinem/rust-cache" => used.common.is_plain() && kept(work, used, "cargo", made),
        "gradle/actions/setup-gradle" | "gradle/gradle-build-action"
            if used.raw("arguments").is_none() && used.raw("gradle-version").is_none() =>
        {
            if used.raw("cache-disabled") == Some("true") {
                let why = Fate::Emulated("Gradle is the one of the wrapper, and nothing is cached".to_owned());
                used.with.map(Node::entries).unwrap_or_default().iter().for_each(|e| work.mark(e, why.clone()));
                return true;
            }
            used.common.is_plain() && kept(work, used, "gradle", made)
        }
        "docker/login-action" => login(work, used, made),
        "github/codeql-action/upload-sarif" => findings(work, used, made),
        "aws-actions/configure-aws-credentials" => role(work, used, made),
        _ => match toolchain::of(work, used) {
            Some(builds) => {
                for build in builds {
                    let has_no_settings = build.0.name() == "cache";
                    if has_no_settings && !used.common.is_plain() {
                        continue;
                    }
                    made.steps.push(if has_no_settings { build } else { settings(used.common, build) });
                }
                true
            }
            None => false,
        },
    }
}

/// The node with the settings that portable steps take; the name is pipewright's own.
pub(super) fn settings(common: &Common, build: Build) -> Build {
    build.maybe("if", common.condition.as_ref()).maybe("when", common.when).maybe("timeout", common.timeout.as_ref())
}

/// The token of the run opens GitHub's own registry.
fn login(work: &mut Work<'_, '_>, used: &Use<'_>, made: &mut Made) -> bool {
    let is_own = |key: &str, values: &[&str]| {
        used.raw(key).is_some_and(|v| values.contains(&v.trim().trim_start_matches("${{").trim_end_matches("}}").trim()))
    };
    let fits = used.has_only(&["registry", "username", "password"])
        && used.fixed(work, "registry").is_some_and(|r| r == "ghcr.io")
        && is_own("username", &["github.actor", "github.repository_owner"])
        && is_own("password", &["github.token", "secrets.GITHUB_TOKEN"]);
    if fits {
        work.declared.has_ghcr = true;
        made.steps.push(settings(used.common, node("registry-login").arg("ghcr")));
    }
    fits
}

/// The cache of a tool, once a job. Its settings only save time.
fn kept(work: &mut Work<'_, '_>, used: &Use<'_>, tool: &str, made: &mut Made) -> bool {
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        work.mark(entry, Fate::Emulated(format!("the cache of {tool} as pipewright keeps it: settings only save time")));
    }
    let is_there = made.steps.iter().any(|s| s.0.name() == "cache" && s.0.arg(0).and_then(|e| e.as_str()) == Some(tool));
    if !is_there {
        made.steps.push(node("cache").arg(tool));
    }
    true
}

/// Findings of a scanner: a report of the job.
fn findings(work: &mut Work<'_, '_>, used: &Use<'_>, made: &mut Made) -> bool {
    let fits = used.has_only(&["sarif_file", "category", "wait-for-processing"]);
    if !fits || used.common.condition.is_some() || used.common.timeout.is_some() {
        return false;
    }
    // A folder holds files whose names a spec would have to know.
    let Some(file) = used.raw("sarif_file").and_then(below).filter(|f| f.ends_with(".sarif")) else { return false };
    for entry in used.with.map(Node::entries).unwrap_or_default().iter().filter(|e| e.key != "sarif_file") {
        work.mark(entry, Fate::Emulated("pipewright tells the files of a job apart itself".to_owned()));
    }
    let report = node("report").arg("sarif").arg(&file).prop("when", used.common.when.unwrap_or("success"));
    // A job has one report of a kind, of several files where several steps publish theirs.
    let of_findings = |b: &&mut Build| b.0.name() == "report" && b.0.arg(0).and_then(|e| e.as_str()) == Some("sarif");
    let Some(known) = made.produces.iter_mut().find(of_findings) else {
        made.produces.push(report);
        return true;
    };
    let same = known.0.setting("when").and_then(|e| e.as_str()) == report.0.setting("when").and_then(|e| e.as_str());
    if same {
        known.0.entries.insert(known.0.args().count(), report.0.entries[1].clone());
    }
    same
}

fn role(work: &mut Work<'_, '_>, used: &Use<'_>, made: &mut Made) -> bool {
    let keys = ["role-to-assume", "aws-region", "role-session-name", "role-duration-seconds"];
    let entry = |key: &str| used.with.and_then(|w| w.entry(key));
    let (Some(role), Some(region)) = (entry("role-to-assume"), entry("aws-region")) else { return false };
    if !used.has_only(&keys) {
        return false;
    }
    let role = work.text(role, Where::Field).unwrap_or_default();
    let region = work.text(region, Where::Field).unwrap_or_default();
    for key in ["role-session-name", "role-duration-seconds"] {
        if let Some(entry) = entry(key) {
            work.lose(entry, "the portable step has no such setting");
        }
    }
    made.steps.push(settings(used.common, node("aws-role").prop("role", &role).prop("region", &region)));
    true
}

/// The first number of a version; of a branch none, which is below all.
fn line(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// The action itself for GitHub, and what stands for it elsewhere where that is known.
fn opaque(work: &mut Work<'_, '_>, entry: &Entry, with: Option<&Entry>, common: &Common) -> Build {
    let mut reference = entry.value.text().unwrap_or_default().to_owned();
    let free = reference.starts_with("./") || reference.starts_with("docker://");
    let action = reference.split('@').next().unwrap_or_default().to_owned();
    let behind = work.behind(&entry.value);
    let mut version = behind.as_ref().map(|c| format!("{action} {c}"));
    let shown = known::version(&reference, behind.as_deref());
    let mut changed = None;
    if pins::resolve(&reference).is_err() && !free {
        let newer = pins::latest(&action).filter(|pin| pin.tag.as_deref().is_none_or(|tag| line(tag) >= line(&shown)));
        changed = Some(match newer {
            Some(pin) => {
                version = None;
                let was = std::mem::replace(&mut reference, format!("{action}@{}", pin.tag.unwrap_or(pin.commit)));
                format!("`{was}` became `{reference}`, whose commit pipewright knows")
            }
            None => {
                work.declared.has_unpinned = true;
                "nobody pinned it, which the spec accepts by name: write the commit behind its version".to_owned()
            }
        });
    }
    let mut pairs = Vec::new();
    for input in with.iter().flat_map(|w| w.value.entries()) {
        let value = if input.value.is_null() { Some(String::new()) } else { work.text(input, Where::Input) };
        pairs.extend(value.map(|v| (input.key.clone(), v)));
    }
    if let Some(handle) = common.id.as_ref().filter(|id| work.scope.job.files.keys().any(|(handle, _)| handle == *id)) {
        pairs.push((known::INTO.to_owned(), handle.clone()));
    }
    let body = known::elsewhere(&action, &shown, &With(&pairs));
    // A scanner whose findings go to a page of GitHub.
    let left_out = body.is_none() && work.scope.job.finds;
    let fate = match body {
        Some(Elsewhere::Steps(..)) => Fate::Emulated(known::remark(&action)),
        Some(Elsewhere::Roomy) => Fate::Emulated("a container has none of what this takes away from GitHub's machine".to_owned()),
        Some(Elsewhere::Slower) => Fate::Emulated("elsewhere without this cache, which is only slower".to_owned()),
        None if left_out => {
            Fate::Own("a scanner whose findings go to GitHub's own page, and is left out elsewhere by name".to_owned())
        }
        Some(Elsewhere::Nothing) if action.ends_with("-pages") => {
            Fate::Emulated("GitLab publishes what a job says of its pages".to_owned())
        }
        Some(Elsewhere::Nothing) => Fate::Own("it looks after pages of GitHub, and is left out elsewhere by name".to_owned()),
        None => Fate::Own("only GitHub has this action".to_owned()),
    };
    if let Some(folder) = known::deploy::pages(&action.to_ascii_lowercase(), &With(&pairs)).filter(|_| common.is_plain()) {
        work.scope.job.pages = Some(folder);
    }
    let own = match (&fate, changed) {
        (Fate::Own(why), Some(changed)) => Fate::Own(format!("{why}; {changed}")),
        (Fate::Emulated(why), Some(changed)) => Fate::Emulated(format!("{why}; {changed}")),
        _ => fate.clone(),
    };
    work.mark(entry, own);
    for entry in with.into_iter().flat_map(|w| std::iter::once(w).chain(w.value.entries())) {
        work.mark(entry, fate.clone());
    }
    if known::wants_docker(&action.to_ascii_lowercase()) {
        work.scope.job.wants_docker = true;
    }
    let call = work.declared.call(&reference, version, shown, left_out, pairs);
    common.dress(call)
}
