//! A revision comes team by team and goes back, with real connectors: who delivers what, that nothing is lost while
//! messages flow, and that what was told is told again and read back.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use oke_host::app::account;
use oke_host::app::revision::{self, Back};
use oke_host::app::rollout::steps::{self, Begin, Step};
use oke_host::app::running::Connectors;
use oke_host::connector::manifest::ConfigValue;
use oke_host::domain::comparison::Part;
use oke_host::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use oke_host::domain::rollout::criteria::Criteria;
use oke_host::simulator::{Misbehaviour, ResultsOrder, Trouble};
use oke_host::store::comparison::{self, ComparisonRow, Outcome};
use oke_host::store::cursor;

use crate::house::{Come, House, TENANT, VENDOR};

fn holding(duties: &[Duty]) -> Account {
    let assignment = |duty: &Duty| Assignment {
        id: duty.name().to_owned(),
        duty: *duty,
        unit: WHOLE_SCHOOL.to_owned(),
        mandate: false,
        from: jiff::Timestamp::UNIX_EPOCH,
        until: None,
        withdrawn: None,
        granted_by: "fb".to_owned(),
    };
    Account {
        id: "fb".to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: duties.iter().map(assignment).collect(),
    }
}

pub async fn make_teams(house: &House) {
    for (id, parent) in [("zorg", None), ("team-a", Some("zorg")), ("team-b", Some("zorg"))] {
        account::put_unit(&house.core, TENANT, "fb", id, id, parent)
            .await
            .unwrap();
    }
}

async fn begin(house: &House, revision: i64, least_calls: u64) {
    let begin = Begin {
        route: Default::default(),
        revision,
        go_by: Duty::Plannen,
        criteria: Criteria {
            least_calls,
            ..Criteria::default()
        },
    };
    let fb = holding(&[Duty::Beheren]);
    steps::begin(&house.core, TENANT, &fb, VENDOR, &begin, "a story")
        .await
        .unwrap();
}

async fn take(house: &House, step: Step) {
    let who = match step {
        Step::Go { .. } | Step::NoGo => holding(&[Duty::Plannen]),
        _ => holding(&[Duty::Beheren]),
    };
    let tally = house.host.service.connectors.tally();
    steps::take(&house.core, tally, TENANT, &who, VENDOR, (&step, "a story"))
        .await
        .unwrap();
}

fn units(names: &[&str]) -> Step {
    Step::Units {
        units: names.iter().map(|&name| name.to_owned()).collect(),
        flows: Vec::new(),
    }
}

pub async fn delivered_by(house: &House, sitting: &str) -> i64 {
    let sitting = house.sitting(sitting).await;
    assert!(sitting.is_confirmed());
    sitting.confirmed.unwrap().revision
}

async fn check(house: &House, sitting: &str) -> ComparisonRow {
    comparison::find(&house.core.db, TENANT, sitting, (Part::Plan, VENDOR))
        .await
        .unwrap()
        .unwrap()
}

/// A later page size makes another revision of the same connector.
fn page_size(size: &str) -> Vec<(&'static str, ConfigValue)> {
    vec![("page-size", ConfigValue::Text(size.to_owned()))]
}

