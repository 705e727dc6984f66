//! Scale maps: a percentage, points or a vendor's words become a value of the scale by what two people approved, and by
//! nothing else (N#164, N#175).

use super::*;
use crate::app::scale_map::{self, NewMap};
use crate::app::studentresultaat::compose;
use crate::app::vaststellen::{self, Seen};
use crate::domain::principal::Refusal;
use crate::domain::result::{Hold, Judgement};
use crate::domain::scale_map::{Basis, Number, Rule};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::testing::on_each_database;

fn percentages(border: &str, grade: &str) -> NewMap {
    let number = |text: &str| Number::read(text).unwrap();
    NewMap {
        peer: VENDOR.to_owned(),
        component: "rekenen".to_owned(),
        examenversie: None,
        to: ResultValueType::DecimalToTen,
        basis: Basis::Score,
        rule: Rule::Steps {
            steps: vec![(number("0"), "1.0".to_owned()), (number(border), grade.to_owned())],
            up_to: number("100"),
        },
        source: "brief van de leverancier, 3 maart".to_owned(),
    }
}

async fn approve(school: &School, map: &str, who: &Account) -> Result<(), Refused> {
    scale_map::settle(&school.core, TENANT, who, map, true, "vergeleken met de brief").await?;
    let jobs = Jobs::new(
        school.core.clone(),
        Registry::new().with(pieces::judge_again()),
        Settings::default(),
    );
    jobs.run_until_idle().await;
    Ok(())
}

async fn sent(school: &School, deelname: &str) -> Option<String> {
    let message = compose(&school.core, TENANT, deelname).await.unwrap()?;
    message.enrolment.result.unwrap().score
}

#[tokio::test]
async fn a_percentage_becomes_a_grade_only_by_a_map_that_two_people_approved() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        let (an, bo) = (account("an", &[Duty::Vaststellen]), account("bo", &[Duty::Vaststellen]));
        school.send_score(&deelnames[0], "53").await;
        school.send_score(&deelnames[1], "101").await;
        let map = scale_map::propose(&school.core, TENANT, &an, &percentages("53", "5.5"))
            .await
            .unwrap();
        assert_eq!(
            school.head(&deelnames[0]).await.judgement,
            Judgement::Held(Hold::OffScale)
        );
        let alone = approve(&school, &map, &an).await.unwrap_err();
        assert!(
            matches!(alone, Refused::NotAllowed(Refusal::SamePerson { .. })),
            "{alone}"
        );
        let planner = account("bureau", &[Duty::Plannen]);
        assert!(approve(&school, &map, &planner).await.is_err());
        approve(&school, &map, &bo).await.unwrap();

        let head = school.head(&deelnames[0]).await;
        assert_eq!(
            (head.judgement, head.mapping.as_ref()),
            (Judgement::Accepted, Some(&map))
        );
        assert_eq!(sent(&school, &deelnames[0]).await.as_deref(), Some("5.5"));
        assert_eq!(
            school.versions(&deelnames[0]).await[0]
                .delivered
                .result
                .score
                .as_deref(),
            Some("53"),
            "what was delivered stays as it was"
        );
        assert!(school.tasks("association", &deelnames[0]).await.is_empty());
        assert_eq!(
            school.head(&deelnames[1]).await.judgement,
            Judgement::Held(Hold::NoRowInMap)
        );
        let task = school.tasks("association", &deelnames[1]).await.remove(0);
        assert!(task.about.title.contains("omzettingstabel"), "{}", task.about.title);
        assert_eq!(sent(&school, &deelnames[1]).await, None);
        let twice = approve(&school, &map, &bo).await.unwrap_err();
        assert!(twice.to_string().contains("approved already"), "{twice}");
    })
    .await;
}

/// What was decided by one version of a map is not changed by the next.
#[tokio::test]
async fn a_new_version_of_a_map_leaves_what_was_decided_alone() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, deelnames) = school.planned(&["jip", "an"]).await;
        let (an, bo) = (account("an", &[Duty::Vaststellen]), account("bo", &[Duty::Vaststellen]));
        let first = scale_map::propose(&school.core, TENANT, &an, &percentages("53", "5.5"))
            .await
            .unwrap();
        approve(&school, &first, &bo).await.unwrap();
        for deelname in &deelnames {
            school.send_score(deelname, "53").await;
        }
        let seen = [Seen {
            deelname: deelnames[0].clone(),
            seq: 1,
        }];
        let decided = vaststellen::decide(&school.core, TENANT, &an, &seen, "").await.unwrap();
        decided[0].as_ref().unwrap();
        let second = scale_map::propose(&school.core, TENANT, &an, &percentages("50", "6.0"))
            .await
            .unwrap();
        approve(&school, &second, &bo).await.unwrap();
        assert_eq!(sent(&school, &deelnames[0]).await.as_deref(), Some("5.5"), "decided");
        assert_eq!(sent(&school, &deelnames[1]).await.as_deref(), Some("6.0"), "not yet");
        let decisions = store::decision::on_association(&school.core.db, TENANT, &deelnames[0])
            .await
            .unwrap();
        assert_eq!(decisions[0].mapping.as_ref(), Some(&first), "named on the decision");
        let number = |id: String| {
            let core = school.core.clone();
            async move {
                store::scale_map::find(&core.db, TENANT, &id)
                    .await
                    .unwrap()
                    .unwrap()
                    .number
            }
        };
        assert_eq!((number(first).await, number(second).await), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_map_that_leads_off_the_scale_is_never_made() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let an = account("an", &[Duty::Vaststellen]);
        let off = scale_map::propose(&school.core, TENANT, &an, &percentages("53", "53"))
            .await
            .unwrap_err();
        assert!(off.to_string().contains("row 2 gives `53`"), "{off}");
        let unsourced = NewMap {
            source: " ".to_owned(),
            ..percentages("53", "5.5")
        };
        let refused = scale_map::propose(&school.core, TENANT, &an, &unsourced)
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("source"), "{refused}");
    })
    .await;
}
