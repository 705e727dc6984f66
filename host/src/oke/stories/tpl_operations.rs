//! RULES §2, walked through for the TPL face: each operation is there, asks for its scope, is for its caller only, and
//! answers as stated; nothing else is there.

use super::*;

const FLOW_0: &str = "nl-test-admin-flow-0";
const FLOW_6: &str = "nl-test-admin-flow-6";

/// One operation of the face.
struct Operation {
    flow: u8,
    method: Method,
    path: &'static str,
    body: Value,
    /// The peer that calls it.
    caller: &'static str,
    scope: &'static str,
    /// What it answers when called twice.
    answers: [u16; 2],
}

fn operation(
    (flow, caller, scope): (u8, &'static str, &'static str),
    method: Method,
    path: &'static str,
    body: Value,
    answers: [u16; 2],
) -> Operation {
    Operation {
        flow,
        method,
        path,
        body,
        caller,
        scope,
        answers,
    }
}

pub(super) fn offering_of(id: &str, offering_type: &str) -> Value {
    let mut body = json!({
        "offeringId": id,
        "offeringType": offering_type,
        "primaryCode": { "codeType": "offeringCode", "code": id },
        "name": [{ "language": "nl-NL", "value": "Rekenen" }],
        "description": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
        "teachingLanguage": "nld",
        "resultExpected": true,
        "consumers": [{ "consumerKey": "nl-test-admin" }],
    });
    let days = ["2026-09-02", "2026-10-02"];
    for (name, day) in ["start", "end"].iter().zip(days) {
        match offering_type {
            "component" => body[format!("{name}DateTime")] = json!(format!("{day}T09:00:00Z")),
            _ => body[format!("{name}Date")] = json!(day),
        }
    }
    body
}

fn association_of(id: &str, association_type: &str, offering: &str) -> Value {
    let mut body = enrolment(id);
    body["associationType"] = json!(association_type);
    body["offering"] = json!(offering);
    body
}

fn membership() -> Value {
    json!({ "personId": "p-1", "startDateTime": "2026-09-01T08:00:00+02:00", "state": "active", "role": "student" })
}

/// The rows of RULES §2 that are the TPL face's, in an order in which each finds what it needs.
fn operations() -> Vec<Operation> {
    let sis = |flow| (flow, "sis", FLOW_1_5);
    let group = json!({
        "groupId": "g-1",
        "groupType": "class",
        "primaryCode": { "codeType": "groupCode", "code": "H2b" },
        "name": [{ "language": "nl-NL", "value": "H2b" }],
    });
    let mut all = vec![
        operation(sis(1), Method::PUT, "persons/p-1", person("p-1"), [201, 200]),
        operation(sis(1), Method::PUT, "groups/g-1", group, [201, 200]),
        operation(sis(1), Method::PUT, "groups/g-1/members/p-1", membership(), [201, 200]),
        operation(sis(1), Method::PUT, "groups/g-1/members", membership(), [200, 200]),
    ];
    for (kind, association, offering) in [
        ("component", "componentOfferingAssociation", "plannable"),
        ("course", "courseOfferingAssociation", "course-1"),
        ("program", "programOfferingAssociation", "program-1"),
    ] {
        let offering_path: &'static str = format!("offerings/{offering}").leak();
        let association_path: &'static str = format!("associations/e-{kind}").leak();
        let id = format!("e-{kind}");
        let patch = json!({ "offeringType": kind, "primaryCode": { "codeType": "offeringCode", "code": "X" } });
        let change = json!({ "associationType": association, "state": "associated" });
        let cancel = json!({
            "offeringType": kind,
            "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "canceled" }],
        });
        all.extend([
            operation(
                sis(1),
                Method::PUT,
                offering_path,
                offering_of(offering, kind),
                [201, 200],
            ),
            operation(sis(1), Method::PATCH, offering_path, patch, [200, 200]),
            operation(
                sis(1),
                Method::PUT,
                association_path,
                association_of(&id, association, offering),
                [201, 200],
            ),
            operation(sis(1), Method::PATCH, association_path, change, [200, 200]),
            operation(sis(1), Method::PATCH, offering_path, cancel, [200, 200]),
        ]);
    }
    let report = json!({
        "offeringType": "component",
        "consumers": [{ "consumerKey": "nl-test-admin", "irregularities": "" }],
    });
    let vendor = |flow| (flow, "toa", FLOW_2_3_4);
    all.extend([
        // Nothing is planned here, so that these are answered as R2 says; `chain_stories` has them on what is.
        operation(vendor(3), Method::PATCH, "associations/d-1", score(), [404, 404]),
        operation(vendor(4), Method::PATCH, "offerings/s-1", report, [404, 404]),
        operation(sis(5), Method::GET, "documents/d-1", json!({}), [404, 404]),
    ]);
    all
}

