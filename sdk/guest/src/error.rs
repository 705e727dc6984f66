//! How a call fails: each case carries the decision of what the host does next.

use std::fmt;

/// A failure of a connector's call (`oke:connector/call.error`).
///
/// Choose the case by what should happen next, not by where it went wrong; texts are for the person who will look,
/// and never hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Try again later, after so many seconds if the vendor said so; without it the host backs off by itself.
    Transient(Option<u32>),
    /// The vendor asks to slow down, for so many seconds if it said so.
    RateLimited(Option<u32>),
    /// The credentials were refused: a person looks, the host does not hammer.
    AuthExpired,
    /// The vendor understood and refused: a person looks.
    Rejected {
        /// The vendor's code, or the HTTP status.
        code: String,
        /// The vendor's words.
        message: String,
    },
    /// The request holds a fact that the vendor's format can't carry: a person looks, nothing was sent.
    Unrepresentable {
        /// Field of the canonical model.
        field: String,
        /// Why it can't be written.
        why: String,
    },
    /// This connector, or the vendor behind it, does not offer this operation.
    Unsupported(String),
    /// Something met that should not have been: the host blames the connector.
    Bug(String),
}

impl Error {
    /// The vendor refused, or sent what can't be used.
    pub fn rejected(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Rejected {
            code: code.into(),
            message: message.into(),
        }
    }

    /// This field of the canonical model can't be written for the vendor.
    pub fn unrepresentable(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Unrepresentable {
            field: field.into(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transient(Some(seconds)) => write!(f, "the vendor can't answer now, try again in {seconds} s"),
            Self::Transient(None) => f.write_str("the vendor can't answer now"),
            Self::RateLimited(Some(seconds)) => write!(f, "the vendor asks to wait {seconds} s"),
            Self::RateLimited(None) => f.write_str("the vendor asks to slow down"),
            Self::AuthExpired => f.write_str("the vendor refused the credentials"),
            Self::Rejected { code, message } => write!(f, "the vendor refused ({code}): {message}"),
            Self::Unrepresentable { field, why } => write!(f, "`{field}` can't be written for this vendor: {why}"),
            Self::Unsupported(what) => write!(f, "not offered: {what}"),
            Self::Bug(what) => write!(f, "bug in the connector: {what}"),
        }
    }
}

impl std::error::Error for Error {}
