//! Stories of `/pakketten/bundel`: what a publisher's bundle brings is seen before it is confirmed.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;

use super::stage::{Browser, Page, SCHOOL, Stage};
use crate::connector::bundle::{Bundle, NewKey, News, Revoked};
use crate::connector::fixture::{self, publisher_key, slug, stranger_key};
use crate::connector::signature::SigningKey;

async fn upload(stage: &Stage, fb: &Browser<'_>, seen: &str, bundle: &[u8]) -> Page {
    let word = fb.get("/pakketten/bundel").await.csrf();
    let part = |name: &str, value: &str| {
        format!("--grens\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body = format!(
        "{}{}--grens\r\nContent-Disposition: form-data; name=\"bundel\"; filename=\"a.oke-bundle\"\r\nContent-Type: \
         application/octet-stream\r\n\r\n",
        part("csrf", &word),
        part("gezien", seen)
    )
    .into_bytes();
    body.extend_from_slice(bundle);
    body.extend_from_slice(b"\r\n--grens--\r\n");
    let request = Request::post("/pakketten/bundel")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=grens")
        .header(header::COOKIE, fb.cookie());
    stage.send(request.body(Body::from(body)).unwrap()).await
}

fn next_key() -> SigningKey {
    SigningKey::from_seed([17; 32])
}

/// A new key, the end of the present one, which the connectors that run were signed with, and a package.
fn bundle(sequence: u64) -> Bundle {
    let next = next_key().public();
    let news = News {
        publisher: slug("voorbeeld-examens"),
        sequence,
        keys: vec![NewKey {
            id: next.id(),
            public: next,
        }],
        expire: Vec::new(),
        revoke: vec![Revoked {
            id: publisher_key().public().id(),
            compromised_since: Timestamp::UNIX_EPOCH,
            reason: "laptop gestolen".to_owned(),
        }],
    };
    let package = fixture::signed_unchecked(fixture::contents_with("2.0.0", "1.2.0"), &next_key());
    Bundle::pack(news, vec![package.to_bytes()], &publisher_key()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bundle_brings_and_stops_is_seen_before_it_is_confirmed() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let (first, db) = (bundle(1), &stage.core.db);
    let page = upload(&stage, &fb, "", &first.to_bytes()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for said in [
        "Bundel 1 van voorbeeld-examens",
        "Dit stopt meteen",
        "revisie 2 (voorbeeld-ta 1.3.0)",
        "laptop gestolen",
        "voorbeeld-ta-2.0.0.oke",
        &next_key().public().id().to_string(),
        first.digest(),
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert_eq!(
        db.publisher_keys(SCHOOL).await.unwrap().len(),
        1,
        "nothing is kept by looking"
    );

    let another = upload(&stage, &fb, &"0".repeat(64), &first.to_bytes()).await;
    assert_eq!(another.status, StatusCode::CONFLICT);
    assert!(another.text.contains("Dit is een ander bestand"), "{}", another.text);
    let done = upload(&stage, &fb, first.digest(), &first.to_bytes()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(db.publisher_keys(SCHOOL).await.unwrap().len(), 2);
    let again = upload(&stage, &fb, "", &first.to_bytes()).await;
    assert!(again.text.contains("is hier al binnengehaald"), "{}", again.text);
    let bureau = stage.browser("bureau").await;
    assert_eq!(bureau.get("/pakketten/bundel").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_refused_says_why_in_dutch() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let news = |sequence, publisher: &str| News {
        publisher: slug(publisher),
        sequence,
        keys: Vec::new(),
        expire: Vec::new(),
        revoke: Vec::new(),
    };
    let good = Bundle::pack(news(5, "voorbeeld-examens"), Vec::new(), &publisher_key()).unwrap();
    let done = upload(&stage, &fb, good.digest(), &good.to_bytes()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let whole = good.to_bytes();
    let older = Bundle::pack(news(4, "voorbeeld-examens"), Vec::new(), &publisher_key()).unwrap();
    let stranger = Bundle::pack(news(6, "voorbeeld-examens"), Vec::new(), &stranger_key()).unwrap();
    let other = Bundle::pack(news(6, "iemand-anders"), Vec::new(), &publisher_key()).unwrap();
    for (bytes, said) in [
        (whole[..whole.len() / 3].to_vec(), "Haal het bestand opnieuw op"),
        (b"geen bundel".to_vec(), "geen bundel van een uitgever"),
        (older.to_bytes(), "is ouder dan bundel 5"),
        (stranger.to_bytes(), "wordt hier niet vertrouwd"),
        (other.to_bytes(), "maar de sleutel is van ‘voorbeeld-examens’"),
    ] {
        let refused = upload(&stage, &fb, "", &bytes).await;
        assert!(refused.status.is_client_error(), "{said}: {}", refused.status);
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
    }
}
