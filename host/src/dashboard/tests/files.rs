//! Stories of `/bestanden`: a vendor that works with files, its list of sittings, and what a person brings.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use jiff::SignedDuration;

use super::stage::{Browser, HOSTILE, Page, SCHOOL, Stage};
use crate::app::files::preview::{Line, Said};
use crate::app::files::{self, Carrier, erase};
use crate::app::planning::Planner;
use crate::app::planning::sitting::{self, NewSitting, Plan};
use crate::app::revision::{self, NewRevision};
use crate::app::{account, package};
use crate::connector::contract::Interface;
use crate::connector::fixture;
use crate::connector::manifest::{ConfigValue, Configuration};
use crate::connector::package::Contents;
use crate::domain::model::ResultValueType;
use crate::domain::offering::Times;
use crate::domain::principal::Account;
use crate::store::carried_file::{self, Counts, FileRow, FileState};
use crate::store::component::ComponentRow;
use crate::store::peer::{self, PeerRow};
use crate::store::testing::component;
use crate::store::{WriteSet, document};

const MANIFEST: &str = r#"[connector]
name = "voorbeeld-kist"
version = "1.0.0"
publisher = "voorbeeld-examens"
title = "Voorbeeld met bestanden"
contract = "0.1"
interfaces = ["files"]

[conformance]
speaks = "own"

[config.fixed-hours]
type = "integer"
description = "Hoeveel uur voor aanvang een zitting vaststaat"
minimum = 0
maximum = 720
default = 24
"#;

/// The files of the stage, by id.
pub struct Carried {
    /// A sitting list.
    pub list: String,
    /// What came back, and was not stored yet.
    pub brought: String,
    /// What came back and is stored, but for a line.
    pub stored: String,
}

async fn bureau(stage: &Stage) -> Account {
    let who = account::by_token(&stage.core, stage.token("bureau")).await;
    who.unwrap().unwrap().account
}

/// A vendor that works with files, with a sitting and some files.
pub async fn carry(stage: &Stage) -> Carried {
    let core = &stage.core;
    let mut set = WriteSet::of(SCHOOL);
    set.put(PeerRow::new(SCHOOL, "kist", "ta", "Toetskist").next());
    let row = ComponentRow {
        tenant: SCHOOL.to_owned(),
        peer: "kist".to_owned(),
        facts: component("lezen", "Lezen", ResultValueType::DecimalToTen),
        updated_at: core.now(),
        version: 0,
    };
    set.put(row.next());
    core.commit(set).await.unwrap();
    let contents = Contents {
        manifest: MANIFEST.into(),
        component: Bytes::from(fixture::component(&[Interface::Files])),
        profiles: Default::default(),
        ..fixture::contents()
    };
    let bytes = Bytes::from(fixture::signed(contents).to_bytes());
    let admitted = package::admit(core, SCHOOL, "fb", bytes).await.unwrap();
    let new = NewRevision {
        digest: admitted.digest,
        profile: None,
        config: Default::default(),
        reason: "leverancier zonder koppelvlak".to_owned(),
    };
    revision::install(core, SCHOOL, "fb", "kist", &new).await.unwrap();
    let account = bureau(stage).await;
    plan(stage, &account).await;
    let bring = async |name: &str, text: &str| {
        let carrier = Carrier {
            tenant: SCHOOL,
            account: &account,
        };
        files::bring(core, carrier, "kist", (name, text.as_bytes()))
            .await
            .unwrap()
    };
    let carried = Carried {
        list: bring("zittingslijst.csv", "zitting;toets\na;b\n").await,
        brought: bring(HOSTILE, "kenmerk;reden\na;b\n").await,
        stored: bring("uitval.csv", "kenmerk;reden\nc;d\n").await,
    };
    become_a_list(stage, &carried.list).await;
    become_stored(stage, &carried.stored).await;
    carried
}

async fn plan(stage: &Stage, account: &Account) {
    let by = Planner {
        tenant: SCHOOL,
        account,
    };
    let start = stage.core.now() + SignedDuration::from_hours(30 * 24);
    let new = NewSitting {
        plannable: None,
        peer: "kist".to_owned(),
        component: "lezen".to_owned(),
        unit: Some("techniek".to_owned()),
        plan: Plan {
            name: Some("Lezen".to_owned()),
            code: None,
            times: Times {
                start,
                end: start + SignedDuration::from_hours(1),
                last_possible_start: None,
                duration_s: None,
                start_options: None,
                duration_from: None,
                duration_until: None,
            },
            location_codes: Vec::new(),
            modes_of_delivery: Vec::new(),
            safety: Vec::new(),
            fao_system_id: None,
        },
    };
    sitting::plan(&stage.core, by, &new).await.unwrap();
}

