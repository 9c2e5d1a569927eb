//! A witness of every class of events that a spec can tell apart.
//!
//! Branches, tags, heads, targets and files are cut into classes by every filter and fixed text that they meet, each kind of event
//! apart; the classes of the dimensions are combined. Sets of changed files are the smallest that can start a chain of filters,
//! and all files: presence only grows with the files changed, so a job that is there without another is so on a smallest set.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::event::{ClauseKind, Event, EventKind, InputKind, InputValue, PathFilter, Pattern, PullRequestType};
use crate::ir::expr::{Expr, ExprKind, Literal};
use crate::ir::glob::Glob;
use crate::ir::id::WorkflowId;
use crate::ir::job::Workflow;
use crate::ir::lang::Lang;
use crate::ir::partition::{Partition, partition_of};
use crate::ir::text::{CommitField, Context, PrField};
use crate::sema::presence::{fixed, starts};
use crate::sema::survey::{self, Chains};

/// Most classes of events. A monorepo of a thousand services has some three thousand; far more cannot be read in any report.
pub const MAX_EVENTS: usize = 8_192;

/// Names that a person would use, offered to classes that no name of the spec is in.
const BRANCHES: &[&str] = &["feature/x", "topic", "release/1.2", "hotfix/x", "wip/x"];
const TAGS: &[&str] = &["v1.2.3", "1.2.3", "v1.2.3-rc.1", "nightly"];
const FILES: &[&str] = &["README.md", "src/main.c", "docs/index.md"];

/// The classes, in the order of kinds (push, tag, pull request, schedule, manual, release), then of the spec. Classes that start no
/// workflow are left out.
///
/// # Errors
/// `too-many-event-classes` when there are more than [`MAX_EVENTS`], or filters that cannot be compared.
pub fn classes(pipeline: &Pipeline) -> Result<Vec<Event>, Box<Diagnostic>> {
    let chains = Chains::of(pipeline);
    let mut survey = Survey { pipeline, names: Names::default(), inputs: BTreeMap::new(), chains, found: Vec::new() };
    survey.filters();
    survey.conditions();
    survey.run().map_err(|kind| Box::new(survey.too_many(kind)))?;
    Ok(survey.found)
}

/// There are too many classes of this kind.
struct TooMany(EventKind);

/// What the spec compares with, by dimension.
#[derive(Default)]
struct Names {
    push: Words,
    manual: Words,
    tags: Words,
    releases: Words,
    targets: Words,
    heads: Words,
    files: Words,
}

/// Filters of one dimension and names that a person would read.
#[derive(Default)]
struct Words {
    langs: Vec<Lang>,
    /// As the spec writes them.
    literals: Vec<String>,
    /// Made of patterns.
    samples: Vec<String>,
}

impl Words {
    fn pattern(&mut self, pattern: &Pattern) {
        if !pattern.is_all() {
            self.langs.push(pattern.lang.clone());
        }
        let literals = pattern.include.iter().filter_map(|g| g.value.is_literal()).map(str::to_owned);
        self.literals.extend(literals);
        self.samples.extend(pattern.include.iter().chain(&pattern.except).map(|g| g.value.sample()));
    }

    fn literal(&mut self, text: &str) {
        self.langs.push(Lang::literal(text));
        self.literals.push(text.to_owned());
    }

    fn glob(&mut self, glob: &Glob) {
        self.langs.push(glob.strings().clone());
        self.samples.push(glob.sample());
    }

    /// The classes, with witnesses that read well; `first` are the names to prefer over the spec's own.
    fn cut(&self, universe: &Lang, first: &[&str], last: &[&str]) -> Result<Partition, ()> {
        let mut found = partition_of(universe, &self.langs).map_err(|_| ())?;
        let fitting = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect();
        let names: [Vec<String>; 4] = [fitting(first), self.literals.clone(), fitting(last), self.samples.clone()];
        names.iter().flatten().for_each(|name| found.suggest(name));
        Ok(found)
    }
}

struct Survey<'p> {
    pipeline: &'p Pipeline,
    names: Names,
    /// What string inputs are compared with, by workflow and name.
    inputs: BTreeMap<(Option<WorkflowId>, String), Words>,
    chains: Chains<'p>,
    found: Vec<Event>,
}

impl<'p> Survey<'p> {
    fn run(&mut self) -> Result<(), TooMany> {
        self.push()?;
        self.tags(EventKind::Tag)?;
        self.pull_requests()?;
        self.schedules()?;
        self.manual()?;
        self.tags(EventKind::Release)
    }

