//! Counts for people who watch the chain: what went out, how sittings stand, what waits. Read only.

use jiff::Timestamp;

use super::error::StoreError;
use super::result::{head_from, version_from};
use super::sql::Database;
use crate::domain::result::{Head, Version};
use crate::domain::standing;
use crate::values;

/// How many deliveries to each (peer, flow) were confirmed since a moment.
///
/// # Errors
/// What the database says.
pub async fn delivered_since(
    db: &Database,
    tenant: &str,
    since: Timestamp,
) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let sql = "SELECT peer, flow, COUNT(*) AS count FROM job
        WHERE tenant = $1 AND open = 0 AND state = 'done' AND flow IN (2, 5) AND finished_at >= $2
        GROUP BY peer, flow ORDER BY peer, flow";
    let rows = db.rows(sql, values![tenant, since]).await?;
    rows.iter()
        .map(|row| Ok((row.text("peer")?, row.int("flow")?, row.int("count")?)))
        .collect()
}

/// Open tasks per owner.
///
/// # Errors
/// What the database says.
pub async fn open_tasks(db: &Database, tenant: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT owner, COUNT(*) AS count FROM task WHERE tenant = $1 AND open = 1 GROUP BY owner ORDER BY owner";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter()
        .map(|row| Ok((row.text("owner")?, row.int("count")?)))
        .collect()
}

/// How a sitting's deelnames stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The sitting.
    pub sitting: String,
    /// The connector revision that delivered what was confirmed; `None` for deelnames whose present plan is not.
    pub revision: Option<i64>,
    /// How many deelnames.
    pub count: i64,
    /// Of those, students.
    pub students: i64,
}

/// The standing deelnames of the sittings that begin in a period, by the revision that had them confirmed.
///
/// # Errors
/// What the database says.
pub async fn confirmed_between(
    db: &Database,
    tenant: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Confirmed>, StoreError> {
    let sql = "SELECT standing.offering, standing.revision, COUNT(*) AS count,
            SUM(CASE WHEN standing.role = 'student' THEN 1 ELSE 0 END) AS students
        FROM (SELECT deelname.offering, deelname.role,
                CASE WHEN deelname.confirmed_version >= deelname.plan_version THEN deelname.revision END AS revision
            FROM association deelname
            JOIN offering sitting ON sitting.tenant = deelname.tenant AND sitting.id = deelname.offering
            WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.start_at >= $2 AND sitting.start_at < $3
              AND deelname.state <> 'canceled') standing
        GROUP BY standing.offering, standing.revision ORDER BY standing.offering, standing.revision";
    let rows = db.rows(sql, values![tenant, from, until]).await?;
    rows.iter()
        .map(|row| {
            Ok(Confirmed {
                sitting: row.text("offering")?,
                revision: row.int_opt("revision")?,
                count: row.int("count")?,
                students: row.int("students")?,
            })
        })
        .collect()
}

/// Dead letters of flow 2 by the lane of their sitting ([`crate::app::deliver::sitting_lane`]).
///
/// # Errors
/// What the database says.
pub async fn dead_by_sitting_lane(db: &Database, tenant: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT dead.sitting_lane, COUNT(*) AS count
        FROM (SELECT CASE WHEN parent_lane = '' THEN lane ELSE parent_lane END AS sitting_lane FROM job
            WHERE tenant = $1 AND open = 1 AND state = 'dead' AND flow = 2) dead
        GROUP BY dead.sitting_lane ORDER BY dead.sitting_lane";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter()
        .map(|row| Ok((row.text("sitting_lane")?, row.int("count")?)))
        .collect()
}

/// Open tasks about sittings and about their deelnames, by sitting.
///
/// # Errors
/// What the database says.
pub async fn open_tasks_by_sitting(db: &Database, tenant: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT waiting.sitting, COUNT(*) AS count
        FROM (SELECT COALESCE(deelname.offering, task.subject_id) AS sitting FROM task
            LEFT JOIN association deelname ON task.subject_kind = 'association'
                AND deelname.tenant = task.tenant AND deelname.id = task.subject_id
            WHERE task.tenant = $1 AND task.open = 1 AND task.subject_kind IN ('association', 'offering')) waiting
        GROUP BY waiting.sitting ORDER BY waiting.sitting";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter()
        .map(|row| Ok((row.text("sitting")?, row.int("count")?)))
        .collect()
}

/// A result on which the examencommissie may have to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Undecided {
    /// The sitting.
    pub sitting: String,
    /// Where the result stands.
    pub head: Head,
    /// Its present version.
    pub version: Version,
}

