//! What a vendor keeps outside its files, as three files: a checklist for a person, JSON as the vendor's API takes it, and a script that
//! brings a project in step with that JSON or prints what is set there.

use serde::Serialize;

use crate::back::{aws, codebuild, codepipeline, github, gitlab};
use crate::base::failure::Failure;
use crate::ir::id::TargetId;
use crate::plan::Plan;
use crate::plan::settings::outside;
use crate::render::Output;
use crate::render::header::Header;
use crate::target::asset;
use crate::target::capability::Capability;

/// The three forms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Markdown, a box for each thing to set.
    pub checklist: Output,
    /// What the vendor's API takes.
    pub json: Output,
    /// The script; it reads the JSON beside it.
    pub script: Output,
}

/// A part of the checklist: a heading and what to do below it.
#[derive(Debug)]
pub(super) struct Part {
    /// The heading.
    pub(super) title: String,
    /// A sentence each.
    pub(super) items: Vec<String>,
}

/// The settings of a plan.
///
/// # Errors
/// `Internal` if the target's script is not there.
pub fn settings(plan: &Plan<'_>) -> Result<Settings, Failure> {
    let outside = outside(plan);
    let (json, mut parts) = match plan.target.id {
        TargetId::Github => github::settings::settings(plan, &outside),
        TargetId::Gitlab => gitlab::settings::settings(plan, &outside),
        TargetId::Codebuild => codebuild::settings::settings(plan),
        TargetId::Codepipeline => codepipeline::settings::settings(plan),
    };
    let covered = if is_of_aws(plan.target.id) { is_covered_on_aws } else { is_covered };
    let mut further: Vec<String> = plan.settings.iter().filter(|s| !covered(s.capability)).map(|s| s.text.clone()).collect();
    if is_of_aws(plan.target.id) {
        further.extend(aws::settings::by_hand(plan));
    }
    parts.push(Part { title: "Further".to_owned(), items: further });
    let word = plan.target.id.word();
    let path = |ending: &str| format!(".pipewright/settings/{word}.{ending}");
    let header = Header::new(&plan.spec);
    // Both targets of AWS set the same kinds of things.
    let room = if is_of_aws(plan.target.id) { "codepipeline" } else { word };
    let script = asset::text(&format!("{room}/settings.sh"))
        .ok_or_else(|| Failure::Internal(format!("targets/{room}/settings.sh is not there")))?;
    let script = format!("#!/usr/bin/env bash\n{}{script}", header.text());
    Ok(Settings {
        checklist: Output::new(path("md"), checklist(&header, word, &plan.pipeline.name.value, &parts)),
        json: Output { marked: false, ..Output::new(path("json"), json) },
        script: Output { executable: true, ..Output::new(path("sh"), script) },
    })
}

fn is_of_aws(target: TargetId) -> bool {
    matches!(target, TargetId::Codebuild | TargetId::Codepipeline)
}

/// Whether the parts above say it already, of AWS: the host of the repository is somebody else there.
fn is_covered_on_aws(capability: Capability) -> bool {
    use Capability as C;
    let events = matches!(capability, C::Push | C::Tag | C::PullRequest | C::NotifyWorkflow | C::NotifyApproval);
    events || matches!(capability, C::Approval | C::ApprovalTeam | C::Secret | C::EnvironmentSecret)
}

/// Whether the parts above say it already.
fn is_covered(capability: Capability) -> bool {
    use Capability as C;
    let approvals =
        matches!(capability, C::Approval | C::ApprovalTeam | C::ApprovalCount | C::ApprovalExcludeAuthor | C::ApprovalSequential);
    let schedules = matches!(capability, C::Schedule | C::ScheduleBranch | C::ScheduleTimezone | C::ScheduleName);
    approvals || schedules || matches!(capability, C::Secret | C::EnvironmentSecret | C::BranchProtection | C::CancelRunning)
}

fn checklist(header: &Header, word: &str, pipeline: &str, parts: &[Part]) -> String {
    let mut out = header.markdown();
    out.push_str(&format!("# {pipeline}: what is set outside the files of {word}\n\n"));
    out.push_str(&format!("`{word}.sh apply` beside this page sets all but the last part; `{word}.sh export` prints what is set, and `pipewright doctor` compares the two.\n"));
    for part in parts.iter().filter(|p| !p.items.is_empty()) {
        out.push_str(&format!("\n## {}\n\n", part.title));
        for item in &part.items {
            out.push_str(&format!("- [ ] {item}\n"));
        }
    }
    out
}

/// JSON as people write it: two blanks a level, a newline at the end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Names in backticks, with commas.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// A count of approvals.
pub(super) fn approvals(count: u32) -> String {
    if count == 1 { "1 approval".to_owned() } else { format!("{count} approvals") }
}
