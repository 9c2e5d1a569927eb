//! The stack of the projects, and what it asks of the account.

use crate::back::aws::settings::{self, Stack};
use crate::back::codebuild::{batches, folder, header, place, project};
use crate::back::settings::Part;
use crate::plan::Plan;

/// The JSON, and the parts of the checklist.
pub(in crate::back) fn settings(plan: &Plan<'_>) -> (String, Vec<Part>) {
    let places: Vec<_> = plan.workflows.iter().flat_map(|w| w.jobs.iter().map(move |job| place(plan, w, job))).collect();
    let all = batches(plan);
    if all.is_empty() {
        return settings::settings(plan, None, Vec::new(), &places);
    }
    let view = project::stack(plan, all, header(plan, None));
    let named = |text: &String| {
        let id = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
        let found = view.parameters.iter().find(|p| Some(p.name.as_str()) == id).and_then(|p| p.default.clone());
        found.unwrap_or_else(|| text.clone())
    };
    // The one parameter that is not stored is the address of the repository.
    let asked = view.parameters.iter().filter(|p| !p.stored && p.default.is_none());
    let stack = Stack {
        name: plan.pipeline.name.value.clone(),
        template: format!("{}/template.yml", folder(plan)),
        current: true,
        parameters: asked.map(|p| (p.name.clone(), "REPOSITORY_URL".to_owned())).collect(),
        stored: view.parameters.iter().filter(|p| p.stored).filter_map(|p| p.default.clone()).collect(),
        ..Stack::default()
    };
    settings::settings(plan, view.connection.as_ref().map(named), vec![stack], &places)
}
