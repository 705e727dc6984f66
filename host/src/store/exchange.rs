//! Recorded exchanges with a vendor: the last so many per peer, each sealed, in slots that are used again.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table of what is recorded.
pub static RECORDING: Table = Table {
    name: "recording",
    key: &["tenant", "peer"],
    columns: &[
        "tenant",
        "peer",
        "days",
        "most",
        "next_slot",
        "set_by",
        "set_at",
        "version",
    ],
};

/// The table of exchanges.
pub static EXCHANGE: Table = Table {
    name: "exchange",
    key: &["tenant", "peer", "slot"],
    columns: &[
        "tenant",
        "peer",
        "slot",
        "revision",
        "interface",
        "outcome",
        "content",
        "at",
        "version",
    ],
};

/// What is recorded of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// So many days an exchange is kept; 0: nothing is recorded.
    pub days: u32,
    /// The most exchanges that are kept.
    pub most: u32,
    /// The slot that the next one takes.
    pub next_slot: i64,
    /// The account that set it.
    pub set_by: String,
    /// When.
    pub set_at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl RecordingRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &RECORDING,
            values: values![
                &self.tenant,
                &self.peer,
                self.days,
                self.most,
                self.next_slot,
                &self.set_by,
                self.set_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(RecordingRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            days: row.count("days")?,
            most: row.count("most")?,
            next_slot: row.int("next_slot")?,
            set_by: row.text("set_by")?,
            set_at: row.moment("set_at")?,
            version: row.int("version")?,
        })
    }
}

/// A recorded exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// Its slot.
    pub slot: i64,
    /// The revision that made the call.
    pub revision: i64,
    /// What was called.
    pub interface: String,
    /// `done`, or why not and whose fault that is.
    pub outcome: String,
    /// Sealed; `None` once its days are over.
    pub content: Option<Vec<u8>>,
    /// When.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl ExchangeRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &EXCHANGE,
            values: values![
                &self.tenant,
                &self.peer,
                self.slot,
                self.revision,
                &self.interface,
                &self.outcome,
                self.content.clone(),
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(ExchangeRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            slot: row.int("slot")?,
            revision: row.int("revision")?,
            interface: row.text("interface")?,
            outcome: row.text("outcome")?,
            content: row.bytes_opt("content")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// What is recorded of a peer; `None` when it was never set.
///
/// # Errors
/// What the database says.
pub async fn recording(db: &Database, tenant: &str, peer: &str) -> Result<Option<RecordingRow>, StoreError> {
    let sql = "SELECT * FROM recording WHERE tenant = $1 AND peer = $2";
    let row = db.row(sql, values![tenant, peer]).await?;
    row.as_ref().map(RecordingRow::from_row).transpose()
}

/// What is or was recorded of any peer, by school and peer.
///
/// # Errors
/// What the database says.
pub async fn recordings(db: &Database) -> Result<Vec<RecordingRow>, StoreError> {
    let rows = db
        .rows("SELECT * FROM recording ORDER BY tenant, peer", values![])
        .await?;
    rows.iter().map(RecordingRow::from_row).collect()
}

/// The exchanges of a peer, the newest first, those without content left out.
///
/// # Errors
/// What the database says.
pub async fn of_peer(db: &Database, tenant: &str, peer: &str) -> Result<Vec<ExchangeRow>, StoreError> {
    let sql =
        "SELECT * FROM exchange WHERE tenant = $1 AND peer = $2 AND content IS NOT NULL ORDER BY at DESC, slot DESC";
    let rows = db.rows(sql, values![tenant, peer]).await?;
    rows.iter().map(ExchangeRow::from_row).collect()
}

/// What lies in a slot.
///
/// # Errors
/// What the database says.
pub async fn in_slot(db: &Database, tenant: &str, peer: &str, slot: i64) -> Result<Option<ExchangeRow>, StoreError> {
    let sql = "SELECT * FROM exchange WHERE tenant = $1 AND peer = $2 AND slot = $3";
    let row = db.row(sql, values![tenant, peer, slot]).await?;
    row.as_ref().map(ExchangeRow::from_row).transpose()
}
