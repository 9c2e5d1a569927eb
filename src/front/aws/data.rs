//! What a buildspec keeps: caches, artifacts, reports.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::buildspec::Around;
use super::work::Work;

/// Folders of tools in the home of CodeBuild's images, by the tool's name in a spec.
const TOOLS: &[(&str, &str)] = &[
    ("/.npm", "npm"),
    ("/.cache/pip", "pip"),
    ("/.cargo", "cargo"),
    ("/.m2", "maven"),
    ("/.gradle", "gradle"),
    ("/go/pkg/mod", "go"),
];

/// The tool whose folder a path outside of the project is.
fn tool(path: &str) -> Option<&'static str> {
    let outside = path.starts_with(['/', '~']);
    TOOLS.iter().find(|(folder, _)| outside && path.contains(folder)).map(|(_, tool)| *tool)
}

/// A path below the root, as a spec wants it. The same folder with all below it is a folder of a spec.
fn below(path: &str) -> Option<String> {
    let path = path.trim();
    let path =
        ["$CODEBUILD_SRC_DIR/", "${CODEBUILD_SRC_DIR}/", "./"].iter().fold(path, |p, start| p.strip_prefix(start).unwrap_or(p));
    let bad = path.is_empty() || path.starts_with(['/', '~']) || path.split('/').any(|p| p == "..") || path.contains(['$', '\n']);
    (!bad).then(|| path.to_owned())
}

/// A folder where a pattern takes all below it.
fn folder(path: &str) -> String {
    match path.strip_suffix("/**/*").or_else(|| path.strip_suffix("/**")).or_else(|| path.strip_suffix("/*")) {
        Some(start) if !start.is_empty() && !start.contains('*') => format!("{start}/"),
        _ => path.to_owned(),
    }
}

/// `cache:`
pub(super) fn cache(work: &mut Work<'_>, document: &Node) -> Vec<Build> {
    let Some(entry) = work.open(document, "cache") else { return Vec::new() };
    for key in ["fallback-keys", "action"] {
        if let Some(own) = work.open(&entry.value, key) {
            work.turn(own, "a cache only saves time; pipewright decides when it is kept");
        }
    }
    let Some(paths) = work.open(&entry.value, "paths") else { return Vec::new() };
    let mut made = Vec::new();
    let mut own = Vec::new();
    for text in paths.value.texts().unwrap_or_default() {
        if let Some(tool) = tool(text) {
            made.push(node("cache").arg(tool));
            continue;
        }
        match below(text) {
            Some(path) => own.push(folder(&path)),
            None => work.mark(paths, Fate::Lost(format!("`{text}` is no path below the root: name its tool"))),
        }
    }
    if !own.is_empty() {
        // A word alone would be the name of a tool.
        own.iter_mut().filter(|p| !p.contains(['/', '.', '*'])).for_each(|p| p.push('/'));
        let mut build = node("cache").args(own);
        if let Some(key) = work.open(&entry.value, "key") {
            work.turn(key, "pipewright adds what tells systems and files apart");
            let fixed: String = key.value.text().unwrap_or_default().split("$(").next().unwrap_or_default().to_owned();
            let fixed = fixed.trim_matches(['-', '_', ':', '/']);
            if !fixed.is_empty() && !fixed.contains('$') {
                build = build.prop("key", fixed);
            }
        }
        made.push(build);
    }
    made
}

/// `artifacts:`, the main ones and those beside them.
pub(super) fn artifacts(work: &mut Work<'_>, document: &Node, around: &Around) -> Vec<Build> {
    let Some(entry) = work.open(document, "artifacts") else { return Vec::new() };
    let mut made = Vec::new();
    let mut names = Names::default();
    let first = around.outputs.first().map_or(around.name.as_str(), |(_, ours)| ours);
    made.extend(one(work, entry, &names.unique(first)));
    if let Some(others) = work.open(&entry.value, "secondary-artifacts") {
        for own in others.value.entries() {
            let known = around.outputs.iter().find(|(theirs, _)| *theirs == own.key).map(|(_, ours)| ours.clone());
            let name = known.unwrap_or_else(|| format!("{}-{}", around.name, slug(&own.key)));
            work.mark(own, Fate::Exact);
            made.extend(one(work, own, &names.unique(&name)));
        }
    }
    made
}

