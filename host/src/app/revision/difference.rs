//! What differs between two revisions of a peer, one thing at a time: `Display` says it in English, the pages in Dutch.

use std::collections::BTreeMap;
use std::fmt;

use super::{RevisionError, manifest};
use crate::app::Core;
use crate::connector::grant::Rules;
use crate::connector::manifest::Manifest;
use crate::store::StoreError;
use crate::store::revision::RevisionRow;

/// One difference, from one revision to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Another package: name and version.
    Code {
        /// Of the one.
        from: String,
        /// Of the other.
        to: String,
    },
    /// Another profile of the package.
    Profile {
        /// Of the one.
        from: Option<String>,
        /// Of the other.
        to: Option<String>,
    },
    /// Another value of a configuration key, as JSON.
    Configuration {
        /// Which.
        key: String,
        /// Of the one.
        from: Option<String>,
        /// Of the other.
        to: Option<String>,
    },
    /// A request that only one of them may send.
    Grant {
        /// Whether the other may and the one may not.
        added: bool,
        /// Name of the endpoint.
        endpoint: String,
        /// Method and path.
        request: String,
    },
    /// An endpoint, and so a secret, that only one of them uses.
    Secret {
        /// Whether the other does and the one does not.
        added: bool,
        /// Name of the endpoint.
        endpoint: String,
    },
    /// An interface that only one of them serves.
    Interface {
        /// Whether the other does and the one does not.
        added: bool,
        /// Its name.
        interface: String,
    },
    /// Codes of needs that only one of them can tell the vendor: what the table may translate to.
    Table {
        /// Whether the other can and the one can't.
        added: bool,
        /// The vendor's code.
        code: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |value: &Option<String>, absent: &str| value.clone().unwrap_or_else(|| absent.to_owned());
        let more = |added: bool| if added { "more" } else { "no longer" };
        match self {
            Difference::Code { from, to } => write!(out, "code: {from} → {to}"),
            Difference::Profile { from, to } => write!(out, "profile: {} → {}", or(from, "none"), or(to, "none")),
            Difference::Configuration { key, from, to } => {
                write!(
                    out,
                    "configuration `{key}`: {} → {}",
                    or(from, "absent"),
                    or(to, "absent")
                )
            }
            Difference::Grant {
                added,
                endpoint,
                request,
            } => write!(out, "grants: {} `{request}` at `{endpoint}`", more(*added)),
            Difference::Secret { added, endpoint } => {
                write!(out, "secret references: {} that of endpoint `{endpoint}`", more(*added))
            }
            Difference::Interface { added, interface } => write!(out, "serves: {} `{interface}`", more(*added)),
            Difference::Table { added, code } => write!(out, "table of needs: {} code `{code}`", more(*added)),
        }
    }
}

/// What differs from one revision to another of the same peer.
///
/// # Errors
/// What the database says.
pub async fn between(
    core: &Core,
    tenant: &str,
    one: &RevisionRow,
    other: &RevisionRow,
) -> Result<Vec<Difference>, RevisionError> {
    let mut said = Vec::new();
    if one.digest != other.digest {
        said.push(Difference::Code {
            from: named(core, tenant, one).await?,
            to: named(core, tenant, other).await?,
        });
    }
    if one.profile != other.profile {
        said.push(Difference::Profile {
            from: one.profile.clone(),
            to: other.profile.clone(),
        });
    }
    said.extend(of_configuration(&one.config, &other.config)?);
    said.extend(of_grants(&one.grants, &other.grants)?);
    if one.digest != other.digest {
        let (one, other) = (manifest(&core.db, one).await?, manifest(&core.db, other).await?);
        if let (Some(one), Some(other)) = (one, other) {
            said.extend(of_manifests(&one, &other));
        }
    }
    Ok(said)
}

async fn named(core: &Core, tenant: &str, revision: &RevisionRow) -> Result<String, StoreError> {
    let package = core.db.package(tenant, &revision.digest).await?;
    Ok(package.map_or_else(
        || format!("unknown package {}", revision.digest),
        |package| format!("{} {}", package.name, package.package_version),
    ))
}

fn of_manifests(one: &Manifest, other: &Manifest) -> Vec<Difference> {
    let mut said = Vec::new();
    let endpoints = |manifest: &Manifest| -> Vec<String> {
        let names = manifest.endpoints.iter().map(|one| one.name.as_str().to_owned());
        names.collect()
    };
    either(&endpoints(one), &endpoints(other), |added, endpoint| {
        said.push(Difference::Secret { added, endpoint });
    });
    let interfaces = |manifest: &Manifest| -> Vec<String> {
        let served = manifest.connector.interfaces.iter();
        served.map(|one| one.as_str().to_owned()).collect()
    };
    either(&interfaces(one), &interfaces(other), |added, interface| {
        said.push(Difference::Interface { added, interface });
    });
    let codes = |manifest: &Manifest| -> Vec<String> { manifest.needs.codes.clone() };
    either(&codes(one), &codes(other), |added, code| {
        said.push(Difference::Table { added, code });
    });
    said
}

/// What only one of two lists has: first what went, then what came.
fn either(one: &[String], other: &[String], mut told: impl FnMut(bool, String)) {
    for gone in one.iter().filter(|it| !other.contains(it)) {
        told(false, gone.clone());
    }
    for came in other.iter().filter(|it| !one.contains(it)) {
        told(true, came.clone());
    }
}

fn of_grants(one: &str, other: &str) -> Result<Vec<Difference>, StoreError> {
    let (one, other): (Rules, Rules) = (read("grants", one)?, read("grants", other)?);
    let requests = |rules: &Rules| -> Vec<(String, String)> {
        let of_endpoint = |(endpoint, allowed): (&String, &Vec<_>)| {
            let endpoint = endpoint.clone();
            let requests: Vec<(String, String)> = allowed
                .iter()
                .map(|rule: &crate::connector::manifest::Allow| (endpoint.clone(), rule.to_string()))
                .collect();
            requests
        };
        rules.iter().flat_map(of_endpoint).collect()
    };
    let (one, other) = (requests(&one), requests(&other));
    let grant = |added: bool| {
        move |(endpoint, request): &(String, String)| Difference::Grant {
            added,
            endpoint: endpoint.clone(),
            request: request.clone(),
        }
    };
    let gone = one.iter().filter(|it| !other.contains(it)).map(grant(false));
    let came = other.iter().filter(|it| !one.contains(it)).map(grant(true));
    Ok(gone.chain(came).collect())
}

fn of_configuration(one: &str, other: &str) -> Result<Vec<Difference>, StoreError> {
    type Values = BTreeMap<String, serde_json::Value>;
    let (one, other): (Values, Values) = (read("config", one)?, read("config", other)?);
    let mut said = Vec::new();
    for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
        if one.get(key) != other.get(key) {
            said.push(Difference::Configuration {
                key: key.clone(),
                from: one.get(key).map(ToString::to_string),
                to: other.get(key).map(ToString::to_string),
            });
        }
    }
    Ok(said)
}

fn read<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Inconsistent {
        column: format!("revision.{column}"),
        why: error.to_string(),
    })
}
