//! A connector revision comes to a school unit by unit: who has what, who says Go, what a freeze holds up, and whose
//! revision reads what (DESIGN §7, R24).

use super::*;
use crate::app::polled::{self, Page, keep_page};
use crate::app::revision::{self, Back, NewRevision, RevisionError};
use crate::app::rollout::steps::{self, Begin, Step};
use crate::app::rollout::tally::{Call, Tally};
use crate::app::rollout::{of_sitting, serving};
use crate::app::{account as accounts, freeze, package, publisher};
use crate::connector::call::CallReport;
use crate::connector::call::Delivery;
use crate::connector::fixture;
use crate::connector::manifest::ConfigValue;
use crate::domain::exception::UNIT_NOT_ENABLED;
use crate::domain::interface::Interface;
use crate::domain::lane::JobState;
use crate::domain::model::Normed;
use crate::domain::offering::Confirmation;
use crate::domain::retry::Blame;
use crate::domain::rollout::criteria::Criteria;
use crate::domain::rollout::{NotNow, Route, Served, Stage};
use crate::jobs::pieces;
use crate::jobs::{Jobs, Registry, Settings};
use crate::store::rollout as rollout_store;
use crate::store::testing::on_each_database;
use crate::store::{association as associations, offering as offerings};

/// Admits a version of the fixture's connector; returns its digest.
async fn admitted(school: &School, version: &str, cursor_schema: Option<&str>) -> String {
    let core = &school.core;
    let key = fixture::publisher_key().public().to_string();
    publisher::trust(core, TENANT, "fb", "voorbeeld-examens", &key)
        .await
        .unwrap();
    crate::store::testing::without_keuring(core, TENANT).await;
    let schema = cursor_schema
        .map(|word| format!("\ncursor-schema = \"{word}\""))
        .unwrap_or_default();
    let contents = fixture::contents_with(&format!("version = \"{version}\"{schema}"), "version = \"1.2.0\"");
    let bytes = bytes::Bytes::from(fixture::signed(contents).to_bytes());
    package::admit(core, TENANT, "fb", bytes).await.unwrap().digest
}

pub(super) fn revision_of(digest: &str, page_size: i64) -> NewRevision {
    NewRevision {
        digest: digest.to_owned(),
        profile: None,
        config: [("page-size".to_owned(), ConfigValue::Number(page_size))].into(),
        reason: "een verhaal".to_owned(),
    }
}

/// A school with two teams, and revision 1 for everybody; revision 2 is made and nobody has it.
pub(super) async fn with_two_revisions(bench: &Bench) -> School {
    let school = School::open(bench).await;
    let core = &school.core;
    for (id, parent) in [("zorg", None), ("team-a", Some("zorg")), ("team-b", Some("zorg"))] {
        accounts::put_unit(core, TENANT, "fb", id, id, parent).await.unwrap();
    }
    let first = admitted(&school, "1.2.0", None).await;
    revision::install(core, TENANT, "fb", VENDOR, &revision_of(&first, 100))
        .await
        .unwrap();
    let second = admitted(&school, "1.3.0", None).await;
    let made = revision::make(core, TENANT, "fb", VENDOR, &revision_of(&second, 50)).await;
    assert_eq!(made.unwrap(), 2);
    work(&school).await;
    school
}

/// Runs the work inside the host that follows.
pub(super) async fn work(school: &School) {
    let registry = Registry::new().with(pieces::mended()).with(pieces::settle_needs());
    Jobs::new(school.core.clone(), registry, Settings::default())
        .run_until_idle()
        .await;
}

pub(super) fn fb() -> Account {
    account("fb", &[Duty::Beheren])
}

pub(super) async fn begin(school: &School, revision: i64) -> Result<(), RevisionError> {
    let begin = Begin {
        revision,
        route: Route::Steps,
        go_by: Duty::Plannen,
        criteria: Criteria {
            least_calls: 3,
            ..Criteria::default()
        },
    };
    steps::begin(&school.core, TENANT, &fb(), VENDOR, &begin, "nieuwe versie").await?;
    Ok(())
}

pub(super) async fn take(school: &School, tally: &Tally, who: &Account, step: Step) -> Result<Stage, RevisionError> {
    let taken = steps::take(&school.core, tally, TENANT, who, VENDOR, (&step, "een reden")).await?;
    Ok(taken.stage)
}

pub(super) fn units(names: &[&str], flows: &[i64]) -> Step {
    Step::Units {
        units: names.iter().map(|&name| name.to_owned()).collect(),
        flows: flows.to_vec(),
    }
}

