//! The specs that are measured, made up: chains of ten jobs, one chain, one job behind all others, a gate a job, mistakes, texts made to hurt.

use std::fmt::Write as _;

/// What stands above the workflow.
fn head(targets: &[&str]) -> String {
    let mut out = String::from(
        "pipeline big {\n    language 1\n    default-branch main\n    runner linux\n    timeout \"20m\"\n}\nsecret TOKEN\n",
    );
    for target in targets {
        let _ = writeln!(out, "target {target}");
    }
    out.push_str("workflow ci {\n    on { push main; tag \"v*\"; pull-request main }\n");
    out
}

/// One job, with the usual inhabitants and whatever else.
fn job(out: &mut String, i: usize, more: &str) {
    let _ = write!(
        out,
        "    job part-{i} {{\n{more}        env LEVEL=debug PART=\"{i}\"\n        run \"make part-{i}\" \"make check-{i} VERSION=${{commit.sha}}\"\n    }}\n"
    );
}

/// A pipeline of chains of ten jobs; a fifth of them is for one branch only.
pub(crate) fn spec(jobs: usize, targets: &[&str]) -> String {
    let mut out = head(targets);
    for i in 0..jobs {
        let mut more = if i % 10 > 0 { format!("        needs part-{}\n", i - 1) } else { String::new() };
        if i % 10 > 7 {
            more.push_str("        only { push main }\n");
        }
        job(&mut out, i, &more);
    }
    out + "}\n"
}

/// As many jobs as make a text of this many bytes, or a little more.
pub(crate) fn spec_of(bytes: usize, targets: &[&str]) -> String {
    // A job is a little longer, the longer its number.
    let each = spec(2_000, &[]).len() / 2_000;
    let mut jobs = bytes / each;
    while spec(jobs, targets).len() < bytes {
        jobs += jobs / 50 + 1;
    }
    spec(jobs, targets)
}

/// One chain: each job needs the one before it.
pub(crate) fn chain(jobs: usize, targets: &[&str]) -> String {
    let mut out = head(targets);
    for i in 0..jobs {
        job(&mut out, i, &if i > 0 { format!("        needs part-{}\n", i - 1) } else { String::new() });
    }
    out + "}\n"
}

/// One job that needs all others.
pub(crate) fn fan(jobs: usize, targets: &[&str]) -> String {
    let mut out = head(targets);
    let mut all = String::from("        needs");
    for i in 1..jobs {
        job(&mut out, i, "");
        let _ = write!(all, " part-{i}");
    }
    job(&mut out, 0, &(all + "\n"));
    out + "}\n"
}

/// Half of the jobs measure a gate each, the other half require them.
pub(crate) fn gates(jobs: usize, targets: &[&str]) -> String {
    let mut out = head(targets);
    for i in 0..jobs / 2 {
        let gate = format!(
            "        gate gate-{i} percent file=\"cover.xml\" xpath=\"/coverage/@line-rate\" scale=100 at-least=\"80%\"\n"
        );
        job(&mut out, 2 * i, &gate);
        job(&mut out, 2 * i + 1, &format!("        requires gate-{i}\n"));
    }
    out + "}\n"
}

/// The spec of some jobs with `count` mistakes, spread evenly; and the same without them.
pub(crate) fn mistakes(jobs: usize, count: usize, targets: &[&str]) -> (String, String) {
    let (mut wrong, mut right) = (head(targets), head(targets));
    let every = (jobs / count.max(1)).max(1);
    for i in 0..jobs {
        let here = i % every == 0 && i / every < count;
        job(&mut wrong, i, if here { "        timeout 5m\n" } else { "" });
        job(&mut right, i, if here { "        timeout \"5m\"\n" } else { "" });
    }
    (wrong + "}\n", right + "}\n")
}

/// Texts made to break a reader, each with a word for it.
pub(crate) fn hostile() -> Vec<(&'static str, String)> {
    vec![
        ("blocks", "a {".repeat(100_000)),
        ("dropped-blocks", format!("a {}", "/-{ a ".repeat(60)) + &"}".repeat(59)),
        ("dropped-deep", "a /-{".repeat(100_000)),
        ("stars", format!("/* {}", "* x ".repeat(100_000))),
        ("comments", "/*".repeat(200_000)),
        ("raw-string", format!("a #\"\"\"\n{}", "x\"\"\" ".repeat(100_000))),
        ("quotes", "\"".repeat(600_001)),
        ("missing-values", "a =\n".repeat(200_000)),
        ("braces", "}\n".repeat(200_000)),
        ("brackets", "a [".repeat(200_000)),
    ]
}

/// A workflow of GitHub of more than a thousand lines.
pub(crate) fn workflow() -> String {
    let mut text = String::from("name: Large\non: {push: {branches: [main]}, pull_request: {}}\njobs:\n");
    for job in 0..40 {
        let _ = writeln!(
            text,
            "  job-{job}:\n    runs-on: ubuntu-latest\n    timeout-minutes: 10\n    env:\n      LEVEL: high\n    steps:"
        );
        let _ = writeln!(
            text,
            "      - uses: actions/checkout@v4\n      - uses: actions/setup-node@v4\n        with:\n          node-version: '22'"
        );
        for step in 0..4 {
            let _ =
                writeln!(text, "      - name: Step {step}\n        if: github.ref == 'refs/heads/main' && github.actor != 'x'");
            let _ = writeln!(
                text,
                "        env:\n          SHA: ${{{{ github.sha }}}}\n        run: |\n          make step-{step}\n          make more"
            );
        }
    }
    text
}
