//! Stories of the committer and of deciding, on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;

use super::{CommitError, Core, Decision};
use crate::store::audit;
use crate::store::cursor::{self, CursorRow, POLL_CURSOR};
use crate::store::ledger::{self, LedgerRow};
use crate::store::testing::on_each_database;
use crate::store::write_set::{AuditEntry, WriteSet};
use crate::values;

fn tie(our_id: &str, peer_id: &str, version: i64) -> LedgerRow {
    LedgerRow {
        tenant: "school".to_owned(),
        peer: "vendor".to_owned(),
        kind: "association".to_owned(),
        our_id: our_id.to_owned(),
        peer_id: peer_id.to_owned(),
        revision: None,
        version,
    }
}

fn entry(subject: &str) -> AuditEntry {
    AuditEntry {
        actor: "host".to_owned(),
        verb: "ledger.tie",
        subject_kind: "association",
        subject_id: subject.to_owned(),
        detail: String::new(),
        content: subject.as_bytes().to_vec(),
    }
}

fn one(row: &LedgerRow) -> WriteSet {
    let mut set = WriteSet::of("school");
    set.put(row.next()).audit(entry(&row.our_id));
    set
}

async fn stored(core: &Core, our_id: &str) -> Option<LedgerRow> {
    ledger::by_our_id(&core.db, "school", "vendor", "association", our_id)
        .await
        .unwrap()
}

/// Counts up in the text of one row: loses a count if two verbs decide on the same state.
async fn count_up(core: &Core, keys: &[String]) -> Result<(), CommitError> {
    let verb = || async {
        let row = stored(core, "counter").await.unwrap_or_else(|| tie("counter", "0", 0));
        let count: u32 = row.peer_id.parse().expect("a count");
        let next = LedgerRow {
            peer_id: (count + 1).to_string(),
            ..row
        };
        Ok(Decision {
            write_set: one(&next),
            answer: (),
        })
    };
    core.decide(keys, verb).await
}

/// Invariant 2: a write set names the versions it was decided on; on mismatch the verb runs again.
#[tokio::test(flavor = "multi_thread")]
async fn verbs_on_one_row_at_the_same_time_lose_no_update() {
    on_each_database(|bench| async move {
        let locked = ["counter".to_owned()];
        let here = join_all((0..40).map(|_| count_up(&bench.core, &locked)));
        let other = bench.another_node(2);
        let there = join_all((0..40).map(|_| count_up(&other, &locked)));
        let (here, there) = tokio::join!(here, there);
        for outcome in here.into_iter().chain(there) {
            outcome.unwrap();
        }
        let row = stored(&bench.core, "counter").await.unwrap();
        assert_eq!((row.peer_id.as_str(), row.version), ("80", 80));
    })
    .await;
}

/// Invariant 2, without the locks that only spare conflicts.
#[tokio::test(flavor = "multi_thread")]
async fn without_locks_a_conflict_makes_the_verb_run_again() {
    on_each_database(|bench| async move {
        let runs = AtomicU32::new(0);
        let core = &bench.core;
        let verb = || async {
            let row = stored(core, "a").await.unwrap_or_else(|| tie("a", "", 0));
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                // Somebody else is first, between reading and committing.
                core.commit(one(&LedgerRow {
                    peer_id: "other".to_owned(),
                    ..row.clone()
                }))
                .await?;
            }
            let mine = LedgerRow {
                peer_id: format!("{}+mine", row.peer_id),
                ..row
            };
            Ok::<_, CommitError>(Decision {
                write_set: one(&mine),
                answer: mine.peer_id,
            })
        };
        assert_eq!(core.decide(&[], verb).await.unwrap(), "other+mine");
        assert_eq!(runs.into_inner(), 2);
        assert_eq!(stored(core, "a").await.unwrap().peer_id, "other+mine");
    })
    .await;
}

/// Statements have room for 1, 2, 4, 8 … rows: what fills them up is no row.
#[tokio::test(flavor = "multi_thread")]
async fn groups_of_any_size_store_each_row_once_and_nothing_else() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        for size in [1, 2, 3, 5, 8, 13, 37] {
            let commits = (0..size).map(|at| {
                let mut set = one(&tie(&format!("{size}-{at}"), "theirs", 0));
                let expected = tie(&format!("{size}-{at}-absent"), "", 0);
                set.expect(&ledger::LEDGER, expected.next().values[..4].to_vec(), 0);
                core.commit(set)
            });
            for outcome in join_all(commits).await {
                outcome.unwrap();
            }
        }
        let many = (0..300).map(|at| tie(&format!("many-{at}"), "theirs", 0).next());
        let mut set = WriteSet::of("school");
        set.rows.extend(many);
        core.commit(set).await.unwrap();
        for (table, rows) in [("ledger", 69 + 300), ("audit", 69)] {
            let sql = format!("SELECT COUNT(*) AS count FROM {table}");
            let counted = core.db.row(sql, vec![]).await.unwrap().unwrap();
            assert_eq!(counted.int("count").unwrap(), rows, "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_write_set_fails_alone_and_its_neighbours_are_stored() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        core.commit(one(&tie("taken", "first", 0))).await.unwrap();
        let mut sets: Vec<WriteSet> = (0..30).map(|at| one(&tie(&format!("n{at}"), "x", 0))).collect();
        sets.insert(15, one(&tie("taken", "second", 0)));
        let outcomes = join_all(sets.into_iter().map(|set| core.commit(set))).await;
        for (at, outcome) in outcomes.iter().enumerate() {
            match at {
                15 => assert!(matches!(outcome, Err(CommitError::Conflict(_))), "{outcome:?}"),
                _ => assert!(outcome.is_ok(), "{at}: {outcome:?}"),
            }
        }
        assert_eq!(stored(core, "taken").await.unwrap().peer_id, "first");
        assert!(stored(core, "n29").await.is_some());
        let entries = audit::page(&core.db, "school", &core.node, 0, 100).await.unwrap();
        let numbers: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(
            numbers,
            (1..=31).collect::<Vec<_>>(),
            "the chain has no gap where the bad one failed"
        );
    })
    .await;
}

