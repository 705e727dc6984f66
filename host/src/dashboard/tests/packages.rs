//! Stories of `/pakketten`, `/koppelingen/…/toelaten/…`, `/toelating` and the keys' pages.

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};

use super::stage::{Browser, Page, SCHOOL, Stage};
use crate::app::revision::{self, NewRevision, RevisionError};
use crate::app::{admission, package};
use crate::connector::fixture;
use crate::connector::manifest::{ConfigValue, Configuration};
use crate::connector::package::Contents;
use crate::store::keuring;

/// Sends a package as a browser does: a form with a file.
async fn upload(stage: &Stage, fb: &Browser<'_>, word: &str, package: &[u8]) -> Page {
    let mut body = format!(
        "--grens\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{word}\r\n--grens\r\nContent-Disposition: \
         form-data; name=\"pakket\"; filename=\"a.oke\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(package);
    body.extend_from_slice(b"\r\n--grens--\r\n");
    let request = Request::post("/pakketten")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=grens")
        .header(header::COOKIE, fb.cookie());
    stage.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn functioneel_beheer_brings_a_package_in_with_the_browser_and_sees_why_another_is_refused() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let word = fb.get("/pakketten").await.csrf();
    let good = fixture::signed(fixture::contents_with("2.0.0", "1.2.0")).to_bytes();

    let forged = upload(&stage, &fb, "csrf_guess", &good).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let refused = upload(&stage, &fb, &word, &good[..good.len() / 2]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Dit pakket wordt geweigerd"), "{}", refused.text);

    let taken = upload(&stage, &fb, &word, &good).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    assert!(taken.location.starts_with("/pakketten/"), "{}", taken.location);
    let page = fb.get(&taken.location).await;
    assert!(page.text.contains("voorbeeld-ta 2.0.0") && page.text.contains("nog niet gekeurd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_of_a_keuring_is_shown_per_interface_with_what_was_seen() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let digest = stage.failed_package().await;
    let listed = fb.get("/pakketten").await;
    assert!(listed.text.contains("afgekeurd"), "{}", listed.text);
    let page = fb.get(&format!("/pakketten/{digest}")).await;
    for said in [
        "1 van 3 goed",
        "Resultaten ophalen (stroom 3)",
        "Het antwoord is half en onleesbaar",
        "niet geprobeerd",
        "door deze host verzegeld",
        "&#60;b&#62;it worked",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let asked = fb.post(&format!("/pakketten/{digest}/keuren"), &[]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let rows = keuring::of_package(&stage.core.db, SCHOOL, &digest).await.unwrap();
    assert_eq!(rows.len(), 2);
    let bureau = stage.browser("bureau").await;
    assert_eq!(bureau.get("/pakketten").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_package_may_do_more_is_shown_in_dutch_and_approved_as_it_was_seen() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let digest = stage.failed_package().await;
    let policy = [
        ("keuring", "ja"),
        ("dagen", "30"),
        ("goedkeuring", "ja"),
        ("sleutels", "1"),
    ];
    assert_eq!(fb.post("/toelating", &policy).await.status, StatusCode::SEE_OTHER);

    let path = format!("/koppelingen/toa/toelaten/{digest}");
    let page = fb.get(&path).await;
    for said in [
        "Verzoek erbij bij adres ‘api’: DELETE /components",
        "Verzoek niet meer bij adres ‘api’: GET /components",
        "Het pakket is afgekeurd",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let (_, rest) = page.text.split_once("name=\"gezien\" value=\"").unwrap();
    let seen = rest.split('"').next().unwrap().to_owned();
    let silent = fb.post(&path, &[("gezien", &seen), ("reden", "")]).await;
    assert!(silent.text.contains("Geef een reden op"), "{}", silent.text);
    let other = fb.post(&path, &[("gezien", "x"), ("reden", "gezien")]).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    let approved = fb
        .post(&path, &[("gezien", &seen), ("reden", "leverancier wil opruimen")])
        .await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER);
    let page = fb.get(&path).await;
    assert!(page.text.contains("leverancier wil opruimen"), "{}", page.text);
    assert!(!page.text.contains("name=\"gezien\""), "approved once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_can_not_be_is_refused_with_what_was_typed() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    for (fields, said) in [
        ([("dagen", "0"), ("sleutels", "1"), ("laagste", "")], "1 tot 3650"),
        (
            [("dagen", "veel"), ("sleutels", "1"), ("laagste", "")],
            "geen aantal dagen",
        ),
        ([("dagen", "9"), ("sleutels", "99"), ("laagste", "")], "1 tot 16"),
        (
            [("dagen", "9"), ("sleutels", "1"), ("laagste", "ooapi-ta")],
            "De regel ‘ooapi-ta’",
        ),
    ] {
        let page = fb.post("/toelating", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let fields = [
        ("dagen", "30"),
        ("sleutels", "2"),
        ("mede", "ja"),
        ("uitgevers", "een\r\nander"),
        ("laagste", "ooapi-ta 1.2.0"),
    ];
    assert_eq!(fb.post("/toelating", &fields).await.status, StatusCode::SEE_OTHER);
    let policy = admission::policy(&stage.core.db, SCHOOL).await.unwrap();
    assert_eq!(
        (policy.max_age_days, policy.signatures, policy.counter_signature),
        (30, 2, true)
    );
    assert!(!policy.keuring && policy.publishers.len() == 2 && policy.lowest_versions.len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_key_tells_beforehand_what_its_revocation_stops_and_lets_it_expire() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let key = fixture::publisher_key().public().id().to_string();
    let page = fb.get(&format!("/uitgevers/{key}")).await;
    assert!(
        page.text.contains("stopt</span> met de volgende aanroep"),
        "{}",
        page.text
    );
    assert!(page.text.contains("terug naar deze revisie kan dan niet meer"));
    let later = fb.get(&format!("/uitgevers/{key}?sinds=2026-12-01T00:00")).await;
    assert!(later.text.contains("gaat door"), "{}", later.text);

    let expire = format!("/uitgevers/{key}/verlopen");
    let past = fb.post(&expire, &[("moment", "2020-01-01T00:00")]).await;
    assert_eq!(past.status, StatusCode::CONFLICT);
    let done = fb.post(&expire, &[("moment", "2027-01-01T00:00")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(fb.get("/uitgevers").await.text.contains("verloopt vr 1 jan 2027"));
}

/// What can't be is said before anything is made, by the setting's name, and what was typed stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_revision_with_settings_that_do_not_fit_is_refused_with_what_was_typed() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let running = stage.core.db.revision(SCHOOL, "toa", 2).await.unwrap().unwrap();
    let path = format!("/koppelingen/toa/revisie/{}", running.digest);
    let connector = fb.get("/koppelingen/toa").await;
    assert!(connector.text.contains(&path), "{}", connector.text);
    let asked = fb.get(&path).await;
    assert!(asked.text.contains("Niemand heeft de revisie voordat u haar uitrolt"));

    let made = stage.core.db.revisions(SCHOOL, "toa").await.unwrap().len();
    for (fields, said) in [
        (
            [("profiel", "nergens"), ("instelling-page-size", "")],
            "Dit profiel heeft de connector niet",
        ),
        (
            [("profiel", "proefwerk"), ("instelling-page-size", "veel")],
            "De instelling ‘page-size’ is een geheel getal van",
        ),
        (
            [("profiel", "proefwerk"), ("instelling-page-size", "99999999")],
            "De instelling ‘page-size’ klopt niet",
        ),
        (
            [
                ("profiel", "proefwerk"),
                ("instelling-percentage-before-cesuur", "misschien"),
            ],
            "De instelling ‘percentage-before-cesuur’ is ja of nee",
        ),
    ] {
        let fields = [fields[0], fields[1], ("reden", "kleinere bladzijden")];
        let page = fb.post(&path, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}: {}", page.text);
        assert!(page.text.contains(said), "{said}: {}", page.text);
        assert!(page.text.contains("kleinere bladzijden"), "what was typed stays");
    }
    let now = stage.core.db.revisions(SCHOOL, "toa").await.unwrap().len();
    assert_eq!(now, made, "nothing was made");

    assert_eq!(
        fb.get("/koppelingen/toa/revisie/sha256:0").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        fb.get(&format!("/koppelingen/niemand/revisie/{}", running.digest))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let bureau = stage.browser("bureau").await;
    assert_eq!(bureau.get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        bureau.post(&path, &[("reden", "x")]).await.status,
        StatusCode::FORBIDDEN
    );
}

/// What the running revision has beside its profile stands in the form; what comes from the profile follows it.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_a_new_revision_holds_the_profile_and_own_settings_of_the_running_one() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let running = stage.core.db.revision(SCHOOL, "toa", 2).await.unwrap().unwrap();
    let path = format!("/koppelingen/toa/revisie/{}", running.digest);
    let page = fb.get(&path).await.text;
    assert!(page.contains("<option value=\"proefwerk\" selected>"), "{page}");
    assert!(
        page.contains("name=\"instelling-page-size\" value=\"\""),
        "the profile's own value: {page}"
    );

    let own = NewRevision {
        digest: running.digest.clone(),
        profile: None,
        config: [("page-size".to_owned(), ConfigValue::Number(20))].into(),
        reason: "kleinere bladzijden".to_owned(),
    };
    let first = revision::install_first(&stage.core, SCHOOL, "fb", "toa", &own).await;
    assert!(matches!(first, Err(RevisionError::NotTheFirst(2))), "{first:?}");
    revision::install(&stage.core, SCHOOL, "fb", "toa", &own).await.unwrap();
    let page = fb.get(&path).await.text;
    assert!(!page.contains("<option value=\"proefwerk\" selected>"), "{page}");
    assert!(page.contains("name=\"instelling-page-size\" value=\"20\""), "{page}");
}

/// A field that is left empty follows the profile or the default; that a text is to be the empty one is said by its box,
/// and stands in the form of the next revision.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_set_to_the_empty_one_by_its_box_and_stays_so_in_the_next_form() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let suffix = "[config.suffix]\ntype = \"string\"\ndescription = \"Toevoeging\"\ndefault = \"-mbo\"\n\n";
    let with_text = fixture::contents_with(&format!("{suffix}[config.page-size]"), "[config.page-size]");
    let manifest = String::from_utf8(with_text.manifest.to_vec()).unwrap();
    let with_text = Contents {
        manifest: manifest.replace("version = \"1.2.0\"", "version = \"1.5.0\"").into(),
        ..with_text
    };
    let bytes = Bytes::from(fixture::signed(with_text).to_bytes());
    let digest = package::admit(&stage.core, SCHOOL, "fb", bytes).await.unwrap().digest;
    let path = format!("/koppelingen/toa/revisie/{digest}");
    let page = fb.get(&path).await.text;
    assert!(page.contains("leeg: volgens het profiel, anders -mbo"), "{page}");
    assert!(page.contains("name=\"leeg-suffix\" value=\"ja\">"), "{page}");
    assert!(!page.contains("leeg-page-size"), "a number is never empty: {page}");

    let both = [("instelling-suffix", "x"), ("leeg-suffix", "ja"), ("reden", "kort")];
    let refused = fb.post(&path, &both).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .text
            .contains("De instelling ‘suffix’ is leeg of een tekst, niet beide")
    );

    let set = async |empty: bool| {
        let config = match empty {
            true => [("suffix".to_owned(), ConfigValue::Text(String::new()))].into(),
            false => Configuration::new(),
        };
        let new = NewRevision {
            digest: digest.clone(),
            profile: None,
            config,
            reason: "kort".to_owned(),
        };
        revision::install(&stage.core, SCHOOL, "fb", "toa", &new).await.unwrap();
        fb.get(&path).await.text
    };
    let checked = "name=\"leeg-suffix\" value=\"ja\" checked>";
    assert!(set(true).await.contains(checked), "what runs stands in the form");
    assert!(!set(false).await.contains(checked));
}
