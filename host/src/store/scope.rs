//! Which rows a reader sees: those of units (R24), a condition for statements, made where the policy was decided; and
//! those whose text was asked for.

use super::sql::Value;

/// The pattern of texts that contain this one, in small letters, for `LIKE … ESCAPE '!'`.
pub(super) fn containing(text: &str) -> String {
    let escaped = text
        .to_lowercase()
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{escaped}%")
}

/// Whose rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of the whole school, rows without a unit too.
    School,
    /// Those of these units only.
    Units(Vec<String>),
}

impl Scope {
    /// Whether a row of this unit is among them; a row without a unit is the whole school's.
    #[must_use]
    pub fn covers(&self, unit: Option<&str>) -> bool {
        match self {
            Scope::School => true,
            Scope::Units(units) => unit.is_some_and(|unit| units.iter().any(|one| one == unit)),
        }
    }

    /// A condition on a column that names a unit, whose values take the places from `first` on.
    pub(super) fn condition(&self, column: &str, first: usize) -> (String, Vec<Value>) {
        match self {
            Scope::School => ("1 = 1".to_owned(), Vec::new()),
            Scope::Units(units) if units.is_empty() => ("1 = 0".to_owned(), Vec::new()),
            Scope::Units(units) => {
                let places: Vec<String> = (first..first + units.len()).map(|place| format!("${place}")).collect();
                let values = units.iter().map(Value::from).collect();
                (format!("{column} IN ({})", places.join(", ")), values)
            }
        }
    }
}
