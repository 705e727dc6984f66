//! What is left to be done at sittings that have ended, counted per sitting by how far results have come; the planned
//! days of cesuren; and which sittings have nothing left.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::error::StoreError;
use super::mark::Mark;
use super::result::{judgement, normed_from};
use super::sql::{Database, Key, Row, as_values};
use super::write_set::{Table, Write};
use crate::domain::deadline::{Class, Progress};
use crate::domain::model::Normed;
use crate::domain::result::Decided;
use crate::values;

/// The table of planned cesuren.
pub static CESUUR_PLAN: Table = Table {
    name: "cesuur_plan",
    key: &["tenant", "peer", "component", "code"],
    columns: &[
        "tenant",
        "peer",
        "component",
        "code",
        "planned_on",
        "actor",
        "at",
        "version",
    ],
};

/// The table of sittings with nothing left to do.
pub static SETTLED: Table = Table {
    name: "settled",
    key: &["tenant", "sitting"],
    columns: &["tenant", "sitting", "sitting_version", "at", "version"],
};

/// The table of how far the search for settled sittings has come.
pub static LOOKED_AT: Table = Table {
    name: "looked_at",
    key: &["tenant"],
    columns: &["tenant", "until", "version"],
};

/// When the cesuur of an examenversie is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CesuurPlanRow {
    /// The school.
    pub tenant: String,
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The vendor's code of the version; the component where it names none.
    pub code: String,
    /// The day.
    pub planned_on: Date,
    /// Who planned it: `account:ID`.
    pub actor: String,
    /// When that was said.
    pub at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl CesuurPlanRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        Write {
            table: &CESUUR_PLAN,
            values: values![
                &self.tenant,
                &self.peer,
                &self.component,
                &self.code,
                self.planned_on.to_string(),
                &self.actor,
                self.at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let planned_on = row.text("planned_on")?;
        Ok(CesuurPlanRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            component: row.text("component")?,
            code: row.text("code")?,
            planned_on: planned_on.parse().map_err(|error| StoreError::Inconsistent {
                column: "cesuur_plan.planned_on".to_owned(),
                why: format!("`{planned_on}`: {error}"),
            })?,
            actor: row.text("actor")?,
            at: row.moment("at")?,
            version: row.int("version")?,
        })
    }
}

/// The planned cesuren of a school.
///
/// # Errors
/// What the database says.
pub async fn cesuur_plans(db: &Database, tenant: &str) -> Result<Vec<CesuurPlanRow>, StoreError> {
    let sql = "SELECT * FROM cesuur_plan WHERE tenant = $1 ORDER BY planned_on, peer, component, code";
    let rows = db.rows(sql, values![tenant]).await?;
    rows.iter().map(CesuurPlanRow::from_row).collect()
}

/// The planned cesuur of one examenversie.
///
/// # Errors
/// What the database says.
pub async fn cesuur_plan(
    db: &Database,
    tenant: &str,
    peer: &str,
    component: &str,
    code: &str,
) -> Result<Option<CesuurPlanRow>, StoreError> {
    let sql = "SELECT * FROM cesuur_plan WHERE tenant = $1 AND peer = $2 AND component = $3 AND code = $4";
    let row = db.row(sql, values![tenant, peer, component, code]).await?;
    row.as_ref().map(CesuurPlanRow::from_row).transpose()
}

/// Deelnames of students at one sitting that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The sitting.
    pub sitting: String,
    /// Its name.
    pub name: String,
    /// The unit that owns it.
    pub unit: Option<String>,
    /// The vendor.
    pub peer: String,
    /// The vendor's component.
    pub component: String,
    /// When it ended.
    pub ended: Timestamp,
    /// The version of the sitting that was looked at.
    pub version: i64,
    /// The examenversie of their results; empty without a result.
    pub examenversie: String,
    /// How they stand.
    pub class: Class,
    /// How many.
    pub count: i64,
    /// When the first of their present results came.
    pub since: Option<Timestamp>,
}

