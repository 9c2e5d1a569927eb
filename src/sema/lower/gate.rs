//! Gates.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::gate::{
    Approval, Bound, ClosedHours, Findings, Gate, GateKind, Limit, Measure, MeasureSource, Metric, NoData, Probe, Query, Reading,
    Via, Waive, WeekMinute, Window,
};
use crate::ir::id::{GateId, TeamId};
use crate::ir::units::{Decimal, Duration, Percent, Size, UnitError};
use crate::sema::declare::{GateDecl, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::{Entry, Node, Value};

/// Units that figures are read in, the metric they are of, and the factor to its base unit. A word of two metrics stands under the one that a
/// query means by it first.
pub(super) const UNITS: &[(&str, Metric, &str)] = &[
    ("ratio", Metric::Ratio, "1"),
    ("percent", Metric::Percent, "1"),
    ("percent", Metric::Ratio, "0.01"),
    ("ratio", Metric::Percent, "100"),
    ("count", Metric::Count, "1"),
    ("ns", Metric::Duration, "0.000000001"),
    ("us", Metric::Duration, "0.000001"),
    ("ms", Metric::Duration, "0.001"),
    ("s", Metric::Duration, "1"),
    ("m", Metric::Duration, "60"),
    ("h", Metric::Duration, "3600"),
    ("B", Metric::Size, "1"),
    ("bytes", Metric::Size, "1"),
    ("KB", Metric::Size, "1000"),
    ("MB", Metric::Size, "1000000"),
    ("GB", Metric::Size, "1000000000"),
    ("KiB", Metric::Size, "1024"),
    ("MiB", Metric::Size, "1048576"),
    ("GiB", Metric::Size, "1073741824"),
];

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn gates(&mut self) -> Vec<Gate> {
        (0..self.scope.gates.len()).map(|i| self.gate(i)).collect()
    }

    /// The gates of a list such as `requires a b`.
    pub(super) fn gate_list(&mut self, node: &Node<'_>, list: &str) -> Vec<Spanned<GateId>> {
        let names: Vec<Spanned<String>> = node.values(list).into_iter().filter_map(spanned).collect();
        names.iter().filter_map(|n| self.scope.find_gate(n, self.diagnostics).map(|id| Spanned::new(id, n.span))).collect()
    }

    fn gate(&mut self, index: usize) -> Gate {
        let GateDecl { name, producer, node } = &self.scope.gates[index];
        let job = producer.map(|id| &self.scope.jobs[id.index()]);
        let place = Place { workflow: job.map(|j| j.workflow), job, is_gate: job.is_none(), ..Place::default() };
        // A gate that cannot be read still holds its place, so that ids stay what they are; it has been reported.
        let kind = self.gate_kind(node, &place).unwrap_or_else(|| GateKind::Check { steps: Vec::new() });
        let waive = node.child("waive").and_then(|w| {
            let condition = w.setting("if").and_then(|e| self.condition(e, &place))?;
            let Some(reason) = w.setting("reason").and_then(spanned) else {
                self.diagnostics.push(missing(w.span, "the reason why this gate may be passed over", "reason=\"…\""));
                return None;
            };
            Some(Waive { condition, reason: reason.value, span: w.span })
        });
        Gate {
            name: name.clone(),
            kind,
            producers: producer.iter().copied().collect(),
            advisory: node.flag("advisory"),
            waive,
            notify: self.notifications(node, &place),
            span: node.span,
        }
    }

    fn gate_kind(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<GateKind> {
        if let Some(kind) = node.arg(1).and_then(spanned) {
            return match kind.value.as_str() {
                "findings" => self.findings(node).map(GateKind::Findings),
                "junit" => Some(GateKind::Junit { files: self.gate_files(node) }),
                _ => {
                    let metric = self.word(&kind, "kind of figure", Metric::ALL)?;
                    self.measure(node, metric, place).map(GateKind::Measure)
                }
            };
        }
        for child in node.children() {
            match child.name() {
                "approval" => return self.approval(child, place).map(|a| GateKind::Approval(Box::new(a))),
                "probe" => return self.probe(child, place).map(GateKind::Probe),
                "query" => return self.query(node, child, place).map(GateKind::Query),
                "check" => {
                    let mut steps = self.steps(child.children(), place);
                    self.give_env(child, place, &mut steps);
                    return Some(GateKind::Check { steps });
                }
                "window" => return self.window(child).map(GateKind::Window),
                _ => {}
            }
        }
        self.diagnostics.push(
            Diagnostic::error("gate-without-source", node.span, "this gate measures nothing and asks nobody")
                .label("nothing to decide by")
                .help("give it a figure (`percent file=… at-least=…`), or one of approval, probe, query, check, window"),
        );
        None
    }

    fn gate_files(&mut self, node: &Node<'a>) -> Vec<Spanned<String>> {
        let entries = node.values("file");
        if entries.is_empty() {
            self.diagnostics.push(missing(node.span, "the file to read", "file=\"…\""));
        }
        self.paths(entries.into_iter().cloned())
    }

    fn findings(&mut self, node: &Node<'a>) -> Option<Findings> {
        let files = self.gate_files(node);
        let format = node.setting("format").and_then(spanned).unwrap_or_else(|| Spanned::new("sarif".to_owned(), node.span));
        let mut limits = Vec::new();
        for severity in ["critical", "high", "medium", "low", "any"] {
            if let Some(most) = node.setting(severity).and_then(|e| self.count(e)) {
                limits.push((Spanned::new(severity.to_owned(), most.span), u64::from(most.value)));
            }
        }
        if limits.is_empty() {
            self.diagnostics.push(missing(node.span, "how many findings are too many", "{ critical 0; high 0 }"));
        }
        Some(Findings { files, format, limits })
    }

    fn measure(&mut self, node: &Node<'a>, metric: Metric, place: &Place<'_, 'n, 'a>) -> Option<Measure> {
        let mut sources: Vec<MeasureSource> = Vec::new();
        let nested = node.children().iter().filter(|c| c.name() == "source");
        for source in std::iter::once(node).chain(nested) {
            sources.extend(self.source(source, metric, place));
        }
        if sources.is_empty() {
            self.diagnostics.push(missing(
                node.span,
                "where the figure is read",
                "file=\"coverage.json\" json=\".total.lines.pct\"",
            ));
        }
        let limits = self.limits(node, metric);
        if limits.is_empty() {
            self.diagnostics.push(missing(node.span, "the limit that the figure must keep", "at-least=… or at-most=…"));
        }
        (!sources.is_empty() && !limits.is_empty()).then_some(Measure { metric, sources, limits })
    }

    fn source(&mut self, node: &Node<'a>, metric: Metric, place: &Place<'_, 'n, 'a>) -> Option<MeasureSource> {
        let text = |prop: &str| node.prop(prop).and_then(spanned);
        let read = if let Some(path) = text("json") {
            Reading::Json(path)
        } else if let Some(path) = text("xpath").or_else(|| text("xml")) {
            Reading::Xml(path)
        } else if let Some(pattern) = text("regex") {
            Reading::Regex(pattern)
        } else if let Some(entry) = node.setting("command") {
            Reading::Command(self.script(entry, place))
        } else {
            return None;
        };
        let file = node.setting("file").and_then(|e| self.path(e));
        if file.is_none() && !matches!(read, Reading::Command(_)) {
            self.diagnostics.push(missing(node.span, "the file that holds the figure", "file=\"…\""));
            return None;
        }
        let scale = self.scale(node, metric)?;
        Some(MeasureSource { file, read, scale, span: node.span })
    }

    /// What multiplies a figure so that it is in the base unit of its metric: `scale=100`, times what its unit says.
    fn scale(&mut self, node: &Node<'_>, metric: Metric) -> Option<Decimal> {
        let own = node.setting("scale").and_then(|e| self.unit(e, Decimal::parse));
        let unit = node.setting("unit").and_then(spanned);
        let factor = match &unit {
            None => "1",
            Some(unit) => match UNITS.iter().find(|(word, of, _)| *word == unit.value && *of == metric) {
                Some((_, _, factor)) => factor,
                None => {
                    let words: Vec<&str> = UNITS.iter().filter(|(_, of, _)| *of == metric).map(|(word, ..)| *word).collect();
                    self.diagnostics.push(
                        Diagnostic::error(
                            "gate-unit-mismatch",
                            unit.span,
                            format!("`{}` is no unit of a {}", unit.value, metric.word()),
                        )
                        .label("another kind of unit")
                        .help(format!("its units are: {}", words.join(", "))),
                    );
                    return None;
                }
            },
        };
        let factor = Decimal::parse(factor).ok()?;
        match own {
            Some(own) => own.value.times(factor),
            None => Some(factor),
        }
    }

    /// `at-least=`, `at-most=`, `more-than=`, `less-than=`, as properties or as children.
    fn limits(&mut self, node: &Node<'a>, metric: Metric) -> Vec<Spanned<Limit>> {
        let mut found = Vec::new();
        for (word, bound) in Bound::ALL {
            let Some(entry) = node.setting(word) else { continue };
            if let Some(value) = self.limit_value(entry, metric) {
                let shown = entry.as_text().into_owned();
                found.push(Spanned::new(Limit { bound: *bound, value, shown }, entry.span));
            }
        }
        found
    }

    fn limit_value(&mut self, entry: &Entry<'_>, metric: Metric) -> Option<Decimal> {
        let parse: fn(&str) -> Result<Decimal, UnitError> = match metric {
            Metric::Percent => |t| Percent::parse(t).map(Percent::value),
            Metric::Ratio => |t| {
                if !t.ends_with('%') {
                    return Decimal::parse(t);
                }
                let percent = Percent::parse(t)?;
                percent.ratio().ok_or_else(|| UnitError::new(format!("`{t}` has too many digits"), "use fewer digits"))
            },
            Metric::Count => |t| Decimal::parse(t),
            Metric::Duration => Duration::parse_limit,
            Metric::Size => |t| Size::parse(t).and_then(|s| Decimal::parse(&s.bytes.to_string())),
        };
        let span = entry.value_span;
        let text = match &entry.value {
            Value::String(text, _) | Value::Number(text) => text.to_string(),
            Value::Bool(_) | Value::Null => String::new(),
        };
        parse(&text)
            .map_err(|e| {
                let what = format!("a {} gate cannot have the limit `{text}`: {}", metric.word(), e.message);
                self.diagnostics
                    .push(Diagnostic::error("gate-unit-mismatch", span, what).label("another kind of unit").help(e.help));
            })
            .ok()
    }

    fn approval(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Approval> {
        let words = |name: &str| node.values(name).into_iter().filter_map(spanned);
        let names: Vec<Spanned<String>> = words("from").collect();
        let from = names
            .iter()
            .filter_map(|n| {
                let found = self.scope.teams.find(&n.value, n.span, self.diagnostics)?;
                Some(Spanned::new(TeamId(found as u32), n.span))
            })
            .collect();
        let via =
            node.setting("via").and_then(spanned).and_then(|w| self.word(&w, "way to approve", Via::ALL)).unwrap_or(Via::Native);
        let count = node.setting("count").and_then(|e| self.count(e)).unwrap_or_else(|| Spanned::new(1, node.span));
        if count.value == 0 {
            self.diagnostics.push(
                Diagnostic::error("approval-by-nobody", count.span, "an approval by nobody is no approval")
                    .label("0 people")
                    .help("write count 1, or remove the gate"),
            );
        }
        Some(Approval {
            from,
            count,
            via,
            timeout: node.setting("timeout").and_then(|e| self.unit(e, Duration::parse)),
            message: node.setting("message").map(|e| self.text(e, place)),
            checklist: words("checklist").map(|w| w.value).collect(),
            exclude_author: node.flag("exclude-author"),
            span: node.span,
        })
    }

    fn probe(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Probe> {
        let Some(url) = self.prop_text(node, "http", place) else {
            self.diagnostics.push(missing(node.span, "the address to look at", "http=\"https://example.com/health\""));
            return None;
        };
        let status = node.setting("status").and_then(|e| self.count(e)).map_or(200, |n| n.value as u16);
        let every =
            node.setting("every").and_then(|e| self.unit(e, Duration::parse)).map_or(Duration::from_seconds(10), |d| d.value);
        let during =
            node.setting("for").and_then(|e| self.unit(e, Duration::parse)).map_or(Duration::from_seconds(0), |d| d.value);
        Some(Probe { url, status, every, during })
    }

    fn query(&mut self, gate: &Node<'a>, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Query> {
        let systems = ["prometheus", "sonar"];
        let Some((system, entry)) = systems.iter().find_map(|s| node.prop(s).map(|e| (*s, e))) else {
            self.diagnostics.push(missing(node.span, "the query", "prometheus=#\"…\"# or sonar=METRIC"));
            return None;
        };
        let query = self.script(entry, place);
        let Some(address) = self.prop_text(node, "address", place) else {
            self.diagnostics.push(missing(node.span, "the address of the monitoring system", "address=(var)PROMETHEUS_URL"));
            return None;
        };
        let unit = node.setting("unit").and_then(spanned);
        let metric =
            unit.as_ref().and_then(|u| UNITS.iter().find(|(word, ..)| *word == u.value)).map_or(Metric::Ratio, |(_, of, _)| *of);
        let scale = self.scale(node, metric)?;
        let limits = self.limits(gate, metric);
        if limits.is_empty() {
            self.diagnostics.push(missing(gate.span, "the limit that the figure must keep", "at-most \"5%\""));
            return None;
        }
        let samples = gate.child("samples");
        let every = samples.and_then(|s| s.setting("every")).and_then(|e| self.unit(e, Duration::parse));
        let no_data = gate.setting("no-data").and_then(spanned).and_then(|w| self.word(&w, "meaning of no data", NoData::ALL));
        Some(Query {
            system: Spanned::new(system.to_owned(), entry.span),
            query,
            address,
            token: self.prop_text(node, "token", place),
            metric,
            scale,
            limits,
            project: self.prop_text(node, "project", place),
            samples: samples.and_then(|s| self.samples(s)).unwrap_or(1),
            every: every.map_or(Duration::from_seconds(60), |d| d.value),
            no_data: no_data.unwrap_or(NoData::Fail),
        })
    }

    fn samples(&mut self, node: &Node<'_>) -> Option<u32> {
        let count = self.count_of(node)?;
        if count.value == 0 {
            self.diagnostics.push(
                Diagnostic::error("wrong-value-type", count.span, "a gate that is never asked cannot fail")
                    .label("asked no time at all")
                    .help("write samples 1, or more with every=\"1m\""),
            );
        }
        Some(count.value)
    }

    fn window(&mut self, node: &Node<'a>) -> Option<Window> {
        let mut deny = Vec::new();
        let mut timezone = node.setting("timezone").and_then(spanned);
        for child in node.children().iter().filter(|c| c.name() == "deny") {
            // One script looks at one clock.
            let own = child.setting("timezone").and_then(spanned);
            if let (Some(own), Some(first)) = (&own, &timezone)
                && own.value != first.value
            {
                self.diagnostics.push(
                    Diagnostic::error("bad-timezone", own.span, format!("this window is in the zone {}", first.value))
                        .label("another zone")
                        .related(first.span, "the zone of the window")
                        .help("write a second gate for the hours of the other zone, and require both"),
                );
            }
            timezone = timezone.or(own);
            let times: Vec<Option<WeekMinute>> = child.args().filter_map(spanned).map(|w| week_minute(&w.value)).collect();
            match times.as_slice() {
                [Some(from), Some(to)] if from != to => deny.push(Spanned::new(ClosedHours { from: *from, to: *to }, child.span)),
                _ => self.diagnostics.push(
                    Diagnostic::error("wrong-value-type", child.span, "two times of the week are expected")
                        .label("from and to")
                        .help("write: deny \"Fri 16:00\" \"Mon 08:00\" timezone=\"Europe/Berlin\""),
                ),
            }
        }
        if let Some(zone) = &timezone
            && let Err(e) = crate::ir::cron::Timezone::parse(&zone.value)
        {
            self.diagnostics.push(Diagnostic::error("bad-timezone", zone.span, e.message).label("not a zone").help(e.help));
        }
        (!deny.is_empty())
            .then(|| Window { deny, timezone: timezone.unwrap_or_else(|| Spanned::new("UTC".to_owned(), node.span)) })
    }
}

fn week_minute(text: &str) -> Option<WeekMinute> {
    let (day, time) = text.trim().split_once(' ')?;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = day.to_ascii_lowercase();
    let weekday = days.iter().position(|d| day.get(..3) == Some(*d))?;
    let (hour, minute) = time.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(WeekMinute { weekday: weekday as u8, minute: hour * 60 + minute })
}
