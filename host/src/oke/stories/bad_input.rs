//! Bad input at the TPL face: each is refused with a sentence that says where and helps, and leaves an audit line of who
//! tried what, and nothing else.

use super::*;

/// Every table that a message can end in.
const KEPT: [&str; 9] = [
    "association",
    "offering",
    "person",
    "result",
    "result_head",
    "message",
    "job",
    "task",
    "document",
];

impl Face {
    /// How many rows each of these tables has.
    async fn kept(&self) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in KEPT {
            counts.push(self.rows(table).await);
        }
        counts
    }
}

/// A body that can't be taken, whatever the object.
#[tokio::test]
async fn a_body_that_cannot_be_taken_leaves_an_audit_line_only() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        let json = "application/json";
        let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
            ("too deep", json, deep.into(), "deeper than 32"),
            ("deep lists", json, "[".repeat(100_000).into(), "deeper than 32"),
            ("too large", json, large.into(), "1 MiB"),
            ("no UTF-8", json, vec![b'{', b'"', 0xff, b'"', b'}'], "UTF-8"),
            ("half a character", json, b"{\"a\": \"\xc3".to_vec(), "UTF-8"),
            ("no JSON", json, b"{\"associationId\": ".to_vec(), "line 1"),
            ("nothing", json, Vec::new(), "ends too early"),
            ("a list", json, b"[]".to_vec(), "object"),
            ("a text", json, b"\"e-1\"".to_vec(), "object"),
            (
                "media type",
                "text/plain",
                enrolment("e-1").to_string().into(),
                "Content-Type",
            ),
            (
                "a form",
                "application/x-www-form-urlencoded",
                b"a=b".to_vec(),
                "Content-Type",
            ),
            ("no media type", "", enrolment("e-1").to_string().into(), "Content-Type"),
        ];
        let (audits, kept) = (face.rows("audit").await, face.kept().await);
        let mut refused = 0;
        for path in ["associations/e-1", "offerings/o-1", "persons/p-1"] {
            for (case, media_type, body, hint) in &cases {
                let path = format!("/oke/roc/tpl/{path}");
                let answer = face.raw(&token, Method::PUT, &path, media_type, body.clone()).await;
                let detail = answer.problem(400);
                assert!(detail.contains(hint), "{case} at {path}: {detail}");
                refused += 1;
            }
        }
        assert_eq!(face.rows("audit").await, audits + refused);
        assert_eq!(face.kept().await, kept);
    })
    .await;
}

/// R1, R21: a field of the wrong type, one that is missing, an id that is not the path's: the sentence names the place.
#[tokio::test]
async fn a_field_that_cannot_be_right_is_named() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let without = |mut object: Value, field: &str| {
            object.as_object_mut().unwrap().remove(field);
            object
        };
        let with = |mut object: Value, field: &str, value: Value| {
            object[field] = value;
            object
        };
        let offering = json!({
            "offeringId": "o-1", "offeringType": "component",
            "primaryCode": { "codeType": "offeringCode", "code": "rek-3f" },
            "name": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
            "teachingLanguage": "nld", "resultExpected": true,
            "startDateTime": "2026-09-01T00:00:00Z", "endDateTime": "2026-12-31T00:00:00Z",
            "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "active" }]
        });
        let cases = [
            ("associations/e-1", with(enrolment("e-1"), "role", json!(7)), "/role"),
            (
                "associations/e-1",
                with(enrolment("e-1"), "state", json!(["associated"])),
                "/state",
            ),
            ("associations/e-1", without(enrolment("e-1"), "person"), "/person"),
            ("associations/e-1", without(enrolment("e-1"), "offering"), "/offering"),
            ("associations/e-1", enrolment("e-9"), "/associationId"),
            (
                "associations/e-1",
                with(enrolment("e-1"), "associationId", json!(1)),
                "/associationId",
            ),
            (
                "persons/p-1",
                with(person("p-1"), "displayName", json!({ "nl": "Jip" })),
                "/displayName",
            ),
            ("persons/p-1", without(person("p-1"), "displayName"), "/displayName"),
            ("persons/p-1", person("p-9"), "/personId"),
            (
                "offerings/o-1",
                with(offering.clone(), "startDateTime", json!("morgen")),
                "/startDateTime",
            ),
            (
                "offerings/o-1",
                without(offering.clone(), "offeringType"),
                "/offeringType",
            ),
            ("offerings/o-9", offering.clone(), "/offeringId"),
        ];
        let (audits, kept) = (face.rows("audit").await, face.kept().await);
        for (path, body, place) in &cases {
            let answer = face
                .call(&token, Method::PUT, &format!("/oke/roc/tpl/{path}"), body)
                .await;
            let detail = answer.problem(400);
            assert!(detail.contains(place), "{place} of {path}: {detail}");
        }
        assert_eq!(face.rows("audit").await, audits + i64::try_from(cases.len()).unwrap());
        assert_eq!(face.kept().await, kept);
        let good = face
            .call(&token, Method::PUT, "/oke/roc/tpl/offerings/o-1", &offering)
            .await;
        assert_eq!(
            good.status,
            StatusCode::CREATED,
            "without its mistake it is taken: {}",
            good.body
        );
    })
    .await;
}

