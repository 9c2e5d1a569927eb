//! `batch:` of a buildspec: each build of it is a job (docs.aws.amazon.com/codebuild, "Batch build buildspec reference").

use std::collections::BTreeMap;

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{Names, is_variable, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::buildspec::{self, Around};
use super::work::Work;

/// Most jobs that a matrix of images and buildspecs is written out to.
const MAX_JOBS: usize = 100;

/// The jobs of a batch.
pub(super) fn jobs(work: &mut Work<'_>, document: &Node, batch: &Entry, base: &Around) -> Vec<Build> {
    if let Some(own) = work.open(&batch.value, "fast-fail")
        && own.value.truth() == Some(true)
    {
        work.turn(own, "the other jobs run to their end; the run fails all the same");
    }
    for kind in ["build-graph", "build-list"] {
        if let Some(list) = work.open(&batch.value, kind) {
            return tasks(work, document, list, base);
        }
    }
    if let Some(matrix) = work.open(&batch.value, "build-matrix") {
        return cells(work, document, matrix, base);
    }
    if let Some(lost) = batch.value.entry("build-fanout") {
        work.lose(lost, "the list of tests is made by a command in the run: say the parts as a `matrix`");
    }
    vec![buildspec::job(work, document, &base.named("build"))]
}

/// A list or a graph: an item for each build.
fn tasks(work: &mut Work<'_>, document: &Node, list: &Entry, base: &Around) -> Vec<Build> {
    let mut names = Names::without(&["none", "all"]);
    let named: Vec<String> = list
        .value
        .items()
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let theirs = item.get("identifier").and_then(Node::text).map_or_else(|| format!("build-{}", at + 1), str::to_owned);
            names.unique(&theirs)
        })
        .collect();
    let ours: BTreeMap<&str, &String> =
        list.value.items().iter().zip(&named).filter_map(|(item, name)| Some((item.get("identifier")?.text()?, name))).collect();
    let mut made = Vec::new();
    for (item, name) in list.value.items().iter().zip(&named) {
        let mut around = base.named(name);
        if let Some(own) = work.open(item, "identifier") {
            around.comments = work.comments(own.span);
            if own.value.text() != Some(name) {
                work.turn(own, &format!("the job is called `{name}`"));
            }
        }
        if let Some(needs) = work.open(item, "depend-on") {
            let list = needs.value.texts().unwrap_or_default();
            let known: Vec<&String> = list.iter().filter_map(|n| ours.get(n).copied()).collect();
            if known.len() < list.len() {
                work.mark(needs, Fate::Lost("a build that it waits for is not in the batch".to_owned()));
            }
            if !known.is_empty() {
                around.before.push(node("needs").args(known));
            }
        }
        if let Some(ignored) = work.open(item, "ignore-failure")
            && ignored.value.truth() == Some(true)
        {
            around.before.push(node("allow-failure"));
        }
        if let Some(own) = item.entry("debug-session") {
            work.lose(own, "a spec opens no sessions on a machine");
        }
        if let Some(env) = work.open(item, "env") {
            environment(work, &env.value, &mut around);
        }
        let path = work.open(item, "buildspec");
        made.push(of_path(work, document, path, path.and_then(|e| e.value.text()), &around));
    }
    made
}

/// The job of a buildspec that is named, or of this one.
fn of_path(work: &mut Work<'_>, document: &Node, entry: Option<&Entry>, path: Option<&str>, around: &Around) -> Build {
    let (Some(entry), Some(path)) = (entry, path) else { return buildspec::job(work, document, around) };
    if path.contains('\n') {
        work.mark(entry, Fate::Lost("the buildspec stands inside of the batch: move it to a file of its own".to_owned()));
        return missing(around, "a buildspec that stands inside of the batch");
    }
    match work.named(path) {
        Ok(found) => buildspec::job(work, &found, around),
        Err(why) => {
            work.mark(entry, Fate::Lost(why));
            missing(around, path)
        }
    }
}

/// A job whose commands are not here: it fails, so that nothing goes on as if they had run.
pub(super) fn missing(around: &Around, what: &str) -> Build {
    let mut build =
        node("job").arg(&around.name).comments(around.comments.iter().cloned()).children(around.before.iter().cloned());
    for (name, value) in &around.env {
        build.push(node("env").prop(name, value));
    }
    let what = what.replace(['\'', '\n', '\\'], " ");
    build.push(node("run").arg(&format!("echo 'not imported: {what}' >&2; exit 1")));
    // Which files it would have made is not here either; those who read them are.
    let unknown = "which files these are, its commands say: name them here";
    build.children(around.outputs.iter().map(|(_, ours)| node("produces").arg(ours).arg("**").comments([unknown.to_owned()])))
}

