//! The writer's hand: a JSON object under construction.

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value, json};

use crate::{
    dialect::{CanceledSpelling, Dialect, OrganizationIdSpelling, UsernameSpelling},
    model::{Code, DocumentReference},
    opaque::{Parts, give_back},
    read::common::CONSUMER,
    words::{self, Words},
};

/// A JSON object; what is absent is left out, an empty list too.
#[derive(Default)]
pub(crate) struct Object(pub Map<String, Value>);

impl Object {
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub fn maybe<T: Into<Value>>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub fn text(&mut self, name: &str, value: &Option<String>) {
        self.maybe(name, value.clone());
    }

    pub fn list<T>(&mut self, name: &str, items: &[T], write: impl Fn(&T) -> Value) {
        if !items.is_empty() {
            self.put(name, items.iter().map(write).collect::<Vec<_>>());
        }
    }

    pub fn texts(&mut self, name: &str, texts: &[String]) {
        self.list(name, texts, |text| text.as_str().into());
    }

    pub fn dutch(&mut self, name: &str, text: &str) {
        self.put(name, json!([{ "language": "nl-NL", "value": text }]));
    }

    pub fn word<T: Words>(&mut self, name: &str, value: &Option<T>) {
        self.maybe(name, value.as_ref().map(words::word));
    }

    /// Finishes the object: its consumer block, where it has content or must be there, then the other consumers.
    pub fn with_consumers(
        mut self,
        own: Object,
        must_have_own: bool,
        opaque: Option<&str>,
        known_fields: &[&str],
        known_own: &[&str],
    ) -> Value {
        let parts = Parts::of(opaque);
        let mut block = own;
        give_back(&mut block.0, parts.own, known_own);
        let mut consumers = Vec::new();
        if must_have_own || !block.0.is_empty() {
            block.put("consumerKey", CONSUMER);
            consumers.push(Value::Object(block.0));
        }
        // Only this crate writes this profile's entry.
        let ours =
            |entry: &Value| crate::opaque::consumer_key(entry).is_some_and(|key| key.eq_ignore_ascii_case(CONSUMER));
        consumers.extend(parts.consumers.into_iter().filter(|entry| !ours(entry)));
        if !consumers.is_empty() {
            self.put("consumers", consumers);
        }
        give_back(&mut self.0, parts.fields, known_fields);
        Value::Object(self.0)
    }
}

/// An enumeration value as text.
pub(crate) fn word<T: Words>(value: &T) -> Value {
    Value::String(words::word(value))
}

/// A state, `canceled` in the peer's spelling.
pub(crate) fn state<T: Words>(value: &T, dialect: &Dialect) -> String {
    let word = words::word(value);
    match dialect.quirks.canceled {
        CanceledSpelling::Cancelled if word == "canceled" => "cancelled".into(),
        _ => word,
    }
}

/// An IdentifierEntry, its type in the peer's spelling.
pub(crate) fn code(code: &Code, dialect: &Dialect) -> Value {
    let quirks = &dialect.quirks;
    let code_type = match code.code_type.as_str() {
        "username" if quirks.username == UsernameSpelling::UserName => "userName".to_owned(),
        kind @ ("testSystem" | "testProvider") if quirks.x_code_types => format!("x-{kind}"),
        kind => kind.to_owned(),
    };
    json!({ "codeType": code_type, "code": code.value })
}

/// A moment in UTC.
pub(crate) fn moment(moment: Timestamp) -> Value {
    Value::String(moment.to_string())
}

/// A day.
pub(crate) fn day(day: Date) -> Value {
    Value::String(day.to_string())
}

/// A document's reference.
pub(crate) fn document(document: &DocumentReference) -> Value {
    json!({
        "documentId": document.document_id,
        "documentType": words::word(&document.document_type),
        "documentName": document.document_name,
    })
}

/// What refers to another object: the expanded object that was received with this id, or the id.
pub(crate) fn reference(id: &str, id_names: &[&str], expanded: Option<Value>, dialect: &Dialect) -> Value {
    // The id as its reader found it: by the name in any case, and a number by its digits.
    let is_id = |value: &Value| match value {
        Value::String(text) => text == id,
        Value::Number(number) => number.to_string() == id,
        _ => false,
    };
    let same = |object: &Value| {
        let fields = object.as_object().into_iter().flatten();
        let mut ids = fields.filter(|(key, _)| id_names.iter().any(|name| name.eq_ignore_ascii_case(key)));
        ids.any(|(_, value)| is_id(value))
    };
    match expanded.filter(same) {
        Some(mut object) => {
            if dialect.quirks.organization_id == OrganizationIdSpelling::OrganizationID {
                respell_organization(&mut object);
            }
            object
        }
        None => Value::String(id.to_owned()),
    }
}

/// Spells `organizationId` as published examples do, in the parents too.
fn respell_organization(object: &mut Value) {
    let mut level = Some(object);
    while let Some(Value::Object(map)) = level {
        if let Some(id) = map.remove("organizationId") {
            map.insert("organizationID".into(), id);
        }
        level = map.get_mut("parent");
    }
}
