//! The school's units on pages: their names, and which of them a visitor's functions cover (R24).

use super::oops::Oops;
use super::session::Visitor;
use crate::api::Service;
use crate::app::unit;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::scope::Scope;
use crate::store::tenant::UnitRow;

/// The units of a school.
pub struct Units(unit::Units);

impl Units {
    /// Reads them.
    pub async fn of(service: &Service, tenant: &str) -> Result<Units, Oops> {
        Ok(Units(unit::Units::of(&service.core.db, tenant).await?))
    }

    /// The units, by name.
    #[must_use]
    pub fn sorted(&self) -> Vec<&UnitRow> {
        self.0.sorted()
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

    /// Whether a function of the visitor covers a unit; without a unit, the whole school.
    #[must_use]
    pub fn covers(&self, visitor: &Visitor, duty: Duty, unit: Option<&str>) -> bool {
        self.0.covers(&visitor.who.account, duty, unit, visitor.now)
    }

    /// What any function of the visitor reaches: that much of lists they see.
    #[must_use]
    pub fn reach(&self, visitor: &Visitor) -> Scope {
        self.0.reach(&visitor.who.account, visitor.now)
    }

    /// Whether any function of the visitor covers it: enough to see it.
    #[must_use]
    pub fn shows(&self, visitor: &Visitor, unit: Option<&str>) -> bool {
        self.reach(visitor).covers(unit)
    }
}
