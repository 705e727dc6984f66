//! Duplicates: one student, two enrolments, one exam (N#170).

use serde_json::json;

use super::attempts::deliver;
use super::*;
use crate::app::duplicate::{self, Pair};
use crate::app::policy::{self, Scope};
use crate::app::studentresultaat::compose_for;
use crate::domain::duplicate::{NotMerged, PairState};
use crate::domain::exception;
use crate::domain::sending::{Said, SendPolicy};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::scope::Scope as Anywhere;
use crate::store::testing::on_each_database;

const WHY: &str = "twee opleidingen";

/// `e-jip` on `plannable`, planned; and `e-jip-2` of the same student on `second`, which the same test may serve.
async fn enrolled_twice(school: &School) -> String {
    let (_, deelnames) = school.planned(&["jip"]).await;
    school.put_offering(SIS, &school.plannable("second")).await.unwrap();
    school
        .put_association(SIS, &second_enrolment(school, "e-jip-2"))
        .await
        .unwrap();
    deelnames.into_iter().next().unwrap()
}

fn second_enrolment(school: &School, id: &str) -> Value {
    let mut body = school.enrolment(id, "p-jip");
    body["offering"] = json!("second");
    body
}

fn pair<'a>(enrolment: &'a str, kept: &'a str) -> Pair<'a> {
    Pair {
        enrolment,
        kept,
        reason: WHY,
    }
}

async fn merge(school: &School, pair: Pair<'_>) -> Result<(), Refused> {
    duplicate::merge(&school.core, planner_of(&account("bureau", &[Duty::Plannen])), pair).await
}

async fn listed(school: &School, state: PairState) -> Vec<(String, String)> {
    let all = duplicate::list(&school.core, TENANT, (state, &Anywhere::School), 10)
        .await
        .unwrap();
    all.into_iter()
        .map(|pair| (pair.row.enrolment, pair.row.kept))
        .collect()
}

fn spelled(enrolment: &str, kept: &str) -> Vec<(String, String)> {
    vec![(enrolment.to_owned(), kept.to_owned())]
}

/// N#170, R23: found, merged by a person, one result to each in its own lane, and taken apart again.
#[tokio::test]
async fn merged_duplicate_fans_out_and_unmerges() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let deelname = enrolled_twice(&school).await;
        assert_eq!(listed(&school, PairState::Found).await, spelled("e-jip-2", "e-jip"));
        merge(&school, pair("e-jip-2", "e-jip")).await.unwrap();
        assert!(listed(&school, PairState::Found).await.is_empty());
        assert_eq!(listed(&school, PairState::Merged).await, spelled("e-jip-2", "e-jip"));
        let mut new = school.new_sitting();
        new.plannable = Some("second".to_owned());
        let sitting = school.plan(&new).await.unwrap();
        let refused = school.add(&sitting, vec![for_enrolment("e-jip-2")]).await.remove(0);
        assert!(refused.unwrap_err().to_string().contains("merged with e-jip"));

        school.send_score(&deelname, "7.5").await;
        for enrolment in ["e-jip", "e-jip-2"] {
            let jobs = school.lane(5, "association", enrolment).await;
            assert_eq!((jobs.len(), jobs[0].peer.as_str()), (1, SIS));
            let sent = deliver(&school, &deelname, enrolment).await.enrolment;
            assert_eq!(sent.association_id, enrolment);
            assert_eq!(sent.org_association_id.as_deref(), Some(enrolment));
            assert_eq!(sent.result.unwrap().score.as_deref(), Some("7.5"));
            let again = deliver(&school, &deelname, enrolment).await;
            assert_eq!(again.enrolment.association_id, enrolment, "a repeat is the same write");
        }
        assert_eq!(school.head(&deelname).await.confirmed_seq, Some(1));
        let along = store::duplicate::merged_into(&school.core.db, TENANT, "e-jip-2")
            .await
            .unwrap();
        assert_eq!(along.unwrap().confirmed_seq, Some(1));

        let planner = account("bureau", &[Duty::Plannen]);
        duplicate::unmerge(&school.core, planner_of(&planner), "e-jip-2", "vergissing")
            .await
            .unwrap();
        school.send_score(&deelname, "8.0").await;
        assert_eq!(school.lane(5, "association", "e-jip").await.len(), 2);
        assert_eq!(
            school.lane(5, "association", "e-jip-2").await.len(),
            1,
            "nothing new follows"
        );
        let late = compose_for(&school.core, TENANT, &deelname, "e-jip-2").await.unwrap();
        assert_eq!(late, None, "a job that still waited sends nothing");
        assert!(
            school
                .add(&sitting, vec![for_enrolment("e-jip-2")])
                .await
                .remove(0)
                .is_ok()
        );
        assert!(
            listed(&school, PairState::Found).await.is_empty(),
            "a person has looked"
        );
    })
    .await;
}

