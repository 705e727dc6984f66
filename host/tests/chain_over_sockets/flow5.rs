//! Flows 3 and 5: results that the vendor sends reach the student system, with their documents.

use jiff::SignedDuration;
use oke_host::simulator::ResultsOrder;
use oke_host::store::result;

use crate::house::{Come, House, TENANT};

/// R23, R27: a pushed result reaches the student system with its document under our id, the same bytes.
#[tokio::test]
async fn a_result_reaches_the_student_system_with_its_document() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (sitting, deelnames) = house.plan(3).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.attendance(&sitting, &[]).await.unwrap();
    house.work().await;
    let order = ResultsOrder {
        // More than one chunk, and not a whole number of them.
        documents: vec![700_001],
        ..ResultsOrder::grades(&sitting)
    };
    let sent = house.ta.results(&order).await.unwrap();
    assert_eq!(sent.len(), 3);
    house.work().await;
    house.later(SignedDuration::from_secs(10)).await;
    house.sis.documents_settled().await;

    let state = house.sis.state();
    assert!(state.refused.is_empty(), "{:?}", state.refused);
    for deelname in &deelnames {
        let enrolment = house.deelname(deelname).await.enrolment.unwrap();
        assert_eq!(house.score_at_sis(&enrolment), house.score_at_vendor(deelname));
        assert!(house.score_at_sis(&enrolment).is_some());
        let head = result::head(&house.core.db, TENANT, deelname).await.unwrap().unwrap();
        assert_eq!(head.confirmed_seq, Some(head.seq));
    }
    let mut made: Vec<String> = house.ta.state().documents.into_iter().map(|one| one.sha256).collect();
    let mut served: Vec<String> = state.documents.iter().filter_map(|one| one.sha256.clone()).collect();
    made.sort();
    served.sort();
    served.dedup();
    assert_eq!(made.len(), 3);
    assert_eq!(served, made);
    house.close_without_tasks().await;
}

/// R6: a result that arrives after its deelname was cancelled is accepted and reaches the student system.
#[tokio::test]
async fn a_late_result_of_a_cancelled_deelname_reaches_the_student_system() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (_, deelnames) = house.plan(2).await;
    house.work().await;
    house.cancel(&deelnames[0]).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.late_result(&deelnames[0]).await.unwrap();
    house.work().await;

    let deelname = house.deelname(&deelnames[0]).await;
    assert!(deelname.is_canceled());
    assert_eq!(house.versions(&deelnames[0]).await.len(), 1);
    let enrolment = deelname.enrolment.unwrap();
    assert!(house.score_at_sis(&enrolment).is_some());
    house.close_without_tasks().await;
}

/// R7, R8: the result of an extra attempt that was planned here comes by PUT of an association of its own.
#[tokio::test]
async fn an_extra_attempt_reaches_the_student_system_as_an_association_of_its_own() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let (_, enrolments) = house.to_plan();
    let (first, deelnames) = house.plan(1).await;
    house.work().await;
    let original = house.deelname(&deelnames[0]).await.enrolment.unwrap();
    assert_eq!(original, enrolments[0]);
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.results(&ResultsOrder::grades(&first)).await.unwrap();
    let (again, _) = house.plan(0).await;
    let retaken = house.plan_extra_attempt(&again, &original).await;
    house.work().await;
    house.clock.advance(SignedDuration::from_hours(3));
    house.ta.results(&ResultsOrder::grades(&again)).await.unwrap();
    house.work().await;

    let state = house.sis.state();
    assert!(state.refused.is_empty(), "{:?}", state.refused);
    let extra = house.deelname(&retaken).await.enrolment.unwrap();
    let made = state
        .associations
        .iter()
        .find(|one| one.association_id == extra)
        .unwrap();
    assert_eq!(
        (made.attempt, made.org_association_id.as_deref()),
        (Some(2), Some(original.as_str()))
    );
    assert_eq!(house.score_at_sis(&extra), house.score_at_vendor(&retaken));
    assert_eq!(house.score_at_sis(&original), house.score_at_vendor(&deelnames[0]));
    house.close_without_tasks().await;
}
