//! Caches: GitLab keeps only what lies inside the project, so each tool is told to work there.

use serde::Serialize;

use crate::back::gitlab::value::Place;
use crate::ir::step::Cache;
use crate::plan::step::PlannedKind;
use crate::target::downloads::{KNOWN, Known, manager};

/// One entry of `cache`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct CacheView {
    pub(super) key: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) prefix: Option<String>,
    pub(super) paths: Vec<String>,
}

/// How many caches GitLab keeps for a job (docs.gitlab.com/ci/yaml, `cache`).
const MOST: usize = 4;

/// The caches of a job and the variables that its tools need for them.
pub(super) fn of_job(place: &Place<'_>) -> (Vec<CacheView>, Vec<(String, String)>) {
    let mut views: Vec<CacheView> = Vec::new();
    let mut variables = Vec::new();
    let mut add = |view: CacheView, known: Option<&Known>| {
        if !views.iter().any(|v| v.paths == view.paths) {
            views.push(view);
        }
        variables.extend(known.and_then(|k| k.variable("$CI_PROJECT_DIR")));
    };
    for step in &place.job.steps {
        match &step.kind {
            PlannedKind::Cache(cache) => {
                let known = cache.tool.as_ref().and_then(|t| KNOWN.iter().find(|k| k.tool == t.value));
                add(view(cache, known, place), known);
            }
            PlannedKind::Toolchain(toolchain) if toolchain.cache => {
                for (language, _) in &toolchain.tools {
                    let known = manager(&language.value).and_then(|m| KNOWN.iter().find(|k| k.tool == m));
                    if let Some(known) = known {
                        let dir = step.dir.as_ref().map_or_else(String::new, |d| format!("{}/", d.value));
                        let files = known.files.iter().map(|f| format!("{dir}{f}")).collect();
                        let paths = known.paths.iter().map(|p| (*p).to_owned()).collect();
                        add(CacheView { key: None, files, prefix: Some(known.tool.to_owned()), paths }, Some(known));
                    }
                }
            }
            _ => {}
        }
    }
    // What is beyond is a loss that the spec accepts.
    views.truncate(MOST);
    (views, variables)
}

fn view(cache: &Cache, known: Option<&Known>, place: &Place<'_>) -> CacheView {
    let mut paths: Vec<String> = cache.paths.iter().map(|p| p.value.clone()).collect();
    let mut files: Vec<String> = cache.files.iter().map(|f| f.value.clone()).collect();
    if let Some(known) = known {
        paths.extend(known.paths.iter().map(|p| (*p).to_owned()));
        if files.is_empty() {
            files.extend(known.files.iter().map(|f| (*f).to_owned()));
        }
    }
    files.truncate(2);
    let key = cache.key.as_ref().and_then(|k| place.expanded(k));
    let prefix = key.clone().or_else(|| known.map(|k| k.tool.to_owned()));
    // A slash in a key is refused.
    let clean = |text: String| text.replace('/', "-");
    match (files.is_empty(), prefix) {
        (true, key) => CacheView { key: Some(clean(key.unwrap_or_else(|| place.job.id.clone()))), files, prefix: None, paths },
        (false, prefix) => CacheView { key: None, files, prefix: prefix.map(clean), paths },
    }
}
