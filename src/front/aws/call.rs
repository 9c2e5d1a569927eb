//! The action of CodePipeline that calls a function of AWS Lambda
//! (docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html).

use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use super::buildspec::Around;
use super::spoken::spoken;
use super::stack::Stack;
use super::work::Work;

/// What a pipeline does not know before its builds: contexts that its variables would become.
const LATE: &[&str] = &["${commit.message}", "${commit.author}"];

/// The job that calls a function; `None` for another action, and for a call with files or a role of its own, or with texts that only the stack or
/// the run can put together.
pub(super) fn function(work: &mut Work<'_>, stack: &mut Stack, body: &Node, around: &Around) -> Option<Build> {
    let kind = body.get("ActionTypeId")?;
    let is = |key: &str, word: &str| kind.get(key).and_then(Node::text) == Some(word);
    let called = is("Category", "Invoke") && is("Owner", "AWS") && is("Provider", "Lambda");
    let empty = |key: &str| body.get(key).is_none_or(|list| list.items().is_empty());
    let settings = body.get("Configuration")?;
    let known = settings.entries().iter().all(|e| ["FunctionName", "UserParameters"].contains(&e.key.as_str()));
    let files = !empty("InputArtifacts") || !empty("OutputArtifacts") || !around.outputs.is_empty();
    if !called || !known || files || body.entry("RoleArn").is_some() {
        return None;
    }
    let before = work.declared.variables.clone();
    let mut said = |text: Option<&Node>| -> Option<Option<String>> {
        let Some(node) = text else { return Some(None) };
        let text = stack.text(work, node).filter(|t| !t.replace("${var.", "").contains("${"))?;
        let (text, left) = spoken(&text);
        (!left && !LATE.iter().any(|l| text.contains(l))).then_some(Some(text))
    };
    let made = said(settings.get("FunctionName")).flatten().zip(said(settings.get("UserParameters")));
    let Some(((function, input), region)) = made.zip(said(body.get("Region"))) else {
        work.declared.variables = before;
        return None;
    };
    let own = if region.is_some() { ["AWS_ROLE"].as_slice() } else { &["AWS_ROLE", "AWS_REGION"] };
    for name in own {
        work.declared.variables.entry((*name).to_owned()).or_insert(None);
    }
    let mut call = node("lambda-call").arg(&function);
    if let Some(input) = input.filter(|i| !i.is_empty()) {
        call = call.prop("input", &input);
    }
    call = call.prop("role", "${var.AWS_ROLE}").prop("region", region.as_deref().unwrap_or("${var.AWS_REGION}"));
    for key in ["ActionTypeId", "Configuration", "Region"] {
        if let Some(entry) = body.entry(key) {
            entry.value.each_entry(&mut |e| work.ledger.mark(e.id, Fate::Exact));
            // Of a region it was said that commands would have to say it.
            work.ledger.reset(entry.id, Fate::Exact);
        }
    }
    let job = node("job").arg(&around.name).comments(around.comments.iter().cloned()).children(around.before.iter().cloned());
    Some(job.child(call))
}
