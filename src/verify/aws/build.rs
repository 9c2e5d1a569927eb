//! A buildspec: what one build does
//! (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>).
//!
//! Commands of a phase run one after another and end at the first that fails; `post_build` runs whatever came of `build`.

use std::collections::{BTreeMap, BTreeSet};

use crate::verify::aws::acts::{acts, written};
use crate::verify::aws::evaluate::{End, Known, Shell};
use crate::verify::aws::shell::{Command, Line, commands};
use crate::verify::aws::words::{Token, tokens};
use crate::verify::behaviour::{Act, Said};
use crate::verify::yaml::{self, Node};

/// What a build does.
#[derive(Debug)]
pub(super) struct Build {
    /// Its scripts, in order.
    pub(super) texts: Vec<Said>,
    /// Variables that the buildspec sets.
    pub(super) variables: BTreeMap<String, Known>,
    /// Ids of the Secrets Manager by the names of variables.
    pub(super) secrets: BTreeMap<String, String>,
    /// What decides whether it does its work.
    guard: Option<Guard>,
    /// What it runs, line by line.
    pub(super) acts: Vec<Act>,
    /// Seconds after which its work is stopped.
    pub(super) limit: Option<u64>,
    /// Whether it ends green when its steps fail with 1.
    pub(super) forgiven: bool,
    /// Files of the bucket that it writes and reads.
    pub(super) stores: BTreeSet<String>,
    pub(super) fetches: BTreeSet<String>,
    /// Variables that its scripts set.
    pub(super) assigned: BTreeSet<String>,
    /// Variables that they read in any case and without a fallback: a shell with `-u` ends where one is not set.
    pub(super) reads: BTreeSet<String>,
    /// Its commands that only work out variables, in their order.
    pub(super) prepared: Vec<Command>,
}

/// `test || { …; exit 0; }` at the top of a script.
#[derive(Debug)]
struct Guard {
    before: Vec<Command>,
    test: Command,
    /// Variables come from a file that another build wrote: what is not set otherwise may be there.
    open: bool,
}

/// The keys of a buildspec, and those of a phase, of which the meaning is known here.
const KEYS: &[&str] = &["version", "env", "phases", "reports", "cache", "artifacts"];
const PHASES: &[&str] = &["install", "pre_build", "build"];
const OF_PHASE: &[&str] = &["commands", "runtime-versions"];

