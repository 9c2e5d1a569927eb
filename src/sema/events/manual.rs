//! Runs by hand: each combination of inputs that conditions tell apart.

use std::collections::BTreeMap;

use crate::ir::event::{ClauseKind, Event, EventKind, InputKind, InputValue};
use crate::ir::glob::Glob;
use crate::ir::id::WorkflowId;
use crate::ir::job::Workflow;
use crate::ir::lang::Lang;
use crate::sema::events::words::Words;
use crate::sema::events::{BRANCHES, MAX_EVENTS, Survey, TooMany};

impl Survey<'_> {
    pub(super) fn manual(&mut self) -> Result<(), TooMany> {
        let default = self.pipeline.default_branch.value.clone();
        for (index, workflow) in self.pipeline.workflows.iter().enumerate() {
            if !workflow.on.clauses.iter().any(|c| matches!(c.kind, ClauseKind::Manual { .. })) {
                continue;
            }
            let id = WorkflowId(index as u32);
            let assignments = self.assignments(id, workflow)?;
            for class in self.cut(EventKind::Manual, &self.names.manual, &[&default], BRANCHES)?.classes {
                for inputs in &assignments {
                    self.keep(Event {
                        branch: Some(class.witness.clone()),
                        workflow: Some(id),
                        inputs: inputs.clone(),
                        ..Event::of(EventKind::Manual)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Every combination of values of the inputs that a condition reads; the others have their default.
    fn assignments(&self, id: WorkflowId, workflow: &Workflow) -> Result<Vec<BTreeMap<String, InputValue>>, TooMany> {
        let mut all: Vec<BTreeMap<String, InputValue>> = vec![BTreeMap::new()];
        for input in &workflow.inputs {
            let name = &input.name.value;
            let read: Vec<&Words> = [Some(id), None].iter().filter_map(|w| self.inputs.get(&(*w, name.clone()))).collect();
            let default = input.default.as_ref().map(|d| d.value.clone());
            let texts = |list: Vec<String>| list.into_iter().map(InputValue::String).collect::<Vec<_>>();
            let mut values = match &input.kind {
                InputKind::Boolean => vec![InputValue::Bool(false), InputValue::Bool(true)],
                InputKind::Choice(options) => texts(options.iter().map(|o| o.value.clone()).collect()),
                InputKind::Environment => texts(self.pipeline.environments.iter().map(|e| e.name.value.clone()).collect()),
                InputKind::String if !read.is_empty() => {
                    self.texts(&read, default.as_ref(), input.matches.as_ref().map(|g| &g.value))?
                }
                InputKind::String | InputKind::Number => Vec::new(),
            };
            if let Some(default) = default
                && let Some(place) = values.iter().position(|v| *v == default)
            {
                values[..=place].rotate_right(1);
            }
            if read.is_empty() {
                values.truncate(1);
            }
            if values.is_empty() {
                continue;
            }
            if all.len() * values.len() > MAX_EVENTS {
                return Err(TooMany(EventKind::Manual));
            }
            let with = |map: &BTreeMap<String, InputValue>, value: &InputValue| {
                let mut map = map.clone();
                map.insert(name.clone(), value.clone());
                map
            };
            all = all.iter().flat_map(|map| values.iter().map(move |v| with(map, v))).collect();
        }
        Ok(all)
    }

    /// One text of each class that the conditions tell apart.
    fn texts(&self, read: &[&Words], default: Option<&InputValue>, matches: Option<&Glob>) -> Result<Vec<InputValue>, TooMany> {
        let universe = matches.map_or_else(Lang::text, |g| g.strings().clone());
        let mut words = Words::default();
        if let Some(InputValue::String(text)) = default {
            words.literals.push(text.clone());
        }
        for one in read {
            words.langs.extend(one.langs.iter().cloned());
            words.literals.extend(one.literals.iter().cloned());
            words.samples.extend(one.samples.iter().cloned());
        }
        words.samples.extend(matches.map(Glob::sample));
        let classes = words.cut(&universe, &[], &["x"]).map_err(|()| TooMany(EventKind::Manual))?.classes;
        Ok(classes.into_iter().map(|c| InputValue::String(c.witness)).collect())
    }
}
