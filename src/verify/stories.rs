//! What someone needs to know who plays a pipeline with stand-ins for its programs: names of jobs on each target, the files they make, and
//! what their gates read. `.ci/tools/stories.sh` makes files that pass or fail from it, so that no example needs a hand-written story.

use crate::ir::Pipeline;
use crate::ir::gate::{Gate, GateKind, Limit, Reading};
use crate::ir::id::JobId;
use crate::ir::text::{Part, Text};
use crate::plan::Plan;
use crate::plan::job::JobSource;

/// Lines of fields with a tab between them; the first field says what the line is:
/// `job JOB TARGET ID` · `deploys JOB` · `makes JOB PATH` · `schedule NAME CRON` ·
/// `measure GATE JOB FILE HOW PATH SCALE BOUND LIMIT` · `findings GATE JOB FILE FORMAT SEVERITY MOST` · `junit GATE JOB FILE` ·
/// `probe GATE URL STATUS` · `query GATE SYSTEM QUERY SCALE BOUND LIMIT`. JOB is `workflow.job`; the gates that only report are `advisory` before
/// their word (`advisory measure …`).
pub fn table(pipeline: &Pipeline, plans: &[Plan<'_>]) -> String {
    let mut out = Table { pipeline, text: String::new() };
    for plan in plans {
        let target = plan.target.id.word();
        for workflow in &plan.workflows {
            for job in &workflow.jobs {
                let JobSource::Spec(id) = job.source else { continue };
                out.row(&["job", &out.name(id), target, &job.id]);
            }
        }
    }
    for workflow in &pipeline.workflows {
        for schedule in &workflow.schedules {
            out.row(&["schedule", &schedule.name.value, &schedule.cron.value.to_string()]);
        }
        for id in &workflow.jobs {
            let (job, name) = (pipeline.job(*id), out.name(*id));
            if job.deploy.is_some() {
                out.row(&["deploys", &name]);
            }
            let reported = job.reports.iter().flat_map(|r| &r.paths);
            for path in job.produces.iter().flat_map(|a| &a.paths).chain(reported) {
                out.row(&["makes", &name, &path.value]);
            }
        }
    }
    for gate in &pipeline.gates {
        out.gate(gate);
    }
    out.text
}

struct Table<'a> {
    pipeline: &'a Pipeline,
    text: String,
}

impl Table<'_> {
    fn name(&self, id: JobId) -> String {
        let workflow = self.pipeline.workflows.iter().find(|w| w.jobs.contains(&id)).map_or("", |w| &w.name.value);
        format!("{workflow}.{}", self.pipeline.job(id).name.value)
    }

    fn row(&mut self, fields: &[&str]) {
        let plain: Vec<String> = fields.iter().map(|f| f.replace(['\t', '\n'], " ")).collect();
        self.text.push_str(&plain.join("\t"));
        self.text.push('\n');
    }

    fn gate(&mut self, gate: &Gate) {
        let word = |word: &str| if gate.advisory.is_some() { format!("advisory {word}") } else { word.to_owned() };
        let jobs: Vec<String> = gate.producers.iter().map(|id| self.name(*id)).collect();
        match &gate.kind {
            GateKind::Measure(measure) => {
                for job in &jobs {
                    for source in &measure.sources {
                        let (how, path) = reading(&source.read);
                        let file = source.file.as_ref().map_or("", |f| &f.value);
                        for limit in &measure.limits {
                            let scale = source.scale.to_string();
                            let [bound, value] = limit_of(&limit.value);
                            self.row(&[&word("measure"), &gate.name.value, job, file, how, path, &scale, &bound, &value]);
                        }
                    }
                }
            }
            GateKind::Findings(findings) => {
                for job in &jobs {
                    for file in &findings.files {
                        for (severity, most) in &findings.limits {
                            let most = most.to_string();
                            let format = &findings.format.value;
                            let row = [&word("findings"), &gate.name.value, job, &file.value, format, &severity.value, &most];
                            self.row(&row.map(String::as_str));
                        }
                    }
                }
            }
            GateKind::Junit { files } => {
                for job in &jobs {
                    for file in files {
                        self.row(&[&word("junit"), &gate.name.value, job, &file.value]);
                    }
                }
            }
            GateKind::Probe(probe) => {
                let url = probe.url.as_literal().unwrap_or_default();
                self.row(&[&word("probe"), &gate.name.value, url, &probe.status.to_string()]);
            }
            GateKind::Query(query) => {
                let (scale, text) = (query.scale.to_string(), longest_literal(&query.query));
                for limit in &query.limits {
                    let [bound, value] = limit_of(&limit.value);
                    self.row(&[&word("query"), &gate.name.value, &query.system.value, text, &scale, &bound, &value]);
                }
            }
            // People, hours and commands: nothing to read.
            GateKind::Approval(_) | GateKind::Check { .. } | GateKind::Window(_) => {}
        }
    }
}

/// What a query is known by wherever it is asked: environments fill in the rest of it.
fn longest_literal(text: &Text) -> &str {
    let literals = text.parts.iter().filter_map(|part| match part {
        Part::Literal(literal) => Some(literal.as_str()),
        Part::Context(_) => None,
    });
    literals.max_by_key(|literal| literal.len()).unwrap_or_default()
}

fn limit_of(limit: &Limit) -> [String; 2] {
    [limit.bound.word().to_owned(), limit.value.to_string()]
}

/// How a figure is read, and where in the file; a command has no path that a file could be made from.
fn reading(reading: &Reading) -> (&'static str, &str) {
    match reading {
        Reading::Json(path) => ("json", &path.value),
        Reading::Xml(path) => ("xml", &path.value),
        Reading::Regex(pattern) => ("regex", &pattern.value),
        Reading::Command(text) => ("command", text.as_literal().unwrap_or_default()),
    }
}
