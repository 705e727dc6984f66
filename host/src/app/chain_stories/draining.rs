//! A vendor is disabled: nothing new is planned there, what is planned is served until its last result is in, and then it
//! ends by itself (R24).

use super::rollout::{fb, served, sitting_of, with_two_revisions};
use super::*;
use crate::app::draining::{self, Change};
use crate::app::polling::{self, Asks, Recurring};
use crate::app::rollout::serving;
use crate::domain::drain::{Awaits, DRAIN_LEFT, DrainState};
use crate::domain::interface::Interface;
use crate::domain::offering::NotPlannable;
use crate::domain::rollout::{Served, flow_of};
use crate::jobs::kinds::Drain;
use crate::jobs::{Jobs, Registry, Settings, pieces};
use crate::store::drain;
use crate::store::testing::on_each_database;

async fn change(school: &School, change: Change, units: &[&str]) -> Result<(), Refused> {
    let units: Vec<String> = units.iter().map(|&unit| unit.to_owned()).collect();
    draining::change(&school.core, TENANT, &fb(), VENDOR, (change, &units), "een reden").await
}

/// The looks of the next minutes.
async fn look(school: &School) {
    school.clock.advance(SignedDuration::from_mins(6));
    let registry = Registry::new().with(Drain).with(pieces::mended());
    Jobs::new(school.core.clone(), registry, Settings::default())
        .run_until_idle()
        .await;
}

async fn state(school: &School, unit: Option<&str>) -> DrainState {
    let rows = drain::of_peer(&school.core.db, TENANT, VENDOR).await.unwrap();
    let row = rows.into_iter().find(|row| row.unit.as_deref() == unit);
    row.unwrap().state
}

/// By deelname, what the drain of the whole vendor waits for.
async fn awaited(school: &School) -> Vec<(String, Awaits)> {
    let all = draining::waiting(&school.core.db, TENANT, VENDOR).await.unwrap();
    all.into_iter().flat_map(|one| one.deelnames).collect()
}

async fn plan_in(school: &School, unit: &str) -> Result<String, Refused> {
    let mut new = school.new_sitting();
    new.unit = Some(unit.to_owned());
    school.plan(&new).await
}

fn drains(refused: Result<String, Refused>) -> bool {
    matches!(refused, Err(Refused::NotPlannable(NotPlannable::Drains { .. })))
}

/// Nothing new comes; what is there is served, and only what will have a result is awaited.
#[tokio::test]
async fn a_disabled_vendor_is_served_until_its_last_result_is_in() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (sitting, first) = sitting_of(&school, "team-a", "jip", 1).await;
        let (_, absent) = sitting_of(&school, "team-b", "an", 1).await;
        change(&school, Change::Begin, &[]).await.unwrap();
        assert!(drains(plan_in(&school, "team-a").await));
        school.enrol(&["bo"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        let new = [NewDeelname {
            candidate: for_enrolment("e-bo"),
            needs: None,
        }];
        let added = deelname::add(&school.core, planner_of(&planner), &sitting, &new).await;
        assert!(
            matches!(added, Err(Refused::NotPlannable(NotPlannable::Drains { .. }))),
            "{added:?}"
        );

        look(&school).await;
        assert_eq!(state(&school, None).await, DrainState::Draining);
        assert_eq!(awaited(&school).await.len(), 2);
        assert_eq!(served(&school, 2, &sitting).await, Served::By(1), "changes still go");
        let not_present = result_body(json!({ "state": "completed" }), "notPresent");
        school.send_result(VENDOR, &absent, &not_present).await.unwrap();
        school.send_result(VENDOR, &first, &in_progress()).await.unwrap();
        look(&school).await;
        assert_eq!(
            awaited(&school).await,
            [(first.clone(), Awaits::Result)],
            "who did not turn up is not awaited"
        );

        school.send_score(&first, "7.5").await;
        look(&school).await;
        assert_eq!(state(&school, None).await, DrainState::Ended, "by itself");
        assert_eq!(
            served(&school, flow_of(Interface::TaResultaten), &sitting).await,
            Served::Off
        );
        let everybody = (Recurring::Results, Asks::default());
        let asked = polling::wanted(&school.core, TENANT, VENDOR, everybody).await.unwrap();
        assert!(asked.is_none(), "nobody is polled for");
        assert_eq!(
            school.send_score(&first, "7.6").await,
            Outcome::Applied,
            "R6: what comes late is taken all the same"
        );
    })
    .await;
}

