//! Deadlines: what is due when and by whom, over weekends and the school's own days off; what is settled and comes back.

use jiff::civil::{Date, date};

use super::*;
use crate::app::deadline::{self, Due, Work};
use crate::app::policy::{self, Scope};
use crate::app::{Draft, result as verbs, school as settings};
use crate::domain::deadline::{Kind, Terms};
use crate::domain::model::Normed;
use crate::domain::result::{Delivered, Source};
use crate::domain::school_calendar::{DaysOff, LiberationDay};
use crate::domain::sending::{Said, SendPolicy};
use crate::store::testing::on_each_database;

async fn work(school: &School) -> Work {
    deadline::work(&school.core.db, TENANT, school.core.now())
        .await
        .unwrap()
}

/// Kind, count, last day and owner of what is due.
async fn due(school: &School) -> Vec<(Kind, i64, Option<Date>, Duty)> {
    let tell = |piece: Due| (piece.kind, piece.count, piece.due, piece.owner);
    work(school).await.due.into_iter().map(tell).collect()
}

async fn unnormed(school: &School, deelname: &str) {
    let mut draft = Draft::of(&school.core, TENANT, "job:test");
    let incoming = verbs::Incoming {
        peer: VENDOR,
        deelname,
        delivered: Delivered {
            result: result_message(&completed("5.3")).result,
            normed: Normed::No,
            examenversie: Some("A".to_owned()),
        },
        part: None,
        source: Source::Poll,
        revision: Some(1),
        content: b"{}",
    };
    verbs::accept(&mut draft, &incoming).await.unwrap();
    school.core.commit(draft.finish()).await.unwrap();
}

async fn confirmed(school: &School, deelname: &str) {
    let seq = school.head(deelname).await.seq;
    let mut draft = Draft::of(&school.core, TENANT, "job:test");
    verbs::sent(&mut draft, deelname, seq).await.unwrap();
    school.core.commit(draft.finish()).await.unwrap();
}

/// Domain §: assess within 5 working days after the sitting, exchange within 2 after the result is known.
#[tokio::test]
async fn assessing_has_five_working_days_and_exchanging_two() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        // On Tuesday 1 September; the sitting is on Wednesday the 2nd.
        let (sitting, deelnames) = school.planned(&["jip", "an", "bo"]).await;
        assert_eq!(due(&school).await, [], "nothing is due before the sitting ended");
        school.clock.advance(SignedDuration::from_hours(48));
        let assess = (Kind::Assess, 3, Some(date(2026, 9, 9)), Duty::Beoordelen);
        assert_eq!(due(&school).await, [assess]);

        // Thursday the 3rd: one result comes, and one student was not there.
        school.send_score(&deelnames[0], "7.5").await;
        let absent = result_body(json!({ "state": "completed" }), "not present");
        school.send_result(VENDOR, &deelnames[1], &absent).await.unwrap();
        let exchange = (Kind::Exchange, 2, Some(date(2026, 9, 7)), Duty::Beheren);
        assert_eq!(
            due(&school).await,
            [exchange, (Kind::Assess, 1, Some(date(2026, 9, 9)), Duty::Beoordelen)]
        );
        let stands = work(&school).await.sittings.remove(0);
        assert_eq!(
            (stands.id.as_str(), stands.students, stands.absent),
            (sitting.as_str(), 3, 1)
        );
        assert_eq!(
            (stands.unassessed, stands.underway, stands.due),
            (1, 2, Some(date(2026, 9, 7)))
        );

        confirmed(&school, &deelnames[0]).await;
        confirmed(&school, &deelnames[1]).await;
        assert_eq!(
            due(&school).await,
            [(Kind::Assess, 1, Some(date(2026, 9, 9)), Duty::Beoordelen)]
        );
    })
    .await;
}

