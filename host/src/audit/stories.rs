//! Stories of tampering, each way, on both databases: what the host wrote verifies, and nothing else does.

use std::path::Path;

use super::append::{GENESIS, hash, vouches_for};
use super::checkpoint::{Checkpoint, checkpoint_now, public_key, read_folder, write_missing};
use super::verify::{Finding, Report, verify};
use crate::app::Core;
use crate::store::audit::{self as rows, AuditRow};
use crate::store::testing::{Bench, on_each_database};
use crate::store::write_set::{AuditEntry, WriteSet};
use crate::values;

async fn accept(core: &Core, tenant: &str, subject: &str) {
    let mut set = WriteSet::of(tenant);
    set.audit(AuditEntry {
        actor: "client:sis".to_owned(),
        verb: "result.accept",
        subject_kind: "association",
        subject_id: subject.to_owned(),
        detail: "seq 1".to_owned(),
        content: format!("the result of {subject}").into_bytes(),
    });
    core.commit(set).await.unwrap();
}

/// Ten entries in each of two schools, with a checkpoint after the sixth, and a folder that holds it.
async fn ten_entries(bench: &Bench, folder: &Path) {
    for at in 1..=10 {
        accept(&bench.core, "school", &format!("a{at}")).await;
        accept(&bench.core, "other", &format!("b{at}")).await;
        if at == 6 {
            checkpoint_now(&bench.core, folder)
                .await
                .unwrap()
                .expect("the chains moved");
        }
    }
}

async fn verified(core: &Core, folder: &Path) -> Report {
    let (outside, refused) = read_folder(folder).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    verify(&core.db, &outside, &[public_key(&core.sealer)]).await.unwrap()
}

/// What somebody with the database's password does.
async fn tamper(core: &Core, sql: &str, values: Vec<crate::store::sql::Value>) {
    let mut tx = core.db.begin().await.unwrap();
    tx.execute(sql, values).await.unwrap();
    tx.commit().await.unwrap();
}

async fn entry(core: &Core, seq: i64) -> AuditRow {
    rows::page(&core.db, "school", &core.node, seq - 1, 1)
        .await
        .unwrap()
        .remove(0)
}