/// R24: a unit drains by itself; a cancel that the vendor has not confirmed is still told.
#[tokio::test]
async fn a_unit_drains_for_itself_and_a_cancel_is_told_first() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (a, first) = sitting_of(&school, "team-a", "jip", 1).await;
        let (b, _) = sitting_of(&school, "team-b", "an", 1).await;
        change(&school, Change::Begin, &["team-a"]).await.unwrap();
        assert!(drains(plan_in(&school, "team-a").await));
        assert!(plan_in(&school, "team-b").await.is_ok());
        let planner = account("bureau", &[Duty::Plannen]);
        deelname::cancel(&school.core, planner_of(&planner), &first, "een verhaal")
            .await
            .unwrap();
        look(&school).await;
        assert_eq!(
            state(&school, Some("team-a")).await,
            DrainState::Draining,
            "the cancel is on its way"
        );

        let mut told = school.association(&first).await;
        told.confirmed.as_mut().unwrap().plan_version = told.plan_version;
        let mut set = WriteSet::of(TENANT);
        set.put(store::association::next(TENANT, &told));
        school.core.commit(set).await.unwrap();
        look(&school).await;
        assert_eq!(state(&school, Some("team-a")).await, DrainState::Ended);
        assert_eq!(served(&school, 2, &a).await, Served::Off);
        assert_eq!(served(&school, 2, &b).await, Served::By(1));
    })
    .await;
}

/// Ended sooner, what is left is a person's; enabled again, nothing of it is left.
#[tokio::test]
async fn a_drain_that_is_ended_by_hand_leaves_tasks_and_enabling_again_closes_them() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (sitting, _) = sitting_of(&school, "team-a", "jip", 1).await;
        let not_begun = change(&school, Change::EndNow, &["zorg"]).await;
        assert!(matches!(not_begun, Err(Refused::NotNow(_))), "{not_begun:?}");
        change(&school, Change::Begin, &["zorg"]).await.unwrap();
        change(&school, Change::EndNow, &["zorg"]).await.unwrap();
        assert_eq!(school.task_kinds("offering", &sitting).await, [DRAIN_LEFT]);
        assert_eq!(served(&school, 3, &sitting).await, Served::Off, "with the units in it");

        // Another unit's stays with who has it while that unit is off, also when a part of it is named apart.
        change(&school, Change::Begin, &["team-a"]).await.unwrap();
        change(&school, Change::Lift, &["team-a"]).await.unwrap();
        assert_eq!(
            school.task_kinds("offering", &sitting).await,
            [DRAIN_LEFT],
            "the whole of zorg is still off"
        );

        change(&school, Change::Lift, &["zorg"]).await.unwrap();
        look(&school).await;
        assert!(school.tasks("offering", &sitting).await.is_empty());
        assert_eq!(served(&school, 3, &sitting).await, Served::By(1));
        assert!(plan_in(&school, "team-a").await.is_ok());
        let (row, now) = serving(&school.core.db, TENANT, VENDOR).await.unwrap().unwrap();
        assert!(!row.drains && now.is_plain());
    })
    .await;
}

/// A page looks at a bounded number of sittings of the units that are drained, and says when there are more; others' sittings
/// take no place in it.
#[tokio::test]
async fn what_a_drain_waits_for_is_shown_of_a_bounded_number_of_its_own_sittings() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        for name in ["jip", "an", "bo"] {
            sitting_of(&school, "team-a", name, 1).await;
        }
        let mut of_b = Vec::new();
        for name in ["cas", "dee", "eef"] {
            of_b.push(sitting_of(&school, "team-b", name, 1).await.0);
        }
        of_b.sort();
        change(&school, Change::Begin, &["team-b"]).await.unwrap();
        let shown = async |most: u32| {
            let mut shown = draining::shown(&school.core.db, TENANT, VENDOR, most).await.unwrap();
            assert_eq!(shown.len(), 1);
            let one = shown.remove(0);
            let ids: Vec<String> = one.waits.into_iter().map(|waiting| waiting.sitting.id).collect();
            (ids, one.more)
        };
        assert_eq!(shown(2).await, (of_b[..2].to_vec(), true));
        assert_eq!(shown(4).await, (of_b.clone(), false));
        look(&school).await;
        assert_eq!(state(&school, Some("team-b")).await, DrainState::Draining);
    })
    .await;
}
