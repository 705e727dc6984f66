//! This connector's folder.

use oke_sdk::testing::{ConnectorFolder, FakeHost};
use serde_json::Value;

pub const FOLDER: ConnectorFolder = ConnectorFolder::at(env!("CARGO_MANIFEST_DIR"));

pub fn fixture(name: &str) -> Value {
    FOLDER.fixture(name)
}

pub fn host(profile: Option<&str>) -> FakeHost {
    FOLDER.host(profile)
}
