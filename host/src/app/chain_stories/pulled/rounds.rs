//! Stories of a round as such: one that repeats, is cut off, begins anew, stands still or has no end.

use super::*;

/// R25: a round that brings what is known leaves no trace but its own place.
#[tokio::test]
async fn a_round_that_brings_nothing_new_writes_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let sis = AtSis::with(&school, &["jip", "an", "bo"]);
        school.asks().await;
        school.pull(&sis).await;
        let before = (school.traces().await, school.association("e-jip").await.version);
        school.ask_all_again().await;
        let ended = school.pull(&sis).await;
        assert!(ended.whole);
        assert_eq!((ended.tally.changed, ended.tally.unlisted), (0, 0));
        assert_eq!(
            (school.traces().await, school.association("e-jip").await.version),
            before
        );
        school.clock.advance(SignedDuration::from_hours(1));
        assert!(
            !school.pull(&sis).await.whole,
            "by day only the coming days are asked for"
        );
        assert_eq!(
            (school.traces().await, school.association("e-jip").await.version),
            before
        );
    })
    .await;
}

/// Invariant 2: objects and place stand or fall together. A node that vanished goes on where it was, and a page that was
/// read before another node went on stores nothing.
#[tokio::test]
async fn a_round_goes_on_where_it_was_and_a_page_from_behind_stores_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let sis = AtSis::with(&school, &["jip", "an", "bo", "cas"]);
        school.asks().await;
        assert!(school.pull_page(&sis).await.is_none(), "the planbare toets");
        let behind = school.pulled().await;
        assert!(school.pull_page(&sis).await.is_none(), "the first enrolments");
        let walk = school.pulled().await.walk.unwrap();
        assert_eq!((walk.cursor.as_deref(), walk.tally.came), (Some("2"), 3));
        let later = store::association::find(&school.core.db, TENANT, "e-bo").await.unwrap();
        assert!(later.is_none());

        let mut changed = sis.associations_of("plannable", None).unwrap();
        changed.items[0].as_mut().unwrap().state = AssociationState::Finished;
        let old = behind.walk.clone().unwrap();
        keep::associations(&school.core, &behind, &old, ("plannable", Some(changed)))
            .await
            .unwrap();
        assert_eq!(
            school.association("e-jip").await.facts.state,
            AssociationState::Associated
        );
        assert_eq!(
            school.pulled().await.walk.unwrap(),
            walk,
            "the place is the newer one's"
        );

        let ended = school.pull(&sis).await;
        assert_eq!(
            (ended.tally.came, ended.tally.changed),
            (5, 5),
            "none was counted twice"
        );
        assert_eq!(school.outcomes("association", "e-jip").await, ["applied"]);
    })
    .await;
}

/// A cursor belongs to the revision that made it: another one begins the round anew, which changes nothing.
#[tokio::test]
async fn a_round_begins_anew_when_another_revision_runs() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let sis = AtSis::with(&school, &["jip", "an", "bo"]);
        school.asks().await;
        school.pull_page(&sis).await;
        school.pull_page(&sis).await;
        let row = pull::under_way(&school.core, TENANT, SIS, 2).await.unwrap().unwrap();
        let walk = row.walk.unwrap();
        assert_eq!((walk.revision, walk.whole, walk.cursor), (2, true, None));
        assert_eq!(walk.stage, Stage::Offerings);
    })
    .await;
}

/// A round that stands still, since the other end refuses its cursor, does not stand for ever.
#[tokio::test]
async fn a_round_that_stands_still_begins_anew_after_a_day_or_when_a_person_wants_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let sis = AtSis::with(&school, &["jip", "an", "bo"]);
        school.asks().await;
        school.pull_page(&sis).await;
        let began = async || {
            let row = pull::under_way(&school.core, TENANT, SIS, 1).await.unwrap().unwrap();
            row.walk.unwrap().began
        };
        let first = began().await;
        school.clock.advance(SignedDuration::from_hours(23));
        assert_eq!(began().await, first, "it goes on");
        school.clock.advance(SignedDuration::from_hours(1));
        let second = began().await;
        assert_ne!(second, first);
        school.clock.advance(SignedDuration::from_mins(1));
        school.ask_all_again().await;
        assert_ne!(began().await, second);
    })
    .await;
}

/// A list that says that there is more and never brings anything new stops, and keeps nothing.
#[tokio::test]
async fn a_list_without_end_stops() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let sis = AtSis::with(&school, &["jip", "an", "bo"]);
        school.asks().await;
        school.pull_page(&sis).await;
        school.pull_page(&sis).await;
        let row = school.pulled().await;
        let walk = row.walk.clone().unwrap();
        let mut again = sis.associations_of("plannable", None).unwrap();
        again.next = Some("99".to_owned());
        let kept = keep::associations(&school.core, &row, &walk, ("plannable", Some(again))).await;
        assert!(matches!(kept, Err(NotKept::Endless(Endless::NothingNew))), "{kept:?}");
        assert_eq!(school.pulled().await, row);
    })
    .await;
}
