//! A vendor without an API: a planned sitting goes out in a file, what came back is previewed and then stored, and goes on
//! to the student system. All of it over the management API and the pages, as a person does it.

use jiff::SignedDuration;
use oke_host::app::account;
use oke_host::app::planning::Planner;
use oke_host::app::planning::sitting;
use oke_host::connector::manifest::ConfigValue;
use oke_host::domain::result::{Hold, Judgement, Source};
use oke_host::store::WriteSet;
use oke_host::store::needs::StandingRow;
use serde_json::json;

use crate::desk::{Desk, PEER, TESTS, expected, hire, lines, plan_at};
use crate::house::{FB, TENANT, planner};

/// R11, R14, R19: out in a file, back in a file, previewed, stored, and on to the student system by flow 5.
#[tokio::test]
async fn a_sitting_goes_out_in_a_file_and_its_results_come_back_in_one() {
    let windows = [("form", ConfigValue::Text("csv-windows".to_owned()))];
    let Some(desk) = Desk::open(&windows).await else { return };
    let (sitting, deelnames) = desk.plan(3).await;
    assert_eq!(desk.standing(&sitting).await, "new");
    assert!(
        !desk.house.sitting(&sitting).await.is_confirmed(),
        "nobody took it along yet"
    );

    let list = desk.take(&sitting).await;
    let (text, _, _) = encoding_rs::WINDOWS_1252.decode(&list);
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].starts_with("zitting;toets;naam;begin;eind;minuten;lokaal;afnameserver;"));
    assert!(rows[1].contains(";FAO-17;gepland;"), "{}", rows[1]);
    assert_eq!(desk.standing(&sitting).await, "taken");
    assert!(desk.house.sitting(&sitting).await.is_confirmed());
    assert!(desk.house.deelname(&deelnames[0]).await.is_confirmed());

    desk.house.clock.advance(SignedDuration::from_hours(51));
    let day = "3-9-2026";
    let points = format!(
        "kenmerk;studentnummer;versie;status;punten;maximum;cijfer;datum\r\n\
         {};;2026-A;nagekeken;37;60;;{day}\r\n{};;2026-A;genormeerd;48;60;8,1;{day}\r\n",
        deelnames[0], deelnames[1]
    );
    let counts = desk.stored("uitslagen.csv", points.as_bytes()).await;
    assert_eq!((&counts["taken"], &counts["refused"]), (&json!(2), &json!(0)));
    let first = desk.house.versions(&deelnames[0]).await;
    assert_eq!(first[0].judgement, Judgement::Held(Hold::NotNormed));
    assert_eq!(first[0].source, Source::File);
    assert_eq!(desk.score_at_sis(&deelnames[0]).await, None, "points are no grade");
    assert_eq!(desk.score_at_sis(&deelnames[1]).await.as_deref(), Some("8.1"));

    let normed = points.replace("nagekeken;37;60;", "genormeerd;37;60;6,4");
    let (id, preview) = desk.previewed("uitslagen-2.csv", normed.as_bytes()).await;
    assert_eq!(lines(&preview), expected(&[(2, "take"), (3, "known")]));
    desk.store(&id, &preview, json!({})).await.being(202);
    desk.house.work().await;
    assert_eq!(desk.score_at_sis(&deelnames[0]).await.as_deref(), Some("6.4"));

    let uitval = format!("kenmerk;reden;datum\n{};ziek;3-9-2026\n", deelnames[2]);
    desk.stored("uitval.csv", uitval.as_bytes()).await;
    assert_eq!(desk.house.versions(&deelnames[2]).await.len(), 1);
    desk.house.close_without_tasks().await;
}

