//! Scripts as rules read them: lines with their job, and the words of a line as a shell would split them.

use crate::ir::Pipeline;
use crate::ir::gate::GateKind;
use crate::ir::job::Job;
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, EnvVar, Part, Text};

/// The characters that stand for the contexts of a text, in order: private use, so no script has them.
const FIRST_MARK: u32 = 0xE000;

/// Text of a script, with the step and job it is in.
#[derive(Clone, Copy)]
pub(super) struct Line<'p> {
    /// The job; none in a gate that is evaluated where it is required.
    pub(super) job: Option<&'p Job>,
    /// The step.
    pub(super) step: &'p Step,
    /// One argument of `run`, or one `line`: it may hold several lines of text.
    pub(super) text: &'p Text,
}

/// The steps of a job in the order of the spec, those of its smoke tests and rollback included. What a portable action does inside is not here:
/// it is written for one vendor.
pub(super) fn steps(job: &Job) -> impl Iterator<Item = &Step> {
    let deploy = job.deploy.iter();
    let rollback = deploy.clone().filter_map(|d| d.rollback.as_ref()).flat_map(|r| &r.steps);
    job.steps.iter().chain(deploy.flat_map(|d| &d.smoke_tests)).chain(rollback)
}

/// The lines of a step that this machine runs.
pub(super) fn lines(step: &Step) -> &[Text] {
    match &step.kind {
        StepKind::Run(script) => &script.lines,
        _ => &[],
    }
}

/// Every script of a job that its own machine runs.
pub(super) fn of_job(job: &Job) -> impl Iterator<Item = Line<'_>> {
    steps(job).flat_map(move |step| lines(step).iter().map(move |text| Line { job: Some(job), step, text }))
}

/// Every script of a pipeline: of jobs, and of gates that run commands.
pub(super) fn all(pipeline: &Pipeline) -> impl Iterator<Item = Line<'_>> {
    let checks = pipeline.gates.iter().filter_map(|g| match &g.kind {
        GateKind::Check { steps } => Some(steps),
        _ => None,
    });
    let checks = checks.flatten().flat_map(|step| lines(step).iter().map(move |text| Line { job: None, step, text }));
    pipeline.jobs.iter().flat_map(of_job).chain(checks)
}

/// The characters of a text, with a mark for each context; [`context`] knows which.
pub(super) fn marked(text: &Text) -> String {
    let mut marked = String::new();
    let mut marks = FIRST_MARK..;
    for part in &text.parts {
        match part {
            Part::Literal(literal) => marked.push_str(literal),
            Part::Context(_) => marked.extend(marks.next().and_then(char::from_u32)),
        }
    }
    marked
}

/// The context that a character of [`marked`] stands for.
pub(super) fn context(text: &Text, mark: char) -> Option<&Context> {
    let index = u32::from(mark).checked_sub(FIRST_MARK)?;
    text.contexts().nth(index as usize).map(|c| &c.value)
}

/// Whether a character stands for a context.
pub(super) fn is_mark(c: char) -> bool {
    ('\u{E000}'..='\u{F8FF}').contains(&c)
}

/// The commands of a script, each as its words without quotes. `;`, `&&`, `||`, `|`, `&` and line ends part commands; comments and the bodies of
/// here-documents are left out. A script that is cut in the middle of a quote gives what could be read.
pub(super) fn commands(script: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::default();
    let mut heredoc: Option<String> = None;
    for line in script.lines() {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        reader.line(line);
        heredoc = reader.heredoc.take();
    }
    reader.end_command();
    reader.commands
}

/// All commands of a step.
pub(super) fn commands_of(step: &Step) -> Vec<Vec<String>> {
    lines(step).iter().flat_map(|t| commands(&marked(t))).collect()
}

/// The words of a command behind what stands in front of its name: `sudo`, `env`, `time`, variables of its own (`A=1 make`).
pub(super) fn program(command: &[String]) -> &[String] {
    let skip = command.iter().position(|w| {
        let is_variable = w.split_once('=').is_some_and(|(n, _)| is_variable_name(n));
        !(is_variable
            || matches!(w.as_str(), "sudo" | "env" | "time" | "exec" | "command" | "nohup" | "!" | "if" | "then" | "while"))
    });
    skip.map_or(&[], |i| &command[i..])
}