/// R1: a PATCH never moves an object to another id, and one that says what can't be changes nothing.
#[tokio::test]
async fn a_patch_never_changes_an_id_and_a_wrong_one_changes_nothing() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let path = "/oke/roc/tpl/associations/e-1";
        face.call(&token, Method::PUT, path, &enrolment("e-1")).await;
        let before = face.kept().await;
        for (patch, place) in [
            (json!({ "state": 7 }), "/state"),
            (json!({ "person": null }), "/person"),
        ] {
            let answer = face.call(&token, Method::PATCH, path, &patch).await;
            let detail = answer.problem(400);
            assert!(detail.contains(place), "{patch}: {detail}");
        }
        assert_eq!(face.kept().await, before);
        let elsewhere = json!({ "associationId": "e-9", "state": "canceled" });
        let answer = face.call(&token, Method::PATCH, path, &elsewhere).await;
        assert_eq!(
            (answer.status, &answer.body["associationId"]),
            (StatusCode::OK, &json!("e-1"))
        );
        assert_eq!(face.rows("association").await, 1);
        let gone = face
            .call(&token, Method::PATCH, "/oke/roc/tpl/associations/e-9", &elsewhere)
            .await;
        gone.problem(404);
    })
    .await;
}

/// Another school's object is unknown here (404), stays as it is there, and the other school hears nothing of it.
#[tokio::test]
async fn another_schools_object_is_unknown_and_untouched() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let (roc, mbo) = (
            face.token("roc", "sis", &[FLOW_1_5]).await,
            face.token("mbo", "sis", &[FLOW_1_5]).await,
        );
        let there = face
            .call(&mbo, Method::PUT, "/oke/mbo/tpl/associations/e-1", &enrolment("e-1"))
            .await;
        assert_eq!(there.status, StatusCode::CREATED);
        let before = face.kept().await;
        let audits = face.rows("audit").await;
        let cancel = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        let here = face
            .call(&roc, Method::PATCH, "/oke/roc/tpl/associations/e-1", &cancel)
            .await;
        assert!(here.problem(404).contains("e-1"));
        let across = face
            .call(&roc, Method::PATCH, "/oke/mbo/tpl/associations/e-1", &cancel)
            .await;
        across.problem(404);
        assert_eq!(face.kept().await, before);
        assert_eq!(face.rows("audit").await, audits + 2);
        let by_tenant = "SELECT COUNT(*) AS count FROM audit WHERE tenant = 'mbo' AND verb = 'message.refuse'";
        let row = face.core.db.row(by_tenant, vec![]).await.unwrap().unwrap();
        assert_eq!(
            row.int("count").unwrap(),
            0,
            "who tried is written at the school of who tried"
        );
    })
    .await;
}

/// Without a token that counts nothing is written at all, so that nobody fills the audit from outside; with one that
/// lacks the scope it is an audit line.
#[tokio::test]
async fn without_a_good_token_nothing_is_kept() {
    on_each_database(|bench| async move {
        let face = Face::open(bench).await;
        let path = "/oke/roc/tpl/persons/p-1";
        let token = face.token("roc", "sis", &[FLOW_1_5]).await;
        let narrow = face.token("roc", "sis", &["nl-test-admin-flow-0"]).await;
        let (audits, kept) = (face.rows("audit").await, face.kept().await);
        for shown in [
            "",
            "Bearer",
            "Bearer ",
            "Basic c2lzOnNlY3JldA==",
            "Bearer okt_nobody",
            &token,
        ] {
            let request = Request::put(path)
                .header(header::AUTHORIZATION, shown)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(person("p-1").to_string()))
                .unwrap();
            face.send(request).await.problem(401);
        }
        assert_eq!(face.rows("audit").await, audits);
        face.call(&narrow, Method::PUT, path, &person("p-1")).await.problem(403);
        assert_eq!(face.rows("audit").await, audits + 1);
        face.bench.clock.advance(SignedDuration::from_hours(1));
        face.call(&narrow, Method::PUT, path, &person("p-1")).await.problem(401);
        assert_eq!(face.rows("audit").await, audits + 1);
        assert_eq!(face.kept().await, kept);
    })
    .await;
}
