//! How SQLite carries out what is asked for each message: by the rows it needs, never by walking through a whole school.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

use std::path::Path;

use oke_host::store::sql::Value;
use oke_host::store::testing::TestDatabase;

/// Rooms of the store whose every query stands in the way of a message that waits for its answer.
const PER_MESSAGE: [&str; 7] = [
    "attempt.rs",
    "client.rs",
    "document.rs",
    "duplicate.rs",
    "ledger.rs",
    "message.rs",
    "person.rs",
];

/// Tables that grow with every message; a plan names them by these names or aliases.
const GROWING: [&str; 6] = ["association", "message", "result", "document", "duplicate", "task"];

/// An `ORDER BY` of the primary key made SQLite read all rows of a school by that key, to be spared a sort: 20 ms a
/// message with 16,000 associations.
#[tokio::test]
async fn an_order_by_the_key_does_not_walk_through_a_whole_school() {
    let database = TestDatabase::sqlite().await;
    let mut walks = Vec::new();
    let mut explained = 0;
    for (file, query) in queries() {
        let counts_per_page = !PER_MESSAGE.contains(&file.as_str()) && query.contains(" JOIN ");
        if counts_per_page || query.contains("LIMIT") {
            continue;
        }
        let values = (0..query.matches('$').count()).map(|_| Value::from("x")).collect();
        let Ok(plan) = database.db.rows(format!("EXPLAIN QUERY PLAN {query}"), values).await else {
            // Part of a statement that is put together elsewhere.
            continue;
        };
        explained += 1;
        for step in plan {
            let step = step.text("detail").unwrap();
            let grows = GROWING
                .iter()
                .any(|table| step.starts_with(&format!("SEARCH {table} ")));
            if (grows && step.ends_with("(tenant=?)") && !query.contains("COUNT("))
                || step.starts_with("SCAN association")
            {
                walks.push(format!("{file}: {step}: {query}"));
            }
        }
    }
    assert!(explained > 40, "{explained}: this test reads the queries no more");
    assert!(walks.is_empty(), "{}", walks.join("\n"));
    database.remove().await;
}

/// The queries of the store that stand whole in its sources.
fn queries() -> Vec<(String, String)> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for piece in text
            .split('"')
            .filter(|piece| piece.starts_with("SELECT") && !piece.contains('{'))
        {
            found.push((name.clone(), piece.replace("\\\n", " ")));
        }
    }
    found
}
