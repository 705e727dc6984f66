//! Cursors: where a poll goes on, per revision (each revision polls with its own).

use super::error::StoreError;
use super::sql::Database;
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static POLL_CURSOR: Table = Table {
    name: "poll_cursor",
    key: &["tenant", "peer", "revision", "interface"],
    columns: &[
        "tenant",
        "peer",
        "revision",
        "interface",
        "cursor",
        "schema_tag",
        "version",
    ],
};

/// A cursor as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorRow {
    /// The school.
    pub tenant: String,
    /// The outside system.
    pub peer: String,
    /// The revision that polls.
    pub revision: i64,
    /// The interface it polls, such as `ta-resultaten`.
    pub interface: String,
    /// What the connector gave last; `None` starts from the beginning.
    pub cursor: Option<String>,
    /// What it looks like: only a revision with the same tag goes on from it.
    pub schema_tag: String,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl CursorRow {
    /// Writes it as the next version of the row that was read, together with the records it stands behind.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &POLL_CURSOR,
            values: values![
                &self.tenant,
                &self.peer,
                self.revision,
                &self.interface,
                &self.cursor,
                &self.schema_tag,
                self.version + 1,
            ],
        }
    }
}

/// The cursor of one interface; version 0 when there is none yet.
///
/// # Errors
/// What the database says.
pub async fn find(
    db: &Database,
    tenant: &str,
    peer: &str,
    revision: i64,
    interface: &str,
) -> Result<CursorRow, StoreError> {
    let sql = "SELECT cursor, schema_tag, version FROM poll_cursor
        WHERE tenant = $1 AND peer = $2 AND revision = $3 AND interface = $4";
    let row = db.row(sql, values![tenant, peer, revision, interface]).await?;
    let (cursor, schema_tag, version) = match row {
        None => (None, String::new(), 0),
        Some(row) => (row.text_opt("cursor")?, row.text("schema_tag")?, row.int("version")?),
    };
    Ok(CursorRow {
        tenant: tenant.to_owned(),
        peer: peer.to_owned(),
        revision,
        interface: interface.to_owned(),
        cursor,
        schema_tag,
        version,
    })
}
