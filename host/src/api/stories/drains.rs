//! Stories of `/api/v1/peers/{peer}/drains`: disabled, shown with what it waits for, ended and enabled again.

use super::*;

/// Who manages disables a vendor with a reason; the answer names what that waits for.
#[tokio::test]
async fn a_program_disables_a_vendor_and_sees_what_that_waits_for() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        door.put_unit("zorg", None).await;
        let bureau = door.hire("bureau", "plannen", "*").await;
        let sitting = door.plan(&bureau, Some("zorg")).await;
        let drains = format!("/peers/{VENDOR}/drains");
        assert_eq!(door.get(&door.fb, &drains).await.ok(), json!([]));
        let asked = json!({ "units": ["zorg"], "reason": "contract loopt af" });
        door.call(&bureau, Method::POST, &drains, &asked).await.refused(403);
        let no_reason = json!({ "units": ["zorg"], "reason": " " });
        door.call(&door.fb, Method::POST, &drains, &no_reason)
            .await
            .refused(400);
        let nowhere = json!({ "units": ["maan"], "reason": "x" });
        door.call(&door.fb, Method::POST, &drains, &nowhere).await.refused(400);
        door.get(&door.fb, "/peers/niemand/drains").await.refused(404);

        door.call(&door.fb, Method::POST, &drains, &asked).await.ok();
        door.call(&door.fb, Method::POST, &drains, &asked).await.ok();
        let shown = door.get(&door.fb, &drains).await.ok();
        assert_eq!(shown.as_array().unwrap().len(), 1, "a second time changes nothing");
        assert_eq!(
            (&shown[0]["unit"], &shown[0]["state"]),
            (&json!("zorg"), &json!("draining"))
        );
        let waits = &shown[0]["waitsFor"][0];
        assert_eq!(
            (&waits["id"], &waits["unconfirmed"]),
            (&json!(sitting), &json!(true)),
            "{shown}"
        );
        assert_eq!(waits["href"], json!(format!("/api/v1/sittings/{sitting}")));
        let peers = door.get(&door.fb, "/peers").await.ok();
        let vendor = peers
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == VENDOR)
            .unwrap();
        assert_eq!(vendor["drains"], json!(true));
        let start = door.core.now() + SignedDuration::from_hours(24);
        let new = json!({ "peer": VENDOR, "component": "rekenen", "unit": "zorg", "plan": {
            "start": start.to_string(), "end": (start + SignedDuration::from_mins(90)).to_string(),
        } });
        let refused = door.call(&bureau, Method::POST, "/sittings", &new).await;
        assert_eq!(refused.refused(409).0, "not-plannable");

        let end = json!({ "units": ["zorg"], "reason": "leverancier is gestopt" });
        door.call(&door.fb, Method::POST, &format!("{drains}/end"), &end)
            .await
            .ok();
        let shown = door.get(&door.fb, &drains).await.ok();
        assert_eq!(
            (&shown[0]["state"], &shown[0]["waitsFor"]),
            (&json!("ended"), &json!([]))
        );
        door.call(&door.fb, Method::POST, &format!("{drains}/lift"), &end)
            .await
            .ok();
        assert_eq!(door.get(&door.fb, &drains).await.ok(), json!([]));
        door.call(&bureau, Method::POST, "/sittings", &new).await.ok();
    })
    .await;
}