/// Results that are accepted and not decided on, or changed after the decision; those decided upstream are not among
/// them. By sitting, at most `limit`; of one sitting when it is named.
///
/// # Errors
/// What the database says.
pub async fn undecided(
    db: &Database,
    tenant: &str,
    sitting: Option<&str>,
    limit: u32,
) -> Result<Vec<Undecided>, StoreError> {
    // From few to many: from the deelnames of the sitting, or from the results that are undecided.
    let tables = match sitting {
        Some(_) => "association deelname CROSS JOIN result_head head",
        None => "result_head head CROSS JOIN association deelname",
    };
    let of_sitting = sitting.map_or("$3 = ''", |_| "deelname.offering = $3");
    let sql = format!(
        "SELECT deelname.offering, head.*, present.body, present.source, present.message, present.revision,
            present.received_at
        FROM {tables} CROSS JOIN result present
        WHERE head.tenant = $1 AND deelname.tenant = $1 AND deelname.id = head.association AND {of_sitting}
          AND present.tenant = head.tenant AND present.association = head.association AND present.seq = head.seq
          AND head.normed <> 'no'
          AND ((head.judgement = 'accepted' AND head.decided IN ('undecided', 'withdrawn'))
            OR (head.judgement = 'held' AND head.why = 'changed-after-decision'))
        ORDER BY deelname.offering, head.association LIMIT $2"
    );
    let rows = db.rows(sql, values![tenant, limit, sitting.unwrap_or("")]).await?;
    rows.iter()
        .map(|row| {
            Ok(Undecided {
                sitting: row.text("offering")?,
                head: head_from(row)?,
                version: version_from(row)?,
            })
        })
        .collect()
}

/// A result that serves an exam.
#[derive(Debug, Clone, PartialEq)]
pub struct OfExam {
    /// The sitting.
    pub sitting: String,
    /// The sitting's unit.
    pub unit: Option<String>,
    /// The person's id.
    pub person: String,
    /// Where the result stands.
    pub head: Head,
    /// Whether its present version is completed.
    pub completed: bool,
}

impl OfExam {
    /// Whether one person may decide on it now, their own hands in it aside.
    #[must_use]
    pub fn is_decidable(&self) -> bool {
        standing::may_be_decided(&self.head, self.completed).is_ok()
    }
}

/// How the results stand that serve a planbare toets, those that serve it along with another one too (N#170), by sitting
/// and deelname. All of them, without what was delivered: that is read of those that are shown.
///
/// # Errors
/// What the database says.
pub async fn results_of_plannable(db: &Database, tenant: &str, plannable: &str) -> Result<Vec<OfExam>, StoreError> {
    let sql = "SELECT deelname.offering, deelname.person, sitting.unit, head.*, present.completed
        FROM (SELECT one.id FROM association enrolment CROSS JOIN association one
                WHERE enrolment.tenant = $1 AND enrolment.offering = $2
                  AND one.tenant = enrolment.tenant AND one.enrolment = enrolment.id
                UNION SELECT one.id FROM association enrolment CROSS JOIN duplicate pair CROSS JOIN association one
                WHERE enrolment.tenant = $1 AND enrolment.offering = $2
                  AND pair.tenant = enrolment.tenant AND pair.enrolment = enrolment.id AND pair.state = 'merged'
                  AND one.tenant = pair.tenant AND one.enrolment = pair.kept) serving
            CROSS JOIN association deelname CROSS JOIN offering sitting
            CROSS JOIN result_head head CROSS JOIN result present
        WHERE deelname.tenant = $1 AND deelname.id = serving.id
          AND sitting.tenant = deelname.tenant AND sitting.id = deelname.offering
          AND head.tenant = deelname.tenant AND head.association = deelname.id
          AND present.tenant = head.tenant AND present.association = head.association AND present.seq = head.seq
        ORDER BY deelname.offering, head.association";
    let rows = db.rows(sql, values![tenant, plannable]).await?;
    rows.iter()
        .map(|row| {
            Ok(OfExam {
                sitting: row.text("offering")?,
                unit: row.text_opt("unit")?,
                person: row.text("person")?,
                head: head_from(row)?,
                completed: row.flag("completed")?,
            })
        })
        .collect()
}
