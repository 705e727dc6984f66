//! Persons, whole or erased.

use super::body;
use super::error::StoreError;
use super::sql::{Database, Row, Value};
use super::write_set::{Table, Write};
use crate::domain::person::Person;
use crate::values;

/// The table.
pub static PERSON: Table = Table {
    name: "person",
    key: &["tenant", "id"],
    columns: &["tenant", "id", "peer", "erased", "body", "updated_at", "version"],
};

/// Writes a person as the next version of the row that was read.
#[must_use]
pub fn next(tenant: &str, person: &Person) -> Write {
    Write {
        table: &PERSON,
        values: values![
            tenant,
            &person.id,
            &person.peer,
            person.erased,
            body::text(&person.facts),
            person.updated_at,
            person.version + 1,
        ],
    }
}

fn from_row(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.text("id")?,
        peer: row.text("peer")?,
        erased: row.flag("erased")?,
        facts: body::parse("person.body", &row.text("body")?)?,
        updated_at: row.moment("updated_at")?,
        version: row.int("version")?,
    })
}

/// One person.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, id: &str) -> Result<Option<Person>, StoreError> {
    let sql = "SELECT * FROM person WHERE tenant = $1 AND id = $2";
    let row = db.row(sql, values![tenant, id]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The persons with these ids, as far as they are known.
///
/// # Errors
/// What the database says.
pub async fn with_ids(db: &Database, tenant: &str, ids: &[String]) -> Result<Vec<Person>, StoreError> {
    let mut persons = Vec::new();
    // Few enough per statement for both databases.
    for some in ids.chunks(500) {
        let places: Vec<String> = (0..some.len()).map(|place| format!("${}", place + 2)).collect();
        let sql = format!(
            "SELECT * FROM person WHERE tenant = $1 AND id IN ({}) ORDER BY id",
            places.join(", ")
        );
        let mut values = values![tenant];
        values.extend(some.iter().map(Value::from));
        for row in db.rows(sql, values).await? {
            persons.push(from_row(&row)?);
        }
    }
    Ok(persons)
}
