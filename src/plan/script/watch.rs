//! Gates that ask another system: probes and queries, alone or watched together.

use crate::base::span::Span;
use crate::ir::gate::{NoData, Probe, Query};
use crate::plan::script::means::Means;
use crate::plan::script::measure::verdict;
use crate::plan::script::{Shell, fill, label, part, variable};

/// The systems that a query asks. The query of `sonar` is the key of a metric, of the project that the gate names.
pub const SYSTEMS: &[&str] = &["prometheus", "sonar"];

/// The script of a probe: every look must find the status, until the time is over.
pub fn probe(gate: &str, probe: &Probe, span: Span) -> Shell {
    let text = fill(
        "probe.sh",
        &[
            ("gate", &label(gate)),
            ("VAR", &variable(gate)),
            ("status", &probe.status.to_string()),
            ("every", &probe.every.seconds.to_string()),
            ("during", &probe.during.seconds.to_string()),
            ("shown", &probe.during.to_string()),
        ],
    );
    Shell::plain(&text, span).with(format!("{}_URL", variable(gate)), probe.url.clone())
}

/// The script of a query: every figure of every sample must keep the limits.
pub fn query(gate: &str, query: &Query, means: Means, span: Span) -> Shell {
    let name = variable(gate);
    let (ask, jq, python, node) = match query.system.value.as_str() {
        "sonar" => (
            format!(
                "curl -fsS -m 30 -G{} --data-urlencode \"component=${name}_PROJECT\" --data-urlencode \"metricKeys=${name}_QUERY\" \\\n    \"${name}_ADDRESS/api/measures/component\"",
                if query.token.is_some() { format!(" -u \"${name}_TOKEN:\"") } else { String::new() }
            ),
            ".component.measures[]? | .value",
            "import json, sys; [print(m[\"value\"]) for m in json.load(sys.stdin)[\"component\"][\"measures\"]]",
            "JSON.parse(require(\"fs\").readFileSync(0)).component.measures.forEach((m) => console.log(m.value))",
        ),
        _ => (
            format!(
                "curl -fsS -m 30 -G{} --data-urlencode \"query=${name}_QUERY\" \"${name}_ADDRESS/api/v1/query\"",
                if query.token.is_some() { format!(" -H \"Authorization: Bearer ${name}_TOKEN\"") } else { String::new() }
            ),
            ".data.result | if length > 0 and (.[0] | type) == \"object\" then .[] | .value[1] else .[1] // empty end",
            "import json, sys; r = json.load(sys.stdin)[\"data\"][\"result\"]; [print(s[\"value\"][1] if isinstance(s, dict) else s) for s in (r if not r or isinstance(r[0], dict) else r[1:])]",
            "const r = JSON.parse(require(\"fs\").readFileSync(0)).data.result; (r.length && !r[0].value ? [r[1]] : r.map((s) => s.value[1])).forEach((v) => console.log(v))",
        ),
    };
    let read = match (means.jq, means.node, means.python) {
        (false, true, _) => format!("node -e '{node}'"),
        (false, false, true) => format!("python3 -c '{python}'"),
        _ => format!("jq -r '{jq}'"),
    };
    let checks: Vec<String> =
        query.limits.iter().map(|l| format!("      {}; bad += !ok", verdict(gate, query.metric, l))).collect();
    let limits = checks.join("\n");
    let pass = query.no_data == NoData::Pass;
    let text = fill(
        "query.sh",
        &[
            ("gate", &label(gate)),
            ("VAR", &name),
            ("ask", &ask),
            ("read", &read),
            ("samples", &query.samples.to_string()),
            ("every", &query.every.seconds.to_string()),
            ("scale", &query.scale.to_string()),
            ("limits", &limits),
            ("nodata", if pass { "ok" } else { "failed" }),
            ("nodatafailed", if pass { "0" } else { "1" }),
        ],
    );
    let install = (!means.jq && !means.node && !means.python).then(|| means.install("jq"));
    let mut shell = Shell { install, ..Shell::plain(&text, span) }
        .with(format!("{name}_ADDRESS"), query.address.clone())
        .with(format!("{name}_QUERY"), query.query.clone());
    if let Some(project) = &query.project {
        shell = shell.with(format!("{name}_PROJECT"), project.clone());
    }
    if let Some(token) = &query.token {
        shell = shell.with(format!("{name}_TOKEN"), token.clone());
    }
    shell
}

