//! Which job is there for which event, and why not where it is not.
//!
//! A job is present iff its workflow, stage and own filters and its `if` accept the event. Where an `if` reads what only the run
//! knows, the job is possible but not certainly present.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::environment::Tier;
use crate::ir::event::{ClauseKind, Event, EventKind, Filter, InputKind, InputValue, PathFilter, Pattern};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal, Truth};
use crate::ir::id::WorkflowId;
use crate::ir::job::Job;
use crate::ir::text::{CommitField, Context, EnvironmentField, Part, PrField, RepositoryField, RunField, Text};

/// What is known of a context for an event.
#[derive(Clone, PartialEq, Debug)]
pub enum Known {
    /// It has no value for this event.
    Nothing,
    /// It has a value, which only the run knows.
    Something,
    /// It has this value in every run of this class of events.
    Exactly(Literal),
    /// The witness of the class has this value; other events of the class may have another that no filter tells apart.
    Sample(String),
}

/// What a context is for an event in a workflow.
pub fn value(pipeline: &Pipeline, workflow: Option<WorkflowId>, event: &Event, context: &Context) -> Known {
    let sample = |name: &Option<String>| name.clone().map_or(Known::Nothing, Known::Sample);
    let exact = |text: &str| Known::Exactly(Literal::String(text.to_owned()));
    match context {
        Context::Commit(CommitField::Branch) => sample(&event.branch),
        Context::Commit(CommitField::Tag) => sample(&event.tag),
        Context::Commit(CommitField::Ref) => sample(if event.tag.is_some() { &event.tag } else { &event.branch }),
        Context::Commit(_) => Known::Something,
        Context::Run(RunField::Event) => exact(event.word()),
        Context::Run(_) => Known::Something,
        Context::Pr(_) if event.kind != EventKind::PullRequest => Known::Nothing,
        Context::Pr(PrField::Source) => sample(&event.head),
        Context::Pr(PrField::Target) => sample(&event.target),
        Context::Pr(PrField::Number | PrField::Title) => Known::Something,
        Context::Input(name) => input(pipeline, workflow, event, name),
        Context::Value(id) => {
            let value = &pipeline.values[id.index()];
            if value.github.is_some() {
                return Known::Something;
            }
            let arm = value.arms.iter().find(|(kind, _)| kind.value == event.kind).map(|(_, text)| text);
            arm.or(value.otherwise.as_ref()).map_or(Known::Nothing, |text| of_text(pipeline, workflow, event, text))
        }
        _ => fixed(pipeline, context).map_or(Known::Something, Known::Exactly),
    }
}

/// The value that a context has in every run, where the spec fixes one.
pub fn fixed(pipeline: &Pipeline, context: &Context) -> Option<Literal> {
    let text = match context {
        Context::Repository(RepositoryField::DefaultBranch) => pipeline.default_branch.value.clone(),
        Context::Variable(name) => {
            let variable = pipeline.variables.iter().find(|v| v.name.value == *name)?;
            variable.value.as_ref()?.as_literal()?.to_owned()
        }
        Context::Environment { environment, field } => {
            let environment = pipeline.environment((*environment)?);
            match field {
                EnvironmentField::Name => environment.name.value.clone(),
                EnvironmentField::Tier => Tier::word(environment.tier).to_owned(),
                EnvironmentField::Url => environment.url.as_ref()?.as_literal()?.to_owned(),
                EnvironmentField::Namespace => environment.cluster.as_ref()?.namespace.as_ref()?.value.clone(),
            }
        }
        Context::Registry(id) => pipeline.registries[id.index()].address.value.clone(),
        _ => return None,
    };
    Some(Literal::String(text))
}

