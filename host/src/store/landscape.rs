//! The landscape: which outside TPL plans at which vendor, and for which student system (R23, R24).

use super::error::StoreError;
use super::sql::Database;
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static LANDSCAPE: Table = Table {
    name: "landscape",
    key: &["tenant", "planner", "system"],
    columns: &["tenant", "planner", "system", "allowed", "version"],
};

/// Whether an outside TPL works with a system of the school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The school.
    pub tenant: String,
    /// The peer of the outside TPL.
    pub planner: String,
    /// The peer of the vendor or student system.
    pub system: String,
    /// Whether it does now.
    pub allowed: bool,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl Link {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &LANDSCAPE,
            values: values![
                &self.tenant,
                &self.planner,
                &self.system,
                self.allowed,
                self.version + 1,
            ],
        }
    }
}

/// The systems that an outside TPL works with, by id; those that it no longer works with too.
///
/// # Errors
/// What the database says.
pub async fn systems_of(db: &Database, tenant: &str, planner: &str) -> Result<Vec<Link>, StoreError> {
    let sql = "SELECT * FROM landscape WHERE tenant = $1 AND planner = $2 ORDER BY system";
    let rows = db.rows(sql, values![tenant, planner]).await?;
    let row = |row: &super::sql::Row| {
        Ok(Link {
            tenant: row.text("tenant")?,
            planner: row.text("planner")?,
            system: row.text("system")?,
            allowed: row.flag("allowed")?,
            version: row.int("version")?,
        })
    };
    rows.iter().map(row).collect()
}

/// Whether an outside TPL works with a system now.
///
/// # Errors
/// What the database says.
pub async fn works_with(db: &Database, tenant: &str, planner: &str, system: &str) -> Result<bool, StoreError> {
    let systems = systems_of(db, tenant, planner).await?;
    Ok(systems.iter().any(|one| one.system == system && one.allowed))
}
