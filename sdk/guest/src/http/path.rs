//! Paths below an endpoint: a text as written, or segments that are percent-encoded, since ids are opaque (R27).

use std::fmt::Write as _;

use crate::Error;

/// What can be a path: a text that begins with `/` and is taken as written, or an array of segments, each
/// percent-encoded.
pub trait IntoPath {
    /// The path, beginning with `/`.
    ///
    /// # Errors
    /// [`Error::Unrepresentable`] when a segment might change the path itself: empty, `.`, `..`, or one with a slash, a
    /// backslash, a percent sign or a control character, which a server may take for a separator even when encoded. The
    /// host lets none of them out.
    fn into_path(self) -> Result<String, Error>;
}

impl IntoPath for &str {
    fn into_path(self) -> Result<String, Error> {
        Ok(self.to_owned())
    }
}

impl IntoPath for String {
    fn into_path(self) -> Result<String, Error> {
        Ok(self)
    }
}

impl<const N: usize> IntoPath for [&str; N] {
    fn into_path(self) -> Result<String, Error> {
        let mut path = String::new();
        for part in self {
            let may_separate = |c: char| matches!(c, '/' | '\\' | '%') || c.is_control();
            if matches!(part, "" | "." | "..") || part.contains(may_separate) {
                return Err(Error::Unrepresentable {
                    field: "id".to_owned(),
                    why: format!("`{}` can't be a segment of a path", part.escape_debug()),
                });
            }
            path.push('/');
            path.push_str(&segment(part));
        }
        Ok(path)
    }
}

/// Percent-encodes a text so that it is one segment of a path.
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("writing to a String does not fail"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::IntoPath as _;
    use crate::Error;

    /// R27: ids are opaque, so one with a question mark is still one segment.
    #[test]
    fn an_id_is_one_segment() {
        assert_eq!(
            ["documents", "a b?c#é"].into_path(),
            Ok("/documents/a%20b%3Fc%23%C3%A9".to_owned())
        );
    }

    #[test]
    fn an_id_that_would_change_the_path_is_refused() {
        for id in ["", ".", "..", "a/b", "a\\b", "%2e%2e", "a\u{0}"] {
            assert!(
                matches!(["offerings", id].into_path(), Err(Error::Unrepresentable { .. })),
                "{id:?}"
            );
        }
    }
}
