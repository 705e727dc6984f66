//! What was decided stays decided until two people change it: corrections, withdrawals, and what then goes on.

use super::*;
use std::collections::BTreeSet;

use crate::app::policy::{self, Scope};
use crate::app::studentresultaat::compose;
use crate::app::vaststellen::{self, Seen};
use crate::app::{proposal, sample};
use crate::domain::decision::DecisionKind;
use crate::domain::model::ExamResult;
use crate::domain::principal::Refusal;
use crate::domain::proposal::{Ending, ProposalKind};
use crate::domain::result::{Decided, Hold, Judgement};
use crate::domain::sample::Size;
use crate::domain::sending::{FinalConflict, Said, SendPolicy};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::testing::on_each_database;

fn member(id: &str) -> Account {
    account(id, &[Duty::Vaststellen])
}

async fn decide(school: &School, who: &Account, deelname: &str, seq: i64) -> Result<String, Refused> {
    school.clock.advance(SignedDuration::from_secs(1));
    let seen = [Seen {
        deelname: deelname.to_owned(),
        seq,
    }];
    let mut answers = vaststellen::decide(&school.core, TENANT, who, &seen, "").await.unwrap();
    answers.remove(0)
}

async fn propose(
    school: &School,
    who: &Account,
    kind: ProposalKind,
    deelname: &str,
    seq: i64,
) -> Result<String, Refused> {
    let seen = Seen {
        deelname: deelname.to_owned(),
        seq,
    };
    school.clock.advance(SignedDuration::from_secs(1));
    proposal::propose(&school.core, TENANT, who, kind, &seen, "tikfout bij de leverancier").await
}

async fn confirm(school: &School, who: &Account, id: &str) -> Result<String, Refused> {
    school.clock.advance(SignedDuration::from_secs(1));
    proposal::confirm(&school.core, TENANT, who, id, "nagekeken").await
}

async fn sent(school: &School, deelname: &str) -> Option<ExamResult> {
    let message = compose(&school.core, TENANT, deelname).await.unwrap()?;
    message.enrolment.result
}

async fn work(school: &School) {
    let jobs = Jobs::new(
        school.core.clone(),
        Registry::new().with(pieces::judge_again()),
        Settings::default(),
    );
    jobs.run_until_idle().await;
}

fn is_same_person(refused: &Refused) -> bool {
    matches!(refused, Refused::NotAllowed(Refusal::SamePerson { .. }))
}

