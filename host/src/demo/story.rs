//! What happens, act by act. Each act waits until the chain has done what follows from it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::{Client, list, text};
use super::packages::Published;
use super::stage::{Cast, POLLED, PUSHES, SIS, TENANT};
use super::{DemoError, until};
use crate::simulator::Flow1Push;
use crate::simulator::PeerAccess;
use crate::simulator::{Auth, Cesuur, ReportOrder, ResultsOrder, Ta};

const PATIENCE: Duration = Duration::from_secs(40);

/// What is known when the story is over.
pub struct Told {
    /// The sittings at the vendor that sends.
    pub pushed_sittings: Vec<String>,
    /// The sittings at the vendor that is polled.
    pub polled_sittings: Vec<String>,
    /// Deelname that was cancelled and whose result came all the same.
    pub cancelled: String,
    /// Its toetsinschrijving.
    pub cancelled_enrolment: String,
    /// How many scores were held back before the cesuur.
    pub held_before_cesuur: usize,
    /// Exceptions that are open at the end.
    pub open_tasks: Vec<Value>,
    /// What the rollback changed.
    pub rollback: Value,
    /// Seconds per act.
    pub acts: Vec<(&'static str, f64)>,
    /// How many objects flow 1 sent.
    pub flow_1_sent: usize,
    /// How many results were vastgesteld.
    pub decided: usize,
}

/// Says where the demo is, for a person who waits.
pub type Progress<'a> = &'a dyn Fn(&str);

struct People {
    planner: Client,
    commission: Client,
}

/// Plays it all.
///
/// # Errors
/// Where the chain did not do what it should.
pub async fn tell(cast: &Cast, published: &Published, say: Progress<'_>) -> Result<Told, DemoError> {
    let mut acts = Vec::new();
    let mut clock = Instant::now();
    let mut act = |name: &'static str, acts: &mut Vec<(&'static str, f64)>| {
        acts.push((name, clock.elapsed().as_secs_f64()));
        clock = Instant::now();
    };

    say("functioneel beheer richt de school in: eenheden, accounts, systemen, connectoren");
    let people = set_up(cast, published).await?;
    act("inrichten", &mut acts);

    say("flow 0 en 1: catalogi, planbare toetsen, inschrijvingen en personen, in willekeurige volgorde");
    catalogues(cast).await?;
    let flow_1_sent = flow_1(cast).await?;
    act("flow 0 en 1", &mut acts);

    say("flow 2: het examenbureau plant de zittingen");
    let sittings = plan(cast, &people).await?;
    let pushed_sittings = of_vendor(&sittings, PUSHES);
    let polled_sittings = of_vendor(&sittings, POLLED);
    let (cancelled, cancelled_enrolment) = cancel_one(cast, &people, &pushed_sittings[0]).await?;
    act("flow 2", &mut acts);

    say("flow 3: aanwezigheid, daarna percentages van vóór de cesuur (die worden tegengehouden)");
    attendance(cast, &pushed_sittings, &polled_sittings).await?;
    let held_before_cesuur = percentages(cast, &pushed_sittings).await?;
    act("flow 3, vóór de cesuur", &mut acts);

    say("de connector van de opgevraagde leverancier wordt vervangen terwijl resultaten binnenkomen, en teruggerold");
    let rollback = replace_and_roll_back(cast, published, &polled_sittings).await?;
    act("vervangen en terugrollen", &mut acts);

    say("de cesuur: alle resultaten van de examenversie opnieuw, nu als cijfer; verslagen en documenten (flow 4)");
    cesuur(cast, &pushed_sittings).await?;
    reports(cast, &pushed_sittings, &polled_sittings).await?;
    act("cesuur en verslagen", &mut acts);

    say("het resultaat van de ingetrokken deelname komt alsnog, en bereikt de deelnemerregistratie");
    late_result(cast, &cancelled, &cancelled_enrolment).await?;
    act("laat resultaat", &mut acts);

    say("de examencommissie stelt vast; flow 5 gaat definitief naar de deelnemerregistratie");
    let all: Vec<String> = pushed_sittings.iter().chain(&polled_sittings).cloned().collect();
    let decided = decide(cast, &people, &all).await?;
    act("vaststellen en flow 5", &mut acts);

