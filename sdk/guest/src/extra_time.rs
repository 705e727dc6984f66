//! Extra time in other units than minutes (R15): never less than was assigned, and refused where a unit can't say it.

use crate::Error;

/// Extra time of so many minutes or more is without end (R15).
pub const UNLIMITED_MIN: u32 = 10_000;

const FIELD: &str = "additionalTimeInMin";

/// So many minutes of a test of so many minutes, in percents that go in steps. The host hands over the minutes of a whole
/// step, rounded up, when the manifest declares `extra-time = { unit = "percent", step = …, maximum = … }`.
///
/// # Errors
/// [`Error::Unrepresentable`] for minutes that are no whole step, or more than `most` percent.
pub fn percent(extra_min: u32, lasts_min: u32, (step, most): (u32, u32)) -> Result<u32, Error> {
    let mut steps = (0..=most).step_by(step.max(1) as usize);
    let found = steps.find(|percent| minutes_of(*percent, lasts_min) == extra_min);
    found.ok_or_else(|| {
        let why = format!("{extra_min} minutes is no whole step of {step} % of {lasts_min} minutes, up to {most} %");
        Error::unrepresentable(FIELD, why)
    })
}

/// So many percents of a test of so many minutes, in minutes, rounded up.
pub fn minutes_of(percent: u32, lasts_min: u32) -> u32 {
    let minutes = (u64::from(percent) * u64::from(lasts_min)).div_ceil(100);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

/// Extra time as a factor of the duration, in hundredths, rounded up: 100 is none.
///
/// # Errors
/// [`Error::Unrepresentable`] for extra time without end, or of a duration that is not known.
pub fn factor(extra_min: u32, duration_s: Option<u32>) -> Result<u64, Error> {
    match duration_s {
        _ if extra_min == 0 => Ok(100),
        _ if extra_min >= UNLIMITED_MIN => Err(Error::unrepresentable(FIELD, "extra time without end is no factor")),
        Some(seconds) if seconds > 0 => Ok(100 + (u64::from(extra_min) * 6_000).div_ceil(u64::from(seconds))),
        _ => Err(Error::unrepresentable(
            FIELD,
            "extra time is a factor of the duration, and the sitting has none",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R15: 25 % of 90 minutes is 22.5, handed over as 23; 20 minutes would be less than 25 % and more than 20 %.
    #[test]
    fn minutes_are_told_as_the_step_that_they_came_from_and_as_no_other() {
        assert_eq!(minutes_of(25, 90), 23);
        assert_eq!(percent(23, 90, (5, 100)), Ok(25));
        assert_eq!(percent(0, 90, (5, 100)), Ok(0));
        assert!(percent(20, 90, (5, 100)).is_err());
        assert!(percent(91, 90, (5, 100)).is_err());
        assert!(percent(UNLIMITED_MIN, 90, (5, 100)).is_err());
    }

    #[test]
    fn a_factor_never_gives_less_than_was_assigned() {
        assert_eq!(factor(25, Some(90 * 60)), Ok(128));
        assert_eq!(factor(0, None), Ok(100));
        assert!(factor(25, None).is_err() && factor(UNLIMITED_MIN, Some(90 * 60)).is_err());
    }
}
