//! Canonical objects as JSON text, the `body` columns.

use serde::{Serialize, de::DeserializeOwned};

use super::error::StoreError;

/// An object as text. The model holds nothing that JSON can't carry.
pub(super) fn text<T: Serialize>(object: &T) -> String {
    serde_json::to_string(object).expect("the canonical model holds strings, numbers and lists only")
}

/// An object from the text in a column.
pub(super) fn parse<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Inconsistent {
        column: column.to_owned(),
        why: source.to_string(),
    })
}