#[tokio::test]
async fn correction_after_vaststelling_waits_for_second_person_and_reverting_counts() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        let (an, bo, cas) = (member("an"), member("bo"), member("cas"));
        school.send_score(id, "7.5").await;
        decide(&school, &an, id, 1).await.unwrap();

        assert_eq!(school.send_score(id, "7.6").await, Outcome::Held);
        let alone = decide(&school, &bo, id, 2).await.unwrap_err();
        assert!(alone.to_string().contains("another person"), "{alone}");
        assert_eq!(sent(&school, id).await.unwrap().score.as_deref(), Some("7.5"));
        let proposal = propose(&school, &bo, ProposalKind::Correction, id, 2).await.unwrap();
        assert_eq!(
            school.task_kinds("association", id).await.len(),
            2,
            "the hold, and the proposal that waits"
        );
        for first in [&bo, &an] {
            let refused = confirm(&school, first, &proposal).await.unwrap_err();
            assert!(is_same_person(&refused), "{}: {refused}", first.id);
        }
        assert_eq!(sent(&school, id).await.unwrap().score.as_deref(), Some("7.5"), "still");

        let decision = confirm(&school, &cas, &proposal).await.unwrap();
        let head = school.head(id).await;
        assert_eq!(
            (head.judgement, head.decided, head.decided_seq, head.decision),
            (Judgement::Accepted, Decided::Vastgesteld, Some(2), Some(decision))
        );
        let corrected = sent(&school, id).await.unwrap();
        assert_eq!((corrected.score.as_deref(), corrected.r#final), (Some("7.6"), true));
        assert!(school.tasks("association", id).await.is_empty());
        let decisions = store::decision::on_association(&school.core.db, TENANT, id)
            .await
            .unwrap();
        assert_eq!(decisions.len(), 2, "both are history");
        assert_eq!(decisions[1].kind, DecisionKind::Correction);
        assert!(
            decisions[1].printed.ends_with("op voorstel van bo."),
            "{}",
            decisions[1].printed
        );

        // Another change, and the vendor takes it back: a version of its own, and nobody has to do anything.
        assert_eq!(school.send_score(id, "8.0").await, Outcome::Held);
        let lapses = propose(&school, &bo, ProposalKind::Correction, id, 3).await.unwrap();
        assert_eq!(school.send_score(id, "7.6").await, Outcome::Applied);
        let head = school.head(id).await;
        assert_eq!(
            (head.seq, head.judgement, head.decided_seq),
            (4, Judgement::Accepted, Some(2))
        );
        assert!(school.tasks("association", id).await.is_empty(), "no false exception");
        let all = store::proposal::on_association(&school.core.db, TENANT, id)
            .await
            .unwrap();
        assert_eq!(all[1].settled.as_ref().unwrap().ending, Ending::Lapsed);
        let late = confirm(&school, &cas, &lapses).await.unwrap_err();
        assert!(late.to_string().contains("ended already"), "{late}");
        assert_eq!(sent(&school, id).await.unwrap().score.as_deref(), Some("7.6"));
    })
    .await;
}

/// R11: taken back by two people; the student system hears that it is not final, whatever the policy.
#[tokio::test]
async fn a_vaststelling_is_withdrawn_by_two_people_and_goes_on_as_not_final() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let manager = account("fb", &[Duty::Beheren]);
        let after = Said {
            send: Some(SendPolicy::AfterVaststelling),
            ..Said::default()
        };
        policy::set(&school.core, TENANT, &manager, &Scope::School, after)
            .await
            .unwrap();
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        let (an, bo) = (member("an"), member("bo"));
        school.send_score(id, "7.5").await;
        assert_eq!(sent(&school, id).await, None);
        decide(&school, &an, id, 1).await.unwrap();
        school.send_score(id, "6.0").await;
        assert!(sent(&school, id).await.unwrap().r#final);

        let unsaid = Seen {
            deelname: id.clone(),
            seq: 2,
        };
        let no_reason = proposal::propose(&school.core, TENANT, &bo, ProposalKind::Withdrawal, &unsaid, " ").await;
        assert!(no_reason.unwrap_err().to_string().contains("reason"));
        let proposal = propose(&school, &bo, ProposalKind::Withdrawal, id, 2).await.unwrap();
        let second = propose(&school, &an, ProposalKind::Withdrawal, id, 2)
            .await
            .unwrap_err();
        assert!(second.to_string().contains("waits already"), "{second}");
        assert!(is_same_person(&confirm(&school, &bo, &proposal).await.unwrap_err()));
        let planner = account("bureau", &[Duty::Plannen, Duty::Vaststellen]);
        assert!(
            confirm(&school, &planner, &proposal).await.is_err(),
            "who planned decides nothing"
        );
        confirm(&school, &an, &proposal).await.unwrap();

        let head = school.head(id).await;
        assert_eq!(
            (head.decided, head.decided_seq, head.judgement),
            (Decided::Withdrawn, None, Judgement::Accepted)
        );
        let told = sent(&school, id).await.unwrap();
        assert_eq!((told.r#final, told.score.as_deref()), (false, Some("6.0")));
        assert!(school.tasks("association", id).await.is_empty());
        decide(&school, &bo, id, 2).await.unwrap();
        assert!(sent(&school, id).await.unwrap().r#final);
        let kinds: Vec<_> = store::decision::on_association(&school.core.db, TENANT, id)
            .await
            .unwrap()
            .into_iter()
            .map(|decision| decision.kind)
            .collect();
        assert_eq!(
            kinds,
            [
                DecisionKind::Vaststellen,
                DecisionKind::Withdrawal,
                DecisionKind::Vaststellen
            ]
        );
        let stamps = school.lane(5, "association", "e-jip").await.len();
        assert_eq!(stamps, 3, "final, not final, final");
    })
    .await;
}

/// Two accounts of one person are one person, also where the second was made before that was refused.
#[tokio::test]
async fn a_person_with_two_accounts_is_no_second_person() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let new = crate::app::account::NewAccount {
            id: "an".to_owned(),
            name: "An".to_owned(),
            person_id: Some("person-of-an".to_owned()),
            codes: Vec::new(),
        };
        crate::app::account::create(&school.core, TENANT, "fb", &new)
            .await
            .unwrap();
        school.send_score(&deelnames[0], "7.5").await;
        let an = member("an");
        decide(&school, &member("bo"), &deelnames[0], 1).await.unwrap();
        let proposal = propose(&school, &an, ProposalKind::Withdrawal, &deelnames[0], 1)
            .await
            .unwrap();
        let other = Account {
            person_id: an.person_id.clone(),
            ..member("an2")
        };
        assert!(is_same_person(&confirm(&school, &other, &proposal).await.unwrap_err()));
        proposal::reject(&school.core, TENANT, &other, &proposal, "toch niet")
            .await
            .unwrap();
        assert_eq!(school.head(&deelnames[0]).await.decided, Decided::Vastgesteld);
        assert!(school.tasks("association", &deelnames[0]).await.is_empty());
    })
    .await;
}

