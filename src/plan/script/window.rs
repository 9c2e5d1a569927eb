//! Gates on the time of the week.

use crate::base::span::Span;
use crate::ir::gate::{WeekMinute, Window};
use crate::plan::script::{Shell, fill, label};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The script of a window: it fails in closed hours. A span of hours holds its first minute, not its last.
pub fn window(gate: &str, window: &Window, span: Span) -> Shell {
    let minute = |m: WeekMinute| u32::from(m.weekday) * 1440 + u32::from(m.minute);
    let shown = |m: WeekMinute| {
        format!("{} {:02}:{:02}", DAYS.get(usize::from(m.weekday)).copied().unwrap_or("?"), m.minute / 60, m.minute % 60)
    };
    let closed: Vec<String> = window.deny.iter().map(|d| format!("{}-{}", minute(d.from), minute(d.to))).collect();
    let words: Vec<String> = window.deny.iter().map(|d| format!("{} to {}", shown(d.from), shown(d.to))).collect();
    let text = fill(
        "window.sh",
        &[
            ("gate", &label(gate)),
            ("zone", &label(&window.timezone.value)),
            ("closed", &closed.join(" ")),
            ("shown", &words.join(", ")),
        ],
    );
    Shell::plain(&text, span)
}

#[cfg(test)]
mod tests {
    use crate::base::span::{Span, Spanned};
    use crate::ir::gate::{ClosedHours, WeekMinute, Window};
    use crate::plan::script::tests::{files, run};

    /// The script with a clock that stands at `now`, in the words of `date '+%u %H %M %a %H:%M'`.
    fn at(now: &str, from: (u8, u16), to: (u8, u16), zone: &str) -> (String, bool) {
        let minute = |(weekday, minute)| WeekMinute { weekday, minute };
        let deny = vec![Spanned::new(ClosedHours { from: minute(from), to: minute(to) }, Span::default())];
        let window = Window { deny, timezone: Spanned::new(zone.into(), Span::default()) };
        let script = super::window("freeze", &window, Span::default());
        let clock = format!("date() {{ echo '{now}'; }}\n{}", script.script.lines[0].as_literal().unwrap());
        run(files(&[]).path(), &clock, &[])
    }

    #[test]
    fn hours_wrap_around_the_week() {
        let weekend = |now: &str| at(now, (4, 16 * 60), (0, 8 * 60), "UTC");
        assert_eq!(
            weekend("5 15 59 Fri 15:59"),
            ("gate freeze: Fri 15:59 UTC, closed Fri 16:00 to Mon 08:00 ok".to_owned(), true)
        );
        assert_eq!(
            weekend("5 16 00 Fri 16:00"),
            ("gate freeze: Fri 16:00 UTC, closed Fri 16:00 to Mon 08:00 failed".to_owned(), false)
        );
        assert!(!weekend("7 12 00 Sun 12:00").1 && !weekend("1 07 59 Mon 07:59").1);
        assert!(weekend("1 08 00 Mon 08:00").1 && weekend("3 09 08 Wed 09:08").1);
    }

    #[test]
    fn an_unknown_zone_fails() {
        assert_eq!(
            at("3 09 08 Wed 09:08", (4, 0), (5, 0), "Mars/Base"),
            ("gate freeze: this job does not know the zone Mars/Base: install tzdata".to_owned(), false)
        );
    }
}
