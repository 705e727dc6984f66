//! The ledger: which id a peer gave to an object of ours.

use super::error::StoreError;
use super::sql::{Database, Row, Value};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static LEDGER: Table = Table {
    name: "ledger",
    key: &["tenant", "peer", "kind", "our_id"],
    columns: &["tenant", "peer", "kind", "our_id", "peer_id", "revision", "version"],
};

/// One tie between our id and a peer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The school.
    pub tenant: String,
    /// Whose id it is.
    pub peer: String,
    /// Kind of the object, such as `association`.
    pub kind: String,
    /// Our id.
    pub our_id: String,
    /// The peer's.
    pub peer_id: String,
    /// The connector revision whose call the peer gave it to.
    pub revision: Option<i64>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl LedgerRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &LEDGER,
            values: values![
                &self.tenant,
                &self.peer,
                &self.kind,
                &self.our_id,
                &self.peer_id,
                self.revision,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(LedgerRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            kind: row.text("kind")?,
            our_id: row.text("our_id")?,
            peer_id: row.text("peer_id")?,
            revision: row.int_opt("revision")?,
            version: row.int("version")?,
        })
    }
}

/// The peer's id for an object of ours.
///
/// # Errors
/// What the database says.
pub async fn by_our_id(
    db: &Database,
    tenant: &str,
    peer: &str,
    kind: &str,
    our_id: &str,
) -> Result<Option<LedgerRow>, StoreError> {
    let sql = "SELECT * FROM ledger WHERE tenant = $1 AND peer = $2 AND kind = $3 AND our_id = $4";
    let row = db.row(sql, values![tenant, peer, kind, our_id]).await?;
    row.as_ref().map(LedgerRow::from_row).transpose()
}

/// Our objects that a peer knows under this id; more than one only when the peer gave it twice.
///
/// # Errors
/// What the database says.
pub async fn by_peer_id(
    db: &Database,
    tenant: &str,
    peer: &str,
    kind: &str,
    peer_id: &str,
) -> Result<Vec<LedgerRow>, StoreError> {
    let sql = "SELECT * FROM ledger WHERE tenant = $1 AND peer = $2 AND kind = $3 AND peer_id = $4 ORDER BY our_id";
    let rows = db.rows(sql, values![tenant, peer, kind, peer_id]).await?;
    rows.iter().map(LedgerRow::from_row).collect()
}

/// The one object of ours that a peer knows under this id; `None` where there is none, or more than one.
///
/// # Errors
/// What the database says.
pub async fn our_id(
    db: &Database,
    tenant: &str,
    peer: &str,
    kind: &str,
    peer_id: &str,
) -> Result<Option<String>, StoreError> {
    let tied = by_peer_id(db, tenant, peer, kind, peer_id).await?;
    Ok(match <[_; 1]>::try_from(tied) {
        Ok([only]) => Some(only.our_id),
        Err(_) => None,
    })
}

/// Our objects that a peer knows under any of these ids, in no order.
///
/// # Errors
/// What the database says.
pub async fn by_peer_ids(
    db: &Database,
    (tenant, peer): (&str, &str),
    kind: &str,
    peer_ids: &[&str],
) -> Result<Vec<LedgerRow>, StoreError> {
    let sql = "SELECT tie.* FROM {asked} CROSS JOIN ledger tie
        WHERE tie.tenant = asked.column1 AND tie.peer = asked.column2 AND tie.kind = asked.column3
          AND tie.peer_id = asked.column4";
    let keys: Vec<Vec<Value>> = peer_ids
        .iter()
        .map(|peer_id| values![tenant, peer, kind, *peer_id])
        .collect();
    let rows = db.rows_of_keys(sql, &keys).await?;
    rows.iter().map(LedgerRow::from_row).collect()
}
