//! Results in the form of the 1.1 draft, held to golden files: `tests/golden/1.1` and, of the same facts, `tests/golden/1.0.1`.

use oke_codec::{
    AssociationFields, Dialect, PersonAs, ResultFlow, ResultMessage, Version, apply_result,
    loss::{self, Loss},
    model::*,
    read_association, read_result_message, write_association, write_attempt, write_result_message,
};
use serde_json::{Value, json};

use crate::given::{deelname, enrolment, result_message};

/// The same facts in both forms, and in the model.
struct Golden {
    draft: Value,
    agreement: Value,
    facts: ExamResult,
    /// What 1.0.1 has no place for.
    lost: &'static [Loss],
}

macro_rules! golden {
    ($name:literal, $facts:expr, $lost:expr) => {
        Golden {
            draft: serde_json::from_str(include_str!(concat!("../golden/1.1/", $name, ".json"))).unwrap(),
            agreement: serde_json::from_str(include_str!(concat!("../golden/1.0.1/", $name, ".json"))).unwrap(),
            facts: $facts,
            lost: $lost,
        }
    };
}

/// What only the draft has a place for, as the model carries it.
fn only_in_the_draft(planning_state: &str, moment: Option<Value>) -> Option<String> {
    let mut own = json!({ "planningState": planning_state });
    if let Some(moment) = moment {
        own["testMomentEnrollmentDetails"] = moment;
    }
    Some(json!({ "own": own }).to_string())
}

fn moment() -> Value {
    json!({
        "startDateTime": "2026-06-22T08:00:00.000Z",
        "endDateTime": "2026-06-22T10:00:00.000Z",
        "roomName": "B1.02",
        "coordinatorId": "afnameleider-5",
        "coordinatorCode": "KETRF",
    })
}

fn scored() -> ExamResult {
    ExamResult {
        pass: Some(PassState::Passed),
        comment: Some("Net aan.".to_owned()),
        score: Some("5.5".to_owned()),
        result_date: Some("2026-06-29".parse().unwrap()),
        test_date: Some(taken()),
        raw_score: Some(34),
        max_raw_score: Some(40),
        executed_offering_name: Some("Rekenen 3F, groep 1".to_owned()),
        assessor_id: Some("beoordelaar-3".to_owned()),
        assessor_code: Some("JAJE".to_owned()),
        documents: vec![DocumentReference {
            document_id: "formulier-17".to_owned(),
            document_type: DocumentType::AssessmentForm,
            document_name: "Beoordelingsformulier.pdf".to_owned(),
        }],
        opaque: only_in_the_draft("finished", Some(moment())),
        ..ExamResult::bare(ResultState::Completed, Attendance::Present)
    }
}

fn taken() -> jiff::Timestamp {
    "2026-06-22T09:40:00Z".parse().unwrap()
}

fn goldens() -> Vec<Golden> {
    let under_way = |attendance| ExamResult::bare(ResultState::InProgress, attendance);
    vec![
        golden!(
            "attended-with-result",
            scored(),
            &[Loss::PlanningState, Loss::TestMoment]
        ),
        golden!(
            "attended-without-result",
            ExamResult {
                test_date: Some(taken()),
                ..under_way(Attendance::Present)
            },
            &[]
        ),
        golden!(
            "absent",
            ExamResult {
                result_date: Some("2026-06-23".parse().unwrap()),
                executed_offering_name: Some("Rekenen 3F, groep 1".to_owned()),
                ..ExamResult::bare(ResultState::Completed, Attendance::NotPresent)
            },
            &[]
        ),
        golden!(
            "irregularity",
            ExamResult {
                test_date: Some(taken()),
                irregularities: Some("Brandalarm om 11.40 uur.".to_owned()),
                opaque: only_in_the_draft("finished", None),
                ..under_way(Attendance::NotFinished)
            },
            &[Loss::PlanningState]
        ),
        golden!(
            "planned",
            ExamResult {
                executed_offering_name: Some("Rekenen 3F, groep 1".to_owned()),
                opaque: only_in_the_draft("associated", Some(moment())),
                ..under_way(Attendance::NotKnown)
            },
            &[Loss::PlanningState, Loss::TestMoment]
        ),
    ]
}

