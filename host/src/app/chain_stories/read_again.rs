//! What a student system answers when it is read again (R25): it settles what was compared and told, and goes before nothing
//! that came by itself meanwhile.

use super::*;
use crate::app::{Decision, Draft, association};
use crate::domain::association::Association;
use crate::domain::model::{self, AssociationState, AttemptsLeft};
use crate::store::testing::on_each_database;

async fn enrolment(school: &School) -> Association {
    let found = store::association::find(&school.core.db, TENANT, "e-jip").await;
    found.unwrap().expect("flow 1 brought it")
}

async fn read_again(school: &School, told: &model::Association, seen: i64) {
    let kept = school.core.decide::<_, Refused, _, _>(&[], || async {
        let mut draft = Draft::of(&school.core, TENANT, "job:fetch_association");
        association::keep_read(&mut draft, SIS, told, seen).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    });
    kept.await.unwrap();
}

#[tokio::test]
async fn what_a_student_system_leaves_out_of_its_answer_stays_as_it_was_told() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.planned(&["jip"]).await;
        let before = enrolment(&school).await;
        let with_time = Association {
            facts: model::Association {
                additional_time_min: Some(15),
                attempt: Some(1),
                ..before.facts.clone()
            },
            ..before
        };
        let mut set = WriteSet::of(TENANT);
        set.put(store::association::next(TENANT, &with_time));
        school.core.commit(set).await.unwrap();

        let known = enrolment(&school).await;
        let told = model::Association {
            additional_time_min: None,
            attempt: None,
            attempts_left: AttemptsLeft::Left(2),
            ..known.facts.clone()
        };
        read_again(&school, &told, known.version).await;
        let after = enrolment(&school).await;
        assert_eq!(after.facts.attempts_left, AttemptsLeft::Left(2), "what was told");
        assert_eq!(after.facts.additional_time_min, Some(15), "what is not compared");
        assert_eq!(after.facts.attempt, Some(1), "what was left out");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_a_newer_message_has_overtaken_changes_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.planned(&["jip"]).await;
        let asked = enrolment(&school).await;
        // The student system cancels it while its older answer is on its way.
        let cancelled = Association {
            facts: model::Association {
                state: AssociationState::Canceled,
                ..asked.facts.clone()
            },
            ..asked.clone()
        };
        let mut set = WriteSet::of(TENANT);
        set.put(store::association::next(TENANT, &cancelled));
        school.core.commit(set).await.unwrap();

        let older = model::Association {
            attempts_left: AttemptsLeft::Left(2),
            ..asked.facts.clone()
        };
        read_again(&school, &older, asked.version).await;
        let kept = enrolment(&school).await;
        assert_eq!(kept.facts, cancelled.facts, "nobody is enrolled again by it");
    })
    .await;
}
