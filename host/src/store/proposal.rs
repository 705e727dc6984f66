//! Proposals to change what was decided; a row changes once, when it ends.

use super::error::StoreError;
use super::mark::Mark;
use super::scope::Scope;
use super::sql::{Database, Row};
use super::write_set::{Table, Write};
use crate::domain::proposal::{Ending, Proposal, ProposalKind, Settled};
use crate::values;

/// The table.
pub static PROPOSAL: Table = Table {
    name: "proposal",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "kind",
        "association",
        "seq",
        "decision",
        "decided_by",
        "proposer",
        "reason",
        "at",
        "ending",
        "settled_by",
        "settled_reason",
        "settled_at",
        "version",
    ],
};

/// Writes it as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, proposal: &Proposal) -> Write {
    let settled = proposal.settled.as_ref();
    Write {
        table: &PROPOSAL,
        values: values![
            tenant,
            &proposal.id,
            proposal.kind.name(),
            &proposal.association,
            proposal.seq,
            &proposal.decision,
            &proposal.decided_by,
            &proposal.proposer,
            &proposal.reason,
            proposal.at,
            settled.map(|settled| settled.ending.name()),
            settled.map(|settled| settled.by.as_str()),
            settled.map(|settled| settled.reason.as_str()),
            settled.map(|settled| settled.at),
            proposal.version + 1,
        ],
    }
}

fn from_row(row: &Row) -> Result<Proposal, StoreError> {
    let kind = row.text("kind")?;
    let settled = match row.text_opt("ending")? {
        None => None,
        Some(ending) => Some(Settled {
            ending: Ending::from_name(&ending).ok_or_else(|| StoreError::unknown_word("ending", &ending))?,
            by: row.text("settled_by")?,
            reason: row.text("settled_reason")?,
            at: row.moment("settled_at")?,
        }),
    };
    Ok(Proposal {
        id: row.text("id")?,
        kind: ProposalKind::from_name(&kind).ok_or_else(|| StoreError::unknown_word("kind", &kind))?,
        association: row.text("association")?,
        seq: row.int("seq")?,
        decision: row.text("decision")?,
        decided_by: row.text("decided_by")?,
        proposer: row.text("proposer")?,
        reason: row.text("reason")?,
        at: row.moment("at")?,
        settled,
        version: row.int("version")?,
    })
}

/// A proposal.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<Proposal>, StoreError> {
    let sql = "SELECT * FROM proposal WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The proposals about a deelname's result, oldest first.
///
/// # Errors
/// What the database says.
pub async fn on_association(db: &Database, tenant: &str, association: &str) -> Result<Vec<Proposal>, StoreError> {
    let sql = "SELECT * FROM proposal WHERE tenant = $1 AND association = $2 ORDER BY at, id";
    let rows = db.rows(sql, values![tenant, association]).await?;
    rows.iter().map(from_row).collect()
}

/// The proposals that wait after a place, about results of sittings in a scope, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn open_after(
    db: &Database,
    tenant: &str,
    scope: &Scope,
    after: &Mark,
    limit: u32,
) -> Result<Vec<Proposal>, StoreError> {
    let (in_scope, units) = scope.condition("sitting.unit", 5);
    let sql = format!(
        "SELECT proposal.* FROM proposal CROSS JOIN association deelname CROSS JOIN offering sitting
        WHERE proposal.tenant = $1 AND proposal.ending IS NULL
          AND proposal.at >= $2 AND (proposal.at > $2 OR proposal.id > $3)
          AND deelname.tenant = proposal.tenant AND deelname.id = proposal.association
          AND sitting.tenant = deelname.tenant AND sitting.id = deelname.offering AND {in_scope}
        ORDER BY proposal.at, proposal.id LIMIT $4"
    );
    let mut values = values![tenant, after.moment, &after.id, limit];
    values.extend(units);
    db.rows(sql, values).await?.iter().map(from_row).collect()
}
