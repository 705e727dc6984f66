//! Components: the catalogue of each vendor, as fetched (flow 0).

use jiff::Timestamp;

use super::body;
use super::error::StoreError;
use super::scope::containing;
use super::sql::{Database, Row, Value};
use super::write_set::{Table, Write};
use crate::domain::model::{Component, ComponentStatus};
use crate::values;

/// The table.
pub static COMPONENT: Table = Table {
    name: "component",
    key: &["tenant", "peer", "id"],
    columns: &[
        "tenant",
        "peer",
        "id",
        "name",
        "status",
        "body",
        "updated_at",
        "version",
    ],
};

/// A component as it stands in a vendor's catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentRow {
    /// The school.
    pub tenant: String,
    /// The vendor.
    pub peer: String,
    /// The object itself.
    pub facts: Component,
    /// Last change.
    pub updated_at: Timestamp,
    /// Counts its changes; 0 before it is written.
    pub version: i64,
}

impl ComponentRow {
    /// Writes it as the next version of the row that was read.
    #[must_use]
    pub fn next(&self) -> Write {
        let status = match self.facts.status {
            ComponentStatus::Active => "active",
            ComponentStatus::Inactive => "inactive",
        };
        Write {
            table: &COMPONENT,
            values: values![
                &self.tenant,
                &self.peer,
                &self.facts.component_id,
                &self.facts.name,
                status,
                body::text(&self.facts),
                self.updated_at,
                self.version + 1,
            ],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(ComponentRow {
            tenant: row.text("tenant")?,
            peer: row.text("peer")?,
            facts: body::parse("component.body", &row.text("body")?)?,
            updated_at: row.moment("updated_at")?,
            version: row.int("version")?,
        })
    }
}

/// One component of a vendor.
///
/// # Errors
/// What the database says.
pub async fn find(db: &Database, tenant: &str, peer: &str, id: &str) -> Result<Option<ComponentRow>, StoreError> {
    let sql = "SELECT * FROM component WHERE tenant = $1 AND peer = $2 AND id = $3";
    let row = db.row(sql, values![tenant, peer, id]).await?;
    row.as_ref().map(ComponentRow::from_row).transpose()
}

/// These components: school, vendor and id of each.
///
/// # Errors
/// What the database says.
pub async fn with_keys(db: &Database, keys: &[Vec<Value>]) -> Result<Vec<ComponentRow>, StoreError> {
    let sql = "SELECT present.* FROM {asked} CROSS JOIN component present
        WHERE present.tenant = asked.column1 AND present.peer = asked.column2 AND present.id = asked.column3";
    let rows = db.rows_of_keys(sql, keys).await?;
    rows.iter().map(ComponentRow::from_row).collect()
}

/// Ids of the active components of a vendor after an id, in their order; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn active_after(
    db: &Database,
    tenant: &str,
    peer: &str,
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM component WHERE tenant = $1 AND peer = $2 AND id > $3 AND status = 'active'
        ORDER BY id LIMIT $4";
    let rows = db.rows(sql, values![tenant, peer, after, limit]).await?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// The catalogue of a vendor, by name.
///
/// # Errors
/// What the database says.
pub async fn of_peer(db: &Database, tenant: &str, peer: &str) -> Result<Vec<ComponentRow>, StoreError> {
    let sql = "SELECT * FROM component WHERE tenant = $1 AND peer = $2 ORDER BY name, id";
    let rows = db.rows(sql, values![tenant, peer]).await?;
    rows.iter().map(ComponentRow::from_row).collect()
}

/// The components of a school's vendors after a vendor and an id, by vendor and id; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn all_after(
    db: &Database,
    tenant: &str,
    (peer, id): (&str, &str),
    limit: u32,
) -> Result<Vec<ComponentRow>, StoreError> {
    let sql = "SELECT * FROM component WHERE tenant = $1 AND peer >= $2 AND (peer > $2 OR id > $3)
        ORDER BY peer, id LIMIT $4";
    let rows = db.rows(sql, values![tenant, peer, id, limit]).await?;
    rows.iter().map(ComponentRow::from_row).collect()
}

/// The components of a school's vendors whose name or id contains a text, by name; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn search(db: &Database, tenant: &str, text: &str, limit: u32) -> Result<Vec<ComponentRow>, StoreError> {
    let sql = "SELECT * FROM component
        WHERE tenant = $1 AND (LOWER(name) LIKE $2 ESCAPE '!' OR LOWER(id) LIKE $2 ESCAPE '!')
        ORDER BY name, id LIMIT $3";
    let rows = db.rows(sql, values![tenant, containing(text), limit]).await?;
    rows.iter().map(ComponentRow::from_row).collect()
}
