//! A fix in an hour: two people approve, one sitting has it first, then those that had the old version; a freeze does not
//! hold it up, and what may do more does not come that way.

use super::rollout::{fb, take, with_two_revisions, work};
use super::*;
use crate::app::revision::{self, Back, NewRevision, RevisionError};
use crate::app::rollout::steps::{self, Begin, Step};
use crate::app::rollout::tally::Tally;
use crate::app::rollout::{fast, of_sitting, serving};
use crate::app::{account as accounts, freeze, keuring, package};
use crate::connector::fixture;
use crate::connector::package::Contents;
use crate::domain::interface::Interface;
use crate::domain::keuring::{Obstacle, Outcome as Tried, Verdict};
use crate::domain::principal::Refusal;
use crate::domain::rollout::criteria::Criteria;
use crate::domain::rollout::{NotNow, Route, Served, Stage};
use crate::store::testing::on_each_database;
use crate::store::{audit, keuring as kept, rollout as rollout_store};

async fn begin(school: &School, revision: i64) -> Result<(), RevisionError> {
    let begin = Begin {
        revision,
        route: Route::Fast,
        go_by: Duty::Plannen,
        criteria: Criteria {
            least_calls: 1,
            ..Criteria::default()
        },
    };
    steps::begin(&school.core, TENANT, &fb(), VENDOR, &begin, "storing bij het examen").await?;
    Ok(())
}

/// Ends the keuring that was asked for, as it would when every scenario passed.
async fn pass(school: &School, revision: i64) {
    let core = &school.core;
    let digest = revision::at(core, TENANT, VENDOR, revision).await.unwrap().digest;
    let row = kept::of_package(&core.db, TENANT, &digest).await.unwrap().remove(0);
    let passed = Tried {
        interface: Interface::TaZittingsplan,
        scenario: "polled".to_owned(),
        verdict: Verdict::Passed,
        why: None,
        millis: 7,
    };
    let mut draft = crate::app::Draft::of(core, TENANT, "job:keur_package");
    keuring::finish(&mut draft, row, vec![passed], None);
    core.commit(draft.finish()).await.unwrap();
}

async fn approve(school: &School, who: &Account) -> Result<usize, RevisionError> {
    let newest = rollout_store::newest(&school.core.db, TENANT, VENDOR)
        .await
        .unwrap()
        .unwrap();
    let seen = fast::Seen {
        rollout: newest.seq,
        revision: newest.revision,
    };
    fast::approve(&school.core, TENANT, who, (VENDOR, seen), "gezien en begrepen").await
}

async fn served(school: &School, flow: i64, sitting: &str) -> Served {
    let db = &school.core.db;
    let (_, serving) = serving(db, TENANT, VENDOR).await.unwrap().unwrap();
    of_sitting(db, TENANT, &serving, (flow, sitting)).await.unwrap().0
}

/// Two sittings of two teams, tomorrow.
async fn two_sittings(school: &School) -> (String, String) {
    school.enrol(&["jip"]).await;
    let mut sittings = Vec::new();
    for unit in ["team-a", "team-b"] {
        let new = NewSitting {
            unit: Some(unit.to_owned()),
            ..school.new_sitting()
        };
        sittings.push(school.plan(&new).await.unwrap());
    }
    (sittings.remove(0), sittings.remove(0))
}

