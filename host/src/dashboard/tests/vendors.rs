//! Stories of a vendor's pages: disabled with what that waits for, and what is taken in from there.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::stage::{Browser, Page, SCHOOL, Stage};
use crate::domain::drain::DrainState;
use crate::store::drain;

const PLACE: &str = "/koppelingen/toa/afbouw";

/// Who manages disables a vendor; everybody sees that, and what it waits for, and only who manages ends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_is_disabled_from_its_page_which_shows_what_that_waits_for() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    assert!(fb.get(PLACE).await.text.contains("Iedereen is ingeschakeld"));
    let nobody = fb
        .post(PLACE, &[("wat", "beginnen"), ("reden", "contract loopt af")])
        .await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nobody.text);
    let whole = [("wat", "beginnen"), ("onderdeel", "*"), ("reden", "contract loopt af")];
    assert_eq!(fb.post(PLACE, &whole).await.status, StatusCode::SEE_OTHER);
    let shown = fb.get(PLACE).await;
    for said in [
        "wordt afgebouwd",
        "contract loopt af",
        &stage.sitting,
        "nog niet bevestigd",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    assert!(fb.get("/koppelingen/toa").await.text.contains("(deels) uitgeschakeld"));

    let bureau = stage.browser("bureau").await;
    let end = [
        ("wat", "beeindigen"),
        ("onderdeel", "*"),
        ("reden", "leverancier is gestopt"),
    ];
    assert_eq!(bureau.post(PLACE, &end).await.status, StatusCode::FORBIDDEN);
    assert_eq!(fb.post(PLACE, &end).await.status, StatusCode::SEE_OTHER);
    let rows = drain::of_peer(&stage.core.db, SCHOOL, "toa").await.unwrap();
    assert_eq!(rows[0].state, DrainState::Ended);
    assert!(
        bureau
            .get("/uitzonderingen")
            .await
            .text
            .contains("uitgeschakeld voordat alles binnen was")
    );
    let enable = [("wat", "inschakelen"), ("onderdeel", "*"), ("reden", "toch verlengd")];
    assert_eq!(fb.post(PLACE, &enable).await.status, StatusCode::SEE_OTHER);
    assert!(fb.get(PLACE).await.text.contains("Iedereen is ingeschakeld"));
}

async fn bring(stage: &Stage, browser: &Browser<'_>, list: &str) -> Page {
    let place = "/koppelingen/toa/overnemen";
    let csrf = browser.get(place).await.csrf();
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x\r\nContent-Disposition: form-data; \
         name=\"bestand\"; filename=\"lijst.csv\"\r\nContent-Type: text/csv\r\n\r\n{list}\r\n--x--\r\n"
    );
    let request = Request::post(place)
        .header(header::COOKIE, browser.cookie())
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(body));
    stage.send(request.unwrap()).await
}

/// A list says itself what is wrong with it, before any vendor is asked; who neither plans nor manages takes nothing in.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_to_take_in_is_refused_with_the_reason() {
    let stage = Stage::set().await;
    let bureau = stage.browser("bureau").await;
    let other = bring(&stage, &bureau, "zitting;klas\nz-1;4b\n").await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.text);
    assert!(
        other.text.contains("De kolom ‘klas’ hoort niet in deze lijst"),
        "{}",
        other.text
    );
    let day = bring(&stage, &bureau, "zitting;begin\nz-1;morgen\n").await;
    assert_eq!(day.status, StatusCode::OK, "{}", day.text);
    assert!(day.text.contains("‘morgen’ is geen dag met tijd"), "{}", day.text);
    assert!(
        !day.text.contains("<button>Overnemen</button>"),
        "there is nothing to store"
    );
    let ec = stage.browser("ec").await;
    assert_eq!(ec.get("/koppelingen/toa/overnemen").await.status, StatusCode::FORBIDDEN);
}
