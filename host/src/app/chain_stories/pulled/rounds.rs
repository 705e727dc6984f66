//! Stories of a round as such: one that repeats, is cut off, begins anew, stands still or has no end.

use futures_util::FutureExt as _;

use super::*;
use crate::app::draft::About;
use crate::domain::exception;
use crate::domain::lane::{self, JobState};
use crate::jobs::letters;
use crate::store::job::{self, NewJob};

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

/// Invariants 1 and 2: a long page is kept in pieces. A node that vanishes between two of them has stored the first, has
/// not moved the round, and whoever goes on counts every object once.
#[tokio::test]
async fn a_node_that_vanishes_between_two_pieces_of_a_page_loses_and_doubles_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let names: Vec<String> = (0..45).map(|nth| format!("s-{nth:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut sis = AtSis::with(&school, &names);
        sis.page_size = 100;
        school.asks().await;
        school.pull_page(&sis).await;
        let row = school.pulled().await;
        let walk = row.walk.clone().unwrap();
        let core = &school.core;

        // Somebody holds an enrolment of the second piece, so that the node stands still in front of it.
        let held = [format!("association/{TENANT}/e-s-44")];
        let holding = core.decide::<(), Refused, _, _>(&held, std::future::pending);
        let mut holding = std::pin::pin!(holding);
        assert!(holding.as_mut().now_or_never().is_none());
        let page = sis.associations_of("plannable", None);
        let keeping = keep::associations(core, &row, &walk, ("plannable", page));
        let first_piece = async {
            while store::association::find(&core.db, TENANT, "e-s-39")
                .await
                .unwrap()
                .is_none()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            kept = keeping => panic!("the page was kept whole: {kept:?}"),
            () = first_piece => {}
        }
        let later = store::association::find(&core.db, TENANT, "e-s-40").await.unwrap();
        assert!(later.is_none(), "the node is gone before its second piece");
        let stands = school.pulled().await.walk.unwrap();
        assert_eq!(
            (&stands.stage, stands.pages, stands.tally),
            (&walk.stage, 0, walk.tally)
        );

        let another = pull::under_way(core, TENANT, SIS, 1).await.unwrap().unwrap();
        assert_eq!(another.walk.as_ref(), Some(&stands), "it goes on at the same page");
        // The lock was the vanished node's.
        let ended = {
            let school = School {
                core: bench.another_node(7),
                clock: school.clock.clone(),
            };
            school.pull(&sis).await
        };
        assert_eq!(ended.tally.came, 1 + 45, "each is counted once");
        for name in ["s-00", "s-39", "s-40", "s-44"] {
            assert_eq!(school.outcomes("association", &format!("e-{name}")).await, ["applied"]);
        }
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
        for page in 1..100 {
            let row = school.pulled().await;
            let walk = row.walk.clone().unwrap();
            let mut again = sis.associations_of("plannable", None).unwrap();
            again.next = Some(format!("again-{page}"));
            match keep::associations(&school.core, &row, &walk, ("plannable", Some(again))).await {
                Ok(()) => {}
                Err(NotKept::Endless(Endless::NothingNew)) => {
                    assert!(page > 1, "one page of repeats may be");
                    assert_eq!(school.pulled().await, row);
                    return;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("the list went on");
    })
    .await;
}

/// Objects that come while a list is read move what was named to later pages: a page of repeats, or an empty one, is no
/// end.
#[tokio::test]
async fn a_page_without_news_in_the_middle_does_not_end_the_round() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an", "bo", "cas"]);
        school.asks().await;
        school.pull_page(&sis).await;
        assert!(school.pull_page(&sis).await.is_none(), "the first two enrolments");
        let (first, second) = (
            school.enrolment("e-new-1", "p-jip"),
            school.enrolment("e-new-2", "p-an"),
        );
        sis.associations.splice(0..0, [first, second]);
        assert!(school.pull_page(&sis).await.is_none(), "the same two again");
        let walk = school.pulled().await.walk.unwrap();
        assert_eq!((walk.cursor.as_deref(), walk.without_news), (Some("4"), 1));
        let ended = school.pull(&sis).await;
        assert_eq!(ended.tally.refused, 0);
        school.association("e-cas").await;
        school.ask_all_again().await;
        school.pull(&sis).await;
        school.association("e-new-1").await;
    })
    .await;
}

