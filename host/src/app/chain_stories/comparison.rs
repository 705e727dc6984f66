//! What a comparison comes to (R25): who hears of it and when it closes, what repairs it, which sittings a night takes up,
//! and how a day is signed off.

use super::*;
use crate::app::comparison::nightly::{self, Round};
use crate::app::comparison::{self, COMPARE, Found, Of, Read, ToCompare, daily};
use crate::app::{Decision, Draft};
use crate::domain::comparison::{Difference, Field, Part, Subject};
use crate::domain::offering::Confirmation;
use crate::store::audit;
use crate::store::comparison::{self as comparison_store, ComparisonRow, Outcome};
use crate::store::testing::on_each_database;

fn differs(subject: Subject, id: &str, field: Field) -> Difference {
    Difference {
        subject,
        id: id.to_owned(),
        field,
        ours: Some("7.5".to_owned()),
        theirs: Some("5.4".to_owned()),
    }
}

fn begins(sitting: &str, part: Part) -> ToCompare {
    ToCompare {
        sitting: sitting.to_owned(),
        part,
        round: String::new(),
        after: String::new(),
    }
}

fn peer_of(part: Part) -> &'static str {
    match part {
        Part::Plan | Part::Results => VENDOR,
        Part::Enrolments | Part::StudentResults => SIS,
    }
}

impl School {
    /// Notes what a piece found, as the job does.
    async fn note(&self, what: &ToCompare, read: Read) {
        let sitting = self.offering(&what.sitting).await;
        let noted = self.core.decide::<_, Refused, _, _>(&[], || async {
            let mut draft = Draft::of(&self.core, TENANT, "job:compare");
            let of = Of {
                sitting: &sitting,
                part: what.part,
                peer: peer_of(what.part),
                revision: 1,
            };
            comparison::note(&mut draft, of, what, &read).await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            })
        });
        noted.await.unwrap();
    }

    async fn found(&self, sitting: &str, part: Part, differences: Vec<Difference>, on_their_way: i64) {
        let found = Found {
            differences,
            compared: 3,
            on_their_way,
            ..Found::default()
        };
        self.note(&begins(sitting, part), Read::Compared(found, None)).await;
    }

    async fn compared(&self, sitting: &str, part: Part) -> ComparisonRow {
        comparison_store::find(&self.core.db, TENANT, sitting, (part, peer_of(part)))
            .await
            .unwrap()
            .unwrap()
    }

    async fn compare_jobs(&self, sitting: &str, part: Part) -> Vec<JobRow> {
        let lane = self
            .lane(part.flow(), "compare", &format!("{sitting}/{}", peer_of(part)))
            .await;
        assert!(lane.iter().all(|job| job.kind == COMPARE && job.flow.is_none()));
        lane
    }

    /// As the vendor has confirmed it.
    async fn confirm(&self, sitting: &str) {
        let found = self.offering(sitting).await;
        let confirmed = Offering {
            confirmed: Some(Confirmation {
                plan_version: found.plan_version,
                at: self.core.now(),
                revision: 1,
            }),
            ..found
        };
        let mut set = WriteSet::of(TENANT);
        set.put(store::offering::next(TENANT, &confirmed));
        self.core.commit(set).await.unwrap();
    }

    async fn piece(&self) {
        let round = Round {
            peer: VENDOR.to_owned(),
            after: String::new(),
        };
        let mut draft = Draft::of(&self.core, TENANT, "job:compare_round");
        nightly::piece(&mut draft, &round).await.unwrap();
        self.core.commit(draft.finish()).await.unwrap();
    }
}

