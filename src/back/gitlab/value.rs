//! What a context of the language is called on GitLab.
//!
//! Most are predefined variables. A few have no variable of equal value (seven characters of the hash, the words for events): those are derived
//! once at the top of the script that reads them.

use std::collections::BTreeSet;

use crate::back::variables::{Value, Variables, arms, figure, output, push_variable, told, upper};
use crate::ir::event::{EventKind, EventValue, InputValue};
use crate::ir::id::JobId;
use crate::ir::text::{CommitField, Context, GateField, Part, PrField, RepositoryField, RunField, Text};
use crate::plan::job::PlannedJob;
use crate::plan::{Plan, PlannedWorkflow};

/// The variable that says which schedule started a pipeline; it is set in the schedule's own settings.
pub(super) const SCHEDULE: &str = "PIPEWRIGHT_SCHEDULE";
/// The variable that says which workflow a person wants, where several can be started by hand.
pub(super) const WORKFLOW: &str = "PIPEWRIGHT_WORKFLOW";
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

/// The value of an input on events that give none.
pub(super) fn input_text(value: &InputValue) -> String {
    match value {
        InputValue::String(text) => text.clone(),
        InputValue::Bool(value) => value.to_string(),
        InputValue::Number(number) => number.to_string(),
    }
}

impl Variables for Place<'_> {
    fn plan(&self) -> &Plan<'_> {
        self.plan
    }

    fn job(&self) -> &PlannedJob<'_> {
        self.job
    }

    fn commit(&self, field: CommitField) -> Value {
        commit(field)
    }

    fn pull_request(&self, field: PrField) -> Value {
        Value::Variable(pull_request(field).to_owned())
    }

    /// GitLab's words for the end of a job are not those of the language. It is known in `after_script` only; in `script` nothing has failed yet.
    fn status(&self) -> Value {
        let line = "case \"${CI_JOB_STATUS:-success}\" in\n  failed) JOB_STATUS=failure ;;\n  canceled) JOB_STATUS=cancelled ;;\n  *) JOB_STATUS=success ;;\nesac";
        Value::Derived("JOB_STATUS".to_owned(), line.to_owned())
    }

    fn result(&self, job: JobId) -> Value {
        Value::Variable(format!("{}_RESULT", upper(self.id_of(job))))
    }

    fn secret(&self, name: &str) -> Value {
        let own = self.job.job.environment.as_ref().map(|e| self.plan.pipeline.environment(e.environment));
        Value::Variable(own.map_or(name, |e| e.vendor_secret(name)).to_owned())
    }

    /// A service is reached by its alias.
    fn host(&self, service: &str) -> String {
        service.to_owned()
    }

    fn docker_host(&self) -> &'static str {
        "docker"
    }

    fn address(&self, _: &Text) -> Value {
        Value::Variable("CI_ENVIRONMENT_URL".to_owned())
    }

    fn gate(&self, gate: &str, field: GateField) -> Value {
        match field {
            GateField::Value => figure(gate, &gate_file(gate)),
            GateField::Approver => Value::Variable("GITLAB_USER_LOGIN".to_owned()),
        }
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

    fn repository(&self, field: RepositoryField) -> Value {
        let name = match field {
            RepositoryField::Name => "CI_PROJECT_PATH",
            RepositoryField::Owner => "CI_PROJECT_NAMESPACE",
            RepositoryField::Url => "CI_PROJECT_URL",
            RepositoryField::DefaultBranch => return Value::Fixed(self.plan.pipeline.default_branch.value.clone()),
        };
        Value::Variable(name.to_owned())
    }

    /// The arm of a value that the job's events choose; a chain of tests where they choose several.
    fn chosen(&self, value: &EventValue) -> Value {
        let name = format!("VALUE_{}", upper(&value.name));
        let all = self.kinds();
        let arms = arms(value, all.clone());
        if arms.is_empty() && value.github.is_some() {
            return value.file.as_ref().map_or_else(|| Value::Fixed(String::new()), |file| told(&value.name, file));
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

    fn quoted(&self, text: &Text) -> String {
        let mut known = String::new();
        for part in &text.parts {
            match part {
                Part::Literal(text) => known.push_str(text),
                Part::Context(context) => match self.value(&context.value) {
                    Value::Fixed(text) => known.push_str(&text),
                    Value::Variable(_) | Value::Derived(..) => return format!("\"{}\"", self.double_quoted(text)),
                },
            }
        }
        if is_bare(&known) { known } else { format!("\"{}\"", self.double_quoted(text)) }
    }
}

impl Place<'_> {
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

    /// A text as the value of a key that GitLab expands, or nothing where it needs a derived variable. `$$` is a dollar sign.
    pub(super) fn expanded(&self, text: &Text) -> Option<String> {
        self.filled(text, &|context| self.value(context))
    }

    /// The address of an environment, which GitLab expands when the job has ended: with the outputs of the job itself, too
    /// (<https://docs.gitlab.com/ci/environments/#set-a-dynamic-environment-url>).
    pub(super) fn expanded_at_the_end(&self, text: &Text) -> Option<String> {
        self.filled(text, &|context| match context {
            Context::Output { job, output: name } => Value::Variable(output(self.id_of(*job), name)),
            other => self.value(other),
        })
    }

    fn filled(&self, text: &Text, value: &dyn Fn(&Context) -> Value) -> Option<String> {
        let mut out = String::new();
        for (i, part) in text.parts.iter().enumerate() {
            match part {
                Part::Literal(text) => out.push_str(&text.replace('$', "$$")),
                Part::Context(context) => match value(&context.value) {
                    Value::Fixed(text) => out.push_str(&text.replace('$', "$$")),
                    Value::Variable(name) => push_variable(&name, text.parts.get(i + 1), &mut out),
                    Value::Derived(..) => return None,
                },
            }
        }
        Some(out)
    }
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
        EventKind::Raw => "false".to_owned(),
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