/// RULES §2, R1, R2, R4, R21.
#[tokio::test]
async fn every_operation_of_the_face_is_there_and_asks_for_its_scope() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        for one in operations() {
            let path = format!("/oke/roc/tpl/{}", one.path);
            let what = format!("flow {} {} {path}", one.flow, one.method);
            let nobody = Request::builder().method(&one.method).uri(&path).body(Body::empty());
            face.send(nobody.unwrap()).await.problem(401);

            let others: Vec<&str> = [FLOW_0, FLOW_1_5, FLOW_2_3_4, FLOW_6]
                .into_iter()
                // Documents are for either scope (RULES §4).
                .filter(|scope| *scope != one.scope && !(one.flow == 5 && *scope == FLOW_2_3_4))
                .collect();
            let unscoped = face.token("roc", one.caller, &others).await;
            let refused = face.call(&unscoped, one.method.clone(), &path, &one.body).await;
            assert!(refused.problem(403).contains(one.scope), "{what}");

            let token = face.token("roc", one.caller, &[one.scope]).await;
            for status in one.answers {
                let answer = face.call(&token, one.method.clone(), &path, &one.body).await;
                assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
            }
            if one.flow == 1 && one.method == Method::PUT {
                let vendor = face.token("roc", "toa", &[FLOW_1_5, FLOW_2_3_4]).await;
                let refused = face.call(&vendor, Method::PUT, &path, &one.body).await;
                assert!(refused.problem(403).contains("table 4.0.F"), "{what}");
            }
        }
    })
    .await;
}

/// RULES §2, R21: what the table does not have is 405 on a path that it has, with the methods that are there.
#[tokio::test]
async fn no_other_operation_is_there() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let paths: Vec<(&str, &[&str])> = vec![
            ("", &["GET", "HEAD"]),
            ("persons/p-1", &["PUT"]),
            ("groups/g-1", &["PUT"]),
            ("groups/g-1/members", &["PUT"]),
            ("groups/g-1/members/p-1", &["PUT"]),
            ("offerings/o-1", &["PUT", "PATCH"]),
            ("associations/a-1", &["PUT", "PATCH"]),
            ("documents/d-1", &["GET", "HEAD"]),
        ];
        for (path, there) in paths {
            for method in ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"] {
                let uri = format!("/oke/roc/tpl/{path}");
                let verb = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = face.call(&token, verb, &uri, &json!({})).await;
                let is_there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(is_there, there.contains(&method), "{method} {uri}: {}", answer.status);
                if !is_there && method != "HEAD" {
                    answer.problem(405);
                }
            }
        }
        for path in ["components", "offerings", "groups", "associations/a-1/url", "persons"] {
            let uri = format!("/oke/roc/tpl/{path}");
            face.call(&token, Method::GET, &uri, &json!({})).await.problem(404);
        }
    })
    .await;
}

/// R1, R14, R24, `§3.1.4`: a member may come before the person; taken back by its state; of another system's group
/// nothing can be said.
#[tokio::test]
async fn members_of_a_toetsgroep_come_and_are_taken_back() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let path = "/oke/roc/tpl/groups/g-1";
        let early = face
            .call(&token, Method::PUT, &format!("{path}/members/p-1"), &membership())
            .await;
        assert!(early.problem(404).contains("g-1"));
        // A published example: no Dutch name, and no id in the body.
        let group = json!({
            "groupType": "learning group",
            "primaryCode": { "codeType": "identifier", "code": "1234qwe12" },
            "name": [{ "language": "en-GB", "value": "statistics students" }],
        });
        let made = face.call(&token, Method::PUT, path, &group).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let joined = face
            .call(&token, Method::PUT, &format!("{path}/members/p-1"), &membership())
            .await;
        assert_eq!(joined.status, StatusCode::CREATED);
        assert_eq!(face.rows("job").await, 1, "the person is fetched");

        let mut taken_back = membership();
        taken_back["state"] = json!("canceled");
        let answer = face
            .call(&token, Method::PUT, &format!("{path}/members"), &taken_back)
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        let kept = crate::store::test_group::member(&face.core.db, "roc", "g-1", "p-1")
            .await
            .unwrap();
        assert!(kept.unwrap().is_canceled());
        let mut other = membership();
        other["personId"] = json!("p-2");
        let differs = face
            .call(&token, Method::PUT, &format!("{path}/members/p-1"), &other)
            .await;
        assert!(differs.problem(400).contains("another id"));
        let nameless = face
            .call(
                &token,
                Method::PUT,
                &format!("{path}/members"),
                &json!({ "startDateTime": "2026-09-01" }),
            )
            .await;
        assert!(nameless.problem(400).contains("/personId"));
    })
    .await;
}