/// Plans a sitting of a unit, as the vendor has confirmed it by a revision, with one deelname.
pub(super) async fn sitting_of(school: &School, unit: &str, student: &str, confirmed_by: i64) -> (String, String) {
    school.enrol(&[student]).await;
    let mut new = school.new_sitting();
    new.unit = Some(unit.to_owned());
    let sitting = school.plan(&new).await.unwrap();
    let added = school.add(&sitting, vec![for_enrolment(&format!("e-{student}"))]).await;
    let deelname = added.into_iter().next().unwrap().unwrap();
    confirm(school, &sitting, &deelname, confirmed_by).await;
    (sitting, deelname)
}

/// The vendor has both as they are planned now; the jobs that told it are done.
async fn confirm(school: &School, sitting: &str, deelname: &str, revision: i64) {
    let (mut sitting, mut deelname) = (school.offering(sitting).await, school.association(deelname).await);
    let confirmed = |plan_version| {
        Some(Confirmation {
            plan_version,
            at: school.core.now(),
            revision,
        })
    };
    sitting.confirmed = confirmed(sitting.plan_version);
    deelname.confirmed = confirmed(deelname.plan_version);
    let mut set = WriteSet::of(TENANT);
    for (kind, id) in [("offering", &sitting.id), ("association", &deelname.id)] {
        for mut job in school.lane(2, kind, id).await {
            if job.state == JobState::Ready {
                job.state = JobState::Done;
                job.finished_at = Some(school.core.now());
                set.put(job.next());
            }
        }
    }
    set.put(offerings::next(TENANT, &sitting));
    set.put(associations::next(TENANT, &deelname));
    school.core.commit(set).await.unwrap();
}

pub(super) async fn served(school: &School, flow: i64, sitting: &str) -> Served {
    let db = &school.core.db;
    let (_, serving) = serving(db, TENANT, VENDOR).await.unwrap().unwrap();
    of_sitting(db, TENANT, &serving, (flow, sitting)).await.unwrap().0
}

fn counted(tally: &Tally, school: &School, revision: i64, blames: &[Option<Blame>]) {
    for blame in blames {
        let call = Call {
            tenant: TENANT,
            peer: VENDOR,
            revision,
            interface: Interface::TaZittingsplan,
            blame: *blame,
            report: CallReport {
                wall: std::time::Duration::from_millis(40),
                ..CallReport::default()
            },
            fault: None,
        };
        tally.count(call, school.core.now());
    }
}

/// R24: a team comes first, then everybody; each next step takes a Go of the function that the rollout names.
#[tokio::test]
async fn a_revision_comes_to_a_team_then_to_everybody_on_a_go() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (a, _) = sitting_of(&school, "team-a", "jip", 1).await;
        let (b, _) = sitting_of(&school, "team-b", "an", 1).await;
        let tally = Tally::default();
        begin(&school, 2).await.unwrap();
        assert_eq!(served(&school, 2, &a).await, Served::By(1), "begun is not enabled");
        take(&school, &tally, &fb(), units(&["team-a"], &[2])).await.unwrap();
        assert_eq!(served(&school, 2, &a).await, Served::By(2));
        assert_eq!(served(&school, 3, &a).await, Served::By(1), "flow by flow");
        assert_eq!(served(&school, 2, &b).await, Served::By(1));

        let early = take(&school, &tally, &fb(), Step::All).await;
        assert!(
            matches!(early, Err(RevisionError::NotNow(NotNow::NoGo(Duty::Plannen)))),
            "{early:?}"
        );
        let bureau = account("bureau", &[Duty::Plannen]);
        let unmet = take(&school, &tally, &bureau, Step::Go { despite: false }).await;
        assert!(
            matches!(unmet, Err(RevisionError::NotNow(NotNow::NotMet("not enough yet")))),
            "{unmet:?}"
        );
        counted(&tally, &school, 2, &[None; 4]);
        let not_named = take(&school, &tally, &fb(), Step::Go { despite: false }).await;
        assert!(matches!(not_named, Err(RevisionError::NotAllowed(_))), "{not_named:?}");
        take(&school, &tally, &bureau, Step::Go { despite: false })
            .await
            .unwrap();
        let not_fb = take(&school, &tally, &bureau, Step::All).await;
        assert!(matches!(not_fb, Err(RevisionError::NotAllowed(_))), "{not_fb:?}");
        assert_eq!(take(&school, &tally, &fb(), Step::All).await.unwrap(), Stage::Completed);
        assert_eq!(served(&school, 3, &b).await, Served::By(2));

        let events = rollout_store::events(&school.core.db, TENANT, VENDOR, 1).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["start", "units", "go", "all"]);
        assert!(
            events[2].detail.contains("\"outcome\":\"pass\""),
            "{}",
            events[2].detail
        );
    })
    .await;
}

