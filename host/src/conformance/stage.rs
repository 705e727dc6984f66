//! What stands at the other end while a connector is tried: a test platform and a student system on the loopback, and the
//! sitting, deelname and enrolment that a scenario is about.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, read_association, write_association, write_offering,
};
use serde_json::Value;

use crate::connector::call::Caller;
use crate::connector::egress::{ClientCredentials, Credentials, Endpoint, Secret, SecretIn};
use crate::connector::manifest::ExtraTime;
use crate::domain::interface::Interface;
use crate::domain::model::{
    Association, AssociationState, AssociationType, AttemptsLeft, Attendance, Code, ExamResult, Offering,
    OfferingState, OfferingType, Person, ResultState, Role,
};
use crate::simulator::{
    self, Auth, Misbehaviour, PeerAccess, PlannedSitting, ReportOrder, ResultMode, ResultsOrder, SchoolPlan, Sis,
    SisOptions, SittingOrder, Ta, TaOptions, Tpl, TplOptions, Trouble,
};

use super::scenario::{Act, Fault, RETRY_AFTER};
use super::{NotTried, Trial};

/// The vendor that stands at the other end.
const VENDOR: &str = "Toetsgilde";
/// The planning system at the other end.
const PLANNER: &str = "Planwerk";
/// Sittings that it planned: each scenario of its flows takes another.
const OUTSIDE: usize = 24;
/// Students of the school at the other end: each scenario of flow 5 takes another.
const STUDENTS: usize = 48;
/// Budget of a call, however much the manifest asks for: the other end is on the same machine.
const BUDGET: Duration = Duration::from_secs(5);
/// Budget of a call whose answer comes too late.
const SHORT_BUDGET: Duration = Duration::from_millis(250);
/// When that answer comes.
const TOO_LATE: Duration = Duration::from_secs(2);
/// What happened at a sitting.
pub(super) const IRREGULARITIES: &str = "Brandalarm, tien minuten onderbroken.";
/// Bytes of a document.
pub(super) const DOCUMENT: usize = 40_000;

/// The systems, for one trial.
pub(super) struct Stage<'a> {
    pub trial: &'a Trial,
    pub ta: Ta,
    pub sis: Sis,
    pub tpl: Tpl,
    /// What that planner planned, when the connector delivers to planners.
    outside: Vec<PlannedSitting>,
}

/// What one scenario is about.
pub(super) struct Subject {
    pub sitting: Offering,
    pub deelname: Association,
    /// The deelname with extra time and a need, when the manifest says that some can be told.
    pub with_needs: Option<Association>,
    /// A student's enrolment in the student system, with a result.
    pub enrolment: Association,
    /// An extra attempt beside it (R8), with a result.
    pub extra_attempt: Association,
    /// A deelname that the outside planner made, with a result.
    pub outside_deelname: Association,
    /// Its sitting, with a report.
    pub outside_sitting: Offering,
}

impl<'a> Stage<'a> {
    pub async fn set(trial: &'a Trial) -> Result<Self, NotTried> {
        let options = TaOptions {
            mode: ResultMode::Poll,
            ..TaOptions::new(VENDOR)
        };
        let ta = Ta::start(options).await?;
        let mut options = SisOptions::new(1, 1, STUDENTS);
        options.plan.tests = SchoolPlan::one_test_of_each(&[VENDOR]);
        let sis = Sis::start(options).await?;
        let mut options = TplOptions::new(PLANNER);
        if let Auth::Bearer(there) = ta.auth() {
            options.ta = Some(PeerAccess {
                target: ta.base_url().to_owned(),
                token_url: ta.token_url(),
                client_id: there.client_id.clone(),
                client_secret: there.client_secret.clone(),
            });
        }
        let tpl = Tpl::start(options).await?;
        let mut outside = Vec::new();
        let served = trial.loaded.serves();
        if served.contains(&Interface::TplResultaten) || served.contains(&Interface::TplZittingsverslag) {
            let component_id = ta.catalogue().first_active().id.clone();
            for _ in 0..OUTSIDE {
                let order = SittingOrder {
                    component_id: component_id.clone(),
                    start: trial.now + SignedDuration::from_hours(24 * 7),
                    students: 1,
                };
                outside.push(tpl.plan(&order).await?);
            }
        }
        Ok(Stage {
            trial,
            ta,
            sis,
            tpl,
            outside,
        })
    }

