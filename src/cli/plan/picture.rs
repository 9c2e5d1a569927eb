//! Where the parts of a run stand in a picture: stages are columns, jobs boxes in them, what a job waits for lines between boxes.
//!
//! All lengths are in pixels of the picture at its natural size.

use std::collections::{BTreeMap, BTreeSet};

use super::{Shown, ShownGate, ShownJob};

/// Width of a character in a box, on average, in the font and size of the page's style.
const CHARACTER: f64 = 7.7;
/// Height of a line of a box.
const LINE: f64 = 17.0;
/// Free room inside a box, above and below its lines together.
const PADDING: f64 = 16.0;
/// Free room between boxes, one above the other.
const GAP: f64 = 14.0;
/// Free room between columns: lines bend in it, and the diamonds of gates stand in it.
const GUTTER: f64 = 58.0;
/// Height of the name of a workflow, and of a stage.
const HEADING: f64 = 30.0;
/// Free room around all.
const MARGIN: f64 = 20.0;
/// Longest line of a box, in characters; the rest is told by its tooltip.
const LONGEST: usize = 34;

/// A run, laid out.
#[derive(Default)]
pub(super) struct Picture<'r> {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Names of workflows, and of stages over their columns.
    pub(super) headings: Vec<Heading<'r>>,
    pub(super) boxes: Vec<Box<'r>>,
    /// Curves from the right edge of a box to the left of another: from, to.
    pub(super) lines: Vec<Line>,
}

/// A name over what it names.
pub(super) struct Heading<'r> {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: &'r str,
    /// The panel behind a stage's columns: width and height. A workflow has none.
    pub(super) panel: Option<(f64, f64)>,
}

/// A job.
pub(super) struct Box<'r> {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) name: &'r str,
    /// The lines below the name.
    pub(super) notes: Vec<String>,
    /// All that is known of it.
    pub(super) tooltip: String,
    /// How it looks: the tier of its environment, `absent`, `maybe` or `plain`.
    pub(super) look: &'static str,
    pub(super) gates: &'r [ShownGate],
}

/// What a job waits for.
pub(super) struct Line {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
    pub(super) maybe: bool,
}

/// A job of the run, or one that is left out of it.
enum Item<'r> {
    Runs(&'r ShownJob),
    Absent { name: &'r str, why: &'r str },
}

impl<'r> Item<'r> {
    fn name(&self) -> &'r str {
        match self {
            Self::Runs(job) => &job.name,
            Self::Absent { name, .. } => name,
        }
    }

    fn after(&self) -> &'r [String] {
        match self {
            Self::Runs(job) => &job.after,
            Self::Absent { .. } => &[],
        }
    }

    fn gates(&self) -> &'r [ShownGate] {
        match self {
            Self::Runs(job) => &job.gates,
            Self::Absent { .. } => &[],
        }
    }

    fn notes(&self) -> Vec<String> {
        match self {
            Self::Absent { why, .. } => vec![(*why).to_owned()],
            Self::Runs(job) => {
                let gates: Vec<&str> = job.gates.iter().map(|g| g.name.as_str()).collect();
                let environment = job.environment.iter().map(|(name, _)| format!("in {name}"));
                let behind = (!gates.is_empty()).then(|| format!("behind {}", gates.join(", ")));
                let secrets = match job.secrets.len() {
                    0 => None,
                    1 => Some(format!("reads {}", job.secrets[0])),
                    n => Some(format!("reads {n} secrets")),
                };
                environment.chain(behind).chain(secrets).collect()
            }
        }
    }

    fn look(&self) -> &'static str {
        match self {
            Self::Absent { .. } => "absent",
            Self::Runs(job) => match &job.environment {
                Some((_, tier)) => tier.word(),
                None if job.maybe => "maybe",
                None => "plain",
            },
        }
    }
}

/// The columns of a workflow: the stage they belong to, and their jobs from top to bottom.
struct Column<'r> {
    stage: Option<&'r str>,
    items: Vec<Item<'r>>,
}

/// Lays a run out.
pub(super) fn picture(run: &Shown) -> Picture<'_> {
    let mut picture = Picture::default();
    let mut y = MARGIN;
    for workflow in workflows(run) {
        picture.headings.push(Heading { x: MARGIN, y: y + 15.0, text: workflow, panel: None });
        y = band(&mut picture, &columns(run, workflow), y + HEADING) + GAP * 2.0;
    }
    picture.width = picture.boxes.iter().map(|b| b.x + b.width).fold(160.0, f64::max) + MARGIN + 8.0;
    picture.height = y.max(60.0);
    picture
}

/// The workflows with a job in the run, in the order of the spec.
fn workflows(run: &Shown) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for job in &run.jobs {
        if !names.contains(&job.workflow.as_str()) {
            names.push(&job.workflow);
        }
    }
    names
}

