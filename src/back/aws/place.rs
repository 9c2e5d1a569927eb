//! What a context of the language is called in a build.
//!
//! What CodeBuild sets is a variable; what must be worked out is derived once, in a line at the top. What the batch or the pipeline passes has
//! a name of the language: `COMMIT_BRANCH`, `RUN_EVENT`.

use crate::back::shell::single_quoted;
use crate::back::variables::{Value, Variables, arms, axis, figure, told, upper};
use crate::ir::event::{EventKind, EventValue};
use crate::ir::id::JobId;
use crate::ir::text::{CommitField, Context, GateField, Part, PrField, RepositoryField, RunField, Text};
use crate::plan::job::PlannedJob;
use crate::plan::{Plan, PlannedWorkflow};
use crate::target::frame;

/// The variable with the kind of event, in the words of a spec. The batch or the pipeline passes it.
pub(in crate::back) const RUN_EVENT: &str = "RUN_EVENT";
/// The variable with the tag, where a pipeline passes it.
const COMMIT_TAG: &str = "COMMIT_TAG";
/// The variable with the branch, where a pipeline passes it.
pub(in crate::back) const COMMIT_BRANCH: &str = "COMMIT_BRANCH";

/// Who starts the builds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::back) enum Host {
    /// A batch build of CodeBuild, started by a webhook or a schedule.
    Batch,
    /// A pipeline of CodePipeline, which passes what a build must know of its event as variables.
    Pipeline,
}

/// Where a text stands: what its contexts mean depends on the job.
#[derive(Clone, Copy)]
pub(in crate::back) struct Place<'p> {
    /// The plan.
    pub(in crate::back) plan: &'p Plan<'p>,
    /// The workflow of the job.
    pub(in crate::back) workflow: &'p PlannedWorkflow<'p>,
    /// The job.
    pub(in crate::back) job: &'p PlannedJob<'p>,
    /// Who starts the build.
    pub(in crate::back) host: Host,
    /// Whether the build may end at once, since its job is not meant for the event.
    pub(in crate::back) guarded: bool,
}

