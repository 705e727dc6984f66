//! RULES §2, walked through for the DR face: each operation is there, asks for its scope, is for its caller only, and
//! answers as stated; nothing else is there. What is read is what the student system told the host.

use super::tpl_operations::offering_of;
use super::*;
use crate::app::landscape;
use crate::domain::association::Association;
use crate::store::association;
use crate::store::job;
use crate::store::tenant::UnitRow;

const FLOW_0: &str = "nl-test-admin-flow-0";
const FLOW_6: &str = "nl-test-admin-flow-6";

impl Face {
    /// A student system that has told what it has, an outside TPL that plans for it, and one that doesn't.
    async fn with_enrolments(bench: Bench) -> Face {
        let face = Face::open(bench).await;
        let mut set = WriteSet::of("roc");
        set.put(PeerRow::new("roc", "ontrack", "tpl", "OnTrack").next());
        set.put(PeerRow::new("roc", "eduarte", "tpl", "Eduarte").next());
        for (id, parent) in [("u-1", None), ("u-2", Some("u-1"))] {
            let unit = UnitRow {
                tenant: "roc".to_owned(),
                id: id.to_owned(),
                parent: parent.map(str::to_owned),
                name: format!("Team {id}"),
                version: 1,
            };
            set.put(unit.write());
        }
        face.core.commit(set).await.unwrap();
        landscape::allow(&face.core, "roc", "fb", ("ontrack", "sis"), true)
            .await
            .unwrap();
        let sis = face.token("roc", "sis", &[FLOW_1_5]).await;
        for (path, body) in told() {
            let uri = format!("/oke/roc/tpl/{path}");
            let answer = face.call(&sis, Method::PUT, &uri, &body).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{uri}: {}", answer.body);
        }
        face
    }

    async fn read(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::GET, &format!("/oke/roc/dr/{path}"), &Value::Null)
            .await
    }
}

fn told() -> Vec<(&'static str, Value)> {
    let mut plannable = offering_of("plannable", "component");
    plannable["component"] = json!("c-1");
    let mut program = offering_of("program-1", "program");
    program["program"] = json!({ "programId": "pr-1", "name": [{ "language": "nl-NL", "value": "Kok" }] });
    let mut of_program = enrolment("e-program");
    of_program["associationType"] = json!("programOfferingAssociation");
    of_program["offering"] = json!("program-1");
    let group = json!({
        "groupType": "class",
        "primaryCode": { "codeType": "groupCode", "code": "H2b" },
        "name": [{ "language": "nl-NL", "value": "Koks 2b" }],
        "startDate": "2026-08-01",
        "endDate": "2026-12-31",
    });
    let member = json!({ "personId": "p-1", "startDateTime": "2026-09-01T08:00:00+02:00" });
    vec![
        ("persons/p-1", person("p-1")),
        ("offerings/plannable", plannable),
        ("offerings/program-1", program),
        ("associations/e-1", enrolment("e-1")),
        ("associations/e-program", of_program),
        ("groups/g-1", group),
        ("groups/g-1/members/p-1", member),
    ]
}

fn result_of_flow_5() -> Value {
    let mut message = score();
    message["result"]["consumers"][0]["executedOfferingName"] = json!("Rekenen, dinsdag");
    message["consumers"] = json!([{ "consumerKey": "nl-test-admin", "attempt": 1, "orgAssociationId": "e-1" }]);
    message
}

fn extra_attempt() -> Value {
    let mut body = enrolment("e-9");
    body["result"] = result_of_flow_5()["result"].clone();
    body["consumers"] = json!([{ "consumerKey": "nl-test-admin", "attempt": 2, "orgAssociationId": "e-1" }]);
    body
}

