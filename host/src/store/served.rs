//! What one revision of a peer's connector has done: which sittings and deelnames it told the vendor of last, and which
//! results it brought.

use super::error::StoreError;
use super::sql::{Database, Value};
use crate::values;

/// What a revision has done outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoneOutside {
    /// Sittings that it told the vendor of last.
    pub sittings: i64,
    /// Deelnames that it told the vendor of last.
    pub deelnames: i64,
    /// Result versions that it brought.
    pub results: i64,
    /// Of those, how many went on to the student system (flow 5), or how many it delivered there itself.
    pub sent: i64,
    /// Objects that the vendor gave an id of its own in its calls.
    pub ids: i64,
}

/// How much a revision has done, by what the host keeps.
///
/// # Errors
/// What the database says.
pub async fn counts(db: &Database, tenant: &str, (peer, revision): (&str, i64)) -> Result<DoneOutside, StoreError> {
    let of = || values![tenant, peer, revision];
    let sittings = "SELECT COUNT(*) AS count FROM offering WHERE tenant = $1 AND peer = $2 AND revision = $3";
    let deelnames = "SELECT COUNT(*) AS count FROM association WHERE tenant = $1 AND peer = $2 AND revision = $3";
    let results = "SELECT COUNT(*) AS count FROM result CROSS JOIN result_head head
        WHERE result.tenant = $1 AND result.revision = $3
          AND head.tenant = result.tenant AND head.association = result.association AND head.peer = $2";
    let sent = "SELECT COUNT(*) AS count FROM result CROSS JOIN result_head head
        WHERE result.tenant = $1 AND result.revision = $3
          AND head.tenant = result.tenant AND head.association = result.association AND head.peer = $2
          AND head.sent_seq = result.seq";
    let ids = "SELECT COUNT(*) AS count FROM ledger WHERE tenant = $1 AND peer = $2 AND revision = $3";
    Ok(DoneOutside {
        sittings: count(db, sittings, of()).await?,
        deelnames: count(db, deelnames, of()).await?,
        results: count(db, results, of()).await?,
        sent: count(db, sent, of()).await?,
        ids: count(db, ids, of()).await?,
    })
}

/// The sittings that a revision told the vendor of last, itself or one of their deelnames, and that have not ended at a
/// moment: by id, after an id, at most so many. A sitting without an end counts as coming.
///
/// # Errors
/// What the database says.
pub async fn coming_sittings(
    db: &Database,
    tenant: &str,
    (peer, revision): (&str, i64),
    now: jiff::Timestamp,
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let own = "SELECT id FROM offering
        WHERE tenant = $1 AND peer = $2 AND revision = $3 AND id > $4 AND (end_at IS NULL OR end_at > $5)
        ORDER BY id LIMIT $6";
    let by_deelname = "SELECT DISTINCT sitting.id FROM association deelname CROSS JOIN offering sitting
        WHERE deelname.tenant = $1 AND deelname.peer = $2 AND deelname.revision = $3 AND deelname.offering > $4
          AND sitting.tenant = deelname.tenant AND sitting.id = deelname.offering
          AND (sitting.end_at IS NULL OR sitting.end_at > $5)
        ORDER BY sitting.id LIMIT $6";
    let mut ids = std::collections::BTreeSet::new();
    for sql in [own, by_deelname] {
        for row in db.rows(sql, values![tenant, peer, revision, after, now, limit]).await? {
            ids.insert(row.text("id")?);
        }
    }
    Ok(ids.into_iter().take(limit as usize).collect())
}

/// Deelnames at a peer whose present result a revision brought, by id, after an id, at most so many.
///
/// # Errors
/// What the database says.
pub async fn brought(
    db: &Database,
    tenant: &str,
    (peer, revision): (&str, i64),
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT result.association FROM result CROSS JOIN result_head head
        WHERE result.tenant = $1 AND result.revision = $3 AND result.association > $4
          AND head.tenant = result.tenant AND head.association = result.association AND head.peer = $2
          AND head.seq = result.seq
        ORDER BY result.association LIMIT $5";
    let rows = db.rows(sql, values![tenant, peer, revision, after, limit]).await?;
    rows.iter().map(|row| row.text("association")).collect()
}

async fn count(db: &Database, sql: &str, values: Vec<Value>) -> Result<i64, StoreError> {
    match db.row(sql, values).await? {
        Some(row) => row.int("count"),
        None => Ok(0),
    }
}