impl Variables for Place<'_> {
    fn plan(&self) -> &Plan<'_> {
        self.plan
    }

    fn job(&self) -> &PlannedJob<'_> {
        self.job
    }

    fn commit(&self, field: CommitField) -> Value {
        match field {
            CommitField::Sha | CommitField::HeadSha => Value::Variable("CODEBUILD_RESOLVED_SOURCE_VERSION".to_owned()),
            CommitField::Short => derived("COMMIT_SHORT", "COMMIT_SHORT=$(printf '%.7s' \"$CODEBUILD_RESOLVED_SOURCE_VERSION\")"),
            CommitField::Message => derived("COMMIT_MESSAGE", "COMMIT_MESSAGE=$(git log -1 --format=%B)"),
            CommitField::Author => derived("COMMIT_AUTHOR", "COMMIT_AUTHOR=$(git log -1 --format=%an)"),
            CommitField::Branch => self.branch(),
            CommitField::Tag => match self.host {
                Host::Batch => self.told(COMMIT_TAG, EventKind::Tag, "tag", "CODEBUILD_WEBHOOK_TRIGGER#tag/"),
                Host::Pipeline => Value::Variable(COMMIT_TAG.to_owned()),
            },
            CommitField::Ref => {
                let kinds = self.kinds();
                let tagged = |k: &EventKind| matches!(k, EventKind::Tag | EventKind::Release);
                match (kinds.iter().any(tagged), kinds.iter().all(tagged)) {
                    (_, true) => self.commit(CommitField::Tag),
                    (false, _) => self.branch(),
                    (true, false) => match self.host {
                        Host::Batch => derived("COMMIT_REF", "COMMIT_REF=${COMMIT_BRANCH:-${CODEBUILD_WEBHOOK_TRIGGER#*/}}"),
                        Host::Pipeline => derived("COMMIT_REF", "COMMIT_REF=${COMMIT_TAG:-$COMMIT_BRANCH}"),
                    },
                }
            }
        }
    }

    fn run(&self, field: RunField) -> Value {
        match (field, self.host) {
            (RunField::Id, Host::Batch) => derived("RUN_ID", frame::RUN_ID),
            (RunField::Id, Host::Pipeline) => Value::Variable("RUN_ID".to_owned()),
            (RunField::Number, Host::Batch) => derived(
                "RUN_NUMBER",
                "RUN_NUMBER=$(aws codebuild batch-get-build-batches --ids \"$(aws codebuild batch-get-builds --ids \"$CODEBUILD_BUILD_ID\" --query 'builds[0].buildBatchArn' --output text)\" --query 'buildBatches[0].buildBatchNumber' --output text)",
            ),
            (RunField::Url, _) => Value::Variable("CODEBUILD_BUILD_URL".to_owned()),
            (RunField::Event, _) => {
                let kinds: Vec<EventKind> = self.kinds().into_iter().collect();
                match kinds.as_slice() {
                    [only] => Value::Fixed(only.word().to_owned()),
                    _ => Value::Variable(RUN_EVENT.to_owned()),
                }
            }
            (RunField::Actor, Host::Batch) => Value::Variable("CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID".to_owned()),
            // The tables refuse the rest.
            (RunField::Number | RunField::Actor, Host::Pipeline) | (RunField::Attempt | RunField::Token, _) => {
                Value::Fixed(String::new())
            }
        }
    }

    fn pull_request(&self, field: PrField) -> Value {
        match (field, self.host) {
            (PrField::Number, Host::Batch) => {
                self.told("PR_NUMBER", EventKind::PullRequest, "pr", "CODEBUILD_WEBHOOK_TRIGGER#pr/")
            }
            (PrField::Source, Host::Batch) => {
                self.told("PR_SOURCE", EventKind::PullRequest, "pr", "CODEBUILD_WEBHOOK_HEAD_REF#refs/heads/")
            }
            (PrField::Target, Host::Batch) => {
                self.told("PR_TARGET", EventKind::PullRequest, "pr", "CODEBUILD_WEBHOOK_BASE_REF#refs/heads/")
            }
            (PrField::Number, Host::Pipeline) => Value::Variable("PR_NUMBER".to_owned()),
            (PrField::Source, Host::Pipeline) => Value::Variable("PR_SOURCE".to_owned()),
            (PrField::Target, Host::Pipeline) => Value::Variable("PR_TARGET".to_owned()),
            (PrField::Title, Host::Pipeline) => Value::Variable("PR_TITLE".to_owned()),
            // The tables refuse it.
            (PrField::Title, Host::Batch) => Value::Fixed(String::new()),
        }
    }

    fn repository(&self, field: RepositoryField) -> Value {
        let known = self.plan.target.aws.repository.as_ref().map(|r| r.value.as_str());
        match (field, known) {
            (RepositoryField::DefaultBranch, _) => Value::Fixed(self.plan.pipeline.default_branch.value.clone()),
            (RepositoryField::Name, Some(name)) => Value::Fixed(name.to_owned()),
            (RepositoryField::Owner, Some(name)) => Value::Fixed(name.split('/').next().unwrap_or_default().to_owned()),
            (RepositoryField::Url, Some(name)) => Value::Fixed(format!("https://github.com/{name}")),
            (RepositoryField::Url, None) => derived("REPOSITORY_URL", "REPOSITORY_URL=${CODEBUILD_SOURCE_REPO_URL%.git}"),
            (RepositoryField::Name, None) => derived(
                "REPOSITORY",
                "REPOSITORY=$(printf '%s\\n' \"${CODEBUILD_SOURCE_REPO_URL%.git}\" | sed 's,^[a-z]*://[^/]*/,,')",
            ),
            (RepositoryField::Owner, None) => derived(
                "REPOSITORY_OWNER",
                "REPOSITORY_OWNER=$(printf '%s\\n' \"$CODEBUILD_SOURCE_REPO_URL\" | sed 's,^[a-z]*://[^/]*/,,; s,/.*,,')",
            ),
        }
    }

    fn status(&self) -> Value {
        derived(
            "JOB_STATUS",
            "JOB_STATUS=success\nif [ \"$CODEBUILD_BUILD_SUCCEEDING\" = 0 ] || [ -e /tmp/failed ]; then JOB_STATUS=failure; fi",
        )
    }

    /// The tables refuse it.
    fn result(&self, _: JobId) -> Value {
        Value::Fixed(String::new())
    }

    /// Empty in a cell that has none of it.
    fn cell(&self, name: &str) -> Value {
        let matrix = self.job.job.matrix.as_ref();
        let at = matrix.and_then(|m| m.axes.iter().position(|a| a.value == name));
        let without = |at: usize| matrix.is_some_and(|m| m.cells.iter().any(|c| c.get(at).is_none_or(Option::is_none)));
        let variable = axis(name);
        match at {
            Some(at) if without(at) => derived(&variable, &format!("{variable}=${{{variable}:-}}")),
            _ => Value::Variable(variable),
        }
    }

    fn secret(&self, name: &str) -> Value {
        Value::Variable(name.to_owned())
    }

    /// A service is a container beside the build, at a port of the machine.
    fn host(&self, _: &str) -> String {
        self.docker_host().to_owned()
    }

    fn docker_host(&self) -> &'static str {
        "127.0.0.1"
    }

    fn address(&self, url: &Text) -> Value {
        self.assigned("ENVIRONMENT_URL", url)
    }

    fn gate(&self, gate: &str, field: GateField) -> Value {
        match field {
            GateField::Value => figure(gate, &gate_file(gate)),
            // The tables refuse it.
            GateField::Approver => Value::Fixed(String::new()),
        }
    }

    /// The arm of a value that the job's events choose; a `case` where they choose several.
    fn chosen(&self, value: &EventValue) -> Value {
        let name = format!("VALUE_{}", upper(&value.name));
        let arms = arms(value, self.kinds());
        if arms.is_empty() && value.github.is_some() {
            return value.file.as_ref().map_or_else(|| Value::Fixed(String::new()), |file| told(&value.name, file));
        }
        if let [(_, only)] = arms.as_slice() {
            return match only.parts.as_slice() {
                [Part::Context(context)] => self.value(&context.value),
                _ => self.assigned(&name, only),
            };
        }
        let mut lines = vec![format!("case \"${RUN_EVENT}\" in")];
        let last = arms.len().saturating_sub(1);
        for (i, (kinds, text)) in arms.iter().enumerate() {
            let words: Vec<&str> = kinds.iter().map(|k| k.word()).collect();
            let pattern = if i == last { "*".to_owned() } else { words.join(" | ") };
            lines.push(format!("  {pattern})"));
            for (_, line) in self.derived(text) {
                lines.extend(line.lines().map(|l| format!("    {l}")));
            }
            lines.push(format!("    {name}={}", self.quoted(text)));
            lines.push("    ;;".to_owned());
        }
        lines.push("esac".to_owned());
        Value::Derived(name, lines.join("\n"))
    }

    fn quoted(&self, text: &Text) -> String {
        if let Some(fixed) = self.fixed(text) {
            return single_quoted(&fixed);
        }
        format!("\"{}\"", self.double_quoted(text))
    }
}

