//! Results: every version as it was delivered, and the head that says which is present and what became of it.

use super::body;
use super::error::StoreError;
use super::sql::{Database, Key, Row, as_values};
use super::write_set::{Table, Write};
use crate::domain::deadline::Progress;
use crate::domain::model::{ExamResult, Normed, PassState, ResultState};
use crate::domain::result::{Decided, Delivered, Head, Judgement, Source, Version};
use crate::values;

/// The table of versions; nothing in it is overwritten.
pub static RESULT: Table = Table {
    name: "result",
    key: &["tenant", "association", "seq"],
    columns: &[
        "tenant",
        "association",
        "seq",
        "body",
        "normed",
        "examenversie",
        "judgement",
        "why",
        "source",
        "message",
        "revision",
        "received_at",
        "mapping",
        "progress",
        "outcome",
        "irregular",
        "completed",
        "score",
    ],
};

/// The table of heads.
pub static RESULT_HEAD: Table = Table {
    name: "result_head",
    key: &["tenant", "association"],
    columns: &[
        "tenant",
        "association",
        "peer",
        "component",
        "examenversie",
        "seq",
        "judgement",
        "why",
        "normed",
        "decided",
        "decided_seq",
        "decision",
        "sent_seq",
        "confirmed_seq",
        "mapping",
        "decided_mapping",
        "version",
    ],
};

/// [`Normed`] as it is kept.
#[must_use]
pub fn normed_word(normed: Normed) -> &'static str {
    match normed {
        Normed::Yes => "yes",
        Normed::No => "no",
        Normed::Unknown => "unknown",
    }
}

/// Reads [`normed_word`] back.
///
/// # Errors
/// A word that was never kept.
pub fn normed_from(word: &str) -> Result<Normed, StoreError> {
    match word {
        "yes" => Ok(Normed::Yes),
        "no" => Ok(Normed::No),
        "unknown" => Ok(Normed::Unknown),
        other => Err(StoreError::unknown_word("normed", other)),
    }
}

/// Inserts a version.
#[must_use]
pub fn version_row(tenant: &str, version: &Version) -> Write {
    let (judgement, why) = version.judgement.names();
    let result = &version.delivered.result;
    Write {
        table: &RESULT,
        values: values![
            tenant,
            &version.association,
            version.seq,
            body::text(result),
            normed_word(version.delivered.normed),
            &version.delivered.examenversie,
            judgement,
            why,
            version.source.name(),
            &version.message,
            version.revision,
            version.received_at,
            &version.mapping,
            Progress::of(result).name(),
            outcome(result),
            is_irregular(result),
            result.state == ResultState::Completed,
            number(result),
        ],
    }
}

/// What lists count by: passed or failed, where it was said.
fn outcome(result: &ExamResult) -> &'static str {
    match result.pass {
        Some(PassState::Passed) => "passed",
        Some(PassState::Failed) => "failed",
        Some(PassState::Unknown) | None => "",
    }
}

