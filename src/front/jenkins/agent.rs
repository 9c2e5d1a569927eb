//! `agent`: where stages run; `tools`; `environment`.

use crate::front::ledger::Fate;
use crate::front::name::{Names, is_variable, variable_of};
use crate::front::node::{Build, node};

use super::text::{Where, text};
use super::tree::{Item, Value, find};
use super::work::Work;

/// Where stages run.
#[derive(Clone, Debug, Default)]
pub(super) struct Agent {
    /// Whether there is a machine at all; without one there is no checkout.
    pub(super) is_there: bool,
    /// The runner, where it is not the usual one.
    runner: Option<String>,
    image: Option<String>,
    /// The image starts with no program of its own.
    no_entrypoint: bool,
    docker: bool,
    /// Whether it is a container on the machine of the stages around it.
    pub(super) reuses: bool,
    /// Why it is not carried: its jobs fail.
    pub(super) missing: Option<String>,
}

impl Agent {
    /// A machine of the usual kind.
    fn usual() -> Self {
        Self { is_there: true, ..Self::default() }
    }

    /// Its nodes in a job.
    pub(super) fn nodes(&self) -> Vec<Build> {
        let mut made = Vec::new();
        made.extend(self.runner.as_ref().map(|r| node("runner").arg(r)));
        made.extend(self.image.as_ref().map(|i| node("image").arg(i)));
        if self.no_entrypoint {
            made.push(node("no-entrypoint"));
        }
        if self.docker {
            made.push(node("docker"));
        }
        made
    }
}

/// Reads `agent`.
pub(super) fn agent(work: &mut Work<'_>, item: &Item) -> Agent {
    work.mark(item, Fate::Exact);
    if let Some(Value::Word(word)) = item.first() {
        return if word == "none" { Agent::default() } else { Agent::usual() };
    }
    let Some(kind) = item.items().first() else { return Agent::usual() };
    work.mark(kind, Fate::Exact);
    match kind.name.as_str() {
        "any" => Agent::usual(),
        "none" => Agent::default(),
        "label" => labelled(work, kind, kind.first().cloned()),
        "node" => {
            for other in kind.items().iter().filter(|i| i.name != "label") {
                work.lose(other, "a job has the folder that its runner gives it");
            }
            let label = kind.find("label").cloned();
            match label {
                Some(label) => {
                    let value = label.first().cloned();
                    labelled(work, &label, value)
                }
                None => Agent::usual(),
            }
        }
        "docker" => docker(work, kind),
        _ => {
            let why = "build the image in a job, and name it as `image` of this one";
            work.lose(kind, why);
            Agent { missing: Some(format!("agent {}", kind.name)), ..Agent::usual() }
        }
    }
}

/// Whether all that the arguments of docker say is that the image starts with no program of its own.
fn no_entrypoint(args: &str) -> bool {
    args.trim().strip_prefix("--entrypoint").is_some_and(|rest| matches!(rest.trim(), "=" | "=''" | "=\"\"" | "''" | "\"\""))
}

fn docker(work: &mut Work<'_>, kind: &Item) -> Agent {
    let mut made = Agent::usual();
    let mut image = kind.first().cloned();
    for item in kind.items() {
        work.mark(item, Fate::Exact);
        match item.name.as_str() {
            "image" => image = item.first().cloned(),
            "label" => {
                let value = item.first().cloned();
                made = Agent {
                    image: made.image,
                    reuses: made.reuses,
                    no_entrypoint: made.no_entrypoint,
                    ..labelled(work, item, value)
                };
            }
            "reuseNode" => made.reuses = item.first().is_none_or(Value::is_true),
            "alwaysPull" => work.turn(item, "the runner pulls images in its own way"),
            // Jenkins hands the image a program that waits, and so it must not start with another one.
            "args" if item.first().and_then(Value::plain).is_some_and(|args| no_entrypoint(&args)) => made.no_entrypoint = true,
            _ => work.lose(item, "a spec gives the image of a job no such setting"),
        }
    }
    match image.map(|i| text(work, &i, Where::Field)) {
        Some(Ok(image)) if !image.contains('$') => made.image = Some(image),
        _ => {
            work.lose(kind, "a spec names the image; Jenkins works it out in the run");
            made.missing = Some("agent docker".to_owned());
        }
    }
    made
}

