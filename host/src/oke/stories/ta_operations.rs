//! RULES §2, walked through for the TA face of a vendor: each operation is there, asks for its scope, is for who plans
//! there only, and answers as stated; nothing else is there.

use super::tpl_operations::offering_of;
use super::*;
use crate::app::{landscape, peer as peers};
use crate::domain::model::ResultValueType;
use crate::store::component::ComponentRow;
use crate::store::testing::component;

const FLOW_0: &str = "nl-test-admin-flow-0";
const FLOW_6: &str = "nl-test-admin-flow-6";

impl Face {
    /// A vendor's face with three tests, and an outside TPL that plans there.
    async fn with_planner(bench: Bench) -> Face {
        let face = Face::open(bench).await;
        let mut set = WriteSet::of("roc");
        set.put(PeerRow::new("roc", "ontrack", "tpl", "OnTrack").next());
        set.put(PeerRow::new("roc", "eduarte", "tpl", "Eduarte").next());
        for (id, name, licensed) in [
            ("c-1", "Rekenen 2F", true),
            ("c-2", "Rekenen 3F", false),
            ("c-3", "Engels", true),
        ] {
            let mut facts = component(id, name, ResultValueType::DecimalToTen);
            facts.licensed = Some(licensed);
            let row = ComponentRow {
                tenant: "roc".to_owned(),
                peer: "toa".to_owned(),
                facts,
                updated_at: face.core.now(),
                version: 0,
            };
            set.put(row.next());
        }
        face.core.commit(set).await.unwrap();
        landscape::allow(&face.core, "roc", "fb", ("ontrack", "toa"), true)
            .await
            .unwrap();
        face
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::GET, &format!("/oke/roc/ta/toa/{path}"), &Value::Null)
            .await
    }
}

fn sitting(id: &str) -> Value {
    let mut body = offering_of(id, "component");
    body["component"] = json!("c-1");
    body
}

fn deelname(id: &str, role: &str) -> Value {
    let mut body = enrolment(id);
    body["role"] = json!(role);
    body["offering"] = json!("s-1");
    body["person"] = person(&format!("p-{id}"));
    body
}

/// Method, path, body, scope, what it answers when called twice.
type Row = (Method, &'static str, Value, &'static str, [u16; 2]);

/// The rows of RULES §2 that are the TA face's, in an order in which each finds what it needs.
fn operations() -> Vec<Row> {
    let nothing = Value::Null;
    let report = json!({ "offeringType": "component", "primaryCode": { "codeType": "offeringCode", "code": "X" } });
    let change = json!({ "associationType": "componentOfferingAssociation", "state": "associated" });
    vec![
        (Method::GET, "components", nothing.clone(), FLOW_0, [200, 200]),
        (Method::GET, "components/c-1", nothing.clone(), FLOW_0, [200, 200]),
        (Method::PUT, "offerings/s-1", sitting("s-1"), FLOW_2_3_4, [201, 200]),
        (Method::GET, "offerings/s-1", nothing.clone(), FLOW_2_3_4, [200, 200]),
        (Method::PATCH, "offerings/s-1", report, FLOW_2_3_4, [200, 200]),
        (
            Method::PUT,
            "associations/d-1",
            deelname("d-1", "student"),
            FLOW_2_3_4,
            [201, 200],
        ),
        (Method::GET, "associations/d-1", nothing.clone(), FLOW_2_3_4, [200, 200]),
        (Method::PATCH, "associations/d-1", change, FLOW_2_3_4, [200, 200]),
        (
            Method::GET,
            "offerings/s-1/associations",
            nothing.clone(),
            FLOW_2_3_4,
            [200, 200],
        ),
        // No connector runs here, so that the vendor has confirmed nothing; `outside.rs` has one.
        (
            Method::GET,
            "associations/d-1/url",
            nothing.clone(),
            FLOW_2_3_4,
            [404, 404],
        ),
        (Method::GET, "documents/x-1", nothing, FLOW_2_3_4, [404, 404]),
    ]
}

