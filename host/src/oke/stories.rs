//! Stories at the door of the TPL face: tokens, scopes, every bad input, and what is answered and kept.

mod bad_input;
mod dr_operations;
mod draft_1_1;
mod ta_operations;
mod tpl_operations;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::{Core, client};
use crate::config::Settings;
use crate::server::Host;
use crate::store::peer::PeerRow;
use crate::store::tenant::TenantRow;
use crate::store::testing::{Bench, on_each_database};
use crate::store::{WriteSet, message, task};

const FLOW_1_5: &str = "nl-test-admin-flow-1-5";
const FLOW_2_3_4: &str = "nl-test-admin-flow-2-3-4";

/// A host with two schools, each with a student system and a vendor.
struct Face {
    router: Router,
    core: Core,
    bench: Bench,
    _data: tempfile::TempDir,
}

/// What came back.
struct Answer {
    status: StatusCode,
    media_type: String,
    body: Value,
}

impl Answer {
    /// The sentence of a refusal, in the standard's shape (R21): status as text, title, detail.
    #[track_caller]
    fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.media_type, "application/problem+json");
        assert_eq!(self.body["status"], json!(status.to_string()), "a string");
        assert!(self.body["title"].is_string());
        self.body["detail"].as_str().unwrap()
    }
}

impl Face {
    async fn open(bench: Bench) -> Face {
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.data = data.path().to_owned();
        settings.connector_slots = 1;
        let compiler = data.path().join("no-compiler");
        let host = Host::assemble(bench.core.clone(), &settings, compiler, None).unwrap();
        let core = bench.core.clone();
        for tenant in ["roc", "mbo"] {
            let mut set = WriteSet::of(tenant);
            let row = TenantRow {
                tenant: tenant.to_owned(),
                name: tenant.to_owned(),
                settings: "{}".to_owned(),
                created_at: core.now(),
                version: 1,
            };
            set.put(row.write());
            set.put(PeerRow::new(tenant, "sis", "dr", "SIS").next());
            set.put(PeerRow::new(tenant, "toa", "ta", "TOA").next());
            core.commit(set).await.unwrap();
        }
        Face {
            router: host.router(),
            core,
            bench,
            _data: data,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let media_type = response.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer {
            status,
            media_type,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    async fn ask_token(&self, form: &str) -> Answer {
        let request = Request::post("/oauth2/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }

    async fn client(&self, tenant: &str, peer: &str, scopes: &[&str]) -> (String, String) {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let made = client::create(&self.core, tenant, "fb", peer, &scopes).await.unwrap();
        (made.client_id, made.secret.reveal().to_owned())
    }

    async fn token(&self, tenant: &str, peer: &str, scopes: &[&str]) -> String {
        let (id, secret) = self.client(tenant, peer, scopes).await;
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let answer = self.ask_token(&form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: &Value) -> Answer {
        self.raw(token, method, path, "application/json", body.to_string().into_bytes())
            .await
    }

    async fn raw(&self, token: &str, method: Method, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    async fn rows(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS count FROM {table}");
        self.core
            .db
            .row(sql, vec![])
            .await
            .unwrap()
            .unwrap()
            .int("count")
            .unwrap()
    }
}

fn person(id: &str) -> Value {
    json!({
        "personId": id,
        "primaryCode": { "codeType": "studentNumber", "code": "17" },
        "displayName": "Jip Jansen",
        "mail": "jip@example.org",
        "activeEnrollment": true,
        "affiliations": ["student"]
    })
}

fn enrolment(id: &str) -> Value {
    json!({
        "associationId": id,
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "person": "p-1",
        "offering": "plannable"
    })
}

fn score() -> Value {
    json!({
        "associationType": "componentOfferingAssociation",
        "state": "canceled",
        "result": {
            "state": "completed",
            "score": "7.5",
            "resultDate": "2026-09-02",
            "weight": 100,
            "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present" }]
        }
    })
}

/// R1, R14: flow 1 in any order; 201 for what is new, 200 for what is known.
#[tokio::test]
async fn a_student_system_brings_its_objects() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let path = "/oke/roc/tpl/associations/e-1";
        assert_eq!(
            face.call(&token, Method::PUT, path, &enrolment("e-1")).await.status,
            StatusCode::CREATED
        );
        assert_eq!(
            face.call(&token, Method::PUT, path, &enrolment("e-1")).await.status,
            StatusCode::OK
        );
        let person = face
            .call(&token, Method::PUT, "/oke/roc/tpl/persons/p-1", &person("p-1"))
            .await;
        assert_eq!(person.status, StatusCode::CREATED);
        let mut without_id = enrolment("e-2");
        without_id.as_object_mut().unwrap().remove("associationId");
        let tolerated = face
            .call(&token, Method::PUT, "/oke/roc/tpl/associations/e-2", &without_id)
            .await;
        assert_eq!(tolerated.status, StatusCode::CREATED, "a missing id is the path's");

        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        let patched = face
            .raw(
                &token,
                Method::PATCH,
                path,
                "application/merge-patch+json",
                canceled.to_string().into_bytes(),
            )
            .await;
        assert_eq!(patched.status, StatusCode::OK);
        assert_eq!(patched.body["associationId"], json!("e-1"));
        assert_eq!(patched.body["state"], json!("canceled"));
        assert_eq!(patched.body["message"][0]["language"], json!("nl-NL"), "R17");
    })
    .await;
}

/// R2, R21: unknown ids and operations.
#[tokio::test]
async fn what_is_not_there_is_404_or_405() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let patch = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        let unknown = face
            .call(&token, Method::PATCH, "/oke/roc/tpl/associations/e-1", &patch)
            .await;
        assert!(unknown.problem(404).contains("e-1"));
        let wrong = face
            .call(&token, Method::DELETE, "/oke/roc/tpl/associations/e-1", &patch)
            .await;
        assert!(wrong.problem(405).contains("DELETE"));
        let nowhere = face.call(&token, Method::GET, "/oke/roc/tpl/courses/1", &patch).await;
        nowhere.problem(404);
        let document = face
            .call(&token, Method::GET, "/oke/roc/tpl/documents/d-1", &patch)
            .await;
        document.problem(404);
        assert_eq!(face.rows("message").await, 0);
    })
    .await;
}

