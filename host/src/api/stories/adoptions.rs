//! Stories of `/api/v1/peers/{peer}/adoptions` and `/losses` at their doors: who may, and what is refused before any vendor
//! is asked.

use super::*;

#[tokio::test]
async fn a_list_is_refused_without_the_function_or_a_connector_and_when_it_is_too_long() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let bureau = door.hire("bureau", "plannen", "*").await;
        let ec = door.hire("ec", "vaststellen", "*").await;
        let path = format!("/peers/{VENDOR}/adoptions/preview");
        let list = json!({ "lines": [{ "sitting": "z-1", "plannable": "p" }] });
        door.call(&ec, Method::POST, &path, &list).await.refused(403);
        let shut = door.call(&bureau, Method::POST, &path, &list).await;
        assert_eq!(shut.refused(409).0, "not-now", "no connector runs");
        let lines: Vec<Value> = (0..41).map(|nth| json!({ "sitting": format!("z-{nth}") })).collect();
        let long = door
            .call(&bureau, Method::POST, &path, &json!({ "lines": lines }))
            .await;
        assert_eq!(long.refused(400).0, "invalid");
        door.call(&bureau, Method::POST, "/peers/niemand/adoptions/preview", &list)
            .await
            .refused(404);
        let store = json!({ "lines": [], "digest": "x" });
        let other = door
            .call(&bureau, Method::POST, &format!("/peers/{VENDOR}/adoptions"), &store)
            .await;
        assert_eq!(other.refused(409).0, "not-now", "not what was seen");
    })
    .await;
}

#[tokio::test]
async fn the_loss_report_of_a_system_without_a_connector_names_what_it_can_not_read_here() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let bureau = door.hire("bureau", "plannen", "*").await;
        let path = format!("/peers/{VENDOR}/losses");
        let report = door.get(&door.fb, &path).await.ok();
        assert_eq!((&report["neverTold"], &report["deliveries"]), (&json!([]), &json!([])));
        assert_eq!(report["count"], json!(0));
        let of_flow_6 =
            json!({ "flow": 6, "loss": "assigned-needs", "fields": ["person", "assigned_needs"], "rule": "R15" });
        assert_eq!(report["neverAnswered"][0], of_flow_6, "a vendor reads flow 6 only");
        door.get(&bureau, &path).await.refused(403);
        door.get(&door.fb, "/peers/niemand/losses").await.refused(404);
        door.get(&door.fb, &format!("{path}?revision=4")).await.refused(404);
        door.get(&door.fb, &format!("{path}?versie=4")).await.refused(400);
    })
    .await;
}