/// RULES §2, R1, R21, R24.
#[tokio::test]
async fn every_operation_of_the_face_is_there_and_asks_for_its_scope() {
    on_each_database(|bench| async move {
        let face = Face::with_planner(bench).await;
        for (method, path, body, scope, answers) in operations() {
            let uri = format!("/oke/roc/ta/toa/{path}");
            let what = format!("{method} {uri}");
            let nobody = Request::builder().method(&method).uri(&uri).body(Body::empty());
            face.send(nobody.unwrap()).await.problem(401);
            let others: Vec<&str> = [FLOW_0, FLOW_1_5, FLOW_2_3_4, FLOW_6]
                .into_iter()
                .filter(|other| *other != scope)
                .collect();
            let unscoped = face.token("roc", "ontrack", &others).await;
            let refused = face.call(&unscoped, method.clone(), &uri, &body).await;
            assert!(refused.problem(403).contains(scope), "{what}");
            // A TPL that does not plan here, the vendor itself, and, but for the catalogue, a student system.
            for stranger in ["eduarte", "toa", "sis"] {
                if stranger == "sis" && scope == FLOW_0 {
                    continue;
                }
                let token = face.token("roc", stranger, &[scope]).await;
                face.call(&token, method.clone(), &uri, &body).await.problem(404);
            }
            let token = face.token("roc", "ontrack", &[scope]).await;
            for status in answers {
                let answer = face.call(&token, method.clone(), &uri, &body).await;
                assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
            }
        }
        let planner = face.token("roc", "ontrack", &[FLOW_2_3_4]).await;
        let other_face = "/oke/roc/ta/sis/offerings/s-1";
        face.call(&planner, Method::GET, other_face, &Value::Null)
            .await
            .problem(404);
        face.call(&planner, Method::PATCH, "/oke/roc/tpl/associations/d-1", &score())
            .await
            .problem(403);
    })
    .await;
}

/// RULES §2, R21: what the table does not have is 405 on a path that it has.
#[tokio::test]
async fn no_other_operation_is_there() {
    on_each_database(|bench| async move {
        let face = Face::with_planner(bench).await;
        let token = face.token("roc", "ontrack", &[FLOW_0, FLOW_2_3_4]).await;
        let paths: Vec<(&str, &[&str])> = vec![
            ("", &["GET"]),
            ("components", &["GET"]),
            ("components/c-1", &["GET"]),
            ("offerings/s-1", &["GET", "PUT", "PATCH"]),
            ("offerings/s-1/associations", &["GET"]),
            ("associations/d-1", &["GET", "PUT", "PATCH"]),
            ("associations/d-1/url", &["GET"]),
            ("documents/x-1", &["GET"]),
        ];
        for (path, there) in paths {
            for method in ["GET", "PUT", "PATCH", "POST", "DELETE"] {
                let uri = format!("/oke/roc/ta/toa/{path}");
                let verb = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = face.call(&token, verb, &uri, &json!({})).await;
                let is_there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(is_there, there.contains(&method), "{method} {uri}: {}", answer.status);
                if !is_there {
                    answer.problem(405);
                }
            }
        }
        face.get(&token, "persons/p-1").await.problem(404);
    })
    .await;
}

/// R17, R20, `§3.0`: the catalogue by its filters, in pages, for a student system too.
#[tokio::test]
async fn the_catalogue_is_read_by_its_filters() {
    on_each_database(|bench| async move {
        let face = Face::with_planner(bench).await;
        let token = face.token("roc", "sis", &[FLOW_0]).await;
        let ids = |answer: &Answer| -> Vec<String> {
            let items = answer.body["items"].as_array().unwrap();
            items
                .iter()
                .map(|item| item["componentId"].as_str().unwrap().to_owned())
                .collect()
        };
        for (query, expected) in [
            ("", vec!["c-3", "c-1", "c-2"]),
            ("?componentType=test", vec!["c-3", "c-1", "c-2"]),
            ("?componentType=lecture", vec![]),
            ("?q=rekenen", vec!["c-1", "c-2"]),
            ("?q=c-3", vec!["c-3"]),
            ("?licensed=true", vec!["c-3", "c-1"]),
            ("?licensed=false", vec!["c-2"]),
            ("?primaryCode=c-2", vec!["c-2"]),
            ("?since=2026-09-01", vec!["c-3", "c-1", "c-2"]),
            ("?since=2026-09-01T09:00:01Z", vec![]),
            ("?sort=-componentId", vec!["c-3", "c-2", "c-1"]),
        ] {
            let answer = face.get(&token, &format!("components{query}")).await;
            assert_eq!(ids(&answer), expected, "{query}: {}", answer.body);
        }
        let paged = face.get(&token, "components?pageSize=250&pageNumber=2").await;
        assert_eq!(paged.body["hasPreviousPage"], json!(true));
        assert_eq!(paged.body["totalPages"], json!(1));
        for wrong in [
            "?pageSize=3",
            "?pageNumber=0",
            "?licensed=maybe",
            "?since=morgen",
            "?sort=colour",
        ] {
            face.get(&token, &format!("components{wrong}")).await.problem(400);
        }
        let one = face.get(&token, "components/c-1").await;
        assert_eq!(one.body["teachingLanguage"], json!("nld"), "R17");
        face.get(&token, "components/c-9").await.problem(404);
    })
    .await;
}