/// RULES §2, R7, R8, R24.
#[tokio::test]
async fn every_operation_of_the_face_is_there_and_asks_for_its_scope() {
    on_each_database(|bench| async move {
        let face = Face::with_enrolments(bench).await;
        let nothing = Value::Null;
        let rows = [
            (Method::GET, "offerings", nothing.clone(), [200, 200]),
            (Method::GET, "offerings/plannable", nothing.clone(), [200, 200]),
            (
                Method::GET,
                "offerings/plannable/associations",
                nothing.clone(),
                [200, 200],
            ),
            (Method::GET, "associations/e-1", nothing.clone(), [200, 200]),
            (Method::GET, "persons/p-1", nothing.clone(), [200, 200]),
            (Method::GET, "groups", nothing.clone(), [200, 200]),
            (Method::GET, "groups/g-1", nothing.clone(), [200, 200]),
            (Method::GET, "groups/g-1/members", nothing.clone(), [200, 200]),
            (Method::GET, "organizations/u-1", nothing, [200, 200]),
            (Method::PATCH, "associations/e-1", result_of_flow_5(), [200, 200]),
            (Method::PUT, "associations/e-9", extra_attempt(), [201, 200]),
        ];
        for (method, path, body, answers) in rows {
            let uri = format!("/oke/roc/dr/{path}");
            let what = format!("{method} {uri}");
            let nobody = Request::builder().method(&method).uri(&uri).body(Body::empty());
            face.send(nobody.unwrap()).await.problem(401);
            let unscoped = face.token("roc", "ontrack", &[FLOW_0, FLOW_2_3_4, FLOW_6]).await;
            let refused = face.call(&unscoped, method.clone(), &uri, &body).await;
            assert!(refused.problem(403).contains(FLOW_1_5), "{what}");
            let vendor = face.token("roc", "toa", &[FLOW_1_5]).await;
            face.call(&vendor, method.clone(), &uri, &body).await.problem(403);
            let token = face.token("roc", "ontrack", &[FLOW_1_5]).await;
            for status in answers {
                let answer = face.call(&token, method.clone(), &uri, &body).await;
                assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
            }
            // A TPL that does not work for this student system sees none of it.
            let stranger = face.token("roc", "eduarte", &[FLOW_1_5]).await;
            let answer = face.call(&stranger, method, &uri, &body).await;
            match path {
                "offerings" | "groups" => assert_eq!(answer.body["items"], json!([]), "{what}"),
                "organizations/u-1" => assert_eq!(answer.status, StatusCode::OK),
                "associations/e-9" => assert!([400, 404].contains(&answer.status.as_u16()), "{what}"),
                _ => {
                    answer.problem(404);
                }
            }
        }
    })
    .await;
}

/// RULES §2, R21.
#[tokio::test]
async fn no_other_operation_is_there() {
    on_each_database(|bench| async move {
        let face = Face::with_enrolments(bench).await;
        let token = face.token("roc", "ontrack", &[FLOW_1_5]).await;
        for (path, there) in [
            ("", vec!["GET"]),
            ("offerings", vec!["GET"]),
            ("offerings/plannable", vec!["GET"]),
            ("offerings/plannable/associations", vec!["GET"]),
            ("associations/e-1", vec!["GET", "PUT", "PATCH"]),
            ("persons/p-1", vec!["GET"]),
            ("persons/p-1/associations", vec!["GET"]),
            ("groups", vec!["GET"]),
            ("groups/g-1", vec!["GET"]),
            ("groups/g-1/members", vec!["GET"]),
            ("organizations/u-1", vec!["GET"]),
        ] {
            for method in ["GET", "PUT", "PATCH", "POST", "DELETE"] {
                let uri = format!("/oke/roc/dr/{path}");
                let verb = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = face.call(&token, verb, &uri, &json!({})).await;
                let is_there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(is_there, there.contains(&method), "{method} {uri}: {}", answer.status);
            }
        }
        face.read(&token, "documents/d-1").await.problem(404);
    })
    .await;
}

