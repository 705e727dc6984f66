//! Counts for the examencommissie's periodic report: what became of the results of a period, per exam, examenversie and
//! unit. Read only.

use jiff::Timestamp;
use serde::Deserialize;

use super::body;
use super::error::StoreError;
use super::scope::Scope;
use super::sql::{Database, Row};
use crate::domain::model::ExamResult;
use crate::values;

/// What became of the students' deelnames of one exam at one unit, by examenversie.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Count {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The examenversie; empty for deelnames without a result.
    pub examenversie: String,
    /// The unit that owns the sittings.
    pub unit: Option<String>,
    /// Sittings.
    pub sittings: i64,
    /// Students' deelnames.
    pub deelnames: i64,
    /// No-shows.
    pub absent: i64,
    /// Results that are known.
    pub known: i64,
    /// Of those, passed.
    pub passed: i64,
    /// Of those, failed; the others were not said to be either.
    pub failed: i64,
    /// To which the cesuur was applied.
    pub normed: i64,
    /// Of those normed, passed.
    pub normed_passed: i64,
    /// Of those normed, failed.
    pub normed_failed: i64,
    /// Of those normed, with a score that is a number.
    pub scored: i64,
    /// The sum of those scores, as they were delivered.
    pub score: f64,
    /// Decided on, here or upstream.
    pub decided: i64,
    /// Held back now.
    pub held: i64,
    /// With something irregular.
    pub irregular: i64,
    /// Delivered more than once with another content.
    pub restated: i64,
    /// Of which a vaststelling was corrected, by two people.
    pub corrected: i64,
    /// Of which a vaststelling was withdrawn, by two people.
    pub withdrawn: i64,
    /// Changed after vaststelling, where the change waits for two people.
    pub changed: i64,
}

/// Counts over the sittings that ended in a period, cancelled ones and cancelled deelnames left out.
///
/// # Errors
/// What the database says.
pub async fn over(db: &Database, tenant: &str, from: Timestamp, until: Timestamp) -> Result<Vec<Count>, StoreError> {
    let sql = "SELECT sitting.peer, COALESCE(sitting.component, '') AS component,
            COALESCE(head.examenversie, '') AS examenversie, sitting.unit,
            COUNT(DISTINCT sitting.id) AS sittings, COUNT(*) AS deelnames,
            SUM(CASE WHEN present.progress = 'absent' THEN 1 ELSE 0 END) AS absent,
            SUM(CASE WHEN present.progress = 'known' THEN 1 ELSE 0 END) AS known,
            SUM(CASE WHEN present.progress = 'known' AND present.outcome = 'passed' THEN 1 ELSE 0 END) AS passed,
            SUM(CASE WHEN present.progress = 'known' AND present.outcome = 'failed' THEN 1 ELSE 0 END) AS failed,
            SUM(CASE WHEN head.normed = 'yes' THEN 1 ELSE 0 END) AS normed,
            SUM(CASE WHEN head.normed = 'yes' AND present.progress = 'known' AND present.outcome = 'passed'
                THEN 1 ELSE 0 END) AS normed_passed,
            SUM(CASE WHEN head.normed = 'yes' AND present.progress = 'known' AND present.outcome = 'failed'
                THEN 1 ELSE 0 END) AS normed_failed,
            SUM(CASE WHEN head.normed = 'yes' AND present.progress = 'known' AND present.score IS NOT NULL
                THEN 1 ELSE 0 END) AS scored,
            SUM(CASE WHEN head.normed = 'yes' AND present.progress = 'known' THEN present.score END) AS score,
            SUM(CASE WHEN head.decided IN ('vastgesteld', 'upstream') THEN 1 ELSE 0 END) AS decided,
            SUM(CASE WHEN head.judgement = 'held' THEN 1 ELSE 0 END) AS held,
            CAST(SUM(COALESCE(present.irregular, 0)) AS BIGINT) AS irregular,
            SUM(CASE WHEN head.seq > 1 AND present.progress = 'known' THEN 1 ELSE 0 END) AS restated,
            SUM(CASE WHEN EXISTS (SELECT 1 FROM decision WHERE decision.tenant = deelname.tenant
                AND decision.association = deelname.id AND decision.kind = 'correction') THEN 1 ELSE 0 END) AS corrected,
            SUM(CASE WHEN EXISTS (SELECT 1 FROM decision WHERE decision.tenant = deelname.tenant
                AND decision.association = deelname.id AND decision.kind = 'withdrawal') THEN 1 ELSE 0 END) AS withdrawn,
            SUM(CASE WHEN head.judgement = 'held' AND head.why = 'changed-after-decision' THEN 1 ELSE 0 END) AS changed
        FROM offering sitting
        JOIN association deelname ON deelname.tenant = sitting.tenant AND deelname.offering = sitting.id
        LEFT JOIN result_head head ON head.tenant = deelname.tenant AND head.association = deelname.id
        LEFT JOIN result present ON present.tenant = head.tenant AND present.association = head.association
            AND present.seq = head.seq
        WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.end_at >= $2 AND sitting.end_at < $3
          AND sitting.state <> 'canceled'
          AND deelname.kind = 'deelname' AND deelname.role = 'student' AND deelname.state <> 'canceled'
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
    let rows = db.rows(sql, values![tenant, from, until]).await?;
    rows.iter()
        .map(|row| {
            Ok(Count {
                peer: row.text("peer")?,
                component: row.text("component")?,
                examenversie: row.text("examenversie")?,
                unit: row.text_opt("unit")?,
                sittings: row.int("sittings")?,
                deelnames: row.int("deelnames")?,
                absent: row.int("absent")?,
                known: row.int("known")?,
                passed: row.int("passed")?,
                failed: row.int("failed")?,
                normed: row.int("normed")?,
                normed_passed: row.int("normed_passed")?,
                normed_failed: row.int("normed_failed")?,
                scored: row.int("scored")?,
                score: row.double_opt("score")?.unwrap_or(0.0),
                decided: row.int("decided")?,
                held: row.int("held")?,
                irregular: row.int("irregular")?,
                restated: row.int("restated")?,
                corrected: row.int("corrected")?,
                withdrawn: row.int("withdrawn")?,
                changed: row.int("changed")?,
            })
        })
        .collect()
}

