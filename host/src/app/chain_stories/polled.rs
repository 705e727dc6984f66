//! Flow 3 as a poll brings it: records and cursor in one commit, repeats, strangers, and the cursor of a revision that
//! takes over.

use super::*;
use crate::app::polled::{self, Page, cursor, keep_page};
use crate::app::polling::Round;
use crate::app::pushed::{self, By};
use crate::connector::call::{Delivery, Received};
use crate::domain::exception::UNKNOWN_SUBJECT;
use crate::domain::interface::Interface;
use crate::domain::model::Normed;
use crate::domain::result::Source;
use crate::store::ledger::LedgerRow;
use crate::store::revision::ActivationRow;
use crate::store::testing::on_each_database;

const RESULTS: Interface = Interface::TaResultaten;

fn delivery(peer_id: &str, body: &Value) -> Delivery {
    Delivery {
        deelname_peer_id: peer_id.to_owned(),
        result: result_message(body).result,
        normed: Normed::Unknown,
        examenversie: None,
    }
}

async fn page(school: &School, revision: i64, deliveries: Vec<Delivery>, next: Option<&str>) -> Page {
    Page {
        peer: VENDOR.to_owned(),
        revision,
        deliveries,
        before: cursor(&school.core, TENANT, VENDOR, revision, RESULTS).await.unwrap(),
        next: next.map(str::to_owned),
    }
}

async fn keep(school: &School, deliveries: Vec<Delivery>, next: Option<&str>) {
    let page = page(school, 1, deliveries, next).await;
    keep_page(&school.core, TENANT, &page).await.unwrap();
}

async fn present_cursor(school: &School, revision: i64) -> Option<String> {
    let row = cursor(&school.core, TENANT, VENDOR, revision, RESULTS).await.unwrap();
    row.cursor
}

/// R10: 5.4, then 5.6, then 5.4 in one page are three versions, in this order.
#[tokio::test]
async fn a_page_that_names_a_deelname_more_than_once_is_kept_in_its_order() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        let of = |id: &str, score: &str| delivery(id, &completed(score));
        let (jip, an) = (&deelnames[0], &deelnames[1]);
        let deliveries = vec![of(jip, "5.4"), of(an, "7.0"), of(jip, "5.6"), of(jip, "5.4")];
        keep(&school, deliveries, Some("a")).await;
        let scores: Vec<Option<String>> = school
            .versions(jip)
            .await
            .into_iter()
            .map(|version| version.delivered.result.score)
            .collect();
        assert_eq!(scores.iter().flatten().collect::<Vec<_>>(), ["5.4", "5.6", "5.4"]);
        assert_eq!(school.versions(an).await.len(), 1);
        assert_eq!(present_cursor(&school, 1).await.as_deref(), Some("a"));
    })
    .await;
}

/// R25: what a poll repeats leaves no trace; only its cursor moves.
#[tokio::test]
async fn what_a_poll_repeats_leaves_no_trace() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        for next in ["a", "b", "b"] {
            keep(&school, vec![delivery(&deelnames[0], &completed("7.0"))], Some(next)).await;
        }
        assert_eq!(school.versions(&deelnames[0]).await.len(), 1);
        assert_eq!(school.outcomes("association", &deelnames[0]).await, ["applied"]);
        assert_eq!(school.lane(5, "association", "e-jip").await.len(), 1);
        assert_eq!(present_cursor(&school, 1).await.as_deref(), Some("b"));
    })
    .await;
}

/// R2: a result for an id that nobody knows is kept once, with one task, however often the poll brings it; the results
/// beside it are kept.
#[tokio::test]
async fn a_result_of_a_stranger_is_kept_once_and_holds_up_nobody() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        for score in ["6.0", "6.0", "6.5"] {
            let deliveries = vec![
                delivery("stranger", &completed(score)),
                delivery(&deelnames[0], &completed("7.0")),
            ];
            keep(&school, deliveries, None).await;
        }
        assert_eq!(school.outcomes("association", "stranger").await, ["held"]);
        assert_eq!(school.task_kinds("association", "stranger").await, [UNKNOWN_SUBJECT]);
        assert_eq!(school.versions(&deelnames[0]).await.len(), 1);
    })
    .await;
}

/// A vendor that made ids of its own delivers under those; the ledger ties them to ours.
#[tokio::test]
async fn a_result_under_the_vendors_own_id_finds_its_deelname() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let tie = LedgerRow {
            tenant: TENANT.to_owned(),
            peer: VENDOR.to_owned(),
            kind: "association".to_owned(),
            our_id: deelnames[0].clone(),
            peer_id: "kandidaat-17".to_owned(),
            revision: None,
            version: 0,
        };
        let mut set = WriteSet::of(TENANT);
        set.put(tie.next());
        school.core.commit(set).await.unwrap();
        keep(&school, vec![delivery("kandidaat-17", &completed("7.0"))], None).await;
        let versions = school.versions(&deelnames[0]).await;
        assert_eq!(versions.len(), 1);
        assert_eq!((versions[0].source, versions[0].revision), (Source::Poll, Some(1)));
    })
    .await;
}

