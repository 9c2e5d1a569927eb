//! Steps of a job.

use crate::ir::environment::RegistryKind;
use crate::ir::id::{ImageId, RegistryId};
use crate::ir::job::Shell;
use crate::ir::step::{Checkout, DockerBuild, Push};
use crate::ir::text::{Part, Text};
use crate::plan::step::{PlannedKind, PlannedStep, RunWhen};
use crate::target::pins;

use super::context::{Env, Writer};
use super::expr::{Gh, quoted};
use super::view::{Pair, StepView};

/// Beside an action that the spec accepts by its version: what the vendor's linters read.
const ACCEPTED: &str = "zizmor: ignore[unpinned-uses] the spec accepts this version";

/// A step that calls an action, pinned by commit.
pub(super) fn action(path: &str, name: &str) -> StepView {
    let pinned = pins::latest(path);
    StepView {
        name: Some(name.to_owned()),
        uses: Some(pinned.as_ref().map_or_else(|| path.to_owned(), |p| format!("{}@{}", p.path, p.commit))),
        version: pinned.and_then(|p| p.tag),
        ..StepView::default()
    }
}

/// A condition as the text of `if:`. One that begins with a sign of YAML, or that is long, gets the form that reads best.
pub(super) fn if_text(gh: &Gh) -> String {
    let text = gh.to_string();
    match gh {
        Gh::And(parts) if text.len() > 100 => {
            let parts: Vec<String> =
                parts.iter().map(|p| if matches!(p, Gh::Or(_)) { format!("({p})") } else { p.to_string() }).collect();
            parts.join(" &&\n")
        }
        _ if text.starts_with(['!', '\'', '[', '{']) => gh.wrapped(),
        _ => text,
    }
}

impl Writer<'_, '_> {
    /// The steps of GitHub for a planned step.
    pub(super) fn step(&mut self, step: &PlannedStep) -> Vec<StepView> {
        self.shell = step.shell;
        let mut views = match &step.kind {
            PlannedKind::Run(script) => vec![self.run(step, &script.lines)],
            PlannedKind::Checkout(checkout) => vec![self.checkout(checkout)],
            PlannedKind::Toolchain(toolchain) => self.toolchain(toolchain, step.dir.as_ref().map(|d| d.value.as_str())),
            PlannedKind::Tools(tools) => self.tools(tools),
            PlannedKind::Cache(cache) => vec![self.cache(cache)],
            PlannedKind::DockerBuild(build) => self.docker_build(build),
            PlannedKind::RegistryLogin(registry) => self.login(*registry),
            PlannedKind::ImagePromote { image, registry, from, to } => vec![self.promote(&image.value, *registry, from, to)],
            PlannedKind::Uses { action, with } => {
                let with = with.iter().map(|(k, v)| (k.value.clone(), self.input_of_action(v))).collect();
                vec![StepView {
                    name: Some(action.path.clone()),
                    uses: Some(action.reference()),
                    version: action.tag.clone().or_else(|| action.can_move().then(|| ACCEPTED.to_owned())),
                    with,
                    ..StepView::default()
                }]
            }
        };
        let condition = self.step_if(step);
        let timeout = step.timeout.map(|t| t.minutes_ceil());
        let own_name = step.name.as_ref().map(|n| self.value(n));
        let env: Env = step.env.iter().map(|e| (e.name.value.clone(), self.value(&e.value))).collect();
        let last = views.len().saturating_sub(1);
        for (i, view) in views.iter_mut().enumerate() {
            if let Some(gh) = &condition {
                view.condition = Some(if_text(gh));
            }
            view.continue_on_error |= step.continue_on_error;
            view.timeout = timeout;
            if i == last {
                if let Some(name) = &own_name {
                    view.name = Some(name.clone());
                }
                if view.id.is_none() {
                    view.id.clone_from(&step.id);
                }
                if view.env.is_empty() {
                    view.env.clone_from(&env);
                }
                if own_name.is_none() && says_it_all(view) {
                    view.name = None;
                }
            }
        }
        views
    }

