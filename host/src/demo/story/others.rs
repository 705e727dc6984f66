//! Two vendors that have nothing in common with OKE: Toetskade has an API of its own, and gives points before grades;
//! Toetskist has none, and a person carries its files. Their results go the same way as all others.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::client::{Client, list, text};
use super::super::packages::Published;
use super::super::stage::{Cast, KADE, KIST};
use super::super::{DemoError, until};
use super::{PATIENCE, People, count_deelnames};

/// Test of Toetskade.
pub const KADE_TEST: &str = "4711";
/// Test of Toetskist.
pub const KIST_TEST: &str = "lezen-2f";
/// The version that was taken at Toetskade, and the points that are enough there.
const VERSION: (&str, i32) = ("2026-A", 36);

/// What is known of the two when the story is over.
#[derive(Debug, Default)]
pub struct Others {
    /// The sitting at Toetskade.
    pub kade: String,
    /// The sitting at Toetskist.
    pub kist: String,
    /// Deelnames on the list that was carried to Toetskist.
    pub listed: Vec<String>,
    /// Grade per deelname, as Toetskade has it.
    pub graded: BTreeMap<String, String>,
    /// The same, as Toetskist's file said.
    pub carried: BTreeMap<String, String>,
}

/// Brings their packages, to be tried while the rest is set up; their digests.
pub(super) async fn upload(beheer: &Client, published: &Published) -> Result<[String; 2], DemoError> {
    let kade = beheer.upload("/packages", published.kade.clone()).await?;
    let kist = beheer.upload("/packages", published.kist.clone()).await?;
    Ok([text(&kade, "digest")?, text(&kist, "digest")?])
}

/// Peers and connectors.
pub(super) async fn install(cast: &Cast, digests: &[String; 2]) -> Result<(), DemoError> {
    let beheer = &cast.beheer;
    for ((peer, name), digest) in [(KADE, "Toetskade"), (KIST, "Toetskist")].into_iter().zip(digests) {
        beheer
            .post("/peers", &json!({ "id": peer, "hat": "ta", "name": name }))
            .await?;
        if peer == KADE {
            let reach = json!({ "baseUrl": cast.kade.base_url(), "allowedAddresses": ["127.0.0.1"],
                "signIn": { "kind": "api-key", "key": cast.kade.api_key() } });
            beheer.put(&format!("/peers/{peer}/endpoints/api"), &reach).await?;
        }
        beheer.keuring_passed(digest, PATIENCE).await?;
        beheer.approve(peer, digest, "inrichting").await?;
        let install = json!({ "digest": digest, "config": config(peer), "reason": "inrichting" });
        beheer.post(&format!("/peers/{peer}/revisions"), &install).await?;
    }
    Ok(())
}

fn config(peer: &str) -> Value {
    match peer {
        KIST => json!({ "fixed-hours": 0 }),
        _ => json!({ "poll-seconds": 1 }),
    }
}

/// Flow 0: one catalogue is fetched, the other one brought in a file.
pub(super) async fn catalogues(cast: &Cast, people: &People) -> Result<(), DemoError> {
    cast.beheer
        .post(&format!("/peers/{KADE}/catalogue/refresh"), &json!({}))
        .await?;
    let tests = format!("toetscode;toetsnaam;schaal;actief\r\n{KIST_TEST};Lezen 2F;cijfer;ja\r\n");
    carry(&people.planner, "toetsenlijst.csv", tests).await.map(drop)
}

/// Brings a file, looks at it, has it stored, and waits until it is. Returns what it came to.
async fn carry(planner: &Client, name: &str, content: String) -> Result<Value, DemoError> {
    let files = format!("/peers/{KIST}/files");
    let brought = planner
        .upload(&format!("{files}?name={name}"), content.into_bytes())
        .await?;
    let id = text(&brought, "id")?;
    let preview = planner.get(&format!("{files}/{id}/preview")).await?;
    let seen = json!({ "digest": preview["digest"] });
    planner.post(&format!("{files}/{id}/store"), &seen).await?;
    until("a file is stored", PATIENCE, || async {
        let all = list(planner.get(&files).await?)?;
        let file = all.into_iter().find(|one| one["id"] == json!(id));
        Ok(match file {
            Some(file) if file["state"] == json!("stored") => Ok(file["counts"].clone()),
            other => Err(format!("{other:?}")),
        })
    })
    .await
}

/// Flow 2: a sitting at each, with the students that need nothing beside it; the list of one is carried.
pub(super) async fn plan(cast: &Cast, people: &People) -> Result<Others, DemoError> {
    let mut others = Others::default();
    for (peer, component) in [(KADE, KADE_TEST), (KIST, KIST_TEST)] {
        let sitting = plan_at(cast, people, peer, component).await?;
        match peer {
            KADE => others.kade = sitting,
            _ => others.kist = sitting,
        }
    }
    let planned = deelnames(&people.planner, &others.kade).await?.len();
    until("Toetskade knows its candidates", PATIENCE, || async {
        let there = cast.kade.candidates().len();
        Ok(if there == planned {
            Ok(())
        } else {
            Err(format!("{there} of {planned}"))
        })
    })
    .await?;
    let files = format!("/peers/{KIST}/files");
    let made = people
        .planner
        .post(&format!("{files}/plan"), &json!({ "sittings": [others.kist] }))
        .await?;
    let id = made["files"][0].as_str().unwrap_or_default().to_owned();
    let list = people.planner.text(&format!("{files}/{id}/content")).await?;
    others.listed = list
        .lines()
        .skip(1)
        .filter_map(|row| row.split(';').nth(9))
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    Ok(others)
}