/// A column for each stage; several where jobs of a stage wait for one another.
fn columns<'r>(run: &'r Shown, workflow: &str) -> Vec<Column<'r>> {
    let running = run.jobs.iter().filter(|j| j.workflow == workflow).map(|j| (j.at, j.stage.as_deref(), Item::Runs(j)));
    let absent = run.absent.iter().filter(|a| a.workflow == workflow);
    let absent = absent.map(|a| (a.at, a.stage.as_deref(), Item::Absent { name: &a.name, why: &a.why }));
    let mut items: Vec<_> = running.chain(absent).collect();
    items.sort_by_key(|(at, ..)| *at);
    let mut stages: Vec<Option<&str>> = Vec::new();
    for (_, stage, _) in &items {
        if !stages.contains(stage) {
            stages.push(*stage);
        }
    }
    // The place of a job: its stage, and how many of that stage stand before it one after another.
    let mut depths: BTreeMap<&str, (Option<&str>, usize)> = BTreeMap::new();
    for _ in 0..items.len() {
        for (_, stage, item) in &items {
            let before = item.after().iter().filter_map(|n| depths.get(n.as_str()));
            let depth = before.filter(|(s, _)| s == stage).map(|(_, d)| d + 1).max().unwrap_or(0);
            depths.insert(item.name(), (*stage, depth));
        }
    }
    let mut columns: BTreeMap<(usize, usize), Column<'r>> = BTreeMap::new();
    for (_, stage, item) in items {
        let place = stages.iter().position(|s| *s == stage).unwrap_or(0);
        let depth = depths.get(item.name()).map_or(0, |(_, d)| *d);
        columns.entry((place, depth)).or_insert_with(|| Column { stage, items: Vec::new() }).items.push(item);
    }
    columns.into_values().collect()
}

/// Lays the columns of one workflow out below `y`; the answer is where they end.
fn band<'r>(picture: &mut Picture<'r>, columns: &[Column<'r>], y: f64) -> f64 {
    let top = y + if columns.iter().any(|c| c.stage.is_some()) { HEADING } else { 0.0 };
    let first = picture.boxes.len();
    let (mut x, mut bottom) = (MARGIN + 8.0, top);
    let mut panels: Vec<(&str, f64, f64)> = Vec::new();
    for column in columns {
        let heading = column.stage.map_or(0, |s| s.chars().count() + 2);
        let longest = column.items.iter().flat_map(|i| i.notes().into_iter().chain([i.name().to_owned()]));
        let longest = longest.map(|line| line.chars().count());
        let width = longest.chain([heading, 10]).max().unwrap_or(0).min(LONGEST + 1) as f64 * CHARACTER + 20.0;
        if column.items.iter().any(|i| !i.gates().is_empty()) {
            x += 22.0;
        }
        match panels.last_mut() {
            Some((stage, _, end)) if Some(*stage) == column.stage => *end = x + width,
            _ => panels.extend(column.stage.map(|s| (s, x, x + width))),
        }
        let mut at = top;
        for item in &column.items {
            let notes = item.notes();
            let height = PADDING + LINE * (1 + notes.len()) as f64;
            let tooltip = [item.name().to_owned()].into_iter().chain(full(item)).collect::<Vec<_>>().join("\n");
            let notes = notes.iter().map(|n| cut(n)).collect();
            let shown =
                Box { x, y: at, width, height, name: item.name(), notes, tooltip, look: item.look(), gates: item.gates() };
            picture.boxes.push(shown);
            at += height + GAP;
        }
        bottom = bottom.max(at - GAP);
        x += width + GUTTER;
    }
    for (stage, from, to) in panels {
        let gated = picture.boxes[first..].iter().any(|b| b.x >= from && b.x < to && !b.gates.is_empty());
        let from = if gated { from - 26.0 } else { from };
        let panel = Some((to - from + 16.0, bottom - y + 8.0));
        picture.headings.push(Heading { x: from - 8.0, y, text: stage, panel });
    }
    lines(picture, columns, first);
    bottom + 8.0
}

/// What a tooltip says below the name.
fn full(item: &Item<'_>) -> Vec<String> {
    match item {
        Item::Absent { why, .. } => vec![(*why).to_owned()],
        Item::Runs(job) => {
            let listed = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
            let gates: Vec<String> =
                job.gates.iter().map(|g| if g.approval { format!("{} (approval)", g.name) } else { g.name.clone() }).collect();
            let environment = job.environment.as_ref().map(|(name, tier)| format!("in {name} ({})", tier.word()));
            let maybe = job.maybe.then(|| "only if the run says so".to_owned());
            let rest = [listed("after", &job.after), listed("behind", &gates), listed("secrets", &job.secrets)];
            maybe.into_iter().chain(environment).chain(rest.into_iter().flatten()).collect()
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Draws what each job waits for, without what follows from the rest.
fn lines(picture: &mut Picture<'_>, columns: &[Column<'_>], first: usize) {
    let items: Vec<&Item<'_>> = columns.iter().flat_map(|c| &c.items).collect();
    let index: BTreeMap<&str, usize> = items.iter().enumerate().map(|(i, item)| (item.name(), i)).collect();
    let before = |i: usize| items[i].after().iter().filter_map(|n| index.get(n.as_str()).copied());
    let all_before = |i: usize| {
        let (mut found, mut open) = (BTreeSet::new(), vec![i]);
        while let Some(next) = open.pop() {
            open.extend(before(next).filter(|b| found.insert(*b)));
        }
        found
    };
    for (to, item) in items.iter().enumerate() {
        for from in before(to).filter(|from| !before(to).any(|other| all_before(other).contains(from))) {
            let (a, b) = (&picture.boxes[first + from], &picture.boxes[first + to]);
            let indent = if b.gates.is_empty() { 0.0 } else { 22.0 };
            let line = Line {
                from: (a.x + a.width, a.y + a.height / 2.0),
                to: (b.x - indent, b.y + b.height / 2.0),
                maybe: matches!(item, Item::Runs(job) if job.maybe),
            };
            picture.lines.push(line);
        }
    }
}
