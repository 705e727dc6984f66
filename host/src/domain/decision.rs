//! Decisions of the examencommissie (vaststellen), and how the mandate they were taken under is printed on them.

use jiff::Timestamp;

use super::calendar::{day, in_words};
use super::principal::{Assignment, WHOLE_SCHOOL};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionKind {
    /// A result was vastgesteld.
    Vaststellen,
    /// A changed result took the place of the one that was vastgesteld, by two people.
    Correction,
    /// A vaststelling was taken back, by two people.
    Withdrawal,
}

impl DecisionKind {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DecisionKind::Vaststellen => "vaststellen",
            DecisionKind::Correction => "correction",
            DecisionKind::Withdrawal => "withdrawal",
        }
    }

    /// Reads [`DecisionKind::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<DecisionKind> {
        [
            DecisionKind::Vaststellen,
            DecisionKind::Correction,
            DecisionKind::Withdrawal,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// A decision on one version of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Id.
    pub id: String,
    /// What was decided.
    pub kind: DecisionKind,
    /// The deelname.
    pub association: String,
    /// The version of the result that was decided on; of a withdrawal, the one that was taken back.
    pub seq: i64,
    /// Who decided.
    pub account: String,
    /// Under which assignment.
    pub assignment: String,
    /// Whether that is a mandate.
    pub mandate: bool,
    /// Dutch: as it is printed, with the mandate's dates and unit.
    pub printed: String,
    /// Why, in the words of who decided; may be empty.
    pub reason: String,
    /// The scale map by which the score was converted.
    pub mapping: Option<String>,
    /// The proposal that was confirmed by it.
    pub proposal: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What is printed on a decision (Dutch): in which capacity it was taken, the dates and unit of a mandate, and on whose
/// proposal where it took two people.
#[must_use]
pub fn printed(kind: DecisionKind, assignment: &Assignment, proposer: Option<&str>, at: Timestamp) -> String {
    let what = match kind {
        DecisionKind::Vaststellen => "Vastgesteld",
        DecisionKind::Correction => "Correctie vastgesteld",
        DecisionKind::Withdrawal => "Vaststelling ingetrokken",
    };
    let on = in_words(day(at));
    let proposed = proposer.map_or_else(String::new, |proposer| format!(", op voorstel van {proposer}"));
    if !assignment.mandate {
        return format!("{what} op {on} door een lid van de examencommissie{proposed}.");
    }
    let from = in_words(day(assignment.from));
    let until = match assignment.until {
        Some(until) => format!(" tot {}", in_words(day(until))),
        None => String::new(),
    };
    let whom = match assignment.unit.as_str() {
        WHOLE_SCHOOL => "de hele school".to_owned(),
        unit => format!("onderdeel {unit}"),
    };
    format!(
        "{what} op {on} namens de examencommissie, onder mandaat voor {whom} van {from}{until}, verleend door \
         {}{proposed}.",
        assignment.granted_by
    )
}
