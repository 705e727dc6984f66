//! The manifest (`connector.toml`): what a connector is, serves, asks for and can be told, readable without running
//! any of its code. Field by field in [`identity`], [`endpoint`], [`config`], [`webhook`], [`needs`],
//! [`conformance`] and [`profile`].
//!
//! To add a field: give it a type that checks itself while it is read (so that a mistake is reported with its line),
//! a default when older packages lack it, and a line in the skeleton of `oke connector new`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::contract::Interface;

pub mod config;
pub mod conformance;
pub mod endpoint;
pub mod identity;
pub mod needs;
pub mod profile;
pub mod webhook;

pub use config::{ConfigField, ConfigKind, ConfigProblem, ConfigSchema, ConfigValue, Configuration};
pub use conformance::{Conformance, Speaks};
pub use endpoint::{Allow, Endpoint, Method, PathPattern};
pub use identity::{Identity, Slug};
pub use needs::{ExtraTime, Needs};
pub use profile::{Profile, ProfileReference};
pub use webhook::{Encoding, Scheme, SignedContent, Webhook};

/// Name of the manifest in the package and in a connector's folder.
pub const MANIFEST_FILE: &str = "connector.toml";

/// Everything `connector.toml` says.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// Who it is: `[connector]`.
    pub connector: Identity,
    /// Where it wants to send requests: `[[endpoint]]`. A revision's grant gives each a base URL and credentials.
    #[serde(default, rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
    /// What it can be told: `[config.KEY]`.
    #[serde(default)]
    pub config: ConfigSchema,
    /// What it asks for per call: `[limits]`. The host may give less.
    #[serde(default)]
    pub limits: Limits,
    /// How pushes from the vendor are authenticated, by the host, before the connector sees them: `[[webhook]]`.
    #[serde(default, rename = "webhook")]
    pub webhooks: Vec<Webhook>,
    /// Which needs (voorzieningen) it can express in the vendor's format: `[needs]`.
    #[serde(default)]
    pub needs: Needs,
    /// What it is held against before it may run: `[conformance]`.
    #[serde(default)]
    pub conformance: Conformance,
    /// Products it has a signed profile for: `[[profile]]`.
    #[serde(default, rename = "profile")]
    pub profiles: Vec<ProfileReference>,
}

impl Manifest {
    /// By which two versions know each other's poll cursors: the connector's name, and what it says of its cursors.
    #[must_use]
    pub fn cursor_tag(&self) -> String {
        let schema = self.connector.cursor_schema.as_ref().map_or("", Slug::as_str);
        format!("{}/{schema}", self.connector.name.as_str())
    }
}

/// What a connector asks for per call; see [`Limits::capped`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, try_from = "AskedLimits")]
pub struct Limits {
    /// Linear memory, in MiB (1 to 1024).
    pub memory_mib: u32,
    /// Wall-clock budget of one call, HTTP included, in milliseconds (10 to 120,000).
    pub budget_ms: u32,
}

impl Default for Limits {
    /// Enough for a mapping that is written in Rust.
    fn default() -> Self {
        Self {
            memory_mib: 16,
            budget_ms: 10_000,
        }
    }
}

