//! AWS: buildspecs of CodeBuild to jobs of a spec.
//!
//! What a buildspec means is in docs.aws.amazon.com/codebuild, "Build specification reference" and "Batch build buildspec reference". It says
//! what runs and never when: the webhook of its project does.

mod batch;
mod buildspec;
mod data;
mod phase;
mod work;

use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::front::Imported;
use crate::front::account::Account as _;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use work::Work;

/// What CodeBuild does with a build without a limit: it stops it after an hour.
const LIMIT: &str = "1h";

/// What a person has to know of each buildspec.
const EVENTS: &str = "a buildspec says no events, so that the workflow starts by hand only: put into `on` what the webhook of its project has; \
     CodeBuild as a target starts nothing by hand";

/// Imports buildspecs, each a workflow. The buildspecs of a batch are read below the root.
pub(super) fn buildspecs(sources: &SourceMap, files: &[SourceId], root: &Path, imported: &mut Imported) {
    let mut names = Names::default();
    let mut workflows = Vec::new();
    let mut work = Work::new(sources, root, std::mem::take(&mut imported.ledger));
    let mut stays = Vec::new();
    for file in files {
        let Some(document) = work.read(*file) else { continue };
        let name = names.unique(stem(&sources.file(*file).name));
        match workflow(&mut work, &document, &name) {
            Some(build) => {
                workflows.push(vec![build]);
                imported.remark(*file, EVENTS);
            }
            None => stays.push((*file, "it is no buildspec: it has no `phases` and no `batch`")),
        }
    }
    let Work { ledger, faults, declared, .. } = work;
    imported.ledger = ledger;
    imported.faults = faults;
    stays.into_iter().for_each(|(file, why)| imported.stays(file, why));
    if !workflows.is_empty() {
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
        Some(batch) => batch::jobs(work, document, batch),
        None => vec![buildspec::job(work, document, &buildspec::Around::of("build"))],
    };
    (!jobs.is_empty()).then(|| build.children(jobs))
}
