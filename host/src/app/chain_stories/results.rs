//! Flows 3, 4 and 5: what vendors send, what is kept of it, and what goes on to the student system.

use serde_json::json;

use super::*;
use crate::app::document::Storing;
use crate::app::policy::{self, Scope};
use crate::app::result::Incoming;
use crate::app::studentresultaat::{WAIT_FOR_DOCUMENTS, compose};
use crate::app::{Draft, document as documents};
use crate::domain::model::{Attendance, Normed, ResultState};
use crate::domain::result::{Decided, Delivered, Judgement, Source};
use crate::domain::sending::{Said, SendPolicy};
use crate::store::testing::on_each_database;

async fn read(school: &School, deelname: &str, body: &Value, source: Source) -> Outcome {
    let delivered = Delivered {
        result: result_message(body).result,
        normed: Normed::Unknown,
        examenversie: None,
    };
    let mut draft = Draft::of(&school.core, TENANT, "job:test");
    let incoming = Incoming {
        peer: VENDOR,
        deelname,
        delivered,
        part: None,
        source,
        revision: Some(3),
        content: b"{}",
    };
    let outcome = result::accept(&mut draft, &incoming).await.unwrap().outcome;
    school.core.commit(draft.finish()).await.unwrap();
    outcome
}

/// R3, R10: attendance first, the score later by the same operation; each replaces the result as a whole.
#[tokio::test]
async fn attendance_comes_first_and_the_score_later() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        let mut attendance = in_progress();
        attendance["result"]["comment"] = json!("kwam later");
        school.send_result(VENDOR, id, &attendance).await.unwrap();
        assert_eq!(school.send_score(id, "7.5").await, Outcome::Applied);
        assert_eq!(school.send_score(id, "7.5").await, Outcome::Repeated);
        let versions = school.versions(id).await;
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[0].delivered.result.comment.as_deref(), Some("kwam later"));
        assert_eq!(
            versions[1].delivered.result.comment, None,
            "not merged with what went before"
        );
        assert_eq!(
            school.outcomes("association", id).await,
            ["applied", "applied", "repeated"]
        );
        assert_eq!(
            school.lane(5, "association", "e-jip").await.len(),
            2,
            "both go on to the student system"
        );
    })
    .await;
}

/// R10, R25: a step back lies aside, is read back, and settles by what the vendor really has.
#[tokio::test]
async fn in_progress_after_completed_is_read_back() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        school.send_score(id, "7.5").await;
        assert_eq!(
            school.send_result(VENDOR, id, &in_progress()).await.unwrap(),
            Outcome::Held
        );
        assert_eq!(school.head(id).await.seq, 1);
        assert_eq!(school.task_kinds("association", id).await, ["result-aside"]);
        let reads = school.lane(3, "association", id).await;
        assert_eq!((reads.len(), reads[0].kind.as_str()), (1, "read_back"));

        assert_eq!(
            read(&school, id, &completed("7.5"), Source::ReadBack).await,
            Outcome::Repeated
        );
        assert!(school.tasks("association", id).await.is_empty());
        assert_eq!(school.head(id).await.judgement, Judgement::Accepted);
    })
    .await;
}

/// N#164, R22: held with a task; the restated result that fits closes it and goes on.
#[tokio::test]
async fn a_percentage_is_held_until_the_grade_comes() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        assert_eq!(school.send_score(id, "53").await, Outcome::Held);
        let task = school.tasks("association", id).await.remove(0);
        assert_eq!(
            (task.about.kind.as_str(), task.about.owner.as_str()),
            ("result-held", "vaststellen")
        );
        assert!(task.about.title.contains("schaal"), "{}", task.about.title);
        assert_eq!(task.about.unit.as_deref(), Some("techniek"));
        assert!(school.lane(5, "association", "e-jip").await.is_empty());

        assert_eq!(school.send_score(id, "5.3").await, Outcome::Applied);
        assert!(school.tasks("association", id).await.is_empty());
        assert_eq!(school.lane(5, "association", "e-jip").await.len(), 1);
    })
    .await;
}

/// One exception per object and kind: the newest reason is the one that stands.
#[tokio::test]
async fn a_result_held_for_another_reason_changes_its_task() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "53").await;
        school.send_score(&deelnames[0], "54").await;
        assert_eq!(school.tasks("association", &deelnames[0]).await.len(), 1);
        let mut empty = completed("");
        empty["result"].as_object_mut().unwrap().remove("score");
        school.send_result(VENDOR, &deelnames[0], &empty).await.unwrap();
        let tasks = school.tasks("association", &deelnames[0]).await;
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].about.title, "Afgerond resultaat zonder score");
    })
    .await;
}

