//! Days on paper: time is UTC inside and Europe/Amsterdam where people read it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

/// The zone of Dutch schools.
#[must_use]
pub fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").expect("the time zone database is part of the program")
}

/// The day a moment falls on at school.
#[must_use]
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(zone()).date()
}

/// The moment a day begins at school.
///
/// # Errors
/// A day beyond what a calendar holds.
pub fn midnight(day: Date) -> Result<Timestamp, jiff::Error> {
    Ok(day.to_zoned(zone())?.timestamp())
}

/// A day as Dutch readers write it: `4 maart 2026`.
#[must_use]
pub fn in_words(day: Date) -> String {
    let month = usize::from(day.month().unsigned_abs()).saturating_sub(1);
    format!("{} {} {}", day.day(), MONTHS.get(month).unwrap_or(&""), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_evening_in_utc_is_the_next_day_at_school() {
        let at: Timestamp = "2026-03-03T23:30:00Z".parse().unwrap();
        assert_eq!(in_words(day(at)), "4 maart 2026");
    }
}