async fn become_a_list(stage: &Stage, id: &str) {
    let row = carried_file::find(&stage.core.db, SCHOOL, id).await.unwrap().unwrap();
    let list = FileRow {
        state: FileState::Taken,
        media_type: "text/csv; charset=utf-8".to_owned(),
        ..row
    };
    let mut set = WriteSet::of(SCHOOL);
    set.put(list.next());
    stage.core.commit(set).await.unwrap();
}

async fn become_stored(stage: &Stage, id: &str) {
    let core = &stage.core;
    let row = carried_file::find(&core.db, SCHOOL, id).await.unwrap().unwrap();
    let line = Line {
        number: 2,
        cells: vec![HOSTILE.to_owned(), "d".to_owned()],
        said: Said::Refused {
            code: "unknown".to_owned(),
            message: "Het kenmerk is van geen deelname.".to_owned(),
        },
    };
    let lines = serde_json::to_vec(&[line]).unwrap();
    let stored = FileRow {
        state: FileState::Stored,
        lines: Some("lines".to_owned()),
        counts: Counts {
            refused: 1,
            ..Counts::default()
        },
        stored: Some(("bureau".to_owned(), core.now())),
        ..row
    };
    let mut set = WriteSet::of(SCHOOL);
    set.put(document::chunk_row(&core.sealer, SCHOOL, "lines", 0, &lines).unwrap());
    set.put(stored.next());
    core.commit(set).await.unwrap();
}

/// Sends a file as a browser does.
async fn upload(stage: &Stage, who: &Browser<'_>, word: &str, content: &[u8]) -> Page {
    let mut body = format!(
        "--grens\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{word}\r\n--grens\r\nContent-Disposition: \
         form-data; name=\"bestand\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--grens--\r\n");
    let request = Request::post("/koppelingen/kist/bestanden")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=grens")
        .header(header::COOKIE, who.cookie());
    stage.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bureau_sees_which_sittings_go_along_and_what_was_carried() {
    let stage = Stage::set().await;
    let carried = carry(&stage).await;
    let bureau = stage.browser("bureau").await;
    let only = bureau.get("/bestanden").await;
    assert_eq!(only.location, "/koppelingen/kist/bestanden", "one vendor is no choice");
    let page = bureau.get(&only.location).await;
    for said in [
        "Lezen",
        "nog niet meegenomen",
        "vanaf 24 uur voor aanvang",
        "zittingslijst.csv",
        "1 geweigerd",
        "365 dagen bewaard, en 30 dagen als er niets van is opgeslagen",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains(HOSTILE), "a name is escaped");

    let file = bureau
        .get(&format!("/koppelingen/kist/bestanden/{}", carried.stored))
        .await;
    assert!(file.text.contains("Het kenmerk is van geen deelname."), "{}", file.text);
    assert!(!file.text.contains(HOSTILE), "a cell is escaped");
    let csv = bureau
        .get(&format!("/koppelingen/kist/bestanden/{}/geweigerd.csv", carried.stored))
        .await;
    assert!(
        csv.text.starts_with("regel;reden van weigering;kenmerk;reden\r\n2;"),
        "{}",
        csv.text
    );
    let list = bureau
        .get(&format!(
            "/koppelingen/kist/bestanden/{}/zittingslijst.csv",
            carried.list
        ))
        .await;
    assert_eq!(list.text, "zitting;toets\na;b\n");
    assert_eq!(
        bureau.get("/koppelingen/toa/bestanden").await.status,
        StatusCode::NOT_FOUND
    );
}

/// After its term the page says that it was there, and nothing of what was in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_term_is_over_is_named_without_its_name_or_content() {
    let stage = Stage::set().await;
    let carried = carry(&stage).await;
    stage.clock.advance(SignedDuration::from_hours(31 * 24));
    assert_eq!(erase::sweep(&stage.core).await.unwrap(), 3);
    let bureau = stage.browser("bureau").await;
    let page = bureau.get("/koppelingen/kist/bestanden").await;
    assert!(
        page.text.contains("naam gewist") && page.text.contains("gewist op"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("uitval.csv") && page.text.contains("1 geweigerd"));
    for id in [&carried.brought, &carried.stored] {
        let file = bureau.get(&format!("/koppelingen/kist/bestanden/{id}")).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.text.contains("Inhoud en naam gewist"), "{}", file.text);
        assert!(!file.text.contains("Regel voor regel") && !file.text.contains("geweigerd.csv"));
    }
    let list = format!("/koppelingen/kist/bestanden/{}/zittingslijst.csv", carried.list);
    let gone = bureau.get(&list).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text.contains("aan het eind van de bewaartermijn"), "{}", gone.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_brought_with_the_browser_or_refused_with_the_reason() {
    let stage = Stage::set().await;
    carry(&stage).await;
    let bureau = stage.browser("bureau").await;
    let word = bureau.get("/koppelingen/kist/bestanden").await.csrf();
    let forged = upload(&stage, &bureau, "csrf_guess", b"kenmerk;reden\nx;y\n").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let doubled = upload(&stage, &bureau, &word, b"kenmerk;kenmerk\nx;y\n").await;
    assert_eq!(doubled.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        doubled.text.contains("De kolom ‘kenmerk’ komt twee keer voor."),
        "{}",
        doubled.text
    );
    let taken = upload(&stage, &bureau, &word, b"kenmerk;reden\nx;y\n").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);

    let none = bureau.post("/koppelingen/kist/bestanden/lijst", &[]).await;
    assert!(none.text.contains("Kies minstens één zitting"), "{}", none.text);
    let fb = stage.browser("fb").await;
    assert_eq!(
        fb.get("/koppelingen/kist/bestanden").await.status,
        StatusCode::FORBIDDEN
    );
}

