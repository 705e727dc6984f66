//! What is sent to the host while it is being killed. A sender repeats until it hears 200, and never after: what the
//! host forgot would stay missing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use oke_host::demo::client::{list, text};
use oke_host::simulator::{PeerAccess, client};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::progress::Progress;
use super::school::{School, VENDOR};

/// So many messages are under way at once.
const PARALLEL: usize = 6;

/// A client of an OKE face, with its token.
struct Sender {
    http: reqwest::Client,
    access: PeerAccess,
    token: Mutex<Option<String>>,
    progress: Progress,
}

impl Sender {
    fn new(access: &PeerAccess, progress: &Progress) -> Arc<Self> {
        Arc::new(Sender {
            http: client(),
            access: access.clone(),
            token: Mutex::new(None),
            progress: progress.clone(),
        })
    }

    async fn token(&self) -> Option<String> {
        let mut token = self.token.lock().await;
        if token.is_none() {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &self.access.client_id),
                ("client_secret", &self.access.client_secret),
            ];
            let answer = self.http.post(&self.access.token_url).form(&form).send().await.ok()?;
            let answer: Value = answer.json().await.ok()?;
            *token = answer["access_token"].as_str().map(str::to_owned);
        }
        token.clone()
    }

    /// Repeats until it is acknowledged. Anything but 2xx, a lost connection or a failure of the server is a mistake.
    async fn send(&self, method: Method, path: &str, body: &Value) {
        loop {
            if let Some(token) = self.token().await {
                let url = format!("{}{path}", self.access.target);
                let request = self.http.request(method.clone(), url).bearer_auth(token).json(body);
                match request.send().await {
                    Ok(answer) if answer.status().is_success() => break,
                    Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => *self.token.lock().await = None,
                    Ok(answer) if answer.status().is_server_error() => {}
                    Ok(answer) => {
                        let status = answer.status();
                        panic!("{method} {path}: {status} {}", answer.text().await.unwrap_or_default());
                    }
                    Err(_lost) => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.progress.acknowledged();
    }
}

/// Every object of flow 1, in no order (R14), once.
pub async fn flow_1(school: &School, progress: &Progress) {
    let known = school.sis.school();
    let offerings = known
        .program_offerings
        .iter()
        .chain(known.plannable_tests.iter().map(|one| &one.json));
    let persons = known.persons.iter().filter(|one| one.in_sis).map(|one| &one.json);
    let associations = known
        .enrolments
        .iter()
        .chain(known.registrations.iter().map(|one| &one.json));
    let put = |kind: &'static str, id: &'static str| {
        move |json: &Value| (format!("/{kind}/{}", json[id].as_str().unwrap()), json.clone())
    };
    let mut messages: Vec<(String, Value)> = offerings.map(put("offerings", "offeringId")).collect();
    messages.extend(associations.map(put("associations", "associationId")));
    messages.extend(persons.map(put("persons", "personId")));
    // Associations go before their persons and between their offerings.
    messages.sort_by_key(|(path, _)| path.chars().rev().collect::<String>());
    let sender = Sender::new(&school.sis_access, progress);
    futures_util::stream::iter(messages)
        .for_each_concurrent(PARALLEL, |(path, body)| {
            let sender = sender.clone();
            async move { sender.send(Method::PUT, &path, &body).await }
        })
        .await;
}

/// The sittings with their deelnames, as the planner knows them.
pub struct Plan {
    /// Deelname by toetsinschrijving, per sitting.
    pub sittings: BTreeMap<String, BTreeMap<String, String>>,
}

impl Plan {
    pub fn deelnames(&self) -> impl Iterator<Item = (&String, &String)> {
        self.sittings.values().flatten()
    }
}

/// Plans a sitting per planbare toets and a deelname per toetsinschrijving. The API makes a new object per call, so
/// after a lost answer the planner looks whether it is there, as a person would.
pub async fn plan(school: &School, progress: &Progress) -> Plan {
    let mut sittings = BTreeMap::new();
    let start = Timestamp::now() + SignedDuration::from_hours(24);
    for plannable in patiently(|| async { list(school.planner.get("/plannables").await?) }).await {
        let id = text(&plannable, "id").unwrap();
        let body = json!({ "plannable": id, "peer": VENDOR, "component": plannable["components"][0], "plan": {
            "name": format!("Zitting van {id}"), "start": start.to_string(),
            "end": (start + SignedDuration::from_mins(75)).to_string(), "durationMin": 60,
        }});
        let sitting = patiently(|| async {
            let there = list(school.planner.get("/sittings").await?)?;
            if let Some(made) = there.iter().find(|one| one["name"] == body["plan"]["name"]) {
                return text(made, "id");
            }
            text(&school.planner.post("/sittings", &body).await?, "id")
        })
        .await;
        progress.acknowledged();
        let path = format!("/plannables/{id}/enrolments");
        let enrolments = patiently(|| async { list(school.planner.get(&path).await?) }).await;
        let students = enrolments.iter().filter(|one| one["role"] == json!("student"));
        let mut deelnames = BTreeMap::new();
        for enrolment in students {
            let enrolment = text(enrolment, "id").unwrap();
            let deelname = patiently(|| add_deelname(school, &sitting, &enrolment)).await;
            progress.acknowledged();
            deelnames.insert(enrolment, deelname);
        }
        assert!(!deelnames.is_empty());
        sittings.insert(sitting, deelnames);
    }
    Plan { sittings }
}

async fn add_deelname(school: &School, sitting: &str, enrolment: &str) -> Result<String, oke_host::demo::DemoError> {
    let shown = school.planner.get(&format!("/sittings/{sitting}")).await?;
    let there = list(shown["deelnames"].clone())?;
    if let Some(made) = there.iter().find(|one| one["enrolment"] == json!(enrolment)) {
        return text(made, "id");
    }
    let path = format!("/sittings/{sitting}/deelnames");
    let added = list(school.planner.post(&path, &json!([{ "enrolment": enrolment }])).await?)?;
    assert!(added[0]["refused"].is_null(), "{}", added[0]);
    text(&added[0], "id")
}

/// Gives every deelname extra time, three times over; the last one counts.
pub async fn needs(school: &School, plan: &Plan, progress: &Progress) -> BTreeMap<String, u32> {
    let mut last = BTreeMap::new();
    for round in 1..=3_u32 {
        for (at, (_, deelname)) in plan.deelnames().enumerate() {
            let minutes = round * 10 + u32::try_from(at % 7).unwrap();
            let body = json!({ "additionalTimeMin": minutes, "personalNeeds": [] });
            let path = format!("/deelnames/{deelname}/needs");
            patiently(|| async { school.planner.put(&path, &body).await }).await;
            progress.acknowledged();
            last.insert(deelname.clone(), minutes);
        }
    }
    last
}

/// Repeats a call of the API until it succeeds.
pub async fn patiently<T, F, Fut>(call: F) -> T
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, oke_host::demo::DemoError>>,
{
    let mut last = String::new();
    for _ in 0..600 {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the host kept refusing: {last}");
}

/// The scores that were acknowledged, in order, per deelname, with its toetsinschrijving.
pub type Scores = BTreeMap<String, (String, Vec<&'static str>)>;

/// Every deelname gets a result, and then a better one.
pub async fn results(school: &School, plan: &Plan, progress: &Progress) -> Scores {
    let mut scores = Scores::new();
    for (enrolment, deelname) in plan.deelnames() {
        scores.insert(deelname.clone(), (enrolment.clone(), vec!["5.4", "5.6"]));
    }
    deliver(school, &scores, progress, |scores| scores.to_vec()).await;
    scores
}

/// And then the first one again: a correction, not a repeat (R10).
pub async fn corrections(school: &School, scores: &Scores, progress: &Progress) {
    deliver(school, scores, progress, |_| vec!["5.4"]).await;
}

async fn deliver(
    school: &School,
    scores: &Scores,
    progress: &Progress,
    which: impl Fn(&[&'static str]) -> Vec<&'static str>,
) {
    let sender = Sender::new(&school.vendor_access, progress);
    let messages = scores
        .iter()
        .map(|(deelname, (_, scores))| (deelname.clone(), which(scores)));
    futures_util::stream::iter(messages)
        .for_each_concurrent(PARALLEL, |(deelname, scores)| {
            let sender = sender.clone();
            async move {
                for score in scores {
                    let path = format!("/associations/{deelname}");
                    sender.send(Method::PATCH, &path, &result(score)).await;
                }
            }
        })
        .await;
}

fn result(score: &str) -> Value {
    json!({ "associationType": "componentOfferingAssociation", "result": {
        "state": "completed", "pass": if score < "5.5" { "failed" } else { "passed" }, "score": score,
        "resultDate": Timestamp::now().to_string()[..10], "weight": 100,
        "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present", "final": false }],
    }})
}
