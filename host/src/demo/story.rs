//! What happens, act by act. Each act waits until the chain has done what follows from it.

mod others;
mod plan;
mod results;
mod set_up;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use others::{KADE_TEST, KIST_TEST, Others};
use plan::{cancel_one, plan};
use results::{attendance, cesuur, decide, late_result, percentages, replace_and_roll_back, reports};
use set_up::{catalogues, flow_1, set_up};

use super::client::{Client, list};
use super::packages::Published;
use super::stage::{Cast, KADE, KIST, POLLED, PUSHES, SIS};
use super::{DemoError, until};
use crate::simulator::Ta;

const PATIENCE: Duration = Duration::from_secs(40);

/// What is known when the story is over.
pub struct Told {
    /// The sittings at the vendor that sends.
    pub pushed_sittings: Vec<String>,
    /// The sittings at the vendor that is polled.
    pub polled_sittings: Vec<String>,
    /// What happened at the two vendors that know nothing of OKE.
    pub others: Others,
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
    others::catalogues(cast, &people).await?;
    catalogues(cast).await?;
    let flow_1_sent = flow_1(cast).await?;
    act("flow 0 en 1", &mut acts);

    say("flow 2: het examenbureau plant de zittingen");
    let sittings = plan(cast, &people).await?;
    let pushed_sittings = of_vendor(&sittings, PUSHES);
    let polled_sittings = of_vendor(&sittings, POLLED);
    let (cancelled, cancelled_enrolment) = cancel_one(cast, &people, &pushed_sittings[0]).await?;
    act("flow 2", &mut acts);

    say("Toetskade (eigen API) en Toetskist (bestanden die een mens brengt): zittingen uit, uitslagen terug");
    let mut others = others::plan(cast, &people).await?;
    others::results(cast, &people, &mut others).await?;
    act("twee andere leveranciers", &mut acts);

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
    let of_others = [&others.kade, &others.kist];
    let all = pushed_sittings.iter().chain(&polled_sittings).chain(of_others);
    let all: Vec<String> = all.cloned().collect();
    let decided = decide(cast, &people, &all).await?;
    act("vaststellen en flow 5", &mut acts);

    let open_tasks = list(cast.beheer.get("/tasks").await?)?;
    Ok(Told {
        pushed_sittings,
        polled_sittings,
        others,
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

/// What went wrong for good, in words, one line per different reason: for when the story stops.
///
/// # Errors
/// When the host does not answer.
pub async fn dead_letters(cast: &Cast) -> Result<String, DemoError> {
    let mut reasons = BTreeMap::new();
    for peer in [PUSHES, POLLED, KADE, KIST, SIS] {
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
    for peer in [PUSHES, POLLED, KADE, KIST, SIS] {
        for state in ["ready", "running", "dead"] {
            let jobs = list(cast.beheer.get(&format!("/jobs?peer={peer}&state={state}")).await?)?;
            let recurring = ["poll_results", "poll_reports", "fetch_catalogue", "pull_registrations"];
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
