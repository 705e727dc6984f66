//! What is not interpreted (R13): taken apart, merged and given back where it came from.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::problem::Problems;

/// The parts of [`crate::model::Opaque`].
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Parts {
    /// Entries of other consumers.
    pub consumers: Vec<Value>,
    /// Unknown fields of the object, and the expanded form of what it refers to.
    pub fields: Map<String, Value>,
    /// Unknown fields of the object's `nl-test-admin` entry.
    pub own: Map<String, Value>,
}

/// Says whether an opaque text has the documented shape; for values that come out of a connector.
///
/// # Errors
/// One problem, when it is no JSON object of at most `consumers` (list of objects), `fields` and `own` (objects).
pub fn check(opaque: &str) -> Result<(), Problems> {
    Parts::parse(opaque).map(drop).ok_or_else(|| {
        Problems::one(
            "",
            "is no opaque text",
            "hand on the opaque text of the object as it was received, a JSON object with `consumers`, `fields` and `own`",
        )
    })
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let Value::Object(mut object) = serde_json::from_str(text).ok()? else {
            return None;
        };
        let consumers = match object.remove("consumers") {
            None => Vec::new(),
            Some(Value::Array(entries)) if entries.iter().all(Value::is_object) => entries,
            Some(_) => return None,
        };
        let mut part = |name| match object.remove(name) {
            None => Some(Map::new()),
            Some(Value::Object(fields)) => Some(fields),
            Some(_) => None,
        };
        let (fields, own) = (part("fields")?, part("own")?);
        object.is_empty().then_some(Self { consumers, fields, own })
    }

    /// The parts of a stored opaque text; nothing of one that is malformed (see [`check`]).
    pub fn of(opaque: Option<&str>) -> Self {
        opaque.and_then(Self::parse).unwrap_or_default()
    }

    /// The opaque text, or nothing when all parts are empty.
    pub fn into_opaque(self) -> Option<String> {
        let mut object = Map::new();
        if !self.consumers.is_empty() {
            object.insert("consumers".into(), Value::Array(self.consumers));
        }
        if !self.fields.is_empty() {
            object.insert("fields".into(), Value::Object(self.fields));
        }
        if !self.own.is_empty() {
            object.insert("own".into(), Value::Object(self.own));
        }
        (!object.is_empty()).then(|| Value::Object(object).to_string())
    }

    /// R3: entries of other consumers merge per `consumerKey`, and all merge per field; `null` removes. An entry without
    /// a key, which can't be found again to be merged, is there once however often it is said.
    pub fn merge(&mut self, said: Self) {
        // Found by key, so that a message of many entries costs what its length does, and not the square of it.
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut keyless: HashSet<String> = HashSet::new();
        for (at, entry) in self.consumers.iter().enumerate() {
            match lower_case_key(entry) {
                Some(key) => drop(places.entry(key).or_insert(at)),
                None => drop(keyless.insert(entry.to_string())),
            }
        }
        for entry in said.consumers {
            let Some(key) = lower_case_key(&entry) else {
                let entry = without_nulls(entry);
                if keyless.insert(entry.to_string()) {
                    self.consumers.push(entry);
                }
                continue;
            };
            let at = *places.entry(key).or_insert(self.consumers.len());
            match self.consumers.get_mut(at) {
                Some(stored) => merge_patch(stored, entry),
                None => self.consumers.push(without_nulls(entry)),
            }
        }
        merge_fields(&mut self.fields, said.fields);
        merge_fields(&mut self.own, said.own);
    }
}

/// What a patch leaves where nothing was: in it `null` removes nothing, and is not kept either (RFC 7396).
fn without_nulls(said: Value) -> Value {
    let mut left = Value::Null;
    merge_patch(&mut left, said);
    left
}

fn lower_case_key(entry: &Value) -> Option<String> {
    consumer_key(entry).map(str::to_ascii_lowercase)
}

/// The `consumerKey` of an entry.
pub(crate) fn consumer_key(entry: &Value) -> Option<&str> {
    entry.get("consumerKey").and_then(Value::as_str)
}

fn merge_fields(stored: &mut Map<String, Value>, said: Map<String, Value>) {
    for (name, value) in said {
        if value.is_null() {
            stored.remove(&name);
        } else {
            merge_patch(stored.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// JSON Merge Patch (RFC 7396).
fn merge_patch(stored: &mut Value, said: Value) {
    let Value::Object(said) = said else {
        *stored = said;
        return;
    };
    if !stored.is_object() {
        *stored = Value::Object(Map::new());
    }
    if let Value::Object(stored) = stored {
        merge_fields(stored, said);
    }
}

/// Puts unknown fields back, never over what was written and never under a name that this crate interprets.
pub(crate) fn give_back(object: &mut Map<String, Value>, fields: Map<String, Value>, known: &[&str]) {
    for (name, value) in fields {
        if !known.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            object.entry(name).or_insert(value);
        }
    }
}
