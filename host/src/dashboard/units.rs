//! The school's units on pages: their names, and which of them a visitor's functions cover (R24).

use std::collections::HashMap;

use super::oops::Oops;
use super::session::Visitor;
use crate::api::Service;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::tenant::UnitRow;

/// The units of a school.
pub struct Units(HashMap<String, UnitRow>);

impl Units {
    /// Reads them.
    pub async fn of(service: &Service, tenant: &str) -> Result<Units, Oops> {
        let rows = service.core.db.units(tenant).await?;
        Ok(Units(rows.into_iter().map(|row| (row.id.clone(), row)).collect()))
    }

    /// The units, by name.
    #[must_use]
    pub fn sorted(&self) -> Vec<&UnitRow> {
        let mut rows: Vec<&UnitRow> = self.0.values().collect();
        rows.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        rows
    }

    /// Its name; its id when it is not known.
    #[must_use]
    pub fn name(&self, id: &str) -> String {
        if id == WHOLE_SCHOOL {
            return "hele school".to_owned();
        }
        self.0.get(id).map_or_else(|| id.to_owned(), |row| row.name.clone())
    }

    /// The name of a unit that may be absent.
    #[must_use]
    pub fn name_opt(&self, id: Option<&str>) -> String {
        id.map_or_else(|| "–".to_owned(), |id| self.name(id))
    }

    /// A unit and those it lies in, innermost first.
    #[must_use]
    pub fn lineage(&self, id: Option<&str>) -> Vec<String> {
        let mut lineage: Vec<String> = Vec::new();
        let mut at = id.map(str::to_owned);
        while let Some(id) = at.filter(|id| !lineage.contains(id)) {
            at = self.0.get(&id).and_then(|row| row.parent.clone());
            lineage.push(id);
        }
        lineage
    }

    /// Whether a function of the visitor covers a unit; without a unit, the whole school.
    #[must_use]
    pub fn covers(&self, visitor: &Visitor, duty: Duty, unit: Option<&str>) -> bool {
        let lineage = self.lineage(unit);
        visitor.who.account.holding(duty, &lineage, visitor.now).is_ok()
    }

    /// Whether any function of the visitor covers it: enough to see it.
    #[must_use]
    pub fn shows(&self, visitor: &Visitor, unit: Option<&str>) -> bool {
        Duty::ALL.into_iter().any(|duty| self.covers(visitor, duty, unit))
    }
}
