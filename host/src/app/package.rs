//! Packages: admitted once, kept for ever, known by their digest.

use bytes::Bytes;
use jiff::Timestamp;

use super::account::actor;
use super::publisher::trust_store;
use super::{CommitError, Core, Decision, Draft, Refused, admission, keuring};
use crate::connector::refusal::Refusal;
use crate::connector::trust::TrustStore;
use crate::connector::verify::{VerifiedPackage, verify};
use crate::domain::keuring::Obstacle;
use crate::store::StoreError;
use crate::store::package::{CHUNK, PackageRow, chunk};
use crate::store::seal::SealError;

/// Why a package is not admitted, or can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It breaks a rule of packages or trust.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The version is there with another content.
    #[error(
        "{name} {version} was admitted before with another content (digest {admitted}); a version never changes: \
         give the new content a new version"
    )]
    VersionTaken {
        /// The connector.
        name: String,
        /// The version.
        version: String,
        /// What is there.
        admitted: String,
    },
    /// This school takes no such packages.
    #[error("{0}")]
    NotTaken(Obstacle),
    /// There is none.
    #[error("no package {0} was admitted in this school; install it first")]
    Unknown(String),
    /// The stored bytes don't open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What follows from it could not be decided.
    #[error(transparent)]
    Follow(#[from] Refused),
}

/// What was admitted.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The digest it is known by.
    pub digest: String,
    /// The connector.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it was there already.
    pub again: bool,
}

/// Judges a package and keeps it: signature, trust, form, contract, then one commit with everything, its keuring asked
/// for along with it where the school demands one. Admitting the same content again changes nothing.
///
/// # Errors
/// [`PackageError`]; then nothing is kept.
pub async fn admit(core: &Core, tenant: &str, by: &str, bytes: Bytes) -> Result<Admitted, PackageError> {
    let trust = trust_store(core, tenant).await?;
    let verified = judged(bytes.clone(), trust, core.now()).await?;
    let name = verified.contents.manifest.connector.name.as_str().to_owned();
    core.decide::<_, PackageError, _, _>(&[format!("package/{tenant}/{name}")], || async {
        let mut draft = Draft::of(core, tenant, actor(by));
        let answer = keep(&mut draft, by, &verified, &bytes).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer,
        })
    })
    .await
}

/// Adds a judged package to what is about to be committed.
///
/// # Errors
/// [`PackageError`].
pub async fn keep(
    draft: &mut Draft<'_>,
    by: &str,
    verified: &VerifiedPackage,
    bytes: &Bytes,
) -> Result<Admitted, PackageError> {
    let (core, tenant) = (draft.core, draft.tenant);
    let digest = verified.package.digest().hex();
    let identity = &verified.contents.manifest.connector;
    let (name, version) = (identity.name.as_str().to_owned(), identity.version.to_string());
    let policy = admission::policy(&core.db, tenant).await?;
    if let Some(obstacle) = policy.takes(identity.publisher.as_str(), &name, &identity.version) {
        return Err(PackageError::NotTaken(obstacle));
    }
    let there = core.db.package_version(tenant, &name, &version).await?;
    let again = there.is_some();
    if let Some(there) = there.filter(|there| there.digest != digest) {
        return Err(PackageError::VersionTaken {
            name,
            version,
            admitted: there.digest,
        });
    }
    if !again {
        let row = package_row(core, tenant, by, verified, bytes.len());
        for (seq, part) in bytes.chunks(CHUNK).enumerate() {
            let seq = i64::try_from(seq).expect("64 MiB hold few chunks");
            let sealed = core.sealer.seal(&place(tenant, &digest, seq), part)?;
            draft.put(chunk(tenant, &digest, seq, sealed));
        }
        let detail = format!("{name} {version}, signed with key {}", verified.signer.key);
        draft.audit("package.admit", ("package", &digest), detail, row.admission.as_bytes());
        draft.put(row.write());
        if policy.keuring {
            keuring::follow(draft, by, &digest).await?;
        }
    }
    Ok(Admitted {
        digest,
        name,
        version,
        again,
    })
}

/// An admitted package, read from the database and judged once more, against the keys as they are now and the moment
/// of its admission.
///
/// # Errors
/// [`PackageError`]: unknown, or its key was revoked as compromised before it was admitted.
pub async fn open(core: &Core, tenant: &str, digest: &str) -> Result<(PackageRow, VerifiedPackage), PackageError> {
    let trust = trust_store(core, tenant).await?;
    open_trusting(core, tenant, digest, trust).await
}

/// The same against other keys than those of the school as they are now.
///
/// # Errors
/// As [`open`].
pub async fn open_trusting(
    core: &Core,
    tenant: &str,
    digest: &str,
    trust: TrustStore,
) -> Result<(PackageRow, VerifiedPackage), PackageError> {
    let known = core.db.package(tenant, digest).await?;
    let row = known.ok_or_else(|| PackageError::Unknown(digest.to_owned()))?;
    let mut bytes = Vec::new();
    for (seq, sealed) in core.db.package_chunks(tenant, digest).await?.into_iter().enumerate() {
        let seq = i64::try_from(seq).expect("64 MiB hold few chunks");
        bytes.extend_from_slice(&core.sealer.open(&place(tenant, digest, seq), &sealed)?);
    }
    let verified = judged(Bytes::from(bytes), trust, row.admitted_at).await?;
    Ok((row, verified))
}

/// Judging reads and hashes megabytes: off the threads that answer requests.
///
/// # Errors
/// Why the package is refused.
pub async fn judged(bytes: Bytes, trust: TrustStore, at: Timestamp) -> Result<VerifiedPackage, Refusal> {
    tokio::task::spawn_blocking(move || verify(bytes, &trust, at))
        .await
        .expect("the verifier does not panic")
}

fn place(tenant: &str, digest: &str, seq: i64) -> String {
    format!("package/{tenant}/{digest}/{seq}")
}

fn package_row(core: &Core, tenant: &str, by: &str, verified: &VerifiedPackage, size: usize) -> PackageRow {
    let identity = &verified.contents.manifest.connector;
    let digest = verified.package.digest().hex();
    let now = core.now();
    let said = format!(
        "admitted {} {} {digest} at {now} by {by}",
        identity.name.as_str(),
        identity.version
    );
    let signature = hex::encode(core.sealer.signing_key("admission").sign(said.as_bytes()));
    let manifest = verified.package.file(&crate::connector::package::FileName::Manifest);
    PackageRow {
        tenant: tenant.to_owned(),
        name: identity.name.as_str().to_owned(),
        package_version: identity.version.to_string(),
        key_id: verified.signer.key.to_string(),
        manifest: manifest
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default(),
        notes: verified.contents.notes.clone(),
        size: i64::try_from(size).expect("a package is 64 MiB at most"),
        admitted_at: now,
        admitted_by: by.to_owned(),
        admission: format!("{said}\n{signature}"),
        digest,
    }
}
