//! What the school offers and who is enrolled for it.

use serde_json::{Value, json};

use super::super::CONSUMER_KEY;
use super::super::seeded::uuid_for;
use super::names::TEAMS;
use super::{Group, NeedsInFlow1, Person, PlannableTest, Registration, SchoolPlan};

fn dutch(text: &str) -> Value {
    json!([{ "language": "nl-NL", "value": text }])
}

fn team_id(plan: &SchoolPlan, team: usize) -> String {
    uuid_for(&["team", &plan.seed.to_string(), &team.to_string()])
}

fn team_names(team: usize) -> (&'static str, String, &'static str, &'static str) {
    let (name, short, program, code) = TEAMS[team % TEAMS.len()];
    // Beyond the list the short names are numbered, so that they stay distinct.
    let round = team / TEAMS.len();
    let short = if round == 0 {
        short.to_owned()
    } else {
        format!("{short}{}", round + 1)
    };
    (name, short, program, code)
}

pub(super) fn organizations(plan: &SchoolPlan) -> Vec<Value> {
    let school_id = uuid_for(&["school", &plan.seed.to_string()]);
    let teams: Vec<String> = (0..plan.teams).map(|team| team_id(plan, team)).collect();
    let mut organizations = vec![json!({
        "organizationId": school_id,
        "primaryCode": { "codeType": "brin", "code": "99ZZ" },
        "organizationType": "institute",
        "name": dutch("MBO Waterland"),
        "shortName": "MBO-W",
        "children": teams,
    })];
    for (team, id) in teams.iter().enumerate() {
        let (name, short, ..) = team_names(team);
        organizations.push(json!({
            "organizationId": id,
            "primaryCode": { "codeType": "identifier", "code": short },
            "organizationType": "department",
            "name": dutch(name),
            "shortName": short,
            "parent": school_id,
        }));
    }
    organizations
}

fn program_offering_id(plan: &SchoolPlan, team: usize) -> String {
    uuid_for(&["program offering", &plan.seed.to_string(), &team.to_string()])
}

pub(super) fn program_offerings(plan: &SchoolPlan) -> Vec<Value> {
    let cohort = format!("{}-{}", plan.from.year(), plan.from.year() + 1);
    let offering = |team: usize| {
        let (_, short, program, code) = team_names(team);
        json!({
            "offeringId": program_offering_id(plan, team),
            "primaryCode": { "codeType": "offeringCode", "code": format!("{code}-BOL-{short}") },
            "offeringType": "program",
            "name": dutch(&format!("{program} BOL ({code})")),
            "description": dutch(&format!("Opleiding {program}, beroepsopleidende leerweg")),
            "teachingLanguage": "nld",
            "resultExpected": false,
            "consumers": [{ "consumerKey": CONSUMER_KEY, "cohort": cohort, "location": "Campus Waterland" }],
            "startDate": format!("{}-08-01", plan.from.year() - 1),
            "endDate": format!("{}-07-31", plan.from.year() + 3),
            // Whole, because this system has no endpoint for programs.
            "program": {
                "programId": uuid_for(&["program", code]),
                "primaryCode": { "codeType": "nationalEducationCode", "code": code },
                "programType": "program",
                "name": dutch(program),
                "abbreviation": short,
                "description": dutch(program),
                "teachingLanguage": "nld",
                "modeOfStudy": "full-time",
                "levelOfQualification": "4",
            },
            "organization": team_id(plan, team),
        })
    };
    (0..plan.teams).map(offering).collect()
}

fn enrolment_id(plan: &SchoolPlan, person_id: &str) -> String {
    uuid_for(&["enrolment", &plan.seed.to_string(), person_id])
}

pub(super) fn enrolments(plan: &SchoolPlan, persons: &[Person]) -> Vec<Value> {
    let enrolment = |person: &Person| {
        let team = person.team?;
        Some(json!({
            "associationId": enrolment_id(plan, &person.id),
            "associationType": "programOfferingAssociation",
            "role": "student",
            "state": "associated",
            "consumers": [{
                "consumerKey": CONSUMER_KEY,
                "startDate": format!("{}-08-01", plan.from.year() - 1),
                "expectedEndDate": format!("{}-07-31", plan.from.year() + 3),
                "sequenceCode": "1",
            }],
            "person": person.id,
            "offering": program_offering_id(plan, team),
        }))
    };
    persons.iter().filter_map(enrolment).collect()
}

