//! What stands in a build beside its steps: containers, files and values of other builds, what a person must have given.

use crate::front::node::{Build, node};
use crate::syntax::print::print;
use crate::syntax::tree::Document;
use crate::target::asset;
use crate::target::frame::{AS_BUILD, IMAGES, sourced, store};

use super::super::work::Work;
use super::Asked;
use super::frame::{Piece, strict, within};
use super::image::words;
use super::text::Table;

/// Declares a node at the top of the spec; none where another one has its name.
pub(super) fn declare(work: &mut Work<'_>, made: Build) -> Option<()> {
    let text = |b: &Build| print(&Document { nodes: vec![b.0.clone()] });
    let name = |b: &Build| b.0.arg(0).and_then(|e| e.as_str()).map(str::to_owned);
    let known = work.declared.given.iter().find(|g| g.0.name() == made.0.name() && name(g) == name(&made));
    match known.map(|k| text(k) == text(&made)) {
        None => work.declared.given.push(made),
        Some(true) => {}
        Some(false) => return None,
    }
    Some(())
}

/// The artifact that a command fetches.
pub(super) fn fetched(text: &str) -> Option<String> {
    let lines = strict(text);
    let [one] = lines.as_slice() else { return None };
    let rest = one.strip_prefix(AS_BUILD).unwrap_or(one).strip_prefix("aws s3 cp ")?.strip_suffix(" - | tar -xz")?;
    let name = rest.rsplit('/').next()?.strip_suffix(".tar.gz\"")?;
    (rest == store(&format!("{name}.tar.gz"))).then(|| name.to_owned())
}

/// Whether a command fetches the outputs of another build, and the next one reads them.
pub(super) fn is_fetch_of_outputs(text: &str, next: Option<&Piece>) -> bool {
    let id = |text: &str| {
        let rest = text.strip_prefix(AS_BUILD).unwrap_or(text).strip_prefix("aws s3 cp --quiet ")?;
        let (from, to) = rest.rsplit_once(' ')?;
        let id = to.strip_prefix("/tmp/")?.strip_suffix(".env")?;
        (from == store(&format!("outputs-{id}.env"))).then(|| to.to_owned())
    };
    id(text).is_some_and(|file| next.is_some_and(|n| n.text == sourced(&file)))
}

/// A container beside the build.
pub(super) fn service(name: &str, text: &str, table: &Table) -> Option<Build> {
    let text = text.strip_prefix(&format!("docker inspect {name} > /dev/null 2>&1 || ")).unwrap_or(text);
    let all = words(text.strip_prefix(&format!("docker run --detach --name {name} "))?);
    let (image, options) = all.split_last()?;
    let value = |word: &str| table.word(word, &mut Vec::new());
    let mut made = node("service").arg(name).prop("image", &value(image)?);
    let mut env = Vec::new();
    for pair in options.chunks(2) {
        match pair {
            [option, ports] if option == "--publish" => {
                let (port, inner) = ports.split_once(':')?;
                made = (port == inner).then(|| made.value("port", port))?;
            }
            [option, said] if option == "--env" => {
                let (name, word) = said.split_once('=')?;
                env.push(node("env").prop(name, &value(word)?));
            }
            _ => return None,
        }
    }
    Some(made.children(env))
}

/// What waits until a container answers.
pub(super) fn ready(name: &str, text: &str) -> Option<Build> {
    let lines = within(text, "(", ")")?;
    let [_, _, until, _, most, sleep, _] = lines.as_slice() else { return None };
    let (limit, rest) = until.strip_prefix("until timeout ")?.split_once(&format!(" docker exec {name} sh -c "))?;
    let command = Table::default().word(rest.strip_suffix("; do")?, &mut Vec::new())?;
    let retries = most.trim().strip_prefix("[ \"$tries\" -lt ")?.split(' ').next()?;
    let every = sleep.trim().strip_prefix("sleep ")?;
    let mut made = node("ready").arg(&command);
    for (key, value, usual) in [("every", every, "10"), ("timeout", limit, "5")] {
        if value != usual {
            made = made.prop(key, &format!("{value}s"));
        }
    }
    Some(if retries == "5" { made } else { made.value("retries", retries) })
}

