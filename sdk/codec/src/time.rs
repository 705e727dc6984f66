//! Times on the wire: RFC 3339 with an offset, days, and ISO 8601 durations.
//!
//! Published examples leave the offset out. Such a time is read as Dutch time, by the rule of the European Union
//! (summer time from the last Sunday of March to the last Sunday of October, 01:00 UTC), applied to every year, so
//! that no time zone database is needed. A time that the clock skips in March is read one hour later; one that it
//! passes twice in October is read as the first.

use std::sync::LazyLock;

use jiff::{
    SpanRelativeTo, Timestamp, Unit,
    civil::{Date, DateTime},
    fmt::temporal::SpanParser,
    tz::TimeZone,
};

static DUTCH: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("the rule of Dutch time is well-formed"));

/// A moment; without an offset Dutch time, without a time midnight.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil = text.parse::<DateTime>().ok()?;
    civil.to_zoned(DUTCH.clone()).ok().map(|zoned| zoned.timestamp())
}

/// A day; of a moment with an offset the day in the Netherlands.
pub(crate) fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(day_of(moment));
    }
    text.parse::<Date>().ok()
}

/// The day in the Netherlands.
pub(crate) fn day_of(moment: Timestamp) -> Date {
    moment.to_zoned(DUTCH.clone()).date()
}

/// Midnight in the Netherlands.
pub(crate) fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(DUTCH.clone()).ok().map(|zoned| zoned.timestamp())
}

/// Seconds of an ISO 8601 duration; a day is 24 hours, years and months have no length.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    static PARSER: SpanParser = SpanParser::new();
    let span = PARSER.parse_span(text.trim()).ok()?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let seconds = span
        .total((Unit::Second, SpanRelativeTo::days_are_24_hours()))
        .ok()?
        .round();
    // The bounds make the conversion exact.
    (0.0..=f64::from(u32::MAX)).contains(&seconds).then_some(seconds as u32)
}

/// ISO 8601 in minutes, as table 4.0.A asks (`PT40M`), with seconds where there are any.
pub(crate) fn iso(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (minutes, 0) => format!("PT{minutes}M"),
        (0, rest) => format!("PT{rest}S"),
        (minutes, rest) => format!("PT{minutes}M{rest}S"),
    }
}