/// Several scripts at one time; all must succeed. A script alone stays as it is.
pub fn together(mut scripts: Vec<(String, Shell)>, span: Span) -> Shell {
    if scripts.len() == 1
        && let Some((_, only)) = scripts.pop()
    {
        return only;
    }
    let (mut text, mut starts, mut waits, mut env) = (String::new(), String::new(), String::new(), Vec::new());
    let install = scripts.iter().find_map(|(_, shell)| shell.install.clone());
    for (gate, shell) in scripts {
        let name = variable(&gate).to_lowercase();
        let body: Vec<&str> = shell.script.lines.iter().filter_map(|l| l.as_literal()).collect();
        let indented: Vec<String> =
            body.join("\n").lines().map(|l| if l.is_empty() { String::new() } else { format!("  {l}") }).collect();
        text.push_str(&format!("watch_{name}() (\n{}\n)\n", indented.join("\n")));
        starts.push_str(&format!("watch_{name} & {name}=$!\n"));
        waits.push_str(&format!("wait \"${name}\" || failed=1\n"));
        env.extend(shell.env);
    }
    let mut shell = Shell::plain(&format!("{text}{starts}failed=0\n{waits}exit \"$failed\""), span);
    (shell.env, shell.install) = (env, install);
    shell
}

/// A step that asks the vendor whether this commit was deployed to an environment in an earlier run.
pub fn promoted(script: &str, environment: &str, span: Span) -> Shell {
    let name = part(script);
    debug_assert!(!name.is_empty(), "{script}");
    Shell::plain(&fill(script, &[("environment", &label(environment))]), span)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests read and write the disk around the compiler")]

    use crate::base::span::{Span, Spanned};
    use crate::ir::gate::{Bound, Limit, Metric, NoData, Probe, Query};
    use crate::ir::text::Text;
    use crate::ir::units::{Decimal, Duration};
    use crate::plan::script::Shell;
    use crate::plan::script::means::Means;
    use crate::plan::script::tests::{files, run, whole};

    fn literal(text: &str) -> Text {
        Text::literal(text, Span::default())
    }

    /// Runs with a `curl` that prints what it is told, or fails where it is told nothing.
    fn with_curl(shell: &Shell, answer: &str) -> (String, bool) {
        let dir = files(&[("bin/curl", "#!/bin/sh\nif [ -z \"$ANSWER\" ]; then exit 7; fi\nprintf '%s' \"$ANSWER\"\n")]);
        let curl = dir.path().join("bin/curl");
        std::process::Command::new("chmod").arg("+x").arg(curl).status().unwrap();
        let path = format!("{}:{}", dir.path().join("bin").display(), std::env::var("PATH").unwrap());
        let env: Vec<(String, String)> =
            shell.env.iter().map(|v| (v.name.value.clone(), v.value.as_literal().unwrap().to_owned())).collect();
        let mut all: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        all.extend([("PATH", path.as_str()), ("ANSWER", answer)]);
        run(dir.path(), &whole(shell.clone()), &all)
    }

    /// What a query says: the same in each form.
    fn asked(query: &Query, answer: &str) -> (String, bool) {
        let none = Means::default();
        let forms = [Means { jq: true, ..none }, Means { python: true, ..none }, Means { node: true, ..none }, none];
        let of = |means: Means| with_curl(&super::query("error-rate", query, means, Span::default()), answer);
        let answers: Vec<(String, bool)> = forms.iter().map(|m| of(*m)).collect();
        assert!(answers.iter().all(|a| *a == answers[0]), "{answer}: {answers:?}");
        answers[0].clone()
    }

    fn probe(during: u64) -> Shell {
        let times = |seconds| Duration::from_seconds(seconds);
        let probe = Probe { url: literal("https://a.example/health"), status: 200, every: times(1), during: times(during) };
        super::probe("healthy", &probe, Span::default())
    }

    fn query(no_data: NoData) -> Query {
        let limit = Limit { bound: Bound::AtMost, value: Decimal::parse("0.05").unwrap(), shown: "5%".into() };
        Query {
            system: Spanned::new("prometheus".into(), Span::default()),
            query: literal("rate(x{status=~\"5..\"}[5m])"),
            address: literal("http://p"),
            token: None,
            project: None,
            metric: Metric::Ratio,
            scale: Decimal::ONE,
            limits: vec![Spanned::new(limit, Span::default())],
            samples: 2,
            every: Duration::from_seconds(0),
            no_data,
        }
    }

    #[test]
    fn a_probe_passes_only_if_every_look_is_good() {
        assert_eq!(
            with_curl(&probe(1), "200"),
            ("gate healthy: https://a.example/health answered 200 for 1s ok".to_owned(), true)
        );
        let bad = with_curl(&probe(1), "503");
        assert_eq!(bad, ("gate healthy: https://a.example/health answered 503, not 200 failed".to_owned(), false));
        let silent = with_curl(&probe(1), "");
        assert_eq!(silent, ("gate healthy: https://a.example/health answered nothing, not 200 failed".to_owned(), false));
    }

    #[test]
    fn a_query_is_asked_as_often_as_said_and_every_figure_counts() {
        let vector = |values: &[&str]| {
            let all: Vec<String> = values.iter().map(|v| format!(r#"{{"metric": {{}}, "value": [1, "{v}"]}}"#)).collect();
            format!(r#"{{"data": {{"resultType": "vector", "result": [{}]}}}}"#, all.join(","))
        };
        let ok = "gate error-rate: 0.01 <= 5% ok";
        assert_eq!(asked(&query(NoData::Fail), &vector(&["0.01"])), (format!("{ok}\n{ok}"), true));
        assert_eq!(
            asked(&query(NoData::Fail), &vector(&["0.01", "0.051"])),
            (format!("{ok}\ngate error-rate: 0.051 <= 5% failed"), false)
        );
        assert_eq!(asked(&query(NoData::Fail), &vector(&[])), ("gate error-rate: no data failed".to_owned(), false));
        assert_eq!(asked(&query(NoData::Fail), &vector(&["NaN"])), ("gate error-rate: no data failed".to_owned(), false));
        let none = "gate error-rate: no data ok";
        assert_eq!(asked(&query(NoData::Pass), &vector(&[])), (format!("{none}\n{none}"), true));
        assert_eq!(
            asked(&query(NoData::Pass), r#"{"data": {"resultType": "scalar", "result": [1, "7"]}}"#).0,
            "gate error-rate: 7 <= 5% failed"
        );
        assert_eq!(asked(&query(NoData::Pass), ""), ("gate error-rate: no answer from http://p failed".to_owned(), false));
        assert!(!asked(&query(NoData::Pass), "<html>").1);
    }

    #[test]
    fn sonar_is_asked_for_a_metric_of_a_project() {
        let limit = Limit { bound: Bound::AtLeast, value: Decimal::parse("80").unwrap(), shown: "80%".into() };
        let query = Query {
            system: Spanned::new("sonar".into(), Span::default()),
            query: literal("coverage"),
            address: literal("https://s"),
            token: Some(literal("t")),
            project: Some(literal("orders")),
            metric: Metric::Percent,
            scale: Decimal::ONE,
            limits: vec![Spanned::new(limit, Span::default())],
            samples: 1,
            every: Duration::from_seconds(0),
            no_data: NoData::Fail,
        };
        let measures = |text: &str| format!(r#"{{"component": {{"measures": [{text}]}}}}"#);
        let good = asked(&query, &measures(r#"{"metric": "coverage", "value": "81.5"}"#));
        assert_eq!(good, ("gate error-rate: 81.5 % >= 80 % ok".to_owned(), true));
        assert_eq!(asked(&query, &measures("")), ("gate error-rate: no data failed".to_owned(), false));
    }

    #[test]
    fn gates_watched_together_must_all_pass() {
        let both = |a: Shell, b: Shell| super::together(vec![("healthy".into(), a), ("error-rate".into(), b)], Span::default());
        let plain = |text: &str| Shell::plain(text, Span::default());
        let shell = both(plain("echo a; exit 0"), plain("sleep 0.2\necho b"));
        assert_eq!(with_curl(&shell, "200"), ("a\nb".to_owned(), true));
        assert!(!with_curl(&both(plain("exit 1"), plain("exit 0")), "200").1);
        assert!(!with_curl(&both(plain("exit 0"), plain("sleep 0.1; exit 1")), "200").1);
        assert_eq!(super::together(vec![("x".into(), plain("echo x"))], Span::default()), plain("echo x"));
    }
}