const COUNTED: &str = "SELECT sitting.id, sitting.name, sitting.unit, sitting.peer,
        COALESCE(sitting.component, '') AS component, sitting.end_at, sitting.version,
        COALESCE(head.examenversie, '') AS examenversie, COALESCE(present.progress, 'open') AS progress,
        COALESCE(head.judgement, 'accepted') AS judgement, COALESCE(head.why, '') AS why,
        COALESCE(head.normed, 'unknown') AS normed, COALESCE(head.decided, 'undecided') AS decided,
        CAST(CASE WHEN head.sent_seq >= head.seq THEN 1 ELSE 0 END AS BIGINT) AS sent,
        CAST(CASE WHEN deelname.enrolment IS NULL OR head.confirmed_seq >= head.seq THEN 1 ELSE 0 END AS BIGINT)
            AS arrived,
        COUNT(*) AS count, MIN(present.received_at) AS since";

/// By all that is not counted, in the order of [`COUNTED`].
const GROUPED: &str = "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 ORDER BY sitting.end_at, sitting.id";

/// How far the search for settled sittings of a school has come, and the version of the row that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedAt {
    /// Of the sittings that ended before this, those without a note had work left when they were looked at.
    pub until: Timestamp,
    /// 0 before the first look.
    pub version: i64,
}

impl LookedAt {
    /// Writes it on top of the row that was read.
    #[must_use]
    pub fn next(self, tenant: &str) -> Write {
        Write {
            table: &LOOKED_AT,
            values: values![tenant, self.until, self.version + 1],
        }
    }
}

/// How far the search for settled sittings of a school has come.
///
/// # Errors
/// What the database says.
pub async fn looked_at(db: &Database, tenant: &str) -> Result<LookedAt, StoreError> {
    let sql = "SELECT until, version FROM looked_at WHERE tenant = $1";
    match db.row(sql, values![tenant]).await? {
        Some(row) => Ok(LookedAt {
            until: row.moment("until")?,
            version: row.int("version")?,
        }),
        None => Ok(LookedAt {
            until: Timestamp::UNIX_EPOCH,
            version: 0,
        }),
    }
}

/// The students' deelnames of sittings that ended before a moment and are not settled: of all that were looked at, and of
/// so many of the latest that were not. Which sittings these are is read from two indexes alone, so that a year of
/// settled ones costs little.
///
/// # Errors
/// What the database says.
pub async fn unsettled(
    db: &Database,
    tenant: &str,
    before: Timestamp,
    looked_at: Timestamp,
    latest: u32,
) -> Result<Vec<Alike>, StoreError> {
    let sql = format!(
        "{COUNTED} FROM (
            SELECT ended.id FROM offering ended
            LEFT JOIN settled done ON done.tenant = ended.tenant AND done.sitting = ended.id
                AND done.sitting_version = ended.version
            WHERE ended.tenant = $1 AND ended.kind = 'sitting' AND ended.end_at < $3
              AND ended.state <> 'canceled' AND done.sitting IS NULL
            UNION ALL SELECT latest.id FROM (SELECT ended.id FROM offering ended
                LEFT JOIN settled done ON done.tenant = ended.tenant AND done.sitting = ended.id
                    AND done.sitting_version = ended.version
                WHERE ended.tenant = $1 AND ended.kind = 'sitting' AND ended.end_at >= $3 AND ended.end_at < $2
                  AND ended.state <> 'canceled' AND done.sitting IS NULL
                ORDER BY ended.end_at DESC LIMIT $4) latest) unfinished
        CROSS JOIN offering sitting CROSS JOIN association deelname
        LEFT JOIN result_head head ON head.tenant = deelname.tenant AND head.association = deelname.id
        LEFT JOIN result present ON present.tenant = head.tenant AND present.association = head.association
            AND present.seq = head.seq
        WHERE sitting.tenant = $1 AND sitting.id = unfinished.id
          AND deelname.tenant = sitting.tenant AND deelname.offering = sitting.id
          AND deelname.kind = 'deelname' AND deelname.role = 'student' AND deelname.state <> 'canceled'
        {GROUPED}"
    );
    let rows = db
        .rows(sql, values![tenant, before, looked_at.min(before), latest])
        .await?;
    rows.iter().map(alike_from).collect()
}

