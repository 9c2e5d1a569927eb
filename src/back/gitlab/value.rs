//! What a context of the language is called on GitLab.
//!
//! Most are predefined variables. A few have no variable of equal value (seven characters of the hash, the words for events): those are derived
//! once at the top of the script that reads them.

use std::collections::BTreeSet;

use crate::back::shell::{self, Splice};
use crate::ir::event::{EventKind, EventValue, InputValue};
use crate::ir::text::{
    CommitField, Context, EnvironmentField, GateField, Part, PrField, RepositoryField, RunField, ServiceField, Text,
};
use crate::plan::job::PlannedJob;
use crate::plan::{Plan, PlannedWorkflow};

/// The variable that says which schedule started a pipeline; it is set in the schedule's own settings.
pub(super) const SCHEDULE: &str = "PIPEWRIGHT_SCHEDULE";
/// The variable that says which workflow a person wants, where several can be started by hand.
pub(super) const WORKFLOW: &str = "PIPEWRIGHT_WORKFLOW";
/// The variable with the path of the file that scripts write outputs to.
pub(super) const OUTPUT: &str = "PIPEWRIGHT_OUTPUT";

/// Where a text stands: what its contexts mean depends on the job.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The plan.
    pub(super) plan: &'p Plan<'p>,
    /// The workflow of the job.
    pub(super) workflow: &'p PlannedWorkflow<'p>,
    /// The job.
    pub(super) job: &'p PlannedJob<'p>,
}

/// What stands for a context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// Known now.
    Fixed(String),
    /// A variable that GitLab sets before the script starts.
    Variable(String),
    /// A variable that the script sets itself, with the line that does.
    Derived(String, String),
}

