//! Contexts as variables of a shell: what is alike for every vendor whose jobs find them there.

use std::collections::BTreeSet;

use crate::back::shell::{self, Splice};
use crate::ir::event::{EventKind, EventValue};
use crate::ir::id::JobId;
use crate::ir::text::{
    CommitField, Context, EnvVar, EnvironmentField, GateField, Part, PrField, RepositoryField, RunField, ServiceField, Text,
};
use crate::plan::Plan;
use crate::plan::job::{JobSource, PlannedJob};

/// The variable with the path of the file that scripts write outputs to.
pub(in crate::back) const OUTPUT: &str = "PIPEWRIGHT_OUTPUT";

/// What stands for a context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::back) enum Value {
    /// Known now.
    Fixed(String),
    /// A variable that is set before the first command.
    Variable(String),
    /// A variable that the script sets itself, with the line that does.
    Derived(String, String),
}

/// A name as the word of a variable: `skip-tests` is `SKIP_TESTS`.
pub(in crate::back) fn upper(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// The variable of an input. The prefix keeps a job's own variable of that name apart.
pub(in crate::back) fn input(name: &str) -> String {
    format!("INPUT_{}", upper(name))
}

/// The variable of a matrix axis.
pub(in crate::back) fn axis(name: &str) -> String {
    format!("MATRIX_{}", upper(name))
}

/// The variable of an output of another job.
pub(in crate::back) fn output(job: &str, name: &str) -> String {
    format!("{}_{}", upper(job), upper(name))
}

/// The variable of an image that the run builds.
pub(in crate::back) fn image(name: &str) -> String {
    format!("IMAGE_{}", upper(name))
}

/// The texts of a value that a job's events choose among, each with its events.
pub(in crate::back) fn arms(value: &EventValue, mut kinds: BTreeSet<EventKind>) -> Vec<(BTreeSet<EventKind>, &Text)> {
    let mut arms: Vec<(BTreeSet<EventKind>, &Text)> = Vec::new();
    for (kind, text) in &value.arms {
        if kinds.remove(&kind.value) {
            arms.push((BTreeSet::from([kind.value]), text));
        }
    }
    if let (Some(text), false) = (&value.otherwise, kinds.is_empty()) {
        arms.push((kinds, text));
    }
    arms
}

/// A job that finds contexts as variables, and the vendor's words for them.
pub(in crate::back) trait Variables {
    /// The plan of the job.
    fn plan(&self) -> &Plan<'_>;
    /// The job.
    fn job(&self) -> &PlannedJob<'_>;
    /// Of the commit.
    fn commit(&self, field: CommitField) -> Value;
    /// Of the run.
    fn run(&self, field: RunField) -> Value;
    /// Of the pull request.
    fn pull_request(&self, field: PrField) -> Value;
    /// Of the repository, but for the default branch.
    fn repository(&self, field: RepositoryField) -> Value;
    /// How the job stands.
    fn status(&self) -> Value;
    /// How another job ended.
    fn result(&self, job: JobId) -> Value;
    /// The value of an axis of the matrix.
    fn cell(&self, name: &str) -> Value {
        Value::Variable(axis(name))
    }
    /// A secret.
    fn secret(&self, name: &str) -> Value;
    /// The host of a container beside the job.
    fn host(&self, service: &str) -> String;
    /// The host of its docker daemon.
    fn docker_host(&self) -> &'static str;
    /// An environment's address that is not known now.
    fn address(&self, url: &Text) -> Value;
    /// A value whose text the event chooses.
    fn chosen(&self, value: &EventValue) -> Value;
    /// What a gate found.
    fn gate(&self, gate: &str, field: GateField) -> Value;

    /// What stands for a context.
    fn value(&self, context: &Context) -> Value {
        let pipeline = self.plan().pipeline;
        let fixed = |text: &str| Value::Fixed(text.to_owned());
        match context {
            Context::Commit(field) => self.commit(*field),
            Context::Run(field) => self.run(*field),
            Context::Pr(field) => self.pull_request(*field),
            Context::Repository(RepositoryField::DefaultBranch) => fixed(&pipeline.default_branch.value),
            Context::Repository(field) => self.repository(*field),
            Context::JobName => fixed(&self.job().title),
            Context::JobStatus => self.status(),
            Context::Output { job, output: name } if self.job().source == JobSource::Spec(*job) => {
                written(&output(self.id_of(*job), name), name)
            }
            Context::Output { job, output: name } => Value::Variable(output(self.id_of(*job), name)),
            Context::NeedsResult(job) => self.result(*job),
            Context::Input(name) => Value::Variable(input(name)),
            Context::Matrix(name) => self.cell(name),
            Context::Secret(name) => self.secret(name),
            Context::Variable(name) | Context::Env(name) => Value::Variable(name.clone()),
            Context::Registry(id) => fixed(pipeline.registries.get(id.index()).map_or("", |r| &r.address.value)),
            Context::Image(id) => Value::Variable(pipeline.images.get(id.index()).map_or_else(String::new, |i| image(&i.name))),
            Context::Service { service, field: ServiceField::Host } => Value::Fixed(self.host(service)),
            Context::Service { service, field: ServiceField::Port } => {
                let service = self.job().job.services.iter().find(|s| s.name.value == *service);
                Value::Fixed(service.and_then(|s| s.port.as_ref()).map_or_else(String::new, |p| p.value.to_string()))
            }
            Context::Environment { environment, field } => {
                let own = environment.or_else(|| self.job().environment.as_ref().and_then(|e| e.id));
                // `gate-outside-environment` refuses a gate that has none.
                let Some(environment) = own.map(|id| pipeline.environment(id)) else { return fixed("") };
                match field {
                    EnvironmentField::Name => fixed(&environment.name.value),
                    EnvironmentField::Tier => fixed(environment.tier.word()),
                    EnvironmentField::Namespace => {
                        fixed(environment.cluster.as_ref().and_then(|c| c.namespace.as_ref()).map_or("", |n| &n.value))
                    }
                    EnvironmentField::Url => match &environment.url {
                        Some(url) => url.as_literal().map_or_else(|| self.address(url), fixed),
                        None => fixed(""),
                    },
                }
            }
            Context::Value(id) => pipeline.values.get(id.index()).map_or_else(|| fixed(""), |v| self.chosen(v)),
            Context::DockerHost => fixed(self.docker_host()),
            Context::Gate { gate, field } => self.gate(&pipeline.gate(*gate).name.value, *field),
        }
    }

    /// The vendor's name of a job of the spec.
    fn id_of(&self, job: JobId) -> &str {
        let plan = self.plan();
        plan.job(job).map_or(plan.pipeline.job(job).name.as_str(), |(_, planned)| planned.id.as_str())
    }

    /// The kinds of events for which the job may be present.
    fn kinds(&self) -> BTreeSet<EventKind> {
        let events = &self.plan().pipeline.events;
        self.job().job.possible.iter().filter_map(|i| events.get(i)).map(|e| e.kind).collect()
    }

    /// The lines that a text needs before it can be read: variable and definition, in order.
    fn derived(&self, text: &Text) -> Vec<(String, String)> {
        text.contexts()
            .filter_map(|context| match self.value(&context.value) {
                Value::Derived(name, line) => Some((name, line)),
                Value::Fixed(_) | Value::Variable(_) => None,
            })
            .collect()
    }

    /// A text as one word of a shell script, in quotes where it needs any.
    fn quoted(&self, text: &Text) -> String;

    /// The line that sets a variable; none for one that is there under that very name.
    fn export(&self, variable: &EnvVar) -> Option<String> {
        let (name, value) = (&variable.name.value, self.quoted(&variable.value));
        (value != format!("\"${name}\"")).then(|| format!("export {name}={value}"))
    }

    /// The lines that set variables.
    fn exports(&self, env: &[EnvVar]) -> Vec<String> {
        let kept = |context: &Context| if let Value::Variable(name) = self.value(context) { Some(name) } else { None };
        in_order(env, &kept).into_iter().filter_map(|e| self.export(e)).collect()
    }

    /// A text as code of a shell script: literals as they stand, contexts as variables that are never split.
    fn code(&self, text: &Text) -> String {
        shell::script(std::slice::from_ref(text), &mut |context| match self.value(context) {
            Value::Fixed(text) => Splice::Literal(text),
            Value::Variable(name) | Value::Derived(name, _) => Splice::Expand(format!("${{{name}}}")),
        })
    }

    /// A text for a reader: what only the run knows stands as the name of its variable.
    fn shown(&self, text: &Text) -> String {
        let parts = text.parts.iter().map(|part| match part {
            Part::Literal(text) => text.clone(),
            Part::Context(context) => match self.value(&context.value) {
                Value::Fixed(text) => text,
                Value::Variable(name) | Value::Derived(name, _) => format!("${name}"),
            },
        });
        parts.collect()
    }

    /// A text between the double quotes of a shell.
    fn double_quoted(&self, text: &Text) -> String {
        let mut out = String::new();
        for (i, part) in text.parts.iter().enumerate() {
            let fixed = match part {
                Part::Literal(text) => text.clone(),
                Part::Context(context) => match self.value(&context.value) {
                    Value::Fixed(text) => text,
                    Value::Variable(name) | Value::Derived(name, _) => {
                        push_variable(&name, text.parts.get(i + 1), &mut out);
                        continue;
                    }
                },
            };
            for c in fixed.chars() {
                if matches!(c, '"' | '\\' | '$' | '`') {
                    out.push('\\');
                }
                out.push(c);
            }
        }
        out
    }
}

/// Variables in an order in which none is set before another has read what the vendor keeps under its name. `kept` is the name of the variable
/// that holds a context.
fn in_order<'e>(env: &'e [EnvVar], kept: &dyn Fn(&Context) -> Option<String>) -> Vec<&'e EnvVar> {
    let reads = |variable: &EnvVar, name: &str| {
        let mut contexts = variable.value.contexts().filter(|c| !matches!(c.value, Context::Env(_)));
        contexts.any(|c| kept(&c.value).is_some_and(|read| read == name))
    };
    let mut rest: Vec<&EnvVar> = env.iter().collect();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let free = |at: &usize| {
            let name = &rest[*at].name.value;
            rest.iter().enumerate().all(|(other, e)| other == *at || e.name.value == *name || !reads(e, name))
        };
        let at = (0..rest.len()).find(free).unwrap_or(0);
        found.push(rest.remove(at));
    }
    found
}

