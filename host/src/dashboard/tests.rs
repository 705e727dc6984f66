//! Stories of the pages: who sees what, what a form does and refuses, and what never reaches a page unescaped.

mod access;
mod browser;
mod bundles;
mod comparison;
mod deadlines;
mod duplicates;
mod exams;
mod fast;
mod files;
mod freezes;
mod health;
mod needs;
mod packages;
mod recordings;
mod settings;
mod stage;
mod standing;
mod systems;
mod vendors;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use self::stage::{HOSTILE, SCHOOL, Stage};
use crate::domain::result::Decided;
use crate::store::{peer, result, task};

async fn running(stage: &Stage) -> Option<i64> {
    peer::find(&stage.core.db, SCHOOL, "toa")
        .await
        .unwrap()
        .unwrap()
        .revision
}

async fn decided(stage: &Stage, deelname: &str) -> Decided {
    result::head(&stage.core.db, SCHOOL, deelname)
        .await
        .unwrap()
        .unwrap()
        .decided
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_is_asked_to_and_comes_back_to_where_they_were_going() {
    let stage = Stage::set().await;
    for path in ["/", "/koppelingen/toa", "/zittingen", "/accounts", "/vaststellen"] {
        let page = stage.get(path, "").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.location.starts_with("/aanmelden?naar=%2F"), "{}", page.location);
    }
    let refused = stage.post("/aanmelden", "", &[("token", "oke_wrong")]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text.contains("Met dit token kan niemand zich aanmelden"));
    let token = stage.token("fb").to_owned();
    let on = stage
        .post(
            "/aanmelden",
            "",
            &[("token", &token), ("naar", "/zittingen?dag=2026-09-02")],
        )
        .await;
    assert_eq!(on.location, "/zittingen?dag=2026-09-02");
    for elsewhere in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let on = stage
            .post("/aanmelden", "", &[("token", &token), ("naar", elsewhere)])
            .await;
        assert_eq!(on.location, "/", "{elsewhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_the_cookie_opens_nothing() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    assert_eq!(fb.get("/").await.status, StatusCode::OK);
    assert_eq!(fb.post("/afmelden", &[]).await.location, "/aanmelden");
    assert_eq!(fb.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_the_sessions_word_changes_nothing() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let back = [("van", "2"), ("naar", "1"), ("reden", "storing")];
    let without = fb.post_bare("/koppelingen/toa/wissel", &back).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    assert!(without.text.contains("Er is niets gewijzigd"));
    let mut with_another = back.to_vec();
    with_another.push(("csrf", "csrf_guess"));
    assert_eq!(
        fb.post_bare("/koppelingen/toa/wissel", &with_another).await.status,
        StatusCode::FORBIDDEN
    );
    let bureau = stage.browser("bureau").await.get("/").await.csrf();
    let mut of_somebody_else = back.to_vec();
    of_somebody_else.push(("csrf", &bureau));
    assert_eq!(
        fb.post_bare("/koppelingen/toa/wissel", &of_somebody_else).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(running(&stage).await, Some(2));
}

/// Bad input: another content type, bytes that are no text, and too much of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_none_gets_a_sentence_that_helps() {
    let stage = Stage::set().await;
    let send = |media_type: &str, body: Vec<u8>| {
        let request = Request::post("/aanmelden").header(header::CONTENT_TYPE, media_type);
        stage.send(request.body(Body::from(body)).unwrap())
    };
    let form = "application/x-www-form-urlencoded";
    for page in [
        send("application/json", b"{\"token\":\"x\"}".to_vec()).await,
        send(form, b"token=%FF%FE".to_vec()).await,
        send(form, b"token=a%00b".to_vec()).await,
        send(form, vec![b'a'; super::LARGEST_FORM + 1]).await,
    ] {
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.text.contains("Formulier niet leesbaar"), "{}", page.text);
    }
}

/// The address of a page, and what it says.
type PageOf = (String, &'static [&'static str]);