/// N#178: which leads is a policy of the exam; what waits goes by itself once it may.
#[tokio::test]
async fn an_exam_may_hold_decided_results_until_the_planbare_toets_allows_them() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        let manager = account("fb", &[Duty::Beheren]);
        let exam = Scope::Exam("plannable".to_owned());
        let hold = Said {
            final_conflict: Some(FinalConflict::Hold),
            ..Said::default()
        };
        let refused = policy::set(&school.core, TENANT, &member("an"), &exam, hold)
            .await
            .unwrap_err();
        assert!(matches!(refused, Refused::NotAllowed(_)), "{refused}");
        policy::set(&school.core, TENANT, &manager, &exam, hold).await.unwrap();
        let allow = |allowed: bool| {
            json!({ "offeringType": "component",
                "consumers": [{ "consumerKey": "nl-test-admin", "finalResultsAllowed": allowed }] })
        };
        school.patch_offering(SIS, "plannable", &allow(false)).await.unwrap();
        school.send_score(id, "7.5").await;
        decide(&school, &member("an"), id, 1).await.unwrap();
        assert_eq!(sent(&school, id).await, None);
        let task = school.tasks("offering", "plannable").await.remove(0);
        assert!(task.about.title.contains("wachten"), "{}", task.about.title);

        school.patch_offering(SIS, "plannable", &allow(true)).await.unwrap();
        work(&school).await;
        assert!(sent(&school, id).await.unwrap().r#final);
        assert!(school.tasks("offering", "plannable").await.is_empty());
        assert_eq!(
            school.lane(5, "association", "e-jip").await.len(),
            2,
            "provisional before, final now"
        );
    })
    .await;
}

