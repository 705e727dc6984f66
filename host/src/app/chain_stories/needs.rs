//! Needs: what reaches a vendor as it can be told there, and what waits, with an owner, until it can (R15, N#172).

use serde_json::json;

use super::*;
use crate::app::needs::table;
use crate::app::{package, publisher, revision};
use crate::connector::fixture;
use crate::domain::needs::{Line, Meaning, Needs, Rounding, Time, Translation};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::testing::on_each_database;

/// Installs a connector of this version for the vendor that can tell of this much.
async fn install(school: &School, version: &str, needs: &str) {
    let core = &school.core;
    let key = fixture::publisher_key().public().to_string();
    publisher::trust(core, TENANT, "fb", "voorbeeld-examens", &key)
        .await
        .unwrap();
    let mut contents = fixture::contents_with(&format!("[needs]\n{needs}\n\n[[profile]]"), "[[profile]]");
    let manifest = String::from_utf8(contents.manifest.to_vec()).unwrap();
    contents.manifest = manifest
        .replace("version = \"1.2.0\"", &format!("version = \"{version}\""))
        .into();
    crate::store::testing::without_keuring(core, TENANT).await;
    let bytes = bytes::Bytes::from(fixture::signed(contents).to_bytes());
    let admitted = package::admit(core, TENANT, "fb", bytes).await.unwrap();
    let new = revision::NewRevision {
        digest: admitted.digest,
        profile: None,
        config: Default::default(),
        reason: "test".to_owned(),
    };
    revision::install(core, TENANT, "fb", VENDOR, &new).await.unwrap();
}

const BY_FIVE: &str =
    "codes = [\"extraTime\", \"spoken\"]\nextra-time = { unit = \"minutes\", step = 5, maximum = 60 }";

fn line(code: &str, time: Option<Time>, told: Option<&str>) -> Line {
    Line {
        code: code.to_owned(),
        meaning: Meaning::Told {
            time,
            code: told.map(str::to_owned),
        },
    }
}

async fn write(school: &School, lines: Vec<Line>) -> Result<(), Refused> {
    let translation = Translation {
        rounding: Rounding::Up,
        lines,
    };
    let fb = account("fb", &[Duty::Beheren]);
    table::set(&school.core, TENANT, &fb, VENDOR, &translation, None).await?;
    settle(school).await;
    Ok(())
}

async fn settle(school: &School) {
    let jobs = Jobs::new(
        school.core.clone(),
        Registry::new().with(pieces::settle_needs()),
        Settings::default(),
    );
    jobs.run_until_idle().await;
}

async fn assign(school: &School, person: &str, codes: &[&str]) {
    let mut body = school.person(person);
    let assigned: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
    body["consumers"][0]["assignedNeeds"] = json!(assigned);
    school.put_person(SIS, &body).await.unwrap();
}

/// One student `jip` with these assigned needs, planned tomorrow for an hour and a half.
async fn planned_with(school: &School, codes: &[&str]) -> (String, String) {
    school.enrol(&["jip"]).await;
    assign(school, "p-jip", codes).await;
    let sitting = school.plan(&school.new_sitting()).await.unwrap();
    let added = school.add(&sitting, vec![for_enrolment("e-jip")]).await;
    (sitting, added.into_iter().next().unwrap().unwrap())
}

async fn told(school: &School, deelname: &str) -> (usize, Option<u32>, Vec<String>) {
    let facts = school.association(deelname).await.facts;
    let jobs = school.lane(2, "association", deelname).await.len();
    (jobs, facts.additional_time_min, facts.personal_needs)
}

