//! Offerings: planbare toetsen, zittingen, and course and program offerings.

use jiff::Timestamp;

use super::body;
use super::error::StoreError;
use super::mark::Mark;
use super::scope::{Scope, containing};
use super::sql::{Database, Key, Row, as_values};
use super::write_set::{Table, Write};
use crate::domain::model::OfferingState;
use crate::domain::offering::{Confirmation, Offering, OfferingKind};
use crate::values;

/// The table.
pub static OFFERING: Table = Table {
    name: "offering",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "kind",
        "unit",
        "peer",
        "name",
        "state",
        "start_at",
        "end_at",
        "plannable",
        "component",
        "plan_version",
        "confirmed_version",
        "confirmed_at",
        "revision",
        "planned_by",
        "planner",
        "body",
        "updated_at",
        "version",
    ],
};

/// Writes an offering as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, offering: &Offering) -> Write {
    let state = match offering.facts.state {
        OfferingState::Active => "active",
        OfferingState::Canceled => "canceled",
    };
    Write {
        table: &OFFERING,
        values: values![
            tenant,
            &offering.id,
            offering.kind.name(),
            &offering.unit,
            &offering.peer,
            &offering.facts.name,
            state,
            offering.facts.start,
            offering.facts.end,
            &offering.plannable,
            &offering.component,
            offering.plan_version,
            offering.confirmed.map(|confirmed| confirmed.plan_version),
            offering.confirmed.map(|confirmed| confirmed.at),
            offering.confirmed.map(|confirmed| confirmed.revision),
            body::text(&offering.planned_by),
            &offering.planner,
            body::text(&offering.facts),
            offering.updated_at,
            offering.version + 1,
        ],
    }
}

/// What the vendor has confirmed, from the columns that offerings and associations share.
pub(super) fn confirmation(row: &Row) -> Result<Option<Confirmation>, StoreError> {
    let (Some(plan_version), Some(at), Some(revision)) = (
        row.int_opt("confirmed_version")?,
        row.moment_opt("confirmed_at")?,
        row.int_opt("revision")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Confirmation {
        plan_version,
        at,
        revision,
    }))
}

fn from_row(row: &Row) -> Result<Offering, StoreError> {
    let kind = row.text("kind")?;
    Ok(Offering {
        id: row.text("id")?,
        kind: OfferingKind::from_name(&kind).ok_or_else(|| StoreError::unknown_word("kind", &kind))?,
        unit: row.text_opt("unit")?,
        peer: row.text("peer")?,
        plannable: row.text_opt("plannable")?,
        component: row.text_opt("component")?,
        plan_version: row.int("plan_version")?,
        confirmed: confirmation(row)?,
        planned_by: body::parse("offering.planned_by", &row.text("planned_by")?)?,
        planner: row.text_opt("planner")?,
        facts: body::parse("offering.body", &row.text("body")?)?,
        updated_at: row.moment("updated_at")?,
        version: row.int("version")?,
    })
}

async fn all(db: &Database, sql: &str, values: Vec<super::sql::Value>) -> Result<Vec<Offering>, StoreError> {
    db.rows(sql, values).await?.iter().map(from_row).collect()
}

/// One offering.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<Offering>, StoreError> {
    let sql = "SELECT * FROM offering WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// These offerings, each with its school.
///
/// # Errors
/// What the database says.
pub async fn with_keys(db: &Database, keys: &[Key]) -> Result<Vec<(String, Offering)>, StoreError> {
    let sql = "SELECT present.* FROM {asked} CROSS JOIN offering present
        WHERE present.tenant = asked.column1 AND present.id = asked.column2";
    let rows = db.rows_of_keys(sql, &as_values(keys)).await?;
    rows.iter()
        .map(|row| Ok((row.text("tenant")?, from_row(row)?)))
        .collect()
}

/// Offerings of a kind that begin in a period, by start; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn starting_between(
    db: &Database,
    tenant: &str,
    kind: OfferingKind,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Offering>, StoreError> {
    let sql = "SELECT * FROM offering WHERE tenant = $1 AND kind = $2 AND start_at >= $3 AND start_at < $4
        ORDER BY start_at, id LIMIT $5";
    all(db, sql, values![tenant, kind.name(), from, until, limit]).await
}

/// Sittings after a mark, by start; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn sittings_after(
    db: &Database,
    tenant: &str,
    scope: &Scope,
    after: &Mark,
    limit: u32,
) -> Result<Vec<Offering>, StoreError> {
    let (in_scope, units) = scope.condition("unit", 5);
    let sql = format!(
        "SELECT * FROM offering
        WHERE tenant = $1 AND kind = 'sitting' AND start_at >= $2 AND (start_at > $2 OR id > $3) AND {in_scope}
        ORDER BY start_at, id LIMIT $4"
    );
    let mut values = values![tenant, after.moment, &after.id, limit];
    values.extend(units);
    all(db, &sql, values).await
}

