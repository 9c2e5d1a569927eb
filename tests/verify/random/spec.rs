//! Random specs, as KDL text. Every choice is a small number of which 0 is the plain one, so that shrinking makes a spec plain.

use proptest::collection::vec;
use proptest::prelude::*;

use super::features::{Around, DECLARED};
use super::home::Home;
use super::job::{Job, hardly, job, seldom};

const BRANCHES: &[&str] = &["main", "develop", "\"feature/*\"", "\"release/**\"", "\"{hot,bug}fix/*\"", "\"[a-m]?*\"", "\"**\""];
const TAGS: &[&str] = &["\"v*\"", "\"v*.*.*\"", "\"beta-?\"", "\"{rc,pre}-*\""];
const KINDS: &[&str] = &["push", "tag", "pull-request", "schedule", "manual", "release"];

/// A spec: what may be permuted lies in lists.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// Both vendors, or one of them.
    targets: u8,
    environments: Vec<Environment>,
    workflows: Vec<Workflow>,
}

#[derive(Clone, Debug)]
struct Environment {
    tier: u8,
    gate: u8,
    after: u8,
    lock: u8,
}

#[derive(Clone, Debug)]
struct Workflow {
    on: Vec<Clause>,
    /// Jobs of a stage; 0 for no stages.
    stage: u8,
    stage_needs: u8,
    stage_only: u8,
    concurrency: u8,
    /// A twist of the whole workflow.
    twist: u8,
    jobs: Vec<Job>,
}

#[derive(Clone, Debug)]
struct Clause {
    kind: u8,
    names: Vec<u8>,
    twist: u8,
}

fn clause() -> impl Strategy<Value = Clause> {
    (0..6u8, vec(0..7u8, 0..3), seldom(6)).prop_map(|(kind, names, twist)| Clause { kind, names, twist })
}

fn workflow() -> impl Strategy<Value = Workflow> {
    (vec(clause(), 1..4), seldom(3), seldom(3), seldom(8), seldom(4), hardly(6), vec(job(), 1..7)).prop_map(
        |(on, stage, stage_needs, stage_only, concurrency, twist, jobs)| Workflow {
            on,
            stage,
            stage_needs,
            stage_only,
            concurrency,
            twist,
            jobs,
        },
    )
}

pub(super) fn spec() -> impl Strategy<Value = Spec> {
    let environment = (0..4u8, seldom(7), seldom(2), seldom(2));
    let environment = environment.prop_map(|(tier, gate, after, lock)| Environment { tier, gate, after, lock });
    (hardly(2), vec(environment, 0..4), vec(workflow(), 1..4)).prop_map(|(targets, environments, workflows)| Spec {
        targets,
        environments,
        workflows,
    })
}

const HEAD: &str = "pipeline random { language 1; default-branch main; timeout \"10m\" }\nsecret TOKEN\n";

const QUERY: &str =
    "query prometheus=\"sum(rate(errors[5m])) / sum(rate(requests[5m]))\" unit=ratio address=(var)METRICS; at-most \"5%\"";
const ROUNDS: &str = "approval { from ops; count 2; via sequential; message \"Go on?\" }";

impl Clause {
    /// The clause without most of what a target of AWS has not.
    fn fit(&self, home: Home) -> Self {
        let kind = match self.kind {
            5 => 1,
            4 if home == Home::Codebuild => 0,
            kind => kind,
        };
        let twist = match (kind, self.twist) {
            (2, 1) => 0,
            (2, 6) => 4,
            (2, 5) if home == Home::Codepipeline => 2,
            (0 | 2, 3) if home == Home::Codebuild => 2,
            (_, twist) => twist,
        };
        Self { kind, names: self.names.clone(), twist }
    }

