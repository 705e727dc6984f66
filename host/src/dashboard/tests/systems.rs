//! Stories of setting up the systems around the school: by a browser, against systems on real sockets.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::stage::{Browser, SCHOOL, Stage};
use crate::domain::pull::{Ended, Tally};
use crate::simulator::{Misbehaviour, Ta, TaOptions, Trouble};
use crate::store::pulled::PulledRow;
use crate::store::{WriteSet, audit, client, landscape, peer, pulled};

async fn vendor() -> Ta {
    Ta::start(TaOptions::new("Toetsgilde")).await.unwrap()
}

/// Fills in where the vendor is; `change` has the last word.
async fn set_up(fb: &Browser<'_>, ta: &Ta, change: &[(&str, &str)]) {
    let token_url = ta.token_url();
    let mut fields = vec![
        ("naam", "api"),
        ("adres", ta.base_url()),
        ("aanmelden", "bearer"),
        ("token-adres", &token_url),
        ("client-id", "oke-tpl"),
        ("geheim", "ta-secret"),
        ("prive", "127.0.0.1"),
    ];
    for (name, value) in change {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let done = fb.post("/aansluitingen/gilde/adres", &fields).await;
    assert_eq!(done.location, "/aansluitingen/gilde?gedaan=adres", "{}", done.text);
}

/// What the page says of a trial: the words of the five steps, in order.
async fn tried(fb: &Browser<'_>) -> Vec<String> {
    let page = fb.post("/aansluitingen/gilde/proberen", &[("naam", "api")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let trial = page
        .text
        .split("geprobeerd</h2>")
        .nth(1)
        .expect("the page shows the trial");
    let trial = trial.split("</table>").next().unwrap();
    let rows = trial.split("<tr>").skip(2);
    rows.map(|row| {
        let badge = row
            .split("<span class=\"badge ")
            .nth(1)
            .expect("each step has an outcome");
        badge.split('>').nth(1).unwrap().trim_end_matches("</span").to_owned()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_adds_a_vendor_and_sees_which_step_of_its_connection_fails() {
    const SKIPPED: &str = "niet geprobeerd";
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let new = [("id", "gilde"), ("naam", "Toetsgilde"), ("rol", "ta")];
    let made = fb.post("/aansluitingen", &new).await;
    assert_eq!(made.location, "/aansluitingen/gilde?gedaan=aansluiting");
    let early = fb.post("/aansluitingen/gilde/proberen", &[("naam", "api")]).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "nothing is set up yet");

    let ta = vendor().await;
    set_up(&fb, &ta, &[]).await;
    assert_eq!(tried(&fb).await, ["goed"; 5]);
    let page = fb.get("/aansluitingen/gilde").await;
    assert!(
        page.text.contains(ta.base_url()) && !page.text.contains("ta-secret"),
        "a secret is never shown"
    );

    set_up(&fb, &ta, &[("geheim", "wrong")]).await;
    assert_eq!(
        tried(&fb).await,
        ["goed", "mislukt", SKIPPED, SKIPPED, SKIPPED],
        "the token"
    );
    set_up(&fb, &ta, &[("prive", "")]).await;
    assert_eq!(
        tried(&fb).await,
        ["mislukt", SKIPPED, SKIPPED, SKIPPED, SKIPPED],
        "the address"
    );
    let with_tls = ta.base_url().replace("http://", "https://");
    let tls_token = ta.token_url().replace("http://", "https://");
    set_up(&fb, &ta, &[("adres", &with_tls), ("token-adres", &tls_token)]).await;
    let page = fb.post("/aansluitingen/gilde/proberen", &[("naam", "api")]).await;
    assert!(
        page.text.contains("Het certificaat wordt niet vertrouwd"),
        "{}",
        page.text
    );

    set_up(&fb, &ta, &[("scope", "nl-test-admin-flow-2-3-4")]).await;
    assert_eq!(
        tried(&fb).await,
        ["goed", "goed", "goed", "mislukt", SKIPPED],
        "the scope of flow 0"
    );
    set_up(&fb, &ta, &[]).await;
    ta.misbehave(Misbehaviour::always(Trouble::InvalidJson).on("GET", "/components"));
    assert_eq!(tried(&fb).await[3..], ["goed", "mislukt"], "what can't be read");
    let said = audit::about(&stage.core.db, SCHOOL, "peer", "gilde").await.unwrap();
    let trials = said.iter().filter(|entry| entry.verb == "endpoint.try").count();
    assert_eq!(trials, 6, "who tried an endpoint stands in the audit, however it ended");
    ta.behave();
    ta.misbehave(Misbehaviour::always(Trouble::ServerError).on("GET", "/"));
    assert_eq!(
        tried(&fb).await[1..],
        ["goed", "mislukt", SKIPPED, SKIPPED],
        "the version"
    );
    ta.stop().await;
    assert_eq!(tried(&fb).await[0], "mislukt", "nobody answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_is_refused_with_how_to_write_it_and_nothing_is_stored() {
    let stage = Stage::set().await;
    let (fb, bureau) = (stage.browser("fb").await, stage.browser("bureau").await);
    let good = [
        ("naam", "api"),
        ("adres", "https://toa.example/oke"),
        ("aanmelden", "api-key"),
        ("geheim", "sleutel"),
    ];
    for (name, value, told) in [
        ("adres", "toa.example", "https://host/pad"),
        ("adres", "https://jip:geheim@toa.example", "zonder gebruikersnaam"),
        ("prive", "binnen", "geen IP-adres"),
        ("geheim", "", "Vul het geheim of de sleutel in"),
        ("aanmelden", "vingerafdruk", "Kies hoe de host zich aanmeldt"),
        ("naam", "Het Adres", "kleine letters"),
    ] {
        let mut fields = good.to_vec();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        let page = fb.post("/aansluitingen/toa/adres", &fields).await;
        assert_eq!(
            page.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name} {value}: {}",
            page.text
        );
        assert!(page.text.contains(told), "{name} {value}: {}", page.text);
    }
    assert!(stage.core.db.endpoints(SCHOOL, "toa").await.unwrap().is_empty());
    assert_eq!(bureau.get("/aansluitingen").await.status, StatusCode::FORBIDDEN);
    let not_theirs = bureau.post("/aansluitingen/toa/adres", &good).await;
    assert_eq!(not_theirs.status, StatusCode::FORBIDDEN);
    assert_eq!(fb.get("/aansluitingen/niemand").await.status, StatusCode::NOT_FOUND);
    for (id, hat) in [("toa", "ta"), ("Hoofdletters", "ta"), ("nieuw", "hoed")] {
        let refused = fb
            .post("/aansluitingen", &[("id", id), ("naam", "X"), ("rol", hat)])
            .await;
        assert!(refused.status.is_client_error(), "{id} {hat}: {}", refused.status);
    }
    assert_eq!(
        peer::all(&stage.core.db, SCHOOL).await.unwrap().len(),
        2,
        "the two there were"
    );
}

/// §5: a client's secret is shown once; a client that is disabled gets no tokens any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_made_with_a_secret_shown_once_and_is_disabled_through_the_page() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let nothing = fb.post("/aansluitingen/toa/client", &[]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = fb
        .post("/aansluitingen/toa/client", &[("scope", "nl-test-admin-flow-2-3-4")])
        .await;
    let secret = made.text.split("<code class=\"secret\">").nth(1).expect("the secret");
    let secret = secret.split('<').next().unwrap();
    let row = client::all(&stage.core.db, SCHOOL).await.unwrap().remove(0);
    assert_eq!((row.peer.as_str(), row.disabled), ("toa", false));
    let page = fb.get("/aansluitingen/toa").await;
    assert!(
        page.text.contains(&row.client_id) && !page.text.contains(secret),
        "once"
    );
    let off = [("client", row.client_id.as_str())];
    let off = fb.post("/aansluitingen/toa/client/uitschakelen", &off).await;
    assert_eq!(off.location, "/aansluitingen/toa?gedaan=client-uit");
    assert!(client::all(&stage.core.db, SCHOOL).await.unwrap()[0].disabled);
}

/// R23: with whom an outside planning system works is set through the page.
#[tokio::test(flavor = "multi_thread")]
async fn an_outside_planning_system_is_allowed_a_vendor_and_no_longer() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let new = [("id", "ontrack"), ("naam", "OnTrack"), ("rol", "tpl")];
    fb.post("/aansluitingen", &new).await;
    let works = async || {
        landscape::works_with(&stage.core.db, SCHOOL, "ontrack", "toa")
            .await
            .unwrap()
    };
    for (may, then) in [("ja", true), ("nee", false)] {
        let done = fb
            .post("/aansluitingen/ontrack/landschap", &[("systeem", "toa"), ("mag", may)])
            .await;
        assert_eq!(done.location, "/aansluitingen/ontrack?gedaan=landschap");
        assert_eq!(works().await, then, "{may}");
    }
    let page = fb.get("/aansluitingen/ontrack").await;
    assert!(
        page.text.contains("/oke/roc/dr") || page.text.contains(&format!("/oke/{SCHOOL}/dr")),
        "its faces"
    );
}

/// The same for programs: the trial of an endpoint, and the clients without their secrets.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_tries_an_endpoint_and_lists_clients() {
    let stage = Stage::set().await;
    let ta = vendor().await;
    let reach = json!({
        "baseUrl": ta.base_url(), "allowedAddresses": ["127.0.0.1"],
        "signIn": { "kind": "bearer", "tokenUrl": ta.token_url(), "clientId": "oke-tpl", "secret": "other" },
    });
    let unknown = call(&stage, "POST", "/api/v1/peers/osiris/endpoints/api/test", Value::Null).await;
    assert_eq!(unknown.0, StatusCode::BAD_REQUEST, "{}", unknown.1);
    let put = call(&stage, "PUT", "/api/v1/peers/osiris/endpoints/api", reach).await;
    assert_eq!(put.0, StatusCode::NO_CONTENT);
    let (status, found) = call(&stage, "POST", "/api/v1/peers/osiris/endpoints/api/test", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&found[1]["step"], &found[1]["outcome"]),
        (&json!("token"), &json!("fails")),
        "{found}"
    );
    assert_eq!(
        found[4],
        json!({ "step": "sample", "outcome": "not-tried", "detail": "a step before it failed" })
    );
    let scopes = json!({ "scopes": ["nl-test-admin-flow-1-5"] });
    let (_, made) = call(&stage, "POST", "/api/v1/peers/osiris/clients", scopes).await;
    let (_, listed) = call(&stage, "GET", "/api/v1/peers/osiris/clients", Value::Null).await;
    assert_eq!(listed[0]["clientId"], made["clientId"]);
    assert!(!listed.to_string().contains(made["clientSecret"].as_str().unwrap()));
    let nobody = call(&stage, "GET", "/api/v1/peers/niemand/clients", Value::Null).await;
    assert_eq!(nobody.0, StatusCode::NOT_FOUND);
    ta.stop().await;
}

async fn call(stage: &Stage, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let request = axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", stage.token("fb")))
        .header("content-type", "application/json");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let page = stage.send(request.body(body.into()).unwrap()).await;
    (page.status, serde_json::from_str(&page.text).unwrap_or_default())
}

/// RULES §4: how a system writes at our faces is set by a browser; what nobody can mean is refused.
#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_says_how_a_system_writes() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let new = [("id", "gilde"), ("naam", "Toetsgilde"), ("rol", "ta")];
    fb.post("/aansluitingen", &new).await;
    let page = fb.get("/aansluitingen/gilde").await.text;
    // The agreement stands first and is chosen everywhere.
    let mut answers: Vec<(String, String)> = Vec::new();
    for question in page.split("<select id=\"hoe-").skip(1) {
        let key = question.split('"').next().unwrap();
        let first = question.split("<option value=\"").nth(1).unwrap();
        assert!(first.split_once('>').unwrap().0.ends_with(" selected"), "{key}");
        answers.push((key.to_owned(), first.split('"').next().unwrap().to_owned()));
    }
    let mut posted: Vec<(&str, &str)> = answers
        .iter()
        .map(|(key, word)| (key.as_str(), word.as_str()))
        .collect();
    for (key, word) in &mut posted {
        match *key {
            "version" => *word = "1.0",
            "swapped-dates" => *word = "true",
            _ => {}
        }
    }
    let done = fb.post("/aansluitingen/gilde/schrijfwijze", &posted).await;
    assert_eq!(
        done.location, "/aansluitingen/gilde?gedaan=schrijfwijze",
        "{}",
        done.text
    );
    let kept = peer::find(&stage.core.db, SCHOOL, "gilde")
        .await
        .unwrap()
        .unwrap()
        .dialect;
    assert!(
        kept.quirks.swapped_dates && kept.version == oke_codec::Version::V1_0,
        "{kept:?}"
    );
    let page = fb.get("/aansluitingen/gilde").await.text;
    assert!(page.contains("<option value=\"1.0\" selected>"), "{page}");
    for (key, word) in &mut posted {
        if *key == "duration" {
            *word = "fortnights";
        }
    }
    let refused = fb.post("/aansluitingen/gilde/schrijfwijze", &posted).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unchanged = peer::find(&stage.core.db, SCHOOL, "gilde")
        .await
        .unwrap()
        .unwrap()
        .dialect;
    assert_eq!(kept, unchanged);
}

