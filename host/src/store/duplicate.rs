//! Duplicates: pairs of toetsinschrijvingen of one student for one exam (N#170), and what a person made of them.

use jiff::Timestamp;

use super::error::StoreError;
use super::scope::Scope;
use super::sql::{Database, Key, Row, Value, as_values};
use super::write_set::{Table, Write};
use crate::domain::duplicate::PairState;
use crate::values;

/// The table.
pub static DUPLICATE: Table = Table {
    name: "duplicate",
    key: &["tenant", "enrolment", "kept"],
    columns: &[
        "tenant",
        "enrolment",
        "kept",
        "state",
        "actor",
        "reason",
        "at",
        "confirmed_seq",
        "version",
    ],
};

/// A pair as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRow {
    /// The school.
    pub tenant: String,
    /// The one that is served along once they are merged.
    pub enrolment: String,
    /// The one whose deelname serves both.
    pub kept: String,
    /// What was made of it.
    pub state: PairState,
    /// Who brought it to this state.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// The newest version of the result that the student system confirmed on `enrolment`.
    pub confirmed_seq: Option<i64>,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl PairRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &DUPLICATE,
            values: values![
                &self.tenant,
                &self.enrolment,
                &self.kept,
                self.state.name(),
                &self.actor,
                &self.reason,
                self.at,
                self.confirmed_seq,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let state = row.text("state")?;
        Ok(PairRow {
            tenant: row.text("tenant")?,
            enrolment: row.text("enrolment")?,
            kept: row.text("kept")?,
            state: PairState::from_name(&state).ok_or_else(|| StoreError::unknown_word("state", &state))?,
            actor: row.text("actor")?,
            reason: row.text("reason")?,
            at: row.moment("at")?,
            confirmed_seq: row.int_opt("confirmed_seq")?,
            version: row.int("version")?,
        })
    }
}

async fn all(db: &Database, sql: &'static str, values: Vec<Value>) -> Result<Vec<PairRow>, StoreError> {
    db.rows(sql, values).await?.iter().map(PairRow::from_row).collect()
}

/// The pairs of which a toetsinschrijving is either one, whatever their state.
///
/// # Errors
/// What the database says.
pub async fn of_enrolment(db: &Database, tenant: &str, enrolment: &str) -> Result<Vec<PairRow>, StoreError> {
    let sql = "SELECT * FROM duplicate WHERE tenant = $1 AND enrolment = $2
        UNION SELECT * FROM duplicate WHERE tenant = $1 AND kept = $2";
    all(db, sql, values![tenant, enrolment]).await
}

/// The pairs in which a toetsinschrijving is the one whose deelname serves the other too, by the other's id.
///
/// # Errors
/// What the database says.
pub async fn merged_with(db: &Database, tenant: &str, kept: &str) -> Result<Vec<PairRow>, StoreError> {
    let sql = "SELECT * FROM duplicate WHERE tenant = $1 AND kept = $2 AND state = 'merged' ORDER BY enrolment";
    all(db, sql, values![tenant, kept]).await
}

/// The same for many: the pairs in which any of these is the one whose deelname serves the other too.
///
/// # Errors
/// What the database says.
pub async fn merged_with_any(db: &Database, kept: &[Key]) -> Result<Vec<PairRow>, StoreError> {
    let sql = "SELECT pair.* FROM {asked} CROSS JOIN duplicate pair
        WHERE pair.tenant = asked.column1 AND pair.kept = asked.column2 AND pair.state = 'merged'
        ORDER BY pair.enrolment";
    let rows = db.rows_of_keys(sql, &as_values(kept)).await?;
    rows.iter().map(PairRow::from_row).collect()
}

/// The pair by which another's deelname serves this toetsinschrijving, if any.
///
/// # Errors
/// What the database says.
pub async fn merged_into(db: &Database, tenant: &str, enrolment: &str) -> Result<Option<PairRow>, StoreError> {
    let sql = "SELECT * FROM duplicate WHERE tenant = $1 AND enrolment = $2 AND state = 'merged'";
    Ok(all(db, sql, values![tenant, enrolment]).await?.into_iter().next())
}

/// Pairs in a state of which either planbare toets lies in a scope, longest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn in_state(
    db: &Database,
    tenant: &str,
    (state, scope): (PairState, &Scope),
    limit: u32,
) -> Result<Vec<PairRow>, StoreError> {
    let mut values = values![tenant, state.name(), limit];
    if *scope == Scope::School {
        let sql = "SELECT * FROM duplicate WHERE tenant = $1 AND state = $2 ORDER BY at, enrolment, kept LIMIT $3";
        return all(db, sql, values).await;
    }
    let (in_scope, units) = scope.condition("exam.unit", 4);
    values.extend(units);
    let sql = format!(
        "SELECT pair.* FROM duplicate pair WHERE pair.tenant = $1 AND pair.state = $2
          AND EXISTS (SELECT 1 FROM association one CROSS JOIN offering exam
              WHERE one.tenant = pair.tenant AND one.id IN (pair.enrolment, pair.kept)
                AND exam.tenant = one.tenant AND exam.id = one.offering AND {in_scope})
        ORDER BY pair.at, pair.enrolment, pair.kept LIMIT $3"
    );
    db.rows(sql, values).await?.iter().map(PairRow::from_row).collect()
}
