//! Stories of exceptions that a person takes up: who is at it, and how it goes to another.

use super::*;
use crate::store::audit;

/// One takes it up, another takes it over on purpose; the audit says from whom.
#[tokio::test]
async fn an_exception_is_taken_up_taken_over_and_given_back() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        let (an, bo) = (
            door.hire("an", "plannen", "*").await,
            door.hire("bo", "plannen", "*").await,
        );
        let (task, other) = (door.open_task(None).await, door.open_task(None).await);
        let act = |token: &str, act: &str, body: Value| {
            let (door, token) = (&door, token.to_owned());
            let path = format!("/tasks/{task}/{act}");
            async move { door.call(&token, Method::POST, &path, &body).await }
        };
        act(&an, "claim", json!({})).await.ok();
        let since = door.core.now();
        door.clock.advance(SignedDuration::from_hours(1));
        act(&an, "claim", json!({})).await.ok();
        let listed = door.get(&bo, "/tasks").await.ok();
        let shown = listed.as_array().unwrap().iter().find(|one| one["id"] == json!(task));
        assert_eq!(
            (&shown.unwrap()["claimedBy"], &shown.unwrap()["claimedAt"]),
            (&json!("an"), &json!(since.to_string())),
            "a repeat changes nothing"
        );
        assert_eq!(
            door.get(&an, "/tasks?claimedBy=me").await.ids(),
            std::slice::from_ref(&task)
        );
        assert_eq!(
            door.get(&bo, "/tasks?claimedBy=nobody").await.ids(),
            std::slice::from_ref(&other)
        );
        door.get(&bo, "/tasks?claimedBy=an").await.refused(400);

        let refused = act(&bo, "claim", json!({})).await;
        assert!(refused.refused(409).1.contains("taken up by an"), "{}", refused.body);
        assert_eq!(act(&bo, "release", json!({})).await.refused(409).0, "not-yours");
        act(&bo, "claim", json!({ "takeOver": true })).await.ok();
        assert!(door.get(&an, "/tasks?claimedBy=me").await.ids().is_empty());
        act(&bo, "release", json!({})).await.ok();
        assert_eq!(door.get(&bo, "/tasks?claimedBy=nobody").await.ids().len(), 2);

        let entries = audit::about(&door.core.db, SCHOOL, "task", &task).await.unwrap();
        let told: Vec<(&str, &str, &str)> = entries
            .iter()
            .map(|entry| (entry.actor.as_str(), entry.verb.as_str(), entry.detail.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("account:an", "task.claim", "a-story"),
                ("account:bo", "task.take-over", "a-story from an"),
                ("account:bo", "task.release", "a-story"),
            ]
        );
    })
    .await;
}

/// It takes the function that owns it, as closing does; and what is closed nobody takes up.
#[tokio::test]
async fn only_its_owners_take_up_an_exception_and_only_while_it_is_open() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        door.put_unit("zorg", None).await;
        door.put_unit("techniek", None).await;
        let planner = door.hire("bureau", "plannen", "zorg").await;
        let ec = door.hire("ec", "vaststellen", "*").await;
        let (own, elsewhere) = (
            door.open_task(Some("zorg")).await,
            door.open_task(Some("techniek")).await,
        );
        let claim = |token: &str, task: &str| {
            let (door, token, path) = (&door, token.to_owned(), format!("/tasks/{task}/claim"));
            async move { door.call(&token, Method::POST, &path, &json!({})).await }
        };
        claim(&ec, &own).await.refused(403);
        claim(&planner, &elsewhere).await.refused(403);
        claim(&planner, "nowhere").await.refused(404);
        claim(&planner, &own).await.ok();
        let close = format!("/tasks/{own}/close");
        let done = json!({ "resolution": "gebeld" });
        door.call(&planner, Method::POST, &close, &done).await.ok();
        assert_eq!(claim(&planner, &own).await.refused(409).0, "closed");
        let release = format!("/tasks/{own}/release");
        let late = door.call(&planner, Method::POST, &release, &json!({})).await;
        assert_eq!(late.refused(409).0, "closed");
    })
    .await;
}