/// R12.
#[tokio::test]
async fn a_completed_result_without_its_day_is_held() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let mut undated = completed("6.0");
        undated["result"].as_object_mut().unwrap().remove("resultDate");
        assert_eq!(
            school.send_result(VENDOR, &deelnames[0], &undated).await.unwrap(),
            Outcome::Held
        );
        let task = school.tasks("association", &deelnames[0]).await.remove(0);
        assert_eq!(task.about.owner, "plannen");
    })
    .await;
}

/// R6: cancelled here, taken there: accepted and sent on, also when the person's data is gone.
#[tokio::test]
async fn cancelled_erased_late_result_reaches_sis() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();
        assert!(school.person_is_erased("p-jip").await);
        assert_eq!(school.send_score(&deelnames[0], "7.5").await, Outcome::Applied);
        let jobs = school.lane(5, "association", "e-jip").await;
        assert_eq!(
            (jobs.len(), jobs[0].peer.as_str()),
            (1, SIS),
            "the way back is the way out (R23)"
        );
        let message = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert_eq!(message.enrolment.result.unwrap().score.as_deref(), Some("7.5"));
    })
    .await;
}

/// R2, R24: unknown, or another vendor's: refused, and kept with one task.
#[tokio::test]
async fn a_result_for_an_unknown_deelname_is_kept_with_a_task() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        for id in ["nobody", deelnames[0].as_str(), "e-jip"] {
            for _ in 0..2 {
                let refused = school
                    .send_result(OTHER_VENDOR, id, &completed("7.5"))
                    .await
                    .unwrap_err();
                assert!(matches!(refused, Refused::Unknown { .. }), "{refused}");
            }
            assert_eq!(school.task_kinds("association", id).await, ["unknown-subject"]);
            let kept = store::message::about(&school.core.db, TENANT, "association", id)
                .await
                .unwrap();
            let kept: Vec<_> = kept
                .into_iter()
                .filter(|message| message.peer == OTHER_VENDOR)
                .collect();
            assert_eq!(kept.len(), 2);
            let content = kept[0].content(&school.core.sealer).unwrap().unwrap();
            assert!(String::from_utf8(content).unwrap().contains("7.5"));
        }
        assert!(school.versions(&deelnames[0]).await.is_empty());
    })
    .await;
}

/// Table 4.0.F: a state in a flow 3 message does nothing.
#[tokio::test]
async fn a_vendor_can_not_cancel_a_deelname() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let mut body = completed("7.5");
        body["state"] = json!("canceled");
        school.send_result(VENDOR, &deelnames[0], &body).await.unwrap();
        assert!(!school.association(&deelnames[0]).await.is_canceled());
    })
    .await;
}

/// R8, R12, R16: what flow 5 carries, for an enrolment and for an extra attempt.
#[tokio::test]
async fn flow_five_names_the_original_the_attempt_and_the_sitting() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "4.5").await;
        let first = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert!(!first.extra_attempt);
        assert_eq!(first.enrolment.association_id, "e-jip");
        assert_eq!(first.enrolment.org_association_id.as_deref(), Some("e-jip"));
        assert_eq!(first.enrolment.attempt, Some(1));
        let result = first.enrolment.result.unwrap();
        assert_eq!(result.executed_offering_name.as_deref(), Some("Rekenen, groep 1"));
        assert!(!result.r#final, "provisional until vaststelling");

        let second = school.plan(&school.new_sitting()).await.unwrap();
        let extra = school
            .add(&second, vec![extra_attempt("e-jip", false)])
            .await
            .remove(0)
            .unwrap();
        school.send_score(&extra, "6.5").await;
        let attempt = compose(&school.core, TENANT, &extra).await.unwrap().unwrap();
        assert!(attempt.extra_attempt);
        assert_ne!(attempt.enrolment.association_id, "e-jip");
        assert_eq!(attempt.enrolment.org_association_id.as_deref(), Some("e-jip"));
        assert_eq!(attempt.enrolment.attempt, Some(2));
        let own = attempt.enrolment.association_id;
        assert_eq!(school.lane(5, "association", &own).await.len(), 1);
    })
    .await;
}

