//! A script that writes to the repository by a token that may only read.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::ir::step::Permission;
use crate::ir::text::{Context, RunField};
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    if pipeline.targets.iter().all(|t| t.id != TargetId::Github) {
        return;
    }
    for job in &pipeline.jobs {
        // A job with a credential of its own does not write by the vendor's token.
        let contexts = walk::contexts(job, &[]);
        if contexts.iter().any(|c| matches!(c.value, Context::Secret(_))) {
            continue;
        }
        let by_token = contexts.iter().any(|c| c.value == Context::Run(RunField::Token));
        for line in script::of_job(job) {
            for command in script::commands(&script::marked(line.text)) {
                let words: Vec<&str> = script::program(&command).iter().map(String::as_str).collect();
                let Some((what, permission)) = wants(&words, by_token) else { continue };
                if job.permissions.contains(&permission) {
                    continue;
                }
                diagnostics.push(
                    Diagnostic::warning(
                        "permission-missing",
                        line.text.span,
                        format!("`{what}` needs more than the token of `{}` may do", job.name.value),
                    )
                    .label(format!("needs {}", permission.word()))
                    .help(format!("add `permissions {}` to the job", permission.word())),
                );
            }
        }
    }
}

/// What a command does with the vendor's token beside reading.
fn wants(words: &[&str], by_token: bool) -> Option<(String, Permission)> {
    let permission = match words {
        ["git", "push", rest @ ..] if !rest.iter().any(|w| w.contains("--dry-run")) => Permission::ContentsWrite,
        ["gh", "release", "create" | "upload" | "edit" | "delete", ..] if by_token => Permission::ContentsWrite,
        ["gh", "pr", "comment" | "edit" | "review" | "create" | "close" | "merge", ..] if by_token => Permission::PrComment,
        ["gh", "issue", "create" | "comment" | "close" | "edit", ..] if by_token => Permission::IssuesWrite,
        _ => return None,
    };
    Some((words.iter().take(if words[0] == "gh" { 3 } else { 2 }).copied().collect::<Vec<_>>().join(" "), permission))
}