    /// A caller with everything that the manifest asks for; every endpoint leads to the simulator of that interface.
    pub fn caller(&self, interface: Interface, fault: Option<Fault>, key: &str) -> Result<Caller, String> {
        let endpoint = self.endpoint(interface, fault)?;
        let trial = self.trial;
        let asked = Duration::from_millis(u64::from(trial.manifest.limits.budget_ms));
        let budget = match fault {
            Some(Fault::Slow) => SHORT_BUDGET,
            _ => asked.min(BUDGET),
        };
        Ok(trial.caller(&endpoint, (trial.config.clone(), trial.now), budget, key))
    }

    fn endpoint(&self, interface: Interface, fault: Option<Fault>) -> Result<Endpoint, String> {
        let (base, token, there) = match At::of(interface) {
            At::StudentSystem => (
                self.sis.base_url(),
                self.sis.token_url(),
                self.sis.credentials().clone(),
            ),
            At::Planner => (
                self.tpl.base_url(),
                self.tpl.token_url(),
                self.tpl.credentials().clone(),
            ),
            At::Platform => match self.ta.auth() {
                Auth::Bearer(there) => (self.ta.base_url(), self.ta.token_url(), there.clone()),
                Auth::ApiKey(_) => return Err("the test platform takes tokens".to_owned()),
            },
        };
        let secret = match fault {
            Some(Fault::WrongSecret) => "another secret".to_owned(),
            _ => there.client_secret,
        };
        let credentials = Credentials::ClientCredentials(ClientCredentials {
            token_url: token.parse().map_err(|_| format!("`{token}` is no URL"))?,
            client_id: there.client_id,
            client_secret: Secret::new(secret),
            scope: None,
            secret_in: SecretIn::BasicHeader,
        });
        let endpoint = Endpoint::new(base, credentials).map_err(|error| error.to_string())?;
        Ok(endpoint.allowing(["127.0.0.1".parse()?]))
    }

    /// Has the other end misbehave during the next call.
    pub fn trouble(&self, interface: Interface, fault: Fault) {
        let trouble = match fault {
            Fault::ServerError => Misbehaviour::always(Trouble::ServerError),
            Fault::TooManyRequests => Misbehaviour::always(Trouble::TooManyRequests {
                retry_after: RETRY_AFTER,
            }),
            Fault::Cut => Misbehaviour::always(Trouble::DropBeforeApplying),
            Fault::AnswerLost => Misbehaviour::next(1, Trouble::DropAfterApplying),
            Fault::Garbage => Misbehaviour::always(Trouble::InvalidJson),
            Fault::Html => Misbehaviour::always(Trouble::WrongContentType),
            Fault::Slow => Misbehaviour::always(Trouble::Slow { delay: TOO_LATE }),
            Fault::WrongSecret => return,
            Fault::WrongScope => Misbehaviour::always(Trouble::WrongScope),
            Fault::WithdrawnToken => Misbehaviour::next(1, Trouble::ExpiredToken),
        };
        match At::of(interface) {
            At::StudentSystem => self.sis.misbehave(trouble),
            At::Planner => self.tpl.misbehave(trouble),
            At::Platform => self.ta.misbehave(trouble),
        }
    }

    /// Ends all trouble.
    pub fn calm(&self) {
        self.ta.behave();
        self.sis.behave();
        self.tpl.behave();
    }

    /// The other end does something by itself.
    pub async fn act(&self, act: Act, subject: &Subject) -> Result<(), String> {
        let sitting = subject.sitting.offering_id.clone();
        let done = match act {
            Act::Planned => return self.plan(subject).await,
            Act::Results => {
                let there = self.ta.attendance(&sitting, &[]).await;
                let order = ResultsOrder {
                    documents: vec![DOCUMENT],
                    ..ResultsOrder::grades(&sitting)
                };
                match there {
                    Ok(_) => self.ta.results(&order).await,
                    Err(error) => Err(error),
                }
            }
            Act::Report => {
                let order = ReportOrder {
                    offering_id: sitting,
                    irregularities: IRREGULARITIES.to_owned(),
                    documents: vec![DOCUMENT],
                };
                self.ta.report(&order).await
            }
        };
        done.map(drop)
            .map_err(|error| format!("the test platform refused: {error}"))
    }

