//! A random job, as KDL text.

use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(super) struct Job {
    needs: Vec<(u8, u8)>,
    pub(super) only: u8,
    pub(super) condition: u8,
    when: u8,
    pub(super) deploy: u8,
    gate: u8,
    requires: u8,
    data: u8,
    matrix: u8,
    parts: Vec<u8>,
}

/// Mostly plain.
pub(super) fn seldom(most: u8) -> impl Strategy<Value = u8> {
    prop_oneof![2 => Just(0), 1 => 1..=most]
}

pub(super) fn job() -> impl Strategy<Value = Job> {
    let wiring = (vec((0..6u8, 0..9u8), 0..3), seldom(8), seldom(4), seldom(3), seldom(3));
    let content = (seldom(3), seldom(6), seldom(2), seldom(3), vec(0..9u8, 0..3));
    (wiring, content).prop_map(|((needs, only, condition, when, deploy), (gate, requires, data, matrix, parts))| Job {
        needs,
        only,
        condition,
        when,
        deploy,
        gate,
        requires,
        data,
        matrix,
        parts,
    })
}

impl Job {
    pub(super) fn text(
        &self,
        workflow: &str,
        at: usize,
        jobs: &[Self],
        filters: &[String],
        own: &[String],
        (to, event): (Option<usize>, Option<&str>),
    ) -> String {
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
        if waits && to.is_none() && self.when > 0 {
            lines.push(["when failure", "when always", "when success"][usize::from(self.when) - 1].to_owned());
        }
        if self.requires > 0
            && let Some(j) = (0..at).find(|j| jobs[*j].gate > 0 && jobs[*j].gate < 3 && safe(*j))
        {
            lines.push(format!("requires g-{workflow}{j}"));
        }
        if self.data == 2
            && let Some(j) = (0..at).find(|j| jobs[*j].data == 1 && safe(*j))
        {
            lines.push(format!("consumes out-{workflow}{j}"));
        }
        if to.is_none() {
            lines.push(match self.matrix {
                1 => "matrix { axis v \"1\" \"2\" }".to_owned(),
                2 => "matrix { axis v \"1\" \"2\"; axis os a b; exclude v=\"1\" os=b }".to_owned(),
                3 => "matrix { axis v \"1\" \"2\" \"3\"; max-parallel 2; fail-fast }".to_owned(),
                _ => String::new(),
            });
        }
        lines.push(format!("run \"make {name}\""));
        let mut parts = self.parts.clone();
        parts.sort_unstable();
        parts.dedup();
        lines.extend(parts.iter().map(|p| match p {
            0 => "run \"./always.sh\" when=always".to_owned(),
            1 => "run \"./log.sh\" when=failure".to_owned(),
            2 if to.is_none() => "allow-failure".to_owned(),
            3 => "retry 1".to_owned(),
            4 => "env REF=\"${commit.sha}\" KEY=(secret)TOKEN".to_owned(),
            5 => "finally { run \"./clean.sh\" }".to_owned(),
            6 => "service redis image=\"redis:7\" port=6379".to_owned(),
            7 if to.is_none() => format!("concurrency lock-{name}"),
            8 if filters[at].is_empty() => {
                event.map_or(String::new(), |e| format!("run \"./event.sh\" {{ if \"run.event == '{e}'\" }}"))
            }
            _ => String::new(),
        }));
        if self.data == 1 {
            lines.push(format!("produces out-{name} \"out/{name}/\""));
        }
        let gate = |kind: &str| format!("gate g-{name} {kind}");
        lines.push(match self.gate {
            1 => gate("percent file=\"c.json\" json=\".total\" at-least=\"80%\""),
            2 => gate("findings file=\"t.sarif\" { critical 0; high 0 }"),
            3 => gate("count file=\"n.txt\" regex=\"([0-9]+)\" at-most=5 { advisory }"),
            _ => String::new(),
        });
        lines.retain(|l| !l.is_empty());
        let head = to.map_or(format!("job {name}"), |e| format!("deploy {name} to=env{e}"));
        let lines: String = lines.iter().map(|l| format!("            {l}\n")).collect();
        format!("        {head} {{\n{lines}        }}\n")
    }
}
