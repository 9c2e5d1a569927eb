//! What GitHub has for each context of the spec: a default variable of every shell, an expression, or an output of the job's first step.

use std::collections::{BTreeMap, BTreeSet};

use crate::back::shell::{self, Splice};
use crate::back::variables::upper;
use crate::base::span::{Span, Spanned};
use crate::ir::environment::Environment;
use crate::ir::event::{ClauseKind, EventKind, Filter, InputKind, InputValue};
use crate::ir::id::{EnvironmentId, ImageId, JobId, ValueId};
use crate::ir::job::Shell;
use crate::ir::raw::{RunsOn, runs_on};
use crate::ir::text::{
    CommitField, Context, EnvironmentField, GateField, Part, PrField, RepositoryField, RunField, ServiceField, Text,
};
use crate::plan::job::{JobSource, PlannedJob};
use crate::plan::{Plan, PlannedWorkflow};

use super::condition::Scope;
use super::domain::takes;
use super::expr::{Gh, quoted};
use super::leaf::event_name;
use super::outputs;

/// Variables of a step, in order.
pub(super) type Env = Vec<(String, String)>;

/// A context on GitHub.
pub(super) enum Reading {
    /// Known now.
    Fixed(String),
    /// What to expand in bash, and what to write in an expression's place.
    Default(String, String),
    /// An expression, and what a variable with its value is called.
    Value(Gh, String),
    /// Text with expressions in it, and what a variable with its value is called.
    Composed(String, String),
    /// An output of the job's first step.
    Computed(String),
}

/// What jobs of a workflow want of others, found while they are written.
#[derive(Default)]
pub(super) struct Wanted {
    /// Images whose reference with digest is read outside of the job that builds them.
    pub(super) images: BTreeSet<(usize, ImageId)>,
    /// Jobs that ask the route job, with what it must decide.
    pub(super) routes: Vec<super::route::Question>,
}

/// What the first step of a job must work out.
#[derive(Default)]
pub(super) struct Computed {
    /// `commit.short`
    pub(super) short: bool,
    /// Values that depend on the event.
    pub(super) values: BTreeSet<ValueId>,
    /// Conditions that no expression can say, as bash, by their output.
    pub(super) conditions: BTreeMap<String, String>,
    /// Variables that the conditions read.
    pub(super) env: BTreeMap<String, String>,
}

/// Writes one job.
pub(super) struct Writer<'w, 'a> {
    /// The plan.
    pub(super) plan: &'w Plan<'a>,
    /// The workflow.
    pub(super) workflow: &'w PlannedWorkflow<'a>,
    /// The job.
    pub(super) job: &'w PlannedJob<'a>,
    /// The events of the workflow.
    pub(super) scope: Scope<'w>,
    /// What it wants of other jobs.
    pub(super) wanted: &'w mut Wanted,
    /// What its first step works out.
    pub(super) computed: Computed,
    /// The job whose condition is written, which no step of its own can decide, and whether the first job of the workflow is asked for it.
    pub(super) deciding: Option<(String, bool)>,
    /// The shell of the step that is written.
    pub(super) shell: Shell,
    /// The ids of its docker-build steps.
    pub(super) builds: BTreeMap<ImageId, String>,
}

impl<'w, 'a> Writer<'w, 'a> {
    /// The kinds of events for which the job can be present.
    pub(super) fn kinds(&self) -> Vec<EventKind> {
        let on = &self.workflow.workflow.on;
        let all = EventKind::ALL.iter().map(|(_, k)| *k);
        let taken = |filter: &Filter, kind| filter.clauses.iter().any(|c| takes(c, kind));
        let asks = |kind| kind != EventKind::Raw || on.clauses.iter().any(|c| matches!(c.kind, ClauseKind::Raw(_)));
        all.filter(|k| asks(*k) && taken(on, *k) && self.job.filters.iter().all(|f| taken(f, *k))).collect()
    }

    /// Whether a review of a pull request starts the workflow.
    fn reviews(&self) -> bool {
        let is_review =
            |kind: &ClauseKind| matches!(kind, ClauseKind::Raw(own) if runs_on(&own.name.value) == Some(RunsOn::Merge));
        self.workflow.workflow.on.clauses.iter().any(|c| is_review(&c.kind))
    }

    fn environment(&self) -> Option<EnvironmentId> {
        self.job.job.environment.as_ref().map(|e| e.environment)
    }

