//! A publisher's bundle, imported into a school: new keys, keys that end, revocations and packages in one commit, all or
//! nothing. Importing the same again changes nothing; an older one is refused.

use bytes::Bytes;
use jiff::Timestamp;

use super::account::actor;
use super::package::{self, PackageError};
use super::publisher::{self, PublisherError, Revocation, trust_store};
use super::{CommitError, Core, Decision, Draft};
use crate::connector::bundle::{Bundle, BundleRefusal};
use crate::connector::package::Package;
use crate::connector::trust::{Signer, TrustStore, TrustedKey};
use crate::store::StoreError;
use crate::store::bundle::BundleRow;
use crate::store::package::{KeyRole, PublisherKeyRow};

/// Why a bundle is not imported.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It breaks a rule of bundles or trust.
    #[error(transparent)]
    Refused(#[from] BundleRefusal),
    /// A newer one was imported before.
    #[error(
        "bundle {offered} of {publisher} is older than bundle {known}, which was imported before: it could bring back \
         what that one took away; ask the publisher for its newest"
    )]
    Older {
        /// Whose.
        publisher: String,
        /// Its number.
        offered: u64,
        /// The newest imported.
        known: i64,
    },
    /// Another bundle has this number.
    #[error("bundle {sequence} of {publisher} was imported before with another content; a number is used once")]
    SameNumber {
        /// Whose.
        publisher: String,
        /// The number.
        sequence: u64,
    },
    /// A key in it stands otherwise here.
    #[error("key {key} in the bundle can't be taken: {why}")]
    Key {
        /// The key.
        key: String,
        /// Why not.
        why: WrongKey,
    },
    /// A package in it.
    #[error("`{file}`: {error}")]
    Package {
        /// Which.
        file: String,
        /// Why not.
        error: PackageError,
    },
    /// What its revocations would stop could not be told.
    #[error(transparent)]
    Publisher(#[from] PublisherError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a key in a bundle stands otherwise here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongKey {
    /// It is another publisher's.
    #[error("it is another publisher's here")]
    OtherPublisher,
    /// It signs along with others only.
    #[error("it is trusted here to counter-sign only")]
    CounterOnly,
    /// It is revoked.
    #[error("it was revoked here")]
    Revoked,
    /// It is known by another id.
    #[error("it is known already")]
    Known,
}

/// What an import changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The very same bundle was there: nothing changed.
    pub again: bool,
    /// Keys that are trusted from now on.
    pub trusted: Vec<String>,
    /// Keys that end.
    pub expiring: Vec<String>,
    /// Keys that are revoked.
    pub revoked: Vec<String>,
    /// Packages that were admitted, by digest.
    pub admitted: Vec<String>,
}

/// Reads a bundle. That hashes megabytes: off the threads that answer requests.
///
/// # Errors
/// [`BundleError::Refused`].
pub async fn read(bytes: Bytes) -> Result<Bundle, BundleError> {
    let read = tokio::task::spawn_blocking(move || Bundle::read(&bytes)).await;
    Ok(read.expect("the reader does not panic")?)
}

/// Imports a bundle into one school.
///
/// # Errors
/// [`BundleError`]; then nothing of it is kept.
pub async fn import(core: &Core, tenant: &str, by: &str, bundle: &Bundle) -> Result<Imported, BundleError> {
    let lock = format!("bundle/{tenant}/{}", bundle.news.publisher);
    core.decide::<_, BundleError, _, _>(&[lock], || async {
        let mut draft = Draft::of(core, tenant, actor(by));
        let answer = take(&mut draft, by, bundle).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer,
        })
    })
    .await
}

/// What importing a bundle would do.
#[derive(Debug, Clone, Default)]
pub struct Foreseen {
    /// What would change.
    pub imported: Imported,
    /// The packages it brings anew, by file name.
    pub packages: Vec<String>,
    /// What the revocations in it would stop, and to what nobody could go back any more.
    pub revocation: Revocation,
}

