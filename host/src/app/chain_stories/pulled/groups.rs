//! Stories of test groups that are pulled.

use super::*;

/// R26: groups come with their members; one that is listed no longer stays, and a person hears.
#[tokio::test]
async fn test_groups_are_read_with_their_members() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip"]);
        sis.groups.push(json!({ "groupId": "g-1", "groupType": "class",
            "primaryCode": { "codeType": "groupCode", "code": "R3A" },
            "name": [{ "language": "nl-NL", "value": "R3A" }] }));
        let member = |id: &str| json!({ "personId": id, "startDateTime": "2026-08-01T00:00:00Z" });
        sis.members = ["p-jip", "p-an", "p-bo"].map(member).to_vec();
        school.asks().await;
        school.pull(&sis).await;
        let members = async || {
            test_group::members_of(&school.core.db, TENANT, "g-1")
                .await
                .unwrap()
                .len()
        };
        assert_eq!(members().await, 3);
        assert!(school.fetches(FETCH_PERSON, "person", "p-bo").await);
        assert!(school.tasks("group", "g-1").await.is_empty());

        let gone = sis.members.remove(0);
        school.ask_all_again().await;
        school.pull(&sis).await;
        assert_eq!(members().await, 3, "nobody is taken off in silence");
        assert_eq!(school.task_kinds("group", "g-1").await, [GROUP_DIFFERS]);
        sis.members.push(gone);
        school.ask_all_again().await;
        school.pull(&sis).await;
        assert!(school.tasks("group", "g-1").await.is_empty());
    })
    .await;
}
