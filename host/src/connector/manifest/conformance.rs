//! `[conformance]`: what the connector is held against before it may run.

use serde::{Deserialize, Serialize};

use super::identity::Slug;

/// What stands at the other end of the connector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// A system that speaks OKE: every scenario is played against the simulators.
    #[default]
    Oke,
    /// A system with a format of its own, which no simulator here knows: only trouble is played, and how the connector
    /// takes it.
    Own,
}

/// How the connector is tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Conformance {
    /// What stands at the other end.
    #[serde(default)]
    pub speaks: Speaks,
    /// The profile it is tried with; the defaults of `[config]` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Slug>,
}