/// A write set is all or nothing: rows of several tables, audit entry included.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_refused_write_set_is_stored() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        core.commit(one(&tie("taken", "first", 0))).await.unwrap();
        let mut set = one(&tie("taken", "second", 0));
        let cursor = cursor::find(&core.db, "school", "vendor", 1, "ta-resultaten")
            .await
            .unwrap();
        set.put(
            CursorRow {
                cursor: Some("c1".to_owned()),
                ..cursor
            }
            .next(),
        );
        assert!(core.commit(set).await.unwrap_err().is_conflict());
        let after = cursor::find(&core.db, "school", "vendor", 1, "ta-resultaten")
            .await
            .unwrap();
        assert_eq!((after.version, after.cursor), (0, None));
        assert_eq!(
            audit::page(&core.db, "school", &core.node, 0, 9).await.unwrap().len(),
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_only_read_must_still_be_so_and_what_was_absent_still_absent() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        let key = || values!["school", "vendor", "association", "read"];
        let mut expects_none = one(&tie("a", "x", 0));
        expects_none.expect(&ledger::LEDGER, key(), 0);
        core.commit(expects_none.clone()).await.unwrap();
        core.commit(one(&tie("read", "v1", 0))).await.unwrap();
        let again = |our_id: &str, version: i64| {
            let mut set = one(&tie(our_id, "x", 0));
            set.expect(&ledger::LEDGER, key(), version);
            set
        };
        assert!(core.commit(again("b", 0)).await.unwrap_err().is_conflict());
        core.commit(again("b", 1)).await.unwrap();
        core.commit(one(&tie("read", "v2", 1))).await.unwrap();
        assert!(core.commit(again("c", 1)).await.unwrap_err().is_conflict());
        assert!(stored(core, "c").await.is_none());
    })
    .await;
}

/// Two verbs that each go ahead only while the other's row is absent: one of them must give in, on whatever node.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_count_on_each_others_absence_do_not_both_win() {
    on_each_database(|bench| async move {
        let other = bench.another_node(2);
        for round in 0..20 {
            let left = (format!("left{round}"), format!("right{round}"));
            let right = (left.1.clone(), left.0.clone());
            let claim = |(mine, theirs): (String, String)| {
                let mut set = one(&tie(&mine, "x", 0));
                set.expect(&ledger::LEDGER, values!["school", "vendor", "association", theirs], 0);
                set
            };
            let (here, there) = tokio::join!(bench.core.commit(claim(left)), other.commit(claim(right)));
            assert!(here.is_ok() != there.is_ok(), "round {round}: {here:?} {there:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_skips_one_or_comes_twice_is_a_conflict() {
    on_each_database(|bench| async move {
        let core = &bench.core;
        core.commit(one(&tie("a", "v1", 0))).await.unwrap();
        assert!(core.commit(one(&tie("a", "v3", 2))).await.unwrap_err().is_conflict());
        assert!(
            core.commit(one(&tie("a", "v1 again", 0)))
                .await
                .unwrap_err()
                .is_conflict()
        );
        core.commit(one(&tie("a", "v2", 1))).await.unwrap();
        assert_eq!(stored(core, "a").await.unwrap().peer_id, "v2");
    })
    .await;
}

#[tokio::test]
async fn a_write_set_that_names_a_row_twice_is_refused_as_a_mistake_in_the_program() {
    on_each_database(|bench| async move {
        let mut set = WriteSet::of("school");
        set.put(tie("a", "v1", 0).next()).put(tie("a", "v2", 1).next());
        let error = bench.core.commit(set).await.unwrap_err();
        assert!(
            matches!(&error, CommitError::Malformed(why) if why.contains("`ledger` twice")),
            "{error}"
        );
    })
    .await;
}

/// More rows than one statement can bind values for.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_set_of_thousands_of_rows_is_stored_whole() {
    on_each_database(|bench| async move {
        let mut set = WriteSet::of("school");
        for at in 0..12_000 {
            set.put(tie(&format!("n{at}"), "x", 0).next());
        }
        for revision in 0..150 {
            set.expect(
                &POLL_CURSOR,
                values!["school", "vendor", i64::from(revision), "ta-resultaten"],
                0,
            );
        }
        bench.core.commit(set).await.unwrap();
        let count = bench
            .core
            .db
            .row("SELECT COUNT(*) AS count FROM ledger", vec![])
            .await
            .unwrap();
        assert_eq!(count.unwrap().int("count").unwrap(), 12_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_stops_waiting_leaves_nothing_half_done() {
    on_each_database(|bench| async move {
        let core = Arc::new(bench.core.clone());
        for at in 0..50 {
            let core = core.clone();
            let task = tokio::spawn(async move { core.commit(one(&tie(&format!("n{at}"), "x", 0))).await });
            tokio::task::yield_now().await;
            task.abort();
        }
        core.commit(one(&tie("last", "x", 0))).await.unwrap();
        let counts = "SELECT (SELECT COUNT(*) FROM ledger) AS ties, (SELECT COUNT(*) FROM audit) AS entries";
        let row = bench.core.db.row(counts, vec![]).await.unwrap().unwrap();
        let (ties, entries) = (row.int("ties").unwrap(), row.int("entries").unwrap());
        assert!(ties >= 1);
        assert_eq!(ties, entries);
    })
    .await;
}