/// How many sittings that ended before a moment are not settled and were never looked at.
///
/// # Errors
/// What the database says.
pub async fn never_looked_at(
    db: &Database,
    tenant: &str,
    before: Timestamp,
    looked_at: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS count FROM offering ended
        LEFT JOIN settled done ON done.tenant = ended.tenant AND done.sitting = ended.id
            AND done.sitting_version = ended.version
        WHERE ended.tenant = $1 AND ended.kind = 'sitting' AND ended.end_at >= $3 AND ended.end_at < $2
          AND ended.state <> 'canceled' AND done.sitting IS NULL";
    let row = db.row(sql, values![tenant, before, looked_at]).await?;
    row.map_or(Ok(0), |row| row.int("count"))
}

/// A sitting that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its id.
    pub id: String,
    /// The version that was read.
    pub version: i64,
    /// When.
    pub at: Timestamp,
}

/// Sittings that ended before a moment and are not settled, after a mark, by their end; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn ended_after(
    db: &Database,
    tenant: &str,
    before: Timestamp,
    after: &Mark,
    limit: u32,
) -> Result<Vec<Ended>, StoreError> {
    let sql = "SELECT ended.id, ended.version, ended.end_at FROM offering ended
        LEFT JOIN settled done ON done.tenant = ended.tenant AND done.sitting = ended.id
            AND done.sitting_version = ended.version
        WHERE ended.tenant = $1 AND ended.kind = 'sitting' AND ended.end_at >= $3 AND ended.end_at < $2
          AND (ended.end_at > $3 OR ended.id > $4) AND ended.state <> 'canceled' AND done.sitting IS NULL
        ORDER BY ended.end_at, ended.id LIMIT $5";
    let rows = db
        .rows(sql, values![tenant, before, after.moment, &after.id, limit])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Ended {
                id: row.text("id")?,
                version: row.int("version")?,
                at: row.moment("end_at")?,
            })
        })
        .collect()
}

/// How the students' deelnames of these sittings stand.
///
/// # Errors
/// What the database says.
pub async fn at_sittings(db: &Database, sittings: &[Key]) -> Result<Vec<Alike>, StoreError> {
    let sql = format!(
        "{COUNTED} FROM {{asked}} CROSS JOIN offering sitting CROSS JOIN association deelname
        LEFT JOIN result_head head ON head.tenant = deelname.tenant AND head.association = deelname.id
        LEFT JOIN result present ON present.tenant = head.tenant AND present.association = head.association
            AND present.seq = head.seq
        WHERE sitting.tenant = asked.column1 AND sitting.id = asked.column2
          AND deelname.tenant = sitting.tenant AND deelname.offering = sitting.id
          AND deelname.kind = 'deelname' AND deelname.role = 'student' AND deelname.state <> 'canceled'
        {GROUPED}"
    );
    let rows = db.rows_of_keys(&sql, &as_values(sittings)).await?;
    rows.iter().map(alike_from).collect()
}

/// Results that the student system has not confirmed, where [`unsettled`] does not look: at settled and cancelled
/// sittings, of cancelled deelnames (R6), and at sittings that have not ended.
///
/// # Errors
/// What the database says.
pub async fn unconfirmed_elsewhere(db: &Database, tenant: &str, before: Timestamp) -> Result<Vec<Alike>, StoreError> {
    let sql = format!(
        "{COUNTED} FROM result_head head CROSS JOIN association deelname CROSS JOIN offering sitting
        LEFT JOIN settled done ON done.tenant = sitting.tenant AND done.sitting = sitting.id
            AND done.sitting_version = sitting.version
        -- Last: most heads are of sittings that are left out here.
        CROSS JOIN result present
        WHERE head.tenant = $1 AND deelname.tenant = head.tenant AND deelname.id = head.association
          AND sitting.tenant = deelname.tenant AND sitting.id = deelname.offering
          AND present.tenant = head.tenant AND present.association = head.association AND present.seq = head.seq
          AND (head.confirmed_seq IS NULL OR head.confirmed_seq < head.seq)
          -- As an expression: else SQLite walks through all enrolments instead of the few heads.
          AND COALESCE(deelname.enrolment, '') <> '' AND present.progress <> 'open'
          AND (done.sitting IS NOT NULL OR sitting.state = 'canceled' OR deelname.state = 'canceled'
            OR sitting.end_at >= $2)
        {GROUPED}"
    );
    let rows = db.rows(sql, values![tenant, before]).await?;
    rows.iter().map(alike_from).collect()
}

