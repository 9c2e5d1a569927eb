//! Times of schedules: the five fields of cron that every vendor reads alike, and names of time zones.

use std::fmt;

use crate::base::diag::did_you_mean;
use crate::ir::bits::BitSet;
use crate::ir::units::UnitError;

/// A field: its name, its first and last number, and names for numbers.
struct Field {
    name: &'static str,
    first: usize,
    last: usize,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, names: &[] },
    Field { name: "hour", first: 0, last: 23, names: &[] },
    Field { name: "day of the month", first: 1, last: 31, names: &[] },
    Field { name: "month", first: 1, last: 12, names: MONTHS },
    Field { name: "day of the week", first: 0, last: 6, names: WEEKDAYS },
];

/// Shorthands of some crons, with their five fields.
const SHORTHANDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Days in each month, February at its longest.
const MONTH_DAYS: [usize; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Times in five fields: minute, hour, day of the month, month, day of the week (0 is Sunday). If both day fields are
/// restricted, a day that fits either counts, as in every POSIX cron.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cron {
    text: String,
    fields: [BitSet; 5],
    day_restricted: bool,
    weekday_restricted: bool,
}

impl Cron {
    /// Reads five fields of `*`, numbers, names, ranges, steps and lists.
    ///
    /// # Errors
    /// For what some vendor would refuse or read differently: shorthands, `?`, `L`, `W`, `#`, 7 for Sunday, ranges that
    /// wrap around, steps on a single number; and for a day that no month has.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        if text.trim_start().starts_with('@') {
            let known = SHORTHANDS.iter().find(|(name, _)| *name == text.trim());
            let help =
                known.map_or("write five fields, such as \"0 3 * * *\"".into(), |(_, fields)| format!("write \"{fields}\""));
            return Err(UnitError::new(format!("`{text}` is a shorthand that not every vendor knows"), help));
        }
        let parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() != FIELDS.len() {
            let message = format!("`{text}` has {} fields, not 5", parts.len());
            return Err(UnitError::new(message, "write minute, hour, day of the month, month, day of the week: \"0 3 * * *\""));
        }
        let mut fields: [BitSet; 5] = Default::default();
        for ((set, field), part) in fields.iter_mut().zip(&FIELDS).zip(&parts) {
            *set = field.read(part)?;
        }
        let cron = Self {
            text: parts.join(" "),
            fields,
            day_restricted: !parts[2].starts_with('*'),
            weekday_restricted: !parts[4].starts_with('*'),
        };
        let exists = |month: usize| cron.fields[2].iter().any(|day| day <= MONTH_DAYS[month - 1]);
        if !cron.weekday_restricted && !cron.fields[3].iter().any(exists) {
            return Err(UnitError::new(
                format!("`{text}` names a day that its months do not have"),
                "it would never run: correct the day",
            ));
        }
        Ok(cron)
    }

    /// As written, with one space between the fields.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether both day fields are restricted, which some vendors need two schedules for.
    pub fn restricts_both_days(&self) -> bool {
        self.day_restricted && self.weekday_restricted
    }

    /// Shortest time between two runs, in minutes, in a zone without changes of the clock.
    pub fn shortest_interval(&self) -> u64 {
        let times: Vec<u64> =
            self.fields[1].iter().flat_map(|h| self.fields[0].iter().map(move |m| (h * 60 + m) as u64)).collect();
        let within = times.windows(2).map(|pair| pair[1] - pair[0]).min();
        // From the last run of a day to the first run of the next one.
        let span = times.last().zip(times.first()).map_or(0, |(last, first)| last - first);
        let across = self.fewest_days().map(|days| days * 1_440 - span);
        // Neither only when it runs less than once in the cycle of the calendar: not on any real day.
        within.into_iter().chain(across).min().unwrap_or(u64::MAX)
    }

    /// Fewest days from a day on which it runs to the next one. The days of 28 years hold every neighbourhood of date and
    /// weekday; eight more years bring 29 February round again.
    fn fewest_days(&self) -> Option<u64> {
        let (mut fewest, mut last, mut number) = (None::<u64>, None::<u64>, 0u64);
        for year in 0..36 {
            for (month, days) in MONTH_DAYS.iter().enumerate() {
                let days = if month == 1 && year % 4 != 0 { 28 } else { *days };
                for day in 1..=days {
                    if self.runs_on(month + 1, day, (number % 7) as usize) {
                        let gap = last.map(|l| number - l);
                        fewest = fewest.into_iter().chain(gap).min();
                        last = Some(number);
                        if fewest == Some(1) {
                            return fewest;
                        }
                    }
                    number += 1;
                }
            }
        }
        fewest
    }

    fn runs_on(&self, month: usize, day: usize, weekday: usize) -> bool {
        let (day, weekday) = (self.fields[2].contains(day), self.fields[4].contains(weekday));
        let fits = if self.restricts_both_days() { day || weekday } else { day && weekday };
        fits && self.fields[3].contains(month)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    fn read(&self, text: &str) -> Result<BitSet, UnitError> {
        let mut set = BitSet::new(self.last + 1);
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (item, None),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (self.first, self.last),
                Some((from, to)) => (self.number(from, text)?, self.number(to, text)?),
                None => {
                    let one = self.number(range, text)?;
                    if step.is_some() {
                        return Err(self.wrong(text, format!("say where the steps end: `{range}-{}/…`", self.last)));
                    }
                    (one, one)
                }
            };
            if from > to {
                return Err(self.wrong(text, "a range does not wrap around: write two ranges with a comma".into()));
            }
            let step = match step.map(str::parse::<usize>) {
                None => 1,
                Some(Ok(step)) if (1..=self.last).contains(&step) => step,
                Some(_) => return Err(self.wrong(text, format!("a step is a number from 1 to {}", self.last))),
            };
            (from..=to).step_by(step).for_each(|n| _ = set.insert(n));
        }
        Ok(set)
    }

    fn number(&self, text: &str, field: &str) -> Result<usize, UnitError> {
        if let Some(place) = self.names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
            return Ok(place + self.first);
        }
        let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<usize>() {
            Ok(n) if digits && (self.first..=self.last).contains(&n) => Ok(n),
            Ok(7) if self.names == WEEKDAYS => Err(self.wrong(field, "Sunday is 0".into())),
            _ if text == "?" => Err(self.wrong(field, "write `*`".into())),
            _ => {
                Err(self.wrong(field, format!("use numbers from {} to {}, `*`, `a-b`, `*/n`, and commas", self.first, self.last)))
            }
        }
    }

    fn wrong(&self, field: &str, help: String) -> UnitError {
        UnitError::new(format!("`{field}` is not a {} of cron", self.name), help)
    }
}

