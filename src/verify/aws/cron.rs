//! Times of the EventBridge Scheduler (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>) beside those of a spec.

use std::collections::BTreeSet;

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The numbers of a field; its names count from its first number.
fn field(text: &str, first: usize, last: usize, names: &[&str]) -> Option<BTreeSet<usize>> {
    let number = |word: &str| -> Option<usize> {
        let named = names.iter().position(|n| n.eq_ignore_ascii_case(word)).map(|at| at + first);
        named.or_else(|| word.parse().ok()).filter(|n| (first..=last).contains(n))
    };
    let mut found = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step = step.map_or(Some(1), |s| s.parse().ok().filter(|s| *s > 0))?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (first, last),
            Some((from, to)) => (number(from)?, number(to)?),
            // A step counts from its number to the end of the field.
            None => (number(range)?, if part.contains('/') { last } else { number(range)? }),
        };
        found.extend((from..=to).step_by(step));
    }
    Some(found)
}

/// Minutes, hours, days of the month, months, days of the week from 0 for Sunday.
type Times = [BTreeSet<usize>; 5];

/// `cron(minute hour day month weekday year)`, of every year; none for anything else.
fn of_scheduler(text: &str) -> Option<Times> {
    let inner = text.strip_prefix("cron(")?.strip_suffix(')')?;
    let [minute, hour, day, month, weekday, "*"] = inner.split(' ').collect::<Vec<_>>()[..] else { return None };
    let weekdays = field(weekday, 1, 7, DAYS)?.into_iter().map(|d| d - 1).collect();
    Some([field(minute, 0, 59, &[])?, field(hour, 0, 23, &[])?, field(day, 1, 31, &[])?, field(month, 1, 12, MONTHS)?, weekdays])
}

/// The five fields of a spec.
fn of_spec(text: &str) -> Option<Times> {
    let [minute, hour, day, month, weekday] = text.split_whitespace().collect::<Vec<_>>()[..] else { return None };
    let fields = [field(minute, 0, 59, &[])?, field(hour, 0, 23, &[])?, field(day, 1, 31, &[])?, field(month, 1, 12, MONTHS)?];
    let [minute, hour, day, month] = fields;
    Some([minute, hour, day, month, field(weekday, 0, 6, DAYS)?])
}

/// Whether an expression of the scheduler means the times of a spec.
pub(super) fn same(scheduler: &str, spec: &str) -> bool {
    of_scheduler(scheduler).is_some_and(|times| Some(times) == of_spec(spec))
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn times_are_compared_by_what_they_mean() {
        for (scheduler, spec) in [
            ("cron(0 4 ? * MON *)", "0 4 * * 1"),
            ("cron(0 4 ? * 2 *)", "0 4 * * MON"),
            ("cron(0 17 ? * MON-FRI *)", "0 17 * * 1-5"),
            ("cron(0/15 0/2 * * ? *)", "*/15 */2 * * *"),
            ("cron(0 8 1 JAN,7 ? *)", "0 8 1 1,7 *"),
        ] {
            assert!(same(scheduler, spec), "{scheduler} {spec}");
        }
        for (scheduler, spec) in [
            ("cron(0 4 ? * 1 *)", "0 4 * * 1"),
            ("cron(0 4 * * ? *)", "0 5 * * *"),
            ("cron(0 4 * * ? 2030)", "0 4 * * *"),
            ("rate(1 day)", "0 0 * * *"),
            ("cron(0 4 L * ? *)", "0 4 31 * *"),
        ] {
            assert!(!same(scheduler, spec), "{scheduler} {spec}");
        }
    }
}
