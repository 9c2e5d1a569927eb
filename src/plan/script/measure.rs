//! Gates on a figure: read it from each source, scale, add up, compare.
//!
//! Figures are compared at nine decimals: what a tool prints has fewer, and the noise of binary fractions (0.29 × 100) has more.

use crate::base::span::Spanned;
use crate::ir::gate::{Bound, Limit, Measure, MeasureSource, Metric, Reading};
use crate::ir::text::{Part, Text};
use crate::ir::units::Decimal;
use crate::plan::script::means::Means;
use crate::plan::script::{Shell, fill, inside, label, quote};

/// The script of a measured gate: a pipeline from what reads the figures to what compares them. `export` makes it write `value=…` to
/// `$PIPEWRIGHT_OUTPUT`.
pub fn measure(gate: &str, measure: &Measure, means: Means, export: bool) -> Shell {
    let sources = &measure.sources;
    let reads: Vec<(Text, Option<&str>)> = sources.iter().map(|s| read(s, means)).collect();
    let places: Vec<String> = sources.iter().map(place).collect();
    let mut checks = Vec::new();
    // What is scaled or added up has the noise of binary fractions.
    if sources.len() > 1 || sources.iter().any(|s| s.scale != Decimal::ONE) {
        checks.push("x = sprintf(\"%.9f\", x) + 0".to_owned());
    }
    match measure.limits.as_slice() {
        [only] => checks.extend([verdict(gate, measure.metric, only), "exit !ok".to_owned()]),
        several => {
            checks.extend(several.iter().map(|l| format!("{}; bad += !ok", verdict(gate, measure.metric, l))));
            checks.push("exit bad > 0".to_owned());
        }
    }
    if export {
        checks.insert(checks.len() - 1, "print \"value=\" x >> ENVIRON[\"PIPEWRIGHT_OUTPUT\"]".to_owned());
    }
    let limits = checks.join(if measure.limits.len() > 1 { "\n    " } else { "; " });
    let count = sources.len().to_string();
    let figure = figure(sources);
    let text = fill(
        "measure.sh",
        &[
            ("gate", label(gate).as_str()),
            ("count", &count),
            ("where", &label(&places.join(", "))),
            ("figure", &figure),
            ("limits", &limits),
        ],
    );
    // A command may hold contexts, so the script is put together from texts.
    let span = sources.first().map(|s| s.span).unwrap_or_default();
    let (_, after) = text.split_once("@read@").unwrap_or((&text, ""));
    let mut parts = Vec::new();
    let mut programs: Vec<&str> = reads.iter().filter_map(|(_, program)| *program).collect();
    programs.dedup();
    let install: Vec<String> = programs.iter().map(|p| means.install(p)).collect();
    let several = reads.len() > 1;
    if several {
        parts.push(Part::Literal("{\n".to_owned()));
    }
    for (read, _) in reads {
        parts.push(Part::Literal(if several { "  " } else { "" }.to_owned()));
        parts.extend(read.parts);
        parts.push(Part::Literal(if several { "\n" } else { "" }.to_owned()));
    }
    parts.push(Part::Literal(if several { "}" } else { "" }.to_owned()));
    parts.push(Part::Literal(after.to_owned()));
    let mut shell = Shell { install: (!install.is_empty()).then(|| install.join("\n")), ..Shell::alone("", span) };
    shell.script.lines = vec![Text { parts: merged(parts), span }];
    shell
}

/// What awk adds up for each line.
fn figure(sources: &[MeasureSource]) -> String {
    let scales: Vec<String> = sources.iter().map(|s| s.scale.to_string()).collect();
    match scales.as_slice() {
        [first, rest @ ..] if rest.iter().all(|s| s == first) => {
            if first == "1" {
                "$1".to_owned()
            } else {
                format!("$1 * {first}")
            }
        }
        several => {
            let cases: String = several.iter().enumerate().map(|(i, s)| format!("NR == {} ? {s} : ", i + 1)).collect();
            format!("$1 * ({cases}0)")
        }
    }
}

