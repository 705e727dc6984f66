//! Samples that were drawn; written once, never changed.

use jiff::Timestamp;

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::sample::Size;
use crate::values;

/// The table.
pub static SAMPLE: Table = Table {
    name: "sample",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "plannable",
        "unit",
        "seed",
        "size_kind",
        "size",
        "listed",
        "drawn",
        "account",
        "at",
    ],
};

/// A sample, with everything it takes to draw it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// The school.
    pub tenant: String,
    /// Id.
    pub id: String,
    /// The planbare toets.
    pub plannable: String,
    /// Of one unit only.
    pub unit: Option<String>,
    /// The seed.
    pub seed: u64,
    /// How many were asked for.
    pub size: Size,
    /// The deelnames it was drawn from.
    pub listed: Vec<String>,
    /// The deelnames that were drawn.
    pub drawn: Vec<String>,
    /// Who drew it.
    pub account: String,
    /// When.
    pub at: Timestamp,
}

impl SampleRow {
    /// Inserts it.
    #[must_use]
    pub fn write(&self) -> Write {
        let (kind, size) = match self.size {
            Size::Count(count) => ("count", count),
            Size::Percentage(percentage) => ("percentage", percentage),
        };
        Write {
            table: &SAMPLE,
            values: values![
                &self.tenant,
                &self.id,
                &self.plannable,
                self.unit.as_deref().unwrap_or(""),
                self.seed.to_string(),
                kind,
                size,
                body::text(&self.listed),
                body::text(&self.drawn),
                &self.account,
                self.at,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let (seed, kind, size) = (row.text("seed")?, row.text("size_kind")?, row.count("size")?);
        Ok(SampleRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            plannable: row.text("plannable")?,
            unit: Some(row.text("unit")?).filter(|unit| !unit.is_empty()),
            seed: seed.parse().map_err(|_| StoreError::unknown_word("seed", &seed))?,
            size: match kind.as_str() {
                "count" => Size::Count(size),
                "percentage" => Size::Percentage(size),
                other => return Err(StoreError::unknown_word("size_kind", other)),
            },
            listed: body::parse("sample.listed", &row.text("listed")?)?,
            drawn: body::parse("sample.drawn", &row.text("drawn")?)?,
            account: row.text("account")?,
            at: row.moment("at")?,
        })
    }
}

/// A sample.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<SampleRow>, StoreError> {
    let sql = "SELECT * FROM sample WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(SampleRow::from_row).transpose()
}

/// The samples of a planbare toets, newest first, at most 100.
///
/// # Errors
/// What the database says.
pub async fn of_plannable(db: &Database, tenant: &str, plannable: &str) -> Result<Vec<SampleRow>, StoreError> {
    let sql = "SELECT * FROM sample WHERE tenant = $1 AND plannable = $2 ORDER BY at DESC, id DESC LIMIT 100";
    let rows = db.rows(sql, values![tenant, plannable]).await?;
    rows.iter().map(SampleRow::from_row).collect()
}
