//! Exceptions about what a student system lists when it is asked for flow 1.

use super::{Exception, exception};
use crate::domain::principal::Duty;

/// Kind of the exceptions about objects that the student system lists and that could not be read or taken.
pub const LISTED_REFUSED: &str = "listed-refused";
/// Kind of the exceptions about a toetsgroep that the student system lists with fewer members than it has here.
pub const GROUP_DIFFERS: &str = "group-differs";

/// The student system lists an object that could not be read or taken; `why` is the codec's or the host's own sentence.
#[must_use]
pub fn listed_refused(object: &str, why: &str) -> Exception {
    exception(
        LISTED_REFUSED,
        Duty::Plannen,
        &format!("Uit de deelnemerregistratie niet overgenomen: {object} ({why})"),
        "Laat de beheerder van de deelnemerregistratie het object herstellen; bij een volgende keer ophalen komt het \
         vanzelf mee.",
    )
}

/// A toetsgroep has members here that the student system lists no longer.
#[must_use]
pub fn group_differs(unlisted: usize) -> Exception {
    exception(
        GROUP_DIFFERS,
        Duty::Plannen,
        &format!("De deelnemerregistratie noemt {unlisted} lid/leden van deze toetsgroep niet meer"),
        "Zij blijven hier staan tot de deelnemerregistratie hun lidmaatschap intrekt. Laat de beheerder daarvan dat doen, \
         of plan hen niet in.",
    )
}