/// R26: a test group has no enrolment.
#[tokio::test]
async fn no_flow_five_for_a_test_group() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.put_person(SIS, &school.person("p-1")).await.unwrap();
        let new = NewSitting {
            plannable: None,
            ..school.new_sitting()
        };
        let sitting = school.plan(&new).await.unwrap();
        let candidate = For::Person {
            id: "p-1".to_owned(),
            role: crate::domain::model::Role::Student,
        };
        let deelname = school.add(&sitting, vec![candidate]).await.remove(0).unwrap();
        assert_eq!(school.send_score(&deelname, "7.5").await, Outcome::Applied);
        assert_eq!(compose(&school.core, TENANT, &deelname).await.unwrap(), None);
        assert_eq!(school.head(&deelname).await.sent_seq, None);
    })
    .await;
}

async fn say(school: &School, manager: &Account, scope: &Scope, send: SendPolicy) {
    let said = Said {
        send: Some(send),
        ..Said::default()
    };
    policy::set(&school.core, TENANT, manager, scope, said).await.unwrap();
}

/// The policy of the school says what goes before vaststelling.
#[tokio::test]
async fn a_school_may_send_attendance_only() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let manager = account("fb", &[Duty::Beheren]);
        say(&school, &manager, &Scope::School, SendPolicy::Attendance).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        let sent = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        let result = sent.enrolment.result.unwrap();
        assert_eq!(
            (result.state, result.score, result.attendance),
            (ResultState::InProgress, None, Attendance::Present)
        );

        say(&school, &manager, &Scope::School, SendPolicy::AfterVaststelling).await;
        assert_eq!(compose(&school.core, TENANT, &deelnames[0]).await.unwrap(), None);
    })
    .await;
}

/// R11: what arrives final is decided upstream, and goes on as final where the planbare toets allows it (N#178).
#[tokio::test]
async fn a_final_result_goes_on_as_final_unless_the_planbare_toets_forbids_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let mut last = completed("7.5");
        last["result"]["consumers"][0]["final"] = json!(true);
        school.send_result(VENDOR, &deelnames[0], &last).await.unwrap();
        assert_eq!(school.head(&deelnames[0]).await.decided, Decided::Upstream);
        let sent = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert!(sent.enrolment.result.unwrap().r#final);

        let forbid = json!({
            "offeringType": "component",
            "consumers": [{ "consumerKey": "nl-test-admin", "finalResultsAllowed": false }]
        });
        school.patch_offering(SIS, "plannable", &forbid).await.unwrap();
        last["result"]["score"] = json!("7.6");
        school.send_result(VENDOR, &deelnames[0], &last).await.unwrap();
        let sent = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert!(!sent.enrolment.result.unwrap().r#final);
        assert_eq!(school.task_kinds("offering", "plannable").await, ["final-not-allowed"]);
    })
    .await;
}

/// R27: evidence is fetched once, served under an id of ours to who it is routed to, and flow 5 names it then.
#[tokio::test]
async fn documents_are_kept_as_evidence_under_ids_of_our_own() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        let mut body = completed("7.5");
        body["result"]["consumers"][0]["documents"] =
            json!([{ "documentId": "123454", "documentType": "assessmentForm", "documentName": "form.pdf" }]);
        school.send_result(VENDOR, id, &body).await.unwrap();
        let first = &school.lane(5, "association", "e-jip").await[0];
        assert_eq!(
            first.due_at,
            school.core.now() + WAIT_FOR_DOCUMENTS,
            "waits a little for its documents"
        );
        let ours = store::document::of_subject(&school.core.db, TENANT, VENDOR, ("association", id))
            .await
            .unwrap();
        assert_eq!(ours.len(), 1);
        assert_ne!(ours[0].id, "123454");
        assert_eq!(school.lane(3, "document", &ours[0].id).await[0].kind, "fetch_document");
        let before = compose(&school.core, TENANT, id).await.unwrap().unwrap();
        assert!(
            before.enrolment.result.unwrap().documents.is_empty(),
            "not named before it can be served"
        );
        assert!(
            documents::open(&school.core, TENANT, SIS, &ours[0].id)
                .await
                .unwrap()
                .is_none()
        );

        let evidence = vec![7_u8; 600 * 1024];
        store_document(&school, &ours[0].id, &evidence).await;
        assert_eq!(
            school.lane(5, "association", "e-jip").await.len(),
            1,
            "the one that waits will name it"
        );
        let after = compose(&school.core, TENANT, id).await.unwrap().unwrap();
        assert_eq!(after.enrolment.result.unwrap().documents[0].document_id, ours[0].id);
        for peer in [SIS, VENDOR] {
            let mut opened = documents::open(&school.core, TENANT, peer, &ours[0].id)
                .await
                .unwrap()
                .unwrap();
            let mut read = Vec::new();
            while let Some(chunk) = opened.chunk().await.unwrap() {
                read.extend(chunk);
            }
            assert_eq!((read, opened.size), (evidence.clone(), 600 * 1024));
        }
        for stranger in [OTHER_VENDOR, "other-sis"] {
            assert!(
                documents::open(&school.core, TENANT, stranger, &ours[0].id)
                    .await
                    .unwrap()
                    .is_none()
            );
        }
        assert!(
            documents::open(&school.core, "elsewhere", SIS, &ours[0].id)
                .await
                .unwrap()
                .is_none()
        );

        body["result"]["score"] = json!("7.6");
        school.send_result(VENDOR, id, &body).await.unwrap();
        assert_eq!(
            school.lane(3, "document", &ours[0].id).await.len(),
            1,
            "named again, not fetched again"
        );
    })
    .await;
}

