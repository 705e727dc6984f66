//! Schools, accounts and what they may do: made once by `oke init`, then by functioneel beheer.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};

use super::unit::Units;
use super::{CommitError, Core, Decision};
use crate::domain::clock::Random;
use crate::domain::principal::{self, Account, Assignment, Duty, WHOLE_SCHOOL};
use crate::store::account::{AccountRow, AssignmentRow, SessionRow};
use crate::store::tenant::{TenantRow, UnitRow};
use crate::store::{AuditEntry, Database, StoreError, WriteSet};

/// How long a browser stays signed in.
pub const SESSION_LASTS: SignedDuration = SignedDuration::from_hours(10);

/// Why an account can't be made, granted or signed in.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A name that can't stand in an address.
    #[error("`{0}` can't be used as a name: use 2 to 40 small letters, digits and dashes, beginning with a letter")]
    BadName(String),
    /// There is one already.
    #[error("{kind} `{id}` exists already; choose another name")]
    Exists {
        /// What.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// A unit's id that can't be used.
    #[error("`{0}` can't be a unit's id: give 1 to 255 bytes of plain text, and not `*`, which is the whole school")]
    BadUnit(String),
    /// The person signs in as somebody already: two accounts would get around the separation of duties.
    #[error("person {person} has account `{account}` already: one person, one account; grant functions to that one")]
    PersonHasAccount {
        /// The person.
        person: String,
        /// Their account.
        account: String,
    },
    /// There is none.
    #[error("there is no {kind} `{id}` in this school")]
    Unknown {
        /// What.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The separation of duties forbids it.
    #[error(transparent)]
    Refused(#[from] principal::Refusal),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A secret that is shown once; only its digest is kept.
pub struct Token(String);

impl Token {
    /// Draws a new one: 256 bits, so that a plain digest is enough to keep.
    #[must_use]
    pub fn draw(random: &dyn Random, prefix: &str) -> Token {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes);
        Token(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret itself, to show once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.0)
    }
}

/// Digest under which a token is looked up.
#[must_use]
pub fn digest(token: &str) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, token.as_bytes()))
}

/// Whether a name may stand in an address.
///
/// # Errors
/// [`AccountError::BadName`].
pub fn check_name(name: &str) -> Result<(), AccountError> {
    let bytes = name.as_bytes();
    let good = (2..=40).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
    if good {
        Ok(())
    } else {
        Err(AccountError::BadName(name.to_owned()))
    }
}

/// Makes a school and its first account, which holds `beheren` for the whole school. The token is shown once.
///
/// # Errors
/// [`AccountError`]: a bad name, or a school that exists.
pub async fn init(
    core: &Core,
    tenant: &str,
    name: &str,
    account: &str,
    account_name: &str,
) -> Result<Token, AccountError> {
    check_name(tenant)?;
    check_name(account)?;
    let token = Token::draw(&*core.world.random, "oke");
    core.decide(&[], || async {
        if core.db.tenant(tenant).await?.is_some() {
            return Err(AccountError::Exists {
                kind: "school",
                id: tenant.to_owned(),
            });
        }
        let now = core.now();
        let mut write_set = WriteSet::of(tenant);
        let school = TenantRow {
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            settings: "{}".to_owned(),
            created_at: now,
            version: 1,
        };
        let first = AccountRow {
            tenant: tenant.to_owned(),
            id: account.to_owned(),
            name: account_name.to_owned(),
            person_id: None,
            codes: "[]".to_owned(),
            token_hash: token.digest(),
            disabled: false,
            created_at: now,
            version: 1,
        };
        let beheren = Assignment {
            id: core.id(),
            duty: Duty::Beheren,
            unit: WHOLE_SCHOOL.to_owned(),
            mandate: false,
            from: now,
            until: None,
            withdrawn: None,
            granted_by: account.to_owned(),
        };
        write_set
            .put(school.write())
            .put(first.write())
            .put(assignment_row(tenant, account, &beheren).write());
        write_set.audit(entry(
            "host",
            "tenant.init",
            "tenant",
            tenant,
            format!("first account {account}"),
        ));
        Ok(Decision { write_set, answer: () })
    })
    .await?;
    Ok(token)
}

/// What is told of a new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Short name.
    pub id: String,
    /// Name on pages and decisions.
    pub name: String,
    /// Who this is in sittings and results.
    pub person_id: Option<String>,
    /// Codes this person assesses under.
    pub codes: Vec<String>,
}