/// R25: a round that failed for good is not the last one. After a day it begins anew by itself, and who was told hears
/// so.
#[tokio::test]
async fn a_dead_round_begins_anew_by_itself_once_it_has_stood_still_for_a_day() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let sis = AtSis::with(&school, &["jip", "an", "bo"]);
        school.asks().await;
        school.pull_page(&sis).await;
        let letter = school.dead_round().await;
        let state = async || {
            pull::restart_dead(&school.core).await.unwrap();
            let found = job::find(&school.core.db, TENANT, &letter).await.unwrap();
            found.unwrap().state
        };
        school.clock.advance(SignedDuration::from_hours(23));
        assert_eq!(state().await, JobState::Dead, "a person may still look at it");
        school.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(state().await, JobState::Ready);
        let row = pull::under_way(&school.core, TENANT, SIS, 1).await.unwrap().unwrap();
        let walk = row.walk.unwrap();
        assert_eq!(
            (walk.stage, walk.cursor, walk.began),
            (Stage::Offerings, None, school.core.now())
        );
        assert!(
            school.tasks("job", &letter).await.is_empty(),
            "nobody has to look any more"
        );

        pull::set(&school.core, TENANT, "account:fb", SIS, (false, None))
            .await
            .unwrap();
        let mut dead = job::find(&school.core.db, TENANT, &letter).await.unwrap().unwrap();
        dead.state = JobState::Dead;
        let mut set = WriteSet::of(TENANT);
        set.put(dead.next());
        school.core.commit(set).await.unwrap();
        school.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(state().await, JobState::Dead, "it is not asked any more");
    })
    .await;
}

impl School {
    /// The job of the round under way as a dead letter with its task; returns its id.
    async fn dead_round(&self) -> String {
        let mut draft = Draft::of(&self.core, TENANT, "host");
        let lane = lane::name(1, "peer", SIS);
        let new = NewJob {
            kind: pull::PULL_REGISTRATIONS.to_owned(),
            peer: SIS.to_owned(),
            flow: None,
            seq: job::last_in_lane(&self.core.db, TENANT, &lane).await.unwrap() + 1,
            lane: lane.clone(),
            parent: None,
            payload: "{}".to_owned(),
            full_state: false,
            due_at: draft.now,
        };
        let id = self.core.id();
        draft.put(new.write(TENANT, &id, draft.now));
        self.core.commit(draft.finish()).await.unwrap();
        let mut dead = job::find(&self.core.db, TENANT, &id).await.unwrap().unwrap();
        dead.state = JobState::Dead;
        let mut draft = Draft::of(&self.core, TENANT, "host");
        let says = exception::Exception {
            kind: letters::DEAD_LETTER,
            ..exception::group_differs(1)
        };
        let about = About {
            kind: "job",
            id: &id,
            unit: None,
            peer: Some(SIS),
        };
        draft.open(&says, about).await.unwrap();
        draft.put(dead.next());
        self.core.commit(draft.finish()).await.unwrap();
        assert_eq!(self.tasks("job", &id).await.len(), 1);
        id
    }
}

/// Invariant 2: what is missing from a list is decided at the place of the round, as its objects are. Of two nodes at the
/// same page, each with another answer, one decides.
#[tokio::test]
async fn of_two_nodes_at_the_end_of_a_list_one_asks_for_what_is_missing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an"]);
        school.asks().await;
        school.pull(&sis).await;
        school.ask_all_again().await;
        let at_enrolments = school.pull_page(&sis).await;
        assert!(at_enrolments.is_none());
        let row = school.pulled().await;
        let walk = row.walk.clone().unwrap();
        let without = |id: &str| {
            let mut page = sis.associations_of("plannable", None).unwrap();
            page.items.retain(|item| item.as_ref().unwrap().association_id != id);
            ("plannable", Some(page))
        };
        let core = &school.core;
        let (one, other) = tokio::join!(
            Box::pin(keep::associations(core, &row, &walk, without("e-jip"))),
            Box::pin(keep::associations(core, &row, &walk, without("e-an"))),
        );
        one.unwrap();
        other.unwrap();
        let mut asked = 0;
        for id in ["e-jip", "e-an"] {
            asked += usize::from(school.fetches(FETCH_ASSOCIATION, "association", id).await);
        }
        assert_eq!(asked, 1);

        // Nor does a node that is behind ask for a planbare toets, or say anything of a group.
        sis.groups.push(json!({ "groupId": "g-1", "groupType": "class",
            "primaryCode": { "codeType": "groupCode", "code": "R3A" },
            "name": [{ "language": "nl-NL", "value": "R3A" }] }));
        sis.members = vec![json!({ "personId": "p-jip", "startDateTime": "2026-08-01T00:00:00Z" })];
        school.pull(&sis).await;
        school.ask_all_again().await;
        let begins = pull::under_way(core, TENANT, SIS, 1).await.unwrap().unwrap();
        let mut behind = Vec::new();
        loop {
            let row = school.pulled().await;
            let walk = row.walk.clone().unwrap();
            if matches!(walk.stage, Stage::Members { .. }) && next_of(core, &row, &walk).await.unwrap().is_some() {
                behind.push((row, walk));
            }
            if school.pull_page(&sis).await.is_some() {
                break;
            }
        }
        let empty = ListedPage {
            items: Vec::new(),
            next: None,
        };
        let first = begins.walk.clone().unwrap();
        keep::offerings(core, &begins, &first, empty).await.unwrap();
        assert!(!school.fetches(FETCH_OFFERING, "offering", "plannable").await);
        let (row, walk) = &behind[0];
        let nobody = ListedPage {
            items: Vec::new(),
            next: None,
        };
        keep::members(core, row, walk, ("g-1", Some(nobody))).await.unwrap();
        assert!(school.tasks("group", "g-1").await.is_empty());
    })
    .await;
}