/// DESIGN §7: team A comes first; a Go on what its calls came to; then everybody; and back, with what the newer revision
/// did told again and read back until it is equal.
#[tokio::test]
async fn a_team_then_everybody_then_back_with_repair() {
    let Some(house) = House::open(Come::Polled).await else {
        return;
    };
    make_teams(&house).await;
    let second = house.make_vendor(Come::Polled, &page_size("10")).await;
    begin(&house, second, 3).await;
    take(&house, units(&["team-a"])).await;
    let (of_a, deelnames_of_a) = house.plan_for(Some("team-a"), 0..2).await;
    let (of_b, deelnames_of_b) = house.plan_for(Some("team-b"), 2..4).await;
    house.work().await;
    assert_eq!(
        (delivered_by(&house, &of_a).await, delivered_by(&house, &of_b).await),
        (second, 1)
    );

    // Results: each team's come by its own revision, with a cursor of its own.
    house.clock.advance(SignedDuration::from_hours(3));
    for sitting in [&of_a, &of_b] {
        house.ta.results(&ResultsOrder::grades(sitting)).await.unwrap();
    }
    for _ in 0..3 {
        house.later(SignedDuration::from_secs(61)).await;
    }
    for (deelnames, revision) in [(&deelnames_of_a, second), (&deelnames_of_b, 1)] {
        for deelname in deelnames {
            let versions = house.versions(deelname).await;
            assert_eq!(versions.len(), 1, "once");
            assert_eq!(versions[0].revision, Some(revision));
        }
        let own = cursor::find(&house.core.db, TENANT, VENDOR, revision, "ta-resultaten")
            .await
            .unwrap();
        assert!(own.version > 0, "revision {revision} has a cursor of its own");
    }

    take(&house, Step::Go { despite: false }).await;
    take(&house, Step::All).await;
    let (later, _) = house.plan_for(Some("team-b"), 4..6).await;
    house.work().await;
    assert_eq!(delivered_by(&house, &later).await, second);

    let plan = revision::plan_rollback(&house.core, TENANT, VENDOR, Back::default())
        .await
        .unwrap();
    let done = plan.consequences.done;
    assert_eq!((done.sittings, done.deelnames, done.results), (2, 4, 2));
    revision::rollback(&house.core, TENANT, "fb", VENDOR, Back::default(), "a story")
        .await
        .unwrap();
    house.work().await;
    house.later(SignedDuration::from_mins(2)).await;
    assert_eq!(delivered_by(&house, &later).await, 1, "told again by the older one");
    let read = check(&house, &later).await;
    assert_eq!((read.outcome, read.revision), (Outcome::Equal, 1), "{}", read.detail);
    house.close().await;
}

/// Work of a team that is not enabled waits without a strike, and goes once it is.
#[tokio::test]
async fn work_of_a_team_that_is_not_enabled_waits_for_it() {
    let Some(house) = House::with_nothing_installed(Come::Pushed).await else {
        return;
    };
    make_teams(&house).await;
    house.install(crate::house::SIS, "ooapi-dr", None, &[]).await;
    let first = house.make_vendor(Come::Pushed, &[]).await;
    begin(&house, first, 1).await;
    take(&house, units(&["team-a"])).await;
    house.work().await;
    house.flow_1().await;
    let (of_a, _) = house.plan_for(Some("team-a"), 0..1).await;
    let (of_b, _) = house.plan_for(Some("team-b"), 1..2).await;
    house.work().await;
    assert_eq!(delivered_by(&house, &of_a).await, first);
    for _ in 0..20 {
        house.later(SignedDuration::from_mins(20)).await;
    }
    let waiting = house.jobs_in_lane(&format!("2/offering/{of_b}")).await.remove(0);
    assert_eq!(
        (waiting.state.as_str(), waiting.strikes),
        ("ready", 0),
        "{:?}",
        waiting.last_error
    );
    let tasks = house.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    assert!(tasks[0].about.title.contains("team-b"), "{}", tasks[0].about.title);

    take(&house, Step::Go { despite: true }).await;
    take(&house, units(&["team-b"])).await;
    house.work().await;
    assert_eq!(delivered_by(&house, &of_b).await, first);
    house.close_without_tasks().await;
}

