//! Jobs that only ask a person: a button, and behind it one job that waits. In a spec that is an approval of the job that waits.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::span::Span;
use crate::front::account::Account as _;
use crate::front::ledger::{Fate, Ledger};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::work::Work;

/// Keys of a job that only asks. None of the others does nothing for the job that waits.
const KEYS: &[&str] = &[
    "allow_failure",
    "environment",
    "image",
    "interruptible",
    "manual_confirmation",
    "needs",
    "rules",
    "script",
    "stage",
    "tags",
    "timeout",
    "variables",
    "when",
];

/// An approval.
pub(super) struct Gate {
    /// What the spec calls it.
    pub(super) name: String,
    /// Where the job stands that asked, in no job of its own.
    pub(super) place: Option<Span>,
    /// The question (docs.gitlab.com/ci/yaml/#manual_confirmation).
    pub(super) question: Option<Entry>,
}

/// What one job asks for before it starts.
#[derive(Default)]
pub(super) struct Asked {
    /// Approvals in the order in which they are asked.
    pub(super) gates: Vec<Gate>,
    /// Names of jobs that those which asked waited for.
    pub(super) needs: Vec<String>,
    /// Names of jobs that they waited for where these are there.
    pub(super) after: Vec<String>,
    /// The jobs that asked, as the file calls them.
    pub(super) keys: Vec<String>,
}

/// Takes the jobs that only ask out of a configuration: what each job waits for, by the file's name of it.
pub(super) fn take(
    bodies: &mut Vec<(&Entry, Node)>,
    names: &BTreeMap<String, String>,
    ledger: &mut Ledger,
) -> BTreeMap<String, Asked> {
    let mut found: BTreeMap<String, Asked> = BTreeMap::new();
    let open = open(bodies);
    while let Some((at, waits)) = first(bodies, &open) {
        let (entry, body) = bodies.remove(at);
        let why = format!(
            "an approval, which `{waits}` requires: it is asked for when all that job waits for has ended, and nothing is printed"
        );
        let question = body.entry("manual_confirmation").cloned();
        ledger.mark(entry.id, Fate::Emulated(why.clone()));
        body.each_entry(&mut |e| {
            if !ledger.is_marked(e.id) && question.as_ref().is_none_or(|q| q.id != e.id) {
                ledger.mark(e.id, Fate::Emulated(why.clone()));
            }
        });
        let mut asked = found.remove(&entry.key).unwrap_or_default();
        for (job, optional) in needs(&body).unwrap_or_default() {
            if asked.keys.iter().any(|key| key == job) {
                continue;
            }
            let list = if optional { &mut asked.after } else { &mut asked.needs };
            list.extend(names.get(job).cloned());
        }
        asked.gates.extend(names.get(&entry.key).map(|name| Gate { name: name.clone(), place: Some(entry.span), question }));
        asked.keys.push(entry.key.clone());
        let own = found.entry(waits).or_default();
        own.gates.extend(asked.gates);
        own.needs.extend(asked.needs);
        own.after.extend(asked.after);
        own.keys.extend(asked.keys);
    }
    found
}

/// The gate of an approval, and the people: GitLab keeps them in its project.
pub(super) fn gate(work: &mut Work<'_>, gate: &Gate) -> Build {
    let mut approval = node("approval").child(node("from").arg("approvers"));
    if let Some(question) = &gate.question {
        let body = work.body.clone();
        work.speaks = true;
        let said = question.value.text().and_then(|text| work.filled(text, &body));
        work.speaks = false;
        match said {
            Some(text) => {
                work.mark(question, Fate::Exact);
                approval.push(node("message").arg(&text));
            }
            None => work.lose(question, "only GitLab knows what the question reads: say it as `message` of the approval"),
        }
    }
    let told = gate.place.map(|place| work.comments(place)).unwrap_or_default();
    node("gate").arg(&gate.name).comments(told).child(approval)
}

/// A job that only asks and waits for none that does, with the job that waits for it.
fn first(bodies: &[(&Entry, Node)], open: &BTreeSet<String>) -> Option<(usize, String)> {
    let found: Vec<(usize, String)> = (0..bodies.len()).filter_map(|at| Some((at, behind(bodies, at, open)?))).collect();
    let is_one = |job: &str| found.iter().any(|(at, _)| bodies[*at].0.key == job);
    let begins = |at: usize| needs(&bodies[at].1).is_none_or(|all| all.iter().all(|(job, _)| !is_one(job)));
    found.iter().find(|(at, _)| begins(*at)).cloned()
}

