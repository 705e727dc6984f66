//! Publishers' keys: trusted and revoked by functioneel beheer, in the browser or through `/api/v1`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::account::actor;
use super::package::{self, PackageError};
use super::{CommitError, Core, Decision, rollout};
use crate::connector::manifest::Slug;
use crate::connector::signature::{KeyId, PublicKey};
use crate::connector::trust::{TrustError, TrustStore, TrustedKey, TrustedPublisher};
use crate::store::package::{KeyRole, PublisherKeyRow};
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
    /// It is trusted for something else.
    #[error(
        "key {0} is trusted already, to sign something else (packages, or only along with others); use one key for one \
         thing"
    )]
    OtherRole(String),
    /// The moment lies behind us: what was admitted since would lose its ground.
    #[error(
        "a key can expire from now on, not at {0}: what was admitted since then would lose its ground. To take back \
         trust from an earlier moment, revoke the key"
    )]
    Expired(Timestamp),
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

/// A key that someone asks to trust.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// Whose: a publisher, or who counter-signs.
    pub publisher: &'a str,
    /// The key, in base64.
    pub public_key: &'a str,
    /// What it signs.
    pub role: KeyRole,
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
    let new = NewKey {
        publisher,
        public_key,
        role: KeyRole::Publisher,
    };
    trust_for(core, tenant, by, new).await
}

/// The same for a key that signs packages, or only along with others.
///
/// # Errors
/// [`PublisherError`].
pub async fn trust_for(core: &Core, tenant: &str, by: &str, new: NewKey<'_>) -> Result<String, PublisherError> {
    let publisher: Slug = new
        .publisher
        .parse()
        .map_err(|why| PublisherError::Malformed(format!("publisher: {why}")))?;
    let key: PublicKey = new
        .public_key
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
            Some(known) if known.role != new.role => return Err(PublisherError::OtherRole(id.clone())),
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
                    expires_at: None,
                    role: new.role,
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

/// Lets a key expire: what is admitted from then on may no longer be signed with it, what was admitted before goes on.
/// An earlier moment takes the place of a later one, and the other way round, as long as neither has come.
///
/// # Errors
/// [`PublisherError`].
pub async fn expire(core: &Core, tenant: &str, by: &str, key_id: &str, at: Timestamp) -> Result<(), PublisherError> {
    core.decide(&[], || async {
        let known = core.db.publisher_key(tenant, key_id).await?;
        let row = known.ok_or_else(|| PublisherError::Unknown(key_id.to_owned()))?;
        if row.revoked_at.is_some() {
            return Err(PublisherError::Revoked(key_id.to_owned()));
        }
        let past = |moment: &Timestamp| *moment < core.now();
        if let Some(past) = Some(at).filter(past).or(row.expires_at.filter(past)) {
            return Err(PublisherError::Expired(past));
        }
        let mut write_set = WriteSet::of(tenant);
        if row.expires_at != Some(at) {
            let expiring = PublisherKeyRow {
                expires_at: Some(at),
                version: row.version + 1,
                ..row
            };
            write_set.put(expiring.write());
            write_set.audit(entry(by, "publisher.expire", key_id, format!("expires at {at}")));
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// A revision of a peer whose package was signed with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The peer.
    pub peer: String,
    /// Its revision.
    pub revision: i64,
    /// The connector.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a revocation stops, and what it leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocation {
    /// What runs now and stops with its next call.
    pub stops: Vec<Signed>,
    /// What runs now, was signed with the key and goes on: admitted before, or signed by another trusted key as well.
    pub goes_on: Vec<Signed>,
    /// Revisions that ran before and to which nobody can go back any more.
    pub no_way_back: Vec<Signed>,
    /// Keys that are trusted because a bundle signed with this key brought them. They stay trusted until they are
    /// revoked themselves.
    pub brought: Vec<String>,
}

/// What the revocation of a key as compromised since a moment stops in this school, told before or after it is done.
/// Nothing is changed.
///
/// # Errors
/// [`PublisherError`].
pub async fn revocation(
    core: &Core,
    tenant: &str,
    key_id: &str,
    since: Timestamp,
) -> Result<Revocation, PublisherError> {
    let known = core.db.publisher_key(tenant, key_id).await?;
    let row = known.ok_or_else(|| PublisherError::Unknown(key_id.to_owned()))?;
    let key = parsed::<KeyId, _>("key_id", &row.key_id)?;
    let trust = trust_store(core, tenant).await?.revoking(key, since);
    let mut told = Revocation {
        brought: brought_by(core, &row, since).await?,
        ..Revocation::default()
    };
    // The same package runs for several peers: it is judged once.
    let mut stopped: BTreeMap<String, bool> = BTreeMap::new();
    for peer in peer::all(&core.db, tenant).await? {
        let serving = rollout::serving(&core.db, tenant, &peer.id).await?;
        let runs = |number: i64| serving.as_ref().is_some_and(|(_, serving)| serving.uses(number));
        for revision in core.db.revisions(tenant, &peer.id).await? {
            let Some(package) = core.db.package(tenant, &revision.digest).await? else {
                continue;
            };
            if package.key_id != key_id {
                continue;
            }
            let stops = match stopped.get(&revision.digest) {
                Some(stops) => *stops,
                None => {
                    let opened = package::open_trusting(core, tenant, &revision.digest, trust.clone()).await;
                    let stops = matches!(opened, Err(PackageError::Refused(_)));
                    stopped.insert(revision.digest.clone(), stops);
                    stops
                }
            };
            let signed = Signed {
                peer: peer.id.clone(),
                revision: revision.number,
                name: package.name,
                version: package.package_version,
            };
            match (runs(revision.number), stops) {
                (true, true) => told.stops.push(signed),
                (true, false) => told.goes_on.push(signed),
                (false, true) => told.no_way_back.push(signed),
                (false, false) => {}
            }
        }
    }
    Ok(told)
}

/// Keys that came with bundles which were signed with a key, and imported when it was in other hands.
async fn brought_by(core: &Core, key: &PublisherKeyRow, since: Timestamp) -> Result<Vec<String>, StoreError> {
    let bundles = core.db.bundles(&key.tenant, &key.publisher).await?;
    let imported: Vec<Timestamp> = bundles
        .iter()
        .filter(|bundle| bundle.key_id == key.key_id && bundle.imported_at >= since)
        .map(|bundle| bundle.imported_at)
        .collect();
    let keys = core.db.publisher_keys(&key.tenant).await?;
    let brought = keys.into_iter().filter(|one| {
        let is_other = one.key_id != key.key_id && one.publisher == key.publisher;
        // A bundle and the keys it brings are of one commit, and so of one moment.
        is_other && one.revoked_at.is_none() && imported.contains(&one.trusted_at)
    });
    Ok(brought.map(|one| one.key_id).collect())
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
            expires: row.expires_at,
            counter_only: row.role == KeyRole::Counter,
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
