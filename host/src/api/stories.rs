//! Stories at the door of the management API: what is served, who sees what, and how long lists are read.

mod adoptions;
mod comparison;
mod drains;
mod lists;
mod registrations;
mod school;
mod tasks;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use jiff::SignedDuration;
use oke_codec::{Dialect, ResultFlow, read_result_message};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::draft::Sender;
use crate::app::{Core, account, result};
use crate::config::Settings;
use crate::domain::clock::MovableClock;
use crate::domain::model::ResultValueType;
use crate::server::Host;
use crate::store::WriteSet;
use crate::store::component::ComponentRow;
use crate::store::task::NewTask;
use crate::store::testing::{Bench, component, on_each_database};

const SCHOOL: &str = "roc";
const VENDOR: &str = "toa";

/// A host with one school, its functioneel beheer, and a vendor with one component.
struct Door {
    router: Router,
    core: Core,
    clock: MovableClock,
    fb: String,
    _data: tempfile::TempDir,
}

/// What came back.
struct Answer {
    status: StatusCode,
    link: Option<String>,
    body: Value,
}

impl Answer {
    fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    /// The word and the sentence of a refusal.
    fn refused(&self, status: u16) -> (&str, &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["status"], json!(status.to_string()));
        (
            self.body["reason"].as_str().unwrap(),
            self.body["detail"].as_str().unwrap(),
        )
    }

    fn ids(self) -> Vec<String> {
        let body = self.ok();
        let items = body.as_array().expect("a list");
        items.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }
}

impl Door {
    async fn open(bench: Bench) -> Door {
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.data = data.path().to_owned();
        settings.connector_slots = 1;
        let core = bench.core;
        let host = Host::assemble(core.clone(), &settings, data.path().join("no-compiler"), None).unwrap();
        let fb = account::init(&core, SCHOOL, "ROC", "fb", "Sanne Vos").await.unwrap();
        let door = Door {
            router: host.router(),
            fb: fb.reveal().to_owned(),
            core,
            clock: bench.clock,
            _data: data,
        };
        let vendor = json!({ "id": VENDOR, "hat": "ta", "name": "TOA" });
        door.call(&door.fb, Method::POST, "/peers", &vendor).await.ok();
        let mut set = WriteSet::of(SCHOOL);
        let row = ComponentRow {
            tenant: SCHOOL.to_owned(),
            peer: VENDOR.to_owned(),
            facts: component("rekenen", "Rekenen 3F", ResultValueType::DecimalToTen),
            updated_at: door.core.now(),
            version: 0,
        };
        set.put(row.next());
        door.core.commit(set).await.unwrap();
        door
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::GET, path, &Value::Null).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let link = response.headers().get(header::LINK);
        let link = link.map(|it| it.to_str().unwrap().to_owned());
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        Answer {
            status,
            link,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// An account that holds a function for a unit. Returns its token.
    async fn hire(&self, id: &str, duty: &str, unit: &str) -> String {
        let new = json!({ "id": id, "name": id });
        let made = self.call(&self.fb, Method::POST, "/accounts", &new).await.ok();
        let grant = json!({ "duty": duty, "unit": unit });
        let path = format!("/accounts/{id}/assignments");
        self.call(&self.fb, Method::POST, &path, &grant).await.ok();
        made["token"].as_str().unwrap().to_owned()
    }

    async fn put_unit(&self, id: &str, parent: Option<&str>) {
        let unit = json!({ "name": id, "parent": parent });
        let path = format!("/units/{id}");
        assert!(self.call(&self.fb, Method::PUT, &path, &unit).await.status.is_success());
    }

    /// A sitting tomorrow of a test group. Returns its id.
    async fn plan(&self, token: &str, unit: Option<&str>) -> String {
        let start = self.core.now() + SignedDuration::from_hours(24);
        let sitting = json!({ "peer": VENDOR, "component": "rekenen", "unit": unit, "plan": {
            "start": start.to_string(), "end": (start + SignedDuration::from_mins(90)).to_string(),
        } });
        let made = self.call(token, Method::POST, "/sittings", &sitting).await.ok();
        made["id"].as_str().unwrap().to_owned()
    }

    /// A deelname at a sitting, with a result. Returns its id.
    async fn deelname_with_result(&self, token: &str, sitting: &str) -> String {
        let person = json!({ "displayName": "Jip Jansen", "affiliation": "guest" });
        let person = self.call(token, Method::POST, "/persons", &person).await.ok();
        let add = json!([{ "person": person["id"], "role": "student" }]);
        let path = format!("/sittings/{sitting}/deelnames");
        let added = self.call(token, Method::POST, &path, &add).await.ok();
        let id = added[0]["id"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned();
        let body = json!({ "associationType": "componentOfferingAssociation", "result": {
            "state": "completed", "score": "7.5", "resultDate": "2026-09-02", "weight": 100,
            "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present" }] } });
        let told = read_result_message(&body, ResultFlow::Three, &Dialect::v1_0_1()).unwrap();
        let vendor = Sender {
            tenant: SCHOOL.to_owned(),
            peer: VENDOR.to_owned(),
            client: "client".to_owned(),
            dialect: oke_codec::Dialect::default(),
        };
        result::accept_message(&self.core, &vendor, &id, &told, body.to_string().as_bytes())
            .await
            .unwrap();
        id
    }

