//! Differences in one sentence, for tasks and lists: what and how many, never whose and never what they say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Difference, Field, Subject};

/// What differs, in Dutch; empty when nothing does.
#[must_use]
pub fn summary(differences: &[Difference]) -> String {
    let mut by_subject: BTreeMap<Subject, Vec<&Difference>> = BTreeMap::new();
    for one in differences {
        by_subject.entry(one.subject).or_default().push(one);
    }
    let said: Vec<String> = by_subject
        .into_iter()
        .flat_map(|(subject, all)| match subject {
            Subject::Sitting | Subject::Plannable => of_one(subject, &all),
            _ => of_many(subject, &all),
        })
        .collect();
    said.join(", ")
}

/// The one sitting or planbare toets: its fields.
fn of_one(subject: Subject, all: &[&Difference]) -> Vec<String> {
    let noun = match subject {
        Subject::Plannable => "de planbare toets",
        _ => "de zitting",
    };
    if all.iter().any(|one| one.is_missing_there()) {
        return vec![format!("{noun} is daar niet bekend")];
    }
    let fields: Vec<&str> = all.iter().map(|one| one.field.in_dutch()).collect();
    vec![format!("van {noun}: {}", fields.join(" en "))]
}

/// The many around it: how many objects are missing, too many, or otherwise and in what.
fn of_many(subject: Subject, all: &[&Difference]) -> Vec<String> {
    let nouns = match subject {
        Subject::Deelname => "deelnames",
        Subject::Result | Subject::StudentResult => "resultaten",
        Subject::Enrolment => "inschrijvingen",
        _ => "personen",
    };
    let missing = all.iter().filter(|one| one.is_missing_there()).count();
    let too_many = all.iter().filter(|one| one.is_only_there()).count();
    let otherwise = || all.iter().filter(|one| one.field != Field::Presence);
    let objects: BTreeSet<&str> = otherwise().map(|one| one.id.as_str()).collect();
    let fields: BTreeSet<Field> = otherwise().map(|one| one.field).collect();
    let fields: Vec<&str> = fields.into_iter().map(Field::in_dutch).collect();
    let mut said = Vec::new();
    if missing > 0 {
        said.push(format!("ontbrekende {nouns}: {missing}"));
    }
    if !objects.is_empty() {
        said.push(format!("afwijkende {nouns}: {} ({})", objects.len(), fields.join(", ")));
    }
    if too_many > 0 {
        said.push(match subject {
            Subject::Result => format!("hier nog niet bekende resultaten: {too_many}"),
            _ => format!("{nouns} te veel: {too_many}"),
        });
    }
    said
}
