//! What pipewright itself wrote for AWS, taken back: a file that has its marker is unwrapped into the constructs it came from. What is not exactly of the
//! shape that the back ends write stays a script, as that of anybody else.

use crate::front::yaml::Node;
use crate::render::header::marker;

use super::work::Work;

/// One way in which a workflow starts: a batch or a pipeline of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Start {
    /// The word of the start: `push`, `schedule-nightly`.
    pub(super) word: String,
}

impl Start {
    /// `ci on push`
    fn said(text: &str) -> Option<Self> {
        let (workflow, word) = text.rsplit_once(" on ")?;
        let plain = |t: &str| !t.is_empty() && !t.contains(char::is_whitespace);
        (plain(workflow) && plain(word)).then(|| Self { word: word.to_owned() })
    }
}

/// Whether pipewright wrote the file of a document.
pub(super) fn is_own(work: &Work<'_>, document: &Node) -> bool {
    marker(&work.sources.file(document.span.source).text).is_some()
}

/// The start that a batch is: its file says so below the marker.
pub(super) fn start_of_batch(work: &Work<'_>, document: &Node) -> Option<Start> {
    if !is_own(work, document) {
        return None;
    }
    let text = &work.sources.file(document.span.source).text;
    text.lines().take_while(|l| l.starts_with('#')).last().and_then(|l| Start::said(l.trim_start_matches('#').trim()))
}
