//! What a delivery could not say is kept with it, counted per system, and gone once all could be said.

use oke_codec::dialect::{DurationForm, LocationForm, Quirks};
use oke_codec::loss::{self, Loss, Told};
use oke_codec::{Dialect, Version};

use super::rollout::with_two_revisions;
use super::*;
use crate::app::losses::{self as verbs, Delivered};
use crate::app::{Decision, Draft};
use crate::domain::model::{self, AttemptsLeft, Attendance, Code, Delivery, ExamResult, Normed, ResultState};
use crate::store::loss::{self as loss_store, LossRow};
use crate::store::testing::on_each_database;

/// Notes what a delivery by a revision leaves out; what is kept of it.
async fn noted(
    school: &School,
    (revision, flow): (i64, i64),
    id: &str,
    lost: impl Fn(&Dialect) -> Vec<Loss> + Send + Sync,
) -> Vec<LossRow> {
    let core = &school.core;
    let lost = &lost;
    core.decide::<_, Refused, _, _>(&[], || async move {
        let mut draft = Draft::of(core, TENANT, "job:a story");
        let of = Delivered {
            peer: VENDOR,
            revision,
            flow,
            subject: ("association", id),
        };
        verbs::note(&mut draft, of, |dialect| lost(dialect)).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
    .unwrap();
    loss_store::of_subject(&core.db, TENANT, ("association", id))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_a_delivery_left_out_is_kept_until_it_leaves_nothing_out() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let db = &school.core.db;
        let told = async |attempt: u32| {
            let facts = model::Association {
                attempt: Some(attempt),
                ..model::Association::bare("d-1", "p", "z")
            };
            let lost = |dialect: &Dialect| loss::of_association(Told::Deelname, &facts, dialect);
            noted(&school, (1, 2), "d-1", lost).await
        };
        assert!(told(1).await.is_empty(), "a first attempt says nothing");
        told(2).await;
        let kept = told(2).await;
        assert_eq!((kept.len(), kept[0].version, kept[0].flow), (1, 1, 2), "once");
        assert_eq!(kept[0].lost, [Loss::Attempt.name()]);
        assert_eq!(loss_store::count(db, TENANT, VENDOR).await.unwrap(), 1);
        assert_eq!(loss_store::of_peer(db, TENANT, VENDOR, 9).await.unwrap(), kept);

        told(1).await;
        assert_eq!(loss_store::count(db, TENANT, VENDOR).await.unwrap(), 0);
    })
    .await;
}

/// A dialect in which every loss of every message can occur.
fn poorest() -> Dialect {
    Dialect {
        version: Version::V1_0,
        quirks: Quirks {
            duration: DurationForm::Minutes,
            location: LocationForm::Text,
            swapped_dates: true,
            ..Quirks::default()
        },
    }
}

fn sitting() -> model::Offering {
    model::Offering {
        result_value_type: Some(ResultValueType::DecimalToTen),
        tests_to_be_used: vec![model::TestReference {
            test_provider: "TOA".to_owned(),
            component_id: "rekenen".to_owned(),
        }],
        duration_s: Some(90 * 60 + 1),
        location_codes: vec!["B1, links".to_owned(), "B2".to_owned()],
        other_codes: vec![Code::new("systemId", "fao-1")],
        ..model::Offering::bare("z", Code::new("offeringCode", "REK"), "Rekenen")
    }
}

fn deelname(school: &School) -> model::Association {
    let mut person = school.person("p");
    person["consumers"][0]["assignedNeeds"] = json!([{ "code": "Spoken", "startDate": "2026-09-01" }]);
    model::Association {
        person: Some(oke_codec::read_person(&person, &Dialect::default()).unwrap()),
        attempt: Some(2),
        attempts_left: AttemptsLeft::Left(1),
        program_offering_association_id: Some("a-1".to_owned()),
        sequence_code: Some("1".to_owned()),
        additional_time_min: Some(30),
        ..model::Association::bare("d", "p", "z")
    }
}

fn delivery() -> Delivery {
    // Of the 1.1 draft, which alone has a place for it.
    let draft = json!({ "planningState": "planned", "testMomentEnrollmentDetails": { "room": "B1" } });
    Delivery {
        deelname_peer_id: "d".to_owned(),
        result: ExamResult {
            test_date: Some("2026-09-02T08:00:00Z".parse().unwrap()),
            opaque: Some(json!({ "own": draft }).to_string()),
            ..ExamResult::bare(ResultState::Completed, Attendance::Present)
        },
        normed: Normed::Yes,
        examenversie: Some("2026-A".to_owned()),
    }
}

/// Each loss that is listed beforehand for a message is noted with a delivery that has such a fact.
#[tokio::test]
async fn each_loss_that_is_listed_beforehand_can_be_noted() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let db = &school.core.db;
        let mut row = db.revision(TENANT, VENDOR, 2).await.unwrap().unwrap();
        let config = json!({ "dialect": "1.0", "duration": "minutes", "location": "text", "swapped-dates": true });
        (row.number, row.config) = (3, config.to_string());
        let mut set = WriteSet::of(TENANT);
        set.put(row.write());
        school.core.commit(set).await.unwrap();
        assert_eq!(verbs::dialect(db, &row).await.unwrap(), Some(poorest()));

        let (sitting, deelname, delivery) = (sitting(), deelname(&school), delivery());
        let of = |told: Told, dialect: &Dialect| match told {
            Told::Sitting => loss::of_offering(told, &sitting, dialect),
            Told::Result => loss::of_delivery(&delivery, dialect),
            _ => loss::of_association(told, &deelname, dialect),
        };
        for (flow, told) in [
            (2, Told::Sitting),
            (2, Told::Deelname),
            (3, Told::Result),
            (5, Told::Result),
            (5, Told::Attempt),
        ] {
            let id = format!("{flow}-{told:?}");
            let kept = noted(&school, (3, flow), &id, |dialect| of(told, dialect)).await;
            let mut listed: Vec<&str> = loss::never_told(told, &poorest())
                .iter()
                .map(|loss| loss.name())
                .collect();
            listed.sort_unstable();
            assert_eq!(
                (kept[0].flow, &kept[0].lost[..]),
                (
                    flow,
                    &listed.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()[..]
                ),
                "{told:?}"
            );
        }
    })
    .await;
}