/// Its keuring was asked for by itself; nothing comes before it has passed and two people have approved what they saw.
async fn approve_by_two(school: &School, bureau: &Account, sitting: &str) {
    let (core, tally) = (&school.core, Tally::default());
    let sitting = || Step::Sitting(sitting.to_owned());
    let early = take(school, &tally, &fb(), sitting()).await;
    assert!(
        matches!(early, Err(RevisionError::NotNow(NotNow::NotApproved(0)))),
        "{early:?}"
    );
    assert_eq!(approve(school, &fb()).await.unwrap(), 1);
    assert_eq!(
        approve(school, &fb()).await.unwrap(),
        1,
        "the same again changes nothing"
    );
    let same = Account {
        person_id: fb().person_id,
        ..account("fb-thuis", &[Duty::Beheren])
    };
    let same = approve(school, &same).await;
    assert!(
        matches!(same, Err(RevisionError::NotAllowed(Refusal::SamePerson { .. }))),
        "{same:?}"
    );
    let ec = approve(school, &account("ec", &[Duty::Vaststellen])).await;
    assert!(
        matches!(ec, Err(RevisionError::NotAllowed(Refusal::NotHeld { .. }))),
        "{ec:?}"
    );
    let alone = take(school, &tally, &fb(), sitting()).await;
    assert!(
        matches!(alone, Err(RevisionError::NotNow(NotNow::NotApproved(1)))),
        "{alone:?}"
    );
    let another = fast::Seen {
        rollout: 1,
        revision: 1,
    };
    let unseen = fast::approve(core, TENANT, bureau, (VENDOR, another), "gezien").await;
    assert!(matches!(unseen, Err(RevisionError::AnotherStep)), "{unseen:?}");
    assert_eq!(approve(school, bureau).await.unwrap(), 2);
}

#[tokio::test]
async fn a_fix_comes_to_one_sitting_and_then_to_those_that_had_the_old_version_in_a_freeze_too() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (core, tally) = (&school.core, Tally::default());
        let (one, other) = two_sittings(&school).await;
        let bureau = account("bureau", &[Duty::Plannen]);
        let now = core.now();
        let frozen = (now, now + SignedDuration::from_hours(48));
        let freeze = freeze::enter(core, TENANT, &bureau, frozen, "Centrale examens")
            .await
            .unwrap();
        begin(&school, 2).await.unwrap();

        approve_by_two(&school, &bureau, &one).await;

        let sitting = || Step::Sitting(one.clone());
        let untried = take(&school, &tally, &fb(), sitting()).await;
        assert!(
            matches!(&untried, Err(RevisionError::Obstacles(all)) if *all == [Obstacle::UnderWay]),
            "{untried:?}"
        );
        pass(&school, 2).await;

        for wrong in [Step::All, Step::Share(10)] {
            let wrong = take(&school, &tally, &fb(), wrong).await;
            assert!(
                matches!(wrong, Err(RevisionError::NotNow(NotNow::FastOnly))),
                "{wrong:?}"
            );
        }
        let nowhere = take(&school, &tally, &fb(), Step::Sitting("plannable".to_owned())).await;
        assert!(matches!(nowhere, Err(RevisionError::NoSitting(_))), "{nowhere:?}");
        take(&school, &tally, &fb(), sitting()).await.unwrap();
        for flow in [2, 3, 4] {
            assert_eq!(served(&school, flow, &one).await, Served::By(2));
            assert_eq!(served(&school, flow, &other).await, Served::By(1));
        }
        let unsaid = take(&school, &tally, &fb(), Step::Rest).await;
        assert!(
            matches!(unsaid, Err(RevisionError::NotNow(NotNow::NoGo(_)))),
            "{unsaid:?}"
        );
        take(&school, &tally, &bureau, Step::Go { despite: true })
            .await
            .unwrap();
        assert_eq!(
            take(&school, &tally, &fb(), Step::Rest).await.unwrap(),
            Stage::Completed
        );
        assert_eq!(served(&school, 2, &other).await, Served::By(2));

        // All of it stands in the audit, the freeze too.
        let entries = audit::about(&core.db, TENANT, "peer", VENDOR).await.unwrap();
        let steps = entries.into_iter().filter(|entry| entry.verb == "rollout.step");
        let said: Vec<String> = steps.map(|entry| entry.detail).collect();
        assert!(
            said.iter()
                .any(|detail| detail.starts_with(&format!("sitting in freeze {freeze}"))),
            "{said:?}"
        );
        assert!(
            said.iter()
                .any(|detail| detail.starts_with(&format!("rest in freeze {freeze}"))),
            "{said:?}"
        );
        work(&school).await;
        let back = revision::rollback(core, TENANT, "fb", VENDOR, Back::default(), "toch niet")
            .await
            .unwrap();
        assert_eq!((back.from, back.to), (2, 1));
        assert_eq!(served(&school, 2, &one).await, Served::By(1));
    })
    .await;
}