impl Build {
    /// Reads a buildspec.
    ///
    /// # Errors
    /// What is not understood, with its line.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let root = yaml::read(text)?;
        let unknown = |node: &Node, known: &[&str]| {
            let strange = node.rows().iter().find(|(k, _)| !known.contains(&k.as_str()));
            strange.map_or(Ok(()), |(k, n)| Err(format!("line {}: `{k}` is not known here", n.line)))
        };
        unknown(&root, KEYS)?;
        let env = |key: &str| -> BTreeMap<String, String> {
            let rows = root.path(&["env", key]).map(Node::rows).unwrap_or_default();
            rows.iter().map(|(name, n)| (name.clone(), n.text().unwrap_or_default().to_owned())).collect()
        };
        let mut variables: BTreeMap<String, Known> = env("variables").into_iter().map(|(n, v)| (n, Some(v))).collect();
        let secrets = env("secrets-manager");
        variables.extend(env("parameter-store").into_keys().chain(secrets.keys().cloned()).map(|n| (n, None)));
        let (acts, limit) = acts(&root);
        let mut build = Self {
            acts,
            limit,
            texts: Vec::new(),
            variables,
            secrets,
            guard: None,
            forgiven: false,
            stores: BTreeSet::new(),
            fetches: BTreeSet::new(),
            assigned: BTreeSet::new(),
            reads: BTreeSet::new(),
            prepared: Vec::new(),
        };
        let (mut scripts, mut behind): (BTreeMap<String, String>, BTreeSet<String>) = <_>::default();
        for (name, phase) in root.get("phases").map(Node::rows).unwrap_or_default() {
            unknown(phase, OF_PHASE)?;
            if name != "post_build" && !PHASES.contains(&name.as_str()) {
                return Err(format!("line {}: phase `{name}` is not known here", phase.line));
            }
            let last = name == "post_build";
            for text in phase.get("commands").map(Node::texts).unwrap_or_default() {
                behind.extend(build.command(&text, last, &mut scripts));
            }
        }
        let leaks = build.guard.is_some() && scripts.iter().any(|(file, s)| behind.contains(file) && !asks(s));
        if leaks {
            return Err("what runs behind the steps runs for every event".to_owned());
        }
        build.data();
        Ok(build)
    }

    /// One command of a phase: on those of the last the outcome of the steps does not hang. The script that it runs there is handed back.
    fn command(&mut self, text: &str, last: bool, scripts: &mut BTreeMap<String, String>) -> Option<String> {
        if let Some((file, script)) = written(text) {
            scripts.insert(file.to_owned(), script.to_owned());
            return None;
        }
        let lines = commands(text);
        let named = scripts.iter().find(|(file, _)| text.split_whitespace().any(|w| w == file.as_str()));
        match named {
            Some((file, script)) if last => {
                self.after(&commands(script));
                return Some(file.clone());
            }
            Some((file, script)) => self.script(&lines, text, file, &commands(script)),
            None => self.say(&lines, last),
        }
        None
    }

    /// A script that a command runs.
    fn script(&mut self, run: &[Line], text: &str, file: &str, lines: &[Line]) {
        let strict = text.contains(" -eu");
        let fails = |words: &[String]| words.iter().any(|w| w == file).then_some(1);
        let mut shell = Shell::new(BTreeMap::new(), &fails);
        let run: Vec<Command> = run.iter().map(|l| l.command.clone()).collect();
        self.forgiven = shell.all(&run).well() == Some(true);
        self.guard = guard(lines);
        for (at, one) in lines.iter().enumerate() {
            self.assign(&one.command);
            let soft = soft(&one.command, strict) || !strict && at + 1 < lines.len();
            self.texts.push(Said { text: one.text.clone(), soft });
        }
    }

    /// What runs behind the steps fails the build only where its failure is counted.
    fn after(&mut self, lines: &[Line]) {
        for (at, line) in lines.iter().enumerate() {
            self.assign(&line.command);
            let counted = lines.get(at + 1).is_some_and(|l| l.text.starts_with("failed=")) || line.text.contains("failed=$((");
            self.texts.push(Said { text: line.text.clone(), soft: !counted });
        }
    }

    /// Notes what a command sets and reads.
    fn assign(&mut self, command: &Command) {
        read(command, &mut self.reads);
        set(command, &mut self.assigned);
        if prepares(command) {
            self.prepared.push(command.clone());
        }
    }

    /// What it writes to the bucket, and reads from it: `aws s3 cp FROM TO`.
    fn data(&mut self) {
        for said in &self.texts {
            for (at, call) in said.text.match_indices("s3 cp ") {
                let line = said.text[at + call.len()..].lines().next().unwrap_or_default();
                let words: Vec<String> = tokens(line)
                    .unwrap_or_default()
                    .into_iter()
                    .map_while(|t| if let Token::Word(w, ..) = t { Some(w) } else { None })
                    .filter(|w| !w.starts_with("--"))
                    .map(|w| w.replace('"', ""))
                    .collect();
                let [from, to, ..] = words.as_slice() else { continue };
                match (from.strip_prefix("s3://"), to.strip_prefix("s3://")) {
                    (Some(file), None) => _ = self.fetches.insert(file.to_owned()),
                    (None, Some(file)) => _ = self.stores.insert(file.to_owned()),
                    _ => {}
                }
            }
        }
    }

    /// Whether it does its work, given the variables that are set; none where only a run knows.
    ///
    /// # Errors
    /// A variable that it asks after and that nothing sets.
    pub(super) fn works(&self, passed: &BTreeMap<String, Known>) -> Result<Option<bool>, String> {
        let Some(guard) = &self.guard else { return Ok(Some(true)) };
        let mut variables = self.variables.clone();
        variables.extend(passed.iter().map(|(n, v)| (n.clone(), v.clone())));
        let unknown = |_: &[String]| None;
        let mut shell = Shell::new(variables, &unknown);
        shell.open = guard.open;
        shell.all(&guard.before);
        let holds = shell.run(&guard.test).well();
        match shell.unset.first().filter(|_| !guard.open) {
            Some(name) => Err(format!("`${name}` is asked after, and nothing sets it")),
            None => Ok(holds),
        }
    }

    fn say(&mut self, lines: &[Line], last: bool) {
        for (at, line) in lines.iter().enumerate() {
            self.assign(&line.command);
            // Of several lines in one command only the last decides.
            let soft = last || soft(&line.command, false) || at + 1 < lines.len();
            self.texts.push(Said { text: line.text.clone(), soft });
        }
    }
}

