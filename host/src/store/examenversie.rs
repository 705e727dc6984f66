//! Examenversies of which a person has said whether the cesuur is set.

use jiff::Timestamp;

use super::error::StoreError;
use super::result::{normed_from, normed_word};
use super::sql::{Database, Row, Value};
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

/// All that was ever said of them; nothing in it is overwritten.
pub static CESUUR_ENTRY: Table = Table {
    name: "cesuur_entry",
    key: &["tenant", "peer", "component", "code", "number"],
    columns: &[
        "tenant",
        "peer",
        "component",
        "code",
        "number",
        "normed",
        "source",
        "actor",
        "at",
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

    /// The entry that goes with [`ExamenversieRow::next`], to stay.
    #[must_use]
    pub fn entry(&self) -> Write {
        Write {
            table: &CESUUR_ENTRY,
            values: values![
                &self.tenant,
                &self.peer,
                &self.component,
                &self.code,
                self.version + 1,
                normed_word(self.normed),
                &self.source,
                &self.actor,
                self.at,
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

/// What was said last of each examenversie of a component, by code.
///
/// # Errors
/// What the database says.
pub async fn of_component(
    db: &Database,
    tenant: &str,
    peer: &str,
    component: &str,
) -> Result<Vec<ExamenversieRow>, StoreError> {
    let sql = "SELECT * FROM examenversie WHERE tenant = $1 AND peer = $2 AND component = $3 ORDER BY code";
    let rows = db.rows(sql, values![tenant, peer, component]).await?;
    rows.iter().map(ExamenversieRow::from_row).collect()
}

/// All that was ever said of the examenversies of a component, newest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn entries(
    db: &Database,
    tenant: &str,
    (peer, component): (&str, &str),
    limit: u32,
) -> Result<Vec<ExamenversieRow>, StoreError> {
    let sql = "SELECT tenant, peer, component, code, number AS version, normed, source, actor, at FROM cesuur_entry
        WHERE tenant = $1 AND peer = $2 AND component = $3 ORDER BY at DESC, code, number DESC LIMIT $4";
    let rows = db.rows(sql, values![tenant, peer, component, limit]).await?;
    rows.iter().map(ExamenversieRow::from_row).collect()
}

/// How the results of one examenversie stand to its cesuur.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NormedCount {
    /// The vendor's code of the version; the component where it names none.
    pub code: String,
    /// All of them.
    pub results: i64,
    /// To which the cesuur was applied, all in all.
    pub normed: i64,
    /// To which it was not.
    pub unnormed: i64,
    /// Held until it is.
    pub waiting: i64,
    /// Delivered as normed.
    pub delivered_normed: i64,
    /// Delivered as not normed.
    pub delivered_unnormed: i64,
}

/// How the results of a component stand to the cesuur, by examenversie.
///
/// # Errors
/// What the database says.
pub async fn normed_counts(
    db: &Database,
    tenant: &str,
    peer: &str,
    component: &str,
) -> Result<Vec<NormedCount>, StoreError> {
    let sql = "SELECT head.examenversie AS code, COUNT(*) AS results,
            SUM(CASE WHEN head.normed = 'yes' THEN 1 ELSE 0 END) AS normed,
            SUM(CASE WHEN head.normed = 'no' THEN 1 ELSE 0 END) AS unnormed,
            SUM(CASE WHEN head.judgement = 'held' AND head.why = 'not-normed' THEN 1 ELSE 0 END) AS waiting,
            SUM(CASE WHEN present.normed = 'yes' THEN 1 ELSE 0 END) AS delivered_normed,
            SUM(CASE WHEN present.normed = 'no' THEN 1 ELSE 0 END) AS delivered_unnormed
        FROM result_head head CROSS JOIN result present
        WHERE head.tenant = $1 AND head.peer = $2 AND head.component = $3
          AND present.tenant = head.tenant AND present.association = head.association AND present.seq = head.seq
        GROUP BY head.examenversie ORDER BY head.examenversie";
    let rows = db.rows(sql, values![tenant, peer, component]).await?;
    rows.iter()
        .map(|row| {
            Ok(NormedCount {
                code: row.text("code")?,
                results: row.int("results")?,
                normed: row.int("normed")?,
                unnormed: row.int("unnormed")?,
                waiting: row.int("waiting")?,
                delivered_normed: row.int("delivered_normed")?,
                delivered_unnormed: row.int("delivered_unnormed")?,
            })
        })
        .collect()
}
/// What was said of any of these examenversies: school, vendor, component and code of each.
///
/// # Errors
/// What the database says.
pub async fn with_keys(db: &Database, keys: &[Vec<Value>]) -> Result<Vec<ExamenversieRow>, StoreError> {
    let sql = "SELECT present.* FROM {asked} CROSS JOIN examenversie present
        WHERE present.tenant = asked.column1 AND present.peer = asked.column2 AND present.component = asked.column3
          AND present.code = asked.column4";
    let rows = db.rows_of_keys(sql, keys).await?;
    rows.iter().map(ExamenversieRow::from_row).collect()
}
