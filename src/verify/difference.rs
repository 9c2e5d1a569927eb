//! Where a file means something else than the spec.

use crate::base::span::Span;
use crate::verify::behaviour::Place;

/// A target that does something else than the spec says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The target's word.
    pub target: &'static str,
    /// Which of the seven points of equivalence.
    pub point: u8,
    /// The job, by its name in the spec or with the vendor.
    pub job: String,
    /// When: the event, and what happens in the run. Empty for what holds always.
    pub when: String,
    /// What the spec says.
    pub wanted: String,
    /// What the target does.
    pub found: String,
    /// Where in the output, if there is such a place.
    pub place: Option<Place>,
    /// Where in the spec.
    pub span: Span,
    /// In how many other cases the same is so.
    pub more: usize,
}

impl Difference {
    /// A line about it: "gitlab, production on a push to `main`: the spec says that it waits; it runs (.gitlab-ci.yml:12)".
    pub fn shown(&self) -> String {
        let place = self.place.as_ref().map(|p| format!(" ({}:{})", p.file, p.line)).unwrap_or_default();
        let when = if self.when.is_empty() { String::new() } else { format!(" {}", self.when) };
        let job = if self.job.is_empty() { String::new() } else { format!(", `{}`", self.job) };
        let more = if self.more == 0 { String::new() } else { format!("; likewise in {} other cases", self.more) };
        format!("{}{job}{when}: the spec says: {}; the file says: {}{place}{more}", self.target, self.wanted, self.found)
    }
}