fn pages_of_functioneel_beheer(stage: &Stage, key: &str) -> Vec<PageOf> {
    let (sitting, deelname) = (&stage.sitting, &stage.deelnames[0]);
    vec![
        (
            "/".to_owned(),
            &[
                "De keten vandaag",
                "TOA",
                "Osiris",
                "2 Zittingsplan",
                "open uitzondering",
            ],
        ),
        ("/koppelingen".to_owned(), &["voorbeeld-ta 1.3.0", "examenleverancier"]),
        (
            "/koppelingen/toa".to_owned(),
            &[
                "nieuwe versie van de leverancier",
                "in werking",
                "Resultaten per examenversie",
            ],
        ),
        (
            "/koppelingen/toa/wissel".to_owned(),
            &["Terug naar revisie 1", "voorbeeld-ta 1.2.0", "page-size", "Reden"],
        ),
        (
            "/uitzonderingen".to_owned(),
            &["Score past niet op de schaal", "vaststellen", "College Techniek"],
        ),
        (
            "/zittingen".to_owned(),
            &["Rekenen, groep 1", "0/2", "11:00", "1 uitzondering"],
        ),
        (
            format!("/zittingen/{sitting}"),
            &["Jip Jansen", "7.5", "vastgehouden", "Brandalarm om 10:05", "B1.02"],
        ),
        (
            format!("/deelnames/{deelname}"),
            &[
                "Versie 1: aanvaard",
                "bericht van de leverancier",
                "resultaat ontvangen",
            ],
        ),
        ("/uitgevers".to_owned(), &["voorbeeld-examens", "vertrouwd"]),
        (format!("/uitgevers/{key}"), &["voorbeeld-ta 1.2.0", "Intrekken"]),
        (
            "/accounts".to_owned(),
            &["Els de Wit", "vaststellen (hele school)", "Account maken"],
        ),
        ("/accounts/ec".to_owned(), &["Functie toekennen", "geldt"]),
    ]
}

