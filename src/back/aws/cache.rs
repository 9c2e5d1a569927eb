//! Caches: one archive a build, told apart by one key.

use serde::Serialize;

use crate::back::aws::place::Place;
use crate::plan::step::PlannedKind;
use crate::target::downloads::{KNOWN, manager};

/// The `cache` of a buildspec.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::back) struct CacheView {
    pub(super) key: String,
    pub(super) fallback: String,
    pub(super) paths: Vec<String>,
}

/// Variables that make the tools of a job work inside the project.
pub(super) fn variables(place: &Place<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for step in &place.job.steps {
        let tools: Vec<&str> = match &step.kind {
            PlannedKind::Cache(cache) => cache.tool.iter().map(|t| t.value.as_str()).collect(),
            PlannedKind::Toolchain(t) if t.cache => t.tools.iter().filter_map(|(l, _)| manager(&l.value)).collect(),
            _ => Vec::new(),
        };
        let known = tools.into_iter().filter_map(|t| KNOWN.iter().find(|k| k.tool == t));
        found.extend(known.filter_map(|k| k.variable("$CODEBUILD_SRC_DIR")));
    }
    found.dedup();
    found
}

/// The cache of a job: all its caches in one.
pub(super) fn of_job(place: &Place<'_>) -> Option<CacheView> {
    let (mut words, mut files, mut paths): (Vec<String>, Vec<String>, Vec<String>) = (Vec::new(), Vec::new(), Vec::new());
    let add = |list: &mut Vec<String>, text: String| {
        if !list.contains(&text) {
            list.push(text);
        }
    };
    for step in &place.job.steps {
        match &step.kind {
            PlannedKind::Cache(cache) => {
                let known = cache.tool.as_ref().and_then(|t| KNOWN.iter().find(|k| k.tool == t.value));
                for path in &cache.paths {
                    let path = path.value.trim_end_matches('/').to_owned();
                    // A directory is cached with all that is in it.
                    let whole =
                        path.contains('*') || path.rsplit('/').next().is_some_and(|n| n.contains('.') && !n.starts_with('.'));
                    add(&mut paths, if whole { path } else { format!("{path}/**/*") });
                }
                for path in known.iter().flat_map(|k| k.paths) {
                    add(&mut paths, all_of(path));
                }
                for file in &cache.files {
                    add(&mut files, file.value.clone());
                }
                if cache.files.is_empty() {
                    for file in known.iter().flat_map(|k| k.files) {
                        add(&mut files, (*file).to_owned());
                    }
                }
                let word = cache.key.as_ref().and_then(|k| place.fixed(k)).or_else(|| known.map(|k| k.tool.to_owned()));
                add(&mut words, word.unwrap_or_else(|| place.job.id.clone()));
            }
            PlannedKind::Toolchain(toolchain) if toolchain.cache => {
                for (language, _) in &toolchain.tools {
                    let Some(known) = manager(&language.value).and_then(|m| KNOWN.iter().find(|k| k.tool == m)) else { continue };
                    let dir = step.dir.as_ref().map_or_else(String::new, |d| format!("{}/", d.value));
                    known.files.iter().for_each(|f| add(&mut files, format!("{dir}{f}")));
                    known.paths.iter().for_each(|p| add(&mut paths, all_of(p)));
                    add(&mut words, known.tool.to_owned());
                }
            }
            _ => {}
        }
    }
    if paths.is_empty() {
        return None;
    }
    let fallback = format!("{}-", words.join("-"));
    let key = if files.is_empty() { words.join("-") } else { format!("{fallback}$(codebuild-hash-files {})", files.join(" ")) };
    Some(CacheView { key, fallback, paths })
}

/// A directory with all that is in it.
fn all_of(path: &str) -> String {
    format!("{}/**/*", path.trim_end_matches('/'))
}
