//! Who is signed in: by a token, or by the session of a browser that was opened with one.

use jiff::SignedDuration;

use super::{AccountError, Token, actor, digest, entry, with_assignments};
use crate::app::{Core, Decision};
use crate::domain::principal::Account;
use crate::store::account::{AccountRow, SessionRow};
use crate::store::{StoreError, WriteSet};

/// How long a browser stays signed in.
pub const SESSION_LASTS: SignedDuration = SignedDuration::from_hours(10);

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The school.
    pub tenant: String,
    /// Name on pages.
    pub name: String,
    /// The account, as the rules know it.
    pub account: Account,
}

/// Whose token this is, if anybody's who may still sign in.
///
/// # Errors
/// What the database says.
pub async fn by_token(core: &Core, token: &str) -> Result<Option<SignedIn>, StoreError> {
    match core.db.account_by_token(&digest(token)).await? {
        Some(row) if !row.disabled => signed_in(core, row).await.map(Some),
        _ => Ok(None),
    }
}

/// A browser that signed in: the cookie's secret and the word each form carries.
pub struct NewSession {
    /// For the cookie.
    pub cookie: Token,
    /// For the forms.
    pub csrf: String,
}

/// Opens a session for a token.
///
/// # Errors
/// [`AccountError`], when it can't be stored; `Ok(None)` for a token that is nobody's.
pub async fn sign_in(core: &Core, token: &str) -> Result<Option<NewSession>, AccountError> {
    let Some(who) = by_token(core, token).await? else {
        return Ok(None);
    };
    let cookie = Token::draw(&*core.world.random, "okes");
    let csrf = Token::draw(&*core.world.random, "csrf").reveal().to_owned();
    let now = core.now();
    let row = SessionRow {
        token_hash: cookie.digest(),
        tenant: who.tenant.clone(),
        account: who.account.id.clone(),
        csrf: csrf.clone(),
        created_at: now,
        expires_at: now + SESSION_LASTS,
        ended: false,
        version: 1,
    };
    let mut write_set = WriteSet::of(&who.tenant);
    write_set.put(row.write());
    write_set.audit(entry(
        &actor(&who.account.id),
        "session.open",
        "account",
        &who.account.id,
        String::new(),
    ));
    core.commit(write_set).await?;
    Ok(Some(NewSession { cookie, csrf }))
}

/// Whose browser this is, and the word its forms must carry.
///
/// # Errors
/// What the database says.
pub async fn by_cookie(core: &Core, cookie: &str) -> Result<Option<(SignedIn, String)>, StoreError> {
    let Some(session) = core.db.web_session(&digest(cookie)).await? else {
        return Ok(None);
    };
    if session.ended || session.expires_at <= core.now() {
        return Ok(None);
    }
    match core.db.account(&session.tenant, &session.account).await? {
        Some(row) if !row.disabled => Ok(Some((signed_in(core, row).await?, session.csrf))),
        _ => Ok(None),
    }
}

/// Ends a session.
///
/// # Errors
/// [`AccountError`], when it can't be stored.
pub async fn sign_out(core: &Core, cookie: &str) -> Result<(), AccountError> {
    core.decide(&[], || async {
        let Some(session) = core.db.web_session(&digest(cookie)).await? else {
            return Ok(Decision {
                write_set: WriteSet::default(),
                answer: (),
            });
        };
        let mut write_set = WriteSet::of(&session.tenant);
        if !session.ended {
            write_set.audit(entry(
                &actor(&session.account),
                "session.end",
                "account",
                &session.account,
                String::new(),
            ));
            write_set.put(
                SessionRow {
                    ended: true,
                    version: session.version + 1,
                    ..session
                }
                .write(),
            );
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}

async fn signed_in(core: &Core, row: AccountRow) -> Result<SignedIn, StoreError> {
    let (tenant, name) = (row.tenant.clone(), row.name.clone());
    Ok(SignedIn {
        tenant,
        name,
        account: with_assignments(core, row).await?,
    })
}