/// A name as the word of a variable: `skip-tests` is `SKIP_TESTS`.
pub(super) fn upper(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// The variable of an input. The prefix keeps a job's own variable of that name apart.
pub(super) fn input(name: &str) -> String {
    format!("INPUT_{}", upper(name))
}

/// The variable of a matrix axis.
pub(super) fn axis(name: &str) -> String {
    format!("MATRIX_{}", upper(name))
}

/// The variable of an output, as a dotenv report carries it.
pub(super) fn output(job: &str, name: &str) -> String {
    format!("{}_{}", upper(job), upper(name))
}

/// The variable of an image that the pipeline builds.
pub(super) fn image(name: &str) -> String {
    format!("IMAGE_{}", upper(name))
}

/// The value of an input on events that give none.
pub(super) fn input_text(value: &InputValue) -> String {
    match value {
        InputValue::String(text) => text.clone(),
        InputValue::Bool(value) => value.to_string(),
        InputValue::Number(number) => number.to_string(),
    }
}

impl<'p> Place<'p> {
    /// The kinds of events for which the job may be present.
    pub(super) fn kinds(&self) -> BTreeSet<EventKind> {
        let events = &self.plan.pipeline.events;
        self.job.job.possible.iter().filter_map(|i| events.get(i)).map(|e| e.kind).collect()
    }

    /// The vendor's name of a secret: an environment may rename it.
    fn secret(&self, name: &str) -> String {
        let own = self.job.job.environment.as_ref().map(|e| &self.plan.pipeline.environment(e.environment).secrets);
        let renamed = own.into_iter().flatten().find(|s| s.name.value == name).and_then(|s| s.from.as_ref());
        renamed.and_then(|from| from.value.strip_prefix("ci:")).unwrap_or(name).to_owned()
    }

    /// What stands for a context in this job.
    pub(super) fn value(&self, context: &Context) -> Value {
        match context {
            Context::Commit(field) => commit(*field),
            Context::Run(field) => self.run(*field),
            Context::Pr(field) => Value::Variable(pull_request(*field).to_owned()),
            Context::Repository(field) => self.repository(*field),
            Context::JobName => Value::Fixed(self.job.title.clone()),
            Context::JobStatus => Value::Derived("JOB_STATUS".to_owned(), status()),
            Context::Output { job, output: name } => Value::Variable(output(self.job_id(*job), name)),
            Context::NeedsResult(job) => Value::Variable(format!("{}_RESULT", upper(self.job_id(*job)))),
            Context::Input(name) => Value::Variable(input(name)),
            Context::Matrix(name) => Value::Variable(axis(name)),
            Context::Secret(name) => Value::Variable(self.secret(name)),
            Context::Variable(name) | Context::Env(name) => Value::Variable(name.clone()),
            Context::Registry(id) => {
                Value::Fixed(self.plan.pipeline.registries.get(id.index()).map_or_else(String::new, |r| r.address.value.clone()))
            }
            Context::Image(id) => {
                Value::Variable(self.plan.pipeline.images.get(id.index()).map_or_else(String::new, |i| image(&i.name)))
            }
            Context::Service { service, field } => Value::Fixed(self.service(service, *field)),
            Context::Environment { environment, field } => {
                let own = environment.or_else(|| self.job.environment.as_ref().and_then(|e| e.id));
                // `gate-outside-environment` refuses a gate that has none.
                let Some(environment) = own.map(|id| self.plan.pipeline.environment(id)) else {
                    return Value::Fixed(String::new());
                };
                match field {
                    EnvironmentField::Name => Value::Fixed(environment.name.value.clone()),
                    EnvironmentField::Tier => Value::Fixed(environment.tier.word().to_owned()),
                    EnvironmentField::Namespace => {
                        let namespace = environment.cluster.as_ref().and_then(|c| c.namespace.as_ref());
                        Value::Fixed(namespace.map_or_else(String::new, |n| n.value.clone()))
                    }
                    EnvironmentField::Url => match environment.url.as_ref().and_then(Text::as_literal) {
                        Some(url) => Value::Fixed(url.to_owned()),
                        None => Value::Variable("CI_ENVIRONMENT_URL".to_owned()),
                    },
                }
            }
            Context::Value(id) => match self.plan.pipeline.values.get(id.index()) {
                Some(value) => self.event_value(value),
                None => Value::Fixed(String::new()),
            },
            Context::DockerHost => Value::Fixed("docker".to_owned()),
            Context::Gate { gate, field } => match field {
                GateField::Value => figure(&self.plan.pipeline.gate(*gate).name),
                GateField::Approver => Value::Variable("GITLAB_USER_LOGIN".to_owned()),
            },
        }
    }

    fn job_id(&self, job: crate::ir::id::JobId) -> &str {
        self.plan.job(job).map_or(self.plan.pipeline.job(job).name.as_str(), |(_, planned)| planned.id.as_str())
    }

    fn run(&self, field: RunField) -> Value {
        let name = match field {
            RunField::Id => "CI_PIPELINE_ID",
            RunField::Number => "CI_PIPELINE_IID",
            RunField::Url => "CI_PIPELINE_URL",
            RunField::Attempt => return Value::Fixed("1".to_owned()),
            RunField::Event => return self.event(),
            RunField::Actor => "GITLAB_USER_LOGIN",
            RunField::Token => "CI_JOB_TOKEN",
        };
        Value::Variable(name.to_owned())
    }

    fn event(&self) -> Value {
        let kinds = self.kinds();
        if let [only] = kinds.iter().copied().collect::<Vec<_>>().as_slice() {
            return Value::Fixed(only.word().to_owned());
        }
        let arms = [
            (EventKind::PullRequest, "merge_request_event*", "pull-request"),
            (EventKind::Schedule, "schedule*", "schedule"),
            (EventKind::Tag, "push-tag", "tag"),
            (EventKind::Push, "push", "push"),
            (EventKind::Manual, "*", "manual"),
        ];
        let arms = arms.iter().filter(|(kind, ..)| kinds.contains(kind));
        let arms: String = arms.map(|(_, pattern, word)| format!("  {pattern}) RUN_EVENT={word} ;;\n")).collect();
        let line = format!("case \"$CI_PIPELINE_SOURCE${{CI_COMMIT_TAG:+-tag}}\" in\n{arms}esac");
        Value::Derived("RUN_EVENT".to_owned(), line)
    }

    fn repository(&self, field: RepositoryField) -> Value {
        let name = match field {
            RepositoryField::Name => "CI_PROJECT_PATH",
            RepositoryField::Owner => "CI_PROJECT_NAMESPACE",
            RepositoryField::Url => "CI_PROJECT_URL",
            RepositoryField::DefaultBranch => return Value::Fixed(self.plan.pipeline.default_branch.value.clone()),
        };
        Value::Variable(name.to_owned())
    }

    /// A service is reached by its alias, at the port it listens on.
    fn service(&self, name: &str, field: ServiceField) -> String {
        match field {
            ServiceField::Host => name.to_owned(),
            ServiceField::Port => {
                let service = self.job.job.services.iter().find(|s| s.name.value == name);
                service.and_then(|s| s.port.as_ref()).map_or_else(String::new, |p| p.value.to_string())
            }
        }
    }

    /// The arm of a value that the job's events choose; a chain of tests where they choose several.
    fn event_value(&self, value: &EventValue) -> Value {
        let name = format!("VALUE_{}", upper(&value.name));
        let kinds = self.kinds();
        let (mut rest, all) = (kinds.clone(), kinds);
        let mut arms: Vec<(BTreeSet<EventKind>, &Text)> = Vec::new();
        for (kind, text) in &value.arms {
            if rest.remove(&kind.value) {
                arms.push((BTreeSet::from([kind.value]), text));
            }
        }
        if let (Some(text), false) = (&value.otherwise, rest.is_empty()) {
            arms.push((rest, text));
        }
        if let [(_, only)] = arms.as_slice()
            && let [Part::Context(context)] = only.parts.as_slice()
        {
            return self.value(&context.value);
        }
        let mut lines = Vec::new();
        for (_, text) in &arms {
            for (_, line) in self.derived(text) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        let assign = |text: &Text| format!("{name}={}", self.quoted(text));
        if let [(_, only)] = arms.as_slice() {
            lines.push(assign(only));
        } else {
            let last = arms.len().saturating_sub(1);
            for (i, (kinds, text)) in arms.iter().enumerate() {
                let tests: Vec<String> = kinds.iter().map(|k| kind_test(*k, &all)).collect();
                lines.push(match i {
                    0 => format!("if {}; then", tests.join(" || ")),
                    i if i == last => "else".to_owned(),
                    _ => format!("elif {}; then", tests.join(" || ")),
                });
                lines.push(format!("  {}", assign(text)));
            }
            lines.push("fi".to_owned());
        }
        Value::Derived(name, lines.join("\n"))
    }

    /// The lines that a text needs before it can be read: variable and definition, in order.
    pub(super) fn derived(&self, text: &Text) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for context in text.contexts() {
            if let Value::Derived(name, line) = self.value(&context.value) {
                found.push((name, line));
            }
        }
        found
    }

    /// A text as code of a shell script: literals as they stand, contexts as variables that are never split.
    pub(super) fn code(&self, text: &Text) -> String {
        shell::script(std::slice::from_ref(text), &mut |context| match self.value(context) {
            Value::Fixed(text) => Splice::Literal(text),
            Value::Variable(name) | Value::Derived(name, _) => Splice::Expand(format!("${{{name}}}")),
        })
    }

    /// A text for a reader: what only the run knows stands as the name of its variable.
    pub(super) fn shown(&self, text: &Text) -> String {
        let mut out = String::new();
        for part in &text.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Context(context) => match self.value(&context.value) {
                    Value::Fixed(text) => out.push_str(&text),
                    Value::Variable(name) | Value::Derived(name, _) => out.push_str(&format!("${name}")),
                },
            }
        }
        out
    }

    /// A text as one word of a shell script, in double quotes where it needs any.
    pub(super) fn quoted(&self, text: &Text) -> String {
        let mut out = String::new();
        let mut bare = !text.parts.is_empty();
        for (i, part) in text.parts.iter().enumerate() {
            let fixed = match part {
                Part::Literal(text) => text.clone(),
                Part::Context(context) => match self.value(&context.value) {
                    Value::Fixed(text) => text,
                    Value::Variable(name) | Value::Derived(name, _) => {
                        bare = false;
                        push_variable(&name, text.parts.get(i + 1), &mut out);
                        continue;
                    }
                },
            };
            bare &= is_bare(&fixed);
            for c in fixed.chars() {
                if matches!(c, '"' | '\\' | '$' | '`') {
                    out.push('\\');
                }
                out.push(c);
            }
        }
        if bare { out } else { format!("\"{out}\"") }
    }

    /// A text as the value of a key that GitLab expands, or nothing where it needs a derived variable. `$$` is a dollar sign.
    pub(super) fn expanded(&self, text: &Text) -> Option<String> {
        let mut out = String::new();
        for (i, part) in text.parts.iter().enumerate() {
            match part {
                Part::Literal(text) => out.push_str(&text.replace('$', "$$")),
                Part::Context(context) => match self.value(&context.value) {
                    Value::Fixed(text) => out.push_str(&text.replace('$', "$$")),
                    Value::Variable(name) => push_variable(&name, text.parts.get(i + 1), &mut out),
                    Value::Derived(..) => return None,
                },
            }
        }
        Some(out)
    }
}

