//! `sbom.json`: what a component was made from, as CycloneDX JSON. Made from Cargo's resolved dependencies and lock
//! file for connectors in Rust; other languages bring their own (`oke connector pack --sbom FILE`).
//!
//! It bears no time and no serial number, so that the same sources give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::manifest::Manifest;
use super::refusal::Refusal;

/// Version of CycloneDX that is written.
const SPEC_VERSION: &str = "1.5";

/// A list of components, as far as the host reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sbom {
    /// The name the list says it is about, where it says so.
    pub about: Option<SbomComponent>,
    /// What the component was made from.
    pub components: Vec<SbomComponent>,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct SbomComponent {
    /// Name.
    pub name: String,
    /// Version, as its ecosystem writes it.
    #[serde(default)]
    pub version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenSbom {
    bom_format: String,
    spec_version: String,
    metadata: Option<WrittenMetadata>,
    components: Vec<SbomComponent>,
}

#[derive(Deserialize)]
struct WrittenMetadata {
    component: Option<SbomComponent>,
}

impl Sbom {
    /// Reads CycloneDX JSON of any 1.x version.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let refuse = |reason: String| Refusal::Sbom {
            reason: reason.escape_debug().to_string(),
        };
        let written: WrittenSbom = serde_json::from_slice(bytes)
            .map_err(|error| refuse(format!("it is not CycloneDX JSON with a list `components` ({error})")))?;
        if written.bom_format != "CycloneDX" || !written.spec_version.starts_with("1.") {
            return Err(refuse("it is not CycloneDX 1.x".to_owned()));
        }
        Ok(Self {
            about: written.metadata.and_then(|metadata| metadata.component),
            components: written.components,
        })
    }

    /// Whether the list is about this connector, where it says what it is about.
    pub fn check_subject(&self, manifest: &Manifest) -> Result<(), Refusal> {
        let version = manifest.connector.version.to_string();
        match &self.about {
            Some(about) if about.name != manifest.connector.name.as_str() || about.version != version => {
                Err(Refusal::Sbom {
                    reason: format!(
                        "it is about `{} {}`, not `{} {version}`",
                        about.name.escape_debug(),
                        about.version.escape_debug(),
                        manifest.connector.name
                    ),
                })
            }
            _ => Ok(()),
        }
    }
}

/// Makes the list from the output of `cargo metadata --format-version 1` for the folder of one connector, and the
/// text of its `Cargo.lock` (for checksums).
///
/// # Errors
/// A sentence, when the output isn't what cargo prints or has no root package.
pub fn from_cargo(manifest: &Manifest, metadata: &[u8], lock: &str) -> Result<Vec<u8>, String> {
    let metadata: CargoMetadata =
        serde_json::from_slice(metadata).map_err(|error| format!("could not read `cargo metadata`: {error}"))?;
    let lock: CargoLock = toml::from_str(lock).map_err(|error| format!("could not read Cargo.lock: {error}"))?;
    let resolve = metadata
        .resolve
        .ok_or("`cargo metadata` gave no resolved dependencies")?;
    let root = resolve
        .root
        .ok_or("`cargo metadata` names no root package: run it in the connector's own folder")?;
    let packages: BTreeMap<&str, &CargoPackage> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package))
        .collect();
    let nodes: BTreeMap<&str, Vec<&str>> = resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.linked()))
        .collect();
    let reached = reachable(&root, &nodes);

    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let own_reference = format!("pkg:generic/{}@{}", manifest.connector.name, manifest.connector.version);
    let reference = |id: &str| match (id == root, packages.get(id)) {
        (true, _) | (false, None) => own_reference.clone(),
        (false, Some(package)) => package.purl(),
    };
    for id in &reached {
        let depends_on: BTreeSet<String> = nodes
            .get(id)
            .into_iter()
            .flatten()
            .map(|dependency| reference(dependency))
            .collect();
        dependencies.push((reference(id), depends_on));
        if let (false, Some(package)) = (*id == root, packages.get(id)) {
            components.push(package.component(&lock));
        }
    }
    components.sort_by_key(|component| component["bom-ref"].to_string());
    dependencies.sort();
    let dependencies: Vec<Value> = dependencies
        .into_iter()
        .map(|(reference, on)| json!({ "ref": reference, "dependsOn": on }))
        .collect();
    let sbom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": { "component": {
            "bom-ref": own_reference,
            "type": "application",
            "name": manifest.connector.name,
            "version": manifest.connector.version.to_string(),
            "publisher": manifest.connector.publisher,
        }},
        "components": components,
        "dependencies": dependencies,
    });
    let mut bytes = serde_json::to_vec_pretty(&sbom).map_err(|error| format!("could not write sbom.json: {error}"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn reachable<'a>(root: &'a str, nodes: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut to_visit = vec![root];
    while let Some(id) = to_visit.pop() {
        if reached.insert(id) {
            to_visit.extend(nodes.get(id).into_iter().flatten());
        }
    }
    reached
}

#[derive(Deserialize)]
struct CargoMetadata {
    packages: Vec<CargoPackage>,
    resolve: Option<CargoResolve>,
}

#[derive(Deserialize)]
struct CargoPackage {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct CargoResolve {
    root: Option<String>,
    nodes: Vec<CargoNode>,
}

#[derive(Deserialize)]
struct CargoNode {
    id: String,
    deps: Vec<CargoDependency>,
}

#[derive(Deserialize)]
struct CargoDependency {
    pkg: String,
    dep_kinds: Vec<CargoDependencyKind>,
}

#[derive(Deserialize)]
struct CargoDependencyKind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct CargoLock {
    #[serde(default)]
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

impl CargoNode {
    /// Dependencies that end up in the component or take part in making it: all but those for tests only.
    fn linked(&self) -> Vec<&str> {
        self.deps
            .iter()
            .filter(|dependency| {
                dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind.as_deref() != Some("dev"))
            })
            .map(|dependency| dependency.pkg.as_str())
            .collect()
    }
}

impl CargoPackage {
    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn component(&self, lock: &CargoLock) -> Value {
        let mut component = json!({
            "bom-ref": self.purl(),
            "type": "library",
            "name": self.name,
            "version": self.version,
            "purl": self.purl(),
        });
        if let Some(license) = &self.license {
            // Old crates write `MIT/Apache-2.0`, which is no SPDX expression.
            component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
        }
        let locked = lock
            .package
            .iter()
            .find(|locked| locked.name == self.name && locked.version == self.version && locked.source == self.source);
        if let Some(checksum) = locked.and_then(|locked| locked.checksum.as_ref()) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        component
    }
}

#[cfg(test)]
mod tests;
