//! Vaststellen: who decides, on what, and what follows.

use serde_json::json;

use super::*;
use crate::app::studentresultaat::compose;
use crate::app::vaststellen::{self, Seen};
use crate::domain::model::Role;
use crate::domain::principal::Refusal;
use crate::domain::result::Decided;
use crate::store::testing::on_each_database;

async fn decide(school: &School, who: &Account, deelname: &str, seq: i64) -> Result<String, Refused> {
    let seen = Seen {
        deelname: deelname.to_owned(),
        seq,
    };
    vaststellen::decide(&school.core, TENANT, who, &[seen], "akkoord")
        .await
        .unwrap()
        .remove(0)
}

#[tokio::test]
async fn a_decided_result_goes_on_as_final() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        let member = account("ec", &[Duty::Vaststellen]);
        let decision = decide(&school, &member, &deelnames[0], 1).await.unwrap();
        let head = school.head(&deelnames[0]).await;
        assert_eq!((head.decided, head.decision), (Decided::Vastgesteld, Some(decision)));
        let sent = compose(&school.core, TENANT, &deelnames[0]).await.unwrap().unwrap();
        assert!(sent.enrolment.result.unwrap().r#final);
        assert_eq!(
            school.lane(5, "association", "e-jip").await.len(),
            2,
            "provisional, then final"
        );
        let again = decide(&school, &member, &deelnames[0], 1).await.unwrap_err();
        assert!(again.to_string().contains("already"), "{again}");
    })
    .await;
}

/// Invariant 9, judged where the decision is written.
#[tokio::test]
async fn planner_assessor_fb_and_expired_mandate_may_not_vaststellen() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip", "an"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        let planner = account("bureau", &[Duty::Plannen, Duty::Vaststellen]);
        let refused = decide(&school, &planner, &deelnames[0], 1).await.unwrap_err();
        assert!(
            matches!(refused, Refused::NotAllowed(Refusal::Planned { .. })),
            "{refused}"
        );

        let mut by_id = school.person("person-of-ans");
        by_id["affiliations"] = json!(["employee"]);
        school.put_person(SIS, &by_id).await.unwrap();
        let bound = For::Person {
            id: "person-of-ans".to_owned(),
            role: Role::Assessor,
        };
        school.add(&sitting, vec![bound]).await.remove(0).unwrap();
        let ans = account("ans", &[Duty::Vaststellen]);
        let refused = decide(&school, &ans, &deelnames[0], 1).await.unwrap_err();
        assert!(
            matches!(refused, Refused::NotAllowed(Refusal::Assessed { .. })),
            "{refused}"
        );

        let mut assessed = completed("6.5");
        assessed["result"]["consumers"][0]["assessorCode"] = json!("bert");
        school.send_result(VENDOR, &deelnames[1], &assessed).await.unwrap();
        school.send_score(&deelnames[1], "6.6").await;
        let bert = account("bert", &[Duty::Vaststellen]);
        let refused = decide(&school, &bert, &deelnames[1], 2).await.unwrap_err();
        assert!(
            matches!(refused, Refused::NotAllowed(Refusal::Assessed { .. })),
            "in any version: {refused}"
        );

        let manager = account("fb", &[Duty::Beheren]);
        let of_elsewhere = Account {
            assignments: vec![Assignment {
                unit: "zorg".to_owned(),
                ..account("zorg", &[Duty::Vaststellen]).assignments.remove(0)
            }],
            ..account("zorg", &[])
        };
        let mut mandated = account("mandaat", &[Duty::Vaststellen]);
        mandated.assignments[0].mandate = true;
        mandated.assignments[0].until = Some("2026-09-01T09:00:00Z".parse().unwrap());
        for nobody in [manager, of_elsewhere, mandated] {
            let refused = decide(&school, &nobody, &deelnames[0], 1).await.unwrap_err();
            let is_not_held = matches!(refused, Refused::NotAllowed(Refusal::NotHeld { .. }));
            assert!(is_not_held, "{}: {refused}", nobody.id);
        }
        assert_eq!(school.head(&deelnames[0]).await.decided, Decided::Undecided);
    })
    .await;
}

/// Invariant 9: planning is of a sitting, or of one candidate at it.
#[tokio::test]
async fn who_added_one_candidate_decides_on_the_others_only() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (sitting, deelnames) = school.planned(&["jip"]).await;
        school.enrol(&["an"]).await;
        let both = account("bo", &[Duty::Plannen, Duty::Vaststellen]);
        let new = [NewDeelname {
            candidate: for_enrolment("e-an"),
            needs: None,
        }];
        let added = deelname::add(&school.core, planner_of(&both), &sitting, &new).await;
        let added = added.unwrap().remove(0).unwrap();
        for id in [&deelnames[0], &added] {
            school.send_score(id, "7.5").await;
        }
        let refused = decide(&school, &both, &added, 1).await.unwrap_err();
        assert!(
            matches!(refused, Refused::NotAllowed(Refusal::Planned { .. })),
            "{refused}"
        );
        decide(&school, &both, &deelnames[0], 1).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_mandate_is_printed_on_the_decision_with_its_dates() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        let mut mandated = account("mandaat", &[Duty::Vaststellen]);
        mandated.assignments[0].mandate = true;
        mandated.assignments[0].from = "2026-08-01T00:00:00Z".parse().unwrap();
        mandated.assignments[0].until = Some("2026-10-01T00:00:00Z".parse().unwrap());
        decide(&school, &mandated, &deelnames[0], 1).await.unwrap();
        let decisions = store::decision::on_association(&school.core.db, TENANT, &deelnames[0])
            .await
            .unwrap();
        assert!(decisions[0].mandate);
        assert_eq!(
            decisions[0].printed,
            "Vastgesteld op 1 september 2026 namens de examencommissie, onder mandaat voor de hele school van \
             1 augustus 2026 tot 1 oktober 2026, verleend door fb."
        );
    })
    .await;
}

/// R11.
#[tokio::test]
async fn nobody_decides_over_a_decision_taken_upstream() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let mut last = completed("7.5");
        last["result"]["consumers"][0]["final"] = json!(true);
        school.send_result(VENDOR, &deelnames[0], &last).await.unwrap();
        let member = account("ec", &[Duty::Vaststellen]);
        let refused = decide(&school, &member, &deelnames[0], 1).await.unwrap_err();
        assert!(refused.to_string().contains("upstream"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn what_has_changed_since_it_was_seen_or_is_not_ready_is_refused_by_itself() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an", "bo"]).await;
        school.send_score(&deelnames[0], "7.5").await;
        school.send_score(&deelnames[0], "7.6").await;
        school.send_score(&deelnames[1], "53").await;
        school.send_score(&deelnames[2], "6.0").await;
        let member = account("ec", &[Duty::Vaststellen]);
        let seen: Vec<Seen> = deelnames
            .iter()
            .map(|deelname| Seen {
                deelname: deelname.clone(),
                seq: 1,
            })
            .collect();
        let answers = vaststellen::decide(&school.core, TENANT, &member, &seen, "")
            .await
            .unwrap();
        assert!(answers[0].as_ref().unwrap_err().to_string().contains("changed since"));
        assert!(answers[1].as_ref().unwrap_err().to_string().contains("held"));
        assert!(answers[2].is_ok());
    })
    .await;
}
