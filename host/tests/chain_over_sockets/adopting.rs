//! What a school has at a vendor already, planned by a system before this one, is taken in: nothing is doubled there, and
//! results find their way to the student system.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use oke_codec::model::{Association, Code, Offering};
use oke_codec::{AssociationFields, Dialect, OfferingFields, PersonAs, write_association, write_offering};
use oke_host::app::Refused;
use oke_host::app::adopting::list::Listed;
use oke_host::app::adopting::{self, Adopter, Preview, Said};
use oke_host::app::planning::Planner;
use oke_host::app::planning::sitting::{self, Plan};
use oke_host::domain::offering::Times;
use oke_host::simulator::{Auth, ResultsOrder};
use oke_host::store::{ledger, person};
use serde_json::{Value, json};

use crate::house::{Come, House, TENANT, VENDOR, planner};
use crate::toetskade::{PEER, Quay};

fn line(number: u32, sitting: &str, deelname: Option<&str>, enrolment: Option<&str>) -> Listed {
    Listed {
        number,
        sitting: sitting.to_owned(),
        deelname: deelname.map(str::to_owned),
        enrolment: enrolment.map(str::to_owned),
        ..Listed::default()
    }
}

async fn previewed(house: &House, peer: &str, listed: &[Listed]) -> Preview {
    let account = planner();
    let adopter = Adopter {
        tenant: TENANT,
        account: &account,
        peer,
    };
    let connectors = &house.host.service.connectors;
    adopting::preview(&house.core, connectors, adopter, listed)
        .await
        .unwrap()
}

async fn store(house: &House, peer: &str, listed: &[Listed], digest: &str) -> Result<Preview, Refused> {
    let account = planner();
    let adopter = Adopter {
        tenant: TENANT,
        account: &account,
        peer,
    };
    let connectors = &house.host.service.connectors;
    adopting::store(&house.core, connectors, adopter, (listed, &BTreeMap::new()), digest).await
}

async fn our_id(house: &House, peer: &str, kind: &str, peer_id: &str) -> String {
    let tied = ledger::by_peer_id(&house.core.db, TENANT, peer, kind, peer_id)
        .await
        .unwrap();
    assert_eq!(tied.len(), 1, "{peer_id}");
    tied.into_iter().next().unwrap().our_id
}

/// Sends a message as the planning system before this one did, and gives the answer.
async fn sent(method: reqwest::Method, url: String, header: (&str, String), body: &Value) -> Value {
    let request = reqwest::Client::new().request(method, url).header(header.0, header.1);
    let request = request
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
}

/// A period with three candidates at the vendor, of a system before this one.
async fn planned_before_at_quay(quay: &Quay, start: Timestamp) {
    let key = || ("X-API-Key", quay.vendor.api_key().to_owned());
    let at = |path: &str| format!("{}{path}", quay.vendor.base_url());
    let period = json!({ "reference": "vorig-systeem", "examId": 4711, "name": "Rekenen, al gepland",
        "from": start, "until": start + SignedDuration::from_hours(2) });
    sent(reqwest::Method::POST, at("/periods"), key(), &period).await;
    for nth in 1..=3 {
        let candidate = json!({ "reference": format!("oud-{nth}"), "studentNumber": "1", "firstName": "A",
            "prefix": null, "lastName": "B", "extraTimePercent": 0, "aids": [] });
        sent(reqwest::Method::POST, at("/periods/1/candidates"), key(), &candidate).await;
    }
}

fn beginning_at(start: Timestamp) -> Plan {
    Plan {
        name: Some("Rekenen, een uur later".to_owned()),
        code: None,
        times: Times {
            start,
            end: start + SignedDuration::from_hours(2),
            last_possible_start: None,
            duration_s: Some(90 * 60),
            start_options: None,
            duration_from: None,
            duration_until: None,
        },
        location_codes: Vec::new(),
        modes_of_delivery: Vec::new(),
        safety: Vec::new(),
        fao_system_id: None,
    }
}