/// Calls that fail by the connector's fault fail the step, on whatever node they were made.
#[tokio::test]
async fn criteria_count_the_calls_of_all_nodes_by_blame() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        begin(&school, 2).await.unwrap();
        let (here, there) = (Tally::default(), Tally::default());
        take(&school, &here, &fb(), units(&["team-a"], &[])).await.unwrap();
        counted(&here, &school, 2, &[None; 10]);
        counted(&there, &school, 2, &[None, Some(Blame::Connector), Some(Blame::Vendor)]);
        there.write(&bench.another_node(2)).await;
        let newest = rollout_store::newest(&school.core.db, TENANT, VENDOR)
            .await
            .unwrap()
            .unwrap();
        let report = crate::app::rollout::measure::present_step(&school.core, &here, TENANT, VENDOR, &newest);
        let report = report.await.unwrap();
        let measured = &report.measured;
        assert_eq!((measured.done, measured.by_connector, measured.by_vendor), (11, 1, 1));
        assert_eq!(report.outcome.name(), "fail");
        let bureau = account("bureau", &[Duty::Plannen]);
        assert_eq!(take(&school, &here, &bureau, Step::NoGo).await.unwrap(), Stage::Paused);
        let paused = take(&school, &here, &fb(), units(&["team-b"], &[])).await;
        assert!(
            matches!(paused, Err(RevisionError::NotNow(NotNow::Paused))),
            "{paused:?}"
        );
    })
    .await;
}

/// Stopping takes nobody new and sends nobody back.
#[tokio::test]
async fn a_stopped_rollout_leaves_those_on_it_where_they_are() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (a, _) = sitting_of(&school, "team-a", "jip", 1).await;
        let tally = Tally::default();
        begin(&school, 2).await.unwrap();
        take(&school, &tally, &fb(), units(&["zorg"], &[])).await.unwrap();
        assert_eq!(take(&school, &tally, &fb(), Step::Stop).await.unwrap(), Stage::Stopped);
        assert_eq!(
            served(&school, 2, &a).await,
            Served::By(2),
            "the team is in the college"
        );
        let more = take(&school, &tally, &fb(), units(&["team-b"], &[])).await;
        assert!(
            matches!(more, Err(RevisionError::NotNow(NotNow::Ended(Stage::Stopped)))),
            "{more:?}"
        );
    })
    .await;
}

/// A freeze of the exam calendar holds up every step to more, and no rollback.
#[tokio::test]
async fn a_freeze_holds_up_a_rollout_and_never_a_rollback() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (core, now) = (&school.core, school.core.now());
        let tally = Tally::default();
        begin(&school, 2).await.unwrap();
        take(&school, &tally, &fb(), units(&["team-a"], &[])).await.unwrap();
        let bureau = account("bureau", &[Duty::Plannen]);
        take(&school, &tally, &bureau, Step::Go { despite: true })
            .await
            .unwrap();
        let time = (now, now + SignedDuration::from_hours(48));
        let id = freeze::enter(core, TENANT, &bureau, time, "Centrale examens")
            .await
            .unwrap();
        let frozen = take(&school, &tally, &fb(), Step::All).await;
        assert!(matches!(frozen, Err(RevisionError::Frozen { .. })), "{frozen:?}");
        let direct = revision::rollout(core, TENANT, "fb", VENDOR, 2, "toch").await;
        assert!(matches!(direct, Err(RevisionError::Frozen { .. })), "{direct:?}");
        let third = revision_of(&admitted(&school, "1.4.0", None).await, 7);
        let install = revision::install(core, TENANT, "fb", VENDOR, &third).await;
        assert!(matches!(install, Err(RevisionError::Frozen { .. })), "{install:?}");
        let back = revision::rollback(core, TENANT, "fb", VENDOR, Back::default(), "storing")
            .await
            .unwrap();
        assert_eq!((back.from, back.to, back.only_named), (2, 1, true));

        freeze::withdraw(core, TENANT, &fb(), &id).await.unwrap();
        let thawed = revision::rollout(core, TENANT, "fb", VENDOR, 2, "nu wel")
            .await
            .unwrap();
        assert_eq!(thawed.to, 2);
    })
    .await;
}

