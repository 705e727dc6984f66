//! The codec and the simulators were written apart, from the same agreement; here they meet. Everything that the codec
//! writes for flows 2 and 5 must pass the simulators, and everything that the simulators say must pass the codec with
//! nothing filled in.

use oke_codec::model::{
    Association, AssociationState, AssociationType, AttemptsLeft, Code, DurationFrom, DurationUntil, Offering,
    OfferingState, OfferingType, Person, Role, StartOptions,
};
use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, ResultFlow, read_association, read_association_put,
    read_component, read_offering, read_offering_put, read_page, read_person, read_report_message, read_result_message,
    write_association, write_association_cancellation, write_attempt, write_offering, write_offering_cancellation,
    write_result_message,
};
use reqwest::Method;
use serde_json::Value;

use super::recording_tpl::RecordingTpl;
use super::seeded::uuid_for;
use super::{Auth, ReportOrder, ResultsOrder, Sis, SisOptions, Ta, TaOptions, client};

struct Chain {
    sis: Sis,
    ta: Ta,
    tpl: RecordingTpl,
    dialect: Dialect,
}

async fn chain() -> Chain {
    let tpl = RecordingTpl::start().await;
    let ta = TaOptions {
        auth: Auth::ApiKey("sleutel".into()),
        tpl: Some(tpl.access()),
        ..TaOptions::new("Toetsgilde")
    };
    let sis = SisOptions {
        tpl: Some(tpl.access()),
        ..SisOptions::new(7, 2, 60)
    };
    Chain {
        sis: Sis::start(sis).await.unwrap(),
        ta: Ta::start(ta).await.unwrap(),
        tpl,
        dialect: Dialect::v1_0_1(),
    }
}

impl Chain {
    async fn to_ta(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = client().request(method.clone(), format!("{}{path}", self.ta.base_url()));
        answer(request.header("X-API-Key", "sleutel"), &method, body).await
    }

    async fn to_sis(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let credentials = self.sis.credentials();
        let token = client()
            .post(self.sis.token_url())
            .basic_auth(&credentials.client_id, Some(&credentials.client_secret))
            .form(&[
                ("grant_type", "client_credentials"),
                ("scope", "nl-test-admin-flow-1-5"),
            ]);
        let token: Value = token.send().await.unwrap().json().await.unwrap();
        let request = client().request(method.clone(), format!("{}{path}", self.sis.base_url()));
        answer(
            request.bearer_auth(token["access_token"].as_str().unwrap()),
            &method,
            body,
        )
        .await
    }

    /// A sitting of the vendor's first test, written by the codec, taken by the platform.
    async fn plan(&self) -> Offering {
        let (_, page) = self.to_ta(Method::GET, "/components?pageSize=10", None).await;
        let page = read_page(&page, |item| read_component(item, &self.dialect)).unwrap();
        let component = page.all_or_nothing().unwrap().items.remove(0);
        let sitting = sitting(&component.component_id);
        let body = write_offering(&sitting, &self.dialect, OfferingFields::Sitting);
        let (status, problem) = self
            .to_ta(Method::PUT, &format!("/offerings/{}", sitting.offering_id), Some(&body))
            .await;
        assert_eq!(status, 201, "{problem}");
        sitting
    }

    async fn enroll(&self, sitting: &Offering, person: &super::Person) -> Association {
        let deelname = deelname(sitting, &read_person(&person.json, &self.dialect).unwrap(), person);
        let body = write_association(&deelname, &self.dialect, AssociationFields::Deelname, PersonAs::Whole);
        let path = format!("/associations/{}", deelname.association_id);
        let (status, problem) = self.to_ta(Method::PUT, &path, Some(&body)).await;
        assert_eq!(status, 201, "{}: {problem}", person.role);
        deelname
    }
}

async fn answer(request: reqwest::RequestBuilder, method: &Method, body: Option<&Value>) -> (u16, Value) {
    let media = if *method == Method::PATCH {
        "application/merge-patch+json"
    } else {
        "application/json"
    };
    let request = match body {
        Some(body) => request.header("content-type", media).body(body.to_string()),
        None => request,
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null),
    )
}

