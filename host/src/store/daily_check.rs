//! Who has looked at a day, when, and what it stood at. Written once, never changed.

use jiff::Timestamp;
use jiff::civil::Date;

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::daily::Stood;
use crate::values;

/// The table.
pub static DAILY_CHECK: Table = Table {
    name: "daily_check",
    key: &["tenant", "day", "seq"],
    columns: &["tenant", "day", "seq", "account", "at", "stood", "open_count", "reason"],
};

/// One look at a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyCheckRow {
    /// The school.
    pub tenant: String,
    /// The day.
    pub day: Date,
    /// Counts from 1 within the day.
    pub seq: i64,
    /// Who signed off.
    pub account: String,
    /// When.
    pub at: Timestamp,
    /// What it stood at.
    pub stood: Stood,
    /// Why it was signed off with something open; empty where nothing was.
    pub reason: String,
}

impl DailyCheckRow {
    /// The row to insert.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &DAILY_CHECK,
            values: values![
                &self.tenant,
                self.day.to_string(),
                self.seq,
                &self.account,
                self.at,
                body::text(&self.stood),
                self.stood.open(),
                &self.reason,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let day = row.text("day")?;
        Ok(DailyCheckRow {
            tenant: row.text("tenant")?,
            day: day.parse().map_err(|_| StoreError::unknown_word("day", &day))?,
            seq: row.int("seq")?,
            account: row.text("account")?,
            at: row.moment("at")?,
            stood: body::parse("daily_check.stood", &row.text("stood")?)?,
            reason: row.text("reason")?,
        })
    }
}

/// The looks at the days from one on, the newest first.
///
/// # Errors
/// What the database says.
pub async fn since(db: &Database, tenant: &str, day: Date) -> Result<Vec<DailyCheckRow>, StoreError> {
    let sql = "SELECT * FROM daily_check WHERE tenant = $1 AND day >= $2 ORDER BY day DESC, seq DESC";
    let rows = db.rows(sql, values![tenant, day.to_string()]).await?;
    rows.iter().map(DailyCheckRow::from_row).collect()
}

/// How often a day was looked at.
///
/// # Errors
/// What the database says.
pub async fn count(db: &Database, tenant: &str, day: Date) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(MAX(seq), 0) AS last FROM daily_check WHERE tenant = $1 AND day = $2";
    match db.row(sql, values![tenant, day.to_string()]).await? {
        Some(row) => row.int("last"),
        None => Ok(0),
    }
}
