//! `[connector]`: name, version, publisher, contract and the interfaces it says it serves.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::connector::contract::{ContractRange, Interface};

/// Who a connector is and what it says it serves.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Identity {
    /// Short name, the same for every version, such as `ooapi-ta`.
    pub name: Slug,
    /// Semantic version. A version is immutable: the same one never comes with another digest.
    #[serde(with = "version_text")]
    pub version: Version,
    /// Who signs it; the name under which the operator trusts keys.
    pub publisher: Slug,
    /// Name for people.
    pub title: Title,
    /// Contract releases it was made for, such as `"0.1"`.
    pub contract: ContractRange,
    /// Interfaces it serves; must be exactly what its component exports.
    #[serde(deserialize_with = "some_interfaces")]
    pub interfaces: BTreeSet<Interface>,
    /// What its poll cursors look like, such as `since-2`: a version with another word begins polling anew instead of
    /// going on from the cursor of the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor_schema: Option<Slug>,
}

/// A name in lower case: letters, digits and single hyphens, beginning with a letter, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let begins_with_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
        let plain = text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let hyphens_join = !text.ends_with('-') && !text.contains("--");
        if begins_with_letter && plain && hyphens_join && text.len() <= 64 {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{}` is not a name; use lower-case letters, digits and single hyphens, beginning with a letter, at most \
             64 characters, such as `my-connector`",
            text.chars().take(80).collect::<String>().escape_debug()
        ))
    }
}

impl TryFrom<String> for Slug {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One line of text for people: not empty, at most 200 characters, no control characters (they could rewrite a
/// terminal that shows the name of a package).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Title(String);

impl Title {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Title {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the text is empty; write one line for people".to_owned());
        }
        if text.chars().count() > 200 {
            return Err("the text is longer than 200 characters; shorten it".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("the text holds a line break or another control character; write one plain line".to_owned());
        }
        Ok(Self(text))
    }
}

impl From<Title> for String {
    fn from(title: Title) -> Self {
        title.0
    }
}

impl fmt::Display for Title {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

mod version_text {
    use semver::Version;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(version: &Version, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(version)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Version, D::Error> {
        let text = String::deserialize(from)?;
        let version = Version::parse(&text).map_err(|error| {
            serde::de::Error::custom(format!(
                "`{}` is not a semantic version ({error}); write three numbers, such as \"1.4.0\"",
                text.chars().take(80).collect::<String>().escape_debug()
            ))
        })?;
        // A version names files and rows; the standard sets no bound.
        match text.len() <= 64 {
            true => Ok(version),
            false => Err(serde::de::Error::custom("the version is longer than 64 characters")),
        }
    }
}

fn some_interfaces<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeSet<Interface>, D::Error> {
    let listed = Vec::<Interface>::deserialize(from)?;
    if listed.is_empty() {
        return Err(serde::de::Error::custom(
            "`interfaces` is empty; name the interfaces that the component exports",
        ));
    }
    let mut interfaces = BTreeSet::new();
    for interface in listed {
        if !interfaces.insert(interface) {
            return Err(serde::de::Error::custom(format!(
                "`interfaces` names `{interface}` twice; name it once"
            )));
        }
    }
    Ok(interfaces)
}
