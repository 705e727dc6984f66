//! What went in and what came out on a day, per system and flow. Read only.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::Database;
use crate::domain::daily::{Counted, Whereabouts};
use crate::values;

/// What came in on a day, by what became of it: what was held and is not any more has come through.
///
/// # Errors
/// What the database says.
pub async fn came(
    db: &Database,
    tenant: &str,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Counted>, StoreError> {
    let sql = "SELECT peer, flow, standing, COUNT(*) AS count FROM (
            SELECT peer, flow, CASE WHEN message.outcome <> 'held' THEN message.outcome
                WHEN EXISTS (SELECT 1 FROM result_head head WHERE head.tenant = message.tenant
                    AND head.association = message.subject_id AND head.judgement = 'held') THEN 'held'
                WHEN EXISTS (SELECT 1 FROM task WHERE task.tenant = message.tenant AND task.open = 1
                    AND task.subject_kind = message.subject_kind AND task.subject_id = message.subject_id) THEN 'held'
                ELSE 'applied' END AS standing
            FROM message WHERE tenant = $1 AND received_at >= $2 AND received_at < $3) came
        GROUP BY peer, flow, standing ORDER BY peer, flow, standing";
    counts(db, sql, values![tenant, from, until]).await
}

/// What was to go out on a day, by where it stands now: delivered, on its way, stuck, or taken out by a person or a newer
/// message. Reads by what is open and by what was finished since that day, so that the day must not lie far back.
///
/// # Errors
/// What the database says.
pub async fn went(
    db: &Database,
    tenant: &str,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Counted>, StoreError> {
    let sql = "SELECT peer, flow, state AS standing, COUNT(*) AS count FROM job
        WHERE tenant = $1 AND open = 0 AND state = 'done' AND finished_at >= $2
          AND created_at >= $2 AND created_at < $3 AND flow IS NOT NULL AND kind IN ('deliver_sitting', 'deliver_deelname',
            'deliver_result', 'relay_result', 'relay_report', 'relay_student_result')
        GROUP BY peer, flow, state ORDER BY peer, flow, state";
    let mut all = counts(db, sql, values![tenant, from, until]).await?;
    let sql = "SELECT peer, flow, state AS standing, COUNT(*) AS count FROM job
        WHERE tenant = $1 AND open = 0 AND state IN ('dismissed', 'superseded') AND finished_at >= $2
          AND created_at >= $2 AND created_at < $3 AND flow IS NOT NULL AND kind IN ('deliver_sitting', 'deliver_deelname',
            'deliver_result', 'relay_result', 'relay_report', 'relay_student_result')
        GROUP BY peer, flow, state ORDER BY peer, flow, state";
    all.extend(counts(db, sql, values![tenant, from, until]).await?);
    let sql = "SELECT peer, flow, state AS standing, COUNT(*) AS count FROM job
        WHERE tenant = $1 AND open = 1
          AND created_at >= $2 AND created_at < $3 AND flow IS NOT NULL AND kind IN ('deliver_sitting', 'deliver_deelname',
            'deliver_result', 'relay_result', 'relay_report', 'relay_student_result')
        GROUP BY peer, flow, state ORDER BY peer, flow, state";
    all.extend(counts(db, sql, values![tenant, from, until]).await?);
    Ok(all)
}

async fn counts(db: &Database, sql: &str, values: Vec<super::sql::Value>) -> Result<Vec<Counted>, StoreError> {
    let rows = db.rows(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(Counted {
                peer: row.text("peer")?,
                flow: row.int("flow")?,
                standing: whereabouts(&row.text("standing")?)?,
                count: row.int("count")?,
            })
        })
        .collect()
}

/// Of a message that came in, what became of it; of one that goes out, the state of its job.
fn whereabouts(word: &str) -> Result<Whereabouts, StoreError> {
    match word {
        "applied" | "repeated" | "ignored" | "done" => Ok(Whereabouts::Through),
        "ready" | "running" => Ok(Whereabouts::Waiting),
        "held" | "dead" => Ok(Whereabouts::Stuck),
        "dismissed" | "superseded" => Ok(Whereabouts::SetAside),
        other => Err(StoreError::unknown_word("standing", other)),
    }
}