/// Whether a shell takes a word as the name of a variable.
pub(super) fn is_variable_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The names of the variables that a script expands: `$A`, `${A}`, `${A:-x}`. What stands in single quotes is taken too: it may be handed on.
pub(super) fn expanded(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in script.match_indices('$') {
        let rest = script[at + 1..].trim_start_matches('{');
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if is_variable_name(&rest[..end]) {
            found.push(&rest[..end]);
        }
    }
    found
}

/// Whether the spec or the script gives a variable a value of its own.
pub(super) fn is_set(pipeline: &Pipeline, line: Line<'_>, name: &str) -> bool {
    let own = |vars: &[EnvVar]| vars.iter().any(|v| v.name.value == name);
    let of_job = line.job.is_some_and(|j| {
        let environment = j.environment.as_ref().map(|e| pipeline.environment(e.environment));
        own(&j.env) || own(&pipeline.workflow(j.workflow).env) || environment.is_some_and(|e| own(&e.env))
    });
    // What stands in a heredoc is no command, but may be a script that sets it for itself.
    let exported = |text: &Text| marked(text).lines().any(|l| l.trim_start().starts_with(&format!("export {name}=")));
    of_job || own(&line.step.env) || commands_of(line.step).iter().any(|c| sets(c, name)) || lines(line.step).iter().any(exported)
}

/// Whether a command gives a variable a value: `A=1`, `export A=1`, `for A in`, `read A`, `mapfile A`, `printf -v A`.
fn sets(command: &[String], name: &str) -> bool {
    let takes =
        |w: &String| matches!(w.as_str(), "for" | "read" | "mapfile" | "readarray" | "printf" | "getopts" | "declare" | "local");
    let assigned = |w: &String| w.strip_prefix(name).is_some_and(|rest| rest.starts_with(['=', '+', '[']));
    command.iter().any(assigned) || command.iter().any(takes) && command.iter().any(|w| w == name)
}

#[derive(Default)]
struct Reader {
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    quote: Option<char>,
    heredoc: Option<String>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (self.quote, c) {
                (Some(q), c) if c == q => self.quote = None,
                (Some('"') | None, '\\') => match chars.next() {
                    Some(next) => self.word.get_or_insert_default().push(next),
                    None => return,
                },
                (Some(_), c) => self.word.get_or_insert_default().push(c),
                (None, '\'' | '"') => {
                    self.quote = Some(c);
                    self.word.get_or_insert_default();
                }
                (None, '#') if self.word.is_none() => break,
                (None, '<') if chars.peek() == Some(&'<') => {
                    let rest: String = chars.by_ref().collect();
                    let rest = rest.trim_start_matches(['<', '-']).trim_start();
                    let end = rest.split([' ', ';', '|', '>', ')']).next().unwrap_or_default().trim_matches(['\'', '"']);
                    self.heredoc = (!end.is_empty()).then(|| end.to_owned());
                }
                (None, ';' | '&' | '|' | '(' | ')') => self.end_command(),
                (None, c) if c.is_whitespace() => self.end_word(),
                (None, c) => self.word.get_or_insert_default().push(c),
            }
        }
        match self.quote {
            Some(_) => self.word.get_or_insert_default().push('\n'),
            None => self.end_command(),
        }
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{commands, expanded, program};

    fn words(script: &str) -> Vec<String> {
        commands(script).iter().map(|c| c.join("·")).collect()
    }

    #[test]
    fn a_script_is_split_as_a_shell_splits_it() {
        assert_eq!(words("a 'b c' && d \"e;f\" | g # h"), ["a·b c", "d·e;f", "g"]);
        assert_eq!(words("cd x\nmake \\\n  all"), ["cd·x", "make·all"]);
        assert_eq!(words("cat <<EOF > f\ndocker push x\nEOF\nls"), ["cat", "ls"]);
        assert_eq!(words("echo 'two\nlines'"), ["echo·two\nlines"]);
    }

    #[test]
    fn a_program_is_found_behind_its_variables() {
        let command: Vec<String> = ["A=1", "sudo", "make", "x=1"].map(str::to_owned).to_vec();
        assert_eq!(program(&command), ["make", "x=1"]);
    }

    #[test]
    fn expanded_variables_are_found() {
        assert_eq!(expanded("echo $A ${B_1:-x} $(date) $1 ${1}"), ["A", "B_1"]);
    }
}