/// A score that is a number, for averages; the body keeps it as it was delivered.
fn number(result: &ExamResult) -> Option<f64> {
    let score = result.score.as_deref()?;
    score.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_irregular(result: &ExamResult) -> bool {
    let said = result.irregularities.as_deref();
    said.is_some_and(|said| !said.trim().is_empty())
}

/// Writes a head as the next version of the row that was read.
#[must_use]
pub fn next_head(tenant: &str, head: &Head) -> Write {
    let (judgement, why) = head.judgement.names();
    Write {
        table: &RESULT_HEAD,
        values: values![
            tenant,
            &head.association,
            &head.peer,
            &head.component,
            &head.examenversie,
            head.seq,
            judgement,
            why,
            normed_word(head.normed),
            head.decided.name(),
            head.decided_seq,
            &head.decision,
            head.sent_seq,
            head.confirmed_seq,
            &head.mapping,
            &head.decided_mapping,
            head.version + 1,
        ],
    }
}

pub(super) fn judgement(row: &Row) -> Result<Judgement, StoreError> {
    let (judgement, why) = (row.text("judgement")?, row.text("why")?);
    Judgement::from_names(&judgement, &why)
        .ok_or_else(|| StoreError::unknown_word("judgement", &format!("{judgement} {why}")))
}

pub(super) fn version_from(row: &Row) -> Result<Version, StoreError> {
    let source = row.text("source")?;
    let result: ExamResult = body::parse("result.body", &row.text("body")?)?;
    Ok(Version {
        association: row.text("association")?,
        seq: row.int("seq")?,
        delivered: Delivered {
            result,
            normed: normed_from(&row.text("normed")?)?,
            examenversie: row.text_opt("examenversie")?,
        },
        judgement: judgement(row)?,
        source: Source::from_name(&source).ok_or_else(|| StoreError::unknown_word("source", &source))?,
        message: row.text_opt("message")?,
        revision: row.int_opt("revision")?,
        mapping: row.text_opt("mapping")?,
        received_at: row.moment("received_at")?,
    })
}

pub(super) fn head_from(row: &Row) -> Result<Head, StoreError> {
    let decided = row.text("decided")?;
    Ok(Head {
        association: row.text("association")?,
        peer: row.text("peer")?,
        component: row.text("component")?,
        examenversie: row.text("examenversie")?,
        seq: row.int("seq")?,
        judgement: judgement(row)?,
        normed: normed_from(&row.text("normed")?)?,
        decided: Decided::from_name(&decided).ok_or_else(|| StoreError::unknown_word("decided", &decided))?,
        decided_seq: row.int_opt("decided_seq")?,
        decision: row.text_opt("decision")?,
        sent_seq: row.int_opt("sent_seq")?,
        confirmed_seq: row.int_opt("confirmed_seq")?,
        mapping: row.text_opt("mapping")?,
        decided_mapping: row.text_opt("decided_mapping")?,
        version: row.int("version")?,
    })
}

/// The head of a deelname's result.
///
/// # Errors
/// What the database says.
pub async fn head(db: &Database, tenant: &str, association: &str) -> Result<Option<Head>, StoreError> {
    let sql = "SELECT * FROM result_head WHERE tenant = $1 AND association = $2";
    let row = db.row(sql, values![tenant, association]).await?;
    row.as_ref().map(head_from).transpose()
}

/// All versions of a deelname's result, oldest first.
///
/// # Errors
/// What the database says.
pub async fn versions(db: &Database, tenant: &str, association: &str) -> Result<Vec<Version>, StoreError> {
    let sql = "SELECT * FROM result WHERE tenant = $1 AND association = $2 ORDER BY seq";
    let rows = db.rows(sql, values![tenant, association]).await?;
    rows.iter().map(version_from).collect()
}

/// Versions of a deelname's result after a number, oldest first; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn versions_after(
    db: &Database,
    tenant: &str,
    association: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<Version>, StoreError> {
    let sql = "SELECT * FROM result WHERE tenant = $1 AND association = $2 AND seq > $3 ORDER BY seq LIMIT $4";
    let rows = db.rows(sql, values![tenant, association, after, limit]).await?;
    rows.iter().map(version_from).collect()
}

/// The heads of the deelnames of a sitting, by deelname.
///
/// # Errors
/// What the database says.
pub async fn heads_of_sitting(db: &Database, tenant: &str, sitting: &str) -> Result<Vec<Head>, StoreError> {
    let sql = "SELECT head.* FROM association deelname CROSS JOIN result_head head
        WHERE deelname.tenant = $1 AND deelname.offering = $2
          AND head.tenant = deelname.tenant AND head.association = deelname.id
        ORDER BY deelname.id";
    let rows = db.rows(sql, values![tenant, sitting]).await?;
    rows.iter().map(head_from).collect()
}

/// Heads of one examenversie after a deelname's id, at most `limit`: the next piece of a walk through all of them.
///
/// # Errors
/// What the database says.
pub async fn heads_of_examenversie(
    db: &Database,
    tenant: &str,
    examenversie: (&str, &str, &str),
    after: &str,
    limit: u32,
) -> Result<Vec<Head>, StoreError> {
    let (peer, component, code) = examenversie;
    let sql = "SELECT * FROM result_head
        WHERE tenant = $1 AND peer = $2 AND component = $3 AND examenversie = $4 AND association > $5
        ORDER BY association LIMIT $6";
    let rows = db
        .rows(sql, values![tenant, peer, component, code, after, limit])
        .await?;
    rows.iter().map(head_from).collect()
}

/// Heads of a component's results after a deelname's id, of all examenversies, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn heads_of_component(
    db: &Database,
    tenant: &str,
    (peer, component): (&str, &str),
    after: &str,
    limit: u32,
) -> Result<Vec<Head>, StoreError> {
    let sql = "SELECT * FROM result_head
        WHERE tenant = $1 AND peer = $2 AND component = $3 AND association > $4
        ORDER BY association LIMIT $5";
    let rows = db.rows(sql, values![tenant, peer, component, after, limit]).await?;
    rows.iter().map(head_from).collect()
}

