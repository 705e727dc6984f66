//! What the codes of an object say (`§4.10`), and what a person is called.

use super::{Code, Offering, Person};

fn of_type<'a>(mut codes: impl Iterator<Item = &'a Code>, code_type: &str) -> Option<&'a str> {
    let found = codes.find(|code| code.code_type.eq_ignore_ascii_case(code_type));
    found.map(|code| code.value.as_str())
}

impl Offering {
    /// Its code of a type, where it has one: `systemId` names the FAO server (R19).
    pub fn code(&self, code_type: &str) -> Option<&str> {
        of_type(std::iter::once(&self.primary_code).chain(&self.other_codes), code_type)
    }
}

impl Person {
    /// Their code of a type, where they have one: `accountId`, `eckid`, `username` (R19).
    pub fn code(&self, code_type: &str) -> Option<&str> {
        of_type(std::iter::once(&self.primary_code).chain(&self.other_codes), code_type)
    }

    /// Their student number, where they have one.
    pub fn student_number(&self) -> Option<&str> {
        self.code("studentNumber")
    }

    /// What they are called by: their roepnaam, else their first names.
    pub fn first_name(&self) -> Option<&str> {
        self.preferred_name.as_deref().or(self.given_name.as_deref())
    }

    /// Their surname without its voorvoegsel, else the name on screens.
    pub fn last_name(&self) -> &str {
        self.surname.as_deref().unwrap_or(&self.display_name)
    }
}
