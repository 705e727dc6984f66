//! Values that several objects share: texts with a language, codes, moments, references, consumer blocks.

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};

use super::field::{Extent, Fields, Spot, full_text, text};
use crate::{
    model::{Code, DocumentReference, DocumentType},
    opaque::{Parts, consumer_key},
    time,
};

/// The consumer of this profile.
pub(crate) const CONSUMER: &str = "nl-test-admin";

/// The Dutch text of a LanguageTypedString list (R17: only `nl-NL` counts, a text without a language is taken as
/// Dutch); a bare text is tolerated. `Some(None)` when there is a list without a Dutch text.
pub(crate) fn dutch(value: &Value, spot: &Spot) -> Option<Option<String>> {
    let entries = match value {
        Value::String(text) => return Some(Some(text.clone())),
        Value::Array(entries) => entries.as_slice(),
        entry @ Value::Object(_) => std::slice::from_ref(entry),
        other => return spot.wrong_kind(other, "a list of texts with a language"),
    };
    for entry in entries {
        let language = entry.get("language").and_then(Value::as_str);
        let text = entry.get("value").and_then(Value::as_str).or_else(|| entry.as_str());
        if let Some(text) = text.filter(|_| language.is_none_or(|language| language.eq_ignore_ascii_case("nl-NL"))) {
            return Some(Some(text.to_owned()));
        }
    }
    Some(None)
}

/// A required Dutch text.
pub(crate) fn dutch_required(value: &Value, spot: &Spot) -> Option<String> {
    let found = dutch(value, spot)?;
    if found.is_none() {
        spot.problem("has no text in nl-NL", "add an entry with language `nl-NL` and a value");
    }
    found
}

/// A text in Dutch or, of an object that only schools read, in the first language there is (published examples of groups
/// have only English).
pub(crate) fn dutch_any(value: &Value, spot: &Spot) -> Option<String> {
    if let Some(text) = dutch(value, spot)? {
        return Some(text);
    }
    let first = value.as_array().and_then(|entries| entries.first()).unwrap_or(value);
    match first.get("value").and_then(Value::as_str) {
        Some(text) => Some(text.to_owned()),
        None => dutch_required(value, spot),
    }
}

impl Fields<'_, '_> {
    /// An optional Dutch text: a list without one empties it.
    pub fn dutch(&self, names: &[&str], target: &mut Option<String>) {
        let mut read = Some(target.take());
        self.optional(names, dutch, &mut read);
        *target = read.flatten();
    }
}

/// Spellings of code types that this profile names; others are kept as they are.
const CODE_TYPES: &[&str] = &[
    "componentCode",
    "offeringCode",
    "groupCode",
    "identifier",
    "studentNumber",
    "username",
    "accountId",
    "eckid",
    "emailAdress",
    "organizationId",
    "systemId",
    "testSystem",
    "testProvider",
    "nationalEducationCode",
];

fn code_type(text: &str) -> String {
    let plain = match text.get(..2) {
        Some("x-" | "X-") => &text[2..],
        _ => text,
    };
    let known = CODE_TYPES.iter().find(|known| known.eq_ignore_ascii_case(plain));
    known.map_or_else(|| text.to_owned(), |known| (*known).to_owned())
}

/// An IdentifierEntry; a bare text is tolerated as an `identifier` (published examples).
pub(crate) fn code(value: &Value, spot: &Spot) -> Option<Code> {
    if let Value::String(_) = value {
        return full_text(value, spot).map(|value| Code {
            code_type: "identifier".into(),
            value,
        });
    }
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut code = Code {
        code_type: String::new(),
        value: String::new(),
    };
    let typed = fields.required(&["codeType"], "the type of the code", full_text, &mut code.code_type);
    let valued = fields.required(&["code"], "the code", full_text, &mut code.value);
    code.code_type = code_type(&code.code_type);
    (typed && valued).then_some(code)
}

impl Fields<'_, '_> {
    /// The primary code; a PATCH may change one half of it.
    pub fn primary_code(&self, target: &mut Code) {
        if let (Extent::Patch, Some((key, value @ Value::Object(_)))) = (self.extent, self.find(&["primaryCode"])) {
            if let Some(fields) = Fields::of(value, self.spot.below(key), Extent::Patch) {
                fields.required(&["codeType"], "the type of the code", full_text, &mut target.code_type);
                fields.required(&["code"], "the code", full_text, &mut target.value);
                target.code_type = code_type(&target.code_type);
            }
            return;
        }
        self.required(&["primaryCode"], "an object with codeType and code", code, target);
    }
}

/// A moment (see [`crate::time`]).
pub(crate) fn moment(value: &Value, spot: &Spot) -> Option<Timestamp> {
    let text = text(value, spot)?;
    let moment = time::moment(&text);
    if moment.is_none() {
        spot.problem(
            "is no moment",
            "give a date and time with an offset, like 2026-05-27T09:00:00+02:00",
        );
    }
    moment
}

/// A day.
pub(crate) fn day(value: &Value, spot: &Spot) -> Option<Date> {
    let text = text(value, spot)?;
    let day = time::day(&text);
    if day.is_none() {
        spot.problem("is no date", "give a date like 2026-05-27");
    }
    day
}

