//! Texts that AWS itself shows: what a pipeline knows before its builds, and what a rule knows of a run.

use crate::back::aws::names::parameter;
use crate::back::codebuild::project;
use crate::back::codebuild::view::Parameter;
use crate::back::tree::{map, text};
use crate::base::span::Spanned;
use crate::ir::event::EventKind;
use crate::ir::raw::RawValue;
use crate::ir::text::{CommitField, Context, EnvironmentField, Part, PrField, RepositoryField, RunField, Text};
use crate::plan::Plan;
use crate::plan::stages::Subject;

/// The variable of a pipeline behind a test's subject. Of a pull request they are those that the trigger sets
/// (<https://github.com/aws/aws-cdk/issues/31000>).
pub(super) fn variable(subject: &Subject) -> String {
    match subject {
        Subject::Branch => source("BranchName"),
        Subject::Tag => source("TagName"),
        Subject::Target => source("DestinationBranchName"),
        Subject::Head => source("SourceBranchName"),
        Subject::Input(name) => format!("#{{variables.{name}}}"),
    }
}

/// An output variable of the source.
pub(super) fn source(name: &str) -> String {
    format!("#{{SourceVariables.{name}}}")
}

/// The id of the run.
pub(super) const RUN: &str = "#{codepipeline.PipelineExecutionId}";

/// The page of a run in the console, by its pipeline and id.
fn page(pipeline: &str, run: &str) -> String {
    format!("https://console.aws.amazon.com/codesuite/codepipeline/pipelines/{pipeline}/executions/{run}/timeline")
}

fn repository(plan: &Plan<'_>, field: RepositoryField) -> String {
    let name = plan.target.aws.repository.as_ref().map_or("", |r| r.value.as_str());
    match field {
        RepositoryField::Name => name.to_owned(),
        RepositoryField::Owner => name.split('/').next().unwrap_or_default().to_owned(),
        RepositoryField::Url => format!("https://github.com/{name}"),
        RepositoryField::DefaultBranch => plan.pipeline.default_branch.value.clone(),
    }
}

fn environment(plan: &Plan<'_>, context: &Context) -> Option<String> {
    let Context::Environment { environment: Some(id), field } = context else { return None };
    let environment = plan.pipeline.environment(*id);
    match field {
        EnvironmentField::Name => Some(environment.name.value.clone()),
        EnvironmentField::Tier => Some(environment.tier.word().to_owned()),
        EnvironmentField::Namespace => environment.cluster.as_ref()?.namespace.as_ref().map(|n| n.value.clone()),
        EnvironmentField::Url => environment.url.as_ref()?.as_literal().map(str::to_owned),
    }
}

/// A text that the pipeline shows when it asks somebody, with its own variables.
pub(super) fn of_start(plan: &Plan<'_>, text: &Text, pipeline: &str, kind: EventKind) -> String {
    let value = |context: &Context| match context {
        Context::Commit(CommitField::Sha | CommitField::HeadSha | CommitField::Short) => source("CommitId"),
        Context::Commit(CommitField::Author) => source("AuthorDisplayName"),
        Context::Commit(CommitField::Ref) if kind == EventKind::Tag => source("TagName"),
        Context::Commit(CommitField::Ref | CommitField::Branch) => source("BranchName"),
        Context::Commit(CommitField::Tag) => source("TagName"),
        Context::Run(RunField::Id) => RUN.to_owned(),
        Context::Run(RunField::Url) => page(pipeline, RUN),
        Context::Run(RunField::Event) => kind.word().to_owned(),
        Context::Pr(PrField::Number) => source("PullRequestId"),
        Context::Pr(PrField::Title) => source("PullRequestTitle"),
        Context::Pr(PrField::Source) => source("SourceBranchName"),
        Context::Pr(PrField::Target) => source("DestinationBranchName"),
        Context::Input(name) => format!("#{{variables.{name}}}"),
        Context::Repository(field) => repository(plan, *field),
        // The rest has been refused.
        other => environment(plan, other).unwrap_or_default(),
    };
    written(text, &value)
}

/// A text that an action is given: the pipeline and the stack put their values in.
pub(super) struct Given(Vec<Piece>);

enum Piece {
    Literal(String),
    /// A variable of the pipeline.
    Run(String),
    /// A parameter of the stack.
    Parameter(String),
}

impl Given {
    /// As a template says it.
    pub(super) fn value(&self) -> RawValue {
        if let [Piece::Parameter(name)] = self.0.as_slice() {
            return map([("Ref", text(name.clone()))]);
        }
        let fills = self.0.iter().any(|p| matches!(p, Piece::Parameter(_)));
        let pieces = self.0.iter().map(|piece| match piece {
            // <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html>
            Piece::Literal(text) if fills => text.replace("${", "${!"),
            Piece::Literal(text) | Piece::Run(text) => text.clone(),
            Piece::Parameter(name) => format!("${{{name}}}"),
        });
        let whole: String = pieces.collect();
        if fills { map([("Fn::Sub", text(whole))]) } else { text(whole) }
    }

    /// As a part of what a right is for: anything may stand where only the run knows.
    pub(super) fn pattern(&self) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Run(_) => "*".to_owned(),
            Piece::Parameter(name) => format!("${{{name}}}"),
        });
        pieces.collect()
    }
}

/// A text that an action is given; see `Job::function` for what it may read.
pub(super) fn of_call(plan: &Plan<'_>, text: &Text, parameters: &mut Vec<Parameter>) -> Given {
    let mut pieces = Vec::new();
    for part in &text.parts {
        pieces.push(match part {
            Part::Literal(text) => Piece::Literal(text.clone()),
            Part::Context(context) => match &context.value {
                Context::Variable(name) => {
                    let declared = plan.pipeline.variables.iter().find(|v| v.name.value == *name);
                    match declared.and_then(|v| v.value.as_ref()).and_then(Text::as_literal) {
                        Some(value) => Piece::Literal(value.to_owned()),
                        None => {
                            let id = parameter(name);
                            if parameters.iter().all(|p| p.name != id) {
                                parameters.push(project::variable(plan, name));
                            }
                            Piece::Parameter(id)
                        }
                    }
                }
                // The branch and the tag are those of the source, whatever starts the pipeline.
                known => Piece::Run(of_start(plan, &context_alone(known, text), "", EventKind::Push)),
            },
        });
    }
    Given(pieces)
}

fn context_alone(context: &Context, text: &Text) -> Text {
    Text { parts: vec![Part::Context(Spanned::new(context.clone(), text.span))], span: text.span }
}

/// A text that a rule of EventBridge writes about a run: `<run>` and `<state>` are what it puts in.
pub(super) fn of_run(plan: &Plan<'_>, text: &Text, pipeline: &str) -> String {
    let value = |context: &Context| match context {
        Context::Run(RunField::Id) => "<run>".to_owned(),
        Context::Run(RunField::Url) => page(pipeline, "<run>"),
        Context::JobStatus => "<state>".to_owned(),
        Context::Repository(field) => repository(plan, *field),
        other => environment(plan, other).unwrap_or_default(),
    };
    written(text, &value)
}

fn written(text: &Text, value: &dyn Fn(&Context) -> String) -> String {
    let parts = text.parts.iter().map(|part| match part {
        Part::Literal(text) => text.clone(),
        Part::Context(context) => value(&context.value),
    });
    parts.collect()
}