    fn word(&self) -> &'static str {
        KINDS[usize::from(self.kind)]
    }

    fn name(&self) -> Option<&'static str> {
        let pool = if self.kind == 1 { TAGS } else { BRANCHES };
        self.names.first().map(|n| pool[usize::from(*n) % pool.len()])
    }

    fn text(&self, workflow: &str) -> String {
        let pool = if self.kind == 1 { TAGS } else { BRANCHES };
        let mut names: Vec<&str> = self.names.iter().map(|n| pool[usize::from(*n) % pool.len()]).collect();
        names.dedup();
        let names: String = names.iter().map(|n| format!(" {n}")).collect();
        let block = match (self.kind, self.twist) {
            (0, 1) => "except \"feature/wip\"",
            (0 | 2, 2) => "paths \"src/**\"",
            (0 | 2, 3) => "ignore-paths \"docs/**\" \"*.md\"",
            (0, 4) => "except \"feature/wip\"; paths \"src/**\" Makefile",
            (1, 1) => "except \"v0.*\"",
            (2, 1) => "exclude-forks",
            (2, 4) => "types opened updated",
            (2, 5) => "head \"feature/*\"",
            (2, 6) => "types opened; exclude-forks",
            (4, 1 | 3) => "input fast type=boolean default=#false",
            (4, 4) => "input level type=choice default=low { option low high }",
            (4, 5) => "input text type=string default=none",
            (4, 6) => "input fast type=boolean default=#false; input where type=environment",
            _ => "",
        };
        let block = if block.is_empty() { String::new() } else { format!(" {{ {block} }}") };
        match self.kind {
            3 if self.twist == 1 => {
                format!("schedule daily-{workflow} \"10 3 * * *\"; schedule weekly-{workflow} \"10 6 * * 1\"")
            }
            3 => format!("schedule daily-{workflow} \"10 3 * * *\""),
            4 if self.twist == 2 || self.twist == 3 => format!("manual branch=main{block}"),
            4 => format!("manual{block}"),
            5 => "release published".to_owned(),
            _ => format!("{}{names}{block}", self.word()),
        }
    }

    /// A filter within the clause.
    fn part(&self, workflow: &str, narrow: bool, touched: bool) -> String {
        match self.kind {
            0 | 2 if touched => format!("{} {{ paths \"docs/**\" }}", self.word()),
            3 => format!("schedule daily-{workflow}"),
            0..3 => format!("{}{}", self.word(), self.name().filter(|_| narrow).map(|n| format!(" {n}")).unwrap_or_default()),
            _ => self.word().to_owned(),
        }
    }
}

impl Workflow {
    /// One clause of each kind.
    fn clauses(&self) -> Vec<&Clause> {
        let mut found: Vec<&Clause> = Vec::new();
        for clause in &self.on {
            if found.iter().all(|c| c.kind != clause.kind) {
                found.push(clause);
            }
        }
        found
    }

    fn only(&self, workflow: &str, choice: u8, trusted: bool) -> String {
        let clauses: Vec<&Clause> = self.clauses().into_iter().filter(|c| !trusted || c.kind != 2).collect();
        if clauses.is_empty() || (choice == 0 && clauses.len() == self.clauses().len()) {
            return String::new();
        }
        let parts: Vec<String> = match choice {
            0 => clauses.iter().map(|c| c.part(workflow, false, false)).collect(),
            9.. => clauses.iter().map(|c| c.part(workflow, false, true)).collect(),
            n => vec![clauses[usize::from(n) % clauses.len()].part(workflow, n > 4, n > 6)],
        };
        format!("only {{ {} }}", parts.join("; "))
    }

