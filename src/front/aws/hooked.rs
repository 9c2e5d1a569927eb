//! Projects of CodeBuild that start by themselves, each as a workflow: its template says when, its buildspec what.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::buildspec::{self, Around};
use super::own::{self, Start};
use super::stack::Stack;
use super::time::{Started, schedules};
use super::work::Work;
use super::{batch, hook, project};

/// The type of a project in a template.
const KIND: &str = "AWS::CodeBuild::Project";

/// A project that came over.
pub(super) struct Made {
    /// Which start of which workflow it is, where pipewright wrote it.
    pub(super) start: Option<Start>,
    /// The workflow.
    pub(super) workflow: Build,
    /// What is known of the target by it.
    pub(super) settings: Vec<(&'static str, String)>,
}

/// The projects of a template that no pipeline starts.
pub(super) fn projects(stack: &Stack) -> Vec<Entry> {
    let piped = |e: &Entry| {
        let source = e.value.get("Properties").and_then(|p| p.get("Source"));
        source.and_then(|s| s.get("Type")).and_then(Node::text) == Some("CODEPIPELINE")
    };
    stack.resources(KIND).into_iter().filter(|e| !piped(e)).collect()
}

/// The workflow of a project; `None` where its buildspec is not here, or has nothing to run.
pub(super) fn workflow(work: &mut Work<'_>, stack: &mut Stack, project: &Entry, names: &mut Names) -> Option<Made> {
    let properties = project.value.get("Properties")?.clone();
    let title = properties.get("Name").and_then(|n| stack.literal(work, n));
    let mut around = Around::default();
    project::opened(work, project);
    project::properties_of(work, stack, &properties, &mut around, false);
    let document = match project::document(work, stack, project, &properties) {
        Ok(found) => found,
        Err((at, why)) => {
            work.mark(&at, Fate::Lost(why));
            return None;
        }
    };
    let start = own::start_of_batch(work, &document);
    let name = names.unique(title.as_deref().unwrap_or(&project.key));
    let mut workflow = node("workflow").arg(&name).comments(work.comments(project.span));
    let triggers = work.open(&properties, "Triggers").cloned();
    let mut on = triggers.map(|t| hook::clauses(work, stack, &t)).unwrap_or_default();
    let only = stack.resources(KIND).len() == 1;
    let by = "codebuild:startBuild";
    let started = Started { key: &project.key, name: title.as_deref(), by, named: "ProjectName", only };
    let mut used = Names::default();
    let own = start.as_ref().and_then(|s| s.word.strip_prefix("schedule-")).map(str::to_owned);
    let called = |key: &str| own.clone().unwrap_or_else(|| used.unique(&slug(key)));
    on.extend(schedules(work, stack, &started, called));
    if on.is_empty() {
        on.push(node("manual").comments(["nothing in the template starts the project: say here what does"]));
    }
    workflow.push(node("on").children(on));
    let batched = properties.get("BuildBatchConfig").is_some();
    let jobs = match document.entry("batch").filter(|_| batched).cloned() {
        Some(entry) => {
            work.mark(&entry, Fate::Exact);
            batch::jobs(work, &document, &entry, &around)
        }
        None => {
            around.name = "build".to_owned();
            vec![buildspec::job(work, &document, &around)]
        }
    };
    let settings = settings(work, stack, &properties);
    Some(Made { start, workflow: workflow.children(jobs), settings })
}

/// What the project says of its target: the repository, the connection to it, and the machine.
fn settings(work: &mut Work<'_>, stack: &mut Stack, properties: &Node) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let before = work.declared.variables.clone();
    let source = properties.get("Source");
    let location = source.and_then(|s| s.get("Location")).and_then(|l| stack.literal(work, l));
    let repository = location.and_then(|l| Some(l.strip_prefix("https://github.com/")?.trim_end_matches(".git").to_owned()));
    found.extend(repository.filter(|r| r.matches('/').count() == 1).map(|r| ("repository", r)));
    let auth = source.and_then(|s| s.get("Auth")).filter(|a| a.get("Type").and_then(Node::text) == Some("CODECONNECTIONS"));
    found.extend(auth.and_then(|a| a.get("Resource")).and_then(|r| stack.text(work, r)).map(|c| ("connection", c)));
    let environment = properties.get("Environment");
    let mut text = |key: &str| environment.and_then(|e| e.get(key)).and_then(|v| stack.literal(work, v));
    found.extend(text("Image").filter(|i| i.starts_with("aws/codebuild/") && !i.contains("aarch64")).map(|i| ("image", i)));
    let compute = text("ComputeType");
    let size = compute.as_deref().and_then(|c| COMPUTE.iter().find(|(theirs, _)| *theirs == c));
    found.extend(size.map(|(_, ours)| ("compute", (*ours).to_owned())));
    work.declared.variables = before;
    found
}

/// Sizes of machines in the words of a spec; what is left out is the usual one.
const COMPUTE: &[(&str, &str)] = &[
    ("BUILD_GENERAL1_MEDIUM", "medium"),
    ("BUILD_GENERAL1_LARGE", "large"),
    ("BUILD_GENERAL1_XLARGE", "xlarge"),
    ("BUILD_GENERAL1_2XLARGE", "xxlarge"),
];
