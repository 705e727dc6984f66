//! Flow 1 by page from a student system that speaks OKE.

mod common;

use common::{fixture, host};
use oke_sdk::{
    DrToetsdeelnemers as _, Error, Listed, Page, Period, Unreadable,
    http::Method,
    model::{Association, Offering},
    testing::{Answer, FakeHost},
};
use ooapi_dr::OoapiDr;
use serde_json::{Value, json};

fn plannable(id: &str) -> Value {
    json!({
        "offeringId": id,
        "offeringType": "component",
        "primaryCode": { "codeType": "offeringCode", "code": id },
        "name": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
        "resultExpected": true,
        "startDateTime": "2026-09-01T00:00:00Z",
        "endDateTime": "2026-12-31T00:00:00Z",
    })
}

fn page(items: &[Value], has_next: bool) -> Answer {
    let page =
        json!({ "pageSize": 100, "pageNumber": 1, "hasPreviousPage": false, "hasNextPage": has_next, "items": items });
    Answer::json(200, page)
}

fn offerings(host: &FakeHost, cursor: Option<&str>) -> Result<Page<Listed<Offering>>, Error> {
    let period = Period {
        since: "2026-09-01".parse().ok(),
        until: None,
    };
    OoapiDr::list_offerings(&host.context(), period, cursor.map(str::to_owned), 100)
}

fn associations(host: &FakeHost) -> Result<Option<Page<Listed<Association>>>, Error> {
    OoapiDr::list_associations(&host.context(), "o-1", None, 100)
}

/// R20, §3.1.2: the four filters, a page and the next; what a page can't read costs only itself, and says why.
#[test]
fn planbare_toetsen_are_read_by_page_and_a_broken_one_costs_only_itself() {
    let host = host(None);
    let mut broken = plannable("o-2");
    broken["name"] = json!([]);
    let nameless = json!({ "offeringType": "component" });
    let items = [plannable("o-1"), broken, nameless, plannable("o-3")];
    host.on(Method::Get, "/offerings", page(&items, true));

    let read = offerings(&host, Some("3")).unwrap();

    let ids: Vec<Option<&str>> = read
        .items
        .iter()
        .map(|item| match item {
            Ok(offering) => Some(offering.offering_id.as_str()),
            Err(unreadable) => unreadable.id.as_deref(),
        })
        .collect();
    assert_eq!(ids, [Some("o-1"), Some("o-2"), None, Some("o-3")]);
    assert!(matches!(&read.items[1], Err(Unreadable { why, .. }) if why.starts_with("/name")));
    assert_eq!(read.next.as_deref(), Some("4"));
    let asked = &host.requests()[0];
    let query = |name| asked.query(name);
    assert_eq!(
        [
            "offeringType",
            "component.componentType",
            "since",
            "until",
            "pageSize",
            "pageNumber"
        ]
        .map(query),
        [
            Some("component"),
            Some("test"),
            Some("2026-09-01"),
            None,
            Some("100"),
            Some("3")
        ]
    );
}

#[test]
fn the_last_page_says_that_nothing_follows_and_a_cursor_of_another_is_refused() {
    let host = host(None);
    host.on(Method::Get, "/offerings", page(&[], false));
    assert_eq!(offerings(&host, None).unwrap().next, None);
    assert!(matches!(offerings(&host, Some("halfway")), Err(Error::Bug(_))));
}

/// In what a product differs is data of its profile.
#[test]
fn a_product_has_its_own_filter_and_its_own_largest_page() {
    let host = host(Some("oke-1-0-voorbeelden")).with_text("page-size", "20");
    host.on(Method::Get, "/offerings", page(&[], false));
    offerings(&host, None).unwrap();
    let asked = host.requests().remove(0);
    assert_eq!(
        ["componentType", "component.componentType", "pageSize"].map(|name| asked.query(name).map(str::to_owned)),
        [Some("test".to_owned()), None, Some("20".to_owned())]
    );
}

/// Table 4.0.F: a result is not the student system's to bring in flow 1, so that a broken one spoils nothing; of an
/// offering that it does not know it says so.
#[test]
fn enrolments_are_read_without_what_is_not_the_student_systems_to_say() {
    let host = host(None);
    let mut with_broken_result = fixture("enrolment");
    with_broken_result["result"] = json!({ "state": 7 });
    let associations_of = |id: &str| format!("/offerings/{id}/associations");
    host.on(Method::Get, &associations_of("o-1"), page(&[with_broken_result], false));

    let read = associations(&host).unwrap().unwrap();
    let enrolment = read.items[0].as_ref().unwrap();
    assert!(enrolment.result.is_none() && enrolment.person.is_none());

    let gone = common::host(None);
    gone.on(Method::Get, &associations_of("o-1"), Answer::status(404));
    assert_eq!(associations(&gone), Ok(None));
}

/// R26: toetsgroepen are optional.
#[test]
fn groups_and_their_members_are_read_where_there_are_any() {
    let host = host(None);
    let group = json!({ "groupId": "g-1", "groupType": "class", "name": [{ "language": "nl-NL", "value": "R3A" }],
        "primaryCode": { "codeType": "groupCode", "code": "R3A" } });
    let member = json!({ "personId": "p-1", "startDateTime": "2026-08-01T00:00:00Z" });
    host.on(Method::Get, "/groups", page(&[group], false));
    host.on(Method::Get, "/groups/g-1/members", page(&[member], false));
    let ctx = host.context();
    let groups = OoapiDr::list_groups(&ctx, Period::default(), None, 100).unwrap();
    assert_eq!(groups.items[0].as_ref().unwrap().name, "R3A");
    let members = OoapiDr::list_members(&ctx, "g-1", None, 100).unwrap().unwrap();
    assert_eq!(members.items[0].as_ref().unwrap().person_id, "p-1");

    let without = common::host(None);
    without.on(Method::Get, "/groups", Answer::status(404));
    let asked = |host: &FakeHost| OoapiDr::list_groups(&host.context(), Period::default(), None, 100);
    assert!(matches!(asked(&without), Err(Error::Unsupported(_))));
    let told = common::host(None).with_config("groups", oke_sdk::ConfigValue::Flag(false));
    assert!(matches!(asked(&told), Err(Error::Unsupported(_))));
    assert!(told.requests().is_empty(), "it is not even asked");
}
