//! Text that a chart or an Application holds: it is written before any run, so only what the spec itself says can stand in it.

use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::id::EnvironmentId;
use crate::ir::text::{Context, EnvironmentField, Part, RepositoryField, Text};

/// How deep a variable may name another one.
const MAX_DEPTH: usize = 8;

/// A text with every context in its place, for an environment.
///
/// # Errors
/// The first context that only a run knows, or that needs an environment where there is none.
pub fn constant(pipeline: &Pipeline, environment: Option<EnvironmentId>, text: &Text) -> Result<String, Spanned<Context>> {
    resolve(pipeline, environment, text, 0)
}

fn resolve(
    pipeline: &Pipeline,
    environment: Option<EnvironmentId>,
    text: &Text,
    depth: usize,
) -> Result<String, Spanned<Context>> {
    let mut out = String::new();
    for part in &text.parts {
        match part {
            Part::Literal(literal) => out.push_str(literal),
            Part::Context(context) => {
                let found = value(pipeline, environment, &context.value, depth);
                out.push_str(&found.ok_or_else(|| context.clone())?);
            }
        }
    }
    Ok(out)
}

fn value(pipeline: &Pipeline, environment: Option<EnvironmentId>, context: &Context, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let here = environment.map(|e| pipeline.environment(e));
    let text = |t: &Text| resolve(pipeline, environment, t, depth + 1).ok();
    match context {
        Context::Env(name) => here?.env.iter().find(|v| v.name.value == *name).and_then(|v| text(&v.value)),
        Context::Variable(name) => {
            pipeline.variables.iter().find(|v| v.name.value == *name).and_then(|v| v.value.as_ref()).and_then(text)
        }
        Context::Registry(id) => Some(pipeline.registries[id.index()].address.value.clone()),
        Context::Repository(RepositoryField::DefaultBranch) => Some(pipeline.default_branch.value.clone()),
        Context::Environment { environment: named, field } => {
            let environment = named.map(|e| pipeline.environment(e)).or(here)?;
            match field {
                EnvironmentField::Name => Some(environment.name.value.clone()),
                EnvironmentField::Url => environment.url.as_ref().and_then(text),
                EnvironmentField::Tier => Some(environment.tier.word().to_owned()),
                EnvironmentField::Namespace => {
                    environment.cluster.as_ref().and_then(|c| c.namespace.as_ref()).map(|n| n.value.clone())
                }
            }
        }
        _ => None,
    }
}