/// A difference becomes a task of the examenbureau, of its own kind per part; it closes by itself when that part is equal,
/// and neither what is on its way nor what can't be read is called equal.
#[tokio::test]
async fn a_difference_is_a_task_until_it_is_equal_and_nothing_is_equal_in_silence() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip", "an"]).await;
        let score = || vec![differs(Subject::Result, &deelnames[0], Field::Score)];
        school.found(&sitting, Part::Results, score(), 0).await;
        school
            .found(
                &sitting,
                Part::Plan,
                vec![differs(Subject::Sitting, &sitting, Field::EndDateTime)],
                0,
            )
            .await;
        let mut kinds = school.task_kinds("offering", &sitting).await;
        kinds.sort();
        assert_eq!(kinds, ["results-differ", "sitting-differs"]);
        let opened = school.tasks("offering", &sitting).await;
        assert!(
            opened
                .iter()
                .all(|task| task.about.owner == "plannen" && !task.about.next_step.contains("5.4"))
        );

        // It ages: seeing it again opens nothing anew.
        school.clock.advance(SignedDuration::from_hours(24));
        school.found(&sitting, Part::Results, score(), 0).await;
        assert_eq!(school.tasks("offering", &sitting).await.len(), 2);
        let row = school.compared(&sitting, Part::Results).await;
        assert_eq!(row.outcome, Outcome::Differs);
        assert_eq!(comparison::differences(&school.core, &row).unwrap(), score());
        assert!(
            !row.differences.unwrap().windows(3).any(|bytes| bytes == b"5.4"),
            "it lies sealed"
        );

        school.found(&sitting, Part::Results, Vec::new(), 1).await;
        assert_eq!(school.compared(&sitting, Part::Results).await.outcome, Outcome::Waiting);
        school.note(&begins(&sitting, Part::Results), Read::Unreadable).await;
        assert_eq!(
            school.compared(&sitting, Part::Results).await.outcome,
            Outcome::Unreadable
        );
        assert_eq!(
            school.tasks("offering", &sitting).await.len(),
            2,
            "not known to be equal"
        );

        school.found(&sitting, Part::Results, Vec::new(), 0).await;
        assert_eq!(school.task_kinds("offering", &sitting).await, ["sitting-differs"]);
        school.found(&sitting, Part::Plan, Vec::new(), 0).await;
        assert!(school.tasks("offering", &sitting).await.is_empty());
    })
    .await;
}

/// A round goes in pieces, each in a commit of its own; one that a newer round has overtaken goes no further.
#[tokio::test]
async fn a_round_gathers_what_its_pieces_found_and_a_newer_one_overtakes_it() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip", "an"]).await;
        let piece = |id: &str| Found {
            differences: vec![differs(Subject::Result, id, Field::Score)],
            compared: 1,
            ..Found::default()
        };
        let first = begins(&sitting, Part::Results);
        school
            .note(&first, Read::Compared(piece(&deelnames[0]), Some("a".to_owned())))
            .await;
        assert_eq!(school.compared(&sitting, Part::Results).await.outcome, Outcome::Waiting);
        assert!(
            school.tasks("offering", &sitting).await.is_empty(),
            "the round has not ended"
        );
        let jobs = school.compare_jobs(&sitting, Part::Results).await;
        let second: ToCompare = serde_json::from_str(&jobs[0].payload).unwrap();
        assert_eq!((jobs.len(), second.after.as_str()), (1, "a"));
        assert!(
            comparison::is_under_way(&school.core, TENANT, VENDOR, &second)
                .await
                .unwrap()
        );
        school.note(&second, Read::Compared(piece(&deelnames[1]), None)).await;
        let row = school.compared(&sitting, Part::Results).await;
        assert_eq!((row.outcome, row.compared), (Outcome::Differs, 2));
        assert_eq!(comparison::differences(&school.core, &row).unwrap().len(), 2);

        assert!(
            !comparison::is_under_way(&school.core, TENANT, VENDOR, &second)
                .await
                .unwrap()
        );
        assert!(
            comparison::is_under_way(&school.core, TENANT, VENDOR, &first)
                .await
                .unwrap()
        );
    })
    .await;
}