    fn filters(&mut self) {
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
                    ClauseKind::Schedule { .. } => {}
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

    fn conditions(&mut self) {
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

    fn reacts(&self, takes: fn(&ClauseKind) -> bool) -> bool {
        self.pipeline.workflows.iter().flat_map(|w| &w.on.clauses).any(|c| takes(&c.kind))
    }

    /// Keeps an event that starts something.
    fn keep(&mut self, event: Event) -> Result<(), TooMany> {
        let ids = 0..self.pipeline.workflows.len() as u32;
        if ids.into_iter().any(|w| starts(self.pipeline, WorkflowId(w), &event)) {
            if self.found.len() >= MAX_EVENTS {
                return Err(TooMany(event.kind));
            }
            self.found.push(event);
        }
        Ok(())
    }

    fn too_many(&self, TooMany(kind): TooMany) -> Diagnostic {
        let clauses = self.pipeline.workflows.iter().flat_map(|w| &w.on.clauses);
        let span: Option<Span> = clauses.filter(|c| of_kind(&c.kind, kind)).map(|c| c.span).next();
        Diagnostic::error(
            "too-many-event-classes",
            span.unwrap_or(self.pipeline.span),
            format!("the filters and conditions tell apart more than {MAX_EVENTS} classes of `{}` events", kind.word()),
        )
        .label("together with the filters and conditions of its jobs")
        .help("use fewer different patterns, inputs in conditions or path filters, or split the spec")
    }

    fn cut(&self, kind: EventKind, words: &Words, first: &[&str], last: &[&str]) -> Result<Partition, TooMany> {
        words.cut(&Lang::all(), first, last).map_err(|()| TooMany(kind))
    }

    fn push(&mut self) -> Result<(), TooMany> {
        if !self.reacts(|c| matches!(c, ClauseKind::Push { .. } | ClauseKind::Branch { .. })) {
            return Ok(());
        }
        let default = self.pipeline.default_branch.value.clone();
        let branches = self.cut(EventKind::Push, &self.names.push, &[&default], BRANCHES)?;
        for class in &branches.classes {
            let event = Event { branch: Some(class.witness.clone()), ..blank(EventKind::Push) };
            self.with_files(event)?;
        }
        Ok(())
    }

    fn tags(&mut self, kind: EventKind) -> Result<(), TooMany> {
        let (reacts, words) = match kind {
            EventKind::Release => (self.reacts(|c| matches!(c, ClauseKind::Release { .. })), &self.names.releases),
            _ => (self.reacts(|c| matches!(c, ClauseKind::Tag { .. })), &self.names.tags),
        };
        if !reacts {
            return Ok(());
        }
        for class in self.cut(kind, words, &TAGS[..1], TAGS)?.classes {
            self.keep(Event { tag: Some(class.witness), ..blank(kind) })?;
        }
        Ok(())
    }

    fn pull_requests(&mut self) -> Result<(), TooMany> {
        if !self.reacts(|c| matches!(c, ClauseKind::PullRequest { .. })) {
            return Ok(());
        }
        let default = self.pipeline.default_branch.value.clone();
        let targets = self.cut(EventKind::PullRequest, &self.names.targets, &[&default], &["develop", "release/1.2"])?;
        let heads = self.cut(EventKind::PullRequest, &self.names.heads, &BRANCHES[..1], BRANCHES)?;
        let (types, forks) = self.distinguished();
        for target in &targets.classes {
            for head in &heads.classes {
                for fork in &forks {
                    for kind in &types {
                        let event = Event {
                            target: Some(target.witness.clone()),
                            head: Some(head.witness.clone()),
                            fork: *fork,
                            pull_request_type: Some(*kind),
                            ..blank(EventKind::PullRequest)
                        };
                        self.with_files(event)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One pull request type of each set that no clause tells apart, and whether any clause looks at forks.
    fn distinguished(&self) -> (Vec<PullRequestType>, Vec<bool>) {
        let mut signatures: Vec<(Vec<bool>, PullRequestType)> = Vec::new();
        let mut forks = false;
        let filters = survey::filters(self.pipeline);
        let clauses: Vec<&ClauseKind> = filters.iter().flat_map(|f| &f.clauses).map(|c| &c.kind).collect();
        let lists: BTreeSet<&Vec<PullRequestType>> = clauses
            .iter()
            .filter_map(|c| match c {
                ClauseKind::PullRequest { types, exclude_forks, .. } => {
                    forks |= exclude_forks;
                    Some(types)
                }
                _ => None,
            })
            .collect();
        for (_, kind) in PullRequestType::ALL {
            let signature: Vec<bool> = lists.iter().map(|types| types.contains(kind)).collect();
            if signature.contains(&true) && signatures.iter().all(|(s, _)| *s != signature) {
                signatures.push((signature, *kind));
            }
        }
        let types = signatures.into_iter().map(|(_, kind)| kind).collect();
        (types, if forks { vec![false, true] } else { vec![false] })
    }

    fn schedules(&mut self) -> Result<(), TooMany> {
        for workflow in &self.pipeline.workflows {
            for schedule in &workflow.schedules {
                let branch = schedule.branch.as_ref().unwrap_or(&self.pipeline.default_branch);
                self.keep(Event {
                    branch: Some(branch.value.clone()),
                    schedule: Some(schedule.name.value.clone()),
                    ..blank(EventKind::Schedule)
                })?;
            }
        }
        Ok(())
    }

    fn manual(&mut self) -> Result<(), TooMany> {
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
                        ..blank(EventKind::Manual)
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

    /// The event with each set of changed files that a filter for it can tell apart.
    fn with_files(&mut self, event: Event) -> Result<(), TooMany> {
        let chains = self.chains.files(&event);
        if chains.is_empty() {
            return self.keep(event);
        }
        let distinct: Vec<&Lang> = chains.iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
        let langs: Vec<Lang> = distinct.iter().map(|l| (*l).clone()).collect();
        let words = Words { langs, literals: Vec::new(), samples: self.names.files.samples.clone() };
        let files = words.cut(&Lang::paths(), &[], FILES).map_err(|()| TooMany(event.kind))?;
        let all: Vec<usize> = (0..files.classes.len()).collect();
        let mut sets: Vec<Vec<usize>> = all.iter().map(|c| vec![*c]).collect();
        for chain in &chains {
            sets.extend(smallest(&files, &distinct, chain));
        }
        sets.push(all);
        let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
        for set in sets.into_iter().filter(|s| seen.insert(s.clone())).collect::<Vec<_>>() {
            let paths = set.iter().map(|c| files.classes[*c].witness.clone()).collect();
            self.keep(Event { paths: Some(paths), ..event.clone() })?;
        }
        Ok(())
    }
}

/// The sets of two or more files that pass every filter of a chain, none of whose parts does.
fn smallest(files: &Partition, distinct: &[&Lang], chain: &[Lang]) -> Vec<Vec<usize>> {
    let hits = |class: usize| -> BitSet {
        let mut set = BitSet::new(chain.len());
        for (i, lang) in chain.iter().enumerate() {
            if distinct.binary_search(&lang).is_ok_and(|at| files.classes[class].members.contains(at)) {
                set.insert(i);
            }
        }
        set
    };
    let hits: Vec<(usize, BitSet)> = (0..files.classes.len()).map(|c| (c, hits(c))).collect();
    let partial: Vec<&(usize, BitSet)> = hits.iter().filter(|(_, h)| !h.is_empty() && h.count() < chain.len()).collect();
    let mut sets = Vec::new();
    // Chains have three links, so two files nearly always do; a third is only needed where each passes one link alone.
    for (i, (a, of_a)) in partial.iter().map(|p| (p.0, &p.1)).enumerate() {
        for (j, (b, of_b)) in partial.iter().map(|p| (p.0, &p.1)).enumerate().skip(i + 1) {
            let mut both = of_a.clone();
            both.union_with(of_b);
            if both.count() == chain.len() {
                sets.push(vec![a, b]);
            } else if both.count() > of_a.count() && both.count() > of_b.count() {
                for (c, of_c) in partial.iter().map(|p| (p.0, &p.1)).skip(j + 1) {
                    let mut three = both.clone();
                    three.union_with(of_c);
                    if three.count() == chain.len() && three.count() > both.count() {
                        sets.push(vec![a, b, c]);
                    }
                }
            }
        }
        if sets.len() > MAX_EVENTS {
            break;
        }
    }
    sets
}

fn files(names: &mut Names, paths: Option<&PathFilter>) {
    if let Some(paths) = paths {
        let pattern = &paths.pattern;
        names.files.samples.extend(pattern.include.iter().chain(&pattern.except).map(|g| g.value.sample()));
    }
}

fn blank(kind: EventKind) -> Event {
    Event {
        kind,
        branch: None,
        tag: None,
        target: None,
        head: None,
        fork: false,
        pull_request_type: None,
        schedule: None,
        workflow: None,
        inputs: BTreeMap::new(),
        paths: None,
    }
}

fn of_kind(clause: &ClauseKind, kind: EventKind) -> bool {
    match clause {
        ClauseKind::Push { .. } => kind == EventKind::Push,
        ClauseKind::Tag { .. } => kind == EventKind::Tag,
        ClauseKind::PullRequest { .. } => kind == EventKind::PullRequest,
        ClauseKind::Schedule { .. } => kind == EventKind::Schedule,
        ClauseKind::Manual { .. } => kind == EventKind::Manual,
        ClauseKind::Release { .. } => kind == EventKind::Release,
        ClauseKind::Branch { .. } => kind == EventKind::Push,
    }
}
