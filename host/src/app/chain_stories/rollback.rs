//! A connector revision goes back: what is told beforehand and to whom, and what is repaired at the vendor (DESIGN §7, R25).

use super::rollout::{begin, fb, revision_of, served, sitting_of, take, units, with_two_revisions, work};
use super::*;
use crate::app::revision::{self, Back, Misfit, RevisionError};
use crate::app::rollout::steps::Step;
use crate::app::rollout::tally::Tally;
use crate::app::{comparison, mended, repair};
use crate::domain::comparison::{Difference, Field, Subject};
use crate::domain::exception::{ROLLBACK_REVIEW, ROLLED_BACK, SITTING_DIFFERS};
use crate::domain::lane::JobState;
use crate::domain::retry::Blame;
use crate::domain::rollout::Served;
use crate::store::testing::on_each_database;

/// Before it is done a rollback says what the newer revision did and what would not fit; in its commit the examenbureau
/// hears of it, a review is due on the next working day, and the repair stands as a job.
#[tokio::test]
async fn a_rollback_tells_what_it_meets_and_whom() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        revision::rollout(core, TENANT, "fb", VENDOR, 2, "iedereen")
            .await
            .unwrap();
        work(&school).await;
        sitting_of(&school, "team-a", "jip", 2).await;
        sitting_of(&school, "team-b", "an", 1).await;
        let plan = revision::plan_rollback(core, TENANT, VENDOR, Back::default())
            .await
            .unwrap();
        assert_eq!((plan.from, plan.to), (2, 1));
        let done = plan.consequences.done;
        assert_eq!((done.sittings, done.deelnames), (1, 1));
        let said: Vec<String> = plan.differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "code: voorbeeld-ta 1.3.0 → voorbeeld-ta 1.2.0",
                "configuration `page-size`: 50 → 100"
            ]
        );
        let missing = Misfit::EndpointMissing("api".to_owned());
        assert!(
            plan.consequences.misfits.contains(&missing),
            "{:?}",
            plan.consequences.misfits
        );

        revision::rollback(core, TENANT, "fb", VENDOR, Back::default(), "dubbele resultaten")
            .await
            .unwrap();
        // Nothing has run since: what follows is a job of the same commit, which a stop can't lose.
        let open = job::open_in_lane(&core.db, TENANT, &format!("2/peer/{VENDOR}"))
            .await
            .unwrap();
        assert_eq!((open.len(), open[0].kind.as_str()), (1, mended::MENDED));
        let newest = core.db.activations(TENANT, VENDOR).await.unwrap().remove(0);
        let tasks = school.tasks("rollback", &format!("{VENDOR}/{}", newest.seq)).await;
        let kinds: Vec<(&str, &str)> = tasks
            .iter()
            .map(|task| (task.about.kind.as_str(), task.about.owner.as_str()))
            .collect();
        assert!(
            kinds.contains(&(ROLLED_BACK, "plannen")) && kinds.contains(&(ROLLBACK_REVIEW, "beheren")),
            "{kinds:?}"
        );
        // The first of September 2026 is a Tuesday.
        assert!(
            tasks.iter().any(|task| task.about.title.contains("2 september 2026")),
            "{tasks:?}"
        );
    })
    .await;
}

