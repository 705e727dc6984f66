//! Stories of the school's own time: its terms, its days off, the planned day of a cesuur.

use super::*;

#[tokio::test]
async fn the_schools_terms_and_days_off_are_kept_through_the_api() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let ec = door.hire("ec", "vaststellen", "*").await;
        let shown = door.get(&ec, "/school/calendar").await.ok();
        assert_eq!(
            shown["terms"],
            json!({ "assess": 5, "exchange": 2, "liberationDay": "every-fifth-year" })
        );
        let terms = json!({ "assess": 10, "exchange": 3, "liberationDay": "every-year" });
        let put = |token: &str, body: Value| {
            let (door, token) = (&door, token.to_owned());
            async move { door.call(&token, Method::PUT, "/school/calendar", &body).await }
        };
        put(&ec, terms.clone()).await.refused(403);
        let seldom = json!({ "assess": 10, "exchange": 3, "liberationDay": "seldom" });
        assert_eq!(put(&door.fb, seldom).await.refused(400).0, "liberation-day");
        let never = json!({ "assess": 0, "exchange": 3, "liberationDay": "never" });
        put(&door.fb, never).await.refused(400);
        put(&door.fb, terms.clone()).await.ok();

        let off = |from: &str, until: &str| json!({ "from": from, "until": until, "name": "Herfstvakantie" });
        let add = |token: &str, body: Value| {
            let (door, token) = (&door, token.to_owned());
            async move {
                door.call(&token, Method::POST, "/school/calendar/days-off", &body)
                    .await
            }
        };
        add(&ec, off("2026-10-17", "2026-10-25")).await.refused(403);
        assert_eq!(
            add(&door.fb, off("17 oktober", "2026-10-25")).await.refused(400).0,
            "day"
        );
        assert_eq!(
            add(&door.fb, off("2026-10-25", "2026-10-17")).await.refused(400).0,
            "days-off"
        );
        add(&door.fb, off("2026-10-17", "2026-10-25")).await.ok();
        add(&door.fb, off("2026-10-20", "2026-10-21")).await.refused(409);
        let shown = door.get(&ec, "/school/calendar").await.ok();
        assert_eq!(
            shown,
            json!({ "terms": terms, "daysOff": [off("2026-10-17", "2026-10-25")] })
        );
        let path = "/school/calendar/days-off/2026-10-17";
        door.call(&ec, Method::DELETE, path, &Value::Null).await.refused(403);
        door.call(&door.fb, Method::DELETE, path, &Value::Null).await.ok();
        let gone = door.call(&door.fb, Method::DELETE, path, &Value::Null).await;
        assert!(gone.status.is_client_error(), "{} {}", gone.status, gone.body);
        assert_eq!(door.get(&ec, "/school/calendar").await.ok()["daysOff"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_cesuur_is_planned_by_who_decides() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let ec = door.hire("ec", "vaststellen", "*").await;
        let plan = |token: &str, on: &str| {
            let body = json!({ "peer": VENDOR, "component": "rekenen", "code": "v1", "plannedOn": on });
            let (door, token) = (&door, token.to_owned());
            async move { door.call(&token, Method::PUT, "/cesuur/plan", &body).await }
        };
        plan(&door.fb, "2026-09-30").await.refused(403);
        assert_eq!(plan(&ec, "eind september").await.refused(400).0, "day");
        plan(&ec, "2026-09-30").await.ok();
        let plans = crate::store::deadline::cesuur_plans(&door.core.db, SCHOOL)
            .await
            .unwrap();
        let path = format!("/peers/{VENDOR}/components/rekenen/examenversies");
        let enter =
            json!({ "peer": VENDOR, "component": "rekenen", "examenversie": "v1", "normed": "yes", "source": "brief" });
        door.call(&ec, Method::PUT, "/cesuur", &enter).await.ok();
        let known = door.get(&door.fb, &path).await.ok();
        assert_eq!(
            (&known[0]["code"], &known[0]["plannedOn"], &known[0]["entered"]["by"]),
            (&json!("v1"), &json!("2026-09-30"), &json!("account:ec")),
            "{known}"
        );
        door.get(&ec, &format!("/peers/{VENDOR}/components/taal/examenversies"))
            .await
            .refused(404);
        assert_eq!(plans.len(), 1);
        assert_eq!(
            (plans[0].code.as_str(), plans[0].planned_on.to_string().as_str()),
            ("v1", "2026-09-30")
        );
    })
    .await;
}
