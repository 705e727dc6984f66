//! Whether the student system has what was asked of it: what it has not is a person's to settle.

use super::Refused;
use super::draft::{About, Draft};
use crate::domain::exception::{self, NOT_AT_STUDENT_SYSTEM};

/// Opens the task that says it is not there, or closes it. `noun` is what a person calls such an object.
///
/// # Errors
/// What the database says.
pub async fn note(
    draft: &mut Draft<'_>,
    peer: &str,
    (kind, id, noun): (&str, &str, &str),
    is_there: bool,
) -> Result<(), Refused> {
    if is_there {
        let resolution = "Opgehaald bij de deelnemerregistratie.";
        return draft.close(NOT_AT_STUDENT_SYSTEM, (kind, id), resolution).await;
    }
    let about = About {
        kind,
        id,
        unit: None,
        peer: Some(peer),
    };
    draft.open(&exception::not_at_student_system(noun), about).await
}
