//! The list of passes from a spec to its outputs; the one file that sees all floors.

use std::path::Path;

use crate::back::emit;
use crate::back::emit_applications;
use crate::back::emit_charts;
use crate::back::gitlab;
use crate::back::settings::{self, Settings};
use crate::base::diag::{Diagnostic, Diagnostics, Severity};
use crate::base::failure::Failure;
use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::check::Checked;
use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::plan::{Options as PlanOptions, Plan, apps, build};
use crate::render::Output;
use crate::render::Renderer;
use crate::render::header;
use crate::sema::expand::expand;
use crate::sema::lower::lower;
use crate::sema::order;
use crate::syntax::check as shape;
use crate::syntax::check::actions::Actions;
use crate::syntax::parse;
use crate::syntax::settle::settle;
use crate::target::asset;
use crate::verify::equivalence;
use crate::verify::events;
use crate::verify::raw;
use crate::verify::stories;

/// The portable actions that come with pipewright, in the language of specs.
const STANDARD_ACTIONS: &str = "actions.kdl";

/// The rule that tests of a spec are held against.
const FAILED_TEST: &str = "test-failed";

/// Where files of the targets that deliver apps may lie.
const DELIVERY_PLACES: &[(&str, &str)] = &[("helm", "charts/**"), ("argocd", "argocd/*.yaml")];

/// What to compile, and for whom.
pub struct Options<'a> {
    /// The folder that includes and outputs are relative to.
    pub root: &'a Path,
    /// The spec's path relative to the root, forward slashes, for the headers of the outputs.
    pub spec: &'a str,
    /// The targets to emit; empty for all of the spec.
    pub targets: &'a [String],
    /// The day, `YYYY-MM-DD`, against which accepted losses expire; none of them does without it. It decides no byte of an output.
    pub today: Option<String>,
    /// The templates, compiled once for all specs of a run.
    pub renderer: &'a Renderer,
}

/// What comes out of one spec.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Findings in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The meaning, unless the spec could not be read that far.
    pub pipeline: Option<Pipeline>,
    /// The files, in their order; empty when a finding is an error.
    pub outputs: Vec<Output>,
    /// Where files of the compiled targets may lie, so that those of an older spec are found there (`drift::outputs::orphans`).
    pub places: Vec<&'static str>,
}

/// Compiles a spec.
///
/// # Errors
/// `Internal` when an output is not what its vendor takes; a fault of the spec is a diagnostic.
pub fn compile(sources: &SourceMap, spec: SourceId, options: &Options<'_>) -> Result<Compiled, Failure> {
    let mut found = Diagnostics::new();
    let Some(pipeline) = read(sources, spec, options.root, &mut found)? else {
        return Ok(Compiled { diagnostics: found.finish(), ..Compiled::default() });
    };
    // A spec with an unresolved name would break rules that it keeps.
    let checked = if found.has_errors() { None } else { Checked::new(&pipeline, &mut found) };
    let outputs = match checked {
        Some(checked) => write(checked, options, &mut found)?,
        None => Vec::new(),
    };
    let places = TargetId::ALL.iter().filter(|(word, _)| wanted(options, word)).flat_map(|(_, id)| places(*id));
    let delivered = DELIVERY_PLACES.iter().filter(|(word, _)| wanted(options, word)).map(|(_, place)| place);
    Ok(Compiled {
        places: places.chain(delivered).copied().collect(),
        diagnostics: found.finish(),
        outputs,
        pipeline: Some(pipeline),
    })
}

/// The meaning of a spec and the findings about it, without any output; no meaning where one of them is an error other than a failed test.
///
/// # Errors
/// As [`compile`].
pub fn model(sources: &SourceMap, spec: SourceId, root: &Path) -> Result<(Option<Pipeline>, Vec<Diagnostic>), Failure> {
    let mut found = Diagnostics::new();
    let mut pipeline = read(sources, spec, root, &mut found)?;
    if let Some(meaning) = &pipeline
        && !found.has_errors()
    {
        Checked::new(meaning, &mut found);
    }
    // A failed test is better understood with the run in sight.
    if found.iter().any(|d| d.severity == Severity::Error && d.rule != FAILED_TEST) {
        pipeline = None;
    }
    Ok((pipeline, found.finish()))
}

/// Which jobs each event starts on GitLab, as the reader of its file sees it, in the lines of `verify::events`, and the findings; no lines where one of
/// them is an error.
///
/// # Errors
/// As [`compile`].
pub fn events(sources: &SourceMap, spec: SourceId, options: &Options<'_>) -> Result<(String, Vec<Diagnostic>), Failure> {
    let outputs = compile(sources, spec, options)?.outputs;
    of_plans(sources, spec, options, |pipeline, plans| {
        let of_gitlab = plans.iter().filter(|p| p.target.id == TargetId::Gitlab);
        let tables: Result<Vec<String>, Failure> =
            of_gitlab.map(|p| events::table(pipeline, &outputs, &gitlab::events::named(p))).collect();
        Ok(tables?.concat())
    })
}

/// What playing a pipeline with stand-ins needs to know, in the lines of `verify::stories`, and the findings; no lines where one of them is an error.
///
/// # Errors
/// As [`compile`].
pub fn stories(sources: &SourceMap, spec: SourceId, options: &Options<'_>) -> Result<(String, Vec<Diagnostic>), Failure> {
    of_plans(sources, spec, options, |pipeline, plans| Ok(stories::table(pipeline, plans)))
}

