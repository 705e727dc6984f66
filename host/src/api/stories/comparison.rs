//! Stories of `/api/v1/…/comparisons` and `/api/v1/daily-checks`: asked for, repaired and signed off by programs as well.

use super::*;

/// What was not compared yet is an empty list; who plans there has it compared, and a day is signed off with a reason.
#[tokio::test]
async fn a_program_has_a_sitting_compared_and_a_day_signed_off() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        door.put_unit("zorg", None).await;
        door.put_unit("techniek", None).await;
        let bureau = door.hire("bureau", "plannen", "*").await;
        let elsewhere = door.hire("techniek-bureau", "plannen", "techniek").await;
        let sitting = door.plan(&bureau, Some("zorg")).await;
        let path = format!("/sittings/{sitting}/comparisons");
        assert_eq!(door.get(&bureau, &path).await.ok(), json!([]));
        door.get(&elsewhere, &path).await.refused(404);
        door.call(&elsewhere, Method::POST, &path, &json!({}))
            .await
            .refused(403);
        let asked = door.call(&bureau, Method::POST, &path, &json!({})).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        let repair = json!({ "part": "plan", "peer": VENDOR });
        let repaired = door
            .call(&bureau, Method::POST, &format!("{path}/repair"), &repair)
            .await;
        assert_eq!(repaired.refused(409).0, "not-now");
        assert_eq!(door.get(&bureau, "/comparisons").await.ok(), json!([]));

        let stands = door.get(&bureau, "/daily-checks/2026-09-01").await.ok();
        assert_eq!(
            (&stands["open"], &stands["flows"][0]["waiting"]),
            (&json!(1), &json!(1)),
            "{stands}"
        );
        let day = "/daily-checks/2026-09-01";
        door.call(
            &elsewhere,
            Method::POST,
            day,
            &json!({ "open": 1, "reason": "akkoord" }),
        )
        .await
        .refused(403);
        door.call(&bureau, Method::POST, day, &json!({ "open": 1 }))
            .await
            .refused(400);
        let signed = json!({ "open": 1, "reason": "bezorging loopt" });
        let signed = door.call(&bureau, Method::POST, day, &signed).await;
        assert_eq!(signed.status, StatusCode::CREATED, "{}", signed.body);
        let recent = door.get(&bureau, "/daily-checks").await.ok();
        assert_eq!(
            (&recent[0]["account"], &recent[0]["stood"]["open"]),
            (&json!("bureau"), &json!(1))
        );
        assert_eq!(
            door.get(&bureau, "/daily-checks?since=2026-09-02").await.ok(),
            json!([])
        );
        door.get(&bureau, "/daily-checks/gisteren").await.refused(400);
        door.get(&bureau, "/daily-checks/2025-01-01").await.refused(400);
    })
    .await;
}