fn three(message: &Value, dialect: &Dialect) -> ResultMessage {
    read_result_message(message, ResultFlow::Three, dialect).unwrap()
}

fn draft() -> Dialect {
    Dialect::v1_1_draft()
}

fn with(result: ExamResult) -> Association {
    Association {
        result: Some(result),
        ..deelname()
    }
}

fn written(result: &ExamResult, dialect: &Dialect) -> Value {
    write_result_message(ResultFlow::Three, &with(result.clone()), dialect).unwrap()
}

/// As the host has it: a deelname under way without a day is of the day it came, which 1.0.1 requires (R12).
fn dated(result: &ExamResult) -> ExamResult {
    let came = "2026-06-22".parse().unwrap();
    ExamResult {
        result_date: result.result_date.or(Some(came)),
        ..result.clone()
    }
}

/// By its shape, whatever version its sender is set to; written again it is the same file, and nothing is lost.
#[test]
fn a_message_of_the_draft_is_read_by_its_shape_and_written_again_as_it_was() {
    for golden in goldens() {
        for dialect in [Dialect::v1_0(), Dialect::v1_0_1(), draft()] {
            let read = three(&golden.draft, &dialect);
            assert_eq!(read.result, golden.facts);
            assert_eq!(read.part.unwrap().over(None), golden.facts);
            assert!(read.filled.is_empty() && read.missing.is_empty());
        }
        assert_eq!(written(&golden.facts, &draft()), golden.draft);
        assert!(loss::of_result(&golden.facts, &draft()).is_empty());
    }
}

/// The same facts in the agreement's form: what it has no place for is left out and named, and nothing else.
#[test]
fn the_same_facts_are_told_in_1_0_1_and_what_it_cannot_say_is_reported() {
    for golden in goldens() {
        let facts = dated(&golden.facts);
        for dialect in [Dialect::v1_0(), Dialect::v1_0_1()] {
            assert_eq!(written(&facts, &dialect), golden.agreement);
            assert_eq!(loss::of_result(&facts, &dialect), golden.lost);
        }
        let read = three(&golden.agreement, &draft());
        assert_eq!(read.result, ExamResult { opaque: None, ..facts });
        assert_eq!(read.part, None, "the agreement's form is always the whole result");
    }
}

/// From one form to the other and back, no fact of the model is lost on the way.
#[test]
fn a_result_survives_the_way_through_both_forms() {
    for golden in goldens() {
        let told = three(&golden.agreement, &draft()).result;
        let in_draft = written(&told, &draft());
        assert_eq!(three(&in_draft, &Dialect::v1_0_1()).result, told);
        assert_eq!(written(&told, &Dialect::v1_0_1()), golden.agreement);
    }
}

/// R12: what is required of 1.0.1 is required there; in the draft a deelname under way needs no result.
#[test]
fn without_a_day_only_the_draft_can_say_that_a_deelname_is_under_way() {
    let under_way = with(ExamResult::bare(ResultState::InProgress, Attendance::Present));
    let message = write_result_message(ResultFlow::Three, &under_way, &draft()).unwrap();
    assert_eq!(message.get("result"), None);
    let refused = write_result_message(ResultFlow::Three, &under_way, &Dialect::v1_0_1()).unwrap_err();
    assert_eq!(refused.0[0].pointer, "/result/resultDate");
    let undated = with(ExamResult::bare(ResultState::Completed, Attendance::Present));
    let refused = write_result_message(ResultFlow::Three, &undated, &draft()).unwrap_err();
    assert_eq!(refused.0[0].pointer, "/result/resultDate");
}