/// Tokens: none, wrong, expired, of another scope, of another school.
#[tokio::test]
async fn only_a_good_token_of_this_school_with_the_scope_opens_the_door() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let path = "/oke/roc/tpl/persons/p-1";
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let none = Request::put(path).body(Body::empty()).unwrap();
        assert!(face.send(none).await.problem(401).contains("/oauth2/token"));
        face.call("okt_nobody", Method::PUT, path, &person("p-1"))
            .await
            .problem(401);
        let other_scope = face.token("roc", "sis", &["nl-test-admin-flow-0"]).await;
        let refused = face.call(&other_scope, Method::PUT, path, &person("p-1")).await;
        assert!(refused.problem(403).contains(FLOW_1_5));
        let vendor = face.token("roc", "toa", &[FLOW_1_5]).await;
        face.call(&vendor, Method::PUT, path, &person("p-1")).await.problem(403);
        let other_school = face.token("mbo", "sis", &[FLOW_1_5]).await;
        face.call(&other_school, Method::PUT, path, &person("p-1"))
            .await
            .problem(404);
        face.call(&token, Method::PUT, "/oke/nergens/tpl/persons/p-1", &person("p-1"))
            .await
            .problem(404);
        assert_eq!(face.rows("person").await, 0);

        face.bench.clock.advance(SignedDuration::from_hours(1));
        let expired = face.call(&token, Method::PUT, path, &person("p-1")).await;
        assert!(expired.problem(401).contains("expired"));
    })
    .await;
}

/// RFC 6749: what the token endpoint refuses, in OAuth's own shape; scopes are those asked for, as far as granted.
#[tokio::test]
async fn the_token_endpoint_gives_what_was_granted_and_no_more() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let (id, secret) = face.client("roc", "sis", &[FLOW_1_5, FLOW_2_3_4]).await;
        let ask = |rest: &str| format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{rest}");
        let narrow = face
            .ask_token(&ask(&format!("&scope={FLOW_1_5}%20nl-test-admin-flow-6")))
            .await;
        assert_eq!(narrow.body["scope"], json!(FLOW_1_5));
        assert_eq!(narrow.body["token_type"], json!("Bearer"));
        let none = face.ask_token(&ask("&scope=nl-test-admin-flow-6")).await;
        assert_eq!(
            (none.status.as_u16(), &none.body["error"]),
            (400, &json!("invalid_scope"))
        );
        let wrong = face
            .ask_token(&format!(
                "grant_type=client_credentials&client_id={id}&client_secret=guess"
            ))
            .await;
        assert_eq!(
            (wrong.status.as_u16(), &wrong.body["error"]),
            (401, &json!("invalid_client"))
        );
        let password = face.ask_token("grant_type=password").await;
        assert_eq!(password.body["error"], json!("unsupported_grant_type"));
        let get = Request::get("/oauth2/token").body(Body::empty()).unwrap();
        assert_eq!(face.send(get).await.status, StatusCode::METHOD_NOT_ALLOWED);

        client::disable(&face.core, "roc", "fb", &id).await.unwrap();
        assert_eq!(face.ask_token(&ask("")).await.status, StatusCode::UNAUTHORIZED);
        let token = narrow.body["access_token"].as_str().unwrap();
        face.call(token, Method::PUT, "/oke/roc/tpl/persons/p-1", &person("p-1"))
            .await
            .problem(401);
    })
    .await;
}

