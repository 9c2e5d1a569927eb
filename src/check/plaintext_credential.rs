//! Text that looks like a credential; the message never shows more than its first characters.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::text::{EnvVar, Part, Text};
use crate::ir::walk::{self, Item};

/// How the issuers of credentials begin them, and the fewest characters of theirs that follow.
const FORMS: &[(&str, usize, &str)] = &[
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 16, "a GitLab token"),
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("xoxb-", 16, "a Slack token"),
    ("xoxp-", 16, "a Slack token"),
    ("npm_", 30, "an npm token"),
    ("sk_live_", 16, "a Stripe key"),
    ("AIza", 30, "a Google key"),
    ("dckr_pat_", 20, "a Docker Hub token"),
    ("hooks.slack.com/services/T", 20, "the address of a Slack webhook"),
    ("-----BEGIN ", 0, "a private key"),
];

/// Words in the name of a variable whose value is a credential.
const NAMES: &[&str] = &["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY"];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        walk::items(job, &targets, &mut |item| {
            if let Item::Text(text) | Item::Script(text) = item {
                forms(text, diagnostics);
            }
        });
        // A password beside a service is the throw-away password of the service.
        if job.services.is_empty() {
            let of_steps = job.steps.iter().flat_map(|s| &s.env);
            job.env.iter().chain(of_steps).for_each(|v| named(v, diagnostics));
        }
    }
    let declared = pipeline.workflows.iter().flat_map(|w| &w.env).chain(pipeline.environments.iter().flat_map(|e| &e.env));
    for var in declared {
        forms(&var.value, diagnostics);
        named(var, diagnostics);
    }
    pipeline.variables.iter().filter_map(|v| v.value.as_ref()).for_each(|t| forms(t, diagnostics));
}

fn forms(text: &Text, diagnostics: &mut Diagnostics) {
    for part in &text.parts {
        let Part::Literal(literal) = part else { continue };
        for (start, least, what) in FORMS {
            let is_key =
                |rest: &str| !start.starts_with('-') || rest.split("-----").next().is_some_and(|l| l.ends_with("PRIVATE KEY"));
            let long =
                |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-/".contains(*c)).count() >= *least;
            // Most texts are too short to hold one, which is cheaper to see than that they do not.
            let found = literal.len() >= start.len() + least
                && literal.match_indices(start).any(|(at, _)| {
                    let rest = &literal[at + start.len()..];
                    long(rest) && is_key(rest)
                });
            if found {
                let shown: String = start.chars().take(4).collect();
                diagnostics.push(finding(text, format!("this looks like {what} (`{shown}…`) in plain text")));
            }
        }
    }
}

fn named(var: &EnvVar, diagnostics: &mut Diagnostics) {
    let name = var.name.value.to_ascii_uppercase();
    let Some(value) = var.value.as_literal() else { return };
    let telling = NAMES.iter().any(|n| name.strip_suffix(n).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')));
    // A flag, a number or a path is about a credential, and is none.
    let harmless = value.len() < 6 || value.starts_with(['/', '.']) || value.contains("://") || matches!(value, "false");
    if telling && !harmless && value.bytes().any(|b| !b.is_ascii_digit()) {
        diagnostics.push(finding(&var.value, format!("`{}` looks like a credential in plain text", var.name.value)));
    }
}

fn finding(text: &Text, message: String) -> Diagnostic {
    Diagnostic::warning("plaintext-credential", text.span, message)
        .label("everyone who reads the repository has it")
        .help("revoke it, store its successor with the vendor, declare `secret NAME`, and write (secret)NAME or ${secret.NAME}")
}