#[tokio::test]
async fn the_schools_own_days_and_terms_move_its_deadlines() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.planned(&["jip"]).await;
        school.clock.advance(SignedDuration::from_hours(48));
        let (bureau, assessor) = (
            account("bureau", &[Duty::Plannen]),
            account("piet", &[Duty::Beoordelen]),
        );
        let study_days = DaysOff::entered(date(2026, 9, 7), date(2026, 9, 8), "Studiedagen").unwrap();
        let refused = settings::add_days_off(&school.core, TENANT, &assessor, &study_days).await;
        assert!(matches!(refused, Err(Refused::NotAllowed(_))), "{refused:?}");
        settings::add_days_off(&school.core, TENANT, &bureau, &study_days)
            .await
            .unwrap();
        let again = settings::add_days_off(&school.core, TENANT, &bureau, &study_days).await;
        assert!(matches!(again, Err(Refused::NotNow(_))), "{again:?}");
        assert_eq!(due(&school).await[0].2, Some(date(2026, 9, 11)));

        let terms = Terms { assess: 3, exchange: 1 };
        let never = LiberationDay::Never;
        let none = Terms { assess: 0, ..terms };
        assert!(
            settings::set_terms(&school.core, TENANT, &bureau, none, never)
                .await
                .is_err()
        );
        settings::set_terms(&school.core, TENANT, &bureau, terms, never)
            .await
            .unwrap();
        assert_eq!(due(&school).await[0].2, Some(date(2026, 9, 9)));
        let fb = account("fb", &[Duty::Beheren]);
        settings::remove_days_off(&school.core, TENANT, &fb, date(2026, 9, 7))
            .await
            .unwrap();
        let time = settings::time(&school.core.db, TENANT).await.unwrap();
        assert_eq!((time.terms, time.calendar.liberation_day), (terms, never));
        assert!(time.calendar.days_off.is_empty());
        assert_eq!(due(&school).await[0].2, Some(date(2026, 9, 7)));
    })
    .await;
}

/// The examencommissie's report.
#[tokio::test]
async fn a_report_counts_what_became_of_a_periods_results() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an", "bo"]).await;
        school.send_score(&deelnames[0], "5.0").await;
        let mut passed = completed("7.5");
        passed["result"]["pass"] = json!("passed");
        passed["result"]["consumers"][0]["irregularities"] = json!("Telefoon ging af");
        school.send_result(VENDOR, &deelnames[0], &passed).await.unwrap();
        let absent = result_body(json!({ "state": "completed" }), "not present");
        school.send_result(VENDOR, &deelnames[1], &absent).await.unwrap();
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let (from, until) = (at("2026-09-01T00:00:00Z"), at("2026-10-01T00:00:00Z"));
        let counts = store::report::over(&school.core.db, TENANT, from, until).await.unwrap();
        let [without, with] = counts.as_slice() else {
            panic!("one line without and one with results: {counts:?}");
        };
        assert_eq!(
            (without.examenversie.as_str(), without.deelnames, without.known),
            ("", 1, 0)
        );
        assert_eq!((with.deelnames, with.absent, with.known), (2, 1, 1));
        assert_eq!((with.passed, with.failed, with.irregular, with.restated), (1, 0, 1, 1));
        assert_eq!(
            (with.scored, with.normed_passed),
            (0, 0),
            "nobody said that it is normed"
        );
        let later = store::report::over(&school.core.db, TENANT, until, at("2026-11-01T00:00:00Z")).await;
        assert_eq!(later.unwrap(), []);
    })
    .await;
}

/// What one room keeps in the settings, another leaves alone.
#[tokio::test]
async fn a_change_of_terms_leaves_the_policies_as_they_are_and_the_other_way_round() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let fb = account("fb", &[Duty::Beheren]);
        let late = Said {
            send: Some(SendPolicy::AfterVaststelling),
            ..Said::default()
        };
        let everywhere = Scope::School;
        policy::set(&school.core, TENANT, &fb, &everywhere, late).await.unwrap();
        let terms = Terms { assess: 7, exchange: 3 };
        settings::set_terms(&school.core, TENANT, &fb, terms, LiberationDay::EveryYear)
            .await
            .unwrap();
        let kept = policy::said_by(&school.core.db, TENANT, &everywhere).await.unwrap();
        assert_eq!(kept.send, late.send);
        policy::set(&school.core, TENANT, &fb, &everywhere, Said::default())
            .await
            .unwrap();
        assert_eq!(settings::time(&school.core.db, TENANT).await.unwrap().terms, terms);
    })
    .await;
}

