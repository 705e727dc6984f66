//! Local accounts, what they may do (assignments), and their sessions in a browser. Tokens are kept as digests only.

use super::{Database, StoreError, Table, Write, sql::Row};
use crate::values;

/// The table of accounts.
pub static ACCOUNT: Table = Table {
    name: "account",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "name",
        "person_id",
        "codes",
        "token_hash",
        "disabled",
        "created_at",
        "version",
    ],
};

/// The table of assignments.
pub static ASSIGNMENT: Table = Table {
    name: "assignment",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "account",
        "duty",
        "unit",
        "mandate",
        "from_at",
        "until_at",
        "granted_by",
        "withdrawn_at",
        "version",
    ],
};

/// The table of browser sessions.
pub static SESSION: Table = Table {
    name: "web_session",
    key: &["token_hash"],
    columns: &[
        "token_hash",
        "tenant",
        "account",
        "csrf",
        "created_at",
        "expires_at",
        "ended",
        "version",
    ],
};

const ACCOUNT_COLUMNS: &str = "tenant, id, name, person_id, codes, token_hash, disabled, created_at, version";

const SESSION_COLUMNS: &str = "token_hash, tenant, account, csrf, created_at, expires_at, ended, version";

/// A person who works with the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The school.
    pub tenant: String,
    /// Short name to sign in with.
    pub id: String,
    /// Name on pages and decisions.
    pub name: String,
    /// Who this is in results and sittings (invariant 9).
    pub person_id: Option<String>,
    /// Codes this person assesses under, as JSON list.
    pub codes: String,
    /// Digest of the token.
    pub token_hash: String,
    /// Can't sign in any more.
    pub disabled: bool,
    /// Since when.
    pub created_at: jiff::Timestamp,
    /// Version of the row.
    pub version: i64,
}

impl AccountRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ACCOUNT,
            values: values![
                &self.tenant,
                &self.id,
                &self.name,
                &self.person_id,
                &self.codes,
                &self.token_hash,
                self.disabled,
                self.created_at,
                self.version,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(AccountRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            name: row.text("name")?,
            person_id: row.text_opt("person_id")?,
            codes: row.text("codes")?,
            token_hash: row.text("token_hash")?,
            disabled: row.flag("disabled")?,
            created_at: row.moment("created_at")?,
            version: row.int("version")?,
        })
    }
}

/// What an account may do, for which unit, from when until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRow {
    /// The school.
    pub tenant: String,
    /// Id.
    pub id: String,
    /// Whose.
    pub account: String,
    /// `plannen`, `beoordelen`, `vaststellen` or `beheren`.
    pub duty: String,
    /// The unit, with all below it.
    pub unit: String,
    /// Given by the examencommissie rather than by membership.
    pub mandate: bool,
    /// From when.
    pub from_at: jiff::Timestamp,
    /// Until when; a mandate always has an end.
    pub until_at: Option<jiff::Timestamp>,
    /// Account that granted it.
    pub granted_by: String,
    /// When it was taken back.
    pub withdrawn_at: Option<jiff::Timestamp>,
    /// Version of the row.
    pub version: i64,
}

impl AssignmentRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &ASSIGNMENT,
            values: values![
                &self.tenant,
                &self.id,
                &self.account,
                &self.duty,
                &self.unit,
                self.mandate,
                self.from_at,
                self.until_at,
                &self.granted_by,
                self.withdrawn_at,
                self.version,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(AssignmentRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            account: row.text("account")?,
            duty: row.text("duty")?,
            unit: row.text("unit")?,
            mandate: row.flag("mandate")?,
            from_at: row.moment("from_at")?,
            until_at: row.moment_opt("until_at")?,
            granted_by: row.text("granted_by")?,
            withdrawn_at: row.moment_opt("withdrawn_at")?,
            version: row.int("version")?,
        })
    }
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Digest of the cookie.
    pub token_hash: String,
    /// The school.
    pub tenant: String,
    /// Whose.
    pub account: String,
    /// What each form of this session carries.
    pub csrf: String,
    /// Since when.
    pub created_at: jiff::Timestamp,
    /// Until when.
    pub expires_at: jiff::Timestamp,
    /// Signed out.
    pub ended: bool,
    /// Version of the row.
    pub version: i64,
}

impl SessionRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &SESSION,
            values: values![
                &self.token_hash,
                &self.tenant,
                &self.account,
                &self.csrf,
                self.created_at,
                self.expires_at,
                self.ended,
                self.version,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(SessionRow {
            token_hash: row.text("token_hash")?,
            tenant: row.text("tenant")?,
            account: row.text("account")?,
            csrf: row.text("csrf")?,
            created_at: row.moment("created_at")?,
            expires_at: row.moment("expires_at")?,
            ended: row.flag("ended")?,
            version: row.int("version")?,
        })
    }
}

impl Database {
    /// An account by its id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn account(&self, tenant: &str, id: &str) -> Result<Option<AccountRow>, StoreError> {
        let sql = format!("SELECT {ACCOUNT_COLUMNS} FROM account WHERE tenant = $1 AND id = $2");
        self.row(sql, values![tenant, id])
            .await?
            .as_ref()
            .map(AccountRow::from_row)
            .transpose()
    }

    /// The account a token belongs to.
    ///
    /// # Errors
    /// What the database says.
    pub async fn account_by_token(&self, token_hash: &str) -> Result<Option<AccountRow>, StoreError> {
        let sql = format!("SELECT {ACCOUNT_COLUMNS} FROM account WHERE token_hash = $1");
        self.row(sql, values![token_hash])
            .await?
            .as_ref()
            .map(AccountRow::from_row)
            .transpose()
    }

    /// All accounts of a school.
    ///
    /// # Errors
    /// What the database says.
    pub async fn accounts(&self, tenant: &str) -> Result<Vec<AccountRow>, StoreError> {
        let sql = format!("SELECT {ACCOUNT_COLUMNS} FROM account WHERE tenant = $1 ORDER BY id");
        self.rows(sql, values![tenant])
            .await?
            .iter()
            .map(AccountRow::from_row)
            .collect()
    }

    /// What an account was ever given, withdrawn or not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn assignments(&self, tenant: &str, account: &str) -> Result<Vec<AssignmentRow>, StoreError> {
        let sql = "SELECT tenant, id, account, duty, unit, mandate, from_at, until_at, granted_by, withdrawn_at, version \
                   FROM assignment WHERE tenant = $1 AND account = $2 ORDER BY id";
        self.rows(sql, values![tenant, account])
            .await?
            .iter()
            .map(AssignmentRow::from_row)
            .collect()
    }

    /// A browser session by the digest of its cookie.
    ///
    /// # Errors
    /// What the database says.
    pub async fn web_session(&self, token_hash: &str) -> Result<Option<SessionRow>, StoreError> {
        let sql = format!("SELECT {SESSION_COLUMNS} FROM web_session WHERE token_hash = $1");
        let row = self.row(sql, values![token_hash]).await?;
        row.as_ref().map(SessionRow::from_row).transpose()
    }

    /// The sessions of an account that nobody ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_web_sessions(&self, tenant: &str, account: &str) -> Result<Vec<SessionRow>, StoreError> {
        let sql = format!(
            "SELECT {SESSION_COLUMNS} FROM web_session WHERE tenant = $1 AND account = $2 AND ended = $3 \
             ORDER BY token_hash"
        );
        self.rows(sql, values![tenant, account, false])
            .await?
            .iter()
            .map(SessionRow::from_row)
            .collect()
    }
}
