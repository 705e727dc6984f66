//! What no database keeps: NUL inside a text (PostgreSQL refuses it), and keys longer than an index takes. Refused at
//! the doors with 400, on both databases alike; behind them it would be a fault of ours (500), and a peer that gets 500
//! sends the same message again for ever.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::problem::Problem;

/// The longest id, in bytes. Those of the standard are UUIDs; vendors write names and codes too.
pub const LONGEST_ID: usize = 255;

/// Refuses an address that holds NUL, or a part longer than an id may be (each byte may be written as `%xx`).
pub async fn address(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let parts = uri.path().split('/').chain(uri.query());
    for part in parts {
        if part.contains("%00") {
            return Problem::bad("address", "the address holds NUL (%00), which is in no name or id here")
                .into_response();
        }
    }
    if uri.path().split('/').any(|part| decoded_length(part) > LONGEST_ID) {
        let detail = format!("a part of the address is longer than {LONGEST_ID} bytes; no id here is");
        return Problem::bad("address", detail).into_response();
    }
    next.run(request).await
}

fn decoded_length(part: &str) -> usize {
    part.len() - 2 * part.bytes().filter(|byte| *byte == b'%').count().min(part.len() / 3)
}

/// What can't be kept of this JSON, with its place: the first text with NUL, or the first id that is too long.
#[must_use]
pub fn not_storable(value: &Value) -> Option<String> {
    at(value, &mut String::new())
}

fn at(value: &Value, place: &mut String) -> Option<String> {
    let length = place.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            Some(format!("{place} holds NUL (\\u0000), which is in no text here"))
        }
        Value::String(text) if text.len() > LONGEST_ID && is_id(place) => {
            Some(format!("{place} is longer than {LONGEST_ID} bytes; no id here is"))
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            place.truncate(length);
            place.push_str(&format!("/{index}"));
            at(item, place)
        }),
        Value::Object(fields) => fields.iter().find_map(|(key, item)| {
            place.truncate(length);
            if key.contains('\0') {
                return Some(format!("a name of a field in {place}/ holds NUL (\\u0000)"));
            }
            place.push('/');
            place.push_str(key);
            at(item, place)
        }),
        _ => None,
    }
}

/// Whether the field at this place names an object by its id (`§4`): `personId`, or `person` when it isn't expanded.
fn is_id(place: &str) -> bool {
    let name = place
        .rsplit('/')
        .find(|part| part.parse::<usize>().is_err())
        .unwrap_or_default();
    let references = [
        "offering",
        "person",
        "component",
        "organization",
        "course",
        "program",
        "parent",
    ];
    name.ends_with("Id") || name.ends_with("ID") || references.contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_is_found_at_any_depth_and_named_by_its_place() {
        let found = not_storable(&json!({ "a": [1, { "b": "x\0y" }] })).unwrap();
        assert!(found.starts_with("/a/1/b holds NUL"), "{found}");
        assert!(not_storable(&json!({ "x\0": 1 })).is_some());
        assert_eq!(not_storable(&json!({ "a": ["\\u0000", "é"], "b": null })), None);
    }

    #[test]
    fn ids_have_a_bound_and_other_texts_do_not() {
        let long = "x".repeat(LONGEST_ID + 1);
        assert!(not_storable(&json!({ "person": long })).is_some());
        assert!(not_storable(&json!({ "consumers": [{ "testsToBeUsed": [{ "componentId": long }] }] })).is_some());
        assert_eq!(not_storable(&json!({ "description": [{ "value": long }] })), None);
        assert_eq!(not_storable(&json!({ "person": "x".repeat(LONGEST_ID) })), None);
    }

    #[test]
    fn an_escaped_byte_counts_once() {
        assert_eq!(decoded_length("a%20b"), 3);
        assert_eq!(decoded_length(&"%F0%9F%98%80".repeat(60)), 240);
        assert_eq!(decoded_length("%"), 1);
    }
}
