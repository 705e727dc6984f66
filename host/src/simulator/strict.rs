//! Reading a peer's JSON as strictly as the agreement allows, and saying everything that is wrong with it at once.

use axum::extract::Request;
use axum::http::header;
use serde_json::Value;

use super::moment::{parse_date, parse_moment};
use super::problem::Problem;
use super::{CONSUMER_KEY, LARGEST_BODY};

/// What a request's `Content-Type` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: a whole object.
    Json,
    /// `application/merge-patch+json`, or `application/json` as R3 tolerates.
    MergePatch,
}

/// Reads a body: right media type, not too large, UTF-8, JSON, and an object. Everything else is 400 (R21).
pub(super) async fn read_object(request: Request, media: Media) -> Result<Value, Problem> {
    let declared = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let essence = declared.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let accepted: &[&str] = match media {
        Media::Json => &["application/json"],
        Media::MergePatch => &["application/merge-patch+json", "application/json"],
    };
    if !accepted.contains(&essence.as_str()) {
        return Err(Problem::bad_request(format!(
            "the body is declared as `{declared}`; this operation takes {}",
            accepted.join(" or ")
        )));
    }
    let bytes = axum::body::to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|error| {
            Problem::bad_request(format!(
                "the body could not be read up to {LARGEST_BODY} bytes: {error}"
            ))
        })?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Problem::bad_request("the body must be a JSON object"))
    }
}

/// The entry of a `consumers` list that belongs to this standard (R13).
pub(super) fn consumer(object: &Value) -> Option<&Value> {
    object["consumers"]
        .as_array()?
        .iter()
        .find(|entry| entry["consumerKey"] == CONSUMER_KEY)
}

/// The id in a field that holds either the id itself or the whole object (R14).
pub(super) fn reference<'json>(object: &'json Value, field: &str, id_field: &str) -> Option<&'json str> {
    object[field].as_str().or_else(|| object[field][id_field].as_str())
}

/// Collects what is wrong with one message.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    faults: Vec<String>,
}

