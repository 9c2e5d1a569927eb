//! Texts with `${{ … }}` as texts with `${context.name}`.

use crate::front::ledger::Fate;

use super::context::Scope;
use super::declare::Declared;
use super::expr::{Gh, Piece, parse, pieces};
use super::own;

/// Where a text stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Where {
    /// In a script of a POSIX shell.
    Bash,
    /// In a script of PowerShell.
    Pwsh,
    /// In a field.
    Field,
    /// In an input of an action of GitHub's, where its own expressions may stand.
    Input,
}

/// A text as a spec has it, and what became of it. An expression that a spec has no word for stands in it as it was, so that `check` stops there.
pub(super) fn text(source: &str, place: Where, scope: &Scope, declared: &mut Declared) -> (String, Fate) {
    let mut out = String::new();
    let mut fate = Fate::Exact;
    for piece in pieces(source) {
        match piece {
            Piece::Text(plain) => out.push_str(plain),
            Piece::Expr(inner) => {
                let (made, own) = expression(inner, place, scope, declared);
                out.push_str(&made);
                fate = fate.max(own);
            }
        }
    }
    (out, fate)
}

fn expression(inner: &str, place: Where, scope: &Scope, declared: &mut Declared) -> (String, Fate) {
    let lost = |why: &str| (format!("${{{{ {inner} }}}}"), Fate::Lost(why.to_owned()));
    let Some(expr) = parse(inner) else { return lost("this is no expression that can be read") };
    if let Some(made) = whole(&expr, scope, declared) {
        return (made, Fate::Exact);
    }
    let variable = scope.shell_variable(&expr).filter(|_| matches!(place, Where::Bash | Where::Pwsh));
    if let Some(variable) = variable {
        let made = if place == Where::Pwsh { format!("$env:{variable}") } else { format!("${{{variable}}}") };
        return (made, Fate::Own(format!("the script reads `{variable}`, which GitHub sets")));
    }
    if place == Where::Input && is_read_there(&expr) {
        return (format!("${{{{ {inner} }}}}"), Fate::Own("the expression stands in the body for GitHub as it was".to_owned()));
    }
    if let Gh::Path(path) = &expr
        && let [steps, step, ..] = path.as_slice()
        && steps == "steps"
        && !scope.job.id.is_empty()
        && !scope.job.ids.contains(step)
    {
        return (String::new(), Fate::Emulated(format!("no step is called `{step}`, so there is nothing on GitHub either")));
    }
    if let Gh::Path(path) = &expr
        && scope.is_unset(path)
    {
        return (String::new(), Fate::Emulated(format!("nothing gives `{inner}` a value, so it is empty on GitHub, too")));
    }
    match own::value(&expr, scope, declared) {
        Some((name, _)) if own::is_told(&expr, scope) => (format!("${{value.{name}}}"), Fate::Emulated(own::TOLD.to_owned())),
        Some((name, _)) => (format!("${{value.{name}}}"), Fate::Own(own::WHY.to_owned())),
        None => lost(&format!("no context of a spec is `{inner}`")),
    }
}

/// Contexts that a file of pipewright has as every other.
const STEADY: &[&str] = &["github", "runner", "secrets", "vars", "env"];

/// Whether an expression says on GitHub what it said: it names neither steps nor jobs, inputs or axes, which a spec may call otherwise.
fn is_read_there(expr: &Gh) -> bool {
    let mut holds = true;
    expr.each_path(&mut |path| {
        let steady = path.first().is_some_and(|w| STEADY.contains(&w.to_ascii_lowercase().as_str()));
        holds &= steady && !path.join(".").starts_with("github.event.inputs");
    });
    holds
}

/// An expression whose value is text with contexts in it.
fn whole(expr: &Gh, scope: &Scope, declared: &mut Declared) -> Option<String> {
    match expr {
        Gh::Text(text) | Gh::Number(text) => Some(text.clone()),
        Gh::Truth(truth) => Some(truth.to_string()),
        Gh::Null => Some(String::new()),
        Gh::Path(path) => scope.context(path, declared).map(|c| format!("${{{c}}}")).or_else(|| scope.constant(path)),
        Gh::Call(name, arguments) if name == "format" => {
            let [Gh::Text(pattern), rest @ ..] = arguments.as_slice() else { return None };
            let mut out = pattern.clone();
            for (i, argument) in rest.iter().enumerate() {
                out = out.replace(&format!("{{{i}}}"), &whole(argument, scope, declared)?);
            }
            Some(out.replace("{{", "{").replace("}}", "}"))
        }
        Gh::Call(..) | Gh::Field(..) | Gh::Not(_) | Gh::Both(..) => None,
    }
}