/// A vendor that makes ids of its own, and two where it is asked twice: what is taken in is changed afterwards, not made
/// again, and its points and grade come as for any other.
#[tokio::test]
async fn what_is_at_a_vendor_with_numbers_is_taken_in_once_and_changed_there_afterwards() {
    let Some(quay) = Quay::open().await else { return };
    let house = &quay.house;
    let school = house.sis.school();
    let plannable = school.plannable_tests[1].id.clone();
    let enrolments: Vec<String> = school
        .student_registrations(&plannable)
        .map(|one| one.id.clone())
        .collect();
    let start = house.core.now() + SignedDuration::from_hours(24);
    planned_before_at_quay(&quay, start).await;
    let list = [
        line(1, "1@vorig-systeem", Some("1@oud-1"), Some(&enrolments[0])),
        line(2, "1@vorig-systeem", Some("2@oud-2"), Some(&enrolments[1])),
        line(3, "1@vorig-systeem", Some("2@oud-2"), Some(&enrolments[2])),
        line(4, "1@vorig-systeem", Some("3@oud-3"), Some("is er niet")),
        line(5, "1@vorig-systeem", None, Some(&enrolments[3])),
        line(6, "9@elders", None, None),
    ];
    let seen = previewed(house, PEER, &list).await;
    let code = |nth: usize| match &seen.lines[nth].said {
        Said::Refused { code, .. } => *code,
        other => panic!("{other:?}"),
    };
    assert!(
        matches!(&seen.lines[0].said, Said::Take(differs) if differs.is_empty()),
        "{:?}",
        seen.lines
    );
    assert!(matches!(seen.lines[1].said, Said::Take(_)));
    assert_eq!(
        (code(2), code(3), code(5)),
        ("twice", "enrolment-unknown", "sitting-absent")
    );
    assert!(
        matches!(&seen.lines[4].said, Said::Choice(several) if several.len() == 3),
        "{:?}",
        seen.lines[4]
    );
    assert!(house.open_tasks().await.is_empty());

    let stale = store(house, PEER, &list, "van een andere lijst").await;
    assert!(matches!(stale, Err(Refused::NotNow(_))), "{stale:?}");
    store(house, PEER, &list, &seen.digest).await.unwrap();
    house.work().await;
    let sitting = our_id(house, PEER, "offering", "1@vorig-systeem").await;
    assert!(house.sitting(&sitting).await.is_confirmed());
    let again = previewed(house, PEER, &list).await;
    assert_eq!(again.counts()[..2], [0, 2], "{:?}", again.lines);
    assert!(
        matches!(&again.lines[2].said, Said::Refused { code: "tied", .. }),
        "{:?}",
        again.lines[2]
    );
    store(house, PEER, &list, &again.digest).await.unwrap();
    house.work().await;
    assert_eq!((quay.vendor.periods().len(), quay.vendor.candidates().len()), (1, 3));

    let later = start + SignedDuration::from_hours(1);
    begins_at(house, &sitting, later).await;
    let periods = quay.vendor.periods();
    assert_eq!((periods.len(), periods[0].from), (1, later), "changed, not made again");

    house.clock.advance(SignedDuration::from_hours(30));
    let reference = quay.vendor.candidates()[0].reference.clone();
    quay.vendor.mark(&reference, "2026-A", 37).unwrap();
    quay.vendor.publish_cesuur("2026-A", 36);
    quay.poll().await;
    house.work().await;
    assert_eq!(
        house.score_at_sis(&enrolments[0]).as_deref(),
        Some("5.6"),
        "flow 3 becomes flow 5"
    );
    quay.close().await;
}

/// The examenbureau has it begin at another moment, and the vendor hears.
async fn begins_at(house: &House, sitting: &str, start: Timestamp) {
    let account = planner();
    let by = Planner {
        tenant: TENANT,
        account: &account,
    };
    let plan = beginning_at(start);
    sitting::change(&house.core, by, sitting, &plan).await.unwrap();
    house.work().await;
}

