//! A school that does not exist: its teams, people, programmes, the tests to be planned and who is enrolled for them.
//!
//! Everything follows from the seed, ids included, so that two runs can be compared.

mod names;
mod people;
mod programme;

use jiff::civil::Date;
use serde_json::Value;

use super::moment::days_after;
use super::ta::Catalogue;

/// What the school looks like.
#[derive(Debug, Clone)]
pub struct SchoolPlan {
    /// Decides every name, number and id.
    pub seed: u64,
    /// How many teams (organisational units below the school).
    pub teams: usize,
    /// How many students, divided over the teams in turn.
    pub students: usize,
    /// The first day on which the tests may be held.
    pub from: Date,
    /// The last day on which the tests may be held.
    pub until: Date,
    /// The tests that every team plans; each becomes one planbare toets per team.
    pub tests: Vec<TestToPlan>,
    /// Where flow 1 says what a student needs.
    pub needs: NeedsInFlow1,
    /// Whether the SIS knows the external assessor. The standard lets the TPL make that person; many schools register
    /// external people in the SIS as well.
    pub assessor_in_sis: bool,
}

/// A test that has to be planned, and at which vendor it can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestToPlan {
    /// The name of the planbare toets.
    pub name: String,
    /// The vendor, as `testProvider` in `testsToBeUsed` (R22).
    pub test_provider: String,
    /// The vendor's component id, in `testsToBeUsed`.
    pub component_id: String,
    /// The scale on which the DR wants the result (table 4.1.D).
    pub result_value_type: String,
}

/// Where flow 1 says what a student needs: the agreement and the published examples differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsInFlow1 {
    /// As the published examples of flow 1: `assignedNeeds` on the person, and `additionalTimeInMin` and
    /// `personalNeeds` on the toetsinschrijving.
    AsPublished,
    /// As the agreement: `assignedNeeds` on the person only, the rest belongs to flow 2 (R15).
    AsAgreed,
}

impl SchoolPlan {
    /// A plan for tests from a week ago until ninety days from `today`, one test of each of two vendors.
    pub fn new(seed: u64, teams: usize, students: usize, today: Date) -> Self {
        Self {
            seed,
            teams,
            students,
            from: days_after(today, -7),
            until: days_after(today, 90),
            tests: Self::one_test_of_each(&["Toetsgilde", "Examenatelier"]),
            needs: NeedsInFlow1::AsPublished,
            assessor_in_sis: true,
        }
    }

    /// The first active test in the catalogue of each of these vendors.
    pub fn one_test_of_each(vendors: &[&str]) -> Vec<TestToPlan> {
        let first_of = |vendor: &&str| {
            let catalogue = Catalogue::of(vendor);
            let test = catalogue.first_active();
            TestToPlan {
                name: test.name.clone(),
                test_provider: (*vendor).to_owned(),
                component_id: test.id.clone(),
                result_value_type: test.result_value_type.clone(),
            }
        };
        vendors.iter().map(first_of).collect()
    }
}

/// A school, as the SIS knows it. The `json` of each part is what goes over the wire in flow 1.
#[derive(Debug, Clone)]
pub struct School {
    /// The school first, then its teams; each with `organizationId` and, for a team, `parent`.
    pub organizations: Vec<Value>,
    /// Students first, then staff.
    pub persons: Vec<Person>,
    /// The programmes on offer, one per team.
    pub program_offerings: Vec<Value>,
    /// The enrolments for a programme, one per student.
    pub enrolments: Vec<Value>,
    /// One class per team.
    pub groups: Vec<Group>,
    /// The planbare toetsen: every test of the plan for every team.
    pub plannable_tests: Vec<PlannableTest>,
    /// The toetsinschrijvingen, of students and of staff.
    pub registrations: Vec<Registration>,
}

/// A person of the school.
#[derive(Debug, Clone)]
pub struct Person {
    /// `personId`.
    pub id: String,
    /// `student`, `coordinator`, `invigilator` or `assessor`.
    pub role: &'static str,
    /// The index of the team in the plan; staff that works for all has none.
    pub team: Option<usize>,
    /// Extra minutes that were granted, 0 for none.
    pub extra_minutes: u32,
    /// Aids that were granted (table 4.1.B).
    pub needs: Vec<&'static str>,
    /// Whether the SIS knows this person; if not, the TPL has to make it.
    pub in_sis: bool,
    /// The Person object of flow 1.
    pub json: Value,
}

/// A class of a team (§4.7), for planning without enrolments (flow 1b).
#[derive(Debug, Clone)]
pub struct Group {
    /// The Group object.
    pub json: Value,
    /// Its MembershipItem objects (§4.8).
    pub members: Vec<Value>,
}