fn pages_of_the_examencommissie(stage: &Stage, held: &str) -> Vec<PageOf> {
    let sitting = &stage.sitting;
    vec![
        (
            format!("/uitzonderingen/{}", held),
            &["Volgende stap", "Wat is er gedaan?"],
        ),
        ("/vaststellen".to_owned(), &["Rekenen, groep 1"]),
        (
            format!("/vaststellen/{sitting}"),
            &["Jip Jansen", "Brandalarm", "Aangevinkte resultaten vaststellen"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_what_it_is_for_and_lets_nothing_in_from_elsewhere() {
    let stage = Stage::set().await;
    let (fb, ec) = (stage.browser("fb").await, stage.browser("ec").await);
    let held = task::open_tasks(&stage.core.db, SCHOOL, 9).await.unwrap().remove(0);
    let key = stage.core.db.publisher_keys(SCHOOL).await.unwrap().remove(0).key_id;
    let of_fb = pages_of_functioneel_beheer(&stage, &key)
        .into_iter()
        .map(|page| (&fb, page));
    let of_ec = pages_of_the_examencommissie(&stage, &held.id)
        .into_iter()
        .map(|page| (&ec, page));
    for (browser, (path, expected)) in of_fb.chain(of_ec) {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        for text in expected {
            assert!(page.text.contains(text), "{path} says `{text}`: {}", page.text);
        }
        assert!(page.text.contains("<html lang=\"nl\">") && page.text.contains("<main id=\"inhoud\""));
        assert!(page.policy.contains("default-src 'self'") && page.policy.contains("frame-ancestors 'none'"));
        let is_inline =
            page.text.contains("<script") || page.text.contains(" style=") || page.text.contains(" onclick");
        assert!(!is_inline, "{path} holds nothing that the policy forbids");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_shown_as_text() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    for path in [
        format!("/zittingen/{}", stage.sitting),
        format!("/deelnames/{}", stage.deelnames[1]),
    ] {
        let page = fb.get(&path).await;
        assert!(!page.text.contains(HOSTILE), "{path}");
        assert!(page.text.contains("&#60;script&#62;alert(1)"), "{path}: {}", page.text);
    }
}

/// Invariant 9.
#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_decides_on_no_result() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    assert!(!fb.get("/toetsen").await.text.contains("href=\"/vaststellen\""));
    let path = format!("/vaststellen/{}", stage.sitting);
    assert_eq!(fb.get(&path).await.status, StatusCode::FORBIDDEN);
    let seen = format!("1:{}", stage.deelnames[0]);
    assert_eq!(fb.post(&path, &[("gezien", &seen)]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(decided(&stage, &stage.deelnames[0]).await, Decided::Undecided);
}

/// Invariant 9.
#[tokio::test(flavor = "multi_thread")]
async fn the_examencommissie_touches_no_connector_key_or_account() {
    let stage = Stage::set().await;
    let ec = stage.browser("ec").await;
    assert!(!ec.get("/koppelingen/toa").await.text.contains("/wissel"));
    let back = [("van", "2"), ("naar", "1"), ("reden", "storing")];
    assert_eq!(
        ec.post("/koppelingen/toa/wissel", &back).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        ec.post("/koppelingen/toa/pauzeren", &[("reden", "zo maar")])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    for path in ["/uitgevers", "/accounts", "/koppelingen/toa/wissel"] {
        assert_eq!(ec.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(
        ec.post("/accounts", &[("id", "eigen"), ("naam", "Eigen")]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(running(&stage).await, Some(2));
    assert!(stage.core.db.account(SCHOOL, "eigen").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_through_the_page_is_the_same_call_as_through_the_api() {
    let (by_page, by_api) = (Stage::set().await, Stage::set().await);
    let fb = by_page.browser("fb").await;
    let no_reason = fb
        .post(
            "/koppelingen/toa/wissel",
            &[("van", "2"), ("naar", "1"), ("reden", " ")],
        )
        .await;
    assert_eq!(no_reason.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(no_reason.text.contains("Geef een reden op"));
    let back = [("van", "2"), ("naar", "1"), ("reden", "resultaten kwamen dubbel")];
    let done = fb.post("/koppelingen/toa/wissel", &back).await;
    assert_eq!(done.location, "/koppelingen/toa?gedaan=gewisseld");

    let request = Request::post("/api/v1/peers/toa/rollback")
        .header(header::AUTHORIZATION, format!("Bearer {}", by_api.token("fb")))
        .header(header::CONTENT_TYPE, "application/json");
    let body = Body::from(r#"{"reason":"resultaten kwamen dubbel"}"#);
    assert_eq!(by_api.send(request.body(body).unwrap()).await.status, StatusCode::OK);

    let of_page = by_page.core.db.activations(SCHOOL, "toa").await.unwrap();
    let of_api = by_api.core.db.activations(SCHOOL, "toa").await.unwrap();
    assert_eq!(of_page, of_api);
    assert_eq!((running(&by_page).await, running(&by_api).await), (Some(1), Some(1)));
    let shown = fb.get("/koppelingen/toa").await;
    assert!(shown.text.contains("teruggedraaid") && shown.text.contains("resultaten kwamen dubbel"));

    let stale = fb.post("/koppelingen/toa/wissel", &back).await;
    assert_eq!(
        stale.status,
        StatusCode::CONFLICT,
        "what was seen is no longer what runs"
    );
    assert_eq!(running(&by_page).await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_decided_on_together_and_each_refusal_says_why() {
    let stage = Stage::set().await;
    let ec = stage.browser("ec").await;
    let path = format!("/vaststellen/{}", stage.sitting);
    let nothing = ec.post(&path, &[]).await;
    assert!(nothing.text.contains("Vink eerst aan"), "{}", nothing.text);
    let (good, held) = (&stage.deelnames[0], &stage.deelnames[1]);
    let (first, second) = (format!("1:{good}"), format!("1:{held}"));
    let page = ec
        .post(
            &path,
            &[("gezien", &first), ("gezien", &second), ("motivering", "akkoord")],
        )
        .await;
    assert!(
        page.text.contains("Vastgesteld: 1. Niet vastgesteld: 1"),
        "{}",
        page.text
    );
    assert!(page.text.contains("de score past niet op de schaal van de toets"));
    assert_eq!(decided(&stage, good).await, Decided::Vastgesteld);
    assert_eq!(decided(&stage, held).await, Decided::Undecided);
    let timeline = ec.get(&format!("/deelnames/{good}")).await;
    assert!(timeline.text.contains("door een lid van de examencommissie") && timeline.text.contains("akkoord"));
    let again = ec.post(&path, &[("gezien", &first)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("Dit resultaat is al vastgesteld"), "{}", again.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_is_closed_by_its_owner_with_what_was_done() {
    let stage = Stage::set().await;
    let held = task::open_tasks(&stage.core.db, SCHOOL, 9).await.unwrap().remove(0);
    let path = format!("/uitzonderingen/{}", held.id);
    let (fb, ec) = (stage.browser("fb").await, stage.browser("ec").await);
    assert_eq!(
        fb.post(&path, &[("gedaan", "gezien")]).await.status,
        StatusCode::FORBIDDEN
    );
    let empty = ec.post(&path, &[("gedaan", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("Schrijf op wat er is gedaan"));
    let done = ec.post(&path, &[("gedaan", "leverancier gebeld")]).await;
    assert_eq!(done.location, "/uitzonderingen?gedaan=afgehandeld");
    let row = task::find(&stage.core.db, SCHOOL, &held.id).await.unwrap().unwrap();
    assert_eq!(row.closed.unwrap().resolution, "leverancier gebeld");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_is_paused_with_a_reason_and_resumed() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let without = fb.post("/koppelingen/toa/pauzeren", &[("reden", "")]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    fb.post("/koppelingen/toa/pauzeren", &[("reden", "onderhoud tot 12 uur")])
        .await;
    let today = fb.get("/").await;
    assert!(today.text.contains("gepauzeerd") && today.text.contains("door fb: onderhoud tot 12 uur"));
    fb.post("/koppelingen/toa/hervatten", &[]).await;
    assert!(!fb.get("/").await.text.contains("gepauzeerd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_revoked_from_the_moment_at_school() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let bad = fb
        .post("/uitgevers", &[("uitgever", "acme"), ("sleutel", "geen sleutel")])
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("geen sleutel"), "what was typed stands in the form");
    let key = stage.core.db.publisher_keys(SCHOOL).await.unwrap().remove(0).key_id;
    let form = [("reden", "laptop gestolen"), ("sinds", "2026-08-30T14:00")];
    assert_eq!(
        fb.post(&format!("/uitgevers/{key}"), &form).await.location,
        "/uitgevers?gedaan=ingetrokken"
    );
    let row = stage.core.db.publisher_key(SCHOOL, &key).await.unwrap().unwrap();
    assert_eq!(row.compromised_since.unwrap().to_string(), "2026-08-30T12:00:00Z");
    let plan = fb.get("/koppelingen/toa/wissel").await;
    assert!(plan.text.contains("mag niet meer werken"), "{}", plan.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_with_its_token_shown_once_and_duties_kept_apart() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let bad = fb.post("/accounts", &[("id", "Met Spaties"), ("naam", "Piet")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("Met Spaties"));
    let made = fb.post("/accounts", &[("id", "piet"), ("naam", "Piet Puk")]).await;
    assert!(made.text.contains("oke_"), "{}", made.text);
    assert!(!fb.get("/accounts").await.text.contains("oke_"));
    let grant = |duty| [("functie", duty), ("onderdeel", "techniek")];
    assert_eq!(
        fb.post("/accounts/piet", &grant("vaststellen")).await.status,
        StatusCode::SEE_OTHER
    );
    let both = fb.post("/accounts/piet", &grant("beheren")).await;
    assert_eq!(both.status, StatusCode::CONFLICT);
    assert!(both.text.contains("Niemand heeft tegelijk"), "{}", both.text);
    let mandate = [("functie", "vaststellen"), ("onderdeel", "*"), ("mandaat", "ja")];
    let undated = fb.post("/accounts/piet", &mandate).await;
    assert!(undated.text.contains("einddatum"), "{}", undated.text);
    let held = stage.core.db.assignments(SCHOOL, "piet").await.unwrap();
    fb.post("/accounts/piet/intrekken", &[("toekenning", &held[0].id)])
        .await;
    assert!(fb.get("/accounts/piet").await.text.contains("ingetrokken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_says_so_and_where_to_go() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    for path in [
        "/zittingen/none",
        "/deelnames/none",
        "/deelnames/e-jip",
        "/koppelingen/none",
        "/uitgevers/00",
        "/nergens",
    ] {
        let page = fb.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            page.text.contains("Niet gevonden") && page.text.contains("href=\"/\""),
            "{path}"
        );
    }
    let wrong_day = fb.get("/zittingen?dag=morgen").await;
    assert_eq!(wrong_day.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong_day.text.contains("Dat is geen dag"));
    let machine = Request::get("/nergens").body(Body::empty()).unwrap();
    assert_eq!(
        stage.send(machine).await.text,
        "",
        "a system that asks for no page gets no page"
    );
}

/// R24: a function for another part of the school shows neither the sitting nor its results.
#[tokio::test(flavor = "multi_thread")]
async fn another_college_sees_no_students_of_this_one() {
    use crate::app::account::{self, Grant, NewAccount};
    let stage = Stage::set().await;
    account::put_unit(&stage.core, SCHOOL, "fb", "zorg", "College Zorg", None)
        .await
        .unwrap();
    let new = NewAccount {
        id: "zorg-bureau".to_owned(),
        name: "Zoë".to_owned(),
        person_id: None,
        codes: Vec::new(),
    };
    let token = account::create(&stage.core, SCHOOL, "fb", &new).await.unwrap();
    let grant = Grant {
        duty: crate::domain::principal::Duty::Plannen,
        unit: "zorg".to_owned(),
        mandate: false,
        from: None,
        until: None,
    };
    account::grant(&stage.core, SCHOOL, "fb", "zorg-bureau", &grant)
        .await
        .unwrap();
    let signed_in = stage.post("/aanmelden", "", &[("token", token.reveal())]).await;
    let cookie = signed_in.cookie.split(';').next().unwrap();
    assert!(!stage.get("/zittingen", cookie).await.text.contains("Rekenen, groep 1"));
    for path in [
        format!("/zittingen/{}", stage.sitting),
        format!("/deelnames/{}", stage.deelnames[0]),
    ] {
        assert_eq!(stage.get(&path, cookie).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
