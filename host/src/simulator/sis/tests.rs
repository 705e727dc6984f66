//! Stories about the SIS, told over its socket.

mod face;
mod flow1;
mod flow5;
mod trouble;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Sis, SisOptions};
use crate::simulator::client;

/// A SIS with the default school, and a TPL's token for it.
struct Story {
    sis: Sis,
    token: String,
}

impl Story {
    async fn start() -> Self {
        Self::start_with(SisOptions::new(7, 2, 60)).await
    }

    async fn start_with(options: SisOptions) -> Self {
        let sis = Sis::start(options).await.unwrap();
        let token = token(&sis, "nl-test-admin-flow-1-5").await;
        Self { sis, token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        client()
            .request(method, format!("{}{path}", self.sis.base_url()))
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

    /// A student's toetsinschrijving for a test on the ten-point scale.
    fn registration(&self) -> String {
        let school = self.sis.school();
        let test = school
            .plannable_tests
            .iter()
            .find(|test| test.test.result_value_type == "0.0-10.0")
            .unwrap();
        school.student_registrations(&test.id).next().unwrap().id.clone()
    }

    /// What the state says about one association.
    fn association(&self, id: &str) -> crate::simulator::AssociationState {
        self.sis
            .state()
            .associations
            .into_iter()
            .find(|one| one.association_id == id)
            .unwrap()
    }
}

async fn token(sis: &Sis, scope: &str) -> String {
    let credentials = sis.credentials();
    let response = client()
        .post(sis.token_url())
        .basic_auth(&credentials.client_id, Some(&credentials.client_secret))
        .form(&[("grant_type", "client_credentials"), ("scope", scope)])
        .send()
        .await
        .unwrap();
    let answer: Value = response.json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// A complete message of flow 5 for a toetsinschrijving.
fn result_for(id: &str, score: &str) -> Value {
    json!({
        "associationType": "componentOfferingAssociation",
        "consumers": [{ "consumerKey": "nl-test-admin", "orgAssociationId": id, "attempt": 1 }],
        "result": {
            "state": "completed",
            "pass": "passed",
            "score": score,
            "resultDate": "2026-06-22",
            "weight": 100,
            "consumers": [{
                "consumerKey": "nl-test-admin",
                "attendance": "present",
                "executedOfferingName": "Rekenen niveau 3, lokaal A-12",
                "final": true,
                "testDate": "2026-06-21T10:00:00.000Z",
            }],
        },
    })
}
