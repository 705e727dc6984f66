//! Counts what went in against what came out, per flow. What the other systems hold is read from their own addresses,
//! not from the host; what the host says is read from its API.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::DemoError;
use super::client::{Client, list};
use super::stage::Cast;
use super::story::Told;

mod others;
use crate::simulator::SisState;
use crate::simulator::client;
use crate::simulator::{DeelnameState, TaState};

/// One line of the table: what one side counts and what the other does.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The flow.
    pub flow: &'static str,
    /// What is counted.
    pub what: String,
    /// At its source.
    pub at_source: usize,
    /// At its destination.
    pub at_destination: usize,
}

impl Line {
    /// Whether both sides count the same.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.at_source == self.at_destination
    }
}

/// What the demo found when all was done.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// Counts per flow.
    pub lines: Vec<Line>,
    /// Results handled per revision of the polled vendor.
    pub by_revision: BTreeMap<String, usize>,
    /// What is wrong, in words; empty when all is well.
    pub faults: Vec<String>,
}

impl Ledger {
    /// Whether every count balances and nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.lines.iter().all(Line::balances)
    }

    fn line(&mut self, flow: &'static str, what: impl Into<String>, at_source: usize, at_destination: usize) {
        self.lines.push(Line {
            flow,
            what: what.into(),
            at_source,
            at_destination,
        });
    }
}

/// Counts everything.
///
/// # Errors
/// When a system does not answer.
pub async fn count(cast: &Cast, told: &Told) -> Result<Ledger, DemoError> {
    let sis: SisState = state(cast.sis.base_url()).await?;
    let pushes: TaState = state(cast.pushes.base_url()).await?;
    let polled: TaState = state(cast.polled.base_url()).await?;
    let host = Host::read(&cast.beheer, told).await?;
    let mut ledger = Ledger::default();

    // And one at each of the two vendors that know nothing of OKE.
    let tests = cast.pushes.catalogue().tests().len() + cast.polled.catalogue().tests().len() + 2;
    ledger.line("0", "toetsen in de catalogi", tests, host.components);
    let school = cast.sis.school();
    ledger.line("1", "planbare toetsen", school.plannable_tests.len(), host.plannables);
    ledger.line("1", "toetsinschrijvingen", school.registrations.len(), host.enrolments);
    planned(&mut ledger, &host, [&pushes, &polled]);
    results(&mut ledger, &host, [&pushes, &polled]);
    documents(&mut ledger, &sis, [&pushes, &polled]);
    flow_5(&mut ledger, &host, &sis, [&pushes, &polled], told);
    others::count(&mut ledger, cast, &sis, &told.others).await?;
    for (name, refused) in [
        ("toetsgilde", pushes.refused.len()),
        ("examenatelier", polled.refused.len()),
    ] {
        if refused > 0 {
            ledger
                .faults
                .push(format!("{name} refused {refused} messages of flow 2"));
        }
    }
    if !sis.refused.is_empty() {
        ledger.faults.push(format!(
            "the student system refused {} messages: {:?}",
            sis.refused.len(),
            sis.refused[0]
        ));
    }
    ledger.by_revision = host.by_revision;
    Ok(ledger)
}

async fn state<T: DeserializeOwned>(base: &str) -> Result<T, DemoError> {
    let url = format!("{base}/control/state");
    let failed = DemoError::while_doing(&url);
    let answer = client().get(&url).send().await.map_err(|error| failed(&error))?;
    answer.json().await.map_err(|error| failed(&error))
}

/// What the host says.
struct Host {
    components: usize,
    plannables: usize,
    enrolments: usize,
    /// Students' deelnames, as `/sittings/{id}` shows them.
    deelnames: Vec<Value>,
    /// Present score per deelname.
    scores: BTreeMap<String, Option<String>>,
    by_revision: BTreeMap<String, usize>,
}

impl Host {
    async fn read(client: &Client, told: &Told) -> Result<Host, DemoError> {
        let plannables = list(client.get("/plannables").await?)?;
        let mut enrolments = 0;
        for plannable in &plannables {
            let id = plannable["id"].as_str().unwrap_or_default();
            enrolments += list(client.get(&format!("/plannables/{id}/enrolments")).await?)?.len();
        }
        let mut host = Host {
            components: list(client.get("/components").await?)?.len(),
            plannables: plannables.len(),
            enrolments,
            deelnames: Vec::new(),
            scores: BTreeMap::new(),
            by_revision: BTreeMap::new(),
        };
        for sitting in told.pushed_sittings.iter().chain(&told.polled_sittings) {
            let shown = client.get(&format!("/sittings/{sitting}")).await?;
            host.deelnames.extend(list(shown["deelnames"].clone())?);
        }
        for deelname in host.deelnames.clone() {
            host.read_versions(client, &deelname).await?;
        }
        Ok(host)
    }

    async fn read_versions(&mut self, client: &Client, deelname: &Value) -> Result<(), DemoError> {
        let id = deelname["id"].as_str().unwrap_or_default();
        if deelname["resultSeq"].is_null() {
            return Ok(());
        }
        for version in list(client.get(&format!("/deelnames/{id}/results")).await?)? {
            if let Some(revision) = version["revision"].as_i64() {
                *self.by_revision.entry(format!("revisie {revision}")).or_default() += 1;
            }
            if version["seq"] == deelname["resultSeq"] {
                self.scores
                    .insert(id.to_owned(), version["score"].as_str().map(str::to_owned));
            }
        }
        Ok(())
    }