/// The machine and the variables of a build: `env` of a task, `Environment` of a project is read likewise.
pub(super) fn environment(work: &mut Work<'_>, env: &Node, around: &mut Around) {
    if let Some(image) = work.open(env, "image") {
        match image.value.text() {
            Some(text) => of_image(work, image, text, around),
            None => work.lose(image, "an image is text"),
        }
    }
    if let Some(kind) = work.open(env, "type") {
        of_type(work, kind, kind.value.text().unwrap_or_default(), around);
    }
    if let Some(compute) = work.open(env, "compute-type") {
        work.turn(compute, "a machine of the target's usual size: declare a `runner` where that is too small");
    }
    if let Some(fleet) = env.entry("fleet") {
        work.lose(fleet, "machines of one's own are a `runner` of a spec, by each vendor's words");
    }
    if let Some(privileged) = work.open(env, "privileged-mode")
        && privileged.value.truth() == Some(true)
    {
        docker(around);
    }
    if let Some(variables) = work.open(env, "variables") {
        for own in variables.value.entries() {
            work.mark(own, Fate::Exact);
            match own.value.text() {
                Some(text) if is_variable(&own.key) => around.set(&own.key, text),
                _ => work.lose(own, "a variable has a name of the shell and is text"),
            }
        }
    }
}

/// The job gets a docker daemon.
pub(super) fn docker(around: &mut Around) {
    if around.before.iter().all(|b| b.0.name() != "docker") {
        around.before.push(node("docker"));
    }
}

/// The image of a build: those of CodeBuild are a machine with tools, which is what a runner is.
pub(super) fn of_image(work: &mut Work<'_>, entry: &Entry, text: &str, around: &mut Around) {
    if text.starts_with("aws/codebuild/") {
        let what = "a runner of the target: it has the usual tools; say `toolchain` and `tools` for others";
        work.turn(entry, what);
        if text.contains("aarch64") && around.before.iter().all(|b| b.0.name() != "runner") {
            around.before.push(node("runner").arg("linux-arm"));
        }
        return;
    }
    if text.contains('$') {
        return work.lose(entry, "a spec names the image; a variable decides here");
    }
    around.before.retain(|b| b.0.name() != "image");
    around.before.push(node("image").arg(text));
}

/// The kind of machine of a build.
pub(super) fn of_type(work: &mut Work<'_>, entry: &Entry, text: &str, around: &mut Around) {
    let runner = match text {
        "LINUX_CONTAINER" | "LINUX_EC2" | "linuxContainer" => return,
        "ARM_CONTAINER" | "ARM_EC2" => "linux-arm",
        word if word.starts_with("WINDOWS") => "windows",
        "MAC_ARM" => "macos",
        _ => return work.lose(entry, "a machine of this kind is a `runner` of a spec, by each vendor's words"),
    };
    if around.before.iter().all(|b| b.0.name() != "runner") {
        around.before.push(node("runner").arg(runner));
    }
}

/// `build-matrix`: buildspecs and images are jobs, variables are axes.
fn cells(work: &mut Work<'_>, document: &Node, matrix: &Entry, base: &Around) -> Vec<Build> {
    let mut common = base.named("build");
    if let Some(fixed) = work.open(&matrix.value, "static") {
        if let Some(ignored) = work.open(&fixed.value, "ignore-failure")
            && ignored.value.truth() == Some(true)
        {
            common.before.push(node("allow-failure"));
        }
        if let Some(env) = work.open(&fixed.value, "env") {
            environment(work, &env.value, &mut common);
        }
    }
    let Some(dynamic) = work.open(&matrix.value, "dynamic") else {
        return vec![buildspec::job(work, document, &common)];
    };
    let paths = work.open(&dynamic.value, "buildspec");
    let mut images = None;
    let mut axes = Vec::new();
    if let Some(env) = work.open(&dynamic.value, "env") {
        images = work.open(&env.value, "image");
        if let Some(compute) = work.open(&env.value, "compute-type") {
            work.turn(compute, "a machine of the target's usual size: declare a `runner` where that is too small");
        }
        if let Some(variables) = work.open(&env.value, "variables") {
            for own in variables.value.entries() {
                work.mark(own, Fate::Exact);
                let values = own.value.texts().unwrap_or_default();
                if is_variable(&own.key) && !values.is_empty() {
                    axes.push(node("axis").arg(&slug(&own.key)).args(values));
                    common.env.push((own.key.clone(), format!("${{matrix.{}}}", slug(&own.key))));
                } else {
                    work.lose(own, "a variable has a name of the shell and a list of values");
                }
            }
        }
    }
    if !axes.is_empty() {
        common.before.push(node("matrix").children(axes));
    }
    let all = |entry: Option<&Entry>| -> Vec<Option<String>> {
        let own: Vec<Option<String>> =
            entry.and_then(|e| e.value.texts()).unwrap_or_default().iter().map(|t| Some((*t).to_owned())).collect();
        if own.is_empty() { vec![None] } else { own }
    };
    let mut names = Names::without(&["none", "all"]);
    let mut made = Vec::new();
    for path in all(paths) {
        for image in all(images) {
            if made.len() == MAX_JOBS {
                work.mark(matrix, Fate::Lost(format!("it has more than {MAX_JOBS} jobs")));
                return made;
            }
            let words: Vec<&str> = [&path, &image].into_iter().flatten().map(|t| super::stem(t)).collect();
            let mut around = common.clone();
            around.name = names.unique(if words.is_empty() { "build".to_owned() } else { words.join("-") }.as_str());
            if let (Some(entry), Some(image)) = (images, &image) {
                of_image(work, entry, image, &mut around);
            }
            made.push(of_path(work, document, paths, path.as_deref(), &around));
        }
    }
    made
}