/// Records and cursor stand or fall together: a page that was read before another node moved the cursor stores nothing.
#[tokio::test]
async fn a_page_from_behind_the_cursor_stores_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let stale = page(&school, 1, vec![delivery(&deelnames[0], &completed("7.0"))], Some("a")).await;
        keep(&school, Vec::new(), Some("b")).await;
        let refused = keep_page(&school.core, TENANT, &stale).await.unwrap_err();
        assert!(matches!(refused, Refused::Commit(error) if error.is_conflict()));
        assert!(school.versions(&deelnames[0]).await.is_empty());
        assert_eq!(present_cursor(&school, 1).await.as_deref(), Some("b"));
    })
    .await;
}

/// DESIGN §7: a revision goes on where the one it took over from was, and from then on by its own cursor; the earlier
/// one keeps its own for when it comes back.
#[tokio::test]
async fn a_revision_that_takes_over_goes_on_from_the_earlier_ones_cursor() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let activated = |seq: i64, revision: i64, previous: Option<i64>| ActivationRow {
            tenant: TENANT.to_owned(),
            peer: VENDOR.to_owned(),
            seq,
            revision,
            previous,
            kind: "rollout".to_owned(),
            actor: "fb".to_owned(),
            reason: "a story".to_owned(),
            at: school.core.now(),
        };
        let mut set = WriteSet::of(TENANT);
        set.put(activated(1, 1, None).write());
        set.put(activated(2, 2, Some(1)).write());
        school.core.commit(set).await.unwrap();

        keep(&school, Vec::new(), Some("page 9")).await;
        let inherited = cursor(&school.core, TENANT, VENDOR, 2, RESULTS).await.unwrap();
        assert_eq!((inherited.cursor.as_deref(), inherited.version), (Some("page 9"), 0));
        let own = page(&school, 2, Vec::new(), Some("page 12")).await;
        keep_page(&school.core, TENANT, &own).await.unwrap();
        assert_eq!(present_cursor(&school, 2).await.as_deref(), Some("page 12"));
        assert_eq!(present_cursor(&school, 1).await.as_deref(), Some("page 9"));
    })
    .await;
}

/// Sittings are asked for once the vendor has confirmed them and they have begun, and often only while results are to
/// be expected.
#[tokio::test]
async fn a_round_asks_for_sittings_that_are_confirmed_and_under_way() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut row = store::peer::find(&school.core.db, TENANT, VENDOR)
            .await
            .unwrap()
            .unwrap();
        row.revision = Some(1);
        let mut set = WriteSet::of(TENANT);
        set.put(row.next());
        school.core.commit(set).await.unwrap();
        let (sitting, _) = school.planned(&["jip"]).await;
        let asked = async || {
            let round = Round {
                revision: 1,
                every: std::time::Duration::from_secs(1),
            };
            let asked = polled::sittings_for_results(&school.core, TENANT, VENDOR, round)
                .await
                .unwrap();
            asked.len()
        };
        school.clock.advance(SignedDuration::from_hours(25));
        assert_eq!(asked().await, 0, "the vendor does not know it yet");
        let mut draft = crate::app::Draft::of(&school.core, TENANT, "job:test");
        let confirmed = offering::Confirmed {
            plan_version: 1,
            revision: 1,
            peer_id: None,
        };
        offering::confirm(&mut draft, &sitting, confirmed).await.unwrap();
        school.core.commit(draft.finish()).await.unwrap();
        assert_eq!(asked().await, 1);
        school.clock.advance(SignedDuration::from_hours(91 * 24));
        assert_eq!(asked().await, 0, "nobody norms that long");
    })
    .await;
}

/// R10, invariant 4: pushes pass each other, and one that failed at first is tried again when a newer one was kept. What is
/// overtaken is read back; in its turn it is kept.
#[tokio::test]
async fn a_push_that_was_overtaken_is_read_back_and_not_kept() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let jip = &deelnames[0];
        let push = async |score: &str, said_at| {
            let received = Received {
                deliveries: vec![delivery(jip, &completed(score))],
                reports: Vec::new(),
            };
            let by = By {
                peer: VENDOR,
                revision: 1,
                said_at,
            };
            pushed::keep(&school.core, TENANT, by, &received).await.unwrap();
        };
        let first = school.core.now();
        school.clock.advance(jiff::SignedDuration::from_mins(1));
        let second = school.core.now();
        school.clock.advance(jiff::SignedDuration::from_mins(1));
        push("5.6", second).await;
        push("5.4", first).await;
        assert_eq!(school.versions(jip).await.len(), 1, "the older one changes nothing");
        assert_eq!(school.lane(3, "association", jip).await.len(), 1, "and is read back");
        push("5.6", second).await;
        assert_eq!(school.versions(jip).await.len(), 1, "said again");

        school.clock.advance(jiff::SignedDuration::from_mins(1));
        push("5.4", school.core.now()).await;
        assert_eq!(school.versions(jip).await.len(), 2, "a correction in its turn");
    })
    .await;
}