    fn students(&self) -> impl Iterator<Item = &Value> {
        self.deelnames.iter().filter(|one| one["role"] == json!("student"))
    }
}

fn planned(ledger: &mut Ledger, host: &Host, vendors: [&TaState; 2]) {
    let there: Vec<&DeelnameState> = vendors.iter().flat_map(|one| &one.deelnames).collect();
    ledger.line("2", "deelnames bij de leveranciers", host.deelnames.len(), there.len());
    let canceled = host
        .deelnames
        .iter()
        .filter(|one| one["canceled"] == json!(true))
        .count();
    ledger.line(
        "2",
        "waarvan ingetrokken",
        canceled,
        there.iter().filter(|one| one.state == "canceled").count(),
    );
    let minutes = |one: &Value| one["additionalTimeMin"].as_i64().unwrap_or(0);
    let here: i64 = host
        .students()
        .filter(|one| one["canceled"] == json!(false))
        .map(minutes)
        .sum();
    let given: i64 = there
        .iter()
        .filter(|one| one.state == "associated")
        .map(|one| one.additional_time_in_min.unwrap_or(0))
        .sum();
    let count = |minutes: i64| usize::try_from(minutes).unwrap_or(usize::MAX);
    ledger.line("2", "minuten extra tijd", count(here), count(given));
    for one in there.iter().filter(|one| one.creates != 1) {
        ledger.faults.push(format!(
            "deelname {} was made {} times",
            one.association_id, one.creates
        ));
    }
}

/// A result that says something: a test that was taken.
fn completed(one: &&DeelnameState) -> bool {
    one.result.as_ref().is_some_and(|result| result["state"] == "completed")
}

fn results(ledger: &mut Ledger, host: &Host, vendors: [&TaState; 2]) {
    let there: Vec<&DeelnameState> = vendors
        .iter()
        .flat_map(|one| &one.deelnames)
        .filter(completed)
        .collect();
    let mut same = 0;
    for one in &there {
        let score = one.result.as_ref().and_then(|result| result["score"].as_str());
        match host.scores.get(&one.association_id) {
            Some(here) if here.as_deref() == score => same += 1,
            other => ledger.faults.push(format!(
                "deelname {}: {score:?} at the vendor, {other:?} here",
                one.association_id
            )),
        }
    }
    ledger.line("3", "afgeronde resultaten, met dezelfde score", there.len(), same);
    let held = host.students().filter(|one| one["judgement"] == json!("held")).count();
    ledger.line("3", "nog tegengehouden", 0, held);
}

fn documents(ledger: &mut Ledger, sis: &SisState, vendors: [&TaState; 2]) {
    let named: usize = vendors.iter().map(|one| one.documents.len()).sum();
    let fetched = vendors
        .iter()
        .flat_map(|one| &one.documents)
        .filter(|one| one.reads >= 1)
        .count();
    ledger.line("3, 4", "documenten genoemd en opgehaald", named, fetched);
    let hashes: Vec<&str> = vendors
        .iter()
        .flat_map(|one| &one.documents)
        .map(|one| one.sha256.as_str())
        .collect();
    let got: Vec<&str> = sis.documents.iter().filter_map(|one| one.sha256.as_deref()).collect();
    let intact = got.iter().filter(|hash| hashes.contains(hash)).count();
    ledger.line(
        "5",
        "documenten bij de deelnemerregistratie, ongeschonden",
        sis.documents.len(),
        intact,
    );
}

fn flow_5(ledger: &mut Ledger, host: &Host, sis: &SisState, vendors: [&TaState; 2], told: &Told) {
    let by_id: BTreeMap<&str, Option<&Value>> = sis
        .associations
        .iter()
        .map(|one| (one.association_id.as_str(), one.result.as_ref()))
        .collect();
    let there: Vec<&DeelnameState> = vendors
        .iter()
        .flat_map(|one| &one.deelnames)
        .filter(completed)
        .collect();
    let (mut arrived, mut r#final) = (0, 0);
    for one in &there {
        let deelname = host.students().find(|known| known["id"] == json!(one.association_id));
        let enrolment = deelname
            .and_then(|known| known["enrolment"].as_str())
            .unwrap_or_default();
        let result = by_id.get(enrolment).copied().flatten();
        let score = one.result.as_ref().map(|result| &result["score"]);
        match result {
            Some(result) if Some(&result["score"]) == score => arrived += 1,
            other => ledger
                .faults
                .push(format!("enrolment {enrolment}: the student system holds {other:?}")),
        }
        let decided = result.is_some_and(|result| result["consumers"][0]["final"] == json!(true));
        r#final += usize::from(decided);
    }
    ledger.line("5", "resultaten bij de deelnemerregistratie", there.len(), arrived);
    let with_score = host.students().filter(|one| {
        let scored = host
            .scores
            .get(one["id"].as_str().unwrap_or_default())
            .is_some_and(Option::is_some);
        one["decided"] == json!("vastgesteld") && scored
    });
    ledger.line("5", "waarvan definitief", with_score.count(), r#final);
    let late = by_id.get(told.cancelled_enrolment.as_str()).copied().flatten();
    ledger.line(
        "5",
        "laat resultaat van een ingetrokken deelname",
        1,
        usize::from(late.is_some()),
    );
}