impl Inspection {
    /// Records a fault.
    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// Refuses the message with everything that was found.
    pub(super) fn verdict(self, message: &str) -> Result<(), Problem> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem::bad_request(format!("{message}: {}", self.faults.join("; "))))
    }

    /// A text that must be there and not be empty.
    pub(super) fn text<'json>(&mut self, object: &'json Value, at: &str, field: &str) -> Option<&'json str> {
        match &object[field] {
            Value::Null => self.missing(at, field),
            Value::String(text) if !text.trim().is_empty() => return Some(text),
            Value::String(_) => self.fault(format!("`{at}{field}` is empty")),
            _ => self.fault(format!("`{at}{field}` is not a text")),
        }
        None
    }

    /// A text that must be a UUID.
    pub(super) fn uuid<'json>(&mut self, object: &'json Value, at: &str, field: &str) -> Option<&'json str> {
        let text = self.text(object, at, field)?;
        if uuid::Uuid::try_parse(text).is_err() {
            self.fault(format!("`{at}{field}` is not a UUID"));
            return None;
        }
        Some(text)
    }

    /// A text from a list of the standard.
    pub(super) fn one_of<'json>(
        &mut self,
        object: &'json Value,
        at: &str,
        field: &str,
        allowed: &[&str],
    ) -> Option<&'json str> {
        let text = self.text(object, at, field)?;
        if !allowed.contains(&text) {
            self.fault(format!("`{at}{field}` is `{text}`, not one of {}", allowed.join(", ")));
            return None;
        }
        Some(text)
    }

    /// As [`Self::one_of`], for a field that may be absent.
    pub(super) fn optional_one_of(&mut self, object: &Value, at: &str, field: &str, allowed: &[&str]) {
        if !object[field].is_null() {
            self.one_of(object, at, field, allowed);
        }
    }

    /// A list of texts from a list of the standard; it may be absent.
    pub(super) fn optional_list_of(&mut self, object: &Value, at: &str, field: &str, allowed: &[&str]) {
        let entries = match &object[field] {
            Value::Null => return,
            Value::Array(entries) => entries,
            _ => return self.fault(format!("`{at}{field}` is not a list")),
        };
        for entry in entries {
            if !entry.as_str().is_some_and(|text| allowed.contains(&text)) {
                self.fault(format!(
                    "`{at}{field}` holds {entry}, not one of {}",
                    allowed.join(", ")
                ));
            }
        }
    }

    /// A text that may be absent, and is not anything else.
    pub(super) fn optional_text(&mut self, object: &Value, at: &str, field: &str) {
        if !object[field].is_null() && !object[field].is_string() {
            self.fault(format!("`{at}{field}` is not a text"));
        }
    }

    /// A field with one allowed value.
    pub(super) fn exactly(&mut self, object: &Value, at: &str, field: &str, expected: &Value) {
        if object[field].is_null() {
            self.fault(format!("`{at}{field}` is missing, it is always {expected}"));
        } else if &object[field] != expected {
            self.fault(format!("`{at}{field}` is {}, it is always {expected}", object[field]));
        }
    }

    /// A whole number that must be there and be at least some value.
    pub(super) fn integer(&mut self, object: &Value, at: &str, field: &str, least: i64) -> Option<i64> {
        match &object[field] {
            Value::Null => self.missing(at, field),
            found => match found.as_i64() {
                Some(number) if number >= least => return Some(number),
                Some(number) => self.fault(format!("`{at}{field}` is {number}, less than {least}")),
                None => self.fault(format!("`{at}{field}` is not a whole number")),
            },
        }
        None
    }

    /// A whole number that may be absent.
    pub(super) fn optional_integer(&mut self, object: &Value, at: &str, field: &str, least: i64) {
        if !object[field].is_null() {
            self.integer(object, at, field, least);
        }
    }

    /// A yes or no that may be absent.
    pub(super) fn optional_boolean(&mut self, object: &Value, at: &str, field: &str) {
        if !object[field].is_null() && !object[field].is_boolean() {
            self.fault(format!("`{at}{field}` is not true or false"));
        }
    }

    /// A full date that must be there.
    pub(super) fn date(&mut self, object: &Value, at: &str, field: &str) {
        if let Some(text) = self.text(object, at, field)
            && parse_date(text).is_none()
        {
            self.fault(format!("`{at}{field}` is `{text}`, not a date as 2026-06-21"));
        }
    }

    /// A moment with its offset that must be there.
    pub(super) fn moment(&mut self, object: &Value, at: &str, field: &str) -> Option<jiff::Timestamp> {
        let text = self.text(object, at, field)?;
        let moment = parse_moment(text);
        if moment.is_none() {
            self.fault(format!(
                "`{at}{field}` is `{text}`, not a moment with offset as 2026-06-21T12:45:00.000Z"
            ));
        }
        moment
    }

    /// A moment that may be absent.
    pub(super) fn optional_moment(&mut self, object: &Value, at: &str, field: &str) {
        if !object[field].is_null() {
            self.moment(object, at, field);
        }
    }

    /// A list of texts per language that must hold one in nl-NL (R17).
    pub(super) fn language_texts(&mut self, object: &Value, at: &str, field: &str) {
        let entries = match &object[field] {
            Value::Null => return self.missing(at, field),
            Value::Array(entries) => entries,
            _ => return self.fault(format!("`{at}{field}` is not a list of language and value")),
        };
        if entries
            .iter()
            .any(|entry| !entry["language"].is_string() || !entry["value"].is_string())
        {
            self.fault(format!("`{at}{field}` holds an entry without language or value"));
        }
        let is_dutch = |entry: &&Value| entry["language"] == "nl-NL";
        match entries.iter().find(is_dutch).and_then(|entry| entry["value"].as_str()) {
            None => self.fault(format!(
                "`{at}{field}` holds no text in nl-NL, the only language that counts"
            )),
            Some(text) if text.trim().is_empty() => self.fault(format!("`{at}{field}` holds an empty text in nl-NL")),
            Some(_) => {}
        }
    }

    /// A code with its type.
    pub(super) fn identifier(&mut self, object: &Value, at: &str, field: &str, code_types: &[&str]) {
        if object[field].is_null() {
            return self.missing(at, field);
        }
        let inside = format!("{at}{field}.");
        if code_types.is_empty() {
            self.text(&object[field], &inside, "codeType");
        } else {
            self.one_of(&object[field], &inside, "codeType", code_types);
        }
        self.text(&object[field], &inside, "code");
    }

    /// The entry of this standard in `consumers`, exactly one (R13).
    pub(super) fn consumer<'json>(&mut self, object: &'json Value, at: &str) -> Option<&'json Value> {
        let entries = match &object["consumers"] {
            Value::Null => {
                self.fault(format!(
                    "`{at}consumers` is missing, with its entry of consumerKey {CONSUMER_KEY}"
                ));
                return None;
            }
            Value::Array(entries) => entries,
            _ => {
                self.fault(format!("`{at}consumers` is not a list"));
                return None;
            }
        };
        let mut ours = entries.iter().filter(|entry| entry["consumerKey"] == CONSUMER_KEY);
        let found = ours.next();
        if found.is_none() {
            self.fault(format!("`{at}consumers` holds no entry of consumerKey {CONSUMER_KEY}"));
        }
        if ours.next().is_some() {
            self.fault(format!(
                "`{at}consumers` holds two entries of consumerKey {CONSUMER_KEY}"
            ));
        }
        found
    }

    /// The id inside a whole object of a PUT equals the one in the path (R1).
    pub(super) fn same_id(&mut self, object: &Value, field: &str, path_id: &str) {
        if let Some(id) = self.text(object, "", field)
            && id != path_id
        {
            self.fault(format!("`{field}` is {id} while the path says {path_id} (R1)"));
        }
    }

    /// Fields that another flow owns.
    pub(super) fn absent(&mut self, object: &Value, at: &str, fields: &[&str], why: &str) {
        for field in fields {
            if object.get(*field).is_some() {
                self.fault(format!("`{at}{field}` does not belong here: {why}"));
            }
        }
    }

    /// Documents, where present: each with id, type and name (§4.6). The types are an open list in practice.
    pub(super) fn optional_documents(&mut self, object: &Value, at: &str) {
        let documents = match &object["documents"] {
            Value::Null => return,
            Value::Array(documents) => documents,
            _ => return self.fault(format!("`{at}documents` is not a list")),
        };
        for (index, document) in documents.iter().enumerate() {
            let inside = format!("{at}documents[{index}].");
            self.text(document, &inside, "documentId");
            self.text(document, &inside, "documentType");
            self.text(document, &inside, "documentName");
        }
    }

    fn missing(&mut self, at: &str, field: &str) {
        self.fault(format!("`{at}{field}` is missing"));
    }
}