    async fn open_task(&self, unit: Option<&str>) -> String {
        let id = self.core.id();
        let about = NewTask {
            kind: "a-story".to_owned(),
            owner: "plannen".to_owned(),
            unit: unit.map(str::to_owned),
            peer: None,
            subject_kind: "offering".to_owned(),
            subject_id: "o".to_owned(),
            title: "Verhaal".to_owned(),
            next_step: "Kijk ernaar.".to_owned(),
        };
        let mut set = WriteSet::of(SCHOOL);
        set.put(about.write(SCHOOL, &id, self.core.now()));
        self.core.commit(set).await.unwrap();
        id
    }

    /// All pages of a list.
    async fn walk(&self, token: &str, path: &str) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut next = Some(format!("/api/v1{path}"));
        while let Some(address) = next {
            let answer = self.get(token, address.strip_prefix("/api/v1").unwrap()).await;
            let link = answer.link.clone();
            next = link.map(|link| {
                let address = link.strip_prefix('<').and_then(|it| it.strip_suffix(">; rel=\"next\""));
                address
                    .unwrap_or_else(|| panic!("no link to a next page: {link}"))
                    .to_owned()
            });
            pages.push(answer.ids());
            assert!(pages.len() < 50, "the pages do not end");
        }
        pages
    }
}

/// What the document promises is there, takes a token, and nothing beside it is there.
#[tokio::test]
async fn the_door_serves_what_the_document_promises_and_no_other_method() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let request = Request::get("/api/v1/openapi.json").body(Body::empty()).unwrap();
        let document = door.send(request).await.ok();
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.len() > 30, "{}", paths.len());
        for (path, operations) in paths {
            let part = |part: &'_ str| {
                if part.starts_with('{') {
                    "x".to_owned()
                } else {
                    part.to_owned()
                }
            };
            let real = path.split('/').map(part).collect::<Vec<_>>().join("/");
            for method in ["get", "post", "put", "patch", "delete"] {
                let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let request = Request::builder().method(name).uri(&real).body(Body::empty()).unwrap();
                let answer = door.send(request).await;
                let expected = match operations.get(method) {
                    None => StatusCode::METHOD_NOT_ALLOWED,
                    Some(_) if path == "/api/v1/openapi.json" => StatusCode::OK,
                    Some(_) => StatusCode::UNAUTHORIZED,
                };
                assert_eq!(answer.status, expected, "{method} {path} as {real}");
            }
        }
    })
    .await;
}

/// R24: an account sees the sittings, results and tasks that its functions reach; what lies elsewhere is not there.
#[tokio::test]
async fn an_account_of_one_unit_sees_that_unit_and_what_lies_in_it() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        door.put_unit("zorg", None).await;
        door.put_unit("zorg-team", Some("zorg")).await;
        door.put_unit("techniek", None).await;
        let everywhere = door.hire("bureau", "plannen", "*").await;
        let zorg = door.hire("bureau-zorg", "plannen", "zorg").await;
        let nobody = json!({ "id": "nobody", "name": "Nobody" });
        let nobody = door.call(&door.fb, Method::POST, "/accounts", &nobody).await.ok();

        let own = door.plan(&zorg, Some("zorg")).await;
        let of_team = door.plan(&everywhere, Some("zorg-team")).await;
        let elsewhere = door.plan(&everywhere, Some("techniek")).await;
        let of_school = door.plan(&everywhere, None).await;
        let sorted = |mut ids: Vec<String>| {
            ids.sort();
            ids
        };
        let seen = sorted(door.get(&zorg, "/sittings").await.ids());
        assert_eq!(seen, sorted(vec![own.clone(), of_team.clone()]));
        assert_eq!(door.get(&everywhere, "/sittings").await.ids().len(), 4);
        door.get(nobody["token"].as_str().unwrap(), "/sittings")
            .await
            .refused(403);
        door.get(&zorg, &format!("/sittings/{of_team}")).await.ok();
        for hidden in [&elsewhere, &of_school] {
            let answer = door.get(&zorg, &format!("/sittings/{hidden}")).await;
            assert_eq!(answer.refused(404).0, "unknown");
            door.get(&everywhere, &format!("/sittings/{hidden}")).await.ok();
        }

        let results = |deelname: &str| format!("/deelnames/{deelname}/results");
        let mine = door.deelname_with_result(&everywhere, &of_team).await;
        let theirs = door.deelname_with_result(&everywhere, &elsewhere).await;
        assert_eq!(door.get(&zorg, &results(&mine)).await.ok()[0]["score"], json!("7.5"));
        door.get(&zorg, &results(&theirs)).await.refused(404);
        door.get(&everywhere, &results(&theirs)).await.ok();

        let (of_mine, of_theirs) = (
            door.open_task(Some("zorg-team")).await,
            door.open_task(Some("techniek")).await,
        );
        let of_none = door.open_task(None).await;
        let seen = door.get(&zorg, "/tasks").await.ids();
        assert!(seen.contains(&of_mine) && seen.contains(&of_none), "{seen:?}");
        assert!(!seen.contains(&of_theirs), "{seen:?}");
        assert!(door.get(&everywhere, "/tasks").await.ids().contains(&of_theirs));
    })
    .await;
}

