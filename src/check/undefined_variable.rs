//! A script that expands a variable which nothing sets.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script::{self, Line};
use crate::ir::Pipeline;
use crate::ir::job::{Job, Runner, Shell};
use crate::ir::step::StepKind;

/// What shells, their systems and the runners of every vendor set.
const KNOWN: &[&str] = &[
    "CI",
    "COLUMNS",
    "DIRSTACK",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HOME",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "LANG",
    "LANGUAGE",
    "LINENO",
    "LINES",
    "LOGNAME",
    "MACHTYPE",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "OSTYPE",
    "PATH",
    "PIPESTATUS",
    "PIPEWRIGHT_OUTPUT",
    "PPID",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELL",
    "SHLVL",
    "SRANDOM",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "UID",
    "USER",
];

/// Beginnings of names that have a rule of their own, or that tools and logins set.
const PREFIXES: &[&str] = &[
    "AWS_",
    "BASH",
    "CARGO",
    "CI_",
    "CODEBUILD_",
    "DOCKER_",
    "EPOCH",
    "GITHUB_",
    "GITLAB_",
    "GO",
    "JAVA_",
    "KUBE",
    "LC_",
    "NODE",
    "NVM_",
    "PYTHON",
    "RUNNER_",
    "RUST",
    "VIRTUAL_ENV",
    "XDG_",
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in pipeline.jobs.iter().filter(|j| is_plain(pipeline, j)) {
        let mut said = BTreeSet::new();
        for line in script::of_job(job) {
            if script::commands_of(line.step).iter().any(|c| brings_variables(c)) {
                continue;
            }
            let text = script::marked(line.text);
            for name in bare(&text) {
                let known = KNOWN.contains(&name) || PREFIXES.iter().any(|p| name.starts_with(p)) || is_declared(pipeline, name);
                if !known && !script::is_set(pipeline, line, name) && said.insert(name.to_owned()) {
                    diagnostics.push(finding(line, name));
                }
            }
        }
    }
}

fn finding(line: Line<'_>, name: &str) -> Diagnostic {
    Diagnostic::warning("undefined-variable", line.text.span, format!("nothing sets `${name}`: the script reads an empty text"))
        .label(format!("expands {name}"))
        .help(format!("give it a value with `env {name}=…`, or say what holds where it has none: ${{{name}:-}}"))
}

/// Whether all that can set a variable of the job stands in the spec: an image, an action or a runner of one's own may bring more.
fn is_plain(pipeline: &Pipeline, job: &Job) -> bool {
    let own = match &job.runner {
        Runner::Named(name) => pipeline.runners.iter().any(|r| r.name.value == name.value),
        Runner::Axis(_) | Runner::Label(_) => true,
    };
    let brings = |kind: &StepKind| matches!(kind, StepKind::Uses { .. } | StepKind::Action(_));
    !own && job.image.is_none()
        && job.raw.is_empty()
        && job.shell.value != Shell::Pwsh
        && !script::steps(job).any(|s| brings(&s.kind))
}

/// Other rules speak of it: of what is declared, and of what one environment has and another lacks.
fn is_declared(pipeline: &Pipeline, name: &str) -> bool {
    let mut held = pipeline.environments.iter().flat_map(|e| &e.env);
    held.any(|v| v.name.value == name) || super::variable_not_handed_over::declared(pipeline, name).is_some()
}

/// Commands that may set any variable.
fn brings_variables(command: &[String]) -> bool {
    matches!(command.first().map(String::as_str), Some("source" | "." | "eval"))
}

/// The names in capitals that a shell expands, without those that have a default or a test in their braces. What stands in single quotes or
/// behind a here-document is for another reader.
fn bare(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let script = script.split_once("<<").map_or(script, |(before, _)| before);
    let (mut single, mut double) = (false, false);
    let mut chars = script.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if !single => _ = chars.next(),
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '$' if !single => {
                let rest = &script[at + 1..];
                let braced = rest.starts_with('{');
                let rest = rest.trim_start_matches('{');
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                let guarded = braced && behind.starts_with([':', '-', '+', '=', '?']);
                let capital = name.len() > 1
                    && name.starts_with(|c: char| c.is_ascii_uppercase())
                    && !name.contains(|c: char| c.is_ascii_lowercase());
                if capital && !guarded {
                    found.push(name);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn what_a_shell_expands_without_a_default_is_found() {
        assert_eq!(
            bare("echo $A1 \"${B_2}/x\" ${C_3:-x} ${D_4-} '$E_5' \\$F_6 \"it's $G_7\" $lower $1 $X ${#H_8}"),
            ["A1", "B_2", "G_7"]
        );
        assert_eq!(bare("cat <<EOF\n$HERE\nEOF"), [""; 0]);
    }
}