/// R2, R14, R16, R20, R25: deelnames read back by role, state and result state, with the person by id or whole.
#[tokio::test]
async fn deelnames_are_read_back_by_their_filters() {
    on_each_database(|bench| async move {
        let face = Face::with_planner(bench).await;
        let token = face.token("roc", "ontrack", &[FLOW_2_3_4]).await;
        let put = async |path: &str, body: Value| {
            let uri = format!("/oke/roc/ta/toa/{path}");
            let answer = face.call(&token, Method::PUT, &uri, &body).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        };
        put("offerings/s-1", sitting("s-1")).await;
        for (id, role) in [("d-1", "student"), ("d-2", "student"), ("d-3", "invigilator")] {
            put(&format!("associations/{id}"), deelname(id, role)).await;
        }
        let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        let canceled = face
            .call(&token, Method::PATCH, "/oke/roc/ta/toa/associations/d-2", &cancel)
            .await;
        assert_eq!(canceled.body["state"], json!("canceled"));
        let vendor = face.token("roc", "toa", &[FLOW_2_3_4]).await;
        let came = face
            .call(&vendor, Method::PATCH, "/oke/roc/tpl/associations/d-1", &score())
            .await;
        assert_eq!(came.status, StatusCode::OK, "{}", came.body);

        for (query, expected) in [
            ("", vec!["d-1", "d-2", "d-3"]),
            ("?role=invigilator", vec!["d-3"]),
            ("?role=assessor", vec![]),
            ("?state=canceled", vec!["d-2"]),
            ("?role=student&state=associated", vec!["d-1"]),
            ("?result-state=completed", vec!["d-1"]),
            ("?result-state=in%20progress", vec![]),
            ("?sort=-associationId", vec!["d-3", "d-2", "d-1"]),
        ] {
            let answer = face.get(&token, &format!("offerings/s-1/associations{query}")).await;
            let items = answer.body["items"].as_array().unwrap();
            let ids: Vec<&str> = items
                .iter()
                .map(|item| item["associationId"].as_str().unwrap())
                .collect();
            assert_eq!(ids, expected, "{query}");
        }
        face.get(&token, "offerings/s-1/associations?role=cook")
            .await
            .problem(400);
        face.get(&token, "offerings/s-9/associations").await.problem(404);
        let by_id = face.get(&token, "associations/d-1").await;
        assert_eq!(by_id.body["person"], json!("p-d-1"));
        assert_eq!(
            by_id.body["state"],
            json!("associated"),
            "table 4.0.F: a result cancels nothing"
        );
        assert_eq!(by_id.body["result"]["score"], json!("7.5"));
        let whole = face.get(&token, "associations/d-1?expand=person").await;
        assert_eq!(whole.body["person"]["displayName"], json!("Jip Jansen"));
        let erased = face.get(&token, "associations/d-2?expand=person").await;
        assert_eq!(erased.body["person"], json!("p-d-2"), "R5: the key stays");
        let never = face
            .call(&token, Method::PATCH, "/oke/roc/ta/toa/associations/d-9", &cancel)
            .await;
        never.problem(404);
    })
    .await;
}

