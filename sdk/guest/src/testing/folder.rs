//! A connector's own folder, as its tests use it: manifest, profiles and fixtures.

use std::{fs, path::PathBuf};

use super::FakeHost;
use crate::ConfigValue;

/// The folder of a connector. Its tests are about the connector as it is configured there:
///
/// ```no_run
/// use oke_sdk::testing::ConnectorFolder;
///
/// let folder = ConnectorFolder::at(env!("CARGO_MANIFEST_DIR"));
/// let host = folder.host(Some("standard"));
/// let answer = folder.fixture("components");
/// # let _ = (host, answer);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ConnectorFolder(&'static str);

impl ConnectorFolder {
    /// The folder at a path; for a test of its own crate that is `env!("CARGO_MANIFEST_DIR")`.
    pub const fn at(path: &'static str) -> Self {
        Self(path)
    }

    /// A TOML file of the folder, such as `connector.toml`.
    ///
    /// # Panics
    /// When it is not there or no TOML: then the test has failed.
    pub fn toml(self, name: &str) -> toml::Table {
        let read = self.text(name).parse();
        read.unwrap_or_else(|error| panic!("{name} is no TOML: {error}"))
    }

    /// `tests/fixtures/NAME.json`.
    ///
    /// # Panics
    /// When it is not there or no JSON: then the test has failed.
    pub fn fixture(self, name: &str) -> serde_json::Value {
        let read = serde_json::from_str(&self.text(&format!("tests/fixtures/{name}.json")));
        read.unwrap_or_else(|error| panic!("fixture {name} is no JSON: {error}"))
    }

    /// A host with the manifest's defaults and, over those, the values of a profile.
    ///
    /// # Panics
    /// When manifest or profile can't be read: then the test has failed.
    pub fn host(self, profile: Option<&str>) -> FakeHost {
        let manifest = self.toml("connector.toml");
        let fields = manifest.get("config").and_then(toml::Value::as_table);
        let mut host = FakeHost::new();
        for (key, field) in fields.into_iter().flatten() {
            if let Some(default) = field.get("default") {
                host = host.with_config(key, value(default));
            }
        }
        let Some(profile) = profile else { return host };
        let profile = self.toml(&format!("profiles/{profile}.toml"));
        for part in ["config", "quirks"] {
            for (key, set) in profile.get(part).and_then(toml::Value::as_table).into_iter().flatten() {
                host = host.with_config(key, value(set));
            }
        }
        host
    }

    fn text(self, name: &str) -> String {
        let path = PathBuf::from(self.0).join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

fn value(written: &toml::Value) -> ConfigValue {
    match written {
        toml::Value::String(text) => ConfigValue::Text(text.clone()),
        toml::Value::Integer(number) => ConfigValue::Number(*number),
        toml::Value::Boolean(flag) => ConfigValue::Flag(*flag),
        other => panic!("{other} is no configuration value"),
    }
}
