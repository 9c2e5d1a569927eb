//! The call of a function of AWS Lambda as an action of a pipeline
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html>).

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ir::text::{CommitField, Context, PrField, RunField};
use crate::verify::aws::stack::Stack;
use crate::verify::behaviour::{Act, Bit, Frame};
use crate::verify::yaml::Node;

/// The call that an action is, with its texts as the action says them.
///
/// # Errors
/// It is another action, or says what a call does not.
pub(super) fn call(action: &Node, stack: &Stack) -> Result<(Act, Vec<(String, String)>), String> {
    let fault = |what: &str| format!("line {}: {what}", action.line);
    for (key, word) in [("Category", "Invoke"), ("Owner", "AWS"), ("Provider", "Lambda"), ("Version", "1")] {
        if action.path(&["ActionTypeId", key]).and_then(Node::text) != Some(word) {
            return Err(fault("an action that calls no function, where the spec calls one"));
        }
    }
    for (key, node) in action.rows() {
        if !["Name", "RunOrder", "ActionTypeId", "Configuration", "Region"].contains(&key.as_str()) {
            return Err(format!("line {}: a call with `{key}` is not known here", node.line));
        }
    }
    let settings = action.get("Configuration").map(Node::rows).unwrap_or_default();
    let said = settings.iter().map(|(key, node)| (key.as_str(), node)).chain(action.get("Region").map(|r| ("Region", r)));
    let (mut with, mut passed) = (BTreeMap::new(), Vec::new());
    for (key, node) in said {
        if !["FunctionName", "UserParameters", "Region"].contains(&key) {
            return Err(format!("line {}: a call with `{key}` is not known here", node.line));
        }
        let (text, fills) = match (node.text(), node.get("Ref"), node.get("Fn::Sub")) {
            (Some(text), ..) => (text.to_owned(), false),
            (_, Some(name), _) => (format!("${{{}}}", name.text().unwrap_or_default()), true),
            (.., Some(text)) => (text.text().unwrap_or_default().to_owned(), true),
            _ => return Err(format!("line {}: a value that is no text", node.line)),
        };
        with.insert(key.to_owned(), bits(&text, fills, stack).map_err(|e| format!("line {}: {e}", node.line))?);
        passed.push((key.to_owned(), text));
    }
    let frame = Frame {
        interpreter: None,
        stops: true,
        pipes: true,
        dir: None,
        env: BTreeMap::new(),
        soft: false,
        limit: None,
        attempts: 1,
        after: false,
        guards: Vec::new(),
    };
    let act = Act { line: action.line, text: "uses Lambda".to_owned(), quoted: false, with, shell: 0, frame: Rc::new(frame) };
    Ok((act, passed))
}

/// A text with the variables of the pipeline, `#{…}`, and the parameters of the stack, `${…}`.
fn bits(text: &str, fills: bool, stack: &Stack) -> Result<Vec<Bit>, String> {
    let mut found = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let opens = rest.starts_with("#{") || fills && rest.starts_with("${");
        if opens && rest[2..].starts_with('!') && first == '$' {
            literal.push_str("${");
            rest = &rest[3..];
        } else if opens {
            let (name, behind) = rest[2..].split_once('}').ok_or_else(|| format!("`{text}` does not end"))?;
            if !literal.is_empty() {
                found.push(Bit::Text(std::mem::take(&mut literal)));
            }
            let symbol = if first == '#' { Some(name.to_owned()) } else { stack.variable(name) };
            found.push(Bit::Symbol(symbol.ok_or_else(|| format!("there is no parameter `{name}`"))?));
            rest = behind;
        } else {
            literal.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    if !literal.is_empty() {
        found.push(Bit::Text(literal));
    }
    Ok(found)
}

/// Whether a variable of a pipeline holds a context
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html>; of a pull request and a tag as in
/// <https://github.com/aws/aws-cdk/issues/31000>).
pub(super) fn means(symbol: &str, context: &Context) -> bool {
    let source = |name: &str| symbol.strip_prefix("SourceVariables.") == Some(name);
    match context {
        Context::Commit(CommitField::Sha | CommitField::HeadSha) => source("CommitId"),
        Context::Commit(CommitField::Branch) => source("BranchName"),
        Context::Commit(CommitField::Tag) => source("TagName"),
        Context::Run(RunField::Id) => symbol == "codepipeline.PipelineExecutionId",
        Context::Pr(field) => source(match field {
            PrField::Number => "PullRequestId",
            PrField::Title => "PullRequestTitle",
            PrField::Source => "SourceBranchName",
            PrField::Target => "DestinationBranchName",
        }),
        Context::Input(name) => symbol.strip_prefix("variables.") == Some(name),
        _ => false,
    }
}
