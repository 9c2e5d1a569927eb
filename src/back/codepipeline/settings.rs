//! The stacks of the pipelines, and what they ask of the account.

use crate::back::aws::names::logical;
use crate::back::aws::settings::{self, Stack};
use crate::back::codebuild::view::Parameter;
use crate::back::codepipeline::{folder, is_build, pipeline, place};
use crate::back::settings::Part;
use crate::plan::Plan;
use crate::plan::start::starts;

/// The JSON, and the parts of the checklist.
pub(in crate::back) fn settings(plan: &Plan<'_>) -> (String, Vec<Part>) {
    let folder = folder(plan);
    let (mut stacks, mut places, mut connection) = (Vec::new(), Vec::new(), None);
    for workflow in &plan.workflows {
        let starts = starts(plan.pipeline, workflow.workflow);
        // What a build is told of its event is no matter here.
        let texts = vec![String::new(); workflow.jobs.len()];
        for start in &starts {
            let view = pipeline::stack(plan, workflow, start, &starts, &texts);
            let named = |text: &str| stored(text, &view.parameters);
            connection.get_or_insert_with(|| named(&view.pipeline.connection));
            let asked = view.pipeline.stages.iter().flat_map(|s| &s.actions).filter_map(|a| a.approval.as_ref()?.topic.as_ref());
            let told = view.notices.iter().map(|n| (named(&n.topic), true));
            let team = |id: &str| {
                let named = plan.pipeline.teams.iter().find(|t| format!("{}Approvers", logical(&t.name.value)) == id);
                named.map_or_else(|| id.to_owned(), |t| t.name.value.clone())
            };
            stacks.push(Stack {
                name: view.pipeline.name.clone(),
                template: format!("{folder}/{}-{}.yml", workflow.file, start.word()),
                current: true,
                stored: view.parameters.iter().filter_map(|p| p.default.clone()).collect(),
                topics: asked.map(|t| (named(t), false)).chain(told).collect(),
                approvers: view.approvers.iter().map(|a| (a.id.clone(), team(&a.id))).collect(),
                ..Stack::default()
            });
        }
        let jobs = workflow.jobs.iter().filter(|j| is_build(j));
        places.extend(jobs.map(|job| place(plan, workflow, job, &starts)));
    }
    settings::settings(plan, connection, stacks, &places)
}

/// An ARN, or the name of the parameter of the Parameter Store that `${Id}` stands for.
fn stored(text: &str, parameters: &[Parameter]) -> String {
    let id = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    let found = id.and_then(|id| parameters.iter().find(|p| p.name == id)).and_then(|p| p.default.clone());
    found.unwrap_or_else(|| text.to_owned())
}