/// What decides at the top of a script whether the rest runs: only variables are worked out before it.
fn guard(lines: &[Line]) -> Option<Guard> {
    let (mut before, mut open) = (Vec::new(), false);
    for line in lines {
        if fetches(&line.command) {
            open = true;
            continue;
        }
        if let Command::Or(test, otherwise) = &line.command {
            let unknown = |_: &[String]| None;
            let mut shell = Shell::new(BTreeMap::new(), &unknown);
            let ends = shell.run(otherwise) == End::Exit(Some(0));
            return ends.then(|| Guard { before, test: (**test).clone(), open });
        }
        if !prepares(&line.command) {
            return None;
        }
        before.push(line.command.clone());
    }
    None
}

/// The variables that a command sets for what follows.
fn set(command: &Command, found: &mut BTreeSet<String>) {
    match command {
        Command::Simple(words, _) => {
            found.extend(words.iter().filter_map(|w| w.split_once('=')).map(|(name, _)| name.to_owned()))
        }
        Command::And(a, b) => [a, b].into_iter().for_each(|c| set(c, found)),
        Command::Group(all) => all.iter().for_each(|c| set(c, found)),
        Command::Case(_, arms) => arms.iter().flat_map(|(_, inner)| inner).for_each(|c| set(c, found)),
        _ => {}
    }
}

/// The variables that a command reads whatever happens.
fn read(command: &Command, found: &mut BTreeSet<String>) {
    match command {
        Command::Simple(words, _) => words.iter().for_each(|w| found.extend(variables(w))),
        Command::Not(inner) | Command::And(inner, _) | Command::Or(inner, _) => read(inner, found),
        Command::Pipe(all) => all.iter().for_each(|c| read(c, found)),
        Command::Group(all) | Command::Subshell(all) => {
            // What one of them sets the next ones read.
            let mut own = BTreeSet::new();
            for command in all {
                let mut reads = BTreeSet::new();
                read(command, &mut reads);
                found.extend(reads.difference(&own).cloned());
                set(command, &mut own);
            }
        }
        Command::If(arms, _) => arms.iter().take(1).flat_map(|(condition, _)| condition).for_each(|c| read(c, found)),
        Command::For(_, words, _) => words.iter().for_each(|w| found.extend(variables(w))),
        Command::Case(word, _) => found.extend(variables(word)),
        Command::Loop(..) | Command::Function | Command::Opaque => {}
    }
}

/// The variables that a word reads without a fallback: `$A`, `${A}`, `${A#x}`. What stands in single quotes is no variable.
fn variables(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = word;
    let mut double = false;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => double = !double,
            '\'' if !double => rest = rest.split_once('\'').map_or("", |(_, r)| r),
            '\\' => rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
            '$' => {
                let inner = rest.strip_prefix('{').unwrap_or(rest);
                let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
                let (name, behind) = inner.split_at(end);
                let fallback = rest.starts_with('{') && behind.starts_with([':', '-', '+']);
                if !name.is_empty() && !fallback {
                    found.push(name.to_owned());
                }
                rest = if fallback { past_brace(behind) } else { behind };
            }
            _ => {}
        }
    }
    found
}

/// What stands behind the brace that closes here.
fn past_brace(text: &str) -> &str {
    let mut depth = 1;
    let end = text.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        depth == 0
    });
    end.map_or("", |(at, _)| &text[at + 1..])
}

/// Whether a command only fetches values of another build: the copy of a file, or the loop that reads it.
fn fetches(command: &Command) -> bool {
    match command {
        Command::Simple(words, _) => words.windows(2).any(|pair| pair[0] == "s3" && pair[1] == "cp"),
        Command::Loop(condition, inner) => {
            let is = |c: &Command, word: &str| matches!(c, Command::Simple(words, _) if words.iter().any(|w| w == word));
            condition.iter().all(|c| is(c, "read")) && inner.iter().all(|c| is(c, "export"))
        }
        _ => false,
    }
}

