//! Times in the words of the EventBridge Scheduler (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>): six fields,
//! one of the two days a question mark, days of the week from 1 for Sunday, so they stand by name.

use crate::ir::cron::Cron;

const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// `cron(0 4 ? * MON *)` for `0 4 * * 1`. Days of the month and of the week at once have been refused.
pub(in crate::back) fn expression(cron: &Cron) -> String {
    let fields: Vec<&str> = cron.text().split(' ').collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return String::new() };
    let (day, weekday) = match (day.starts_with('*') && *day == "*", *weekday == "*") {
        (_, true) => (stepped(day, "1"), "?".to_owned()),
        (true, false) => ("?".to_owned(), by_name(weekday)),
        (false, false) => (stepped(day, "1"), by_name(weekday)),
    };
    format!("cron({} {} {day} {} {weekday} *)", stepped(minute, "0"), stepped(hour, "0"), stepped(month, "1"))
}

/// A step counts from the first number of its field.
fn stepped(field: &str, first: &str) -> String {
    let parts: Vec<String> = field
        .split(',')
        .map(|p| p.strip_prefix('*').filter(|r| !r.is_empty()).map_or_else(|| p.to_owned(), |step| format!("{first}{step}")))
        .collect();
    parts.join(",")
}

fn by_name(field: &str) -> String {
    let name = |text: &str| match text.parse::<usize>() {
        Ok(number) => WEEKDAYS.get(number).map_or_else(|| text.to_owned(), |n| (*n).to_owned()),
        Err(_) => text.to_ascii_uppercase(),
    };
    let part = |text: &str| match (text.split_once('/'), text.split_once('-')) {
        (Some((range, step)), _) => {
            let (from, to) = range.split_once('-').map_or((0, 6), |(a, b)| (number(a), number(b)));
            let step = step.parse::<usize>().unwrap_or(1).max(1);
            (from..=to).step_by(step).filter_map(|i| WEEKDAYS.get(i).copied()).collect::<Vec<_>>().join(",")
        }
        (None, Some((a, b))) => format!("{}-{}", name(a), name(b)),
        (None, None) => name(text),
    };
    field.split(',').map(part).collect::<Vec<_>>().join(",")
}

fn number(text: &str) -> usize {
    text.parse().ok().or_else(|| WEEKDAYS.iter().position(|w| w.eq_ignore_ascii_case(text))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::expression;
    use crate::ir::cron::Cron;

    #[test]
    fn one_of_the_days_is_a_question_mark() {
        for (cron, expected) in [
            ("0 4 * * 1", "cron(0 4 ? * MON *)"),
            ("0 17 * * 1-5", "cron(0 17 ? * MON-FRI *)"),
            ("0 8 1 * *", "cron(0 8 1 * ? *)"),
            ("*/15 */2 * * *", "cron(0/15 0/2 * * ? *)"),
            ("0 3 * 1,7 0,6", "cron(0 3 ? 1,7 SUN,SAT *)"),
            ("0 3 * * */2", "cron(0 3 ? * SUN,TUE,THU,SAT *)"),
        ] {
            assert_eq!(expression(&Cron::parse(cron).unwrap()), expected);
        }
    }
}
