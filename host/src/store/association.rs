//! Associations: toetsinschrijvingen, deelnames, and enrolments in courses and programs.

use super::body;
use super::error::StoreError;
use super::offering::confirmation;
use super::sql::{Database, Key, Row, Value, as_values};
use super::write_set::{Table, Write};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model::{AssociationState, Role};
use crate::values;

/// The table.
pub static ASSOCIATION: Table = Table {
    name: "association",
    key: &["tenant", "id"],
    columns: &[
        "tenant",
        "id",
        "kind",
        "peer",
        "offering",
        "person",
        "role",
        "state",
        "enrolment",
        "plan_version",
        "confirmed_version",
        "confirmed_at",
        "revision",
        "planned_by",
        "planner",
        "original",
        "body",
        "updated_at",
        "version",
    ],
};

/// A role as it is kept, for queries.
#[must_use]
pub fn role_word(role: &Role) -> &str {
    match role {
        Role::Student => "student",
        Role::Coordinator => "coordinator",
        Role::Invigilator => "invigilator",
        Role::Assessor => "assessor",
        Role::Guest => "guest",
        Role::Other(other) => other,
    }
}

/// A state as it is kept, and as the standard writes it.
#[must_use]
pub fn state_word(state: &AssociationState) -> &str {
    match state {
        AssociationState::Associated => "associated",
        AssociationState::Canceled => "canceled",
        AssociationState::Finished => "finished",
        AssociationState::Other(other) => other,
    }
}

/// Writes an association as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, association: &Association) -> Write {
    let facts = &association.facts;
    Write {
        table: &ASSOCIATION,
        values: values![
            tenant,
            &association.id,
            association.kind.name(),
            &association.peer,
            &facts.offering_id,
            &facts.person_id,
            role_word(&facts.role),
            state_word(&facts.state),
            &association.enrolment,
            association.plan_version,
            association.confirmed.map(|confirmed| confirmed.plan_version),
            association.confirmed.map(|confirmed| confirmed.at),
            association.confirmed.map(|confirmed| confirmed.revision),
            &association.planned_by,
            &association.planner,
            &facts.org_association_id,
            body::text(facts),
            association.updated_at,
            association.version + 1,
        ],
    }
}

fn from_row(row: &Row) -> Result<Association, StoreError> {
    let kind = row.text("kind")?;
    Ok(Association {
        id: row.text("id")?,
        kind: AssociationKind::from_name(&kind).ok_or_else(|| StoreError::unknown_word("kind", &kind))?,
        peer: row.text("peer")?,
        enrolment: row.text_opt("enrolment")?,
        plan_version: row.int("plan_version")?,
        confirmed: confirmation(row)?,
        planned_by: row.text_opt("planned_by")?,
        planner: row.text_opt("planner")?,
        facts: body::parse("association.body", &row.text("body")?)?,
        updated_at: row.moment("updated_at")?,
        version: row.int("version")?,
    })
}

async fn all(db: &Database, sql: &str, values: Vec<Value>) -> Result<Vec<Association>, StoreError> {
    db.rows(sql, values).await?.iter().map(from_row).collect()
}

/// One association.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<Association>, StoreError> {
    let sql = "SELECT * FROM association WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// These associations, each with its school.
///
/// # Errors
/// What the database says.
pub async fn with_keys(db: &Database, keys: &[Key]) -> Result<Vec<(String, Association)>, StoreError> {
    let sql = "SELECT present.* FROM {asked} CROSS JOIN association present
        WHERE present.tenant = asked.column1 AND present.id = asked.column2";
    let rows = db.rows_of_keys(sql, &as_values(keys)).await?;
    rows.iter()
        .map(|row| Ok((row.text("tenant")?, from_row(row)?)))
        .collect()
}

/// The deelnames that serve these enrolments and have a result: school, enrolment and deelname.
///
/// # Errors
/// What the database says.
pub async fn serving_with_result(db: &Database, enrolments: &[Key]) -> Result<Vec<(Key, String)>, StoreError> {
    let sql = "SELECT deelname.tenant, deelname.enrolment, deelname.id
        FROM {asked} CROSS JOIN association deelname CROSS JOIN result_head head
        WHERE deelname.tenant = asked.column1 AND deelname.enrolment = asked.column2
          AND head.tenant = deelname.tenant AND head.association = deelname.id";
    let rows = db.rows_of_keys(sql, &as_values(enrolments)).await?;
    let serving = |row: &Row| Ok(((row.text("tenant")?, row.text("enrolment")?), row.text("id")?));
    rows.iter().map(serving).collect()
}

