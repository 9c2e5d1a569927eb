//! `test` nodes: the event that happens, and what must be so.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::event::EventKind;
use crate::ir::expect::{Expect, ExpectKind, SpecTest};
use crate::ir::id::{GateId, JobId, WorkflowId};
use crate::sema::asked::{self, Asked};
use crate::sema::declare::{name_of, spanned};
use crate::sema::lower::Lower;
use crate::syntax::tree::{Entry, Node, Value};

/// The properties of an `event` that are not inputs.
const OF_EVENTS: &[&str] = &["workflow", "branch", "head", "paths"];

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn tests(&mut self, pipeline: &Pipeline) -> Vec<SpecTest> {
        let scope = self.scope;
        let nodes = scope.top.iter().filter(|n| n.name() == "test");
        nodes.filter_map(|n| self.test(n, pipeline)).collect()
    }

    fn test(&mut self, node: &'n Node<'a>, pipeline: &Pipeline) -> Option<SpecTest> {
        let title = name_of(node)?;
        let node_of_event = node.child("event")?;
        let asked = asked(node_of_event)?;
        let event = match asked::event(pipeline, &asked) {
            Ok(event) => Spanned::new(event, asked.span),
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return None;
            }
        };
        let within = event.value.workflow;
        let expects = node.all("expect").flat_map(|n| self.expect(n, within)).collect();
        Some(SpecTest { title, event, expects })
    }

    fn expect(&mut self, node: &Node<'a>, within: Option<WorkflowId>) -> Vec<Expect> {
        let words: Vec<Spanned<String>> = node.args().filter_map(spanned).collect();
        let (word, names) = match words.split_first() {
            Some((first, rest)) if first.value == "runs" => (ExpectKind::Runs, rest),
            Some((first, rest)) if first.value == "absent" => (ExpectKind::Absent, rest),
            _ => (ExpectKind::Runs, words.as_slice()),
        };
        if names.is_empty() {
            let found = Diagnostic::error("missing-argument", node.span, "this expectation names no job");
            self.diagnostics.push(found.label("of which jobs?").help("name them: expect runs lint unit"));
        }
        let gates: Vec<Spanned<GateId>> = self.gate_list(node, "behind");
        let after: Vec<Spanned<String>> = node.values("after").into_iter().filter_map(spanned).collect();
        let mut after_ids: Vec<Spanned<JobId>> = Vec::new();
        for name in &after {
            after_ids.extend(self.expected(name, within).map(|j| Spanned::new(j, name.span)));
        }
        let mut found = Vec::new();
        for name in names {
            let Some(job) = self.expected(name, within) else { continue };
            found.push(Expect { job, kind: word, span: name.span });
            found.extend(gates.iter().map(|g| Expect { job, kind: ExpectKind::Behind(g.value), span: g.span }));
            found.extend(after_ids.iter().map(|j| Expect { job, kind: ExpectKind::After(j.value), span: j.span }));
        }
        found
    }

    fn expected(&mut self, name: &Spanned<String>, within: Option<WorkflowId>) -> Option<JobId> {
        self.scope.find_job(&name.value, name.span, within, self.diagnostics)
    }
}

fn asked(node: &Node<'_>) -> Option<Asked> {
    let kind = EventKind::parse(node.arg(0)?.as_str()?)?;
    let text = |name: &str| node.setting(name).and_then(spanned);
    let inputs = node.open_props(OF_EVENTS).into_iter();
    Some(Asked {
        kind,
        name: node.arg(1).and_then(spanned),
        workflow: text("workflow"),
        branch: text("branch").map(|b| b.value),
        head: text("head").map(|h| h.value),
        paths: node.strings("paths").into_iter().map(|p| p.value.to_owned()).collect(),
        inputs: inputs.map(|(name, entry)| (Spanned::new(name.value.to_owned(), name.span), given(entry))).collect(),
        span: node.head(),
    })
}

/// The value of an input as text.
fn given(entry: &Entry<'_>) -> Spanned<String> {
    let text = match &entry.value {
        Value::String(text, _) | Value::Number(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => String::new(),
    };
    Spanned::new(text, entry.value_span)
}