/// DESIGN §4: whether a student system is asked for flow 1 is set on its page, which shows what came of it.
#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_has_a_student_system_asked_for_its_registrations() {
    let stage = Stage::set().await;
    let (fb, bureau) = (stage.browser("fb").await, stage.browser("bureau").await);
    let place = "/aansluitingen/osiris/toetsdeelnemers";
    assert!(
        !fb.get("/aansluitingen/toa").await.text.contains("stroom 1"),
        "a vendor has none"
    );
    let wrong = fb.post(place, &[("hoe", "ophalen"), ("vanaf", "straks")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    let asked = [("hoe", "ophalen"), ("vanaf", "2026-08-01")];
    assert_eq!(bureau.post(place, &asked).await.status, StatusCode::FORBIDDEN);
    let done = fb.post(place, &asked).await;
    assert_eq!(
        done.location, "/aansluitingen/osiris?gedaan=toetsdeelnemers",
        "{}",
        done.text
    );
    let now = fb.post("/aansluitingen/osiris/ophalen", &[]).await;
    assert_eq!(now.status, StatusCode::CONFLICT, "no connector runs: {}", now.text);

    let row = pulled::find(&stage.core.db, SCHOOL, "osiris").await.unwrap().unwrap();
    assert!(row.asked);
    let ended = Ended {
        whole: true,
        began: row.set_at,
        ended: row.set_at,
        tally: Tally {
            came: 4_321,
            changed: 17,
            refused: 0,
            unlisted: 3,
        },
    };
    let mut set = WriteSet::of(SCHOOL);
    set.put(
        PulledRow {
            last: Some(ended),
            ..row
        }
        .next(),
    );
    stage.core.commit(set).await.unwrap();
    let page = fb.get("/aansluitingen/osiris").await.text;
    for said in [
        "4321, waarvan 17 nieuw of gewijzigd",
        "3, elk apart nagevraagd",
        "Nu alles ophalen",
        "2026-08-01",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}