    fn condition(&self, choice: u8, only: bool) -> String {
        let clauses = self.clauses();
        let input = clauses.iter().find(|c| c.kind == 4).map_or(0, |c| c.twist);
        let said = match (choice, input) {
            (0, _) => return String::new(),
            (1 | 2, 1 | 3 | 6) if !only => "!input.fast".to_owned(),
            (1 | 2, 4) if !only => "input.level == 'high'".to_owned(),
            (1 | 2, 5) if !only => "input.text == 'x'".to_owned(),
            (5, _) if !only => "var.LEVEL == '4'".to_owned(),
            (2, 0) if !only => "var.SWITCH != 'off'".to_owned(),
            (6, _) if !only => "run.actor != 'robot'".to_owned(),
            (7, _) if clauses.iter().any(|c| c.kind == 2) && !only => {
                "pr.target == 'main' || run.event != 'pull-request'".to_owned()
            }
            (4, 0) if clauses.iter().any(|c| c.kind == 0 && c.names.is_empty()) && !only => {
                "var.SWITCH != 'off' || commit.branch matches 'feature/*'".to_owned()
            }
            (8, _) if clauses.iter().any(|c| c.kind == 0 && c.names.is_empty()) && !only => {
                "commit.branch matches 'feature/*' || commit.branch in ['main', 'develop']".to_owned()
            }
            (9, _) if clauses.iter().any(|c| c.kind == 1 && c.names.is_empty()) && !only => {
                "!(commit.tag matches 'v*')".to_owned()
            }
            (3, _) if clauses.iter().any(|c| c.kind == 0) && clauses.iter().any(|c| c.kind != 0) && !only => {
                "value.phase != 'early'".to_owned()
            }
            (4, _) if clauses.iter().any(|c| c.kind == 1) && clauses.iter().any(|c| c.kind != 1) && !only => {
                "value.phase in ['early', 'other']".to_owned()
            }
            (1..=4, _) if clauses.len() > 1 && !only => format!("run.event != '{}'", clauses[0].word()),
            _ if clauses.iter().any(|c| c.kind == 0 && c.names.is_empty()) && !only => "commit.branch == 'main'".to_owned(),
            _ => return String::new(),
        };
        format!("if \"{said}\"")
    }

    fn text(&self, name: &str, environments: usize) -> String {
        let on: Vec<String> = self.clauses().iter().map(|c| c.text(name)).collect();
        let dedupe = if self.twist == 6 { "; dedupe" } else { "" };
        let mut out = format!("workflow {name} {{\n    on {{ {}{dedupe} }}\n", on.join("; "));
        out += match self.concurrency {
            1 => "    concurrency per=branch cancel-running\n",
            2 => "    concurrency per=workflow\n",
            3 => "    concurrency per=branch queue=latest\n",
            _ => "",
        };
        out += match self.twist {
            1 => "    notify ops on=failure \"a run failed\"\n",
            2 => "    notify ops on=always \"a run ended\"\n",
            3 => "    notify mail on=started \"a run started\"; notify ops on=success \"and went well\"\n",
            4 => "    env MODE=\"ci\"\n",
            _ => "",
        };
        if self.twist == 5 {
            out += &format!("    each which one two {{ job \"{name}-${{each.which}}\" {{ run \"make ${{each.which}}\" }} }}\n");
        }
        let (size, mut entered) = (usize::from(self.stage), Vec::new());
        let event = self.clauses().get(1).map(|c| c.word());
        let mut filters: Vec<String> = Vec::new();
        for (at, job) in self.jobs.iter().enumerate() {
            let stage = at.checked_div(size).unwrap_or(0);
            let staged = stage == 1 && self.stage_only > 0;
            let stage_only = if staged { self.only(name, self.stage_only, false) } else { String::new() };
            if size > 0 && at % size == 0 {
                let needs = match self.stage_needs {
                    1 => "; needs none".to_owned(),
                    2 if stage > 1 => format!("; needs {name}-s{}", stage - 2),
                    _ => String::new(),
                };
                let needs = if stage == 0 { "" } else { needs.as_str() };
                let only = if stage_only.is_empty() { String::new() } else { format!("; {stage_only}") };
                out += &format!("    stage {name}-s{stage} {{{}\n", format!("{needs}{only}").trim_start_matches(';'));
            }
            let environment = usize::from(job.deploy).checked_sub(1).filter(|e| *e < environments && !entered.contains(e));
            let trusted = environment.is_none() || self.clauses().iter().any(|c| c.kind != 2);
            let environment = environment.filter(|_| trusted && !staged);
            entered.extend(environment);
            let own = if staged { String::new() } else { self.only(name, job.only, environment.is_some()) };
            let condition = self.condition(job.condition, staged || !own.is_empty());
            filters.push([stage_only.as_str(), &own, &condition].concat());
            let around = Around { workflow: name, to: environment, event };
            out += &job.text(at, &self.jobs, &filters, &[own, condition], &around);
            if size > 0 && (at % size == size - 1 || at + 1 == self.jobs.len()) {
                out += "    }\n";
            }
        }
        out + "}\n"
    }
}

