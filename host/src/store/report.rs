//! Counts for the examencommissie's periodic report: what became of the results of a period, per exam, examenversie and
//! unit. Read only.

use jiff::Timestamp;

use super::error::StoreError;
use super::sql::Database;
use crate::values;

/// What became of the students' deelnames of one exam at one unit, by examenversie.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Decided on, here or upstream.
    pub decided: i64,
    /// Held back now.
    pub held: i64,
    /// With something irregular.
    pub irregular: i64,
    /// Delivered more than once with another content.
    pub restated: i64,
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
            SUM(CASE WHEN head.decided IN ('vastgesteld', 'upstream') THEN 1 ELSE 0 END) AS decided,
            SUM(CASE WHEN head.judgement = 'held' THEN 1 ELSE 0 END) AS held,
            CAST(SUM(COALESCE(present.irregular, 0)) AS BIGINT) AS irregular,
            SUM(CASE WHEN head.seq > 1 AND present.progress = 'known' THEN 1 ELSE 0 END) AS restated
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
                decided: row.int("decided")?,
                held: row.int("held")?,
                irregular: row.int("irregular")?,
                restated: row.int("restated")?,
            })
        })
        .collect()
}
