//! Flow 2: the sitting plan to a platform that speaks OKE.

mod common;

use common::{fixture, host};
use oke_codec::{Dialect, Quirks, read_association, read_offering};
use oke_sdk::{
    Error, TaZittingsplan as _, Written,
    http::{Failure, Method},
    model::{Association, AssociationState, Offering, OfferingState},
    testing::Answer,
};
use ooapi_ta::OoapiTa;
use serde_json::json;

const SITTING: &str = "1f9e6a3c-0f52-4c55-8a5a-2d0f6b1c0001";
const DEELNAME: &str = "7c1d7f6e-1111-4f4e-9d57-000000000001";

fn sitting() -> Offering {
    read_offering(&fixture("sitting"), &Dialect::v1_0_1()).expect("the fixture is a sitting")
}

fn deelname() -> Association {
    read_association(&fixture("deelname"), &Dialect::v1_0_1()).expect("the fixture is a deelname")
}

fn at(kind: &str, id: &str) -> String {
    format!("/{kind}/{id}")
}

/// R1, R18: the PUT carries the id of its path, and the times of scenario 3.
#[test]
fn a_sitting_is_put_whole_under_our_own_id() {
    let host = host(None);
    host.on(Method::Put, &at("offerings", SITTING), Answer::status(201));

    let written = OoapiTa::put_sitting(&host.context(), sitting(), None);

    assert_eq!(written, Ok(Written { peer_id: None }));
    assert_eq!(host.requests()[0].json(), fixture("sitting"));
}

/// R14, R15: the person is whole; extra time and needs go along.
#[test]
fn a_deelname_is_put_with_its_person_whole() {
    let host = host(None);
    host.on(Method::Put, &at("associations", DEELNAME), Answer::status(200));

    OoapiTa::put_deelname(&host.context(), deelname(), None, None).unwrap();

    assert_eq!(host.requests()[0].json(), fixture("deelname"));
}

/// R14: without the person nothing is sent.
#[test]
fn a_deelname_without_its_person_can_not_be_written() {
    let host = host(None);
    let nameless = Association {
        person: None,
        ..deelname()
    };

    let refused = OoapiTa::put_deelname(&host.context(), nameless, None, None);

    assert!(matches!(refused, Err(Error::Unrepresentable { field, .. }) if field == "person"));
    assert!(host.requests().is_empty());
}

/// R4: cancelling is a PATCH with the state and nothing else.
#[test]
fn cancelling_sends_only_the_cancellation() {
    let host = host(None);
    host.on(Method::Patch, &at("offerings", SITTING), Answer::status(200));
    host.on(Method::Patch, &at("associations", DEELNAME), Answer::status(200));
    let ctx = host.context();

    OoapiTa::put_sitting(
        &ctx,
        Offering {
            state: OfferingState::Canceled,
            ..sitting()
        },
        None,
    )
    .unwrap();
    let canceled = Association {
        state: AssociationState::Canceled,
        person: None,
        ..deelname()
    };
    OoapiTa::put_deelname(&ctx, canceled, None, None).unwrap();

    let sent = host.requests();
    assert_eq!(
        sent[0].json(),
        json!({
            "offeringType": "component",
            "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "canceled" }]
        })
    );
    assert_eq!(
        sent[1].json(),
        json!({ "associationType": "componentOfferingAssociation", "state": "canceled" })
    );
    assert!(
        sent[0]
            .headers
            .contains(&("content-type".to_owned(), "application/merge-patch+json".to_owned()))
    );
}

/// R25: a repeat leaves the platform as it was, also when the first try never arrived.
#[test]
fn cancelling_what_the_platform_never_knew_is_done() {
    let host = host(None);
    host.on(Method::Patch, &at("offerings", SITTING), Answer::status(404));
    let canceled = Offering {
        state: OfferingState::Canceled,
        ..sitting()
    };
    assert_eq!(
        OoapiTa::put_sitting(&host.context(), canceled, None),
        Ok(Written::default())
    );
}

/// R21: as a client, what is not listed waits for a person, what may pass is tried again.
#[test]
fn the_platforms_answer_decides_what_happens_to_a_write() {
    let outcome = |answer| {
        let host = host(None);
        host.on(Method::Put, &at("offerings", SITTING), answer);
        OoapiTa::put_sitting(&host.context(), sitting(), None).unwrap_err()
    };
    let problem = json!({ "status": "409", "title": "Conflict", "detail": "component is inactive" });
    assert_eq!(
        outcome(Answer::json(409, problem)),
        Error::Rejected {
            code: "409".to_owned(),
            message: "Conflict: component is inactive".to_owned()
        }
    );
    assert_eq!(outcome(Answer::status(403)), Error::AuthExpired);
    assert_eq!(
        outcome(Answer::status(429).header("retry-after", "30")),
        Error::RateLimited(Some(30))
    );
    assert_eq!(outcome(Answer::status(500)), Error::Transient(None));
    assert_eq!(
        outcome(Answer::failure(Failure::Unreachable("reset".to_owned()))),
        Error::Transient(None)
    );
}

