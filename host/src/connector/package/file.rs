//! Which files a package may hold, in which order they stand, and how each is written into the archive.

use std::fmt;
use std::io;
use std::str::FromStr;

use crate::connector::manifest::{MANIFEST_FILE, Slug};

/// The component.
pub const COMPONENT_FILE: &str = "component.wasm";
/// The release notes.
pub const NOTES_FILE: &str = "NOTES.md";
/// The list of what the component was made from.
pub const SBOM_FILE: &str = "sbom.json";
/// The signed statement over all the others.
pub const STATEMENT_FILE: &str = "statement.dsse.json";

/// A file of a package. The order is the order in the archive: the manifest first, so that a reader of a stream knows
/// soon what it has; the statement last, so that signing only adds to the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileName {
    /// `connector.toml`.
    Manifest,
    /// `component.wasm`.
    Component,
    /// `NOTES.md`.
    Notes,
    /// `sbom.json`.
    Sbom,
    /// `profiles/NAME.toml`.
    Profile(Slug),
    /// `statement.dsse.json`.
    Statement,
}

impl FileName {
    /// Largest size, in bytes. Together they stay within the largest package.
    pub fn max_bytes(&self) -> usize {
        const KIB: usize = 1024;
        match self {
            Self::Component => 56 * KIB * KIB,
            Self::Sbom => 4 * KIB * KIB,
            Self::Manifest | Self::Notes | Self::Statement => 256 * KIB,
            Self::Profile(_) => 64 * KIB,
        }
    }

    /// The archive's entry: no owner, no time, one mode.
    pub(super) fn header(&self, size: usize) -> io::Result<tar::Header> {
        let mut header = tar::Header::new_ustar();
        header.set_path(self.to_string())?;
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(size as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        Ok(header)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => out.write_str(MANIFEST_FILE),
            Self::Component => out.write_str(COMPONENT_FILE),
            Self::Notes => out.write_str(NOTES_FILE),
            Self::Sbom => out.write_str(SBOM_FILE),
            Self::Profile(name) => write!(out, "profiles/{name}.toml"),
            Self::Statement => out.write_str(STATEMENT_FILE),
        }
    }
}

impl FromStr for FileName {
    /// A name that no package may hold.
    type Err = ();

    fn from_str(path: &str) -> Result<Self, ()> {
        Ok(match path {
            MANIFEST_FILE => Self::Manifest,
            COMPONENT_FILE => Self::Component,
            NOTES_FILE => Self::Notes,
            SBOM_FILE => Self::Sbom,
            STATEMENT_FILE => Self::Statement,
            profile => {
                let name = profile
                    .strip_prefix("profiles/")
                    .and_then(|file| file.strip_suffix(".toml"))
                    .ok_or(())?;
                Self::Profile(name.parse().map_err(|_| ())?)
            }
        })
    }
}
