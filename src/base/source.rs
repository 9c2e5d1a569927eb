//! The source texts of one compilation, and the only reader of files.

use std::cell::OnceCell;
use std::path::Path;

use elsa::FrozenVec;

use crate::base::failure::Failure;
use crate::base::span::{ExpansionId, SourceId, Span};

/// Largest spec file, in bytes: far above any written by hand, low enough to bound time and memory.
pub const MAX_SPEC_BYTES: u64 = 16 << 20;

/// One text with its name.
#[derive(Debug)]
pub struct SourceFile {
    /// The path as shown to the user: relative to the root, forward slashes.
    pub name: String,
    /// The text, as read.
    pub text: String,
    lines: OnceCell<Vec<u32>>,
}

impl SourceFile {
    /// Byte offsets at which lines start.
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let mut starts = vec![0];
            starts.extend(self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
            starts
        })
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|s| *s <= offset).max(1) - 1;
        let from = starts[line] as usize;
        let to = (offset as usize).min(self.text.len());
        let column = self.text.get(from..to).map_or(1, |t| t.chars().count() + 1);
        (line + 1, column)
    }
}

/// A use of a template, an `each` round or an include.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// Where it is used.
    pub at: Span,
    /// What is used, for "in this use of template `node`".
    pub what: String,
}

/// All texts of one compilation. Append-only, so that what is read from it may borrow from it.
#[derive(Default)]
pub struct SourceMap {
    files: FrozenVec<Box<SourceFile>>,
    expansions: FrozenVec<Box<Expansion>>,
}

impl SourceMap {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under a name.
    pub fn add(&self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(self.files.len() as u32);
        self.files.push(Box::new(SourceFile { name: name.into(), text: text.into(), lines: OnceCell::new() }));
        id
    }

    /// Reads a spec from disk under the name to show for it.
    ///
    /// # Errors
    /// `Io` when it cannot be read, is no regular file, is over [`MAX_SPEC_BYTES`], or is not UTF-8.
    pub fn read(&self, path: &Path, name: impl Into<String>) -> Result<SourceId, Failure> {
        let text = read_text(path, MAX_SPEC_BYTES)?;
        Ok(self.add(name, text))
    }

    /// The text of an id.
    pub fn file(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All texts, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (SourceId(i as u32), f))
    }

    /// The characters of a span.
    pub fn snippet(&self, span: Span) -> &str {
        self.file(span.source).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Records a use of a template, an `each` round or an include.
    pub fn expand(&self, at: Span, what: impl Into<String>) -> ExpansionId {
        self.expansions.push(Box::new(Expansion { at, what: what.into() }));
        ExpansionId(self.expansions.len() as u32)
    }

    /// The uses through which a span came to its place, innermost first; empty for text written as it stands.
    pub fn expansions(&self, span: Span) -> Vec<&Expansion> {
        let mut found = Vec::new();
        let mut id = span.expansion;
        while id.0 != 0 {
            let expansion = &self.expansions[id.0 as usize - 1];
            found.push(expansion);
            id = expansion.at.expansion;
        }
        found
    }
}

/// Reads a text file of at most `limit` bytes. A byte order mark stays: the parser of the text knows what to do with it.
///
/// # Errors
/// `Io` when it cannot be read, is no regular file, is larger than `limit`, or is not UTF-8; each names the path and the way out.
#[allow(clippy::disallowed_methods, reason = "this is the one reader")]
pub fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let shown = path.display();
    let meta = std::fs::metadata(path).map_err(|e| Failure::Io(format!("cannot read {shown}: {e}")))?;
    if !meta.is_file() {
        return Err(Failure::Io(format!("{shown} is not a regular file; name a file such as pipeline.kdl")));
    }
    if meta.len() > limit {
        return Err(Failure::Io(format!("{shown} has {} bytes; the limit is {limit}: split it with `include`", meta.len())));
    }
    let bytes = std::fs::read(path).map_err(|e| Failure::Io(format!("cannot read {shown}: {e}")))?;
    String::from_utf8(bytes)
        .map_err(|e| Failure::Io(format!("{shown} is not UTF-8 text (byte {}): save it as UTF-8", e.utf8_error().valid_up_to())))
}
