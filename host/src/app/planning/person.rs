//! Persons made here: external assessors and other staff that no student system knows (`§3.2.2`).

use super::Planner;
use crate::app::draft::Draft;
use crate::app::{Core, Decision, Refused};
use crate::domain::model::{self, Code};
use crate::domain::person::Person;
use crate::store::person;

/// The peer of persons made here.
pub const MADE_HERE: &str = "host";

/// What is told of a person to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// Name on screens.
    pub display_name: String,
    /// First names.
    pub given_name: Option<String>,
    /// Voorvoegsel.
    pub surname_prefix: Option<String>,
    /// Surname.
    pub surname: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// A code by which the vendor knows them.
    pub code: Option<Code>,
    /// `employee` or `guest`.
    pub affiliation: String,
}

/// Makes a person; returns the id. Nothing is told to anyone until they take part in a sitting.
///
/// # Errors
/// [`Refused`]: no name, or an account that plans nowhere.
pub async fn make(core: &Core, planner: Planner<'_>, new: &NewPerson) -> Result<String, Refused> {
    if new.display_name.trim().is_empty() {
        return Err(Refused::Invalid(
            "`displayName` is empty: give the name to show".to_owned(),
        ));
    }
    if !planner
        .account
        .holds_anywhere(crate::domain::principal::Duty::Plannen, core.now())
    {
        planner.check(core, None).await?;
    }
    let id = core.id();
    core.decide(&[], || async {
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        let primary_code = new.code.clone().unwrap_or_else(|| Code {
            code_type: "identifier".to_owned(),
            value: id.clone(),
        });
        let made = Person {
            id: id.clone(),
            peer: MADE_HERE.to_owned(),
            erased: false,
            facts: model::Person {
                person_id: id.clone(),
                primary_code,
                other_codes: Vec::new(),
                given_name: new.given_name.clone(),
                surname_prefix: new.surname_prefix.clone(),
                surname: new.surname.clone(),
                display_name: new.display_name.clone(),
                preferred_name: None,
                id_check_name: None,
                mail: new.mail.clone(),
                affiliations: vec![new.affiliation.clone()],
                languages: Vec::new(),
                assigned_needs: Vec::new(),
                opaque: None,
            },
            updated_at: draft.now,
            version: 0,
        };
        draft.audit(
            "person.make",
            ("person", &id),
            String::new(),
            new.display_name.as_bytes(),
        );
        draft.put(person::next(planner.tenant, &made));
        Ok(Decision {
            write_set: draft.finish(),
            answer: id.clone(),
        })
    })
    .await
}
