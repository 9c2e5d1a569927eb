//! Text with contexts in it, and what a context can name.

use crate::base::span::{Span, Spanned};
use crate::ir::id::{EnvironmentId, GateId, ImageId, JobId, RegistryId, ValueId};
use crate::ir::words::fields;

/// Text in which `${context.name}` has been resolved. Constants, parameters and `each` variables are literal text by now.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Text {
    /// The pieces, in order; two literals never stand side by side.
    pub parts: Vec<Part>,
    /// Where the text stands.
    pub span: Span,
}

/// A piece of a [`Text`].
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// Characters as they stand.
    Literal(String),
    /// A value known only when the pipeline runs.
    Context(Spanned<Context>),
}

impl Text {
    /// Text without a context.
    pub fn literal(text: impl Into<String>, span: Span) -> Self {
        let text = text.into();
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Literal(text)] };
        Self { parts, span }
    }

    /// This text with something before it.
    pub fn behind(&self, prefix: &str) -> Self {
        let (first, rest) = match self.parts.split_first() {
            Some((Part::Literal(first), rest)) => (first.as_str(), rest),
            _ => ("", self.parts.as_slice()),
        };
        let first = Part::Literal(format!("{prefix}{first}"));
        Self { parts: [first].into_iter().chain(rest.iter().cloned()).collect(), span: self.span }
    }

    /// The text, if no context is in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether a word stands in it, outside of its contexts.
    pub fn mentions(&self, word: &str) -> bool {
        self.parts.iter().any(|p| matches!(p, Part::Literal(text) if text.contains(word)))
    }

    /// The contexts in it, in order.
    pub fn contexts(&self) -> impl Iterator<Item = &Spanned<Context>> {
        self.parts.iter().filter_map(|p| match p {
            Part::Context(c) => Some(c),
            Part::Literal(_) => None,
        })
    }
}

/// A value that the vendor gives when the pipeline runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Context {
    /// `commit.*`
    Commit(CommitField),
    /// `run.*`
    Run(RunField),
    /// `pr.*`
    Pr(PrField),
    /// `repository.*`
    Repository(RepositoryField),
    /// `job.name`
    JobName,
    /// `job.status`: success, failure or cancelled; has a value in `finally` and notifications only.
    JobStatus,
    /// `job.<job>.<output>`
    Output {
        /// The job that declares it.
        job: JobId,
        /// The declared name.
        output: String,
    },
    /// `needs.<job>.result`: success, failure, cancelled, skipped or absent.
    NeedsResult(JobId),
    /// `input.<name>` of a manual run.
    Input(String),
    /// `matrix.<axis>`
    Matrix(String),
    /// `secret.<name>`
    Secret(String),
    /// `var.<name>`
    Variable(String),
    /// `env.<name>`: of the step, job, workflow or environment.
    Env(String),
    /// `registry.<name>`: host and path prefix.
    Registry(RegistryId),
    /// `image.<name>`: reference with digest of a `docker-build`.
    Image(ImageId),
    /// `service.<name>.host` or `.port` of the job.
    Service {
        /// The service of this job.
        service: String,
        /// Which half of its address.
        field: ServiceField,
    },
    /// `environment.*` of the job.
    Environment {
        /// The environment. `None` in a gate that stands at the top: it is that of the job which the gate guards.
        environment: Option<EnvironmentId>,
        /// Which of its properties.
        field: EnvironmentField,
    },
    /// `value.<name>`: a value that depends on the event.
    Value(ValueId),
    /// `docker.host` of a job with a daemon.
    DockerHost,
    /// `gate.<name>.value` or `.approver`
    Gate {
        /// The gate.
        gate: GateId,
        /// Which figure.
        field: GateField,
    },
}

fields! {
    /// What is known of the commit. `sha` is the commit checked out; on a pull request a vendor may check out the merge: `head-sha` is the author's.
    CommitField {
        /// Full hash of what is checked out.
        Sha = "sha",
        /// Its first seven characters, on every vendor.
        Short = "short",
        /// The author's commit on a pull request; `sha` elsewhere.
        HeadSha = "head-sha",
        /// The whole message.
        Message = "message",
        /// Name of the author.
        Author = "author",
        /// The branch of a push, schedule or manual run.
        Branch = "branch",
        /// The tag of a tag or release run.
        Tag = "tag",
        /// Branch or tag name.
        Ref = "ref",
    }
}

fields! {
    /// What is known of the run.
    RunField {
        /// Unique in the vendor.
        Id = "id",
        /// Counts up within the pipeline.
        Number = "number",
        /// A page a person can open.
        Url = "url",
        /// 1 for the first attempt.
        Attempt = "attempt",
        /// The kind of event, in the words of a spec: push, tag, pull-request, schedule, manual, release.
        Event = "event",
        /// Who started it.
        Actor = "actor",
        /// The vendor's own token for this run; a secret, so it reaches a script only through a variable.
        Token = "token",
    }
}

fields! {
    /// What is known of the pull request.
    PrField {
        /// Its number.
        Number = "number",
        /// The branch it comes from.
        Source = "source",
        /// The branch it goes to.
        Target = "target",
        /// Its title.
        Title = "title",
    }
}

fields! {
    /// What is known of the repository.
    RepositoryField {
        /// `owner/name`.
        Name = "name",
        /// Owner or group.
        Owner = "owner",
        /// A page a person can open.
        Url = "url",
        /// As declared in the spec.
        DefaultBranch = "default-branch",
    }
}

fields! {
    /// Half of a service's address.
    ServiceField {
        /// Host name as seen from the job's steps.
        Host = "host",
        /// Port as seen from the job's steps.
        Port = "port",
    }
}

fields! {
    /// A property of the job's environment.
    EnvironmentField {
        /// Its name.
        Name = "name",
        /// Its address.
        Url = "url",
        /// Its tier.
        Tier = "tier",
        /// The namespace of its cluster.
        Namespace = "namespace",
    }
}

fields! {
    /// A figure of a gate.
    GateField {
        /// What was measured.
        Value = "value",
        /// Who approved.
        Approver = "approver",
    }
}

/// A variable for scripts.
#[derive(Clone, PartialEq, Debug)]
pub struct EnvVar {
    /// Its name, as the script sees it.
    pub name: Spanned<String>,
    /// Its value.
    pub value: Text,
}
