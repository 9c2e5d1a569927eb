//! `artifacts:reports:dotenv`: variables that a job sets for later ones, as outputs of a spec
//! (docs.gitlab.com, "Pass an environment variable to another job").

use std::collections::{BTreeMap, BTreeSet};

use crate::front::name::{is_variable, slug};
use crate::front::node::{Build, node, run};
use crate::front::yaml::{Entry, Node};

use super::told;

/// What jobs set for others.
#[derive(Default)]
pub(super) struct Dotenv {
    /// The file and the variables of a job that come over as outputs.
    carried: BTreeMap<String, (String, Vec<String>)>,
    /// For each job the variables that it has of others: name, job and output.
    given: BTreeMap<String, Vec<(String, String)>>,
    /// All variables that the scripts show.
    names: BTreeSet<String>,
    /// Whether a script does not show what it sets.
    is_unknown: bool,
}

/// A job that sets variables.
struct Setter<'b> {
    key: &'b str,
    body: &'b Node,
    path: &'b str,
    names: Vec<String>,
}

/// The file of a report.
fn file(body: &Node) -> Option<&Node> {
    body.get("artifacts")?.get("reports")?.get("dotenv")
}

/// The name that a line gives a value in the file, where all it does is that: `echo "NAME=…" >> file`, or with `tee`.
fn set_by<'l>(line: &'l str, file: &str) -> Option<&'l str> {
    let rest = line.trim().strip_prefix("echo ").or_else(|| line.trim().strip_prefix("- echo "))?.trim_start();
    let (said, to) = rest.split_once(&format!("> {file}")).or_else(|| rest.split_once(&format!(">{file}"))).or_else(|| {
        let (said, to) = rest.split_once('|')?;
        let to = to.trim().strip_prefix("tee ")?.trim_start();
        Some((said, to.strip_prefix("-a ").unwrap_or(to).trim_start().strip_prefix(file)?))
    })?;
    let said = said.trim_end_matches('>').trim().trim_start_matches(['"', '\'']);
    let name = said.split_once('=')?.0;
    (to.trim().is_empty() && is_variable(name) && !said.contains(['|', ';', '>'])).then_some(name)
}

/// The variables that the script of a job puts into the file, where it shows all of them.
fn names(body: &Node, file: &str) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut plain = true;
    for key in ["before_script", "script", "after_script"] {
        let Some(node) = body.get(key) else { continue };
        node.each_text(&mut |text| {
            for line in text.lines().map(str::trim).filter(|l| l.contains(file)) {
                match set_by(line, file) {
                    Some(name) if key != "after_script" => {
                        if !names.iter().any(|n| n == name) {
                            names.push(name.to_owned());
                        }
                    }
                    _ => plain &= line == format!("cat {file}"),
                }
            }
        });
    }
    (plain && !names.is_empty()).then_some(names)
}

/// Whether a job waits for another one and has what it sets; none where it may be without it.
fn gets(body: &Node, job: &str, stages: &[String], of: &Node) -> Option<bool> {
    let stage = |b: &Node| stages.iter().position(|s| s == b.get("stage").and_then(Node::text).unwrap_or("test"));
    let Some(needs) = body.get("needs") else {
        let listed = body.get("dependencies").and_then(Node::texts).is_none_or(|l| l.contains(&job));
        return Some(listed && stage(of) < stage(body));
    };
    let own = needs.items().iter().find(|n| n.text() == Some(job) || n.get("job").and_then(Node::text) == Some(job));
    let Some(own) = own else { return Some(false) };
    let is = |key: &str, wanted: bool| own.get(key).and_then(Node::truth) == Some(wanted);
    if is("artifacts", false) {
        return Some(false);
    }
    (!is("optional", true)).then_some(true)
}

