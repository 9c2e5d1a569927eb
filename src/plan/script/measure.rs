//! Gates on a figure: read it from each source, scale, add up, compare.
//!
//! Figures are compared at nine decimals: what a tool prints has fewer, and the noise of binary fractions (0.29 × 100) has more.

use crate::base::span::Spanned;
use crate::ir::gate::{Bound, Limit, Measure, MeasureSource, Metric, Reading};
use crate::ir::text::{Part, Text};
use crate::plan::script::{Shell, fill, label, quote};

/// The script of a measured gate. `export` makes it write `value=…` to `$PIPEWRIGHT_OUTPUT`.
pub fn measure(gate: &str, measure: &Measure, export: bool) -> Shell {
    let sources = &measure.sources;
    let reads: Vec<Text> = sources.iter().map(read).collect();
    let sum: Vec<String> = sources.iter().enumerate().map(|(i, s)| format!("figure[{}] * {}", i + 1, s.scale)).collect();
    let places: Vec<String> = sources.iter().map(place).collect();
    let mut limits = limits(gate, measure.metric, &measure.limits, "  ");
    if export {
        limits.push_str("\n  print \"value=\" shown >> ENVIRON[\"PIPEWRIGHT_OUTPUT\"]");
    }
    let text = fill(
        "measure.sh",
        &[
            ("gate", &label(gate)),
            ("count", &sources.len().to_string()),
            ("where", &label(&places.join(", "))),
            ("sum", &format!("  sum = {}", sum.join(" + ").replace(" * 1 ", " ").trim_end_matches(" * 1"))),
            ("limits", &limits),
        ],
    );
    // A command may hold contexts, so the script is put together from texts.
    let span = sources.first().map(|s| s.span).unwrap_or_default();
    let (before, after) = text.split_once("@figures@").unwrap_or((&text, ""));
    let mut parts = vec![Part::Literal(before.to_owned())];
    for (i, read) in reads.into_iter().enumerate() {
        parts.push(Part::Literal(format!("{}$(", if i > 0 { " " } else { "" })));
        parts.extend(read.parts);
        parts.push(Part::Literal(")".to_owned()));
    }
    parts.push(Part::Literal(after.to_owned()));
    let mut shell = Shell::plain("", span);
    shell.script.lines = vec![Text { parts: merged(parts), span }];
    shell
}

/// Awk lines that compare `sum` with each limit, print the figure as `shown` and count `failed`.
pub fn limits(gate: &str, metric: Metric, limits: &[Spanned<Limit>], indent: &str) -> String {
    let lines: Vec<String> = limits
        .iter()
        .map(|limit| {
            let (word, unit) = (operator(limit.value.bound), unit(metric));
            let bound = if metric == Metric::Percent { format!("{} %", limit.value.value) } else { limit.value.shown.clone() };
            format!(
                "{indent}bad = !(sum {word} {}); failed += bad; print \"gate {}: \" shown \"{unit} {word} {} \" (bad ? \"failed\" : \"ok\")",
                limit.value.value,
                label(gate),
                label(&bound)
            )
        })
        .collect();
    lines.join("\n")
}

fn operator(bound: Bound) -> &'static str {
    match bound {
        Bound::AtLeast => ">=",
        Bound::AtMost => "<=",
        Bound::MoreThan => ">",
        Bound::LessThan => "<",
    }
}

fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Percent => " %",
        Metric::Ratio | Metric::Count => "",
        Metric::Duration => " s",
        Metric::Size => " B",
    }
}

fn place(source: &MeasureSource) -> String {
    source.file.as_ref().map_or_else(|| "the command".to_owned(), |f| f.value.clone())
}

/// Shell that prints one figure, and nothing where there is none. It never ends the script: the comparison says what is missing.
fn read(source: &MeasureSource) -> Text {
    let file = quote(source.file.as_ref().map_or("", |f| &f.value));
    let text = match &source.read {
        Reading::Json(path) => json(&path.value, &file),
        Reading::Xml(path) => xml(&path.value, &file),
        Reading::Regex(regex) => first_group(&regex.value, &file),
        Reading::Command(command) => {
            let mut parts = command.parts.clone();
            parts.push(Part::Literal(" || true".to_owned()));
            return Text { parts: merged(parts), span: command.span };
        }
    };
    Text::literal(format!("{text} || true"), source.span)
}