/// The nearest word counts, and what an exam lets go is sent.
#[tokio::test]
async fn an_exam_has_a_policy_of_its_own_within_its_unit_and_school() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let manager = account("fb", &[Duty::Beheren]);
        let set = |scope: Scope, send: Option<SendPolicy>| {
            let (core, manager) = (school.core.clone(), manager.clone());
            async move {
                let said = Said {
                    send,
                    ..Said::default()
                };
                policy::set(&core, TENANT, &manager, &scope, said).await
            }
        };
        crate::app::account::put_unit(&school.core, TENANT, "fb", "techniek", "Techniek", None)
            .await
            .unwrap();
        let unknown = set(Scope::Unit("elders".to_owned()), None).await.unwrap_err();
        assert!(matches!(unknown, Refused::Unknown { .. }), "{unknown}");
        set(Scope::Unit("techniek".to_owned()), Some(SendPolicy::AfterVaststelling))
            .await
            .unwrap();
        school.send_score(&deelnames[0], "7.5").await;
        assert!(
            school.lane(5, "association", "e-jip").await.is_empty(),
            "the unit's word"
        );
        set(Scope::Exam("plannable".to_owned()), Some(SendPolicy::Provisional))
            .await
            .unwrap();
        work(&school).await;
        // Two policies were set: what the first has judged again may be under way when the second comes to it.
        let told = school.lane(5, "association", "e-jip").await;
        let told: BTreeSet<&str> = told.iter().map(|job| job.payload.as_str()).collect();
        assert_eq!(told.len(), 1, "the exam's word: {told:?}");
        let exam = school.offering("plannable").await;
        assert!(policy::no_show_counts(&school.core.db, TENANT, &exam).await.unwrap());
    })
    .await;
}

/// The same list, size and seed give the same sample, which is kept with who drew it.
#[tokio::test]
async fn a_sample_is_drawn_again_from_its_seed() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let (_, deelnames) = school.planned(&names).await;
        for deelname in &deelnames[..7] {
            school.send_score(deelname, "7.5").await;
        }
        let new = sample::NewSample {
            plannable: "plannable".to_owned(),
            unit: None,
            seed: Some(2026),
            size: Size::Percentage(40),
        };
        let an = member("an");
        let first = sample::draw(&school.core, TENANT, &an, &new).await.unwrap();
        assert_eq!((first.listed.len(), first.drawn.len(), first.seed), (7, 3, 2026));
        let again = sample::draw(&school.core, TENANT, &an, &new).await.unwrap();
        assert_eq!(first.drawn, again.drawn);
        let kept = store::sample::of_plannable(&school.core.db, TENANT, "plannable")
            .await
            .unwrap();
        assert_eq!(kept.len(), 2);
        assert!(kept.contains(&first), "as it was drawn, by whom");
        let planner = account("bureau", &[Duty::Plannen]);
        assert!(sample::draw(&school.core, TENANT, &planner, &new).await.is_err());
        let of_unit = |unit: &str| sample::NewSample {
            unit: Some(unit.to_owned()),
            ..new.clone()
        };
        let here = sample::draw(&school.core, TENANT, &an, &of_unit("techniek"))
            .await
            .unwrap();
        assert_eq!(here.listed.len(), 7);
        let elsewhere = sample::draw(&school.core, TENANT, &an, &of_unit("zorg")).await;
        assert!(matches!(elsewhere, Err(Refused::NotNow(_))), "{elsewhere:?}");
    })
    .await;
}

/// A decision that was taken back leaves the hold to be judged anew.
#[tokio::test]
async fn a_percentage_after_a_withdrawn_decision_is_still_held() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        school.send_score(id, "7.5").await;
        decide(&school, &member("an"), id, 1).await.unwrap();
        school.send_score(id, "53").await;
        let proposal = propose(&school, &member("an"), ProposalKind::Withdrawal, id, 2)
            .await
            .unwrap();
        confirm(&school, &member("bo"), &proposal).await.unwrap();
        assert_eq!(school.head(id).await.judgement, Judgement::Held(Hold::OffScale));
        let told = sent(&school, id).await.unwrap();
        assert_eq!((told.r#final, told.score.as_deref()), (false, Some("7.5")));
        assert_eq!(school.task_kinds("association", id).await, ["result-held"]);
    })
    .await;
}
