//! Freezes: times in which no connector is rolled out.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::rollout::Freeze;
use crate::values;

/// The table.
pub static FREEZE: Table = Table {
    name: "freeze_window",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "from_at",
        "until_at",
        "name",
        "entered_by",
        "withdrawn_at",
        "version",
    ],
};

/// Writes a freeze as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, freeze: &Freeze) -> Write {
    Write {
        table: &FREEZE,
        values: values![
            tenant,
            &freeze.id,
            freeze.from,
            freeze.until,
            &freeze.name,
            &freeze.entered_by,
            freeze.withdrawn_at,
            freeze.version + 1,
        ],
    }
}

fn from_row(row: &Row) -> Result<Freeze, StoreError> {
    Ok(Freeze {
        id: row.text("id")?,
        from: row.moment("from_at")?,
        until: row.moment("until_at")?,
        name: row.text("name")?,
        entered_by: row.text("entered_by")?,
        withdrawn_at: row.moment_opt("withdrawn_at")?,
        version: row.int("version")?,
    })
}

/// The freezes of a school that end after a moment and were not withdrawn, by beginning.
///
/// # Errors
/// What the database says.
pub async fn ending_after(db: &Database, tenant: &str, moment: Timestamp) -> Result<Vec<Freeze>, StoreError> {
    let sql = "SELECT * FROM freeze_window WHERE tenant = $1 AND until_at > $2 AND withdrawn_at IS NULL
        ORDER BY from_at, id";
    let rows = db.rows(sql, values![tenant, moment]).await?;
    rows.iter().map(from_row).collect()
}

/// One freeze.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<Freeze>, StoreError> {
    let sql = "SELECT * FROM freeze_window WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// When the sittings of a school begin that were not cancelled and begin in a period; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn sittings_between(
    db: &Database,
    tenant: &str,
    (from, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<Timestamp>, StoreError> {
    let sql = "SELECT start_at FROM offering WHERE tenant = $1 AND kind = 'sitting'
          AND start_at >= $2 AND start_at < $3 AND state <> 'canceled'
        ORDER BY start_at LIMIT $4";
    let rows = db.rows(sql, values![tenant, from, until, limit]).await?;
    rows.iter().map(|row| row.moment("start_at")).collect()
}