/// Writes an entry over the one with its number, as somebody who knows how the hash is made.
async fn overwrite(core: &Core, entry: &AuditRow) {
    let sql = "UPDATE audit SET detail = $1, previous = $2, hash = $3 WHERE tenant = $4 AND writer = $5 AND seq = $6";
    let values = values![
        &entry.detail,
        &entry.previous,
        &entry.hash,
        &entry.tenant,
        &entry.writer,
        entry.seq
    ];
    tamper(core, sql, values).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_wrote_verifies_and_vouches_for_its_content() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        ten_entries(&bench, folder.path()).await;
        let other_node = bench.another_node(2);
        accept(&other_node, "school", "c1").await;
        let report = verified(&bench.core, folder.path()).await;
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!((report.chains, report.entries, report.not_yet_signed), (3, 21, 9));
        assert_eq!((report.checkpoints, report.checkpoints_outside), (1, 1));
        let third = entry(&bench.core, 3).await;
        assert!(vouches_for(&bench.core.sealer, &third, b"the result of a3"));
        assert!(!vouches_for(&bench.core.sealer, &third, b"the result of a4"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_entry_is_found() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        ten_entries(&bench, folder.path()).await;
        for column in [
            "actor",
            "verb",
            "subject_kind",
            "subject_id",
            "detail",
            "digest",
            "previous",
            "hash",
        ] {
            let read = format!("SELECT {column} AS was FROM audit WHERE tenant = 'school' AND seq = 9");
            let was = bench
                .core
                .db
                .row(read, vec![])
                .await
                .unwrap()
                .unwrap()
                .text("was")
                .unwrap();
            let write = format!("UPDATE audit SET {column} = $1 WHERE tenant = 'school' AND seq = 9");
            tamper(&bench.core, &write, values!["x"]).await;
            let findings = verified(&bench.core, folder.path()).await.findings;
            let writer = bench.core.node.to_string();
            let changed = Finding::Changed {
                tenant: "school".to_owned(),
                writer,
                seq: 9,
            };
            assert!(findings.contains(&changed), "{column}: {findings:?}");
            tamper(&bench.core, &write, values![was]).await;
        }
        assert!(verified(&bench.core, folder.path()).await.is_clean());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_and_reordered_entries_are_found() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        ten_entries(&bench, folder.path()).await;
        let (tenant, writer) = ("school".to_owned(), bench.core.node.to_string());
        for (from, to) in [(7, -7), (8, 7), (-7, 8)] {
            let sql = "UPDATE audit SET seq = $1 WHERE tenant = 'school' AND seq = $2";
            tamper(&bench.core, sql, values![i64::from(to), i64::from(from)]).await;
        }
        let findings = verified(&bench.core, folder.path()).await.findings;
        for seq in [7, 8] {
            let changed = Finding::Changed {
                tenant: tenant.clone(),
                writer: writer.clone(),
                seq,
            };
            assert!(findings.contains(&changed), "{findings:?}");
        }
        tamper(
            &bench.core,
            "DELETE FROM audit WHERE tenant = 'school' AND seq IN (7, 8)",
            vec![],
        )
        .await;
        let findings = verified(&bench.core, folder.path()).await.findings;
        assert_eq!(
            findings,
            [Finding::Removed {
                tenant,
                writer,
                from: 7,
                to: 8
            }]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_cut_off_behind_a_checkpoint_is_found_and_so_is_a_whole_chain() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        ten_entries(&bench, folder.path()).await;
        let (outside, _) = read_folder(folder.path()).unwrap();
        let truncated = |tenant: &str, last| Finding::Truncated {
            tenant: tenant.to_owned(),
            writer: bench.core.node.to_string(),
            last,
            seen: 6,
            checkpoint: outside[0].id.clone(),
        };
        tamper(
            &bench.core,
            "DELETE FROM audit WHERE tenant = 'school' AND seq > 5",
            vec![],
        )
        .await;
        tamper(&bench.core, "DELETE FROM audit WHERE tenant = 'other'", vec![]).await;
        let findings = verified(&bench.core, folder.path()).await.findings;
        assert_eq!(findings, [truncated("other", 0), truncated("school", 5)]);
        // Removing the checkpoint from the database doesn't help, since a copy has left it.
        tamper(&bench.core, "DELETE FROM checkpoint", vec![]).await;
        let findings = verified(&bench.core, folder.path()).await.findings;
        assert!(findings.contains(&truncated("school", 5)), "{findings:?}");
        let removed = Finding::CheckpointRemoved {
            id: outside[0].id.clone(),
        };
        assert!(findings.contains(&removed), "{findings:?}");
    })
    .await;
}

/// Somebody changes an entry and makes all hashes after it anew: the chain fits in itself, but not the checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_rewritten_with_fitting_hashes_is_found_by_the_checkpoint() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        ten_entries(&bench, folder.path()).await;
        let mut link = entry(&bench.core, 3).await.previous;
        for seq in 3..=10 {
            let mut forged = entry(&bench.core, seq).await;
            if seq == 3 {
                forged.detail = "seq 2".to_owned();
            }
            forged.previous = link;
            forged.hash = hash(&forged);
            overwrite(&bench.core, &forged).await;
            link = forged.hash;
        }
        let (outside, _) = read_folder(folder.path()).unwrap();
        let findings = verified(&bench.core, folder.path()).await.findings;
        let rewritten = Finding::Rewritten {
            tenant: "school".to_owned(),
            writer: bench.core.node.to_string(),
            seq: 6,
            checkpoint: outside[0].id.clone(),
        };
        assert_eq!(findings, [rewritten]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_removed_checkpoint_is_found() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        ten_entries(&bench, folder.path()).await;
        let second = checkpoint_now(&bench.core, folder.path())
            .await
            .unwrap()
            .expect("the chains moved");
        assert!(verified(&bench.core, folder.path()).await.is_clean());
        let (outside, _) = read_folder(folder.path()).unwrap();
        assert_eq!(outside.len(), 2);
        // With another master key nothing of it is trusted.
        let stranger = public_key(&crate::store::Sealer::new(&[1; 32]));
        let report = verify(&bench.core.db, &outside, &[stranger]).await.unwrap();
        assert!(report.findings.contains(&Finding::Unsigned { id: second.id.clone() }));
        // A head moved back in the file, to hide that entries were cut off.
        let mut forged: Checkpoint = second.clone();
        forged.heads[0].seq -= 1;
        let path = folder.path().join(format!("checkpoint-{}.json", second.id));
        std::fs::write(&path, serde_json::to_vec(&forged).unwrap()).unwrap();
        let findings = verified(&bench.core, folder.path()).await.findings;
        assert!(
            findings.contains(&Finding::Unsigned { id: second.id.clone() }),
            "{findings:?}"
        );
        // The first removed from both places.
        std::fs::write(&path, serde_json::to_vec(&second).unwrap()).unwrap();
        std::fs::remove_file(folder.path().join(format!("checkpoint-{}.json", outside[0].id))).unwrap();
        tamper(
            &bench.core,
            "DELETE FROM checkpoint WHERE id = $1",
            values![&outside[0].id],
        )
        .await;
        let findings = verified(&bench.core, folder.path()).await.findings;
        assert_eq!(findings, [Finding::CheckpointUnlinked { id: second.id }]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_cover_what_moved_and_nothing_twice_and_survive_a_kill_before_the_file() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            checkpoint_now(&bench.core, folder.path()).await.unwrap().is_none(),
            "nothing was written yet"
        );
        accept(&bench.core, "school", "a1").await;
        accept(&bench.core, "other", "b1").await;
        let first = checkpoint_now(&bench.core, folder.path()).await.unwrap().unwrap();
        assert_eq!((first.heads.len(), first.previous.as_str()), (2, ""));
        assert!(checkpoint_now(&bench.core, folder.path()).await.unwrap().is_none());
        bench.clock.advance(jiff::SignedDuration::from_hours(1));
        accept(&bench.core, "school", "a2").await;
        let elsewhere = tempfile::tempdir().unwrap();
        let second = checkpoint_now(&bench.core, elsewhere.path()).await.unwrap().unwrap();
        assert_eq!((second.heads.len(), second.heads[0].seq), (1, 2));
        assert_eq!(second.previous, first.digest());
        // The second never reached this folder, as after a kill; the next look writes it.
        assert!(checkpoint_now(&bench.core, folder.path()).await.unwrap().is_none());
        let (outside, _) = read_folder(folder.path()).unwrap();
        assert_eq!(outside, [first, second]);
        assert_eq!(entry(&bench.core, 1).await.previous, GENESIS);
        assert!(verified(&bench.core, folder.path()).await.is_clean());
    })
    .await;
}

