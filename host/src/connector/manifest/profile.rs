//! `[[profile]]` and `profiles/NAME.toml`: what is particular to one product behind a connector that serves several,
//! as signed data: values for the connector's settings, and quirks it must reckon with.

use serde::{Deserialize, Serialize};

use super::config::{ConfigKind, ConfigSchema, ConfigValue, Configuration};
use super::identity::{Slug, Title};
use super::{ManifestError, parse_toml};

/// A profile as the manifest names it; the data is in `profiles/NAME.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProfileReference {
    /// Name, and the file's name without `.toml`.
    pub name: Slug,
    /// The product, for people.
    pub title: Title,
}

impl ProfileReference {
    /// Where the data is, in the package and in the connector's folder.
    pub fn file(&self) -> String {
        format!("profiles/{}.toml", self.name)
    }
}

/// The data of one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Name, as in the manifest.
    pub name: Slug,
    /// The product, for people.
    pub title: Title,
    /// Values for the connector's settings, quirks among them as `true` or `false`.
    pub values: Configuration,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenProfile {
    #[serde(default)]
    config: Configuration,
    /// Departures from the standard; each key is a boolean setting of the connector.
    #[serde(default)]
    quirks: std::collections::BTreeMap<String, bool>,
}

impl Profile {
    /// Reads a profile's data and checks it against the connector's settings.
    pub fn parse(reference: &ProfileReference, bytes: &[u8], schema: &ConfigSchema) -> Result<Self, ManifestError> {
        let file = reference.file();
        let written: WrittenProfile = parse_toml(&file, bytes)?;
        let refuse = |message: String| ManifestError {
            file: file.clone(),
            line: None,
            message,
        };
        let mut values = written.config;
        for (key, present) in written.quirks {
            let is_flag = schema
                .field(&key)
                .is_some_and(|field| field.kind == ConfigKind::Boolean);
            if !is_flag {
                return Err(refuse(format!(
                    "the quirk `{key}` is no boolean setting of the connector; declare `[config.{key}]` with \
                     `type = \"boolean\"` in connector.toml, or drop it"
                )));
            }
            if values.insert(key.clone(), ConfigValue::Flag(present)).is_some() {
                return Err(refuse(format!(
                    "`{key}` stands under both `[config]` and `[quirks]`; keep one"
                )));
            }
        }
        if let Some(problem) = schema.problems_with(&values).first() {
            return Err(refuse(problem.to_string()));
        }
        Ok(Self {
            name: reference.name.clone(),
            title: reference.title.clone(),
            values,
        })
    }
}
