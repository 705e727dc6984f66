//! Tasks: exceptions that a person takes up, gives back, and closes with what was done.

use super::account::{SignedIn, actor};
use super::{CommitError, Core, Decision, account};
use crate::domain::principal::{Duty, Refusal, WHOLE_SCHOOL};
use crate::store::task::{self, Claim, TaskRow};
use crate::store::write_set::Write;
use crate::store::{AuditEntry, StoreError, WriteSet};

/// Why a task can't be closed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// There is none.
    #[error("there is no task {0} in this school")]
    Unknown(String),
    /// It is closed.
    #[error("task {0} is closed already")]
    Closed(String),
    /// Somebody else is at it.
    #[error("task {id} was taken up by {account}; take it over with `takeOver`, and they see that you did")]
    Claimed {
        /// The task.
        id: String,
        /// Who has it.
        account: String,
    },
    /// There is nothing to give back.
    #[error("task {0} was not taken up by you, so that you can't give it back")]
    NotYours(String),
    /// Nobody said what was done.
    #[error("say what was done, so that others can follow it later")]
    NoResolution,
    /// Somebody else's.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Closes a task. It takes the function that owns it, for its unit.
///
/// # Errors
/// [`TaskError`].
pub async fn close(core: &Core, who: &SignedIn, id: &str, resolution: &str) -> Result<(), TaskError> {
    if resolution.trim().is_empty() {
        return Err(TaskError::NoResolution);
    }
    core.decide(&[key(who, id)], || async {
        let row = own(core, who, id).await?;
        let detail = row.about.kind.clone();
        let by = actor(&who.account.id);
        let write = row.closed(&by, resolution, core.now());
        Ok(changed(who, "task.close", (id, detail), resolution, write))
    })
    .await
}

/// Takes a task up: others see who is at it and since when. It takes the function that owns it, for its unit. What
/// somebody else has taken up is taken over on purpose only, and the audit says from whom.
///
/// # Errors
/// [`TaskError`].
pub async fn claim(core: &Core, who: &SignedIn, id: &str, take_over: bool) -> Result<(), TaskError> {
    core.decide(&[key(who, id)], || async {
        let row = own(core, who, id).await?;
        let me = &who.account.id;
        let (verb, detail) = match &row.claimed {
            // A repeat changes nothing, not even since when.
            Some(claim) if claim.account == *me => {
                let write_set = WriteSet::of(&who.tenant);
                return Ok(Decision { write_set, answer: () });
            }
            Some(claim) if !take_over => {
                return Err(TaskError::Claimed {
                    id: id.to_owned(),
                    account: claim.account.clone(),
                });
            }
            Some(claim) => ("task.take-over", format!("{} from {}", row.about.kind, claim.account)),
            None => ("task.claim", row.about.kind.clone()),
        };
        let claimed = Claim {
            account: me.clone(),
            at: core.now(),
        };
        let taken = TaskRow {
            claimed: Some(claimed),
            ..row
        };
        Ok(changed(who, verb, (id, detail), "", taken.next()))
    })
    .await
}

/// Gives a task back that one has taken up oneself.
///
/// # Errors
/// [`TaskError`].
pub async fn release(core: &Core, who: &SignedIn, id: &str) -> Result<(), TaskError> {
    core.decide(&[key(who, id)], || async {
        // Who has lost the function meanwhile may still give it back.
        let row = open(core, who, id).await?;
        if row.claimed.as_ref().is_none_or(|claim| claim.account != who.account.id) {
            return Err(TaskError::NotYours(id.to_owned()));
        }
        let detail = row.about.kind.clone();
        let free = TaskRow { claimed: None, ..row };
        Ok(changed(who, "task.release", (id, detail), "", free.next()))
    })
    .await
}

fn key(who: &SignedIn, id: &str) -> String {
    format!("task/{}/{id}", who.tenant)
}

async fn open(core: &Core, who: &SignedIn, id: &str) -> Result<TaskRow, TaskError> {
    let row = task::find(&core.db, &who.tenant, id).await?;
    let row = row.ok_or_else(|| TaskError::Unknown(id.to_owned()))?;
    match row.closed {
        Some(_) => Err(TaskError::Closed(id.to_owned())),
        None => Ok(row),
    }
}

/// An open task whose function the account holds for its unit.
async fn own(core: &Core, who: &SignedIn, id: &str) -> Result<TaskRow, TaskError> {
    let row = open(core, who, id).await?;
    let duty = Duty::from_name(&row.about.owner).ok_or_else(|| StoreError::unknown_word("owner", &row.about.owner))?;
    let unit = row.about.unit.clone().unwrap_or_else(|| WHOLE_SCHOOL.to_owned());
    let lineage = account::lineage(&core.db, &who.tenant, &unit).await?;
    who.account.holding(duty, &lineage, core.now())?;
    Ok(row)
}

fn changed(
    who: &SignedIn,
    verb: &'static str,
    (id, detail): (&str, String),
    content: &str,
    write: Write,
) -> Decision<()> {
    let mut write_set = WriteSet::of(&who.tenant);
    write_set.audit(AuditEntry {
        actor: actor(&who.account.id),
        verb,
        subject_kind: "task",
        subject_id: id.to_owned(),
        detail,
        content: content.as_bytes().to_vec(),
    });
    write_set.put(write);
    Decision { write_set, answer: () }
}