async fn plan_at(cast: &Cast, people: &People, peer: &str, component: &str) -> Result<String, DemoError> {
    let planner = &people.planner;
    let school = cast.sis.school();
    let plannable = school
        .plannable_tests
        .iter()
        .find(|one| one.test.component_id == component);
    let plannable = plannable.ok_or_else(|| DemoError(format!("nobody takes {component}")))?;
    // A list is of what is to come; an API also takes what has begun.
    let from_now = if peer == KIST { 30 } else { -90 };
    let start = Timestamp::now() + SignedDuration::from_mins(from_now);
    let sitting = json!({ "plannable": plannable.id, "peer": peer, "component": component, "plan": {
        "start": start.to_string(), "end": (start + SignedDuration::from_mins(75)).to_string(),
        "durationMin": 60, "locationCodes": ["A-22"],
        "faoSystemId": if peer == KIST { json!("FAO-17") } else { Value::Null },
    }});
    let made = text(&planner.post("/sittings", &sitting).await?, "id")?;
    let needs_nothing = |person: &str| {
        let person = school.persons.iter().find(|one| one.id == person);
        person.is_some_and(|person| person.needs.is_empty() && person.extra_minutes == 0)
    };
    let deelnames: Vec<Value> = school
        .student_registrations(&plannable.id)
        .filter(|one| needs_nothing(&one.person_id))
        .map(|one| json!({ "enrolment": one.id }))
        .collect();
    let added = planner
        .post(&format!("/sittings/{made}/deelnames"), &json!(deelnames))
        .await?;
    match list(added)?.iter().find(|one| !one["refused"].is_null()) {
        Some(refused) => Err(DemoError(format!("a deelname was refused: {}", refused["refused"]))),
        None => Ok(made),
    }
}

async fn deelnames(client: &Client, sitting: &str) -> Result<Vec<String>, DemoError> {
    let shown = client.get(&format!("/sittings/{sitting}")).await?;
    list(shown["deelnames"].clone())?
        .iter()
        .map(|one| text(one, "id"))
        .collect()
}

/// Flow 3: points that wait for the cesuur, and then grades; grades and an absence in files.
pub(super) async fn results(cast: &Cast, people: &People, others: &mut Others) -> Result<(), DemoError> {
    let (version, enough) = VERSION;
    let candidates = deelnames(&people.planner, &others.kade).await?;
    for (nth, deelname) in candidates.iter().enumerate() {
        let points = 30 + i32::try_from(nth % 20).unwrap_or(0);
        let marked = cast.kade.mark(deelname, version, points);
        marked.map_err(|error| DemoError(format!("marking: {error}")))?;
    }
    let sitting = [others.kade.clone()];
    judged(cast, &sitting, "held", candidates.len()).await?;
    for outcome in cast.kade.publish_cesuur(version, enough) {
        let grade = outcome.grade.unwrap_or_default().replace(',', ".");
        others.graded.insert(outcome.reference, grade);
    }
    judged(cast, &sitting, "accepted", candidates.len()).await?;

    let day = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let mut file = "kenmerk;status;cijfer;datum\r\n".to_owned();
    let Some((absent, present)) = others.listed.split_first() else {
        return Err(DemoError("nobody stands on the list".to_owned()));
    };
    for (nth, deelname) in present.iter().enumerate() {
        let tenths = 40 + nth % 55;
        let grade = format!("{},{}", tenths / 10, tenths % 10);
        file.push_str(&format!("{deelname};genormeerd;{grade};{day}\r\n"));
        others.carried.insert(deelname.clone(), grade.replace(',', "."));
    }
    let counts = carry(&people.planner, "uitslagenlijst.csv", file.clone()).await?;
    if counts["stored"] != json!(present.len()) {
        return Err(DemoError(format!(
            "of {} lines these were stored: {counts}",
            present.len()
        )));
    }
    let dropped = format!("kenmerk;reden;datum\r\n{absent};ziek;{day}\r\n");
    carry(&people.planner, "uitvallijst.csv", dropped).await?;
    Ok(())
}

async fn judged(cast: &Cast, sittings: &[String], judgement: &str, wanted: usize) -> Result<(), DemoError> {
    until("Toetskade's results are judged", PATIENCE, || async {
        let is_it = |one: &Value| one["judgement"] == json!(judgement);
        let count = count_deelnames(&cast.beheer, sittings, is_it).await?;
        Ok(if count == wanted {
            Ok(())
        } else {
            Err(format!("{count} of {wanted} are {judgement}"))
        })
    })
    .await
}