/// The line that reads the figure of a gate from the file that it wrote, and the variable that it sets.
pub(in crate::back) fn figure(gate: &str, file: &str) -> Value {
    let name = format!("GATE_{}_VALUE", upper(gate));
    let line = format!("{name}=$(sed -n 's/^value=//p' {file} 2> /dev/null || true)");
    Value::Derived(name, line)
}

/// The line that reads an output which a step before has written, and the variable that it sets: what was written last counts.
fn written(variable: &str, name: &str) -> Value {
    let line = format!("{variable}=$(sed -n 's/^{name}=//p' \"${OUTPUT}\" | tail -n 1)");
    Value::Derived(variable.to_owned(), line)
}

/// How a line begins to read the file of a value, behind the name of its variable.
const TOLD: &str = "=$(cat ";

/// The line that reads a value from the file that a step has written it to, and the variable that it sets.
pub(in crate::back) fn told(value: &str, file: &str) -> Value {
    let name = format!("VALUE_{}", upper(value));
    let line = format!("{name}{TOLD}{} 2> /dev/null || true)", shell::single_quoted(file));
    Value::Derived(name, line)
}

/// The variables that a script has worked out so far.
#[derive(Clone, Debug)]
pub(in crate::back) struct Known {
    names: BTreeSet<String>,
    /// Those among them that stand in the file of the outputs, to which a further step may write.
    written: BTreeSet<String>,
    /// Those that stand in the file of a value, to which any step may write.
    told: BTreeSet<String>,
    /// Whether a script names that file: where none does, what it calls may write to it.
    named: bool,
}

