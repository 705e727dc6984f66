//! Exceptions about what a student system lists when it is asked for flow 1.

use super::{Exception, exception};
use crate::domain::principal::Duty;

/// Kind of the exceptions about objects that the student system lists and that could not be read or taken.
pub const LISTED_REFUSED: &str = "listed-refused";
/// The most fields that a reason names, and the longest name in characters.
const MOST_FIELDS: usize = 5;
const LONGEST_FIELD: usize = 80;
/// Kind of the exceptions about a toetsgroep that the student system lists with fewer members than it has here.
pub const GROUP_DIFFERS: &str = "group-differs";

/// Why an object of a list was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// It can't be read; these fields are at fault, as far as they are named: JSON pointers or names, no values.
    Unreadable(Vec<String>),
    /// Its id, or that of what it belongs to, is another system's.
    AnothersId,
    /// Its id is known as an object of another kind.
    OtherKind,
}

impl NotTaken {
    /// Of a sentence that says what can't be read, in the words of the codec or of a connector: the fields that it names.
    /// The sentence itself stays with the message; it is not Dutch, and may be of any length.
    #[must_use]
    pub fn unreadable(why: &str) -> NotTaken {
        let mut fields: Vec<String> = Vec::new();
        for word in why.split_whitespace() {
            let word = word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '/');
            let is_field = word.len() > 1 && word.starts_with('/') && fields.len() < MOST_FIELDS;
            if is_field && !fields.iter().any(|known| known == word) {
                fields.push(word.chars().take(LONGEST_FIELD).collect());
            }
        }
        NotTaken::Unreadable(fields)
    }

    fn in_dutch(&self) -> String {
        match self {
            NotTaken::Unreadable(fields) if fields.is_empty() => "het is niet te lezen".to_owned(),
            NotTaken::Unreadable(fields) => format!("niet te lezen: {}", fields.join(", ")),
            NotTaken::AnothersId => "het id is van een ander systeem, of is hier nog niet bekend".to_owned(),
            NotTaken::OtherKind => "het id is hier bekend als iets anders; daarvoor is een ander id nodig".to_owned(),
        }
    }
}

/// The student system lists an object that could not be read or taken.
#[must_use]
pub fn listed_refused(object: &str, why: &NotTaken) -> Exception {
    let why = why.in_dutch();
    exception(
        LISTED_REFUSED,
        Duty::Plannen,
        &format!("Uit de deelnemerregistratie niet overgenomen: {object} ({why})"),
        "Laat de beheerder van de deelnemerregistratie het object herstellen; bij een volgende keer ophalen komt het \
         vanzelf mee.",
    )
}

/// A toetsgroep has members here that the student system lists no longer.
#[must_use]
pub fn group_differs(unlisted: usize) -> Exception {
    exception(
        GROUP_DIFFERS,
        Duty::Plannen,
        &format!("De deelnemerregistratie noemt {unlisted} lid/leden van deze toetsgroep niet meer"),
        "Zij blijven hier staan tot de deelnemerregistratie hun lidmaatschap intrekt. Laat de beheerder daarvan dat doen, \
         of plan hen niet in.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Titles stand on screens: Dutch, whatever the codec or a connector says.
    #[test]
    fn a_reason_names_the_fields_and_nothing_of_the_sentence() {
        let why = NotTaken::unreadable(
            "/consumers/0/attempt is no number: send a number. /role is none of its list: send `student`. /role again.",
        );
        assert_eq!(
            listed_refused("een inschrijving", &why).title,
            "Uit de deelnemerregistratie niet overgenomen: een inschrijving (niet te lezen: /consumers/0/attempt, /role)"
        );
        let nameless = listed_refused("een persoon", &NotTaken::unreadable("it has no id / at all"));
        assert!(nameless.title.ends_with("(het is niet te lezen)"), "{}", nameless.title);
    }
}