/// Paths of a command that lists files.
fn listed(command: &str) -> Option<Vec<String>> {
    const HEAD: &str = "find ";
    const TAIL: &str = " -type f -o -type l";
    let table = Table::default();
    if let Some(inner) = command.strip_prefix("bash -O dotglob -O globstar -c ") {
        let inner = table.word(inner, &mut Vec::new())?;
        let all = words(inner.strip_prefix(HEAD)?.strip_suffix(TAIL)?);
        let plain = |w: &String| if w.starts_with('\'') { table.word(w, &mut Vec::new()) } else { Some(w.replace('\\', "")) };
        return all.iter().map(plain).collect();
    }
    words(command.strip_prefix(HEAD)?.strip_suffix(TAIL)?).iter().map(|w| table.word(w, &mut Vec::new())).collect()
}

/// Files that a build keeps for others: an artifact, or a report that CodeBuild does not show.
pub(super) fn kept(text: &str, job: &str) -> Option<Build> {
    let lines = strict(text);
    let (list, rest) = lines.split_first()?;
    let (command, file) = list.rsplit_once(" | sort -u > /tmp/")?;
    let name = file.strip_suffix(".files || true")?;
    let rest = match rest.split_first()? {
        (check, rest) if check.starts_with(&format!("[ -s /tmp/{name}.files ]")) => rest,
        _ => rest,
    };
    let [tar, copy] = rest else { return None };
    let copied = copy.strip_prefix(AS_BUILD).unwrap_or(copy).strip_prefix(&format!("aws s3 cp --quiet /tmp/{name}.tar.gz "))?;
    let start = store(name);
    let there = *tar == format!("tar -czf /tmp/{name}.tar.gz -T /tmp/{name}.files")
        && copied.starts_with(start.trim_end_matches('"'))
        && copied.ends_with(".tar.gz\"");
    let paths = there.then(|| listed(command)).flatten()?;
    let kind = name.strip_prefix(job).and_then(|n| n.strip_prefix('-')).filter(|k| matches!(*k, "junit" | "coverage" | "sarif"));
    Some(match kind {
        Some(kind) => node("report").arg(kind).args(paths),
        None => node("produces").arg(name).args(paths),
    })
}

/// What a build hands on; says whether all of it was read.
pub(super) fn outputs(work: &mut Work<'_>, job: &str, text: &str, found: &mut Vec<String>) -> bool {
    for line in strict(text) {
        let line = line.strip_prefix(AS_BUILD).unwrap_or(line);
        if let Some(rest) = line.strip_prefix("sed -n ") {
            let Some(renames) = rest.strip_suffix(" \"$PIPEWRIGHT_OUTPUT\" > /tmp/outputs.env") else { return false };
            for rename in renames.split("-e ").map(str::trim).filter(|r| !r.is_empty()) {
                let inner = rename.strip_prefix("'s/^").and_then(|r| r.strip_suffix("=/p'"));
                let Some((name, variable)) = inner.and_then(|r| r.split_once("=/")) else { return false };
                found.push(name.to_owned());
                work.own.handed.insert(variable.to_owned(), format!("job.{job}.{name}"));
            }
        } else if !line.starts_with(&format!("cat {IMAGES} >")) && !line.starts_with("aws s3 cp --quiet /tmp/outputs.env ") {
            return false;
        }
    }
    true
}

