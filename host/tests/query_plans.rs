//! How SQLite carries out the store's queries: by the rows they need, never by walking through a whole school.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

use std::path::Path;

use oke_host::store::sql::Value;
use oke_host::store::testing::TestDatabase;

/// Tables that grow with every message, and the names queries give them.
const GROWING: [&str; 14] = [
    "association",
    "carried_file",
    "deelname",
    "document",
    "duplicate",
    "enrolled",
    "enrolment",
    "head",
    "job",
    "message",
    "present",
    "result",
    "result_head",
    "task",
];

/// Indexes that hold only what is open, which a list or a count may walk through.
const OPEN_ONLY: [&str; 6] = [
    "job_open",
    "job_open_count",
    "job_ready",
    "needs_standing_blocked",
    "result_head_undecided",
    "task_open",
];

/// An `ORDER BY` of the primary key made SQLite read all rows of a school by that key, to be spared a sort: 20 ms a
/// message with 16,000 associations. Joins were begun at the table with the most rows for the same reason.
#[tokio::test]
async fn an_order_by_the_key_does_not_walk_through_a_whole_school() {
    let database = TestDatabase::sqlite().await;
    let mut walks = Vec::new();
    let mut explained = 0;
    for (file, query) in queries() {
        let values = (0..placeholders(&query)).map(|_| Value::from("x")).collect();
        let Ok(plan) = database.db.rows(format!("EXPLAIN QUERY PLAN {query}"), values).await else {
            // Part of a statement that is put together elsewhere, or one of PostgreSQL's own.
            continue;
        };
        explained += 1;
        for step in plan {
            let step = step.text("detail").unwrap();
            if walks_through_a_school(&step) {
                walks.push(format!("{file}: {step}: {query}"));
            }
        }
    }
    assert!(explained > 90, "{explained}: this test reads the queries no more");
    assert!(walks.is_empty(), "{}", walks.join("\n"));
    database.remove().await;
}

/// Such as `SEARCH association USING INDEX … (tenant=?)`: of a table that grows, by nothing but the school.
fn walks_through_a_school(step: &str) -> bool {
    let words: Vec<&str> = step.split(' ').collect();
    let grows = words.get(1).is_some_and(|table| GROWING.contains(table));
    let by_nothing = words.first() == Some(&"SCAN") || step.ends_with("(tenant=?)");
    let is_open_only = words.iter().any(|word| OPEN_ONLY.contains(word));
    grows && by_nothing && !is_open_only
}

fn placeholders(query: &str) -> usize {
    let numbers = query.split('$').skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    });
    numbers.max().unwrap_or(0)
}

/// The queries of the store that stand whole in its sources.
fn queries() -> Vec<(String, String)> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let keys = "(VALUES ($1, $2, $3, $4), ($5, $6, $7, $8)) AS asked";
        let pieces = text.split('"').map(|piece| piece.replace("{asked}", keys));
        for piece in pieces.filter(|piece| piece.starts_with("SELECT") && !piece.contains('{')) {
            found.push((name.clone(), piece.replace("\\\n", " ")));
        }
    }
    found
}