/// Makes an account without any function; its token is shown once.
///
/// # Errors
/// [`AccountError`].
pub async fn create(core: &Core, tenant: &str, by: &str, new: &NewAccount) -> Result<Token, AccountError> {
    check_name(&new.id)?;
    let token = Token::draw(&*core.world.random, "oke");
    core.decide(&[format!("accounts/{tenant}")], || async {
        if core.db.account(tenant, &new.id).await?.is_some() {
            return Err(AccountError::Exists {
                kind: "account",
                id: new.id.clone(),
            });
        }
        if let Some(person) = &new.person_id {
            one_account_per_person(core, tenant, person).await?;
        }
        let row = AccountRow {
            tenant: tenant.to_owned(),
            id: new.id.clone(),
            name: new.name.clone(),
            person_id: new.person_id.clone(),
            codes: serde_json::to_string(&new.codes).expect("a list of texts is JSON"),
            token_hash: token.digest(),
            disabled: false,
            created_at: core.now(),
            version: 1,
        };
        let mut write_set = WriteSet::of(tenant);
        write_set.put(row.write());
        write_set.audit(entry(&actor(by), "account.create", "account", &new.id, String::new()));
        Ok(Decision { write_set, answer: () })
    })
    .await?;
    Ok(token)
}

/// Refuses a person who signs in as somebody already: with a second account they could vaststellen what they planned, or
/// hold beheren beside vaststellen (invariant 9).
async fn one_account_per_person(core: &Core, tenant: &str, person: &str) -> Result<(), AccountError> {
    let is_theirs = |row: &AccountRow| {
        let own = row.person_id.as_deref();
        !row.disabled && own.is_some_and(|own| own.eq_ignore_ascii_case(person))
    };
    match core.db.accounts(tenant).await?.into_iter().find(is_theirs) {
        None => Ok(()),
        Some(row) => Err(AccountError::PersonHasAccount {
            person: person.to_owned(),
            account: row.id,
        }),
    }
}

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

/// Adds or renames an organisational unit (R24).
///
/// # Errors
/// [`AccountError`]: a parent that does not exist.
pub async fn put_unit(
    core: &Core,
    tenant: &str,
    by: &str,
    id: &str,
    name: &str,
    parent: Option<&str>,
) -> Result<(), AccountError> {
    if id.is_empty() || id == WHOLE_SCHOOL || id.len() > 255 || id.chars().any(char::is_control) {
        return Err(AccountError::BadUnit(id.to_owned()));
    }
    core.decide(&[format!("units/{tenant}")], || async {
        let units = core.db.units(tenant).await?;
        if let Some(parent) = parent
            && !units.iter().any(|unit| unit.id == parent)
        {
            return Err(unknown("unit", parent));
        }
        let version = units.iter().find(|unit| unit.id == id).map_or(0, |unit| unit.version) + 1;
        let row = UnitRow {
            tenant: tenant.to_owned(),
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            name: name.to_owned(),
            version,
        };
        let mut write_set = WriteSet::of(tenant);
        write_set.put(row.write());
        write_set.audit(entry(&actor(by), "unit.put", "unit", id, String::new()));
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// A unit and the units it lies in, innermost first, as the rules want it.
///
/// # Errors
/// What the database says.
pub async fn lineage(db: &Database, tenant: &str, unit: &str) -> Result<Vec<String>, StoreError> {
    Ok(Units::of(db, tenant).await?.lineage(Some(unit)))
}

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

async fn with_assignments(core: &Core, row: AccountRow) -> Result<Account, StoreError> {
    let codes = serde_json::from_str(&row.codes).map_err(|error| StoreError::Inconsistent {
        column: "codes".to_owned(),
        why: error.to_string(),
    })?;
    let mut assignments = Vec::new();
    for row in core.db.assignments(&row.tenant, &row.id).await? {
        let duty = Duty::from_name(&row.duty).ok_or_else(|| StoreError::Inconsistent {
            column: "duty".to_owned(),
            why: format!("`{}` is no function", row.duty),
        })?;
        assignments.push(Assignment {
            id: row.id,
            duty,
            unit: row.unit,
            mandate: row.mandate,
            from: row.from_at,
            until: row.until_at,
            withdrawn: row.withdrawn_at,
            granted_by: row.granted_by,
        });
    }
    Ok(Account {
        id: row.id,
        person_id: row.person_id,
        codes,
        assignments,
    })
}

fn assignment_row(tenant: &str, account: &str, assignment: &Assignment) -> AssignmentRow {
    AssignmentRow {
        tenant: tenant.to_owned(),
        id: assignment.id.clone(),
        account: account.to_owned(),
        duty: assignment.duty.name().to_owned(),
        unit: assignment.unit.clone(),
        mandate: assignment.mandate,
        from_at: assignment.from,
        until_at: assignment.until,
        granted_by: assignment.granted_by.clone(),
        withdrawn_at: assignment.withdrawn,
        version: 1,
    }
}

fn unknown(kind: &'static str, id: &str) -> AccountError {
    AccountError::Unknown {
        kind,
        id: id.to_owned(),
    }
}

/// An account as the audit chain names it.
#[must_use]
pub fn actor(account: &str) -> String {
    format!("account:{account}")
}

fn entry(actor: &str, verb: &'static str, subject_kind: &'static str, subject_id: &str, detail: String) -> AuditEntry {
    AuditEntry {
        actor: actor.to_owned(),
        verb,
        subject_kind,
        subject_id: subject_id.to_owned(),
        detail,
        content: Vec::new(),
    }
}
