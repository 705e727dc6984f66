//! The plan of a vendor that works with files: what a person has taken along, until when taking along still helps, and how
//! long the files themselves are kept.

use jiff::{SignedDuration, Timestamp};

/// So many days a file is kept that went out, or whose lines were stored: long enough to find out what was told and what
/// came back of a sitting of the same school year. What its lines say is kept as results are.
pub const KEPT_DAYS: i64 = 365;
/// So many days a file is kept of which nothing was stored.
pub const KEPT_UNUSED_DAYS: i64 = 30;

/// When the content of a file is erased, so many days after a moment.
#[must_use]
pub fn erase_at(since: Timestamp, days: i64) -> Timestamp {
    since
        .checked_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::MAX)
}

/// Where a sitting stands at such a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No list has it yet.
    New,
    /// A list has it, but not as it is now.
    Changed,
    /// A list has it as it is now.
    Taken,
    /// It is fixed: the server has downloaded it. What changed since, or was never taken, a person arranges.
    TooLate {
        /// Whether a list had it in time, in an earlier form.
        was_taken: bool,
    },
}

impl Standing {
    /// Of a sitting: whether a list ever had it, whether all of it was taken as it is now, and whether it is fixed.
    #[must_use]
    pub fn of(was_taken: bool, is_current: bool, is_fixed: bool) -> Standing {
        match (is_current, is_fixed, was_taken) {
            (true, _, _) => Standing::Taken,
            (false, true, was_taken) => Standing::TooLate { was_taken },
            (false, false, true) => Standing::Changed,
            (false, false, false) => Standing::New,
        }
    }

    /// Whether the next list should have it.
    #[must_use]
    pub fn goes_along(self) -> bool {
        matches!(self, Standing::New | Standing::Changed)
    }
}

/// From when on a sitting is fixed: so many hours before its start. One without a start never is.
#[must_use]
pub fn fixed_from(start: Option<Timestamp>, hours: i64) -> Option<Timestamp> {
    start.map(|start| {
        start
            .checked_sub(SignedDuration::from_hours(hours))
            .unwrap_or(Timestamp::MIN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_after_the_server_has_downloaded_it_does_not_go_along() {
        assert_eq!(Standing::of(true, true, true), Standing::Taken);
        assert!(Standing::of(false, false, false).goes_along());
        assert!(Standing::of(true, false, false).goes_along());
        let late = Standing::of(true, false, true);
        assert_eq!(
            (late, late.goes_along()),
            (Standing::TooLate { was_taken: true }, false)
        );
    }

    #[test]
    fn a_sitting_is_fixed_so_many_hours_before_its_start() {
        let start: Timestamp = "2026-09-02T09:00:00Z".parse().unwrap();
        assert_eq!(
            fixed_from(Some(start), 24),
            Some("2026-09-01T09:00:00Z".parse().unwrap())
        );
        assert_eq!(fixed_from(None, 24), None);
    }
}