/// Where nothing ran before, only named units are served; work of others waits with a task that says so, and goes once
/// the unit is enabled.
#[tokio::test]
async fn work_of_a_unit_that_is_not_enabled_waits_with_a_task() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        let digest = admitted(&school, "1.2.0", None).await;
        revision::make(core, TENANT, "fb", OTHER_VENDOR, &revision_of(&digest, 100))
            .await
            .unwrap();
        let wanted = Begin {
            route: Route::Steps,
            revision: 1,
            go_by: Duty::Beheren,
            criteria: Criteria::default(),
        };
        steps::begin(core, TENANT, &fb(), OTHER_VENDOR, &wanted, "eerst team A")
            .await
            .unwrap();
        let tally = Tally::default();
        let enable = async |unit: &str| {
            let step = units(&[unit], &[]);
            steps::take(core, &tally, TENANT, &fb(), OTHER_VENDOR, (&step, "x"))
                .await
                .unwrap();
        };
        enable("team-a").await;
        let (row, now) = serving(&core.db, TENANT, OTHER_VENDOR).await.unwrap().unwrap();
        assert_eq!((row.revision, row.named_only), (Some(1), true));
        let (b, _) = sitting_of(&school, "team-b", "jip", 1).await;
        let (served, unit) = of_sitting(&core.db, TENANT, &now, (2, &b)).await.unwrap();
        assert_eq!((served, unit.as_deref()), (Served::NotEnabled, Some("team-b")));
        crate::app::rollout::tell_not_enabled(core, TENANT, OTHER_VENDOR, (Some("team-b"), 2))
            .await
            .unwrap();
        let about = format!("{OTHER_VENDOR}/team-b/2");
        assert_eq!(school.task_kinds("enablement", &about).await, [UNIT_NOT_ENABLED]);

        let go = Step::Go { despite: true };
        steps::take(core, &tally, TENANT, &fb(), OTHER_VENDOR, (&go, "x"))
            .await
            .unwrap();
        enable("team-b").await;
        work(&school).await;
        assert!(school.tasks("enablement", &about).await.is_empty());
        let (_, now) = serving(&core.db, TENANT, OTHER_VENDOR).await.unwrap().unwrap();
        assert_eq!(
            of_sitting(&core.db, TENANT, &now, (2, &b)).await.unwrap().0,
            Served::By(1)
        );
    })
    .await;
}

/// DESIGN §7: a record of a sitting that another revision serves is read back by that one.
#[tokio::test]
async fn a_record_of_anothers_sitting_becomes_a_read_back() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let (_, of_a) = sitting_of(&school, "team-a", "jip", 1).await;
        let (_, of_b) = sitting_of(&school, "team-b", "an", 1).await;
        begin(&school, 2).await.unwrap();
        take(&school, &Tally::default(), &fb(), units(&["team-a"], &[3]))
            .await
            .unwrap();
        let delivery = |id: &String| Delivery {
            deelname_peer_id: id.clone(),
            result: result_message(&completed("7.0")).result,
            normed: Normed::Unknown,
            examenversie: None,
        };
        let results = Interface::TaResultaten;
        let page = Page {
            peer: VENDOR.to_owned(),
            revision: 1,
            deliveries: vec![delivery(&of_a), delivery(&of_b)],
            before: polled::cursor(&school.core, TENANT, VENDOR, 1, results).await.unwrap(),
            next: Some("verder".to_owned()),
        };
        keep_page(&school.core, TENANT, &page).await.unwrap();
        assert!(school.versions(&of_a).await.is_empty(), "revision 2 reads it itself");
        assert_eq!(school.lane(3, "association", &of_a).await.len(), 1);
        assert_eq!(school.versions(&of_b).await.len(), 1);
        let inbox = store::message::about(&school.core.db, TENANT, "association", &of_b)
            .await
            .unwrap();
        assert_eq!(inbox[0].revision, Some(1), "the message records who handled it");
    })
    .await;
}

/// Each revision polls with its own cursor, begun from the older one's where they are of one kind; the older one stays.
#[tokio::test]
async fn a_cursor_goes_over_to_a_revision_of_the_same_kind_only() {
    on_each_database(|bench| async move {
        let school = with_two_revisions(&bench).await;
        let core = &school.core;
        let results = Interface::TaResultaten;
        let cursor = async |revision: i64| polled::cursor(core, TENANT, VENDOR, revision, results).await.unwrap();
        let page = Page {
            peer: VENDOR.to_owned(),
            revision: 1,
            deliveries: Vec::new(),
            before: cursor(1).await,
            next: Some("tot-hier".to_owned()),
        };
        keep_page(core, TENANT, &page).await.unwrap();
        revision::rollout(core, TENANT, "fb", VENDOR, 2, "zelfde soort")
            .await
            .unwrap();
        let taken = cursor(2).await;
        assert_eq!((taken.cursor.as_deref(), taken.version), (Some("tot-hier"), 0));
        let other = admitted(&school, "2.0.0", Some("bladzijde")).await;
        revision::install(core, TENANT, "fb", VENDOR, &revision_of(&other, 10))
            .await
            .unwrap();
        assert_eq!(cursor(3).await.cursor, None, "another kind begins anew");
        assert_eq!(
            cursor(1).await.cursor.as_deref(),
            Some("tot-hier"),
            "kept for a rollback"
        );
    })
    .await;
}