/// Planbare toetsen after an id, by id; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn plannables_after(
    db: &Database,
    tenant: &str,
    scope: &Scope,
    after: &str,
    limit: u32,
) -> Result<Vec<Offering>, StoreError> {
    let (in_scope, units) = scope.condition("unit", 4);
    let sql = format!(
        "SELECT * FROM offering WHERE tenant = $1 AND kind = 'plannable' AND id > $2 AND {in_scope}
        ORDER BY id LIMIT $3"
    );
    let mut values = values![tenant, after, limit];
    values.extend(units);
    all(db, &sql, values).await
}

/// Planbare toetsen in a scope whose name or id contains a text, by name; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn plannables_named(
    db: &Database,
    tenant: &str,
    scope: &Scope,
    text: &str,
    limit: u32,
) -> Result<Vec<Offering>, StoreError> {
    let (in_scope, units) = scope.condition("unit", 4);
    let sql = format!(
        "SELECT * FROM offering WHERE tenant = $1 AND kind = 'plannable'
          AND (LOWER(name) LIKE $2 ESCAPE '!' OR LOWER(id) LIKE $2 ESCAPE '!') AND {in_scope}
        ORDER BY name, id LIMIT $3"
    );
    let mut values = values![tenant, containing(text), limit];
    values.extend(units);
    all(db, &sql, values).await
}

/// The sittings that serve a planbare toets, by start.
///
/// # Errors
/// What the database says.
pub async fn sittings_of(db: &Database, tenant: &str, plannable: &str) -> Result<Vec<Offering>, StoreError> {
    let sql = "SELECT * FROM offering WHERE tenant = $1 AND plannable = $2 ORDER BY start_at, id";
    all(db, sql, values![tenant, plannable]).await
}

/// Sittings at a vendor, relayed ones too, that have begun and were planned to end after a moment, by start: those whose results and
/// reports are still to be expected.
///
/// # Errors
/// What the database says.
pub async fn sittings_under_way(
    db: &Database,
    tenant: &str,
    peer: &str,
    began_before: Timestamp,
    ended_after: Timestamp,
) -> Result<Vec<Offering>, StoreError> {
    let sql = "SELECT * FROM offering
        WHERE tenant = $1 AND kind IN ('sitting', 'relayed') AND peer = $2 AND start_at <= $3 AND end_at >= $4
        ORDER BY start_at, id";
    all(db, sql, values![tenant, peer, began_before, ended_after]).await
}

/// Ids of the same, by id, after an id; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn under_way_after(
    db: &Database,
    tenant: &str,
    peer: &str,
    (began_before, ended_after): (Timestamp, Timestamp),
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM offering
        WHERE tenant = $1 AND kind IN ('sitting', 'relayed') AND peer = $2 AND start_at <= $3 AND end_at >= $4
          AND id > $5
        ORDER BY id LIMIT $6";
    let values = values![tenant, peer, began_before, ended_after, after, limit];
    let rows = db.rows(sql, values).await?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// A period, open on a side that is absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    /// From here.
    pub since: Option<Timestamp>,
    /// Until here.
    pub until: Option<Timestamp>,
}

/// A window on a list: so many items are passed over, so many follow at most.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Passed over.
    pub skip: u32,
    /// At most.
    pub take: u32,
}

/// Offerings of a kind of some student systems that overlap a period (R20), by start. What has no days overlaps none.
///
/// # Errors
/// What the database says.
pub async fn overlapping(
    db: &Database,
    tenant: &str,
    (kind, peers): (OfferingKind, &[String]),
    period: Period,
    window: Window,
) -> Result<Vec<Offering>, StoreError> {
    if peers.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (0..peers.len()).map(|place| format!("${}", place + 7)).collect();
    let sql = format!(
        "SELECT * FROM offering WHERE tenant = $1 AND kind = $2 AND start_at <= $3 AND end_at >= $4 AND peer IN ({})
        ORDER BY start_at, id LIMIT $5 OFFSET $6",
        places.join(", ")
    );
    let mut values = values![
        tenant,
        kind.name(),
        period.until.unwrap_or(Timestamp::MAX),
        period.since.unwrap_or(Timestamp::MIN),
        window.take,
        window.skip,
    ];
    values.extend(peers.iter().map(super::sql::Value::from));
    all(db, &sql, values).await
}