    /// The `if` of a step: which outcome lets it run, and its own condition.
    fn step_if(&mut self, step: &PlannedStep) -> Option<Gh> {
        let ran = |id: &str| Gh::is_not(format!("steps.{id}.outcome"), "skipped");
        let status = match &step.when {
            RunWhen::Success => None,
            RunWhen::Failure => Some(Gh::atom("failure()")),
            RunWhen::Always => Some(Gh::atom("always()")),
            // `failure()` alone is false once the run is cancelled or the job is out of time.
            RunWhen::Rollback { started } => {
                Gh::all([Gh::Or(vec![Gh::atom("failure()"), Gh::atom("cancelled()")]), ran(started)])
            }
            RunWhen::Ran { step } => Gh::all([Gh::atom("always()"), ran(step)]),
            RunWhen::AnyFailed { steps } => {
                let failed = Gh::any(steps.iter().map(|id| Gh::is(format!("steps.{id}.outcome"), "failure")));
                Gh::all(std::iter::once(Gh::atom("always()")).chain(failed))
            }
        };
        let own = step.condition.as_ref().and_then(|e| self.condition(e));
        Gh::all(status.into_iter().chain(own))
    }

    fn run(&mut self, step: &PlannedStep, lines: &[Text]) -> StepView {
        let mut env: Env = step.env.iter().map(|e| (e.name.value.clone(), self.value(&e.value))).collect();
        let text = self.script(lines, &mut env);
        let text = outputs(&text);
        let text = if text.contains('\n') { text.trim_end().to_owned() + "\n" } else { text };
        let name = lines.first().map_or_else(String::new, title);
        StepView {
            name: Some(name),
            directory: step.dir.as_ref().map(|d| d.value.clone()).filter(|d| self.directory().as_ref() != Some(d)),
            env,
            shell: shell(step.shell).filter(|_| step.shell != self.job.job.shell.value),
            run: Some(text),
            ..StepView::default()
        }
    }

    fn checkout(&mut self, checkout: &Checkout) -> StepView {
        let mut step = action("actions/checkout", "Check out the repository");
        if let Some(reference) = &checkout.reference {
            step.with.push(("ref".into(), self.value(reference)));
        }
        if let Some(depth) = checkout.depth.filter(|d| *d != 1) {
            step.with.push(("fetch-depth".into(), depth.to_string()));
        }
        if checkout.lfs {
            step.with.push(("lfs".into(), "true".into()));
        }
        if checkout.submodules {
            step.with.push(("submodules".into(), "true".into()));
        }
        step.with.push(("persist-credentials".into(), "false".into()));
        step
    }

    /// The name of an image in its registry, without a tag; lower case, as registries want it.
    fn image_name(&self, image: ImageId, registry: Option<RegistryId>) -> String {
        let pipeline = self.plan.pipeline;
        let name = &pipeline.images[image.index()].name.value;
        match registry {
            Some(id) => format!("{}/{name}", pipeline.registries[id.index()].address.value).to_lowercase(),
            None => name.to_lowercase(),
        }
    }

