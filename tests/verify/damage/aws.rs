//! Damages of what is written for AWS.

use pipewright::ir::Pipeline;
use pipewright::ir::job::Job;
use pipewright::ir::step::Outcome;

use super::work::{command, simple};
use super::{Damage, block_end, each_line, each_match, with};

const BATCH: &str = ".codebuild/";
const WAY: &str = ".codepipeline/";

/// Whether a text is a buildspec of one build.
fn is_build(text: &str) -> bool {
    text.contains("\nphases:\n")
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// One text for each block that begins with such a line, without it.
fn without(text: &str, head: &str) -> Vec<String> {
    let lines = lines(text);
    let found = (0..lines.len()).filter(|at| lines[*at] == head);
    found.map(|at| with(&lines, at, block_end(&lines, at), &[])).collect()
}

/// The stages of a pipeline behind that of the source: where each begins, with the names of its actions.
fn stages(lines: &[&str]) -> Vec<(usize, Vec<String>)> {
    let heads: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("        - Name: ")).skip(1).collect();
    let actions = |at: usize| {
        let inner = lines[at..block_end(lines, at)].iter().filter_map(|l| l.strip_prefix("            - Name: "));
        inner.map(str::to_owned).collect()
    };
    heads.into_iter().map(|at| (at, actions(at))).collect()
}

/// Whether a job of the second list needs one of the first.
fn needs(pipeline: &Pipeline, first: &[String], second: &[String]) -> bool {
    let jobs = |names: &[String]| {
        pipeline.jobs.iter().filter(|j| names.contains(&j.name.value)).map(|j| j.name.value.clone()).collect::<Vec<_>>()
    };
    let (first, second) = (jobs(first), jobs(second));
    let of_second = pipeline.jobs.iter().filter(|j| second.contains(&j.name.value));
    of_second.flat_map(|j| &j.needs).any(|n| first.contains(&pipeline.job(n.job).name.value))
}

fn consumed(text: &str, pipeline: &Pipeline, what: &str) -> Vec<String> {
    let files: Vec<String> =
        pipeline.jobs.iter().flat_map(|j| &j.consumes).map(|c| format!("/{}.tar.gz\"", c.name.value)).collect();
    each_line(text, |lines, at| {
        let own = files.iter().any(|f| lines[at].contains(f.as_str())) && lines[at].contains(what);
        own.then(|| vec![lines[at].replace("s3 cp", "s3 ls")])
    })
}

/// The command that runs the script of the steps, made to end well.
fn forgiven(text: &str) -> Vec<String> {
    if !is_build(text) || text.contains("The job failed; the run goes on.") {
        return Vec::new();
    }
    each_line(text, |lines, at| {
        let run = lines[at].ends_with(" /tmp/job.sh") && lines[at].trim_start().starts_with("- timeout");
        run.then(|| vec![format!("{} || true", lines[at])])
    })
}

/// The command of a gate, made to end well.
fn advisory(text: &str) -> Vec<String> {
    each_line(text, |lines, at| {
        let close = lines[at].trim() == ")";
        let head = (0..at).rev().find(|i| lines[*i].trim() == "(" || lines[*i].trim_end().ends_with("- |-"))?;
        let gate = lines[..=head].iter().rev().take(3).find_map(|l| l.trim_start().strip_prefix("# Gate "))?;
        let own = lines[head..at].iter().any(|l| l.contains(&format!("gate {gate}: ")));
        (close && own).then(|| vec![format!("{} || true", lines[at])])
    })
}

/// The job of the spec that a buildspec is, by the name in its second line.
fn job<'p>(text: &str, pipeline: &'p Pipeline) -> Option<&'p Job> {
    let name = text.lines().nth(1)?.strip_prefix("# ")?;
    let mut named = pipeline.jobs.iter().filter(|j| j.name.value == name);
    named.next().filter(|_| is_build(text) && named.next().is_none())
}

/// Whether a line is a command that the spec says once.
fn is_said(lines: &[&str], at: usize, job: &Job) -> bool {
    let own = command(lines[at]);
    simple(job).filter(|(_, text)| *text == own).count() == 1 && lines.iter().filter(|l| command(l) == own).count() == 1
}

