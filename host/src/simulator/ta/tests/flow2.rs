//! Flow 2: what is refused, and what stands afterwards.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Story, deelname_json, sitting_json, staff_json};
use crate::simulator::seeded::uuid_for;
use crate::simulator::{ReportOrder, ResultsOrder, client};

/// R1, R25: PUT makes and replaces by id, and GET gives back exactly what is held.
#[tokio::test]
async fn what_was_put_is_read_back_and_putting_it_again_makes_nothing_new() {
    let story = Story::polled().await;
    let (sitting, ids) = story.plan("one", 2).await;
    let component = story.ta.catalogue().first_active().id.clone();
    assert_eq!(
        story.get(&format!("/offerings/{sitting}")).await.1,
        sitting_json(&sitting, &component)
    );

    let path = format!("/associations/{}", ids[0]);
    let sent = deelname_json(&ids[0], &sitting, 0);
    assert_eq!(story.get(&format!("{path}?expand=person")).await.1, sent);
    assert_eq!(story.get(&path).await.1["person"], sent["person"]["personId"]);
    assert_eq!(story.send(Method::PUT, &path, &sent).await.0, 200);
    let held = story.deelname(&ids[0]);
    assert_eq!((held.writes, held.creates, held.changes), (2, 1, 0));
    assert_eq!(
        (held.additional_time_in_min, held.personal_needs),
        (Some(30), vec!["extraTime".to_owned()])
    );
}

/// §4.2, R18, R22, R26: each of these is refused with its name.
#[tokio::test]
async fn a_sitting_that_does_not_hold_what_it_must_is_refused() {
    let story = Story::polled().await;
    let id = uuid_for(&["sitting"]);
    let catalogue = story.ta.catalogue();
    let retired = catalogue.tests().iter().find(|test| !test.active).unwrap();
    let good = sitting_json(&id, &catalogue.first_active().id);
    let spoil: [(&str, Value, &str); 14] = [
        ("/offeringId", json!(uuid_for(&["other"])), "while the path says"),
        (
            "/primaryCode",
            json!({ "codeType": "identifier", "code": "x" }),
            "primaryCode.codeType",
        ),
        ("/offeringType", json!("program"), "offeringType"),
        ("/name", json!([{ "language": "en-GB", "value": "Maths" }]), "nl-NL"),
        ("/description", Value::Null, "description"),
        ("/teachingLanguage", json!("nl"), "teachingLanguage"),
        ("/startDateTime", json!("2026-06-21T09:00:00"), "moment with offset"),
        ("/endDateTime", json!("2026-06-21T08:00:00Z"), "does not lie after"),
        ("/component", json!(uuid_for(&["elsewhere"])), "not in this catalogue"),
        ("/component", json!(retired.id), "inactive"),
        ("/consumers/0/offeringState", Value::Null, "offeringState"),
        ("/consumers/0/duration", json!(60), "duration"),
        ("/consumers/0/duration", json!("60 minutes"), "ISO 8601"),
        ("/consumers/0/safety", json!(["dog"]), "safety"),
    ];
    for (place, value, expected) in spoil {
        let mut body = good.clone();
        *body.pointer_mut(place).unwrap() = value;
        let (status, problem) = story.send(Method::PUT, &format!("/offerings/{id}"), &body).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(status, 400, "{place}: {detail}");
        assert!(detail.contains(expected), "{place}: {detail}");
    }
    let mut with_flow_1 = good.clone();
    with_flow_1["resultValueType"] = "0-100".into();
    with_flow_1["consumers"][0]["testsToBeUsed"] = json!([]);
    let (_, problem) = story.send(Method::PUT, &format!("/offerings/{id}"), &with_flow_1).await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("resultValueType") && detail.contains("testsToBeUsed"),
        "{detail}"
    );
    assert!(story.ta.state().sittings.is_empty());
    assert_eq!(story.ta.state().refused.len(), 15);
}