    fn docker_build(&mut self, build: &DockerBuild) -> Vec<StepView> {
        let name = self.plan.pipeline.images[build.image.index()].name.value.clone();
        let address = self.image_name(build.image, build.registry.as_ref().map(|r| r.value));
        let mut steps = Vec::new();
        let first = self.builds.is_empty();
        let foreign = build.platforms.iter().any(|p| p.value != "linux/amd64");
        if foreign && first {
            steps.push(action("docker/setup-qemu-action", "Set up emulation for other platforms"));
        }
        if first {
            steps.push(action("docker/setup-buildx-action", "Set up Buildx"));
        }
        let mut step = action("docker/build-push-action", &format!("Build {name}"));
        let id = format!("build-{name}");
        let mut with = |key: &str, value: String| step.with.push((key.to_owned(), value));
        with("context", build.context.value.clone());
        if let Some(file) = &build.dockerfile {
            with("file", file.value.clone());
        }
        if let Some(target) = &build.target {
            with("target", target.value.clone());
        }
        if !build.platforms.is_empty() {
            with("platforms", build.platforms.iter().map(|p| p.value.as_str()).collect::<Vec<_>>().join(","));
        }
        let (push, name_of_step) = self.push(&build.push);
        let pushes = push != "false";
        if build.registry.is_some() {
            with("push", push);
        }
        if !pushes {
            // The later steps of the job can use it.
            with("load", "true".into());
        }
        let tags: Vec<String> = build
            .tags
            .iter()
            .map(|tag| {
                let full = prefixed(&address, &self.flat(&tag.tag));
                match tag.condition.as_ref().and_then(|c| self.condition(c)) {
                    None => self.value(&full),
                    Some(gh) => {
                        let text = self.text_expression(&full);
                        Gh::Or(vec![Gh::And(vec![gh, text]), Gh::atom(quoted(""))])
                            .wrapped()
                            .replace("${{ (", "${{ ")
                            .replace(") || ''", " || ''")
                    }
                }
            })
            .collect();
        let tags = if tags.is_empty() { vec![format!("{address}:latest")] } else { tags };
        with("tags", list(tags));
        for (key, pairs) in [("build-args", &build.args), ("labels", &build.labels)] {
            if !pairs.is_empty() {
                with(key, list(pairs.iter().map(|p| format!("{}={}", p.name.value, self.value(&p.value))).collect()));
            }
        }
        if build.cache {
            with("cache-from", format!("type=gha,scope={name}"));
            with("cache-to", format!("type=gha,scope={name},mode=max"));
        }
        step.name = Some(format!("{name_of_step} {name}"));
        // What is not pushed has no digest in a registry, only the tag it was loaded under.
        let local = build.tags.iter().find(|t| t.condition.is_none()).map(|t| prefixed(&address, &self.flat(&t.tag)));
        let reference = if pushes {
            format!("{address}@${{{{ steps.{id}.outputs.digest }}}}")
        } else {
            local.map_or_else(|| format!("{address}:latest"), |text| self.value(&text))
        };
        self.builds.insert(build.image, reference);
        step.id = Some(id);
        steps.push(step);
        steps
    }

    /// The value of `push:`, and what the step is called.
    fn push(&mut self, push: &Push) -> (String, &'static str) {
        match push {
            Push::Never => ("false".into(), "Build"),
            Push::NotOnPullRequest if self.kinds().contains(&crate::ir::event::EventKind::PullRequest) => {
                (Gh::is_not("github.event_name", "pull_request").wrapped(), "Build and push")
            }
            Push::NotOnPullRequest => ("true".into(), "Build and push"),
            Push::If(expr) => match self.condition(expr) {
                Some(gh) => (gh.wrapped(), "Build and push"),
                None => ("true".into(), "Build and push"),
            },
        }
    }

    fn login(&mut self, id: RegistryId) -> Vec<StepView> {
        let registry = self.plan.pipeline.registries[id.index()].clone();
        let host = registry.address.value.split('/').next().unwrap_or_default().to_owned();
        if registry.kind == RegistryKind::Ecr {
            let mut step = action("aws-actions/amazon-ecr-login", &format!("Log in to {host}"));
            // The step before, which takes the role, says the region, too. A runner with a role of its own need not know one:
            // `<account>.dkr.ecr.<region>.amazonaws.com`.
            if let (None, Some(region)) = (&registry.identity, host.split('.').nth(3)) {
                step.env.push(("AWS_REGION".into(), region.into()));
            }
            return vec![step];
        }
        let mut step = action("docker/login-action", &format!("Log in to {}", registry.name.value));
        if registry.kind != RegistryKind::Dockerhub {
            step.with.push(("registry".into(), host));
        }
        let user = registry.user.as_ref().map(|u| self.value(u));
        let password = registry.password.as_ref().map(|p| self.value(p));
        step.with.push(("username".into(), user.unwrap_or_else(|| "${{ github.actor }}".into())));
        step.with.push(("password".into(), password.unwrap_or_else(|| "${{ github.token }}".into())));
        vec![step]
    }

