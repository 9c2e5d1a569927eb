//! Images: built, tagged and pushed by the docker of the build.

use crate::back::aws::expr;
use crate::back::aws::place::Place;
use crate::back::shell::single_quoted;
use crate::back::variables::{Variables, image};
use crate::ir::event::EventKind;
use crate::ir::expr::{Expr, Truth};
use crate::ir::step::{DockerBuild, Push};
use crate::ir::text::Text;
use crate::sema::presence::holds;
use crate::target::frame::IMAGES;

/// Emulates the processors that a build asks for and the machine is not.
const BINFMT: &str = "docker run --privileged --rm tonistiigi/binfmt:qemu-v8.1.5 --install all";

/// What is known of a condition in the events of the job.
fn known(condition: &Expr, place: &Place<'_>) -> Truth {
    let pipeline = place.plan.pipeline;
    let events = place.job.job.possible.iter().filter_map(|i| pipeline.events.get(i));
    let mut all: Vec<Truth> = events.map(|e| holds(pipeline, Some(place.workflow.id), e, condition)).collect();
    all.dedup();
    match all.as_slice() {
        [only] => *only,
        _ => Truth::Maybe,
    }
}

/// When the image is pushed: never, always, or if a test succeeds.
enum Pushed {
    Never,
    Always,
    If(String),
}

fn pushed(build: &DockerBuild, place: &Place<'_>) -> Pushed {
    let kinds = place.kinds();
    match &build.push {
        Push::Never => Pushed::Never,
        Push::NotOnPullRequest if !kinds.contains(&EventKind::PullRequest) => Pushed::Always,
        Push::NotOnPullRequest if kinds.len() == 1 => Pushed::Never,
        Push::NotOnPullRequest => Pushed::If("[ \"$RUN_EVENT\" != pull-request ]".to_owned()),
        Push::If(condition) => match known(condition, place) {
            Truth::Yes => Pushed::Always,
            Truth::No => Pushed::Never,
            Truth::Maybe => Pushed::If(expr::test(condition, place)),
        },
    }
}

