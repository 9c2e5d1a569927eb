//! The order in which a shell sets the variables of a step.

use crate::ir::text::{Context, EnvVar};

/// Variables in an order in which none is set before another has read what the vendor keeps under its name. `kept` is the name of the variable
/// that holds a context.
pub(in crate::back) fn in_order<'e>(env: &'e [EnvVar], kept: &dyn Fn(&Context) -> Option<String>) -> Vec<&'e EnvVar> {
    let reads = |variable: &EnvVar, name: &str| {
        let mut contexts = variable.value.contexts().filter(|c| !matches!(c.value, Context::Env(_)));
        contexts.any(|c| kept(&c.value).is_some_and(|read| read == name))
    };
    let mut rest: Vec<&EnvVar> = env.iter().collect();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let free = |at: &usize| {
            let name = &rest[*at].name.value;
            rest.iter().enumerate().all(|(other, e)| other == *at || e.name.value == *name || !reads(e, name))
        };
        let at = (0..rest.len()).find(free).unwrap_or(0);
        found.push(rest.remove(at));
    }
    found
}