/// N#170: not with another attempt, another test or another student, nor once there is a result.
#[tokio::test]
async fn only_the_same_student_test_and_attempt_without_result_is_a_duplicate() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        let mut other_test = school.plannable("second");
        other_test["consumers"][0]["testsToBeUsed"] = json!([{ "testProvider": "TOA", "componentId": "taal" }]);
        school.put_offering(SIS, &other_test).await.unwrap();
        school
            .put_association(SIS, &second_enrolment(&school, "e-taal"))
            .await
            .unwrap();
        let mut retake = school.enrolment("e-jip-2", "p-jip");
        retake["consumers"][0]["attempt"] = json!(2);
        school.put_association(SIS, &retake).await.unwrap();
        assert!(listed(&school, PairState::Found).await.is_empty());
        // Nor when a person asks for it.
        for other in ["e-jip-2", "e-taal", "e-an"] {
            let refused = merge(&school, pair(other, "e-jip")).await.unwrap_err();
            assert!(
                matches!(refused, Refused::NotMerged(NotMerged::NotOne(..))),
                "{other}: {refused}"
            );
        }

        let again = school.enrolment("e-jip-again", "p-jip");
        school.put_association(SIS, &again).await.unwrap();
        assert_eq!(
            listed(&school, PairState::Found).await,
            spelled("e-jip-again", "e-jip"),
            "the same planbare toets"
        );
        school.send_score(&deelnames[0], "7.5").await;
        assert!(listed(&school, PairState::Found).await.is_empty(), "there is a result");
        let refused = merge(&school, pair("e-jip-again", "e-jip")).await.unwrap_err();
        assert!(matches!(refused, Refused::NotMerged(_)), "{refused}");
    })
    .await;
}

/// One is kept, the others hang on it: no chains, in whatever order they are asked for.
#[tokio::test]
async fn an_enrolment_that_another_hangs_on_is_not_given_up_to_a_third() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        for id in ["e-jip-2", "e-jip-3"] {
            let another = school.enrolment(id, "p-jip");
            school.put_association(SIS, &another).await.unwrap();
        }
        merge(&school, pair("e-jip-2", "e-jip")).await.unwrap();
        for (given_up, kept) in [("e-jip", "e-jip-3"), ("e-jip-2", "e-jip-3"), ("e-jip-3", "e-jip-2")] {
            let refused = merge(&school, pair(given_up, kept)).await.unwrap_err();
            let is_chain = matches!(refused, Refused::NotMerged(NotMerged::Chain(_)));
            assert!(is_chain, "{given_up} to {kept}: {refused}");
        }
        merge(&school, pair("e-jip-3", "e-jip")).await.unwrap();
    })
    .await;
}

/// R14: the tests of a planbare toets may come after its enrolments.
#[tokio::test]
async fn a_duplicate_is_found_when_the_planbare_toets_comes_last() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.planned(&["jip"]).await;
        school
            .put_association(SIS, &second_enrolment(&school, "e-jip-2"))
            .await
            .unwrap();
        assert!(listed(&school, PairState::Found).await.is_empty());
        school.put_offering(SIS, &school.plannable("second")).await.unwrap();
        let jobs = Jobs::new(
            school.core.clone(),
            Registry::new().with(pieces::find_duplicates()),
            Settings::default(),
        );
        jobs.run_until_idle().await;
        assert_eq!(listed(&school, PairState::Found).await, spelled("e-jip-2", "e-jip"));
    })
    .await;
}

/// Both planned: the deelname of the one that is given up is cancelled at its vendor; the one that is kept must have one.
#[tokio::test]
async fn merging_cancels_the_superfluous_deelname_and_keeps_one() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let deelname = enrolled_twice(&school).await;
        let refused = merge(&school, pair("e-jip", "e-jip-2")).await.unwrap_err();
        assert!(refused.to_string().contains("keep e-jip instead"), "{refused}");
        let mut new = school.new_sitting();
        new.plannable = Some("second".to_owned());
        let sitting = school.plan(&new).await.unwrap();
        let second = school
            .add(&sitting, vec![for_enrolment("e-jip-2")])
            .await
            .remove(0)
            .unwrap();
        let (one, other) = tokio::join!(
            merge(&school, pair("e-jip-2", "e-jip")),
            merge(&school, pair("e-jip", "e-jip-2"))
        );
        assert!(one.is_ok() != other.is_ok(), "one of them: {one:?}, {other:?}");
        let standing = [&deelname, &second];
        let mut stand = 0;
        for id in standing {
            stand += usize::from(!school.association(id).await.is_canceled());
        }
        assert_eq!(stand, 1);
        assert!(!school.person_is_erased("p-jip").await);
    })
    .await;
}

