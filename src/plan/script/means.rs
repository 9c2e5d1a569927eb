//! Which programs a job is certain to have for reading a report: a script then names one, and not every one that might be there.

use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::ir::job::{Job, Runner};
use crate::ir::step::StepKind;
use crate::ir::text::{Part, Text};

/// Official images whose usual variant stands on `buildpack-deps`, which brings Python along with Mercurial (docker-library/buildpack-deps).
const ON_BUILDPACK_DEPS: &[&str] = &["buildpack-deps", "gcc", "golang", "node", "ruby", "rust"];

/// Variants of those images that stand on something smaller.
const SMALL: &[&str] = &["alpine", "curl", "nanoserver", "slim", "windowsservercore"];

/// Images of tools that are written in Python.
const IN_PYTHON: &[&str] = &["python", "semgrep/semgrep", "ghcr.io/zaproxy/zaproxy", "zaproxy/zap-stable"];

/// Labels of GitHub's hosted machines begin so, the larger ones too.
const HOSTED: &[&str] = &["macos-", "ubuntu-", "windows-"];

/// What a job is certain to have. Every job has a POSIX shell, awk, grep and sed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Means {
    /// `jq`, 1.6 or newer.
    pub jq: bool,
    /// `python3`.
    pub python: bool,
    /// `node`.
    pub node: bool,
    /// Alpine's packages, where the image is one of Alpine for certain.
    pub apk: bool,
}

impl Means {
    /// What a job has on a target: of GitHub's own machines what their images bring along (actions/runner-images), else what its image does.
    pub fn of(pipeline: &Pipeline, target: TargetId, job: &Job) -> Self {
        match (&job.image, target) {
            (Some(image), _) => of_image(image),
            (None, TargetId::Github) if on_hosted(pipeline, job) => {
                Self { jq: true, python: true, node: true, ..Self::default() }
            }
            (None, TargetId::Github) => Self::default(),
            (None, TargetId::Gitlab) => on_gitlab(job),
            // The image is that of the target or the runner: a script looks first.
            (None, TargetId::Codebuild | TargetId::Codepipeline) => Self::default(),
        }
    }

    /// The line that brings a program which is not certain to be there.
    pub fn install(self, program: &str) -> String {
        if self.apk {
            return format!("apk add --no-cache {program}");
        }
        format!(
            "command -v {program} > /dev/null || {{ apt-get update && apt-get install --yes {program}; }} || apk add --no-cache {program}"
        )
    }
}

/// The image that GitLab's back end takes for a job without one: of its docker client, of its language, or the one for all.
fn on_gitlab(job: &Job) -> Means {
    let docker =
        |s: &StepKind| matches!(s, StepKind::DockerBuild(_) | StepKind::RegistryLogin(_) | StepKind::ImagePromote { .. });
    if job.docker.is_some() || job.steps.iter().any(|s| docker(&s.kind)) {
        return Means { apk: true, ..Means::default() };
    }
    let toolchain = job.steps.iter().find_map(|s| match &s.kind {
        StepKind::Toolchain(toolchain) => toolchain.tools.first(),
        _ => None,
    });
    let Some((language, version)) = toolchain else { return Means { python: true, ..Means::default() } };
    let image = if language.value == "go" { "golang" } else { language.value.as_str() };
    named(image, &beginning(version))
}

fn of_image(image: &Text) -> Means {
    let text = beginning(image);
    let text = text.split('@').next().unwrap_or_default();
    let text = ["docker.io/library/", "docker.io/", "library/"].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    // A name that goes on with what only the run knows is not known.
    match text.rsplit_once(':') {
        Some((name, tag)) => named(name, tag),
        None if image.as_literal().is_some() => named(text, ""),
        None => Means::default(),
    }
}

fn named(name: &str, tag: &str) -> Means {
    let small = SMALL.iter().any(|s| tag.contains(s));
    Means {
        jq: false,
        python: IN_PYTHON.contains(&name) || ON_BUILDPACK_DEPS.contains(&name) && !small,
        node: name == "node",
        apk: name == "docker" || name == "alpine" || tag.contains("alpine"),
    }
}

/// The text up to what only the run knows.
fn beginning(text: &Text) -> String {
    match text.parts.first() {
        Some(Part::Literal(literal)) => literal.clone(),
        _ => String::new(),
    }
}

fn on_hosted(pipeline: &Pipeline, job: &Job) -> bool {
    let hosted = |name: &str| match pipeline.runners.iter().find(|r| r.name.value == name) {
        Some(own) => own.github.iter().any(|label| HOSTED.iter().any(|h| label.value.starts_with(h))),
        None => true,
    };
    match &job.runner {
        Runner::Named(name) => hosted(&name.value),
        Runner::Label(_) => false,
        Runner::Axis(axis) => {
            let Some(matrix) = &job.matrix else { return false };
            let at = matrix.axes.iter().position(|a| a.value == axis.value);
            at.is_some_and(|at| matrix.cells.iter().all(|cell| cell.get(at).and_then(Option::as_deref).is_none_or(hosted)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Means, named};
    use crate::ir::id::TargetId;
    use crate::plan::samples::{job, pipeline, text};

    #[test]
    fn an_image_says_what_is_in_it() {
        let python = Means { python: true, ..Means::default() };
        let cases = [
            ("python:3.12-slim", python),
            ("docker.io/library/python@sha256:00", python),
            ("node:20", Means { python: true, node: true, ..Means::default() }),
            ("node:20-slim", Means { node: true, ..Means::default() }),
            ("node:20-alpine", Means { node: true, apk: true, ..Means::default() }),
            ("golang:1.24", python),
            ("docker:28.5", Means { apk: true, ..Means::default() }),
            ("registry.example.com/python:3", Means::default()),
            ("eclipse-temurin:21", Means::default()),
        ];
        for (image, expected) in cases {
            let mut job = job("unit", &[0]);
            job.image = Some(text(image));
            for target in [TargetId::Github, TargetId::Gitlab] {
                assert_eq!(Means::of(&pipeline(Vec::new(), Vec::new(), Vec::new()), target, &job), expected, "{image}");
            }
        }
        assert_eq!(named("python", ""), python);
    }

    #[test]
    fn a_machine_of_github_has_all() {
        let pipeline = pipeline(Vec::new(), Vec::new(), Vec::new());
        let unit = job("unit", &[0]);
        let github = Means::of(&pipeline, TargetId::Github, &unit);
        assert!(github.jq && github.python && github.node);
        assert_eq!(Means::of(&pipeline, TargetId::Gitlab, &unit), Means { python: true, ..Means::default() });
    }
}
