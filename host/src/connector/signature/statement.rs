//! The in-toto statement: what a publisher says about a package, file by file, and what a counter-signer says about it
//! as a whole. A statement's bytes follow from the package alone, so there is one right payload per package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::connector::manifest::Manifest;
use crate::connector::package::{Package, PackageDigest, sha256_hex};
use crate::connector::refusal::Refusal;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Predicate of a publisher's statement.
pub const PACKAGE_PREDICATE: &str = "urn:oke:connector-package:v1";
/// Predicate of a counter-signature.
pub const COUNTER_PREDICATE: &str = "urn:oke:connector-counter-signature:v1";

/// What a publisher signs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Sha256,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Predicate {
    name: String,
    version: String,
    publisher: String,
    contract: String,
}

impl Statement {
    /// The one right statement about a package with this manifest.
    pub fn about(package: &Package, manifest: &Manifest) -> Self {
        let subject = package.signed_files().map(|(name, data)| Subject {
            name: name.to_string(),
            digest: Sha256 {
                sha256: sha256_hex(data),
            },
        });
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: subject.collect(),
            predicate_type: PACKAGE_PREDICATE.to_owned(),
            predicate: Predicate {
                name: manifest.connector.name.to_string(),
                version: manifest.connector.version.to_string(),
                publisher: manifest.connector.publisher.to_string(),
                contract: manifest.connector.contract.to_string(),
            },
        }
    }

    /// The payload that is signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a statement holds only text")
    }

    /// Reads a signed payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let refuse = |reason: String| Refusal::StatementMalformed { reason };
        let statement: Self = serde_json::from_slice(payload).map_err(|error| {
            let reason = format!("it is not a statement about a connector package ({error})");
            refuse(reason.escape_debug().to_string())
        })?;
        if statement.statement_type != STATEMENT_TYPE || statement.predicate_type != PACKAGE_PREDICATE {
            return Err(refuse(
                "it is a statement of another kind than a connector package".to_owned(),
            ));
        }
        Ok(statement)
    }

    /// Whether every file of the package is the one that was signed, and every signed file is there.
    pub fn check_files(&self, package: &Package) -> Result<(), Refusal> {
        let mut signed: BTreeMap<&str, &str> = BTreeMap::new();
        for subject in &self.subject {
            if signed.insert(&subject.name, &subject.digest.sha256).is_some() {
                return Err(Refusal::StatementMalformed {
                    reason: "it names a file twice".to_owned(),
                });
            }
        }
        for (name, data) in package.signed_files() {
            let file = name.to_string();
            match signed.remove(file.as_str()) {
                None => return Err(Refusal::FileNotSigned { file }),
                Some(digest) if digest != sha256_hex(data) => return Err(Refusal::FileChanged { file }),
                Some(_) => {}
            }
        }
        match signed.first_key_value() {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::SignedFileMissing {
                file: name.chars().take(120).collect::<String>().escape_debug().to_string(),
            }),
        }
    }

    /// Whether the statement says of the package what its manifest says, and nothing else.
    pub fn check_manifest(&self, package: &Package, manifest: &Manifest) -> Result<(), Refusal> {
        match *self == Self::about(package, manifest) {
            true => Ok(()),
            false => Err(Refusal::StatementMalformed {
                reason: "name, version, publisher, contract or order of files differ from connector.toml".to_owned(),
            }),
        }
    }
}

/// What a counter-signer signs: the package as a whole, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CounterStatement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: CounterPredicate,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CounterPredicate {
    name: String,
    version: String,
}

impl CounterStatement {
    /// The one right counter-statement about a package with this manifest.
    pub fn about(digest: PackageDigest, manifest: &Manifest) -> Self {
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject {
                name: manifest.package_file_name(),
                digest: Sha256 { sha256: digest.hex() },
            }],
            predicate_type: COUNTER_PREDICATE.to_owned(),
            predicate: CounterPredicate {
                name: manifest.connector.name.to_string(),
                version: manifest.connector.version.to_string(),
            },
        }
    }

    /// The payload that is signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a statement holds only text")
    }

    /// What a payload says it is about, safe to print.
    pub fn subject_of(payload: &[u8]) -> String {
        let Ok(statement) = serde_json::from_slice::<Self>(payload) else {
            return "something else than a connector package".to_owned();
        };
        let said: Vec<String> = statement
            .subject
            .iter()
            .take(3)
            .map(|subject| format!("{} (sha256:{})", subject.name, subject.digest.sha256))
            .collect();
        let said: String = said.join(", ").chars().take(300).collect();
        said.escape_debug().to_string()
    }
}
