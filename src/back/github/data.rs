//! What passes between jobs and runs: artifacts, reports, caches.
//!
//! The root of an uploaded artifact is the directory of a single path, and the least common ancestor of several (README of
//! actions/upload-artifact); a download names that root, so that files come back where they were.

use crate::ir::job::{Artifact, Consume, ReportKind};
use crate::ir::step::{Cache, Outcome};
use crate::plan::job::JobSource;
use crate::plan::kept;

use super::context::Writer;
use super::step::action;
use super::view::StepView;

impl Writer<'_, '_> {
    /// Whether a job of the workflow reads an artifact of this name.
    fn is_consumed(&self, name: &str) -> bool {
        self.workflow.jobs.iter().any(|j| j.job.consumes.iter().any(|c| c.name.value == name))
    }

    /// The steps that publish artifacts and reports: those of a run that went well stand before a way back and before `finally`, the
    /// others behind them.
    pub(super) fn uploads(&mut self, late: bool) -> Vec<StepView> {
        let job = &self.job.job;
        let mut steps: Vec<StepView> = Vec::new();
        for artifact in job.produces.iter().filter(|a| (a.when != Outcome::Success) == late) {
            let paths: Vec<&str> = artifact.paths.iter().map(|p| p.value.as_str()).collect();
            let days = artifact.keep.as_ref().map(|d| d.value.days_ceil());
            steps.push(self.upload(&artifact.name.value, &paths, artifact.when, days));
        }
        for report in job.reports.iter().filter(|r| (r.when != Outcome::Success) == late) {
            let paths: Vec<&str> = report.paths.iter().map(|p| p.value.as_str()).collect();
            let name = format!("{}-{}", job.name.value, report.kind.value.word());
            if report.kind.value == ReportKind::Sarif {
                for path in &paths {
                    let mut step = action("github/codeql-action/upload-sarif", &format!("Show the findings of {path}"));
                    step.condition = status(report.when);
                    step.with.push(("sarif_file".into(), (*path).to_owned()));
                    if paths.len() > 1 || job.reports.iter().filter(|r| r.kind.value == ReportKind::Sarif).count() > 1 {
                        step.with.push((
                            "category".into(),
                            path.rsplit('/').next().unwrap_or(path).trim_end_matches(".sarif").to_owned(),
                        ));
                    }
                    steps.push(step);
                }
            }
            let holds = |a: &Artifact| paths.iter().all(|path| a.paths.iter().any(|p| p.value == *path));
            let known = job.produces.iter().any(holds) || report.kind.value == ReportKind::Sarif;
            if !known || self.is_consumed(&name) {
                steps.push(self.upload(&name, &paths, report.when, None));
            }
        }
        steps
    }

    fn upload(&self, name: &str, paths: &[&str], when: Outcome, days: Option<u64>) -> StepView {
        let mut step = action("actions/upload-artifact", &format!("Keep {name}"));
        step.condition = status(when);
        let must_hold = kept::must_hold(self.workflow, self.job, name, when);
        let name = if self.job.job.matrix.is_some() { format!("{name}-${{{{ strategy.job-index }}}}") } else { name.to_owned() };
        step.with.push(("name".into(), name));
        step.with.push(("path".into(), if paths.len() > 1 { paths.join("\n") + "\n" } else { paths.concat() }));
        // Hidden files are files too; the action leaves them out unless told.
        if paths.iter().any(|p| p.ends_with('/') || p.split('/').any(|part| part.starts_with(['.', '*', '?', '[']))) {
            step.with.push(("include-hidden-files".into(), "true".into()));
        }
        step.with.push(("if-no-files-found".into(), if must_hold { "error" } else { "warn" }.into()));
        if let Some(days) = days {
            step.with.push(("retention-days".into(), days.to_string()));
        }
        step
    }

    /// The steps that fetch what other jobs published.
    pub(super) fn downloads(&mut self) -> Vec<StepView> {
        let consumes = self.job.job.consumes.clone();
        consumes.iter().map(|c| self.download(c)).collect()
    }

    fn download(&self, consume: &Consume) -> StepView {
        let name = &consume.name.value;
        let producer = self.workflow.jobs.iter().find(|j| j.source == JobSource::Spec(consume.producer)).map(|j| &j.job);
        let mut paths: Vec<&str> = Vec::new();
        if let Some(job) = producer {
            let artifact = job.produces.iter().find(|a| a.name.value == *name).map(|a| &a.paths);
            let report =
                || job.reports.iter().find(|r| format!("{}-{}", job.name.value, r.kind.value.word()) == *name).map(|r| &r.paths);
            paths = artifact.or_else(report).into_iter().flatten().map(|p| p.value.as_str()).collect();
        }
        let mut step = action("actions/download-artifact", &format!("Fetch {name}"));
        if producer.is_some_and(|j| j.matrix.is_some()) {
            step.with.push(("pattern".into(), format!("{name}-*")));
            step.with.push(("merge-multiple".into(), "true".into()));
        } else {
            step.with.push(("name".into(), name.clone()));
        }
        let root = root_of(&paths);
        if !root.is_empty() {
            step.with.push(("path".into(), root));
        }
        step
    }

