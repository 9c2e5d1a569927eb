//! Hostile strings come back unchanged from every reader, as values, keys, list items and scripts.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::{any, prop, proptest};
use proptest::test_runner::Config;

use pipewright::render::Renderer;
use pipewright::render::yaml;
use pipewright::target::asset;
use serde::Serialize;

/// Strings that some reader of YAML takes for something else, or that break a careless emitter.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "  x",
    "x ",
    "\t",
    "\tx",
    "x\t",
    "a\tb",
    "a  b",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "YES",
    "no",
    "No",
    "NO",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "null",
    "Null",
    "NULL",
    "~",
    "~/x",
    "none",
    "0",
    "1",
    "-1",
    "+1",
    "0755",
    "0o14",
    "014",
    "08",
    "0x1F",
    "0b11",
    "1_000",
    "1,000",
    "1e3",
    "1e999",
    "1.0",
    "3.10",
    "1.",
    ".5",
    "-.5",
    "+.5",
    "12:30",
    "12:30:45",
    "190:20:30",
    "22:30",
    "3:25",
    "685_230.15",
    "1E5",
    "0.",
    "00",
    "12e03",
    "-2E+05",
    ".inf",
    "-.INF",
    "+.inf",
    ".nan",
    ".NaN",
    ".Inf",
    "nan",
    "inf",
    "#inf",
    "2020-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5",
    "2001-1-1",
    "20-alpine",
    "1.2.3",
    "10.0.0.1",
    "1a",
    "deadbeef",
    "0deadbeef",
    "=",
    "<<",
    "<",
    ">",
    "|",
    "|-",
    ">-",
    "?",
    "? x",
    "-",
    "- x",
    "--",
    "---",
    "--- x",
    "...",
    "... x",
    "-x",
    "--flag",
    ":",
    ":x",
    "x:",
    "a: b",
    "a:b",
    "a :b",
    "::",
    ": x",
    "#",
    "# x",
    "a #b",
    "a# b",
    "a#b",
    "a # b",
    "&x",
    "&",
    "*x",
    "*",
    "!x",
    "!!str x",
    "!reference [a, b]",
    "%x",
    "%TAG",
    "@x",
    "`x`",
    "'",
    "''",
    "'x'",
    "\"",
    "\"x\"",
    "it's",
    "say \"hi\"",
    "a\\b",
    "\\",
    "\\n",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "{a: b}",
    "[a, b]",
    "a, b",
    ",",
    ",x",
    "x,",
    "a]b",
    "a}b",
    "${{ github.ref }}",
    "${{ a && 'b' }}",
    "a ${{ b }} c",
    "{{ x }}",
    "{{{ x }}}",
    "{{% x %}}",
    "{{# x #}}",
    "$[[ inputs.x ]]",
    "$(HOME)",
    "$$",
    "http://x.y/z?a=b#c",
    "node:20",
    "feature/**",
    "*.rs",
    "**",
    "!main",
    "v*",
    "@scope/x",
    "user@host",
    "50%",
    "a=b",
    "x\n",
    "\n",
    "\n\n",
    "\nx",
    "\n\nx",
    "\n x",
    " \nx",
    "x\n\n",
    "x\n\n\n",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n",
    "  a\nb\n",
    "\ta\nb\n",
    "a\n\tb\n",
    "a\n  b\n",
    "a \nb",
    "a\n \nb",
    "a\n   \nb\n",
    "a\r\nb\r\n",
    "a\rb",
    "\r",
    "\r\n",
    "a\n---\nb\n",
    "---\nb\n",
    "a\n...\n",
    "EOF\nx\nEOF\n",
    "# c\nx\n",
    "a: 1\nb: 2\n",
    "- a\n- b\n",
    "x\n  permissions: write-all\n  #",
    "'\n'",
    "\"\n\"",
    "|\nx",
    "a\n\n\n b\n",
    "\0",
    "a\0b",
    "\u{1}",
    "\u{7}",
    "\u{8}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "a\u{85}b",
    "a\nb\u{85}c\n",
    "\u{9f}",
    "\u{a0}",
    "\u{a0}x",
    "x\u{a0}",
    "a\u{a0}b",
    "\u{ad}",
    "\u{2028}",
    "a\u{2028}b",
    "\u{2029}",
    "a\nb\u{2028}\n",
    "\u{feff}",
    "\u{feff}x",
    "x\u{feff}\ny\n",
    "\u{202e}x",
    "\u{200b}",
    "\u{200d}",
    "\u{2066}x\u{2069}",
    "\u{fdd2}",
    "a\u{fdd3}b",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{1f600}",
    "\u{e0001}",
    "é",
    "日本語",
    "ß: x",
    "\u{3000}",
    "\u{3000}x",
    "\u{2003}a",
    "\u{e000}",
    "__proto__",
    "con",
    "null\n",
    "true\n",
    "12:30\n",
    "~\n",
    "-\n",
    "a:\n",
    "a: b\n",
    "x #y\n",
    "it's\n",
    "\"\n",
];

