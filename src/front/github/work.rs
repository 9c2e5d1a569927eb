//! What the converters of one workflow file share.

use crate::base::span::{SourceId, Span};
use crate::front::account::Account;
use crate::front::ledger::Ledger;
use crate::front::yaml::{Entry, Node};

use super::condition::{self, Condition};
use super::context::Scope;
use super::declare::Declared;
use super::expr::Piece;
use super::library::Library;
use super::text::{self, Where};

/// Keys of a workflow as they stand.
#[derive(Default)]
pub(super) struct OfWorkflow {
    /// `permissions`
    pub(super) permissions: Option<Node>,
    /// `defaults`
    pub(super) defaults: Option<Node>,
}

/// One workflow file at work.
pub(super) struct Work<'w, 'l> {
    /// The account.
    pub(super) ledger: &'w mut Ledger,
    /// What the spec declares.
    pub(super) declared: &'w mut Declared,
    /// The files.
    pub(super) library: &'w mut Library<'l>,
    /// What expressions can name.
    pub(super) scope: Scope,
    /// What the token may do in every job that does not say so itself.
    pub(super) permissions: Vec<String>,
    /// Variables of the workflow.
    pub(super) env: Vec<(String, String)>,
    /// Keys of the workflow that a job in GitHub's words gets, too.
    pub(super) kept: OfWorkflow,
    /// `defaults.run` of the workflow.
    pub(super) shell: Option<String>,
    /// `defaults.run` of the workflow.
    pub(super) directory: Option<String>,
}

impl Account for Work<'_, '_> {
    fn ledger(&mut self) -> &mut Ledger {
        self.ledger
    }
}

impl Work<'_, '_> {
    /// The text of a key in the words of a spec; the key is marked by what became of it. `None` where it is no text.
    pub(super) fn text(&mut self, entry: &Entry, place: Where) -> Option<String> {
        let Some(source) = entry.value.text() else {
            if !entry.value.is_null() {
                self.lose(entry, "text is expected here");
            }
            return None;
        };
        let (made, fate) = text::text(source, place, &self.scope, self.declared);
        self.mark(entry, fate);
        Some(made)
    }

    /// A text of a key that has been looked through already, in the words of a spec.
    pub(super) fn fixed_text(&mut self, entry: &Entry, source: &str) -> Option<String> {
        self.placed_text(entry, source, Where::Field)
    }

    /// As [`Work::fixed_text`], for the place where it will stand.
    pub(super) fn placed_text(&mut self, entry: &Entry, source: &str, place: Where) -> Option<String> {
        let (made, fate) = text::text(source, place, &self.scope, self.declared);
        self.mark(entry, fate);
        Some(made)
    }

    /// A text with the variables put in that have one value whatever happens.
    pub(super) fn fixed(&self, source: &str) -> String {
        // Paths of a job are below the folder that the repository lies in.
        super::expr::pieces(&source.replace("${{ github.workspace }}/", "").replace("${{github.workspace}}/", ""))
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Expr(inner) => {
                    let name = inner.strip_prefix("env.").and_then(|n| self.scope.job.fixed.get(n));
                    name.cloned().unwrap_or_else(|| format!("${{{{ {inner} }}}}"))
                }
            })
            .collect()
    }

    /// The condition of a key; the key is marked by what became of it.
    pub(super) fn condition(&mut self, entry: &Entry) -> Option<Condition> {
        let source = entry.value.text()?;
        let made = condition::condition(source, &self.scope, self.declared);
        self.mark(entry, made.fate.clone());
        Some(made)
    }

    /// The line of an entry, from 1.
    fn line(&self, span: Span) -> usize {
        self.library.sources.file(span.source).line_column(span.start).0
    }

    /// What stands above an entry as a comment.
    pub(super) fn comments(&mut self, entry: &Entry) -> Vec<String> {
        self.comments_above(entry.span)
    }

    /// What stands above a place as a comment.
    pub(super) fn comments_above(&mut self, span: Span) -> Vec<String> {
        let line = self.line(span);
        self.library.comments.get_mut(&span.source).map(|c| c.above(line)).unwrap_or_default()
    }

    /// What stands at the head of a file as a comment.
    pub(super) fn heading(&mut self, id: SourceId) -> Vec<String> {
        let Some(comments) = self.library.comments.get_mut(&id) else { return Vec::new() };
        let first = comments.first_code();
        comments.between(0, first)
    }

    /// The comment behind a value on its line, without its mark.
    pub(super) fn behind(&self, value: &Node) -> Option<String> {
        let rest = self.library.sources.file(value.span.source).text.get(value.span.end as usize..)?;
        let line = rest.lines().next()?.trim();
        line.strip_prefix('#').map(|c| c.trim().to_owned()).filter(|c| !c.is_empty())
    }
}
