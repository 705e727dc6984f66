//! What units and exams say of their own policy, as JSON text; the application gives it meaning.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::{Database, Row, Value};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static POLICY: Table = Table {
    name: "policy",
    key: &["tenant", "scope", "id"],
    columns: &["tenant", "scope", "id", "settings", "actor", "at", "version"],
};

/// What one unit or exam says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// The school.
    pub tenant: String,
    /// `unit` or `exam`.
    pub scope: String,
    /// The unit or the planbare toets.
    pub id: String,
    /// As JSON text.
    pub settings: String,
    /// Who said it: `account:ID`.
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
            table: &POLICY,
            values: values![
                &self.tenant,
                &self.scope,
                &self.id,
                &self.settings,
                &self.actor,
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(PolicyRow {
            tenant: row.text("tenant")?,
            scope: row.text("scope")?,
            id: row.text("id")?,
            settings: row.text("settings")?,
            actor: row.text("actor")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// What one unit or exam says, if anything.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, scope: &str, id: &str) -> Result<Option<PolicyRow>, StoreError> {
    let sql = "SELECT * FROM policy WHERE tenant = $1 AND scope = $2 AND id = $3";
    let row = db.row(sql, values![tenant, scope, id]).await?;
    row.as_ref().map(PolicyRow::from_row).transpose()
}

/// What units say, by unit.
///
/// # Errors
/// What the database says.
pub async fn of_units(db: &Database, tenant: &str) -> Result<Vec<PolicyRow>, StoreError> {
    let sql = "SELECT * FROM policy WHERE tenant = $1 AND scope = 'unit' ORDER BY id";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter().map(PolicyRow::from_row).collect()
}

/// What an exam and these units say, in no order.
///
/// # Errors
/// What the database says.
pub async fn around(db: &Database, tenant: &str, exam: &str, units: &[String]) -> Result<Vec<PolicyRow>, StoreError> {
    let mut values = values![tenant, exam];
    let mut of_units = String::new();
    if !units.is_empty() {
        let places: Vec<String> = (0..units.len()).map(|place| format!("${}", place + 3)).collect();
        of_units = format!(" OR (scope = 'unit' AND id IN ({}))", places.join(", "));
        values.extend(units.iter().map(Value::from));
    }
    let sql = format!("SELECT * FROM policy WHERE tenant = $1 AND ((scope = 'exam' AND id = $2){of_units})");
    let rows = db.rows(sql, values).await?;
    rows.iter().map(PolicyRow::from_row).collect()
}

/// What any of these units and exams say: school, scope and id of each.
///
/// # Errors
/// What the database says.
pub async fn with_keys(db: &Database, keys: &[Vec<Value>]) -> Result<Vec<PolicyRow>, StoreError> {
    let sql = "SELECT present.* FROM {asked} CROSS JOIN policy present
        WHERE present.tenant = asked.column1 AND present.scope = asked.column2 AND present.id = asked.column3";
    let rows = db.rows_of_keys(sql, keys).await?;
    rows.iter().map(PolicyRow::from_row).collect()
}