/// Awk that compares `x` with a limit, says so, and keeps the answer in `ok`.
pub fn verdict(gate: &str, metric: Metric, limit: &Spanned<Limit>) -> String {
    let (word, unit) = (operator(limit.value.bound), unit(metric));
    let bound = if metric == Metric::Percent { format!("{} %", limit.value.value) } else { limit.value.shown.clone() };
    format!(
        "ok = x {word} {}; print \"gate {}: \" x \"{unit} {word} {} \" (ok ? \"ok\" : \"failed\")",
        limit.value.value,
        label(gate),
        label(&bound)
    )
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

/// Shell that prints one figure, and nothing where there is none, with the program that must be brought for it.
fn read(source: &MeasureSource, means: Means) -> (Text, Option<&'static str>) {
    let file = source.file.as_ref().map_or("", |f| f.value.as_str());
    let (text, program) = match &source.read {
        Reading::Json(path) => json(&path.value, file, means),
        Reading::Xml(path) => xml(&path.value, file, means),
        Reading::Regex(regex) => (first_group(&regex.value, &quote(file)), None),
        Reading::Command(command) => {
            // Many a tool that counts faults fails when it found some: what it printed decides.
            let mut parts = vec![Part::Literal("{ ".to_owned())];
            parts.extend(command.parts.iter().cloned());
            parts.push(Part::Literal(" || true; }".to_owned()));
            return (Text { parts: merged(parts), span: command.span }, None);
        }
    };
    (Text::literal(text, source.span), program)
}

/// `.total.lines[0].pct`, `.items.length` with the program that the job has.
fn json(path: &str, file: &str, means: Means) -> (String, Option<&'static str>) {
    let (mut jq, mut python, mut node) = (String::new(), String::new(), String::new());
    let mut length = false;
    for step in path.trim_start_matches('.').split(['.', '[']).map(|s| s.trim_end_matches(']')).filter(|s| !s.is_empty()) {
        let name = step.trim_matches('"');
        if name == "length" {
            length = true;
            continue;
        }
        let index = name.bytes().all(|b| b.is_ascii_digit());
        let word = !index
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let key = if index { format!("[{name}]") } else { format!("[\"{}\"]", label(name)) };
        let dotted = if word { format!(".{name}") } else { key.clone() };
        jq.push_str(&if jq.is_empty() && !word { format!(".{dotted}") } else { dotted.clone() });
        node.push_str(&dotted);
        python.push_str(&key);
    }
    let parsed = || {
        let name = if file.starts_with('/') { file.to_owned() } else { format!("./{file}") };
        if file.ends_with(".json") {
            format!("require({})", inside(&name))
        } else {
            format!("JSON.parse(require(\"fs\").readFileSync({}))", inside(&name))
        }
    };
    // The length of nothing is no figure: it must be a list.
    match (means.jq, means.node, means.python) {
        (false, true, _) if length => {
            (format!("node -p '(list => Array.isArray(list) && list.length)({}{node})'", parsed()), None)
        }
        (false, true, _) => (format!("node -p '{}{node}'", parsed()), None),
        (false, false, true) if length => {
            let list = format!("json.load(open({})){python}", inside(file));
            (format!("python3 -c 'import json; x = {list}; print(len(x) if isinstance(x, list) else None)'"), None)
        }
        (false, false, true) => (format!("python3 -c 'import json; print(json.load(open({})){python})'", inside(file)), None),
        _ => {
            let jq = match (jq.is_empty(), length) {
                (true, true) => "arrays | length".to_owned(),
                (true, false) => ".".to_owned(),
                (false, true) => format!("{jq} | arrays | length"),
                (false, false) => jq,
            };
            (format!("jq -r {} {}", quote(&jq), quote(file)), (!means.jq).then_some("jq"))
        }
    }
}

/// `/coverage/@line-rate`, of the first element of that name. Without Python an attribute of the root is read in awk.
fn xml(path: &str, file: &str, means: Means) -> (String, Option<&'static str>) {
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if let [root, attribute] = steps.as_slice()
        && let Some(attribute) = attribute.strip_prefix('@')
        && root.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !means.python
    {
        let (root, attribute) = (label(root), label(attribute));
        let from = attribute.len() + 3;
        let text = format!(
            "awk -v RS='<' '/^{root}[ \\t\\r\\n]/ {{ if (match($0, /[ \\t\\r\\n]{attribute}=[\"\\047][^\"\\047]*/)) print substr($0, RSTART + {from}, RLENGTH - {from}); exit }}' {}",
            quote(file)
        );
        return (text, None);
    }
    let (elements, last) = match steps.split_last() {
        Some((last, rest)) if last.starts_with('@') => (rest, Some(&last[1..])),
        _ => (steps.as_slice(), None),
    };
    let (root, inner) = elements.split_first().map_or(("", String::new()), |(root, rest)| (*root, rest.join("/")));
    let mut element = format!("next(xml.parse({}).iter({}))", inside(file), inside(root));
    if !inner.is_empty() {
        element.push_str(&format!(".find({})", inside(&inner)));
    }
    let value = last.map_or_else(|| format!("{element}.text"), |a| format!("{element}.get({})", inside(a)));
    let text = format!("python3 -c 'import xml.etree.ElementTree as xml; print({value})'");
    (text, (!means.python).then_some("python3"))
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
    use crate::plan::script::means::Means;
    use crate::plan::script::tests::{SH, files, run, run_in, whole};

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

    /// A job with one program, and one that is certain of none.
    fn forms() -> [Means; 4] {
        let none = Means::default();
        [Means { jq: true, ..none }, Means { python: true, ..none }, Means { node: true, ..none }, none]
    }

    /// What a gate says, and whether it lets pass: the same in each form.
    fn answer(dir: &std::path::Path, measure: &Measure) -> (String, bool) {
        same(measure, |script| run(dir, script, &[]))
    }

    fn same(measure: &Measure, run: impl Fn(&str) -> (String, bool)) -> (String, bool) {
        let mut scripts: Vec<String> = forms().iter().map(|m| whole(super::measure("coverage", measure, *m, false))).collect();
        scripts.dedup();
        let answers: Vec<(String, bool)> = scripts.iter().map(|s| run(s)).collect();
        assert!(answers.iter().all(|a| *a == answers[0]), "{:?}: {answers:?}", measure.sources);
        answers[0].clone()
    }

    #[test]
    fn a_figure_of_each_kind_of_file_is_read_and_compared() {
        let dir = files(&[
            (
                "c.xml",
                "<?xml version=\"1.0\"?>\n<coverage branch-rate=\"0.1\"\n  line-rate=\"0.29\"><x line-rate=\"9\"/></coverage>",
            ),
            (
                "j.xml",
                "<report><counter type=\"LINE\" missed=\"7\"/><counter type=\"BRANCH\" missed=\"3\"/><sum> 4 </sum></report>",
            ),
            ("c.json", r#"{"total": {"lines": {"pct": 83.1}}, "list": [1, 2, 3], "text": "83.10", "a b": [{"c-d": 8e1}]}"#),
            ("list.json", "[1, 2, 3]"),
            ("it's", r#"{"x": 83}"#),
            ("log.txt", "time 12.50 s\nTOTAL 10 83.4% ok\nTOTAL 11 12%"),
        ]);
        let percent = |read: Reading, file: &str, scale: &str, limit: &str| {
            answer(dir.path(), &gate(Metric::Percent, vec![source(file, read, scale)], Bound::AtLeast, limit, "x"))
        };
        let line = |text: &str, ok: bool| (text.to_owned(), ok);
        let rate = || Reading::Xml(text("/coverage/@line-rate"));
        assert_eq!(percent(rate(), "c.xml", "100", "29"), line("gate coverage: 29 % >= 29 % ok", true));
        assert_eq!(percent(rate(), "c.xml", "100", "29.5"), line("gate coverage: 29 % >= 29.5 % failed", false));
        let json = |path: &str, file: &str, limit: &str| percent(Reading::Json(text(path)), file, "1", limit);
        assert_eq!(json(".total.lines.pct", "c.json", "80"), line("gate coverage: 83.1 % >= 80 % ok", true));
        assert_eq!(json(".text", "c.json", "80"), line("gate coverage: 83.1 % >= 80 % ok", true));
        assert_eq!(json(".[\"a b\"][0].[\"c-d\"]", "c.json", "80"), line("gate coverage: 80 % >= 80 % ok", true));
        assert_eq!(json(".list.length", "c.json", "3"), line("gate coverage: 3 % >= 3 % ok", true));
        assert_eq!(json("length", "list.json", "3"), line("gate coverage: 3 % >= 3 % ok", true));
        assert_eq!(json(".[2]", "list.json", "3"), line("gate coverage: 3 % >= 3 % ok", true));
        assert_eq!(json(".list[1]", "c.json", "3"), line("gate coverage: 2 % >= 3 % failed", false));
        assert_eq!(json(".x", "it's", "3"), line("gate coverage: 83 % >= 3 % ok", true));
        let regex = || Reading::Regex(text(r"TOTAL\s+(?:\d+) (\d+(?:\.\d+)?)%"));
        assert_eq!(percent(regex(), "log.txt", "1", "80"), line("gate coverage: 83.4 % >= 80 % ok", true));
        let counter = || Reading::Xml(text("/report/counter[@type='BRANCH']/@missed"));
        assert_eq!(percent(counter(), "j.xml", "1", "3"), line("gate coverage: 3 % >= 3 % ok", true));
        assert_eq!(percent(Reading::Xml(text("/report/sum")), "j.xml", "1", "3"), line("gate coverage: 4 % >= 3 % ok", true));
    }

    #[test]
    fn a_figure_that_is_missing_or_no_number_fails() {
        let dir = files(&[
            ("c.xml", "<coverage line-rate=\"\" branch-rate=\"high\"/>"),
            ("broken.xml", "no document"),
            ("empty.xml", ""),
            (
                "c.json",
                r#"{"total": {}, "null": null, "word": "high", "yes": true, "list": [1], "object": {"a": 1}, "two": "1 2", "hex": "0x1"}"#,
            ),
            ("broken.json", "{"),
            ("empty.json", ""),
            ("twice.json", "{\"n\": 1}\n{\"n\": 1}"),
            ("log.txt", "TOTAL none"),
        ]);
        let mut cases: Vec<(Reading, &str)> = Vec::new();
        for (path, file) in [
            (".total.none", "c.json"),
            (".total", "c.json"),
            (".none.deeper", "c.json"),
            (".null", "c.json"),
            (".null.length", "c.json"),
            (".object.length", "c.json"),
            (".word.length", "c.json"),
            (".none.length", "c.json"),
            (".word", "c.json"),
            (".yes", "c.json"),
            (".list", "c.json"),
            (".list[1]", "c.json"),
            (".two", "c.json"),
            (".hex", "c.json"),
            (".n", "broken.json"),
            (".n", "empty.json"),
            (".n", "twice.json"),
            (".n", "gone.json"),
            ("length", "c.json"),
        ] {
            cases.push((Reading::Json(text(path)), file));
        }
        for (path, file) in [
            ("/coverage/@line-rate", "c.xml"),
            ("/coverage/@branch-rate", "c.xml"),
            ("/coverage/@none", "c.xml"),
            ("/none/@line-rate", "c.xml"),
            ("/coverage/none/@x", "c.xml"),
            ("/coverage/@line-rate", "broken.xml"),
            ("/coverage/@line-rate", "empty.xml"),
            ("/coverage/@line-rate", "gone.xml"),
        ] {
            cases.push((Reading::Xml(text(path)), file));
        }
        cases.push((Reading::Regex(text(r"TOTAL (\d+)")), "log.txt"));
        cases.push((Reading::Regex(text(r"TOTAL (\w+)")), "log.txt"));
        cases.push((Reading::Regex(text(r"TOTAL (\d+)")), "gone.txt"));
        for (read, file) in cases {
            let measure = gate(Metric::Percent, vec![source(file, read, "1")], Bound::AtLeast, "0", "x");
            let said = same(&measure, |script| run_in(SH, dir.path(), script, &[]));
            assert_eq!(said, (format!("gate coverage: no figure in {file}"), false), "{measure:?}");
        }
    }

    #[test]
    fn several_sources_add_up_and_one_that_is_missing_fails() {
        let dir = files(&[("a.json", r#"{"n": 300000}"#), ("b.json", r#"{"n": 300000}"#), ("ms.json", r#"{"n": 250}"#)]);
        let sum = |files: &[&str]| {
            let sources = files.iter().map(|f| source(f, Reading::Json(text(".n")), "1")).collect();
            answer(dir.path(), &gate(Metric::Size, sources, Bound::AtMost, "524288", "512KiB"))
        };
        assert_eq!(sum(&["a.json"]), ("gate coverage: 300000 B <= 512KiB ok".to_owned(), true));
        assert_eq!(sum(&["a.json", "b.json"]), ("gate coverage: 600000 B <= 512KiB failed".to_owned(), false));
        assert_eq!(sum(&["a.json", "c.json"]), ("gate coverage: no figure in a.json, c.json".to_owned(), false));
        assert_eq!(sum(&["c.json", "a.json"]), ("gate coverage: no figure in c.json, a.json".to_owned(), false));
        let read = || Reading::Json(text(".n"));
        let sources = vec![source("ms.json", read(), "0.001"), source("a.json", read(), "1")];
        let mixed = gate(Metric::Duration, sources, Bound::LessThan, "300001", "300001s");
        assert_eq!(answer(dir.path(), &mixed), ("gate coverage: 300000.25 s < 300001s ok".to_owned(), true));
    }

    #[test]
    fn each_limit_has_its_line() {
        let dir = files(&[("a.json", r#"{"n": 0.29}"#)]);
        let mut measure =
            gate(Metric::Percent, vec![source("a.json", Reading::Json(text(".n")), "100")], Bound::AtMost, "40", "40%");
        let low = Limit { bound: Bound::MoreThan, value: Decimal::parse("29").unwrap(), shown: "29%".into() };
        measure.limits.push(Spanned::new(low, Span::default()));
        let said = "gate coverage: 29 % <= 40 % ok\ngate coverage: 29 % > 29 % failed";
        assert_eq!(answer(dir.path(), &measure), (said.to_owned(), false));
    }

    #[test]
    fn a_command_prints_the_figure() {
        let dir = files(&[]);
        let count = |command: &str| {
            let read = Reading::Command(Text::literal(command, Span::default()));
            answer(dir.path(), &gate(Metric::Count, vec![source("", read, "1")], Bound::LessThan, "5", "5"))
        };
        assert_eq!(count("echo 4"), ("gate coverage: 4 < 5 ok".to_owned(), true));
        assert_eq!(count("printf '  4\\n\\n'; false"), ("gate coverage: 4 < 5 ok".to_owned(), true));
        assert_eq!(count("echo many"), ("gate coverage: no figure in the command".to_owned(), false));
        assert_eq!(count("echo 1; echo 2"), ("gate coverage: no figure in the command".to_owned(), false));
        assert_eq!(count("false"), ("gate coverage: no figure in the command".to_owned(), false));
    }

    #[test]
    fn a_form_is_short() {
        let read = Reading::Json(text(".total.lines.pct"));
        let measure = gate(Metric::Percent, vec![source("c.json", read, "1")], Bound::AtLeast, "80", "80%");
        for means in forms().into_iter().filter(|m| *m != Means::default()) {
            let script = whole(super::measure("coverage", &measure, means, false));
            assert!(script.lines().count() <= 6, "{script}");
        }
    }

    #[test]
    fn the_figure_is_exported_where_somebody_reads_it() {
        let dir = files(&[("a.json", r#"{"n": 83.10}"#)]);
        let measure = gate(Metric::Percent, vec![source("a.json", Reading::Json(text(".n")), "1")], Bound::AtLeast, "80", "80%");
        let output = dir.path().join("out");
        for means in forms() {
            std::fs::write(&output, "").unwrap();
            let script = whole(super::measure("coverage", &measure, means, true));
            let (_, ok) = run(dir.path(), &script, &[("PIPEWRIGHT_OUTPUT", output.to_str().unwrap())]);
            assert!(ok);
            assert_eq!(std::fs::read_to_string(&output).unwrap(), "value=83.1\nvalue=83.1\n");
        }
    }
}