/// R5: the enrolment whose deelname serves both is cancelled: the deelname goes over to the other.
#[tokio::test]
async fn a_shared_deelname_outlives_the_enrolment_it_was_made_for() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let deelname = enrolled_twice(&school).await;
        merge(&school, pair("e-jip-2", "e-jip")).await.unwrap();
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();
        let found = school.association(&deelname).await;
        assert!(!found.is_canceled());
        assert_eq!(found.enrolment.as_deref(), Some("e-jip-2"));
        assert!(!school.person_is_erased("p-jip").await);
        school.send_score(&deelname, "7.5").await;
        assert_eq!(school.lane(5, "association", "e-jip-2").await.len(), 1);
        assert!(school.lane(5, "association", "e-jip").await.is_empty());
        school.patch_association(SIS, "e-jip-2", &canceled).await.unwrap();
        assert!(school.association(&deelname).await.is_canceled());
        assert!(school.person_is_erased("p-jip").await);
    })
    .await;
}

/// R8, R9: an extra attempt on merged enrolments is one on each, as the student system allows it on each.
#[tokio::test]
async fn an_extra_attempt_on_merged_enrolments_serves_both() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        enrolled_twice(&school).await;
        merge(&school, pair("e-jip-2", "e-jip")).await.unwrap();
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let retaken = school
            .add(&sitting, vec![extra_attempt("e-jip", false)])
            .await
            .remove(0)
            .unwrap();
        let kept = school.association(&retaken).await.enrolment.unwrap();
        let along = store::duplicate::merged_with(&school.core.db, TENANT, &kept)
            .await
            .unwrap();
        assert_eq!(along.len(), 1);
        school.send_score(&retaken, "6.0").await;
        let sent = compose_for(&school.core, TENANT, &retaken, &along[0].enrolment)
            .await
            .unwrap()
            .unwrap();
        assert!(sent.extra_attempt && sent.served_along);
        assert_eq!(sent.enrolment.org_association_id.as_deref(), Some("e-jip-2"));
        assert_eq!(sent.enrolment.attempt, Some(2));
        let refused = school
            .add(&sitting, vec![extra_attempt("e-jip-2", false)])
            .await
            .remove(0);
        assert!(refused.is_err());
    })
    .await;
}

async fn judge_again(school: &School) {
    let registry = Registry::new().with(pieces::judge_again());
    Jobs::new(school.core.clone(), registry, Settings::default())
        .run_until_idle()
        .await;
}

/// The deelname stands on the first enrolment alone, so that a walk along those of the second exam passed it by.
#[tokio::test]
async fn what_changes_about_the_second_exam_of_a_shared_deelname_reaches_its_result() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let deelname = enrolled_twice(&school).await;
        merge(&school, pair("e-jip-2", "e-jip")).await.unwrap();
        let manager = account("fb", &[Duty::Beheren]);
        let second = |send| {
            let said = Said {
                send: Some(send),
                ..Said::default()
            };
            let (core, manager) = (school.core.clone(), manager.clone());
            async move { policy::set(&core, TENANT, &manager, &Scope::Exam("second".to_owned()), said).await }
        };
        second(SendPolicy::AfterVaststelling).await.unwrap();
        school.send_score(&deelname, "7.5").await;
        deliver(&school, &deelname, "e-jip").await;
        let sent = async |enrolment: &str| school.lane(5, "association", enrolment).await.len();
        assert_eq!((sent("e-jip").await, sent("e-jip-2").await), (1, 0));

        second(SendPolicy::Provisional).await.unwrap();
        judge_again(&school).await;
        assert_eq!(sent("e-jip-2").await, 1, "the second exam lets it go now");
        assert_eq!(sent("e-jip").await, 1, "the first hears nothing new");

        let mut whole_grades = school.plannable("second");
        whole_grades["resultValueType"] = json!("0-10");
        school.put_offering(SIS, &whole_grades).await.unwrap();
        judge_again(&school).await;
        assert_eq!(
            school.task_kinds("association", &deelname).await,
            [exception::SENT_OFF_SCALE],
            "7.5 is no value of the second exam's scale (R22)"
        );
        school.put_offering(SIS, &school.plannable("second")).await.unwrap();
        judge_again(&school).await;
        assert!(school.tasks("association", &deelname).await.is_empty());
        let listed = store::overview::results_of_plannable(&school.core.db, TENANT, "second").await;
        assert_eq!(listed.unwrap().len(), 1, "the examencommissie sees it at both exams");
    })
    .await;
}
