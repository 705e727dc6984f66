//! Planning: sittings on planbare toetsen, and who takes part in them. Every change is told to the vendor (flow 2).
//!
//! [`sitting`] holds the verbs on sittings, [`deelname`] those on deelnames, [`person`] the persons made here.

pub mod deelname;
pub mod person;
pub mod sitting;

use super::account::lineage;
use super::{Core, Refused};
use crate::domain::offering::{Offering, OfferingKind};
use crate::domain::principal::{Account, Duty};
use crate::store::offering;

/// Who plans, for which school.
#[derive(Debug, Clone, Copy)]
pub struct Planner<'a> {
    /// The school.
    pub tenant: &'a str,
    /// The account.
    pub account: &'a Account,
}

impl Planner<'_> {
    pub(super) fn actor(&self) -> String {
        format!("account:{}", self.account.id)
    }

    /// Whether this account plans for a unit; without one, for the whole school.
    pub(super) async fn check(&self, core: &Core, unit: Option<&str>) -> Result<(), Refused> {
        let lineage = match unit {
            Some(unit) => lineage(&core.db, self.tenant, unit).await?,
            None => Vec::new(),
        };
        self.account.holding(Duty::Plannen, &lineage, core.now())?;
        Ok(())
    }

    /// A sitting that this account may plan.
    pub(super) async fn sitting(&self, core: &Core, id: &str) -> Result<Offering, Refused> {
        let found = offering::find(&core.db, self.tenant, id).await?;
        let sitting = found
            .filter(|found| found.kind == OfferingKind::Sitting)
            .ok_or_else(|| Refused::unknown("sitting", id))?;
        self.check(core, sitting.unit.as_deref()).await?;
        Ok(sitting)
    }

    /// A sitting that this account may change: it stands.
    async fn standing_sitting(&self, core: &Core, id: &str) -> Result<Offering, Refused> {
        let sitting = self.sitting(core, id).await?;
        if sitting.is_canceled() {
            return Err(Refused::NotNow(format!(
                "sitting {id} has been cancelled; plan a new one instead"
            )));
        }
        Ok(sitting)
    }
}
