//! Afterwards: what was acknowledged is there, and receivers stand as if each effect had been sent once.

use std::collections::{BTreeMap, BTreeSet};

use oke_host::demo::client::{Client, list};
use oke_host::demo::{DemoError, until};
use oke_host::simulator::Sis;
use serde_json::{Value, json};

use super::load::{Plan, Scores};
use super::school::{PATIENCE, SIS, School, VENDOR};

/// Every toetsinschrijving of flow 1 is there.
pub async fn flow_1(planner: &Client, sis: &Sis) {
    let mut here = BTreeSet::new();
    for plannable in list(planner.get("/plannables").await.unwrap()).unwrap() {
        let path = format!("/plannables/{}/enrolments", plannable["id"].as_str().unwrap());
        for enrolment in list(planner.get(&path).await.unwrap()).unwrap() {
            here.insert(enrolment["id"].as_str().unwrap().to_owned());
        }
    }
    let sent: BTreeSet<String> = sis.school().registrations.iter().map(|one| one.id.clone()).collect();
    assert_eq!(
        here, sent,
        "toetsinschrijvingen of the student system, and nothing else"
    );
}

/// Waits until the vendor has confirmed everything, kills or no kills.
pub async fn delivered(school: &School, plan: &Plan) {
    let delivered = until("everything is confirmed by the vendor", PATIENCE, || async {
        let mut open = 0;
        for sitting in plan.sittings.keys() {
            let Ok(shown) = school.planner.get(&format!("/sittings/{sitting}")).await else {
                return Ok(Err("the host is down".to_owned()));
            };
            open += usize::from(shown["confirmed"] != json!(true));
            let deelnames = list(shown["deelnames"].clone())?;
            open += deelnames.iter().filter(|one| one["confirmed"] != json!(true)).count();
        }
        Ok(if open == 0 {
            Ok(())
        } else {
            Err(format!("{open} are not"))
        })
    });
    told(school, delivered.await).await;
}

/// A wait that was in vain, with what the jobs say.
async fn told(school: &School, outcome: Result<(), DemoError>) {
    let Err(error) = outcome else { return };
    let mut jobs = Vec::new();
    for peer in [VENDOR, SIS] {
        for state in ["ready", "running", "dead"] {
            if let Ok(found) = school.beheer.get(&format!("/jobs?peer={peer}&state={state}")).await {
                jobs.extend(list(found).unwrap().into_iter().map(|job| format!("{state}: {job}")));
            }
        }
    }
    panic!("{error}\n{}", jobs.join("\n"));
}

/// The vendor holds exactly the sittings and deelnames that were planned, each made once, with the last needs; and it
/// never had to refuse one, as it would have a deelname that passed its sitting.
pub async fn flow_2(school: &School, plan: &Plan, needs: &BTreeMap<String, u32>) {
    delivered(school, plan).await;
    let there = school.vendor.state();
    assert!(there.refused.is_empty(), "{:?}", there.refused);
    let sittings: BTreeSet<&String> = there.sittings.iter().map(|one| &one.offering_id).collect();
    assert_eq!(sittings, plan.sittings.keys().collect());
    let planned: BTreeMap<&String, i64> = needs.iter().map(|(id, minutes)| (id, i64::from(*minutes))).collect();
    let held: BTreeMap<&String, i64> = there
        .deelnames
        .iter()
        .map(|one| (&one.association_id, one.additional_time_in_min.unwrap_or(0)))
        .collect();
    assert_eq!(held, planned, "deelnames at the vendor, with their extra time");
    for one in &there.deelnames {
        assert_eq!(
            one.creates, 1,
            "deelname {} was made more than once",
            one.association_id
        );
        // Each change arrived at most once as a change: a repeat found it made already.
        assert!(one.changes <= 3, "deelname {} went back and forth", one.association_id);
    }
}

