//! Flow 1: objects in any order, repeats, patches, cancelling.

use serde_json::json;

use super::*;
use crate::domain::model::AssociationState;
use crate::store::testing::on_each_database;

/// R1, R10.
#[tokio::test]
async fn an_offering_is_made_repeated_and_replaced() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut body = school.plannable("plannable");
        assert_eq!(school.put_offering(SIS, &body).await.unwrap(), Outcome::Created);
        assert_eq!(school.put_offering(SIS, &body).await.unwrap(), Outcome::Repeated);
        body["name"][0]["value"] = json!("Rekenen 3F, najaar");
        assert_eq!(school.put_offering(SIS, &body).await.unwrap(), Outcome::Applied);
        assert_eq!(school.offering("plannable").await.facts.name, "Rekenen 3F, najaar");
        assert_eq!(
            school.outcomes("offering", "plannable").await,
            ["applied", "repeated", "applied"]
        );
    })
    .await;
}

/// R2, R3: absent stays, `null` removes, and a patch of an id never known is refused.
#[tokio::test]
async fn a_patch_changes_what_it_names_and_needs_a_known_id() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.put_offering(SIS, &school.plannable("plannable")).await.unwrap();
        let patch = json!({ "offeringType": "component", "endDateTime": "2026-10-31T00:00:00Z", "description": [] });
        assert_eq!(
            school.patch_offering(SIS, "plannable", &patch).await.unwrap(),
            Outcome::Applied
        );
        let facts = school.offering("plannable").await.facts;
        assert_eq!((facts.name.as_str(), facts.description), ("Rekenen 3F", None));
        assert_eq!(facts.tests_to_be_used.len(), 1, "the consumer block merges per field");

        let unknown = school.patch_offering(SIS, "elsewhere", &patch).await.unwrap_err();
        assert!(matches!(unknown, Refused::Unknown { .. }), "{unknown}");
        assert!(school.outcomes("offering", "elsewhere").await.is_empty());
    })
    .await;
}

/// R24: a system sees its own objects only.
#[tokio::test]
async fn an_id_of_another_system_is_not_known_to_this_one() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        let mut body = school.plannable("plannable");
        assert!(matches!(
            school.put_offering("other-sis", &body).await,
            Err(Refused::Unknown { .. })
        ));
        body["offeringId"] = json!(sitting);
        assert!(matches!(
            school.put_offering(SIS, &body).await,
            Err(Refused::Unknown { .. })
        ));
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        let refused = school.patch_association(SIS, &deelnames[0], &canceled).await;
        assert!(matches!(refused, Err(Refused::Unknown { .. })));
    })
    .await;
}

/// R14: in any order; what is missing is fetched, once, and nothing is planned until it is there.
#[tokio::test]
async fn unknown_person_keeps_association_and_plans_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school
            .put_association(SIS, &school.enrolment("e-1", "p-1"))
            .await
            .unwrap();
        let mut other = school.enrolment("e-2", "p-1");
        other["role"] = json!("assessor");
        school.put_association(SIS, &other).await.unwrap();
        let fetches = school.lane(1, "person", "p-1").await;
        assert_eq!(fetches.len(), 1, "one fetch serves both");
        assert_eq!(
            (fetches[0].kind.as_str(), fetches[0].peer.as_str()),
            ("fetch_person", SIS)
        );
        assert_eq!(school.lane(1, "offering", "plannable").await.len(), 1);

        school.put_offering(SIS, &school.plannable("plannable")).await.unwrap();
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let waiting = school
            .add(&sitting, vec![for_enrolment("e-1")])
            .await
            .remove(0)
            .unwrap_err();
        assert!(waiting.to_string().contains("has not come"), "{waiting}");

        school.put_person(SIS, &school.person("p-1")).await.unwrap();
        assert!(school.add(&sitting, vec![for_enrolment("e-1")]).await.remove(0).is_ok());
    })
    .await;
}

/// R14: a person may come whole inside the association.
#[tokio::test]
async fn a_person_inside_an_association_is_kept_and_not_fetched() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut body = school.enrolment("e-1", "p-1");
        body["person"] = school.person("p-1");
        school.put_association(SIS, &body).await.unwrap();
        assert!(!school.person_is_erased("p-1").await);
        assert!(school.lane(1, "person", "p-1").await.is_empty());
    })
    .await;
}

/// R13.
#[tokio::test]
async fn what_is_not_interpreted_is_preserved() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut body = school.plannable("plannable");
        body["consumers"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "consumerKey": "rooster", "lokaal": "B1" }));
        body["ext"] = json!({ "eigen": 1 });
        school.put_offering(SIS, &body).await.unwrap();
        let patch = json!({ "offeringType": "component", "endDateTime": "2026-10-31T00:00:00Z" });
        school.patch_offering(SIS, "plannable", &patch).await.unwrap();
        let opaque = school.offering("plannable").await.facts.opaque.unwrap();
        assert!(opaque.contains("rooster") && opaque.contains("eigen"), "{opaque}");
    })
    .await;
}

/// R3, R9: `attemptLeft: null` is unlimited, also by patch.
#[tokio::test]
async fn attempts_left_null_means_unlimited() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        let patch = json!({
            "associationType": "componentOfferingAssociation",
            "consumers": [{ "consumerKey": "nl-test-admin", "attemptLeft": null }]
        });
        school.patch_association(SIS, "e-jip", &patch).await.unwrap();
        let left = school.association("e-jip").await.facts.attempts_left;
        assert_eq!(left, crate::domain::model::AttemptsLeft::Unlimited);
    })
    .await;
}