/// A process that is killed again and again leaves more than the newest behind.
#[tokio::test]
async fn checkpoints_that_a_killed_process_left_in_the_database_leave_it_at_the_next_start() {
    on_each_database(|bench| async move {
        let (lost, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for at in 1..=3 {
            accept(&bench.core, "school", &format!("a{at}")).await;
            checkpoint_now(&bench.core, lost.path()).await.unwrap().unwrap();
        }
        assert_eq!(write_missing(&bench.core, folder.path()).await.unwrap(), 3);
        let (there, _) = read_folder(lost.path()).unwrap();
        let (written, refused) = read_folder(folder.path()).unwrap();
        assert!(refused.is_empty() && written == there, "{written:?}");
        assert_eq!(write_missing(&bench.core, folder.path()).await.unwrap(), 0);
    })
    .await;
}

/// Two nodes that sign at the same time still make one chain of checkpoints.
#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_of_several_nodes_form_one_chain() {
    on_each_database(|bench| async move {
        let folder = tempfile::tempdir().unwrap();
        let other = bench.another_node(2);
        for at in 0..10 {
            accept(&bench.core, "school", &format!("a{at}")).await;
            accept(&other, "school", &format!("b{at}")).await;
            let (here, there) = tokio::join!(
                checkpoint_now(&bench.core, folder.path()),
                checkpoint_now(&other, folder.path())
            );
            here.unwrap();
            there.unwrap();
            bench.clock.advance(jiff::SignedDuration::from_secs(1));
        }
        let report = verified(&bench.core, folder.path()).await;
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!(report.not_yet_signed, 0);
    })
    .await;
}
