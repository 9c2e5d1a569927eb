//! Gates on reports: counts of findings by severity, and test results.

use crate::base::span::{Span, Spanned};
use crate::ir::gate::Findings;
use crate::plan::script::means::Means;
use crate::plan::script::{Shell, fill, inside, label, list_files, part, quote};

/// Formats of reports that a findings gate reads. A severity of SARIF comes from `security-severity` (of the result, else of its rule): from 9
/// critical, from 7 high, from 4 medium, else low; without one from the level: error is high, warning medium, note low. A result does not count
/// if all its suppressions are accepted. A leaked secret is critical; ZAP and npm name no critical or call medium moderate.
pub const FORMATS: &[&str] = &["sarif", "trivy", "npm-audit", "gitleaks", "zap"];

/// The script of a findings gate: one program that reads, counts and decides.
pub fn findings(gate: &str, findings: &Findings, means: Means, span: Span) -> Shell {
    let format = findings.format.value.as_str();
    let gate = label(gate);
    let paths = paths(&findings.files);
    let only = only(&paths);
    if means.python && !means.jq {
        let pairs: Vec<String> = findings.limits.iter().map(|(s, most)| format!("(\"{}\", {most})", label(&s.value))).collect();
        let body = part(&format!("findings/{format}.py"));
        let found = match only {
            // Read where it is used, if that is one place.
            Some(file) if body.matches("report").count() == 1 => {
                body.replace("report", &format!("json.load(open({}))", inside(file)))
            }
            Some(file) => format!("report = json.load(open({}))\n{body}", inside(file)),
            None => format!(
                "def severities(report):\n    {}\n    return found\nfiles = sys.stdin.read().splitlines()\nassert files, \"no report\"\n\
                 found = [one for file in files for one in severities(json.load(open(file)))]",
                body.replace('\n', "\n    ")
            ),
        };
        let list = if only.is_some() { String::new() } else { format!("{} | ", list_files(&paths)) };
        let values = [("list", list.as_str()), ("found", &found), ("limits", &pairs.join(", ")), ("gate", &gate)];
        return Shell::alone(&fill("findings-python.sh", &values), span);
    }
    let pairs: Vec<String> = findings.limits.iter().map(|(s, most)| format!("{}: {most}", label(&s.value))).collect();
    let severities = part(&format!("findings/{format}.jq"));
    let limits = pairs.join(", ");
    let mut values = vec![("severities", severities), ("limits", limits.as_str()), ("gate", gate.as_str())];
    let (list, file);
    match only {
        Some(path) => {
            file = format!(" {}", quote(path));
            let check = "if length == 1 then .[0] else error(\"no report\") end";
            values.extend([("list", ""), ("check", check), ("each", ""), ("file", file.as_str())]);
        }
        None => {
            // A report that is missing, empty or broken becomes `null`, which no report is. (`-e` says nothing of empty input in jq 1.6.)
            list = format!(
                "{} |\n  while IFS= read -r file; do jq -cs 'if length == 1 then .[0] else null end' \"$file\" || echo null; done |\n  ",
                list_files(&paths)
            );
            let check = "if . == [] or any(. == null) then error(\"no report\") else . end";
            values.extend([("list", list.as_str()), ("check", check), ("each", ".[] | "), ("file", "")]);
        }
    }
    let text = fill("findings-jq.sh", &values);
    Shell { install: (!means.jq).then(|| means.install("jq")), ..Shell::alone(&text, span) }
}

/// The script of a gate on JUnit files: at least one file, at least one test, none with a failure or error.
pub fn junit(gate: &str, files: &[Spanned<String>], span: Span) -> Shell {
    let paths = paths(files);
    let (list, file) = match only(&paths) {
        Some(path) => (String::new(), format!(" < {}", quote(path))),
        // A file that cannot be read counts as an error.
        None => (
            format!("{} |\n  while IFS= read -r file; do cat \"$file\" || echo '<error>'; done |\n  ", list_files(&paths)),
            String::new(),
        ),
    };
    Shell::alone(&fill("junit.sh", &[("list", &list), ("gate", &label(gate)), ("file", &file)]), span)
}

