//! Decisions of the examencommissie; written once, never changed.

use super::error::StoreError;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::decision::{Decision, DecisionKind};
use crate::values;

/// The table.
pub static DECISION: Table = Table {
    name: "decision",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "kind",
        "association",
        "seq",
        "account",
        "assignment",
        "mandate",
        "printed",
        "reason",
        "at",
        "mapping",
        "proposal",
    ],
};

/// Inserts a decision.
#[must_use]
pub fn row(tenant: &str, decision: &Decision) -> Write {
    Write {
        table: &DECISION,
        values: values![
            tenant,
            &decision.id,
            decision.kind.name(),
            &decision.association,
            decision.seq,
            &decision.account,
            &decision.assignment,
            decision.mandate,
            &decision.printed,
            &decision.reason,
            decision.at,
            &decision.mapping,
            &decision.proposal,
        ],
    }
}

fn from_row(row: &Row) -> Result<Decision, StoreError> {
    let kind = row.text("kind")?;
    Ok(Decision {
        id: row.text("id")?,
        kind: DecisionKind::from_name(&kind).ok_or_else(|| StoreError::unknown_word("kind", &kind))?,
        association: row.text("association")?,
        seq: row.int("seq")?,
        account: row.text("account")?,
        assignment: row.text("assignment")?,
        mandate: row.flag("mandate")?,
        printed: row.text("printed")?,
        reason: row.text("reason")?,
        mapping: row.text_opt("mapping")?,
        proposal: row.text_opt("proposal")?,
        at: row.moment("at")?,
    })
}

/// A decision.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<Decision>, StoreError> {
    let sql = "SELECT * FROM decision WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The decisions on a deelname's result, oldest first.
///
/// # Errors
/// What the database says.
pub async fn on_association(db: &Database, tenant: &str, association: &str) -> Result<Vec<Decision>, StoreError> {
    let sql = "SELECT * FROM decision WHERE tenant = $1 AND association = $2 ORDER BY at, id";
    let rows = db.rows(sql, values![tenant, association]).await?;
    rows.iter().map(from_row).collect()
}