/// N#172: what can't be told keeps the deelname from the vendor, and a person hears; mended, it goes by itself.
#[tokio::test]
async fn unrepresentable_need_blocks_before_the_sitting() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        install(&school, "1.2.0", BY_FIVE).await;
        let (_, id) = planned_with(&school, &["ExtraTimeOnlyMath25%", "Spoken"]).await;
        assert_eq!(told(&school, &id).await.0, 0, "nothing goes to the vendor");
        let task = school.tasks("association", &id).await.remove(0);
        assert_eq!(
            (task.about.kind.as_str(), task.about.owner.as_str()),
            ("needs-blocked", "beheren")
        );
        assert_eq!(task.about.unit.as_deref(), Some("techniek"));
        let written = format!("{} {}", task.about.title, task.about.next_step);
        assert!(
            written.contains("vertaaltabel") && !written.contains("25%"),
            "{written}"
        );

        let braille = write(&school, vec![line("ExtraTimeOnlyMath25%", None, Some("braille"))]).await;
        let refused = braille.unwrap_err().to_string();
        assert!(
            refused.contains("`braille`") && refused.contains("[needs]"),
            "{refused}"
        );
        let twice = Some(Time::Percent(100));
        write(&school, vec![line("ExtraTimeOnlyMath25%", twice, None)])
            .await
            .unwrap();
        let task = school.tasks("association", &id).await.remove(0);
        assert_eq!(task.about.owner, "plannen", "90 minutes are more than the vendor's 60");
        assert_eq!(told(&school, &id).await.0, 0);

        let quarter = line("ExtraTimeOnlyMath25%", Some(Time::Percent(25)), Some("extraTime"));
        write(&school, vec![quarter]).await.unwrap();
        let (jobs, minutes, codes) = told(&school, &id).await;
        assert_eq!((jobs, minutes), (1, Some(25)), "22.5 minutes, by the vendor's five");
        assert_eq!(codes, ["extraTime", "spoken"]);
        assert!(school.tasks("association", &id).await.is_empty());
    })
    .await;
}

/// The other way to mend: a planner says what this vendor is told, within what it can be told; the table then leaves it.
#[tokio::test]
async fn a_planner_sets_what_a_table_can_not_say() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        install(&school, "1.2.0", BY_FIVE).await;
        let (_, id) = planned_with(&school, &["Groot scherm"]).await;
        let planner = account("bureau", &[Duty::Plannen]);
        let needs = |minutes| Needs {
            additional_time_min: Some(minutes),
            personal_needs: Vec::new(),
        };
        let refused = deelname::change(&school.core, planner_of(&planner), &id, &needs(22)).await;
        assert!(refused.unwrap_err().to_string().contains("steps of 5 minutes"));
        assert_eq!(school.task_kinds("association", &id).await, ["needs-blocked"]);
        deelname::change(&school.core, planner_of(&planner), &id, &needs(20))
            .await
            .unwrap();
        assert_eq!(told(&school, &id).await, (1, Some(20), Vec::new()));
        assert!(school.tasks("association", &id).await.is_empty());

        write(&school, vec![line("Groot scherm", Some(Time::Minutes(5)), None)])
            .await
            .unwrap();
        assert_eq!(told(&school, &id).await.1, Some(20), "what a person set stands");
        assign(&school, "p-jip", &["Spoken"]).await;
        assert_eq!(school.task_kinds("association", &id).await, ["needs-changed"]);
        assert_eq!(told(&school, &id).await.0, 1);
        deelname::follow_table(&school.core, planner_of(&planner), &id)
            .await
            .unwrap();
        assert_eq!(told(&school, &id).await, (2, None, vec!["spoken".to_owned()]));
    })
    .await;
}

