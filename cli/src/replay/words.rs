//! Moments, lengths of time and numbers as people read them.

use super::trace::CALENDAR;
use jiff::Timestamp;
use sergo::Tick;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

/// Says when something was.
pub(crate) struct Clock {
    /// When the first request came, in nanoseconds since whenever the trace
    /// counts from.
    pub(crate) origin: i64,
    /// Whether it needs the day to tell two moments apart.
    needs_day: bool,
}

impl Clock {
    /// A clock for a trace that begins and ends then.
    pub(crate) fn new(origin: i64, end: Tick) -> Clock {
        let needs_day = (origin.unsigned_abs() % DAY).saturating_add(end.0) >= DAY;
        Clock { origin, needs_day }
    }

    /// Whether it tells the time of day.
    pub(crate) fn is_calendar(&self) -> bool {
        self.origin >= CALENDAR
    }

    /// The moment: the time of day in UTC, or since the trace began.
    pub(crate) fn moment(&self, at: Tick) -> String {
        if self.is_calendar() {
            self.as_calendar(at, if self.needs_day { "%m-%d %H:%M:%S%.3f" } else { "%H:%M:%S%.3f" })
        } else {
            let millis = at.0.saturating_add(500_000) / 1_000_000;
            format!("{}.{:03}s", millis / 1000, millis % 1000)
        }
    }

    /// The moment by this pattern, where it tells the time of day.
    pub(crate) fn as_calendar(&self, at: Tick, pattern: &str) -> String {
        let nanos = self.origin.saturating_add_unsigned(at.0);
        Timestamp::from_nanosecond(nanos.into()).map(|moment| moment.strftime(pattern).to_string()).unwrap_or_default()
    }

    /// Moment and day, as RFC 3339 has it; `None` where it tells no time of day.
    pub(crate) fn whole(&self, at: Tick) -> Option<String> {
        self.is_calendar().then(|| self.as_calendar(at, "%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

/// A length of time: with up to three digits behind the point, or over a minute
/// in whole seconds.
pub(crate) fn span(nanos: u64) -> String {
    let (unit, name) = match nanos {
        0..1_000 => return format!("{nanos}ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..SECOND => (1_000_000, "ms"),
        _ => (SECOND, "s"),
    };
    if nanos >= 60 * SECOND {
        let seconds = (nanos + SECOND / 2) / SECOND;
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
        let parts: Vec<_> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
        return parts.join(" ");
    }
    let thousandths = (u128::from(nanos) * 1000 + u128::from(unit) / 2) / u128::from(unit);
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A number with its thousands parted.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something.
pub(crate) fn count(of: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(of), if of == 1 { "" } else { "s" })
}

/// A share in percent, with one digit behind the point.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    format!("{:.1}%", part as f64 * 100.0 / whole.max(1) as f64)
}

/// A name out of a trace or a rule, without what a terminal would obey.
pub(crate) fn harmless(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Lines of columns as wide as they need: the first to the left, the others to
/// the right. A line of one cell is as it is.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |cell: &String| cell.chars().count();
    let width =
        |column| rows.iter().filter(|row| row.len() > 1).filter_map(|row| row.get(column)).map(wide).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        let cases = [
            (0, "0ns"),
            (1_500, "1.5us"),
            (20_000_000, "20ms"),
            (123_456_789, "123.457ms"),
            (1_234_567_890, "1.235s"),
            (59_998_700_000, "59.999s"),
            (60 * SECOND, "1m"),
            (3_725 * SECOND, "1h 2m 5s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(span(nanos), text);
        }
    }

    #[test]
    fn clocks_tell_the_time_of_day_where_there_is_one() {
        let noon = 1_795_262_400 * SECOND as i64;
        let clock = Clock::new(noon, Tick(SECOND));
        assert_eq!(clock.moment(Tick(1_250_000_000)), "12:00:01.250");
        assert_eq!(clock.whole(Tick(0)).as_deref(), Some("2026-11-21T12:00:00.000Z"));
        assert_eq!(Clock::new(noon, Tick(DAY)).moment(Tick(DAY)), "11-22 12:00:00.000");
        let clock = Clock::new(5, Tick(0));
        assert_eq!((clock.moment(Tick(1_999_600_000)).as_str(), clock.whole(Tick(0))), ("2.000s", None));
    }

    #[test]
    fn numbers_names_and_tables() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((count(1, "line"), count(2_000, "line")), ("1 line".into(), "2,000 lines".into()));
        assert_eq!((percent(1, 3), percent(0, 0)), ("33.3%".into(), "0.0%".into()));
        assert_eq!(harmless("a\u{1b}[2J é"), "a\\u{1b}[2J é");
        let rows = [vec!["a".into(), "10".into()], vec!["long line alone".into()], vec!["bc".into(), "7".into()]];
        assert_eq!(table(&rows), "a   10\nlong line alone\nbc   7\n");
    }
}
