//! Every example is compiled: a plain one is without error, one with `must-fail` has an error, one with tags has exactly those.
//!
//! A tag is a comment: `// error[rule]` at the end of a line means that line, on a line of its own it means anywhere in the example.
//! The words behind ```` ```kdl ```` say where a fragment stands: `top`, or the nodes around it (`workflow`, `job matrix`, `environment`);
//! a target's name says that the example is for that target only.

use std::fs;

use pipewright::base::diag::{Diagnostic, Severity};
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::render::Renderer;

use super::{markdown, root};

/// What fragments name. A line is left out where the fragment declares the same itself.
const AROUND: &[&str] = &[
    "secret API_TOKEN SLACK_WEBHOOK SMTP_PASSWORD SSH_HOST SSH_KEY KNOWN_HOSTS KUBE_CONFIG HUB_TOKEN",
    "variable AWS_REGION \"eu-west-1\"",
    "variable DEPLOY_ROLE",
    "variable PROMETHEUS_URL",
    "variable HUB_USER",
    "const PYTHON \"3.12\"",
    "registry ghcr \"ghcr.io/example\"",
    "team devops { github \"example/devops\"; gitlab \"example/devops\" }",
    "channel team slack webhook=(secret)SLACK_WEBHOOK",
    "events mainline { push main; tag \"v*.*.*\" }",
    "environment development { tier development }",
    "environment staging { tier staging }",
    "gate error-rate { query prometheus=\"sum(failures) / sum(requests)\" unit=ratio address=\"http://prometheus:9090\"; at-most \"5%\" }",
    "gate go-live { approval { from devops } }",
    "gate policy { check { run \"conftest test k8s/\" } }",
];

struct Block {
    place: String,
    words: Vec<String>,
    text: String,
}

/// The examples of a page. A fence may be indented, as in a list.
fn blocks(name: &str, page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(words) = line.trim_start().strip_prefix("```kdl") else { continue };
        let body: Vec<&str> = lines.by_ref().map(|(_, l)| l).take_while(|l| l.trim() != "```").collect();
        let words = words.split_whitespace().map(str::to_owned).collect();
        found.push(Block { place: format!("{name}:{}", number + 1), words, text: body.join("\n") });
    }
    found
}

/// The whole spec of an example, and how many lines of it stand before the example.
fn spec(block: &Block) -> (String, usize) {
    let is_target = |w: &&str| ["github", "gitlab"].contains(w);
    let words: Vec<&str> = block.words.iter().map(String::as_str).filter(|w| *w != "must-fail").collect();
    let place: Vec<&str> = words.iter().copied().filter(|w| !is_target(w)).collect();
    let Some(first) = place.first() else { return (block.text.clone(), 0) };
    let targets: Vec<&str> = words.iter().copied().filter(|w| is_target(w)).collect();
    let mut before = vec!["pipeline sample { language 1 }".to_owned()];
    for (target, line) in [("github", "target github"), ("gitlab", "target gitlab tier=premium standby")] {
        if targets.contains(&target) || targets.is_empty() && !declares(&block.text, "target ") {
            before.push(line.to_owned());
        }
    }
    before.extend(AROUND.iter().filter(|l| !declares(&block.text, &head(l))).map(|l| (*l).to_owned()));
    let build = if block.text.contains("job build ") {
        ""
    } else {
        "job build { run \"make\"; produces dist \"dist/\"; output version }"
    };
    let mut after = Vec::new();
    match *first {
        "top" => {}
        "workflow" => before.extend(["workflow sample {".to_owned()]),
        "stage" => before.extend(["workflow sample { on { push main; tag \"v*.*.*\" }; stage sample {".to_owned()]),
        "job" => {
            before.push(format!("workflow sample {{ on {{ push main; tag \"v*.*.*\" }}; {build}; job sample {{ run \"true\""))
        }
        "deploy" => before.push("workflow sample { on { push main }; deploy sample to=staging {".to_owned()),
        "app" => {
            let own = |start: &str, line: &'static str| if declares(&block.text, start) { "" } else { line };
            before.extend(["target helm".to_owned(), "target rollouts".to_owned()]);
            let image = own("image ", "image \"docker.io/example/sample\"");
            before.push(format!("app sample {{ {image}; {}", own("port ", "port http 8000")));
        }
        "on" => before.push("workflow sample { job build { run \"make\" }; on {".to_owned()),
        word => before.push(format!("{word} sample {{")),
    }
    let rest = &place[1..];
    before.extend(rest.iter().map(|w| format!("{w} {{")));
    after.extend(rest.iter().map(|_| "}"));
    after.push(match *first {
        "top" => "",
        "workflow" if declares(&block.text, "on") => "}",
        "workflow" => "on { push main; tag \"v*.*.*\" } }",
        "stage" | "job" | "deploy" | "on" => "} }",
        _ => "}",
    });
    if !["workflow", "stage", "job", "deploy", "on"].contains(first) && !declares(&block.text, "workflow ") {
        after.push("workflow sample { on { push main }; job build { run \"make\" } }");
    }
    (format!("{}\n{}\n{}\n", before.join("\n"), block.text, after.join("\n")), before.len())
}