const TEMPLATE: &str = "\
values:
{{% for x in xs %}}
  - key: {{{ x }}}
  - {{{ x }}}: key
  - {{{ x }}}
  - [{{{ [x, x] }}}, {{{ {x: x} }}}]
  - run: {{{ x | block }}}
    next: {{{ x | tree }}}
  - {{{ x | block }}}
  - {{{ [x, {x: x}] | tree }}}
  - deep: {{{ {\"a\": {x: [x]}, \"b\": [[x], [], {}]} | tree }}}
    next: 1 {{{ x | comment }}}
  {{{ x | comment }}}
{{% endfor %}}
";

/// What a reader must find for one string.
fn expected(x: &str) -> serde_json::Value {
    serde_json::json!([
        {"key": x}, {x: "key"}, x, [[x, x], {x: x}], {"run": x, "next": x}, x, [x, {x: x}],
        {"deep": {"a": {x: [x]}, "b": [[x], [], {}]}, "next": 1}
    ])
}

fn render(template: &'static str, context: &impl Serialize) -> Result<String, String> {
    let renderer = Renderer::with(move |name| (name == "t.yml.j2").then(|| template.to_owned())).fuel(1_000_000);
    renderer.yaml("t.yml.j2", context).map_err(|e| e.to_string())
}

fn render_all(strings: &[&str]) -> String {
    render(TEMPLATE, &BTreeMap::from([("xs", strings)])).expect("it renders")
}

fn expect_all(strings: &[&str]) -> serde_json::Value {
    let rows: Vec<_> = strings.iter().flat_map(|x| expected(x).as_array().cloned().unwrap_or_default()).collect();
    serde_json::json!({ "values": rows })
}

/// Reads a YAML text with a program and gives it back as JSON; `None` when the program is not there.
fn read_with(program: &[&str], text: &str) -> Option<serde_json::Value> {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let input = text.as_bytes().to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().ok()?;
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("No module named") || said.contains("Cannot find module") {
        return None;
    }
    assert!(output.status.success(), "{program:?} refuses the text: {said}");
    Some(serde_json::from_slice(&output.stdout).expect("the program writes JSON"))
}

const PYTHON: &[&str] =
    &["python3", "-c", "import sys, yaml, json; print(json.dumps(yaml.safe_load(sys.stdin.buffer.read().decode())))"];
const JS_YAML: &[&str] =
    &["node", "-e", "process.stdout.write(JSON.stringify(require('js-yaml').load(require('fs').readFileSync(0, 'utf8'))))"];
const NPM_YAML: &[&str] = &[
    "node",
    "-e",
    "process.stdout.write(JSON.stringify(require('yaml').parse(require('fs').readFileSync(0, 'utf8'), {version: '1.1'})))",
];

#[test]
fn hostile_strings_come_back_from_serde_yaml() {
    assert!(HOSTILE.len() > 200);
    for x in HOSTILE {
        let text = render_all(&[x]);
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{x:?}: {e}\n{text}"));
        assert_eq!(read, expect_all(&[x]), "{x:?} in\n{text}");
    }
}

#[test]
fn hostile_strings_come_back_from_other_readers() {
    let text = render_all(HOSTILE);
    for program in [PYTHON, JS_YAML, NPM_YAML] {
        let Some(read) = read_with(program, &text) else {
            assert!(std::env::var_os("PIPEWRIGHT_NO_SKIP").is_none(), "{program:?} has no YAML reader");
            eprintln!("skipped: {} has no YAML reader here ({})", program[0], program[2]);
            continue;
        };
        let expected = expect_all(HOSTILE);
        let pairs = read["values"].as_array().into_iter().flatten().zip(expected["values"].as_array().into_iter().flatten());
        for (found, wanted) in pairs {
            assert_eq!(found, wanted, "{}", program[2]);
        }
        assert_eq!(read, expected);
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]
    #[test]
    fn any_string_comes_back(x in prop::collection::vec(prop::sample::select(
        vec!["a", "b", "1", " ", "\n", "\t", ":", "#", "-", "'", "\"", "\\", "{", "]", ",", "\r", "\u{85}", "\u{fdd2}", ".", "_", "%", "&", "!", "|", ">", "é", "\0"]), 0..9)) {
        let x = x.concat();
        let text = render_all(&[&x]);
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{x:?}: {e}\n{text}"));
        assert_eq!(read, expect_all(&[&x]), "{x:?} in\n{text}");
    }

    #[test]
    fn any_unicode_comes_back(x in any::<String>()) {
        let text = render_all(&[&x]);
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{x:?}: {e}\n{text}"));
        assert_eq!(read, expect_all(&[&x]), "{x:?} in\n{text}");
    }
}

#[test]
fn ordinary_text_stays_readable() {
    for plain in [
        "main",
        "npm ci",
        "feature/**",
        "actions/checkout@0123456789abcdef0123456789abcdef01234567",
        "${{ github.ref }}",
        "${{ a && contains(b, 'c') }}",
        "node:20",
        "https://example.com/x",
        "20-alpine",
        "ubuntu-24.04",
        "1.2.3-rc",
        "$CI_COMMIT_SHA",
        "/bin/sh",
        ".github/x",
        "echo \"x\"",
        "a, b",
    ] {
        assert_eq!(yaml::scalar(plain), plain);
    }
    for (text, written) in [
        ("on", "'on'"),
        ("3.10", "'3.10'"),
        ("it's: x", "'it''s: x'"),
        ("a\nb", "\"a\\nb\""),
        ("\u{202e}", "\"\\u202E\""),
        ("*.rs", "'*.rs'"),
    ] {
        assert_eq!(yaml::scalar(text), written);
    }
    assert_eq!(yaml::flow_scalar("node:20"), "'node:20'");
}

#[test]
fn a_template_counts_no_indentation() {
    let template = "\
jobs:
  build:
    env: {{{ env | tree }}}
    none: {{{ {} | tree }}}
    steps:
{{% for run in runs %}}
      - name: x
        run: {{{ run | block }}}
      - run: {{{ run | block }}}
{{% endfor %}}
    script:
      - {{{ runs[0] | block }}}
      - {{{ env | tree }}}
    # {{# not here #}}end
    needs: {{{ [\"a\", \"1.10\"] }}}
    if: ${{ always() }}
";
    let context = serde_json::json!({"env": {"B": "on", "A": {"x": [1, true]}}, "runs": ["a\n\n  b\n", " lead\n", "echo 'a' 'b'", "npm ci"]});
    let text = render(template, &context).expect("it renders");
    assert_eq!(
        text,
        "\
jobs:
  build:
    env:
      B: 'on'
      A:
        x:
          - 1
          - true
    none: {}
    steps:
      - name: x
        run: |
          a

            b
      - run: |
          a

            b
      - name: x
        run: |2
           lead
      - run: |2
           lead
      - name: x
        run: echo 'a' 'b'
      - run: echo 'a' 'b'
      - name: x
        run: npm ci
      - run: npm ci
    script:
      - |
        a

          b
      - B: 'on'
        A:
          x:
            - 1
            - true
    # end
    needs: [a, '1.10']
    if: ${{ always() }}
"
    );
}

#[test]
fn macros_and_includes_are_not_quoted_again() {
    let template = "\
{{% macro step(name) %}}
  - name: {{{ name }}}
{{% endmacro %}}
steps:
{{% for s in xs %}}
{{{ step(s) }}}
{{% endfor %}}
";
    let text = render(template, &serde_json::json!({"xs": ["on", "a: b"]})).expect("it renders");
    let read: serde_json::Value = serde_yaml::from_str(&text).expect("it parses");
    assert_eq!(read, serde_json::json!({"steps": [{"name": "on"}, {"name": "a: b"}]}));
}

#[test]
fn a_wrong_template_is_our_bug_with_its_line() {
    for (template, says) in [
        ("a: 1\nb: {{{ xs[0].nmae }}}\n", "line 2"),
        ("a: {{{ nothing }}}\n", "line 1"),
        ("a: {{{ none }}}\n", "none"),
        ("a: {{{ xs | safe }}}\n", "filter"),
        ("a: {{{ 'x' | lines }}}\n", "comment lines only"),
        ("a: {{{ 3 | block }}}\n", "takes a string"),
        (
            "{{% for a in range(99999) %}}{{% for b in range(99999) %}}{{% for c in range(99999) %}}{{% endfor %}}{{% endfor %}}{{% endfor %}}",
            "fuel",
        ),
    ] {
        let error = render(template, &serde_json::json!({"xs": [{}]})).expect_err(template);
        assert!(error.contains(says) && error.contains("t.yml.j2"), "{template}: {error}");
    }
    assert!(Renderer::new().yaml("none.yml.j2", &()).is_err());
}

/// A `{{{ }}}` must be a whole scalar: glued to other text, its quotes would end up inside the value.
#[test]
fn templates_print_whole_scalars_only() {
    for (path, text) in asset::files().filter(|(p, _)| p.ends_with(".yml.j2") || p.ends_with(".yaml.j2")) {
        for (at, _) in text.match_indices("{{{") {
            let before = text[..at].rsplit('\n').next().unwrap_or_default();
            let Some(end) = text[at..].find("}}}") else { panic!("{path}: an open {{{{{{") };
            let after = text[at + end + 3..].split('\n').next().unwrap_or_default();
            let starts = before.trim().is_empty()
                || before.ends_with(": ")
                || before.ends_with("- ")
                // A tag of YAML, such as `!Sub`.
                || before.ends_with(' ') && before.trim_end().rsplit(' ').next().is_some_and(|w| w.starts_with('!'))
                || before.ends_with("%}}")
                || text[at..at + end].contains("comment");
            let ends = after.trim_end().is_empty()
                || after.starts_with(':')
                || after.starts_with("{{%")
                || after.starts_with(" #")
                || after.starts_with(" {{{");
            assert!(starts && ends, "{path}: {before}{}{after}: build the whole scalar in the view", &text[at..at + end + 3]);
        }
    }
}
