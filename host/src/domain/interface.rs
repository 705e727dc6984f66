//! The interfaces of the contract (`oke:connector`) that a connector may serve: one per role and flow.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One interface that a component may export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Interface {
    /// Flow 0 (§3.0), collected from a vendor.
    TaToetscatalogus,
    /// Flow 2 (§3.2), delivered to a vendor.
    TaZittingsplan,
    /// Flow 3 (§3.3), collected from a vendor.
    TaResultaten,
    /// Flow 4 (§3.4), collected from a vendor.
    TaZittingsverslag,
    /// Flow 1 (§3.1), delivered to an outside planner.
    TplToetsdeelnemers,
    /// Flow 3 (§3.3), delivered to an outside planner.
    TplResultaten,
    /// Flow 4 (§3.4), delivered to an outside planner.
    TplZittingsverslag,
    /// Flow 1 (§3.1), collected from a student system.
    DrToetsdeelnemers,
    /// Flow 5 (§3.5), delivered to a student system.
    DrStudentresultaat,
    /// Flow 6 (§3.6), collected from a student system.
    DrAnalyse,
    /// Translates what a vendor pushes.
    Webhook,
    /// Translates files of a vendor without an API.
    Files,
}

impl Interface {
    /// Every interface, in the order of the flows.
    pub const ALL: [Interface; 12] = [
        Self::TaToetscatalogus,
        Self::TaZittingsplan,
        Self::TaResultaten,
        Self::TaZittingsverslag,
        Self::TplToetsdeelnemers,
        Self::TplResultaten,
        Self::TplZittingsverslag,
        Self::DrToetsdeelnemers,
        Self::DrStudentresultaat,
        Self::DrAnalyse,
        Self::Webhook,
        Self::Files,
    ];

    /// The name in the contract, without package and version.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaToetscatalogus => "ta-toetscatalogus",
            Self::TaZittingsplan => "ta-zittingsplan",
            Self::TaResultaten => "ta-resultaten",
            Self::TaZittingsverslag => "ta-zittingsverslag",
            Self::TplToetsdeelnemers => "tpl-toetsdeelnemers",
            Self::TplResultaten => "tpl-resultaten",
            Self::TplZittingsverslag => "tpl-zittingsverslag",
            Self::DrToetsdeelnemers => "dr-toetsdeelnemers",
            Self::DrStudentresultaat => "dr-studentresultaat",
            Self::DrAnalyse => "dr-analyse",
            Self::Webhook => "webhook",
            Self::Files => "files",
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Interface {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|interface| interface.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                format!(
                    "`{}` is not an interface of the contract; the contract has {known}",
                    text.escape_debug()
                )
            })
    }
}

impl TryFrom<String> for Interface {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Interface> for String {
    fn from(interface: Interface) -> Self {
        interface.as_str().to_owned()
    }
}
