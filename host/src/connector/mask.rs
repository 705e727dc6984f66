//! Masking: what a vendor needs of an exchange to find a fault is its shape. Every value becomes one of the same length
//! and kind that says nothing: letters become `x`, digits `9`. Names of fields without a digit, punctuation, true, false and null stay: whoever hands it on
//! looks whether a vendor uses somebody's name for one.

use serde_json::{Map, Value};

use super::recorder::{Body, Exchanged};

/// An exchange without anything of anybody.
pub fn exchanged(it: &Exchanged) -> Exchanged {
    Exchanged {
        endpoint: it.endpoint.clone(),
        method: it.method.clone(),
        path: path(&it.path),
        query: it.query.iter().map(|(key, value)| (name(key), text(value))).collect(),
        sent: body(&it.sent),
        status: it.status,
        headers: it
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        received: body(&it.received),
    }
}

fn body(it: &Body) -> Body {
    // A JSON text that was cut off is none any more: nothing tells names from values in it.
    let masked = match serde_json::from_str::<Value>(&it.text) {
        Ok(json) => json_value(json).to_string(),
        Err(_) => text(&it.text),
    };
    Body {
        text: masked,
        bytes: it.bytes,
    }
}

fn json_value(value: Value) -> Value {
    match value {
        Value::String(value) => Value::String(text(&value)),
        Value::Number(number) => nines(&number.to_string()),
        Value::Array(values) => Value::Array(values.into_iter().map(json_value).collect()),
        Value::Object(fields) => {
            let mut masked = Map::new();
            for (key, value) in fields {
                masked.insert(name(&key), json_value(value));
            }
            Value::Object(masked)
        }
        plain @ (Value::Null | Value::Bool(_)) => plain,
    }
}

/// A number of the same length: 7.5 becomes 9.9.
fn nines(number: &str) -> Value {
    let masked = text(number).replace(['x', 'X'], "");
    serde_json::from_str(&masked).unwrap_or_else(|_| Value::from(9))
}

/// A field's name. One with a digit in it may be an id that is used as a name.
fn name(key: &str) -> String {
    match key.chars().any(|one| one.is_ascii_digit()) || key.len() > 64 {
        true => text(key),
        false => key.to_owned(),
    }
}

/// A path: its first part stays where it is a word, such as `students`. What follows may be anybody's name.
pub fn path(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .enumerate()
        .map(|(place, part)| match place {
            0 | 1 => segment(part),
            _ => text(part),
        })
        .collect();
    parts.join("/")
}

fn segment(part: &str) -> String {
    let is_word = part.len() <= 40
        && part
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    match is_word {
        true => part.to_owned(),
        false => text(part),
    }
}

fn text(value: &str) -> String {
    value
        .chars()
        .map(|one| match one {
            _ if one.is_numeric() => '9',
            _ if one.is_uppercase() => 'X',
            _ if one.is_alphabetic() => 'x',
            _ => one,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_and_names_and_shape_stay() {
        let it = Exchanged {
            endpoint: "api".to_owned(),
            method: "GET".to_owned(),
            path: "/students/s123456/results".to_owned(),
            query: vec![("since".to_owned(), "2026-09-01".to_owned())],
            sent: Body::default(),
            status: Some(200),
            headers: Vec::new(),
            received: Body::of(
                br#"{"naam":"J\u00e9r\u00f4me de Wit","score":7.5,"ok":true,"leeg":null,"per":{"s123456":[1,"B1.02"]}}"#,
            ),
        };
        let masked = exchanged(&it);
        assert_eq!(masked.path, "/students/x999999/xxxxxxx");
        assert_eq!(path("/students/jan-de-vries"), "/students/xxx-xx-xxxxx");
        assert_eq!(masked.query[0].1, "9999-99-99");
        assert_eq!(
            masked.received.text,
            r#"{"leeg":null,"naam":"Xxxxxx xx Xxx","ok":true,"per":{"x999999":[9,"X9.99"]},"score":9.9}"#
        );
        assert_eq!(masked.received.bytes, it.received.bytes);
    }

    #[test]
    fn what_is_no_json_is_masked_as_a_whole() {
        let masked = body(&Body::of("<naam>Jip</naam>;12\r\n{\"half\": \"Jan".as_bytes()));
        assert_eq!(masked.text, "<xxxx>Xxx</xxxx>;99\r\n{\"xxxx\": \"Xxx");
    }
}
