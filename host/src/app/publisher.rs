//! Publishers' keys: trusted and revoked by functioneel beheer, in the browser or through `/api/v1`.

use jiff::Timestamp;

use super::account::actor;
use super::{CommitError, Core, Decision};
use crate::connector::manifest::Slug;
use crate::connector::signature::{KeyId, PublicKey};
use crate::connector::trust::{TrustError, TrustStore, TrustedKey, TrustedPublisher};
use crate::store::package::PublisherKeyRow;
use crate::store::{AuditEntry, StoreError, WriteSet, peer};

/// Why a key can't be trusted or revoked.
#[derive(Debug, thiserror::Error)]
pub enum PublisherError {
    /// It reads as no key or name.
    #[error("{0}")]
    Malformed(String),
    /// It is trusted for somebody else.
    #[error("key {key} is already known as the key of `{publisher}`; a key belongs to one publisher")]
    OtherPublisher {
        /// The key.
        key: String,
        /// Whose it is.
        publisher: String,
    },
    /// It was revoked: a key is never trusted again.
    #[error("key {0} was revoked and can't be trusted again; ask the publisher for a new key")]
    Revoked(String),
    /// It is not known.
    #[error("no key {0} is known in this school; see the list of publishers")]
    Unknown(String),
    /// It was revoked before, as compromised from an earlier moment on.
    #[error("a reason is needed, so that others can follow it later")]
    NoReason,
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Trusts a publisher's key from now on; trusting it again changes nothing. Returns the key's id.
///
/// # Errors
/// [`PublisherError`].
pub async fn trust(
    core: &Core,
    tenant: &str,
    by: &str,
    publisher: &str,
    public_key: &str,
) -> Result<String, PublisherError> {
    let publisher: Slug = publisher
        .parse()
        .map_err(|why| PublisherError::Malformed(format!("publisher: {why}")))?;
    let key: PublicKey = public_key
        .trim()
        .parse()
        .map_err(|why| PublisherError::Malformed(format!("key: {why}")))?;
    let id = key.id().to_string();
    core.decide(&[], || async {
        let mut write_set = WriteSet::of(tenant);
        match core.db.publisher_key(tenant, &id).await? {
            Some(known) if known.publisher != publisher.as_str() => {
                return Err(PublisherError::OtherPublisher {
                    key: id.clone(),
                    publisher: known.publisher,
                });
            }
            Some(known) if known.revoked_at.is_some() => return Err(PublisherError::Revoked(id.clone())),
            Some(_) => {}
            None => {
                let row = PublisherKeyRow {
                    tenant: tenant.to_owned(),
                    key_id: id.clone(),
                    publisher: publisher.as_str().to_owned(),
                    public_key: key.to_string(),
                    trusted_at: core.now(),
                    trusted_by: by.to_owned(),
                    revoked_at: None,
                    revoked_by: None,
                    compromised_since: None,
                    reason: None,
                    version: 1,
                };
                write_set.put(row.write());
                write_set.audit(entry(by, "publisher.trust", &id, publisher.as_str().to_owned()));
            }
        }
        Ok(Decision {
            write_set,
            answer: id.clone(),
        })
    })
    .await
}

/// Revokes a key: what was first admitted from `compromised_since` on (now, when absent) is no longer trusted. What was
/// admitted before goes on.
///
/// # Errors
/// [`PublisherError`].
pub async fn revoke(
    core: &Core,
    tenant: &str,
    by: &str,
    key_id: &str,
    compromised_since: Option<Timestamp>,
    reason: &str,
) -> Result<(), PublisherError> {
    if reason.trim().is_empty() {
        return Err(PublisherError::NoReason);
    }
    core.decide(&[], || async {
        let known = core.db.publisher_key(tenant, key_id).await?;
        let row = known.ok_or_else(|| PublisherError::Unknown(key_id.to_owned()))?;
        let since = compromised_since.unwrap_or_else(|| core.now());
        let mut write_set = WriteSet::of(tenant);
        // A second revocation may only move the moment back: what was refused stays refused.
        if row.compromised_since.is_none_or(|known| since < known) {
            let revoked = PublisherKeyRow {
                revoked_at: row.revoked_at.or(Some(core.now())),
                revoked_by: Some(by.to_owned()),
                compromised_since: Some(since),
                reason: Some(reason.to_owned()),
                version: row.version + 1,
                ..row
            };
            write_set.put(revoked.write());
            write_set.audit(entry(
                by,
                "publisher.revoke",
                key_id,
                format!("compromised since {since}: {reason}"),
            ));
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// What runs for a peer and was signed with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The peer.
    pub peer: String,
    /// The revision that runs for it.
    pub revision: i64,
    /// The connector.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether the key's revocation stops it.
    pub stopped: bool,
}

/// What runs now on packages that were signed with a key, by peer.
///
/// # Errors
/// [`PublisherError`].
pub async fn running_on(core: &Core, tenant: &str, key: &PublisherKeyRow) -> Result<Vec<Signed>, PublisherError> {
    let mut signed = Vec::new();
    for peer in peer::all(&core.db, tenant).await? {
        let Some(number) = peer.revision else { continue };
        let Some(revision) = core.db.revision(tenant, &peer.id, number).await? else {
            continue;
        };
        let package = core.db.package(tenant, &revision.digest).await?;
        if let Some(package) = package.filter(|package| package.key_id == key.key_id) {
            signed.push(Signed {
                peer: peer.id,
                revision: number,
                stopped: key.refuses(package.admitted_at),
                name: package.name,
                version: package.package_version,
            });
        }
    }
    Ok(signed)
}

/// The keys of a school as the verifier wants them.
///
/// # Errors
/// What the database says, and rows that are no keys.
pub async fn trust_store(core: &Core, tenant: &str) -> Result<TrustStore, StoreError> {
    let mut publishers = Vec::new();
    for row in core.db.publisher_keys(tenant).await? {
        let key = TrustedKey {
            id: parsed::<KeyId, _>("key_id", &row.key_id)?,
            public: parsed::<PublicKey, _>("public_key", &row.public_key)?,
            trusted_since: row.trusted_at,
            revoked_since: row.compromised_since,
        };
        publishers.push(TrustedPublisher {
            name: parsed::<Slug, _>("publisher", &row.publisher)?,
            keys: vec![key],
        });
    }
    TrustStore::of(publishers).map_err(|error: TrustError| StoreError::Inconsistent {
        column: "public_key".to_owned(),
        why: error.to_string(),
    })
}

fn parsed<T: std::str::FromStr<Err = E>, E: std::fmt::Display>(column: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error: E| StoreError::Inconsistent {
        column: column.to_owned(),
        why: error.to_string(),
    })
}

fn entry(by: &str, verb: &'static str, key_id: &str, detail: String) -> AuditEntry {
    AuditEntry {
        actor: actor(by),
        verb,
        subject_kind: "publisher-key",
        subject_id: key_id.to_owned(),
        detail,
        content: Vec::new(),
    }
}
