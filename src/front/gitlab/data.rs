//! What a job works with: image, services, cache, artifacts, the cells of `parallel`.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node, Value};

use super::told;
use super::value;
use super::work::{Work, is_daemon};

/// Shells that an image may be started with, so that a script can be given to them.
const SHELLS: &[&str] = &["sh", "bash", "/bin/sh", "/bin/bash", "/bin/ash"];

/// `image:`
pub(super) fn image(work: &mut Work<'_>, entry: &Entry, body: &Node, build: &mut Build) {
    let name = if entry.value.is_map() { work.open(&entry.value, "name") } else { Some(entry) };
    for key in ["pull_policy", "docker", "kubernetes"] {
        let Some(own) = entry.value.entry(key) else { continue };
        let usual = key == "docker" && own.value.entries().len() == 1 && body.entry("tags").is_none();
        if usual && own.value.get("platform").and_then(Node::text) == Some("linux/amd64") {
            own.mark_all(work.ledger, &Fate::Emulated("the runner is of this platform".to_owned()));
        } else {
            work.lose(own, &format!("a spec gives the image of a job no `{key}`"));
        }
    }
    if let Some(own) = work.open(&entry.value, "entrypoint") {
        match own.value.texts().as_deref() {
            Some([] | [""]) => build.push(node("no-entrypoint")),
            // A shell that only takes the script of the job changes nothing.
            Some([shell, "-c"]) if SHELLS.contains(shell) => {
                work.turn(own, "the scripts have a shell: `no-entrypoint`");
                build.push(node("no-entrypoint"));
            }
            _ => work.lose(own, "a job of a spec can leave the program of its image away, and has no other one"),
        }
    }
    let Some(name) = name else { return };
    work.speaks = true;
    let known = name.value.text().filter(|t| t.contains('$')).and_then(|t| work.filled(t, body));
    // Only a job for tags has one.
    let known = known.filter(|t| !t.contains("${commit.tag}"));
    work.speaks = false;
    if let Some(known) = known {
        work.turn(name, "with the values of the variables that stand in the file");
        build.push(node("image").arg(&known));
        return;
    }
    match name.value.text() {
        Some(text) if text.contains('$') => {
            work.lose(name, "a spec names the image; a variable decides here");
            build.push(node("image").arg(text));
        }
        Some(text) => build.push(node("image").arg(text)),
        None => work.lose(name, "the image stands in a file that is not here"),
    }
}

/// `services:`
pub(super) fn services(work: &mut Work<'_>, entry: &Entry, build: &mut Build) {
    let mut names = Names::default();
    for item in entry.value.items() {
        let image = if item.is_map() { work.open(item, "name").and_then(|e| e.value.text()) } else { item.text() };
        let Some(image) = image else {
            work.mark(entry, Fate::Lost("a service has no image".to_owned()));
            continue;
        };
        if is_daemon(image) {
            let daemon = Fate::Emulated("`docker` gives the job its daemon".to_owned());
            work.mark(entry, daemon.clone());
            daemon_keys(work, item, &daemon);
            if build.0.children().iter().all(|c| c.name() != "docker") {
                build.push(node("docker"));
            }
            // The image with docker's own client is the one that `docker` means.
            let is_client = |c: &crate::syntax::tree::Node<'_>| {
                let text = c.arg(0).and_then(|e| e.as_str());
                c.name() == "image" && text.is_some_and(|t| t == "docker" || t.starts_with("docker:"))
            };
            if build.0.children().iter().any(is_client) {
                build.0.children.iter_mut().for_each(|children| children.retain(|c| !is_client(c)));
                if let Some(image) = work.body.entry("image").cloned() {
                    image.mark_all(work.ledger, &Fate::Emulated("`docker` brings the image of its client".to_owned()));
                }
            }
            continue;
        }
        let plain = image.split(['@']).next().unwrap_or(image);
        let last = plain.rsplit('/').next().unwrap_or(plain);
        let alias = work.open(item, "alias").and_then(|e| e.value.text());
        let name = names.unique(alias.unwrap_or(last.split(':').next().unwrap_or(last)));
        let mut own = node("service").arg(&name).prop("image", image);
        if let Some(variables) = work.open(item, "variables") {
            for (key, text) in value::variables(work, variables) {
                own.push(node("env").prop(&key, &text));
            }
        }
        for key in ["command", "entrypoint", "pull_policy", "docker", "kubernetes"] {
            if let Some(lost) = item.entry(key) {
                work.lose(lost, &format!("a service of a spec has no `{key}`"));
            }
        }
        build.push(own);
    }
}

