//! Flow 1 and flow 0: what is fetched because it was named, or because it has to be known.

use jiff::SignedDuration;
use oke_codec::{Dialect, read_association};
use oke_host::app::association;
use oke_host::app::draft::Sender;
use oke_host::domain::exception::NOT_AT_STUDENT_SYSTEM;
use oke_host::store::{component, offering, person};

use crate::house::{Come, House, SIS, TENANT, VENDOR};

fn sender() -> Sender {
    Sender {
        tenant: TENANT.to_owned(),
        peer: SIS.to_owned(),
        client: "osiris-1".to_owned(),
        dialect: oke_codec::Dialect::default(),
    }
}

/// R14: an association may come before its person and offering; both are fetched.
#[tokio::test]
async fn what_an_association_names_before_it_came_is_fetched() {
    let Some(house) = House::with_nothing_installed(Come::Pushed).await else {
        return;
    };
    house.install(SIS, "ooapi-dr", None, &[]).await;
    let registration = house.sis.school().registrations[0].clone();
    let told = read_association(&registration.json, &Dialect::v1_0_1()).unwrap();
    association::put(&house.core, &sender(), &told, b"{}").await.unwrap();
    house.work().await;

    let person = person::find(&house.core.db, TENANT, &registration.person_id)
        .await
        .unwrap();
    assert!(person.is_some_and(|person| !person.erased && !person.facts.display_name.is_empty()));
    let offering = offering::find(&house.core.db, TENANT, &registration.offering_id)
        .await
        .unwrap();
    assert!(offering.is_some_and(|offering| offering.peer == SIS));
    house.close_without_tasks().await;
}

/// R14: what the student system itself does not have is a person's to settle.
#[tokio::test]
async fn a_person_that_the_student_system_does_not_have_is_a_task() {
    let Some(house) = House::with_nothing_installed(Come::Pushed).await else {
        return;
    };
    house.install(SIS, "ooapi-dr", None, &[]).await;
    let mut json = house.sis.school().registrations[0].json.clone();
    json["person"] = "00000000-0000-4000-8000-000000000000".into();
    let told = read_association(&json, &Dialect::v1_0_1()).unwrap();
    association::put(&house.core, &sender(), &told, b"{}").await.unwrap();
    house.work().await;

    let tasks = house.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    assert_eq!(
        (tasks[0].about.kind.as_str(), tasks[0].about.subject_kind.as_str()),
        (NOT_AT_STUDENT_SYSTEM, "person")
    );
    house.close().await;
}

/// Flow 0: the catalogue is fetched when a connector is installed, and once a day again, by the same job.
#[tokio::test]
async fn the_catalogue_is_fetched_at_once_and_then_daily_by_one_job() {
    let Some(house) = House::open(Come::Pushed).await else {
        return;
    };
    let kept = component::of_peer(&house.core.db, TENANT, VENDOR).await.unwrap();
    let offered = house.ta.catalogue().tests().len();
    assert_eq!(kept.len(), offered);
    house.later(SignedDuration::from_hours(25)).await;
    let rounds = house.jobs_in_lane(&format!("0/peer/{VENDOR}")).await;
    assert_eq!(rounds.len(), 1);
    assert!(rounds[0].due_at > house.core.now());
    house.close_without_tasks().await;
}