/// RULES §4: each system is read and answered in its own dialect, whoever wrote what it reads.
#[tokio::test]
async fn a_system_is_read_and_answered_in_its_own_dialect() {
    on_each_database(|bench| async move {
        let face = Face::with_planner(bench).await;
        let of = |quirks: Value| serde_json::from_value(json!({ "quirks": quirks })).unwrap();
        for (peer, dialect) in [
            ("ontrack", of(json!({ "duration": "minutes" }))),
            ("toa", of(json!({ "swapped-dates": true }))),
        ] {
            peers::speak(&face.core, "roc", "fb", peer, dialect).await.unwrap();
        }
        let planner = face.token("roc", "ontrack", &[FLOW_2_3_4]).await;
        let mut body = sitting("s-1");
        body["consumers"][0]["duration"] = json!("PT90M");
        for (path, body) in [
            ("offerings/s-1", body),
            ("associations/d-1", deelname("d-1", "student")),
        ] {
            let made = face
                .call(&planner, Method::PUT, &format!("/oke/roc/ta/toa/{path}"), &body)
                .await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        }
        let told = face.get(&planner, "offerings/s-1").await;
        assert_eq!(told.body["consumers"][0]["duration"], json!(90));

        let vendor = face.token("roc", "toa", &[FLOW_2_3_4]).await;
        let mut result = score();
        result["result"]["resultDate"] = json!("2026-09-02");
        result["result"]["consumers"][0]["testDate"] = json!("2026-09-05T10:00:00+02:00");
        let kept = face
            .call(&vendor, Method::PATCH, "/oke/roc/tpl/associations/d-1", &result)
            .await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
        let told = face.get(&planner, "associations/d-1").await.body["result"].clone();
        assert_eq!(told["resultDate"], json!("2026-09-05"), "{told}");
        let taken = told["consumers"][0]["testDate"].as_str().unwrap_or_default();
        // Midnight in Amsterdam.
        assert!(taken.starts_with("2026-09-01T22:00"), "{told}");
    })
    .await;
}

/// The 1.1 draft: an outside TPL that is set to it reads a deelname in its form, whoever wrote what it reads.
#[tokio::test]
async fn a_planner_at_the_draft_reads_the_attendance_with_the_deelname() {
    on_each_database(|bench| async move {
        let face = Face::with_planner(bench).await;
        let draft = oke_codec::Dialect::v1_1_draft();
        peers::speak(&face.core, "roc", "fb", "ontrack", draft).await.unwrap();
        let planner = face.token("roc", "ontrack", &[FLOW_2_3_4]).await;
        for (path, body) in [
            ("offerings/s-1", sitting("s-1")),
            ("associations/d-1", deelname("d-1", "student")),
        ] {
            let path = format!("/oke/roc/ta/toa/{path}");
            let made = face.call(&planner, Method::PUT, &path, &body).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        }
        let vendor = face.token("roc", "toa", &[FLOW_2_3_4]).await;
        let kept = face
            .call(&vendor, Method::PATCH, "/oke/roc/tpl/associations/d-1", &score())
            .await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
        let told = face.get(&planner, "associations/d-1").await.body;
        let details = &told["consumers"][0]["testMomentEnrollmentDetails"];
        assert_eq!(details["attendance"], json!("present"), "{told}");
        assert_eq!(told["result"]["score"], json!("7.5"));
        assert_eq!(told["result"]["consumers"][0].get("attendance"), None, "{told}");
        let late = json!({
            "associationType": "componentOfferingAssociation",
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "testMomentEnrollmentDetails": { "irregularities": "Te laat.", "roomName": "B1.02" },
            }],
        });
        face.call(&vendor, Method::PATCH, "/oke/roc/tpl/associations/d-1", &late)
            .await;
        let told = face.get(&planner, "associations/d-1").await.body;
        let details = &told["consumers"][0]["testMomentEnrollmentDetails"];
        assert_eq!(
            details,
            &json!({ "attendance": "present", "irregularities": "Te laat.", "roomName": "B1.02" })
        );
        assert_eq!(
            told["result"]["score"],
            json!("7.5"),
            "a part leaves what it does not say"
        );
    })
    .await;
}