/// The only file, where the paths name just one.
fn only(paths: &[String]) -> Option<&str> {
    match paths {
        [path] if !super::is_glob(path) => Some(path),
        _ => None,
    }
}

fn paths(files: &[Spanned<String>]) -> Vec<String> {
    files.iter().map(|f| f.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::base::span::{Span, Spanned};
    use crate::ir::gate::Findings;
    use crate::plan::script::means::Means;
    use crate::plan::script::tests::{files, run, whole};

    fn text(text: &str) -> Spanned<String> {
        Spanned::new(text.to_owned(), Span::default())
    }

    /// What a gate says, and whether it lets pass: the same in each form.
    fn gate(dir: &Path, reports: &[&str], format: &str, limits: &[(&str, u64)]) -> (String, bool) {
        let limits = limits.iter().map(|(s, n)| (text(s), *n)).collect();
        let findings = Findings { files: reports.iter().map(|f| text(f)).collect(), format: text(format), limits };
        let jq = Means { jq: true, ..Means::default() };
        let forms = [jq, Means { python: true, ..Means::default() }, Means::default()];
        let of = |means: Means| run(dir, &whole(super::findings("no-vulns", &findings, means, Span::default())), &[]);
        let answers: Vec<(String, bool)> = forms.iter().map(|m| of(*m)).collect();
        assert!(answers.iter().all(|a| *a == answers[0]), "{reports:?} as {format}: {answers:?}");
        answers[0].clone()
    }

    const SARIF: &str = r#"{"runs": [{"tool": {"driver": {"rules": [
        {"id": "A", "properties": {"security-severity": "9.8"}}, {"id": "B", "properties": {"security-severity": "4.0"}},
        {"id": "C", "defaultConfiguration": {"level": "error"}}]}},
        "results": [{"ruleId": "A"}, {"ruleId": "B"}, {"ruleId": "C"}, {"ruleId": "D", "level": "note"}, {"ruleId": "E"},
        {"ruleId": "A", "suppressions": [{"kind": "external"}]}]}]}"#;

    /// All that decides a severity: extensions, scores as numbers and of the result itself, levels that are missing, unknown or `none`, no rule.
    const CORNERS: &str = r#"{"version": "2.1.0", "runs": [
        {"tool": {"driver": {"name": "a"}, "extensions": [{"rules": [{"id": "X", "properties": {"security-severity": 7}}]}, {}]},
         "results": [{"ruleId": "X"}, {"ruleId": "X", "properties": {"security-severity": "0.0"}}, {"ruleId": "X", "level": "none"},
                     {"message": {"text": "without a rule"}}, {"ruleId": "Y", "level": "none"}, {"ruleId": "Y", "level": "odd"}]},
        {"tool": {"driver": {"rules": [{"id": "Z", "defaultConfiguration": {"enabled": true}, "properties": {"tags": []}}]}},
         "results": [{"ruleId": "Z", "suppressions": []}, {"ruleId": "Z", "suppressions": [{"kind": "inSource", "status": "accepted"}]},
                     {"ruleId": "Z", "suppressions": [{"kind": "inSource"}, {"kind": "external", "status": "underReview"}]},
                     {"ruleId": "Z", "level": "error", "suppressions": [{"kind": "external", "status": "rejected"}]}]},
        {"tool": {"driver": {}}, "results": null}, {"tool": {"driver": {}}}]}"#;

    #[test]
    fn severities_of_sarif_come_from_the_score_or_the_level() {
        let dir = files(&[
            ("r.sarif", SARIF),
            ("corners.sarif", CORNERS),
            ("clean.sarif", r#"{"runs": [{"tool": {"driver": {}}, "results": []}]}"#),
        ]);
        let (said, ok) =
            gate(dir.path(), &["r.sarif"], "sarif", &[("critical", 0), ("high", 1), ("medium", 2), ("low", 1), ("any", 5)]);
        assert_eq!(
            said.lines().collect::<Vec<_>>(),
            [
                "gate no-vulns: 1 critical <= 0 failed",
                "gate no-vulns: 1 high <= 1 ok",
                "gate no-vulns: 2 medium <= 2 ok",
                "gate no-vulns: 1 low <= 1 ok",
                "gate no-vulns: 5 any <= 5 ok"
            ]
        );
        assert!(!ok);
        let clean = |reports: &[&str]| gate(dir.path(), reports, "sarif", &[("any", 0)]);
        assert_eq!(clean(&["clean.sarif"]), ("gate no-vulns: 0 any <= 0 ok".to_owned(), true));
        let all = [("critical", 0), ("high", 9), ("medium", 9), ("low", 9), ("any", 9)];
        let (said, ok) = gate(dir.path(), &["corners.sarif"], "sarif", &all);
        let counts: Vec<&str> = said.lines().filter_map(|l| l.split(' ').nth(2)).collect();
        assert_eq!((counts, ok), (vec!["0", "3", "3", "3", "9"], true), "{said}");
    }

    #[test]
    fn several_reports_add_up() {
        let dir = files(&[("out/a.sarif", SARIF), ("out/b c.sarif", SARIF), ("x.sarif", r#"{"runs": []}"#)]);
        let any = |reports: &[&str]| gate(dir.path(), reports, "sarif", &[("any", 10)]);
        assert_eq!(any(&["out/*.sarif"]), ("gate no-vulns: 10 any <= 10 ok".to_owned(), true));
        assert_eq!(any(&["x.sarif", "out/a.sarif"]), ("gate no-vulns: 5 any <= 10 ok".to_owned(), true));
        assert_eq!(any(&["out/*.sarif", "out/a.sarif"]), ("gate no-vulns: 15 any <= 10 failed".to_owned(), false));
    }

    #[test]
    fn a_report_that_cannot_be_read_lets_nothing_pass() {
        let broken = [
            "",
            "  \n",
            "{",
            "null",
            "[]",
            "7",
            "\"text\"",
            r#"{"runs": null}"#,
            r#"{"runs": [{"tool": {}, "results": ["x"]}]}"#,
        ];
        let mut list: Vec<(String, &str)> = broken.iter().enumerate().map(|(i, t)| (format!("{i}.json"), *t)).collect();
        list.push(("clean.json".to_owned(), r#"{"runs": []}"#));
        let score = r#"{"runs": [{"tool": {"driver": {}}, "results": [{"properties": {"security-severity": "high"}}]}]}"#;
        list.push(("score.json".to_owned(), score));
        let list: Vec<(&str, &str)> = list.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let dir = files(&list);
        for (name, _) in list.iter().filter(|(name, _)| *name != "clean.json").chain([&("gone.json", "")]) {
            let several = ["0.json", "2.json", "gone.json"].contains(name);
            let pairs = [vec!["clean.json", name], vec![name, "clean.json"]].into_iter().filter(|_| several);
            for reports in std::iter::once(vec![*name]).chain(pairs) {
                let (said, ok) = gate(dir.path(), &reports, "sarif", &[("any", 99)]);
                assert_eq!((said.as_str(), ok), ("", false), "{reports:?}");
            }
        }
        for format in super::FORMATS {
            for name in ["0.json", "3.json", "gone.json"] {
                assert!(!gate(dir.path(), &[name], format, &[("any", 99)]).1, "{name} as {format}");
            }
        }
        assert!(!gate(dir.path(), &["none/*.json"], "sarif", &[("any", 99)]).1);
        assert!(!gate(dir.path(), &["[0-9].json"], "sarif", &[("any", 99)]).1);
    }

    #[test]
    fn the_formats_of_the_tools_are_read() {
        let dir = files(&[
            (
                "trivy",
                r#"{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"Severity": "HIGH"}], "Secrets": [{"Severity": "CRITICAL"}]}, {"Target": "x"},
                    {"Vulnerabilities": null, "Misconfigurations": [{"Severity": null}, {}]}]}"#,
            ),
            (
                "npm-audit",
                r#"{"metadata": {"vulnerabilities": {"info": 1, "low": 0, "moderate": 2, "high": 1, "critical": 1, "total": 5}}}"#,
            ),
            ("gitleaks", r#"[{"RuleID": "a"}]"#),
            ("zap", r#"{"site": [{"alerts": [{"riskcode": "3"}, {"riskcode": "0"}]}, {"alerts": [{"riskcode": "2"}]}]}"#),
            ("sarif", SARIF),
        ]);
        let limits = [("critical", 0), ("high", 1), ("medium", 1), ("any", 3)];
        let counts = |format: &str| {
            let (said, _) = gate(dir.path(), &[format], format, &limits);
            said.lines().map(|l| l.split(' ').nth(2).unwrap_or_default().to_owned()).collect::<Vec<_>>().join(" ")
        };
        for (format, expected) in super::FORMATS.iter().zip(["1 1 2 5", "1 1 0 4", "1 1 2 4", "1 0 0 1", "0 1 1 2"]) {
            assert_eq!(counts(format), expected, "{format}");
        }
    }

    #[test]
    fn a_form_is_short() {
        let findings =
            Findings { files: vec![text("r.sarif")], format: text("sarif"), limits: vec![(text("high"), 0), (text("any"), 4)] };
        for (means, most) in [(Means { jq: true, ..Means::default() }, 10), (Means { python: true, ..Means::default() }, 14)] {
            let script = whole(super::findings("no-vulns", &findings, means, Span::default()));
            assert!(script.lines().count() <= most, "{script}");
        }
    }

    #[test]
    fn tests_must_be_there_and_pass() {
        let dir = files(&[
            (
                "ok/a.xml",
                "<testsuites><testsuite><testcase name=\"a\"/>\n<testcase name=\"b\"></testcase></testsuite></testsuites>",
            ),
            (
                "bad/a.xml",
                "<testsuite failures=\"1\"><testcase name=\"a\"><failure message=\"x\"/></testcase><testcase/></testsuite>",
            ),
            ("none/a.xml", "<testsuite tests=\"0\"/>"),
            ("empty.xml", ""),
        ]);
        let of = |paths: &[&str]| {
            let paths: Vec<_> = paths.iter().map(|p| text(p)).collect();
            run(dir.path(), &whole(super::junit("tests", &paths, Span::default())), &[])
        };
        assert_eq!(of(&["ok/*.xml"]), ("gate tests: 2 tests, 0 failures <= 0 ok".to_owned(), true));
        assert_eq!(of(&["ok/a.xml"]), ("gate tests: 2 tests, 0 failures <= 0 ok".to_owned(), true));
        assert_eq!(of(&["bad/*.xml"]), ("gate tests: 2 tests, 1 failures <= 0 failed".to_owned(), false));
        assert_eq!(of(&["ok/a.xml", "bad/a.xml"]), ("gate tests: 4 tests, 1 failures <= 0 failed".to_owned(), false));
        assert_eq!(of(&["none/a.xml"]), ("gate tests: 0 tests, 0 failures <= 0 failed".to_owned(), false));
        assert_eq!(of(&["empty.xml"]), ("gate tests: 0 tests, 0 failures <= 0 failed".to_owned(), false));
        assert_eq!(of(&["gone/*.xml"]), ("gate tests: 0 tests, 0 failures <= 0 failed".to_owned(), false));
        assert_eq!(of(&["ok/a.xml", "gone.xml"]), ("gate tests: 2 tests, 1 failures <= 0 failed".to_owned(), false));
        assert_eq!(of(&["gone.xml"]), (String::new(), false));
    }
}