    /// Plans at the platform without the connector, for connectors that only read.
    async fn plan(&self, subject: &Subject) -> Result<(), String> {
        let dialect = Dialect::v1_0_1();
        let Auth::Bearer(there) = self.ta.auth() else {
            return Err("the test platform takes tokens".to_owned());
        };
        let failed = |error: reqwest::Error| format!("the test platform could not be asked: {error}");
        let client = simulator::client();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &there.client_id),
            ("client_secret", &there.client_secret),
        ];
        let token: Value = client
            .post(self.ta.token_url())
            .form(&form)
            .send()
            .await
            .map_err(failed)?
            .json()
            .await
            .map_err(failed)?;
        let token = token["access_token"].as_str().unwrap_or_default();
        let (sitting, deelname) = (&subject.sitting, &subject.deelname);
        let messages = [
            (
                format!("{}/offerings/{}", self.ta.base_url(), sitting.offering_id),
                write_offering(sitting, &dialect, OfferingFields::Sitting),
            ),
            (
                format!("{}/associations/{}", self.ta.base_url(), deelname.association_id),
                write_association(deelname, &dialect, AssociationFields::Deelname, PersonAs::Whole),
            ),
        ];
        for (url, body) in messages {
            let answer = client
                .put(url)
                .bearer_auth(token)
                .json(&body)
                .send()
                .await
                .map_err(failed)?;
            if !answer.status().is_success() {
                let said = answer.text().await.unwrap_or_default();
                return Err(format!("the test platform refused its own plan: {said}"));
            }
        }
        Ok(())
    }

    /// What the scenario with this number is about.
    pub fn subject(&self, number: usize) -> Result<Subject, String> {
        let sitting = self.sitting(number);
        let deelname = deelname(number, &sitting.offering_id);
        let with_needs = self.with_needs(&deelname);
        let school = self.sis.school();
        let plannable = school.plannable_tests.first().ok_or("the school plans no test")?;
        let students: Vec<_> = school.student_registrations(&plannable.id).collect();
        let registration = students
            .get(number % students.len().max(1))
            .ok_or("the school has no student")?;
        let enrolment = read_association(&registration.json, &Dialect::v1_0_1())
            .map_err(|problems| format!("the student system's own enrolment does not read: {problems}"))?;
        let original = enrolment.association_id.clone();
        let enrolment = Association {
            attempt: Some(1),
            org_association_id: Some(original),
            result: Some(result(self.trial.now)),
            ..enrolment
        };
        let extra_attempt = Association {
            association_id: uuid(4, number),
            attempt: Some(2),
            ..enrolment.clone()
        };
        let planned = self.outside.get(number % self.outside.len().max(1));
        let ids = planned.and_then(|one| Some((one.offering_id.clone(), one.association_ids.first()?.clone())));
        let (outside_sitting, outside_deelname) = ids.unwrap_or_else(|| (uuid(5, number), uuid(6, number)));
        let outside_deelname = Association {
            association_id: outside_deelname,
            offering_id: outside_sitting.clone(),
            result: Some(result(self.trial.now)),
            ..deelname.clone()
        };
        let outside_sitting = Offering {
            offering_id: outside_sitting,
            irregularities: Some(IRREGULARITIES.to_owned()),
            ..sitting.clone()
        };
        Ok(Subject {
            sitting,
            deelname,
            with_needs,
            enrolment,
            extra_attempt,
            outside_deelname,
            outside_sitting,
        })
    }

    fn sitting(&self, number: usize) -> Offering {
        let test = self.ta.catalogue().first_active();
        // Whole seconds: the agreement writes no smaller ones.
        let second = Timestamp::from_second(self.trial.now.as_second()).unwrap_or(self.trial.now);
        let start = second + SignedDuration::from_hours(24 * 7);
        Offering {
            offering_id: uuid(1, number),
            offering_type: OfferingType::Component,
            primary_code: code("offeringCode", format!("keuring-{number}")),
            other_codes: Vec::new(),
            name: format!("Keuring {number}"),
            description: Some("Zitting van een keuring".to_owned()),
            modes_of_delivery: Vec::new(),
            result_expected: true,
            result_value_type: None,
            start: Some(start),
            end: Some(start + SignedDuration::from_hours(2)),
            offered_id: Some(test.id.clone()),
            organization_id: None,
            state: OfferingState::Active,
            duration_s: Some(60 * test.minutes),
            last_possible_start: None,
            start_options: None,
            duration_from: None,
            duration_until: None,
            safety: Vec::new(),
            location_codes: vec!["B1.02".to_owned()],
            final_results_allowed: None,
            tests_to_be_used: Vec::new(),
            cohort: None,
            irregularities: None,
            documents: Vec::new(),
            opaque: None,
        }
    }

    /// With the first code the manifest knows and extra time in its steps; nothing when it knows neither.
    fn with_needs(&self, deelname: &Association) -> Option<Association> {
        let needs = &self.trial.manifest.needs;
        let minutes = match &needs.extra_time {
            Some(ExtraTime::Minutes { step, .. }) => Some(step * 10_u32.div_ceil(*step)),
            _ => None,
        };
        let codes: Vec<String> = needs
            .codes
            .iter()
            .filter(|code| *code != "extraTime")
            .take(1)
            .cloned()
            .collect();
        if minutes.is_none() && codes.is_empty() {
            return None;
        }
        Some(Association {
            additional_time_min: minutes,
            personal_needs: codes,
            ..deelname.clone()
        })
    }
}

