//! The time as a simulator sees it, and the two notations the standard uses for it.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::domain::clock::Clock;

/// The clock that a simulator reads.
#[derive(Clone)]
pub struct Now(Arc<dyn Clock>);

/// The machine's own clock.
struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Now {
    /// The machine's own time.
    pub fn system() -> Self {
        Self(Arc::new(MachineClock))
    }

    /// The time of this clock.
    pub fn by(clock: impl Clock + 'static) -> Self {
        Self(Arc::new(clock))
    }

    /// The present moment.
    pub fn get(&self) -> Timestamp {
        self.0.now()
    }

    /// The date on a Dutch calendar.
    pub fn today(&self) -> Date {
        let amsterdam = TimeZone::get("Europe/Amsterdam").expect("the time zone database is compiled in");
        self.get().to_zoned(amsterdam).date()
    }
}

impl std::fmt::Debug for Now {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Now({})", self.get())
    }
}

/// Reads a full date, `2026-06-21` and nothing looser (RFC 3339 full-date).
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let shaped = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if shaped { text.parse().ok() } else { None }
}

/// Reads a moment with its offset, `2026-06-21T12:45:00.000Z` (RFC 3339 date-time); one without offset is refused.
pub(super) fn parse_moment(text: &str) -> Option<Timestamp> {
    let has_t = text.as_bytes().get(10) == Some(&b'T');
    if has_t { text.parse().ok() } else { None }
}

/// Reads what `since` and `until` may hold: a moment, or a date that stands for its first instant in UTC.
pub(super) fn parse_boundary(text: &str) -> Option<Timestamp> {
    parse_moment(text).or_else(|| {
        parse_date(text)?
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|day| day.timestamp())
    })
}

/// The date some days after another; stays put at the end of the calendar.
pub(super) fn days_after(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_needs_its_offset_and_a_date_its_dashes() {
        assert!(parse_moment("2026-06-21T12:45:00.000Z").is_some());
        assert!(parse_moment("2026-06-21T14:45:00+02:00").is_some());
        assert!(parse_moment("2026-06-21T12:45:00").is_none());
        assert!(parse_moment("2026-06-21 12:45:00Z").is_none());
        assert!(parse_date("2026-06-21").is_some());
        assert!(parse_date("20260621").is_none());
        assert!(parse_date("2026-02-30").is_none());
    }
}