/// What importing a bundle into a school would do; nothing is changed.
///
/// # Errors
/// [`BundleError`]: why it would be refused.
pub async fn foresee(core: &Core, tenant: &str, by: &str, bundle: &Bundle) -> Result<Foreseen, BundleError> {
    let mut draft = Draft::of(core, tenant, actor(by));
    let imported = take(&mut draft, by, bundle).await?;
    let mut packages = Vec::new();
    for (file, bytes) in &bundle.packages {
        let digest = Package::read(bytes.clone()).map(|package| package.digest().hex());
        if digest.is_ok_and(|digest| imported.admitted.contains(&digest)) {
            packages.push(file.clone());
        }
    }
    let mut all = Revocation::default();
    for one in &bundle.news.revoke {
        if !imported.revoked.contains(&one.id.to_string()) {
            continue;
        }
        match publisher::revocation(core, tenant, &one.id.to_string(), one.compromised_since).await {
            Ok(told) => {
                all.stops.extend(told.stops);
                all.goes_on.extend(told.goes_on);
                all.no_way_back.extend(told.no_way_back);
            }
            // Brought and revoked by this very bundle: nothing was ever signed with it here.
            Err(PublisherError::Unknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Foreseen {
        imported,
        packages,
        revocation: all,
    })
}

async fn take(draft: &mut Draft<'_>, by: &str, bundle: &Bundle) -> Result<Imported, BundleError> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let news = &bundle.news;
    let publisher = news.publisher.as_str();
    let sequence = i64::try_from(news.sequence).unwrap_or(i64::MAX);
    let trust = trust_store(core, tenant).await?;
    if let Some(newest) = core.db.bundles(tenant, publisher).await?.into_iter().next() {
        if newest.sequence == sequence && newest.digest == bundle.digest() {
            return Ok(Imported {
                again: true,
                ..Imported::default()
            });
        }
        if newest.sequence == sequence {
            return Err(BundleError::SameNumber {
                publisher: publisher.to_owned(),
                sequence: news.sequence,
            });
        }
        if newest.sequence > sequence {
            return Err(BundleError::Older {
                publisher: publisher.to_owned(),
                offered: news.sequence,
                known: newest.sequence,
            });
        }
    }
    let signers = bundle.signers(&trust, now)?;
    let mut imported = Imported::default();
    let trust = keys(draft, by, bundle, trust, &mut imported).await?;
    packages(draft, by, bundle, &trust, &mut imported).await?;
    // Another bundle by the same key, or an end to that key, at the same moment: one of the two runs again.
    for signer in &signers {
        let id = signer.key.to_string();
        let changes = imported.expiring.contains(&id) || imported.revoked.contains(&id);
        if !changes && let Some(row) = core.db.publisher_key(tenant, &id).await? {
            let version = row.version + 1;
            draft.put(PublisherKeyRow { version, ..row }.write());
        }
    }
    one_at_a_time(draft, publisher, (&imported, &signers)).await?;
    let row = BundleRow {
        tenant: tenant.to_owned(),
        publisher: publisher.to_owned(),
        sequence,
        digest: bundle.digest().to_owned(),
        key_id: signers[0].key.to_string(),
        imported_by: by.to_owned(),
        imported_at: now,
    };
    let detail = format!(
        "bundle {sequence} of {publisher}, signed with key {}: {} keys, {} ending, {} revoked, {} packages",
        row.key_id,
        imported.trusted.len(),
        imported.expiring.len(),
        imported.revoked.len(),
        imported.admitted.len()
    );
    draft.audit("bundle.import", ("bundle", &row.digest), detail, b"");
    draft.put(row.write());
    Ok(imported)
}

/// Two bundles of a publisher that are signed with different keys see each other on its first key, so that of two on two
/// nodes the older one never comes after the newer.
async fn one_at_a_time(
    draft: &mut Draft<'_>,
    publisher: &str,
    (imported, signers): (&Imported, &[Signer]),
) -> Result<(), BundleError> {
    let keys = draft.core.db.publisher_keys(draft.tenant).await?;
    let own = keys.into_iter().filter(|row| row.publisher == publisher);
    let Some(first) = own.min_by(|one, other| one.key_id.cmp(&other.key_id)) else {
        return Ok(());
    };
    let id = &first.key_id;
    let is_written = imported.expiring.contains(id)
        || imported.revoked.contains(id)
        || signers.iter().any(|signer| signer.key.to_string() == *id);
    if !is_written {
        let version = first.version + 1;
        draft.put(PublisherKeyRow { version, ..first }.write());
    }
    Ok(())
}

/// Takes the keys over; gives the keys as they are afterwards.
async fn keys(
    draft: &mut Draft<'_>,
    by: &str,
    bundle: &Bundle,
    trust: TrustStore,
    imported: &mut Imported,
) -> Result<TrustStore, BundleError> {
    let trust = new_keys(draft, by, bundle, trust, imported).await?;
    let mut changed = ending(draft, bundle, imported).await?;
    let trust = revoked(draft, (by, bundle), trust, imported, &mut changed).await?;
    for row in changed {
        let verb = if row.revoked_at.is_some() {
            "publisher.revoke"
        } else {
            "publisher.expire"
        };
        draft.audit(
            verb,
            ("publisher-key", &row.key_id),
            "by a bundle of its publisher".to_owned(),
            b"",
        );
        let next = PublisherKeyRow {
            version: row.version + 1,
            ..row
        };
        draft.put(next.write());
    }
    Ok(trust)
}

/// Keys that the school did not know yet. A trusted key that signs for its successor is how a publisher's key rotates.
async fn new_keys(
    draft: &mut Draft<'_>,
    by: &str,
    bundle: &Bundle,
    mut trust: TrustStore,
    imported: &mut Imported,
) -> Result<TrustStore, BundleError> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let publisher = bundle.news.publisher.as_str();
    let refused = |key: &str, why| BundleError::Key {
        key: key.to_owned(),
        why,
    };
    for key in &bundle.news.keys {
        let id = key.id.to_string();
        match core.db.publisher_key(tenant, &id).await? {
            Some(known) if known.publisher != publisher => return Err(refused(&id, WrongKey::OtherPublisher)),
            Some(known) if known.role != KeyRole::Publisher => {
                return Err(refused(&id, WrongKey::CounterOnly));
            }
            Some(known) if known.revoked_at.is_some() => return Err(refused(&id, WrongKey::Revoked)),
            Some(_) => {}
            None => {
                let row = new_key(tenant, by, publisher, (&id, &key.public.to_string()), now);
                draft.put(row.write());
                draft.audit("publisher.trust", ("publisher-key", &id), publisher.to_owned(), b"");
                let trusted = TrustedKey {
                    id: key.id,
                    public: key.public,
                    trusted_since: now,
                    revoked_since: None,
                    expires: None,
                    counter_only: false,
                };
                trust = trust
                    .trusting(&bundle.news.publisher, trusted)
                    .map_err(|_| refused(&id, WrongKey::Known))?;
                imported.trusted.push(id);
            }
        }
    }
    Ok(trust)
}

/// Keys that end, sooner than was known.
async fn ending(
    draft: &Draft<'_>,
    bundle: &Bundle,
    imported: &mut Imported,
) -> Result<Vec<PublisherKeyRow>, BundleError> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let publisher = bundle.news.publisher.as_str();
    let mut changed: Vec<PublisherKeyRow> = Vec::new();
    for one in &bundle.news.expire {
        // What was admitted so far keeps its ground: a key does not end before this moment.
        let end = one.at.max(now);
        if let Some(row) = own_key(core, tenant, publisher, &one.id.to_string()).await?
            && row.expires_at.is_none_or(|known| end < known)
        {
            imported.expiring.push(row.key_id.clone());
            changed.push(PublisherKeyRow {
                expires_at: Some(end),
                ..row
            });
        }
    }
    Ok(changed)
}