impl Place<'_> {
    /// A batch learns the branch of a push from the webhook; a schedule passes it, as a pipeline always does.
    fn branch(&self) -> Value {
        let kinds = self.kinds();
        if self.host == Host::Pipeline || !kinds.contains(&EventKind::Push) {
            return Value::Variable(COMMIT_BRANCH.to_owned());
        }
        let passed = kinds.iter().all(|k| matches!(k, EventKind::Push | EventKind::Schedule));
        if passed && kinds.len() > 1 {
            return derived(COMMIT_BRANCH, "COMMIT_BRANCH=${COMMIT_BRANCH:-${CODEBUILD_WEBHOOK_TRIGGER#branch/}}");
        }
        self.told(COMMIT_BRANCH, EventKind::Push, "branch", "CODEBUILD_WEBHOOK_TRIGGER#branch/")
    }

    /// What the webhook tells of one kind of event: of others it is empty, unless somebody passes it.
    fn told(&self, name: &str, kind: EventKind, word: &str, from: &str) -> Value {
        let kinds = self.kinds();
        if kinds.iter().all(|k| *k == kind) {
            return derived(name, &format!("{name}=${{{from}}}"));
        }
        let line = format!(
            "case \"${{CODEBUILD_WEBHOOK_TRIGGER:-}}\" in\n  {word}/*) {name}=${{{from}}} ;;\n  *) {name}=${{{name}:-}} ;;\nesac"
        );
        derived(name, &line)
    }

    fn assigned(&self, name: &str, text: &Text) -> Value {
        let mut lines: Vec<String> = self.derived(text).into_iter().map(|(_, line)| line).collect();
        lines.push(format!("{name}={}", self.quoted(text)));
        Value::Derived(name.to_owned(), lines.join("\n"))
    }

    /// A text that is known now.
    pub(in crate::back) fn fixed(&self, text: &Text) -> Option<String> {
        let mut out = String::new();
        for part in &text.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Context(context) => match self.value(&context.value) {
                    Value::Fixed(text) => out.push_str(&text),
                    Value::Variable(name) => out.push_str(&self.declared(&context.value, &name)?),
                    Value::Derived(..) => return None,
                },
            }
        }
        Some(out)
    }

    /// The value of a variable that the spec fixes.
    fn declared(&self, context: &Context, name: &str) -> Option<String> {
        let Context::Variable(_) = context else { return None };
        let variable = self.plan.pipeline.variables.iter().find(|v| v.name.value == name)?;
        variable.value.as_ref().and_then(Text::as_literal).map(str::to_owned)
    }
}

fn derived(name: &str, line: &str) -> Value {
    Value::Derived(name.to_owned(), line.to_owned())
}

/// The file that a gate writes its figure to.
pub(super) fn gate_file(gate: &str) -> String {
    format!("/tmp/gate-{gate}")
}