/// Whether a command only works out variables.
fn prepares(command: &Command) -> bool {
    match command {
        Command::Simple(words, _) => {
            let sets =
                |w: &String| w.split_once('=').is_some_and(|(n, _)| n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
            words.first().is_some_and(|w| w == "export" || w == "set") || words.iter().all(sets)
        }
        Command::And(a, b) => prepares(a) && prepares(b),
        Command::Case(_, arms) => arms.iter().flat_map(|(_, inner)| inner).all(prepares),
        Command::If(arms, otherwise) => arms.iter().flat_map(|(_, inner)| inner).chain(otherwise).all(prepares),
        _ => false,
    }
}

/// Whether a script ends at once where the steps did not run.
fn asks(script: &str) -> bool {
    let lines = commands(script);
    let Some(Line { command: Command::Or(test, otherwise), .. }) = lines.first() else { return false };
    let looks = matches!(&**test, Command::Simple(words, _) if words.get(1).is_some_and(|w| w == "-e"));
    let unknown = |_: &[String]| None;
    looks && Shell::new(BTreeMap::new(), &unknown).run(otherwise) == End::Exit(Some(0))
}

/// Whether a failure in a command counts for nothing, in a shell that ends at the first failure or in one that does not.
fn soft(command: &Command, strict: bool) -> bool {
    match command {
        Command::Or(_, otherwise) => {
            let unknown = |_: &[String]| None;
            Shell::new(BTreeMap::new(), &unknown).run(otherwise) == End::Code(Some(0))
        }
        Command::And(_, last) => soft(last, strict),
        Command::Subshell(inner) | Command::Group(inner) => {
            let own = matches!(inner.first(), Some(Command::Simple(words, _)) if words.len() > 1 && words[0] == "set" && words[1].starts_with("-e"));
            let loose = !strict && !own && inner.len() > 1;
            loose || inner.last().is_some_and(|l| soft(l, true))
        }
        Command::If(arms, _) => arms.iter().any(|(_, inner)| inner.last().is_some_and(|l| soft(l, strict))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Build;

    fn build(script: &str, run: &str) -> Build {
        let script = script.lines().map(|l| format!("        {l}\n")).collect::<String>();
        let text = format!(
            "version: 0.2\nphases:\n  build:\n    commands:\n      - |-\n        cat > /tmp/job.sh <<'SCRIPT'\n{script}        SCRIPT\n      - |-\n        {run}\n"
        );
        Build::read(&text).unwrap()
    }

    #[test]
    fn a_build_may_end_before_its_work() {
        let passed = |branch: &str| [("CODEBUILD_WEBHOOK_TRIGGER".to_owned(), Some(format!("branch/{branch}")))].into();
        let script = "BRANCH=${CODEBUILD_WEBHOOK_TRIGGER#branch/}\nexport BRANCH\n[ \"$BRANCH\" = main ] || { echo \"no\"; exit 0; }\nmake";
        let guarded = build(script, "timeout 60 bash -euo pipefail /tmp/job.sh");
        assert_eq!(guarded.works(&passed("main")), Ok(Some(true)));
        assert_eq!(guarded.works(&passed("other")), Ok(Some(false)));
        assert!(guarded.works(&[].into()).is_err());
        let late = build(&format!("make\n{script}"), "timeout 60 bash -euo pipefail /tmp/job.sh");
        assert_eq!(late.works(&passed("other")), Ok(Some(true)));
        assert!(!guarded.forgiven);
        assert!(build("make", "timeout 60 bash -eu /tmp/job.sh || { echo \"on\"; touch f; }").forgiven);
    }

    #[test]
    fn what_a_script_sets_it_may_read() {
        for (script, wanted) in [
            ("(\nA=1 && export A\n(\necho \"$A\"\n)\n)", false),
            ("{ A=1; }\necho \"$A\"", false),
            ("(\nA=1\n)\necho \"$A\"", true),
            ("(\necho \"$A\"\nA=1\n)", true),
        ] {
            let build = build(script, "bash -eu /tmp/job.sh");
            let unset = build.reads.contains("A") && !build.assigned.contains("A");
            assert_eq!(unset, wanted, "{script}");
        }
    }

    #[test]
    fn what_counts_for_nothing_is_told() {
        let script = "make a || true\nmake b || { echo no; exit 1; }\n(\n  make c\n  make d || echo on\n)\nmake e";
        let soft = |run: &str| build(script, run).texts.iter().map(|t| t.soft).collect::<Vec<_>>();
        assert_eq!(soft("bash -euo pipefail /tmp/job.sh"), [true, false, true, false]);
        assert_eq!(soft("bash /tmp/job.sh"), [true, true, true, false]);
    }

    #[test]
    fn files_go_by_the_bucket() {
        let script = "tar -cz out | aws s3 cp - \"s3://$ARTIFACTS/${RUN_ID##*:}/out.tar.gz\"\naws s3 cp --quiet \"s3://$ARTIFACTS/x.env\" /tmp/x.env";
        let build = build(script, "bash -eu /tmp/job.sh");
        assert_eq!(build.stores.iter().collect::<Vec<_>>(), ["$ARTIFACTS/${RUN_ID##*:}/out.tar.gz"]);
        assert_eq!(build.fetches.iter().collect::<Vec<_>>(), ["$ARTIFACTS/x.env"]);
    }
}
