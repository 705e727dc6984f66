//! Attempts: how each student system keeps them, and the ledger of those made here as the student system knows them.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::attempt::{Destination, Model};
use crate::values;

/// How student systems keep attempts.
pub static ATTEMPT_POLICY: Table = Table {
    name: "attempt_policy",
    key: &["tenant", "peer"],
    columns: &["tenant", "peer", "model", "actor", "at", "version"],
};

/// How one student system keeps attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// The school.
    pub tenant: String,
    /// The student system.
    pub peer: String,
    /// How.
    pub model: Model,
    /// Who said so: `account:ID`.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl PolicyRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &ATTEMPT_POLICY,
            values: values![
                &self.tenant,
                &self.peer,
                self.model.name(),
                &self.actor,
                self.at,
                self.version + 1,
            ],
        }
    }
}

/// How a student system keeps attempts; `None` while nobody said.
///
/// # Errors
/// What the database says.
pub async fn policy(db: &Database, tenant: &str, peer: &str) -> Result<Option<PolicyRow>, StoreError> {
    let sql = "SELECT * FROM attempt_policy WHERE tenant = $1 AND peer = $2";
    let Some(row) = db.row(sql, values![tenant, peer]).await? else {
        return Ok(None);
    };
    let model = row.text("model")?;
    Ok(Some(PolicyRow {
        tenant: row.text("tenant")?,
        peer: row.text("peer")?,
        model: Model::from_name(&model).ok_or_else(|| StoreError::unknown_word("model", &model))?,
        actor: row.text("actor")?,
        at: row.moment("at")?,
        version: row.int("version")?,
    }))
}

/// The ledger of attempts made here.
pub static ATTEMPT: Table = Table {
    name: "attempt",
    key: &["tenant", "enrolment"],
    columns: &[
        "tenant",
        "enrolment",
        "original",
        "number",
        "peer",
        "association",
        "offering",
        "put",
        "told_at",
        "version",
    ],
};

/// An attempt made here, as the student system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// The school.
    pub tenant: String,
    /// Its toetsinschrijving here.
    pub enrolment: String,
    /// The student system.
    pub peer: String,
    /// Where its results go.
    pub destination: Destination,
    /// When the student system first confirmed one.
    pub told_at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl AttemptRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let to = &self.destination;
        Write {
            table: &ATTEMPT,
            values: values![
                &self.tenant,
                &self.enrolment,
                &to.original,
                to.attempt,
                &self.peer,
                &to.association,
                &to.offering,
                to.put,
                self.told_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(AttemptRow {
            tenant: row.text("tenant")?,
            enrolment: row.text("enrolment")?,
            peer: row.text("peer")?,
            destination: Destination {
                association: row.text("association")?,
                offering: row.text("offering")?,
                original: row.text("original")?,
                attempt: row.count("number")?,
                put: row.flag("put")?,
            },
            told_at: row.moment("told_at")?,
            version: row.int("version")?,
        })
    }
}

/// One attempt, once its first result was confirmed.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, enrolment: &str) -> Result<Option<AttemptRow>, StoreError> {
    let sql = "SELECT * FROM attempt WHERE tenant = $1 AND enrolment = $2";
    let row = db.row(sql, values![tenant, enrolment]).await?;
    row.as_ref().map(AttemptRow::from_row).transpose()
}

/// The attempts on an original enrolment that the student system has heard of, by number.
///
/// # Errors
/// What the database says.
pub async fn of_original(db: &Database, tenant: &str, original: &str) -> Result<Vec<AttemptRow>, StoreError> {
    let sql = "SELECT * FROM attempt WHERE tenant = $1 AND original = $2 ORDER BY number, enrolment";
    let rows = db.rows(sql, values![tenant, original]).await?;
    rows.iter().map(AttemptRow::from_row).collect()
}