/// A sitting and a deelname of each of these at the vendor, as a planning system before this one told them.
async fn planned_before_by_oke(house: &House, enrolments: &[String]) {
    let start = house.core.now() + SignedDuration::from_hours(1);
    let there = Offering {
        start: Some(start),
        end: Some(start + SignedDuration::from_hours(1)),
        offered_id: Some(house.ta.catalogue().first_active().id.clone()),
        duration_s: Some(45 * 60),
        ..Offering::bare(
            "vorige-zitting",
            Code::new("offeringCode", "V-1"),
            "Rekenen, al gepland",
        )
    };
    let Auth::Bearer(credentials) = house.ta.auth() else {
        panic!("it takes tokens")
    };
    let asked = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        credentials.client_id, credentials.client_secret
    );
    let token = reqwest::Client::new()
        .post(house.ta.token_url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(asked);
    let token: Value = serde_json::from_str(&token.send().await.unwrap().text().await.unwrap()).unwrap();
    let token = || {
        (
            "authorization",
            format!("Bearer {}", token["access_token"].as_str().unwrap()),
        )
    };
    let at = |path: &str| format!("{}{path}", house.ta.base_url());
    let dialect = Dialect::default();
    let body = write_offering(&there, &dialect, OfferingFields::Sitting);
    sent(reqwest::Method::PUT, at("/offerings/vorige-zitting"), token(), &body).await;
    for (nth, enrolment) in enrolments.iter().enumerate() {
        let id = format!("vorige-deelname-{nth}");
        let of = house.deelname(enrolment).await.facts.person_id;
        let known = person::find(&house.core.db, TENANT, &of).await.unwrap().unwrap();
        let deelname = Association {
            person: Some(known.facts),
            ..Association::bare(&id, &of, "vorige-zitting")
        };
        let body = write_association(&deelname, &dialect, AssociationFields::Deelname, PersonAs::Whole);
        sent(reqwest::Method::PUT, at(&format!("/associations/{id}")), token(), &body).await;
    }
}

/// A vendor that keeps the ids of whoever planned: its messages name those, and they find what was taken in (R23).
#[tokio::test]
async fn what_another_planner_planned_at_an_oke_vendor_is_taken_in_and_its_results_are_found() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (plannable, enrolments) = house.to_plan();
    planned_before_by_oke(&house, &enrolments[..2]).await;
    // Who it is, the vendor says itself.
    let list = [
        Listed {
            plannable: Some(plannable.clone()),
            ..line(1, "vorige-zitting", None, None)
        },
        line(2, "vorige-zitting", Some("vorige-deelname-0"), None),
        line(3, "vorige-zitting", None, Some(&enrolments[1])),
        line(4, "vorige-zitting", Some("vorige-deelname-1"), Some(&enrolments[2])),
    ];
    let seen = previewed(&house, VENDOR, &list).await;
    assert_eq!(seen.counts(), [3, 0, 0, 1], "{:?}", seen.lines);
    assert!(
        matches!(
            &seen.lines[3].said,
            Said::Refused {
                code: "other-person",
                ..
            }
        ),
        "{:?}",
        seen.lines[3]
    );
    store(&house, VENDOR, &list, &seen.digest).await.unwrap();
    house.work().await;
    let sitting = our_id(&house, VENDOR, "offering", "vorige-zitting").await;
    let deelname = our_id(&house, VENDOR, "association", "vorige-deelname-0").await;
    assert_eq!(
        house.deelname(&deelname).await.enrolment.as_deref(),
        Some(enrolments[0].as_str())
    );

    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.results(&ResultsOrder::grades("vorige-zitting")).await.unwrap();
    house.work().await;
    for enrolment in &enrolments[..2] {
        assert!(house.score_at_sis(enrolment).is_some(), "flow 3 becomes flow 5");
    }
    assert_eq!(
        house.score_at_sis(&enrolments[0]),
        house.score_at_vendor("vorige-deelname-0")
    );
    let there = house.ta.state();
    assert_eq!(
        (there.sittings.len(), there.deelnames.len()),
        (1, 2),
        "nothing is doubled"
    );
    assert!(house.sitting(&sitting).await.is_confirmed());
    house.close_without_tasks().await;
}
