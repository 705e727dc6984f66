//! Whether an account may come in at all: disabled and enabled again, and its token renewed.

use super::{AccountError, Token, actor, entry, one_account_per_person, unknown, with_assignments};
use crate::app::{Core, Decision};
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::account::{AccountRow, SessionRow};
use crate::store::{StoreError, WriteSet};

/// Who renews a token at the machine itself, with the master key, as the audit chain names it.
pub const HOST: &str = "host";

/// Shuts an account out from now on, with the browsers that are signed in. What it did keeps its name.
///
/// # Errors
/// [`AccountError`]: no reason, unknown, or the last that holds `beheren` for the whole school.
pub async fn disable(core: &Core, tenant: &str, by: &str, account: &str, reason: &str) -> Result<(), AccountError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(AccountError::NoReason);
    }
    core.decide(&[format!("accounts/{tenant}")], || async {
        let row = found(core, tenant, account).await?;
        let mut write_set = WriteSet::of(tenant);
        if row.disabled {
            return Ok(Decision { write_set, answer: () });
        }
        if manages(core, &row).await? {
            // The other account's version moves, so that two that disable each other at once, here or on another
            // node, see each other.
            let other = another_that_manages(core, tenant, account).await?;
            let other = other.ok_or_else(|| AccountError::LastWithBeheren(account.to_owned()))?;
            write_set.put(next(other).write());
        }
        let disabled = AccountRow {
            disabled: true,
            ..next(row)
        };
        write_set.put(disabled.write());
        end_sessions(core, tenant, account, &mut write_set).await?;
        write_set.audit(entry(
            &actor(by),
            "account.disable",
            "account",
            account,
            reason.to_owned(),
        ));
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// Lets an account in again, with the token it had.
///
/// # Errors
/// [`AccountError`]: unknown, or its person has another account by now.
pub async fn enable(core: &Core, tenant: &str, by: &str, account: &str) -> Result<(), AccountError> {
    core.decide(&[format!("accounts/{tenant}")], || async {
        let row = found(core, tenant, account).await?;
        let mut write_set = WriteSet::of(tenant);
        if !row.disabled {
            return Ok(Decision { write_set, answer: () });
        }
        if let Some(person) = &row.person_id {
            one_account_per_person(core, tenant, person).await?;
        }
        let enabled = AccountRow {
            disabled: false,
            ..next(row)
        };
        write_set.put(enabled.write());
        write_set.audit(entry(&actor(by), "account.enable", "account", account, String::new()));
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// Gives an account another token, shown once. The old one, and the browsers that signed in with it, end at once. `by`
/// is an account as the chain names it ([`actor`]), or [`HOST`].
///
/// # Errors
/// [`AccountError`]: unknown, or disabled.
pub async fn renew(core: &Core, tenant: &str, by: &str, account: &str) -> Result<Token, AccountError> {
    let token = Token::draw(&*core.world.random, "oke");
    core.decide(&[format!("accounts/{tenant}")], || async {
        let row = found(core, tenant, account).await?;
        if row.disabled {
            return Err(AccountError::Disabled(account.to_owned()));
        }
        let renewed = AccountRow {
            token_hash: token.digest(),
            ..next(row)
        };
        let mut write_set = WriteSet::of(tenant);
        write_set.put(renewed.write());
        end_sessions(core, tenant, account, &mut write_set).await?;
        write_set.audit(entry(by, "account.renew", "account", account, String::new()));
        Ok(Decision { write_set, answer: () })
    })
    .await?;
    Ok(token)
}

async fn found(core: &Core, tenant: &str, account: &str) -> Result<AccountRow, AccountError> {
    let row = core.db.account(tenant, account).await?;
    row.ok_or_else(|| unknown("account", account))
}

fn next(row: AccountRow) -> AccountRow {
    AccountRow {
        version: row.version + 1,
        ..row
    }
}

/// Whether this account may grant functions now.
async fn manages(core: &Core, row: &AccountRow) -> Result<bool, StoreError> {
    let account = with_assignments(core, row.clone()).await?;
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    Ok(account.holding(Duty::Beheren, &everywhere, core.now()).is_ok())
}

async fn another_that_manages(core: &Core, tenant: &str, account: &str) -> Result<Option<AccountRow>, StoreError> {
    for row in core.db.accounts(tenant).await? {
        if row.id != account && !row.disabled && manages(core, &row).await? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

async fn end_sessions(core: &Core, tenant: &str, account: &str, write_set: &mut WriteSet) -> Result<(), StoreError> {
    for session in core.db.open_web_sessions(tenant, account).await? {
        let ended = SessionRow {
            ended: true,
            version: session.version + 1,
            ..session
        };
        write_set.put(ended.write());
    }
    Ok(())
}