/// R14, R20, `§3.1.2`: by type and period, references by id unless asked for, groups by a text and a period.
#[tokio::test]
async fn flow_1_is_read_by_its_filters() {
    on_each_database(|bench| async move {
        let face = Face::with_enrolments(bench).await;
        let token = face.token("roc", "ontrack", &[FLOW_1_5]).await;
        for (query, expected) in [
            ("offerings", vec!["plannable"]),
            ("offerings?offeringType=program", vec!["program-1"]),
            ("offerings?offeringType=course", vec![]),
            (
                "offerings?offeringType=component&component.componentType=test",
                vec!["plannable"],
            ),
            ("offerings?component.componentType=lecture", vec![]),
            ("offerings?since=2026-10-02", vec!["plannable"]),
            ("offerings?since=2026-10-03", vec![]),
            ("offerings?until=2026-09-02", vec!["plannable"]),
            ("offerings?until=2026-09-01", vec![]),
            ("offerings?pageNumber=2", vec![]),
        ] {
            let answer = face.read(&token, query).await;
            let items = answer.body["items"].as_array().unwrap();
            let ids: Vec<&str> = items.iter().map(|item| item["offeringId"].as_str().unwrap()).collect();
            assert_eq!(ids, expected, "{query}");
        }
        for (query, count) in [
            ("groups", 1),
            ("groups?q=koks", 1),
            ("groups?q=h2B", 1),
            ("groups?q=bakkers", 0),
            ("groups?since=2026-12-31", 1),
            ("groups?since=2027-01-01", 0),
            ("groups?until=2026-08-01", 1),
            ("groups?until=2026-07-31", 0),
        ] {
            let answer = face.read(&token, query).await;
            assert_eq!(answer.body["items"].as_array().unwrap().len(), count, "{query}");
        }
        let plain = face.read(&token, "associations/e-program").await;
        assert_eq!(
            [&plain.body["person"], &plain.body["offering"]],
            ["p-1", "program-1"],
            "R14: ids"
        );
        let whole = face
            .read(&token, "associations/e-program?expand=person,offering,offering.program")
            .await;
        assert_eq!(whole.body["person"]["displayName"], json!("Jip Jansen"));
        assert_eq!(whole.body["offering"]["program"]["programId"], json!("pr-1"));
        let half = face.read(&token, "associations/e-program?expand=offering").await;
        assert_eq!(half.body["offering"]["program"], json!("pr-1"), "not asked for");
        let unit = face.read(&token, "organizations/u-2?expand=parent").await;
        assert_eq!(unit.body["parent"]["name"][0]["value"], json!("Team u-1"));
        let parent = face.read(&token, "organizations/u-1").await;
        assert_eq!(parent.body["children"], json!(["u-2"]));
        face.read(&token, "offerings?offeringType=thing").await.problem(400);
        face.read(&token, "offerings?since=ooit").await.problem(400);
    })
    .await;
}

/// R6, R7, R8, R12, R23: results go on to the student system, of a cancelled enrolment too; one that lacks something is
/// kept with a task and answered 200.
#[tokio::test]
async fn results_of_flow_5_go_on_to_the_student_system() {
    on_each_database(|bench| async move {
        let face = Face::with_enrolments(bench).await;
        let token = face.token("roc", "ontrack", &[FLOW_1_5]).await;
        let sis = face.token("roc", "sis", &[FLOW_1_5]).await;
        let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        face.call(&sis, Method::PATCH, "/oke/roc/tpl/associations/e-1", &cancel)
            .await;
        let path = "/oke/roc/dr/associations/e-1";
        let late = face.call(&token, Method::PATCH, path, &result_of_flow_5()).await;
        assert_eq!(
            (late.status, &late.body["state"]),
            (StatusCode::OK, &json!("canceled")),
            "R6"
        );
        let lane = job::in_lane(&face.core.db, "roc", "5/association/e-1").await.unwrap();
        assert_eq!((lane.len(), lane[0].peer.as_str()), (1, "sis"), "R23");

        let lacking = face.call(&token, Method::PATCH, path, &score()).await;
        assert_eq!(lacking.status, StatusCode::OK, "R12: {}", lacking.body);
        assert!(lacking.body["message"][0]["value"].as_str().unwrap().contains("wacht"));
        let open = task::open_about(&face.core.db, "roc", "association", "e-1")
            .await
            .unwrap();
        assert!(
            open.iter()
                .any(|task| task.about.title.contains("executedOfferingName"))
        );
        let lane = job::in_lane(&face.core.db, "roc", "5/association/e-1").await.unwrap();
        assert_eq!(lane.len(), 1, "what lacks something stays here");
        let mut unread = result_of_flow_5();
        unread["result"]["consumers"] = json!([]);
        let refused = face.call(&token, Method::PATCH, path, &unread).await;
        assert!(refused.problem(400).contains("attendance"), "R12");
    })
    .await;
}