/// The name of a time zone in the IANA form; whether it exists is not known here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Timezone(String);

const AREAS: [&str; 11] =
    ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Etc", "Europe", "Indian", "Pacific"];

impl Timezone {
    /// Reads `UTC` or `Area/City`.
    ///
    /// # Errors
    /// For abbreviations, offsets, unknown areas and anything else of another shape.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let wrong = |help: String| UnitError::new(format!("`{text}` is not the name of a time zone"), help);
        let Some((area, city)) = text.split_once('/') else {
            return match text {
                "UTC" => Ok(Self(text.into())),
                "GMT" | "Z" | "utc" => Err(wrong("write UTC".into())),
                _ => Err(wrong("write UTC, or area and city such as Europe/Berlin".into())),
            };
        };
        if !AREAS.contains(&area) {
            return Err(wrong(match did_you_mean(area, AREAS) {
                Some(near) => format!("did you mean {near}/{city}?"),
                None => format!("the areas are {}", AREAS.join(", ")),
            }));
        }
        let part = |p: &str| {
            p.starts_with(|c: char| c.is_ascii_uppercase()) && p.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+".contains(&b))
        };
        if city.split('/').count() > 2 || !city.split('/').all(part) {
            return Err(wrong("write area and city such as Europe/Berlin or America/New_York".into()));
        }
        Ok(Self(text.into()))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Timezone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cron, Timezone};

    #[test]
    fn intervals_are_the_shortest_ones() {
        for (text, minutes) in [
            ("* * * * *", 1),
            ("*/5 * * * *", 5),
            ("0 3 * * *", 1_440),
            ("0,58 * * * *", 2),
            ("59,0 23,0 * * *", 1),
            ("58 23 * * 1", 7 * 1_440),
            ("0 0 * * MON-FRI", 1_440),
            ("0 0 * * 1,4", 3 * 1_440),
            ("0 0 1 * *", 28 * 1_440),
            ("0 0 1 jan *", 365 * 1_440),
            ("0 0 29 2 *", 1_461 * 1_440),
            ("*/7 * * * *", 4),
            ("3-59/20 1-3 * * *", 20),
            ("0 0 1,31 * *", 1_440),
            ("0 0 13 * 5", 1_440),
        ] {
            assert_eq!(Cron::parse(text).unwrap().shortest_interval(), minutes, "{text}");
        }
    }

    #[test]
    fn what_vendors_read_differently_is_refused() {
        for (text, help) in [
            ("@daily", "0 0 * * *"),
            ("@reboot", "five fields"),
            ("0 0 * *", "minute, hour"),
            ("0 0 0 * * *", "minute, hour"),
            ("60 * * * *", "0 to 59"),
            ("0 24 * * *", "0 to 23"),
            ("0 0 0 * *", "1 to 31"),
            ("0 0 ? * 1", "write `*`"),
            ("0 0 L * *", "1 to 31"),
            ("0 0 * * 7", "Sunday is 0"),
            ("0 0 * * FRI-MON", "wrap"),
            ("5/10 * * * *", "5-59/"),
            ("*/0 * * * *", "a step"),
            ("*/x * * * *", "a step"),
            ("1,,2 * * * *", "0 to 59"),
            ("+5 * * * *", "0 to 59"),
            ("0 0 31 2,4 *", "never run"),
        ] {
            let error = Cron::parse(text).unwrap_err();
            assert!(error.help.contains(help), "{text}: {error:?}");
        }
        assert!(Cron::parse("0 0 31 2 1").is_ok(), "Mondays of February");
    }

    #[test]
    fn both_days_restricted_is_known() {
        let both = |text: &str| Cron::parse(text).unwrap().restricts_both_days();
        assert!(both("0 0 1 * 1") && !both("0 0 1 * *") && !both("0 0 * * 1") && !both("0 0 */2 * 1"));
        assert_eq!(Cron::parse(" 0  3 * * * ").unwrap().text(), "0 3 * * *");
    }

    #[test]
    fn time_zones_have_an_area_and_a_city() {
        for good in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+5"] {
            assert_eq!(Timezone::parse(good).unwrap().name(), good);
        }
        for bad in [
            "",
            "CET",
            "GMT",
            "+01:00",
            "Berlin",
            "Europe/",
            "/Berlin",
            "Europe/berlin",
            "US/Pacific",
            "Europe/Ber lin",
            "America/A/B/C",
        ] {
            assert!(Timezone::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Timezone::parse("europe/Berlin").unwrap_err().help, "did you mean Europe/Berlin?");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in any::<String>(), fields in "[0-9*/,?A-Z -]{0,20}") {
            let _ = (Cron::parse(&text), Cron::parse(&fields), Timezone::parse(&text));
        }
    }
}
