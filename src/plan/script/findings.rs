//! Gates on reports: counts of findings by severity, and test results.

use crate::base::span::{Span, Spanned};
use crate::ir::gate::Findings;
use crate::plan::script::{Shell, each_file, fill, label, part};

/// Formats of reports that a findings gate reads. A severity of SARIF comes from `security-severity` (of the result, else of its rule): from 9
/// critical, from 7 high, from 4 medium, else low; without one from the level: error is high, warning medium, note low. A result with an
/// accepted suppression does not count. A leaked secret is critical; ZAP and npm name no critical or call medium moderate.
pub const FORMATS: &[&str] = &["sarif", "trivy", "npm-audit", "gitleaks", "zap"];

/// The script of a findings gate.
pub fn findings(gate: &str, findings: &Findings, span: Span) -> Shell {
    let format = findings.format.value.as_str();
    let limits: Vec<String> =
        findings.limits.iter().map(|(severity, most)| format!("{}={most}", label(&severity.value))).collect();
    let text = fill(
        "findings.sh",
        &[
            ("gate", &label(gate)),
            ("jq", part(&format!("findings/{format}.jq"))),
            ("python", part(&format!("findings/{format}.py"))),
            ("each", &each_file(&paths(&findings.files), "severities")),
            ("where", &label(&paths(&findings.files).join(", "))),
            ("limits", &limits.join(" ")),
        ],
    );
    Shell::plain(&text, span)
}

/// The script of a gate on JUnit files: at least one file, at least one test, none with a failure or error.
pub fn junit(gate: &str, files: &[Spanned<String>], span: Span) -> Shell {
    let paths = paths(files);
    let each = each_file(&paths, "cat");
    Shell::plain(&fill("junit.sh", &[("gate", &label(gate)), ("each", &each), ("where", &label(&paths.join(", ")))]), span)
}

fn paths(files: &[Spanned<String>]) -> Vec<String> {
    files.iter().map(|f| f.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::base::span::{Span, Spanned};
    use crate::ir::gate::Findings;
    use crate::plan::script::tests::{files, run};

    fn text(text: &str) -> Spanned<String> {
        Spanned::new(text.to_owned(), Span::default())
    }

    fn gate(dir: &Path, file: &str, format: &str, limits: &[(&str, u64)]) -> (String, bool) {
        let limits = limits.iter().map(|(s, n)| (text(s), *n)).collect();
        let findings = Findings { files: vec![text(file)], format: text(format), limits };
        let shell = super::findings("no-vulns", &findings, Span::default());
        let script = shell.script.lines[0].as_literal().unwrap().to_owned();
        let with_jq = run(dir, &script, &[]);
        // Without jq the same report gives the same answer.
        assert_eq!(run(dir, &script.replace("command -v jq ", "false "), &[]), with_jq);
        with_jq
    }

    const SARIF: &str = r#"{"runs": [{"tool": {"driver": {"rules": [
        {"id": "A", "properties": {"security-severity": "9.8"}}, {"id": "B", "properties": {"security-severity": "4.0"}},
        {"id": "C", "defaultConfiguration": {"level": "error"}}]}},
        "results": [{"ruleId": "A"}, {"ruleId": "B"}, {"ruleId": "C"}, {"ruleId": "D", "level": "note"}, {"ruleId": "E"},
        {"ruleId": "A", "suppressions": [{"kind": "external"}]}]}]}"#;

    #[test]
    fn severities_of_sarif_come_from_the_score_or_the_level() {
        let dir = files(&[("r.sarif", SARIF), ("empty.sarif", r#"{"runs": [{"tool": {"driver": {}}, "results": []}]}"#)]);
        let (said, ok) =
            gate(dir.path(), "r.sarif", "sarif", &[("critical", 0), ("high", 1), ("medium", 2), ("low", 1), ("any", 5)]);
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
        assert_eq!(gate(dir.path(), "empty.sarif", "sarif", &[("any", 0)]), ("gate no-vulns: 0 any <= 0 ok".to_owned(), true));
        assert_eq!(
            gate(dir.path(), "none.sarif", "sarif", &[("any", 0)]),
            ("gate no-vulns: no report in none.sarif".to_owned(), false)
        );
    }

    #[test]
    fn the_formats_of_the_tools_are_read() {
        let dir = files(&[
            (
                "trivy",
                r#"{"Results": [{"Vulnerabilities": [{"Severity": "HIGH"}], "Secrets": [{"Severity": "CRITICAL"}]}, {"Target": "x"}]}"#,
            ),
            (
                "npm-audit",
                r#"{"metadata": {"vulnerabilities": {"info": 1, "low": 0, "moderate": 2, "high": 1, "critical": 1, "total": 5}}}"#,
            ),
            ("gitleaks", r#"[{"RuleID": "a"}]"#),
            ("zap", r#"{"site": [{"alerts": [{"riskcode": "3"}, {"riskcode": "0"}]}, {"alerts": [{"riskcode": "2"}]}]}"#),
            ("sarif", SARIF),
        ]);
        let limits = [("critical", 0), ("high", 1), ("medium", 1)];
        let counts = |format: &str| {
            let (said, _) = gate(dir.path(), format, format, &limits);
            said.lines().map(|l| l.split(' ').nth(2).unwrap_or_default().to_owned()).collect::<Vec<_>>().join(" ")
        };
        for (format, expected) in super::FORMATS.iter().zip(["1 1 2", "1 1 0", "1 1 2", "1 0 0", "0 1 1"]) {
            assert_eq!(counts(format), expected, "{format}");
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
        ]);
        let of = |path: &str| {
            let shell = super::junit("tests", &[text(path)], Span::default());
            run(dir.path(), shell.script.lines[0].as_literal().unwrap(), &[])
        };
        assert_eq!(of("ok/*.xml"), ("gate tests: 2 tests, 0 failures <= 0 ok".to_owned(), true));
        assert_eq!(of("ok/a.xml"), ("gate tests: 2 tests, 0 failures <= 0 ok".to_owned(), true));
        assert_eq!(of("bad/*.xml"), ("gate tests: 2 tests, 1 failures <= 0 failed".to_owned(), false));
        assert_eq!(of("none/a.xml"), ("gate tests: 0 tests, 0 failures <= 0 failed".to_owned(), false));
        assert_eq!(of("gone/*.xml"), ("gate tests: no report in gone/*.xml".to_owned(), false));
        assert_eq!(of("gone.xml"), ("gate tests: no report in gone.xml".to_owned(), false));
    }
}
