//! The cesuur of an examenversie: what it holds back, and what it lets go when a person enters it.

use super::*;
use crate::app::Draft;
use crate::app::cesuur::{self, Examenversie};
use crate::app::result::Incoming;
use crate::domain::model::Normed;
use crate::domain::result::{Delivered, Hold, Judgement, Source};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::testing::on_each_database;

async fn deliver(school: &School, deelname: &str, score: &str, normed: Normed, versie: Option<&str>) {
    let mut draft = Draft::of(&school.core, TENANT, "job:test");
    let incoming = Incoming {
        peer: VENDOR,
        deelname,
        delivered: Delivered {
            result: result_message(&completed(score)).result,
            normed,
            examenversie: versie.map(str::to_owned),
        },
        part: None,
        source: Source::Poll,
        revision: Some(1),
        content: b"{}",
    };
    result::accept(&mut draft, &incoming).await.unwrap();
    school.core.commit(draft.finish()).await.unwrap();
}

async fn enter(school: &School, code: Option<&str>, normed: Normed) {
    let member = account("ec", &[Duty::Vaststellen]);
    let versie = Examenversie {
        peer: VENDOR.to_owned(),
        component: "rekenen".to_owned(),
        code: code.map(str::to_owned),
    };
    cesuur::set(&school.core, TENANT, &member, &versie, normed, "brief CvTE 12")
        .await
        .unwrap();
    let jobs = Jobs::new(
        school.core.clone(),
        Registry::new().with(pieces::judge_again()),
        Settings::default(),
    );
    jobs.run_until_idle().await;
}

/// N#164: judging a cesuur's results again touches exactly those of its examenversie.
#[tokio::test]
async fn restating_one_examenversie_touches_only_its_results() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an", "bo"]).await;
        for (deelname, versie) in deelnames.iter().zip([Some("A"), Some("B"), None]) {
            deliver(&school, deelname, "5.3", Normed::Unknown, versie).await;
        }
        enter(&school, Some("A"), Normed::No).await;
        assert_eq!(
            school.head(&deelnames[0]).await.judgement,
            Judgement::Held(Hold::NotNormed)
        );
        assert_eq!(school.head(&deelnames[1]).await.judgement, Judgement::Accepted);
        assert_eq!(school.head(&deelnames[2]).await.judgement, Judgement::Accepted);
        assert_eq!(school.task_kinds("association", &deelnames[0]).await, ["result-held"]);

        let sent = school.lane(5, "association", "e-jip").await.len();
        enter(&school, Some("A"), Normed::Yes).await;
        let head = school.head(&deelnames[0]).await;
        assert_eq!((head.judgement, head.normed), (Judgement::Accepted, Normed::Yes));
        assert!(school.tasks("association", &deelnames[0]).await.is_empty());
        assert_eq!(school.lane(5, "association", "e-jip").await.len(), sent + 1);
    })
    .await;
}

/// N#164, R11: before the cesuur a score is no grade, whatever it looks like.
#[tokio::test]
async fn percentage_before_cesuur_is_no_grade() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip"]).await;
        deliver(&school, &deelnames[0], "5.3", Normed::No, Some("A")).await;
        enter(&school, Some("A"), Normed::Yes).await;
        assert_eq!(
            school.head(&deelnames[0]).await.judgement,
            Judgement::Held(Hold::NotNormed)
        );
        assert_eq!(school.lane(3, "association", &deelnames[0]).await.len(), 1);

        // N#164: nor does a percentage become a grade once the cesuur is known.
        deliver(&school, &deelnames[0], "53", Normed::Unknown, Some("A")).await;
        assert_eq!(
            school.head(&deelnames[0]).await.judgement,
            Judgement::Held(Hold::OffScale)
        );
        assert!(
            school.lane(5, "association", "e-jip").await.is_empty(),
            "nothing was sent"
        );

        deliver(&school, &deelnames[0], "6.1", Normed::Yes, Some("A")).await;
        assert_eq!(school.head(&deelnames[0]).await.judgement, Judgement::Accepted);
    })
    .await;
}

