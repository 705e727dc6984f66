//! Attempts: how many may be planned, where the result of each goes, and which result counts.

use serde_json::json;

use super::*;
use crate::app::attempt::set_model;
use crate::app::policy::{self, Scope};
use crate::app::studentresultaat::{Message, compose, compose_for, confirmed};
use crate::app::{Decision, Draft};
use crate::domain::attempt::Model;
use crate::domain::model::AssociationState;
use crate::domain::sending::Said;
use crate::store::testing::on_each_database;

async fn attempts_left(school: &School, left: Value) {
    let patch = json!({
        "associationType": "componentOfferingAssociation",
        "consumers": [{ "consumerKey": "nl-test-admin", "attemptLeft": left }]
    });
    school.patch_association(SIS, "e-jip", &patch).await.unwrap();
}

async fn retake(school: &School) -> Result<String, Refused> {
    let sitting = school.plan(&school.new_sitting()).await.unwrap();
    school
        .add(&sitting, vec![extra_attempt("e-jip", false)])
        .await
        .remove(0)
}

/// What goes to the student system of a deelname now, and its confirmation.
pub(super) async fn deliver(school: &School, deelname: &str, enrolment: &str) -> Message {
    let message = compose_for(&school.core, TENANT, deelname, enrolment)
        .await
        .unwrap()
        .unwrap();
    school
        .core
        .decide::<_, Refused, _, _>(&[], || async {
            let mut draft = Draft::of(&school.core, TENANT, "job:test");
            confirmed(&mut draft, enrolment, &message).await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            })
        })
        .await
        .unwrap();
    message
}

/// R9, `§3.1.2.1`: the student system leads; what it grants in flow 1 can be planned, and what it has heard of is in its
/// number already.
#[tokio::test]
async fn attempt_left_zero_plans_nothing_until_dr_grants() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        attempts_left(&school, json!(0)).await;
        let refused = retake(&school).await.unwrap_err();
        assert!(refused.to_string().contains("allows 0 extra attempt"), "{refused}");
        let attempts = store::association::attempts_of(&school.core.db, TENANT, "e-jip")
            .await
            .unwrap();
        assert!(attempts.is_empty(), "nothing was planned");

        attempts_left(&school, json!(1)).await;
        let second = retake(&school).await.unwrap();
        let refused = retake(&school).await.unwrap_err();
        assert!(refused.to_string().contains("allows 1 extra attempt"), "{refused}");

        school.send_score(&deelnames[0], "4.0").await;
        school.send_score(&second, "5.0").await;
        let enrolment = school.association(&second).await.enrolment.unwrap();
        school.clock.advance(SignedDuration::from_mins(1));
        deliver(&school, &second, &enrolment).await;
        assert!(
            retake(&school).await.is_err(),
            "it has not said anything since it heard"
        );
        school.clock.advance(SignedDuration::from_mins(1));
        attempts_left(&school, json!(0)).await;
        assert!(retake(&school).await.is_err());
        attempts_left(&school, json!(1)).await;
        let third = retake(&school).await.unwrap();
        assert_eq!(school.association(&third).await.attempt(), 3);

        let mut granted = school.enrolment("e-jip-4", "p-jip");
        granted["consumers"][0] = json!({ "consumerKey": "nl-test-admin", "attempt": 4, "orgAssociationId": "e-jip" });
        school.put_association(SIS, &granted).await.unwrap();
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let own = school.add(&sitting, vec![for_enrolment("e-jip-4")]).await.remove(0);
        assert_eq!(school.association(&own.unwrap()).await.attempt(), 4);
    })
    .await;
}

/// R7, R8, N#148, S#375: one sitting, three families of student systems.
#[tokio::test]
async fn the_result_of_an_extra_attempt_goes_where_its_student_system_keeps_it() {
    for model in Model::ALL {
        on_each_database(|bench| async move {
            let school = School::open(&bench).await;
            let fb = account("fb", &[Duty::Beheren]);
            set_model(&school.core, TENANT, &fb, SIS, model).await.unwrap();
            school.planned(&["jip"]).await;
            let second = retake(&school).await.unwrap();
            let enrolment = school.association(&second).await.enrolment.unwrap();
            school.send_score(&second, "6.5").await;
            let sent = compose(&school.core, TENANT, &second).await.unwrap().unwrap();
            assert_eq!(sent.enrolment.org_association_id.as_deref(), Some("e-jip"));
            assert_eq!(sent.enrolment.attempt, Some(2));
            let to = sent.enrolment.association_id.as_str();
            match model {
                Model::AssociationWithAttempts => assert_eq!((to, sent.extra_attempt), ("e-jip", false)),
                _ => assert_eq!((to, sent.extra_attempt), (enrolment.as_str(), true), "unforeseen (R7)"),
            }
            if model == Model::AssociationWithAttempts {
                assert_eq!(
                    school.lane(5, "association", "e-jip").await.len(),
                    1,
                    "one lane for all attempts"
                );
            }
            deliver(&school, &second, &enrolment).await;
            let other = Model::ALL.into_iter().find(|other| *other != model).unwrap();
            set_model(&school.core, TENANT, &fb, SIS, other).await.unwrap();
            let again = compose(&school.core, TENANT, &second).await.unwrap().unwrap();
            assert_eq!(
                again.destination, sent.destination,
                "follow-ups go where the first went (R8)"
            );
            let ledger = store::attempt::of_original(&school.core.db, TENANT, "e-jip")
                .await
                .unwrap();
            assert_eq!(ledger.len(), 1);
        })
        .await;
    }
}

