//! What storing a file leaves behind: after a stop in the middle, of two at once, and when its term is over.

use jiff::SignedDuration;

use super::super::{bring, content, erase};
use super::*;
use crate::domain::lane::JobState;
use crate::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use crate::jobs::letters;
use crate::store::job;
use crate::store::peer::PeerRow;
use crate::store::testing::{Bench, on_each_database};

const TENANT: &str = "roc";
const KIST: &str = "kist";

fn bureau() -> Account {
    Account {
        id: "bureau".to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: vec![Assignment {
            id: "bureau-plannen".to_owned(),
            duty: Duty::Plannen,
            unit: WHOLE_SCHOOL.to_owned(),
            mandate: false,
            from: jiff::Timestamp::UNIX_EPOCH,
            until: None,
            withdrawn: None,
            granted_by: "fb".to_owned(),
        }],
    }
}

fn carrier(account: &Account) -> Carrier<'_> {
    Carrier {
        tenant: TENANT,
        account,
    }
}

async fn brought(bench: &Bench, name: &str) -> String {
    let mut set = WriteSet::of(TENANT);
    set.put(PeerRow::new(TENANT, KIST, "ta", "Toetskist").next());
    bench.core.commit(set).await.unwrap();
    let file = b"kenmerk;reden\nd-1;ziek\n";
    bring(&bench.core, carrier(&bureau()), KIST, (name, file))
        .await
        .unwrap()
}

async fn row(bench: &Bench, id: &str) -> FileRow {
    carried_file::find(&bench.core.db, TENANT, id).await.unwrap().unwrap()
}

async fn chunks(bench: &Bench) -> Vec<String> {
    let sql = "SELECT DISTINCT content FROM document_chunk WHERE tenant = $1 ORDER BY content";
    let rows = bench.core.db.rows(sql, values![TENANT]).await.unwrap();
    rows.iter().map(|row| row.text("content").unwrap()).collect()
}

fn line() -> Line {
    Line {
        number: 2,
        cells: vec!["d-1".to_owned(), "ziek".to_owned()],
        said: Said::Nothing,
    }
}

/// A kill between keeping the lines and saying that they count leaves nothing that no row names.
#[tokio::test]
async fn what_a_try_that_was_cut_off_left_is_erased_by_the_next_one_or_with_the_file() {
    on_each_database(|bench| async move {
        let id = brought(&bench, "uitval.csv").await;
        let (account, core) = (bureau(), &bench.core);
        let first = name_lines(core, carrier(&account), &id, "first").await.unwrap();
        keep_lines(core, (TENANT, &id, first), "first", &[line()])
            .await
            .unwrap();
        let second = name_lines(core, carrier(&account), &id, "second").await.unwrap();
        keep_lines(core, (TENANT, &id, second), "second", &[line()])
            .await
            .unwrap();
        let overtaken = keep_lines(core, (TENANT, &id, first), "first", &[line()]).await;
        assert!(
            matches!(overtaken, Err(FileError::SeenOther)),
            "of two at once: {overtaken:?}"
        );
        let kept = row(&bench, &id).await;
        assert_eq!(kept.lines.as_deref(), Some("second"));
        let mut there = vec![kept.content.clone(), "second".to_owned()];
        there.sort();
        assert_eq!(chunks(&bench).await, there);

        bench.clock.advance(SignedDuration::from_hours(30 * 24));
        assert_eq!(erase::sweep(core).await.unwrap(), 1);
        assert!(chunks(&bench).await.is_empty());
    })
    .await;
}

/// What remains names nobody: when, by whom, how much, and the digest by which the same file is known again.
#[tokio::test]
async fn after_its_term_a_file_has_no_content_and_no_name_and_its_row_stays() {
    on_each_database(|bench| async move {
        let (account, core) = (bureau(), &bench.core);
        let id = brought(&bench, "uitval van Noor.csv").await;
        let before = row(&bench, &id).await;
        assert_eq!(before.media_type, "text/csv");
        bench.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
        assert_eq!(
            erase::sweep(core).await.unwrap(),
            0,
            "nothing of it was stored: thirty days"
        );
        bench.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(erase::sweep(core).await.unwrap(), 1);
        assert_eq!(erase::sweep(core).await.unwrap(), 0, "once");

        let after = row(&bench, &id).await;
        assert_eq!(after.erased_at, Some(core.now()));
        assert!(after.name.is_empty() && chunks(&bench).await.is_empty());
        let facts = |row: &FileRow| (row.digest.clone(), row.size, row.made_at, row.made_by.clone());
        assert_eq!(facts(&after), facts(&before));
        let shown = super::super::find(core, carrier(&account), (KIST, &id)).await.unwrap();
        assert_eq!(shown.name, "");
        let gone = content(core, &after).await;
        assert!(matches!(gone, Err(FileError::Erased(_))), "{gone:?}");
        let refused = name_lines(core, carrier(&account), &id, "lines").await;
        assert!(matches!(refused, Err(FileError::Erased(_))), "{refused:?}");

        let file = b"kenmerk;reden\nd-1;ziek\n";
        let again = bring(core, carrier(&account), KIST, ("uitval.csv", file))
            .await
            .unwrap();
        assert_ne!(again, id, "brought again, it is a new one");
        assert_eq!(row(&bench, &again).await.digest, before.digest);
    })
    .await;
}

/// What is being stored is not taken away under the job that stores it; once nothing stores it, its term counts.
#[tokio::test]
async fn a_file_that_is_being_stored_is_left_until_it_is() {
    on_each_database(|bench| async move {
        let id = brought(&bench, "uitval.csv").await;
        let kept = row(&bench, &id).await;
        let seen = FileRow {
            state: FileState::Storing,
            ..kept.clone()
        };
        let mut draft = Draft::of(&bench.core, TENANT, "account:bureau");
        draft.put(seen.next());
        follow(&mut draft, &id).await.unwrap();
        let storing = draft.finish();
        bench.core.commit(storing).await.unwrap();
        bench.clock.advance(SignedDuration::from_hours(400 * 24));
        assert_eq!(erase::sweep(&bench.core).await.unwrap(), 0);
        let row = row(&bench, &id).await;
        erase::erase(&bench.core, &row).await.unwrap();
        assert_eq!(chunks(&bench).await, [kept.content]);

        // A person ended the job after it had failed for good: nothing stores it any more.
        let mut job = job::in_lane(&bench.core.db, TENANT, &lane_of(&id))
            .await
            .unwrap()
            .remove(0);
        job.state = JobState::Dead;
        let mut set = WriteSet::of(TENANT);
        set.put(job.next());
        bench.core.commit(set).await.unwrap();
        letters::dismiss(&bench.core, TENANT, &job.id, "account:fb", "kapot bestand")
            .await
            .unwrap();
        assert_eq!(erase::sweep(&bench.core).await.unwrap(), 1);
        assert!(chunks(&bench).await.is_empty());
    })
    .await;
}
