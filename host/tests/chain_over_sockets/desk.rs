//! Somebody of the examenbureau at their desk, with a vendor without an API: files out and in over the management API.

use jiff::SignedDuration;
use oke_host::app::account::{self, Grant, NewAccount};
use oke_host::app::peer;
use oke_host::app::planning::Planner;
use oke_host::app::planning::deelname::{self, NewDeelname};
use oke_host::app::planning::sitting::{self, NewSitting, Plan};
use oke_host::connector::manifest::ConfigValue;
use oke_host::domain::offering::Times;
use oke_host::domain::principal::{Duty, WHOLE_SCHOOL};
use oke_host::simulator::TestToPlan;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::house::{Come, FB, House, SIS, TENANT, enrolled, planner};

/// The vendor.
pub const PEER: &str = "toetskist";

/// A house with this vendor, and somebody of the examenbureau.
pub struct Desk {
    pub house: House,
    pub http: reqwest::Client,
    pub token: String,
}

/// An answer of the management API.
pub struct Answer {
    pub status: StatusCode,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The answer, which must be this one.
    pub fn being(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// The reason of a refusal.
    pub fn reason(self, status: u16) -> String {
        let answer = self.being(status);
        answer.json()["reason"].as_str().unwrap().to_owned()
    }
}

/// A list of tests.
pub const TESTS: &str = "toetscode;toetsnaam;schaal;actief\n4711;Rekenen 2F;cijfer;ja\n";

impl Desk {
    /// Everything installed, flow 1 come, and the list of tests brought. `None` where no guests are built.
    pub async fn open(config: &[(&str, ConfigValue)]) -> Option<Desk> {
        let test = TestToPlan {
            name: "Rekenen 2F".to_owned(),
            test_provider: "Toetskist".to_owned(),
            component_id: "4711".to_owned(),
            result_value_type: "0.0-10.0".to_owned(),
        };
        let house = House::with_more_to_plan(Come::Pushed, &[test]).await?;
        peer::create(&house.core, TENANT, FB, PEER, "ta", "Toetskist")
            .await
            .unwrap();
        house.install(SIS, "ooapi-dr", None, &[]).await;
        house.install(PEER, "toetskist", None, config).await;
        house.work().await;
        house.flow_1().await;
        let desk = Desk {
            token: hire(&house, "bureau", WHOLE_SCHOOL).await,
            http: oke_host::simulator::client(),
            house,
        };
        let brought = desk.stored("toetsen.csv", TESTS.as_bytes()).await;
        assert_eq!(brought["taken"], 1);
        Some(desk)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        Answer {
            status: response.status(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v1/peers/{PEER}/files{path}", self.house.base)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.http.post(self.url(path)).json(body)).await
    }

    pub async fn bring(&self, name: &str, bytes: &[u8]) -> Answer {
        let request = self.http.post(self.url("")).query(&[("name", name)]);
        self.send(request.body(bytes.to_vec())).await
    }

    /// Brings a file that can be read, and gives its id with what it would do.
    pub async fn previewed(&self, name: &str, bytes: &[u8]) -> (String, Value) {
        let brought = self.bring(name, bytes).await.being(201).json();
        let id = brought["id"].as_str().unwrap().to_owned();
        let preview = self.get(&format!("/{id}/preview")).await.being(200).json();
        (id, preview)
    }

    pub async fn store(&self, id: &str, preview: &Value, choices: Value) -> Answer {
        let body = json!({ "digest": preview["digest"], "choices": choices });
        self.post(&format!("/{id}/store"), &body).await
    }

    /// Brings a file, has all of it stored, and works. Gives what it comes to.
    pub async fn stored(&self, name: &str, bytes: &[u8]) -> Value {
        let (id, preview) = self.previewed(name, bytes).await;
        let counts = self.store(&id, &preview, json!({})).await.being(202).json();
        self.house.work().await;
        counts
    }

    /// Plans a sitting two days from now with the first so many students of the school.
    pub async fn plan(&self, students: usize) -> (String, Vec<String>) {
        let core = &self.house.core;
        let plannable = &self.house.sis.school().plannable_tests[1];
        let start = core.now() + SignedDuration::from_hours(48);
        let new = NewSitting {
            plannable: Some(plannable.id.clone()),
            peer: PEER.to_owned(),
            component: "4711".to_owned(),
            unit: None,
            plan: plan_at(start),
        };
        let account = planner();
        let by = Planner {
            tenant: TENANT,
            account: &account,
        };
        let sitting = sitting::plan(core, by, &new).await.unwrap();
        let enrolments = self.house.sis.school().student_registrations(&plannable.id);
        let new: Vec<NewDeelname> = enrolments.take(students).map(|one| enrolled(&one.id, false)).collect();
        let added = deelname::add(core, by, &sitting, &new).await.unwrap();
        self.house.work().await;
        (sitting, added.into_iter().map(Result::unwrap).collect())
    }

    pub async fn standing(&self, sitting: &str) -> String {
        let all = self.get("/sittings").await.being(200).json();
        let found = all.as_array().unwrap().iter().find(|one| one["id"] == sitting);
        found.unwrap()["standing"].as_str().unwrap().to_owned()
    }

    /// Makes the list of a sitting, and gives its content.
    pub async fn take(&self, sitting: &str) -> Vec<u8> {
        let made = self
            .post("/plan", &json!({ "sittings": [sitting] }))
            .await
            .being(201)
            .json();
        let id = made["files"][0].as_str().unwrap().to_owned();
        self.get(&format!("/{id}/content")).await.being(200).bytes
    }

    pub async fn score_at_sis(&self, deelname: &str) -> Option<String> {
        let enrolment = self.house.deelname(deelname).await.enrolment.unwrap();
        self.house.score_at_sis(&enrolment)
    }
}

/// An account that plans for a unit; its token.
pub async fn hire(house: &House, id: &str, unit: &str) -> String {
    let new = NewAccount {
        id: id.to_owned(),
        name: id.to_owned(),
        person_id: None,
        codes: Vec::new(),
    };
    let token = account::create(&house.core, TENANT, FB, &new).await.unwrap();
    let grant = Grant {
        duty: Duty::Plannen,
        unit: unit.to_owned(),
        mandate: false,
        from: None,
        until: None,
    };
    account::grant(&house.core, TENANT, FB, id, &grant).await.unwrap();
    token.reveal().to_owned()
}

/// A sitting of two hours.
pub fn plan_at(start: jiff::Timestamp) -> Plan {
    Plan {
        name: Some("Rekenen, donderdag".to_owned()),
        code: None,
        times: Times {
            start,
            end: start + SignedDuration::from_hours(2),
            last_possible_start: None,
            duration_s: Some(90 * 60),
            start_options: None,
            duration_from: None,
            duration_until: None,
        },
        location_codes: vec!["B2.17".to_owned()],
        modes_of_delivery: Vec::new(),
        safety: Vec::new(),
        fao_system_id: Some("FAO-17".to_owned()),
    }
}

/// What a line of a preview comes to, with the code of a refusal.
pub fn lines(preview: &Value) -> Vec<(u64, String)> {
    let word = |line: &Value| match line["code"].as_str() {
        Some(code) => code.to_owned(),
        None => line["comesTo"].as_str().unwrap().to_owned(),
    };
    let all = preview["lines"].as_array().unwrap();
    all.iter()
        .map(|line| (line["number"].as_u64().unwrap(), word(line)))
        .collect()
}

pub fn expected(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines
        .iter()
        .map(|(number, word)| (*number, (*word).to_owned()))
        .collect()
}