/// R24: a unit that has another version than the one that is fixed keeps it.
#[tokio::test]
async fn a_fix_leaves_units_alone_that_had_another_version_and_a_rollback_takes_the_trial_back() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (core, tally) = (&school.core, Tally::default());
        let (one, other) = two_sittings(&school).await;
        let bureau = account("bureau", &[Duty::Plannen]);
        // Team B came on revision 2 by an ordinary rollout that was stopped.
        super::rollout::begin(&school, 2).await.unwrap();
        let team_b = Step::Units {
            units: vec!["team-b".to_owned()],
            flows: Vec::new(),
        };
        take(&school, &tally, &fb(), team_b).await.unwrap();
        take(&school, &tally, &fb(), Step::Stop).await.unwrap();
        // Revision 3 fixes what everybody else has.
        let digest = revision::at(core, TENANT, VENDOR, 2).await.unwrap().digest;
        let third = revision::make(core, TENANT, "fb", VENDOR, &super::rollout::revision_of(&digest, 7)).await;
        assert_eq!(third.unwrap(), 3);
        begin(&school, 3).await.unwrap();
        pass(&school, 3).await;
        approve(&school, &fb()).await.unwrap();
        approve(&school, &bureau).await.unwrap();
        let of_another = take(&school, &tally, &fb(), Step::Sitting(other.clone())).await;
        assert!(
            matches!(of_another, Err(RevisionError::NoSitting(_))),
            "it has not what is fixed: {of_another:?}"
        );
        take(&school, &tally, &fb(), Step::Sitting(one.clone())).await.unwrap();
        assert_eq!(served(&school, 2, &one).await, Served::By(3));

        let back = revision::rollback(core, TENANT, "fb", VENDOR, Back::default(), "werkt niet")
            .await
            .unwrap();
        assert_eq!((back.from, back.to), (3, 1));
        assert_eq!(served(&school, 2, &one).await, Served::By(1));
        assert_eq!(served(&school, 2, &other).await, Served::By(2));

        begin(&school, 3).await.unwrap();
        approve(&school, &fb()).await.unwrap();
        let again = take(&school, &tally, &fb(), Step::Sitting(one.clone())).await;
        assert!(
            matches!(again, Err(RevisionError::NotNow(NotNow::NotApproved(1)))),
            "approvals are of one rollout"
        );
        approve(&school, &bureau).await.unwrap();
        take(&school, &tally, &fb(), Step::Sitting(one.clone())).await.unwrap();
        take(&school, &tally, &bureau, Step::Go { despite: true })
            .await
            .unwrap();
        take(&school, &tally, &fb(), Step::Rest).await.unwrap();
        assert_eq!(served(&school, 2, &one).await, Served::By(3));
        assert_eq!(
            served(&school, 2, &other).await,
            Served::By(2),
            "team B keeps what it had"
        );
        let newest = rollout_store::newest(&core.db, TENANT, VENDOR).await.unwrap().unwrap();
        assert_eq!((newest.stage, newest.sitting), (Stage::Completed, None));
    })
    .await;
}

