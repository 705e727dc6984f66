//! How a system writes and reads at our faces: the version of the agreement that it keeps to, and its habits.

use axum::extract::{Path, State};
use axum::response::Response;
use oke_codec::Dialect;
use serde_json::{Map, Value};

use super::{in_dutch, place, shown};
use crate::api::Service;
use crate::app::peer as peer_verbs;
use crate::dashboard::form::{Fields, Form};
use crate::dashboard::oops::Oops;
use crate::dashboard::refusal::Said;
use crate::dashboard::shell::after;

/// A question about a system's way of writing, and its answers: the word of the dialect, and ours. The first is the
/// agreement's.
type Habit = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const VERSION: Habit = (
    "version",
    "Versie van de afspraak",
    &[
        ("1.0.1", "OKE 1.0.1"),
        ("1.0", "OKE 1.0"),
        ("1.1", "OKE 1.1 (concept, alleen stroom 3)"),
    ],
);

/// The versions for a student system: of the draft nothing is there for it.
const VERSION_WITHOUT_DRAFT: Habit = (VERSION.0, VERSION.1, VERSION.2.split_at(2).0);

const NO_YES: &[(&str, &str)] = &[("false", "nee"), ("true", "ja")];

const HABITS: [Habit; 13] = [
    (
        "final-results-flag",
        "Of er definitieve resultaten mogen komen heet",
        &[
            ("finalResultsAllowed", "finalResultsAllowed"),
            ("finalResultAllowed", "finalResultAllowed"),
            ("both", "allebei"),
        ],
    ),
    (
        "duration",
        "Duur van een zitting",
        &[("iso", "PT60M"), ("minutes", "60 (minuten)")],
    ),
    (
        "last-start",
        "Uiterste begin van een zitting heet",
        &[
            ("lastPossibleStartDateTime", "lastPossibleStartDateTime"),
            ("lastPossibleStartTime", "lastPossibleStartTime"),
            ("entryDateTime", "entryDateTime"),
        ],
    ),
    (
        "extra-time",
        "Extra tijd heet",
        &[
            ("additionalTimeInMin", "additionalTimeInMin"),
            ("extraTimeInMin", "extraTimeInMin"),
        ],
    ),
    ("location", "Locatie", &[("text", "een tekst"), ("list", "een lijst")]),
    (
        "canceled",
        "Afgezegd heet",
        &[("canceled", "canceled"), ("cancelled", "cancelled")],
    ),
    (
        "organization-id",
        "Id van een organisatie heet",
        &[
            ("organizationId", "organizationId"),
            ("organizationID", "organizationID"),
        ],
    ),
    (
        "username",
        "Soort van een gebruikersnaam heet",
        &[("username", "username"), ("userName", "userName")],
    ),
    (
        "x-code-types",
        "Soorten testSystem en testProvider beginnen met x-",
        NO_YES,
    ),
    (
        "id-check-prefix",
        "Tussenvoegsel in de naam voor de legitimatie",
        &[
            ("asReceived", "zoals ontvangen"),
            ("back", "achteraan: Graaf, Jacob van der"),
            ("front", "vooraan: van der Graaf, Jacob"),
        ],
    ),
    (
        "id-check-student-number",
        "Studentnummer achter de naam voor de legitimatie",
        NO_YES,
    ),
    (
        "swapped-dates",
        "resultDate is de dag van de toets, testDate het moment van vaststellen",
        NO_YES,
    ),
    (
        "score-before-cesuur",
        "Score voordat de cesuur er is",
        &[("grade", "op de schaal van de toets"), ("percentage", "een percentage")],
    ),
];

/// A question with its answers, as it stands.
pub(super) struct HabitLine {
    pub(super) key: &'static str,
    pub(super) question: &'static str,
    /// The word, ours for it, and whether it is so now.
    pub(super) answers: Vec<(&'static str, &'static str, bool)>,
}

/// The questions for a system of this role, answered as the dialect has it.
pub(super) fn lines(dialect: &Dialect, hat: &str) -> Vec<HabitLine> {
    let written = serde_json::to_value(dialect).unwrap_or_default();
    let line = |(key, question, answers): Habit, now: &Value| {
        let now = match now {
            Value::String(word) => word.clone(),
            other => other.to_string(),
        };
        HabitLine {
            key,
            question,
            answers: answers
                .iter()
                .map(|(word, ours)| (*word, *ours, *word == now))
                .collect(),
        }
    };
    let habits = HABITS.map(|habit| line(habit, &written["quirks"][habit.0]));
    let version = match hat {
        "dr" => VERSION_WITHOUT_DRAFT,
        _ => VERSION,
    };
    [line(version, &written["version"])].into_iter().chain(habits).collect()
}

/// What was answered; nothing where an answer is none of ours.
fn answered(fields: &Fields) -> Option<Dialect> {
    let mut quirks = Map::new();
    for (key, _, answers) in HABITS {
        let (word, _) = answers.iter().find(|(word, _)| *word == fields.text(key))?;
        let value = word.parse().map_or_else(|_| Value::from(*word), Value::Bool);
        quirks.insert(key.to_owned(), value);
    }
    let version = fields.text(VERSION.0);
    serde_json::from_value(serde_json::json!({ "version": version, "quirks": quirks })).ok()
}

pub(super) async fn put_dialect(
    State(service): State<Service>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Oops> {
    form.visitor.must_manage()?;
    let Form { visitor, fields } = &form;
    let Some(dialect) = answered(fields) else {
        let said = Said::bad("Kies bij elke vraag een van de antwoorden.");
        return shown(&service, visitor, &id, said.into()).await;
    };
    match peer_verbs::speak(&service.core, visitor.tenant(), visitor.id(), &id, dialect).await {
        Ok(()) => Ok(after(&place(&id), "schrijfwijze")),
        Err(error) => shown(&service, visitor, &id, in_dutch(error)?.into()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each question is a habit of the codec, its first answer the agreement's, and every answer one that the codec reads.
    #[test]
    fn every_habit_of_the_codec_is_asked_in_its_own_words() {
        let agreed = serde_json::to_value(Dialect::default()).unwrap();
        let known: Vec<&String> = agreed["quirks"].as_object().unwrap().keys().collect();
        let mut asked: Vec<&str> = HABITS.iter().map(|(key, ..)| *key).collect();
        asked.sort_unstable();
        assert_eq!(known, asked);
        for line in lines(&Dialect::default(), "ta") {
            let first = line.answers.first().unwrap();
            assert!(first.2, "{}", line.key);
            for (word, ..) in line.answers {
                let value = word.parse().map_or_else(|_| Value::from(word), Value::Bool);
                let mut dialect = agreed.clone();
                match line.key {
                    "version" => dialect["version"] = value,
                    key => dialect["quirks"][key] = value,
                }
                let read: Dialect = serde_json::from_value(dialect).unwrap();
                let shown = lines(&read, "ta");
                let same = shown.iter().find(|one| one.key == line.key).unwrap();
                let now = same.answers.iter().find(|answer| answer.2).unwrap();
                assert_eq!(now.0, word, "{}", line.key);
            }
        }
    }

    #[test]
    fn a_student_system_is_offered_no_draft() {
        let offered = |hat: &str| lines(&Dialect::default(), hat).remove(0).answers.len();
        assert_eq!((offered("ta"), offered("tpl"), offered("dr")), (3, 3, 2));
        let words: Vec<&str> = VERSION_WITHOUT_DRAFT.2.iter().map(|(word, _)| *word).collect();
        assert_eq!(words, ["1.0.1", "1.0"]);
    }
}
