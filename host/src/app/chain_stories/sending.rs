//! What a policy lets go to the student system (flow 5), and what follows when it is changed.

use super::attempts::deliver;
use super::*;
use crate::app::policy::{self, Scope};
use crate::app::proposal;
use crate::app::studentresultaat::compose;
use crate::app::vaststellen::{self, Seen};
use crate::domain::lane::JobState;
use crate::domain::model::{ExamResult, ResultState};
use crate::domain::proposal::ProposalKind;
use crate::domain::sending::{Said, SendPolicy};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::testing::on_each_database;

async fn say(school: &School, scope: &Scope, send: Option<SendPolicy>) {
    let said = Said {
        send,
        ..Said::default()
    };
    let manager = account("fb", &[Duty::Beheren]);
    policy::set(&school.core, TENANT, &manager, scope, said).await.unwrap();
    let registry = Registry::new().with(pieces::judge_again());
    Jobs::new(school.core.clone(), registry, Settings::default())
        .run_until_idle()
        .await;
}

async fn sent(school: &School, deelname: &str) -> ExamResult {
    let message = compose(&school.core, TENANT, deelname).await.unwrap().unwrap();
    message.enrolment.result.unwrap()
}

/// Delivers what waits on an enrolment, and says how often that was.
async fn delivered(school: &School, deelname: &str, enrolment: &str) -> usize {
    let jobs = school.lane(5, "association", enrolment).await;
    let mut set = WriteSet::of(TENANT);
    let mut count = 0;
    for job in jobs.into_iter().filter(|job| job.state == JobState::Ready) {
        let done = JobRow {
            state: JobState::Done,
            ..job
        };
        set.put(done.next());
        count += 1;
    }
    if count > 0 {
        deliver(school, deelname, enrolment).await;
        school.core.commit(set).await.unwrap();
    }
    count
}

/// R11: the student system holds the score as final by then, so that attendance alone would leave it wrong.
#[tokio::test]
async fn a_withdrawn_result_goes_on_with_its_score_though_only_attendance_goes_before_vaststelling() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        say(&school, &Scope::School, Some(SendPolicy::Attendance)).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        school.send_score(id, "7.5").await;
        let before = sent(&school, id).await;
        assert_eq!((before.state, before.score), (ResultState::InProgress, None));

        let seen = Seen {
            deelname: id.clone(),
            seq: 1,
        };
        let (an, bo) = (account("an", &[Duty::Vaststellen]), account("bo", &[Duty::Vaststellen]));
        let (core, all) = (&school.core, std::slice::from_ref(&seen));
        let decided = vaststellen::decide(core, TENANT, &an, all, "").await.unwrap();
        assert!(decided[0].is_ok());
        let final_one = sent(&school, id).await;
        assert_eq!((final_one.r#final, final_one.score.as_deref()), (true, Some("7.5")));

        let proposal = proposal::propose(core, TENANT, &an, ProposalKind::Withdrawal, &seen, "fraudeonderzoek").await;
        proposal::confirm(core, TENANT, &bo, &proposal.unwrap(), "besproken")
            .await
            .unwrap();
        let withdrawn = sent(&school, id).await;
        assert_eq!((withdrawn.r#final, withdrawn.score.as_deref()), (false, Some("7.5")));
        let version = school.head(id).await;
        assert_eq!(version.sent_seq, Some(1));
    })
    .await;
}

/// What went as attendance only was sent, and yet its score was not.
#[tokio::test]
async fn a_policy_that_lets_scores_go_sends_those_of_whom_only_attendance_went() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        say(&school, &Scope::School, Some(SendPolicy::Attendance)).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        let id = &deelnames[0];
        school.send_score(id, "7.5").await;
        assert_eq!(delivered(&school, id, "e-jip").await, 1);
        say(
            &school,
            &Scope::Exam("plannable".to_owned()),
            Some(SendPolicy::Provisional),
        )
        .await;
        assert_eq!(delivered(&school, id, "e-jip").await, 1);
        assert_eq!(sent(&school, id).await.score.as_deref(), Some("7.5"));
        say(
            &school,
            &Scope::Exam("plannable".to_owned()),
            Some(SendPolicy::Attendance),
        )
        .await;
        assert_eq!(
            delivered(&school, id, "e-jip").await,
            0,
            "a score that went is not taken back by a policy"
        );
    })
    .await;
}

/// A policy of the school or a unit is followed by the exams in it, and by no others; nothing that was decided on goes
/// twice for it.
#[tokio::test]
async fn a_policy_of_school_or_unit_lets_go_what_waited_in_its_exams() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let put = |id: &'static str, parent: Option<&'static str>| {
            crate::app::account::put_unit(&school.core, TENANT, "fb", id, id, parent)
        };
        put("bve", None).await.unwrap();
        put("techniek", Some("bve")).await.unwrap();
        put("zorg", None).await.unwrap();
        say(&school, &Scope::School, Some(SendPolicy::AfterVaststelling)).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        for id in &deelnames {
            school.send_score(id, "7.5").await;
        }
        let seen = Seen {
            deelname: deelnames[1].clone(),
            seq: 1,
        };
        let ec = account("ec", &[Duty::Vaststellen]);
        vaststellen::decide(&school.core, TENANT, &ec, &[seen], "")
            .await
            .unwrap();
        assert_eq!(delivered(&school, &deelnames[1], "e-an").await, 1);

        say(&school, &Scope::Unit("zorg".to_owned()), Some(SendPolicy::Provisional)).await;
        assert_eq!(delivered(&school, &deelnames[0], "e-jip").await, 0, "another unit");
        say(&school, &Scope::Unit("bve".to_owned()), Some(SendPolicy::Provisional)).await;
        assert_eq!(
            delivered(&school, &deelnames[0], "e-jip").await,
            1,
            "the unit around it"
        );
        say(&school, &Scope::Unit("bve".to_owned()), None).await;
        say(&school, &Scope::School, None).await;
        assert_eq!(
            delivered(&school, &deelnames[1], "e-an").await,
            0,
            "it was final already"
        );
    })
    .await;
}
