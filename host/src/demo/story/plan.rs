//! Flow 2: sittings with deelnames and an external assessor, and one deelname cancelled.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::client::{list, text};
use super::super::stage::{Cast, POLLED, PUSHES};
use super::super::{DemoError, until};
use super::{PATIENCE, People};

/// One sitting per planbare toets, with every student who is enrolled and the staff of the school.
pub(super) async fn plan(cast: &Cast, people: &People) -> Result<Vec<(String, String)>, DemoError> {
    let vendor_of: BTreeMap<String, &str> = cast
        .sis
        .school()
        .plannable_tests
        .iter()
        .filter_map(|one| {
            let vendor = match one.test.test_provider.as_str() {
                "Toetsgilde" => PUSHES,
                "Examenatelier" => POLLED,
                _ => return None,
            };
            Some((one.id.clone(), vendor))
        })
        .collect();
    let assessor = external_assessor(cast, people).await?;
    let start = Timestamp::now() - SignedDuration::from_mins(90);
    let mut sittings = Vec::new();
    for plannable in list(people.planner.get("/plannables").await?)? {
        let id = text(&plannable, "id")?;
        // Those of the two other vendors have an act of their own.
        let Some(peer) = vendor_of.get(&id) else { continue };
        let component = plannable["components"][0].as_str().unwrap_or_default();
        let sitting = json!({ "plannable": id, "peer": peer, "component": component, "plan": {
            "start": start.to_string(), "end": (start + SignedDuration::from_mins(75)).to_string(),
            "durationMin": 60, "startOptions": "individual_start", "durationFrom": "individual_start_date_time",
            "durationUntil": "test_duration", "locationCodes": ["A-22"], "safety": ["surveillance"],
        }});
        let made = text(&people.planner.post("/sittings", &sitting).await?, "id")?;
        let enrolled = list(people.planner.get(&format!("/plannables/{id}/enrolments")).await?)?;
        let mut deelnames: Vec<Value> = enrolled.iter().map(|one| json!({ "enrolment": one["id"] })).collect();
        deelnames.push(json!({ "person": assessor, "role": "assessor" }));
        let added = list(
            people
                .planner
                .post(&format!("/sittings/{made}/deelnames"), &json!(deelnames))
                .await?,
        )?;
        if let Some(refused) = added.iter().find(|one| !one["refused"].is_null()) {
            return Err(DemoError(format!("a deelname was refused: {}", refused["refused"])));
        }
        sittings.push((made, (*peer).to_owned()));
    }
    for (sitting, _) in &sittings {
        confirmed(people, sitting).await?;
    }
    Ok(sittings)
}

async fn external_assessor(cast: &Cast, people: &People) -> Result<String, DemoError> {
    let known = cast
        .sis
        .school()
        .persons
        .iter()
        .find(|person| person.role == "assessor");
    let name = known
        .and_then(|person| person.json["displayName"].as_str())
        .unwrap_or("Externe Beoordelaar");
    let new = json!({ "displayName": name, "surname": name, "affiliation": "guest" });
    text(&people.planner.post("/persons", &new).await?, "id")
}

async fn confirmed(people: &People, sitting: &str) -> Result<(), DemoError> {
    until(
        "the vendor has confirmed the sitting and its deelnames",
        PATIENCE,
        || async {
            let shown = people.planner.get(&format!("/sittings/{sitting}")).await?;
            let deelnames = list(shown["deelnames"].clone())?;
            let open = deelnames.iter().filter(|one| one["confirmed"] != json!(true)).count();
            let whole = shown["confirmed"] == json!(true) && open == 0;
            Ok(if whole {
                Ok(())
            } else {
                Err(format!("{open} of {} deelnames are not confirmed", deelnames.len()))
            })
        },
    )
    .await
}

pub(super) async fn cancel_one(cast: &Cast, people: &People, sitting: &str) -> Result<(String, String), DemoError> {
    let shown = people.planner.get(&format!("/sittings/{sitting}")).await?;
    let deelnames = list(shown["deelnames"].clone())?;
    let student = deelnames
        .iter()
        .find(|one| !one["enrolment"].is_null() && one["role"] == json!("student"))
        .ok_or_else(|| DemoError("the sitting has no student".to_owned()))?;
    let (deelname, enrolment) = (text(student, "id")?, text(student, "enrolment")?);
    cast.sis
        .cancel_enrolment(&enrolment)
        .await
        .map_err(|error| DemoError(format!("cancelling: {error}")))?;
    // The sitting has begun: the host leaves it to the examenbureau whether this deelname still stands.
    let why = json!({ "reason": "toetsinschrijving ingetrokken in de deelnemerregistratie" });
    people
        .planner
        .post(&format!("/deelnames/{deelname}/cancel"), &why)
        .await?;
    until("the vendor knows that the deelname was cancelled", PATIENCE, || async {
        let state = cast.pushes.state();
        let one = state.deelnames.iter().find(|one| one.association_id == deelname);
        let state = one.map_or("unknown".to_owned(), |one| one.state.clone());
        Ok(if state == "canceled" { Ok(()) } else { Err(state) })
    })
    .await?;
    Ok((deelname, enrolment))
}
