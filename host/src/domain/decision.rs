//! Decisions of the examencommissie (vaststellen), and how the mandate they were taken under is printed on them.

use jiff::Timestamp;

use super::calendar::{day, in_words};
use super::principal::Assignment;

/// A decision on one version of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Id.
    pub id: String,
    /// The deelname.
    pub association: String,
    /// The version of the result that was decided on.
    pub seq: i64,
    /// Who decided.
    pub account: String,
    /// Under which assignment.
    pub assignment: String,
    /// Whether that is a mandate.
    pub mandate: bool,
    /// Dutch: as it is printed, with the mandate's dates.
    pub printed: String,
    /// Why, in the words of who decided; may be empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What is printed on a decision (Dutch): in which capacity it was taken, and the dates of a mandate.
#[must_use]
pub fn printed(assignment: &Assignment, at: Timestamp) -> String {
    let on = in_words(day(at));
    if !assignment.mandate {
        return format!("Vastgesteld op {on} door een lid van de examencommissie.");
    }
    let from = in_words(day(assignment.from));
    let until = match assignment.until {
        Some(until) => format!(" tot {}", in_words(day(until))),
        None => String::new(),
    };
    format!(
        "Vastgesteld op {on} namens de examencommissie, onder mandaat van {from}{until}, verleend door {}.",
        assignment.granted_by
    )
}
