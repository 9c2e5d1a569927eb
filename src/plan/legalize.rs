//! Decides what becomes of each thing a spec asks: native and emulated in silence, a loss only by name, a note where something is later.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::ir::Pipeline;
use crate::ir::environment::{Accept, Target};
use crate::plan::require::Required;
use crate::plan::{AcceptedLoss, Options, Setting};
use crate::target::capability::Capability;
use crate::target::table::{Support, Table};

/// What never is accepted: a run would go further than the spec allows.
const NEVER: &[Capability] = &[
    Capability::Approval,
    Capability::ApprovalAfterFailure,
    Capability::GateMeasure,
    Capability::GateCheck,
    Capability::GateProbe,
    Capability::GateQuery,
    Capability::GateWindow,
    Capability::PromotionOrder,
    Capability::ExcludeForks,
    // Without their conditions, jobs that look after failures would run after each success.
    Capability::WhenFailure,
    Capability::NeedsResult,
    Capability::NeedsResultAbsent,
    Capability::JobConditionSize,
    // Another image would run in its place.
    Capability::ImageContext,
];

/// Whether no `accept` may name a capability.
pub fn is_never_accepted(capability: Capability, support: &Support) -> bool {
    let undecided = capability == Capability::JobConditionOutput && matches!(support, Support::Absent(_));
    undecided || NEVER.contains(&capability)
}

/// The answer for one target.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Losses that the spec accepts.
    pub losses: Vec<AcceptedLoss>,
    /// What a person sets up outside the files.
    pub settings: Vec<Setting>,
    /// Errors for losses that nobody accepted, and notes.
    pub diagnostics: Diagnostics,
}

/// Compares what is asked with what the target holds.
pub fn legalize(pipeline: &Pipeline, target: &Target, table: &Table, required: &[Required], options: &Options) -> Verdict {
    let mut verdict = Verdict::default();
    let accepts: Vec<&Accept> = pipeline.accepts.iter().filter(|a| a.target.value == target.id).collect();
    let mut used = vec![false; accepts.len()];
    let mut noted: BTreeMap<Capability, ()> = BTreeMap::new();
    for asked in required {
        let row = table.row(asked.capability);
        match row.support(target.tier, asked.figure) {
            Support::Native | Support::Emulated(_) => {
                if let Some(note) = row.note.as_ref().filter(|_| noted.insert(asked.capability, ()).is_none()) {
                    let message = format!("{} on {}: {note}", asked.detail, target.id.word());
                    verdict.diagnostics.push(Diagnostic::note("stricter-on-target", asked.span, message));
                }
                if let Some(setting) = &row.setting {
                    let text = format!("{}: {setting}", asked.detail);
                    if !verdict.settings.iter().any(|s| s.text == text) {
                        verdict.settings.push(Setting { capability: asked.capability, text, span: asked.span });
                    }
                }
            }
            support @ (Support::Lossy(_) | Support::Absent(_)) => {
                let at = accepts.iter().position(|a| a.loss.value == asked.capability.name());
                match at.filter(|_| !is_never_accepted(asked.capability, support)) {
                    Some(at) => {
                        used[at] = true;
                        accept(pipeline, &mut verdict, asked, support, accepts[at]);
                    }
                    None => verdict.diagnostics.push(refuse(target, asked, support)),
                }
            }
        }
    }
    for (accept, used) in accepts.iter().zip(used) {
        review(&mut verdict.diagnostics, accept, used, options);
    }
    let holds = |until: &Option<String>| until.as_ref().zip(options.today.as_ref()).is_none_or(|(until, day)| day <= until);
    for loss in verdict.losses.iter().filter(|l| holds(&l.until)) {
        let until = loss.until.as_ref().map_or_else(String::new, |day| format!(", until {day}"));
        let message = format!("accepted on {}: {} ({}){until}", target.id.word(), loss.lost, loss.capability);
        verdict.diagnostics.push(Diagnostic::note("accepted-loss", loss.span, message).label(loss.reason.clone()));
    }
    verdict
}

fn accept(pipeline: &Pipeline, verdict: &mut Verdict, asked: &Required, support: &Support, accept: &Accept) {
    let job = asked.job.map(|j| pipeline.job(j).name.value.clone());
    let known = verdict.losses.iter().position(|l| l.capability == asked.capability);
    let at = known.unwrap_or_else(|| {
        verdict.losses.push(AcceptedLoss {
            capability: asked.capability,
            lost: support.text().to_owned(),
            jobs: Vec::new(),
            reason: accept.reason.value.clone(),
            until: accept.until.as_ref().map(|u| u.value.clone()),
            span: accept.span,
        });
        verdict.losses.len() - 1
    });
    let jobs = &mut verdict.losses[at].jobs;
    jobs.extend(job.filter(|j| !jobs.contains(j)));
}

fn refuse(target: &Target, asked: &Required, support: &Support) -> Diagnostic {
    let (word, name) = (target.id.word(), asked.capability.name());
    let line = format!("`accept {word} {name} reason=\"…\"`");
    let never = is_never_accepted(asked.capability, support);
    let found = match support {
        Support::Absent(instead) => {
            let message = format!("{} cannot be written for {word}: {name}", asked.detail);
            let help = if never { instead.clone() } else { format!("{instead}; or leave it out there with {line}") };
            Diagnostic::error("not-expressible", asked.span, message).help(help)
        }
        Support::Lossy(_) | Support::Emulated(_) | Support::Native => {
            let message = format!("{} loses meaning on {word}: {} ({name})", asked.detail, support.text());
            let help = if never {
                "a run may never go further than the spec allows: take the target away from this workflow".to_owned()
            } else {
                format!("if that is right, say so: {line}")
            };
            Diagnostic::error("lossy", asked.span, message).help(help)
        }
    };
    found.label(asked.capability.meaning().trim_end_matches('.').to_owned())
}

fn review(diagnostics: &mut Diagnostics, accept: &Accept, used: bool, options: &Options) {
    let (name, target) = (&accept.loss.value, accept.target.value.word());
    if Capability::parse(name).is_none() {
        let near = did_you_mean(name, Capability::ALL.iter().map(|c| c.name()));
        let help = near.map_or_else(|| "`pipewright targets` lists the names".to_owned(), |n| format!("did you mean `{n}`?"));
        diagnostics.push(Diagnostic::error("accept-unknown", accept.loss.span, format!("`{name}` is no capability")).help(help));
        return;
    }
    let expired = accept.until.as_ref().zip(options.today.as_ref()).is_some_and(|(until, today)| *today > until.value);
    if let Some(until) = accept.until.as_ref().filter(|_| expired) {
        let message = format!("the acceptance of `{name}` on {target} ended on {}", until.value);
        diagnostics.push(
            Diagnostic::error("accept-expired", until.span, message)
                .help("look at the loss again: give a later day, or take the construct out"),
        );
    }
    if !used {
        let message = format!("nothing in this spec needs `{name}` on {target}");
        diagnostics.push(Diagnostic::warning("accept-unused", accept.span, message).help("take the line out"));
    }
}