/// Keys that are revoked, since a moment earlier than was known.
async fn revoked(
    draft: &Draft<'_>,
    (by, bundle): (&str, &Bundle),
    mut trust: TrustStore,
    imported: &mut Imported,
    changed: &mut Vec<PublisherKeyRow>,
) -> Result<TrustStore, BundleError> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let publisher = bundle.news.publisher.as_str();
    for one in &bundle.news.revoke {
        let id = one.id.to_string();
        let Some(row) = own_key(core, tenant, publisher, &id).await? else {
            continue;
        };
        if row
            .compromised_since
            .is_some_and(|known| known <= one.compromised_since)
        {
            continue;
        }
        trust = trust.revoking(one.id, one.compromised_since);
        let same = changed.iter().position(|changed| changed.key_id == id);
        let row = same.map_or(row, |at| changed.remove(at));
        imported.revoked.push(id);
        changed.push(PublisherKeyRow {
            revoked_at: row.revoked_at.or(Some(now)),
            revoked_by: Some(by.to_owned()),
            compromised_since: Some(one.compromised_since),
            reason: Some(one.reason.clone()),
            ..row
        });
    }
    Ok(trust)
}

/// A key of this publisher, if this school knows it; a publisher says nothing about the keys of others.
async fn own_key(core: &Core, tenant: &str, publisher: &str, id: &str) -> Result<Option<PublisherKeyRow>, BundleError> {
    let known = core.db.publisher_key(tenant, id).await?;
    match known {
        Some(known) if known.publisher != publisher => Err(BundleError::Key {
            key: id.to_owned(),
            why: WrongKey::OtherPublisher,
        }),
        known => Ok(known),
    }
}

fn new_key(tenant: &str, by: &str, publisher: &str, (id, public): (&str, &str), now: Timestamp) -> PublisherKeyRow {
    PublisherKeyRow {
        tenant: tenant.to_owned(),
        key_id: id.to_owned(),
        publisher: publisher.to_owned(),
        public_key: public.to_owned(),
        trusted_at: now,
        trusted_by: by.to_owned(),
        revoked_at: None,
        revoked_by: None,
        compromised_since: None,
        reason: None,
        expires_at: None,
        role: KeyRole::Publisher,
        version: 1,
    }
}

/// Admits the packages that are not there yet, against the keys as the bundle leaves them.
async fn packages(
    draft: &mut Draft<'_>,
    by: &str,
    bundle: &Bundle,
    trust: &TrustStore,
    imported: &mut Imported,
) -> Result<(), BundleError> {
    for (file, bytes) in &bundle.packages {
        let failed = |error: PackageError| BundleError::Package {
            file: file.clone(),
            error,
        };
        let digest = Package::read(bytes.clone())
            .map_err(|refusal| failed(refusal.into()))?
            .digest()
            .hex();
        if draft.core.db.package(draft.tenant, &digest).await?.is_some() {
            continue;
        }
        let verified = package::judged(bytes.clone(), trust.clone(), draft.now).await;
        let verified = verified.map_err(|refusal| failed(refusal.into()))?;
        package::keep(draft, by, &verified, bytes).await.map_err(failed)?;
        imported.admitted.push(digest);
    }
    Ok(())
}
