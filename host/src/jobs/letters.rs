//! Dead letters: made when a job fails for good, ended by a person (again, or never) or by a newer full-state message
//! about the same object.

use crate::app::{CommitError, Core, Decision, Draft, Refused};
use crate::domain::lane::JobState;
use crate::store::StoreError;
use crate::store::job::{self, JobRow};
use crate::store::peer;
use crate::store::task::{self, NewTask};
use crate::store::write_set::{AuditEntry, WriteSet};

/// Kind of the tasks about dead letters.
pub const DEAD_LETTER: &str = "dead-letter";

/// Why a person's decision on a dead letter was refused.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// There is no such job.
    #[error("there is no job {0}")]
    Unknown(String),
    /// It is not dead (any more).
    #[error("job {id} is {} and not dead, so there is nothing to decide", state.as_str())]
    NotDead {
        /// The job.
        id: String,
        /// Its state now.
        state: JobState,
    },
    /// Dismissing needs a reason.
    #[error("dismissing a message needs a reason: say why it needn't be delivered")]
    NoReason,
    /// The database failed.
    #[error("could not read or store the decision")]
    Store(#[from] StoreError),
    /// The decision could not be stored.
    #[error("could not store the decision")]
    Commit(#[from] CommitError),
}

/// Puts a dead letter back in its lane, due at once, with its strikes wiped.
///
/// # Errors
/// [`LetterError`].
pub async fn requeue(core: &Core, tenant: &str, id: &str, actor: &str) -> Result<(), LetterError> {
    let verb = || async {
        let mut job = dead(core, tenant, id).await?;
        let now = core.now();
        job.state = JobState::Ready;
        job.strikes = 0;
        job.due_at = now;
        let mut set = WriteSet::of(tenant);
        close_tasks(core, &mut set, &job, actor, "opnieuw in de rij gezet").await?;
        set.audit(entry(actor, "job.requeue", &job, ""));
        set.put(job.next());
        Ok(Decision {
            write_set: set,
            answer: (),
        })
    };
    core.decide(&[], verb).await
}

/// The same as part of another change, for a letter that was read with it.
///
/// # Errors
/// What the database says.
pub async fn requeue_in(draft: &mut Draft<'_>, letter: JobRow) -> Result<(), Refused> {
    let subject = ("job", letter.id.as_str());
    let resolution = "opnieuw in de rij gezet";
    draft.close(DEAD_LETTER, subject, resolution).await?;
    draft.audit("job.requeue", subject, String::new(), letter.payload.as_bytes());
    let requeued = JobRow {
        state: JobState::Ready,
        strikes: 0,
        due_at: draft.now,
        ..letter
    };
    draft.put(requeued.next());
    Ok(())
}

/// Ends a dead letter without its effect; the lane goes on.
///
/// # Errors
/// [`LetterError`].
pub async fn dismiss(core: &Core, tenant: &str, id: &str, actor: &str, reason: &str) -> Result<(), LetterError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(LetterError::NoReason);
    }
    let verb = || async {
        let mut job = dead(core, tenant, id).await?;
        job.state = JobState::Dismissed;
        job.finished_at = Some(core.now());
        let mut set = WriteSet::of(tenant);
        close_tasks(core, &mut set, &job, actor, &format!("afgewezen: {reason}")).await?;
        set.audit(entry(actor, "job.dismiss", &job, reason));
        set.put(job.next());
        Ok(Decision {
            write_set: set,
            answer: (),
        })
    };
    core.decide(&[], verb).await
}

/// Lets every dead letter of a peer give way to a full-state message that came into its lane later.
pub(super) async fn give_way_to_newer(core: &Core, tenant: &str, peer: &str) -> Result<(), CommitError> {
    for letter in job::outdated_letters(&core.db, tenant, peer).await? {
        give_way(core, tenant, &letter).await?;
    }
    Ok(())
}

async fn give_way(core: &Core, tenant: &str, id: &str) -> Result<(), CommitError> {
    let verb = || async {
        let mut set = WriteSet::of(tenant);
        // A person may have decided on it meanwhile.
        if let Some(mut letter) = job::find(&core.db, tenant, id).await?
            && letter.state == JobState::Dead
        {
            letter.state = JobState::Superseded;
            letter.finished_at = Some(core.now());
            let resolution = "vervangen door een nieuwer bericht over hetzelfde";
            close_tasks(core, &mut set, &letter, "host", resolution).await?;
            note_superseded(&mut set, &letter);
            set.put(letter.next());
        }
        Ok(Decision {
            write_set: set,
            answer: (),
        })
    };
    core.decide::<(), CommitError, _, _>(&[], verb).await
}

/// Whether a later full-state message waits in the lane, so that a job that fails for good needs no person.
pub(super) async fn has_successor(core: &Core, job: &JobRow) -> Result<bool, StoreError> {
    let open = job::open_in_lane(&core.db, &job.tenant, &job.place.lane).await?;
    Ok(open
        .iter()
        .any(|other| other.full_state && other.place.seq > job.place.seq))
}

pub(super) fn note_superseded(set: &mut WriteSet, job: &JobRow) {
    set.audit(entry("host", "job.supersede", job, ""));
}

/// Adds the task and the audit entry of a new dead letter.
pub(super) async fn note_dead(core: &Core, set: &mut WriteSet, job: &JobRow) -> Result<(), StoreError> {
    let peer = peer::find(&core.db, &job.tenant, &job.peer).await?;
    let receiver = peer.map_or_else(|| "een taak van de host".to_owned(), |peer| peer.name);
    let flow = job.flow.map(|flow| format!(" (stroom {flow})")).unwrap_or_default();
    let task = NewTask {
        kind: DEAD_LETTER.to_owned(),
        owner: "beheren".to_owned(),
        unit: None,
        peer: Some(job.peer.clone()).filter(|peer| !peer.is_empty()),
        subject_kind: "job".to_owned(),
        subject_id: job.id.clone(),
        title: format!("Bericht aan {receiver}{flow} komt niet door"),
        next_step: "Bekijk de foutmelding en neem de oorzaak weg. Zet het bericht daarna opnieuw in de rij, of wijs \
                    het af met een reden. Latere berichten over hetzelfde wachten zolang."
            .to_owned(),
    };
    set.put(task.write(&job.tenant, &core.id(), core.now()));
    let blame = job.blame.map_or("", |blame| blame.as_str());
    set.audit(entry("host", "job.dead", job, blame));
    Ok(())
}

async fn dead(core: &Core, tenant: &str, id: &str) -> Result<JobRow, LetterError> {
    let job = job::find(&core.db, tenant, id).await?;
    let job = job.ok_or_else(|| LetterError::Unknown(id.to_owned()))?;
    match job.state {
        JobState::Dead => Ok(job),
        state => Err(LetterError::NotDead {
            id: id.to_owned(),
            state,
        }),
    }
}

async fn close_tasks(
    core: &Core,
    set: &mut WriteSet,
    job: &JobRow,
    by: &str,
    resolution: &str,
) -> Result<(), StoreError> {
    for task in task::open_about(&core.db, &job.tenant, "job", &job.id).await? {
        set.put(task.closed(by, resolution, core.now()));
    }
    Ok(())
}

fn entry(actor: &str, verb: &'static str, job: &JobRow, detail: &str) -> AuditEntry {
    AuditEntry {
        actor: actor.to_owned(),
        verb,
        subject_kind: "job",
        subject_id: job.id.clone(),
        detail: detail.to_owned(),
        content: job.payload.clone().into_bytes(),
    }
}
