//! Trouble on the way: nothing is lost, a person hears what to do, and what waited goes on by itself.

use jiff::{SignedDuration, Timestamp};
use oke_host::app::peer::SignIn;
use oke_host::app::publisher;
use oke_host::connector::signature::SigningKey;
use oke_host::domain::exception::{CREDENTIALS_REFUSED, NOT_RUNNING};
use oke_host::simulator::{Misbehaviour, ResultsOrder, Trouble};

use crate::house::{Come, FB, House, PUBLISHERS_KEY, SIS, TENANT, VENDOR};

/// Without a connector what is accepted waits, with one task for all of it, and goes on at once after the install.
#[tokio::test]
async fn what_was_accepted_without_a_connector_goes_on_when_one_is_installed() {
    let Some(house) = House::with_nothing_installed(Come::Pushed).await else {
        return;
    };
    let report = house
        .sis
        .push_flow_1(&oke_host::simulator::Flow1Push {
            shuffle_seed: Some(3),
            parallel: None,
        })
        .await;
    assert!(report.unwrap().all_accepted());
    for _ in 0..20 {
        house.later(SignedDuration::from_mins(5)).await;
    }
    let tasks = house.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    assert_eq!(tasks[0].about.kind, NOT_RUNNING);
    assert!(tasks[0].about.next_step.contains(SIS), "{}", tasks[0].about.next_step);

    house.install(SIS, "ooapi-dr", None, &[]).await;
    house.work().await;
    house.close_without_tasks().await;
}

/// Refused credentials: one task, no dead letters; with the right ones everything goes on at once.
#[tokio::test]
async fn refused_credentials_are_one_task_and_mending_them_lets_everything_go_on() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let mut wrong = house.vendor_reach();
    let SignIn::Bearer { secret, .. } = &mut wrong.sign_in else {
        unreachable!()
    };
    "forgotten".clone_into(secret);
    house.reach(VENDOR, &wrong).await;
    let (id, deelnames) = house.plan(5).await;
    for _ in 0..10 {
        house.later(SignedDuration::from_mins(2)).await;
    }
    let kinds: Vec<String> = house
        .open_tasks()
        .await
        .into_iter()
        .map(|task| task.about.kind)
        .collect();
    assert!(kinds.contains(&CREDENTIALS_REFUSED.to_owned()), "{kinds:?}");
    assert!(!kinds.contains(&"dead-letter".to_owned()), "{kinds:?}");

    house.reach(VENDOR, &house.vendor_reach()).await;
    house.work().await;
    assert!(house.sitting(&id).await.is_confirmed());
    for deelname in &deelnames {
        assert!(house.deelname(deelname).await.is_confirmed());
    }
    house.close_without_tasks().await;
}

/// What was signed with a key while it was in other hands is called no more, also where it runs and is loaded; what waits for
/// it is not lost, and a person hears which key it was.
#[tokio::test]
async fn a_connector_that_runs_is_called_no_more_once_its_key_is_revoked() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (before, _) = house.plan_for(None, 0..2).await;
    house.work().await;
    assert!(house.sitting(&before).await.is_confirmed());

    let key = SigningKey::from_seed(PUBLISHERS_KEY).public().id().to_string();
    let since = Some(Timestamp::UNIX_EPOCH);
    publisher::revoke(&house.core, TENANT, FB, &key, since, "in andere handen")
        .await
        .unwrap();
    let (id, _) = house.plan_for(None, 2..4).await;
    for _ in 0..10 {
        house.later(SignedDuration::from_mins(5)).await;
    }
    assert!(!house.sitting(&id).await.is_confirmed());
    let there = house.ta.state().sittings;
    assert_eq!(there.len(), 1, "the vendor has heard of the first one only: {there:#?}");
    let tasks = house.open_tasks().await;
    assert!(
        tasks.iter().any(|task| task.about.kind == NOT_RUNNING
            && task.about.subject_id == VENDOR
            && task.about.next_step.contains(&key)),
        "{tasks:#?}"
    );
    assert!(!tasks.iter().any(|task| task.about.kind == "dead-letter"), "{tasks:#?}");
    house.close().await;
}

/// R21: 429 with Retry-After is kept to; 5xx is tried again; the student system gets every result once.
#[tokio::test]
async fn a_student_system_that_is_busy_or_fails_gets_every_result_in_the_end() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(4).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house
        .sis
        .misbehave(Misbehaviour::next(1, Trouble::TooManyRequests { retry_after: 30 }).on("PATCH", "/associations/"));
    house
        .sis
        .misbehave(Misbehaviour::next(3, Trouble::ServerError).on("PATCH", "/associations/"));
    house
        .sis
        .misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying).on("PATCH", "/associations/"));
    house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    house.work().await;
    for _ in 0..8 {
        house.later(SignedDuration::from_mins(2)).await;
    }
    for deelname in &deelnames {
        let enrolment = house.deelname(deelname).await.enrolment.unwrap();
        assert_eq!(house.score_at_sis(&enrolment), house.score_at_vendor(deelname));
    }
    let state = house.sis.state();
    let changes = state.applied.iter().filter(|one| one.changed).count();
    assert_eq!(changes, 4, "no receiver's state shows that a message was sent twice");
    house.close_without_tasks().await;
}
