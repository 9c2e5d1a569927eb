//! Alerts as Prometheus is told them. A gate says what is good, a rule of Prometheus what is not: every limit is turned round here, and here alone.

use crate::ir::gate::{Bound, Query};
use crate::ir::promql;
use crate::ir::units::Duration;

/// An alert with every text known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedAlert {
    /// Its name.
    pub name: String,
    /// When it is not good.
    pub expr: String,
    /// For how long.
    pub during: Option<Duration>,
    /// Labels, in order.
    pub labels: Vec<(String, String)>,
    /// What people read.
    pub annotations: Vec<(String, String)>,
}

/// The expression that answers while a gate would not pass. `query` is the text of the gate's query with every context in its place.
pub fn expression(query: &str, gate: &Query, without_data: bool) -> String {
    let query = query.trim();
    let loose = promql::parse(query).map_or(true, |q| q.binds_looser_than_comparison());
    let parts: Vec<String> = gate
        .limits
        .iter()
        .map(|limit| {
            let sign = match limit.value.bound {
                Bound::AtLeast => "<",
                Bound::AtMost => ">",
                Bound::MoreThan => "<=",
                Bound::LessThan => ">=",
            };
            // The limit is in the base unit; a person who looks at the query's graph wants it in the query's own.
            match limit.value.value.over(gate.scale) {
                Some(value) if loose => format!("({query}) {sign} {value}"),
                Some(value) => format!("{query} {sign} {value}"),
                None => format!("({query}) * {} {sign} {}", gate.scale, limit.value.value),
            }
        })
        .chain(without_data.then(|| format!("absent({query})")))
        .collect();
    parts.join("\n  or\n")
}

#[cfg(test)]
mod tests {
    use super::expression;
    use crate::ir::gate::{Bound, NoData, Query};
    use crate::plan::samples::query;

    fn gate(scale: &str, limits: &[(Bound, &str)]) -> Query {
        query(scale, limits, NoData::Fail)
    }

    #[test]
    fn an_alert_is_the_opposite_of_its_gate() {
        for (bound, sign) in [(Bound::AtMost, ">"), (Bound::LessThan, ">="), (Bound::AtLeast, "<"), (Bound::MoreThan, "<=")] {
            assert_eq!(expression("up", &gate("1", &[(bound, "5")]), false), format!("up {sign} 5"));
        }
        let between = gate("1", &[(Bound::AtLeast, "1"), (Bound::AtMost, "9")]);
        assert_eq!(expression("pods", &between, true), "pods < 1\n  or\npods > 9\n  or\nabsent(pods)");
    }

    #[test]
    fn a_limit_is_in_the_unit_of_the_query() {
        let limit = [(Bound::AtMost, "0.2")];
        assert_eq!(expression("latency_ms", &gate("0.001", &limit), false), "latency_ms > 200");
        assert_eq!(expression("latency", &gate("3", &limit), false), "(latency) * 3 > 0.2");
    }

    #[test]
    fn what_binds_looser_stands_in_parentheses() {
        let gate = gate("1", &[(Bound::AtMost, "5")]);
        assert_eq!(expression("a / b", &gate, false), "a / b > 5");
        assert_eq!(expression("a or b", &gate, false), "(a or b) > 5");
        assert_eq!(expression("a > 0", &gate, false), "(a > 0) > 5");
    }
}
