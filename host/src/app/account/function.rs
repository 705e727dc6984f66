//! Functions: granted and taken back, where the separation of duties is judged.

use jiff::Timestamp;

use super::{AccountError, actor, assignment_row, entry, unknown, with_assignments};
use crate::app::{Core, Decision};
use crate::domain::principal::{Assignment, Duty, WHOLE_SCHOOL};
use crate::store::WriteSet;
use crate::store::account::{AccountRow, AssignmentRow};

/// What is told of a function to grant.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Which function.
    pub duty: Duty,
    /// For which unit.
    pub unit: String,
    /// By mandate of the examencommissie.
    pub mandate: bool,
    /// From when; now when absent.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Grants a function; returns the assignment's id. The separation of duties is judged here, where it is written.
///
/// # Errors
/// [`AccountError::Refused`] when it may not be combined with what is held; unknown account or unit.
pub async fn grant(core: &Core, tenant: &str, by: &str, account: &str, grant: &Grant) -> Result<String, AccountError> {
    core.decide(&[format!("account/{tenant}/{account}")], || async {
        let row = core
            .db
            .account(tenant, account)
            .await?
            .ok_or_else(|| unknown("account", account))?;
        if grant.unit != WHOLE_SCHOOL && !core.db.units(tenant).await?.iter().any(|unit| unit.id == grant.unit) {
            return Err(unknown("unit", &grant.unit));
        }
        let holder = with_assignments(core, row.clone()).await?;
        let assignment = Assignment {
            id: core.id(),
            duty: grant.duty,
            unit: grant.unit.clone(),
            mandate: grant.mandate,
            from: grant.from.unwrap_or_else(|| core.now()),
            until: grant.until,
            withdrawn: None,
            granted_by: by.to_owned(),
        };
        holder.may_receive(&assignment)?;
        let mut write_set = WriteSet::of(tenant);
        // The account's version moves, so that two grants at once, here or on another node, see each other.
        let touched = AccountRow {
            version: row.version + 1,
            ..row
        };
        write_set
            .put(touched.write())
            .put(assignment_row(tenant, account, &assignment).write());
        let detail = format!(
            "{} for {}{}",
            grant.duty.name(),
            grant.unit,
            if grant.mandate { ", by mandate" } else { "" }
        );
        write_set.audit(entry(&actor(by), "account.grant", "account", account, detail));
        Ok(Decision {
            write_set,
            answer: assignment.id,
        })
    })
    .await
}

/// Takes a function back from now on.
///
/// # Errors
/// [`AccountError`]: unknown account or assignment.
pub async fn withdraw(
    core: &Core,
    tenant: &str,
    by: &str,
    account: &str,
    assignment: &str,
) -> Result<(), AccountError> {
    core.decide(&[format!("account/{tenant}/{account}")], || async {
        let rows = core.db.assignments(tenant, account).await?;
        let row = rows
            .into_iter()
            .find(|row| row.id == assignment)
            .ok_or_else(|| unknown("assignment", assignment))?;
        let mut write_set = WriteSet::of(tenant);
        if row.withdrawn_at.is_none() {
            let withdrawn = AssignmentRow {
                withdrawn_at: Some(core.now()),
                version: row.version + 1,
                ..row
            };
            write_set.put(withdrawn.write());
            write_set.audit(entry(
                &actor(by),
                "account.withdraw",
                "account",
                account,
                assignment.to_owned(),
            ));
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}
