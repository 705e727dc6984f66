//! The connectors of the demo: built like anyone's, packed and signed with a key that is made on the spot.

use std::path::{Path, PathBuf};

use super::DemoError;
use crate::connector::build::{Toolchain, componentize};
use crate::connector::manifest::{MANIFEST_FILE, Manifest};
use crate::connector::package::Package;
use crate::connector::signature::SigningKey;
use crate::domain::clock::Random;

/// A publisher and its signed packages.
pub struct Published {
    /// The publisher's name.
    pub publisher: String,
    /// Its public key, as text.
    pub public_key: String,
    /// `ooapi-ta`, as it lies in its folder.
    pub ta: Vec<u8>,
    /// The next version of `ooapi-ta`.
    pub ta_next: Vec<u8>,
    /// Version of the next one.
    pub ta_next_version: String,
    /// `ooapi-dr`.
    pub dr: Vec<u8>,
    /// `toetskade`, for a vendor with an API of its own.
    pub kade: Vec<u8>,
    /// `toetskist`, for a vendor without one.
    pub kist: Vec<u8>,
}

/// Packs and signs the connectors in `connectors`, from the modules that were built into `guests`.
///
/// # Errors
/// What is missing, and how to get it.
pub fn publish(connectors: &Path, guests: &Path, random: &dyn Random) -> Result<Published, DemoError> {
    let key = SigningKey::generate(random);
    let ta = signed(&connectors.join("ooapi-ta"), guests, &key, None)?;
    let scratch = tempfile::tempdir().map_err(|error| DemoError(format!("could not make a folder: {error}")))?;
    let next = next_version(&connectors.join("ooapi-ta"), scratch.path())?;
    let ta_next = signed(scratch.path(), guests, &key, Some(&connectors.join("ooapi-ta")))?;
    let dr = signed(&connectors.join("ooapi-dr"), guests, &key, None)?;
    let kade = signed(&connectors.join("toetskade"), guests, &key, None)?;
    let kist = signed(&connectors.join("toetskist"), guests, &key, None)?;
    Ok(Published {
        publisher: read_manifest(&connectors.join("ooapi-ta"))?
            .connector
            .publisher
            .as_str()
            .to_owned(),
        public_key: key.public().to_string(),
        ta,
        ta_next,
        ta_next_version: next,
        dr,
        kade,
        kist,
    })
}

/// The next version of a connector: the same code, with smaller pages by default. Its manifest and notes say so; the
/// component is the same, the package is another.
fn next_version(folder: &Path, into: &Path) -> Result<String, DemoError> {
    let failed = DemoError::while_doing("making the next version of ooapi-ta");
    copy_folder(folder, into)?;
    let manifest = std::fs::read_to_string(folder.join(MANIFEST_FILE)).map_err(|error| failed(&error))?;
    let version = read_manifest(folder)?.connector.version;
    let next = semver::Version::new(version.major, version.minor, version.patch + 1).to_string();
    let manifest = manifest
        .replacen(&format!("version = \"{version}\""), &format!("version = \"{next}\""), 1)
        .replacen("default = \"100\"", "default = \"20\"", 1);
    std::fs::write(into.join(MANIFEST_FILE), manifest).map_err(|error| failed(&error))?;
    let notes = format!("# ooapi-ta {next}\n\nHaalt deelnames standaard per 20 op, in plaats van per 100.\n");
    std::fs::write(into.join("NOTES.md"), notes).map_err(|error| failed(&error))?;
    Ok(next)
}

fn copy_folder(from: &Path, into: &Path) -> Result<(), DemoError> {
    let failed = DemoError::while_doing("copying a connector's folder");
    let profiles = into.join("profiles");
    std::fs::create_dir_all(&profiles).map_err(|error| failed(&error))?;
    for entry in std::fs::read_dir(from.join("profiles")).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        std::fs::copy(entry.path(), profiles.join(entry.file_name())).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn read_manifest(folder: &Path) -> Result<Manifest, DemoError> {
    let path = folder.join(MANIFEST_FILE);
    let failed = DemoError::while_doing("reading a connector's manifest");
    let bytes = std::fs::read(&path).map_err(|error| {
        DemoError(format!(
            "{}: {error}; run the demo from the repository's folder",
            path.display()
        ))
    })?;
    Manifest::parse(&bytes).map_err(|error| failed(&error))
}

/// `code` is the folder with the Cargo project, when it isn't the folder itself.
fn signed(folder: &Path, guests: &Path, key: &SigningKey, code: Option<&Path>) -> Result<Vec<u8>, DemoError> {
    let manifest = read_manifest(folder)?;
    let failed = DemoError::while_doing("packing a connector");
    let module_path = module_of(guests, manifest.connector.name.as_str());
    let module = std::fs::read(&module_path).map_err(|error| {
        DemoError(format!(
            "{}: {error}; build the connectors first: cargo guests",
            module_path.display()
        ))
    })?;
    let component = componentize(&module).map_err(|error| failed(&error))?;
    let sbom = Toolchain::sbom(code.unwrap_or(folder), &manifest).map_err(|error| failed(&error))?;
    let package = Package::from_folder(folder, component.into(), sbom.into()).map_err(|error| failed(&error))?;
    let signed = package
        .signed(&manifest.connector.publisher, key)
        .map_err(|error| failed(&error))?;
    Ok(signed.to_bytes())
}

fn module_of(guests: &Path, connector: &str) -> PathBuf {
    guests.join(format!("{}.wasm", connector.replace('-', "_")))
}
