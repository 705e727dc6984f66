//! What a system can't be told in its dialect is shown for what was delivered to it.

use jiff::SignedDuration;
use oke_codec::loss::Loss;
use oke_host::app::losses;
use oke_host::connector::manifest::ConfigValue;
use oke_host::simulator::ResultsOrder;
use oke_host::store::loss;

use crate::house::{Come, House, SIS, TENANT, VENDOR};

/// R8, §4.3: flow 2 can't say which attempt a deelname is; a first one leaves nothing out. R12: what no message of flow 5
/// carries is named with the result that went without it.
#[tokio::test]
async fn what_a_delivery_left_out_stands_with_what_was_delivered() {
    let Some(house) = House::with_nothing_installed(Come::Pushed).await else {
        return;
    };
    house.install(SIS, "ooapi-dr", None, &[]).await;
    let as_before = [("dialect", ConfigValue::Text("1.0".to_owned()))];
    house.install_vendor(Come::Pushed, &as_before).await;
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
    let of = async |id: &str| {
        loss::of_subject(&house.core.db, TENANT, ("association", id))
            .await
            .unwrap()
    };
    assert!(of(&first).await.is_empty());

    house.clock.advance(SignedDuration::from_hours(3));
    let sitting = house.deelname(&first).await.facts.offering_id;
    house.ta.results(&ResultsOrder::grades(&sitting)).await.unwrap();
    house.work().await;
    let enrolment = house.deelname(&first).await.enrolment.unwrap();
    assert!(house.score_at_sis(&enrolment).is_some());
    let (again, _) = house.plan_for(None, 1..2).await;
    let second = house.plan_extra_attempt(&again, &enrolment).await;
    house.work().await;
    let left_out = of(&second).await;
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!((left_out[0].peer.as_str(), left_out[0].flow), (VENDOR, 2));
    assert_eq!(left_out[0].lost, ["attempt"]);
    assert_eq!(loss::count(&house.core.db, TENANT, VENDOR).await.unwrap(), 1);
    house.close().await;
}
