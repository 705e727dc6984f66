//! Freezes: times in which no connector is rolled out, from the exam calendar. A rollback is never held up.

use jiff::Timestamp;

use super::account::actor;
use super::{Core, Decision, Draft, Refused};
use crate::domain::label;
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::domain::rollout::Freeze;
use crate::store::{StoreError, freeze};

/// Who keeps the exam calendar: the examenbureau or functioneel beheer, of the whole school.
fn may_keep(account: &Account, now: Timestamp) -> Result<(), Refused> {
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    if account.holding(Duty::Plannen, &everywhere, now).is_ok() {
        return Ok(());
    }
    account.holding(Duty::Beheren, &everywhere, now)?;
    Ok(())
}

/// The freezes that hold now or later, by beginning.
///
/// # Errors
/// What the database says.
pub async fn coming(core: &Core, tenant: &str) -> Result<Vec<Freeze>, StoreError> {
    freeze::ending_after(&core.db, tenant, core.now()).await
}

/// Enters a freeze; returns its id.
///
/// # Errors
/// [`Refused`]: an end before its beginning or in the past, no name, or a function that is not held.
pub async fn enter(
    core: &Core,
    tenant: &str,
    account: &Account,
    (from, until): (Timestamp, Timestamp),
    name: &str,
) -> Result<String, Refused> {
    may_keep(account, core.now())?;
    if until <= from || until <= core.now() {
        return Err(Refused::Invalid(format!(
            "a freeze from {from} until {until} holds nothing up: give an end after its beginning, and after now"
        )));
    }
    let name = label::tidy(name).map_err(|why| Refused::Invalid(format!("the name can't be used: {why}")))?;
    core.decide(&[format!("freeze/{tenant}")], || async {
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let freeze = Freeze {
            id: core.id(),
            from,
            until,
            name: name.clone(),
            entered_by: account.id.clone(),
            withdrawn_at: None,
            version: 0,
        };
        draft.audit(
            "freeze.enter",
            ("freeze", &freeze.id),
            format!("{from} until {until}"),
            b"",
        );
        draft.put(freeze::next(tenant, &freeze));
        Ok(Decision {
            write_set: draft.finish(),
            answer: freeze.id,
        })
    })
    .await
}

/// Withdraws a freeze. A second time does nothing.
///
/// # Errors
/// [`Refused`]: no such freeze, or a function that is not held.
pub async fn withdraw(core: &Core, tenant: &str, account: &Account, id: &str) -> Result<(), Refused> {
    may_keep(account, core.now())?;
    core.decide(&[format!("freeze/{tenant}")], || async {
        let mut draft = Draft::of(core, tenant, actor(&account.id));
        let known = freeze::find(&core.db, tenant, id).await?;
        let known = known.ok_or_else(|| Refused::unknown("freeze", id))?;
        if known.withdrawn_at.is_none() {
            let withdrawn = Freeze {
                withdrawn_at: Some(draft.now),
                ..known
            };
            draft.audit("freeze.withdraw", ("freeze", id), String::new(), b"");
            draft.put(freeze::next(tenant, &withdrawn));
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}
