//! Student systems that are asked for flow 1: whether they are, and how far the asking is.

use jiff::Timestamp;
use jiff::civil::Date;

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::pull::{Ended, Walk};
use crate::values;

/// The table.
pub static PULLED: Table = Table {
    name: "pulled",
    key: &["tenant", "peer"],
    columns: &[
        "tenant",
        "peer",
        "asked",
        "since",
        "set_at",
        "wanted",
        "whole_due",
        "walk",
        "last",
        "version",
    ],
};

/// A student system as it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledRow {
    /// The school.
    pub tenant: String,
    /// The student system.
    pub peer: String,
    /// It is asked; otherwise it sends.
    pub asked: bool,
    /// First day that a whole round asks for.
    pub since: Date,
    /// When a person last said so.
    pub set_at: Timestamp,
    /// A person wants a whole round now.
    pub wanted: bool,
    /// When the next whole round is due; absent before the first.
    pub whole_due: Option<Timestamp>,
    /// The round under way.
    pub walk: Option<Walk>,
    /// What the last round came to.
    pub last: Option<Ended>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl PulledRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &PULLED,
            values: values![
                &self.tenant,
                &self.peer,
                self.asked,
                self.since.to_string(),
                self.set_at,
                self.wanted,
                self.whole_due,
                self.walk.as_ref().map(body::text),
                self.last.as_ref().map(body::text),
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let since = row.text("since")?;
        let walk = row.text_opt("walk")?;
        let last = row.text_opt("last")?;
        Ok(PulledRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            asked: row.flag("asked")?,
            since: since.parse().map_err(|error: jiff::Error| StoreError::Inconsistent {
                column: "pulled.since".to_owned(),
                why: error.to_string(),
            })?,
            set_at: row.moment("set_at")?,
            wanted: row.flag("wanted")?,
            whole_due: row.moment_opt("whole_due")?,
            walk: walk.map(|walk| body::parse("pulled.walk", &walk)).transpose()?,
            last: last.map(|last| body::parse("pulled.last", &last)).transpose()?,
            version: row.int("version")?,
        })
    }
}

/// How a student system is asked; `None` where nobody ever said that it is.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, peer: &str) -> Result<Option<PulledRow>, StoreError> {
    let sql = "SELECT * FROM pulled WHERE tenant = $1 AND peer = $2";
    let row = db.row(sql, values![tenant, peer]).await?;
    row.as_ref().map(PulledRow::from_row).transpose()
}

/// The student systems of a school that are asked.
///
/// # Errors
/// What the database says.
pub async fn asked(db: &Database, tenant: &str) -> Result<Vec<PulledRow>, StoreError> {
    let sql = "SELECT * FROM pulled WHERE tenant = $1 AND asked = 1 ORDER BY peer";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter().map(PulledRow::from_row).collect()
}

/// Ids of the planbare toetsen of a student system that stand and overlap a period, after an id, by id; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn plannables_after(
    db: &Database,
    (tenant, peer): (&str, &str),
    (begins_before, ends_after): (Timestamp, Timestamp),
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM offering
        WHERE tenant = $1 AND peer = $2 AND kind = 'plannable' AND id > $3 AND state = 'active'
          AND start_at <= $4 AND end_at >= $5
        ORDER BY id LIMIT $6";
    let values = values![tenant, peer, after, begins_before, ends_after, limit];
    ids(db, sql, values).await
}

/// Ids of the groups of a student system after an id, by id; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn groups_after(
    db: &Database,
    (tenant, peer): (&str, &str),
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM test_group WHERE tenant = $1 AND peer = $2 AND id > $3 ORDER BY id LIMIT $4";
    ids(db, sql, values![tenant, peer, after, limit]).await
}

/// Ids of the persons of a student system that are not erased, after an id, by id; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn persons_after(
    db: &Database,
    (tenant, peer): (&str, &str),
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM person WHERE tenant = $1 AND peer = $2 AND id > $3 AND erased = 0 ORDER BY id LIMIT $4";
    ids(db, sql, values![tenant, peer, after, limit]).await
}

async fn ids(db: &Database, sql: &str, values: Vec<super::sql::Value>) -> Result<Vec<String>, StoreError> {
    let rows = db.rows(sql, values).await?;
    rows.iter().map(|row| row.text("id")).collect()
}