/// Which of the systems an interface is about.
enum At {
    Platform,
    StudentSystem,
    Planner,
}

impl At {
    fn of(interface: Interface) -> Self {
        match interface {
            Interface::DrToetsdeelnemers | Interface::DrStudentresultaat => At::StudentSystem,
            Interface::TplResultaten | Interface::TplZittingsverslag => At::Planner,
            _ => At::Platform,
        }
    }
}

fn code(code_type: &str, value: String) -> Code {
    Code {
        code_type: code_type.to_owned(),
        value,
    }
}

/// An id that says what it is and in which scenario.
pub(super) fn uuid(kind: u32, number: usize) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

fn deelname(number: usize, sitting: &str) -> Association {
    let person = Person {
        person_id: uuid(3, number),
        primary_code: code("studentNumber", format!("9{number:05}")),
        other_codes: Vec::new(),
        given_name: Some("Jip".to_owned()),
        surname_prefix: Some("van".to_owned()),
        surname: Some("Keuring".to_owned()),
        display_name: "Jip van Keuring".to_owned(),
        preferred_name: Some("Jip".to_owned()),
        id_check_name: Some("Keuring, J. van".to_owned()),
        mail: Some(format!("keuring-{number}@example.org")),
        affiliations: vec!["student".to_owned()],
        languages: Vec::new(),
        assigned_needs: Vec::new(),
        opaque: None,
    };
    Association {
        association_id: uuid(2, number),
        association_type: AssociationType::ComponentOfferingAssociation,
        role: Role::Student,
        state: AssociationState::Associated,
        person_id: person.person_id.clone(),
        person: Some(person),
        offering_id: sitting.to_owned(),
        additional_time_min: None,
        personal_needs: Vec::new(),
        attempt: None,
        attempts_left: AttemptsLeft::Unknown,
        program_offering_association_id: None,
        course_offering_association_id: None,
        org_association_id: None,
        start: None,
        expected_end: None,
        final_end: None,
        sequence_code: None,
        result: None,
        opaque: None,
    }
}

/// The score that is delivered, on the scale of the vendor's first test.
pub(super) const SCORE: &str = "7.3";

fn result(now: Timestamp) -> ExamResult {
    ExamResult {
        state: ResultState::Completed,
        attendance: Attendance::Present,
        pass: None,
        comment: None,
        score: Some(SCORE.to_owned()),
        result_date: Some(now.to_zoned(jiff::tz::TimeZone::UTC).date()),
        test_date: None,
        r#final: false,
        raw_score: None,
        max_raw_score: None,
        executed_offering_name: Some("Keuring".to_owned()),
        assessor_id: None,
        assessor_code: None,
        irregularities: None,
        documents: Vec::new(),
        opaque: None,
    }
}