/// R7, R8, R12, R23: an extra attempt is an association of its own, followed up under its id and no other's.
#[tokio::test]
async fn an_extra_attempt_of_flow_5_is_an_association_of_its_own() {
    on_each_database(|bench| async move {
        let face = Face::with_enrolments(bench).await;
        let token = face.token("roc", "ontrack", &[FLOW_1_5]).await;
        let path = "/oke/roc/dr/associations/e-1";
        let extra = face
            .call(&token, Method::PUT, "/oke/roc/dr/associations/e-9", &extra_attempt())
            .await;
        assert_eq!(extra.status, StatusCode::CREATED, "R7: {}", extra.body);
        let mut follow_up = extra_attempt();
        follow_up["result"]["score"] = json!("8.0");
        let patched = face
            .call(&token, Method::PATCH, "/oke/roc/dr/associations/e-9", &follow_up)
            .await;
        assert_eq!(patched.status, StatusCode::OK, "R8: {}", patched.body);
        let kept = association::find(&face.core.db, "roc", "e-9").await.unwrap().unwrap();
        assert_eq!(kept.facts.result.as_ref().unwrap().score.as_deref(), Some("8.0"));

        let mut incomplete = extra_attempt();
        incomplete["consumers"] = json!([{ "consumerKey": "nl-test-admin", "attempt": 2 }]);
        incomplete["result"]["score"] = json!("3.0");
        let held = face
            .call(&token, Method::PUT, "/oke/roc/dr/associations/e-9", &incomplete)
            .await;
        assert_eq!(held.status, StatusCode::OK, "R12: {}", held.body);
        let waits = association::find(&face.core.db, "roc", "e-9").await.unwrap().unwrap();
        assert_eq!(waits, kept, "what is complete stays what goes");

        let at_vendor = Association {
            id: "d-9".to_owned(),
            peer: "toa".to_owned(),
            version: 0,
            ..kept
        };
        let mut set = WriteSet::of("roc");
        set.put(association::next("roc", &at_vendor));
        face.core.commit(set).await.unwrap();
        let mut same_id = extra_attempt();
        same_id["associationId"] = json!("d-9");
        let refused = face
            .call(&token, Method::PUT, "/oke/roc/dr/associations/d-9", &same_id)
            .await;
        assert!(refused.problem(400).contains("id of its own"), "R23");
        let unharmed = association::find(&face.core.db, "roc", "d-9").await.unwrap().unwrap();
        assert_eq!(unharmed.peer, "toa", "a deelname planned at a vendor is no attempt");

        let mut of_sis = extra_attempt();
        of_sis["associationId"] = json!("e-1");
        let wrong_way = face.call(&token, Method::PUT, path, &of_sis).await;
        assert!(wrong_way.problem(400).contains("PATCH"), "R8");
    })
    .await;
}

/// R24, flow 6: a vendor reads the program enrolments of a student who takes part at its tests, and of no other; the type
/// has either of its names (RULES §4).
#[tokio::test]
async fn a_vendor_reads_program_enrolments_of_its_own_students() {
    on_each_database(|bench| async move {
        let face = Face::with_enrolments(bench).await;
        let token = face.token("roc", "toa", &[FLOW_6]).await;
        let path = "persons/p-1/associations?associationType=programOffering&expand=offering";
        face.read(&token, path).await.problem(404);
        let enrolled = association::find(&face.core.db, "roc", "e-1").await.unwrap().unwrap();
        let deelname = crate::domain::association::Association {
            id: "d-1".to_owned(),
            kind: crate::domain::association::AssociationKind::Deelname,
            peer: "toa".to_owned(),
            version: 0,
            ..enrolled
        };
        let mut set = WriteSet::of("roc");
        set.put(association::next("roc", &deelname));
        face.core.commit(set).await.unwrap();
        for name in ["programOffering", "programOfferingAssociation"] {
            let path = format!("persons/p-1/associations?associationType={name}&expand=offering");
            let answer = face.read(&token, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let items = answer.body["items"].as_array().unwrap();
            assert_eq!(items.len(), 1);
            assert_eq!(items[0]["offering"]["offeringId"], json!("program-1"));
        }
        let tests = face
            .read(&token, "persons/p-1/associations?associationType=componentOffering")
            .await;
        assert_eq!(
            tests.body["items"],
            json!([]),
            "a student's other tests are no vendor's business"
        );
        face.read(&token, "persons/p-1/associations?associationType=else")
            .await
            .problem(400);
        let unscoped = face.token("roc", "toa", &[FLOW_1_5]).await;
        assert!(face.read(&unscoped, path).await.problem(403).contains(FLOW_6));
        let planner = face.token("roc", "ontrack", &[FLOW_6]).await;
        face.read(&planner, path).await.problem(403);
    })
    .await;
}
