//! What must be so of a job whatever happens: its environment and lock, what it may see and do, the data it finds, the gates it measures.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, JobId, TargetId};
use crate::ir::job::{Job, Purpose};
use crate::ir::step::StepKind;
use crate::ir::text::Context;
use crate::ir::walk;
use crate::sema::exposure;
use crate::verify::behaviour::{Bit, Found, Given, Reader};
use crate::verify::difference::Difference;
use crate::verify::model::holds;
use crate::verify::{machine, token};

/// Whether a job is one of the spec's, or one that a target needs beside them: an approval, a message, a decision, the check of drift.
pub(super) fn accounted(pipeline: &Pipeline, target: &Target, found: &Found) -> bool {
    let tells = pipeline.workflows.iter().any(|w| !w.notify.is_empty()) && found.id.contains("notify");
    let checks = target.check_drift.is_some() && found.id.starts_with("pipewright");
    let decides = target.id == TargetId::Github && found.id.starts_with("route");
    found.job.is_some() || !found.asks.is_empty() || tells || checks || decides
}

/// Every difference that no event is needed to see.
pub(super) fn facts(pipeline: &Pipeline, target: &Target, reader: &dyn Reader) -> Vec<Difference> {
    let mut facts = Facts { pipeline, target, reader, differences: Vec::new() };
    let mut locks: BTreeMap<&str, &Found> = BTreeMap::new();
    for (at, found) in reader.found().iter().enumerate() {
        match found.job.filter(|id| holds(pipeline, target, *id)) {
            Some(id) => {
                facts.environment(id, found, &mut locks);
                facts.machine(id, at);
                facts.exposed(id, found);
                facts.outputs(id, at);
                facts.gates(id, found);
                facts.softened(id, found);
                facts.data(id, found);
            }
            None => facts.beside(found),
        }
    }
    facts.differences
}

struct Facts<'p, 'r> {
    pipeline: &'p Pipeline,
    target: &'p Target,
    reader: &'r dyn Reader,
    differences: Vec<Difference>,
}