#[tokio::test]
async fn a_cesuur_names_its_source_and_is_entered_by_who_decides() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let versie = Examenversie {
            peer: VENDOR.to_owned(),
            component: "rekenen".to_owned(),
            code: None,
        };
        let member = account("ec", &[Duty::Vaststellen]);
        let unsourced = cesuur::set(&school.core, TENANT, &member, &versie, Normed::Yes, " ")
            .await
            .unwrap_err();
        assert!(unsourced.to_string().contains("source"), "{unsourced}");
        let planner = account("bureau", &[Duty::Plannen]);
        let refused = cesuur::set(&school.core, TENANT, &planner, &versie, Normed::Yes, "brief")
            .await
            .unwrap_err();
        assert!(matches!(refused, Refused::NotAllowed(_)), "{refused}");

        // R24: of a unit only, it reaches the examenversies whose results lie in that unit.
        let of_unit = |unit: &str| {
            let mut member = account("lid", &[Duty::Vaststellen]);
            member.assignments[0].unit = unit.to_owned();
            member
        };
        let set = |member: Account| {
            let (core, versie) = (school.core.clone(), versie.clone());
            async move { cesuur::set(&core, TENANT, &member, &versie, Normed::Yes, "brief").await }
        };
        assert!(
            set(of_unit("techniek")).await.is_err(),
            "no results yet: that takes the whole school"
        );
        let (_, deelnames) = school.planned(&["jip"]).await;
        school.send_score(&deelnames[0], "5.3").await;
        let elsewhere = set(of_unit("zorg")).await.unwrap_err();
        assert!(matches!(elsewhere, Refused::NotAllowed(_)), "{elsewhere}");
        set(of_unit("techniek")).await.unwrap();
    })
    .await;
}

/// More results than go into one commit are judged piece by piece, all of them.
#[tokio::test]
async fn many_results_are_judged_in_pieces() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let names: Vec<String> = (0..90).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        school.enrol(&names).await;
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let mut deelnames = Vec::new();
        for some in names.chunks(60) {
            let candidates = some.iter().map(|name| for_enrolment(&format!("e-{name}"))).collect();
            deelnames.extend(school.add(&sitting, candidates).await.into_iter().map(Result::unwrap));
        }
        for deelname in &deelnames {
            deliver(&school, deelname, "6.0", Normed::Unknown, None).await;
        }
        enter(&school, None, Normed::No).await;
        for deelname in &deelnames {
            assert_eq!(school.head(deelname).await.judgement, Judgement::Held(Hold::NotNormed));
        }
        let lane = school
            .lane(3, "examenversie", &format!("{VENDOR}/rekenen/rekenen"))
            .await;
        assert_eq!(lane.len(), 5, "four of 20, and 10");
    })
    .await;
}

/// A stop in the middle loses nothing: another process goes on where the last commit was, and what comes in meanwhile
/// is taken between two pieces.
#[tokio::test]
async fn judging_again_goes_on_after_a_crash_and_blocks_nobody() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let names: Vec<String> = (0..230).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        school.enrol(&names).await;
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let mut deelnames = Vec::new();
        for some in names.chunks(100) {
            let candidates = some.iter().map(|name| for_enrolment(&format!("e-{name}"))).collect();
            deelnames.extend(school.add(&sitting, candidates).await.into_iter().map(Result::unwrap));
        }
        for deelname in &deelnames {
            deliver(&school, deelname, "6.0", Normed::Unknown, None).await;
        }
        let member = account("ec", &[Duty::Vaststellen]);
        let versie = Examenversie {
            peer: VENDOR.to_owned(),
            component: "rekenen".to_owned(),
            code: None,
        };
        cesuur::set(&school.core, TENANT, &member, &versie, Normed::No, "brief")
            .await
            .unwrap();
        // The first piece is committed with its successor; then the process stops.
        let which = crate::app::judging::Which::Examenversie {
            peer: VENDOR.to_owned(),
            component: "rekenen".to_owned(),
            code: "rekenen".to_owned(),
        };
        let mut draft = Draft::of(&school.core, TENANT, "job:judge_again");
        crate::app::judging::judge_piece(&mut draft, &which, "").await.unwrap();
        school.core.commit(draft.finish()).await.unwrap();
        deelnames.sort();
        let last = deelnames.last().unwrap();
        assert_eq!(
            school.head(&deelnames[0]).await.judgement,
            Judgement::Held(Hold::NotNormed)
        );
        assert_eq!(
            school.head(last).await.judgement,
            Judgement::Accepted,
            "not its turn yet"
        );
        assert_eq!(
            school.send_score(last, "7.0").await,
            Outcome::Held,
            "traffic goes between, by the cesuur of now"
        );

        let another = Jobs::new(
            bench.another_node(7),
            Registry::new().with(pieces::judge_again()),
            Settings::default(),
        );
        another.run_until_idle().await;
        for deelname in &deelnames {
            assert_eq!(school.head(deelname).await.judgement, Judgement::Held(Hold::NotNormed));
        }
    })
    .await;
}
