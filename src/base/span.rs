//! Where a thing stands in a source text.

/// A source text of one compilation: an index into [`crate::base::source::SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SourceId(pub u32);

/// One use of a template, `each` or include: an index into the source map's table of expansions. 0 is "written as it stands".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ExpansionId(pub u32);

/// A half-open range of bytes in one source, with the expansion that brought the text to its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// The text the range is in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The template use (or `each` round) that the node came through.
    pub expansion: ExpansionId,
}

impl Span {
    /// A range written as it stands.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start: start as u32, end: end as u32, expansion: ExpansionId(0) }
    }

    /// The smallest range that covers both. Both must be of one source; otherwise `self` is the answer.
    pub fn to(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self { start: self.start.min(other.start), end: self.end.max(other.end), ..self }
    }

    /// The part of this span from byte `from` to byte `to`, both counted from its start.
    pub fn within(self, from: usize, to: usize) -> Self {
        let end = self.end.min(self.start + to as u32);
        Self { start: (self.start + from as u32).min(end), end, ..self }
    }
}

/// A value with the place it was written at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
