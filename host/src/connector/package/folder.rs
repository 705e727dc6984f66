//! A package from a connector's folder: `connector.toml`, `NOTES.md` and `profiles/NAME.toml` as they lie there, with a
//! component and an SBOM that were made from it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{Contents, FileName, Package};
use crate::connector::manifest::Manifest;
use crate::connector::refusal::Refusal;

/// A folder that no package can be made of.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file can't be read.
    #[error("could not read `{}`: {source}; {mend}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
        /// What to do about it.
        mend: &'static str,
    },
    /// The package would be refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Package {
    /// An unsigned package of this folder, checked as far as a host would check it before looking at signatures.
    pub fn from_folder(folder: &Path, component: Bytes, sbom: Bytes) -> Result<Self, FolderError> {
        let manifest_bytes = read_source(folder, &FileName::Manifest)?;
        let manifest = Manifest::parse(&manifest_bytes).map_err(Refusal::from)?;
        let notes = read_source(folder, &FileName::Notes)?;
        let mut profiles = BTreeMap::new();
        for profile in &manifest.profiles {
            let data = read_source(folder, &FileName::Profile(profile.name.clone()))?;
            profiles.insert(profile.name.clone(), data);
        }
        let package = Self::assemble(Contents {
            manifest: manifest_bytes,
            component,
            notes,
            sbom,
            profiles,
        })?;
        package.examine()?;
        Ok(package)
    }
}

/// Reads one of the files that an author writes, no more of it than a package may hold.
fn read_source(folder: &Path, name: &FileName) -> Result<Bytes, FolderError> {
    let mend = match name {
        FileName::Manifest => "give the folder of a connector, or make one with `oke connector new`",
        FileName::Notes => "write in Dutch what this version changes for the school",
        _ => "connector.toml names it: write it, or drop the `[[profile]]`",
    };
    read_at_most(&folder.join(name.to_string()), name, mend)
}

/// Reads a file that becomes `name` in a package, no more of it than a package may hold.
pub fn read_at_most(path: &Path, name: &FileName, mend: &'static str) -> Result<Bytes, FolderError> {
    let unreadable = |source| FolderError::Unreadable {
        path: path.to_owned(),
        source,
        mend,
    };
    let limit = name.max_bytes();
    let mut data = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(limit as u64 + 1)
        .read_to_end(&mut data)
        .map_err(unreadable)?;
    if data.len() > limit {
        return Err(Refusal::FileTooLarge {
            file: name.to_string(),
            limit,
        }
        .into());
    }
    Ok(Bytes::from(data))
}
