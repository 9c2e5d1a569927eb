//! What every reader says of its vendor's files, in the same words.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::event::Event;
use crate::ir::id::{GateId, JobId};

/// A place in an output.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file's path below the root.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A job as a vendor's file has it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it stands.
    pub place: Place,
    /// The workflow it stands in, where the vendor has workflows.
    pub workflow: Option<String>,
    /// The vendor's name of it.
    pub id: String,
    /// The job of the spec that it is; none for one that only asks, tells, or decides.
    pub job: Option<JobId>,
    /// The approvals that it waits for, given its place with the vendor.
    pub asks: Vec<GateId>,
    /// The environment it enters.
    pub environment: Option<String>,
    /// Whether a newer run may cut it off.
    pub interruptible: bool,
    /// What two of its kind must not hold at one time.
    pub lock: Option<String>,
    /// Whether a plain failure is forgiven.
    pub forgiven: bool,
    /// The secrets it names.
    pub secrets: BTreeSet<String>,
    /// What the vendor's token may do there; none where the vendor has no such list.
    pub permissions: Option<BTreeMap<String, String>>,
    /// Its scripts and the inputs of its actions, in order.
    pub texts: Vec<Said>,
    /// Artifacts that it publishes, by the vendor's name.
    pub uploads: BTreeSet<String>,
    /// Where the files come from that it finds: an artifact's name, or the job that published it.
    pub downloads: BTreeSet<String>,
    /// Outputs that it declares, and those of other jobs that it reads as `job.output`.
    pub outputs: BTreeSet<String>,
    /// As above.
    pub reads: BTreeSet<String>,
}

/// A piece of a job's work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The script or input.
    pub text: String,
    /// Whether the job goes on, and stays green, when it fails.
    pub soft: bool,
}

/// What has become of a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// It is not in the run.
    Absent,
    /// It did not run, for what happened before.
    Skipped,
    /// It waits for a person, or for a job that does.
    Waiting,
    /// It ran, and all went well.
    Passed,
    /// It ran and failed.
    Failed,
    /// It ran and failed, which counts for nothing.
    Forgiven,
}

impl State {
    /// Whether it did its work.
    pub fn ran(self) -> bool {
        matches!(self, Self::Passed | Self::Failed | Self::Forgiven)
    }
}

/// What the run meets, beside its event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct World {
    /// The jobs whose work fails, if it is done.
    pub fails: BTreeSet<JobId>,
    /// A job that something keeps from running.
    pub skips: Option<JobId>,
    /// An approval that nobody gives.
    pub withheld: Option<GateId>,
    /// The job that asks for it does not run at all, where a job of its own asks.
    pub dropped: bool,
    /// What a condition says that only a run can decide.
    pub maybe: bool,
}

/// A reader of one vendor's files.
pub trait Reader {
    /// The target's word.
    fn word(&self) -> &'static str;
    /// All jobs, in the order of the files.
    fn found(&self) -> &[Found];
    /// What happens for an event.
    ///
    /// # Errors
    /// What the reader cannot understand, with its place.
    fn start<'r>(&'r self, event: &Event) -> Result<Box<dyn Started + 'r>, String>;
}

/// A run that has started, or has not.
pub trait Started {
    /// What becomes of each job of [`Reader::found`].
    ///
    /// # Errors
    /// As [`Reader::start`].
    fn states(&self, world: &World) -> Result<Vec<State>, String>;
    /// For each job the jobs, by their places in [`Reader::found`], that have ended before it starts.
    fn before(&self) -> Vec<BTreeSet<usize>>;
}
