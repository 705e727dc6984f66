//! A host with this connector's own manifest and profiles, and the fixtures.

use std::{fs, path::PathBuf};

use oke_sdk::{ConfigValue, testing::FakeHost};
use serde_json::Value;

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn toml_file(name: &str) -> toml::Table {
    file(name).parse().expect("our own files are TOML")
}

pub fn fixture(name: &str) -> Value {
    serde_json::from_str(&file(&format!("tests/fixtures/{name}.json"))).expect("a fixture is JSON")
}

/// A host with the manifest's defaults and, over those, the values of a profile.
pub fn host(profile: Option<&str>) -> FakeHost {
    let mut host = FakeHost::new();
    for (key, field) in toml_file("connector.toml")["config"]
        .as_table()
        .expect("settings are a table")
    {
        if let Some(default) = field.get("default") {
            host = host.with_config(key, value(default));
        }
    }
    let Some(profile) = profile else { return host };
    let profile = toml_file(&format!("profiles/{profile}.toml"));
    for part in ["config", "quirks"] {
        for (key, set) in profile.get(part).and_then(toml::Value::as_table).into_iter().flatten() {
            host = host.with_config(key, value(set));
        }
    }
    host
}

fn value(written: &toml::Value) -> ConfigValue {
    match written {
        toml::Value::String(text) => ConfigValue::Text(text.clone()),
        toml::Value::Integer(number) => ConfigValue::Number(*number),
        toml::Value::Boolean(flag) => ConfigValue::Flag(*flag),
        other => panic!("{other} is no configuration value"),
    }
}