    let open_tasks = list(cast.beheer.get("/tasks").await?)?;
    Ok(Told {
        pushed_sittings,
        polled_sittings,
        cancelled,
        cancelled_enrolment,
        held_before_cesuur,
        open_tasks,
        rollback,
        acts,
        flow_1_sent,
        decided,
    })
}

async fn set_up(cast: &Cast, published: &Published) -> Result<People, DemoError> {
    let beheer = &cast.beheer;
    for unit in &cast.sis.school().organizations {
        let id = text(unit, "organizationId")?;
        let name = unit["name"][0]["value"]
            .as_str()
            .or(unit["name"].as_str())
            .unwrap_or(&id)
            .to_owned();
        let parent = unit["parent"].as_str();
        beheer
            .put(&format!("/units/{id}"), &json!({ "name": name, "parent": parent }))
            .await?;
    }
    let planner = person(beheer, "planner", "Joris de Wit (examenbureau)", "plannen").await?;
    let commission = person(beheer, "commissie", "Fatima el Amrani (examencommissie)", "vaststellen").await?;

    let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
    beheer.post("/publishers", &trust).await?;
    let ta = text(&beheer.upload("/packages", published.ta.clone()).await?, "digest")?;
    let dr = text(&beheer.upload("/packages", published.dr.clone()).await?, "digest")?;

    vendor(cast, &cast.pushes, PUSHES, "Toetsgilde").await?;
    vendor(cast, &cast.polled, POLLED, "Examenatelier").await?;
    student_system(cast).await?;

    let install = |digest: &str, profile: &str| json!({ "digest": digest, "profile": profile, "reason": "inrichting" });
    beheer
        .post(&format!("/peers/{PUSHES}/revisions"), &install(&ta, "oke-1-0-1-push"))
        .await?;
    beheer
        .post(&format!("/peers/{POLLED}/revisions"), &install(&ta, "oke-1-0-1-poll"))
        .await?;
    beheer
        .post(&format!("/peers/{SIS}/revisions"), &install(&dr, "oke-1-0-1"))
        .await?;
    Ok(People { planner, commission })
}

async fn person(beheer: &Client, id: &str, name: &str, duty: &str) -> Result<Client, DemoError> {
    let made = beheer.post("/accounts", &json!({ "id": id, "name": name })).await?;
    beheer
        .post(
            &format!("/accounts/{id}/assignments"),
            &json!({ "duty": duty, "unit": "*" }),
        )
        .await?;
    Ok(beheer.as_other(&text(&made, "token")?))
}

async fn vendor(cast: &Cast, ta: &Ta, peer: &str, name: &str) -> Result<(), DemoError> {
    cast.beheer
        .post("/peers", &json!({ "id": peer, "hat": "ta", "name": name }))
        .await?;
    let sign_in = match ta.auth() {
        Auth::ApiKey(key) => json!({ "kind": "api-key", "key": key }),
        Auth::Bearer(credentials) => json!({
            "kind": "bearer", "tokenUrl": ta.token_url(), "clientId": credentials.client_id,
            "secret": credentials.client_secret,
        }),
    };
    let reach = json!({ "baseUrl": ta.base_url(), "signIn": sign_in, "allowedAddresses": ["127.0.0.1"] });
    cast.beheer.put(&format!("/peers/{peer}/endpoints/api"), &reach).await?;
    ta.connect_tpl(access(cast, peer, "nl-test-admin-flow-2-3-4").await?);
    Ok(())
}

async fn student_system(cast: &Cast) -> Result<(), DemoError> {
    cast.beheer
        .post(
            "/peers",
            &json!({ "id": SIS, "hat": "dr", "name": "Deelnemerregistratie" }),
        )
        .await?;
    let credentials = cast.sis.credentials();
    let sign_in = json!({
        "kind": "bearer", "tokenUrl": cast.sis.token_url(), "clientId": credentials.client_id,
        "secret": credentials.client_secret,
    });
    let reach = json!({ "baseUrl": cast.sis.base_url(), "signIn": sign_in, "allowedAddresses": ["127.0.0.1"] });
    cast.beheer.put(&format!("/peers/{SIS}/endpoints/api"), &reach).await?;
    cast.sis.connect_tpl(access(cast, SIS, "nl-test-admin-flow-1-5").await?);
    Ok(())
}

