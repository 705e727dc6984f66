//! What a package says of itself, and whether that hangs together. Trust is another question.

use std::collections::BTreeSet;

use super::{FileName, Package};
use crate::connector::contract::{Interface, SERVED, Surface, read_surface};
use crate::connector::manifest::{Manifest, Profile, Slug};
use crate::connector::refusal::Refusal;
use crate::connector::sbom::Sbom;

/// A package's contents, read and found consistent.
#[derive(Debug, Clone)]
pub struct Examined {
    /// The manifest.
    pub manifest: Manifest,
    /// What the component exports and imports, from its type.
    pub surface: Surface,
    /// Release notes, in Dutch.
    pub notes: String,
    /// What the component was made from.
    pub sbom: Sbom,
    /// Profiles, in the manifest's order.
    pub profiles: Vec<Profile>,
}

impl Package {
    /// Reads the contents and checks that they agree with each other and with the contract this host serves.
    pub fn examine(&self) -> Result<Examined, Refusal> {
        let manifest = Manifest::parse(&self.files[&FileName::Manifest])?;
        let range = &manifest.connector.contract;
        if !range.is_served_by(&SERVED) {
            return Err(Refusal::ContractOutOfRange {
                range: range.to_string(),
                served: SERVED,
            });
        }
        let surface = read_surface(self.component())?;
        check_interfaces(&manifest, &surface)?;
        let notes = read_notes(&self.files[&FileName::Notes])?;
        let sbom = Sbom::parse(&self.files[&FileName::Sbom])?;
        sbom.check_subject(&manifest)?;
        let profiles = self.read_profiles(&manifest)?;
        Ok(Examined {
            manifest,
            surface,
            notes,
            sbom,
            profiles,
        })
    }

    fn read_profiles(&self, manifest: &Manifest) -> Result<Vec<Profile>, Refusal> {
        let named: BTreeSet<&Slug> = manifest.profiles.iter().map(|profile| &profile.name).collect();
        for file in self.files.keys() {
            if let FileName::Profile(name) = file
                && !named.contains(name)
            {
                return Err(Refusal::ProfileUnnamed { file: file.to_string() });
            }
        }
        let mut profiles = Vec::with_capacity(manifest.profiles.len());
        for reference in &manifest.profiles {
            let data = self
                .file(&FileName::Profile(reference.name.clone()))
                .ok_or_else(|| Refusal::FileMissing { file: reference.file() })?;
            profiles.push(Profile::parse(reference, data, &manifest.config)?);
        }
        Ok(profiles)
    }
}

/// Reads release notes: text that says something.
fn read_notes(bytes: &[u8]) -> Result<String, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::NotesNotText)?;
    match text.trim().is_empty() {
        true => Err(Refusal::NotesEmpty),
        false => Ok(text.to_owned()),
    }
}

/// Whether the component exports exactly what the manifest says it serves.
pub fn check_interfaces(manifest: &Manifest, surface: &Surface) -> Result<(), Refusal> {
    let said = &manifest.connector.interfaces;
    let list = |interfaces: BTreeSet<&Interface>| -> Vec<Interface> { interfaces.into_iter().copied().collect() };
    let only_said = list(said.difference(&surface.exports).collect());
    let only_exported = list(surface.exports.difference(said).collect());
    match only_said.is_empty() && only_exported.is_empty() {
        true => Ok(()),
        false => Err(Refusal::InterfacesDiffer {
            only_said,
            only_exported,
        }),
    }
}
