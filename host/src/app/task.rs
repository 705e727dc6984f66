//! Tasks: exceptions that a person looked at are closed with what was done.

use super::account::{SignedIn, actor};
use super::{CommitError, Core, Decision, account};
use crate::domain::principal::{Duty, Refusal, WHOLE_SCHOOL};
use crate::store::{AuditEntry, StoreError, WriteSet, task};

/// Why a task can't be closed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// There is none.
    #[error("there is no task {0} in this school")]
    Unknown(String),
    /// It is closed.
    #[error("task {0} is closed already")]
    Closed(String),
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
    let tenant = &who.tenant;
    core.decide(&[format!("task/{tenant}/{id}")], || async {
        let row = task::find(&core.db, tenant, id)
            .await?
            .ok_or_else(|| TaskError::Unknown(id.to_owned()))?;
        if row.closed.is_some() {
            return Err(TaskError::Closed(id.to_owned()));
        }
        let duty =
            Duty::from_name(&row.about.owner).ok_or_else(|| StoreError::unknown_word("owner", &row.about.owner))?;
        let unit = row.about.unit.clone().unwrap_or_else(|| WHOLE_SCHOOL.to_owned());
        let lineage = account::lineage(&core.db, tenant, &unit).await?;
        who.account.holding(duty, &lineage, core.now())?;
        let mut write_set = WriteSet::of(tenant);
        write_set.audit(AuditEntry {
            actor: actor(&who.account.id),
            verb: "task.close",
            subject_kind: "task",
            subject_id: id.to_owned(),
            detail: row.about.kind.clone(),
            content: resolution.as_bytes().to_vec(),
        });
        write_set.put(row.closed(&actor(&who.account.id), resolution, core.now()));
        Ok(Decision { write_set, answer: () })
    })
    .await
}
