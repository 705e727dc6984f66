//! The students and the staff.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::CONSUMER_KEY;
use super::super::seeded::{Seeded, u64_for, uuid_for};
use super::names::{GIVEN, SURNAMES};
use super::{Person, SchoolPlan};

/// The school's domain in accounts and mail (§4.10: accountId is `uid@schacHomeOrganization`).
const DOMAIN: &str = "mbo-waterland.example";

struct Name {
    given: &'static str,
    on_card: &'static str,
    prefix: &'static str,
    surname: &'static str,
}

impl Name {
    /// §4.10: surname, a comma, the name one goes by, and the prefix last.
    fn displayed(&self) -> String {
        format!("{}, {} {}", self.surname, self.given, self.prefix)
            .trim_end()
            .to_owned()
    }

    /// §4.10: the same order with the names on the identity card.
    fn checked(&self) -> String {
        format!("{}, {} {}", self.surname, self.on_card, self.prefix)
            .trim_end()
            .to_owned()
    }
}

pub(super) fn everyone(plan: &SchoolPlan) -> Vec<Person> {
    let mut names = NameDrawer {
        chance: Seeded::from(u64_for(&["names", &plan.seed.to_string()])),
        drawn: BTreeSet::new(),
    };
    let mut persons: Vec<Person> = (0..plan.students)
        .map(|index| student(plan, index, &names.draw()))
        .collect();
    persons.push(employee(plan, "coordinator", "M1001", &names.draw()));
    persons.push(employee(plan, "invigilator", "M1002", &names.draw()));
    persons.push(external_assessor(plan, &names.draw()));
    persons
}

/// Gives names without giving one twice, as long as there are any.
struct NameDrawer {
    chance: Seeded,
    drawn: BTreeSet<(usize, usize)>,
}

impl NameDrawer {
    fn draw(&mut self) -> Name {
        let mut pair = (self.chance.below(GIVEN.len()), self.chance.below(SURNAMES.len()));
        while self.drawn.len() < GIVEN.len() * SURNAMES.len() && !self.drawn.insert(pair) {
            pair = (self.chance.below(GIVEN.len()), self.chance.below(SURNAMES.len()));
        }
        let ((given, on_card), (prefix, surname)) = (GIVEN[pair.0], SURNAMES[pair.1]);
        Name {
            given,
            on_card,
            prefix,
            surname,
        }
    }
}

fn student(plan: &SchoolPlan, index: usize, name: &Name) -> Person {
    let seed = plan.seed.to_string();
    let id = uuid_for(&["student", &seed, &index.to_string()]);
    let number = (2_026_000 + plan.seed % 1_000 * 1_000 + index as u64).to_string();
    let (extra_minutes, needs, assigned) = needs_of(plan, index);
    let mut consumer = json!({
        "consumerKey": CONSUMER_KEY,
        "preferredName": name.given,
        "idCheckName": name.checked(),
    });
    if !assigned.is_empty() {
        consumer["assignedNeeds"] = Value::Array(assigned);
    }
    let mut json = json!({
        "personId": id,
        "primaryCode": { "codeType": "studentNumber", "code": number },
        "givenName": name.on_card,
        "surname": name.surname,
        "displayName": name.displayed(),
        "activeEnrollment": true,
        "affiliations": ["student"],
        "mail": format!("{number}@student.{DOMAIN}"),
        "languageOfChoice": ["nl-NL"],
        "otherCodes": [
            { "codeType": "accountId", "code": format!("s{number}@{DOMAIN}") },
            { "codeType": "username", "code": format!("s{number}") },
        ],
        "consumers": [consumer],
    });
    add_prefix(&mut json, name);
    let team = if plan.teams == 0 {
        None
    } else {
        Some(index % plan.teams)
    };
    Person {
        id,
        role: "student",
        team,
        extra_minutes,
        needs,
        in_sis: true,
        json,
    }
}

/// One student in six has extra time, one in twelve something beside it, and the last one has no limit at all.
fn needs_of(plan: &SchoolPlan, index: usize) -> (u32, Vec<&'static str>, Vec<Value>) {
    let assigned = |code: &str, description: &str| {
        json!({
            "code": code,
            "description": [{ "language": "nl-NL", "value": description }],
            "startDate": plan.from.to_string(),
            "endDate": plan.until.to_string(),
        })
    };
    let extra_30 = || assigned("ExtraTime30Min", "Dertig minuten extra tijd bij iedere toets");
    let is_last = index + 1 == plan.students;
    if is_last {
        // R15: 10,000 minutes or more means without limit.
        let unlimited = assigned("ExtraTimeUnlimited", "Onbeperkt extra tijd bij iedere toets");
        return (10_000, vec!["extraTime"], vec![unlimited]);
    }
    match index % 12 {
        3 => (30, vec!["extraTime"], vec![extra_30()]),
        9 => {
            let spoken = assigned("Spoken", "Laat de toets voorlezen");
            (30, vec!["extraTime", "spoken"], vec![extra_30(), spoken])
        }
        7 => {
            let spelling = assigned("SpellCheckerOnScreen", "Spellingscontrole op het scherm");
            (0, vec!["spell-checker-on-screen"], vec![spelling])
        }
        _ => (0, Vec::new(), Vec::new()),
    }
}

fn employee(plan: &SchoolPlan, role: &'static str, number: &str, name: &Name) -> Person {
    let id = uuid_for(&[role, &plan.seed.to_string()]);
    let mut json = json!({
        "personId": id,
        // §4.10: an employee's number goes by the code type organizationId.
        "primaryCode": { "codeType": "organizationId", "code": number },
        "givenName": name.given,
        "surname": name.surname,
        "displayName": name.displayed(),
        "activeEnrollment": true,
        "affiliations": ["employee"],
        "mail": format!("{}@{DOMAIN}", number.to_lowercase()),
        "languageOfChoice": ["nl-NL"],
        "otherCodes": [{ "codeType": "accountId", "code": format!("{}@{DOMAIN}", number.to_lowercase()) }],
    });
    add_prefix(&mut json, name);
    Person {
        id,
        role,
        team: None,
        extra_minutes: 0,
        needs: Vec::new(),
        in_sis: true,
        json,
    }
}

fn external_assessor(plan: &SchoolPlan, name: &Name) -> Person {
    let id = uuid_for(&["assessor", &plan.seed.to_string()]);
    let mail = "assessor@praktijkbeoordelaars.example";
    let mut json = json!({
        "personId": id,
        "primaryCode": { "codeType": "emailAdress", "code": mail },
        "givenName": name.given,
        "surname": name.surname,
        "displayName": name.displayed(),
        "activeEnrollment": true,
        "affiliations": ["guest"],
        "mail": mail,
        "languageOfChoice": ["nl-NL"],
        "otherCodes": [],
    });
    add_prefix(&mut json, name);
    let in_sis = plan.assessor_in_sis;
    Person {
        id,
        role: "assessor",
        team: None,
        extra_minutes: 0,
        needs: Vec::new(),
        in_sis,
        json,
    }
}

fn add_prefix(json: &mut Value, name: &Name) {
    if !name.prefix.is_empty() {
        json["surnamePrefix"] = name.prefix.into();
    }
}