pub(super) fn groups(plan: &SchoolPlan, persons: &[Person]) -> Vec<Group> {
    let group = |team: usize| {
        let (name, short, ..) = team_names(team);
        let of_team = persons.iter().filter(|person| person.team == Some(team));
        let members: Vec<Value> = of_team
            .map(|person| {
                json!({
                    "personId": person.id,
                    "startDateTime": format!("{}T06:00:00.000Z", plan.from),
                    "state": "active",
                    "role": "student",
                })
            })
            .collect();
        let json = json!({
            "groupId": uuid_for(&["group", &plan.seed.to_string(), &team.to_string()]),
            "primaryCode": { "codeType": "groupCode", "code": format!("{short}1A") },
            "groupType": "class",
            "name": dutch(&format!("{short}1A")),
            "description": dutch(&format!("Eerste klas van {name}")),
            "personCount": members.len(),
            "organization": team_id(plan, team),
        });
        Group { json, members }
    };
    (0..plan.teams).map(group).collect()
}

pub(super) fn plannable_tests(plan: &SchoolPlan) -> Vec<PlannableTest> {
    let mut plannable = Vec::new();
    for team in 0..plan.teams {
        for (index, test) in plan.tests.iter().enumerate() {
            let seed = plan.seed.to_string();
            let id = uuid_for(&[
                "plannable test",
                &seed,
                &team.to_string(),
                &index.to_string(),
                &test.component_id,
            ]);
            let (_, short, ..) = team_names(team);
            let organization_id = team_id(plan, team);
            let name = format!("{} ({short})", test.name);
            let json = json!({
                "offeringId": id,
                "primaryCode": { "codeType": "offeringCode", "code": format!("PT-{short}-{}", index + 1) },
                "offeringType": "component",
                "name": dutch(&name),
                "description": dutch(&format!("Planbare toets {name}")),
                "teachingLanguage": "nld",
                "modeOfDelivery": ["situated"],
                "resultExpected": true,
                "resultValueType": test.result_value_type,
                "consumers": [{
                    "consumerKey": CONSUMER_KEY,
                    "offeringState": "active",
                    "finalResultsAllowed": true,
                    "testsToBeUsed": [{ "testProvider": test.test_provider, "componentId": test.component_id }],
                }],
                "startDateTime": format!("{}T06:00:00.000Z", plan.from),
                "endDateTime": format!("{}T20:00:00.000Z", plan.until),
                // Whole, because this system has no endpoint for components (§4.2).
                "component": {
                    "componentId": uuid_for(&["school's own component", &seed, &index.to_string()]),
                    "componentType": "test",
                    "primaryCode": { "codeType": "componentCode", "code": format!("EX-{}", index + 1) },
                    "name": dutch(&test.name),
                    "abbreviation": format!("EX{}", index + 1),
                    "teachingLanguage": "nld",
                    "consumers": [{ "consumerKey": CONSUMER_KEY, "resultValueType": test.result_value_type }],
                },
                "organization": organization_id,
            });
            plannable.push(PlannableTest {
                id,
                team,
                organization_id,
                test: test.clone(),
                json,
            });
        }
    }
    plannable
}

pub(super) fn registrations(plan: &SchoolPlan, persons: &[Person], tests: &[PlannableTest]) -> Vec<Registration> {
    let mut registrations = Vec::new();
    for test in tests {
        for (index, person) in persons.iter().enumerate() {
            let takes_part = match person.role {
                "student" => person.team == Some(test.team),
                _ => person.in_sis,
            };
            if takes_part {
                registrations.push(registration(plan, person, test, index));
            }
        }
    }
    registrations
}

fn registration(plan: &SchoolPlan, person: &Person, test: &PlannableTest, index: usize) -> Registration {
    let id = uuid_for(&["registration", &plan.seed.to_string(), &person.id, &test.id]);
    let mut json = json!({
        "associationId": id,
        "associationType": "componentOfferingAssociation",
        "role": person.role,
        "state": "associated",
        "person": person.id,
        "offering": test.id,
    });
    // §4.3: only a student's registration carries the standard's own fields.
    if person.role == "student" {
        json["consumers"] = json!([student_fields(plan, person, index)]);
    }
    Registration {
        id,
        person_id: person.id.clone(),
        offering_id: test.id.clone(),
        role: person.role,
        json,
    }
}

fn student_fields(plan: &SchoolPlan, person: &Person, index: usize) -> Value {
    // R9: most have one extra attempt left, some none, some any number.
    let attempts_left = match index % 10 {
        4 => json!(0),
        8 => Value::Null,
        _ => json!(1),
    };
    let mut fields = json!({
        "consumerKey": CONSUMER_KEY,
        "attempt": 1,
        "attemptLeft": attempts_left,
        "programOfferingAssociationId": enrolment_id(plan, &person.id),
    });
    if plan.needs == NeedsInFlow1::AsPublished && !person.needs.is_empty() {
        fields["personalNeeds"] = json!(person.needs);
        if person.extra_minutes > 0 {
            fields["additionalTimeInMin"] = json!(person.extra_minutes);
        }
    }
    fields
}
