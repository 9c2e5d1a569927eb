//! An event as a person names it, in a `test` or on the command line: `push main`, `manual workflow=release version=v1`.

use std::collections::BTreeMap;

use crate::base::diag::Diagnostic;
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Event, EventKind, Input, InputKind, InputValue, PullRequestType};
use crate::ir::id::WorkflowId;
use crate::ir::job::Workflow;
use crate::ir::units::Decimal;
use crate::sema::events;
use crate::sema::names::unknown;

/// The branch that a pull request comes from where nobody says: no usual filter names it.
const HEAD: &str = "topic";

/// An event in words.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// Why the run starts.
    pub kind: EventKind,
    /// The branch, tag, target branch, schedule or event of a vendor's own.
    pub name: Option<Spanned<String>>,
    /// The workflow of a manual run.
    pub workflow: Option<Spanned<String>>,
    /// The branch of a manual run.
    pub branch: Option<String>,
    /// The branch a pull request comes from.
    pub head: Option<String>,
    /// Changed files; none named means every filter of files passes.
    pub paths: Vec<String>,
    /// Inputs of a manual run, as text: `true`, `3`, `high`.
    pub inputs: Vec<(Spanned<String>, Spanned<String>)>,
    /// Where it stands.
    pub span: Span,
}

/// The event of words; defaults of branches and inputs are filled in.
///
/// # Errors
/// A diagnostic for a name that is not declared, or one that is missing.
pub fn event(pipeline: &Pipeline, asked: &Asked) -> Result<Event, Box<Diagnostic>> {
    let name = asked.name.as_ref().map(|n| n.value.clone());
    let default = || pipeline.default_branch.value.clone();
    let mut event = Event::of(asked.kind);
    match asked.kind {
        EventKind::Push => event.branch = Some(name.unwrap_or_else(default)),
        EventKind::Tag | EventKind::Release => event.tag = Some(name.ok_or_else(|| nameless(asked, "tag", "v1.2.3"))?),
        EventKind::PullRequest => {
            event.target = Some(name.unwrap_or_else(default));
            event.head = Some(asked.head.clone().unwrap_or_else(|| HEAD.to_owned()));
            event.pull_request_type = Some(PullRequestType::Opened);
        }
        EventKind::Schedule => {
            let schedules = || pipeline.workflows.iter().flat_map(|w| &w.schedules);
            let only = schedules().next().filter(|_| schedules().count() == 1).map(|s| s.name.clone());
            let name = asked.name.clone().or(only).ok_or_else(|| nameless(asked, "schedule", "nightly"))?;
            let known = schedules().map(|s| s.name.value.as_str());
            let found = schedules().find(|s| s.name.value == name.value);
            let schedule = found.ok_or_else(|| Box::new(unknown("schedule", &name.value, name.span, known)))?;
            event.branch = Some(schedule.branch.as_ref().map_or_else(default, |b| b.value.clone()));
            event.schedule = Some(name.value);
        }
        EventKind::Raw => {
            let name = asked.name.as_ref().ok_or_else(|| nameless(asked, "event of the vendor's own", "issues"))?;
            let mut own = events::own(pipeline);
            let found = own.iter().position(|e| e.own.as_ref() == Some(&name.value));
            let known = own.iter().filter_map(|e| e.own.as_deref());
            let at = found.ok_or_else(|| Box::new(unknown("event of a vendor's own", &name.value, name.span, known)))?;
            event = own.swap_remove(at);
        }
        EventKind::Manual => {
            let (id, workflow) = started(pipeline, asked)?;
            event.branch = Some(asked.branch.clone().or(name).unwrap_or_else(default));
            event.workflow = Some(id);
            event.inputs = inputs(pipeline, workflow, asked)?;
        }
    }
    if matches!(asked.kind, EventKind::Push | EventKind::PullRequest) && !asked.paths.is_empty() {
        event.paths = Some(asked.paths.clone());
    }
    Ok(event)
}