/// `gate go-live ` of its declaration.
fn head(line: &str) -> String {
    let mut words = line.split(' ');
    let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if kind == "secret" { "secret ".to_owned() } else { format!("{kind} {name} ") }
}

/// Whether a line of the text, or a node behind `;` or `{`, starts so.
fn declares(text: &str, start: &str) -> bool {
    text.split(['\n', ';', '{']).any(|part| format!("{} ", part.trim_start()).starts_with(start))
}

/// The tags of an example: level, rule, and the line where it stands behind something.
fn tags(text: &str) -> Vec<(&'static str, String, Option<usize>)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in ["error", "warning", "note"] {
            let Some((before, rest)) = line.split_once(&format!("// {word}[")) else { continue };
            let rule = rest.split(']').next().unwrap_or_default().to_owned();
            found.push((word, rule, (!before.trim().is_empty()).then_some(number + 1)));
        }
    }
    found
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn wrong(block: &Block, renderer: &Renderer) -> Vec<String> {
    let (text, before) = spec(block);
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", text);
    let today = Some("2026-06-30".to_owned());
    let found = compile(&sources, id, &Options { root: root(), spec: "pipeline.kdl", targets: &[], today, renderer });
    let found = match found {
        Ok(compiled) => compiled.diagnostics,
        Err(failure) => return vec![format!("{}: {failure}", block.place)],
    };
    let line = |d: &Diagnostic| sources.file(d.span.source).line_column(d.span.start).0.saturating_sub(before);
    let tags = tags(&block.text);
    let mut wrong = Vec::new();
    for (word, rule, at) in &tags {
        if !found.iter().any(|d| d.rule == rule && level(d.severity) == *word && at.is_none_or(|l| line(d) == l)) {
            wrong.push(format!("{}: no {word}[{rule}] {}", block.place, at.map_or(String::new(), |l| format!("at line {l}"))));
        }
    }
    let errors: Vec<&Diagnostic> = found.iter().filter(|d| d.severity == Severity::Error).collect();
    if tags.is_empty() && block.words.iter().any(|w| w == "must-fail") {
        if errors.is_empty() {
            wrong.push(format!("{}: compiles, and must not", block.place));
        }
        return wrong;
    }
    let expected = |d: &Diagnostic| {
        let says = |at: Option<usize>| at.is_none_or(|l| line(d) == l);
        tags.iter().any(|(word, rule, at)| d.rule == rule && level(d.severity) == *word && says(*at))
    };
    let surplus = errors.into_iter().filter(|d| !expected(d));
    wrong.extend(surplus.map(|d| format!("{}: line {}: error[{}]: {}", block.place, line(d), d.rule, d.message)));
    wrong
}

#[test]
fn every_example_compiles_as_it_says() {
    let renderer = Renderer::new();
    let mut found = Vec::new();
    let mut count = 0;
    for path in markdown() {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        for block in blocks(&name, &fs::read_to_string(&path).unwrap()) {
            count += 1;
            found.extend(wrong(&block, &renderer));
        }
    }
    assert!(count > 100, "only {count} examples were found");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_wrong_example_is_noticed() {
    let renderer = Renderer::new();
    let check = |words: &str, text: &str| {
        let words = words.split_whitespace().map(str::to_owned).collect();
        wrong(&Block { place: "here:1".to_owned(), words, text: text.to_owned() }, &renderer)
    };
    assert_eq!(check("job", "run \"make\""), Vec::<String>::new());
    assert_eq!(check("job", "rum \"make\" // error[unknown-node]"), Vec::<String>::new());
    assert_eq!(check("job must-fail", "rum \"make\""), Vec::<String>::new());
    assert_eq!(check("job must-fail", "run \"make\"").len(), 1);
    assert_eq!(check("job", "rum \"make\"").len(), 1);
    assert_eq!(check("job", "run \"make\"\nrum \"make\" // error[missing-node]").len(), 2);
    assert_eq!(check("job", "run \"make\" // error[unknown-node]\nrum \"make\"").len(), 2);
}