/// R4, R5: only the cancellation counts in that message; the deelname goes, the person's data too, the keys stay.
#[tokio::test]
async fn a_cancelled_enrolment_takes_its_deelname_and_the_persons_data_with_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        let canceled = json!({
            "associationType": "componentOfferingAssociation",
            "state": "canceled",
            "role": "guest",
            "offering": "elsewhere"
        });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();

        let enrolment = school.association("e-jip").await;
        assert_eq!(enrolment.facts.state, AssociationState::Canceled);
        assert_eq!(
            enrolment.facts.offering_id, "plannable",
            "everything else in that message is ignored"
        );
        assert!(school.association(&deelnames[0]).await.is_canceled());
        assert_eq!(
            school.lane(2, "association", &deelnames[0]).await.len(),
            2,
            "the vendor is told"
        );
        assert!(school.person_is_erased("p-jip").await);
        assert!(!school.association(&deelnames[1]).await.is_canceled());
        assert!(!school.person_is_erased("p-an").await);
    })
    .await;
}

/// R5, R6: once the test may have been taken, the deelname stays and a person hears.
#[tokio::test]
async fn an_enrolment_cancelled_after_the_start_leaves_its_deelname() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.clock.advance(SignedDuration::from_hours(25));
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();
        assert!(!school.association(&deelnames[0]).await.is_canceled());
        assert!(!school.person_is_erased("p-jip").await);
        assert_eq!(
            school.task_kinds("association", "e-jip").await,
            ["enrolment-canceled-late"]
        );
    })
    .await;
}

/// R4, R5.
#[tokio::test]
async fn a_cancelled_planbare_toets_takes_its_enrolments_with_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip", "an"]).await;
        let canceled = json!({
            "offeringType": "component",
            "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "canceled" }]
        });
        school.patch_offering(SIS, "plannable", &canceled).await.unwrap();
        for (deelname, name) in deelnames.iter().zip(["jip", "an"]) {
            assert!(school.association(&format!("e-{name}")).await.is_canceled());
            assert!(school.association(deelname).await.is_canceled());
            assert!(school.person_is_erased(&format!("p-{name}")).await);
        }
        assert!(
            !school.offering(&sitting).await.is_canceled(),
            "the sitting is the school's to cancel"
        );
        assert_eq!(school.task_kinds("offering", "plannable").await, ["plannable-canceled"]);
    })
    .await;
}

/// R5: data that something else still needs stays.
#[tokio::test]
async fn a_person_with_another_enrolment_is_not_erased() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        let mut program = school.enrolment("program-1", "p-jip");
        program["associationType"] = json!("programOfferingAssociation");
        program["offering"] = json!("opleiding");
        school.put_association(SIS, &program).await.unwrap();
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();
        assert!(!school.person_is_erased("p-jip").await);

        let left = json!({ "associationType": "programOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "program-1", &left).await.unwrap();
        assert!(school.person_is_erased("p-jip").await);
    })
    .await;
}

/// Table 4.0.F: a report that was delivered since survives the owner's repeated PUT, and a result in flow 1 is ignored.
#[tokio::test]
async fn an_owners_put_never_brings_or_wipes_a_result() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        let mut body = school.enrolment("e-jip", "p-jip");
        body["result"] = completed("1.0")["result"].clone();
        assert_eq!(school.put_association(SIS, &body).await.unwrap(), Outcome::Repeated);
        let versions = school.versions(&deelnames[0]).await;
        assert_eq!(versions.len(), 1);
        assert_eq!(versions[0].delivered.result.score.as_deref(), Some("7.5"));
    })
    .await;
}

/// R14: the vendor has the person as the school has them.
#[tokio::test]
async fn a_changed_person_is_told_to_the_vendor_with_changed_needs() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let mut body = school.person("p-jip");
        body["surname"] = json!("Pietersen");
        school.put_person(SIS, &body).await.unwrap();
        assert_eq!(school.lane(2, "association", &deelnames[0]).await.len(), 2);

        body["consumers"][0]["assignedNeeds"] = json!([{ "code": "spoken", "startDate": "2026-08-01" }]);
        school.put_person(SIS, &body).await.unwrap();
        assert_eq!(
            school.lane(2, "association", &deelnames[0]).await.len(),
            3,
            "what can be told of needs is told"
        );
        assert_eq!(school.association(&deelnames[0]).await.facts.personal_needs, ["spoken"]);
        assert!(school.tasks("association", &deelnames[0]).await.is_empty());
    })
    .await;
}

/// R5: what is erased is not kept in the inbox either.
#[tokio::test]
async fn the_inbox_keeps_no_persons_data() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.put_person(SIS, &school.person("p-1")).await.unwrap();
        let mut body = school.enrolment("e-1", "p-2");
        body["person"] = school.person("p-2");
        school.put_association(SIS, &body).await.unwrap();
        for (kind, id) in [("person", "p-1"), ("association", "e-1")] {
            let kept = store::message::about(&school.core.db, TENANT, kind, id).await.unwrap();
            assert_eq!((kept.len(), &kept[0].sealed), (1, &None));
        }
    })
    .await;
}
