//! Which message a result travels in (R8). Pure.

use oke_codec::{Dialect, ResultFlow, write_attempt, write_result_message};
use oke_sdk::{Error, Way, model::Association, ooapi::unwritable};
use serde_json::Value;

/// A message of flow 5.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// On an enrolment that the student system made.
    Patch(Value),
    /// A new enrolment that names its original; follow-ups on it may be PUT too (R8).
    Put(Value),
}

/// The message of flow 5 for an enrolment with its result.
///
/// # Errors
/// [`Error::Unrepresentable`] when something that the message must hold is not known (R12).
pub(crate) fn result_message(enrolment: &Association, way: Way, dialect: &Dialect) -> Result<Message, Error> {
    match way {
        Way::Original => write_result_message(ResultFlow::Five, enrolment, dialect).map(Message::Patch),
        Way::ExtraAttempt => write_attempt(enrolment, dialect).map(Message::Put),
    }
    .map_err(unwritable)
}
