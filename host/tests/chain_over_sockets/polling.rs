//! A vendor that does not send: its results and reports are fetched, by cursor, and by whichever revision runs.

use jiff::SignedDuration;
use oke_host::app::polling::{self, Recurring};
use oke_host::app::revision;
use oke_host::connector::manifest::ConfigValue;
use oke_host::domain::result::Source;
use oke_host::simulator::{ReportOrder, ResultsOrder};
use oke_host::store::{cursor, document, job};

use crate::house::{Come, House, TENANT, VENDOR};

/// R10, R25: a poll brings each result once, however often it is repeated, and a correction as a version of its own.
#[tokio::test]
async fn a_polled_result_is_kept_once_and_a_correction_as_a_new_version() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(4).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    for _ in 0..4 {
        house.later(SignedDuration::from_secs(61)).await;
    }
    for deelname in &deelnames {
        let versions = house.versions(deelname).await;
        assert_eq!(versions.len(), 1);
        assert_eq!((versions[0].source, versions[0].revision), (Source::Poll, Some(1)));
        let enrolment = house.deelname(deelname).await.enrolment.unwrap();
        assert_eq!(house.score_at_sis(&enrolment), house.score_at_vendor(deelname));
    }

    house.ta.restate(&deelnames[0], "5.6").await.unwrap();
    house.later(SignedDuration::from_secs(61)).await;
    assert_eq!(house.versions(&deelnames[0]).await.len(), 2);
    let enrolment = house.deelname(&deelnames[0]).await.enrolment.unwrap();
    assert_eq!(house.score_at_sis(&enrolment).as_deref(), Some("5.6"));
    let rounds = house.jobs_in_lane(&format!("3/peer/{VENDOR}")).await;
    assert_eq!(rounds.len(), 1, "all rounds are one job");
    house.close_without_tasks().await;
}

/// DESIGN §7: each revision polls with its own cursor, started from that of the revision it took over from; a rollback
/// goes on with its own.
#[tokio::test]
async fn results_keep_coming_while_the_connector_is_replaced_and_rolled_back() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(6).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    let some = |range: std::ops::Range<usize>| ResultsOrder {
        only: deelnames[range].to_vec(),
        ..ResultsOrder::grades(&sitting)
    };
    house.ta.results(&some(0..2)).await.unwrap();
    house.later(SignedDuration::from_secs(61)).await;
    let second = house
        .install_vendor(Come::Polled, &[("page-size", ConfigValue::Text("10".to_owned()))])
        .await;
    house.ta.results(&some(2..4)).await.unwrap();
    house.later(SignedDuration::from_secs(61)).await;
    revision::rollback(&house.core, TENANT, "fb", VENDOR, revision::Back::default(), "a story")
        .await
        .unwrap();
    house.ta.results(&some(4..6)).await.unwrap();
    house.later(SignedDuration::from_secs(61)).await;

    let mut handled = Vec::new();
    for deelname in &deelnames {
        let versions = house.versions(deelname).await;
        assert_eq!(versions.len(), 1, "none lost, none twice");
        handled.push(versions[0].revision.unwrap());
    }
    assert_eq!(handled, [1, 1, second, second, 1, 1]);
    for revision in [1, second] {
        let own = cursor::find(&house.core.db, TENANT, VENDOR, revision, "ta-resultaten")
            .await
            .unwrap();
        assert!(own.version > 0, "revision {revision} has a cursor of its own");
    }
    let mut told: Vec<String> = house
        .open_tasks()
        .await
        .into_iter()
        .map(|task| task.about.kind)
        .collect();
    told.sort();
    assert_eq!(told, ["rollback-review", "rolled-back"]);
    house.close().await;
}

/// R27, §3.4: a report is fetched with its documents once the sitting has ended.
#[tokio::test]
async fn a_polled_report_comes_with_its_documents() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let (sitting, _) = house.plan(2).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    let order = ReportOrder {
        offering_id: sitting.clone(),
        irregularities: "Brandalarm om 10.20 uur".to_owned(),
        documents: vec![2_000],
    };
    house.ta.report(&order).await.unwrap();
    house.later(SignedDuration::from_secs(61)).await;

    let facts = house.sitting(&sitting).await.facts;
    assert_eq!(facts.irregularities.as_deref(), Some("Brandalarm om 10.20 uur"));
    let documents = document::of_subject(&house.core.db, TENANT, VENDOR, ("offering", &sitting))
        .await
        .unwrap();
    assert_eq!(documents.len(), 1);
    let fetched = documents[0].fetched.as_ref().unwrap();
    assert_eq!(fetched.sha256, house.ta.state().documents[0].sha256);
    house.close_without_tasks().await;
}

/// A revision that has results sent ends the polling; one that polls begins it again. Asking now needs no waiting.
#[tokio::test]
async fn what_is_asked_again_and_again_follows_the_revision_that_runs() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let open = async || {
        let lane = format!("3/peer/{VENDOR}");
        job::open_in_lane(&house.core.db, TENANT, &lane).await.unwrap().len()
    };
    assert_eq!(open().await, 1);
    house.install_vendor(Come::Pushed, &[]).await;
    house.later(SignedDuration::from_secs(61)).await;
    assert_eq!(open().await, 0);
    let refused = polling::now(&house.core, TENANT, VENDOR, Recurring::Results, "account:fb")
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("sends by itself"), "{refused}");

    house
        .install_vendor(Come::Polled, &[("poll-seconds", ConfigValue::Number(3600))])
        .await;
    house.work().await;
    assert_eq!(open().await, 1);
    let (sitting, deelnames) = house.plan(1).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(1));
    house.later(SignedDuration::from_mins(1)).await;
    house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    house.later(SignedDuration::from_mins(1)).await;
    assert_eq!(house.versions(&deelnames[0]).await.len(), 0, "its round has not come");
    polling::now(&house.core, TENANT, VENDOR, Recurring::Results, "account:fb")
        .await
        .unwrap();
    house.work().await;
    assert_eq!(house.versions(&deelnames[0]).await.len(), 1);
    house.close_without_tasks().await;
}
