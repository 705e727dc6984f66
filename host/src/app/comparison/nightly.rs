//! The nightly comparison: of each vendor the sittings of the coming days and those whose results are awaited, a piece per
//! commit. The last piece of a night has the next night follow.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tracing::error;

use super::{Why, follow_all, own_sitting};
use crate::app::draft::Draft;
use crate::app::{Refused, rollout};
use crate::domain::calendar::zone;
use crate::domain::lane;
use crate::domain::rollout::{Served, Serving};
use crate::store::job::{self, NewJob};
use crate::store::{StoreError, offering};

/// Kind of the job.
pub const COMPARE_ROUND: &str = "compare_round";

/// When it begins, at school: after the day's last deliveries and before anybody works.
const BEGINS: Time = Time::constant(2, 0, 0, 0);
/// Sittings that begin within so long are compared.
pub(super) const AHEAD: SignedDuration = SignedDuration::from_hours(4 * 24);
/// So long after its end a sitting's results are compared: as long as they are asked for in every round.
const RESULTS_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The most sittings in one commit: each has up to a handful of jobs.
const MOST: u32 = 20;

/// Where the night stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The vendor.
    pub peer: String,
    /// The last sitting that was taken up.
    #[serde(default)]
    pub after: String,
}

/// The next beginning after a moment. In the night in which the clock is put forward 02:00 does not exist, and it begins
/// at 03:00.
#[must_use]
pub fn next_night(now: Timestamp) -> Timestamp {
    let local = now.to_zoned(zone());
    [local.date(), local.date().tomorrow().unwrap_or(local.date())]
        .into_iter()
        .filter_map(|day| day.to_datetime(BEGINS).to_zoned(zone()).ok())
        .map(|zoned| zoned.timestamp())
        .find(|begins| *begins > now)
        .unwrap_or(now + SignedDuration::from_hours(24))
}

/// Has the jobs of the next sittings follow, and the next piece; after the last, the next night.
///
/// # Errors
/// What the database says.
pub async fn piece(draft: &mut Draft<'_>, round: &Round) -> Result<(), Refused> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let Some((_, serving)) = rollout::serving(&core.db, tenant, &round.peer).await? else {
        return Ok(());
    };
    // The nights begin again when it is enabled again.
    if serving.is_for_nobody() {
        return Ok(());
    }
    let around = (now + AHEAD, now - RESULTS_FOR);
    let page = (round.after.as_str(), MOST);
    let sittings = offering::under_way_after(&core.db, tenant, &round.peer, around, page).await?;
    for id in &sittings {
        // What an outside TPL planned is that TPL's to compare.
        let one = async {
            match own_sitting(core, tenant, id).await? {
                Some(_) if !serving.is_plain() && is_off(draft, &serving, id).await? => Ok(()),
                Some(sitting) => follow_all(draft, &sitting, Why::Nightly).await,
                None => Ok(()),
            }
        };
        match one.await {
            // One that can't be read here must not end the nights of all others.
            Err(Refused::Store(broken @ StoreError::Inconsistent { .. })) => {
                error!(sitting.id = %id, "sitting {id} can't be compared, went on to the next: {broken}");
            }
            other => other?,
        }
    }
    let last = sittings.last().filter(|_| sittings.len() == MOST as usize);
    let (after, due_at) = match last {
        Some(last) => (last.clone(), now),
        None => (String::new(), next_night(now)),
    };
    let next = Round {
        peer: round.peer.clone(),
        after,
    };
    make(draft, &next, due_at).await
}

/// Whether nobody asks the vendor about this sitting any more.
async fn is_off(draft: &Draft<'_>, serving: &Serving, sitting: &str) -> Result<bool, Refused> {
    let (served, _) = rollout::of_sitting(&draft.core.db, draft.tenant, serving, (2, sitting)).await?;
    Ok(served == Served::Off)
}

fn lane_of(peer: &str) -> String {
    lane::name(2, "compare-round", peer)
}

/// Makes sure that a vendor's sittings are compared every night.
///
/// # Errors
/// What the database says.
pub async fn schedule_in(draft: &mut Draft<'_>, peer: &str) -> Result<(), Refused> {
    let open = job::open_in_lane(&draft.core.db, draft.tenant, &lane_of(peer)).await?;
    if !open.is_empty() {
        return Ok(());
    }
    let begins = Round {
        peer: peer.to_owned(),
        after: String::new(),
    };
    let due_at = next_night(draft.now);
    make(draft, &begins, due_at).await
}

async fn make(draft: &mut Draft<'_>, round: &Round, due_at: Timestamp) -> Result<(), Refused> {
    let lane = lane_of(&round.peer);
    let last = job::last_in_lane(&draft.core.db, draft.tenant, &lane).await?;
    let new = NewJob {
        kind: COMPARE_ROUND.to_owned(),
        // Work inside the host: each sitting's own job asks the vendor.
        peer: String::new(),
        // No message: it does not count as one that waits in its flow.
        flow: None,
        lane,
        seq: last + 1,
        parent: None,
        payload: serde_json::to_string(round).expect("names are JSON"),
        full_state: false,
        due_at,
    };
    let (id, now) = (draft.core.id(), draft.now);
    draft.put(new.write(draft.tenant, &id, now));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_begins_at_two_at_school_in_summer_and_winter() {
        let next = |now: &str| next_night(now.parse().unwrap()).to_string();
        assert_eq!(next("2026-09-01T09:00:00Z"), "2026-09-02T00:00:00Z", "summer");
        assert_eq!(
            next("2026-12-01T00:30:00Z"),
            "2026-12-01T01:00:00Z",
            "winter, later this night"
        );
        assert_eq!(
            next("2026-12-01T01:00:00Z"),
            "2026-12-02T01:00:00Z",
            "the one that begins is not the next"
        );
        assert_eq!(
            next("2027-03-27T12:00:00Z"),
            "2027-03-28T01:00:00Z",
            "02:00 is skipped that night"
        );
    }
}
