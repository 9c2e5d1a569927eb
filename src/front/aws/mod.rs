//! AWS: buildspecs of CodeBuild to jobs, pipelines of CodePipeline to workflows of a spec.
//!
//! What a buildspec means is in docs.aws.amazon.com/codebuild, "Build specification reference" and "Batch build buildspec reference". It says
//! what runs and never when: the webhook of its project does.

mod batch;
mod buildspec;
mod call;
mod data;
mod deploy;
mod entry;
mod hook;
mod hooked;
mod own;
mod phase;
mod pipeline;
mod project;
mod source;
mod spoken;
mod stack;
mod time;
mod work;

use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::front::Imported;
use crate::front::account::Account as _;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use stack::Stack;
use work::Work;

/// What CodeBuild does with a build without a limit: it stops it after an hour.
const LIMIT: &str = "1h";

/// What a person has to know of each buildspec.
const EVENTS: &str = "a buildspec says no events, so that the workflow starts by hand only: put into `on` what the webhook of its project has; \
     CodeBuild as a target starts nothing by hand";

/// Imports buildspecs, each a workflow, and projects of templates of CloudFormation with their buildspecs. Those that a project or a batch names are
/// read below the root, and are no workflows of their own.
pub(super) fn buildspecs(sources: &SourceMap, files: &[SourceId], root: &Path, imported: &mut Imported) {
    let mut names = Names::default();
    let mut workflows = Vec::new();
    let mut work = Work::new(sources, root, std::mem::take(&mut imported.ledger));
    let mut stays = Vec::new();
    let mut settings: Option<Vec<(&'static str, String)>> = None;
    let (mut stacks, mut documents) = (Vec::new(), Vec::new());
    let mut found = Vec::new();
    for file in files {
        let Some(document) = work.read(*file) else { continue };
        match Stack::of(document.clone()) {
            Some(stack) => stacks.push((*file, stack)),
            None => documents.push((*file, document)),
        }
    }
    for (file, mut stack) in stacks {
        let projects = hooked::projects(&stack);
        let mut came = false;
        for project in &projects {
            if let Some(made) = hooked::workflow(&mut work, &mut stack, project, &mut names) {
                came = true;
                // What the projects do not agree on is said of none.
                settings = Some(match settings.take() {
                    Some(known) => known.into_iter().filter(|s| made.settings.contains(s)).collect(),
                    None => made.settings,
                });
                found.push((made.start, made.workflow));
            }
        }
        match (came, projects.is_empty()) {
            (true, _) => stack.rest(&mut work),
            (false, true) => stays.push((file, "no project of CodeBuild that starts by itself is among its resources")),
            (false, false) => stays.push((file, "the buildspecs of its projects are not here")),
        }
    }
    workflows.extend(own::merged(&mut work, found).into_iter().map(|w| vec![w]));
    // A batch says which others are a part of it.
    documents.sort_by_key(|(_, document)| document.get("batch").is_none());
    for (file, document) in documents {
        if work.named.contains(&file) {
            continue;
        }
        let name = names.unique(stem(&sources.file(file).name));
        match workflow(&mut work, &document, &name) {
            Some(build) => {
                workflows.push(vec![build]);
                imported.remark(file, EVENTS);
            }
            None => stays.push((file, "it is no buildspec: it has no `phases` and no `batch`")),
        }
    }
    let Work { ledger, faults, declared, .. } = work;
    imported.ledger = ledger;
    imported.faults = faults;
    stays.into_iter().for_each(|(file, why)| imported.stays(file, why));
    if !workflows.is_empty() {
        imported.limit = Some(LIMIT);
        imported.settings.extend(settings.map(|s| ("codebuild", s)));
        imported.sections = declared.sections();
        imported.sections.extend(workflows);
    }
}

/// Imports the pipelines of templates of CloudFormation, each a workflow.
pub(super) fn pipelines(sources: &SourceMap, files: &[SourceId], root: &Path, imported: &mut Imported) {
    const KIND: &str = "AWS::CodePipeline::Pipeline";
    let mut names = Names::default();
    let mut workflows = Vec::new();
    let mut work = Work::new(sources, root, std::mem::take(&mut imported.ledger));
    let mut stays = Vec::new();
    let mut source = None;
    let mut found = Vec::new();
    for file in files {
        let Some(document) = work.read(*file) else { continue };
        let Some(mut stack) = Stack::of(document) else {
            stays.push((*file, "it is no template of CloudFormation: it has no `Resources`"));
            continue;
        };
        let mut came = false;
        let pipelines = stack.resources(KIND);
        let start = own::start_of_stack(&work, &stack.document);
        for entry in &pipelines {
            let named = entry.value.get("Properties").and_then(|p| p.get("Name")).cloned();
            let title = named.and_then(|n| stack.literal(&mut work, &n)).unwrap_or_else(|| entry.key.clone());
            let name = names.unique(&title);
            if let Some(mut made) = pipeline::pipeline(&mut work, &mut stack, entry, &name) {
                came = true;
                if start.is_some() && own::is_queued(entry) {
                    made.workflow.push(node("concurrency").prop("per", "workflow").prop("queue", "all"));
                }
                source = source.or(Some((made.source.repository, made.source.connection)));
                found.push((start.clone(), made.workflow));
            }
        }
        match (came, pipelines.is_empty()) {
            (true, _) => stack.rest(&mut work),
            (false, true) => stays.push((*file, "no pipeline is among its resources")),
            (false, false) => stays.push((*file, "no job of its pipelines is one that a spec can say")),
        }
    }
    workflows.extend(own::merged(&mut work, found).into_iter().map(|w| vec![w]));
    let Work { ledger, faults, declared, .. } = work;
    imported.ledger = ledger;
    imported.faults = faults;
    stays.into_iter().for_each(|(file, why)| imported.stays(file, why));
    if !workflows.is_empty() {
        let (repository, connection) = source.unwrap_or_default();
        let connection = connection.filter(|c| !c.contains("${var.")).unwrap_or_else(|| "${var.CONNECTION_ARN}".to_owned());
        let mut settings = vec![("connection", connection)];
        settings.extend(repository.map(|r| ("repository", r)));
        imported.settings.insert("codepipeline", settings);
        imported.limit = Some(LIMIT);
        imported.sections = declared.sections();
        imported.sections.extend(workflows);
    }
}

/// The name of a file without its folders and its ending; `buildspec` alone is a build.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.trim_end_matches(".yaml").trim_end_matches(".yml");
    if stem == "buildspec" { "build" } else { stem }
}

fn workflow(work: &mut Work<'_>, document: &Node, name: &str) -> Option<Build> {
    if document.get("phases").is_none() && document.get("batch").is_none() {
        return None;
    }
    let mut build = node("workflow").arg(name);
    let above = work.first_comments(document.span);
    build = build.comments(above);
    build.push(node("on").child(node("manual").comments(["CodeBuild keeps the events in its project: say them here"])));
    let jobs = match work.open(document, "batch") {
        Some(batch) => batch::jobs(work, document, batch, &buildspec::Around::default()),
        None => vec![buildspec::job(work, document, &buildspec::Around::of("build"))],
    };
    (!jobs.is_empty()).then(|| build.children(jobs))
}