/// The one job that waits for a job, where that only asks a person.
fn behind(bodies: &[(&Entry, Node)], at: usize, open: &BTreeSet<String>) -> Option<String> {
    let (entry, body) = bodies.get(at)?;
    if !asks(body) {
        return None;
    }
    let only = waiting(bodies, &entry.key)?;
    let strict = needs(&only.1)?.iter().any(|(job, optional)| *job == entry.key && !optional);
    // One who asks behind another has the place of the job that waits for both.
    let mut last = only;
    for _ in 0..bodies.len() {
        match waiting(bodies, &last.0.key).filter(|_| asks(&last.1)) {
            Some(next) => last = next,
            None => break,
        }
    }
    let goal = place(&last.1);
    let same = place(body).is_none_or(|own| goal == Some(own));
    (strict && same && only.0.key != entry.key && goal.is_none_or(|goal| !open.contains(goal))).then(|| only.0.key.clone())
}

/// The only job that waits for another one.
fn waiting<'b, 'e>(bodies: &'b [(&'e Entry, Node)], key: &str) -> Option<&'b (&'e Entry, Node)> {
    let names = |node: Option<&Node>| {
        let mut named = false;
        node.into_iter().for_each(|n| n.each_text(&mut |text| named |= *text == *key));
        named
    };
    let mut waiting = bodies.iter().filter(|(_, b)| names(b.get("needs")) || names(b.get("dependencies")));
    let only = waiting.next()?;
    (waiting.next().is_none() && only.1.get("dependencies").is_none()).then_some(only)
}

/// Environments that a job enters without asking anybody. A spec lets no way go around an approval of another one.
fn open(bodies: &[(&Entry, Node)]) -> BTreeSet<String> {
    let asking: BTreeSet<&str> = bodies.iter().filter(|(_, body)| asks(body)).map(|(entry, _)| entry.key.as_str()).collect();
    let waits = |body: &Node| needs(body).unwrap_or_default().iter().any(|(job, _)| asking.contains(job));
    let free = bodies.iter().filter(|(_, body)| enters(body) && !is_manual(body) && !waits(body));
    free.filter_map(|(_, body)| place(body).map(str::to_owned)).collect()
}

/// The environment of a job.
fn place(body: &Node) -> Option<&str> {
    let own = body.get("environment")?;
    own.get("name").unwrap_or(own).text()
}

/// Whether a job changes its environment (docs.gitlab.com/ci/yaml/#environmentaction).
fn enters(body: &Node) -> bool {
    let action = body.get("environment").and_then(|own| own.get("action")).and_then(Node::text);
    body.get("environment").is_some() && !action.is_some_and(|a| matches!(a, "access" | "prepare" | "verify"))
}

/// Whether a person starts the job, and what comes behind waits for that.
fn is_manual(body: &Node) -> bool {
    let text = |key: &str| body.get(key).and_then(Node::text);
    let word = |rule: &Node| rule.get("when").and_then(Node::text).or(text("when")).unwrap_or("on_success").to_owned();
    let manual = match (body.get("rules").map(Node::items).unwrap_or_default(), text("when")) {
        // Without rules a job that a person starts holds nothing up, unless it says so.
        ([], Some("manual")) => body.get("allow_failure").and_then(Node::truth) == Some(false),
        ([], _) => false,
        (rules, _) => {
            let words: Vec<String> = rules.iter().map(word).filter(|w| w != "never").collect();
            !words.is_empty() && words.iter().all(|w| w == "manual")
        }
    };
    manual && body.get("allow_failure").is_none_or(|own| own.truth() == Some(false))
}

/// Whether a job does nothing but wait for a person: nothing goes on before somebody has pressed, and the script only prints.
fn asks(body: &Node) -> bool {
    let rules = body.get("rules").map(Node::items).unwrap_or_default();
    let plain = rules.iter().flat_map(Node::entries).all(|e| matches!(e.key.as_str(), "if" | "when"));
    let keys = body.entries().iter().all(|e| KEYS.contains(&e.key.as_str()));
    is_manual(body) && plain && keys && !enters(body) && needs(body).is_some() && body.get("script").is_some_and(only_prints)
}

/// The jobs that a job waits for, each with whether it may be absent; `None` where it says more, or names none.
fn needs(body: &Node) -> Option<Vec<(&str, bool)>> {
    let of = |item| -> Option<(&str, bool)> {
        let item: &Node = item;
        if !item.is_map() {
            return Some((item.text()?, false));
        }
        let plain = item.entries().iter().all(|e| matches!(e.key.as_str(), "job" | "optional" | "artifacts"));
        let job = item.get("job")?.text()?;
        plain.then_some((job, item.get("optional").and_then(Node::truth) == Some(true)))
    };
    body.get("needs")?.items().iter().map(of).collect()
}

/// Whether a script only prints.
pub(super) fn only_prints(script: &Node) -> bool {
    let mut prints = true;
    script.each_text(&mut |line| {
        prints &= line.starts_with("echo ") && !line.contains(['\n', ';', '|', '&', '`', '>']) && !line.contains("$(")
    });
    prints
}
