//! Which message a result or report travels in (flows 3 and 4). Pure.

use oke_codec::{Dialect, ResultFlow, write_report_message, write_result_message};
use oke_sdk::{
    Error,
    model::{Association, Offering},
    ooapi::unwritable,
};
use serde_json::Value;

/// The message of flow 3 for a deelname with its result.
///
/// # Errors
/// [`Error::Unrepresentable`] when something that the message must hold is not known (R12).
pub(crate) fn result_message(deelname: &Association, dialect: &Dialect) -> Result<Value, Error> {
    write_result_message(ResultFlow::Three, deelname, dialect).map_err(unwritable)
}

/// The message of flow 4 for a sitting with its report.
pub(crate) fn report_message(sitting: &Offering, dialect: &Dialect) -> Value {
    write_report_message(sitting, dialect)
}
