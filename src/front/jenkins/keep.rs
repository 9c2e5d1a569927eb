//! Steps that keep files: reports, artifacts, stashes.

use crate::front::ledger::Fate;
use crate::front::node::node;

use super::step::{Body, Scope, refuse};
use super::text::{Where, text};
use super::tree::{Arg, Item, Value, find};
use super::work::Work;

/// Paths of a list with commas, as a spec wants them.
fn paths(text: &str, dir: Option<&str>) -> Option<Vec<String>> {
    let own = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    let all: Vec<String> = own.map(|p| dir.map_or_else(|| p.to_owned(), |d| format!("{d}/{p}"))).collect();
    let good = |p: &String| !p.starts_with('/') && !p.contains("..") && !p.contains(['$', '\n']);
    let folder = |p: String| match p.strip_suffix("/**/*").or_else(|| p.strip_suffix("/**")) {
        Some(start) if !start.is_empty() && !start.contains('*') => format!("{start}/"),
        _ => p,
    };
    (!all.is_empty() && all.iter().all(good)).then(|| all.into_iter().map(folder).collect())
}

/// Reads a step that keeps files.
pub(super) fn keep(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    match item.name.as_str() {
        "junit" => report(work, item, "testResults", &item.args.clone(), scope, body),
        "archiveArtifacts" | "archive" => archive(work, item, &item.args.clone(), scope, body),
        "publishHTML" => {
            let inner = match item.first() {
                Some(Value::List(args)) => args.clone(),
                _ => item.args.clone(),
            };
            let value = |key: &str| find(&inner, key).and_then(Value::plain);
            let dir = value("reportDir");
            let files = value("reportFiles").unwrap_or_else(|| "**".to_owned());
            match paths(&files, dir.as_deref()) {
                Some(list) => {
                    work.turn(item, "the pages are kept as an artifact");
                    let name = work.artifacts.unique(&format!("{}-pages", body.job));
                    body.produces.push(node("produces").arg(&name).args(list).maybe("when", scope.when));
                }
                None => refuse(work, item, "the folder is worked out by Jenkins in the run", scope, body),
            }
        }
        "step" => {
            let inner = match item.first() {
                Some(Value::List(args)) => args.clone(),
                _ => item.args.clone(),
            };
            match find(&inner, "$class").and_then(Value::plain).as_deref() {
                Some("ArtifactArchiver") => archive(work, item, &inner, scope, body),
                Some("JUnitResultArchiver") => report(work, item, "testResults", &inner, scope, body),
                _ => refuse(work, item, "a spec has no such step: write it as a script", scope, body),
            }
        }
        "stash" => stash(work, item, scope, body),
        _ => unstash(work, item, scope, body),
    }
}

/// The text of an argument, or of the first one.
fn value(work: &Work<'_>, args: &[Arg], key: &str) -> Option<String> {
    let first = args.iter().find(|a| a.name.is_none()).map(|a| &a.value);
    text(work, find(args, key).or(first)?, Where::Field).ok()
}

fn report(work: &mut Work<'_>, item: &Item, key: &str, args: &[Arg], scope: &mut Scope, body: &mut Body) {
    let Some(list) = value(work, args, key).and_then(|t| paths(&t, scope.dir.as_deref())) else {
        return refuse(work, item, "the files are worked out by Jenkins in the run", scope, body);
    };
    work.carry(item);
    work.only(args, &["testResults", "$class", "allowEmptyResults"], "a report of a spec has no such setting");
    let is = |b: &crate::front::node::Build| b.0.name() == "report";
    match body.produces.iter_mut().find(|b| is(b)) {
        // A job has one report of a kind.
        Some(known) => list.iter().for_each(|p| *known = known.clone().arg(p)),
        None => body.produces.push(node("report").arg("junit").args(list)),
    }
}

fn archive(work: &mut Work<'_>, item: &Item, args: &[Arg], scope: &mut Scope, body: &mut Body) {
    let key = if item.name == "archive" { "includes" } else { "artifacts" };
    let Some(list) = value(work, args, key).and_then(|t| paths(&t, scope.dir.as_deref())) else {
        return refuse(work, item, "the files are worked out by Jenkins in the run", scope, body);
    };
    work.carry(item);
    work.only(
        args,
        &[
            "artifacts",
            "includes",
            "$class",
            "allowEmptyArchive",
            "fingerprint",
            "onlyIfSuccessful",
            "caseSensitive",
            "followSymlinks",
        ],
        "an artifact of a spec leaves nothing out",
    );
    for arg in args.iter().filter(|a| matches!(a.name.as_deref(), Some("fingerprint" | "caseSensitive" | "followSymlinks"))) {
        arg.key.into_iter().for_each(|k| work.ledger.mark(k, Fate::Emulated("the vendor keeps files in its own way".to_owned())));
    }
    if scope.condition.is_some() {
        work.mark(item, Fate::Emulated("the files are kept whenever the job runs, where they are there".to_owned()));
    }
    let empty = find(args, "allowEmptyArchive").is_some_and(Value::is_true) || scope.condition.is_some();
    // Where files may be missing, a spec says `when=always`.
    let when = scope.when.or(empty.then_some("always"));
    let name = work.artifacts.unique(&body.job);
    body.produces.push(node("produces").arg(&name).args(list).maybe("when", when));
}

/// Files put aside: an artifact, where another job takes them.
fn stash(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let name = item.arg("name").or_else(|| item.first()).and_then(Value::plain);
    let files = item.arg("includes").and_then(Value::plain).unwrap_or_else(|| "**".to_owned());
    match (name, paths(&files, scope.dir.as_deref())) {
        (Some(name), Some(list)) => {
            work.carry(item);
            work.only(
                &item.args,
                &["name", "includes", "allowEmpty", "useDefaultExcludes"],
                "an artifact of a spec leaves nothing out",
            );
            let artifact = work.artifacts.unique(&name);
            body.produces.push(node("produces").arg(&artifact).args(list));
            work.stashes.insert(name, (artifact, body.job.clone()));
        }
        _ => refuse(work, item, "the files are worked out by Jenkins in the run", scope, body),
    }
}

fn unstash(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let name = item.arg("name").or_else(|| item.first()).and_then(Value::plain).unwrap_or_default();
    match work.stashes.get(&name).cloned() {
        Some((_, job)) if job == body.job && scope.dir.is_none() => work.turn(item, "the files lie there already"),
        Some((artifact, job)) if job != body.job && scope.dir.is_none() => {
            work.carry(item);
            if !body.consumes.contains(&artifact) {
                body.consumes.push(artifact);
            }
        }
        Some(_) => refuse(work, item, "files of an artifact lie at their own paths: move them in a script", scope, body),
        None => refuse(work, item, "no job before it puts such files aside", scope, body),
    }
}