/// What is said of a daemon: its usual name, and the port by which the runner sees that it is there.
fn daemon_keys(work: &mut Work<'_>, item: &Node, daemon: &Fate) {
    for own in item.entries().iter().filter(|e| e.key != "name") {
        let usual = own.key == "alias" && own.value.text() == Some("docker")
            || own.key == "variables" && own.value.entries().iter().all(|e| e.key == "HEALTHCHECK_TCP_PORT");
        let fate = if usual { daemon.clone() } else { Fate::Lost(format!("the daemon of a spec has no `{}`", own.key)) };
        own.mark_all(work.ledger, &fate);
    }
}

/// A path below the root, as a spec wants it.
fn below(path: &str) -> Option<String> {
    let path = path.trim();
    let path = ["$CI_PROJECT_DIR/", "${CI_PROJECT_DIR}/", "./"].iter().fold(path, |p, start| p.strip_prefix(start).unwrap_or(p));
    let bad = path.is_empty()
        || path.contains('\\')
        || path.starts_with(['/', '~'])
        || path.contains("..")
        || path.contains('$')
        || path.contains('\n');
    (!bad).then(|| path.to_owned())
}

fn paths(work: &mut Work<'_>, entry: &Entry) -> Vec<String> {
    let mut found = Vec::new();
    for text in entry.value.texts().unwrap_or_default() {
        work.is_path = true;
        let path = below(text).or_else(|| below(&work.literal(text)?));
        work.is_path = false;
        match path {
            Some(path) => found.push(path),
            None => work.mark(entry, Fate::Lost(format!("`{text}` is no path below the root that a spec could name"))),
        }
    }
    found
}

/// The paths of a cache. GitLab keeps nothing that lies outside of the project (docs.gitlab.com, `cache:paths`).
fn cached(work: &mut Work<'_>, entry: &Entry) -> Vec<String> {
    work.mark(entry, Fate::Exact);
    let mut inside = entry.clone();
    if let Value::List(items) = &mut inside.value.value {
        items.retain(|path| !path.text().is_some_and(|t| t.starts_with(['/', '~'])));
        if items.len() < entry.value.items().len() {
            work.turn(entry, "GitLab keeps nothing that lies outside of the project");
        }
    }
    paths(work, &inside)
}

/// `cache:`
pub(super) fn cache(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    let Some(entry) = work.open(body, "cache") else { return };
    let one = std::slice::from_ref(&entry.value);
    for cache in if entry.value.is_list() { entry.value.items() } else { one } {
        for key in ["policy", "when", "untracked", "unprotect", "fallback_keys"] {
            if let Some(own) = work.open(cache, key) {
                work.mark(own, Fate::Emulated("a cache only saves time; pipewright decides when it is kept".to_owned()));
            }
        }
        let list = cache.entry("paths").map(|e| cached(work, e)).unwrap_or_default();
        let key = work.open(cache, "key");
        if list.is_empty() {
            if let Some(key) = key {
                key.mark_all(work.ledger, &Fate::Emulated("nothing is left that would be cached".to_owned()));
            }
            continue;
        }
        // A word alone would be the name of a tool.
        let mut own =
            node("cache").args(list.iter().map(|p| if p.contains(['/', '.', '*']) { p.clone() } else { format!("{p}/") }));
        if let Some(key) = key {
            if let Some(files) = work.open(&key.value, "files") {
                let files = paths(work, files);
                if !files.is_empty() {
                    own.push(node("files").args(files));
                }
            }
            let text = work.open(&key.value, "prefix").map_or(&key.value, |e| &e.value).text().unwrap_or_default();
            work.mark(key, Fate::Emulated("pipewright adds what tells vendors and systems apart".to_owned()));
            let fixed: String = text.split(['$', '{', '}']).filter(|p| !p.starts_with("CI_")).collect();
            let fixed = fixed.trim_matches(['-', '_', ':', '/']);
            if !fixed.is_empty() {
                own = own.prop("key", fixed);
            }
        }
        build.push(own);
    }
}

/// Whether a job publishes files.
pub(super) fn publishes(work: &mut Work<'_>, body: &Node) -> bool {
    let texts = body.get("artifacts").and_then(|a| a.get("paths")).and_then(Node::texts).unwrap_or_default();
    work.body = body.clone();
    texts.into_iter().any(|t| below(t).is_some() || work.literal(t).as_deref().and_then(below).is_some())
}

