//! What the templates of a batch and of its stack read.

use serde::Serialize;

use crate::back::aws::policy::Statement;

/// The graph of a batch.
#[derive(Serialize)]
pub(super) struct Graph {
    pub(super) header: String,
    pub(super) title: String,
    pub(super) tasks: Vec<Task>,
}

/// One build of a batch.
#[derive(Serialize)]
pub(super) struct Task {
    pub(super) identifier: String,
    pub(super) buildspec: String,
    pub(super) depend_on: Vec<String>,
    pub(super) kind: Option<&'static str>,
    pub(super) image: Option<String>,
    pub(super) compute: Option<&'static str>,
    pub(super) privileged: bool,
    pub(super) variables: Vec<(String, String)>,
}

/// The stack.
#[derive(Serialize)]
pub(super) struct Stack {
    pub(super) header: String,
    pub(super) description: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) bucket: Option<u64>,
    pub(super) connection: Option<String>,
    pub(super) projects: Vec<Project>,
}

/// A parameter of the stack.
#[derive(Serialize)]
pub(in crate::back) struct Parameter {
    pub(in crate::back) name: String,
    pub(in crate::back) description: String,
    /// Whether it is read from the Parameter Store, where its default is its name.
    pub(in crate::back) stored: bool,
    pub(in crate::back) default: Option<String>,
}

/// A project, its role and what starts it.
#[derive(Serialize)]
pub(super) struct Project {
    /// The logical id: `CiPush`.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) description: String,
    pub(super) buildspec: String,
    pub(super) kind: &'static str,
    pub(super) image: String,
    pub(super) compute: &'static str,
    /// Whether its builds pass files.
    pub(super) store: bool,
    /// Whether its builds keep caches.
    pub(super) cache: bool,
    pub(super) minutes: u64,
    pub(super) batch_minutes: u64,
    pub(super) filters: Vec<Vec<Filter>>,
    pub(super) schedule: Option<Schedule>,
    pub(super) statements: Vec<Statement>,
}

/// One condition of a group; all of a group must hold.
#[derive(Serialize)]
pub(super) struct Filter {
    pub(super) kind: &'static str,
    pub(super) pattern: String,
    pub(super) excludes: bool,
}

/// A time at which a batch starts.
#[derive(Serialize)]
pub(super) struct Schedule {
    pub(super) expression: String,
    pub(super) timezone: String,
    /// What the service is called with, as JSON.
    pub(super) input: String,
}
