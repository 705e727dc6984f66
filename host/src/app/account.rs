//! Schools, accounts and what they may do: made once by `oke init`, then by functioneel beheer.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{CommitError, Core, Decision};
use crate::domain::clock::Random;
use crate::domain::label::{self, NoLabel};
use crate::domain::principal::{self, Account, Assignment, Duty, WHOLE_SCHOOL};
use crate::store::account::{AccountRow, AssignmentRow};
use crate::store::tenant::TenantRow;
use crate::store::{AuditEntry, StoreError, WriteSet};

mod access;
mod function;
mod session;
mod unit;

pub use access::{HOST, disable, enable, renew};
pub use function::{Grant, grant, withdraw};
pub use session::{NewSession, SESSION_LASTS, SignedIn, by_cookie, by_token, sign_in, sign_out};
pub use unit::{lineage, put_unit};

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
    /// A name that can't be shown.
    #[error("the name can't be used: {0}")]
    BadLabel(#[from] NoLabel),
    /// Nobody said why.
    #[error("a reason is needed, so that others can follow it later")]
    NoReason,
    /// Nobody could grant functions or make accounts any more.
    #[error(
        "account `{0}` is the last that holds `beheren` for the whole school: grant that to another account first, or \
         nobody can grant functions any more"
    )]
    LastWithBeheren(String),
    /// It can't sign in, whatever its token is.
    #[error("account `{0}` is disabled: enable it first")]
    Disabled(String),
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
    let (name, account_name) = (label::tidy(name)?, label::tidy(account_name)?);
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
            name: name.clone(),
            settings: "{}".to_owned(),
            created_at: now,
            version: 1,
        };
        let first = AccountRow {
            tenant: tenant.to_owned(),
            id: account.to_owned(),
            name: account_name.clone(),
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
    let name = label::tidy(&new.name)?;
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
            name: name.clone(),
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