/// Exactly what was previewed, once: the same file again says nothing, and what changed meanwhile is looked at again.
#[tokio::test]
async fn what_is_stored_is_what_was_seen_and_the_same_file_twice_changes_nothing() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(2).await;
    desk.take(&sitting).await;
    desk.house.clock.advance(SignedDuration::from_hours(51));
    let file = |grade: &str| {
        format!(
            "kenmerk;status;cijfer;datum\n{};genormeerd;{grade};2026-09-03\n",
            deelnames[0]
        )
        .into_bytes()
    };
    let (id, preview) = desk.previewed("a.csv", &file("6,4")).await;
    let (again, _) = desk.previewed("a-opnieuw.csv", &file("6,4")).await;
    assert_eq!(id, again, "while nothing of it is stored it is the same file");
    assert!(
        desk.house.versions(&deelnames[0]).await.is_empty(),
        "a preview stores nothing"
    );

    // Another file changes what this one would do.
    desk.stored("b.csv", &file("7,0")).await;
    desk.stored("c.csv", &file("6,4")).await;
    assert_eq!(
        desk.store(&id, &preview, json!({})).await.reason(409),
        "not-now",
        "c is the same file as a"
    );
    let before = desk.house.versions(&deelnames[0]).await.len();

    let (id, preview) = desk.previewed("d.csv", &file("6,4")).await;
    assert_eq!(lines(&preview), expected(&[(2, "known")]));
    assert_eq!(
        desk.store(&id, &preview, json!({})).await.reason(400),
        "nothing-to-store"
    );
    let (id, seen) = desk.previewed("e.csv", &file("5,0")).await;
    let same_words = [file("5,0"), b"\n".to_vec()].concat();
    desk.stored("f.csv", &same_words).await;
    assert_eq!(desk.store(&id, &seen, json!({})).await.reason(409), "changed-meanwhile");
    desk.stored("g.csv", &file("7,0")).await;
    assert_eq!(desk.house.versions(&deelnames[0]).await.len(), before + 2);
    assert_eq!(desk.score_at_sis(&deelnames[0]).await.as_deref(), Some("7.0"));

    // Who saw that 7,0 would be replaced does not replace what came after it.
    let (id, seen) = desk.previewed("h.csv", &file("6,0")).await;
    desk.stored("i.csv", &file("7,5")).await;
    assert_eq!(desk.store(&id, &seen, json!({})).await.reason(409), "changed-meanwhile");
    assert_eq!(desk.score_at_sis(&deelnames[0]).await.as_deref(), Some("7.5"));

    // Two files that were both let in before either was stored: the second finds the first's result and is not taken.
    let (one, seen) = desk.previewed("j.csv", &file("8,0")).await;
    let (other, seen_too) = desk.previewed("k.csv", &file("9,0")).await;
    desk.store(&one, &seen, json!({})).await.being(202);
    desk.store(&other, &seen_too, json!({})).await.being(202);
    let before = desk.house.versions(&deelnames[0]).await.len();
    desk.house.work().await;
    assert_eq!(desk.house.versions(&deelnames[0]).await.len(), before + 1);
    let open = desk.house.open_tasks().await;
    let told = open.iter().filter(|task| task.about.kind == "file-line-overtaken");
    assert_eq!(told.count(), 1, "{open:?}");
    desk.house.close().await;
}

/// R19: the offline server has downloaded the plan; a change after that is a task for a person, who can still take it along.
#[tokio::test]
async fn a_change_after_the_cut_off_is_a_task_for_a_person() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(2).await;
    desk.take(&sitting).await;
    let account = planner();
    let by = Planner {
        tenant: TENANT,
        account: &account,
    };
    let start = desk.house.sitting(&sitting).await.facts.start.unwrap();
    let moved = |minutes| plan_at(start + SignedDuration::from_mins(minutes));

    sitting::change(&desk.house.core, by, &sitting, &moved(5))
        .await
        .unwrap();
    desk.house.work().await;
    assert_eq!(desk.standing(&sitting).await, "changed");
    assert!(desk.house.open_tasks().await.is_empty(), "a next list still helps");
    desk.take(&sitting).await;

    desk.house.later(SignedDuration::from_hours(25)).await;
    assert!(desk.house.open_tasks().await.is_empty());
    desk.house.cancel(&deelnames[0]).await;
    desk.house.work().await;
    assert_eq!(desk.standing(&sitting).await, "too-late");
    let tasks = desk.house.open_tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        (tasks[0].about.kind.as_str(), tasks[0].about.subject_id.as_str()),
        ("plan-fixed", sitting.as_str())
    );

    let list = desk.take(&sitting).await;
    assert!(
        String::from_utf8(list)
            .unwrap()
            .contains(&format!("{};vervallen", deelnames[0]))
    );
    assert_eq!(desk.standing(&sitting).await, "taken");
    desk.house.close_without_tasks().await;
}

/// What nobody took along in time is told when it is too late for a list.
#[tokio::test]
async fn a_sitting_that_nobody_took_along_is_a_task_at_the_cut_off() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, _) = desk.plan(1).await;
    assert!(desk.house.open_tasks().await.is_empty());
    desk.house.later(SignedDuration::from_hours(23)).await;
    assert!(desk.house.open_tasks().await.is_empty());
    desk.house.later(SignedDuration::from_hours(2)).await;
    let tasks = desk.house.open_tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].about.subject_id, sitting);
    desk.house.close().await;
}

