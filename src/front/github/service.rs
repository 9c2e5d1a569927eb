//! `container:` and `services:` of a job.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use super::step;
use super::text::Where;
use super::work::Work;

/// The image of a job; its variables go to the others of the job.
pub(super) fn container(work: &mut Work<'_, '_>, job: &Node, build: &mut Build, variables: &mut Vec<(String, String)>) {
    let Some(entry) = work.open(job, "container") else { return };
    let image = if entry.value.is_map() { work.open(&entry.value, "image") } else { Some(entry) };
    if let Some(image) = image.and_then(|e| work.text(e, Where::Field)) {
        build.push(node("image").arg(&image));
    }
    if let Some(env) = work.open(&entry.value, "env") {
        variables.extend(step::env(work, env));
    }
    for key in ["credentials", "ports", "volumes", "options"] {
        if let Some(lost) = entry.value.entry(key) {
            work.lose(lost, &format!("a spec gives the image of a job no `{key}`"));
        }
    }
}

/// The services of a job.
pub(super) fn services(work: &mut Work<'_, '_>, job: &Node, build: &mut Build) {
    let Some(entry) = work.open(job, "services") else { return };
    let mut names = Names::default();
    for service in entry.value.entries() {
        work.mark(service, Fate::Exact);
        let comments = work.comments(service);
        let name = names.unique(&service.key);
        if name != slug(&service.key) || name != service.key {
            work.mark(service, Fate::Emulated(format!("the service is called `{name}`")));
        }
        let mut own = node("service").arg(&name).comments(comments);
        if let Some(image) = work.open(&service.value, "image").and_then(|e| work.text(e, Where::Field)) {
            own = own.prop("image", &image);
        }
        if let Some(ports) = work.open(&service.value, "ports") {
            let list = ports.value.texts().unwrap_or_default();
            let inside = list.first().map(|p| p.rsplit(':').next().unwrap_or(p).split('/').next().unwrap_or_default().to_owned());
            match inside.filter(|p| p.parse::<u16>().is_ok()) {
                Some(port) => {
                    own = own.value("port", &port);
                    work.scope.job.services.insert(service.key.clone(), name.clone());
                    work.mark(
                        ports,
                        Fate::Emulated(format!("scripts reach it at `${{service.{name}.host}}`, right on every vendor")),
                    );
                }
                None => work.lose(ports, "a port is expected"),
            }
            if list.len() > 1 {
                work.mark(ports, Fate::Lost("a service of a spec has one port".to_owned()));
            }
        }
        if let Some(env) = work.open(&service.value, "env") {
            for (key, value) in step::env(work, env) {
                own.push(node("env").prop(&key, &value));
            }
        }
        if let Some(options) = work.open(&service.value, "options") {
            match options.value.text().and_then(ready) {
                Some((ready, all)) => {
                    own.push(ready);
                    if !all {
                        work.mark(options, Fate::Lost("of the options only the health check has a word in a spec".to_owned()));
                    }
                }
                None => work.lose(options, "a spec has no options of docker beside a health check"),
            }
        }
        for key in ["credentials", "volumes", "command", "entrypoint"] {
            if let Some(lost) = service.value.entry(key) {
                work.lose(lost, &format!("a service of a spec has no `{key}`"));
            }
        }
        build.push(own);
    }
}

/// The health check among the options of docker, and whether nothing else is among them.
fn ready(options: &str) -> Option<(Build, bool)> {
    let mut words = split(options).into_iter();
    let (mut command, mut settings, mut all) = (None, Vec::new(), true);
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        let name = match flag.as_str() {
            "--health-cmd" => {
                command = value.or_else(|| words.next());
                continue;
            }
            "--health-interval" => "every",
            "--health-timeout" => "timeout",
            "--health-retries" => "retries",
            _ => {
                all = false;
                continue;
            }
        };
        settings.extend(value.or_else(|| words.next()).map(|v| (name, v)));
    }
    let mut build = node("ready").arg(&command?);
    for (name, value) in settings {
        build = if name == "retries" { build.value(name, &value) } else { build.prop(name, &value) };
    }
    Some((build, all))
}

/// Words of a command line, quotes taken away.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote, mut open) = (String::new(), None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => (quote, open) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            (_, c) => word.push(c),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}
