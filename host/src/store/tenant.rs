//! Schools and their organisational units (R24).

use super::{
    Database, StoreError, Table, Write,
    sql::{Key, Row, Value, as_values},
};
use crate::values;

/// The table of schools.
pub static TENANT: Table = Table {
    name: "tenant",
    key: &["tenant"],
    columns: &["tenant", "name", "settings", "created_at", "version"],
};

/// The table of organisational units.
pub static UNIT: Table = Table {
    name: "unit",
    key: &["tenant", "id"],
    columns: &["tenant", "id", "parent", "name", "version"],
};

/// A school.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantRow {
    /// Short name in addresses, such as `roc-demo`.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// Policies, as JSON text; the application gives them meaning.
    pub settings: String,
    /// Since when.
    pub created_at: jiff::Timestamp,
    /// Version of the row.
    pub version: i64,
}

impl TenantRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &TENANT,
            values: values![&self.tenant, &self.name, &self.settings, self.created_at, self.version],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(TenantRow {
            tenant: row.text("tenant")?,
            name: row.text("name")?,
            settings: row.text("settings")?,
            created_at: row.moment("created_at")?,
            version: row.int("version")?,
        })
    }
}

/// A college, team or location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// The school.
    pub tenant: String,
    /// Id; the organization's id where the student system names one.
    pub id: String,
    /// The unit it is part of.
    pub parent: Option<String>,
    /// Its name.
    pub name: String,
    /// Version of the row.
    pub version: i64,
}

impl UnitRow {
    /// The row to write.
    #[must_use]
    pub fn write(&self) -> Write {
        Write {
            table: &UNIT,
            values: values![&self.tenant, &self.id, &self.parent, &self.name, self.version],
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(UnitRow {
            tenant: row.text("tenant")?,
            id: row.text("id")?,
            parent: row.text_opt("parent")?,
            name: row.text("name")?,
            version: row.int("version")?,
        })
    }
}

impl Database {
    /// A school.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant(&self, tenant: &str) -> Result<Option<TenantRow>, StoreError> {
        let row = self
            .row(
                "SELECT tenant, name, settings, created_at, version FROM tenant WHERE tenant = $1",
                values![tenant],
            )
            .await?;
        row.as_ref().map(TenantRow::from_row).transpose()
    }

    /// These schools.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenants_named(&self, names: &[String]) -> Result<Vec<TenantRow>, StoreError> {
        let sql = "SELECT school.* FROM {asked} CROSS JOIN tenant school WHERE school.tenant = asked.column1";
        let keys: Vec<Vec<Value>> = names.iter().map(|name| values![name]).collect();
        let rows = self.rows_of_keys(sql, &keys).await?;
        rows.iter().map(TenantRow::from_row).collect()
    }

    /// All schools.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenants(&self) -> Result<Vec<TenantRow>, StoreError> {
        let sql = "SELECT tenant, name, settings, created_at, version FROM tenant ORDER BY tenant";
        self.rows(sql, Vec::<Value>::new())
            .await?
            .iter()
            .map(TenantRow::from_row)
            .collect()
    }

    /// The units of a school.
    ///
    /// # Errors
    /// What the database says.
    pub async fn units(&self, tenant: &str) -> Result<Vec<UnitRow>, StoreError> {
        let rows = self
            .rows(
                "SELECT tenant, id, parent, name, version FROM unit WHERE tenant = $1 ORDER BY name, id",
                values![tenant],
            )
            .await?;
        rows.iter().map(UnitRow::from_row).collect()
    }

    /// These units and those they lie in, up to the outermost.
    ///
    /// # Errors
    /// What the database says.
    pub async fn units_around(&self, keys: &[Key]) -> Result<Vec<UnitRow>, StoreError> {
        let sql = "WITH RECURSIVE around (tenant, id, parent, name, version) AS (
                SELECT unit.tenant, unit.id, unit.parent, unit.name, unit.version FROM {asked} CROSS JOIN unit
                WHERE unit.tenant = asked.column1 AND unit.id = asked.column2
            UNION
                SELECT outer_unit.tenant, outer_unit.id, outer_unit.parent, outer_unit.name, outer_unit.version
                FROM around CROSS JOIN unit outer_unit
                WHERE outer_unit.tenant = around.tenant AND outer_unit.id = around.parent)
            SELECT tenant, id, parent, name, version FROM around";
        let rows = self.rows_of_keys(sql, &as_values(keys)).await?;
        rows.iter().map(UnitRow::from_row).collect()
    }
}