impl<'r> Facts<'_, 'r> {
    fn differ(&mut self, point: u8, job: Option<&Job>, found: &Found, wanted: impl Into<String>, is: impl Into<String>) {
        self.differences.push(Difference {
            target: self.target.id.word(),
            point,
            job: job.map_or(&found.id, |j| &j.name.value).clone(),
            when: String::new(),
            wanted: wanted.into(),
            found: is.into(),
            place: Some(found.place.clone()),
            span: job.map_or(self.target.span, |j| j.name.span),
            more: 0,
        });
    }

    /// Point 4: the environment, which only one run enters at a time, and which no newer run leaves half way.
    fn environment(&mut self, id: JobId, found: &'r Found, locks: &mut BTreeMap<&'r str, &'r Found>) {
        let pipeline = self.pipeline;
        let job = pipeline.job(id);
        if self.target.id.is_aws() {
            self.queue(job, found);
            return;
        }
        if job.is_githubs_own() {
            return;
        }
        let wanted = job.environment.as_ref().map(|e| &pipeline.environment(e.environment).name.value);
        let shown = |name: Option<&String>| name.map_or("no environment".to_owned(), |n| format!("environment `{n}`"));
        if wanted != found.environment.as_ref() {
            self.differ(4, Some(job), found, shown(wanted), shown(found.environment.as_ref()));
        }
        let Some(environment) = &found.environment else { return };
        if found.interruptible {
            self.differ(4, Some(job), found, "no newer run cuts it off", "a newer run may cut it off");
        }
        match (&found.lock, locks.get(environment.as_str())) {
            (None, _) => self.differ(4, Some(job), found, "it waits for other runs in its environment", "it waits for none"),
            (lock, Some(other)) if *lock != other.lock => {
                let other = format!("it does not wait for `{}`", other.id);
                self.differ(4, Some(job), found, "it waits for other runs in its environment", other);
            }
            (Some(_), _) => _ = locks.insert(environment, found),
        }
    }

    /// Points 1, 3 and 6: its containers, cells, attempts and limits.
    fn machine(&mut self, id: JobId, at: usize) {
        let reader = self.reader;
        let found = &reader.found()[at];
        if found.acts.is_none() {
            return;
        }
        let job = self.pipeline.job(id);
        if job.is_githubs_own() {
            return;
        }
        for (point, wanted, is) in machine::faults(self.pipeline, self.target, reader, at, job) {
            self.differ(point, Some(job), found, wanted, is);
        }
    }

    /// Point 5: the outputs and images that it reads are handed over.
    fn outputs(&mut self, id: JobId, at: usize) {
        let (pipeline, reader) = (self.pipeline, self.reader);
        let found = &reader.found()[at];
        let job = pipeline.job(id);
        // What no event starts reads nothing.
        if reader.word() != TargetId::Github.word()
            && !job.possible.is_empty()
            && let Some(name) = never_set(reader, found)
        {
            self.differ(5, Some(job), found, format!("a script sets `{name}` before one reads it"), "none sets it");
        }
        let mut seen = BTreeSet::new();
        for context in walk::contexts(job, &[self.target.id]) {
            let (givers, given, name) = match &context.value {
                Context::Output { job: giver, output } if *giver == id => {
                    if !reads_back(reader, found, output) {
                        self.differ(
                            5,
                            Some(job),
                            found,
                            format!("a step reads `{output}`, which one before it wrote"),
                            "it has no value",
                        );
                    }
                    continue;
                }
                Context::Output { job: giver, output } => (vec![*giver], Given::Output(output), output),
                Context::Image(image) => {
                    let image = &pipeline.images[image.index()];
                    let own = image.builders.iter().filter(|b| pipeline.job(**b).workflow == job.workflow);
                    (own.copied().collect(), Given::Image(&image.name.value), &image.name.value)
                }
                _ => continue,
            };
            if givers.contains(&id) || givers.is_empty() || !seen.insert(name.clone()) {
                continue;
            }
            let from = |giver: &JobId| reader.found().iter().position(|f| f.job == Some(*giver));
            let mut places = givers.iter().filter_map(from).peekable();
            if places.peek().is_some() && !places.any(|from| reader.hands_over(from, at, given)) {
                let giver = &pipeline.job(givers[0]).name.value;
                self.differ(5, Some(job), found, format!("it gets `{name}` of `{giver}`"), "it does not get it");
            }
        }
    }

    /// Point 7: the token. A build of AWS has none: it is its role.
    fn token(&mut self, job: Option<&Job>, found: &Found) {
        // What keys of GitHub make is looked at by nobody.
        if self.target.id.is_aws() || job.is_some_and(Job::is_githubs_own) {
            return;
        }
        for (wanted, is) in token::faults(self.pipeline, self.target.id, job, found) {
            self.differ(7, job, found, wanted, is);
        }
    }

    /// On AWS an environment is what its jobs may read and do. That two runs of one pipeline do not deploy at one time is its queue; between
    /// pipelines, and between batches, it is a loss that the spec accepts.
    fn queue(&mut self, job: &Job, found: &'r Found) {
        let deploys = job.environment.as_ref().is_some_and(|e| e.purpose != Purpose::Verify);
        // What no event starts is in no pipeline.
        if !deploys || self.target.id != TargetId::Codepipeline || job.possible.is_empty() {
            return;
        }
        if found.interruptible {
            self.differ(4, Some(job), found, "no newer run cuts it off", "a newer run may take its place");
        } else if found.lock.is_none() {
            self.differ(4, Some(job), found, "it waits for other runs in its environment", "it waits for none");
        }
    }

    /// Point 7: no more secrets and permissions than the spec gives it.
    fn exposed(&mut self, id: JobId, found: &Found) {
        let pipeline = self.pipeline;
        let job = pipeline.job(id);
        let own = exposure::secrets(pipeline, job, &[self.target.id]);
        let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
        let vendor: BTreeSet<&str> = own.iter().map(|n| environment.map_or(n.as_str(), |e| e.vendor_secret(n))).collect();
        let more: Vec<&str> = found.secrets.iter().map(String::as_str).filter(|s| !vendor.contains(s)).collect();
        if !more.is_empty() {
            self.differ(7, Some(job), found, "no other secrets than it reads", format!("it sees {}", more.join(", ")));
        }
        self.token(Some(job), found);
        // A variable of the whole job is seen by each of its steps.
        let env = pipeline.workflow(job.workflow).env.iter().chain(environment.into_iter().flat_map(|e| &e.env)).chain(&job.env);
        let of_all: BTreeSet<String> = env
            .flat_map(|e| e.value.contexts())
            .filter_map(|c| if let Context::Secret(name) = &c.value { Some(name.clone()) } else { None })
            .collect();
        let Some(at) = self.reader.found().iter().position(|f| std::ptr::eq(f, found)) else { return };
        let symbols = found.env.values().flatten().filter_map(|b| if let Bit::Symbol(s) = b { Some(s) } else { None });
        let wider: Vec<&String> = symbols
            .filter(|s| {
                let is = |name: &String| self.reader.means(at, s, &Context::Secret(name.clone()));
                pipeline.secrets.iter().any(|d| is(&d.name.value)) && !of_all.iter().any(is)
            })
            .collect();
        if let Some(symbol) = wider.first() {
            let is = format!("all of them see {symbol}");
            self.differ(7, Some(job), found, "only the steps that read a secret see it", is);
        }
    }

    /// Points 4 and 6: what is measured or asked there, and whether it holds anything up.
    fn gates(&mut self, id: JobId, found: &Found) {
        let pipeline = self.pipeline;
        let job = pipeline.job(id);
        let measured = job.steps.iter().filter_map(|s| if let StepKind::Gate(gate) = s.kind { Some(gate) } else { None });
        let watched = job.deploy.iter().flat_map(|d| &d.monitor).map(|g| g.value);
        let asked = job.requires.iter().map(|g| g.value).chain(watched);
        let asked = asked.filter(|g| matches!(pipeline.gate(*g).kind, GateKind::Probe(_) | GateKind::Query(_)));
        for gate in measured.chain(asked).map(|g| pipeline.gate(g)) {
            let mark = format!("gate {}: ", gate.name.value);
            let said: Vec<_> = found.texts.iter().filter(|t| t.text.contains(&mark)).collect();
            let soft = said.iter().any(|t| t.soft);
            let name = &gate.name.value;
            if said.is_empty() {
                self.differ(4, Some(job), found, format!("it measures `{name}`"), format!("it does not measure `{name}`"));
            } else if soft != gate.advisory.is_some() {
                let (stops, passes) = (format!("`{name}` fails the job"), format!("`{name}` lets everything pass"));
                let (wanted, is) = if soft { (stops, passes) } else { (passes, stops) };
                self.differ(4, Some(job), found, wanted, is);
            }
        }
    }

    /// A gate that is asked within a script, as those of a rollout are, is no softer than the spec says.
    fn softened(&mut self, id: JobId, found: &Found) {
        let pipeline = self.pipeline;
        for gate in pipeline.gates.iter().filter(|g| g.advisory.is_none()) {
            let mark = format!("gate {}: ", gate.name.value);
            if self.target.id != TargetId::Gitlab && found.texts.iter().any(|t| t.soft && t.text.contains(&mark)) {
                let (wanted, is) =
                    (format!("`{}` stops it", gate.name.value), format!("`{}` lets everything pass", gate.name.value));
                self.differ(4, Some(pipeline.job(id)), found, wanted, is);
            }
        }
    }

    /// Point 5: the artifacts that it reads come from where they are made.
    fn data(&mut self, id: JobId, found: &Found) {
        let pipeline = self.pipeline;
        let job = pipeline.job(id);
        for consumed in &job.consumes {
            let producer = pipeline.job(consumed.producer);
            let Some(from) = self.reader.found().iter().find(|f| f.job == Some(consumed.producer)) else { continue };
            let name = &consumed.name.value;
            let comes = match self.target.id {
                TargetId::Gitlab => found.downloads.contains(&from.id) && from.uploads.contains(&from.id),
                TargetId::Github | TargetId::Codebuild | TargetId::Codepipeline => {
                    let cell = |set: &BTreeSet<String>| set.iter().any(|n| n == name || n.starts_with(&format!("{name}-")));
                    cell(&found.downloads) && cell(&from.uploads)
                }
            };
            if !comes {
                let wanted = format!("it finds artifact `{name}` of `{}`", producer.name.value);
                self.differ(5, Some(job), found, wanted, "it does not find it");
            }
        }
    }

    /// An approval of CodePipeline waits as long as the spec says. Elsewhere what asks is a setting, or has the limit of a job.
    fn lapse(&mut self, gate: GateId, found: &Found) {
        let GateKind::Approval(approval) = &self.pipeline.gate(gate).kind else { return };
        if self.target.id != TargetId::Codepipeline {
            return;
        }
        let own = approval.timeout.as_ref().map(|t| t.value.seconds);
        let same = match (own, found.timeout) {
            (Some(own), Some(is)) => (own..own + 60).contains(&is),
            (own, is) => own == is,
        };
        if !same {
            let shown = |limit: Option<u64>| limit.map_or("as long as the vendor lets it".to_owned(), |s| format!("{s} s"));
            let (wanted, is) = (format!("it waits {}", shown(own)), format!("it waits {}", shown(found.timeout)));
            self.differ(4, None, found, wanted, is);
        }
    }

    /// Jobs beside those of the spec see what their messages need, and nothing else.
    fn beside(&mut self, found: &Found) {
        let pipeline = self.pipeline;
        self.token(None, found);
        let messages = pipeline.workflows.iter().flat_map(|w| exposure::of_messages(pipeline, &w.notify));
        let of_gates = found.asks.iter().flat_map(|g| exposure::of_messages(pipeline, &pipeline.gate(*g).notify));
        let own: BTreeSet<String> = messages.chain(of_gates).collect();
        let more: Vec<&str> = found.secrets.iter().filter(|s| !own.contains(*s)).map(String::as_str).collect();
        if !more.is_empty() {
            self.differ(7, None, found, "no other secrets than its messages need", format!("it sees {}", more.join(", ")));
        }
        found.asks.iter().for_each(|gate| self.lapse(*gate, found));
        if found.interruptible && !found.asks.is_empty() {
            self.differ(4, None, found, "no newer run cuts an approval off", "a newer run may cut it off");
        }
    }
}

