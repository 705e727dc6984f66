//! A vendor is disabled while it has a sitting: everything of it still comes, and then nothing is asked any more.

use jiff::SignedDuration;
use oke_host::app::draining::{self, Change};
use oke_host::domain::drain::DrainState;
use oke_host::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use oke_host::simulator::ResultsOrder;
use oke_host::store::{audit, drain};

use crate::house::{Come, FB, House, TENANT, VENDOR, planner};

fn fb() -> Account {
    let assignments = planner().assignments.into_iter();
    let beheren = |held| Assignment {
        duty: Duty::Beheren,
        unit: WHOLE_SCHOOL.to_owned(),
        ..held
    };
    Account {
        id: FB.to_owned(),
        assignments: assignments.map(beheren).collect(),
        ..planner()
    }
}

async fn state(house: &House) -> DrainState {
    drain::of_peer(&house.core.db, TENANT, VENDOR)
        .await
        .unwrap()
        .remove(0)
        .state
}

/// Deliveries, cancels and polls go on until the last result is in; then the polls end, and the audit says so.
#[tokio::test]
async fn a_disabled_vendor_is_polled_until_its_last_result_and_then_no_more() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(3).await;
    house.work().await;
    draining::change(
        &house.core,
        TENANT,
        &fb(),
        VENDOR,
        (Change::Begin, &[]),
        "contract loopt af",
    )
    .await
    .unwrap();
    house.cancel(&deelnames[2]).await;
    house.work().await;
    let there = house.ta.state().deelnames;
    let cancelled = there.iter().find(|one| one.association_id == deelnames[2]).unwrap();
    assert_eq!(cancelled.state, "canceled", "a cancel is still told");

    house.clock.advance(SignedDuration::from_hours(3));
    let some = ResultsOrder {
        only: deelnames[..1].to_vec(),
        ..ResultsOrder::grades(&sitting)
    };
    house.ta.results(&some).await.unwrap();
    house.later(SignedDuration::from_mins(6)).await;
    assert_eq!(house.versions(&deelnames[0]).await.len(), 1);
    assert_eq!(state(&house).await, DrainState::Draining, "one is still awaited");

    let rest = ResultsOrder {
        only: deelnames[1..2].to_vec(),
        ..ResultsOrder::grades(&sitting)
    };
    house.ta.results(&rest).await.unwrap();
    for _ in 0..3 {
        house.later(SignedDuration::from_mins(6)).await;
    }
    assert_eq!(house.versions(&deelnames[1]).await.len(), 1);
    assert_eq!(state(&house).await, DrainState::Ended);
    house.later(SignedDuration::from_hours(30)).await;
    let polls = house.jobs_in_lane(&format!("3/peer/{VENDOR}")).await;
    assert!(polls.iter().all(|job| job.finished_at.is_some()), "{polls:?}");
    let told = audit::about(&house.core.db, TENANT, "peer", VENDOR).await.unwrap();
    assert!(told.iter().any(|entry| entry.verb == "peer.drained"));

    let enable = (Change::Lift, &[][..]);
    draining::change(&house.core, TENANT, &fb(), VENDOR, enable, "toch verlengd")
        .await
        .unwrap();
    house.work().await;
    let polls = house.jobs_in_lane(&format!("3/peer/{VENDOR}")).await;
    assert!(polls.iter().any(|job| job.finished_at.is_none()), "it is polled again");
    let (_, again) = house.plan_for(None, 3..4).await;
    house.work().await;
    assert!(
        house
            .ta
            .state()
            .deelnames
            .iter()
            .any(|one| one.association_id == again[0])
    );
    house.close_without_tasks().await;
}