/// Osiris: each opportunity is an offering with an enrolment of the student system itself (S#375).
#[tokio::test]
async fn an_opportunity_that_the_student_system_made_takes_the_result() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let fb = account("fb", &[Duty::Beheren]);
        set_model(&school.core, TENANT, &fb, SIS, Model::OfferingPerOpportunity)
            .await
            .unwrap();
        school.planned(&["jip"]).await;
        let second = retake(&school).await.unwrap();
        school.send_score(&second, "6.5").await;
        school.put_offering(SIS, &school.plannable("spring")).await.unwrap();
        let mut spring = school.enrolment("e-spring", "p-jip");
        spring["offering"] = json!("spring");
        spring["consumers"][0]["attempt"] = json!(2);
        school.put_association(SIS, &spring).await.unwrap();
        let sent = compose(&school.core, TENANT, &second).await.unwrap().unwrap();
        assert_eq!(
            (
                sent.enrolment.association_id.as_str(),
                sent.enrolment.offering_id.as_str()
            ),
            ("e-spring", "spring")
        );
        assert!(!sent.extra_attempt && sent.enrolment.attempt == Some(2));
        let refused = set_model(
            &school.core,
            TENANT,
            &account("x", &[Duty::Plannen]),
            SIS,
            Model::default(),
        )
        .await;
        assert!(matches!(refused, Err(Refused::NotAllowed(_))));
    })
    .await;
}

fn no_show() -> Value {
    result_body(json!({ "state": "completed" }), "not present")
}

/// By policy a candidate who did not come has used an attempt, or has not.
#[tokio::test]
async fn a_no_show_counts_as_an_attempt_unless_the_school_says_otherwise() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_result(VENDOR, &deelnames[0], &no_show()).await.unwrap();
        let again = school.plan(&school.new_sitting()).await.unwrap();
        let refused = school.add(&again, vec![for_enrolment("e-jip")]).await.remove(0);
        assert!(refused.unwrap_err().to_string().contains("ask for an extra attempt"));

        let said = Said {
            no_show_counts: Some(false),
            ..Said::default()
        };
        let fb = account("fb", &[Duty::Beheren]);
        policy::set(&school.core, TENANT, &fb, &Scope::School, said)
            .await
            .unwrap();
        let retaken = school
            .add(&again, vec![for_enrolment("e-jip")])
            .await
            .remove(0)
            .unwrap();
        assert_eq!(
            school.association(&retaken).await.attempt(),
            1,
            "the same attempt once more"
        );
        school.send_score(&retaken, "7.0").await;
        let sent = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert_eq!(sent.deelname, retaken, "who came counts before who did not");
    })
    .await;
}

/// Two deelnames on one enrolment: whichever comes last, the student system ends with the one that counts.
#[tokio::test]
async fn a_late_result_of_a_cancelled_deelname_does_not_overwrite_the_one_that_counts() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        deelname::cancel(&school.core, planner_of(&planner), &deelnames[0], "ziek")
            .await
            .unwrap();
        let second = school.plan(&school.new_sitting()).await.unwrap();
        let standing = school
            .add(&second, vec![for_enrolment("e-jip")])
            .await
            .remove(0)
            .unwrap();
        school.send_score(&standing, "7.5").await;
        school.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(school.send_score(&deelnames[0], "3.0").await, Outcome::Applied, "R6");
        for occasion in [&deelnames[0], &standing] {
            let sent = compose(&school.core, TENANT, occasion).await.unwrap().unwrap();
            assert_eq!(sent.deelname, standing);
            assert_eq!(sent.enrolment.result.unwrap().score.as_deref(), Some("7.5"));
        }
        assert_eq!(school.task_kinds("association", &deelnames[0]).await, ["two-results"]);
    })
    .await;
}

/// R5, R6: where the enrolment was cancelled after the start, its person's data goes once the result has arrived; what
/// comes later is still sent on.
#[tokio::test]
async fn a_person_kept_for_a_late_cancelled_enrolment_is_erased_when_the_result_has_arrived() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        school.clock.advance(SignedDuration::from_hours(25));
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();
        assert!(!school.person_is_erased("p-jip").await);
        school.send_result(VENDOR, &deelnames[0], &in_progress()).await.unwrap();
        deliver(&school, &deelnames[0], "e-jip").await;
        assert!(!school.person_is_erased("p-jip").await, "attendance is no end");
        school.send_score(&deelnames[0], "7.5").await;
        deliver(&school, &deelnames[0], "e-jip").await;
        assert!(school.person_is_erased("p-jip").await);
        assert_eq!(
            school.association(&deelnames[0]).await.facts.state,
            AssociationState::Finished
        );
        assert_eq!(school.send_score(&deelnames[0], "8.0").await, Outcome::Applied);
        let sent = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert_eq!(sent.enrolment.result.unwrap().score.as_deref(), Some("8.0"));

        school.send_score(&deelnames[1], "6.0").await;
        deliver(&school, &deelnames[1], "e-an").await;
        assert!(!school.person_is_erased("p-an").await);
        school.patch_association(SIS, "e-an", &canceled).await.unwrap();
        assert!(school.person_is_erased("p-an").await, "the result was there already");
        assert!(school.tasks("association", "e-an").await.is_empty());
    })
    .await;
}
