//! Flow 1 by pull (`§3.1.2`): a student system that is asked rather than one that sends. Functioneel beheer says so per
//! system; a round goes through its lists page by page, and each object is taken as a PUT of it at the TPL face would be.

pub mod keep;
mod told;
mod unlisted;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::comparison::nightly;
use super::draft::Draft;
use super::polling::{self, Asks, Recurring};
use super::{Core, Decision, Refused};
use crate::connector::call::ListedDays;
use crate::domain::calendar;
use crate::domain::exception::LISTED_REFUSED;
use crate::domain::lane::JobState;
use crate::domain::model::Group;
use crate::domain::pull::{Stage, Walk};
use crate::jobs::letters;
use crate::store::peer;
use crate::store::pulled::{self, PulledRow};
use crate::store::task::{self, TaskRow};
use crate::store::{StoreError, test_group};

/// Kind of the job.
pub const PULL_REGISTRATIONS: &str = "pull_registrations";

/// A round that has not ended after so long is not gone on with: its cursor may be nobody's any more. One that failed for good
/// waits so long for a person, and then begins anew.
const STALE: SignedDuration = SignedDuration::from_hours(24);

/// Groups that are looked at together for the next one of the round.
const LOOK: u32 = 50;

/// Whether a student system is asked for flow 1.
///
/// # Errors
/// What the database says.
pub async fn is_asked(core: &Core, tenant: &str, peer: &str) -> Result<bool, StoreError> {
    let row = pulled::find(&core.db, tenant, peer).await?;
    Ok(row.is_some_and(|row| row.asked))
}

