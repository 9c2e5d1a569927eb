//! Texts of Groovy as scripts and fields of a spec.

use crate::front::name::is_variable;
use crate::front::script;

use super::tree::{Piece, Value};
use super::work::Work;

/// Variables of Jenkins by the context of a spec (jenkins.io, "Using environment variables").
const CONTEXTS: &[(&str, &str)] = &[
    ("BRANCH_NAME", "commit.branch"),
    ("TAG_NAME", "commit.tag"),
    ("CHANGE_ID", "pr.number"),
    ("CHANGE_TARGET", "pr.target"),
    ("CHANGE_BRANCH", "pr.source"),
    ("CHANGE_TITLE", "pr.title"),
    ("BUILD_NUMBER", "run.number"),
    ("BUILD_ID", "run.number"),
    ("BUILD_URL", "run.url"),
    ("RUN_DISPLAY_URL", "run.url"),
    ("GIT_COMMIT", "commit.sha"),
    ("GIT_BRANCH", "commit.ref"),
    ("GIT_URL", "repository.url"),
    ("JOB_NAME", "job.name"),
];

/// Variables that Jenkins alone sets.
const OWN: &[&str] = &[
    "JENKINS_URL",
    "JENKINS_HOME",
    "NODE_NAME",
    "NODE_LABELS",
    "EXECUTOR_NUMBER",
    "BUILD_TAG",
    "BUILD_DISPLAY_NAME",
    "JOB_BASE_NAME",
    "JOB_URL",
    "STAGE_NAME",
    "CHANGE_URL",
    "CHANGE_AUTHOR",
    "CHANGE_FORK",
    "BRANCH_IS_PRIMARY",
    "M2_HOME",
];

/// Where a text goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// A script: the shell knows the variables of the job.
    Script,
    /// Anywhere else: values must be known.
    Field,
}

/// The context of a variable of Jenkins.
pub(super) fn context(name: &str) -> Option<&'static str> {
    CONTEXTS.iter().find(|(v, _)| *v == name).map(|(_, c)| *c)
}

/// A text in the words of a spec.
///
/// # Errors
/// Why it cannot be said.
pub(super) fn text(work: &Work<'_>, value: &Value, place: Where) -> Result<String, String> {
    let pieces = match value {
        Value::Text(pieces) => pieces.clone(),
        Value::Word(word) if word.bytes().all(|b| b.is_ascii_digit() || b == b'.') || word == "true" || word == "false" => {
            vec![Piece::Plain(word.clone())]
        }
        Value::Word(word) => vec![Piece::Code(word.clone())],
        Value::Code(code) => return joined(work, code, place),
        Value::Call(name, args) if args.is_empty() => vec![Piece::Code(format!("{name}()"))],
        Value::Call(name, _) => return Err(format!("`{name}(…)` is worked out by Jenkins in the run")),
        Value::List(_) => return Err("text is expected here".to_owned()),
    };
    let mut out = String::new();
    for piece in &pieces {
        match piece {
            Piece::Plain(plain) if place == Where::Script => {
                let (plain, own) = script::contexts(plain, CONTEXTS, |name| OWN.contains(&name));
                if own {
                    return Err("it reads a variable that Jenkins alone sets".to_owned());
                }
                out.push_str(&plain);
            }
            Piece::Plain(plain) => out.push_str(plain),
            Piece::Code(code) => out.push_str(&spoken(work, code, place)?),
        }
    }
    Ok(out)
}

/// `'a' + b + "c"`
fn joined(work: &Work<'_>, code: &str, place: Where) -> Result<String, String> {
    let refused = || Err(format!("`{}` is worked out by Jenkins in the run", code.lines().next().unwrap_or_default()));
    let mut out = String::new();
    for part in code.split('+').map(str::trim) {
        let inner = ['\'', '"'].into_iter().find_map(|q| part.strip_prefix(q)?.strip_suffix(q));
        match inner {
            Some(inner) if !inner.contains(['\'', '"', '$', '\\']) => out.push_str(inner),
            None if part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')) && !part.is_empty() => {
                out.push_str(&spoken(work, part, place)?);
            }
            _ => return refused(),
        }
    }
    Ok(out)
}

/// A name of Groovy in a text.
fn spoken(work: &Work<'_>, code: &str, place: Where) -> Result<String, String> {
    let name = code.strip_prefix("env.").unwrap_or(code);
    if let Some((input, _)) = code.strip_prefix("params.").and_then(|p| work.inputs.get(p)) {
        return Ok(format!("${{input.{input}}}"));
    }
    if let Some(context) = context(name) {
        return Ok(format!("${{{context}}}"));
    }
    if let Some(axis) = work.axes.get(name) {
        return Ok(format!("${{matrix.{axis}}}"));
    }
    match code {
        "currentBuild.number" | "currentBuild.getNumber()" | "currentBuild.id" => return Ok("${run.number}".to_owned()),
        "currentBuild.currentResult" | "currentBuild.result" => return Ok("${job.status}".to_owned()),
        "currentBuild.fullDisplayName" | "currentBuild.displayName" => return Ok("${job.name} ${run.number}".to_owned()),
        "currentBuild.absoluteUrl" => return Ok("${run.url}".to_owned()),
        _ => {}
    }
    if let Some(value) = work.known.get(name).filter(|_| place == Where::Field) {
        return Ok(value.clone());
    }
    if OWN.contains(&name) {
        return Err(format!("`{name}` is set by Jenkins alone"));
    }
    let is_set = is_variable(name) && name.bytes().all(|b| !b.is_ascii_lowercase());
    if place == Where::Script && (is_set || work.known.contains_key(name)) {
        return Ok(format!("${{{name}}}"));
    }
    Err(format!("`{code}` is worked out by Jenkins in the run"))
}
