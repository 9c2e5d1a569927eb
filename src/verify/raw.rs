//! Holds what was written against the vendors' schemas. What a vendor refuses of the keys of `raw` is the spec's; the rest would be our fault.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::failure::Failure;
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::event::ClauseKind;
use crate::ir::id::TargetId;
use crate::ir::raw::Raw;
use crate::render::Output;
use crate::verify::schema::{self, Schema, Violation};

/// Holds outputs against their schemas, and says which keys of `raw` a vendor refuses.
///
/// # Errors
/// As [`schema::check`], where no key of `raw` is the reason.
pub fn check(pipeline: &Pipeline, outputs: &[Output], diagnostics: &mut Diagnostics) -> Result<(), Failure> {
    for output in outputs {
        let Some(schema) = Schema::of(&output.path) else { continue };
        let violations = schema::violations(schema, &output.text);
        let reasons: Vec<_> = violations.iter().map(|v| (v, reason(pipeline, schema, v))).collect();
        if reasons.iter().any(|(_, reason)| reason.is_none()) {
            schema::check(output)?;
        }
        for (violation, key) in reasons {
            let Some(key) = key else { continue };
            let message = format!("{} refuses what `raw` says of `{}`", word(schema), key.value);
            diagnostics.push(
                Diagnostic::error("raw-refused", key.span, message)
                    .label(format!("its schema: {}", violation.text))
                    .help("write the key in the form of the vendor's reference, or say it in the words of a spec"),
            );
        }
    }
    Ok(())
}

fn word(schema: Schema) -> &'static str {
    match schema {
        Schema::GithubWorkflow => "GitHub",
        Schema::GitlabCi => "GitLab",
        Schema::Buildspec => "CodeBuild",
    }
}

fn is_of(schema: Schema, target: TargetId) -> bool {
    match schema {
        Schema::GithubWorkflow => target == TargetId::Github,
        Schema::GitlabCi => target == TargetId::Gitlab,
        Schema::Buildspec => target.is_aws(),
    }
}

/// The key of `raw` that a violation is about: it lies on the way to it, or is what nobody expected there.
fn reason<'p>(pipeline: &'p Pipeline, schema: Schema, violation: &Violation) -> Option<&'p Spanned<String>> {
    let all = pipeline.workflows.iter().flat_map(|w| &w.raw).chain(pipeline.jobs.iter().flat_map(|j| &j.raw));
    let clauses = pipeline.workflows.iter().flat_map(|w| &w.on.clauses);
    let events = clauses.filter_map(|c| if let ClauseKind::Raw(own) = &c.kind { Some(own) } else { None });
    let events = events.filter(|own| is_of(schema, own.target)).map(|own| &own.name);
    let mut keys = all
        .filter(|raw: &&Raw| is_of(schema, raw.target.value))
        .flat_map(|raw| raw.keys.iter().map(|(key, _)| key))
        .chain(events);
    keys.find(|key| {
        violation.pointer.split('/').any(|part| part == key.value) || violation.text.contains(&format!("'{}'", key.value))
    })
}