/// `artifacts:`
pub(super) fn artifacts(work: &mut Work<'_>, body: &Node, job: &str, hands_over: bool, build: &mut Build) {
    let Some(entry) = work.open(body, "artifacts") else { return };
    let map = &entry.value;
    let when = work.open(map, "when").and_then(|e| e.value.text()).and_then(|w| match w {
        "always" => Some("always"),
        "on_failure" => Some("failure"),
        _ => None,
    });
    let keep = work.open(map, "expire_in").and_then(|e| {
        let seconds = e.value.text().and_then(value::seconds);
        if seconds.is_none() {
            work.lose(e, "a span of time is expected; an artifact of a spec does not stay for ever");
        }
        seconds
    });
    let list = work.open(map, "paths").map(|e| paths(work, e)).unwrap_or_default();
    if !list.is_empty() {
        let keep = keep.map(|s| value::duration(s.div_ceil(86_400) * 86_400));
        build.push(node("produces").arg(job).args(list).maybe("keep", keep).maybe("when", when));
    }
    if let Some(name) = work.open(map, "name") {
        work.mark(name, Fate::Emulated(format!("the artifact is called `{job}`")));
    }
    for key in ["exclude", "untracked", "expose_as", "public", "access"] {
        if let Some(lost) = map.entry(key) {
            work.lose(lost, &format!("an artifact of a spec has no `{key}`"));
        }
    }
    let Some(reports) = work.open(map, "reports") else { return };
    for report in reports.value.entries() {
        work.mark(report, Fate::Exact);
        match report.key.as_str() {
            "junit" => {
                let files = paths(work, report);
                if !files.is_empty() {
                    build.push(node("report").arg("junit").args(files));
                }
            }
            "coverage_report" => {
                let format = work.open(&report.value, "coverage_format").and_then(|e| e.value.text());
                let files = work.open(&report.value, "path").map(|e| paths(work, e)).unwrap_or_default();
                if !files.is_empty() {
                    let format = format.filter(|f| *f != "cobertura");
                    build.push(node("report").arg("coverage").args(files).maybe("format", format));
                }
            }
            "dotenv" if hands_over => {
                work.turn(report, "an `output` of the job for each variable that a later one has");
            }
            "dotenv" => {
                work.lose(report, "which variables it sets, or whose count, is known in the run alone: say them as `output`")
            }
            other => work.lose(report, &format!("a spec has no report `{other}`")),
        }
    }
}

/// `parallel:`
pub(super) fn parallel(work: &mut Work<'_>, entry: &Entry, build: &mut Build) {
    if let Some(count) = entry.value.text() {
        let Some(total) = count.parse::<u32>().ok().filter(|n| (1..=200).contains(n)) else {
            return work.lose(entry, "a number of cells is expected");
        };
        work.mark(entry, Fate::Emulated("an axis gives each cell its number".to_owned()));
        let numbers: Vec<String> = (1..=total).map(|n| n.to_string()).collect();
        build.push(node("matrix").child(node("axis").arg("node-index").args(numbers)));
        build.push(node("env").prop("CI_NODE_INDEX", "${matrix.node-index}").prop("CI_NODE_TOTAL", count));
        return;
    }
    let Some(matrix) = work.open(&entry.value, "matrix") else { return };
    let rows = matrix.value.items();
    let mut names: Vec<String> = Vec::new();
    for own in rows.iter().flat_map(Node::entries) {
        work.mark(own, Fate::Exact);
        if !names.contains(&own.key) {
            names.push(own.key.clone());
        }
    }
    let texts = |row: &Node, name: &str| -> Vec<String> {
        let value = row.get(name);
        value.and_then(Node::texts).unwrap_or_default().iter().map(|t| (*t).to_owned()).collect()
    };
    let mut made = node("matrix");
    // Who reads the number of its cell has cells that are counted, in GitLab's order.
    let body = work.body.clone();
    let counted = told::is_read(&body, "CI_NODE_INDEX") || told::is_read(&body, "CI_NODE_TOTAL");
    let mut count = 0;
    if let [row] = rows
        && !counted
    {
        for name in &names {
            made.push(node("axis").arg(&value::axis(name)).args(texts(row, name)));
        }
    } else {
        for row in rows {
            let mut cells: Vec<Vec<(String, String)>> = vec![Vec::new()];
            for own in row.entries() {
                let values = texts(row, &own.key);
                cells = cells
                    .iter()
                    .flat_map(|c| {
                        values.iter().map(move |v| c.iter().cloned().chain([(value::axis(&own.key), v.clone())]).collect())
                    })
                    .collect();
            }
            for cell in cells.iter().take(256) {
                count += 1;
                let own = cell.iter().fold(node("include"), |n, (k, v)| n.prop(k, v));
                made.push(if counted { own.prop("node-index", &count.to_string()) } else { own });
            }
        }
    }
    build.push(made);
    if counted {
        work.mark(entry, Fate::Emulated("each cell has its number".to_owned()));
        build.push(node("env").prop("CI_NODE_INDEX", "${matrix.node-index}").prop("CI_NODE_TOTAL", &count.to_string()));
    }
    for name in names.iter().filter(|name| !name.starts_with("MATRIX_")) {
        build.push(node("env").prop(name, &format!("${{matrix.{}}}", value::axis(name))));
    }
}