/// An optional day; an empty text and the text `null` count as none (the published schema shows it so).
pub(crate) fn loose_day(value: &Value, spot: &Spot) -> Option<Option<Date>> {
    match value {
        Value::String(text) if text.trim().is_empty() || text == "null" => Some(None),
        other => day(other, spot).map(Some),
    }
}

/// A duration in seconds: ISO 8601, or a whole number of minutes.
pub(crate) fn duration(value: &Value, spot: &Spot) -> Option<u32> {
    let seconds = match value {
        Value::Number(minutes) => minutes
            .as_u64()
            .and_then(|minutes| u32::try_from(minutes.checked_mul(60)?).ok()),
        Value::String(text) => match text.trim().parse::<u32>() {
            Ok(minutes) => minutes.checked_mul(60),
            Err(_) => time::seconds(text),
        },
        other => return spot.wrong_kind(other, "a duration like PT60M"),
    };
    if seconds.is_none() {
        spot.problem(
            "is no duration",
            "give an ISO 8601 duration without years or months, like PT60M",
        );
    }
    seconds
}

/// What refers to another object: its id, with the object itself where it was expanded.
pub(crate) struct Reference<'a> {
    pub id: String,
    pub expanded: Option<&'a Value>,
}

/// An id, or the object with that id under one of these names.
pub(crate) fn reference<'a>(value: &'a Value, id_names: &[&str], spot: &Spot) -> Option<Reference<'a>> {
    if !value.is_object() {
        return full_text(value, spot).map(|id| Reference { id, expanded: None });
    }
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut id = String::new();
    fields
        .required(id_names, "the id of the object", full_text, &mut id)
        .then_some(Reference {
            id,
            expanded: Some(value),
        })
}

/// A document's reference. What is absent is filled as the agreement allows: a type with `other`, a name with the id.
pub(crate) fn document(value: &Value, spot: &Spot) -> Option<DocumentReference> {
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut id = String::new();
    if !fields.required(
        &["documentId"],
        "the id under which the document can be fetched",
        full_text,
        &mut id,
    ) {
        return None;
    }
    let mut kind = DocumentType::Other("other".into());
    fields.defaulted(
        &["documentType"],
        super::field::word,
        DocumentType::Other("other".into()),
        &mut kind,
    );
    let mut name = None;
    fields.optional(&["documentName"], text, &mut name);
    Some(DocumentReference {
        document_name: name.unwrap_or_else(|| id.clone()),
        document_id: id,
        document_type: kind,
    })
}

/// The consumer blocks of an object: ours, and the others' as they are.
pub(crate) struct Consumers<'a, 'r> {
    pub own: Vec<Fields<'a, 'r>>,
    pub others: Vec<Value>,
}

impl<'a, 'r> Fields<'a, 'r> {
    /// Splits `consumers`. An absent, empty or `null` list says nothing, since it would remove what is required.
    pub fn consumers(&self) -> Consumers<'a, 'r> {
        let mut consumers = Consumers {
            own: Vec::new(),
            others: Vec::new(),
        };
        let Some((key, value)) = self.find(&["consumers"]) else {
            return consumers;
        };
        let spot = self.spot.below(key);
        let entries = match value {
            Value::Null => return consumers,
            Value::Array(entries) => entries.as_slice(),
            // A block that stands alone is taken for a list of one, since it says whose it is; anything else is no list.
            single if consumer_key(single).is_some() => std::slice::from_ref(single),
            _ => {
                spot.problem("is no list", "give a list of objects, each with its consumerKey");
                return consumers;
            }
        };
        for (nth, entry) in entries.iter().enumerate() {
            let spot = if value.is_array() {
                spot.below(&nth.to_string())
            } else {
                spot.clone()
            };
            let ours = consumer_key(entry).is_some_and(|key| key.eq_ignore_ascii_case(CONSUMER));
            match Fields::of(entry, spot, self.extent) {
                Some(fields) if ours => consumers.own.push(fields),
                Some(_) => consumers.others.push(entry.clone()),
                None => {}
            }
        }
        consumers
    }

    /// Merges what is not interpreted into a stored opaque text (R13, R3).
    pub fn opaque(
        &self,
        consumers: Consumers<'_, '_>,
        known_fields: &[&str],
        known_own: &[&str],
        expanded: Vec<(&str, Option<&Value>)>,
        target: &mut Option<String>,
    ) {
        let mut said = Parts {
            consumers: consumers.others,
            fields: self.unknown(known_fields),
            own: Map::new(),
        };
        for own in &consumers.own {
            said.own.extend(own.unknown(known_own));
        }
        let mut parts = Parts::of(target.as_deref());
        for (name, object) in expanded {
            parts.fields.remove(name);
            if let Some(object) = object {
                said.fields.insert(name.to_owned(), mended_ids(object));
            }
        }
        match self.extent {
            Extent::Whole => parts = said,
            Extent::Patch => parts.merge(said),
        }
        *target = parts.into_opaque();
    }
}

/// The object with `organizationId` spelled as the agreement does, in its parents too.
fn mended_ids(object: &Value) -> Value {
    let mut mended = object.clone();
    let mut level = Some(&mut mended);
    while let Some(Value::Object(map)) = level {
        if let Some(id) = map.remove("organizationID") {
            map.entry("organizationId").or_insert(id);
        }
        level = map.get_mut("parent");
    }
    mended
}