/// Under load a rollout and a rollback lose nothing: no call fails, no deelname passes its sitting, and each message is
/// handled by one revision that ran; what is planned after a switch goes by the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_under_load_loses_nothing() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let house = Arc::new(house);
    let second = house.make_vendor(Come::Pushed, &page_size("10")).await;
    house
        .host
        .service
        .connectors
        .warm(TENANT, VENDOR, second)
        .await
        .unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let jobs = house.host.service.jobs.clone();
    let working = tokio::spawn(async move {
        let stopped = async { stopped.await.unwrap_or_default() };
        jobs.run(stopped).await;
    });
    let planners: Vec<_> = (0..4)
        .map(|planner: usize| {
            let house = house.clone();
            tokio::spawn(async move {
                let mut planned = Vec::new();
                for turn in 0..6 {
                    // Each of the six students once.
                    let student = planner * 6 + turn;
                    let students = if student < 6 { student..student + 1 } else { 0..0 };
                    planned.push(house.plan_for(None, students).await);
                }
                planned
            })
        })
        .collect();
    for round in 0..3 {
        let reason = format!("round {round}");
        revision::rollout(&house.core, TENANT, "fb", VENDOR, second, &reason)
            .await
            .unwrap();
        assert_eq!(planned_now(&house).await, second, "new calls take the new one at once");
        revision::rollback(&house.core, TENANT, "fb", VENDOR, Back::default(), &reason)
            .await
            .unwrap();
        assert_eq!(planned_now(&house).await, 1);
    }
    let mut planned = Vec::new();
    for planner in planners {
        planned.extend(planner.await.unwrap());
    }
    for (sitting, deelnames) in &planned {
        confirmed(&house, sitting).await;
        for deelname in deelnames {
            let lane = house.jobs_in_lane(&format!("2/association/{deelname}")).await;
            assert!(lane.iter().all(|job| job.last_error.is_none()), "{lane:#?}");
            assert!(
                lane.iter()
                    .all(|job| job.revision.is_none_or(|by| by == 1 || by == second))
            );
        }
    }
    drop(stop);
    working.await.unwrap();
    let state = house.ta.state();
    assert!(
        state.refused.is_empty(),
        "nothing passed what it needs: {:?}",
        state.refused
    );
    assert!(state.sittings.iter().all(|one| one.creates == 1), "none twice");
    assert!(state.deelnames.iter().all(|one| one.creates == 1));
    let dead = house.open_tasks().await;
    assert!(dead.iter().all(|task| task.about.kind != "dead-letter"), "{dead:#?}");
}

/// Plans a sitting, waits until the vendor has it, and says which revision delivered it first.
async fn planned_now(house: &House) -> i64 {
    let (sitting, _) = house.plan_for(None, 0..0).await;
    confirmed(house, &sitting).await;
    let lane = house.jobs_in_lane(&format!("2/offering/{sitting}")).await;
    lane[0].revision.unwrap()
}

/// Waits until the vendor has a sitting as planned: the work goes on beside this story.
pub async fn confirmed(house: &House, sitting: &str) {
    for _ in 0..600 {
        if house.sitting(sitting).await.is_confirmed() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the vendor does not have sitting {sitting} within half a minute");
}

/// A retry resolves its revision anew, and every run is recorded with the one that handled it.
#[tokio::test]
async fn a_retry_takes_the_revision_of_its_own_moment() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let second = house.make_vendor(Come::Pushed, &page_size("10")).await;
    house
        .ta
        .misbehave(Misbehaviour::next(1, Trouble::ServerError).on("PUT", "/offerings/"));
    let (sitting, _) = house.plan_for(None, 0..1).await;
    house.work().await;
    let lane = format!("2/offering/{sitting}");
    let failed = house.jobs_in_lane(&lane).await.remove(0);
    assert_eq!((failed.state.as_str(), failed.revision), ("ready", Some(1)));
    revision::rollout(&house.core, TENANT, "fb", VENDOR, second, "a story")
        .await
        .unwrap();
    for _ in 0..4 {
        house.later(SignedDuration::from_mins(1)).await;
    }
    assert_eq!(house.jobs_in_lane(&lane).await.remove(0).revision, Some(second));
    assert_eq!(delivered_by(&house, &sitting).await, second);
    house.close_without_tasks().await;
}

/// What serves nobody and is no way back is let go; what a rollback goes to stays loaded.
#[tokio::test]
async fn only_what_serves_or_may_come_back_stays_loaded() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let connectors = &house.host.service.connectors;
    let before = connectors.loaded();
    for seconds in [61, 62, 63, 64] {
        let other = [("poll-seconds", ConfigValue::Number(seconds))];
        house.install_vendor(Come::Pushed, &other).await;
        house.plan_for(None, 0..0).await;
        house.work().await;
    }
    // One more than before: the way back.
    assert_eq!(connectors.loaded(), before + 1);

    // After a start the same is loaded before anything is called, the student system's connector too.
    let restarted = Connectors::new(house.core.clone(), connectors.engine().clone());
    restarted.warm_all().await.unwrap();
    assert_eq!(restarted.loaded(), before + 2);
    house.close_without_tasks().await;
}
