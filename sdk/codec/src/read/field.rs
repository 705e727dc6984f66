//! The reader's hand: takes fields from a JSON object, knows where it is, and collects problems.
//!
//! One description of an object serves PUT, GET and PATCH: fields are read *onto* a value, blank or stored. A field
//! that is absent leaves the value as it is, `null` empties it (R3), anything else replaces it; only a whole object
//! must have what is required.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::{
    problem::{Problem, Problems},
    words::{self, Words},
};

/// Problems met so far.
#[derive(Default)]
pub(crate) struct Report(RefCell<Vec<Problem>>);

impl Report {
    pub fn into_problems(self) -> Problems {
        Problems(self.0.into_inner())
    }
}

/// A place in the message.
#[derive(Clone)]
pub(crate) struct Spot<'r> {
    pub report: &'r Report,
    pub at: String,
}

impl<'r> Spot<'r> {
    pub fn root(report: &'r Report) -> Self {
        Self {
            report,
            at: String::new(),
        }
    }

    pub fn below(&self, token: &str) -> Self {
        Self {
            report: self.report,
            at: format!("{}/{}", self.at, token.replace('~', "~0").replace('/', "~1")),
        }
    }

    pub fn problem(&self, what: impl Into<String>, mend: impl Into<String>) {
        self.report
            .0
            .borrow_mut()
            .push(Problem::new(self.at.clone(), what, mend));
    }

    /// Reports the wrong kind of value.
    pub fn wrong_kind<T>(&self, found: &Value, wanted: &str) -> Option<T> {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.problem(format!("is {found}"), format!("give {wanted}"));
        None
    }
}

/// Whether a message gives the whole object or only what changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// PUT and GET: what is required must be there.
    Whole,
    /// PATCH: what is absent stays as it is.
    Patch,
}

/// A JSON object being read.
pub(crate) struct Fields<'a, 'r> {
    pub spot: Spot<'r>,
    pub extent: Extent,
    map: &'a Map<String, Value>,
}

impl<'a, 'r> Fields<'a, 'r> {
    /// The fields of a value that must be an object.
    pub fn of(value: &'a Value, spot: Spot<'r>, extent: Extent) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self { spot, extent, map }),
            other => spot.wrong_kind(other, "an object"),
        }
    }

    /// The same fields, their problems reported elsewhere.
    pub fn reporting_to<'o>(&self, report: &'o Report) -> Fields<'a, 'o> {
        Fields {
            spot: Spot {
                report,
                at: self.spot.at.clone(),
            },
            extent: self.extent,
            map: self.map,
        }
    }

    /// The first of these names that is there, exactly or in another case (`organizationID`).
    pub fn find(&self, names: &[&str]) -> Option<(&'a str, &'a Value)> {
        let exact = names.iter().find_map(|name| self.map.get_key_value(*name));
        let found = exact.or_else(|| {
            self.map
                .iter()
                .find(|(key, _)| names.iter().any(|name| name.eq_ignore_ascii_case(key)))
        });
        found.map(|(key, value)| (key.as_str(), value))
    }

    /// Whether one of these names is there, `null` included.
    pub fn has(&self, names: &[&str]) -> bool {
        self.find(names).is_some()
    }

    /// An optional value.
    pub fn optional<T>(&self, names: &[&str], read: impl Fn(&Value, &Spot) -> Option<T>, target: &mut Option<T>) {
        match self.find(names) {
            None => {}
            Some((_, Value::Null)) => *target = None,
            Some((key, value)) => {
                if let Some(value) = read(value, &self.spot.below(key)) {
                    *target = Some(value);
                }
            }
        }
    }

    /// A value with a default: `null` brings the default back.
    pub fn defaulted<T>(&self, names: &[&str], read: impl Fn(&Value, &Spot) -> Option<T>, default: T, target: &mut T) {
        match self.find(names) {
            None => {}
            Some((_, Value::Null)) => *target = default,
            Some((key, value)) => {
                if let Some(value) = read(value, &self.spot.below(key)) {
                    *target = value;
                }
            }
        }
    }

    /// A required value. True when it was there and could be read.
    pub fn required<T>(
        &self,
        names: &[&str],
        wanted: &str,
        read: impl Fn(&Value, &Spot) -> Option<T>,
        target: &mut T,
    ) -> bool {
        match self.find(names) {
            None if self.extent == Extent::Patch => return true,
            None => self
                .spot
                .below(names[0])
                .problem("is missing", format!("give {wanted}")),
            Some((key, Value::Null)) if self.extent == Extent::Patch => {
                self.spot.below(key).problem(
                    "is required and can't be removed",
                    format!("give {wanted}, or leave it out"),
                );
            }
            Some((key, Value::Null)) => self.spot.below(key).problem("is null", format!("give {wanted}")),
            Some((key, value)) => {
                if let Some(value) = read(value, &self.spot.below(key)) {
                    *target = value;
                    return true;
                }
            }
        }
        false
    }

    /// A list; a single value that should have been in a list counts as a list of one (published examples).
    pub fn list<T>(&self, names: &[&str], read: impl Fn(&Value, &Spot) -> Option<T>, target: &mut Vec<T>) {
        match self.find(names) {
            None => {}
            Some((_, Value::Null)) => target.clear(),
            Some((key, Value::Array(items))) => {
                let spot = self.spot.below(key);
                let read = items
                    .iter()
                    .enumerate()
                    .filter_map(|(nth, item)| read(item, &spot.below(&nth.to_string())));
                *target = read.collect();
            }
            Some((key, single)) => {
                if let Some(item) = read(single, &self.spot.below(key)) {
                    *target = vec![item];
                }
            }
        }
    }

    /// Fields whose names are not among these.
    pub fn unknown(&self, known: &[&str]) -> Map<String, Value> {
        let unknown = self
            .map
            .iter()
            .filter(|(key, _)| !known.iter().any(|known| known.eq_ignore_ascii_case(key)));
        unknown.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// A text; a number is taken as its digits.
pub(crate) fn text(value: &Value, spot: &Spot) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        other => spot.wrong_kind(other, "a text"),
    }
}

/// A text that can't be empty: ids, codes.
pub(crate) fn full_text(value: &Value, spot: &Spot) -> Option<String> {
    let text = text(value, spot)?;
    if text.trim().is_empty() {
        spot.problem("is empty", "give its value");
        return None;
    }
    Some(text)
}

/// True or false.
pub(crate) fn flag(value: &Value, spot: &Spot) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        other => spot.wrong_kind(other, "true or false"),
    }
}

/// A whole number that fits, also as a text of digits or with a zero fraction.
pub(crate) fn whole<T: TryFrom<i64>>(value: &Value, spot: &Spot) -> Option<T> {
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number
                .as_f64()
                .filter(|float| float.fract() == 0.0 && float.abs() < 1e15)?;
            Some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        other => return spot.wrong_kind(other, "a whole number"),
    };
    let fitting = number.and_then(|number| T::try_from(number).ok());
    if fitting.is_none() {
        spot.problem(
            "is no whole number within bounds",
            "give a whole number, without a fraction",
        );
    }
    fitting
}

/// An enumeration value.
pub(crate) fn word<T: Words>(value: &Value, spot: &Spot) -> Option<T> {
    let Value::String(text) = value else {
        return spot.wrong_kind(value, &format!("one of {}", words::choices::<T>()));
    };
    let parsed = words::parse(text);
    if parsed.is_none() {
        let short: String = text.chars().take(40).collect();
        spot.problem(
            format!("is `{short}`, which is not in the list"),
            format!("give one of {}", words::choices::<T>()),
        );
    }
    parsed
}