    fn id_of(&self, job: JobId) -> Option<&'w str> {
        self.workflow.jobs.iter().find(|j| j.source == JobSource::Spec(job)).map(|j| j.id.as_str())
    }

    /// The vendor's name of a secret: an environment may rename it.
    pub(super) fn secret(&self, name: &str) -> String {
        let own = self.environment().map(|e| self.plan.pipeline.environment(e));
        own.map_or(name, |e| e.vendor_secret(name)).to_owned()
    }

    /// What GitHub has for a context.
    pub(super) fn reading(&mut self, context: &Context) -> Reading {
        let default = |variable: &str, gh: &str| Reading::Default(format!("${{{variable}}}"), format!("${{{{ {gh} }}}}"));
        let value = |gh: &str, name: &str| Reading::Value(Gh::atom(gh), name.to_owned());
        let pipeline = self.plan.pipeline;
        match context {
            Context::Commit(field) => match field {
                CommitField::Sha => default("GITHUB_SHA", "github.sha"),
                CommitField::Short => Reading::Computed("short".into()),
                CommitField::HeadSha if self.kinds().contains(&EventKind::PullRequest) || self.reviews() => {
                    value("github.event.pull_request.head.sha || github.sha", "HEAD_SHA")
                }
                CommitField::HeadSha => default("GITHUB_SHA", "github.sha"),
                CommitField::Message => value("github.event.head_commit.message", "COMMIT_MESSAGE"),
                CommitField::Author => value("github.event.head_commit.author.name", "COMMIT_AUTHOR"),
                CommitField::Branch | CommitField::Tag | CommitField::Ref => default("GITHUB_REF_NAME", "github.ref_name"),
            },
            Context::Run(field) => match field {
                RunField::Id => default("GITHUB_RUN_ID", "github.run_id"),
                RunField::Number => default("GITHUB_RUN_NUMBER", "github.run_number"),
                RunField::Attempt => default("GITHUB_RUN_ATTEMPT", "github.run_attempt"),
                RunField::Actor => default("GITHUB_ACTOR", "github.actor"),
                RunField::Url => Reading::Default(
                    "${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}".into(),
                    "${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id }}".into(),
                ),
                RunField::Token => value("github.token", "GITHUB_TOKEN"),
                RunField::Event => match self.kinds().iter().collect::<Vec<_>>().as_slice() {
                    [only] if **only != EventKind::Raw => Reading::Fixed(only.word().to_owned()),
                    _ => Reading::Value(self.event_word(), "RUN_EVENT".into()),
                },
            },
            Context::Pr(field) => match field {
                PrField::Number => value("github.event.pull_request.number", "PR_NUMBER"),
                PrField::Source => default("GITHUB_HEAD_REF", "github.head_ref"),
                PrField::Target => default("GITHUB_BASE_REF", "github.base_ref"),
                PrField::Title => value("github.event.pull_request.title", "PR_TITLE"),
            },
            Context::Repository(field) => match field {
                RepositoryField::Name => default("GITHUB_REPOSITORY", "github.repository"),
                RepositoryField::Owner => default("GITHUB_REPOSITORY_OWNER", "github.repository_owner"),
                RepositoryField::Url => Reading::Default(
                    "${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}".into(),
                    "${{ github.server_url }}/${{ github.repository }}".into(),
                ),
                RepositoryField::DefaultBranch => Reading::Fixed(pipeline.default_branch.value.clone()),
            },
            Context::JobName => Reading::Fixed(self.job.title.clone()),
            Context::JobStatus => value("job.status", "JOB_STATUS"),
            Context::Output { job, output } => {
                if self.job.source == JobSource::Spec(*job) {
                    return value(&outputs::own(output), &upper(output));
                }
                let id = self.id_of(*job).unwrap_or_default();
                Reading::Value(Gh::atom(format!("needs.{id}.outputs.{output}")), upper(&format!("{id}_{output}")))
            }
            Context::NeedsResult(job) => {
                let id = self.id_of(*job).unwrap_or_default();
                Reading::Value(Gh::atom(format!("needs.{id}.result")), upper(&format!("{id}_result")))
            }
            Context::Input(name) => Reading::Value(self.input(name), format!("INPUT_{}", upper(name))),
            Context::Matrix(axis) => Reading::Value(Gh::atom(format!("matrix.{axis}")), format!("MATRIX_{}", upper(axis))),
            Context::Secret(name) => Reading::Value(Gh::atom(format!("secrets.{}", self.secret(name))), upper(name)),
            Context::Variable(name) => Reading::Value(Gh::atom(format!("vars.{name}")), upper(name)),
            Context::Env(name) => Reading::Default(format!("${{{name}}}"), format!("${{{{ env.{name} }}}}")),
            Context::Registry(id) => Reading::Fixed(pipeline.registries[id.index()].address.value.clone()),
            Context::Image(image) => self.image(*image),
            Context::Service { service, field } => Reading::Fixed(match field {
                ServiceField::Host if self.job.job.image.is_some() => service.clone(),
                ServiceField::Host => "localhost".into(),
                ServiceField::Port => {
                    let own = self.job.job.services.iter().find(|s| s.name.value == *service);
                    own.and_then(|s| s.port.as_ref()).map_or_else(String::new, |p| p.value.to_string())
                }
            }),
            Context::Environment { environment, field } => {
                let Some(own) = self.place_of(*environment) else { return Reading::Fixed(String::new()) };
                Reading::Fixed(match field {
                    EnvironmentField::Name => own.name.value.clone(),
                    EnvironmentField::Tier => own.tier.word().to_owned(),
                    EnvironmentField::Namespace => {
                        let cluster = own.cluster.as_ref().and_then(|c| c.namespace.as_ref());
                        cluster.map_or_else(String::new, |n| n.value.clone())
                    }
                    // A text of its own: `flat` has put it in place.
                    EnvironmentField::Url => String::new(),
                })
            }
            Context::Value(id) => {
                let value = &pipeline.values[id.index()];
                match &value.github {
                    Some(own) => Reading::Value(Gh::atom(own.value.trim()), upper(&value.name.value)),
                    None => Reading::Computed(value.name.value.clone()),
                }
            }
            Context::DockerHost => Reading::Fixed("localhost".into()),
            Context::Gate { gate, field } => {
                let name = &pipeline.gate(*gate).name.value;
                let own = self.job.steps.iter().find(|s| s.gate == Some(*gate)).and_then(|s| s.id.as_ref());
                let output = if *field == GateField::Value { "value" } else { "approver" };
                let gh = match own {
                    Some(step) => format!("steps.{step}.outputs.{output}"),
                    None => {
                        let producer = pipeline.gate(*gate).producers.iter().find_map(|j| self.id_of(*j)).unwrap_or_default();
                        format!("needs.{producer}.outputs.{name}-{output}")
                    }
                };
                Reading::Value(Gh::atom(gh), upper(&format!("{name}_{output}")))
            }
        }
    }

    fn image(&mut self, image: ImageId) -> Reading {
        let name = self.plan.pipeline.images[image.index()].name.value.clone();
        let variable = format!("{}_IMAGE", upper(&name));
        if let Some(reference) = self.builds.get(&image) {
            return Reading::Composed(reference.clone(), variable);
        }
        let builders = &self.plan.pipeline.images[image.index()].builders;
        let found = self.workflow.jobs.iter().position(|j| matches!(j.source, JobSource::Spec(id) if builders.contains(&id)));
        let Some(builder) = found else { return Reading::Fixed(String::new()) };
        self.wanted.images.insert((builder, image));
        Reading::Value(Gh::atom(format!("needs.{}.outputs.{name}-image", self.workflow.jobs[builder].id)), variable)
    }

    /// The word of the spec for the kind of event. All operands of `&&` and `||` are literals that are not empty.
    fn event_word(&self) -> Gh {
        let kinds = self.kinds();
        let parts: Vec<Gh> = kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| {
                if *kind == EventKind::Raw {
                    return Gh::atom("github.event_name");
                }
                let word = Gh::atom(quoted(kind.word()));
                let mut tests = vec![Gh::is("github.event_name", event_name(*kind))];
                let both = kinds.contains(&EventKind::Push) && kinds.contains(&EventKind::Tag);
                if both && matches!(kind, EventKind::Push | EventKind::Tag) {
                    tests = vec![Gh::is("github.ref_type", if *kind == EventKind::Tag { "tag" } else { "branch" })];
                    tests.insert(0, Gh::is("github.event_name", "push"));
                }
                if i + 1 == kinds.len() {
                    return word;
                }
                tests.push(word.clone());
                Gh::all(tests).unwrap_or(word)
            })
            .collect();
        Gh::any(parts).unwrap_or_else(|| Gh::atom(quoted("")))
    }

    /// The value of an input: its default where the event has no inputs.
    pub(super) fn input(&self, name: &str) -> Gh {
        let own = Gh::atom(format!("inputs.{name}"));
        let Some(input) = self.workflow.workflow.inputs.iter().find(|i| i.name.value == name) else { return own };
        let elsewhere = self.kinds().iter().any(|k| *k != EventKind::Manual);
        let Some(default) = input.default.as_ref().filter(|_| elsewhere) else { return own };
        let other_event = Gh::is_not("github.event_name", "workflow_dispatch");
        match (&default.value, &input.kind) {
            // `null || false` is false, so is `false || false`.
            (InputValue::Bool(false), _) => Gh::Or(vec![own, Gh::atom("false")]),
            (InputValue::Bool(true), _) => Gh::Or(vec![other_event, own]),
            (InputValue::String(text), _) if text.is_empty() => own,
            (InputValue::String(text), InputKind::Number) => {
                Gh::any([Gh::And(vec![other_event, Gh::atom(text)]), own.clone()]).unwrap_or(own)
            }
            (InputValue::String(text), _) => {
                Gh::any([Gh::And(vec![other_event, Gh::atom(quoted(text))]), own.clone()]).unwrap_or(own)
            }
            (InputValue::Number(number), _) => {
                Gh::any([Gh::And(vec![other_event, Gh::atom(quoted(&number.to_string()))]), own.clone()]).unwrap_or(own)
            }
        }
    }

    /// The environment that a context names, or that of the job where a gate leaves it open; `gate-outside-environment` refuses a job without.
    fn place_of(&self, named: Option<EnvironmentId>) -> Option<&'a Environment> {
        let own = named.or_else(|| self.environment());
        own.map(|id| self.plan.pipeline.environment(id))
    }

    /// A text without the contexts that are texts themselves.
    pub(super) fn flat(&self, text: &Text) -> Text {
        let pipeline = self.plan.pipeline;
        let mut parts: Vec<Part> = Vec::new();
        for part in &text.parts {
            let inner = match part {
                Part::Context(c) => match &c.value {
                    Context::Variable(name) => {
                        pipeline.variables.iter().find(|v| v.name.value == *name).and_then(|v| v.value.clone())
                    }
                    Context::Environment { environment, field: EnvironmentField::Url } => {
                        self.place_of(*environment).and_then(|e| e.url.clone())
                    }
                    Context::Value(id) => self.only_arm(*id).cloned(),
                    _ => None,
                },
                Part::Literal(_) => None,
            };
            match inner {
                Some(inner) => parts.extend(self.flat(&inner).parts),
                None => parts.push(part.clone()),
            }
        }
        Text { parts, span: text.span }
    }

    /// The text of a value where the job's events all take the same arm.
    fn only_arm(&self, id: ValueId) -> Option<&'w Text> {
        let value = Some(&self.plan.pipeline.values[id.index()]).filter(|v| v.github.is_none())?;
        let arm = |kind: EventKind| value.arms.iter().find(|(k, _)| k.value == kind).map(|(_, t)| t).or(value.otherwise.as_ref());
        let mut arms = self.kinds().into_iter().map(arm);
        let first = arms.next()??;
        arms.all(|other| other == Some(first)).then_some(first)
    }

    /// A text as a value in YAML, its contexts as expressions.
    pub(super) fn value(&mut self, text: &Text) -> String {
        self.written(text, literal)
    }

    /// The input of an action of GitHub's, in which its own expressions may stand.
    pub(super) fn input_of_action(&mut self, text: &Text) -> String {
        self.written(text, |text| match text.rsplit_once("${{") {
            // One without an end is text.
            Some((before, open)) if !open.contains("}}") => format!("{before}{}{open}", literal("${{")),
            _ => text.to_owned(),
        })
    }

    fn written(&mut self, text: &Text, plain: fn(&str) -> String) -> String {
        let mut out = String::new();
        for part in self.flat(text).parts {
            match part {
                Part::Literal(text) => out.push_str(&plain(&text)),
                Part::Context(context) => match self.reading(&context.value) {
                    Reading::Fixed(text) => out.push_str(&literal(&text)),
                    Reading::Default(_, value) => out.push_str(&value),
                    Reading::Value(gh, _) => out.push_str(&gh.wrapped()),
                    Reading::Composed(value, _) => out.push_str(&value),
                    Reading::Computed(name) => out.push_str(&self.compute(&context.value, &name).wrapped()),
                },
            }
        }
        out
    }

    /// A context as an expression.
    pub(super) fn expression(&mut self, context: &Context) -> Gh {
        let context = Spanned::new(context.clone(), Span::default());
        self.text_expression(&Text { parts: vec![Part::Context(context)], span: Span::default() })
    }

    /// A text as one expression.
    pub(super) fn text_expression(&mut self, text: &Text) -> Gh {
        let value = self.value(text);
        match value.strip_prefix("${{ ").and_then(|v| v.strip_suffix(" }}")).filter(|v| !v.contains("${{")) {
            Some(gh) => Gh::atom(gh),
            None if value.contains("${{") => {
                let mut format = String::new();
                let mut args = Vec::new();
                for (i, piece) in value.split("${{ ").enumerate() {
                    let (gh, text) = if i == 0 { ("", piece) } else { piece.split_once(" }}").unwrap_or((piece, "")) };
                    if i > 0 {
                        format.push_str(&format!("{{{}}}", args.len()));
                        args.push(gh.to_owned());
                    }
                    format.push_str(text);
                }
                Gh::atom(format!("format({}, {})", quoted(&format), args.join(", ")))
            }
            None => Gh::atom(quoted(&value)),
        }
    }

    /// Asks the first step for an output.
    fn compute(&mut self, context: &Context, name: &str) -> Gh {
        match context {
            Context::Value(id) => _ = self.computed.values.insert(*id),
            _ => self.computed.short = true,
        }
        Gh::atom(format!("steps.values.outputs.{name}"))
    }

    /// Lines as a script for the shell of the job; what it reads becomes variables of the step.
    pub(super) fn script(&mut self, lines: &[Text], env: &mut Env) -> String {
        let lines: Vec<Text> = lines.iter().map(|l| self.flat(l)).collect();
        let shell = self.shell;
        // Every expression stands in the environment of the step: what looks like one here is text.
        literal(&shell::script(&lines, &mut |context| self.splice(context, shell, env)))
    }

    fn splice(&mut self, context: &Context, shell: Shell, env: &mut Env) -> Splice {
        let short = matches!(context, Context::Commit(CommitField::Short));
        match (self.reading(context), shell) {
            (Reading::Fixed(text), _) => Splice::Literal(text),
            (Reading::Default(..), Shell::Pwsh) => match context {
                Context::Env(name) => Splice::Expand(format!("${{env:{name}}}")),
                _ => {
                    let gh = self.expression(context);
                    Splice::Expand(format!("${{env:{}}}", bind(env, &context_name(context), gh.wrapped())))
                }
            },
            (Reading::Default(expand, _), Shell::Bash | Shell::Sh) => Splice::Expand(expand),
            (Reading::Computed(_), Shell::Bash) if short => Splice::Expand("${GITHUB_SHA::7}".into()),
            (Reading::Computed(name), _) => {
                let gh = self.compute(context, &name);
                variable(shell, bind(env, &upper(&name), gh.wrapped()))
            }
            (Reading::Value(gh, name), _) => variable(shell, bind(env, &name, gh.wrapped())),
            (Reading::Composed(value, name), _) => variable(shell, bind(env, &name, value)),
        }
    }
}

/// Text in which GitHub finds no expression: `${{` is written as an expression that gives just that.
fn literal(text: &str) -> String {
    text.replace("${{", "${{ '${{' }}")
}

fn variable(shell: Shell, name: String) -> Splice {
    Splice::Expand(if shell == Shell::Pwsh { format!("${{env:{name}}}") } else { format!("${{{name}}}") })
}

/// A variable of the step with this value: one that is there already, or a new one, by another name where the first is taken.
pub(super) fn bind(env: &mut Env, name: &str, value: String) -> String {
    let mut name = name.to_owned();
    while let Some((_, known)) = env.iter().find(|(n, _)| *n == name) {
        if *known == value {
            return name;
        }
        name.push_str("_VALUE");
    }
    env.push((name.clone(), value));
    name
}

fn context_name(context: &Context) -> String {
    match context {
        Context::Commit(field) => format!("COMMIT_{}", upper(field.word())),
        Context::Run(field) => format!("RUN_{}", upper(field.word())),
        Context::Pr(field) => format!("PR_{}", upper(field.word())),
        Context::Repository(field) => format!("REPOSITORY_{}", upper(field.word())),
        _ => "VALUE".into(),
    }
}
