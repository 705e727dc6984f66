//! Flow 2: sittings and deelnames reach the vendor.

use jiff::SignedDuration;
use oke_host::domain::interface::Interface;
use oke_host::simulator::{Misbehaviour, Trouble};

use crate::house::{Come, House, TENANT, VENDOR};

/// R14: the sitting goes first, each deelname with its person whole; R25: what the vendor holds is what was planned.
#[tokio::test]
async fn sitting_before_deelname_and_read_back_equals_plan() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (id, deelnames) = house.plan(4).await;
    house.work().await;

    let state = house.ta.state();
    assert!(
        state.refused.is_empty(),
        "nothing came before what it needs: {:?}",
        state.refused
    );
    assert_eq!((state.sittings.len(), state.deelnames.len()), (1, 4));
    assert!(
        state
            .deelnames
            .iter()
            .all(|one| one.person.as_ref().is_some_and(|it| it["personId"].is_string()))
    );
    let sitting = house.sitting(&id).await;
    assert!(sitting.is_confirmed());
    assert_eq!(sitting.confirmed.unwrap().revision, 1);
    for deelname in &deelnames {
        assert!(house.deelname(deelname).await.is_confirmed());
    }

    let connectors = &house.host.service.connectors;
    let running = connectors
        .caller(TENANT, VENDOR, Interface::TaZittingsplan, "read")
        .await
        .unwrap();
    let read = running.caller.read_sitting(&id).await.outcome.unwrap().unwrap();
    let plan = sitting.plan();
    assert_eq!((&read.name, read.start, read.end), (&plan.name, plan.start, plan.end));
    assert_eq!(
        (read.duration_s, &read.location_codes),
        (plan.duration_s, &plan.location_codes)
    );
    assert_eq!((read.offered_id, read.state), (plan.offered_id, plan.state));
    let running = connectors
        .caller(TENANT, VENDOR, Interface::TaZittingsplan, "read")
        .await
        .unwrap();
    let page = running.caller.read_deelnames(&id, None).await.outcome.unwrap();
    assert_eq!(page.deelnames.len(), 4);
    for read in page.deelnames {
        let planned = house.deelname(&read.association_id).await.facts;
        assert_eq!(read.person_id, planned.person_id);
        assert_eq!(read.additional_time_min, planned.additional_time_min);
        assert_eq!(read.personal_needs, planned.personal_needs);
    }
    house.close_without_tasks().await;
}

/// Invariant 4: a write whose answer was lost is repeated to the same id, and makes no double.
#[tokio::test]
async fn a_lost_answer_makes_no_double_and_costs_no_confirmation() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (id, deelnames) = house.plan(2).await;
    house
        .ta
        .misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying).on("PUT", "/offerings/"));
    house
        .ta
        .misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying).on("PUT", "/associations/"));
    house.work().await;
    assert!(!house.sitting(&id).await.is_confirmed());
    assert!(
        house.ta.state().deelnames.is_empty(),
        "deelnames wait for their sitting"
    );

    for _ in 0..3 {
        house.later(SignedDuration::from_mins(1)).await;
    }
    let state = house.ta.state();
    let sitting = &state.sittings[0];
    assert_eq!((sitting.creates, sitting.writes, sitting.changes), (1, 2, 0));
    assert!(state.deelnames.iter().all(|one| (one.creates, one.changes) == (1, 0)));
    assert_eq!(state.deelnames.iter().map(|one| one.writes).sum::<u32>(), 3);
    assert!(house.sitting(&id).await.is_confirmed());
    for deelname in &deelnames {
        assert!(house.deelname(deelname).await.is_confirmed());
    }
    house.close_without_tasks().await;
}

/// R4: what was cancelled is told as cancelled, and only that.
#[tokio::test]
async fn a_cancelled_deelname_is_cancelled_at_the_vendor() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (_, deelnames) = house.plan(2).await;
    house.work().await;
    house.cancel(&deelnames[0]).await;
    house.work().await;

    let state = house.ta.state();
    let state_of = |id: &str| {
        let found = state.deelnames.iter().find(|one| one.association_id == id);
        found.map(|one| one.state.clone())
    };
    assert_eq!(state_of(&deelnames[0]).as_deref(), Some("canceled"));
    assert_eq!(state_of(&deelnames[1]).as_deref(), Some("associated"));
    let cancelled = house.deelname(&deelnames[0]).await;
    assert!(cancelled.is_confirmed() && cancelled.plan_version == 2);
    house.close_without_tasks().await;
}