/// A planbare toets.
#[derive(Debug, Clone)]
pub struct PlannableTest {
    /// `offeringId`.
    pub id: String,
    /// The index of the team in the plan.
    pub team: usize,
    /// `organizationId` of the team.
    pub organization_id: String,
    /// The test it is about.
    pub test: TestToPlan,
    /// The ComponentOffering object of flow 1.
    pub json: Value,
}

/// A toetsinschrijving.
#[derive(Debug, Clone)]
pub struct Registration {
    /// `associationId`.
    pub id: String,
    /// `personId`.
    pub person_id: String,
    /// `offeringId` of the planbare toets.
    pub offering_id: String,
    /// `student`, `coordinator`, `invigilator` or `assessor`.
    pub role: &'static str,
    /// The ComponentOfferingAssociation object of flow 1.
    pub json: Value,
}

impl School {
    /// Makes the school that belongs to a plan.
    pub fn generate(plan: &SchoolPlan) -> Self {
        let organizations = programme::organizations(plan);
        let persons = people::everyone(plan);
        let program_offerings = programme::program_offerings(plan);
        let enrolments = programme::enrolments(plan, &persons);
        let groups = programme::groups(plan, &persons);
        let plannable_tests = programme::plannable_tests(plan);
        let registrations = programme::registrations(plan, &persons, &plannable_tests);
        Self {
            organizations,
            persons,
            program_offerings,
            enrolments,
            groups,
            plannable_tests,
            registrations,
        }
    }

    /// The students.
    pub fn students(&self) -> impl Iterator<Item = &Person> {
        self.persons.iter().filter(|person| person.role == "student")
    }

    /// The toetsinschrijvingen of students for one planbare toets.
    pub fn student_registrations<'school>(
        &'school self,
        offering_id: &'school str,
    ) -> impl Iterator<Item = &'school Registration> {
        self.registrations
            .iter()
            .filter(move |one| one.role == "student" && one.offering_id == offering_id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn plan(seed: u64) -> SchoolPlan {
        SchoolPlan::new(seed, 2, 60, "2026-06-01".parse().unwrap())
    }

    #[test]
    fn the_same_seed_gives_the_same_school_and_another_seed_other_people() {
        let once = School::generate(&plan(7));
        let again = School::generate(&plan(7));
        let other = School::generate(&plan(8));
        let persons = |school: &School| {
            school
                .persons
                .iter()
                .map(|person| person.json.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(persons(&once), persons(&again));
        assert_ne!(persons(&once), persons(&other));
        assert_ne!(once.registrations[0].id, other.registrations[0].id);
    }

    #[test]
    fn sixty_students_over_two_teams_take_every_test_of_their_team_and_nobody_shares_an_id() {
        let school = School::generate(&plan(7));
        assert_eq!(school.students().count(), 60);
        assert_eq!(school.plannable_tests.len(), 4);
        for test in &school.plannable_tests {
            assert_eq!(school.student_registrations(&test.id).count(), 30);
        }
        let mut ids: BTreeSet<&str> = school.registrations.iter().map(|one| one.id.as_str()).collect();
        ids.extend(school.persons.iter().map(|person| person.id.as_str()));
        ids.extend(school.plannable_tests.iter().map(|test| test.id.as_str()));
        let total = school.registrations.len() + school.persons.len() + school.plannable_tests.len();
        assert_eq!(ids.len(), total);
    }

    #[test]
    fn the_school_has_needs_an_external_assessor_an_afnameleider_and_a_surveillant() {
        let school = School::generate(&plan(7));
        assert!(school.students().any(|student| student.extra_minutes > 0));
        assert!(school.students().any(|student| student.needs.contains(&"spoken")));
        for role in ["assessor", "coordinator", "invigilator"] {
            assert!(
                school.persons.iter().any(|person| person.role == role),
                "nobody is {role}"
            );
            assert!(
                school.registrations.iter().any(|one| one.role == role),
                "nobody is enrolled as {role}"
            );
        }
    }

    /// R15: by the letter of the agreement extra time and aids travel in flow 2 only.
    #[test]
    fn needs_as_agreed_stay_off_the_toetsinschrijving() {
        let school = School::generate(&SchoolPlan {
            needs: NeedsInFlow1::AsAgreed,
            ..plan(7)
        });
        let text: String = school.registrations.iter().map(|one| one.json.to_string()).collect();
        assert!(!text.contains("additionalTimeInMin") && !text.contains("personalNeeds"));
        let people: String = school.persons.iter().map(|person| person.json.to_string()).collect();
        assert!(people.contains("assignedNeeds"));
    }
}
