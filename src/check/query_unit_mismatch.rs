//! A query that answers in another unit than its gate reads.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::query::{self, Part};
use crate::ir::Pipeline;
use crate::ir::gate::Metric;
use crate::ir::promql::Query;
use crate::ir::units::Decimal;

/// Relative difference of factors that arithmetic leaves.
const EQUAL: f64 = 1e-9;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for asked in query::asked(pipeline) {
        let Some(tree) = asked.read() else { continue };
        let Some(figure) = figure(pipeline, tree).filter(|f| !f.buckets) else { continue };
        let Some(read) = reads(asked.query.metric, asked.query.scale) else { continue };
        let Some(why) = mismatch(figure, read) else { continue };
        if figure.base == Base::Count && read.base == Base::Share && counts_up(tree) {
            continue;
        }
        let name = &asked.gate.name.value;
        diagnostics.push(
            Diagnostic::error("query-unit-mismatch", asked.query.query.span, format!("gate `{name}` {why}"))
                .label(format!("answers in {}", unit(figure)))
                .help(match figure.base {
                    Base::Count => {
                        "compare like with like: divide it by what it is a part of, or choose the unit that it has".to_owned()
                    }
                    _ if word(figure).is_empty() => "give the `metric` and the query one unit".to_owned(),
                    _ => format!("write unit={} in the query; limits may stay as they are", word(figure)),
                }),
        );
    }
}

/// Whether events are counted over a time: against a share, that is what `rate-against-ratio` is for.
fn counts_up(tree: &Query) -> bool {
    let mut found = false;
    tree.walk(&mut |part| {
        found |= matches!(part, Query::Call { function, .. } if matches!(function.as_str(), "rate" | "irate" | "increase"));
    });
    found
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Base {
    Time,
    Size,
    Count,
    Share,
}

/// What a query answers in: a figure times `factor` is in the base unit (seconds, bytes, a plain ratio).
#[derive(Clone, Copy, PartialEq, Debug)]
struct Figure {
    base: Base,
    factor: f64,
    per_second: bool,
    /// Counts of a histogram's buckets, of which a quantile has the base.
    buckets: bool,
}

fn base(metric: Metric) -> (Base, f64) {
    match metric {
        Metric::Percent => (Base::Share, 0.01),
        Metric::Ratio => (Base::Share, 1.0),
        Metric::Count => (Base::Count, 1.0),
        Metric::Duration => (Base::Time, 1.0),
        Metric::Size => (Base::Size, 1.0),
    }
}

fn number(value: Decimal) -> Option<f64> {
    value.to_string().parse().ok()
}

/// What the gate takes the answer for.
fn reads(metric: Metric, scale: Decimal) -> Option<Figure> {
    let (base, factor) = base(metric);
    Some(Figure { base, factor: factor * number(scale)?, per_second: false, buckets: false })
}

fn mismatch(figure: Figure, read: Figure) -> Option<String> {
    let (answers, reads) = (unit(figure), unit(read));
    match (figure.base, read.base) {
        // Seconds a second are a share of the time.
        (Base::Time, Base::Share | Base::Count) if figure.per_second => None,
        (Base::Count, Base::Count) => None,
        (a, b) if a != b => Some(format!("compares {answers} with {reads}")),
        _ if (figure.factor / read.factor - 1.0).abs() > EQUAL => Some(format!("reads {answers} as {reads}")),
        _ => None,
    }
}

/// The words of a unit, by base and factor, as `unit=` takes them and as a person says them.
const UNITS: &[(Base, f64, &str, &str)] = &[
    (Base::Time, 1e-9, "ns", "nanoseconds"),
    (Base::Time, 1e-6, "us", "microseconds"),
    (Base::Time, 0.001, "ms", "milliseconds"),
    (Base::Time, 1.0, "s", "seconds"),
    (Base::Time, 60.0, "m", "minutes"),
    (Base::Time, 3600.0, "h", "hours"),
    (Base::Size, 1.0, "B", "bytes"),
    (Base::Size, 1000.0, "KB", "kilobytes"),
    (Base::Size, 1e6, "MB", "megabytes"),
    (Base::Size, 1e9, "GB", "gigabytes"),
    (Base::Size, 1024.0, "KiB", "kibibytes"),
    (Base::Size, 1_048_576.0, "MiB", "mebibytes"),
    (Base::Size, 1_073_741_824.0, "GiB", "gibibytes"),
    (Base::Share, 1.0, "ratio", "shares from 0 to 1"),
    (Base::Share, 0.01, "percent", "percent"),
    (Base::Count, 1.0, "count", "a number of things"),
];

fn row(figure: Figure) -> Option<(&'static str, &'static str)> {
    let is = |of: &&(Base, f64, &'static str, &'static str)| {
        of.0 == figure.base && (of.0 == Base::Count || (of.1 / figure.factor - 1.0).abs() < EQUAL)
    };
    UNITS.iter().find(is).map(|(_, _, word, said)| (*word, *said))
}

fn word(figure: Figure) -> &'static str {
    row(figure).map_or("", |(word, _)| word)
}

