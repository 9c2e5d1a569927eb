//! What an app measures of itself, and its alerts.

use crate::base::span::Spanned;
use crate::ir::alert::{Alert, DeclaredMetric, MetricKind, Metrics};
use crate::ir::gate::Metric;
use crate::ir::text::Text;
use crate::ir::units::{Decimal, Duration};
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::Lower;
use crate::sema::lower::gate::UNITS;
use crate::syntax::tree::Node;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// The `metrics` of an app.
    pub(super) fn metrics(&mut self, node: &'n Node<'a>, ports: &[(Spanned<String>, u16)]) -> Option<Metrics> {
        let path = name_of(node)?;
        let every = self.time(node, "every", 30);
        let children = node.children().iter().filter(|c| c.name() == "metric");
        let declared: Vec<DeclaredMetric> = children.filter_map(|c| self.declared(c)).collect();
        Some(Metrics { path, port: self.port_of(node, ports)?, every, declared, span: node.span })
    }

    fn declared(&mut self, node: &'n Node<'a>) -> Option<DeclaredMetric> {
        let name = name_of(node)?;
        let kind = node.arg(1).and_then(spanned).and_then(|w| self.word(&w, "kind of metric", MetricKind::ALL))?;
        let unit = node.setting("unit").and_then(spanned).and_then(|unit| {
            let (_, metric, factor) = UNITS.iter().find(|(word, ..)| *word == unit.value)?;
            Some((*metric, Decimal::parse(factor).ok()?))
        });
        let labels = node.values("labels").into_iter().filter_map(spanned).collect();
        // A name says its unit by custom: https://prometheus.io/docs/practices/naming/.
        let by_name = || {
            let stem = name.value.trim_end_matches("_total");
            let units = [("_seconds", Metric::Duration), ("_bytes", Metric::Size), ("_ratio", Metric::Ratio)];
            units.iter().find(|(end, _)| stem.ends_with(end)).map(|(_, metric)| (*metric, Decimal::ONE))
        };
        Some(DeclaredMetric { unit: unit.or_else(by_name), name, kind, labels })
    }

    /// The alerts of an app.
    pub(super) fn alerts(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<Alert> {
        node.children().iter().filter(|c| c.name() == "alert").filter_map(|c| self.alert(c, place)).collect()
    }

    fn alert(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Alert> {
        let name = name_of(node)?;
        let gate = node.setting("gate").and_then(spanned)?;
        let gate = Spanned::new(self.scope.find_gate(&gate, self.diagnostics)?, gate.span);
        let during = node.setting("for").and_then(|e| self.unit(e, Duration::parse));
        let mut labels: Vec<(Spanned<String>, Text)> = Vec::new();
        if let Some(severity) = node.setting("severity").and_then(spanned) {
            let text = Text::literal(severity.value, severity.span);
            labels.push((Spanned::new("severity".to_owned(), severity.span), text));
        }
        for child in node.children().iter().filter(|c| c.name() == "label") {
            for (name, entry) in child.props() {
                let value = self.text(entry, place);
                labels.push((Spanned::new(name.to_owned(), entry.span), value));
            }
        }
        let written = [("summary", "summary"), ("description", "description"), ("runbook", "runbook_url")];
        let annotations =
            written.iter().filter_map(|(setting, key)| Some((*key, self.text(node.setting(setting)?, place)))).collect();
        let without_data = node.setting("no-data").and_then(|e| e.as_str()) == Some("fire");
        Some(Alert { name, gate, during, without_data, labels, annotations, span: node.span })
    }
}
