//! How flow 1 of a student system comes, set and read through the API.

use super::*;

/// DESIGN §4: whether a student system is asked is functioneel beheer's to say, and anybody's to see who plans.
#[tokio::test]
async fn how_flow_1_comes_is_set_through_the_api() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let bureau = door.hire("bureau", "plannen", "*").await;
        let sis = json!({ "id": "osiris", "hat": "dr", "name": "Osiris" });
        door.call(&door.fb, Method::POST, "/peers", &sis).await.ok();
        let path = "/peers/osiris/registrations";
        let shown = door.get(&bureau, path).await.ok();
        assert_eq!((&shown["asked"], &shown["since"]), (&json!(false), &Value::Null));

        let put = async |token: &str, path: &str, body: Value| door.call(token, Method::PUT, path, &body).await;
        let asked = json!({ "asked": true, "from": "2026-08-01" });
        put(&bureau, path, asked.clone()).await.refused(403);
        put(&door.fb, &format!("/peers/{VENDOR}/registrations"), asked.clone())
            .await
            .refused(400);
        put(&door.fb, "/peers/nobody/registrations", asked.clone())
            .await
            .refused(404);
        let soon = put(&door.fb, path, json!({ "asked": true, "from": "soon" })).await;
        assert_eq!(soon.refused(400).0, "day");
        put(&door.fb, path, asked).await.ok();
        let shown = door.get(&bureau, path).await.ok();
        assert_eq!((&shown["asked"], &shown["from"]), (&json!(true), &json!("2026-08-01")));
        assert_eq!((&shown["last"], &shown["refused"]), (&Value::Null, &json!([])));

        let now = door
            .call(
                &bureau,
                Method::POST,
                "/peers/osiris/poll",
                &json!({ "what": "registrations" }),
            )
            .await;
        now.refused(409);
        put(&door.fb, path, json!({ "asked": false })).await.ok();
        assert_eq!(door.get(&bureau, path).await.ok()["asked"], json!(false));
    })
    .await;
}