/// The associations of an offering, by id.
///
/// # Errors
/// What the database says.
pub async fn of_offering(db: &Database, tenant: &str, offering: &str) -> Result<Vec<Association>, StoreError> {
    let sql = "SELECT * FROM association WHERE tenant = $1 AND offering = $2 ORDER BY id";
    all(db, sql, values![tenant, offering]).await
}

/// The associations of a person, by id.
///
/// # Errors
/// What the database says.
pub async fn of_person(db: &Database, tenant: &str, person: &str) -> Result<Vec<Association>, StoreError> {
    let sql = "SELECT * FROM association WHERE tenant = $1 AND person = $2 ORDER BY id";
    all(db, sql, values![tenant, person]).await
}

/// Students' deelnames at a vendor that stand, of sittings that stand and have not ended at a moment (of one sitting,
/// where it is named), by id, after an id; at most so many.
///
/// # Errors
/// What the database says.
pub async fn coming_students(
    db: &Database,
    tenant: &str,
    peer: &str,
    (now, sitting): (jiff::Timestamp, Option<&str>),
    (after, limit): (&str, u32),
) -> Result<Vec<Association>, StoreError> {
    let sql = "SELECT deelname.* FROM offering sitting
        JOIN association deelname ON deelname.tenant = sitting.tenant AND deelname.offering = sitting.id
        WHERE sitting.tenant = $1 AND sitting.kind = 'sitting' AND sitting.peer = $2 AND sitting.end_at > $3
        AND sitting.state <> 'canceled' AND ($4 = '' OR sitting.id = $4)
        AND deelname.kind = 'deelname' AND deelname.role = 'student' AND deelname.state <> 'canceled'
        AND deelname.id > $5
        ORDER BY deelname.id LIMIT $6";
    all(db, sql, values![tenant, peer, now, sitting.unwrap_or(""), after, limit]).await
}

/// The deelnames that serve an enrolment, by id.
///
/// # Errors
/// What the database says.
pub async fn serving(db: &Database, tenant: &str, enrolment: &str) -> Result<Vec<Association>, StoreError> {
    let sql = "SELECT * FROM association WHERE tenant = $1 AND enrolment = $2 ORDER BY id";
    all(db, sql, values![tenant, enrolment]).await
}

/// The deelnames that serve the enrolments of a planbare toets, by id.
///
/// # Errors
/// What the database says.
pub async fn serving_plannable(db: &Database, tenant: &str, plannable: &str) -> Result<Vec<Association>, StoreError> {
    let sql = "SELECT deelname.* FROM association enrolled CROSS JOIN association deelname
        WHERE enrolled.tenant = $1 AND enrolled.offering = $2
          AND deelname.tenant = enrolled.tenant AND deelname.enrolment = enrolled.id
        ORDER BY deelname.id";
    all(db, sql, values![tenant, plannable]).await
}

/// The enrolments for extra attempts that belong to an original one, by id: made here, or by the student system (R8).
///
/// # Errors
/// What the database says.
pub async fn attempts_of(db: &Database, tenant: &str, original: &str) -> Result<Vec<Association>, StoreError> {
    let sql = "SELECT * FROM association WHERE tenant = $1 AND original = $2 AND id <> $2 ORDER BY id";
    all(db, sql, values![tenant, original]).await
}

/// Of these persons, the ones that are bound to something by an association that stands and is not among `except`, or
/// that belong to a toetsgroep: their data is still needed (R5). A deelname that is finished asks for nothing more.
///
/// # Errors
/// What the database says.
pub async fn still_needed(
    db: &Database,
    tenant: &str,
    persons: &[String],
    except: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut needed = Vec::new();
    // Few enough per statement for both databases.
    for some in persons.chunks(500) {
        let places: Vec<String> = (0..some.len()).map(|place| format!("${}", place + 2)).collect();
        let sql = format!(
            "SELECT person, id FROM association
             WHERE tenant = $1 AND state <> 'canceled' AND kind <> 'relayed'
             AND NOT (kind = 'deelname' AND state = 'finished')
             AND person IN ({})",
            places.join(", ")
        );
        let mut values = values![tenant];
        values.extend(some.iter().map(Value::from));
        for row in db.rows(sql, values).await? {
            let (person, id) = (row.text("person")?, row.text("id")?);
            if !except.contains(&id) && !needed.contains(&person) {
                needed.push(person);
            }
        }
        let sql = format!(
            "SELECT person FROM test_group_member WHERE tenant = $1 AND state <> 'canceled' AND person IN ({})",
            places.join(", ")
        );
        let mut values = values![tenant];
        values.extend(some.iter().map(Value::from));
        for row in db.rows(sql, values).await? {
            let person = row.text("person")?;
            if !needed.contains(&person) {
                needed.push(person);
            }
        }
    }
    Ok(needed)
}
