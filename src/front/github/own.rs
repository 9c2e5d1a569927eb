//! Expressions that only GitHub can work out: outputs of actions, how a step ended, fields of an event. Each becomes a value of the spec in GitHub's
//! own words, with the names that things have in the spec.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::context::Scope;
use super::declare::Declared;
use super::expr::Gh;
use super::rewrite;

/// Functions about how things went: they belong to a condition, and no value has them.
const STATUS: &[&str] = &["success", "failure", "always", "cancelled"];

/// Functions as GitHub's pages write them (docs.github.com, "Evaluate expressions in workflows and actions").
const FUNCTIONS: &[(&str, &str)] = &[
    ("startswith", "startsWith"),
    ("endswith", "endsWith"),
    ("fromjson", "fromJSON"),
    ("tojson", "toJSON"),
    ("hashfiles", "hashFiles"),
];

/// What is said of a value that commands write to a file elsewhere.
pub(super) const TOLD: &str = "elsewhere the commands that stand for the action write it to a file";

/// What is said of a value that only GitHub has.
pub(super) const WHY: &str = "only GitHub can work it out: a value in its own words";

/// An expression in the words of the spec, and the jobs whose outputs or results it reads; none where it names what the spec does not have.
fn said(expr: &Gh, scope: &Scope) -> Option<(Gh, BTreeSet<String>)> {
    let holds = Cell::new(true);
    let jobs = RefCell::new(BTreeSet::new());
    let made = rewrite::changed(expr, &|path| {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let with = |root: &str, name: &str, rest: &[&str]| {
            let all = [root, name].into_iter().chain(rest.iter().copied());
            Some(Gh::Path(all.map(str::to_owned).collect()))
        };
        let made = match words.as_slice() {
            ["secrets", name] if name.eq_ignore_ascii_case("github_token") => with("github", "token", &[]),
            ["secrets", ..] => None,
            ["steps", step, rest @ ..] => match scope.job.handles.get(*step) {
                Some(ours) => with("steps", ours, rest),
                // No step is called so: GitHub finds nothing there.
                None => (!scope.job.ids.contains(*step)).then_some(Gh::Null),
            },
            // What a job does not need is not there.
            ["needs", job, ..] if scope.jobs.contains_key(*job) && scope.job.needs.iter().all(|n| n != job) => Some(Gh::Null),
            ["inputs" | "matrix" | "github", ..] if scope.is_unset(path) => Some(Gh::Null),
            ["needs", job, rest @ ..] => {
                jobs.borrow_mut().insert((*job).to_owned());
                let ours = scope.jobs.get(*job).filter(|_| scope.job.needs.iter().any(|n| n == job));
                match (ours, rest) {
                    (Some(ours), ["outputs", output]) if !scope.foreign.contains(*job) => {
                        let output = scope.outputs.get(&((*job).to_owned(), (*output).to_owned()));
                        output.and_then(|output| with("needs", ours, &["outputs", output]))
                    }
                    (Some(ours), _) => with("needs", ours, rest),
                    (None, _) => None,
                }
            }
            ["matrix", rest @ ..] if !rest.is_empty() => {
                let ours = scope.job.axes.get(&rest.join(".")).and_then(|ours| with("matrix", ours, &[]));
                ours.or_else(|| scope.job.has_own_cells.then(|| Gh::Path(path.to_vec())))
            }
            // What a caller gives has the name that the keys of the call say.
            ["inputs", name, ..] | ["github", "event", "inputs", name, ..] if scope.is_called() => with("inputs", name, &[]),
            ["inputs", name] | ["github", "event", "inputs", name] => {
                scope.inputs.get(*name).and_then(|(ours, _)| with("inputs", ours, &[]))
            }
            _ => Some(Gh::Path(path.to_vec())),
        };
        holds.set(holds.get() && made.is_some());
        made
    });
    (holds.get() && !asks_status(&made)).then(|| (made, jobs.into_inner()))
}

/// The name of the value for an expression, and the jobs that it reads; none where the spec cannot say it.
pub(super) fn value(expr: &Gh, scope: &Scope, declared: &mut Declared) -> Option<(String, BTreeSet<String>)> {
    let (made, jobs) = said(expr, scope)?;
    if made == Gh::Null {
        return None;
    }
    let name = match &made {
        Gh::Path(path) => {
            let words = path.iter().skip(1).filter(|w| !matches!(w.as_str(), "outputs" | "event"));
            words.cloned().collect::<Vec<_>>().join("-")
        }
        other => {
            let text: String = other.to_string().chars().take(80).collect();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| !w.is_empty());
            words.take(5).collect::<Vec<_>>().join("-")
        }
    };
    let file = match &made {
        Gh::Path(path) => told(path, scope),
        _ => None,
    };
    Some((declared.value(&name, &written(&made), file), jobs))
}

/// The file that holds an output of a step where GitHub's expression does not give it; the path has the names of the spec.
fn told(path: &[String], scope: &Scope) -> Option<String> {
    let [steps, handle, outputs, output] = path else { return None };
    let is_output = steps == "steps" && outputs == "outputs";
    scope.job.files.get(&(handle.clone(), output.clone())).filter(|_| is_output).cloned()
}

/// Whether every path of an expression is an output that a file holds elsewhere.
pub(super) fn is_told(expr: &Gh, scope: &Scope) -> bool {
    let Gh::Path(path) = expr else { return false };
    path.len() == 4 && said(expr, scope).is_some_and(|(made, _)| matches!(&made, Gh::Path(ours) if told(ours, scope).is_some()))
}

fn asks_status(expr: &Gh) -> bool {
    match expr {
        Gh::Text(_) | Gh::Number(_) | Gh::Truth(_) | Gh::Null | Gh::Path(_) => false,
        Gh::Call(name, arguments) => STATUS.contains(&name.as_str()) || arguments.iter().any(asks_status),
        Gh::Not(inner) | Gh::Field(inner, _) => asks_status(inner),
        Gh::Both(_, a, b) => asks_status(a) || asks_status(b),
    }
}

/// The expression with the names of functions as they are usually written.
fn written(expr: &Gh) -> String {
    fn named(expr: &Gh) -> Gh {
        match expr {
            Gh::Call(name, arguments) => {
                let usual = FUNCTIONS.iter().find(|(small, _)| small == name).map_or(name.as_str(), |(_, usual)| usual);
                Gh::Call(usual.to_owned(), arguments.iter().map(named).collect())
            }
            Gh::Not(inner) => Gh::Not(Box::new(named(inner))),
            Gh::Field(inner, path) => Gh::Field(Box::new(named(inner)), path.clone()),
            Gh::Both(operator, a, b) => Gh::Both(operator, Box::new(named(a)), Box::new(named(b))),
            other => other.clone(),
        }
    }
    named(expr).to_string()
}