/// The word of a target, and what it keeps outside its files.
pub type OfTarget = (&'static str, Settings);

/// What each target of the spec keeps outside its files, with the target's word, and the findings; none where one of them is an error.
///
/// # Errors
/// As [`compile`].
pub fn settings(sources: &SourceMap, spec: SourceId, options: &Options<'_>) -> Result<(Vec<OfTarget>, Vec<Diagnostic>), Failure> {
    of_plans(sources, spec, options, |_, plans| {
        let mut made = Vec::new();
        for plan in plans {
            let mut kept = settings::settings(plan)?;
            [&mut kept.checklist, &mut kept.json, &mut kept.script].into_iter().for_each(stamp);
            made.push((plan.target.id.word(), kept));
        }
        Ok(made)
    })
}

/// What `make` says of the plans of a spec, and the findings; its default where one of them is an error.
fn of_plans<T: Default>(
    sources: &SourceMap,
    spec: SourceId,
    options: &Options<'_>,
    make: impl FnOnce(&Pipeline, &[Plan<'_>]) -> Result<T, Failure>,
) -> Result<(T, Vec<Diagnostic>), Failure> {
    let mut found = Diagnostics::new();
    let mut made = T::default();
    if let Some(pipeline) = read(sources, spec, options.root, &mut found)?
        && !found.has_errors()
        && let Some(checked) = Checked::new(&pipeline, &mut found)
    {
        let plans = plans(checked, options, &mut found)?;
        if !found.has_errors() {
            made = make(&pipeline, &plans)?;
        }
    }
    Ok((made, found.finish()))
}

/// The plan of each target that is asked for and can hold the spec.
fn plans<'a>(checked: Checked<'a>, options: &Options<'_>, found: &mut Diagnostics) -> Result<Vec<Plan<'a>>, Failure> {
    let plan_options = PlanOptions { spec: options.spec.to_owned(), today: options.today.clone() };
    let mut plans = Vec::new();
    for target in checked.pipeline().targets.iter().filter(|t| wanted(options, t.id.word())) {
        let (plan, losses) = build::plan(checked, target, &plan_options)?;
        found.extend(losses);
        plans.extend(plan);
    }
    Ok(plans)
}

/// Meaning to files, target by target; none where one target cannot hold the spec.
fn write(checked: Checked<'_>, options: &Options<'_>, found: &mut Diagnostics) -> Result<Vec<Output>, Failure> {
    let pipeline = checked.pipeline();
    let mut outputs = Vec::new();
    for plan in plans(checked, options, found)? {
        outputs.extend(emit(&plan, options.renderer)?);
        if plan.target.settings.is_some() {
            let Settings { checklist, json, script } = settings::settings(&plan)?;
            outputs.extend([checklist, json, script]);
        }
    }
    let (plan, faults) = apps::plan(checked, options.spec);
    found.extend(faults);
    if let Some(plan) = plan {
        if wanted(options, "helm") {
            outputs.extend(emit_charts(&plan, options.renderer)?);
        }
        if wanted(options, "argocd") {
            outputs.extend(emit_applications(&plan, options.renderer)?);
        }
    }
    if found.has_errors() {
        return Ok(Vec::new());
    }
    outputs.iter_mut().for_each(stamp);
    raw::check(pipeline, &outputs, found)?;
    if found.has_errors() {
        return Ok(Vec::new());
    }
    equivalence::check(pipeline, &outputs)?;
    Ok(outputs)
}

/// A file that can say so says which file it is.
fn stamp(output: &mut Output) {
    if output.marked {
        header::stamp(&mut output.text, &output.path);
    }
}

fn wanted(options: &Options<'_>, target: &str) -> bool {
    options.targets.is_empty() || options.targets.iter().any(|t| t == target)
}

/// Where a target's files may lie, below the folder of the spec.
fn places(target: TargetId) -> &'static [&'static str] {
    match target {
        TargetId::Github => &[".github/workflows/*.yml", "standby/.github/workflows/*.yml", ".pipewright/settings/github.*"],
        TargetId::Gitlab => &[".gitlab-ci.yml", "standby/.gitlab-ci.yml", ".pipewright/settings/gitlab.*"],
        TargetId::Codebuild => &[
            ".codebuild/*.yml",
            ".codebuild/*/*.yml",
            "standby/.codebuild/*.yml",
            "standby/.codebuild/*/*.yml",
            ".pipewright/settings/codebuild.*",
        ],
        TargetId::Codepipeline => &[
            ".codepipeline/*.yml",
            ".codepipeline/*/*.yml",
            "standby/.codepipeline/*.yml",
            "standby/.codepipeline/*/*.yml",
            ".pipewright/settings/codepipeline.*",
        ],
    }
}

/// Text to meaning. Each pass takes a spec that the one before has no fault with: a mistake is reported once, where it was made.
fn read(sources: &SourceMap, spec: SourceId, root: &Path, found: &mut Diagnostics) -> Result<Option<Pipeline>, Failure> {
    let text = &sources.file(spec).text;
    let (document, syntax) = parse::read(spec, text);
    found.extend(syntax);
    if found.has_errors() {
        return Ok(None);
    }
    let mut document = expand(document, sources, Some(root), found);
    let standard_text = asset::text(STANDARD_ACTIONS).unwrap_or_default();
    let standard_id = sources.add("<standard actions>", standard_text);
    let (standard, faults) = parse::parse(standard_id, &sources.file(standard_id).text);
    if let Some(fault) = faults.iter().next() {
        return Err(Failure::Internal(format!("targets/{STANDARD_ACTIONS}: {}", fault.message)));
    }
    let mut actions = Actions::default();
    actions.declare(&standard);
    actions.declare(&document);
    let end = Span::new(spec, text.len(), text.len());
    found.extend(shape::check(&document, &actions, end));
    if found.has_errors() {
        return Ok(None);
    }
    settle(&mut document, &actions);
    let mut pipeline = lower(sources, &document, &standard, found);
    if let Some(pipeline) = &mut pipeline {
        order::complete(pipeline, found);
    }
    Ok(pipeline)
}