/// R25: what the newer revision told the vendor is told again in full by the older one and read back; letters that the
/// vendor refused stay a person's, others are tried again.
#[tokio::test]
async fn after_a_rollback_what_the_newer_revision_did_is_told_again() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        revision::rollout(core, TENANT, "fb", VENDOR, 2, "iedereen")
            .await
            .unwrap();
        work(&school).await;
        let (touched, of_touched) = sitting_of(&school, "team-a", "jip", 2).await;
        let (untouched, _) = sitting_of(&school, "team-b", "an", 1).await;
        let mut set = WriteSet::of(TENANT);
        for (id, blame) in [("by-connector", Blame::Connector), ("by-vendor", Blame::Vendor)] {
            let mut dead = school.lane(2, "offering", &touched).await.remove(0);
            (dead.id, dead.place.lane, dead.version) = (id.to_owned(), format!("9/letter/{id}"), 0);
            (dead.state, dead.blame, dead.finished_at) = (JobState::Dead, Some(blame), None);
            set.put(dead.next());
        }
        core.commit(set).await.unwrap();

        revision::rollback(core, TENANT, "fb", VENDOR, Back::default(), "storing")
            .await
            .unwrap();
        work(&school).await;
        assert!(!school.offering(&touched).await.is_confirmed(), "it is told again");
        assert!(!school.association(&of_touched).await.is_confirmed());
        assert!(school.offering(&untouched).await.is_confirmed());
        let again = school.lane(2, "offering", &touched).await;
        assert_eq!(
            again.last().map(|job| (job.state, job.full_state)),
            Some((JobState::Ready, true))
        );
        let check = school.lane(2, "check", &touched).await;
        assert_eq!((check.len(), check[0].kind.as_str()), (1, repair::CHECK_SITTING));
        assert_eq!(
            check[0].place.parent,
            Some((format!("2/offering/{touched}"), 2)),
            "after the sitting was told"
        );
        let state = async |id: &str| job::find(&core.db, TENANT, id).await.unwrap().unwrap().state;
        assert_eq!(state("by-connector").await, JobState::Ready);
        assert_eq!(state("by-vendor").await, JobState::Dead);
    })
    .await;
}

/// A difference becomes a task of the examenbureau, which closes by itself once the vendor has the sitting as planned.
#[tokio::test]
async fn a_difference_is_a_task_until_the_sitting_is_equal() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (id, _) = sitting_of(&school, "team-a", "jip", 1).await;
        let note = async |differences: Vec<Difference>| {
            let found = comparison::Found {
                differences,
                ..comparison::Found::default()
            };
            let sitting = school.offering(&id).await;
            let noted = school.core.decide::<_, Refused, _, _>(&[], || async {
                let mut draft = crate::app::Draft::of(&school.core, TENANT, "job:check_sitting");
                repair::note(&mut draft, &sitting, 1, Some(&found)).await?;
                Ok(crate::app::Decision {
                    write_set: draft.finish(),
                    answer: (),
                })
            });
            noted.await.unwrap();
        };
        note(vec![Difference {
            subject: Subject::Sitting,
            id: id.clone(),
            field: Field::StartDateTime,
            ours: None,
            theirs: None,
        }])
        .await;
        let tasks = school.tasks("offering", &id).await;
        assert_eq!(tasks[0].about.kind, SITTING_DIFFERS);
        assert!(tasks[0].about.next_step.contains("van de zitting: begin"), "{tasks:?}");
        note(Vec::new()).await;
        assert!(school.tasks("offering", &id).await.is_empty());
    })
    .await;
}

/// Only those on the newer revision go back; by choice only the code does, with the settings of now.
#[tokio::test]
async fn only_the_code_goes_back_with_the_settings_of_now() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        revision::rollout(core, TENANT, "fb", VENDOR, 2, "iedereen")
            .await
            .unwrap();
        let back = Back {
            code_only: true,
            ..Back::default()
        };
        let plan = revision::plan_rollback(core, TENANT, VENDOR, back).await.unwrap();
        let said: Vec<String> = plan.differences.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["code: voorbeeld-ta 1.3.0 → voorbeeld-ta 1.2.0"]);
        let done = revision::rollback(core, TENANT, "fb", VENDOR, back, "storing")
            .await
            .unwrap();
        assert_eq!((done.from, done.to), (2, 3));
        let (first, made) = (
            core.db.revision(TENANT, VENDOR, 1).await.unwrap().unwrap(),
            core.db.revision(TENANT, VENDOR, 3).await.unwrap().unwrap(),
        );
        assert_eq!(made.digest, first.digest);
        assert!(made.config.contains("\"page-size\":50"), "{}", made.config);
        let again = revision::rollback(core, TENANT, "fb", VENDOR, back, "storing")
            .await
            .unwrap();
        assert!(again.already, "the answer may have been lost");
    })
    .await;
}

