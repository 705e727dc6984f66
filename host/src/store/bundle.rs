//! Bundles of a publisher that were imported, by their number.

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::values;

/// The table.
pub static BUNDLE: Table = Table {
    name: "bundle",
    key: &["tenant", "publisher", "sequence"],
    columns: &[
        "tenant",
        "publisher",
        "sequence",
        "digest",
        "key_id",
        "imported_by",
        "imported_at",
    ],
};

/// A bundle that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRow {
    /// The school.
    pub tenant: String,
    /// Whose.
    pub publisher: String,
    /// Its number.
    pub sequence: i64,
    /// SHA-256 of its bytes.
    pub digest: String,
    /// The key that signed it.
    pub key_id: String,
    /// By whom.
    pub imported_by: String,
    /// When.
    pub imported_at: jiff::Timestamp,
}

impl BundleRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &BUNDLE,
            values: values![
                &self.tenant,
                &self.publisher,
                self.sequence,
                &self.digest,
                &self.key_id,
                &self.imported_by,
                self.imported_at,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(BundleRow {
            tenant: row.text("tenant")?,
            publisher: row.text("publisher")?,
            sequence: row.int("sequence")?,
            digest: row.text("digest")?,
            key_id: row.text("key_id")?,
            imported_by: row.text("imported_by")?,
            imported_at: row.moment("imported_at")?,
        })
    }
}

impl Database {
    /// The bundles of a publisher that were imported, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn bundles(&self, tenant: &str, publisher: &str) -> Result<Vec<BundleRow>, StoreError> {
        let sql = "SELECT * FROM bundle WHERE tenant = $1 AND publisher = $2 ORDER BY sequence DESC";
        let rows = self.rows(sql, values![tenant, publisher]).await?;
        rows.iter().map(BundleRow::from_row).collect()
    }
}