/// Says whether a student system is asked for flow 1, and from which day on; without one from today. What came before
/// stays, whichever way it came.
///
/// # Errors
/// [`Refused::Unknown`] for a peer that is not there; [`Refused::Invalid`] for one that is no student system.
pub async fn set(
    core: &Core,
    tenant: &str,
    by: &str,
    peer_id: &str,
    (asked, since): (bool, Option<Date>),
) -> Result<(), Refused> {
    core.decide::<_, Refused, _, _>(&[lock(tenant, peer_id)], || async {
        let found = peer::find(&core.db, tenant, peer_id).await?;
        let found = found.ok_or_else(|| Refused::unknown("peer", peer_id))?;
        if found.hat != "dr" {
            return Err(Refused::Invalid(format!(
                "peer `{peer_id}` is a `{}`: only a student system (`dr`) is asked for flow 1",
                found.hat
            )));
        }
        let mut draft = Draft::of(core, tenant, by);
        let known = pulled::find(&core.db, tenant, peer_id).await?;
        let since = since
            .or_else(|| known.as_ref().map(|known| known.since))
            .unwrap_or_else(|| calendar::day(draft.now));
        let same = known
            .as_ref()
            .map_or(!asked, |known| known.asked == asked && known.since == since);
        if !same {
            let how = match asked {
                true => format!("asked, from {since}"),
                false => "sends by itself".to_owned(),
            };
            draft.audit("registrations.set", ("peer", peer_id), how, b"");
            let row = PulledRow {
                tenant: tenant.to_owned(),
                peer: peer_id.to_owned(),
                asked,
                since,
                set_at: draft.now,
                wanted: false,
                // The first round, and the one after another first day, is a whole one.
                whole_due: None,
                walk: None,
                last: known.as_ref().and_then(|known| known.last),
                version: known.map_or(0, |known| known.version),
            };
            draft.put(row.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await?;
    polling::schedule(core, tenant, peer_id).await
}

/// Asks a student system for everything now rather than tonight.
///
/// # Errors
/// [`Refused::NotNow`] when it is not asked for flow 1, or no connector runs that can.
pub async fn now(core: &Core, tenant: &str, by: &str, peer: &str) -> Result<(), Refused> {
    let everybody = (Recurring::Registrations, Asks::default());
    if polling::wanted(core, tenant, peer, everybody).await?.is_none() {
        return Err(Refused::NotNow(format!(
            "peer `{peer}` is not asked for flow 1: set that it is, and have a connector run that can"
        )));
    }
    core.decide::<_, Refused, _, _>(&[lock(tenant, peer)], || async {
        let mut draft = Draft::of(core, tenant, by);
        let row = pulled::find(&core.db, tenant, peer).await?;
        if let Some(row) = row.filter(|row| row.asked && !row.wanted) {
            draft.put(PulledRow { wanted: true, ..row }.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await?;
    polling::now(core, tenant, peer, Recurring::Registrations, by).await
}

/// The round under way, or one that begins now. One whose cursor another revision made, that stands still since yesterday,
/// or beside which a person wants another, begins anew: what is known already changes nothing. `None` when the student system is not asked any more.
///
/// # Errors
/// What the database says.
pub async fn under_way(core: &Core, tenant: &str, peer: &str, revision: i64) -> Result<Option<PulledRow>, Refused> {
    core.decide::<_, Refused, _, _>(&[lock(tenant, peer)], || async {
        let mut draft = Draft::of(core, tenant, actor());
        let row = pulled::find(&core.db, tenant, peer).await?;
        let Some(row) = row.filter(|row| row.asked) else {
            return Ok(Decision {
                write_set: draft.finish(),
                answer: None,
            });
        };
        let is_fresh = |walk: &Walk| walk.revision == revision && draft.now.duration_since(walk.began) < STALE;
        if !row.wanted && row.walk.as_ref().is_some_and(is_fresh) {
            return Ok(Decision {
                write_set: draft.finish(),
                answer: Some(row),
            });
        }
        let was_whole = row.walk.as_ref().is_some_and(|walk| walk.whole);
        let whole = was_whole || row.wanted || row.whole_due.is_none_or(|due| due <= draft.now);
        let begun = PulledRow {
            wanted: false,
            whole_due: match whole {
                true => Some(nightly::next_night(draft.now)),
                false => row.whole_due,
            },
            walk: Some(Walk::beginning(revision, draft.now, whole, row.since)),
            ..row
        };
        draft.put(begun.next());
        Ok(Decision {
            write_set: draft.finish(),
            answer: Some(PulledRow {
                version: begun.version + 1,
                ..begun
            }),
        })
    })
    .await
}

/// Has rounds that failed for good begin anew once they have stood still for a day: what stood in the way may be gone, and
/// where it is not, a person hears of it again.
///
/// # Errors
/// When the schools or who is asked can't be read; what fails for one is logged and does not hold up the others.
pub async fn restart_dead(core: &Core) -> Result<(), StoreError> {
    for school in core.db.tenants().await? {
        let tenant = school.tenant.as_str();
        for row in pulled::asked(&core.db, tenant).await? {
            if let Err(error) = restart(core, tenant, &row.peer).await {
                warn!(%tenant, peer = %row.peer, "could not have a round of asking begin anew: {error}");
            }
        }
    }
    Ok(())
}

async fn restart(core: &Core, tenant: &str, peer: &str) -> Result<(), Refused> {
    core.decide::<_, Refused, _, _>(&[lock(tenant, peer)], || async {
        let mut draft = Draft::of(core, tenant, "host");
        let row = pulled::find(&core.db, tenant, peer).await?;
        let everybody = (Recurring::Registrations, Asks::default());
        let job = polling::open(core, tenant, peer, everybody).await?;
        let dead = job.filter(|job| job.state == JobState::Dead);
        if let (Some(row), Some(letter)) = (row.filter(|row| row.asked), dead) {
            let since = row.walk.as_ref().map_or(letter.due_at, |walk| walk.began);
            if draft.now.duration_since(since) >= STALE {
                letters::requeue_in(&mut draft, letter).await?;
            }
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// When the next round is due: at the next turn, at night, or at once where a person wants one.
///
/// # Errors
/// What the database says.
pub async fn next_round(
    core: &Core,
    tenant: &str,
    peer: &str,
    every: std::time::Duration,
) -> Result<Timestamp, StoreError> {
    let turn = polling::next_round(core.now(), every);
    let row = pulled::find(&core.db, tenant, peer).await?;
    Ok(match row {
        Some(row) if row.wanted => core.now(),
        Some(row) => row.whole_due.map_or(turn, |due| due.min(turn)),
        None => turn,
    })
}

/// The days that the lists of a round are asked for.
#[must_use]
pub fn days(walk: &Walk) -> ListedDays {
    ListedDays {
        since: Some(walk.since),
        until: walk.until,
    }
}

/// The planbare toets or group whose list comes next; `None` after the last.
///
/// # Errors
/// What the database says.
pub async fn next_of(core: &Core, row: &PulledRow, walk: &Walk) -> Result<Option<String>, StoreError> {
    let of = (row.tenant.as_str(), row.peer.as_str());
    match &walk.stage {
        Stage::Associations { of: Some(id), .. } | Stage::Members { of: Some(id), .. } => Ok(Some(id.clone())),
        Stage::Associations { after, of: None } => {
            let ids = pulled::plannables_after(&core.db, of, period(walk), (after, 1)).await?;
            Ok(ids.into_iter().next())
        }
        Stage::Members { after, of: None } => next_group(core, of, walk, after).await,
        Stage::Offerings | Stage::Groups | Stage::Persons { .. } => Ok(None),
    }
}

async fn next_group(
    core: &Core,
    (tenant, peer): (&str, &str),
    walk: &Walk,
    after: &str,
) -> Result<Option<String>, StoreError> {
    let mut after = after.to_owned();
    loop {
        let ids = pulled::groups_after(&core.db, (tenant, peer), (&after, LOOK)).await?;
        let Some(last) = ids.last().cloned() else {
            return Ok(None);
        };
        for id in ids {
            let group = test_group::find(&core.db, tenant, &id).await?;
            if group.is_some_and(|group| overlaps(&group.facts, walk)) {
                return Ok(Some(id));
            }
        }
        after = last;
    }
}

fn overlaps(group: &Group, walk: &Walk) -> bool {
    group.end.is_none_or(|end| end >= walk.since)
        && walk
            .until
            .is_none_or(|until| group.start.is_none_or(|start| start <= until))
}

/// The moments between which the days of a round lie: its last, its first.
fn period(walk: &Walk) -> (Timestamp, Timestamp) {
    let begin = |day: Date| calendar::midnight(day).ok();
    let until = walk.until.and_then(|until| until.tomorrow().ok()).and_then(begin);
    let since = begin(walk.since);
    (until.unwrap_or(Timestamp::MAX), since.unwrap_or(Timestamp::MIN))
}

/// What a student system listed and could not be taken, oldest first: open until it can.
///
/// # Errors
/// What the database says.
pub async fn refused(core: &Core, tenant: &str, peer: &str) -> Result<Vec<TaskRow>, StoreError> {
    task::open_of_kind(&core.db, tenant, (peer, LISTED_REFUSED)).await
}

fn actor() -> String {
    format!("job:{PULL_REGISTRATIONS}")
}

fn lock(tenant: &str, peer: &str) -> String {
    format!("pulled/{tenant}/{peer}")
}