/// `.total.lines[0].pct`, `.items.length` with whichever tool the job has.
fn json(path: &str, file: &str) -> String {
    let (mut jq, mut index) = (String::new(), String::new());
    let mut length = false;
    for step in path.trim_start_matches('.').split(['.', '[']).map(|s| s.trim_end_matches(']')).filter(|s| !s.is_empty()) {
        let name = step.trim_matches('"');
        if name == "length" {
            length = true;
        } else if name.bytes().all(|b| b.is_ascii_digit()) {
            jq.push_str(&format!("[{name}]"));
            index.push_str(&format!("[{name}]"));
        } else {
            let name = label(name);
            jq.push_str(&format!("[\"{name}\"]"));
            index.push_str(&format!("[\"{name}\"]"));
        }
    }
    let jq = if length { format!(".{jq} | length") } else { format!(".{jq}") };
    let python = if length { format!("len(x{index})") } else { format!("x{index}") };
    let node = if length { format!("x{index}.length") } else { format!("x{index}") };
    format!(
        "if command -v jq > /dev/null; then jq -e '{jq}' {file}\n  elif command -v python3 > /dev/null; then python3 -c 'import json, sys; x = \
         json.load(open(sys.argv[1])); print({python})' {file}\n  else node -e 'const x = JSON.parse(require(\"fs\").readFileSync(process.argv[1])); \
         console.log({node})' {file}; fi"
    )
}

/// `/coverage/@line-rate` of the root in plain awk; deeper paths need python3 or xmllint.
fn xml(path: &str, file: &str) -> String {
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if let [root, attribute] = steps.as_slice()
        && let Some(attribute) = attribute.strip_prefix('@')
        && root.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        let (root, attribute) = (label(root), label(attribute));
        return format!(
            "awk -v RS='<' '/^{root}[ \\t\\r\\n]/ && match($0, /[ \\t\\r\\n]{attribute}=[\"\\047][^\"\\047]*/) {{ \
             print substr($0, RSTART + {}, RLENGTH - {}); exit }}' {file}",
            attribute.len() + 3,
            attribute.len() + 3
        );
    }
    let (elements, last) = match steps.split_last() {
        Some((last, rest)) if last.starts_with('@') => (rest, Some(&last[1..])),
        _ => (steps.as_slice(), None),
    };
    let inner = elements.get(1..).unwrap_or_default().join("/").replace('\'', "\"");
    let find = if inner.is_empty() { "x".to_owned() } else { format!("x.find({inner:?})") };
    let value = last.map_or_else(|| format!("{find}.text"), |a| format!("{find}.get(\"{}\")", label(a)));
    format!(
        "if command -v python3 > /dev/null; then python3 -c 'import sys, xml.etree.ElementTree as tree; x = tree.parse(sys.argv[1]).getroot(); \
         print({value})' {file}\n  else xmllint --xpath 'string({})' {file}; fi",
        path.replace('\'', "\"")
    )
}

/// The first group of the first match, with grep and sed of any system: both know extended regular expressions without `\d` and `(?:`.
fn first_group(regex: &str, file: &str) -> String {
    let regex = regex.replace("\\d", "[0-9]").replace("\\s", "[[:space:]]").replace("\\w", "[[:alnum:]_]");
    let capture = regex.find('(').map_or(0, |_| capture_index(&regex));
    let regex = regex.replace("(?:", "(");
    let edge = ['~', '#', '%', ',', '!', '|'].into_iter().find(|c| !regex.contains(*c)).unwrap_or('\u{1}');
    let group = capture + 1;
    format!("grep -oE -e {} {file} | sed -nE {}", quote(&regex), quote(&format!("1s{edge}^({regex})${edge}\\{group}{edge}p")))
}

/// Which pair of parentheses is the first that captures, counted from 1; 0 where there is none, so that the whole match counts.
fn capture_index(regex: &str) -> usize {
    let mut pairs = 0;
    let bytes = regex.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'(' => {
                pairs += 1;
                if !regex[at..].starts_with("(?:") {
                    return pairs;
                }
            }
            _ => {}
        }
        at += 1;
    }
    0
}

fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Literal(last)), Part::Literal(text)) => last.push_str(&text),
            (_, part) => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests read and write the disk around the compiler")]

    use crate::base::span::{Span, Spanned};
    use crate::ir::gate::{Bound, Limit, Measure, MeasureSource, Metric, Reading};
    use crate::ir::text::Text;
    use crate::ir::units::Decimal;
    use crate::plan::script::tests::{files, run};

    fn gate(metric: Metric, sources: Vec<MeasureSource>, bound: Bound, value: &str, shown: &str) -> Measure {
        let limit = Limit { bound, value: Decimal::parse(value).unwrap(), shown: shown.into() };
        Measure { metric, sources, limits: vec![Spanned::new(limit, Span::default())] }
    }

    fn source(file: &str, read: Reading, scale: &str) -> MeasureSource {
        let file = (!file.is_empty()).then(|| Spanned::new(file.to_owned(), Span::default()));
        MeasureSource { file, read, scale: Decimal::parse(scale).unwrap(), span: Span::default() }
    }

    fn text(text: &str) -> Spanned<String> {
        Spanned::new(text.to_owned(), Span::default())
    }

    fn script(measure: &Measure) -> String {
        super::measure("coverage", measure, false).script.lines[0].as_literal().unwrap().to_owned()
    }

    #[test]
    fn a_figure_of_each_kind_of_file_is_read_and_compared() {
        let dir = files(&[
            (
                "c.xml",
                "<?xml version=\"1.0\"?>\n<coverage branch-rate=\"0.1\"\n  line-rate=\"0.29\"><x line-rate=\"9\"/></coverage>",
            ),
            ("j.xml", "<report><counter type=\"LINE\" missed=\"7\"/><counter type=\"BRANCH\" missed=\"3\"/></report>"),
            ("c.json", r#"{"total": {"lines": {"pct": 83.1}}, "list": [1, 2, 3]}"#),
            ("log.txt", "time 12.50 s\nTOTAL 10 83.4% ok\nTOTAL 11 12%"),
        ]);
        let percent = |read: Reading, file: &str, scale: &str, limit: &str| {
            run(dir.path(), &script(&gate(Metric::Percent, vec![source(file, read, scale)], Bound::AtLeast, limit, "x")), &[])
        };
        let line = |text: &str, ok: bool| (text.to_owned(), ok);
        let rate = || Reading::Xml(text("/coverage/@line-rate"));
        assert_eq!(percent(rate(), "c.xml", "100", "29"), line("gate coverage: 29 % >= 29 % ok", true));
        assert_eq!(percent(rate(), "c.xml", "100", "29.5"), line("gate coverage: 29 % >= 29.5 % failed", false));
        assert_eq!(
            percent(Reading::Json(text(".total.lines.pct")), "c.json", "1", "80"),
            line("gate coverage: 83.1 % >= 80 % ok", true)
        );
        assert_eq!(percent(Reading::Json(text(".list.length")), "c.json", "1", "3"), line("gate coverage: 3 % >= 3 % ok", true));
        assert_eq!(percent(Reading::Json(text(".list[1]")), "c.json", "1", "3"), line("gate coverage: 2 % >= 3 % failed", false));
        let regex = || Reading::Regex(text(r"TOTAL\s+(?:\d+) (\d+(?:\.\d+)?)%"));
        assert_eq!(percent(regex(), "log.txt", "1", "80"), line("gate coverage: 83.4 % >= 80 % ok", true));
        let counter = || Reading::Xml(text("/report/counter[@type='BRANCH']/@missed"));
        assert_eq!(percent(counter(), "j.xml", "1", "3"), line("gate coverage: 3 % >= 3 % ok", true));
        for (read, file) in [
            (rate(), "none.xml"),
            (Reading::Xml(text("/coverage/@none")), "c.xml"),
            (Reading::Json(text(".total.none")), "c.json"),
            (Reading::Json(text(".total")), "c.json"),
            (regex(), "c.xml"),
            (counter(), "c.xml"),
        ] {
            let (said, ok) = percent(read, file, "1", "0");
            assert_eq!(
                (said.lines().last().unwrap_or_default(), ok),
                (format!("gate coverage: no figure in {file}").as_str(), false)
            );
        }
    }

    #[test]
    fn several_sources_add_up_and_one_that_is_missing_fails() {
        let dir = files(&[("a.json", r#"{"n": 300000}"#), ("b.json", r#"{"n": 300000}"#)]);
        let sum = |files: &[&str]| {
            let sources = files.iter().map(|f| source(f, Reading::Json(text(".n")), "1")).collect();
            run(dir.path(), &script(&gate(Metric::Size, sources, Bound::AtMost, "524288", "512KiB")), &[])
        };
        assert_eq!(sum(&["a.json"]), ("gate coverage: 300000 B <= 512KiB ok".to_owned(), true));
        assert_eq!(sum(&["a.json", "b.json"]), ("gate coverage: 600000 B <= 512KiB failed".to_owned(), false));
        assert_eq!(sum(&["a.json", "c.json"]), ("gate coverage: no figure in a.json, c.json".to_owned(), false));
    }

    #[test]
    fn a_command_prints_the_figure() {
        let dir = files(&[]);
        let count = |command: &str| {
            let read = Reading::Command(Text::literal(command, Span::default()));
            run(dir.path(), &script(&gate(Metric::Count, vec![source("", read, "1")], Bound::LessThan, "5", "5")), &[])
        };
        assert_eq!(count("echo 4"), ("gate coverage: 4 < 5 ok".to_owned(), true));
        assert_eq!(count("echo many"), ("gate coverage: no figure in the command".to_owned(), false));
        assert_eq!(count("false"), ("gate coverage: no figure in the command".to_owned(), false));
    }

    #[test]
    fn the_figure_is_exported_where_somebody_reads_it() {
        let dir = files(&[("a.json", r#"{"n": 83.10}"#)]);
        let measure = gate(Metric::Percent, vec![source("a.json", Reading::Json(text(".n")), "1")], Bound::AtLeast, "80", "80%");
        let shell = super::measure("coverage", &measure, true);
        let output = dir.path().join("out");
        std::fs::write(&output, "").unwrap();
        let (_, ok) =
            run(dir.path(), shell.script.lines[0].as_literal().unwrap(), &[("PIPEWRIGHT_OUTPUT", output.to_str().unwrap())]);
        assert!(ok);
        assert_eq!(std::fs::read_to_string(output).unwrap(), "value=83.1\nvalue=83.1\n");
    }
}
