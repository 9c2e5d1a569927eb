//! Outputs against the disk: what differs, what is left over, and how it is written.
//!
//! Invariant: `write.rs` is the only writer of files in pipewright, and it touches no file that pipewright did not write.

pub mod diff;
pub mod outputs;
pub mod place;
pub mod write;

use crate::base::source::read_text;
use crate::drift::diff::Sameness;
use crate::drift::outputs::{MAX_BYTES, Site};
use crate::drift::place::Found;
use crate::render::Output;

/// How a committed file differs from what would be written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// It is not there.
    Missing,
    /// It has another text, or lacks the permission to be executed.
    Changed,
    /// Only its line endings or its byte order mark differ.
    LineEndings,
    /// pipewright wrote it once and does not any more.
    Orphan,
    /// Something stands in its place that pipewright did not write.
    Foreign,
}

impl Kind {
    /// The difference in words, to stand behind the path.
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Changed => "differs from the spec",
            Self::LineEndings => "differs in line endings only",
            Self::Orphan => "is written by no spec any more",
            Self::Foreign => "was not written by pipewright",
        }
    }

    /// A word for machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::LineEndings => "line-endings",
            Self::Orphan => "orphan",
            Self::Foreign => "foreign",
        }
    }
}

/// One difference between the outputs and the disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drift {
    /// Relative to the root, forward slashes.
    pub path: String,
    /// The kind of difference.
    pub kind: Kind,
    /// A unified diff from the disk to the output; empty where there is nothing to show.
    pub diff: String,
    /// Why the file counts as foreign, where its text alone does not say it.
    pub note: Option<String>,
}

/// Compares outputs with the files on disk, in the order of the outputs, then the orphans. Opens no file for writing.
pub fn compare(site: &Site<'_>, outputs: &[Output], orphans: &[String]) -> Vec<Drift> {
    let mut found: Vec<_> = outputs.iter().filter_map(|output| compare_one(site, output)).collect();
    found.extend(orphans.iter().map(|path| Drift { path: path.clone(), kind: Kind::Orphan, diff: String::new(), note: None }));
    found
}

fn compare_one(site: &Site<'_>, output: &Output) -> Option<Drift> {
    let drift = |kind, diff: String, note| Some(Drift { path: output.path.clone(), kind, diff, note });
    let executable = match place::inspect(site.root, &output.path) {
        Err(why) => return drift(Kind::Foreign, String::new(), Some(format!("cannot be written: {why}"))),
        Ok(Found::Nothing) => return drift(Kind::Missing, diff::unified(&site.label(&output.path), "", &output.text), None),
        Ok(Found::File { executable }) => executable,
    };
    let text = match read_text(&site.root.join(&output.path), MAX_BYTES) {
        Ok(text) => text,
        Err(why) => return drift(Kind::Foreign, String::new(), Some(format!("was not written by pipewright: {why}"))),
    };
    let mode = place::mode_drift(executable, output.executable);
    let sameness = diff::compare(&text, &output.text);
    if sameness != Sameness::Same
        && let Err(why) = site.claim(&output.path, &text)
    {
        return drift(Kind::Foreign, diff::unified(&site.label(&output.path), &text, &output.text), Some(why));
    }
    match sameness {
        Sameness::Same => mode.and_then(|mode| drift(Kind::Changed, mode, None)),
        Sameness::LineEndings => drift(Kind::LineEndings, String::new(), None),
        Sameness::Different => {
            drift(Kind::Changed, mode.unwrap_or_default() + &diff::unified(&site.label(&output.path), &text, &output.text), None)
        }
    }
}