    fn promote(&mut self, image: &str, registry: RegistryId, from: &Text, to: &[Text]) -> StepView {
        let address = format!("{}/{image}", self.plan.pipeline.registries[registry.index()].address.value).to_lowercase();
        let mut parts = vec![Part::Literal("docker buildx imagetools create".into())];
        for tag in to {
            parts.push(Part::Literal(format!(" --tag {address}:")));
            parts.extend(tag.parts.clone());
        }
        parts.push(Part::Literal(format!(" {address}:")));
        parts.extend(from.parts.clone());
        let mut env = Env::new();
        let run = self.script(&[Text { parts, span: from.span }], &mut env);
        StepView { name: Some(format!("Promote {image}")), env, run: Some(run), ..StepView::default() }
    }

    /// The directory that all scripts of the job share.
    pub(super) fn directory(&self) -> Option<String> {
        let mut dirs =
            self.job.steps.iter().filter(|s| matches!(s.kind, PlannedKind::Run(_))).map(|s| s.dir.as_ref().map(|d| &d.value));
        let first = dirs.next()??;
        let count = self.job.steps.iter().filter(|s| matches!(s.kind, PlannedKind::Run(_))).count();
        (count > 1 && dirs.all(|d| d == Some(first))).then(|| first.clone())
    }
}

/// What a step without a name is called: its first command, as far as it is fixed.
fn title(line: &Text) -> String {
    let Some(Part::Literal(text)) = line.parts.first() else { return "Run".to_owned() };
    let text = text.trim_start().lines().next().unwrap_or_default();
    let mut end = text.find(['"', '\'', '$', '\\', '|', '<', '>', ';', '(', '=']).unwrap_or(text.len());
    if end == text.len() && end > 60 {
        let limit = text.floor_char_boundary(60);
        end = text[..limit].rfind(' ').unwrap_or(limit);
    }
    let whole = end == text.len() && line.parts.len() == 1;
    let kept = if whole { text } else { &text[..text[..end].rfind(' ').unwrap_or(end)] };
    // An option without its value says nothing.
    let mut words: Vec<&str> = kept.split_whitespace().collect();
    while !whole && words.last().is_some_and(|w| w.starts_with('-')) {
        words.pop();
    }
    if words.is_empty() { "Run".to_owned() } else { words.join(" ") }
}

/// Whether a step is one short command and nothing else, which needs no name.
fn says_it_all(view: &StepView) -> bool {
    let plain = view.id.is_none() && view.condition.is_none() && !view.continue_on_error && view.timeout.is_none();
    plain && view.shell.is_none() && view.env.is_empty() && view.run.as_ref().is_some_and(|r| !r.contains('\n') && r.len() <= 100)
}

/// A text with something fixed and a colon before it.
fn prefixed(before: &str, text: &Text) -> Text {
    let mut parts = vec![Part::Literal(format!("{before}:"))];
    for part in &text.parts {
        match (parts.last_mut(), part) {
            (Some(Part::Literal(last)), Part::Literal(more)) => last.push_str(more),
            _ => parts.push(part.clone()),
        }
    }
    Text { parts, span: text.span }
}

fn list(lines: Vec<String>) -> String {
    if lines.len() > 1 { lines.join("\n") + "\n" } else { lines.concat() }
}

/// The file that takes outputs has another name on GitHub.
fn outputs(script: &str) -> String {
    script.replace("PIPEWRIGHT_OUTPUT", "GITHUB_OUTPUT")
}

/// The pairs of a variable list.
pub(super) fn pairs(writer: &mut Writer<'_, '_>, env: &[crate::ir::text::EnvVar]) -> Vec<Pair> {
    env.iter().map(|e| (e.name.value.clone(), writer.value(&e.value))).collect()
}

/// The shell of the scripts, where GitHub has a word for it.
pub(super) fn shell(shell: Shell) -> Option<&'static str> {
    Some(match shell {
        Shell::Bash => "bash",
        Shell::Sh => "sh",
        Shell::Pwsh => "pwsh",
    })
}