fn input(pipeline: &Pipeline, workflow: Option<WorkflowId>, event: &Event, name: &str) -> Known {
    let literal = |value: &InputValue| match value {
        InputValue::String(text) => Literal::String(text.clone()),
        InputValue::Bool(value) => Literal::Bool(*value),
        InputValue::Number(value) => Literal::Number(*value),
    };
    let mut declared = pipeline.workflows.iter().enumerate().filter(|(i, _)| workflow.is_none_or(|w| w.index() == *i));
    let declared = declared.find_map(|(_, w)| w.inputs.iter().find(|i| i.name.value == name));
    if event.kind == EventKind::Manual {
        return match (event.inputs.get(name), declared.map(|d| &d.kind)) {
            (Some(InputValue::String(text)), Some(InputKind::String)) => Known::Sample(text.clone()),
            (Some(value), _) => Known::Exactly(literal(value)),
            (None, _) => Known::Something,
        };
    }
    let default = declared.and_then(|d| d.default.as_ref());
    default.map_or(Known::Nothing, |d| Known::Exactly(literal(&d.value)))
}

fn of_text(pipeline: &Pipeline, workflow: Option<WorkflowId>, event: &Event, text: &Text) -> Known {
    if let Some(fixed) = text.as_literal() {
        return Known::Exactly(Literal::String(fixed.to_owned()));
    }
    if let [Part::Context(only)] = text.parts.as_slice() {
        return value(pipeline, workflow, event, &only.value);
    }
    let nothing = text.contexts().any(|c| value(pipeline, workflow, event, &c.value) == Known::Nothing);
    if nothing { Known::Nothing } else { Known::Something }
}

/// Whether a condition holds for an event. Contexts without a value make `==` false and `!=` true.
pub fn holds(pipeline: &Pipeline, workflow: Option<WorkflowId>, event: &Event, expr: &Expr) -> Truth {
    let inner = |e: &Expr| holds(pipeline, workflow, event, e);
    let known = |e: &Expr| match &e.kind {
        ExprKind::Literal(literal) => Known::Exactly(literal.clone()),
        ExprKind::Context(context) => value(pipeline, workflow, event, context),
        _ => match holds(pipeline, workflow, event, e) {
            Truth::Maybe => Known::Something,
            truth => Known::Exactly(Literal::Bool(truth == Truth::Yes)),
        },
    };
    match &expr.kind {
        ExprKind::Not(a) => inner(a).negate(),
        ExprKind::And(a, b) => inner(a).and(inner(b)),
        ExprKind::Or(a, b) => inner(a).or(inner(b)),
        ExprKind::Compare(comparison, a, b) => compare(*comparison, &known(a), &known(b)),
        ExprKind::Matches(a, glob) => match known(a) {
            Known::Nothing => Truth::No,
            Known::Exactly(Literal::String(text)) | Known::Sample(text) => glob.matches(&text).into(),
            Known::Exactly(_) | Known::Something => Truth::Maybe,
        },
        ExprKind::In(a, list) => {
            let a = known(a);
            let hit = |l: &Literal| compare(Comparison::Equal, &a, &Known::Exactly(l.clone()));
            list.iter().fold(Truth::No, |truth, l| truth.or(hit(&l.value)))
        }
        ExprKind::Literal(_) | ExprKind::Context(_) => {
            compare(Comparison::Equal, &known(expr), &Known::Exactly(Literal::Bool(true)))
        }
    }
}

fn compare(comparison: Comparison, left: &Known, right: &Known) -> Truth {
    let unequal = comparison == Comparison::NotEqual;
    let (left, right) = match (left, right) {
        (Known::Nothing, _) | (_, Known::Nothing) => return unequal.into(),
        (Known::Exactly(a), Known::Exactly(b)) => (a, b),
        // Fixed texts that a sample is compared with are literals of the partition: the whole class gives one answer.
        (Known::Sample(a), Known::Exactly(Literal::String(b))) | (Known::Exactly(Literal::String(b)), Known::Sample(a)) => {
            return ((a == b) != unequal).into();
        }
        _ => return Truth::Maybe,
    };
    let order = match (left, right) {
        (Literal::Number(a), Literal::Number(b)) => a.cmp(b),
        (Literal::Duration(a), Literal::Duration(b)) => a.cmp(b),
        _ => return ((left == right) != unequal).into(),
    };
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::More => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    }
    .into()
}

/// Whether an event starts a workflow. A manual run is of one workflow, a schedule of the one that declares it.
pub fn starts(pipeline: &Pipeline, workflow: WorkflowId, event: &Event) -> bool {
    let own = event.kind != EventKind::Manual || event.workflow == Some(workflow);
    own && pipeline.workflow(workflow).on.accepts(event)
}

