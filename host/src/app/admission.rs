//! What stands between an admitted package and its being put to work for a peer: the school's policy, the keuring, and
//! what a person approved.

use super::account::actor;
use super::package::{self, PackageError};
use super::publisher::trust_store;
use super::{CommitError, Core, Decision, Draft, keuring};
use crate::connector::capability::{Capabilities, Change};
use crate::connector::grant::Rules;
use crate::connector::manifest::Manifest;
use crate::connector::trust::Signer;
use crate::connector::verify::{VerifiedPackage, verify_counter_signatures};
use crate::domain::keuring::{AdmissionPolicy, Approval, Candidate, Obstacle, Tried, WrongPolicy};
use crate::store::keuring::{self as kept, AdmissionPolicyRow, ApprovalRow};
use crate::store::package::CounterSignatureRow;
use crate::store::peer::{self, PeerRow};
use crate::store::{Database, StoreError};

/// Why something about admission can't be done.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The policy can't be.
    #[error(transparent)]
    Policy(#[from] WrongPolicy),
    /// The peer does not exist.
    #[error("there is no peer `{0}` in this school; make it first")]
    UnknownPeer(String),
    /// What was seen is not what would be approved.
    #[error("what this package may do beyond what runs now has changed since you looked; look at it again")]
    SeenOther,
    /// There is nothing to approve.
    #[error("this package may do exactly what runs now; there is nothing to approve")]
    NothingToApprove,
    /// Nobody said why.
    #[error("a reason is needed, so that others can follow it later")]
    NoReason,
    /// None of the counter-signatures counts.
    #[error("no counter-signature in this file counts: {0}")]
    NobodySigned(String),
    /// The package can't be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the school demands.
///
/// # Errors
/// What the database says.
pub async fn policy(db: &Database, tenant: &str) -> Result<AdmissionPolicy, StoreError> {
    let row = kept::policy(db, tenant).await?;
    Ok(row.map(|row| row.policy).unwrap_or_default())
}

/// Sets what the school demands; it counts for what is put to work from then on.
///
/// # Errors
/// [`AdmissionError`].
pub async fn set_policy(core: &Core, tenant: &str, by: &str, policy: AdmissionPolicy) -> Result<(), AdmissionError> {
    let policy = policy.checked()?;
    core.decide::<_, AdmissionError, _, _>(&[format!("admission-policy/{tenant}")], || async {
        let known = kept::policy(&core.db, tenant).await?;
        let mut draft = Draft::of(core, tenant, actor(by));
        let row = AdmissionPolicyRow {
            tenant: tenant.to_owned(),
            policy: policy.clone(),
            set_by: by.to_owned(),
            set_at: draft.now,
            version: known.as_ref().map_or(0, |known| known.version),
        };
        if known.is_none_or(|known| known.policy != policy) {
            let said = serde_json::to_string(&policy).expect("a policy is JSON");
            draft.audit("admission.policy", ("school", tenant), said, b"");
            draft.put(row.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// A package as it stands before a peer.
#[derive(Debug, Clone)]
pub struct Review {
    /// What changes in what the connector may do.
    pub changes: Vec<Change>,
    /// Names exactly this difference; an approval says it.
    pub fingerprint: String,
    /// Who approved exactly this difference.
    pub approvals: Vec<ApprovalRow>,
    /// How the package fared.
    pub tried: Tried,
    /// Trusted keys whose counter-signature counts.
    pub counter_signers: Vec<Signer>,
    /// What stands in its way.
    pub obstacles: Vec<Obstacle>,
}

/// What would have to be looked at before a package is put to work for a peer with these grants.
///
/// # Errors
/// [`AdmissionError`].
pub async fn review(
    core: &Core,
    row: &PeerRow,
    digest: &str,
    verified: &VerifiedPackage,
    granted: &Rules,
) -> Result<Review, AdmissionError> {
    let (db, tenant) = (&core.db, row.tenant.as_str());
    let policy = policy(db, tenant).await?;
    let manifest = &verified.contents.manifest;
    let now = running(core, row).await?;
    let then = Capabilities::of(manifest, granted);
    let (changes, fingerprint) = (then.changes_from(&now), then.fingerprint(&now));
    let approvals = kept::approvals(db, tenant, &row.id, digest).await?;
    let approvals: Vec<ApprovalRow> = approvals
        .into_iter()
        .filter(|one| one.fingerprint == fingerprint)
        .collect();
    let tried = keuring::tried(core, tenant, digest).await?;
    let counter_signers = counter_signers(core, tenant, digest, verified).await?;
    let identity = &manifest.connector;
    let candidate = Candidate {
        publisher: identity.publisher.as_str(),
        name: identity.name.as_str(),
        version: &identity.version,
        signatures: u32::try_from(verified.signers.len() + counter_signers.len()).unwrap_or(u32::MAX),
        counter_signed: counter_signers.iter().any(|signer| signer.counter_only),
        tried,
        approval: match (changes.is_empty(), approvals.is_empty()) {
            (true, _) => Approval::NotNeeded,
            (false, false) => Approval::Given,
            (false, true) => Approval::Missing,
        },
    };
    let obstacles = policy.obstacles(&candidate, core.now());
    Ok(Review {
        changes,
        fingerprint,
        approvals,
        tried,
        counter_signers,
        obstacles,
    })
}

/// The same for a package of the school by its digest, with everything its manifest asks for.
///
/// # Errors
/// [`AdmissionError`].
pub async fn review_package(core: &Core, tenant: &str, peer: &str, digest: &str) -> Result<Review, AdmissionError> {
    let row = peer::find(&core.db, tenant, peer).await?;
    let row = row.ok_or_else(|| AdmissionError::UnknownPeer(peer.to_owned()))?;
    let (_, verified) = package::open(core, tenant, digest).await?;
    let granted = asked(&verified.contents.manifest);
    review(core, &row, digest, &verified, &granted).await
}

/// Everything that a manifest asks for.
#[must_use]
pub fn asked(manifest: &Manifest) -> Rules {
    manifest
        .endpoints
        .iter()
        .map(|one| (one.name.as_str().to_owned(), one.allow.clone()))
        .collect()
}

/// What the connector that runs for a peer may do; nothing while none runs.
async fn running(core: &Core, row: &PeerRow) -> Result<Capabilities, StoreError> {
    let Some(number) = row.revision else {
        return Ok(Capabilities::default());
    };
    let Some(revision) = core.db.revision(&row.tenant, &row.id, number).await? else {
        return Ok(Capabilities::default());
    };
    let Some(package) = core.db.package(&row.tenant, &revision.digest).await? else {
        return Ok(Capabilities::default());
    };
    let inconsistent = |column: &str, why: String| StoreError::Inconsistent {
        column: column.to_owned(),
        why,
    };
    let manifest = Manifest::parse(package.manifest.as_bytes());
    let manifest = manifest.map_err(|error| inconsistent("manifest", error.to_string()))?;
    let granted: Rules =
        serde_json::from_str(&revision.grants).map_err(|error| inconsistent("grants", error.to_string()))?;
    Ok(Capabilities::of(&manifest, &granted))
}

/// A person approves what a package may do for a peer beyond what runs there now; `seen` is the fingerprint of the
/// difference that was looked at. Approving the same again changes nothing.
///
/// # Errors
/// [`AdmissionError`].
pub async fn approve(
    core: &Core,
    tenant: &str,
    by: &str,
    (peer, digest): (&str, &str),
    seen: &str,
    reason: &str,
) -> Result<(), AdmissionError> {
    if reason.trim().is_empty() {
        return Err(AdmissionError::NoReason);
    }
    core.decide::<_, AdmissionError, _, _>(&[format!("peer/{tenant}/{peer}")], || async {
        let review = review_package(core, tenant, peer, digest).await?;
        if review.changes.is_empty() {
            return Err(AdmissionError::NothingToApprove);
        }
        if review.fingerprint != seen {
            return Err(AdmissionError::SeenOther);
        }
        let mut draft = Draft::of(core, tenant, actor(by));
        if review.approvals.iter().all(|one| one.approved_by != by) {
            let row = ApprovalRow {
                tenant: tenant.to_owned(),
                peer: peer.to_owned(),
                digest: digest.to_owned(),
                fingerprint: review.fingerprint,
                approved_by: by.to_owned(),
                changes: review.changes.iter().map(ToString::to_string).collect(),
                reason: reason.to_owned(),
                approved_at: draft.now,
            };
            let said = format!("package {digest}, difference {seen}: {reason}");
            draft.audit(
                "capability.approve",
                ("peer", peer),
                said,
                row.changes.join("\n").as_bytes(),
            );
            draft.put(row.write());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// The trusted keys that counter-signed a package. The time that counts for them is when their file was added.
async fn counter_signers(
    core: &Core,
    tenant: &str,
    digest: &str,
    verified: &VerifiedPackage,
) -> Result<Vec<Signer>, AdmissionError> {
    let Some(row) = core.db.counter_signature(tenant, digest).await? else {
        return Ok(Vec::new());
    };
    let trust = trust_store(core, tenant).await?;
    let found = verify_counter_signatures(COUNTER_FILE, row.envelope.as_bytes(), verified, &trust, row.added_at)
        .map_err(PackageError::from)?;
    let own = |signer: &Signer| verified.signers.iter().any(|one| one.key == signer.key);
    Ok(found.signers.into_iter().filter(|signer| !own(signer)).collect())
}

/// The name of a file of counter-signatures in refusals.
const COUNTER_FILE: &str = "the file of counter-signatures";

/// Adds the detached counter-signatures of a package (`NAME-VERSION.oke.sig.json`), in place of those that were there.
/// Returns whose count.
///
/// # Errors
/// [`AdmissionError`]; a file in which no trusted key signed is not kept.
pub async fn counter_sign(
    core: &Core,
    tenant: &str,
    by: &str,
    digest: &str,
    envelope: &[u8],
) -> Result<Vec<Signer>, AdmissionError> {
    let (_, verified) = package::open(core, tenant, digest).await?;
    core.decide::<_, AdmissionError, _, _>(&[format!("counter/{tenant}/{digest}")], || async {
        let trust = trust_store(core, tenant).await?;
        let found = verify_counter_signatures(COUNTER_FILE, envelope, &verified, &trust, core.now())
            .map_err(PackageError::from)?;
        if found.signers.is_empty() {
            let why: Vec<String> = found.not_counted.iter().map(ToString::to_string).collect();
            return Err(AdmissionError::NobodySigned(why.join("; ")));
        }
        let known = core.db.counter_signature(tenant, digest).await?;
        let mut draft = Draft::of(core, tenant, actor(by));
        let envelope = String::from_utf8_lossy(envelope).into_owned();
        if known.as_ref().is_none_or(|known| known.envelope != envelope) {
            let row = CounterSignatureRow {
                tenant: tenant.to_owned(),
                digest: digest.to_owned(),
                envelope,
                added_by: by.to_owned(),
                added_at: draft.now,
                version: known.map_or(0, |known| known.version),
            };
            let keys: Vec<String> = found.signers.iter().map(|signer| signer.key.to_string()).collect();
            draft.audit(
                "package.counter-sign",
                ("package", digest),
                keys.join(", "),
                row.envelope.as_bytes(),
            );
            draft.put(row.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: found.signers.clone(),
        })
    })
    .await
}
