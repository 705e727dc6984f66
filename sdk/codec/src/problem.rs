//! What is wrong with a message: every problem of it, with the place and the mend.

use std::fmt;

/// One thing wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer (RFC 6901) to the place; empty for the message as a whole.
    pub pointer: String,
    /// What is wrong, as the second half of a sentence: `is missing`.
    pub what: String,
    /// What to do about it, as an order: `give the date as 2026-05-27`.
    pub mend: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(pointer: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            what: what.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "the message"
        } else {
            self.pointer.as_str()
        };
        write!(f, "{place} {}: {}.", self.what, self.mend)
    }
}

/// All problems of one message, in the order in which they were met. Never empty when returned as an error.
///
/// The texts name fields and expectations and quote at most a short piece of an enumeration value or date, so that
/// they can be put in an answer; names, codes and scores are not quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Problems {
    /// One problem.
    pub fn one(pointer: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self(vec![Problem::new(pointer, what, mend)])
    }

    /// The value, when there is no problem.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The same problems, seen from an enclosing value: every pointer gets `prefix` in front.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        for problem in &mut self.0 {
            problem.pointer.insert_str(0, prefix);
        }
        self
    }
}