/// One text for each command of the spec, with what `change` makes of it.
fn each_command(text: &str, pipeline: &Pipeline, change: impl Fn(&str) -> String) -> Vec<String> {
    let Some(job) = job(text, pipeline) else { return Vec::new() };
    each_line(text, |lines, at| {
        let own = command(lines[at]);
        let start = &lines[at][..lines[at].len() - own.len()];
        is_said(lines, at, job).then(|| vec![format!("{start}{}", change(own))])
    })
}

/// What asks whether the build failed, around a command of the spec, asks whether it did not.
fn turned(text: &str, pipeline: &Pipeline) -> Vec<String> {
    const FAILED: &str = "\"$CODEBUILD_BUILD_SUCCEEDING\" = 0";
    let Some(job) = job(text, pipeline) else { return Vec::new() };
    each_line(text, |lines, at| {
        let own = lines[at..].iter().take(5).any(|l| simple(job).any(|(_, line)| line == l.trim()));
        (own && lines[at].contains(FAILED)).then(|| vec![lines[at].replace(FAILED, &FAILED.replace('0', "1"))])
    })
}

/// Two commands one below the other change places.
fn swapped(text: &str, pipeline: &Pipeline) -> Vec<String> {
    let Some(job) = job(text, pipeline) else { return Vec::new() };
    let lines = lines(text);
    let beside = |at: usize| lines[at].starts_with("      - ") && lines[at - 1].starts_with("      - ");
    let found = (1..lines.len()).filter(|at| beside(*at) && is_said(&lines, *at, job) && is_said(&lines, at - 1, job));
    found.map(|at| with(&lines, at - 1, at + 1, &[lines[at].to_owned(), lines[at - 1].to_owned()])).collect()
}

/// Other options of the shells that read commands of the spec.
fn options(text: &str, pipeline: &Pipeline, options: &str) -> Vec<String> {
    let Some(job) = job(text, pipeline) else { return Vec::new() };
    each_line(text, |lines, at| {
        let indent = |l: &str| l.len() - l.trim_start().len();
        let inner = |l: &&&str| indent(l) >= indent(lines[at]);
        // What runs behind the steps is in a shell with `pipefail` already.
        let behind = lines[..at].iter().any(|l| l.contains("cat > /tmp/after.sh"));
        let group = lines[at].trim() == "set -euo pipefail"
            && (!behind || options.contains("pipefail"))
            && lines[at + 1..].iter().take_while(inner).any(|l| simple(job).any(|(_, text)| text == l.trim()));
        let whole =
            lines[at].contains("bash -euo pipefail /tmp/job.sh") && simple(job).any(|(step, _)| step.when == Outcome::Success);
        (group || whole).then(|| vec![lines[at].replace("-euo pipefail", options)])
    })
}

/// A resource beside each secret that a role may read.
fn another_secret(text: &str) -> Vec<String> {
    each_line(text, |lines, at| {
        let (start, _) = lines[at].split_once(":secret:")?;
        Some(vec![lines[at].to_owned(), format!("{start}:secret:admin/KEY-??????")])
    })
}

/// Another word behind a key at these many blanks.
fn each_key(text: &str, key: &str, new: &str) -> Vec<String> {
    each_line(text, |lines, at| lines[at].strip_prefix(key).map(|_| vec![format!("{key}{new}")]))
}

/// The limit of the script of a job, cut short.
fn shorter(text: &str) -> Vec<String> {
    each_line(text, |lines, at| {
        let (start, rest) = lines[at].split_once("timeout ").filter(|_| lines[at].ends_with(" /tmp/job.sh"))?;
        let (_, run) = rest.split_once(' ')?;
        Some(vec![format!("{start}timeout 5 {run}")])
    })
}

/// Calls that start a container beside a build, changed.
fn each_service(text: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    each_line(text, |lines, at| lines[at].contains("docker run --detach --name ").then(|| vec![change(lines[at])]))
}

