//! The contract (`wit/`) as seen from outside a component: which interfaces exist, which release this host serves,
//! and whether a component's *type* keeps to it, judged before a single function is compiled.
//!
//! Within one line of releases (0.1.x, later 1.x.y) only whole interfaces are added, so an interface of the same name
//! has the same shape in all of them.

use std::fmt;
use std::str::FromStr;

use semver::Version;
use serde::{Deserialize, Serialize};

pub mod shape;
pub mod surface;

pub use crate::domain::interface::Interface;
pub use surface::{ContractBreach, Surface, read_surface};

/// The newest release of the contract that this host serves; it serves all older ones of the same line as well.
pub const SERVED: Version = Version::new(0, 1, 0);

/// Namespace and name of the package with the interfaces.
pub const CONNECTOR_PACKAGE: &str = "oke:connector";
/// Namespace and name of the package with the canonical model.
pub const TYPES_PACKAGE: &str = "oke:types";

/// The full name a component exports for an interface, at this release: `oke:connector/ta-resultaten@0.1.0`.
pub fn qualified(interface: Interface, release: &Version) -> String {
    format!("{CONNECTOR_PACKAGE}/{interface}@{release}")
}

/// The contract releases a connector was made for: one line, from a release on. `"0.1"` is 0.1.0 and later 0.1.x,
/// `"0.1.2"` is 0.1.2 and later 0.1.x; from 1.0 on a line is a major (`"1.2"` is 1.2.0 and later 1.x.y).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContractRange {
    written: String,
    from: Version,
}

impl ContractRange {
    /// The first release of the range.
    pub fn from(&self) -> &Version {
        &self.from
    }

    /// Whether a host that serves `release` (and older ones of its line) can run the connector.
    pub fn is_served_by(&self, release: &Version) -> bool {
        same_line(&self.from, release) && self.from <= *release
    }
}

/// Whether two releases are of one line, in which only interfaces are added.
pub fn same_line(one: &Version, other: &Version) -> bool {
    one.major == other.major && (one.major > 0 || one.minor == other.minor) && one.pre == other.pre
}

impl FromStr for ContractRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<u64>> = text.split('.').map(plain_number).collect();
        let from = match numbers.as_deref() {
            Some([major, minor]) => Version::new(*major, *minor, 0),
            Some([major, minor, patch]) => Version::new(*major, *minor, *patch),
            _ => {
                return Err(format!(
                    "`{}` is not a contract range; write the release it was made for, such as \"0.1\" or \"0.1.2\"",
                    text.escape_debug()
                ));
            }
        };
        Ok(Self {
            written: text.to_owned(),
            from,
        })
    }
}

fn plain_number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

impl TryFrom<String> for ContractRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ContractRange> for String {
    fn from(range: ContractRange) -> Self {
        range.written
    }
}

impl fmt::Display for ContractRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.written)
    }
}
