//! The school's units, and which of them an account's functions reach (R24). The pages and the management API look
//! through this one door.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::store::scope::Scope;
use crate::store::tenant::UnitRow;
use crate::store::{Database, StoreError};

/// The units of a school, by id.
#[derive(Debug, Clone, Default)]
pub struct Units(HashMap<String, UnitRow>);

impl FromIterator<UnitRow> for Units {
    fn from_iter<I: IntoIterator<Item = UnitRow>>(rows: I) -> Self {
        Units(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }
}

impl Units {
    /// Reads them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of(db: &Database, tenant: &str) -> Result<Units, StoreError> {
        Ok(db.units(tenant).await?.into_iter().collect())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&UnitRow> {
        self.0.get(id)
    }

    /// All of them, by name.
    #[must_use]
    pub fn sorted(&self) -> Vec<&UnitRow> {
        let mut rows: Vec<&UnitRow> = self.0.values().collect();
        rows.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        rows
    }

    /// A unit and those it lies in, innermost first. Of two units that contain each other each holds the other's
    /// functions, and the walk ends.
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

    /// Whether this function of the account covers a unit now; without a unit, the whole school.
    #[must_use]
    pub fn covers(&self, account: &Account, duty: Duty, unit: Option<&str>, now: Timestamp) -> bool {
        account.holding(duty, &self.lineage(unit), now).is_ok()
    }

    /// A unit and those that lie in it.
    #[must_use]
    pub fn within(&self, unit: &str) -> Scope {
        let lies_in = |id: &&String| self.lineage(Some(id)).iter().any(|one| one == unit);
        let mut units: BTreeSet<String> = self.0.keys().filter(lies_in).cloned().collect();
        units.insert(unit.to_owned());
        Scope::Units(units.into_iter().collect())
    }

    /// What any function of the account reaches now: enough to see it, never to change or decide it.
    #[must_use]
    pub fn reach(&self, account: &Account, now: Timestamp) -> Scope {
        let held: Vec<&str> = account
            .assignments
            .iter()
            .filter(|assignment| assignment.holds_at(now))
            .map(|assignment| assignment.unit.as_str())
            .collect();
        if held.contains(&WHOLE_SCHOOL) {
            return Scope::School;
        }
        let reached = |id: &&String| {
            let lineage = self.lineage(Some(id));
            lineage.iter().any(|one| held.contains(&one.as_str()))
        };
        let mut units: BTreeSet<String> = self.0.keys().filter(reached).cloned().collect();
        units.extend(held.iter().map(|&unit| unit.to_owned()));
        Scope::Units(units.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::principal::Assignment;

    fn units(rows: &[(&str, Option<&str>)]) -> Units {
        let row = |(id, parent): &(&str, Option<&str>)| {
            let row = UnitRow {
                tenant: "roc".to_owned(),
                id: (*id).to_owned(),
                parent: parent.map(str::to_owned),
                name: (*id).to_owned(),
                version: 1,
            };
            (row.id.clone(), row)
        };
        Units(rows.iter().map(row).collect())
    }

    fn account(held: &[(Duty, &str)]) -> Account {
        let assignment = |(duty, unit): &(Duty, &str)| Assignment {
            id: format!("{}-{unit}", duty.name()),
            duty: *duty,
            unit: (*unit).to_owned(),
            mandate: false,
            from: Timestamp::UNIX_EPOCH,
            until: None,
            withdrawn: None,
            granted_by: "fb".to_owned(),
        };
        Account {
            id: "an".to_owned(),
            person_id: None,
            codes: Vec::new(),
            assignments: held.iter().map(assignment).collect(),
        }
    }

    /// R24.
    #[test]
    fn a_function_for_a_college_reaches_its_teams_and_not_its_neighbours() {
        let school = units(&[
            ("zorg", None),
            ("team-a", Some("zorg")),
            ("klas", Some("team-a")),
            ("techniek", None),
        ]);
        let now = Timestamp::UNIX_EPOCH;
        let reach = school.reach(&account(&[(Duty::Plannen, "zorg")]), now);
        assert_eq!(
            reach,
            Scope::Units(vec!["klas".to_owned(), "team-a".to_owned(), "zorg".to_owned()])
        );
        assert!(reach.covers(Some("klas")));
        assert!(!reach.covers(Some("techniek")));
        assert!(!reach.covers(None), "what has no unit is the whole school's");
        let everywhere = school.reach(&account(&[(Duty::Plannen, "zorg"), (Duty::Beoordelen, "*")]), now);
        assert_eq!(everywhere, Scope::School);
        assert_eq!(school.reach(&account(&[]), now), Scope::Units(Vec::new()));
    }

    #[test]
    fn a_walk_through_units_that_contain_each_other_ends() {
        let school = units(&[("a", Some("b")), ("b", Some("a"))]);
        assert_eq!(school.lineage(Some("a")), ["a", "b"]);
    }
}
