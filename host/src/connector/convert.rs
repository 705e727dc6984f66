//! Between the generated types of the contract and the canonical model. Towards a guest nothing can fail. From a guest
//! everything is judged: a value that breaks the model is the connector's bug, and the complaint names the field,
//! never the value.

use jiff::Timestamp;
use jiff::civil;

use super::bindings::wire;
use super::limits::MOST_RECORDS;

mod from_guest;
mod lists;
mod to_guest;

pub(super) use from_guest::*;
pub(super) use to_guest::*;

/// Longest id, code or name, in bytes.
pub(super) const LONGEST_WORD: usize = 1 << 10;
/// Longest free text, in bytes.
pub(super) const LONGEST_TEXT: usize = 64 << 10;
/// Longest opaque part of one object, in bytes.
const LONGEST_OPAQUE: usize = 256 << 10;
/// Elements of a list inside one object.
const MOST_PARTS: usize = 1_000;

/// A value that breaks the model: where, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    field: String,
    why: &'static str,
}

impl Broken {
    pub fn new(field: &str, why: &'static str) -> Self {
        Self {
            field: field.to_owned(),
            why,
        }
    }

    fn inside(mut self, outer: &str) -> Self {
        self.field = match self.field.is_empty() {
            true => outer.to_owned(),
            false => format!("{outer}.{}", self.field),
        };
        self
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "`{}` {}", self.field, self.why)
    }
}

/// A judged value.
pub(super) type Judged<T> = Result<T, Broken>;

/// Names the field a judged value stands in.
pub(super) trait Within<T> {
    fn within(self, field: &str) -> Judged<T>;
}

impl<T> Within<T> for Judged<T> {
    fn within(self, field: &str) -> Judged<T> {
        self.map_err(|broken| broken.inside(field))
    }
}

impl<T> Within<T> for Result<T, &'static str> {
    fn within(self, field: &str) -> Judged<T> {
        self.map_err(|why| Broken::new(field, why))
    }
}

/// An id: not empty, one line.
pub(super) fn id(text: String) -> Result<String, &'static str> {
    match word(text)? {
        text if text.is_empty() => Err("is empty"),
        text => Ok(text),
    }
}

/// A short text on one line.
pub(super) fn word(text: String) -> Result<String, &'static str> {
    match text {
        text if text.len() > LONGEST_WORD => Err("is longer than 1 KiB"),
        text if text.contains(char::is_control) => Err("holds a control character"),
        text => Ok(text),
    }
}

/// Free text, which may have lines. A NUL can't be stored.
pub(super) fn free_text(text: String) -> Result<String, &'static str> {
    match text {
        text if text.len() > LONGEST_TEXT => Err("is longer than 64 KiB"),
        text if text.contains('\0') => Err("holds a NUL character"),
        text => Ok(text),
    }
}

/// A cursor the connector gave. `must_move`: there is more to read, so the one asked with would never end.
pub(super) fn cursor(
    cursor: Option<String>,
    asked: Option<&str>,
    must_move: bool,
) -> Result<Option<String>, &'static str> {
    const LONGEST: usize = 4 << 10;
    match cursor {
        Some(cursor) if cursor.is_empty() => Err("is empty"),
        Some(cursor) if cursor.len() > LONGEST => Err("is longer than 4 KiB"),
        Some(cursor) if cursor.contains('\0') => Err("holds a NUL character"),
        cursor if must_move && cursor.is_some() && cursor.as_deref() == asked => Err("does not move on"),
        cursor => Ok(cursor),
    }
}

/// An opaque part (R13): one JSON object, handed on as it is.
fn opaque(text: String) -> Result<String, &'static str> {
    if text.len() > LONGEST_OPAQUE {
        return Err("is longer than 256 KiB");
    }
    // `\u0000` in JSON is a NUL that can't be stored once someone reads the text.
    if text.contains('\0') || text.contains("\\u0000") {
        return Err("holds a NUL character");
    }
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err("is not one JSON object"),
    }
}

fn moment(millis: i64) -> Result<Timestamp, &'static str> {
    Timestamp::from_millisecond(millis).map_err(|_| "is a moment beyond the calendar")
}

fn date(date: wire::Date) -> Result<civil::Date, &'static str> {
    let part = |number: u8| i8::try_from(number).map_err(|_| "is not a date of the calendar");
    civil::Date::new(date.year, part(date.month)?, part(date.day)?).map_err(|_| "is not a date of the calendar")
}

/// A list inside an object, each element judged.
fn parts<W, T>(list: Vec<W>, judge: impl Fn(W) -> Judged<T>) -> Judged<Vec<T>> {
    judged_list(list, MOST_PARTS, judge)
}

/// A page's or answer's records, each judged.
pub(super) fn records<W, T>(list: Vec<W>, judge: impl Fn(W) -> Judged<T>) -> Judged<Vec<T>> {
    judged_list(list, MOST_RECORDS, judge)
}

fn judged_list<W, T>(list: Vec<W>, most: usize, judge: impl Fn(W) -> Judged<T>) -> Judged<Vec<T>> {
    if list.len() > most {
        return Err(Broken::new("", "holds too many elements"));
    }
    list.into_iter()
        .enumerate()
        .map(|(position, element)| judge(element).map_err(|broken| broken.inside(&format!("[{position}]"))))
        .collect()
}

#[cfg(test)]
mod tests;