fn sitting(component: &str) -> Offering {
    Offering {
        offering_id: uuid_for(&["sitting"]),
        offering_type: OfferingType::Component,
        primary_code: Code {
            code_type: "offeringCode".into(),
            value: "REK-A12".into(),
        },
        other_codes: Vec::new(),
        name: "Rekenen in A-12".into(),
        description: None,
        modes_of_delivery: Vec::new(),
        result_expected: true,
        result_value_type: None,
        start: Some("2026-06-21T09:00:00Z".parse().unwrap()),
        end: Some("2026-06-21T11:00:00Z".parse().unwrap()),
        offered_id: Some(component.to_owned()),
        organization_id: None,
        state: OfferingState::Active,
        duration_s: Some(3_600),
        last_possible_start: Some("2026-06-21T09:30:00Z".parse().unwrap()),
        start_options: Some(StartOptions::IndividualStart),
        duration_from: Some(DurationFrom::IndividualStartDateTime),
        duration_until: Some(DurationUntil::TestDuration),
        safety: Vec::new(),
        location_codes: vec!["A-12".into()],
        final_results_allowed: None,
        tests_to_be_used: Vec::new(),
        cohort: None,
        irregularities: None,
        documents: Vec::new(),
        opaque: None,
    }
}

fn deelname(sitting: &Offering, person: &Person, known: &super::Person) -> Association {
    let role = match known.role {
        "student" => Role::Student,
        "coordinator" => Role::Coordinator,
        "invigilator" => Role::Invigilator,
        _ => Role::Assessor,
    };
    let is_student = role == Role::Student;
    Association {
        association_id: uuid_for(&["deelname", &person.person_id]),
        association_type: AssociationType::ComponentOfferingAssociation,
        role,
        state: AssociationState::Associated,
        person_id: person.person_id.clone(),
        person: Some(person.clone()),
        offering_id: sitting.offering_id.clone(),
        additional_time_min: is_student.then_some(known.extra_minutes),
        personal_needs: known.needs.iter().map(ToString::to_string).collect(),
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

/// Flow 1: every object of the school is read, and says what the school says.
#[tokio::test]
async fn the_codec_reads_every_object_that_the_sis_pushes() {
    let chain = chain().await;
    chain.sis.push_flow_1(&super::Flow1Push::default()).await.unwrap();
    let (mut extra, mut unlimited) = (0, 0);
    for message in chain.tpl.received() {
        let path = message.path.as_str();
        if path.starts_with("/offerings/") {
            read_offering_put(&message.body, &chain.dialect).unwrap_or_else(|problems| panic!("{path}: {problems:?}"));
        } else if path.starts_with("/persons/") {
            read_person(&message.body, &chain.dialect).unwrap_or_else(|problems| panic!("{path}: {problems:?}"));
        } else {
            let read = read_association_put(&message.body, &chain.dialect);
            let association = read.unwrap_or_else(|problems| panic!("{path}: {problems:?}"));
            extra += u32::from(association.additional_time_min.is_some());
            unlimited += u32::from(association.attempts_left == AttemptsLeft::Unlimited);
        }
    }
    assert!(extra > 0 && unlimited > 0);
}

/// Flows 0, 2, 3 and 4: the whole school, staff included, fits in a sitting that the codec writes.
#[tokio::test]
async fn the_platform_takes_what_the_codec_writes_and_the_codec_reads_what_it_gives() {
    let chain = chain().await;
    let sitting = chain.plan().await;
    let mut deelnames = Vec::new();
    for person in &chain.sis.school().persons {
        deelnames.push(chain.enroll(&sitting, person).await);
    }
    let read_back = chain
        .to_ta(Method::GET, &format!("/offerings/{}", sitting.offering_id), None)
        .await
        .1;
    assert_eq!(read_offering(&read_back, &chain.dialect).unwrap().start, sitting.start);

    chain
        .ta
        .attendance(&sitting.offering_id, &[deelnames[0].association_id.clone()])
        .await
        .unwrap();
    let order = ResultsOrder {
        documents: vec![100],
        ..ResultsOrder::grades(&sitting.offering_id)
    };
    chain.ta.results(&order).await.unwrap();
    let (irregularities, documents) = ("Geen".to_owned(), vec![100]);
    let report = ReportOrder {
        offering_id: sitting.offering_id.clone(),
        irregularities,
        documents,
    };
    chain.ta.report(&report).await.unwrap();
    let mut assessed = 0;
    for message in chain.tpl.received() {
        if message.path.starts_with("/offerings/") {
            let report = read_report_message(&message.body, &chain.dialect).unwrap();
            assert_eq!((report.documents.len(), report.filled.len()), (1, 0));
            continue;
        }
        let read = read_result_message(&message.body, ResultFlow::Three, &chain.dialect).unwrap();
        assert_eq!(
            (read.filled.len(), read.missing.len()),
            (0, 0),
            "{:?} {:?}",
            read.filled,
            read.missing
        );
        assessed += usize::from(read.result.assessor_id.is_some() && !read.result.documents.is_empty());
    }
    assert_eq!(assessed, 59);

    let path = format!(
        "/offerings/{}/associations?pageSize=100&role=student",
        sitting.offering_id
    );
    let (_, page) = chain.to_ta(Method::GET, &path, None).await;
    let page = read_page(&page, |item| read_association(item, &chain.dialect))
        .unwrap()
        .all_or_nothing()
        .unwrap();
    assert_eq!(page.items.iter().filter(|item| item.result.is_some()).count(), 60);

    let one = &deelnames[1];
    let cancel = write_association_cancellation(one, &chain.dialect);
    let path = format!("/associations/{}", one.association_id);
    assert_eq!(chain.to_ta(Method::PATCH, &path, Some(&cancel)).await.0, 200);
    let cancel = write_offering_cancellation(&sitting, &chain.dialect);
    assert_eq!(
        chain
            .to_ta(
                Method::PATCH,
                &format!("/offerings/{}", sitting.offering_id),
                Some(&cancel)
            )
            .await
            .0,
        200
    );
    assert!(chain.ta.state().refused.is_empty());
}

/// Flow 5: the result of an enrolment by PATCH, that of an extra attempt by PUT (R8).
#[tokio::test]
async fn the_sis_takes_the_results_that_the_codec_writes() {
    let chain = chain().await;
    let sitting = chain.plan().await;
    let school = chain.sis.school();
    let registration = school.registrations.iter().find(|one| one.role == "student").unwrap();
    let student = school
        .persons
        .iter()
        .find(|person| person.id == registration.person_id)
        .unwrap();
    chain.enroll(&sitting, student).await;
    chain
        .ta
        .results(&ResultsOrder::grades(&sitting.offering_id))
        .await
        .unwrap();
    let message = &chain.tpl.received()[0].body;
    let mut result = read_result_message(message, ResultFlow::Three, &chain.dialect)
        .unwrap()
        .result;
    result.executed_offering_name = Some(sitting.name.clone());
    result.r#final = true;

    let mut enrolment = read_association_put(&registration.json, &chain.dialect).unwrap();
    enrolment.result = Some(result);
    let body = write_result_message(ResultFlow::Five, &enrolment, &chain.dialect).unwrap();
    let path = format!("/associations/{}", registration.id);
    let (status, problem) = chain.to_sis(Method::PATCH, &path, Some(&body)).await;
    assert_eq!(status, 200, "{problem}");

    let extra = Association {
        association_id: uuid_for(&["extra"]),
        org_association_id: Some(registration.id.clone()),
        attempt: Some(2),
        ..enrolment
    };
    let body = write_attempt(&extra, &chain.dialect).unwrap();
    let (status, problem) = chain
        .to_sis(
            Method::PUT,
            &format!("/associations/{}", extra.association_id),
            Some(&body),
        )
        .await;
    assert_eq!(status, 201, "{problem}");
    let (_, read) = chain.to_sis(Method::GET, &path, None).await;
    assert!(read_association(&read, &chain.dialect).unwrap().result.unwrap().r#final);
}