async fn access(cast: &Cast, peer: &str, scope: &str) -> Result<PeerAccess, DemoError> {
    let made = cast
        .beheer
        .post(&format!("/peers/{peer}/clients"), &json!({ "scopes": [scope] }))
        .await?;
    Ok(PeerAccess {
        target: format!("{}/oke/{TENANT}/tpl", cast.base),
        token_url: text(&made, "tokenUrl")?,
        client_id: text(&made, "clientId")?,
        client_secret: text(&made, "clientSecret")?,
    })
}

async fn catalogues(cast: &Cast) -> Result<(), DemoError> {
    for peer in [PUSHES, POLLED] {
        cast.beheer
            .post(&format!("/peers/{peer}/catalogue/refresh"), &json!({}))
            .await?;
    }
    let expected = cast.pushes.catalogue().tests().len() + cast.polled.catalogue().tests().len();
    until("both catalogues are here", PATIENCE, || async {
        let here = list(cast.beheer.get("/components").await?)?.len();
        Ok(if here == expected {
            Ok(())
        } else {
            Err(format!("{here} of {expected} tests"))
        })
    })
    .await
}

async fn flow_1(cast: &Cast) -> Result<usize, DemoError> {
    let push = Flow1Push {
        shuffle_seed: Some(7),
        parallel: Some(8),
    };
    let report = cast
        .sis
        .push_flow_1(&push)
        .await
        .map_err(|error| DemoError(format!("flow 1: {error}")))?;
    if !report.all_accepted() {
        return Err(DemoError(format!(
            "flow 1: {} messages were refused: {:?}",
            report.failed.len(),
            report.failed
        )));
    }
    Ok(report.sent())
}