impl Known {
    /// Nothing is known before the first step of a job.
    pub(in crate::back) fn of(job: &PlannedJob<'_>) -> Self {
        let named = job.steps.iter().any(|s| s.kind.texts().iter().any(|t| t.mentions(OUTPUT)));
        Self { names: BTreeSet::new(), written: BTreeSet::new(), told: BTreeSet::new(), named }
    }

    /// Whether a line that works out a variable has to be written: it is not known, or not any more.
    pub(in crate::back) fn learn(&mut self, name: &str, line: &str) -> bool {
        if line.contains(OUTPUT) {
            self.written.insert(name.to_owned());
        }
        if line.contains(TOLD) {
            self.told.insert(name.to_owned());
        }
        self.names.insert(name.to_owned())
    }

    /// A step of these lines has run.
    pub(in crate::back) fn ran(&mut self, lines: &[String]) {
        if !self.named || lines.iter().any(|l| l.contains(OUTPUT)) {
            self.names.retain(|n| !self.written.contains(n));
        }
        self.names.retain(|n| !self.told.contains(n));
    }
}

/// `$NAME`, in braces where the next character would be taken for a part of the name.
pub(in crate::back) fn push_variable(name: &str, next: Option<&Part>, out: &mut String) {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '[';
    let joined = matches!(next, Some(Part::Literal(text)) if text.starts_with(joins));
    out.push_str(&if joined { format!("${{{name}}}") } else { format!("${name}") });
}