/// The lines of an image build.
pub(super) fn lines(build: &DockerBuild, place: &Place<'_>) -> Vec<String> {
    let pipeline = place.plan.pipeline;
    let name = pipeline.images.get(build.image.index()).map_or("image", |i| i.name.value.as_str());
    let address =
        build.registry.as_ref().and_then(|r| pipeline.registries.get(r.value.index())).map(|r| r.address.value.as_str());
    let repository = address.map_or_else(|| name.to_owned(), |a| format!("{a}/{name}"));
    let buildx = !build.platforms.is_empty() || build.cache;
    let reference = |tag: &Text| place.quoted(&tag.behind(&format!("{repository}:")));
    let (mut always, mut sometimes): (Vec<String>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for tag in &build.tags {
        match tag.condition.as_ref().map(|c| (c, known(c, place))) {
            None | Some((_, Truth::Yes)) => always.push(reference(&tag.tag)),
            Some((_, Truth::No)) => {}
            Some((condition, Truth::Maybe)) => sometimes.push((expr::test(condition, place), reference(&tag.tag))),
        }
    }
    if build.tags.is_empty() {
        always.push(format!("{repository}:latest"));
    }
    // Something must name the image until its tags are known.
    let first = always.first().cloned().unwrap_or_else(|| single_quoted(&format!("{name}:build")));
    let mut options: Vec<String> = Vec::new();
    if let Some(file) = &build.dockerfile {
        options.push(format!("--file {}", single_quoted(&file.value)));
    }
    options.extend(always.iter().map(|t| format!("--tag {t}")));
    let push = pushed(build, place);
    let read = place.workflow.image_is_read(place.job, build.image);
    if always.is_empty() && (!buildx || read && matches!(push, Pushed::Never)) {
        options.push(format!("--tag {first}"));
    }
    options.extend(build.args.iter().map(|a| format!("--build-arg {}={}", a.name.value, place.quoted(&a.value))));
    options.extend(build.labels.iter().map(|l| format!("--label {}={}", l.name.value, place.quoted(&l.value))));
    if let Some(target) = &build.target {
        options.push(format!("--target {}", single_quoted(&target.value)));
    }
    let mut lines = Vec::new();
    if buildx {
        lines.extend(with_buildx(build, place, &repository, options, sometimes, &push, read));
    } else {
        lines.push(command("docker build", options, &build.context.value));
        for (test, tag) in sometimes {
            lines.push(format!("if {test}; then docker tag {first} {tag}; fi"));
        }
        let push_all = format!("docker push --all-tags {repository}");
        match &push {
            Pushed::Never => {}
            Pushed::Always => lines.push(push_all),
            Pushed::If(test) => lines.push(format!("if {test}; then {push_all}; fi")),
        }
    }
    if read {
        let variable = image(name);
        let digest = match (&push, buildx) {
            (Pushed::Never, _) => format!("{variable}={first}"),
            (_, true) => format!(
                "{variable}={repository}@$(sed -n 's/.*\"containerimage.digest\": *\"\\([^\"]*\\)\".*/\\1/p' /tmp/build.json)"
            ),
            (Pushed::Always, false) => {
                format!("{variable}=$(docker inspect --format '{{{{index .RepoDigests 0}}}}' {first})")
            }
            (Pushed::If(test), false) => format!(
                "if {test}; then {variable}=$(docker inspect --format '{{{{index .RepoDigests 0}}}}' {first}); else {variable}={first}; fi"
            ),
        };
        lines.push(digest);
        lines.push(format!("echo \"{variable}=${variable}\" >> {IMAGES}"));
    }
    lines
}

fn with_buildx(
    build: &DockerBuild,
    place: &Place<'_>,
    repository: &str,
    mut options: Vec<String>,
    sometimes: Vec<(String, String)>,
    push: &Pushed,
    read: bool,
) -> Vec<String> {
    let mut lines = vec!["docker buildx create --use".to_owned()];
    let native = if super::machine::of_job(place).kind == "ARM_CONTAINER" { "linux/arm64" } else { "linux/amd64" };
    if build.platforms.iter().any(|p| p.value != native) {
        lines.insert(0, BINFMT.to_owned());
    }
    if !build.platforms.is_empty() {
        let list: Vec<&str> = build.platforms.iter().map(|p| p.value.as_str()).collect();
        options.push(format!("--platform {}", list.join(",")));
    }
    let mut conditional: Vec<(String, String)> =
        sometimes.into_iter().map(|(test, tag)| (test, format!("--tag {tag}"))).collect();
    if build.cache && build.registry.is_some() {
        options.push(format!("--cache-from type=registry,ref={repository}:buildcache"));
    }
    let cache = format!("--cache-to type=registry,ref={repository}:buildcache,mode=max,image-manifest=true,oci-mediatypes=true");
    match push {
        Pushed::Always => {
            options.extend(build.cache.then(|| cache.clone()));
            options.push("--push".to_owned());
        }
        Pushed::If(test) => {
            let cached = if build.cache { format!("{cache} ") } else { String::new() };
            conditional.push((test.clone(), format!("{cached}--push")));
        }
        Pushed::Never if build.platforms.is_empty() => options.push("--load".to_owned()),
        Pushed::Never => {}
    }
    if read && !matches!(push, Pushed::Never) {
        options.push("--metadata-file /tmp/build.json".to_owned());
    }
    if !conditional.is_empty() {
        lines.push("set --".to_owned());
        for (test, option) in conditional {
            lines.push(format!("if {test}; then set -- \"$@\" {option}; fi"));
        }
        options.push("\"$@\"".to_owned());
    }
    lines.push(command("docker buildx build", options, &build.context.value));
    lines
}

fn command(words: &str, mut options: Vec<String>, context: &str) -> String {
    options.push(single_quoted(context));
    if options.len() > 2 {
        format!("{words} \\\n  {}", options.join(" \\\n  "))
    } else {
        format!("{words} {}", options.join(" "))
    }
}
