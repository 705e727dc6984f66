//! Losses: what the last delivery of an object could not say to its receiver.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static LOSS: Table = Table {
    name: "loss",
    key: &["tenant", "peer", "subject_kind", "subject_id"],
    columns: &[
        "tenant",
        "peer",
        "subject_kind",
        "subject_id",
        "flow",
        "lost",
        "at",
        "version",
    ],
};

/// What the last delivery of one object to one peer could not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossRow {
    /// The school.
    pub tenant: String,
    /// The receiver.
    pub peer: String,
    /// `offering` or `association`.
    pub subject_kind: String,
    /// Our id.
    pub subject_id: String,
    /// The flow it went by.
    pub flow: i64,
    /// The codec's words; none where all of it could be said.
    pub lost: Vec<String>,
    /// When it was delivered.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl LossRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &LOSS,
            values: values![
                &self.tenant,
                &self.peer,
                &self.subject_kind,
                &self.subject_id,
                self.flow,
                self.lost.join(" "),
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(LossRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            subject_kind: row.text("subject_kind")?,
            subject_id: row.text("subject_id")?,
            flow: row.int("flow")?,
            lost: row.text("lost")?.split_whitespace().map(str::to_owned).collect(),
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// What the last deliveries of an object could not say, by receiver.
///
/// # Errors
/// What the database says.
pub async fn of_subject(db: &Database, tenant: &str, (kind, id): (&str, &str)) -> Result<Vec<LossRow>, StoreError> {
    let sql = "SELECT * FROM loss WHERE tenant = $1 AND subject_kind = $2 AND subject_id = $3 ORDER BY peer";
    let rows = db.rows(sql, values![tenant, kind, id]).await?;
    rows.iter().map(LossRow::from_row).collect()
}

/// How many objects a peer was last told of with something left out.
///
/// # Errors
/// What the database says.
pub async fn count(db: &Database, tenant: &str, peer: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS count FROM loss WHERE tenant = $1 AND peer = $2 AND lost <> ''";
    db.row(sql, values![tenant, peer])
        .await?
        .map_or(Ok(0), |row| row.int("count"))
}

/// Objects that a peer was last told of with something left out, newest first; at most so many.
///
/// # Errors
/// What the database says.
pub async fn of_peer(db: &Database, tenant: &str, peer: &str, limit: u32) -> Result<Vec<LossRow>, StoreError> {
    let sql = "SELECT * FROM loss WHERE tenant = $1 AND peer = $2 AND lost <> '' ORDER BY at DESC, subject_id LIMIT $3";
    let rows = db.rows(sql, values![tenant, peer, limit]).await?;
    rows.iter().map(LossRow::from_row).collect()
}