/// R25: the button repairs by what delivers and reads anyway, and compares again; what is equal has nothing to repair.
#[tokio::test]
async fn a_repair_is_the_deliveries_and_readings_there_are() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        let bureau = account("bureau", &[Duty::Plannen]);
        let repair = async |part: Part| {
            comparison::repair(&school.core, planner_of(&bureau), &sitting, (part, peer_of(part))).await
        };
        assert!(matches!(repair(Part::Results).await, Err(Refused::NotNow(_))));
        school
            .found(
                &sitting,
                Part::Results,
                vec![differs(Subject::Result, &deelnames[0], Field::Score)],
                0,
            )
            .await;
        let outsider = account("ec", &[Duty::Vaststellen]);
        let refused = comparison::repair(&school.core, planner_of(&outsider), &sitting, (Part::Results, VENDOR)).await;
        assert!(matches!(refused, Err(Refused::NotAllowed(_))), "{refused:?}");
        repair(Part::Results).await.unwrap();
        assert!(
            matches!(repair(Part::Results).await, Err(Refused::NotNow(_))),
            "a second press repairs nothing twice"
        );
        let read = school.lane(3, "association", &deelnames[0]).await;
        assert_eq!(read.last().map(|job| job.kind.as_str()), Some("read_back"));
        let again = school.compare_jobs(&sitting, Part::Results).await;
        assert!(again[0].due_at > school.core.now());

        let before = school.offering(&sitting).await.plan_version;
        school
            .found(
                &sitting,
                Part::Plan,
                vec![differs(Subject::Sitting, &sitting, Field::EndDateTime)],
                0,
            )
            .await;
        repair(Part::Plan).await.unwrap();
        assert_eq!(
            school.offering(&sitting).await.plan_version,
            before + 1,
            "told again in full"
        );
        assert_eq!(school.lane(2, "check", &sitting).await.len(), 1, "and read back");

        let of_sis = vec![
            differs(Subject::Plannable, "plannable", Field::Name),
            differs(Subject::Enrolment, "e-jip", Field::AttemptLeft),
            differs(Subject::Person, "p-jip", Field::Name),
        ];
        school.found(&sitting, Part::Enrolments, of_sis, 0).await;
        repair(Part::Enrolments).await.unwrap();
        for (kind, id, job) in [
            ("offering", "plannable", "fetch_offering"),
            ("association", "e-jip", "fetch_association"),
            ("person", "p-jip", "fetch_person"),
        ] {
            let lane = school.lane(1, kind, id).await;
            assert_eq!(lane.last().map(|job| job.kind.as_str()), Some(job));
        }
        let entries = audit::about(&school.core.db, TENANT, "offering", &sitting)
            .await
            .unwrap();
        let repairs = entries.iter().filter(|entry| entry.verb == "comparison.repair");
        assert_eq!(
            repairs.map(|entry| entry.actor.as_str()).collect::<Vec<_>>(),
            ["account:bureau"; 3]
        );
    })
    .await;
}

/// A night takes up the sittings of the coming days and those whose results are awaited, each part once, and has the next
/// night follow.
#[tokio::test]
async fn a_night_takes_up_what_is_coming_and_what_is_awaited() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip", "an"]).await;
        school.confirm(&sitting).await;
        school.piece().await;
        assert_eq!(school.compare_jobs(&sitting, Part::Plan).await.len(), 1);
        assert_eq!(school.compare_jobs(&sitting, Part::Enrolments).await.len(), 1);
        assert!(
            school.compare_jobs(&sitting, Part::Results).await.is_empty(),
            "it has not begun"
        );
        let next = school.lane(2, "compare-round", VENDOR).await;
        let night: jiff::Timestamp = "2026-09-02T00:00:00Z".parse().unwrap();
        assert_eq!((next.len(), next[0].due_at), (1, night));
        school.piece().await;
        assert_eq!(
            school.compare_jobs(&sitting, Part::Plan).await.len(),
            1,
            "it waits already"
        );

        // Two days after it ended its results are awaited, and what was sent of them is compared.
        school.clock.advance(SignedDuration::from_hours(72));
        school.send_score(&deelnames[0], "7.5").await;
        school.piece().await;
        assert_eq!(school.compare_jobs(&sitting, Part::Results).await.len(), 1);
        assert_eq!(school.compare_jobs(&sitting, Part::StudentResults).await.len(), 1);
        assert_eq!(school.compare_jobs(&sitting, Part::Plan).await.len(), 1, "it is over");

        school.clock.advance(SignedDuration::from_hours(24 * 20));
        school.piece().await;
        assert_eq!(school.compare_jobs(&sitting, Part::Results).await.len(), 1, "long ago");
    })
    .await;
}

/// A night goes in pieces of some sittings, each a commit of its own. The next piece goes on behind the last sitting of the
/// one before, at once, and no sitting is taken up twice.
#[tokio::test]
async fn a_night_with_more_sittings_than_a_piece_goes_on_behind_the_last_one() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        let mut sittings = Vec::new();
        for _ in 0..23 {
            let sitting = school.plan(&school.new_sitting()).await.unwrap();
            school.confirm(&sitting).await;
            sittings.push(sitting);
        }
        sittings.sort();
        let taken_up = async || {
            let mut taken_up = Vec::new();
            for sitting in &sittings {
                let jobs = school.compare_jobs(sitting, Part::Plan).await.len();
                assert!(jobs < 2, "once");
                taken_up.extend((jobs == 1).then_some(sitting.clone()));
            }
            taken_up
        };
        school.piece().await;
        assert_eq!(taken_up().await, sittings[..20], "the night stands between two pieces");
        let next = school.lane(2, "compare-round", VENDOR).await.pop().unwrap();
        let round: Round = serde_json::from_str(&next.payload).unwrap();
        assert_eq!((&round.after, next.due_at), (&sittings[19], school.core.now()));

        // The node that did this is gone: another goes on by what stands in the job.
        let mut draft = Draft::of(&school.core, TENANT, "job:compare_round");
        nightly::piece(&mut draft, &round).await.unwrap();
        school.core.commit(draft.finish()).await.unwrap();
        assert_eq!(taken_up().await, sittings);
        let last = school.lane(2, "compare-round", VENDOR).await.pop().unwrap();
        let round: Round = serde_json::from_str(&last.payload).unwrap();
        let night: jiff::Timestamp = "2026-09-02T00:00:00Z".parse().unwrap();
        assert_eq!((round.after.as_str(), last.due_at), ("", night));
    })
    .await;
}