/// Every acknowledged version is in the history, once, and the last one stands.
pub async fn flow_3(school: &School, scores: &Scores) {
    for (deelname, (_, sent)) in scores {
        assert_eq!(
            &history(school, deelname).await,
            sent,
            "versions of deelname {deelname}"
        );
    }
}

async fn history(school: &School, deelname: &str) -> Vec<String> {
    let path = format!("/deelnames/{deelname}/results");
    let mut versions = list(school.beheer.get(&path).await.unwrap()).unwrap();
    versions.sort_by_key(|one| one["seq"].as_i64());
    let score = |one: &Value| one["score"].as_str().unwrap_or_default().to_owned();
    versions.iter().map(score).collect()
}

/// Waits until the student system has confirmed the last version of everybody's result, kills or no kills.
pub async fn arrived(school: &School, plan: &Plan) {
    let arrived = until("every last result is at the student system", PATIENCE, || async {
        let mut open = 0;
        for sitting in plan.sittings.keys() {
            let Ok(shown) = school.planner.get(&format!("/sittings/{sitting}")).await else {
                return Ok(Err("the host is down".to_owned()));
            };
            let is_open = |one: &&Value| one["resultSeq"] != json!(3) || one["confirmedSeq"] != one["resultSeq"];
            open += list(shown["deelnames"].clone())?.iter().filter(is_open).count();
        }
        Ok(if open == 0 {
            Ok(())
        } else {
            Err(format!("{open} are not"))
        })
    });
    told(school, arrived.await).await;
}

fn scores_at_sis(school: &School) -> BTreeMap<String, String> {
    let state = school.sis.state();
    let scored = state.associations.into_iter().filter_map(|one| {
        let score = one.result?["score"].as_str()?.to_owned();
        Some((one.association_id, score))
    });
    scored.collect()
}

/// The student system stands as after one delivery of each result, in order: never back to an older one, but for a
/// repeat of what it had just got.
pub async fn flow_5(school: &School, scores: &Scores) {
    quiet(school).await;
    let there = scores_at_sis(school);
    let state = school.sis.state();
    assert!(state.refused.is_empty(), "{:?}", state.refused);
    for (deelname, (enrolment, _)) in scores {
        assert_eq!(
            history(school, deelname).await,
            ["5.4", "5.6", "5.4"],
            "versions of deelname {deelname}"
        );
        assert_eq!(
            there.get(enrolment).map(String::as_str),
            Some("5.4"),
            "{enrolment} at the student system"
        );
        let mut got: Vec<&str> = state
            .applied
            .iter()
            .filter(|one| one.association_id == *enrolment)
            .filter_map(|one| one.body["result"]["score"].as_str())
            .collect();
        got.dedup();
        let is_in_order = ["5.4", "5.6", "5.4"].as_slice() == got || ["5.6", "5.4"].as_slice() == got || got == ["5.4"];
        assert!(is_in_order, "{enrolment} got {got:?}");
    }
    assert_eq!(there.len(), scores.len(), "results that nobody sent");
}

/// Nothing waits, nothing is dead, and no exception is open.
pub async fn quiet(school: &School) {
    let quiet = until("no job waits", PATIENCE, || async {
        let mut waiting = Vec::new();
        for peer in [VENDOR, SIS] {
            for state in ["ready", "running", "dead"] {
                let jobs = list(school.beheer.get(&format!("/jobs?peer={peer}&state={state}")).await?)?;
                // Rounds that come back by the clock are never over.
                let rounds = [json!("fetch_catalogue"), json!("poll_results"), json!("poll_reports")];
                waiting.extend(jobs.into_iter().filter(|job| !rounds.contains(&job["kind"])));
            }
        }
        Ok(match waiting.first() {
            None => Ok(()),
            Some(first) => Err(format!("{} jobs wait, such as {first}", waiting.len())),
        })
    });
    quiet.await.unwrap();
    let tasks = list(school.beheer.get("/tasks").await.unwrap()).unwrap();
    assert!(tasks.is_empty(), "{tasks:?}");
}