impl Dotenv {
    /// Reads what the jobs of a configuration set for one another. `jobs` has their names in the spec.
    pub(super) fn of(bodies: &[(&Entry, Node)], jobs: &BTreeMap<String, String>, stages: &[String]) -> Self {
        let mut made = Self::default();
        let mut found: Vec<Setter<'_>> = Vec::new();
        for (entry, body) in bodies {
            let Some(report) = file(body) else { continue };
            let shown = report.text().filter(|f| !f.contains(['$', '*', ' '])).and_then(|f| Some((f, names(body, f)?)));
            let Some((path, names)) = shown else {
                made.is_unknown = true;
                continue;
            };
            made.names.extend(names.iter().cloned());
            found.push(Setter { key: &entry.key, body, path, names });
        }
        // What a job has, where it has it for sure and of one job; of which cell of a matrix no spec says.
        let mut given: Vec<(&str, &str, &String)> = Vec::new();
        let mut unsure: BTreeSet<&str> = found.iter().filter(|s| s.body.entry("parallel").is_some()).map(|s| s.key).collect();
        for (other, theirs) in bodies {
            for name in &made.names {
                let setters = found.iter().filter(|s| s.key != other.key && s.names.contains(name));
                let of: Vec<(&str, Option<bool>)> = setters.map(|s| (s.key, gets(theirs, s.key, stages, s.body))).collect();
                let of: Vec<(&str, Option<bool>)> = of.into_iter().filter(|(_, has)| *has != Some(false)).collect();
                let reads = told::is_read(theirs, name) || is_image(theirs, name);
                match of.as_slice() {
                    // One that names it may read it in a program that it calls.
                    [(key, Some(true))] if reads || theirs.get("needs").is_some() => given.push((&other.key, key, name)),
                    [(_, Some(true))] => {}
                    several if reads || theirs.get("needs").is_some() => unsure.extend(several.iter().map(|(key, _)| *key)),
                    _ => {}
                }
            }
        }
        for Setter { key, path, names, .. } in found.iter().filter(|s| !unsure.contains(s.key)) {
            let Some(job) = jobs.get(*key) else { continue };
            let own = || given.iter().filter(|(_, setter, _)| setter == key);
            for (other, _, name) in own() {
                let text = format!("${{job.{job}.{}}}", slug(name));
                made.given.entry((*other).to_owned()).or_default().push(((*name).clone(), text));
            }
            let read = names.iter().filter(|n| own().any(|(_, _, name)| name == n)).cloned().collect();
            made.carried.insert((*key).to_owned(), ((*path).to_owned(), read));
        }
        made
    }

    /// Whether a variable may come from a job.
    pub(super) fn may_set(&self, name: &str) -> bool {
        self.is_unknown || self.names.contains(name)
    }

    /// The variables that a job has of others, with what they are.
    pub(super) fn given(&self, key: &str) -> &[(String, String)] {
        self.given.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The outputs of a job, and the step that sets them; whether it has a report that comes over.
    pub(super) fn outputs(&self, key: &str, build: &mut Build) -> bool {
        let Some((path, names)) = self.carried.get(key) else { return false };
        if !names.is_empty() {
            build.push(node("output").args(names.iter().map(|n| slug(n))));
            let lines: Vec<String> = names
                .iter()
                .map(|n| format!("sed -n 's/^{n}=/{}=/p' {path} | tail -n 1 >> \"$PIPEWRIGHT_OUTPUT\"", slug(n)))
                .collect();
            build.push(run(&lines));
        }
        true
    }
}

/// Whether the image of a job reads a variable.
fn is_image(body: &Node, name: &str) -> bool {
    let mut found = false;
    for node in ["image", "services"].iter().filter_map(|key| body.get(key)) {
        node.each_text(&mut |text| found |= crate::front::script::reads(text, name));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::set_by;

    #[test]
    fn a_line_shows_what_it_sets_where_it_does_nothing_else() {
        for (line, wanted) in [
            ("echo \"VERSION=1.2\" > build.env", Some("VERSION")),
            ("echo VERSION=$(cat VERSION) >> build.env", Some("VERSION")),
            ("echo 'VERSION=1' | tee -a build.env", Some("VERSION")),
            ("echo 'VERSION=1' | tee build.env", Some("VERSION")),
            ("echo \"$LINE\" >> build.env", None),
            ("echo A=1 >> build.env; echo B=2 >> build.env", None),
            ("make vars > build.env", None),
            ("echo A=1 > build.env.sample", None),
        ] {
            assert_eq!(set_by(line, "build.env"), wanted, "{line}");
        }
    }
}