/// Its files are the whole vendor's: a rollout by unit, share or sitting would be ignored, so that none is begun.
#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_the_school_gets_a_revision_of_its_own_at_a_vendor_that_works_with_files() {
    let stage = Stage::set().await;
    carry(&stage).await;
    let core = &stage.core;
    let first = core.db.revision(SCHOOL, "kist", 1).await.unwrap().unwrap();
    let new = NewRevision {
        digest: first.digest,
        profile: None,
        config: Configuration::from([("fixed-hours".to_owned(), ConfigValue::Number(48))]),
        reason: "eerder vast".to_owned(),
    };
    let second = revision::make(core, SCHOOL, "fb", "kist", &new).await.unwrap();
    let fb = stage.browser("fb").await;
    let (rollout, number) = ("/koppelingen/kist/uitrol", second.to_string());
    let begin = [("revisie", number.as_str()), ("go-door", "plannen"), ("reden", "proef")];

    let fast = [&begin[..], &[("route", "spoed")]].concat();
    let refused = fb.post(rollout, &fast).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("werkt met bestanden"), "{}", refused.text);
    assert_eq!(fb.post(rollout, &begin).await.status, StatusCode::SEE_OTHER);

    let page = fb.get(rollout).await;
    assert!(page.text.contains("geen eigen revisie hebben"), "{}", page.text);
    assert!(!page.text.contains("Onderdelen inschakelen") && page.text.contains("Voor iedereen"));
    let steps = format!("{rollout}/stap");
    let units = [
        ("stap", "onderdelen"),
        ("onderdeel", "techniek"),
        ("stroom", "2"),
        ("reden", "proef"),
    ];
    let share = [("stap", "deel"), ("percentage", "10"), ("reden", "proef")];
    for step in [&units[..], &share[..]] {
        let refused = fb.post(&steps, step).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert!(refused.text.contains("Kies de stap ‘iedereen’"), "{}", refused.text);
    }
    let body = r#"{ "step": "share", "percent": 10, "reason": "proef" }"#;
    let request = Request::post("/api/v1/peers/kist/rollout/steps")
        .header(header::AUTHORIZATION, format!("Bearer {}", stage.token("fb")))
        .header(header::CONTENT_TYPE, "application/json");
    let by_api = stage.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(by_api.status, StatusCode::CONFLICT);
    assert!(by_api.text.contains("\"reason\":\"by-files\""), "{}", by_api.text);

    let everybody = fb.post(&steps, &[("stap", "iedereen"), ("reden", "proef")]).await;
    assert_eq!(everybody.status, StatusCode::SEE_OTHER, "{}", everybody.text);
    let row = peer::find(&core.db, SCHOOL, "kist").await.unwrap().unwrap();
    assert_eq!(row.revision, Some(second));
}
