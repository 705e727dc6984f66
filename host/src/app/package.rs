//! Packages: admitted once, kept for ever, known by their digest.

use bytes::Bytes;
use jiff::Timestamp;

use super::account::actor;
use super::publisher::trust_store;
use super::{CommitError, Core, Decision};
use crate::connector::refusal::Refusal;
use crate::connector::verify::{VerifiedPackage, verify};
use crate::store::package::{CHUNK, PackageRow, chunk};
use crate::store::seal::SealError;
use crate::store::{AuditEntry, StoreError, WriteSet};

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

/// Judges a package and keeps it: signature, trust, form, contract, then one commit with everything. Admitting the same
/// content again changes nothing.
///
/// # Errors
/// [`PackageError`]; then nothing is kept.
pub async fn admit(core: &Core, tenant: &str, by: &str, bytes: Bytes) -> Result<Admitted, PackageError> {
    let trust = trust_store(core, tenant).await?;
    let verified = judged(bytes.clone(), trust, core.now()).await?;
    let digest = verified.package.digest().hex();
    let identity = &verified.contents.manifest.connector;
    let (name, version) = (identity.name.as_str().to_owned(), identity.version.to_string());
    core.decide(&[format!("package/{tenant}/{name}")], || async {
        let mut write_set = WriteSet::of(tenant);
        let there = core.db.package_version(tenant, &name, &version).await?;
        if let Some(there) = &there
            && there.digest != digest
        {
            return Err(PackageError::VersionTaken {
                name: name.clone(),
                version: version.clone(),
                admitted: there.digest.clone(),
            });
        }
        if there.is_none() {
            let row = package_row(core, tenant, by, &verified, bytes.len());
            for (seq, part) in bytes.chunks(CHUNK).enumerate() {
                let seq = i64::try_from(seq).expect("64 MiB hold few chunks");
                let sealed = core.sealer.seal(&place(tenant, &digest, seq), part)?;
                write_set.put(chunk(tenant, &digest, seq, sealed));
            }
            write_set.audit(AuditEntry {
                actor: actor(by),
                verb: "package.admit",
                subject_kind: "package",
                subject_id: digest.clone(),
                detail: format!("{name} {version}, signed with key {}", verified.signer.key),
                content: row.admission.clone().into_bytes(),
            });
            write_set.put(row.write());
        }
        let answer = Admitted {
            digest: digest.clone(),
            name: name.clone(),
            version: version.clone(),
            again: there.is_some(),
        };
        Ok(Decision { write_set, answer })
    })
    .await
}

/// An admitted package, read from the database and judged once more, against the keys as they are now and the moment
/// of its admission.
///
/// # Errors
/// [`PackageError`]: unknown, or its key was revoked as compromised before it was admitted.
pub async fn open(core: &Core, tenant: &str, digest: &str) -> Result<(PackageRow, VerifiedPackage), PackageError> {
    let known = core.db.package(tenant, digest).await?;
    let row = known.ok_or_else(|| PackageError::Unknown(digest.to_owned()))?;
    let mut bytes = Vec::new();
    for (seq, sealed) in core.db.package_chunks(tenant, digest).await?.into_iter().enumerate() {
        let seq = i64::try_from(seq).expect("64 MiB hold few chunks");
        bytes.extend_from_slice(&core.sealer.open(&place(tenant, digest, seq), &sealed)?);
    }
    let trust = trust_store(core, tenant).await?;
    let verified = judged(Bytes::from(bytes), trust, row.admitted_at).await?;
    Ok((row, verified))
}

/// Judging reads and hashes megabytes: off the threads that answer requests.
async fn judged(
    bytes: Bytes,
    trust: crate::connector::trust::TrustStore,
    at: Timestamp,
) -> Result<VerifiedPackage, Refusal> {
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