/// R14, R15, §4.3, §4.10: each of these is refused with its name.
#[tokio::test]
async fn a_deelname_that_does_not_hold_what_it_must_is_refused() {
    let story = Story::polled().await;
    let (sitting, _) = story.plan("one", 0).await;
    let id = uuid_for(&["deelname"]);
    let good = deelname_json(&id, &sitting, 0);
    let spoil: [(&str, Value, &str); 13] = [
        ("/associationId", Value::Null, "associationId"),
        ("/associationType", json!("componentOffering"), "associationType"),
        ("/role", json!("teacher"), "role"),
        ("/state", json!("cancelled"), "state"),
        ("/person", json!(uuid_for(&["person"])), "whole Person object"),
        ("/person/mail", Value::Null, "person.mail"),
        ("/person/activeEnrollment", json!(false), "activeEnrollment"),
        ("/person/primaryCode", Value::Null, "primaryCode"),
        ("/person/consumers/0/idCheckName", Value::Null, "idCheckName"),
        (
            "/offering",
            json!({ "offeringId": sitting }),
            "must be the id of the sitting",
        ),
        ("/consumers", Value::Null, "consumers"),
        ("/consumers/0/additionalTimeInMin", json!("30"), "additionalTimeInMin"),
        ("/consumers/0/personalNeeds", json!(["coffee"]), "personalNeeds"),
    ];
    for (place, value, expected) in spoil {
        let mut body = good.clone();
        *body.pointer_mut(place).unwrap() = value;
        let (status, problem) = story.send(Method::PUT, &format!("/associations/{id}"), &body).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(status, 400, "{place}: {detail}");
        assert!(detail.contains(expected), "{place}: {detail}");
    }
    for (place, field) in [
        ("", "result"),
        ("/consumers/0", "attemptLeft"),
        ("/consumers/0", "extraTimeInMin"),
        ("/person/consumers/0", "assignedNeeds"),
    ] {
        let mut body = good.clone();
        body.pointer_mut(place).unwrap()[field] = json!([]);
        let (status, problem) = story.send(Method::PUT, &format!("/associations/{id}"), &body).await;
        assert_eq!(status, 400, "{field} was accepted");
        assert!(problem["detail"].as_str().unwrap().contains(field));
    }
    assert!(story.ta.state().deelnames.is_empty());
}

/// R14: the sitting comes first.
#[tokio::test]
async fn a_deelname_of_an_unknown_sitting_is_404_until_the_sitting_is_there() {
    let story = Story::polled().await;
    let sitting = uuid_for(&["sitting", "late"]);
    let id = uuid_for(&["deelname"]);
    let body = deelname_json(&id, &sitting, 0);
    let (status, problem) = story.send(Method::PUT, &format!("/associations/{id}"), &body).await;
    assert_eq!(status, 404);
    assert!(problem["detail"].as_str().unwrap().contains("send it first"));
    story.plan("late", 0).await;
    assert_eq!(
        story.send(Method::PUT, &format!("/associations/{id}"), &body).await.0,
        201
    );
}

#[tokio::test]
async fn staff_takes_part_without_needs_and_is_found_by_role() {
    let story = Story::polled().await;
    let (sitting, _) = story.plan("one", 2).await;
    let id = uuid_for(&["staff"]);
    let body = staff_json(&id, &sitting, "coordinator");
    assert_eq!(
        story.send(Method::PUT, &format!("/associations/{id}"), &body).await.0,
        201
    );
    let found = story
        .get(&format!("/offerings/{sitting}/associations?role=coordinator"))
        .await
        .1;
    assert_eq!(found["items"][0]["associationId"], json!(id));
    let mut with_needs = body.clone();
    with_needs["consumers"] = json!([{ "consumerKey": "nl-test-admin", "additionalTimeInMin": 5 }]);
    assert_eq!(
        story
            .send(Method::PUT, &format!("/associations/{id}"), &with_needs)
            .await
            .0,
        400
    );
}