/// Something irregular in a period, as a result (flow 3) or a sitting's report (flow 4) says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Irregularity {
    /// The sitting.
    pub sitting: String,
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// When it ended.
    pub ended: Timestamp,
    /// The deelname; `None` for what the report says of the whole sitting.
    pub deelname: Option<String>,
    /// What was irregular.
    pub said: String,
}

/// What was irregular at the sittings in a scope that ended in a period, newest sitting first; at most `limit` of results
/// and as many of sittings.
///
/// # Errors
/// What the database says.
pub async fn irregularities(
    db: &Database,
    tenant: &str,
    scope: &Scope,
    (from, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<Irregularity>, StoreError> {
    let (in_scope, units) = scope.condition("sitting.unit", 5);
    let mut values = values![tenant, from, until, limit];
    values.extend(units);
    let of_results = format!(
        "SELECT sitting.id, sitting.name, sitting.unit, sitting.end_at, head.association, present.body
        FROM offering sitting CROSS JOIN association deelname CROSS JOIN result_head head CROSS JOIN result present
        WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.end_at >= $2 AND sitting.end_at < $3
          AND sitting.state <> 'canceled' AND {in_scope}
          AND deelname.tenant = sitting.tenant AND deelname.offering = sitting.id AND deelname.state <> 'canceled'
          AND head.tenant = deelname.tenant AND head.association = deelname.id
          AND present.tenant = head.tenant AND present.association = head.association AND present.seq = head.seq
          AND present.irregular = 1
        ORDER BY sitting.end_at DESC, sitting.id, head.association LIMIT $4"
    );
    // The text lies in the body: `LIKE` spares reading the others.
    let of_sittings = format!(
        "SELECT sitting.id, sitting.name, sitting.unit, sitting.end_at, sitting.body
        FROM offering sitting
        WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.end_at >= $2 AND sitting.end_at < $3
          AND sitting.state <> 'canceled' AND {in_scope} AND sitting.body LIKE '%\"irregularities\":\"_%'
        ORDER BY sitting.end_at DESC, sitting.id LIMIT $4"
    );
    let mut all = Vec::new();
    for row in db.rows(of_sittings, values.clone()).await? {
        let facts: Facts = body::parse("offering.body", &row.text("body")?)?;
        all.extend(facts.irregularities.map(|said| irregularity(&row, None, said)));
    }
    for row in db.rows(of_results, values).await? {
        let result: ExamResult = body::parse("result.body", &row.text("body")?)?;
        let deelname = row.text("association")?;
        all.extend(
            result
                .irregularities
                .map(|said| irregularity(&row, Some(deelname), said)),
        );
    }
    let mut all: Vec<Irregularity> = all.into_iter().collect::<Result<_, _>>()?;
    all.sort_by(|one, other| {
        (other.ended, &one.sitting, &one.deelname).cmp(&(one.ended, &other.sitting, &other.deelname))
    });
    Ok(all)
}

/// What the report reads of an offering's body.
#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    irregularities: Option<String>,
}

fn irregularity(row: &Row, deelname: Option<String>, said: String) -> Result<Irregularity, StoreError> {
    Ok(Irregularity {
        sitting: row.text("id")?,
        name: row.text("name")?,
        unit: row.text_opt("unit")?,
        ended: row.moment("end_at")?,
        deelname,
        said,
    })
}
