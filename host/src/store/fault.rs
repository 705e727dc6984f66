//! Ways in which the code of a connector failed, each with how often and when last.

use jiff::Timestamp;

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static CONNECTOR_FAULT: Table = Table {
    name: "connector_fault",
    key: &["tenant", "peer", "revision", "id"],
    columns: &[
        "tenant",
        "peer",
        "revision",
        "id",
        "interface",
        "what",
        "frames",
        "times",
        "first_at",
        "last_at",
        "version",
    ],
};

/// One way of failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// The revision that failed.
    pub revision: i64,
    /// Digest of interface, words and place.
    pub id: String,
    /// What was called.
    pub interface: String,
    /// One sentence without personal data.
    pub what: String,
    /// Names of the connector's functions, innermost first.
    pub frames: Vec<String>,
    /// How often.
    pub times: u64,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl FaultRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &CONNECTOR_FAULT,
            values: values![
                &self.tenant,
                &self.peer,
                self.revision,
                &self.id,
                &self.interface,
                &self.what,
                body::text(&self.frames),
                i64::try_from(self.times).unwrap_or(i64::MAX),
                self.first_at,
                self.last_at,
                self.version + 1,
            ],
        }
    }

    /// The same failure happened again.
    pub fn add(&mut self, again: &FaultRow) {
        self.times = self.times.saturating_add(again.times);
        self.first_at = self.first_at.min(again.first_at);
        self.last_at = self.last_at.max(again.last_at);
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(FaultRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            revision: row.int("revision")?,
            id: row.text("id")?,
            interface: row.text("interface")?,
            what: row.text("what")?,
            frames: body::parse("connector_fault.frames", &row.text("frames")?)?,
            times: u64::try_from(row.int("times")?).unwrap_or(0),
            first_at: row.moment("first_at")?,
            last_at: row.moment("last_at")?,
            version: row.int("version")?,
        })
    }
}

/// The ways in which a revision failed, the last one first.
///
/// # Errors
/// What the database says.
pub async fn of_revision(
    db: &Database,
    tenant: &str,
    (peer, revision): (&str, i64),
) -> Result<Vec<FaultRow>, StoreError> {
    let sql = "SELECT * FROM connector_fault WHERE tenant = $1 AND peer = $2 AND revision = $3
        ORDER BY last_at DESC, id";
    let rows = db.rows(sql, values![tenant, peer, revision]).await?;
    rows.iter().map(FaultRow::from_row).collect()
}