/// Later changes of a person's needs, of the table and of the sitting are told again, or block what was to follow.
#[tokio::test]
async fn what_decides_on_needs_later_is_told_again() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        install(&school, "1.2.0", BY_FIVE).await;
        let quarter = |percent| vec![line("Tijd", Some(Time::Percent(percent)), None)];
        write(&school, quarter(25)).await.unwrap();
        let (sitting, id) = planned_with(&school, &["Tijd"]).await;
        assert_eq!(told(&school, &id).await, (1, Some(25), Vec::new()));

        write(&school, quarter(50)).await.unwrap();
        assert_eq!(told(&school, &id).await, (2, Some(45), Vec::new()));
        let planner = account("bureau", &[Duty::Plannen]);
        let mut plan = school.tomorrow();
        plan.times.duration_s = Some(40 * 60);
        sitting::change(&school.core, planner_of(&planner), &sitting, &plan)
            .await
            .unwrap();
        settle(&school).await;
        assert_eq!(told(&school, &id).await, (3, Some(20), Vec::new()));

        assign(&school, "p-jip", &["Tijd", "Braille"]).await;
        assert_eq!(told(&school, &id).await.0, 3, "never told without what can't be told");
        assert_eq!(school.task_kinds("association", &id).await, ["needs-blocked"]);
        assign(&school, "p-jip", &["Spoken"]).await;
        assert_eq!(told(&school, &id).await, (4, None, vec!["spoken".to_owned()]));
        assert!(school.tasks("association", &id).await.is_empty());

        let mut enrolment = school.enrolment("e-jip", "p-jip");
        enrolment["consumers"][0]["additionalTimeInMin"] = json!(30);
        school.put_association(SIS, &enrolment).await.unwrap();
        assert_eq!(told(&school, &id).await, (5, Some(30), vec!["spoken".to_owned()]));
    })
    .await;
}

/// What runs bounds what can be told: another connector lets go what waited; while candidates sit nothing changes by
/// itself.
#[tokio::test]
async fn another_connector_lets_go_what_waited_and_running_time_is_left_alone() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        install(&school, "1.2.0", BY_FIVE).await;
        write(&school, vec![line("Tijd", Some(Time::Minutes(60)), None)])
            .await
            .unwrap();
        let (_, id) = planned_with(&school, &["Spell-checker-on-screen"]).await;
        assert_eq!(school.task_kinds("association", &id).await, ["needs-blocked"]);
        install(&school, "1.3.0", "codes = [\"spell-checker-on-screen\"]").await;
        settle(&school).await;
        let spelling = vec!["spell-checker-on-screen".to_owned()];
        assert_eq!(told(&school, &id).await, (1, None, spelling.clone()));
        assert!(school.tasks("association", &id).await.is_empty());

        school.clock.advance(SignedDuration::from_hours(25));
        assign(&school, "p-jip", &[]).await;
        assert_eq!(told(&school, &id).await, (1, None, spelling));
        assert_eq!(school.task_kinds("association", &id).await, ["needs-changed"]);
    })
    .await;
}

/// R5: a deelname that waited and is cancelled leaves nothing behind, at the vendor neither.
#[tokio::test]
async fn a_cancelled_deelname_that_waited_was_never_told() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let (_, id) = planned_with(&school, &["Braille"]).await;
        let canceled = json!({ "associationType": "componentOfferingAssociation", "state": "canceled" });
        school.patch_association(SIS, "e-jip", &canceled).await.unwrap();
        assert!(school.association(&id).await.is_canceled());
        assert_eq!(told(&school, &id).await.0, 0);
        assert!(school.tasks("association", &id).await.is_empty());
        assert!(school.person_is_erased("p-jip").await);
    })
    .await;
}

#[tokio::test]
async fn only_functioneel_beheer_writes_a_table_and_nobody_overwrites_anothers() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let translation = Translation {
            rounding: Rounding::Exact,
            lines: vec![line("Tijd", Some(Time::Minutes(30)), None)],
        };
        let planner = account("bureau", &[Duty::Plannen]);
        let set = |who, seen| {
            let (core, translation) = (school.core.clone(), translation.clone());
            async move { table::set(&core, TENANT, &who, VENDOR, &translation, seen).await }
        };
        let refused = set(planner, None).await.unwrap_err();
        assert!(matches!(refused, Refused::NotAllowed(_)), "{refused}");
        let fb = account("fb", &[Duty::Beheren]);
        set(fb.clone(), Some(0)).await.unwrap();
        let refused = set(fb, Some(0)).await.unwrap_err();
        assert!(matches!(refused, Refused::NotNow(_)), "{refused}");
        let kept = store::needs::translation(&school.core.db, TENANT, VENDOR)
            .await
            .unwrap();
        assert_eq!(kept.unwrap().translation, translation);
    })
    .await;
}
