//! What follows when something about a peer was mended, a revision or an endpoint: what waited for that goes on at once.

use futures_util::future::join_all;
use tracing::warn;

use super::{CommitError, Core, Decision, Draft, Refused, polling};
use crate::domain::exception::{CREDENTIALS_REFUSED, NOT_RUNNING};
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::jobs::peers;
use crate::store::job::{self, JobRow};
use crate::store::write_set::WriteSet;
use crate::store::{peer, task};

/// The most jobs of a peer looked through at once; what is beyond has its turn by its own time.
const MOST_JOBS: u32 = 10_000;
/// Jobs brought forward side by side, for the committer to take together.
const SIDE_BY_SIDE: usize = 64;

/// Lets go on what waited. What was mended is stored already, so that a failure here is only logged: the work goes on
/// by its own time, and the server's start makes up for what is asked again and again.
pub(super) async fn follow_up(core: &Core, tenant: &str, peer: &str) {
    if let Err(error) = go_on(core, tenant, peer).await {
        warn!(%tenant, %peer, "could not take up at once what waited for {peer}: {error}");
    }
}

async fn go_on(core: &Core, tenant: &str, peer: &str) -> Result<(), Refused> {
    polling::schedule(core, tenant, peer).await?;
    let was_shut = open_the_way(core, tenant, peer).await?;
    // Letters that the vendor refused stay a person's.
    let dead = job::of_peer(&core.db, tenant, peer, JobState::Dead, MOST_JOBS).await?;
    for letter in dead.iter().filter(|letter| letter.blame != Some(Blame::Vendor)) {
        polling::requeue(core, tenant, &letter.id, "host").await?;
    }
    let mut waiting = job::of_peer(&core.db, tenant, peer, JobState::Ready, MOST_JOBS).await?;
    let now = core.now();
    waiting.retain(|job| job.due_at > now && failed_of_it(job, was_shut));
    for some in waiting.chunks(SIDE_BY_SIDE) {
        let commits = some.iter().map(|job| {
            let job = JobRow {
                due_at: now,
                ..job.clone()
            };
            let mut set = WriteSet::of(tenant);
            set.put(job.next());
            core.commit(set)
        });
        for outcome in join_all(commits).await {
            match outcome {
                // A conflict: it was taken up already.
                Ok(()) | Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Whether a waiting job failed for what may be mended now.
fn failed_of_it(job: &JobRow, was_shut: bool) -> bool {
    match job.blame {
        Some(Blame::Host | Blame::Connector) => true,
        Some(Blame::Vendor) => was_shut,
        None => false,
    }
}

/// Closes the exceptions that said that the peer as a whole can't be called, and ends the wait that followed from it;
/// a wait that the vendor asked for stays. Says whether there was any.
async fn open_the_way(core: &Core, tenant: &str, id: &str) -> Result<bool, Refused> {
    core.decide(&[peers::lock(tenant, id)], || async {
        let mut draft = Draft::of(core, tenant, "host");
        let subject = ("peer", id);
        let open = task::open_about(&core.db, tenant, subject.0, subject.1).await?;
        let of_calls = [NOT_RUNNING, CREDENTIALS_REFUSED];
        let was_shut = open.iter().any(|task| of_calls.contains(&task.about.kind.as_str()));
        for kind in of_calls {
            let resolution = "De koppeling is aangepast; wat wachtte gaat verder.";
            draft.close(kind, subject, resolution).await?;
        }
        if let Some(mut row) = peer::find(&core.db, tenant, id).await?
            && was_shut
            && row.breaker.open_until.is_some()
        {
            row.breaker.open_until = None;
            draft.put(row.next());
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: was_shut,
        })
    })
    .await
}
