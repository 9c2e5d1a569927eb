//! What every reader says of its vendor's files, in the same words.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::ir::event::Event;
use crate::ir::id::{GateId, JobId};
use crate::ir::text::Context;

/// The text of a value that equals itself and of which nothing else is known before a run: the name of the repository.
pub const OPAQUE: char = '\0';

/// Whether it can be told before a run how two texts compare.
pub fn is_told(a: &str, b: &str) -> bool {
    a == b || !a.starts_with(OPAQUE) && !b.starts_with(OPAQUE) || a.starts_with(OPAQUE) && b.starts_with(OPAQUE)
}

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
    /// What its scripts run, line by line in their order; none where the reader does not tell.
    pub acts: Option<Vec<Act>>,
    /// The variables of all its scripts; those of a step or a script are in [`Frame::env`].
    pub env: Variables,
    /// The label that it asks a runner for, where that is one.
    pub label: Option<Vec<Bit>>,
    /// The container its scripts run in.
    pub image: Option<Vec<Bit>>,
    /// Whether the program that the image starts with runs around them, where the vendor has a word for that.
    pub entrypoint: Option<bool>,
    /// The containers beside it.
    pub services: Vec<Beside>,
    /// The cells of its matrix, each by the vendor's names; none where it has no matrix.
    pub cells: Option<Vec<BTreeMap<String, String>>>,
    /// Seconds after which it is stopped, and those that are left for what follows a failure. None: the vendor's own limit.
    pub timeout: Option<u64>,
    /// As above; where the vendor has a limit of its own for it.
    pub after_timeout: Option<u64>,
    /// Seconds after which it is stopped with all its attempts and what follows them, where the vendor has a limit of its own for it.
    pub whole: Option<u64>,
    /// Further attempts that the vendor makes by itself.
    pub retry: u32,
    /// Whether it can prove to a cloud who it is.
    pub identity: bool,
}

/// Variables by name.
pub type Variables = BTreeMap<String, Vec<Bit>>;

/// A part of a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Bit {
    /// Characters as they stand.
    Text(String),
    /// What the vendor puts there: an expression of GitHub, the name of a variable.
    Symbol(String),
}

/// A container beside a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Beside {
    /// Its host name.
    pub name: String,
    /// Its image.
    pub image: Vec<Bit>,
    /// Its variables.
    pub env: Variables,
}

/// A line of a script, or an action of the vendor.
#[derive(Clone, Debug)]
pub struct Act {
    /// The line in the file, from 1.
    pub line: usize,
    /// The code without blanks around it. Of an action `uses PATH`, without a version; its inputs are [`Act::with`].
    pub text: String,
    /// Whether it begins within double quotes that a line before has opened.
    pub quoted: bool,
    /// The inputs of an action.
    pub with: Variables,
    /// Lines of one number share one shell.
    pub shell: usize,
    /// How it runs.
    pub frame: Rc<Frame>,
}

/// How a line runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// What reads it; none for whatever the runner has.
    pub interpreter: Option<Interpreter>,
    /// Whether a line that fails ends the shell (`errexit`), and whether the failure of a command within a pipe does (`pipefail`).
    pub stops: bool,
    /// As above.
    pub pipes: bool,
    /// The directory below the root, empty for the root; none where it cannot be told.
    pub dir: Option<String>,
    /// Variables of the step, and those that lines before have exported.
    pub env: Variables,
    /// Whether its failure changes nothing.
    pub soft: bool,
    /// Seconds after which it is stopped.
    pub limit: Option<u64>,
    /// How often it is tried at most.
    pub attempts: u32,
    /// Whether it belongs to what runs when the work is done, whatever came of it.
    pub after: bool,
    /// What must hold for it to run.
    pub guards: Vec<Guard>,
}

impl Frame {
    /// Whether all that must hold holds, where `before` is known before any of it is asked: no where one answer is no, and nobody knows where one
    /// cannot be had.
    pub fn holds(&self, before: Option<bool>, mut ask: impl FnMut(&Guard) -> Option<bool>) -> Option<bool> {
        let mut all = before;
        for guard in &self.guards {
            match ask(guard) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
        all
    }
}

/// What reads a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interpreter {
    /// Bash.
    Bash,
    /// A POSIX shell.
    Sh,
    /// PowerShell.
    Pwsh,
    /// Something else.
    Other,
}

/// A condition of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Guard {
    /// The vendor's condition of a step.
    Vendor(String),
    /// A test of the shell.
    Test(String),
    /// One that cannot be told.
    Open,
}

/// How a job stands when a line's turn comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// All went well so far.
    Well,
    /// Something failed.
    Failed,
    /// Somebody, or a newer run, cancelled it.
    Cancelled,
}

/// What one job gives another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given<'g> {
    /// An output of this name.
    Output(&'g str),
    /// The reference of an image that it builds.
    Image(&'g str),
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
    /// Nor is it waited for: the job that asks for it ends without having run.
    pub dropped: bool,
    /// A job that only decides about others fails.
    pub lost: bool,
    /// What a condition says that only a run can decide.
    pub maybe: bool,
}

/// An event of a vendor's own, as a file has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnEvent<'r> {
    /// The workflow that it starts.
    pub workflow: &'r str,
    /// The vendor's name of it.
    pub event: &'r str,
    /// Its keys, as `ir::raw` spells them.
    pub keys: &'r str,
    /// Where it stands.
    pub place: Place,
}

/// A reader of one vendor's files.
pub trait Reader {
    /// The target's word.
    fn word(&self) -> &'static str;
    /// All jobs, in the order of the files.
    fn found(&self) -> &[Found];
    /// The events that no other vendor has.
    fn own_events(&self) -> Vec<OwnEvent<'_>> {
        Vec::new()
    }
    /// What happens for an event.
    ///
    /// # Errors
    /// What the reader cannot understand, with its place.
    fn start<'r>(&'r self, event: &Event) -> Result<Box<dyn Started + 'r>, String>;
    /// Whether what the vendor calls `symbol` in the job at a place is what the spec calls `context`.
    fn means(&self, at: usize, symbol: &str, context: &Context) -> bool;
    /// What else a context may look like in the job at a place: fixed texts, and values put together from several.
    fn spellings(&self, at: usize, context: &Context) -> Vec<Vec<Bit>>;
    /// Whether the job at `to` gets what the job at `from` gives.
    fn hands_over(&self, from: usize, to: usize, given: Given<'_>) -> bool;
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
    /// Whether a line of the job at a place runs, given how the job stands; `None` where only the run knows.
    fn runs(&self, at: usize, frame: &Frame, standing: Standing) -> Option<bool>;
    /// The names of what starts, where a vendor has a file of its own for each kind of event: two events that start different files are
    /// never alike.
    fn begun(&self) -> Vec<&str> {
        Vec::new()
    }
}
