//! What calls of a revision took and how its code failed is kept per revision, and told without personal data.

use super::rollout::with_two_revisions;
use super::*;
use crate::app::rollout::tally::{Call, Tally};
use crate::connector::call::CallReport;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::domain::rollout::criteria::Took;
use crate::store::testing::on_each_database;
use crate::store::{call_tally, fault};

const MEBIBYTE: u64 = 1024 * 1024;

fn call(revision: i64, memory: u64) -> Call<'static> {
    Call {
        tenant: TENANT,
        peer: VENDOR,
        revision,
        interface: Interface::TaResultaten,
        blame: None,
        report: CallReport {
            wall: std::time::Duration::from_millis(40),
            network: std::time::Duration::from_millis(30),
            guest_ms: 4,
            memory_peak: memory,
            requests: 2,
            bytes_sent: 100,
            bytes_received: 900,
            ..CallReport::default()
        },
        fault: None,
    }
}

/// Counts add up over flushes and nodes; of memory the most of any call is kept.
#[tokio::test]
async fn what_calls_took_is_added_up_per_revision_and_survives_the_process() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        for memory in [3 * MEBIBYTE, 9 * MEBIBYTE, 5 * MEBIBYTE] {
            // Another process each time.
            let tally = Tally::default();
            tally.count(call(1, memory), core.now());
            tally.write(core).await;
        }
        let rows = call_tally::since(&core.db, TENANT, (VENDOR, 1), jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        let took: Vec<Took> = rows.iter().map(|row| row.measured.took).collect();
        let all = Took {
            wall_us: 120_000,
            guest_ms: 12,
            network_us: 90_000,
            memory_peak: 9 * MEBIBYTE,
            requests: 6,
            bytes_sent: 300,
            bytes_received: 2_700,
        };
        assert_eq!(took, [all]);
        let other = call_tally::since(&core.db, TENANT, (VENDOR, 2), jiff::Timestamp::UNIX_EPOCH).await;
        assert!(other.unwrap().is_empty());
    })
    .await;
}

/// The same failure at the same place is told once, with how often and since when; a connector that fails in ever other
/// words fills no database.
#[tokio::test]
async fn failures_of_the_code_are_told_apart_by_place_and_their_number_is_bounded() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        let tally = Tally::default();
        let fail = |what: &str, frames: &[String]| {
            let failed = Call {
                blame: Some(Blame::Connector),
                fault: Some((what, frames)),
                ..call(2, MEBIBYTE)
            };
            tally.count(failed, core.now());
        };
        let (here, there) = (["score".to_owned(), "pull".to_owned()], ["pull".to_owned()]);
        fail("the connector trapped", &here);
        tally.write(core).await;
        let first_at = core.now();
        school.clock.advance(SignedDuration::from_mins(5));
        fail("the connector trapped", &here);
        fail("the connector trapped", &there);
        tally.write(core).await;
        let known = fault::of_revision(&core.db, TENANT, (VENDOR, 2)).await.unwrap();
        let mut told: Vec<(usize, u64)> = known.iter().map(|row| (row.frames.len(), row.times)).collect();
        told.sort_unstable();
        assert_eq!(told, [(1, 1), (2, 2)]);
        let twice = known.iter().find(|row| row.times == 2).unwrap();
        assert_eq!((twice.first_at, twice.last_at), (first_at, core.now()));

        for word in 0..120 {
            fail(&format!("the connector reports a bug: {word}"), &here);
            if word % 40 == 0 {
                tally.write(core).await;
            }
        }
        tally.write(core).await;
        let known = fault::of_revision(&core.db, TENANT, (VENDOR, 2)).await.unwrap();
        assert_eq!(known.len(), 50);
        let rows = call_tally::since(&core.db, TENANT, (VENDOR, 2), jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        let failed: u64 = rows.iter().map(|row| row.measured.by_connector).sum();
        assert_eq!(failed, 123, "every failure counts");
    })
    .await;
}
