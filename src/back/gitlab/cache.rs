//! Caches: GitLab keeps only what lies inside the project, so each tool is told to work there.

use serde::Serialize;

use crate::back::gitlab::value::Place;
use crate::ir::step::Cache;
use crate::plan::step::PlannedKind;

/// One entry of `cache`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct CacheView {
    pub(super) key: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) prefix: Option<String>,
    pub(super) paths: Vec<String>,
}

/// Where a tool keeps its downloads, the variable that says so, and the files whose change makes them stale.
struct Known {
    tool: &'static str,
    variable: Option<(&'static str, &'static str)>,
    paths: &'static [&'static str],
    files: &'static [&'static str],
}

const KNOWN: &[Known] = &[
    Known {
        tool: "npm",
        variable: Some(("npm_config_cache", "$CI_PROJECT_DIR/.npm")),
        paths: &[".npm/"],
        files: &["package-lock.json"],
    },
    Known {
        tool: "yarn",
        variable: Some(("YARN_CACHE_FOLDER", "$CI_PROJECT_DIR/.yarn-cache")),
        paths: &[".yarn-cache/"],
        files: &["yarn.lock"],
    },
    Known {
        tool: "pnpm",
        variable: Some(("npm_config_store_dir", "$CI_PROJECT_DIR/.pnpm-store")),
        paths: &[".pnpm-store/"],
        files: &["pnpm-lock.yaml"],
    },
    Known {
        tool: "pip",
        variable: Some(("PIP_CACHE_DIR", "$CI_PROJECT_DIR/.cache/pip")),
        paths: &[".cache/pip/"],
        files: &["requirements.txt"],
    },
    Known {
        tool: "poetry",
        variable: Some(("POETRY_CACHE_DIR", "$CI_PROJECT_DIR/.cache/poetry")),
        paths: &[".cache/poetry/"],
        files: &["poetry.lock"],
    },
    Known {
        tool: "cargo",
        variable: Some(("CARGO_HOME", "$CI_PROJECT_DIR/.cargo-home")),
        paths: &[".cargo-home/registry/", "target/"],
        files: &["Cargo.lock"],
    },
    Known { tool: "go", variable: Some(("GOMODCACHE", "$CI_PROJECT_DIR/.go/mod")), paths: &[".go/mod/"], files: &["go.sum"] },
    Known {
        tool: "maven",
        variable: Some(("MAVEN_OPTS", "-Dmaven.repo.local=$CI_PROJECT_DIR/.m2/repository")),
        paths: &[".m2/repository/"],
        files: &["pom.xml"],
    },
    Known {
        tool: "gradle",
        variable: Some(("GRADLE_USER_HOME", "$CI_PROJECT_DIR/.gradle")),
        paths: &[".gradle/caches/", ".gradle/wrapper/"],
        files: &["gradle/wrapper/gradle-wrapper.properties"],
    },
    Known {
        tool: "bundler",
        variable: Some(("BUNDLE_PATH", "$CI_PROJECT_DIR/vendor/bundle")),
        paths: &["vendor/bundle/"],
        files: &["Gemfile.lock"],
    },
    Known {
        tool: "composer",
        variable: Some(("COMPOSER_CACHE_DIR", "$CI_PROJECT_DIR/.composer-cache")),
        paths: &[".composer-cache/"],
        files: &["composer.lock"],
    },
    Known {
        tool: "nuget",
        variable: Some(("NUGET_PACKAGES", "$CI_PROJECT_DIR/.nuget/packages")),
        paths: &[".nuget/packages/"],
        files: &["packages.lock.json"],
    },
];

/// How many caches GitLab keeps for a job (docs.gitlab.com/ci/yaml, `cache`).
const MOST: usize = 4;

/// The package manager of a language.
fn manager(language: &str) -> Option<&'static str> {
    Some(match language {
        "node" => "npm",
        "python" => "pip",
        "go" => "go",
        "rust" => "cargo",
        "java" => "maven",
        "ruby" => "bundler",
        "php" => "composer",
        "dotnet" => "nuget",
        _ => return None,
    })
}

/// The caches of a job and the variables that its tools need for them.
pub(super) fn of_job(place: &Place<'_>) -> (Vec<CacheView>, Vec<(String, String)>) {
    let mut views: Vec<CacheView> = Vec::new();
    let mut variables = Vec::new();
    let mut add = |view: CacheView, variable: Option<(&str, &str)>| {
        if !views.iter().any(|v| v.paths == view.paths) {
            views.push(view);
        }
        variables.extend(variable.map(|(name, value)| (name.to_owned(), value.to_owned())));
    };
    for step in &place.job.steps {
        match &step.kind {
            PlannedKind::Cache(cache) => {
                let known = cache.tool.as_ref().and_then(|t| KNOWN.iter().find(|k| k.tool == t.value));
                add(view(cache, known, place), known.and_then(|k| k.variable));
            }
            PlannedKind::Toolchain(toolchain) if toolchain.cache => {
                for (language, _) in &toolchain.tools {
                    let known = manager(&language.value).and_then(|m| KNOWN.iter().find(|k| k.tool == m));
                    if let Some(known) = known {
                        let dir = step.dir.as_ref().map_or_else(String::new, |d| format!("{}/", d.value));
                        let files = known.files.iter().map(|f| format!("{dir}{f}")).collect();
                        let paths = known.paths.iter().map(|p| (*p).to_owned()).collect();
                        add(CacheView { key: None, files, prefix: Some(known.tool.to_owned()), paths }, known.variable);
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