/// R2: a result for an unknown deelname is refused and kept, sealed, with a task.
#[tokio::test]
async fn a_result_for_an_unknown_deelname_is_refused_and_kept() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "toa", &[FLOW_2_3_4]).await;
        let path = "/oke/roc/tpl/associations/d-1";
        face.call(&token, Method::PATCH, path, &score()).await.problem(404);
        let kept = message::about(&face.core.db, "roc", "association", "d-1")
            .await
            .unwrap();
        assert_eq!((kept.len(), kept[0].outcome.as_str()), (1, "held"));
        let sealed = kept[0].sealed.clone().unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("7.5"), "sealed");
        let tasks = task::open_about(&face.core.db, "roc", "association", "d-1")
            .await
            .unwrap();
        assert_eq!(tasks.len(), 1);

        let no_attendance = json!({
            "associationType": "componentOfferingAssociation",
            "result": { "state": "completed", "resultDate": "2026-09-02", "weight": 100 }
        });
        let unreadable = face.call(&token, Method::PATCH, path, &no_attendance).await;
        assert!(unreadable.problem(400).contains("attendance"), "R12");
        let wrong_scope = face.token("roc", "toa", &["nl-test-admin-flow-0"]).await;
        face.call(&wrong_scope, Method::PATCH, path, &score())
            .await
            .problem(403);
    })
    .await;
}

/// §5: who this is and what it speaks.
#[tokio::test]
async fn the_face_says_what_it_speaks() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let request = Request::get("/oke/roc/tpl/").body(Body::empty()).unwrap();
        let answer = face.send(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.body["supportedConsumers"][0]["consumerKey"],
            json!("nl-test-admin")
        );
        let nowhere = Request::get("/oke/nergens/tpl/").body(Body::empty()).unwrap();
        face.send(nowhere).await.problem(404);
    })
    .await;
}

/// Every bad input is 400 on both databases: NUL and ids beyond an index were a fault of ours (500) on PostgreSQL, which
/// a peer repeats for ever, and were kept on SQLite.
#[tokio::test]
async fn what_no_database_keeps_is_refused_at_the_door() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let put = |path: String, body: Value| {
            let (face, token) = (&face, &token);
            async move { face.call(token, Method::PUT, &path, &body).await }
        };
        let named = |name: &str| {
            let mut body = person("p-1");
            body["displayName"] = json!(name);
            body
        };
        let nul = put("/oke/roc/tpl/persons/p-1".to_owned(), named("Jip\0")).await;
        assert!(nul.problem(400).starts_with("/displayName holds NUL"));
        let in_path = put("/oke/roc/tpl/persons/p%00".to_owned(), named("Jip")).await;
        assert!(in_path.problem(400).contains("%00"));
        let long = "Kq7".repeat(3_000);
        let long_path = put(format!("/oke/roc/tpl/persons/{long}"), named("Jip")).await;
        assert!(long_path.problem(400).contains("255 bytes"));
        let mut refers = enrolment("e-1");
        refers["person"] = json!(long);
        let long_reference = put("/oke/roc/tpl/associations/e-1".to_owned(), refers).await;
        assert!(long_reference.problem(400).starts_with("/person is longer"));
        assert_eq!(face.rows("person").await + face.rows("association").await, 0);

        let unknown = face
            .ask_token("grant_type=client_credentials&client_id=a%00b&client_secret=c")
            .await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
        let school = Request::get("/oke/%00/tpl").body(Body::empty()).unwrap();
        face.send(school).await.problem(400);
    })
    .await;
}