/// R4, §3.2.2: deleting is a PATCH, the rest of it does not count, and the person's data goes.
#[tokio::test]
async fn a_cancelled_deelname_keeps_its_id_and_loses_the_person() {
    let story = Story::polled().await;
    let (_, ids) = story.plan("one", 1).await;
    let path = format!("/associations/{}", ids[0]);
    let (status, problem) = story.send(Method::PATCH, &path, &json!({ "state": "canceled" })).await;
    assert_eq!(status, 400, "{problem}");
    let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled", "role": "assessor" });
    let (status, answer) = story.send(Method::PATCH, &path, &cancel).await;
    assert_eq!((status, &answer["state"]), (200, &json!("canceled")));
    assert!(answer["message"][0]["value"].is_string());

    let held = story.deelname(&ids[0]);
    assert_eq!(
        (held.state.as_str(), held.role.as_str(), held.person),
        ("canceled", "student", None)
    );
    assert_eq!(
        story.get(&format!("{path}?expand=person")).await.1["person"],
        json!(held.person_id)
    );
    assert_eq!(story.get(&format!("{path}/url")).await.0, 404);
    assert_eq!(story.send(Method::PATCH, "/associations/nobody", &cancel).await.0, 404);
}

/// R5: cancelling a sitting cancels its deelnames.
#[tokio::test]
async fn a_cancelled_sitting_takes_its_deelnames_along() {
    let story = Story::polled().await;
    let (sitting, _) = story.plan("one", 3).await;
    let (_, others) = story.plan("two", 1).await;
    let canceled = json!({ "consumerKey": "nl-test-admin", "offeringState": "canceled" });
    let cancel = json!({ "offeringType": "component", "consumers": [canceled] });
    assert_eq!(
        story
            .send(Method::PATCH, &format!("/offerings/{sitting}"), &cancel)
            .await
            .0,
        200
    );
    let of_sitting = story
        .get(&format!("/offerings/{sitting}/associations?state=canceled"))
        .await
        .1;
    assert_eq!(of_sitting["items"].as_array().unwrap().len(), 3);
    assert_eq!(story.deelname(&others[0]).state, "associated");
    let (status, _) = story
        .send(
            Method::PATCH,
            &format!("/offerings/{sitting}"),
            &json!({ "offeringType": "component" }),
        )
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_start_link_leads_to_a_page_that_needs_no_token() {
    let story = Story::polled().await;
    let (_, ids) = story.plan("one", 1).await;
    let (status, link) = story.get(&format!("/associations/{}/url", ids[0])).await;
    assert_eq!(status, 200);
    let page = client().get(link.as_str().unwrap()).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Examenatelier"));
}

/// Table 4.0.F: an owner's repeated PUT never wipes a result that was given since.
#[tokio::test]
async fn a_repeated_put_leaves_the_result_and_the_report() {
    let story = Story::polled().await;
    let (sitting, ids) = story.plan("one", 1).await;
    story.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    let body = deelname_json(&ids[0], &sitting, 0);
    assert_eq!(
        story
            .send(Method::PUT, &format!("/associations/{}", ids[0]), &body)
            .await
            .0,
        200
    );
    assert_eq!(story.deelname(&ids[0]).result.unwrap()["state"], "completed");

    let order = ReportOrder {
        offering_id: sitting.clone(),
        irregularities: "Geen".into(),
        documents: vec![],
    };
    story.ta.report(&order).await.unwrap();
    let body = sitting_json(&sitting, &story.ta.catalogue().first_active().id);
    assert_eq!(
        story.send(Method::PUT, &format!("/offerings/{sitting}"), &body).await.0,
        200
    );
    assert_eq!(
        story.get(&format!("/offerings/{sitting}")).await.1["consumers"][0]["irregularities"],
        "Geen"
    );
}
