//! Steps that use an action: the portable ones for the most used, the action itself for the rest.

use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};
use crate::target::pins;

use super::artifact::{below, download, upload};
use super::step::{Artifacts, Common, Made};
use super::text::Where;
use super::toolchain;
use super::work::Work;

/// A step that uses an action, with what is known of it.
pub(super) struct Use<'u> {
    /// `actions/checkout`, without its version.
    pub(super) action: &'u str,
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

    /// The text of an input as written.
    pub(super) fn raw(&self, key: &str) -> Option<&str> {
        self.with.and_then(|w| w.get(key)).and_then(Node::text)
    }
}

/// Converts a step.
pub(super) fn step(
    work: &mut Work<'_>,
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
    let used = Use { action: &lower, version, with: with.map(|e| &e.value), common };
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
fn portable(work: &mut Work<'_>, used: &Use<'_>, index: usize, artifacts: &Artifacts, made: &mut Made) -> bool {
    if !used.common.env.is_empty() || used.common.forgiven {
        return false;
    }
    match used.action {
        "actions/checkout" => checkout(work, used, index, made),
        "actions/upload-artifact" => upload(work, used, artifacts, made),
        "actions/download-artifact" => download(used, artifacts, made),
        "actions/cache" => used.common.is_plain() && cache(work, used, made),
        "swatinem/rust-cache" => {
            let fits =
                used.common.is_plain() && used.has_only(&["save-if", "prefix-key", "shared-key", "key", "cache-on-failure"]);
            if fits {
                for entry in used.with.map(Node::entries).unwrap_or_default() {
                    work.mark(entry, Fate::Lost("the cache of cargo has no such setting in a spec".to_owned()));
                }
                made.steps.push(node("cache").arg("cargo"));
            }
            fits
        }
        "github/codeql-action/upload-sarif" => findings(work, used, made),
        "aws-actions/configure-aws-credentials" => role(work, used, made),
        _ => match toolchain::of(work, used) {
            Some(build) => {
                made.steps.push(settings(used.common, build));
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

fn checkout(work: &mut Work<'_>, used: &Use<'_>, index: usize, made: &mut Made) -> bool {
    if made.has_checkout
        || !used.has_only(&["fetch-depth", "ref", "submodules", "lfs", "persist-credentials", "fetch-tags", "clean"])
    {
        return false;
    }
    let mut build = node("checkout");
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        work.mark(entry, Fate::Exact);
        match entry.key.as_str() {
            "fetch-depth" => match entry.value.text().filter(|t| t.bytes().all(|b| b.is_ascii_digit())) {
                Some("1") => {}
                Some(depth) => build = build.value("depth", depth),
                None => return false,
            },
            "ref" => build = build.maybe("ref", work.text(entry, Where::Field).filter(|t| !t.is_empty())),
            "submodules" if entry.value.text() != Some("false") => build = build.arg("submodules"),
            "lfs" if entry.value.truth() == Some(true) => build = build.arg("lfs"),
            "persist-credentials" if entry.value.truth() != Some(false) => {
                work.mark(
                    entry,
                    Fate::Lost("the token does not stay in the clone: a script that pushes sets it itself".to_owned()),
                );
            }
            "fetch-tags" | "clean" => {
                work.mark(entry, Fate::Emulated("all tags come with `depth=0`, and the folder is empty".to_owned()));
            }
            _ => {}
        }
    }
    made.has_checkout = true;
    let build = settings(used.common, build);
    if index > 0 || !build.is_bare() {
        made.steps.push(build);
    }
    true
}

/// Directories that a known tool caches in, by the tool's name in a spec.
const CACHES: &[(&str, &str)] = &[
    ("~/.cargo", "cargo"),
    ("~/.npm", "npm"),
    ("~/.cache/pip", "pip"),
    ("~/go/pkg/mod", "go"),
    ("~/.cache/go-build", "go"),
    ("~/.m2", "maven"),
    ("~/.gradle", "gradle"),
    ("~/.cache/yarn", "yarn"),
    ("~/.cache/uv", "uv"),
    ("~/.cache/pypoetry", "poetry"),
];

fn cache(work: &mut Work<'_>, used: &Use<'_>, made: &mut Made) -> bool {
    if !used.has_only(&["path", "key", "restore-keys"]) {
        return false;
    }
    let (Some(path), Some(key)) = (used.raw("path"), used.raw("key")) else { return false };
    let lines: Vec<&str> = path.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let tool = |line: &str| CACHES.iter().find(|(dir, _)| line.starts_with(dir)).map(|(_, tool)| *tool);
    let tools: Vec<&str> = lines.iter().filter_map(|l| tool(l)).collect();
    let tool = tools.first().copied().filter(|first| {
        tools.iter().all(|t| t == first) && lines.iter().all(|l| tool(l).is_some() || *l == "target" || *l == "target/")
    });
    let paths: Option<Vec<String>> = lines.iter().map(|l| below(l)).collect();
    let mut build = match (tool, paths) {
        (Some(tool), _) => node("cache").arg(tool),
        // A word alone would be the name of a tool.
        (None, Some(paths)) => {
            node("cache").args(paths.iter().map(|p| if p.contains(['/', '.', '*']) { p.clone() } else { format!("{p}/") }))
        }
        (None, None) => return false,
    };
    let mut plain = String::new();
    let mut files = Vec::new();
    for piece in super::expr::pieces(key) {
        match piece {
            super::expr::Piece::Text(text) => plain.push_str(text),
            super::expr::Piece::Expr(inner) => match super::expr::parse(inner) {
                Some(super::expr::Gh::Call(name, arguments)) if name == "hashfiles" => {
                    for argument in arguments {
                        let super::expr::Gh::Text(file) = argument else { return false };
                        let Some(file) = below(&file) else { return false };
                        files.push(file);
                    }
                }
                Some(expr) if expr.path().as_deref() == Some("runner.os") => {}
                Some(_) => {
                    let (made, fate) =
                        super::text::text(&format!("${{{{ {inner} }}}}"), Where::Field, &work.scope, work.declared);
                    if fate != Fate::Exact {
                        return false;
                    }
                    plain.push_str(&made);
                }
                None => return false,
            },
        }
    }
    let plain = plain.trim_matches('-').replace("--", "-");
    if tool.is_none() && !plain.is_empty() {
        build = build.prop("key", &plain);
    }
    if files.len() == 1 && tool.is_none() {
        build = build.prop("files", &files.concat());
    } else if !files.is_empty() && tool.is_none() {
        build.push(node("files").args(&files));
    }
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        work.mark(entry, Fate::Emulated("pipewright makes the key, by system, lock file and vendor".to_owned()));
    }
    made.steps.push(build);
    true
}

/// Findings of a scanner: a report of the job.
fn findings(work: &mut Work<'_>, used: &Use<'_>, made: &mut Made) -> bool {
    let fits = used.has_only(&["sarif_file", "category", "wait-for-processing"]);
    if !fits || used.common.condition.is_some() || used.common.timeout.is_some() {
        return false;
    }
    // A folder holds files whose names a spec would have to know.
    let Some(file) = used.raw("sarif_file").and_then(below).filter(|f| f.ends_with(".sarif")) else { return false };
    for entry in used.with.map(Node::entries).unwrap_or_default().iter().filter(|e| e.key != "sarif_file") {
        work.mark(entry, Fate::Emulated("pipewright tells the files of a job apart itself".to_owned()));
    }
    made.produces.push(node("report").arg("sarif").arg(&file).prop("when", used.common.when.unwrap_or("success")));
    true
}

fn role(work: &mut Work<'_>, used: &Use<'_>, made: &mut Made) -> bool {
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

/// The action itself, for GitHub alone.
fn opaque(work: &mut Work<'_>, entry: &Entry, with: Option<&Entry>, common: &Common) -> Build {
    let reference = entry.value.text().unwrap_or_default().to_owned();
    let free = reference.starts_with("./") || reference.starts_with("docker://");
    let action = reference.split('@').next().unwrap_or_default().to_owned();
    let mut version = work.behind(&entry.value).map(|c| format!("{action} {c}"));
    let mut reference = reference;
    let why = match (pins::resolve(&reference), pins::latest(&action)) {
        (Err(_), Some(pin)) if !free => {
            version = None;
            let was = reference.clone();
            reference = format!("{action}@{}", pin.tag.unwrap_or(pin.commit));
            format!("only GitHub has this action; `{was}` became `{reference}`, whose commit pipewright knows")
        }
        (Err(_), _) if !free => "only GitHub has this action; `check` asks for the commit behind its version".to_owned(),
        _ => "only GitHub has this action".to_owned(),
    };
    work.mark(entry, Fate::Kept(why.clone()));
    let mut pairs = Vec::new();
    if let Some(with) = with {
        work.mark(with, Fate::Kept(why.clone()));
        for input in with.value.entries() {
            work.mark(input, Fate::Kept(why.clone()));
            let value = if input.value.is_null() { Some(String::new()) } else { work.text(input, Where::Field) };
            pairs.extend(value.map(|v| (input.key.clone(), v)));
        }
    }
    let call = work.declared.call(&reference, version, pairs);
    common.dress(call)
}