pub(super) const DAMAGES: &[Damage] = &[
    Damage { name: "drop all needs of a job", file: BATCH, apply: |t, _| without(t, "      depend-on:") },
    Damage {
        name: "drop one need of a job",
        file: BATCH,
        apply: |t, _| {
            // Of several needs each may be needed by another one.
            each_line(t, |lines, at| {
                let only = lines[at - 1.min(at)] == "      depend-on:"
                    && !lines.get(at + 1).is_some_and(|l| l.starts_with("        - "));
                only.then(|| vec!["        []".to_owned()])
            })
        },
    },
    Damage {
        name: "let a batch pass over a failure",
        file: BATCH,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_prefix("    - identifier: ")?;
                let job = p.jobs.iter().find(|j| j.name.value == id)?;
                job.allow_failure.is_none().then(|| vec![lines[at].to_owned(), "      ignore-failure: true".to_owned()])
            })
        },
    },
    Damage {
        name: "end a batch at its first failure",
        file: BATCH,
        apply: |t, _| {
            let several = t.matches("    - identifier: ").count() > 1;
            if several { each_match(t, "\nbatch:\n", "\nbatch:\n  fast-fail: true\n") } else { Vec::new() }
        },
    },
    Damage {
        name: "run another build in its place",
        file: BATCH,
        apply: |t, _| {
            let specs: Vec<&str> = t.lines().filter_map(|l| l.strip_prefix("      buildspec: ")).collect();
            each_line(t, |lines, at| {
                let own = lines[at].strip_prefix("      buildspec: ")?;
                let other = specs.iter().find(|s| **s != own)?;
                Some(vec![format!("      buildspec: {other}")])
            })
        },
    },
    Damage {
        name: "widen a trigger",
        file: BATCH,
        apply: |t, _| each_match(t, "Pattern: ^refs/heads/main$\n", "Pattern: ^refs/heads/\n"),
    },
    Damage {
        name: "start by another event",
        file: BATCH,
        apply: |t, _| each_match(t, "Pattern: PUSH\n", "Pattern: PULL_REQUEST_CREATED\n"),
    },
    Damage {
        name: "swap branch and tag",
        file: BATCH,
        apply: |t, _| [each_match(t, "^refs/heads/", "^refs/tags/"), each_match(t, "^refs/tags/", "^refs/heads/")].concat(),
    },
    Damage {
        name: "leave out what a trigger takes",
        file: BATCH,
        apply: |t, _| {
            each_line(t, |lines, at| {
                let named = lines[at].trim().starts_with("Pattern: ^refs/");
                named.then(|| vec![lines[at].to_owned(), "              ExcludeMatchedPattern: true".to_owned()])
            })
        },
    },
    Damage {
        name: "start at another time",
        file: BATCH,
        apply: |t, _| each_match(t, "ScheduleExpression: cron(0 ", "ScheduleExpression: cron(7 "),
    },
    Damage {
        name: "start on another branch",
        file: BATCH,
        apply: |t, _| each_match(t, "\"SourceVersion\":\"main\"", "\"SourceVersion\":\"other\""),
    },
    Damage { name: "do not fetch an artifact", file: BATCH, apply: |t, p| consumed(t, p, "| tar -xz") },
    Damage { name: "do not publish an artifact", file: BATCH, apply: |t, p| consumed(t, p, "tar -cz") },
    Damage { name: "forgive a job its failure", file: BATCH, apply: |t, _| forgiven(t) },
    Damage { name: "make a gate advisory", file: BATCH, apply: |t, _| if is_build(t) { advisory(t) } else { Vec::new() } },
    Damage { name: "give a secret to another job", file: BATCH, apply: |t, _| another_secret(t) },
    Damage {
        name: "give a secret to another job",
        file: BATCH,
        apply: |t, _| each_match(t, "\n  secrets-manager:\n", "\n  secrets-manager:\n    STOLEN: admin/KEY\n"),
    },
    Damage { name: "change a command", file: BATCH, apply: |t, p| each_command(t, p, |c| format!("{c} --changed")) },
    Damage { name: "drop a command", file: BATCH, apply: |t, p| each_command(t, p, |_| "true".to_owned()) },
    Damage { name: "swap two commands", file: BATCH, apply: swapped },
    Damage { name: "go on behind a failing command", file: BATCH, apply: |t, p| options(t, p, "-uo pipefail") },
    Damage { name: "let a pipe hide a failure", file: BATCH, apply: |t, p| options(t, p, "-eu") },
    Damage { name: "drop a command", file: WAY, apply: |t, p| each_command(t, p, |_| "true".to_owned()) },
    Damage { name: "go on behind a failing command", file: WAY, apply: |t, p| options(t, p, "-uo pipefail") },
    Damage {
        name: "remove an approval",
        file: WAY,
        apply: |t, _| {
            let lines = lines(t);
            let found = (0..lines.len()).filter(|at| lines[*at].trim() == "Category: Approval");
            let head = |at: usize| (0..at).rev().find(|i| lines[*i].starts_with("            - Name: "));
            found.filter_map(head).map(|at| with(&lines, at, block_end(&lines, at), &[])).collect()
        },
    },
    Damage {
        name: "do not wait for an approval",
        file: WAY,
        apply: |t, _| each_match(t, "              RunOrder: 2\n", "              RunOrder: 1\n"),
    },
    Damage {
        name: "put a stage before another",
        file: WAY,
        apply: |t, p| {
            let lines = lines(t);
            let found = stages(&lines);
            let pairs = found.windows(2).filter(|pair| needs(p, &pair[0].1, &pair[1].1));
            pairs
                .map(|pair| {
                    let (first, second, end) = (pair[0].0, pair[1].0, block_end(&lines, pair[1].0));
                    let swapped: Vec<String> =
                        lines[second..end].iter().chain(&lines[first..second]).map(|l| (*l).to_owned()).collect();
                    with(&lines, first, end, &swapped)
                })
                .collect()
        },
    },
    Damage {
        name: "call another function",
        file: WAY,
        apply: |t, _| {
            each_match(t, "FunctionName:\n                  Ref: WarmUp", "FunctionName:\n                  Ref: DeployRoleArn")
        },
    },
    Damage {
        name: "give a function something else",
        file: WAY,
        apply: |t, _| each_match(t, "\"#{SourceVariables.CommitId}\"", "\"#{SourceVariables.BranchName}\""),
    },
    Damage {
        name: "give a function nothing",
        file: WAY,
        apply: |t, _| each_line(t, |lines, at| lines[at].trim_start().starts_with("UserParameters:").then(Vec::new)),
    },
    Damage {
        name: "call no function",
        file: WAY,
        apply: |t, _| each_match(t, "Provider: Lambda\n", "Provider: StepFunctions\n"),
    },
    Damage {
        name: "widen a trigger",
        file: WAY,
        apply: |t, _| {
            let at = t.find("      Stages:").unwrap_or(0);
            let found = each_match(&t[..at], "\n                    - main\n", "\n                    - '**'\n");
            found.into_iter().map(|head| format!("{head}{}", &t[at..])).collect()
        },
    },
    Damage { name: "start whatever files change", file: WAY, apply: |t, _| without(t, "                FilePaths:") },
    Damage {
        name: "swap branch and tag",
        file: WAY,
        apply: |t, _| [each_match(t, "- Branches:\n", "- Tags:\n"), each_match(t, "- Tags:\n", "- Branches:\n")].concat(),
    },
    Damage {
        name: "start by another event",
        file: WAY,
        apply: |t, _| each_match(t, "                  - OPEN\n", "                  - CLOSED\n"),
    },
    Damage { name: "drop the condition of a stage", file: WAY, apply: |t, _| without(t, "          BeforeEntry:") },
    Damage {
        name: "fail where a stage is passed over",
        file: WAY,
        apply: |t, _| each_match(t, "              - Result: SKIP\n", "              - Result: FAIL\n"),
    },
    Damage { name: "turn a condition round", file: WAY, apply: |t, _| each_match(t, "Operator: EQ\n", "Operator: NE\n") },
    Damage {
        name: "look at another name",
        file: WAY,
        apply: |t, _| each_match(t, "Variable: '#{SourceVariables.BranchName}'", "Variable: '#{SourceVariables.CommitId}'"),
    },
    Damage {
        name: "cancel a running deploy",
        file: WAY,
        apply: |t, _| each_match(t, "ExecutionMode: QUEUED\n", "ExecutionMode: SUPERSEDED\n"),
    },
    Damage {
        name: "deploy beside another run",
        file: WAY,
        apply: |t, _| each_match(t, "ExecutionMode: QUEUED\n", "ExecutionMode: PARALLEL\n"),
    },
    Damage { name: "drop the source of a build", file: WAY, apply: |t, _| without(t, "              InputArtifacts:") },
    Damage {
        name: "run another build in its place",
        file: WAY,
        apply: |t, _| {
            let refs: Vec<&str> = t.lines().filter_map(|l| l.strip_prefix("                ProjectName: ")).collect();
            each_line(t, |lines, at| {
                let own = lines[at].strip_prefix("                ProjectName: ")?;
                let other = refs.iter().find(|s| **s != own)?;
                // One cell of several is told apart below.
                (refs.iter().filter(|r| **r == own).count() == 1).then(|| vec![format!("                ProjectName: {other}")])
            })
        },
    },
    Damage {
        name: "do not pass what a build asks for",
        file: WAY,
        apply: |t, _| each_match(t, "\"name\":\"RUN_EVENT\"", "\"name\":\"RUN_KIND\""),
    },
    Damage {
        name: "start at another time",
        file: WAY,
        apply: |t, _| each_match(t, "ScheduleExpression: cron(0 ", "ScheduleExpression: cron(7 "),
    },
    Damage {
        name: "start on another branch",
        file: WAY,
        apply: |t, _| {
            let scheduled = t.contains("AWS::Scheduler::Schedule");
            if scheduled { each_match(t, "BranchName: main\n", "BranchName: other\n") } else { Vec::new() }
        },
    },
    Damage { name: "run a step for failures when all went well", file: BATCH, apply: turned },
    Damage { name: "undo a deploy that went well", file: WAY, apply: turned },
    Damage { name: "forgive a job its failure", file: WAY, apply: |t, _| forgiven(t) },
    Damage { name: "make a gate advisory", file: WAY, apply: |t, _| if is_build(t) { advisory(t) } else { Vec::new() } },
    Damage { name: "give a secret to another job", file: WAY, apply: |t, _| another_secret(t) },
    Damage { name: "take a secret from a role", file: WAY, apply: |t, _| each_match(t, "-??????\n", "x-??????\n") },
    Damage {
        name: "give a secret to another job",
        file: WAY,
        apply: |t, _| each_match(t, "\n  secrets-manager:\n", "\n  secrets-manager:\n    STOLEN: admin/KEY\n"),
    },
    Damage { name: "stop a build too early", file: BATCH, apply: |t, _| each_key(t, "      TimeoutInMinutes: ", "5") },
    Damage { name: "stop a build too early", file: WAY, apply: |t, _| each_key(t, "      TimeoutInMinutes: ", "5") },
    Damage { name: "stop a batch too early", file: BATCH, apply: |t, _| each_key(t, "        TimeoutInMins: ", "5") },
    Damage { name: "stop a script too early", file: BATCH, apply: |t, _| shorter(t) },
    Damage { name: "stop a script too early", file: WAY, apply: |t, _| shorter(t) },
    Damage {
        name: "let an approval lapse too early",
        file: WAY,
        apply: |t, _| each_key(t, "              TimeoutInMinutes: ", "5"),
    },
    Damage { name: "run builds in another image", file: BATCH, apply: |t, _| each_key(t, "        Image: ", "alpine:3.22") },
    Damage { name: "run builds in another image", file: WAY, apply: |t, _| each_key(t, "        Image: ", "alpine:3.22") },
    Damage {
        name: "run one build in another image",
        file: BATCH,
        apply: |t, _| each_match(t, "\n      env:\n", "\n      env:\n        image: alpine:3.22\n"),
    },
    Damage {
        name: "do not start a service",
        file: BATCH,
        apply: |t, _| each_service(t, |l| l.replace("docker run", "docker create")),
    },
    Damage { name: "start a service from another image", file: BATCH, apply: |t, _| each_service(t, |l| format!("{l}-alpine")) },
    Damage {
        name: "start a service with another variable",
        file: BATCH,
        apply: |t, _| each_service(t, |l| l.replace(" --env POSTGRES_PASSWORD=test", "")),
    },
    Damage { name: "go on without a service", file: BATCH, apply: |t, _| each_service(t, |l| format!("{l} || true")) },
];