/// Whether a job is there for an event, which need not be one of the pipeline's witnesses.
pub fn present(pipeline: &Pipeline, job: &Job, event: &Event) -> Truth {
    if !starts(pipeline, job.workflow, event) {
        return Truth::No;
    }
    let stage = job.stage.and_then(|s| pipeline.workflow(job.workflow).stages[s].only.as_ref());
    if ![stage, job.only.as_ref()].into_iter().flatten().all(|f| f.accepts(event)) {
        return Truth::No;
    }
    job.condition.as_ref().map_or(Truth::Yes, |c| holds(pipeline, Some(job.workflow), event, c))
}

/// The clause that keeps a job away from an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Absence {
    /// Where the clause stands.
    pub span: Span,
    /// What it is, for "left out by …".
    pub what: String,
}

/// Why a job is not certainly there for an event; `None` if it is.
pub fn absence(pipeline: &Pipeline, job: &Job, event: &Event) -> Option<Absence> {
    let workflow = pipeline.workflow(job.workflow);
    let absent = |span, what: String| Some(Absence { span, what });
    if !starts(pipeline, job.workflow, event) {
        return absent(workflow.on.span, format!("`on` of workflow `{}`", workflow.name.value));
    }
    if let Some(stage) = job.stage.map(|s| &workflow.stages[s])
        && let Some(only) = stage.only.as_ref().filter(|f| !f.accepts(event))
    {
        return absent(only.span, format!("`only` of stage `{}`", stage.name.value));
    }
    if let Some(only) = job.only.as_ref().filter(|f| !f.accepts(event)) {
        return absent(only.span, format!("`only` of `{}`", job.name.value));
    }
    let condition = job.condition.as_ref()?;
    match holds(pipeline, Some(job.workflow), event, condition) {
        Truth::Yes => None,
        Truth::No => absent(condition.span, format!("`if` of `{}`", job.name.value)),
        Truth::Maybe => absent(condition.span, format!("`if` of `{}`, which only the run decides", job.name.value)),
    }
}

/// Fills `present` and `possible` of every job. Equal filters and conditions cost once, however many jobs share them.
pub(super) fn fill(pipeline: &mut Pipeline) {
    let mut memo = Memo { pipeline, filters: BTreeMap::new(), conditions: BTreeMap::new() };
    let workflows = 0..pipeline.workflows.len();
    let starting: Vec<BitSet> = workflows.map(|w| memo.events(|e| starts(pipeline, WorkflowId(w as u32), e))).collect();
    let mut found = Vec::new();
    for job in &pipeline.jobs {
        let mut present = starting[job.workflow.index()].clone();
        let stage = job.stage.and_then(|s| pipeline.workflow(job.workflow).stages[s].only.as_ref());
        for filter in [stage, job.only.as_ref()].into_iter().flatten() {
            present.intersect_with(memo.filter(filter));
        }
        let mut possible = present.clone();
        if let Some(condition) = &job.condition {
            let (yes, maybe) = memo.condition(job.workflow, condition);
            present.intersect_with(yes);
            possible.intersect_with(maybe);
        }
        found.push((present, possible));
    }
    for (job, (present, possible)) in pipeline.jobs.iter_mut().zip(found) {
        job.present = present;
        job.possible = possible;
    }
}

struct Memo<'p> {
    pipeline: &'p Pipeline,
    filters: BTreeMap<String, BitSet>,
    conditions: BTreeMap<(WorkflowId, String), (BitSet, BitSet)>,
}