/// Heads of the results that serve a planbare toets, those that serve it along with another one too (N#170), after a
/// deelname's id, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn heads_of_plannable(
    db: &Database,
    tenant: &str,
    plannable: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<Head>, StoreError> {
    let sql = "SELECT head.* FROM
        (SELECT one.id FROM association enrolment CROSS JOIN association one
            WHERE enrolment.tenant = $1 AND enrolment.offering = $2
              AND one.tenant = enrolment.tenant AND one.enrolment = enrolment.id
            UNION SELECT one.id FROM association enrolment CROSS JOIN duplicate pair CROSS JOIN association one
            WHERE enrolment.tenant = $1 AND enrolment.offering = $2
              AND pair.tenant = enrolment.tenant AND pair.enrolment = enrolment.id AND pair.state = 'merged'
              AND one.tenant = pair.tenant AND one.enrolment = pair.kept) serving
        CROSS JOIN result_head head
        WHERE serving.id > $3 AND head.tenant = $1 AND head.association = serving.id
        ORDER BY head.association LIMIT $4";
    let rows = db.rows(sql, values![tenant, plannable, after, limit]).await?;
    rows.iter().map(head_from).collect()
}

/// The units whose sittings have results of a component, or of one examenversie of it; `None` stands for sittings
/// without a unit.
///
/// # Errors
/// What the database says.
pub async fn units_with_results(
    db: &Database,
    tenant: &str,
    (peer, component): (&str, &str),
    examenversie: Option<&str>,
) -> Result<Vec<Option<String>>, StoreError> {
    let sql = "SELECT DISTINCT sitting.unit
        FROM result_head head CROSS JOIN association deelname CROSS JOIN offering sitting
        WHERE head.tenant = $1 AND head.peer = $2 AND head.component = $3 AND ($4 = '' OR head.examenversie = $4)
          AND deelname.tenant = head.tenant AND deelname.id = head.association
          AND sitting.tenant = deelname.tenant AND sitting.id = deelname.offering
        ORDER BY sitting.unit";
    let values = values![tenant, peer, component, examenversie.unwrap_or("")];
    let rows = db.rows(sql, values).await?;
    rows.iter().map(|row| row.text_opt("unit")).collect()
}

/// The versions of these deelnames' results, oldest first per deelname.
///
/// # Errors
/// What the database says.
pub async fn versions_of(db: &Database, tenant: &str, associations: &[String]) -> Result<Vec<Version>, StoreError> {
    let keys: Vec<Key> = associations.iter().map(|id| (tenant.to_owned(), id.clone())).collect();
    let versions = versions_with_keys(db, &keys).await?;
    Ok(versions.into_iter().map(|(_, version)| version).collect())
}

/// The same of any schools, each with its school.
///
/// # Errors
/// What the database says.
pub async fn versions_with_keys(db: &Database, keys: &[Key]) -> Result<Vec<(String, Version)>, StoreError> {
    let sql = "SELECT present.* FROM {asked} CROSS JOIN result present
        WHERE present.tenant = asked.column1 AND present.association = asked.column2
        ORDER BY present.association, present.seq";
    let rows = db.rows_of_keys(sql, &as_values(keys)).await?;
    rows.iter()
        .map(|row| Ok((row.text("tenant")?, version_from(row)?)))
        .collect()
}

/// The heads of these deelnames' results, each with its school.
///
/// # Errors
/// What the database says.
pub async fn heads_with_keys(db: &Database, keys: &[Key]) -> Result<Vec<(String, Head)>, StoreError> {
    let sql = "SELECT head.* FROM {asked} CROSS JOIN result_head head
        WHERE head.tenant = asked.column1 AND head.association = asked.column2";
    let rows = db.rows_of_keys(sql, &as_values(keys)).await?;
    rows.iter()
        .map(|row| Ok((row.text("tenant")?, head_from(row)?)))
        .collect()
}
