//! What a system can't be told in its dialect is shown for what was delivered to it, on SQLite and on PostgreSQL.

use jiff::SignedDuration;
use oke_codec::loss::Loss;
use oke_host::app::losses;
use oke_host::connector::manifest::ConfigValue;
use oke_host::simulator::ResultsOrder;
use oke_host::store::loss::{self, LossRow};
use oke_host::store::testing::TestDatabase;

use crate::house::{Come, House, SIS, TENANT, VENDOR, modules};
use crate::outside::{PLANNER, outside};

/// Tells a story in a house on each database, with nothing installed; nowhere where no guests are built.
async fn on_each_database(come: Come, story: impl AsyncFn(House)) {
    if modules().is_none() {
        return;
    }
    story(House::over(TestDatabase::sqlite().await, come, &[], 6).await).await;
    if let Some(database) = TestDatabase::postgres().await {
        story(House::over(database, come, &[], 6).await).await;
    }
}

fn text(value: &str) -> ConfigValue {
    ConfigValue::Text(value.to_owned())
}

impl House {
    /// What a system's last delivery about an association left out.
    async fn left_out(&self, peer: &str, id: &str) -> Option<LossRow> {
        let all = loss::of_subject(&self.core.db, TENANT, ("association", id))
            .await
            .unwrap();
        all.into_iter().find(|row| row.peer == peer)
    }
}

/// R8, §4.3: flow 2 can't say which attempt a deelname is; a first one leaves nothing out.
#[tokio::test]
async fn what_a_delivery_left_out_stands_with_what_was_delivered() {
    on_each_database(Come::Pushed, async |house| {
        house.install(SIS, "ooapi-dr", None, &[]).await;
        house.install_vendor(Come::Pushed, &[("dialect", text("1.0"))]).await;
        house.work().await;
        let runs = house.core.db.revision(TENANT, VENDOR, 1).await.unwrap().unwrap();
        let never = losses::never_told(&house.core.db, &runs).await.unwrap();
        for loss in [Loss::Attempt, Loss::FaoServer] {
            assert!(never.contains(&(2, loss)), "{loss:?}: 1.0 has no place for it");
        }
        house.flow_1().await;
        let (_, deelnames) = house.plan(1).await;
        house.work().await;
        let first = deelnames[0].clone();
        assert_eq!(house.left_out(VENDOR, &first).await, None);

        house.clock.advance(SignedDuration::from_hours(3));
        let sitting = house.deelname(&first).await.facts.offering_id;
        house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
        house.work().await;
        let enrolment = house.deelname(&first).await.enrolment.unwrap();
        assert!(house.score_at_sis(&enrolment).is_some());
        let (again, _) = house.plan_for(None, 1..2).await;
        let second = house.plan_extra_attempt(&again, &enrolment).await;
        house.work().await;
        let left_out = house.left_out(VENDOR, &second).await.unwrap();
        assert_eq!((left_out.flow, left_out.lost), (2, vec!["attempt".to_owned()]));
        assert_eq!(loss::count(&house.core.db, TENANT, VENDOR).await.unwrap(), 1);
        house.close().await;
    })
    .await;
}

/// R15: what is assigned to a student, with days and words, stays behind with each deelname of theirs.
#[tokio::test]
async fn what_is_assigned_to_a_student_is_noted_with_their_deelname() {
    on_each_database(Come::Pushed, async |house| {
        house.install(SIS, "ooapi-dr", None, &[]).await;
        house.install_vendor(Come::Pushed, &[]).await;
        house.work().await;
        house.flow_1().await;
        // The fourth student has extra time at every test.
        let (_, deelnames) = house.plan_for(None, 2..4).await;
        house.work().await;
        assert_eq!(house.left_out(VENDOR, &deelnames[0]).await, None);
        let left_out = house.left_out(VENDOR, &deelnames[1]).await.unwrap();
        assert_eq!((left_out.flow, left_out.lost), (2, vec!["assigned-needs".to_owned()]));
        house.close().await;
    })
    .await;
}

/// R11: what a vendor says beside a result goes to an outside planner by no message; who takes `resultDate` for the day of
/// the test hears no time of day either.
#[tokio::test]
async fn what_flow_3_has_no_place_for_is_noted() {
    on_each_database(Come::Polled, async |house| {
        house.install_vendor(Come::Polled, &[("normed", text("yes"))]).await;
        house.work().await;
        let tpl = outside(&house).await;
        let swapped = [("swapped-dates", ConfigValue::Flag(true))];
        house.install(PLANNER, "ooapi-tpl", None, &swapped).await;
        let planned = house.plan_outside(&tpl, 1).await;
        house.work().await;
        let deelname = &planned.association_ids[0];
        assert_eq!(house.left_out(PLANNER, deelname).await, None, "nothing went there yet");
        house.later(SignedDuration::from_hours(3)).await;
        let with_document = ResultsOrder {
            documents: vec![2_000],
            ..ResultsOrder::grades(&planned.offering_id)
        };
        house.ta.results(&with_document).await.unwrap();
        for _ in 0..4 {
            house.later(SignedDuration::from_mins(2)).await;
        }
        let left_out = house.left_out(PLANNER, deelname).await.unwrap();
        assert_eq!(left_out.flow, 3);
        assert_eq!(
            left_out.lost,
            ["cesuur", "test-time"],
            "also since it went again with its document"
        );
        tpl.stop().await;
        house.close().await;
    })
    .await;
}

/// R11, R12: what no message of flow 5 carries is named with the result that went without it.
#[tokio::test]
async fn what_flow_5_has_no_place_for_is_noted() {
    on_each_database(Come::Polled, async |house| {
        let swapped = [("swapped-dates", ConfigValue::Flag(true))];
        house.install(SIS, "ooapi-dr", None, &swapped).await;
        house.install_vendor(Come::Polled, &[("normed", text("yes"))]).await;
        house.work().await;
        house.flow_1().await;
        let (sitting, deelnames) = house.plan(1).await;
        house.work().await;
        house.later(SignedDuration::from_hours(3)).await;
        house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
        for _ in 0..3 {
            house.later(SignedDuration::from_mins(2)).await;
        }
        let enrolment = house.deelname(&deelnames[0]).await.enrolment.unwrap();
        assert!(house.score_at_sis(&enrolment).is_some());
        let left_out = house.left_out(SIS, &deelnames[0]).await.unwrap();
        assert_eq!(left_out.flow, 5);
        assert_eq!(left_out.lost, ["cesuur", "test-time"]);
        assert_eq!(loss::count(&house.core.db, TENANT, SIS).await.unwrap(), 1);
        house.close().await;
    })
    .await;
}