impl Spec {
    /// The spec without most of what a target of AWS has not: what is left of that is refused.
    pub(super) fn fit(&self, home: Home) -> Self {
        let batch = home == Home::Codebuild;
        let environment = |e: &Environment| Environment {
            gate: if batch && (e.gate == 1 || e.gate == 5) { 0 } else { e.gate },
            after: e.after.min(1),
            ..e.clone()
        };
        let workflow = |w: &Workflow| Workflow {
            on: w.on.iter().map(|c| c.fit(home)).collect(),
            stage_only: if w.stage_only > 6 { w.stage_only - 6 } else { w.stage_only },
            twist: if batch && w.twist < 4 { 0 } else { w.twist },
            jobs: w.jobs.iter().map(|j| j.fit(home)).collect(),
            ..w.clone()
        };
        Self {
            targets: self.targets,
            environments: self.environments.iter().map(environment).collect(),
            workflows: self.workflows.iter().map(workflow).collect(),
        }
    }

    /// The declarations that may stand in any order, below the head.
    pub(super) fn parts(&self, home: Home) -> Vec<String> {
        let mut parts: Vec<String> = DECLARED.iter().chain(home.asks()).map(|d| (*d).to_owned()).collect();
        parts.push(home.targets(self.targets).to_owned());
        for (at, environment) in self.environments.iter().enumerate() {
            let gate = [
                "",
                "approval { from ops }",
                "check { run \"./policy.sh\" }",
                "probe http=\"https://example.com/health\"",
                QUERY,
                ROUNDS,
            ];
            let gate = gate
                .get(usize::from(environment.gate))
                .copied()
                .unwrap_or("window timezone=\"Europe/Berlin\" { deny \"Fri 16:00\" \"Mon 08:00\" }");
            let mut text = format!(
                "environment env{at} {{\n    tier {}\n",
                ["development", "testing", "staging", "production"][usize::from(environment.tier)]
            );
            if environment.after > 0 && at > 0 {
                text += &format!("    after env{}{}\n", at - 1, if environment.after == 2 { " strict" } else { "" });
            }
            text += ["", "    concurrency 1\n", "    concurrency 1 queue=latest\n"][usize::from(environment.lock)];
            if !gate.is_empty() {
                text += &format!("    requires guard{at}\n");
                parts.push(format!("gate guard{at} {{ {gate} }}\n"));
            }
            parts.push(text + "}\n");
        }
        for (at, workflow) in self.workflows.iter().enumerate() {
            parts.push(workflow.text(["a", "b", "c"][at], self.environments.len()));
        }
        parts
    }

    /// The text of a spec of these parts.
    pub(super) fn text(parts: &[String], home: Home) -> String {
        let accepts: String = home.accepts().iter().map(|a| format!("accept {a} reason=\"a random spec\"\n")).collect();
        format!("{HEAD}{accepts}{}", parts.concat())
    }

    /// The parts with one more job, in a workflow without stages, that has nothing to do with the others.
    pub(super) fn with_unrelated(parts: &[String]) -> Option<Vec<String>> {
        let at = parts.iter().position(|p| p.starts_with("workflow") && !p.contains("    stage "))?;
        let mut parts = parts.to_vec();
        let body = parts[at].strip_suffix("}\n")?;
        parts[at] = format!("{body}        job unrelated {{ timeout \"9m\"; run \"make unrelated\" }}\n}}\n");
        Some(parts)
    }

    /// Whether this is the name of a random job.
    pub(super) fn is_job(name: &str) -> bool {
        name.len() == 2 && name.starts_with(['a', 'b', 'c']) && name.ends_with(|c: char| c.is_ascii_digit())
    }
}
