//! Gates that the cluster asks by itself while a new version replaces the old one: what an AnalysisTemplate of Argo Rollouts is told.
//!
//! A figure of Prometheus is a vector there, in a condition of the language of `expr`: <https://argo-rollouts.readthedocs.io/en/stable/analysis/prometheus/>.
//! An empty vector and NaN are spelled out, since they would decide by accident: what `no-data` says holds for both.

use crate::base::span::Span;
use crate::ir::gate::{Bound, NoData, Query};
use crate::ir::units::{Decimal, Duration};

/// A gate as the cluster asks it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedAnalysis {
    /// The gate's name.
    pub name: String,
    /// The address of Prometheus.
    pub address: String,
    /// What is asked.
    pub query: String,
    /// How often.
    pub count: u32,
    /// Between two times; none if it is asked once.
    pub interval: Option<Duration>,
    /// What every answer must keep.
    pub condition: String,
    /// The store and the variable of the token, among the secrets of the app.
    pub token: Option<(String, String)>,
    /// Where it is asked.
    pub span: Span,
}

/// The condition that an answer keeps.
pub fn condition(query: &Query) -> String {
    let figure = if query.scale == Decimal::ONE { "#".to_owned() } else { format!("# * {}", query.scale) };
    let limits: Vec<String> = query
        .limits
        .iter()
        .map(|limit| {
            let sign = match limit.value.bound {
                Bound::AtLeast => ">=",
                Bound::AtMost => "<=",
                Bound::MoreThan => ">",
                Bound::LessThan => "<",
            };
            format!("{figure} {sign} {}", limit.value.value)
        })
        .collect();
    let all = limits.join(" && ");
    match query.no_data {
        NoData::Fail => format!("len(result) > 0 && all(result, {all})"),
        NoData::Pass if limits.len() > 1 => format!("len(result) == 0 || all(result, isNaN(#) || ({all}))"),
        NoData::Pass => format!("len(result) == 0 || all(result, isNaN(#) || {all})"),
    }
}

#[cfg(test)]
mod tests {
    use super::condition;
    use crate::ir::gate::{Bound, NoData};
    use crate::plan::samples::query;

    #[test]
    fn every_figure_counts_and_no_figure_is_spelled_out() {
        let most = [(Bound::AtMost, "0.05")];
        assert_eq!(condition(&query("1", &most, NoData::Fail)), "len(result) > 0 && all(result, # <= 0.05)");
        assert_eq!(condition(&query("1", &most, NoData::Pass)), "len(result) == 0 || all(result, isNaN(#) || # <= 0.05)");
        let both = [(Bound::AtLeast, "1"), (Bound::LessThan, "5")];
        assert_eq!(
            condition(&query("0.001", &both, NoData::Pass)),
            "len(result) == 0 || all(result, isNaN(#) || (# * 0.001 >= 1 && # * 0.001 < 5))"
        );
    }
}
