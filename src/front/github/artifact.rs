//! Artifacts: what a job uploads, and what it downloads of another.
//!
//! What GitHub tells apart by the name of an artifact lies in one workspace elsewhere. Where a download asks for one cell of a matrix, or for each
//! artifact in a folder of its own, the upload collects its files in a folder that has the name at the vendor.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use super::collect::{common, left_out, lines, search};
use super::handover::{Artifact, Artifacts, Asked, DOWNLOAD, UPLOAD};
use super::step::Made;
use super::text::Where;
use super::uses::Use;
use super::work::Work;

pub(super) fn upload(work: &mut Work<'_, '_>, used: &Use<'_>, artifacts: &Artifacts, made: &mut Made) -> bool {
    if !used.has_only(UPLOAD) || used.common.timeout.is_some() {
        return false;
    }
    let theirs = used.fixed(work, "name").unwrap_or_else(|| "artifact".to_owned());
    let Some(artifact) = artifacts.upload(&work.scope.job.id, &theirs) else { return false };
    let files = match (&artifact.paths, artifact.is_staged) {
        (Some(paths), false) if used.common.condition.is_none() => paths.clone(),
        (_, false) => return false,
        (_, true) => {
            let Some(collect) = collected(work, used, artifact) else { return false };
            made.steps.push(collect);
            vec![format!("{}/", artifact.folder())]
        }
    };
    let mut build = node("produces").arg(&artifact.name).args(files);
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        match entry.key.as_str() {
            "name" if entry.value.text() != Some(&artifact.name) => {
                work.mark(entry, Fate::Emulated(format!("the artifact is called `{}`", artifact.name)));
            }
            "path" if artifact.is_staged => {
                let why = format!("the files are collected in `{}`, where each cell has a folder", artifact.folder());
                work.mark(entry, Fate::Emulated(why));
            }
            "path" if !takes_hidden(used) && lines(entry.value.text().unwrap_or_default()).any(may_hide) => {
                work.mark(entry, Fate::Emulated("what begins with a dot there is in it, too".to_owned()));
            }
            "retention-days" => match entry.value.text().and_then(|t| t.parse::<u32>().ok()) {
                Some(days) if days > 0 => build = build.prop("keep", &format!("{days}d")),
                _ => work.lose(entry, "a number of days is expected"),
            },
            "if-no-files-found" if entry.value.text() != Some("error") => {
                work.mark(entry, Fate::Emulated("a missing file is an error of a job that succeeds".to_owned()));
            }
            "compression-level" | "overwrite" => {
                work.mark(entry, Fate::Emulated("the vendor packs artifacts in its own way".to_owned()));
            }
            _ => {}
        }
    }
    // What a condition kept from being collected is not missed.
    let when = used.common.when.or(used.common.condition.as_ref().map(|_| "always"));
    let when = if artifact.is_staged { when.map(|_| "always") } else { when };
    made.produces.push(build.maybe("when", when));
    true
}

/// The step that collects the files of an artifact, as the action finds them: a folder's own files, a file by its name, and several paths below
/// the folder that they have in common (actions/upload-artifact, "Inputs").
fn collected(work: &mut Work<'_, '_>, used: &Use<'_>, artifact: &Artifact) -> Option<Build> {
    let entry = |key: &str| used.with.and_then(|w| w.entry(key));
    let mut text = |key: &str| {
        let entry = entry(key)?;
        let source = entry.value.text().map(|t| work.fixed(t))?;
        work.placed_text(entry, &source, Where::Bash)
    };
    let name = text("name").unwrap_or_else(|| "artifact".to_owned());
    let paths = text("path")?;
    let paths: Vec<&str> = lines(&paths).collect();
    let has_glob = |p: &str| p.contains(['*', '?', '[']);
    let mut script = vec![format!("FOLDER=\"$PWD/{}/{name}\"", artifact.folder()), "mkdir -p \"$FOLDER\"".to_owned()];
    match paths.as_slice() {
        [one] if !has_glob(one) && !matches!(*one, "." | "./") => {
            let one = one.trim_end_matches('/');
            script.push(format!(
                "if [ -d \"{one}\" ]; then cp -R \"{one}/.\" \"$FOLDER\"; elif [ -e \"{one}\" ]; then cp \"{one}\" \"$FOLDER\"; fi"
            ));
        }
        ["." | "./", rest @ ..] if rest.iter().all(|p| left_out(p).is_some()) => {
            let out: String = rest.iter().filter_map(|p| left_out(p)).map(|p| format!(" --exclude=\"./{p}\"")).collect();
            script.push(format!("tar -cf - --exclude=./.artifacts{out} . | tar -xf - -C \"$FOLDER\""));
        }
        several => {
            let (root, files) = common(several);
            if !root.is_empty() {
                script.push(format!("cd \"{root}\""));
            }
            let copy = "if [ -e \"$FILE\" ]; then tar -cf - \"$FILE\" | tar -xf - -C \"$FOLDER\"; fi";
            let (deep, plain): (Vec<&String>, Vec<&String>) = files.iter().partition(|f| f.contains("**"));
            if !plain.is_empty() {
                let plain = plain.into_iter().cloned().collect::<Vec<_>>().join(" ");
                script.push(format!("for FILE in {plain}; do {copy}; done"));
            }
            for pattern in deep {
                let (top, test) = search(pattern)?;
                let own = if top == "." { " -not -path './.artifacts/*'" } else { "" };
                script.push(format!(
                    "find {top} -type f{test}{own} 2> /dev/null | while IFS= read -r FILE; do {copy}; done || true"
                ));
            }
        }
    }
    if !takes_hidden(used) {
        script.push("find \"$FOLDER\" -mindepth 1 -name '.*' -prune -exec rm -rf {} +".to_owned());
    }
    Some(step(used, &format!("Collect {}", artifact.name), &script))
}

