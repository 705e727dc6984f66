//! Persons as the host keeps them (`§4.10`), and their erasure when nobody needs their data any more (R5).

use jiff::Timestamp;

use super::model::{self, Code};

/// A person, and what the host knows of them beside the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Id, by its maker.
    pub id: String,
    /// The student system they came from; `host` for a person made here (an external assessor).
    pub peer: String,
    /// The key stays, the data is gone.
    pub erased: bool,
    /// The object itself.
    pub facts: model::Person,
    /// Last change.
    pub updated_at: Timestamp,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

impl Person {
    /// The person without personal data: only the key is left, so that late messages still find it (R5, R6).
    #[must_use]
    pub fn erase(self, now: Timestamp) -> Person {
        let nothing = Code {
            code_type: "erased".to_owned(),
            value: String::new(),
        };
        Person {
            erased: true,
            facts: model::Person {
                person_id: self.id.clone(),
                primary_code: nothing,
                other_codes: Vec::new(),
                given_name: None,
                surname_prefix: None,
                surname: None,
                display_name: String::new(),
                preferred_name: None,
                id_check_name: None,
                mail: None,
                affiliations: Vec::new(),
                languages: Vec::new(),
                assigned_needs: Vec::new(),
                opaque: None,
            },
            updated_at: now,
            ..self
        }
    }
}
