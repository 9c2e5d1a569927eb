//! Notes every filter and every fixed text that events meet.

use crate::ir::event::{ClauseKind, PathFilter};
use crate::ir::expr::{Expr, ExprKind, Literal};
use crate::ir::id::WorkflowId;
use crate::ir::text::{CommitField, Context, PrField};
use crate::sema::events::Survey;
use crate::sema::events::words::{Names, Words};
use crate::sema::presence::fixed;
use crate::sema::survey;

impl Survey<'_> {
    pub(super) fn filters(&mut self) {
        for filter in survey::filters(self.pipeline) {
            for clause in &filter.clauses {
                let names = &mut self.names;
                match &clause.kind {
                    ClauseKind::Push { branches, paths } => {
                        names.push.pattern(branches);
                        files(names, paths.as_ref());
                    }
                    ClauseKind::Tag { names: tags } => names.tags.pattern(tags),
                    ClauseKind::PullRequest { targets, heads, paths, .. } => {
                        names.targets.pattern(targets);
                        names.heads.pattern(heads);
                        files(names, paths.as_ref());
                    }
                    ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => {}
                    ClauseKind::Manual { branches } => names.manual.pattern(branches),
                    ClauseKind::Release { tags } => names.releases.pattern(tags),
                    ClauseKind::Branch { branches } => {
                        names.push.pattern(branches);
                        names.manual.pattern(branches);
                    }
                }
            }
        }
        // A required check is asked of pull requests to these branches.
        for glob in self.pipeline.repository.iter().flat_map(|r| &r.protect).flat_map(|p| &p.branches) {
            self.names.targets.glob(&glob.value);
        }
    }

    pub(super) fn conditions(&mut self) {
        for (workflow, condition) in survey::conditions(self.pipeline) {
            condition.visit(&mut |e| self.comparison(workflow, e));
        }
    }

    fn comparison(&mut self, workflow: Option<WorkflowId>, expr: &Expr) {
        match &expr.kind {
            ExprKind::Compare(_, a, b) => {
                for (subject, other) in [(a, b), (b, a)] {
                    if let (ExprKind::Context(subject), Some(text)) = (&subject.kind, self.fixed_text(other)) {
                        self.meets(workflow, subject, &|words| words.literal(&text));
                    }
                }
            }
            ExprKind::Matches(a, glob) => {
                if let ExprKind::Context(subject) = &a.kind {
                    self.meets(workflow, subject, &|words| words.glob(&glob.value));
                }
            }
            ExprKind::In(a, list) => {
                for item in list {
                    if let (ExprKind::Context(subject), Literal::String(text)) = (&a.kind, &item.value) {
                        self.meets(workflow, subject, &|words| words.literal(text));
                    }
                }
            }
            ExprKind::Context(context @ Context::Input(_)) => self.meets(workflow, context, &|_| {}),
            ExprKind::Literal(_) | ExprKind::Context(_) | ExprKind::Not(_) | ExprKind::And(..) | ExprKind::Or(..) => {}
        }
    }

    fn fixed_text(&self, expr: &Expr) -> Option<String> {
        let literal = match &expr.kind {
            ExprKind::Literal(literal) => literal.clone(),
            ExprKind::Context(context) => fixed(self.pipeline, context)?,
            _ => return None,
        };
        match literal {
            Literal::String(text) => Some(text),
            Literal::Bool(_) | Literal::Number(_) | Literal::Duration(_) => None,
        }
    }

    /// Notes what a context is compared with, in every dimension that gives its value.
    fn meets(&mut self, workflow: Option<WorkflowId>, subject: &Context, note: &dyn Fn(&mut Words)) {
        let names = &mut self.names;
        match subject {
            Context::Commit(CommitField::Branch) => [&mut names.push, &mut names.manual].into_iter().for_each(note),
            Context::Commit(CommitField::Tag) => [&mut names.tags, &mut names.releases].into_iter().for_each(note),
            Context::Commit(CommitField::Ref) => {
                [&mut names.push, &mut names.manual, &mut names.tags, &mut names.releases].into_iter().for_each(note);
            }
            Context::Pr(PrField::Source) => note(&mut names.heads),
            Context::Pr(PrField::Target) => note(&mut names.targets),
            Context::Input(name) => note(self.inputs.entry((workflow, name.clone())).or_default()),
            Context::Value(id) => {
                let value = &self.pipeline.values[id.index()];
                let texts = value.arms.iter().map(|(_, text)| text).chain(&value.otherwise);
                for context in texts.filter(|t| t.parts.len() == 1).flat_map(|t| t.contexts()) {
                    // Values do not name values, so this ends.
                    if !matches!(context.value, Context::Value(_)) {
                        self.meets(workflow, &context.value, note);
                    }
                }
            }
            _ => {}
        }
    }
}

fn files(names: &mut Names, paths: Option<&PathFilter>) {
    if let Some(paths) = paths {
        let pattern = &paths.pattern;
        names.files.samples.extend(pattern.include.iter().chain(&pattern.except).map(|g| g.value.sample()));
    }
}
