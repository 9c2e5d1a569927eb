//! The reader of each target's files, and what its vendor cannot tell apart.

use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::event::{Event, EventKind, PullRequestType, Schedule};
use crate::ir::id::TargetId;
use crate::verify::aws::codebuild::Codebuild;
use crate::verify::aws::codepipeline::Codepipeline;
use crate::verify::behaviour::Reader;
use crate::verify::github::Github;
use crate::verify::gitlab::Gitlab;

/// A reader, or what it does not understand.
pub(super) type Read<'p> = Result<Box<dyn Reader + 'p>, String>;

/// The reader of a target's files among all; none where the target has none.
pub(super) fn of<'p>(pipeline: &'p Pipeline, target: &Target, files: &[(&str, &str)]) -> Option<Read<'p>> {
    let folder = if target.standby.is_some() { "standby/" } else { "" };
    let home = match target.id {
        TargetId::Github => ".github/workflows/".to_owned(),
        TargetId::Gitlab => ".gitlab-ci.yml".to_owned(),
        TargetId::Codebuild | TargetId::Codepipeline => format!(".{}/", target.id.word()),
    };
    let own = |path: &str| path.strip_prefix(folder).is_some_and(|p| p.starts_with(&home));
    let own: Vec<(&str, &str)> = files.iter().copied().filter(|(path, _)| own(path)).collect();
    let (path, text) = own.first()?;
    Some(match target.id {
        TargetId::Github => Github::read(pipeline, &own).map(|g| Box::new(g) as Box<dyn Reader + '_>),
        TargetId::Gitlab => Gitlab::read(pipeline, path, text).map(|g| Box::new(g) as Box<dyn Reader + '_>),
        TargetId::Codebuild => Codebuild::read(pipeline, &own).map(|c| Box::new(c) as Box<dyn Reader + '_>),
        TargetId::Codepipeline => Codepipeline::read(pipeline, &own).map(|c| Box::new(c) as Box<dyn Reader + '_>),
    })
}

/// The events that a target cannot tell from this one, itself among them; none for one that it never sees.
pub(super) fn told_apart(pipeline: &Pipeline, target: &Target, event: &Event) -> Option<Vec<Event>> {
    if event.kind == EventKind::Raw && target.id != TargetId::Github {
        return None;
    }
    let itself = || Some(vec![event.clone()]);
    match (target.id, event.kind) {
        (TargetId::Github, _) => return Some(at_one_time(pipeline, event)),
        // A person starts a pipeline on its own branch only.
        (TargetId::Codepipeline, EventKind::Manual) => {
            let usual = &pipeline.default_branch.value;
            return itself().filter(|_| event.branch.as_ref().is_none_or(|b| b == usual));
        }
        // A pull request that is opened again is looked at when it changes.
        (TargetId::Codepipeline, EventKind::PullRequest) => {
            return itself().filter(|_| event.pull_request_type != Some(PullRequestType::Reopened));
        }
        (TargetId::Gitlab, _) => {}
        (TargetId::Codebuild | TargetId::Codepipeline, _) => return itself(),
    }
    match event.kind {
        // A release starts nothing there but what its tag has started.
        EventKind::Tag | EventKind::Release => {
            let of = |kind| Event { tag: event.tag.clone(), ..Event::of(kind) };
            Some(vec![of(EventKind::Tag), of(EventKind::Release)])
        }
        // One starts a run when it is opened and when it changes, and nothing says which it was. One that is opened again starts none.
        EventKind::PullRequest => {
            let told = [PullRequestType::Opened, PullRequestType::Updated];
            let of = |kind| Event { pull_request_type: Some(kind), ..event.clone() };
            event.pull_request_type.is_none_or(|t| told.contains(&t)).then(|| told.map(of).to_vec())
        }
        EventKind::Push | EventKind::Schedule | EventKind::Manual | EventKind::Raw => Some(vec![event.clone()]),
    }
}

/// The schedules of other workflows that are due when this one is: GitHub starts every workflow that names the time.
fn at_one_time(pipeline: &Pipeline, event: &Event) -> Vec<Event> {
    let all = || pipeline.workflows.iter().flat_map(|w| &w.schedules);
    let own = all().find(|s| Some(&s.name.value) == event.schedule.as_ref());
    let Some(own) = own.filter(|_| event.kind == EventKind::Schedule) else { return vec![event.clone()] };
    let zone = |s: &Schedule| s.timezone.as_ref().map_or("UTC", |z| z.value.as_str()).to_owned();
    let due = all().filter(|s| s.cron.value.to_string() == own.cron.value.to_string() && zone(s) == zone(own));
    due.map(|s| Event { schedule: Some(s.name.value.clone()), ..event.clone() }).collect()
}