/// R25: an answer that got lost is found again by our own id.
#[test]
fn a_write_whose_answer_was_lost_is_found() {
    let host = host(None);
    host.on(
        Method::Get,
        &at("offerings", SITTING),
        Answer::json(200, fixture("sitting")),
    );
    host.on(Method::Get, &at("associations", DEELNAME), Answer::status(404));
    let ctx = host.context();

    assert_eq!(OoapiTa::find_sitting(&ctx, sitting()), Ok(Some(Written::default())));
    assert_eq!(OoapiTa::find_deelname(&ctx, deelname()), Ok(None));
}

#[test]
fn what_is_read_back_is_what_was_planned() {
    let host = host(None);
    host.on(
        Method::Get,
        &at("offerings", SITTING),
        Answer::json(200, fixture("sitting")),
    );
    let page = json!({ "pageSize": 100, "pageNumber": 2, "hasPreviousPage": true, "hasNextPage": false,
        "items": [fixture("deelname")] });
    host.on(
        Method::Get,
        &format!("/offerings/{SITTING}/associations"),
        Answer::json(200, page),
    );
    let ctx = host.context();

    assert_eq!(OoapiTa::read_sitting(&ctx, SITTING), Ok(Some(sitting())));
    let page = OoapiTa::read_deelnames(&ctx, SITTING, Some("2".to_owned())).unwrap();
    assert_eq!((page.items, page.next), (vec![deelname()], None));
    assert_eq!(host.requests()[1].query("pageNumber"), Some("2"));
}

#[test]
fn a_start_link_is_the_platforms_text() {
    let host = host(None);
    let link = "https://platform.example/start/7";
    host.on(
        Method::Get,
        &format!("/associations/{DEELNAME}/url"),
        Answer::json(200, link),
    );
    assert_eq!(OoapiTa::start_link(&host.context(), DEELNAME).as_deref(), Ok(link));
}

/// Every profile gives a dialect, and this one writes as the published examples do.
#[test]
fn a_profile_changes_how_the_same_sitting_is_written() {
    let host = host(Some("oke-1-0-voorbeelden"));
    host.on(Method::Put, &at("offerings", SITTING), Answer::status(200));
    host.on(Method::Put, &at("associations", DEELNAME), Answer::status(200));
    let ctx = host.context();

    OoapiTa::put_sitting(&ctx, sitting(), None).unwrap();
    OoapiTa::put_deelname(&ctx, deelname(), None, None).unwrap();

    let sent = host.requests();
    let ours = &sent[0].json()["consumers"][0];
    assert_eq!(ours["duration"], 60);
    assert_eq!(ours["lastPossibleStartTime"], "2026-06-01T07:15:00Z");
    assert_eq!(sent[1].json()["consumers"][0]["extraTimeInMin"], 30);
}

#[test]
fn every_profile_of_the_manifest_can_be_used() {
    let manifest = common::FOLDER.toml("connector.toml");
    for profile in manifest["profile"].as_array().unwrap() {
        let host = host(profile["name"].as_str());
        host.on(Method::Put, &at("offerings", SITTING), Answer::status(200));
        assert_eq!(
            OoapiTa::put_sitting(&host.context(), sitting(), None),
            Ok(Written::default()),
            "{profile}"
        );
    }
}

/// A quirk that the codec learns can be set at once, and nothing can be set that it does not know.
#[test]
fn every_quirk_of_the_codec_can_be_set_to_every_choice() {
    let manifest = common::FOLDER.toml("connector.toml");
    let quirks = serde_json::to_value(Quirks::default()).unwrap();
    for name in quirks.as_object().unwrap().keys() {
        let field = manifest["config"]
            .get(name)
            .unwrap_or_else(|| panic!("connector.toml lacks [config.{name}]"));
        for choice in field
            .get("choices")
            .and_then(|choices| choices.as_array())
            .into_iter()
            .flatten()
        {
            let host = host(None).with_text(name, choice.as_str().unwrap());
            host.on(Method::Put, &at("offerings", SITTING), Answer::status(200));
            assert_eq!(
                OoapiTa::put_sitting(&host.context(), sitting(), None),
                Ok(Written::default()),
                "{name} = {choice}"
            );
        }
    }
}