impl Memo<'_> {
    fn events(&self, takes: impl Fn(&Event) -> bool) -> BitSet {
        let mut set = BitSet::new(self.pipeline.events.len());
        for (i, _) in self.pipeline.events.iter().enumerate().filter(|(_, e)| takes(e)) {
            set.insert(i);
        }
        set
    }

    fn filter(&mut self, filter: &Filter) -> &BitSet {
        let key = spelled(filter);
        if !self.filters.contains_key(&key) {
            let set = self.events(|e| filter.accepts(e));
            self.filters.insert(key.clone(), set);
        }
        &self.filters[&key]
    }

    /// The events for which a condition surely holds, and those for which it may.
    fn condition(&mut self, workflow: WorkflowId, condition: &Expr) -> &(BitSet, BitSet) {
        let key = (workflow, spelled_condition(condition));
        if !self.conditions.contains_key(&key) {
            let truths: Vec<Truth> =
                self.pipeline.events.iter().map(|e| holds(self.pipeline, Some(workflow), e, condition)).collect();
            let (mut yes, mut maybe) = (BitSet::new(truths.len()), BitSet::new(truths.len()));
            for (i, truth) in truths.iter().enumerate().filter(|(_, t)| **t != Truth::No) {
                maybe.insert(i);
                if *truth == Truth::Yes {
                    yes.insert(i);
                }
            }
            self.conditions.insert(key.clone(), (yes, maybe));
        }
        &self.conditions[&key]
    }
}

/// A filter as text without places: equal texts mean equal filters.
pub(crate) fn spelled(filter: &Filter) -> String {
    let mut out = String::new();
    let globs = |out: &mut String, pattern: &Pattern| {
        for (sign, list) in [('+', &pattern.include), ('-', &pattern.except)] {
            list.iter().for_each(|g| _ = write!(out, "{sign}{:?}", g.value.text()));
        }
    };
    let files = |out: &mut String, paths: &Option<PathFilter>| {
        if let Some(paths) = paths {
            out.push('@');
            globs(out, &paths.pattern);
        }
    };
    for clause in &filter.clauses {
        match &clause.kind {
            ClauseKind::Push { branches, paths } => {
                out.push_str(";push");
                globs(&mut out, branches);
                files(&mut out, paths);
            }
            ClauseKind::Tag { names } => {
                out.push_str(";tag");
                globs(&mut out, names);
            }
            ClauseKind::PullRequest { targets, heads, types, exclude_forks, paths } => {
                let _ = write!(out, ";pr{types:?}{exclude_forks}");
                globs(&mut out, targets);
                out.push('<');
                globs(&mut out, heads);
                files(&mut out, paths);
            }
            ClauseKind::Schedule { names } => {
                out.push_str(";schedule");
                names.iter().for_each(|n| _ = write!(out, "{:?}", n.value));
            }
            ClauseKind::Manual { branches } => {
                out.push_str(";manual");
                globs(&mut out, branches);
            }
            ClauseKind::Release { tags } => {
                out.push_str(";release");
                globs(&mut out, tags);
            }
            ClauseKind::Raw(own) => _ = write!(out, ";raw{:?}", own.name.value),
            ClauseKind::Branch { branches } => {
                out.push_str(";branch");
                globs(&mut out, branches);
            }
        }
    }
    out
}

/// Whether two conditions ask the same thing.
pub fn same_condition(a: &Expr, b: &Expr) -> bool {
    spelled_condition(a) == spelled_condition(b)
}

/// A condition as text without places: equal texts ask the same thing.
pub(crate) fn spelled_condition(expr: &Expr) -> String {
    let mut out = String::new();
    spell(expr, &mut out);
    out
}

fn spell(expr: &Expr, out: &mut String) {
    let _ = match &expr.kind {
        ExprKind::Literal(literal) => write!(out, "{literal:?}"),
        ExprKind::Context(context) => write!(out, "{context:?}"),
        ExprKind::Not(_) => write!(out, "!"),
        ExprKind::And(..) => write!(out, "&"),
        ExprKind::Or(..) => write!(out, "|"),
        ExprKind::Compare(comparison, ..) => write!(out, "{comparison:?}"),
        ExprKind::Matches(_, glob) => write!(out, "~{:?}", glob.value.text()),
        ExprKind::In(_, list) => {
            list.iter().for_each(|l| _ = write!(out, "{:?},", l.value));
            write!(out, "in")
        }
    };
    out.push('(');
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Context(_) => {}
        ExprKind::Not(a) | ExprKind::Matches(a, _) | ExprKind::In(a, _) => spell(a, out),
        ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Compare(_, a, b) => {
            spell(a, out);
            out.push(',');
            spell(b, out);
        }
    }
    out.push(')');
}
