//! Examenversies of which a person has said whether the cesuur is set.

use jiff::Timestamp;

use super::error::StoreError;
use super::result::{normed_from, normed_word};
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::model::Normed;
use crate::values;

/// The table.
pub static EXAMENVERSIE: Table = Table {
    name: "examenversie",
    key: &["tenant", "peer", "component", "code"],
    columns: &[
        "tenant",
        "peer",
        "component",
        "code",
        "normed",
        "source",
        "actor",
        "at",
        "version",
    ],
};

/// What was said of one examenversie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExamenversieRow {
    /// The school.
    pub tenant: String,
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The vendor's code of the version; the component where it names none.
    pub code: String,
    /// Whether the cesuur is set.
    pub normed: Normed,
    /// Where that is known from.
    pub source: String,
    /// Who entered it: `account:ID`.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl ExamenversieRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &EXAMENVERSIE,
            values: values![
                &self.tenant,
                &self.peer,
                &self.component,
                &self.code,
                normed_word(self.normed),
                &self.source,
                &self.actor,
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(ExamenversieRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            component: row.text("component")?,
            code: row.text("code")?,
            normed: normed_from(&row.text("normed")?)?,
            source: row.text("source")?,
            actor: row.text("actor")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// What was said of one examenversie, if anything.
///
/// # Errors
/// What the database says.
pub async fn find(
    db: &Database,
    tenant: &str,
    peer: &str,
    component: &str,
    code: &str,
) -> Result<Option<ExamenversieRow>, StoreError> {
    let sql = "SELECT * FROM examenversie WHERE tenant = $1 AND peer = $2 AND component = $3 AND code = $4";
    let row = db.row(sql, values![tenant, peer, component, code]).await?;
    row.as_ref().map(ExamenversieRow::from_row).transpose()
}
