//! Times, days and decimals as Dutch systems write them.

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

use crate::Error;

/// Dutch time as a rule: a component holds no database of zones.
const DUTCH_TIME: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
/// Most digits before and behind a comma.
const MOST_DIGITS: usize = 6;

/// A moment on a Dutch clock.
///
/// # Errors
/// [`Error::Bug`]; the rule of Dutch time can be read.
pub fn clock(moment: Timestamp) -> Result<Zoned, Error> {
    let zone = TimeZone::posix(DUTCH_TIME).map_err(|error| Error::Bug(format!("the rule of Dutch time: {error}")))?;
    Ok(moment.to_zoned(zone))
}

/// A day: `27-11-2026`, as Dutch lists write it, or `2026-11-27`, as a spreadsheet gives it.
pub fn day(text: &str) -> Option<Date> {
    let read = Date::strptime("%d-%m-%Y", text).or_else(|_| Date::strptime("%Y-%m-%d", text));
    // A year of two digits is no year of an exam.
    read.ok().filter(|day| day.year() >= 2000)
}

/// A decimal with a comma as the model writes it, with a point: `6,4` is `6.4`. Digits, and at most one comma with digits
/// behind it; a point is refused, which in Dutch parts thousands.
pub fn decimal(text: &str) -> Option<String> {
    let (whole, part) = text.split_once(',').unwrap_or((text, "0"));
    let digits = |text: &str| (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(part)).then(|| text.replace(',', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_hour_later_in_winter_and_two_in_summer() {
        let hour = |moment: &str| {
            clock(moment.parse().unwrap())
                .unwrap()
                .strftime("%d-%m-%Y %H:%M")
                .to_string()
        };
        assert_eq!(hour("2026-11-27T08:00:00Z"), "27-11-2026 09:00");
        assert_eq!(hour("2026-06-01T08:00:00Z"), "01-06-2026 10:00");
    }

    #[test]
    fn a_day_is_read_from_a_list_and_from_a_spreadsheet() {
        assert_eq!(day("27-11-2026"), day("2026-11-27"));
        assert!(day("27-11-2026").is_some());
        for odd in ["", "11/27/2026", "31-02-2026", "27-11-26", "gisteren"] {
            assert_eq!(day(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_decimal_has_a_comma_or_nothing() {
        assert_eq!(decimal("6,4").as_deref(), Some("6.4"));
        assert_eq!(decimal("10").as_deref(), Some("10"));
        for odd in ["", ",4", "6,", "6.4", "1.000,5", "-3", "6,4,1", "1234567"] {
            assert_eq!(decimal(odd), None, "{odd}");
        }
    }
}
