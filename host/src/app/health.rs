//! How a peer's connector fares: per revision what its calls came to and took, how its code failed and where, and the
//! messages that are stuck. Holds no payloads and no personal data, so that a vendor may see all of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::rollout::{self, measure, tally};
use super::running::Connectors;
use super::{Core, revision};
use crate::connector::manifest::Manifest;
use crate::domain::lane::JobState;
use crate::domain::rollout::criteria::Measured;
use crate::store::fault::{self, FaultRow};
use crate::store::job::{self, JobRow};
use crate::store::package::PackageRow;
use crate::store::peer::PeerRow;
use crate::store::revision::RevisionRow;
use crate::store::{StoreError, call_tally};

/// So long back calls are counted.
const COUNTED_OVER: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most dead letters that are looked at.
pub const MOST_LETTERS: u32 = 500;

/// How a peer's connector fares.
#[derive(Debug, Clone)]
pub struct Health {
    /// The peer.
    pub peer: PeerRow,
    /// Calls are counted from this moment on.
    pub since: Timestamp,
    /// Until this one.
    pub until: Timestamp,
    /// Its revisions, newest first.
    pub revisions: Vec<RevisionHealth>,
    /// Messages that don't get through, oldest first; at most [`MOST_LETTERS`].
    pub letters: Vec<JobRow>,
}

/// How one revision fares.
#[derive(Debug, Clone)]
pub struct RevisionHealth {
    /// The revision.
    pub revision: RevisionRow,
    /// Whether it serves anybody now.
    pub serves: bool,
    /// Its package.
    pub package: Option<PackageRow>,
    /// The package's manifest.
    pub manifest: Option<Manifest>,
    /// What its calls came to, and how many of its messages are dead.
    pub measured: Measured,
    /// The same by flow.
    pub by_flow: BTreeMap<i64, Measured>,
    /// How its code failed, the last one first.
    pub faults: Vec<FaultRow>,
}

/// Looks how a peer's connector fares; `None` when there is no such peer.
///
/// # Errors
/// What the database says.
pub async fn of_peer(
    core: &Core,
    connectors: &Connectors,
    tenant: &str,
    peer: &str,
) -> Result<Option<Health>, StoreError> {
    connectors.tally().write(core).await;
    let db = &core.db;
    let Some((row, serving)) = rollout::serving(db, tenant, peer).await? else {
        return Ok(None);
    };
    let until = core.now();
    let since = tally::bucket(until - COUNTED_OVER);
    let letters = job::of_peer(db, tenant, peer, JobState::Dead, MOST_LETTERS).await?;
    let mut revisions = Vec::new();
    for revision in db.revisions(tenant, peer).await? {
        let of = (peer, revision.number);
        let (mut measured, mut by_flow) = (Measured::default(), BTreeMap::<i64, Measured>::new());
        for counted in call_tally::since(db, tenant, of, since).await? {
            tally::sum(&mut measured, &counted.measured);
            tally::sum(by_flow.entry(counted.key.flow).or_default(), &counted.measured);
        }
        measured.unreconciled = measure::stuck(core, tenant, of).await?;
        revisions.push(RevisionHealth {
            serves: serving.uses(revision.number),
            package: db.package(tenant, &revision.digest).await?,
            manifest: revision::manifest(db, &revision).await?,
            measured,
            by_flow,
            faults: fault::of_revision(db, tenant, of).await?,
            revision,
        });
    }
    Ok(Some(Health {
        peer: row,
        since,
        until,
        revisions,
        letters,
    }))
}
