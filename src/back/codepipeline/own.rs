//! Actions that stand in the spec as CodePipeline has them: their keys, and what the role of the pipeline needs for them.

use crate::back::aws::names::parameter;
use crate::back::aws::policy::{Statement, arn};
use crate::back::codebuild::project::variable;
use crate::back::codebuild::view::Parameter;
use crate::back::codepipeline::told;
use crate::back::codepipeline::view::Own;
use crate::back::tree::{Tree, map, text};
use crate::ir::job::Job;
use crate::ir::raw::RawValue;
use crate::ir::step::FunctionCall;
use crate::plan::Plan;
use crate::plan::action::{keys, provider, rights, role};

/// The keys of an action, and the statements of its role. Variables of the spec are parameters of the stack.
pub(super) fn action(plan: &Plan<'_>, job: &Job, parameters: &mut Vec<Parameter>) -> (Vec<Own>, Vec<Statement>) {
    if let Some(call) = job.function() {
        return function(plan, call, parameters);
    }
    let own: Vec<Own> =
        keys(job).map(|(key, value)| Own { key: key.to_owned(), value: Tree(filled(plan, value, parameters)) }).collect();
    let mut named = |text: &str| with_parameters(plan, text, parameters);
    let statements = match (role(job), provider(job)) {
        (Some(role), _) => vec![Statement::new(&["sts:AssumeRole"], vec![named(role)])],
        (None, Some("Lambda")) => {
            let function = configured(job, "FunctionName").map_or_else(|| "*".to_owned(), &mut named);
            may_call(&arn("lambda", &format!("function:{function}")))
        }
        (None, provider) => {
            let actions = provider.and_then(rights).unwrap_or_default();
            vec![Statement::new(actions, vec!["*".to_owned()])]
        }
    };
    (own, statements)
}

/// What the role of a pipeline needs for the call of a function
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/security-iam.html#how-to-custom-role>).
fn may_call(function: &str) -> Vec<Statement> {
    vec![
        Statement::new(&["lambda:InvokeFunction"], vec![function.to_owned()]),
        Statement::new(&["lambda:ListFunctions"], vec!["*".to_owned()]),
    ]
}

/// The call of a function (<https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html>).
fn function(plan: &Plan<'_>, call: &FunctionCall, parameters: &mut Vec<Parameter>) -> (Vec<Own>, Vec<Statement>) {
    let kind = [("Category", "Invoke"), ("Owner", "AWS"), ("Provider", "Lambda"), ("Version", "1")];
    let name = told::of_call(plan, &call.function, parameters);
    let region = told::of_call(plan, &call.region, parameters);
    let mut settings = vec![("FunctionName", name.value())];
    settings.extend(call.input.as_ref().map(|i| ("UserParameters", told::of_call(plan, i, parameters).value())));
    let own = |key: &str, value: RawValue| Own { key: key.to_owned(), value: Tree(value) };
    let keys = vec![
        own("ActionTypeId", map(kind.map(|(key, word)| (key, text(word))))),
        own("Configuration", map(settings)),
        own("Region", region.value()),
    ];
    let arn = format!("arn:${{AWS::Partition}}:lambda:{}:${{AWS::AccountId}}:function:{}", region.pattern(), name.pattern());
    (keys, may_call(&arn))
}

/// A setting of the action, where it is a text.
fn configured<'j>(job: &'j Job, name: &str) -> Option<&'j str> {
    let (_, RawValue::Map(all)) = keys(job).find(|(k, _)| *k == "Configuration")? else { return None };
    match all.iter().find(|(k, _)| k == name) {
        Some((_, RawValue::String(text))) => Some(text),
        _ => None,
    }
}

/// A value with its texts filled in: those with `${…}` are worked out by the stack.
fn filled(plan: &Plan<'_>, value: &RawValue, parameters: &mut Vec<Parameter>) -> RawValue {
    match value {
        RawValue::String(own) if own.contains("${") => {
            let made = with_parameters(plan, own, parameters);
            let alone = made.strip_prefix("${").and_then(|t| t.strip_suffix('}')).filter(|t| !t.contains("${"));
            let named = alone.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric()));
            named.map_or_else(|| map([("Fn::Sub", text(made.clone()))]), |name| map([("Ref", text(name))]))
        }
        // The settings of an action are texts.
        RawValue::Bool(truth) => text(truth.to_string()),
        RawValue::Number(number) => text(number.clone()),
        RawValue::List(list) => RawValue::List(list.iter().map(|v| filled(plan, v, parameters)).collect()),
        RawValue::Map(pairs) => RawValue::Map(pairs.iter().map(|(k, v)| (k.clone(), filled(plan, v, parameters))).collect()),
        RawValue::Null | RawValue::String(_) => value.clone(),
    }
}

/// `${var.NAME}` as the parameter of that variable; other `${…}` are the stack's own.
fn with_parameters(plan: &Plan<'_>, own: &str, parameters: &mut Vec<Parameter>) -> String {
    let mut out = own.to_owned();
    for declared in &plan.pipeline.variables {
        let name = &declared.name.value;
        let read = format!("${{var.{name}}}");
        if !out.contains(&read) {
            continue;
        }
        let value = declared.value.as_ref().and_then(|v| v.as_literal());
        let put = value.map_or_else(
            || {
                let id = parameter(name);
                if parameters.iter().all(|p| p.name != id) {
                    parameters.push(variable(plan, name));
                }
                format!("${{{id}}}")
            },
            str::to_owned,
        );
        out = out.replace(&read, &put);
    }
    out
}