/// What may do more, or something else, than what runs takes the ordinary way.
#[tokio::test]
async fn the_fast_route_is_closed_to_a_package_that_may_do_something_else() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        accounts::put_unit(core, TENANT, "fb", "zorg", "Zorg", None)
            .await
            .unwrap();
        let other = fixture::contents_with("\"DELETE /components\"", "\"GET /components\"");
        let manifest = String::from_utf8(other.manifest.to_vec()).unwrap();
        let other = Contents {
            manifest: manifest.replace("version = \"1.2.0\"", "version = \"1.4.0\"").into(),
            ..other
        };
        let bytes = bytes::Bytes::from(fixture::signed(other).to_bytes());
        let digest = package::admit(core, TENANT, "fb", bytes).await.unwrap().digest;
        let new = NewRevision {
            digest,
            ..super::rollout::revision_of("", 100)
        };
        let third = revision::make(core, TENANT, "fb", VENDOR, &new).await.unwrap();
        let refused = begin(&school, third).await;
        assert!(
            matches!(&refused, Err(RevisionError::OtherGrants(changes)) if !changes.is_empty()),
            "{refused:?}"
        );
        let none = rollout_store::newest(&core.db, TENANT, VENDOR).await.unwrap();
        assert!(none.is_none(), "{none:?}");
    })
    .await;
}

/// A sitting that is over tells nothing about a fix; and who was to get it may have been rolled back meanwhile.
#[tokio::test]
async fn a_fix_is_tried_on_what_is_to_come_and_brought_only_to_those_that_still_have_the_old_version() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (core, tally) = (&school.core, Tally::default());
        let (one, _) = two_sittings(&school).await;
        let bureau = account("bureau", &[Duty::Plannen]);
        // Everybody has revision 2.
        super::rollout::begin(&school, 2).await.unwrap();
        take(&school, &tally, &fb(), Step::All).await.unwrap();
        work(&school).await;
        let digest = revision::at(core, TENANT, VENDOR, 2).await.unwrap().digest;
        let third = revision::make(core, TENANT, "fb", VENDOR, &super::rollout::revision_of(&digest, 7)).await;
        begin(&school, third.unwrap()).await.unwrap();
        approve(&school, &fb()).await.unwrap();
        approve(&school, &bureau).await.unwrap();
        pass(&school, 3).await;

        take(&school, &tally, &fb(), Step::Sitting(one.clone())).await.unwrap();
        let back = Back {
            from: Some(2),
            ..Back::default()
        };
        revision::rollback(core, TENANT, "fb", VENDOR, back, "ook 2 werkt niet")
            .await
            .unwrap();
        take(&school, &tally, &bureau, Step::Go { despite: true })
            .await
            .unwrap();
        let nobody = take(&school, &tally, &fb(), Step::Rest).await;
        assert!(matches!(nobody, Err(RevisionError::NobodyHas(2))), "{nobody:?}");
        assert_eq!(
            served(&school, 2, &one).await,
            Served::By(3),
            "the trial stays until it is rolled back"
        );

        let back = Back {
            from: Some(3),
            ..Back::default()
        };
        revision::rollback(core, TENANT, "fb", VENDOR, back, "niets meer te maken")
            .await
            .unwrap();
        school.clock.advance(SignedDuration::from_hours(72));
        begin(&school, 3).await.unwrap();
        approve(&school, &fb()).await.unwrap();
        approve(&school, &bureau).await.unwrap();
        // Whose account is shut out approves nothing any more.
        let third = accounts::NewAccount {
            id: "bureau".to_owned(),
            name: "Bureau".to_owned(),
            person_id: None,
            codes: Vec::new(),
        };
        accounts::create(core, TENANT, "fb", &third).await.unwrap();
        accounts::disable(core, TENANT, "fb", "bureau", "uit dienst")
            .await
            .unwrap();
        let alone = take(&school, &tally, &fb(), Step::Sitting(one.clone())).await;
        assert!(
            matches!(alone, Err(RevisionError::NotNow(NotNow::NotApproved(1)))),
            "{alone:?}"
        );
        accounts::enable(core, TENANT, "fb", "bureau").await.unwrap();
        let over = take(&school, &tally, &fb(), Step::Sitting(one)).await;
        assert!(matches!(over, Err(RevisionError::NoSitting(_))), "{over:?}");
    })
    .await;
}