fn nameless(asked: &Asked, what: &str, example: &str) -> Box<Diagnostic> {
    let kind = asked.kind.word();
    let found = Diagnostic::error("missing-argument", asked.span, format!("the event names no {what}"));
    Box::new(found.label(format!("which {what}?")).help(format!("name it: {kind} \"{example}\"")))
}

/// The workflow that a manual run starts.
fn started<'p>(pipeline: &'p Pipeline, asked: &Asked) -> Result<(WorkflowId, &'p Workflow), Box<Diagnostic>> {
    let by_hand = |w: &Workflow| w.on.clauses.iter().any(|c| matches!(c.kind, ClauseKind::Manual { .. }));
    let all = || pipeline.workflows.iter().enumerate().filter(|(_, w)| by_hand(w)).map(|(i, w)| (WorkflowId(i as u32), w));
    let Some(name) = &asked.workflow else {
        let mut found = all();
        return match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (first, _) => {
                let names: Vec<&str> = all().map(|(_, w)| w.name.value.as_str()).collect();
                let help = match first {
                    None => "no workflow has `manual` in its `on`".to_owned(),
                    Some(_) => format!("write workflow={}", names.join(" or workflow=")),
                };
                let found = Diagnostic::error("missing-argument", asked.span, "the event names no workflow");
                Err(Box::new(found.label("which workflow is started?").help(help)))
            }
        };
    };
    let known = pipeline.workflows.iter().filter(|w| by_hand(w)).map(|w| w.name.value.as_str());
    let found = all().find(|(_, w)| w.name.value == name.value);
    found.ok_or_else(|| Box::new(unknown("workflow that is started by hand:", &name.value, name.span, known)))
}

fn inputs(pipeline: &Pipeline, workflow: &Workflow, asked: &Asked) -> Result<BTreeMap<String, InputValue>, Box<Diagnostic>> {
    let defaults = workflow.inputs.iter().filter_map(|i| Some((i.name.value.clone(), i.default.as_ref()?.value.clone())));
    let mut values: BTreeMap<String, InputValue> = defaults.collect();
    for (name, text) in &asked.inputs {
        let Some(input) = workflow.inputs.iter().find(|i| i.name.value == name.value) else {
            let known = workflow.inputs.iter().map(|i| i.name.value.as_str());
            return Err(Box::new(unknown("input", &name.value, name.span, known)));
        };
        values.insert(name.value.clone(), value(pipeline, input, text)?);
    }
    Ok(values)
}

fn value(pipeline: &Pipeline, input: &Input, text: &Spanned<String>) -> Result<InputValue, Box<Diagnostic>> {
    let string = || InputValue::String(text.value.clone());
    let wrong = |wanted: String| {
        let message = format!("input `{}` does not take `{}`", input.name.value, text.value);
        Box::new(Diagnostic::error("wrong-value-type", text.span, message).label("not a value of it").help(wanted))
    };
    let among = |known: Vec<&str>| match known.contains(&text.value.as_str()) {
        true => Ok(string()),
        false => Err(wrong(format!("write one of {}", known.join(", ")))),
    };
    match &input.kind {
        InputKind::Boolean => match text.value.as_str() {
            "true" => Ok(InputValue::Bool(true)),
            "false" => Ok(InputValue::Bool(false)),
            _ => Err(wrong("write #true or #false".to_owned())),
        },
        InputKind::Number => Decimal::parse(&text.value).map(InputValue::Number).map_err(|_| wrong("write a number".to_owned())),
        InputKind::Choice(options) => among(options.iter().map(|o| o.value.as_str()).collect()),
        InputKind::Environment => among(pipeline.environments.iter().map(|e| e.name.value.as_str()).collect()),
        InputKind::String => match &input.matches {
            Some(glob) if !glob.value.matches(&text.value) => {
                Err(wrong(format!("write a text that matches {}", glob.value.text())))
            }
            _ => Ok(string()),
        },
    }
}
