//! Stories of the pages and calls around what was decided: two people to change it, policy, samples, scale maps.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::stage::{SCHOOL, Stage};
use crate::store::mark::Mark;
use crate::store::scope::Scope;
use crate::store::{proposal, result, scale_map};

/// A call of the management API.
async fn call(stage: &Stage, who: &str, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", stage.token(who)))
        .header(header::CONTENT_TYPE, "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let answer = stage.send(request.body(body).unwrap()).await;
    (answer.status, serde_json::from_str(&answer.text).unwrap_or(Value::Null))
}

/// Two people, through the pages: the first proposes, and only another gets to confirm.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_through_the_pages_takes_two_people() {
    let stage = Stage::set().await;
    let good = &stage.deelnames[0];
    let (ec, second, third) = (
        stage.browser("ec").await,
        stage.browser("ec2").await,
        stage.browser("ec3").await,
    );
    let seen = format!("1:{good}");
    ec.post(&format!("/vaststellen/{}", stage.sitting), &[("gezien", &seen)])
        .await;
    stage.deliver(good, "7.6").await;
    let path = format!("/vaststellen/resultaat/{good}");
    let list = ec.get(&format!("/vaststellen/{}", stage.sitting)).await;
    assert!(list.text.contains("met twee personen"), "{}", list.text);
    let fields = |reason: &'static str| [("wat", "correctie"), ("versie", "2"), ("reden", reason)];
    assert_eq!(
        second.post(&path, &fields("")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let proposed = second.post(&path, &fields("tikfout bij de leverancier")).await;
    assert_eq!(proposed.location, format!("{path}?gedaan=voorgesteld"));
    let waiting = proposal::open_after(&stage.core.db, SCHOOL, &Scope::School, &Mark::start(), 9)
        .await
        .unwrap()
        .remove(0);
    assert!(third.get("/vaststellen").await.text.contains("voorgesteld door ec2"));
    assert!(!second.get(&path).await.text.contains("value=\"bevestigen\""));
    let answer = format!("/vaststellen/voorstel/{}", waiting.id);
    let yes = [("antwoord", "bevestigen"), ("reden", "nagekeken")];
    let alone = second.post(&answer, &yes).await;
    assert_eq!(alone.status, StatusCode::CONFLICT);
    assert!(alone.text.contains("twee personen nodig"), "{}", alone.text);
    assert_eq!(
        third.post(&answer, &yes).await.location,
        format!("{path}?gedaan=bevestigd")
    );
    let head = result::head(&stage.core.db, SCHOOL, good).await.unwrap().unwrap();
    assert_eq!(head.decided_seq, Some(2));
    let shown = ec.get(&format!("/deelnames/{good}")).await;
    assert!(shown.text.contains("op voorstel van ec2"), "{}", shown.text);
    let fb = stage.browser("fb").await;
    assert_eq!(fb.get(&path).await.status, StatusCode::FORBIDDEN);
}

/// The exam's page: its policy with where that comes from, set by functioneel beheer only; a sample that can be drawn
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn an_exam_shows_its_policy_and_its_samples() {
    let stage = Stage::set().await;
    let (fb, ec) = (stage.browser("fb").await, stage.browser("ec").await);
    let path = "/toetsen/plannable";
    assert!(fb.get("/toetsen").await.text.contains("href=\"/toetsen/plannable\""));
    assert!(fb.get(path).await.text.contains("standaard"));
    let policy = [
        ("versturen", "after-vaststelling"),
        ("definitief", ""),
        ("afwezig", "nee"),
    ];
    assert_eq!(
        ec.post(&format!("{path}/beleid"), &policy).await.status,
        StatusCode::CONFLICT
    );
    let done = fb.post(&format!("{path}/beleid"), &policy).await;
    assert_eq!(done.location, "/toetsen/plannable?gedaan=beleid");
    let shown = fb.get(path).await;
    for text in ["pas na de vaststelling", "deze toets", "telt niet als poging"] {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    let nothing = ec.post(&format!("{path}/steekproef"), &[("omvang", "0")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let draw = [("omvang", "50"), ("maat", "procent"), ("startgetal", "2026")];
    let drawn = ec.post(&format!("{path}/steekproef"), &draw).await;
    assert_eq!(drawn.location, "/toetsen/plannable?gedaan=getrokken");
    let shown = ec.get(path).await;
    for text in ["1 van 2", "<code>2026</code>", ">steekproef</span>", "Brandalarm"] {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    let seen = format!("1:{}", stage.deelnames[0]);
    let decided = ec.post(&format!("{path}/vaststellen"), &[("gezien", &seen)]).await;
    assert!(decided.text.contains("Vastgesteld: 1."), "{}", decided.text);
    assert_eq!(
        fb.post(&format!("{path}/vaststellen"), &[("gezien", &seen)])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

/// N#175: through the pages too, what leads off the scale is refused with its row, and nobody approves their own map.
#[tokio::test(flavor = "multi_thread")]
async fn a_scale_map_is_proposed_and_approved_through_the_pages() {
    let stage = Stage::set().await;
    let (ec, second) = (stage.browser("ec").await, stage.browser("ec2").await);
    let map = |rows: &'static str| {
        [
            ("toets", "toa/rekenen"),
            ("schaal", "0.0-10.0"),
            ("basis", "score"),
            ("regels", rows),
            ("bron", "brief van 3 maart"),
        ]
    };
    let off = ec.post("/omzettingen", &map("0 = 1.0\n55 = 55\ntot 100")).await;
    assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        off.text.contains("Regel 2 geeft") && off.text.contains("55 = 55"),
        "{}",
        off.text
    );
    let proposed = ec.post("/omzettingen", &map("0 = 1.0\n55 = 8.5\ntot 100")).await;
    assert_eq!(proposed.location, "/omzettingen?gedaan=voorgesteld");
    let maps = scale_map::of_component(&stage.core.db, SCHOOL, None).await.unwrap();
    let path = format!("/omzettingen/{}", maps[0].id);
    let yes = [("antwoord", "goedkeuren"), ("reden", "vergeleken met de brief")];
    assert_eq!(ec.post(&path, &yes).await.status, StatusCode::CONFLICT);
    assert_eq!(
        second.post(&path, &yes).await.location,
        "/omzettingen?gedaan=goedgekeurd"
    );
    let shown = ec.get("/omzettingen").await;
    assert!(
        shown.text.contains("vanaf 55: 8.5") && shown.text.contains("beoordeeld door ec2"),
        "{}",
        shown.text
    );
    let bureau = stage.browser("bureau").await;
    assert_eq!(bureau.get("/omzettingen").await.status, StatusCode::FORBIDDEN);
}

/// What the pages do, programs do too.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_changed_through_the_api_by_two_accounts() {
    let stage = Stage::set().await;
    let good = &stage.deelnames[0];
    let seen = json!({ "results": [{ "deelname": good, "seq": 1 }] });
    assert_eq!(
        call(&stage, "ec", "POST", "/decisions", Some(seen)).await.0,
        StatusCode::OK
    );
    let path = format!("/deelnames/{good}/proposals");
    let wrong = json!({ "kind": "delete", "seq": 1, "reason": "x" });
    assert_eq!(
        call(&stage, "ec", "POST", &path, Some(wrong)).await.0,
        StatusCode::BAD_REQUEST
    );
    let withdrawal = json!({ "kind": "withdrawal", "seq": 1, "reason": "fraudeonderzoek" });
    let (status, made) = call(&stage, "ec", "POST", &path, Some(withdrawal)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let confirm = format!("/proposals/{}/confirm", made["id"].as_str().unwrap());
    let reason = || Some(json!({ "reason": "besproken" }));
    assert_eq!(
        call(&stage, "ec", "POST", &confirm, reason()).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(call(&stage, "ec2", "POST", &confirm, reason()).await.0, StatusCode::OK);
    let (_, all) = call(&stage, "fb", "GET", &path, None).await;
    assert_eq!(all[0]["ending"], "confirmed");
    assert_eq!(call(&stage, "ec", "GET", "/proposals", None).await.1, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_maps_and_samples_are_set_through_the_api() {
    let stage = Stage::set().await;
    let path = "/plannables/plannable/policy";
    let put = json!({ "sendResults": "attendance", "noShowCounts": false });
    assert_eq!(
        call(&stage, "ec", "PUT", path, Some(put.clone())).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        call(&stage, "fb", "PUT", path, Some(put)).await.0,
        StatusCode::NO_CONTENT
    );
    let wrong = json!({ "sendResults": "soms" });
    assert_eq!(
        call(&stage, "fb", "PUT", "/policy", Some(wrong)).await.0,
        StatusCode::BAD_REQUEST
    );
    let of_school = json!({ "finalConflict": "hold" });
    assert_eq!(
        call(&stage, "fb", "PUT", "/policy", Some(of_school)).await.0,
        StatusCode::NO_CONTENT
    );
    let (_, policy) = call(&stage, "ec", "GET", path, None).await;
    assert_eq!(
        policy["holds"],
        json!({ "sendResults": "attendance", "finalConflict": "hold", "noShowCounts": false })
    );
    assert_eq!(policy["own"]["finalConflict"], Value::Null);

    let map = |value: &str| {
        json!({ "peer": "toa", "component": "rekenen", "to": "0.0-10.0", "basis": "score", "source": "brief",
                "rule": { "steps": { "steps": [{ "from": "0", "value": value }], "upTo": "100" } } })
    };
    let (status, off) = call(&stage, "ec", "POST", "/scale-maps", Some(map("100"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(off["detail"].as_str().unwrap().contains("row 1"), "{off}");
    let (status, made) = call(&stage, "ec", "POST", "/scale-maps", Some(map("1.0"))).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let settle = format!("/scale-maps/{}/settle", made["id"].as_str().unwrap());
    let yes = || Some(json!({ "approve": true, "reason": "vergeleken" }));
    assert_eq!(
        call(&stage, "ec", "POST", &settle, yes()).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        call(&stage, "ec2", "POST", &settle, yes()).await.0,
        StatusCode::ACCEPTED
    );
    let (_, maps) = call(&stage, "fb", "GET", "/scale-maps", None).await;
    assert_eq!(
        (maps[0]["standing"].as_str(), maps[0]["settledBy"].as_str()),
        (Some("approved"), Some("ec2"))
    );

    let samples = "/plannables/plannable/samples";
    let draw = json!({ "seed": "18446744073709551615", "count": 1 });
    let (status, drawn) = call(&stage, "ec", "POST", samples, Some(draw)).await;
    assert_eq!(status, StatusCode::CREATED, "{drawn}");
    assert_eq!(drawn["drawn"].as_array().unwrap().len(), 1);
    let (_, kept) = call(&stage, "ec", "GET", samples, None).await;
    assert_eq!(kept[0]["seed"], "18446744073709551615");
    let both = json!({ "count": 1, "percentage": 1 });
    assert_eq!(
        call(&stage, "ec", "POST", samples, Some(both)).await.0,
        StatusCode::BAD_REQUEST
    );
}