#[tokio::test]
async fn a_cesuur_is_due_on_the_day_it_was_planned_for() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.clock.advance(SignedDuration::from_hours(48));
        unnormed(&school, &deelnames[0]).await;
        assert_eq!(due(&school).await, [(Kind::Cesuur, 1, None, Duty::Vaststellen)]);

        let (member, fb) = (account("ec", &[Duty::Vaststellen]), account("fb", &[Duty::Beheren]));
        let versie = (VENDOR, "rekenen", "A");
        let day = date(2026, 9, 30);
        let plan = async |who: &Account, day| deadline::plan_cesuur(&school.core, TENANT, who, versie, day).await;
        assert!(matches!(plan(&fb, day).await, Err(Refused::NotAllowed(_))));
        assert!(matches!(
            plan(&member, date(2026, 9, 1)).await,
            Err(Refused::Invalid(_))
        ));
        plan(&member, day).await.unwrap();
        assert_eq!(due(&school).await, [(Kind::Cesuur, 1, Some(day), Duty::Vaststellen)]);
        plan(&member, date(2026, 10, 2)).await.unwrap();
        assert_eq!(due(&school).await[0].2, Some(date(2026, 10, 2)), "it can be put off");
    })
    .await;
}

/// R6: what comes after all is settled is found all the same.
#[tokio::test]
async fn a_settled_sitting_comes_back_when_a_result_changes_or_a_deelname_is_added() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        school.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(
            deadline::settle(&school.core, TENANT).await.unwrap(),
            0,
            "a result is missing"
        );
        school.send_score(&deelnames[0], "7.5").await;
        confirmed(&school, &deelnames[0]).await;
        assert_eq!(deadline::settle_everywhere(&school.core).await.unwrap(), 1);
        assert_eq!(
            deadline::settle(&school.core, TENANT).await.unwrap(),
            0,
            "once is enough"
        );
        assert_eq!(due(&school).await, []);

        school.send_score(&deelnames[0], "8.0").await;
        assert_eq!(
            due(&school).await,
            [(Kind::Exchange, 1, Some(date(2026, 9, 7)), Duty::Beheren)]
        );
        confirmed(&school, &deelnames[0]).await;
        assert_eq!(due(&school).await, []);

        school.enrol(&["an"]).await;
        school
            .add(&sitting, vec![for_enrolment("e-an")])
            .await
            .remove(0)
            .unwrap();
        assert_eq!(
            due(&school).await,
            [(Kind::Assess, 1, Some(date(2026, 9, 9)), Duty::Beoordelen)]
        );
    })
    .await;
}

/// Sittings that nobody has looked at yet are counted the latest first, and a list says how many it leaves out.
#[tokio::test]
async fn of_a_year_that_was_never_looked_at_the_latest_are_listed_and_the_rest_is_told() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        school.clock.advance(SignedDuration::from_hours(48));
        let model = store::offering::find(&school.core.db, TENANT, &sitting)
            .await
            .unwrap()
            .unwrap();
        let deelname = store::association::find(&school.core.db, TENANT, &deelnames[0])
            .await
            .unwrap()
            .unwrap();
        let mut set = WriteSet::of(TENANT);
        for at in 0..310 {
            let (mut older, mut own) = (model.clone(), deelname.clone());
            (older.id, older.version) = (format!("older-{at:03}"), 0);
            older.facts.end = older
                .facts
                .end
                .map(|end| end - SignedDuration::from_hours(24 * (at + 1)));
            (own.id, own.version) = (format!("d-{at:03}"), 0);
            own.facts.offering_id = older.id.clone();
            set.put(store::offering::next(TENANT, &older));
            set.put(store::association::next(TENANT, &own));
        }
        school.core.commit(set).await.unwrap();
        let first = work(&school).await;
        assert_eq!((first.sittings.len(), first.not_looked_at), (300, 11));
        assert!(
            first.sittings.iter().any(|listed| listed.id == sitting),
            "the latest is there"
        );

        deadline::settle(&school.core, TENANT).await.unwrap();
        let later = work(&school).await;
        assert_eq!((later.sittings.len(), later.not_looked_at), (311, 0));
    })
    .await;
}
