//! Organisational units (R24), and which lies in which.

use super::{AccountError, actor, entry, unknown};
use crate::app::unit::Units;
use crate::app::{Core, Decision};
use crate::domain::label;
use crate::domain::principal::WHOLE_SCHOOL;
use crate::store::tenant::UnitRow;
use crate::store::{Database, StoreError, WriteSet};

/// Adds or renames an organisational unit (R24).
///
/// # Errors
/// [`AccountError`]: a parent that does not exist.
pub async fn put_unit(
    core: &Core,
    tenant: &str,
    by: &str,
    id: &str,
    name: &str,
    parent: Option<&str>,
) -> Result<(), AccountError> {
    if label::tidy(id).as_deref() != Ok(id) || id == WHOLE_SCHOOL || id.len() > 255 {
        return Err(AccountError::BadUnit(id.to_owned()));
    }
    let name = label::tidy(name)?;
    core.decide(&[format!("units/{tenant}")], || async {
        let units = core.db.units(tenant).await?;
        if let Some(parent) = parent
            && !units.iter().any(|unit| unit.id == parent)
        {
            return Err(unknown("unit", parent));
        }
        let version = units.iter().find(|unit| unit.id == id).map_or(0, |unit| unit.version) + 1;
        let row = UnitRow {
            tenant: tenant.to_owned(),
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            name: name.clone(),
            version,
        };
        let mut write_set = WriteSet::of(tenant);
        write_set.put(row.write());
        write_set.audit(entry(&actor(by), "unit.put", "unit", id, String::new()));
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// A unit and the units it lies in, innermost first, as the rules want it.
///
/// # Errors
/// What the database says.
pub async fn lineage(db: &Database, tenant: &str, unit: &str) -> Result<Vec<String>, StoreError> {
    let around = db.units_around(&[(tenant.to_owned(), unit.to_owned())]).await?;
    Ok(around.into_iter().collect::<Units>().lineage(Some(unit)))
}