/// One sitting per planbare toets, with every student who is enrolled and the staff of the school.
async fn plan(cast: &Cast, people: &People) -> Result<Vec<(String, String)>, DemoError> {
    let vendor_of: BTreeMap<String, &str> = cast
        .sis
        .school()
        .plannable_tests
        .iter()
        .map(|one| {
            (
                one.id.clone(),
                if one.test.test_provider == "Toetsgilde" {
                    PUSHES
                } else {
                    POLLED
                },
            )
        })
        .collect();
    let assessor = external_assessor(cast, people).await?;
    let start = Timestamp::now() - SignedDuration::from_mins(90);
    let mut sittings = Vec::new();
    for plannable in list(people.planner.get("/plannables").await?)? {
        let id = text(&plannable, "id")?;
        let peer = vendor_of
            .get(&id)
            .ok_or_else(|| DemoError(format!("plannable {id} is nobody's")))?;
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

async fn cancel_one(cast: &Cast, people: &People, sitting: &str) -> Result<(String, String), DemoError> {
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

async fn attendance(cast: &Cast, pushed: &[String], polled: &[String]) -> Result<(), DemoError> {
    for (ta, sittings) in [(&cast.pushes, pushed), (&cast.polled, polled)] {
        for sitting in sittings {
            let state = ta.state();
            let absent = state
                .deelnames
                .iter()
                .find(|one| one.offering_id == *sitting && one.role == "student" && one.state == "associated");
            let absent: Vec<String> = absent.map(|one| one.association_id.clone()).into_iter().collect();
            ta.attendance(sitting, &absent)
                .await
                .map_err(|error| DemoError(format!("attendance: {error}")))?;
        }
    }
    poll(cast).await
}

async fn percentages(cast: &Cast, sittings: &[String]) -> Result<usize, DemoError> {
    for sitting in sittings {
        let order = ResultsOrder {
            documents: vec![20_000],
            ..ResultsOrder::percentages(sitting)
        };
        cast.pushes
            .results(&order)
            .await
            .map_err(|error| DemoError(format!("percentages: {error}")))?;
    }
    let expected = expected_results(&cast.pushes, sittings);
    until("every percentage is held back", PATIENCE, || async {
        let held = count_deelnames(&cast.beheer, sittings, |one| one["judgement"] == json!("held")).await?;
        Ok(if held == expected {
            Ok(held)
        } else {
            Err(format!("{held} of {expected} are held"))
        })
    })
    .await
}

async fn replace_and_roll_back(cast: &Cast, published: &Published, sittings: &[String]) -> Result<Value, DemoError> {
    let digest = text(
        &cast.beheer.upload("/packages", published.ta_next.clone()).await?,
        "digest",
    )?;
    let first = ResultsOrder {
        documents: vec![5_000_000],
        ..ResultsOrder::grades(&sittings[0])
    };
    let next = json!({ "digest": digest, "profile": "oke-1-0-1-poll",
        "reason": format!("ooapi-ta {}: kleinere pagina's", published.ta_next_version) });
    let path = format!("/peers/{POLLED}/revisions");
    let (results, installed) = tokio::join!(cast.polled.results(&first), cast.beheer.post(&path, &next));
    results.map_err(|error| DemoError(format!("results: {error}")))?;
    installed?;
    poll(cast).await?;
    arrived(cast, &cast.polled, &sittings[..1]).await?;

    for sitting in &sittings[1..] {
        let order = ResultsOrder::grades(sitting);
        cast.polled
            .results(&order)
            .await
            .map_err(|error| DemoError(format!("results: {error}")))?;
    }
    let back = json!({ "reason": "pagina's van 20 geven te veel verzoeken in de toetsweek" });
    let rollback = cast.beheer.post(&format!("/peers/{POLLED}/rollback"), &back).await?;
    poll(cast).await?;
    arrived(cast, &cast.polled, &sittings[1..]).await?;
    Ok(rollback)
}

async fn cesuur(cast: &Cast, sittings: &[String]) -> Result<(), DemoError> {
    let component = cast.pushes.catalogue().first_active().id.clone();
    let cesuur = Cesuur {
        component_id: component,
        pass_mark: Some(0.55),
    };
    cast.pushes
        .cesuur(&cesuur)
        .await
        .map_err(|error| DemoError(format!("cesuur: {error}")))?;
    arrived(cast, &cast.pushes, sittings).await
}

async fn reports(cast: &Cast, pushed: &[String], polled: &[String]) -> Result<(), DemoError> {
    for (ta, sittings) in [(&cast.pushes, pushed), (&cast.polled, polled)] {
        for sitting in sittings {
            let order = ReportOrder {
                offering_id: sitting.clone(),
                irregularities: "Brandalarm om 10.20 uur, tien minuten onderbroken.".to_owned(),
                documents: vec![40_000, 8_000],
            };
            ta.report(&order)
                .await
                .map_err(|error| DemoError(format!("report: {error}")))?;
        }
    }
    cast.beheer
        .post(&format!("/peers/{POLLED}/poll"), &json!({ "what": "reports" }))
        .await?;
    Ok(())
}

async fn late_result(cast: &Cast, deelname: &str, enrolment: &str) -> Result<(), DemoError> {
    cast.pushes
        .late_result(deelname)
        .await
        .map_err(|error| DemoError(format!("late result: {error}")))?;
    until("the late result has reached the student system", PATIENCE, || async {
        let state = cast.sis.state();
        let one = state.associations.iter().find(|one| one.association_id == enrolment);
        let there = one.is_some_and(|one| one.result.as_ref().is_some_and(|result| result["state"] == "completed"));
        Ok(if there {
            Ok(())
        } else {
            Err("it is not there".to_owned())
        })
    })
    .await
}

async fn decide(cast: &Cast, people: &People, sittings: &[String]) -> Result<usize, DemoError> {
    let mut decided = 0;
    for sitting in sittings {
        let shown = people.commission.get(&format!("/sittings/{sitting}")).await?;
        let ready: Vec<Value> = list(shown["deelnames"].clone())?
            .into_iter()
            .filter(|one| one["judgement"] == json!("accepted") && one["decided"] == json!("undecided"))
            .filter(|one| one["resultState"] == json!("completed"))
            .map(|one| json!({ "deelname": one["id"], "seq": one["resultSeq"] }))
            .collect();
        let body = json!({ "results": ready, "reason": "vergadering examencommissie" });
        let answers = list(people.commission.post("/decisions", &body).await?)?;
        if let Some(refused) = answers.iter().find(|one| !one["refused"].is_null()) {
            return Err(DemoError(format!(
                "a result could not be vastgesteld: {}",
                refused["refused"]
            )));
        }
        decided += answers.len();
    }
    until(
        "every vastgesteld result is confirmed by the student system",
        PATIENCE,
        || async {
            let open = count_deelnames(&cast.beheer, sittings, |one| {
                one["decided"] == json!("vastgesteld") && one["confirmedSeq"] != one["resultSeq"]
            })
            .await?;
            let waiting = waiting_jobs(cast).await?;
            Ok(if open == 0 && waiting == 0 {
                Ok(())
            } else {
                Err(format!("{open} are not, {waiting} jobs wait"))
            })
        },
    )
    .await?;
    cast.sis.documents_settled().await;
    Ok(decided)
}

/// What went wrong for good, in words, one line per different reason: for when the story stops.
///
/// # Errors
/// When the host does not answer.
pub async fn dead_letters(cast: &Cast) -> Result<String, DemoError> {
    let mut reasons = BTreeMap::new();
    for peer in [PUSHES, POLLED, SIS] {
        for state in ["dead", "ready"] {
            for job in list(cast.beheer.get(&format!("/jobs?peer={peer}&state={state}")).await?)? {
                if let Some(error) = job["lastError"].as_str() {
                    let kind = job["kind"].as_str().unwrap_or_default();
                    *reasons
                        .entry(format!("{peer}, {kind}, {state}: {error}"))
                        .or_insert(0_usize) += 1;
                }
            }
        }
    }
    Ok(reasons
        .iter()
        .map(|(reason, count)| format!("\n  {count} × {reason}"))
        .collect())
}

/// Jobs that carry something out or in and have not ended; recurring rounds don't count.
async fn waiting_jobs(cast: &Cast) -> Result<usize, DemoError> {
    let mut waiting = 0;
    for peer in [PUSHES, POLLED, SIS] {
        for state in ["ready", "running", "dead"] {
            let jobs = list(cast.beheer.get(&format!("/jobs?peer={peer}&state={state}")).await?)?;
            let recurring = ["poll_results", "poll_reports", "fetch_catalogue"];
            waiting += jobs
                .iter()
                .filter(|job| !recurring.iter().any(|kind| job["kind"] == json!(kind)))
                .count();
        }
    }
    Ok(waiting)
}

/// Asks the polled vendor now instead of at the next round.
async fn poll(cast: &Cast) -> Result<(), DemoError> {
    cast.beheer
        .post(&format!("/peers/{POLLED}/poll"), &json!({ "what": "results" }))
        .await
        .map(drop)
}

fn of_vendor(sittings: &[(String, String)], vendor: &str) -> Vec<String> {
    sittings
        .iter()
        .filter(|(_, peer)| peer == vendor)
        .map(|(id, _)| id.clone())
        .collect()
}

/// Students of these sittings that the vendor has a completed result for.
fn expected_results(ta: &Ta, sittings: &[String]) -> usize {
    let state = ta.state();
    let completed = state.deelnames.iter().filter(|one| {
        let completed = one.result.as_ref().is_some_and(|result| result["state"] == "completed");
        sittings.contains(&one.offering_id) && one.state == "associated" && completed
    });
    completed.count()
}

async fn count_deelnames(
    client: &Client,
    sittings: &[String],
    counts: impl Fn(&Value) -> bool,
) -> Result<usize, DemoError> {
    let mut count = 0;
    for sitting in sittings {
        let shown = client.get(&format!("/sittings/{sitting}")).await?;
        count += list(shown["deelnames"].clone())?
            .iter()
            .filter(|one| counts(one))
            .count();
    }
    Ok(count)
}

/// Every completed result of the vendor has been accepted here.
async fn arrived(cast: &Cast, ta: &Ta, sittings: &[String]) -> Result<(), DemoError> {
    let expected = expected_results(ta, sittings);
    until("the vendor's results are here", PATIENCE, || async {
        let here = count_deelnames(&cast.beheer, sittings, |one| {
            let accepted = one["judgement"] == json!("accepted") && one["resultState"] == json!("completed");
            accepted && one["canceled"] == json!(false)
        })
        .await?;
        Ok(if here == expected {
            Ok(())
        } else {
            Err(format!("{here} of {expected}"))
        })
    })
    .await
}
