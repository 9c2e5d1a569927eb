//! What an import costs, beside reading its YAML.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "what an import costs is held against a clock")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use pipewright::base::source::SourceMap;
use pipewright::front::ledger::Ledger;
use pipewright::front::yaml::{self, Limits};
use pipewright::front::{Vendor, import};

/// A workflow of more than a thousand lines.
fn workflow() -> String {
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

/// The least time of several runs.
fn least(mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..7).map(|_| once(&mut run)).min().unwrap()
}

#[test]
fn an_import_costs_less_than_ten_times_its_yaml() {
    let text = workflow();
    assert!(text.lines().count() > 1000, "{}", text.lines().count());
    let sources = SourceMap::new();
    let id = sources.add("large.yml", text.as_str());
    let limits = Limits { refuse_twice: true, documents: 1 };
    let reading = least(|| drop(yaml::read(id, &text, limits, &mut Ledger::default())));
    let whole = least(|| drop(import(&sources, &[id], Vendor::Github, Path::new(".")).spec("large", "main", &["github"])));
    println!("YAML {reading:?}, import {whole:?}");
    assert!(whole < reading * 10, "{whole:?} is ten times {reading:?}");
}
