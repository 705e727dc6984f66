//! Stories about a test platform, told over its socket.

mod catalogue;
mod flow2;
mod results;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Auth, ResultMode, Ta, TaOptions};
use crate::simulator::recording_tpl::RecordingTpl;
use crate::simulator::seeded::uuid_for;
use crate::simulator::{DeelnameState, client};

/// A platform, and a TPL's token for it.
struct Story {
    ta: Ta,
    token: String,
}

impl Story {
    async fn start_with(options: TaOptions) -> Self {
        let ta = Ta::start(options).await.unwrap();
        let Auth::Bearer(credentials) = ta.auth() else {
            panic!("these stories use tokens")
        };
        let response = client()
            .post(ta.token_url())
            .basic_auth(&credentials.client_id, Some(&credentials.client_secret))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .unwrap();
        let answer: Value = response.json().await.unwrap();
        let token = answer["access_token"].as_str().unwrap().to_owned();
        Self { ta, token }
    }

    /// A platform that leaves its results to be read.
    async fn polled() -> Self {
        Self::start_with(TaOptions {
            mode: ResultMode::Poll,
            ..TaOptions::new("Examenatelier")
        })
        .await
    }

    /// A platform that sends its results, and the TPL that gets them.
    async fn pushing() -> (Self, RecordingTpl) {
        let tpl = RecordingTpl::start().await;
        let story = Self::start_with(TaOptions {
            tpl: Some(tpl.access()),
            ..TaOptions::new("Toetsgilde")
        })
        .await;
        (story, tpl)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        client()
            .request(method, format!("{}{path}", self.ta.base_url()))
            .bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.request(Method::GET, path).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let media = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let request = self
            .request(method, path)
            .header("content-type", media)
            .body(body.to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Plans a sitting of the vendor's first test with some students; gives the ids of sitting and deelnames.
    async fn plan(&self, name: &str, students: usize) -> (String, Vec<String>) {
        let sitting = uuid_for(&["sitting", name]);
        let component = self.ta.catalogue().first_active().id.clone();
        let body = sitting_json(&sitting, &component);
        assert_eq!(
            self.send(Method::PUT, &format!("/offerings/{sitting}"), &body).await,
            (201, Value::Null)
        );
        let mut ids = Vec::new();
        for index in 0..students {
            let id = uuid_for(&["deelname", name, &index.to_string()]);
            let body = deelname_json(&id, &sitting, index);
            let (status, problem) = self.send(Method::PUT, &format!("/associations/{id}"), &body).await;
            assert_eq!(status, 201, "{problem}");
            ids.push(id);
        }
        (sitting, ids)
    }

    fn deelname(&self, id: &str) -> DeelnameState {
        self.ta
            .state()
            .deelnames
            .into_iter()
            .find(|one| one.association_id == id)
            .unwrap()
    }
}

/// A complete sitting of flow 2.
fn sitting_json(id: &str, component: &str) -> Value {
    json!({
        "offeringId": id,
        "primaryCode": { "codeType": "offeringCode", "code": "REK-A12" },
        "offeringType": "component",
        "name": [{ "language": "nl-NL", "value": "Rekenen in A-12" }],
        "description": [{ "language": "nl-NL", "value": "Rekenen in A-12" }],
        "teachingLanguage": "nld",
        "modeOfDelivery": ["situated"],
        "resultExpected": true,
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "duration": "PT60M",
            "startOptions": "individualStart",
            "durationFrom": "individualStartDateTime",
            "durationUntil": "testDuration",
            "lastPossibleStartDateTime": "2026-06-21T09:30:00.000Z",
            "safety": ["fixedLocation", "surveillance"],
            "offeringState": "active",
            "locationCode": "A-12",
        }],
        "startDateTime": "2026-06-21T09:00:00.000Z",
        "endDateTime": "2026-06-21T11:00:00.000Z",
        "component": component,
    })
}

/// A complete deelname of a student.
fn deelname_json(id: &str, sitting: &str, index: usize) -> Value {
    let person = uuid_for(&["person", &index.to_string()]);
    let number = format!("{}", 1_000_000 + index);
    json!({
        "associationId": id,
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "consumers": [{
            "consumerKey": "nl-test-admin",
            "additionalTimeInMin": 30,
            "personalNeeds": ["extraTime"],
        }],
        "person": {
            "personId": person,
            "primaryCode": { "codeType": "studentNumber", "code": number },
            "givenName": "Jacoba",
            "surname": "Brinkhuis",
            "displayName": "Brinkhuis, Co",
            "activeEnrollment": true,
            "affiliations": ["student"],
            "mail": format!("{number}@mbo.example"),
            "languageOfChoice": ["nl-NL"],
            "otherCodes": [],
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "preferredName": "Co",
                "idCheckName": "Brinkhuis, Jacoba",
            }],
        },
        "offering": sitting,
    })
}

/// A complete deelname of someone of the staff.
fn staff_json(id: &str, sitting: &str, role: &str) -> Value {
    let mut json = deelname_json(id, sitting, 900);
    json["role"] = role.into();
    json.as_object_mut().unwrap().remove("consumers");
    json["person"].as_object_mut().unwrap().remove("consumers");
    json["person"]["affiliations"] = json!(["employee"]);
    json
}
