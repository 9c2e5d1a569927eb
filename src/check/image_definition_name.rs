//! A file of images by a name that no action of CodePipeline looks for.
//!
//! <https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html>

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::script;
use crate::ir::Pipeline;

/// The names that are looked for: by the action `ECS`, and by `CodeDeployToECS`.
const NAMES: &[&str] = &["imagedefinitions.json", "imageDetail.json"];
/// How they are written by mistake, in small letters.
const MISTAKES: &[&str] = &["imagedefinition.json", "imagedefinitions.json", "imagedetail.json", "imagedetails.json"];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut said: Vec<Span> = Vec::new();
    let mut look = |text: &str, span: Span| {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
        let wrong = words.into_iter().find(|w| !NAMES.contains(w) && MISTAKES.contains(&w.to_ascii_lowercase().as_str()));
        let Some(word) = wrong.filter(|_| !said.contains(&span)) else { return };
        said.push(span);
        diagnostics.push(
            Diagnostic::warning("image-definition-name", span, format!("nothing looks for a file called `{word}`"))
                .label("no action of CodePipeline reads it")
                .help("a deploy to ECS reads imagedefinitions.json, a list of {name, imageUri}; one by CodeDeploy reads imageDetail.json, {ImageURI}"),
        );
    };
    for line in script::all(pipeline) {
        look(&script::marked(line.text), line.text.span);
    }
    for path in pipeline.jobs.iter().flat_map(|j| &j.produces).flat_map(|a| &a.paths) {
        look(&path.value, path.span);
    }
}