fn one(work: &mut Work<'_>, entry: &Entry, name: &str) -> Option<Build> {
    let map = &entry.value;
    let base = work.open(map, "base-directory");
    if let Some(own) = work.open(map, "name") {
        work.turn(own, &format!("the artifact is called `{name}`"));
    }
    for key in ["type", "enable-symlinks", "s3-prefix"] {
        if let Some(own) = work.open(map, key) {
            work.turn(own, "the vendor keeps files in its own way");
        }
    }
    if let Some(flat) = work.open(map, "discard-paths")
        && matches!(flat.value.text(), Some("yes" | "true"))
    {
        work.lose(flat, "an artifact of a spec keeps the paths of its files");
    }
    if let Some(own) = map.entry("exclude-paths") {
        work.lose(own, "an artifact of a spec leaves nothing out");
    }
    let files = work.open(map, "files")?;
    let paths = paths(work, files, base);
    if paths.is_empty() {
        return None;
    }
    if let Some(start) = base.and_then(|b| b.value.text()).and_then(below) {
        work.roots.insert(name.to_owned(), start.trim_end_matches('/').to_owned());
    }
    work.turn(entry, "published when the job has succeeded, and an error where there are no files");
    Some(node("produces").arg(name).args(paths))
}

/// Files below a base directory.
fn paths(work: &mut Work<'_>, files: &Entry, base: Option<&Entry>) -> Vec<String> {
    let mut start = String::new();
    if let Some(base) = base {
        match base.value.text().and_then(below) {
            Some(path) => start = format!("{}/", path.trim_end_matches('/')),
            None if matches!(base.value.text(), Some("." | "./" | "$CODEBUILD_SRC_DIR")) => {}
            None => {
                work.lose(base, "it is no path below the root that a spec could name");
                return Vec::new();
            }
        }
    }
    let mut found = Vec::new();
    for text in files.value.texts().unwrap_or_default() {
        match below(text) {
            Some(path) => found.push(format!("{start}{path}")),
            None => work.mark(files, Fate::Lost(format!("`{text}` is no path below the root that a spec could name"))),
        }
    }
    found.into_iter().map(|p| folder(&p)).collect()
}

/// Formats of reports, by the kind and the format of a spec.
const FORMATS: &[(&str, &str, Option<&str>)] = &[
    ("JUNITXML", "junit", None),
    ("COBERTURAXML", "coverage", None),
    ("JACOCOXML", "coverage", Some("jacoco")),
    ("CLOVERXML", "coverage", Some("clover")),
];

/// `reports:`
pub(super) fn reports(work: &mut Work<'_>, document: &Node, job: &str) -> Vec<Build> {
    let Some(entry) = work.open(document, "reports") else { return Vec::new() };
    let mut made: Vec<Build> = Vec::new();
    for group in entry.value.entries() {
        work.turn(group, "the vendor calls the report by its job");
        let base = work.open(&group.value, "base-directory");
        if let Some(own) = work.open(&group.value, "discard-paths") {
            work.turn(own, "a report keeps the paths of its files");
        }
        let format = work.open(&group.value, "file-format");
        let word = format.and_then(|e| e.value.text()).unwrap_or("JunitXml").to_ascii_uppercase();
        let Some(files) = work.open(&group.value, "files") else { continue };
        let paths = paths(work, files, base);
        if paths.is_empty() {
            continue;
        }
        let known = FORMATS.iter().find(|(f, ..)| *f == word);
        let is_there = |kind: &str| made.iter().any(|b| b.0.arg(0).and_then(|e| e.as_str()) == Some(kind));
        match known.filter(|(_, kind, _)| !is_there(kind)) {
            Some((_, kind, form)) => made.push(node("report").arg(kind).args(paths).maybe("format", *form)),
            None => {
                if let Some(format) = format {
                    work.lose(
                        format,
                        "no vendor beside CodeBuild shows this form, and a job has one report of a kind: the files are kept",
                    );
                }
                let name = format!("{job}-{}", slug(&group.key));
                made.push(node("produces").arg(&name).args(paths).prop("when", "always"));
            }
        }
    }
    made
}