/// Whether a job finds what its own steps wrote: GitHub keeps it with the step, elsewhere a line reads it from the file.
fn reads_back(reader: &dyn Reader, found: &Found, output: &str) -> bool {
    let from = format!("=$(sed -n 's/^{output}=//p' \"$PIPEWRIGHT_OUTPUT\"");
    reader.word() == TargetId::Github.word() || found.texts.iter().any(|t| t.text.contains(&from))
}

/// Variables that GitLab does not set: a line of the script works each out. A build of AWS is passed those of the commit.
const WORKED_OUT: &[&str] = &["COMMIT_SHORT", "COMMIT_AUTHOR", "JOB_STATUS", "RUN_EVENT"];

/// Such a variable, or one that stands for a value of the spec, that a script reads and none sets.
fn never_set(reader: &dyn Reader, found: &Found) -> Option<String> {
    let worked_out = if reader.word() == TargetId::Gitlab.word() { WORKED_OUT } else { &[] };
    let is_set = |name: &str| found.env.contains_key(name) || found.texts.iter().any(|t| t.text.contains(&format!("{name}=")));
    let read = found.texts.iter().flat_map(|t| t.text.match_indices('$').map(|(at, _)| &t.text[at + 1..]));
    let names = read.map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default()
    });
    let mut ours = names.filter(|n| n.starts_with("VALUE_") || worked_out.contains(n));
    ours.find(|n| !is_set(n)).map(str::to_owned)
}
