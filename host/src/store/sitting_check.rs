//! What a sitting was when it was last read back from its vendor after a rollback.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static SITTING_CHECK: Table = Table {
    name: "sitting_check",
    key: &["tenant", "sitting"],
    columns: &[
        "tenant",
        "sitting",
        "outcome",
        "detail",
        "revision",
        "plan_version",
        "at",
        "version",
    ],
};

/// What came of reading a sitting back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor has it as it was planned.
    Equal,
    /// Something differs.
    Differs,
    /// Its connector can't read it back.
    Unreadable,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Equal => "equal",
            Outcome::Differs => "differs",
            Outcome::Unreadable => "unreadable",
        }
    }
}

/// The last reading of a sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SittingCheckRow {
    /// The school.
    pub tenant: String,
    /// The sitting.
    pub sitting: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What differs, in Dutch and without personal data.
    pub detail: String,
    /// The revision that read it.
    pub revision: i64,
    /// The plan version it was held against.
    pub plan_version: i64,
    /// When.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl SittingCheckRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &SITTING_CHECK,
            values: values![
                &self.tenant,
                &self.sitting,
                self.outcome.name(),
                &self.detail,
                self.revision,
                self.plan_version,
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let outcome = match row.text("outcome")?.as_str() {
            "equal" => Outcome::Equal,
            "differs" => Outcome::Differs,
            "unreadable" => Outcome::Unreadable,
            other => return Err(StoreError::unknown_word("outcome", other)),
        };
        Ok(SittingCheckRow {
            tenant: row.text("tenant")?,
            sitting: row.text("sitting")?,
            outcome,
            detail: row.text("detail")?,
            revision: row.int("revision")?,
            plan_version: row.int("plan_version")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// The last reading of a sitting, if there was one.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, sitting: &str) -> Result<Option<SittingCheckRow>, StoreError> {
    let sql = "SELECT * FROM sitting_check WHERE tenant = $1 AND sitting = $2";
    let row = db.row(sql, values![tenant, sitting]).await?;
    row.as_ref().map(SittingCheckRow::from_row).transpose()
}
