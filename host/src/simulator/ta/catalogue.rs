//! The tests that a vendor offers (flow 0, §4.1).

use serde_json::{Value, json};

use super::super::CONSUMER_KEY;
use super::super::seeded::uuid_for;

/// A vendor's tests.
#[derive(Debug, Clone)]
pub struct Catalogue {
    tests: Vec<Test>,
}

/// A test (component) of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// `componentId`.
    pub id: String,
    /// The vendor's code, `primaryCode`.
    pub code: String,
    /// The name in Dutch.
    pub name: String,
    /// The scale of its results (table 4.1.D).
    pub result_value_type: String,
    /// The lowest score with which one passes.
    pub pass_from: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// The most extra time that can be given, in minutes; 10,000 for no limit.
    pub most_extra_minutes: u32,
    /// Whether it can be planned (R26).
    pub active: bool,
    vendor: String,
}

/// Code, name, scale, passFrom, minutes, most extra minutes, active.
const TESTS: [(&str, &str, &str, &str, u32, u32, bool); 6] = [
    ("REK-3", "Rekenen niveau 3", "0.0-10.0", "5.5", 60, 10_000, true),
    (
        "NED-LL-3F",
        "Nederlands lezen en luisteren 3F",
        "0-100",
        "55",
        90,
        60,
        true,
    ),
    (
        "PRAKTIJK-1",
        "Praktijkexamen werkproces 1",
        "insufficient-satisfactory-good",
        "satisfactory",
        180,
        10_000,
        true,
    ),
    ("ENG-SPREKEN", "Engels spreken", "referenceLevelERK", "B1", 30, 30, true),
    (
        "KEUZEDEEL-7",
        "Keuzedeel ondernemend gedrag",
        "pass-or-fail",
        "passed",
        45,
        30,
        true,
    ),
    ("REK-2F-OUD", "Rekenen 2F (vervallen)", "0.0-10.0", "5.5", 60, 30, false),
];

impl Catalogue {
    /// The catalogue of a vendor; the ids follow from its name.
    pub fn of(vendor: &str) -> Self {
        let test = |&(code, name, scale, pass_from, minutes, most_extra_minutes, active): &_| Test {
            id: uuid_for(&["component", vendor, code]),
            code: String::from(code),
            name: String::from(name),
            result_value_type: String::from(scale),
            pass_from: String::from(pass_from),
            minutes,
            most_extra_minutes,
            active,
            vendor: vendor.to_owned(),
        };
        Self {
            tests: TESTS.iter().map(test).collect(),
        }
    }

    /// All tests, also those that can no longer be planned.
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// The first test that can be planned.
    pub fn first_active(&self) -> &Test {
        self.tests
            .iter()
            .find(|test| test.active)
            .expect("the list above holds active tests")
    }

    /// A test by its id.
    pub fn by_id(&self, id: &str) -> Option<&Test> {
        self.tests.iter().find(|test| test.id == id)
    }

    /// A test by the vendor's code, as in `REK-3`.
    pub fn by_code(&self, code: &str) -> Option<&Test> {
        self.tests.iter().find(|test| test.code == code)
    }
}

impl Test {
    /// The Component object (§4.1).
    pub(super) fn json(&self) -> Value {
        let dutch = |text: &str| json!([{ "language": "nl-NL", "value": text }]);
        json!({
            "componentId": self.id,
            "primaryCode": { "codeType": "componentCode", "code": self.code },
            "componentType": "test",
            "name": dutch(&self.name),
            "abbreviation": self.code,
            "modeOfDelivery": ["situated"],
            "duration": format!("PT{}M", self.minutes),
            "description": dutch(&format!("{} voor het mbo, crebo 25491, cohort 25-26", self.name)),
            "teachingLanguage": "nld",
            "assessment": dutch("Digitale toetsing"),
            "otherCodes": [
                { "codeType": "testSystem", "code": self.vendor },
                { "codeType": "testProvider", "code": self.vendor },
            ],
            "consumers": [{
                "consumerKey": CONSUMER_KEY,
                "additionalTestingTime": self.most_extra_minutes,
                "availablePersonalNeeds": ["extraTime", "spoken", "spell-checker-on-screen"],
                "safety": ["securedComputer", "fixedLocation", "surveillance"],
                "exam": true,
                "resultValueType": self.result_value_type,
                "passFrom": self.pass_from,
                "retries": 2,
                "status": if self.active { "active" } else { "inactive" },
                "licensed": true,
            }],
        })
    }
}
