//! A random job, as KDL text.

use proptest::collection::vec;
use proptest::prelude::*;

use super::features::{self, Around};
use super::home::Home;

#[derive(Clone, Debug)]
pub(super) struct Job {
    needs: Vec<(u8, u8)>,
    pub(super) only: u8,
    pub(super) condition: u8,
    when: u8,
    pub(super) deploy: u8,
    gate: u8,
    requires: u8,
    asks: u8,
    data: u8,
    matrix: u8,
    parts: Vec<u8>,
    watch: u8,
}

/// Mostly plain.
pub(super) fn seldom(most: u8) -> impl Strategy<Value = u8> {
    prop_oneof![2 => Just(0), 1 => 1..=most]
}

/// Hardly ever anything but plain.
pub(super) fn hardly(most: u8) -> impl Strategy<Value = u8> {
    prop_oneof![9 => Just(0), 1 => 1..=most]
}

pub(super) fn job() -> impl Strategy<Value = Job> {
    let wiring = (vec((0..6u8, 0..9u8), 0..3), seldom(10), seldom(9), seldom(3), seldom(3));
    let content = (seldom(4), seldom(6), hardly(4), seldom(4), seldom(4), vec(0..features::PARTS, 0..3), seldom(7));
    (wiring, content).prop_map(|((needs, only, condition, when, deploy), (gate, requires, asks, data, matrix, parts, watch))| {
        Job { needs, only, condition, when, deploy, gate, requires, asks, data, matrix, parts, watch }
    })
}

impl Job {
    /// The job without most of what a target of AWS has not: to run after a failure, to ask for files or for who started the run, to ask people in a batch.
    pub(super) fn fit(&self, home: Home) -> Self {
        let asks = if home == Home::Codebuild { 0 } else { self.asks };
        Self {
            only: if self.only > 6 { self.only - 6 } else { self.only },
            condition: if self.condition == 6 { 5 } else { self.condition },
            when: 0,
            asks,
            parts: self.parts.iter().copied().filter(|p| features::fits(*p)).collect(),
            ..self.clone()
        }
    }

    /// The text of the job `at` of the workflow; `filters` are those of the jobs up to it, `own` its filter and condition.
    pub(super) fn text(&self, at: usize, jobs: &[Self], filters: &[String], own: &[String], around: &Around<'_>) -> String {
        let workflow = around.workflow;
        let name = format!("{workflow}{at}");
        let (mut lines, mut waits) = (own.to_vec(), false);
        let safe = |j: usize| filters[j].is_empty() || filters[j] == filters[at];
        let (mut strict, mut loose): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (which, how) in self.needs.iter().filter(|_| at > 0) {
            let other = usize::from(*which) % at;
            if !strict.contains(&other) && !loose.contains(&other) {
                if (*how < 5 && safe(other)) || *how == 8 { strict.push(other) } else { loose.push(other) }
            }
        }
        for (word, list) in [("needs", &strict), ("after", &loose)] {
            if !list.is_empty() {
                waits = true;
                lines.push(format!("{word}{}", list.iter().map(|j| format!(" {workflow}{j}")).collect::<String>()));
            }
        }
        if waits && around.to.is_none() && self.when > 0 {
            lines.push(["when failure", "when always", "when success"][usize::from(self.when) - 1].to_owned());
        }
        let mut required = Vec::new();
        if self.requires > 0 {
            required.extend((0..at).find(|j| (1..3).contains(&jobs[*j].gate) && safe(*j)).map(|j| format!("g-{workflow}{j}")));
        }
        if self.asks > 0 {
            required.push(format!("ask{}", (self.asks - 1) % 2));
        }
        if !required.is_empty() {
            lines.push(format!("requires {}", required.join(" ")));
        }
        let earlier = |data: u8| (0..at).find(|j| jobs[*j].data == data && safe(*j) && jobs[*j].matrix == 0);
        match self.data {
            2 => lines.extend(earlier(1).map(|j| format!("consumes out-{workflow}{j}"))),
            4 => lines.extend(earlier(3).map(|j| format!("run \"echo ${{job.{workflow}{j}.figure}}\""))),
            _ => {}
        }
        if around.to.is_none() {
            lines.push(match self.matrix {
                1 => "matrix { axis v \"1\" \"2\" }".to_owned(),
                2 => "matrix { axis v \"1\" \"2\"; axis os a b; exclude v=\"1\" os=b }".to_owned(),
                3 => "matrix { axis v \"1\" \"2\" \"3\"; max-parallel 2; fail-fast }".to_owned(),
                4 => "matrix { axis v \"1\" \"2\"; include v=\"3\" kind=extra }".to_owned(),
                _ => String::new(),
            });
        }
        lines.push(format!("run \"make {name}\""));
        let mut parts = self.parts.clone();
        parts.sort_unstable();
        parts.dedup();
        lines.extend(parts.iter().map(|p| features::part(*p, &name, filters[at].is_empty(), around)));
        match self.data {
            1 => lines.push(format!("produces out-{name} \"out/{name}/\"")),
            3 if self.matrix == 0 || around.to.is_some() => {
                lines.push("output figure".to_owned());
                lines.push("run \"echo figure=1 >> $PIPEWRIGHT_OUTPUT\"".to_owned());
                if !lines.iter().any(|l| l.starts_with("retry")) {
                    lines.push(format!("run \"make figure ${{job.{name}.figure}}\" if=\"job.{name}.figure == '1'\""));
                }
            }
            _ => {}
        }
        let gate = |kind: &str| format!("gate g-{name} {kind}");
        lines.push(match self.gate {
            1 => gate("percent file=\"c.json\" json=\".total\" at-least=\"80%\""),
            2 => gate("findings file=\"t.sarif\" { critical 0; high 0 }"),
            3 => gate("count file=\"n.txt\" regex=\"([0-9]+)\" at-most=5 { advisory }"),
            4 => gate("junit file=\"junit.xml\""),
            _ => String::new(),
        });
        if around.to.is_some() {
            lines.push(features::watch(self.watch));
        }
        lines.retain(|l| !l.is_empty());
        let head = around.to.map_or(format!("job {name}"), |e| format!("deploy {name} to=env{e}"));
        let lines: String = lines.iter().map(|l| format!("            {l}\n")).collect();
        format!("        {head} {{\n{lines}        }}\n")
    }
}