/// A percentage before the cesuur waits for it, and is stuck no longer once a grade has come.
#[tokio::test]
async fn a_message_that_was_held_counts_as_through_once_what_held_it_is_over() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let core = &school.core;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        let today = crate::domain::calendar::day(core.now());
        let flow_3 = async |score: &str| {
            school.send_score(&deelnames[0], score).await;
            let stood = daily::stands(core, TENANT, today).await.unwrap();
            let line = stood
                .flows
                .into_iter()
                .find(|line| (line.peer.as_str(), line.flow) == (VENDOR, 3));
            let line = line.unwrap();
            (line.went_in, line.came_out, line.stuck)
        };
        assert_eq!(flow_3("80%").await, (2, 1, 1));
        assert_eq!(flow_3("8.0").await, (3, 3, 0));
    })
    .await;
}

/// A day is signed off by somebody who holds the function, with what it stood at; with something open they say why, and
/// what they have not seen they can't sign.
#[tokio::test]
async fn a_day_is_signed_off_by_name_with_what_it_stood_at() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let core = &school.core;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        school
            .found(
                &sitting,
                Part::Plan,
                vec![differs(Subject::Sitting, &sitting, Field::EndDateTime)],
                0,
            )
            .await;
        let today = crate::domain::calendar::day(core.now());
        let stood = daily::stands(core, TENANT, today).await.unwrap();
        let line = |peer: &str, flow: i64| {
            let line = stood.flows.iter().find(|line| line.peer == peer && line.flow == flow);
            let line = line.unwrap_or_else(|| panic!("flow {flow} of {peer}: {stood:?}"));
            (line.went_in, line.came_out, line.waiting)
        };
        // Flow 1 brought the planbare toets, a person and an enrolment; flow 3 a result. Nothing has gone out yet.
        assert_eq!(line(SIS, 1), (3, 3, 0));
        assert_eq!(line(VENDOR, 3), (1, 1, 0));
        assert_eq!(line(VENDOR, 2), (2, 0, 2));
        assert_eq!(line(SIS, 5), (1, 0, 1));
        assert_eq!((stood.differing, stood.open()), (1, 4));

        let stood = daily::stands(core, TENANT, today).await.unwrap();
        let open = stood.open();

        let bureau = account("bureau", &[Duty::Plannen]);
        let sign = async |who: &Account, seen: i64, reason: &str| {
            daily::sign_off(core, TENANT, who, today, (seen, reason)).await
        };
        assert!(
            matches!(sign(&bureau, open, " ").await, Err(Refused::Invalid(_))),
            "a reason is missing"
        );
        assert!(
            matches!(sign(&bureau, open - 1, "akkoord").await, Err(Refused::NotNow(_))),
            "more is open than was seen"
        );
        let ec = account("ec", &[Duty::Vaststellen]);
        assert!(matches!(sign(&ec, open, "akkoord").await, Err(Refused::NotAllowed(_))));
        let signed = sign(&bureau, open, "leverancier herstelt vannacht").await.unwrap();
        assert_eq!(
            (signed.seq, signed.account.as_str(), &signed.stood),
            (1, "bureau", &stood)
        );
        let again = sign(&bureau, open, "nog eens").await.unwrap();
        assert_eq!(again.seq, 2);
        let recent = daily::recent(core, TENANT).await.unwrap();
        assert_eq!(recent, [again, signed]);
        let entries = audit::about(&core.db, TENANT, "day", &today.to_string()).await.unwrap();
        assert_eq!(entries.len(), 2);
        assert!(
            entries[0].detail.contains("leverancier herstelt vannacht"),
            "{entries:?}"
        );

        let tomorrow = today.tomorrow().unwrap();
        assert!(matches!(
            daily::stands(core, TENANT, tomorrow).await,
            Err(Refused::Invalid(_))
        ));
    })
    .await;
}