/// Whether an upload takes what begins with a dot: the action leaves it out unless told (actions/upload-artifact, "Inputs").
fn takes_hidden(used: &Use<'_>) -> bool {
    used.with.and_then(|w| w.get("include-hidden-files")).and_then(Node::truth) == Some(true)
}

/// Whether a path may be a folder, or take several files.
fn may_hide(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    path.contains(['*', '?', '[']) || !last.contains('.')
}

/// A step with a script, by its name in the workflow, or by one that says what it does.
fn step(used: &Use<'_>, unsaid: &str, script: &[String]) -> Build {
    let build = if used.common.name.is_none() { node("run").prop("name", unsaid) } else { node("run") };
    used.common.dress(build).args([script.join("\n")])
}

pub(super) fn download(work: &mut Work<'_, '_>, used: &Use<'_>, artifacts: &Artifacts, made: &mut Made) -> bool {
    if !used.has_only(DOWNLOAD) || used.common.timeout.is_some() {
        return false;
    }
    let asked = Asked::of(work, used.with);
    let job = work.scope.job.id.clone();
    let Some((found, path)) = artifacts.download(&job, &asked) else { return false };
    let (staged, direct): (Vec<&Artifact>, Vec<&Artifact>) = found.into_iter().partition(|a| a.is_staged);
    let mut scripts = Vec::new();
    for artifact in &direct {
        if artifact.root != path {
            let Some(line) = copied(&artifact.root, artifact.paths.as_deref().unwrap_or_default(), &path) else { return false };
            scripts.push(line);
        }
    }
    if !staged.is_empty() {
        let Asked { name, pattern, merges, .. } = asked;
        let key = if name.is_some() { "name" } else { "pattern" };
        let words = match used.with.and_then(|w| w.entry(key)) {
            Some(entry) => name.or(pattern).and_then(|source| work.placed_text(entry, &source, Where::Bash)),
            None => Some("*".to_owned()),
        };
        let Some(asked) = words else { return false };
        let to = if path.is_empty() { "." } else { path.as_str() };
        let mut script = Vec::new();
        if to != "." {
            script.push(format!("mkdir -p \"{to}\""));
        }
        if key == "name" {
            script.extend(staged.iter().map(|a| format!("cp -R \"{}/{asked}/.\" \"{to}\"", a.folder())));
        } else {
            let folders: Vec<String> = staged.iter().map(|a| format!("{}/{}", a.folder(), asked.replace("**", "*"))).collect();
            let (inside, to) = if merges { ("/.", to.to_owned()) } else { ("", format!("{to}/")) };
            script.push(format!(
                "for FOLDER in {}; do if [ -d \"$FOLDER\" ]; then cp -R \"$FOLDER{inside}\" \"{to}\"; fi; done",
                folders.join(" ")
            ));
        }
        scripts.push(script.join("\n"));
        for entry in used.with.map(Node::entries).unwrap_or_default() {
            work.mark(entry, Fate::Emulated("a step lays the files there".to_owned()));
        }
    }
    for artifact in direct.iter().chain(&staged) {
        if !made.consumes.contains(&artifact.name) {
            made.consumes.push(artifact.name.clone());
        }
    }
    let names: Vec<&str> = direct.iter().chain(&staged).map(|a| a.name.as_str()).collect();
    let unsaid = format!("Lay out {}", names.join(", "));
    made.steps.extend(scripts.into_iter().map(|line| step(used, &unsaid, &[line])));
    true
}

/// What lays the files of an artifact into another folder; none where the shell finds them in another way.
fn copied(root: &str, files: &[String], path: &str) -> Option<String> {
    let inside = |file: &String| {
        let rest = file.strip_prefix(root)?.trim_start_matches('/').trim_end_matches('/');
        (!rest.contains("**") && !rest.contains(' ')).then(|| if rest.is_empty() { ".".to_owned() } else { rest.to_owned() })
    };
    // Without an end a path may be a file or a folder: the action looks.
    if let [one] = files
        && one == root
        && !one.ends_with('/')
    {
        let parent = one.rsplit_once('/').map_or("", |(parent, _)| parent);
        let to = if path.is_empty() { "." } else { path };
        let file = if parent == path { String::new() } else { format!(" else cp \"{one}\" \"{to}\";") };
        return Some(format!("mkdir -p \"{to}\"\nif [ -d \"{one}\" ]; then cp -R \"{one}/.\" \"{to}\";{file} fi"));
    }
    let files = files.iter().map(inside).collect::<Option<Vec<_>>>()?.join(" ");
    let root = if root.is_empty() { "." } else { root };
    let path = if path.is_empty() { "." } else { path };
    Some(format!("mkdir -p {path} && (cd {root} && tar -cf - {files}) | tar -xf - -C {path}"))
}