impl Limits {
    /// What it gets: the lesser of what it asks for and what the host gives at most.
    pub fn capped(self, at_most: Limits) -> Limits {
        Limits {
            memory_mib: self.memory_mib.min(at_most.memory_mib),
            budget_ms: self.budget_ms.min(at_most.budget_ms),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AskedLimits {
    memory_mib: Option<u32>,
    budget_ms: Option<u32>,
}

impl TryFrom<AskedLimits> for Limits {
    type Error = String;

    fn try_from(asked: AskedLimits) -> Result<Self, String> {
        let default = Limits::default();
        let memory_mib = asked.memory_mib.unwrap_or(default.memory_mib);
        let budget_ms = asked.budget_ms.unwrap_or(default.budget_ms);
        if !(1..=1024).contains(&memory_mib) {
            return Err(format!("`memory-mib` is {memory_mib}; ask for 1 to 1024 MiB"));
        }
        if !(10..=120_000).contains(&budget_ms) {
            return Err(format!("`budget-ms` is {budget_ms}; ask for 10 to 120000 milliseconds"));
        }
        Ok(Limits { memory_mib, budget_ms })
    }
}

/// A manifest that can't be used, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// The file it was read from, as named in the package.
    pub file: String,
    /// Line in that file, counted from 1, when the mistake has one.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{} line {line}: {}", self.file, self.message),
            None => write!(out, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for ManifestError {}

impl Manifest {
    /// Reads `connector.toml` and checks everything that can be checked without the component beside it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = parse_toml(MANIFEST_FILE, bytes)?;
        manifest.check_names_are_unique()?;
        manifest.check_webhooks_are_served()?;
        manifest.check_conformance_profile()?;
        Ok(manifest)
    }

    /// The endpoint with this name, if the manifest asks for it.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name.as_str() == name)
    }

    /// `NAME-VERSION.oke`.
    pub fn package_file_name(&self) -> String {
        format!("{}-{}.oke", self.connector.name, self.connector.version)
    }

    fn check_names_are_unique(&self) -> Result<(), ManifestError> {
        let lists = [
            ("endpoint", names(self.endpoints.iter().map(|endpoint| &endpoint.name))),
            ("webhook", names(self.webhooks.iter().map(|webhook| &webhook.name))),
            ("profile", names(self.profiles.iter().map(|profile| &profile.name))),
        ];
        for (kind, names) in lists {
            let mut seen = BTreeSet::new();
            if let Some(twice) = names.into_iter().find(|name| !seen.insert(*name)) {
                return Err(whole_file(format!(
                    "two `[[{kind}]]` tables are named `{twice}`; give each its own name"
                )));
            }
        }
        Ok(())
    }

    fn check_conformance_profile(&self) -> Result<(), ManifestError> {
        let Some(wanted) = &self.conformance.profile else {
            return Ok(());
        };
        match self.profiles.iter().any(|profile| profile.name == *wanted) {
            true => Ok(()),
            false => Err(whole_file(format!(
                "`[conformance]` names the profile `{wanted}`, which no `[[profile]]` has; name one of those, or leave it \
                 out to be tried with the defaults"
            ))),
        }
    }

    fn check_webhooks_are_served(&self) -> Result<(), ManifestError> {
        let serves_webhook = self.connector.interfaces.contains(&Interface::Webhook);
        match (serves_webhook, self.webhooks.is_empty()) {
            (true, true) => Err(whole_file(
                "it serves the interface `webhook` but declares no `[[webhook]]`, so the host could not tell a vendor \
                 from a stranger; declare how pushes are signed",
            )),
            (false, false) => Err(whole_file(
                "it declares a `[[webhook]]` but does not serve the interface `webhook`; add it to `interfaces` or \
                 drop the table",
            )),
            _ => Ok(()),
        }
    }
}

fn names<'a>(names: impl Iterator<Item = &'a Slug>) -> Vec<&'a str> {
    names.map(Slug::as_str).collect()
}

fn whole_file(message: impl Into<String>) -> ManifestError {
    ManifestError {
        file: MANIFEST_FILE.to_owned(),
        line: None,
        message: message.into(),
    }
}

/// Reads a TOML file of the package; a mistake is reported with its line and that line's text.
fn parse_toml<T: serde::de::DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, ManifestError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ManifestError {
        file: file.to_owned(),
        line: Some(line_of(bytes, error.valid_up_to())),
        message: "is not UTF-8 text; save it as UTF-8".to_owned(),
    })?;
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(bytes, span.start));
        let quoted = line
            .and_then(|number| text.lines().nth(number - 1))
            .map(|line| format!(" (`{}`)", quoted(line)))
            .unwrap_or_default();
        ManifestError {
            file: file.to_owned(),
            line,
            message: format!("{}{quoted}", error.message().trim_end()),
        }
    })
}

/// A line of a foreign file, short and safe to print.
fn quoted(line: &str) -> String {
    const MOST: usize = 120;
    let line = line.trim();
    let short: String = line
        .chars()
        .take(MOST)
        .filter(|character| !character.is_control())
        .collect();
    match line.chars().nth(MOST) {
        Some(_) => format!("{short}…"),
        None => short,
    }
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