async fn store_document(school: &School, id: &str, bytes: &[u8]) {
    let mut storing = Storing::begin(&school.core, TENANT);
    for piece in bytes.chunks(100_000) {
        storing.write(piece).await.unwrap();
    }
    let fetched = storing.finish("application/pdf").await.unwrap();
    let mut draft = Draft::of(&school.core, TENANT, "job:test");
    documents::fetched(&mut draft, id, fetched).await.unwrap();
    school.core.commit(draft.finish()).await.unwrap();
}

/// Flow 4, R2, R3, R6, R12: the report touches nothing else, repeats say nothing new, an unknown sitting is a task.
#[tokio::test]
async fn a_report_is_kept_with_the_sitting_and_only_there() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, _) = school.planned(&["jip"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        sitting::cancel(&school.core, planner_of(&planner), &sitting, "brand")
            .await
            .unwrap();
        let body = json!({
            "offeringType": "component",
            "name": [{ "language": "nl-NL", "value": "iets anders" }],
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "offeringState": "active",
                "irregularities": "Brandalarm om tien uur",
                "documents": [{ "documentId": "9", "documentType": "sessionReport", "documentName": "pv.pdf" }]
            }]
        });
        assert_eq!(
            school.send_report(VENDOR, &sitting, &body).await.unwrap(),
            Outcome::Applied
        );
        assert_eq!(
            school.send_report(VENDOR, &sitting, &body).await.unwrap(),
            Outcome::Repeated
        );
        let kept = school.offering(&sitting).await;
        assert_eq!(kept.facts.irregularities.as_deref(), Some("Brandalarm om tien uur"));
        assert_eq!(kept.facts.name, "Rekenen, groep 1");
        assert!(kept.is_canceled(), "a vendor does not revive a sitting");
        assert_eq!(kept.plan_version, 2, "nothing new for the vendor");
        let ours = store::document::of_subject(&school.core.db, TENANT, VENDOR, ("offering", &sitting))
            .await
            .unwrap();
        assert_eq!(school.lane(4, "document", &ours[0].id).await.len(), 1);

        let strange = school.send_report(OTHER_VENDOR, &sitting, &body).await.unwrap_err();
        assert!(matches!(strange, Refused::Unknown { .. }));
        assert_eq!(school.task_kinds("offering", &sitting).await, ["unknown-subject"]);
    })
    .await;
}

/// Each version records by which way it came and which revision read it.
#[tokio::test]
async fn a_polled_result_names_the_revision_that_read_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        assert_eq!(
            read(&school, id, &completed("7.5"), Source::Poll).await,
            Outcome::Applied
        );
        assert_eq!(
            read(&school, id, &completed("7.5"), Source::Poll).await,
            Outcome::Repeated
        );
        let version = school.versions(id).await.remove(0);
        assert_eq!((version.source, version.revision), (Source::Poll, Some(3)));
        assert_eq!(
            school.outcomes("association", id).await,
            ["applied"],
            "a poll that repeats is no message"
        );
    })
    .await;
}