fn unit(figure: Figure) -> String {
    let said = row(figure).map_or_else(
        || {
            let base = match figure.base {
                Base::Time => "seconds",
                Base::Size => "bytes",
                Base::Count => "things",
                Base::Share => "shares",
            };
            format!("{} {base}", figure.factor)
        },
        |(_, said)| said.to_owned(),
    );
    if figure.per_second { format!("{said} a second") } else { said }
}

/// What a query answers in, as far as the names and declarations of its metrics say it.
fn figure(pipeline: &Pipeline, query: &Query) -> Option<Figure> {
    match query {
        Query::Number(_) | Query::Text => None,
        Query::Select(select) => series(pipeline, select.metric.as_deref()?),
        Query::Negative(inner) | Query::Subquery(inner) => figure(pipeline, inner),
        Query::Call { function, args } => call(pipeline, function, args),
        Query::Aggregate { name, args, .. } => match name.as_str() {
            "count" | "group" | "count_values" => Some(COUNT),
            "stdvar" => None,
            _ => figure(pipeline, args.last()?),
        },
        Query::Binary { op, left, right } => binary(pipeline, op, left, right),
    }
}

const COUNT: Figure = Figure { base: Base::Count, factor: 1.0, per_second: false, buckets: false };

fn series(pipeline: &Pipeline, name: &str) -> Option<Figure> {
    let (unit, part) = match query::declared(pipeline, name) {
        Some((_, metric, part)) => {
            let unit = metric.unit.map(|(unit, factor)| (unit, number(factor)));
            // A gauge without a unit may be anything.
            if unit.is_none() && metric.kind == crate::ir::alert::MetricKind::Gauge {
                return None;
            }
            (unit, part)
        }
        None => {
            let (unit, part) = query::by_name(name)?;
            (unit.map(|unit| (unit, Some(1.0))), part)
        }
    };
    let (base, factor) = match unit {
        None => (Base::Count, 1.0),
        Some((metric, factor)) => {
            let (base, of_metric) = base(metric);
            (base, factor? * of_metric)
        }
    };
    Some(match part {
        Part::Count => COUNT,
        Part::Bucket => Figure { base, factor, per_second: false, buckets: true },
        Part::Value | Part::Sum => Figure { base, factor, per_second: false, buckets: false },
    })
}

fn call(pipeline: &Pipeline, function: &str, args: &[Query]) -> Option<Figure> {
    let of = |at: usize| figure(pipeline, args.get(at)?);
    match function {
        "rate" | "irate" | "deriv" => of(0).filter(|f| !f.per_second).map(|f| Figure { per_second: true, ..f }),
        "histogram_quantile" => of(1).filter(|f| f.buckets).map(|f| Figure { per_second: false, buckets: false, ..f }),
        "histogram_avg" => of(0).filter(|f| f.buckets).map(|f| Figure { per_second: false, buckets: false, ..f }),
        "quantile_over_time" => of(1),
        "count_over_time" | "changes" | "resets" => Some(COUNT),
        "time" => Some(Figure { base: Base::Time, ..COUNT }),
        "increase" | "delta" | "idelta" | "avg_over_time" | "min_over_time" | "max_over_time" | "sum_over_time"
        | "last_over_time" | "abs" | "ceil" | "floor" | "round" | "clamp" | "clamp_min" | "clamp_max" | "sort" | "sort_desc"
        | "scalar" | "vector" | "label_replace" | "label_join" => of(0),
        _ => None,
    }
}

fn binary(pipeline: &Pipeline, op: &str, left: &Query, right: &Query) -> Option<Figure> {
    let scaled = |figure: Option<Figure>, by: f64| figure.map(|f| Figure { factor: f.factor / by, ..f });
    match (op, left.constant(), right.constant()) {
        ("*", Some(by), None) => return scaled(figure(pipeline, right), by),
        ("*", None, Some(by)) => return scaled(figure(pipeline, left), by),
        ("/", None, Some(by)) => return scaled(figure(pipeline, left), 1.0 / by),
        ("+" | "-", Some(_), None) => return figure(pipeline, right),
        ("+" | "-" | "or", None, Some(_)) => return figure(pipeline, left),
        (_, Some(_), Some(_)) => return None,
        _ => {}
    }
    let (a, b) = (figure(pipeline, left), figure(pipeline, right));
    match op {
        "==" | "!=" | "<" | "<=" | ">" | ">=" | "and" | "unless" => a,
        "+" | "-" | "or" => a.filter(|a| Some(*a) == b),
        "/" => quotient(a?, b?),
        _ => None,
    }
}

fn quotient(a: Figure, b: Figure) -> Option<Figure> {
    let plain = |base: Base, factor: f64| Some(Figure { base, factor, per_second: false, buckets: false });
    match (a.per_second, b.per_second) {
        // A histogram's buckets are counts, whatever is in them.
        (x, y) if x == y && a.buckets && (b.buckets || b.base == Base::Count) => plain(Base::Share, 1.0),
        (x, y) if x == y && a.base == b.base && !b.buckets => plain(Base::Share, a.factor / b.factor),
        (x, y) if x == y && b.base == Base::Count && !a.buckets => plain(a.base, a.factor),
        (false, false) if b.base == Base::Time && !a.buckets => {
            Some(Figure { per_second: true, factor: a.factor / b.factor, ..a })
        }
        _ => None,
    }
}