/// R10: an older state lies aside; its vendor can't be asked, so that a later file settles it: by saying again what stands,
/// or by a newer result.
#[tokio::test]
async fn an_older_state_in_a_file_lies_aside_without_asking_a_vendor_that_can_not_be_asked() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(1).await;
    desk.take(&sitting).await;
    desk.house.clock.advance(SignedDuration::from_hours(51));
    let line = |rest: &str| format!("kenmerk;status;cijfer;datum\n{};{rest}\n", deelnames[0]).into_bytes();
    desk.stored("a.csv", &line("genormeerd;6,4;2026-09-03")).await;
    desk.stored("b.csv", &line("bezig;;")).await;
    let versions = desk.house.versions(&deelnames[0]).await;
    assert_eq!(versions.last().unwrap().judgement, Judgement::Aside);
    assert_eq!(desk.score_at_sis(&deelnames[0]).await.as_deref(), Some("6.4"));
    let tasks = desk.house.open_tasks().await;
    let kinds: Vec<&str> = tasks.iter().map(|task| task.about.kind.as_str()).collect();
    assert_eq!(kinds, ["result-aside"], "no connector is missed");

    let again = [line("genormeerd;6,4;2026-09-03"), b"\n".to_vec()].concat();
    let (id, preview) = desk.previewed("c.csv", &again).await;
    assert_eq!(lines(&preview), expected(&[(2, "take")]));
    assert_eq!(preview["lines"][0]["readings"][0]["label"], "zegt opnieuw wat er staat");
    desk.store(&id, &preview, json!({})).await.being(202);
    desk.house.work().await;
    assert!(desk.house.open_tasks().await.is_empty(), "settled");
    assert_eq!(
        desk.house.versions(&deelnames[0]).await.len(),
        2,
        "nothing new was said"
    );
    let (_, preview) = desk.previewed("d.csv", &line("genormeerd;6,4;2026-09-03")).await;
    assert_eq!(lines(&preview), expected(&[(2, "known")]), "and is not asked for again");

    desk.stored("e.csv", &line("ingeleverd;;")).await;
    assert_eq!(desk.house.open_tasks().await.len(), 1);
    desk.stored("f.csv", &line("genormeerd;7,1;2026-09-04")).await;
    assert_eq!(desk.score_at_sis(&deelnames[0]).await.as_deref(), Some("7.1"));
    desk.house.close_without_tasks().await;
}

/// R15: who has a need that the vendor can't be told stays off the list, and the list says so.
#[tokio::test]
async fn who_is_left_off_a_list_because_of_a_need_is_counted() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(2).await;
    let core = &desk.house.core;
    let waits = StandingRow {
        tenant: TENANT.to_owned(),
        association: deelnames[0].clone(),
        peer: PEER.to_owned(),
        by_hand: false,
        blocked: true,
        at: core.now(),
        version: 0,
    };
    let mut set = WriteSet::of(TENANT);
    set.put(waits.next());
    core.commit(set).await.unwrap();

    let listed = desk.get("/sittings").await.being(200).json();
    assert_eq!((&listed[0]["deelnames"], &listed[0]["leftOff"]), (&json!(2), &json!(1)));
    let list = String::from_utf8(desk.take(&sitting).await).unwrap();
    assert!(!list.contains(&deelnames[0]) && list.contains(&deelnames[1]));
    let files = desk.get("").await.json();
    let made = files
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["state"] == "taken")
        .unwrap();
    assert_eq!(
        (&made["counts"]["deelnames"], &made["counts"]["leftOff"]),
        (&json!(1), &json!(1))
    );
    assert!(made["eraseAt"].is_string() && made["erasedAt"].is_null());
    assert!(!desk.house.deelname(&deelnames[0]).await.is_confirmed());
    desk.house.close().await;
}

/// R24: who plans for another part of the school brings no results for this one, and no tests.
#[tokio::test]
async fn who_does_not_plan_for_the_sitting_takes_and_brings_nothing_of_it() {
    let Some(mut desk) = Desk::open(&[]).await else { return };
    let (sitting, deelnames) = desk.plan(1).await;
    desk.take(&sitting).await;
    account::put_unit(&desk.house.core, TENANT, FB, "elders", "Elders", None)
        .await
        .unwrap();
    desk.token = hire(&desk.house, "elders", "elders").await;
    assert!(
        desk.get("/sittings")
            .await
            .being(200)
            .json()
            .as_array()
            .unwrap()
            .is_empty()
    );
    desk.post("/plan", &json!({ "sittings": [sitting] })).await.being(404);
    let file = format!("kenmerk;reden;datum\n{};ziek;3-9-2026\n", deelnames[0]);
    let (_, preview) = desk.previewed("uitval.csv", file.as_bytes()).await;
    assert_eq!(lines(&preview), expected(&[(2, "not-allowed")]));
    let (_, preview) = desk
        .previewed("toetsen.csv", TESTS.replace("4711", "4712").as_bytes())
        .await;
    assert_eq!(lines(&preview), expected(&[(2, "not-allowed")]));
    desk.house.close().await;
}

/// Many lines are many commits of one job: each counts once, wherever it stops.
#[tokio::test]
async fn a_file_of_more_lines_than_one_commit_is_stored_piece_by_piece() {
    let Some(desk) = Desk::open(&[]).await else { return };
    let tests: String = (0..2_100)
        .map(|number| format!("t-{number};Toets {number};cijfer;ja\n"))
        .collect();
    let counts = desk
        .stored(
            "veel.csv",
            format!("toetscode;toetsnaam;schaal;actief\n{tests}").as_bytes(),
        )
        .await;
    assert_eq!(counts["taken"], 2_100);
    let files = desk.get("").await.json();
    // The clock stands still here, so that files of the same moment are listed in any order.
    let file = files.as_array().unwrap().iter().find(|file| file["name"] == "veel.csv");
    let file = file.expect("it is listed");
    assert_eq!(
        (&file["state"], &file["counts"]["stored"]),
        (&json!("stored"), &json!(2_100))
    );
    desk.house.close().await;
}