/// A list that grows is read in pages: each row once and in order, though rows come while it is read.
#[tokio::test]
async fn a_long_list_is_read_in_pages_that_neither_repeat_nor_miss() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let bureau = door.hire("bureau", "plannen", "*").await;
        let mut planned = Vec::new();
        for _ in 0..5 {
            // All at the same moment: the id decides.
            planned.push(door.plan(&bureau, None).await);
        }
        planned.sort();
        let pages = door.walk(&bureau, "/sittings?pageSize=2").await;
        let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
        assert_eq!((sizes, pages.concat()), (vec![2, 2, 1], planned.clone()));
        assert_eq!(door.walk(&bureau, "/sittings").await, [planned]);

        let mut opened = Vec::new();
        for _ in 0..4 {
            opened.push(door.open_task(None).await);
        }
        opened.sort();
        assert_eq!(door.walk(&bureau, "/tasks?pageSize=2").await.concat(), opened);
        let first = door.get(&bureau, "/tasks?pageSize=1").await;
        door.clock.advance(SignedDuration::from_secs(1));
        let later = door.open_task(None).await;
        let rest = first
            .link
            .unwrap()
            .replace("</api/v1", "")
            .replace(">; rel=\"next\"", "");
        assert!(
            door.walk(&bureau, &rest.replace("pageSize=1", "pageSize=1000"))
                .await
                .concat()
                .contains(&later)
        );

        let jobs = format!("/jobs?peer={VENDOR}&state=ready&pageSize=2");
        let jobs = door.walk(&bureau, &jobs).await;
        assert!(jobs.len() > 1 && jobs.iter().all(|page| page.len() <= 2), "{jobs:?}");
    })
    .await;
}

/// Bad input of the reader: what is no page is refused with a word and a sentence, not ignored.
#[tokio::test]
async fn what_is_no_page_is_refused() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        for (query, reason) in [
            ("pageSize=0", "page-size"),
            ("pageSize=1001", "page-size"),
            ("pageSize=many", "query"),
            ("pagesize=3", "query"),
            ("after=Nw", "after"),
            ("after=%25", "after"),
        ] {
            let answer = door.get(&door.fb, &format!("/sittings?{query}")).await;
            assert_eq!(answer.refused(400).0, reason, "{query}");
        }
        let answer = door.get(&door.fb, "/jobs?peer=toa&state=lost").await;
        assert_eq!(answer.refused(400).0, "state");
        door.get(&door.fb, "/jobs?peer=toa").await.refused(400);
    })
    .await;
}

/// The contact address is the school's own word: there is none until it is set, and only a mail address is one.
#[tokio::test]
async fn functioneel_beheer_sets_whom_other_systems_write_to() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let service = || async {
            let request = Request::get("/oke/roc/tpl/").body(Body::empty()).unwrap();
            door.send(request).await.ok()
        };
        assert_eq!(service().await.get("contactEmail"), None, "nothing is made up");
        let put = |token: String, address: Value| {
            let body = json!({ "contactEmail": address });
            let door = &door;
            async move { door.call(&token, Method::PUT, "/school/contact-email", &body).await }
        };
        let bureau = door.hire("bureau", "plannen", "*").await;
        put(bureau, json!("oke@roc.nl")).await.refused(403);
        let wrong = put(door.fb.clone(), json!("roc.nl")).await;
        assert!(wrong.refused(400).1.contains("no mail address"));
        assert_eq!(
            put(door.fb.clone(), json!("oke@roc.nl")).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(service().await["contactEmail"], json!("oke@roc.nl"));
        let policy = json!({ "sendResults": "attendance" });
        door.call(&door.fb, Method::PUT, "/policy", &policy).await;
        let school = door.get(&door.fb, "/school").await.ok();
        assert_eq!(
            school,
            json!({ "id": "roc", "name": "ROC", "contactEmail": "oke@roc.nl" })
        );
        put(door.fb.clone(), Value::Null).await;
        assert_eq!(service().await.get("contactEmail"), None);
    })
    .await;
}