/// A label: the words that every vendor has, or a runner that has the label.
fn labelled(work: &mut Work<'_>, item: &Item, value: Option<Value>) -> Agent {
    let mut made = Agent::usual();
    let Some(Ok(label)) = value.map(|v| text(work, &v, Where::Field)) else {
        work.lose(item, "a spec names its runners; Jenkins works it out in the run");
        made.missing = Some("agent label".to_owned());
        return made;
    };
    if label.contains("${") {
        work.lose(item, "a spec names its runners; a parameter decides here");
        made.missing = Some("agent label".to_owned());
        return made;
    }
    let first = label.split("||").next().unwrap_or_default().trim().trim_matches(['(', ')']).trim().to_owned();
    if first != label {
        work.mark(item, Fate::Emulated("the first of the labels".to_owned()));
    }
    match first.to_ascii_lowercase().as_str() {
        "" | "any" | "linux" | "ubuntu" | "master" | "built-in" | "debian" => {
            work.mark(item, Fate::Emulated("a runner of the target".to_owned()))
        }
        "docker" => {
            work.mark(item, Fate::Emulated("a runner of the target, with a docker daemon".to_owned()));
            made.docker = true;
        }
        "windows" => made.runner = Some("windows".to_owned()),
        "mac" | "macos" | "osx" => made.runner = Some("macos".to_owned()),
        "arm64" | "aarch64" | "linux-arm64" => made.runner = Some("linux-arm".to_owned()),
        _ => {
            let labels: Vec<String> = first.split("&&").map(|l| l.trim().trim_matches(['(', ')']).to_owned()).collect();
            work.mark(item, Fate::Emulated("a runner of one's own: give it the label".to_owned()));
            let name = Names::without(&["linux", "linux-arm", "windows", "macos"]).unique(&labels.join("-"));
            let build = node("runner").arg(&name);
            let build = build.child(node("github").arg("self-hosted").args(&labels)).child(node("gitlab").args(&labels));
            work.declared.runners.insert(name.clone(), build);
            made.runner = Some(name);
        }
    }
    made
}

/// Reads `tools`: a language whose version the name tells is a toolchain.
pub(super) fn tools(work: &mut Work<'_>, item: &Item) -> Vec<Build> {
    work.mark(item, Fate::Exact);
    let mut build = node("toolchain");
    let mut made = Vec::new();
    for tool in item.items() {
        let name = tool.first().and_then(Value::plain).unwrap_or_default();
        let digits: String =
            name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let language = match tool.name.as_str() {
            "jdk" => "java",
            "nodejs" => "node",
            "go" => "go",
            "python" => "python",
            "dotnetsdk" => "dotnet",
            "maven" | "gradle" | "ant" | "git" => {
                work.turn(tool, "the tool that the runner or the image has: say `image` where its version matters");
                continue;
            }
            _ => {
                work.lose(tool, "the tool is known to Jenkins' own settings: say `image`, or install it in a script");
                continue;
            }
        };
        let version = digits.trim_matches('.');
        let version = version.strip_prefix("1.").filter(|v| language == "java" && *v == "8").unwrap_or(version);
        if version.is_empty() {
            work.turn(tool, "the version that the runner or the image has: say `toolchain` where it matters");
            continue;
        }
        work.turn(tool, "the version that its name in Jenkins tells");
        build = build.prop(language, version);
    }
    if !build.is_bare() {
        made.push(build);
    }
    made
}

/// Reads `environment`: the variables, and what could not be worked out.
pub(super) fn environment(work: &mut Work<'_>, item: &Item) -> (Vec<(String, String)>, Vec<String>) {
    work.mark(item, Fate::Exact);
    let (mut pairs, mut missing) = (Vec::new(), Vec::new());
    for own in item.items() {
        let Some(value) = own.value.clone().filter(|_| is_variable(&own.name)) else {
            work.lose(own, "a variable with a value is expected");
            continue;
        };
        if let Value::Call(name, args) = &value
            && name == "credentials"
        {
            let id = args.first().and_then(|a| a.value.plain()).or_else(|| find(args, "id").and_then(Value::plain));
            let Some(id) = id else {
                work.lose(own, "the id of the credentials is worked out by Jenkins in the run");
                missing.push(own.name.clone());
                continue;
            };
            work.turn(own, "a secret of the target, by the id of the credentials");
            let text = work.file.text.clone();
            let ends: Vec<&str> = ["_USR", "_PSW"].into_iter().filter(|e| text.contains(&format!("{}{e}", own.name))).collect();
            let alone = crate::front::script::reads(&text, &own.name) || ends.is_empty();
            for end in ends.into_iter().chain(alone.then_some("")) {
                let secret = format!("{}{end}", variable_of(&id));
                work.declared.secrets.insert(secret.clone());
                pairs.push((format!("{}{end}", own.name), format!("${{secret.{secret}}}")));
            }
            continue;
        }
        match text(work, &value, Where::Field) {
            Ok(text) => {
                work.carry(own);
                if !text.contains("${") {
                    work.known.insert(own.name.clone(), text.clone());
                }
                pairs.push((own.name.clone(), text));
            }
            Err(why) => {
                work.lose(own, &why);
                missing.push(own.name.clone());
            }
        }
    }
    (pairs, missing)
}
