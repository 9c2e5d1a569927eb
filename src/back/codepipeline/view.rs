//! What the template of a pipeline reads.

use serde::Serialize;

use crate::back::aws::machine::Machine;
use crate::back::aws::policy::Statement;
use crate::back::codebuild::view::Parameter;
use crate::back::tree::Tree;

/// The stack of a pipeline.
#[derive(Serialize)]
pub(super) struct Stack {
    pub(super) header: String,
    pub(super) description: String,
    pub(super) parameters: Vec<Parameter>,
    /// For how many days the bucket keeps files.
    pub(super) days: u64,
    pub(super) pipeline: Pipeline,
    pub(super) projects: Vec<Project>,
    pub(super) roles: Vec<Role>,
    pub(super) approvers: Vec<Approvers>,
    pub(super) schedule: Option<Schedule>,
    pub(super) notices: Vec<Notice>,
}

/// The pipeline itself.
#[derive(Serialize)]
pub(super) struct Pipeline {
    pub(super) name: String,
    pub(super) arn: String,
    /// `QUEUED` or `PARALLEL`: no run is dropped for a newer one.
    pub(super) mode: &'static str,
    pub(super) connection: String,
    pub(super) repository: String,
    pub(super) branch: String,
    /// `Push` or `PullRequest`.
    pub(super) trigger: &'static str,
    pub(super) filters: Vec<Filter>,
    pub(super) variables: Vec<Variable>,
    pub(super) stages: Vec<Stage>,
    pub(super) statements: Vec<Statement>,
}

/// A filter of the trigger. Empty lists are left out, since AWS refuses them.
#[derive(Serialize)]
pub(super) struct Filter {
    pub(super) events: Vec<&'static str>,
    /// `Branches` or `Tags`.
    pub(super) kind: &'static str,
    pub(super) includes: Vec<String>,
    pub(super) excludes: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) files_left_out: Vec<String>,
}

/// A variable of the pipeline: an input of the spec.
#[derive(Serialize)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) default: Option<String>,
    pub(super) description: String,
}

/// A stage.
#[derive(Serialize)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) rules: Vec<Rule>,
    pub(super) actions: Vec<Action>,
}

/// A test on the entry of a stage.
#[derive(Serialize)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) variable: String,
    pub(super) operator: &'static str,
    pub(super) value: String,
}

/// An action: a build, an approval, or one of the vendor's own.
#[derive(Serialize)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) order: usize,
    pub(super) build: Option<Build>,
    pub(super) approval: Option<Approval>,
    /// The keys of one that stands in the spec as it is.
    pub(super) own: Vec<Own>,
}

/// A key of an action.
#[derive(Serialize)]
pub(super) struct Own {
    pub(super) key: String,
    pub(super) value: Tree,
}

/// A build.
#[derive(Serialize)]
pub(super) struct Build {
    /// The logical id of its project.
    pub(super) project: String,
    /// What it is passed, as JSON.
    pub(super) variables: Option<String>,
}

/// A person's decision.
#[derive(Serialize)]
pub(super) struct Approval {
    pub(super) topic: Option<String>,
    pub(super) text: Option<String>,
    pub(super) link: Option<String>,
    pub(super) minutes: Option<u64>,
}

/// The project of a job.
#[derive(Serialize)]
pub(super) struct Project {
    /// Its logical id.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) buildspec: String,
    /// The logical id of its role.
    pub(super) role: String,
    pub(super) machine: Machine,
    pub(super) store: bool,
    pub(super) cache: bool,
    pub(super) minutes: u64,
}

/// A role of builds with the same rights.
#[derive(Serialize)]
pub(super) struct Role {
    /// Its logical id.
    pub(super) id: String,
    /// Whose it is.
    pub(super) comment: String,
    pub(super) statements: Vec<Statement>,
}

/// Who may decide approvals: a policy to attach to people.
#[derive(Serialize)]
pub(super) struct Approvers {
    /// Its logical id.
    pub(super) id: String,
    pub(super) description: String,
    pub(super) actions: Vec<String>,
}

/// A time at which the pipeline starts.
#[derive(Serialize)]
pub(super) struct Schedule {
    pub(super) expression: String,
    pub(super) timezone: String,
    /// What the service is called with, as JSON.
    pub(super) input: String,
}

/// A message about a run.
#[derive(Serialize)]
pub(super) struct Notice {
    /// Its logical id.
    pub(super) id: String,
    pub(super) description: String,
    /// Whether it is about a request for an approval.
    pub(super) approval: bool,
    pub(super) states: Vec<&'static str>,
    pub(super) topic: String,
    /// The text, as JSON, with what the rule puts in.
    pub(super) text: String,
    /// Whether it names the run.
    pub(super) run: bool,
    /// Whether it names the state.
    pub(super) state: bool,
}