/// The walk-through of flow 3 has other names than the schema.
#[test]
fn the_names_of_the_walk_through_are_read_too() {
    let message = json!({
        "associationType": "componentOfferingAssociation",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "testEnrollmentDetails": {
                "attentdance": "present",
                "testDateTime": "2026-06-22T11:40:00.000+02:00",
                "irregularities": "Te laat.",
            },
        }],
    });
    let read = three(&message, &Dialect::v1_0_1()).result;
    assert_eq!((read.attendance, read.test_date), (Attendance::Present, Some(taken())));
    assert_eq!((read.irregularities.as_deref(), read.opaque), (Some("Te laat."), None));
}

/// Flow 3.2: attendance first, the result later without it. Only a peer at 1.1 may leave it out: of another it is
/// missing (R12).
#[test]
fn a_result_follows_the_attendance_in_a_message_of_its_own() {
    let planned = three(&goldens()[4].draft, &draft());
    let attended = three(&goldens()[1].draft, &draft());
    let mut later = result_message();
    later["result"]["consumers"] = json!([{ "consumerKey": "nl-test-admin", "final": true }]);
    let refused = read_result_message(&later, ResultFlow::Three, &Dialect::v1_0_1()).unwrap_err();
    assert_eq!(refused.0[0].pointer, "/result/consumers");
    let scored = three(&later, &draft());

    let one_by_one = [planned, attended, scored.clone(), scored]
        .iter()
        .fold(deelname(), |stored, message| apply_result(&stored, message));
    let result = one_by_one.result.clone().unwrap();
    assert_eq!((result.score.as_deref(), result.r#final), (Some("9"), true));
    assert_eq!(
        (result.attendance, result.test_date),
        (Attendance::Present, Some(taken()))
    );
    assert_eq!(result.opaque, only_in_the_draft("associated", Some(moment())));
    assert_eq!(
        Association {
            result: None,
            ..one_by_one
        },
        deelname(),
        "it touches only the result"
    );
}

/// R3: details merge per field, `null` removes one; a result that stands is not undone by an attendance that comes later.
#[test]
fn a_part_leaves_what_it_does_not_say() {
    let part = |details: Value| {
        json!({ "associationType": "componentOfferingAssociation", "consumers": [{
            "consumerKey": "nl-test-admin", "testMomentEnrollmentDetails": details }] })
    };
    let stands = apply_result(&deelname(), &three(&goldens()[0].draft, &draft()));
    let said = part(json!({ "irregularities": "Spiekbriefje.", "roomName": null }));
    let noted = apply_result(&stands, &three(&said, &draft()));
    let mut expected = scored();
    expected.irregularities = Some("Spiekbriefje.".to_owned());
    let mut elsewhere = moment();
    elsewhere.as_object_mut().unwrap().remove("roomName");
    expected.opaque = only_in_the_draft("finished", Some(elsewhere));
    assert_eq!(noted.result, Some(expected));
    let cleared = apply_result(&noted, &three(&part(json!({ "irregularities": null })), &draft()));
    assert_eq!(cleared.result.unwrap().irregularities, None);
}

/// The agreement's form from a peer at the draft is the agreement's: its habits hold there, and in the draft's they don't.
#[test]
fn a_habit_of_the_agreement_says_nothing_of_the_draft() {
    let mut swapped = draft();
    swapped.quirks.swapped_dates = true;
    let golden = goldens().remove(0);
    assert_eq!(three(&golden.draft, &swapped).result, scored());
    assert_eq!(written(&scored(), &swapped), golden.draft);
    let read = three(&golden.agreement, &swapped).result;
    assert_eq!(read.result_date, Some("2026-06-22".parse().unwrap()));
    assert!(loss::of_result(&scored(), &swapped).is_empty());
}

/// A wrong value is refused with its place, and everything else in the message means nothing (table 4.0.F).
#[test]
fn a_wrong_detail_is_refused_where_it_stands() {
    let mut message = goldens().remove(0).draft;
    let details = &mut message["consumers"][0]["testMomentEnrollmentDetails"];
    details["testDateTime"] = json!("gisteren");
    let problems = read_result_message(&message, ResultFlow::Three, &draft()).unwrap_err();
    assert_eq!(
        problems.0[0].pointer,
        "/consumers/0/testMomentEnrollmentDetails/testDateTime"
    );
    message["consumers"][0]["testMomentEnrollmentDetails"] = json!("present");
    let problems = read_result_message(&message, ResultFlow::Three, &draft()).unwrap_err();
    assert_eq!(problems.0[0].pointer, "/consumers/0/testMomentEnrollmentDetails");

    let mut message = goldens().remove(0).draft;
    message["state"] = json!("canceled");
    message["consumers"][0]["attemptLeft"] = json!("none at all");
    message["consumers"].as_array_mut().unwrap().push(json!(7));
    assert_eq!(three(&message, &draft()).result, scored());
}

/// Flow 3.4: a deelname read back has its details in its own consumer block. What is planned only is no result.
#[test]
fn a_deelname_is_read_back_in_its_form() {
    for golden in goldens() {
        let shown = |dialect: &Dialect| {
            let told = with(golden.facts.clone());
            write_association(&told, dialect, AssociationFields::DeelnameWithResult, PersonAs::Id)
        };
        let in_draft = shown(&draft());
        let block = &in_draft["consumers"][0];
        assert_eq!(block["additionalTimeInMin"], 30);
        assert_eq!(
            block["testMomentEnrollmentDetails"],
            golden.draft["consumers"][0]["testMomentEnrollmentDetails"]
        );
        assert_eq!(in_draft.get("result"), golden.draft.get("result"));
        let read = read_association(&in_draft, &Dialect::v1_0_1()).unwrap();
        if golden.facts.attendance == Attendance::NotKnown {
            assert_eq!(read.result, None);
            assert!(read.opaque.unwrap().contains("B1.02"));
        } else {
            assert_eq!((read.result, read.opaque), (Some(golden.facts.clone()), None));
        }
        let in_agreement = shown(&Dialect::v1_0_1());
        assert_eq!(in_agreement["consumers"][0].get("testMomentEnrollmentDetails"), None);
        assert_eq!(in_agreement["result"]["consumers"][0].get("planningState"), None);
    }
}

/// Flow 5 has the same form, beside which attempt it is of which original (R8).
#[test]
fn a_result_of_flow_5_has_the_same_form() {
    let mut attempt = enrolment();
    attempt.result = Some(scored());
    attempt.org_association_id = Some("origineel".to_owned());
    let patch = write_result_message(ResultFlow::Five, &attempt, &draft()).unwrap();
    assert_eq!(patch["consumers"][0]["attempt"], 1);
    let read = read_result_message(&patch, ResultFlow::Five, &Dialect::v1_0_1()).unwrap();
    assert_eq!((read.result, read.attempt), (scored(), Some(1)));
    assert!(read.missing.is_empty());
    let put = write_attempt(&attempt, &draft()).unwrap();
    assert_eq!(
        read_association(&put, &Dialect::v1_0_1()).unwrap().result,
        Some(scored())
    );
    // Without a result it is nothing that a student system can take here.
    let under_way = &goldens()[1].draft;
    let refused = read_result_message(under_way, ResultFlow::Five, &draft()).unwrap_err();
    assert_eq!(refused.0[0].pointer, "/result");
}

/// A draft is chosen by hand: its name is known, but a peer that names it is not spoken to in it for that.
#[test]
fn the_draft_has_a_name_and_is_marked_as_one() {
    assert_eq!(Version::parse("v1.1"), Some(Version::V1_1Draft));
    let dialect: Dialect = serde_json::from_value(json!({ "version": "1.1" })).unwrap();
    assert_eq!(dialect, draft());
    assert!(dialect.version.is_draft() && dialect.version.as_str() == "1.1");
    assert!(Dialect::v1_0_1().version < dialect.version);
}
