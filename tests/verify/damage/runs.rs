//! Damages that change which jobs run, behind what, and what they find.

use super::{Damage, GITHUB, GITLAB, block_end, drop_block, each_line, each_match, job_of, key, with};

pub(super) const DAMAGES: &[Damage] = &[
    Damage { name: "drop all needs of a job", file: GITHUB, apply: |t, p| drop_block(t, 4, "needs", p) },
    Damage {
        name: "drop all needs of a job",
        file: GITLAB,
        apply: |t, p| {
            let lines: Vec<&str> = t.lines().collect();
            let found =
                (0..lines.len()).filter(|at| key(lines[*at], 2, "needs") == Some("") && job_of(&lines, *at, 0, p).is_some());
            found.map(|at| with(&lines, at, block_end(&lines, at), &["  needs: []".to_owned()])).collect()
        },
    },
    Damage {
        name: "other types of an own event",
        file: GITHUB,
        apply: |t, _| each_match(t, "types: [opened, reopened]", "types: [opened]"),
    },
    Damage {
        name: "another own event",
        file: GITHUB,
        apply: |t, _| each_line(t, |lines, at| (lines[at] == "  issues:").then(|| vec!["  discussion:".to_owned()])),
    },
    Damage {
        name: "an own event more",
        file: GITHUB,
        apply: |t, _| each_line(t, |lines, at| (lines[at] == "on:").then(|| vec!["on:".to_owned(), "  watch:".to_owned()])),
    },
    Damage {
        name: "an own event less",
        file: GITHUB,
        apply: |t, _| {
            let lines: Vec<&str> = t.lines().collect();
            let found = (0..lines.len()).filter(|at| lines[*at] == "  merge_group:");
            found.map(|at| with(&lines, at, block_end(&lines, at), &[])).collect()
        },
    },
    Damage {
        name: "widen a trigger",
        file: GITHUB,
        apply: |t, _| {
            each_line(t, |lines, at| {
                let names = key(lines[at], 4, "branches")?;
                // Where every job has a condition of its own, what starts the workflow decides nothing.
                let free = t.matches("\n    runs-on:").count() > t.matches("\n    if:").count() && t.contains("\njobs:\n");
                let of_push = lines[at - 1] == "  push:";
                (!names.contains("'**'") && free && of_push).then(|| vec!["    branches: ['**']".to_owned()])
            })
        },
    },
    Damage {
        name: "widen a trigger",
        file: GITLAB,
        apply: |t, _| {
            let head = t.split("\nstages:").next().unwrap_or_default().len();
            let free =
                t.split("\n\n").any(|b| b.contains("  needs: []\n") && !b.contains("\n  rules:") && !b.contains("\n  extends:"));
            if !free {
                return Vec::new();
            }
            let found = each_match(&t[..head], " && $CI_COMMIT_BRANCH == \"main\"", " && $CI_COMMIT_BRANCH");
            found.into_iter().map(|h| format!("{h}{}", &t[head..])).collect()
        },
    },
    Damage {
        name: "swap branch and tag",
        file: GITHUB,
        apply: |t, _| {
            [
                each_match(t, "\n    if: github.ref_type == 'tag'\n", "\n    if: github.ref_type == 'branch'\n"),
                each_match(t, "    if: github.ref == 'refs/heads/main'\n", "    if: github.ref == 'refs/tags/main'\n"),
            ]
            .concat()
        },
    },
    Damage {
        name: "swap branch and tag",
        file: GITLAB,
        apply: |t, _| each_match(t, "$CI_COMMIT_BRANCH == \"main\"", "$CI_COMMIT_TAG == \"main\""),
    },
    Damage {
        name: "drop one result of a need",
        file: GITHUB,
        apply: |t, _| {
            each_line(t, |lines, at| {
                let line = lines[at];
                (line.trim_start().starts_with("needs.") && line.ends_with(".result == 'success' &&")).then(Vec::new)
            })
        },
    },
    Damage { name: "drop the condition of a job", file: GITHUB, apply: |t, p| drop_block(t, 4, "if", p) },
    Damage { name: "drop the rules of a job", file: GITLAB, apply: |t, p| drop_block(t, 2, "rules", p) },
    Damage { name: "remove `optional`", file: GITLAB, apply: |t, _| each_match(t, "      optional: true\n", "") },
    Damage {
        name: "make an approval run by itself",
        file: GITLAB,
        apply: |t, _| {
            [each_match(t, "\n      when: manual\n", "\n"), each_match(t, "    - when: manual\n", "    - when: on_success\n")]
                .concat()
        },
    },
    Damage {
        name: "do not wait for an approval",
        file: GITLAB,
        apply: |t, p| {
            let gates: Vec<&str> = p.gates.iter().map(|g| g.name.value.as_str()).collect();
            each_line(t, |lines, at| {
                let need = lines[at].strip_prefix("    - ")?;
                gates.contains(&need).then(Vec::new)
            })
        },
    },
    Damage {
        name: "let an approval be passed over",
        file: GITLAB,
        apply: |t, _| each_match(t, "\n      when: manual\n", "\n      when: manual\n      allow_failure: true\n"),
    },
    Damage {
        name: "remove the job of an approval",
        file: GITHUB,
        apply: |t, _| {
            let lines: Vec<&str> = t.lines().collect();
            let at: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].trim() == "run: echo \"approved\"").collect();
            let job = |i: usize| (0..i).rev().find(|j| lines[*j].starts_with("  ") && !lines[*j].starts_with("   "));
            let drop = |i: usize| -> Option<String> {
                let (start, name) = job(i).map(|j| (j, lines[j].trim().trim_end_matches(':')))?;
                let text = with(&lines, start, block_end(&lines, start), &[]);
                let text = text.replace(&format!("needs: {name}\n"), "needs: []\n").replace(&format!(", {name}]"), "]");
                Some(text.replace(&format!("needs.{name}.result == 'success'"), "true"))
            };
            at.into_iter().filter_map(drop).collect()
        },
    },
    Damage { name: "drop an environment", file: GITHUB, apply: |t, p| drop_block(t, 4, "environment", p) },
    Damage {
        name: "drop an environment",
        file: GITLAB,
        apply: |t, _| {
            let lines: Vec<&str> = t.lines().collect();
            let found = (0..lines.len()).filter(|at| key(lines[*at], 2, "environment").is_some());
            // The environment of an approval only says who may press its button, which is a setting.
            let of_job = |at: &usize| !lines[*at..block_end(&lines, *at)].iter().any(|l| l.contains("action: prepare"));
            found.filter(of_job).map(|at| with(&lines, at, block_end(&lines, at), &[])).collect()
        },
    },
    Damage {
        name: "enter another environment",
        file: GITLAB,
        apply: |t, _| {
            each_match(t, "    name: production\n", "    name: elsewhere\n")
                .into_iter()
                .filter(|n| !n.contains("elsewhere\n    action: prepare"))
                .collect()
        },
    },
    Damage {
        name: "do not fetch an artifact",
        file: GITHUB,
        apply: |t, p| {
            let consumed: Vec<&str> = p.jobs.iter().flat_map(|j| &j.consumes).map(|c| c.name.value.as_str()).collect();
            let lines: Vec<&str> = t.lines().collect();
            let found = (0..lines.len())
                .filter(|at| lines[*at].trim_start().trim_start_matches("- ").starts_with("uses: actions/download-artifact@"));
            let named = |at: &usize| {
                lines[*at..(*at + 4).min(lines.len())]
                    .iter()
                    .any(|l| l.trim().strip_prefix("name: ").is_some_and(|n| consumed.contains(&n)))
            };
            found
                .filter(named)
                .map(|at| with(&lines, at, at + 1, &[lines[at].replace("actions/download-artifact", "actions/cache")]))
                .collect()
        },
    },
    Damage {
        name: "do not publish an artifact",
        file: GITHUB,
        apply: |t, p| {
            let consumed: Vec<&str> = p.jobs.iter().flat_map(|j| &j.consumes).map(|c| c.name.value.as_str()).collect();
            let lines: Vec<&str> = t.lines().collect();
            let found = (0..lines.len()).filter(|at| lines[*at].contains("uses: actions/upload-artifact@"));
            let named = |at: &usize| {
                lines[*at..(*at + 4).min(lines.len())]
                    .iter()
                    .any(|l| l.trim().strip_prefix("name: ").is_some_and(|n| consumed.contains(&n)))
            };
            found
                .filter(named)
                .map(|at| with(&lines, at, at + 1, &[lines[at].replace("actions/upload-artifact", "actions/cache")]))
                .collect()
        },
    },
    Damage {
        name: "make a gate advisory",
        file: GITHUB,
        apply: |t, _| {
            each_line(t, |lines, at| {
                let name = lines[at].strip_prefix("      - name: Gate ")?;
                let whole = !name.ends_with("(advisory)")
                    && lines[at..block_end(lines, at)].iter().any(|l| l.contains(&format!("gate {name}: ")));
                whole.then(|| vec![lines[at].to_owned(), "        continue-on-error: true".to_owned()])
            })
        },
    },
    Damage {
        name: "forgive a job its failure",
        file: GITHUB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_prefix("  ")?.strip_suffix(':')?;
                let job = p.jobs.iter().find(|j| j.name.value == id)?;
                (job.allow_failure.is_none()).then(|| vec![lines[at].to_owned(), "    continue-on-error: true".to_owned()])
            })
        },
    },
    Damage {
        name: "forgive a job its failure",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_suffix(':')?;
                let job = p.jobs.iter().find(|j| j.name.value == id)?;
                (job.allow_failure.is_none()).then(|| vec![lines[at].to_owned(), "  allow_failure: true".to_owned()])
            })
        },
    },
    Damage {
        name: "give a secret to another job",
        file: GITHUB,
        apply: |t, _| {
            each_match(t, "    steps:\n", "    env:\n      STOLEN: ${{ secrets.ADMIN_KEY }}\n    steps:\n")
                .into_iter()
                .filter(|n| n.matches("\n    env:\n").count() == t.matches("\n    env:\n").count() + 1)
                .collect()
        },
    },
    Damage {
        name: "cancel a running deploy",
        file: GITHUB,
        apply: |t, _| {
            let lines: Vec<&str> = t.lines().collect();
            let found = (0..lines.len())
                .filter(|at| lines[*at].trim() == "cancel-in-progress: false" && lines[*at - 1].contains("deploy-"));
            found.map(|at| with(&lines, at, at + 1, &["      cancel-in-progress: true".to_owned()])).collect()
        },
    },
    Damage {
        name: "cancel a running deploy",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_suffix(':')?;
                let deploys = p.jobs.iter().any(|j| j.name.value == id && j.environment.is_some());
                let own = lines[at..block_end(lines, at)].iter().any(|l| l.starts_with("  interruptible:"));
                (deploys && !own).then(|| vec![lines[at].to_owned(), "  interruptible: true".to_owned()])
            })
        },
    },
    Damage { name: "deploy beside another run", file: GITLAB, apply: |t, p| drop_block(t, 2, "resource_group", p) },
    Damage {
        name: "run after a failure, too",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_suffix(':')?;
                let job = p.jobs.iter().find(|j| j.name.value == id)?;
                let block = &lines[at..block_end(lines, at)];
                let plain = !job.needs.is_empty()
                    && !block
                        .iter()
                        .any(|l| l.starts_with("  rules:") || l.starts_with("  when:") || l.starts_with("  extends:"));
                plain.then(|| vec![lines[at].to_owned(), "  when: always".to_owned()])
            })
        },
    },
    Damage {
        name: "rename a job",
        file: GITLAB,
        apply: |t, p| {
            each_line(t, |lines, at| {
                let id = lines[at].strip_suffix(':')?;
                let unneeded = !t.contains(&format!("- {id}\n")) && !t.contains(&format!("job: {id}\n"));
                (unneeded && p.jobs.iter().any(|j| j.name.value == id)).then(|| vec![format!("{id} renamed:")])
            })
        },
    },
];