/// A revision that was made and never ran, whose keuring nobody looked at, and a newer one are no way back, by whichever
/// door; what ran before is.
#[tokio::test]
async fn what_never_ran_or_is_newer_is_no_way_back() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        let digest = core.db.revision(TENANT, VENDOR, 2).await.unwrap().unwrap().digest;
        let third = revision::make(core, TENANT, "fb", VENDOR, &revision_of(&digest, 20)).await;
        revision::rollout(core, TENANT, "fb", VENDOR, third.unwrap(), "iedereen")
            .await
            .unwrap();
        let to = |number, code_only| Back {
            from: None,
            to: Some(number),
            code_only,
        };
        for code_only in [false, true] {
            let refused = revision::rollback(core, TENANT, "fb", VENDOR, to(2, code_only), "storing").await;
            assert!(
                matches!(refused, Err(RevisionError::NoWayBack { from: 3, to: 2 })),
                "{refused:?}"
            );
        }
        let plan = revision::plan_rollback(core, TENANT, VENDOR, to(2, false)).await;
        assert!(matches!(plan, Err(RevisionError::NoWayBack { .. })), "{plan:?}");
        revision::rollback(core, TENANT, "fb", VENDOR, to(1, false), "storing")
            .await
            .unwrap();
        let on_again = revision::rollback(core, TENANT, "fb", VENDOR, to(3, false), "toch").await;
        assert!(
            matches!(on_again, Err(RevisionError::NoWayBack { from: 1, to: 3 })),
            "{on_again:?}"
        );
    })
    .await;
}

/// Units that a stopped rollout left on theirs go back by the name of their revision, also when another rollout was begun
/// since; everybody else keeps what they have.
#[tokio::test]
async fn units_of_a_stopped_rollout_are_taken_back_by_the_name_of_their_revision() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        let (a, _) = sitting_of(&school, "team-a", "jip", 1).await;
        let tally = Tally::default();
        begin(&school, 2).await.unwrap();
        take(&school, &tally, &fb(), units(&["team-a"], &[])).await.unwrap();
        take(&school, &tally, &fb(), Step::Stop).await.unwrap();
        let digest = core.db.revision(TENANT, VENDOR, 2).await.unwrap().unwrap().digest;
        revision::make(core, TENANT, "fb", VENDOR, &revision_of(&digest, 20))
            .await
            .unwrap();
        begin(&school, 3).await.unwrap();
        assert_eq!(served(&school, 2, &a).await, Served::By(2));
        let back = Back {
            from: Some(2),
            ..Back::default()
        };
        let done = revision::rollback(core, TENANT, "fb", VENDOR, back, "storing")
            .await
            .unwrap();
        assert_eq!((done.from, done.to, done.only_named), (2, 1, true));
        assert_eq!(served(&school, 2, &a).await, Served::By(1));
    })
    .await;
}

/// Invariant 8: a call that ran on the newer revision at the switch ends after it; what it told is told again as well.
#[tokio::test]
async fn what_a_call_under_way_told_on_the_newer_revision_is_told_again() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        revision::rollout(core, TENANT, "fb", VENDOR, 2, "iedereen")
            .await
            .unwrap();
        work(&school).await;
        revision::rollback(core, TENANT, "fb", VENDOR, Back::default(), "storing")
            .await
            .unwrap();
        work(&school).await;
        let (late, _) = sitting_of(&school, "team-a", "jip", 2).await;
        work(&school).await;
        assert!(school.offering(&late).await.is_confirmed(), "nobody has looked yet");

        school.clock.advance(jiff::SignedDuration::from_mins(6));
        work(&school).await;
        assert!(!school.offering(&late).await.is_confirmed(), "it is told again");
    })
    .await;
}
