//! What the template of `.gitlab-ci.yml` reads: texts and lists, everything decided.

use serde::{Serialize, Serializer};

use crate::back::gitlab::cache::CacheView;
use crate::back::gitlab::rules::Rule;
use crate::back::gitlab::script::Item;
use crate::back::tree::Tree;

/// The whole file.
#[derive(Serialize)]
pub(super) struct File {
    pub(super) header: String,
    pub(super) title: Option<String>,
    pub(super) workflow_rules: Vec<Rule>,
    pub(super) auto_cancel: bool,
    pub(super) stages: Vec<String>,
    pub(super) default: Default,
    pub(super) inputs: Vec<Input>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) shared: Vec<Shared>,
    pub(super) jobs: Vec<Job>,
    pub(super) raw: Vec<Pair>,
}

/// What holds for every job that says nothing else.
#[derive(Default, Serialize)]
pub(super) struct Default {
    pub(super) image: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) interruptible: bool,
}

/// A variable that a person may set in the form of a new pipeline.
#[derive(Serialize)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) options: Vec<String>,
    pub(super) description: Option<String>,
}

/// The image of a job.
#[derive(Clone, PartialEq, Serialize)]
pub(super) struct Image {
    pub(super) name: String,
    /// The program that it starts with is not run.
    pub(super) no_entrypoint: bool,
}

/// A hidden job: what several jobs have in common.
#[derive(Clone, Default, PartialEq, Serialize)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) image: Option<Image>,
    pub(super) services: Vec<Service>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) cache: Vec<CacheView>,
    pub(super) rules: Vec<Rule>,
}

/// A job.
#[derive(Default, Serialize)]
pub(super) struct Job {
    pub(super) key: String,
    pub(super) comments: Vec<String>,
    pub(super) extends: Vec<String>,
    pub(super) stage: String,
    pub(super) image: Option<Image>,
    pub(super) services: Vec<Service>,
    pub(super) tags: Vec<String>,
    /// None in `.post`, which waits for every stage.
    pub(super) needs: Option<Vec<Need>>,
    pub(super) rules: Vec<Rule>,
    pub(super) confirmation: Option<String>,
    pub(super) environment: Option<Environment>,
    pub(super) resource_group: Option<String>,
    pub(super) interruptible: Option<bool>,
    /// None where the job only starts another pipeline.
    pub(super) timeout: String,
    pub(super) retry: Option<u32>,
    pub(super) allow_failure: bool,
    pub(super) exit_codes: Vec<u8>,
    pub(super) matrix: Vec<Pairs>,
    pub(super) id_tokens: Vec<(String, String)>,
    pub(super) variables: Vec<(String, String)>,
    /// The names of the variables that speak to tools of the daemon and of the caches.
    #[serde(skip)]
    pub(super) of_tools: Vec<String>,
    pub(super) cache: Vec<CacheView>,
    pub(super) script: Vec<Item>,
    pub(super) after_script: Vec<Item>,
    pub(super) artifacts: Option<Artifacts>,
    pub(super) raw: Vec<Pair>,
}

/// A container beside a job.
#[derive(Clone, PartialEq, Serialize)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) alias: String,
    pub(super) variables: Vec<(String, String)>,
}

/// A job that must have ended before.
#[derive(Serialize)]
pub(super) struct Need {
    pub(super) job: String,
    pub(super) optional: bool,
    /// Said only where the other job has something to give that this one must not get.
    pub(super) no_artifacts: bool,
}

/// The environment of a job.
#[derive(Serialize)]
pub(super) struct Environment {
    pub(super) name: String,
    pub(super) url: Option<String>,
    pub(super) deployment_tier: Option<String>,
    pub(super) action: Option<&'static str>,
}

/// What a job leaves behind.
#[derive(Serialize)]
pub(super) struct Artifacts {
    pub(super) name: Option<String>,
    pub(super) paths: Vec<String>,
    pub(super) when: Option<&'static str>,
    pub(super) expire_in: Option<String>,
    pub(super) junit: Vec<String>,
    pub(super) coverage: Option<(String, String)>,
    pub(super) dotenv: bool,
}

/// Keys and values in their order.
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

/// A key of the vendor with its value.
#[derive(Serialize)]
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: Tree,
}