    /// The step that restores a cache, and saves it at the end of a successful job.
    pub(super) fn cache(&mut self, cache: &Cache) -> StepView {
        let tool = cache.tool.as_ref().map(|t| t.value.as_str());
        let (home, lock) = tool.and_then(known_cache).unwrap_or((&[], ""));
        let mut step = action("actions/cache", &format!("Cache {}", tool.unwrap_or("files")));
        let paths: Vec<&str> = home.iter().copied().chain(cache.paths.iter().map(|p| p.value.as_str())).collect();
        step.with.push(("path".into(), if paths.len() > 1 { paths.join("\n") + "\n" } else { paths.concat() }));
        let key = match &cache.key {
            Some(key) => self.value(key),
            None => tool.unwrap_or("cache").to_owned(),
        };
        let prefix = format!("{key}-${{{{ runner.os }}}}-");
        let mut files: Vec<String> = cache.files.iter().map(|f| super::expr::quoted(&f.value)).collect();
        if files.is_empty() && !lock.is_empty() {
            files.push(super::expr::quoted(lock));
        }
        if files.is_empty() {
            step.with.push(("key".into(), format!("{prefix}${{{{ github.sha }}}}")));
        } else {
            step.with.push(("key".into(), format!("{prefix}${{{{ hashFiles({}) }}}}", files.join(", "))));
        }
        step.with.push(("restore-keys".into(), prefix));
        step
    }
}

/// Where a tool keeps its downloads, and the file that says which.
fn known_cache(tool: &str) -> Option<(&'static [&'static str], &'static str)> {
    Some(match tool {
        "npm" => (&["~/.npm"], "**/package-lock.json"),
        "yarn" => (&["~/.cache/yarn", "~/.yarn/berry/cache"], "**/yarn.lock"),
        "pnpm" => (&["~/.local/share/pnpm/store"], "**/pnpm-lock.yaml"),
        "pip" => (&["~/.cache/pip"], "**/requirements*.txt"),
        "poetry" => (&["~/.cache/pypoetry"], "**/poetry.lock"),
        "uv" => (&["~/.cache/uv"], "**/uv.lock"),
        "cargo" => (&["~/.cargo/registry", "~/.cargo/git", "target"], "**/Cargo.lock"),
        "go" => (&["~/go/pkg/mod", "~/.cache/go-build"], "**/go.sum"),
        "maven" => (&["~/.m2/repository"], "**/pom.xml"),
        "gradle" => (&["~/.gradle/caches", "~/.gradle/wrapper"], "**/*.gradle*"),
        "bundler" => (&["vendor/bundle"], "**/Gemfile.lock"),
        "composer" => (&["~/.cache/composer"], "**/composer.lock"),
        "nuget" => (&["~/.nuget/packages"], "**/packages.lock.json"),
        _ => return None,
    })
}

/// The `if` of a step by the outcome of the steps before; none for success.
fn status(when: Outcome) -> Option<String> {
    match when {
        Outcome::Success => None,
        Outcome::Failure => Some("failure()".into()),
        Outcome::Always => Some("always()".into()),
    }
}

/// The directory that an artifact of these paths has as its root; empty for the root of the repository.
fn root_of(paths: &[&str]) -> String {
    let mut search: Vec<Vec<&str>> = Vec::new();
    for path in paths {
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
        let fixed = parts.iter().take_while(|p| !p.contains(['*', '?', '['])).copied().collect::<Vec<_>>();
        search.push(fixed);
    }
    // A path below another one is no search path of its own.
    let all = search.clone();
    search.retain(|p| !all.iter().any(|q| q.len() < p.len() && p.starts_with(q)));
    search.dedup();
    match (search.as_slice(), paths) {
        ([], _) => String::new(),
        ([one], [path, ..]) => {
            let file = paths.len() == 1 && !path.ends_with('/') && !path.contains(['*', '?', '[']);
            let keep = if file { one.len().saturating_sub(1) } else { one.len() };
            one[..keep].join("/")
        }
        (several, _) => {
            let first = &several[0];
            let shared = (0..first.len()).take_while(|i| several.iter().all(|p| p.get(*i) == Some(&first[*i]))).count();
            first[..shared].join("/")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::root_of;

    #[test]
    fn the_root_of_an_artifact_is_what_the_action_makes_it() {
        for (paths, root) in [
            (&["coverage.xml"][..], ""),
            (&["dist/"], "dist"),
            (&["frontend/bundle.json"], "frontend"),
            (&["coverage.xml", "htmlcov/"], ""),
            (&["a/x.xml", "a/y.xml"], "a"),
            (&["a/b/", "a/c/d.txt"], "a"),
            (&["junit/*.xml"], "junit"),
            (&["**/report.xml"], ""),
            (&["dist/", "dist/sub/x"], "dist"),
        ] {
            assert_eq!(root_of(paths), root, "{paths:?}");
        }
    }
}