/// `$NAME`, in braces where the next character would be taken for a part of the name.
fn push_variable(name: &str, next: Option<&Part>, out: &mut String) {
    let joined = match next {
        Some(Part::Literal(text)) => text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '['),
        Some(Part::Context(_)) => false,
        None => false,
    };
    out.push_str(&if joined { format!("${{{name}}}") } else { format!("${name}") });
}

/// Whether a word means itself in every shell.
pub(super) fn is_bare(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c))
}

/// A fixed text as one word of a shell script.
pub(super) fn word(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// A shell test of the kind of event, among the kinds that can be.
pub(super) fn kind_test(kind: EventKind, among: &BTreeSet<EventKind>) -> String {
    let source = |word: &str| format!("[ \"$CI_PIPELINE_SOURCE\" = {word} ]");
    // A person may start a pipeline for a tag, too.
    let by_hand = among.contains(&EventKind::Manual);
    match kind {
        // What stands for a release is the push of its tag.
        EventKind::Push if among.contains(&EventKind::Tag) || among.contains(&EventKind::Release) => {
            format!("{} && [ -z \"$CI_COMMIT_TAG\" ]", source("push"))
        }
        EventKind::Push => source("push"),
        EventKind::Tag | EventKind::Release if by_hand => format!("{} && [ -n \"$CI_COMMIT_TAG\" ]", source("push")),
        EventKind::Tag | EventKind::Release => "[ -n \"$CI_COMMIT_TAG\" ]".to_owned(),
        EventKind::PullRequest => source("merge_request_event"),
        EventKind::Schedule => source("schedule"),
        EventKind::Manual => "echo \"$CI_PIPELINE_SOURCE\" | grep -Eqx 'web|api|trigger'".to_owned(),
    }
}

fn commit(field: CommitField) -> Value {
    let name = match field {
        CommitField::Sha | CommitField::HeadSha => "CI_COMMIT_SHA",
        CommitField::Short => {
            return Value::Derived("COMMIT_SHORT".to_owned(), "COMMIT_SHORT=$(printf '%.7s' \"$CI_COMMIT_SHA\")".to_owned());
        }
        CommitField::Message => "CI_COMMIT_MESSAGE",
        CommitField::Author => {
            // GitLab gives "Name <mail>".
            return Value::Derived("COMMIT_AUTHOR".to_owned(), "COMMIT_AUTHOR=${CI_COMMIT_AUTHOR% <*}".to_owned());
        }
        CommitField::Branch => "CI_COMMIT_BRANCH",
        CommitField::Tag => "CI_COMMIT_TAG",
        CommitField::Ref => "CI_COMMIT_REF_NAME",
    };
    Value::Variable(name.to_owned())
}

/// What a gate measured lies in a file of its own.
fn figure(gate: &str) -> Value {
    let name = format!("GATE_{}_VALUE", upper(gate));
    let line = format!("{name}=$(sed -n 's/^value=//p' {} 2> /dev/null || true)", gate_file(gate));
    Value::Derived(name, line)
}

/// The file that a gate writes its figure to.
pub(super) fn gate_file(gate: &str) -> String {
    format!("\"$CI_PROJECT_DIR/.gate-{gate}\"")
}

/// The variable of a field of the merge request.
pub(super) fn pull_request(field: PrField) -> &'static str {
    match field {
        PrField::Number => "CI_MERGE_REQUEST_IID",
        PrField::Source => "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        PrField::Target => "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        PrField::Title => "CI_MERGE_REQUEST_TITLE",
    }
}

/// GitLab's words for the end of a job are not those of the language. It is known in `after_script` only; in `script` nothing has failed yet.
fn status() -> String {
    "case \"${CI_JOB_STATUS:-success}\" in\n  failed) JOB_STATUS=failure ;;\n  canceled) JOB_STATUS=cancelled ;;\n  *) JOB_STATUS=success ;;\nesac"
        .to_owned()
}