/// What a person must have given, as what the inputs of the workflow are; says whether all of it was read.
pub(super) fn given(work: &mut Work<'_>, text: &str) -> bool {
    let inner = within(text, "if [ \"$RUN_EVENT\" = manual ]; then", "fi").map(|l| l.join("\n"));
    let mut asked = Vec::new();
    for line in strict(inner.as_deref().unwrap_or(text)) {
        let said = line.split_once(" || { echo \"").and_then(|(_, s)| s.strip_suffix("\"; exit 1; }"));
        let Some((name, must)) = said.and_then(|s| s.split_once(" must be ")) else { return false };
        let asks = if let Some(list) = must.strip_prefix("one of ") {
            Asked::Choice(list.split(", ").map(str::to_owned).collect())
        } else if let Some(glob) = must.strip_prefix("like ") {
            Asked::Like(glob.to_owned())
        } else if must == "true or false" {
            Asked::Boolean
        } else if must == "a number" {
            Asked::Number
        } else {
            return false;
        };
        asked.push((name.to_owned(), asks));
    }
    work.own.inputs.extend(asked);
    true
}

/// The message that a step behind the others sends: its channel is declared.
pub(super) fn notice(work: &mut Work<'_>, title: &str, lines: &[String], env: &[(String, String)], when: &str) -> Option<Build> {
    let channel = title.strip_prefix("Notify ").filter(|c| !c.contains(' '))?;
    let on = matches!(when, "failure" | "always").then_some(when)?;
    let text = |name: &str| asset::text(name).map(str::trim_end);
    let said = lines.join("\n");
    let [(first, message), (second, to)] = env else { return None };
    let declared = match (first.as_str(), second.as_str()) {
        ("MESSAGE", "TOPIC") if Some(said.as_str()) == text("scripts/sns.sh") => {
            node("channel").arg(channel).arg("sns").prop("topic", to)
        }
        ("MESSAGE", "WEBHOOK") if said == format!("{}\n{}", text("scripts/json_string.sh")?, text("scripts/slack.sh")?) => {
            node("channel").arg(channel).arg("slack").prop("webhook", to)
        }
        _ => return None,
    };
    declare(work, declared)?;
    Some(node("notify").arg(channel).prop("on", on).arg(message))
}

#[cfg(test)]
mod tests {
    use super::super::text::Table;
    use super::{fetched, kept, ready, service};
    use crate::front::node::Build;
    use crate::syntax::print::print;
    use crate::syntax::tree::Document;

    fn text(build: Option<Build>) -> String {
        build.map(|b| print(&Document { nodes: vec![b.0] }).trim().to_owned()).unwrap_or_default()
    }

    #[test]
    fn what_stands_beside_the_steps_comes_back() {
        let copy = "aws s3 cp \"s3://$ARTIFACTS/${RUN_ID##*:}/dist.tar.gz\" - | tar -xz";
        assert_eq!(fetched(copy).as_deref(), Some("dist"));
        assert_eq!(fetched("aws s3 cp s3://other/dist.tar.gz - | tar -xz"), None);
        let run = "docker run --detach --name db --publish 5432:5432 --env A='b c' postgres:16";
        assert!(text(service("db", run, &Table::default())).starts_with("service db image=postgres:16 port=5432"));
        let wait = "(\n  set -eu\n  tries=0\n  until timeout 5 docker exec db sh -c 'pg_isready -q'; do\n    tries=$((tries + 1))\n    [ \"$tries\" -lt 9 ] || { docker logs db; exit 1; }\n    sleep 2\n  done\n)";
        assert_eq!(text(ready("db", wait)), "ready \"pg_isready -q\" every=\"2s\" retries=9");
        let keep = "(\n  set -eu\n  bash -O dotglob -O globstar -c 'find dist/**/*.js a -type f -o -type l' | sort -u > /tmp/x.files || true\n  [ -s /tmp/x.files ] || { echo \"no file for x\"; exit 1; }\n  tar -czf /tmp/x.tar.gz -T /tmp/x.files\n  aws s3 cp --quiet /tmp/x.tar.gz \"s3://$ARTIFACTS/${RUN_ID##*:}/x.tar.gz\"\n)";
        assert_eq!(text(kept(keep, "job")), "produces x \"dist/**/*.js\" a");
        assert_eq!(text(kept("make", "job")), "");
    }
}
