//! What the calls of a revision came to, and what that says of a rollout's present step.

use jiff::{SignedDuration, Timestamp};

use super::tally::{Tally, bucket, sum};
use crate::app::Core;
use crate::domain::lane::JobState;
use crate::domain::rollout::Rollout;
use crate::domain::rollout::criteria::{Judged, Measured, Outcome, overall};
use crate::store::call_tally;
use crate::store::job;
use crate::store::{Database, StoreError};

/// A message that fails for so long is stuck.
const STUCK_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// The most messages of a peer that are looked through.
const MOST_JOBS: u32 = 10_000;

/// What a step's calls came to, held against the rollout's thresholds.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was measured.
    pub measured: Measured,
    /// Each criterion.
    pub judged: Vec<Judged>,
    /// All together.
    pub outcome: Outcome,
}

/// Measures the present step of a rollout: calls since the beginning of the hour in which it was taken.
///
/// # Errors
/// What the database says.
pub async fn present_step(
    core: &Core,
    tally: &Tally,
    tenant: &str,
    peer: &str,
    rollout: &Rollout,
) -> Result<Report, StoreError> {
    tally.write(core).await;
    let since = bucket(rollout.step_at.unwrap_or(rollout.started_at));
    let mut measured = calls(&core.db, tenant, (peer, rollout.revision), since).await?;
    measured.unreconciled = stuck(core, tenant, (peer, rollout.revision)).await?;
    let judged = measured.judged(&rollout.criteria);
    Ok(Report {
        outcome: overall(&judged),
        measured,
        judged,
    })
}

/// What the calls of a revision came to since a moment.
///
/// # Errors
/// What the database says.
pub async fn calls(db: &Database, tenant: &str, of: (&str, i64), since: Timestamp) -> Result<Measured, StoreError> {
    let mut measured = Measured::default();
    for row in call_tally::since(db, tenant, of, since).await? {
        sum(&mut measured, &row.measured);
    }
    Ok(measured)
}

/// How many messages a revision last tried and could not bring to their end: dead letters, and those that have failed
/// for a while.
///
/// # Errors
/// What the database says.
pub async fn stuck(core: &Core, tenant: &str, (peer, revision): (&str, i64)) -> Result<u64, StoreError> {
    let now = core.now();
    let dead = job::of_peer(&core.db, tenant, peer, JobState::Dead, MOST_JOBS).await?;
    let waiting = job::of_peer(&core.db, tenant, peer, JobState::Ready, MOST_JOBS).await?;
    let dead = dead.iter().filter(|job| job.revision == Some(revision)).count();
    let waiting = waiting
        .iter()
        .filter(|job| job.revision == Some(revision) && job.strikes > 0 && job.created_at + STUCK_AFTER < now);
    Ok((dead + waiting.count()) as u64)
}
