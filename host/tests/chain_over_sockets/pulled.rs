//! A student system that does not send: flow 1 is asked for, page by page, by the real connector (§3.1.2).

use jiff::SignedDuration;
use jiff::civil::Date;
use oke_host::app::pull;
use oke_host::connector::manifest::ConfigValue;
use oke_host::domain::exception::{LISTED_REFUSED, NOT_AT_STUDENT_SYSTEM};
use oke_host::domain::pull::Ended;
use oke_host::simulator::{Misbehaviour, Trouble};
use oke_host::store::{association, message, offering, person, pulled, test_group};
use serde_json::json;

use crate::house::{Come, FB, House, SIS, TENANT};

/// More than go on the smallest page.
const STUDENTS: usize = 14;

/// A school whose student system is asked from now on; nothing has come yet.
async fn open() -> Option<House> {
    let house = House::with_students(Come::Pushed, &[], STUDENTS).await?;
    let smallest = ConfigValue::Text("10".to_owned());
    house.install(SIS, "ooapi-dr", None, &[("page-size", smallest)]).await;
    let from: Date = "2026-01-01".parse().unwrap();
    pull::set(&house.core, TENANT, FB, SIS, (true, Some(from)))
        .await
        .unwrap();
    Some(house)
}

async fn last_round(house: &House) -> Ended {
    let row = pulled::find(&house.core.db, TENANT, SIS).await.unwrap().unwrap();
    assert!(row.walk.is_none(), "the round has ended: {:?}", row.walk);
    row.last.unwrap()
}

/// Messages of flow 1 by outcome.
async fn came(house: &House, outcome: &str) -> i64 {
    let counts = message::counts_since(&house.core.db, TENANT, jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let own = counts.iter().filter(|(flow, _, what, _)| *flow == 1 && what == outcome);
    own.map(|(.., count)| count).sum()
}

/// §3.1.2, R10, R14, R26: what was asked for is what a push would have brought; asked again it is nothing new.
#[tokio::test]
async fn a_school_that_only_asks_has_what_one_has_that_is_sent_to() {
    let Some(house) = open().await else { return };
    house.work().await;
    let round = last_round(&house).await;
    assert!(
        round.whole && round.tally.refused == 0 && round.tally.unlisted == 0,
        "{round:?}"
    );
    let (plannable, enrolments) = house.to_plan();
    assert_eq!(enrolments.len(), STUDENTS, "more than one page");
    let db = &house.core.db;
    for registration in &house.sis.school().registrations {
        let kept = association::find(db, TENANT, &registration.id).await.unwrap().unwrap();
        assert_eq!(kept.facts.offering_id, plannable);
        let who = person::find(db, TENANT, &registration.person_id).await.unwrap();
        assert!(who.is_some_and(|who| !who.erased));
    }
    for group in &house.sis.school().groups {
        let id = group.json["groupId"].as_str().unwrap();
        let members = test_group::members_of(db, TENANT, id).await.unwrap();
        assert_eq!(members.len(), group.members.len());
    }

    // The student system sends everything after all: it says what is known, object by object.
    let applied = came(&house, "applied").await;
    house.flow_1().await;
    let program_offerings = house.sis.school().program_offerings.len();
    let named = offering::find(db, TENANT, &plannable).await.unwrap().unwrap();
    assert_eq!(named.peer, SIS);
    assert!(came(&house, "repeated").await > 0);
    let news = came(&house, "applied").await - applied;
    assert!(
        usize::try_from(news).unwrap() <= program_offerings,
        "{news} objects were news beside the programs that nobody is enrolled in"
    );

    let applied = came(&house, "applied").await;
    pull::now(&house.core, TENANT, FB, SIS).await.unwrap();
    house.work().await;
    let again = last_round(&house).await;
    assert!(again.began > round.began || again.whole);
    assert_eq!(again.tally.changed, 0);
    assert_eq!(came(&house, "applied").await, applied);
    house.close_without_tasks().await;
}

/// R4, R25: by the hour what changed of the coming days comes, what is gone there is a task, what can't be read holds up
/// nothing; at night what changed of persons.
#[tokio::test]
async fn what_changes_at_the_student_system_comes_by_itself_and_nothing_is_cancelled_in_silence() {
    let Some(house) = open().await else { return };
    house.work().await;
    let (_, enrolments) = house.to_plan();
    let (gone, broken, left) = (&enrolments[0], &enrolments[1], &enrolments[12]);
    house.sis.forget(gone).unwrap();
    house
        .sis
        .amend(broken, &json!({ "associationType": "someAssociation" }))
        .unwrap();
    house.sis.amend(left, &json!({ "state": "canceled" })).unwrap();
    let who = house.deelname(&enrolments[2]).await.facts.person_id;
    house.sis.amend(&who, &json!({ "displayName": "Kim de Wit" })).unwrap();

    house.later(SignedDuration::from_mins(61)).await;
    let round = last_round(&house).await;
    assert_eq!(
        (
            round.whole,
            round.tally.changed,
            round.tally.refused,
            round.tally.unlisted
        ),
        (false, 1, 1, 1)
    );
    assert!(!house.deelname(gone).await.is_canceled());
    assert!(house.deelname(left).await.is_canceled());
    let tasks = house.open_tasks().await;
    let mut told: Vec<(&str, &str)> = tasks
        .iter()
        .map(|task| (task.about.kind.as_str(), task.about.subject_id.as_str()))
        .collect();
    told.sort_unstable();
    let mut expected = vec![
        (LISTED_REFUSED, broken.as_str()),
        (NOT_AT_STUDENT_SYSTEM, gone.as_str()),
    ];
    expected.sort_unstable();
    assert_eq!(told, expected);

    let name = async || {
        let found = person::find(&house.core.db, TENANT, &who).await.unwrap();
        found.unwrap().facts.display_name
    };
    assert_ne!(name().await, "Kim de Wit");
    house.later(SignedDuration::from_hours(24)).await;
    assert!(last_round(&house).await.whole);
    assert_eq!(name().await, "Kim de Wit");
    assert_eq!(house.open_tasks().await.len(), 2, "the same two, not told again");
    house.close().await;
}

/// A student system that fails in the middle: the round goes on where it was once it answers again.
#[tokio::test]
async fn a_round_that_was_interrupted_goes_on_with_the_next_page() {
    let Some(house) = open().await else { return };
    let (plannable, _) = house.to_plan();
    let path = format!("/offerings/{plannable}/associations");
    house
        .sis
        .misbehave(Misbehaviour::always(Trouble::ServerError).on("GET", &path));
    house.work().await;
    let row = pulled::find(&house.core.db, TENANT, SIS).await.unwrap().unwrap();
    let walk = row.walk.unwrap();
    assert_eq!(walk.tally.came, 1, "the planbare toets is in, and the place beside it");
    house.sis.behave();
    house.later(SignedDuration::from_hours(1)).await;
    let round = last_round(&house).await;
    assert_eq!((round.began, round.tally.refused), (walk.began, 0), "one round");
    house.close_without_tasks().await;
}