fn alike_from(row: &Row) -> Result<Alike, StoreError> {
    let progress = row.text("progress")?;
    let decided = row.text("decided")?;
    let normed: Normed = normed_from(&row.text("normed")?)?;
    Ok(Alike {
        sitting: row.text("id")?,
        name: row.text("name")?,
        unit: row.text_opt("unit")?,
        peer: row.text("peer")?,
        component: row.text("component")?,
        ended: row.moment("end_at")?,
        version: row.int("version")?,
        examenversie: row.text("examenversie")?,
        class: Class {
            progress: Progress::from_name(&progress).ok_or_else(|| StoreError::unknown_word("progress", &progress))?,
            judgement: judgement(row)?,
            normed,
            decided: Decided::from_name(&decided).ok_or_else(|| StoreError::unknown_word("decided", &decided))?,
            sent: row.flag("sent")?,
            arrived: row.flag("arrived")?,
        },
        count: row.int("count")?,
        since: row.moment_opt("since")?,
    })
}

/// The versions of the rows that say of these sittings that they are settled, by sitting.
///
/// # Errors
/// What the database says.
pub async fn settled_versions(db: &Database, sittings: &[Key]) -> Result<HashMap<String, i64>, StoreError> {
    let sql = "SELECT done.sitting, done.version FROM {asked} CROSS JOIN settled done
        WHERE done.tenant = asked.column1 AND done.sitting = asked.column2";
    let rows = db.rows_of_keys(sql, &as_values(sittings)).await?;
    rows.iter()
        .map(|row| Ok((row.text("sitting")?, row.int("version")?)))
        .collect()
}

/// Says that a sitting, as of its version, has nothing left to do; on top of the row's version.
#[must_use]
pub fn settle(tenant: &str, (sitting, sitting_version): (&str, i64), version: i64, now: Timestamp) -> Write {
    Write {
        table: &SETTLED,
        values: values![tenant, sitting, sitting_version, now, version + 1],
    }
}

/// A student who did not turn up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// The deelname.
    pub deelname: String,
    /// The person.
    pub person: String,
    /// Name of the sitting.
    pub sitting: String,
    /// The unit that owns it.
    pub unit: Option<String>,
    /// When it ended.
    pub ended: Timestamp,
}

/// Students who did not turn up at sittings that ended in a period, the latest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn absent_between(
    db: &Database,
    tenant: &str,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Absent>, StoreError> {
    let sql = "SELECT deelname.id, deelname.person, sitting.name, sitting.unit, sitting.end_at
        FROM offering sitting CROSS JOIN association deelname CROSS JOIN result present CROSS JOIN result_head head
        WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.end_at >= $2 AND sitting.end_at < $3
          AND deelname.tenant = sitting.tenant AND deelname.offering = sitting.id
          AND deelname.role = 'student' AND deelname.state <> 'canceled'
          AND present.tenant = deelname.tenant AND present.association = deelname.id AND present.progress = 'absent'
          AND head.tenant = present.tenant AND head.association = present.association AND head.seq = present.seq
        ORDER BY sitting.end_at DESC, deelname.id LIMIT $4";
    let rows = db.rows(sql, values![tenant, from, until, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Absent {
                deelname: row.text("id")?,
                person: row.text("person")?,
                sitting: row.text("name")?,
                unit: row.text_opt("unit")?,
                ended: row.moment("end_at")?,
            })
        })
        .collect()
}
