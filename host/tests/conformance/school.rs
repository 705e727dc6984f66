//! A host on this machine with a school, its systems and their tokens, over an empty database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oke_host::app::{Core, World, account, catalogue, client, contact, landscape, peer};
use oke_host::config::Settings;
use oke_host::domain::clock::{MovableClock, SeededRandom};
use oke_host::domain::model::ResultValueType;
use oke_host::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use oke_host::server::Host;
use oke_host::store::Sealer;
use oke_host::store::testing::{TestDatabase, component};
use serde_json::{Value, json};

pub const TENANT: &str = "roc";
const FB: &str = "fb";

pub struct School {
    pub core: Core,
    pub base: String,
    database: TestDatabase,
    _host: Host,
}

impl School {
    pub async fn open() -> School {
        let clock = MovableClock::at("2026-09-01T09:00:00Z".parse().unwrap());
        let database = TestDatabase::sqlite().await;
        let world = World {
            clock: Arc::new(clock),
            random: Arc::new(SeededRandom::from_seed(11)),
        };
        let core = Core::start(database.db.clone(), world, Sealer::new(&[42; 32]));
        let mut settings = Settings::default();
        settings.data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance-host");
        settings.connector_slots = 1;
        let compiler = PathBuf::from(env!("CARGO_BIN_EXE_oke"));
        let host = Host::assemble(core.clone(), &settings, compiler, None).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = host.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        account::init(&core, TENANT, "ROC", FB, "Functioneel beheer")
            .await
            .unwrap();
        contact::set_email(&core, TENANT, &fb(), Some("oke@roc.nl"))
            .await
            .unwrap();
        for (id, hat) in [("sis", "dr"), ("toa", "ta"), ("ontrack", "tpl")] {
            peer::create(&core, TENANT, FB, id, hat, id).await.unwrap();
        }
        for system in ["sis", "toa"] {
            landscape::allow(&core, TENANT, FB, ("ontrack", system), true)
                .await
                .unwrap();
        }
        School {
            core,
            base,
            database,
            _host: host,
        }
    }

    /// A token for a peer, as it would get one.
    pub async fn token(&self, peer: &str, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let made = client::create(&self.core, TENANT, FB, peer, &scopes).await.unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", made.client_id.as_str()),
            ("client_secret", made.secret.reveal()),
        ];
        let asked = oke_host::simulator::client()
            .post(format!("{}/oauth2/token", self.base))
            .form(&form);
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Sends an object to a face.
    pub async fn put(&self, token: &str, path: &str, body: &Value) {
        let url = format!("{}/oke/{TENANT}/{path}", self.base);
        let sent = oke_host::simulator::client().put(url).bearer_auth(token);
        let answer = sent.json(body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{path}: {status} {}", answer.text().await.unwrap());
    }

    /// What a student system tells of itself: something of each kind, under the ids that the cases of a face use.
    pub async fn tell_flow_1(&self, ids: &[String]) {
        let token = self.token("sis", &["nl-test-admin-flow-1-5"]).await;
        let code = json!({ "codeType": "identifier", "code": "REK-1" });
        let name = json!([{ "language": "nl-NL", "value": "Rekenen" }]);
        for (number, id) in ids.iter().enumerate() {
            let person = json!({
                "primaryCode": { "codeType": "studentNumber", "code": "17" }, "displayName": "Jip Jansen",
                "affiliations": ["student"],
            });
            self.put(&token, &format!("tpl/persons/{id}"), &person).await;
            let (offering, association) = match number % 2 {
                0 => ("component", "componentOfferingAssociation"),
                _ => ("program", "programOfferingAssociation"),
            };
            let offering = json!({
                "offeringType": offering, "primaryCode": code, "name": name, "description": name,
                "teachingLanguage": "nld", "resultExpected": true,
                "startDateTime": "2026-09-02T09:00:00+02:00", "endDateTime": "2026-09-02T11:00:00+02:00",
                "startDate": "2026-08-01", "endDate": "2027-07-31",
                "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "active" }],
            });
            self.put(&token, &format!("tpl/offerings/{id}"), &offering).await;
            let association = json!({
                "associationType": association, "role": "student", "state": "associated", "person": id, "offering": id,
                "consumers": [{ "consumerKey": "nl-test-admin", "attempt": 1 }],
            });
            self.put(&token, &format!("tpl/associations/{id}"), &association).await;
            let group = json!({ "groupType": "class", "primaryCode": code, "name": name });
            self.put(&token, &format!("tpl/groups/{id}"), &group).await;
            let member = json!({ "personId": id, "startDateTime": "2026-09-01T08:00:00+02:00" });
            self.put(&token, &format!("tpl/groups/{id}/members/{id}"), &member)
                .await;
        }
    }

    /// The vendor's catalogue, under the ids that the cases of a face use.
    pub async fn keep_catalogue(&self, ids: &[String]) {
        let page: Vec<_> = ids
            .iter()
            .map(|id| component(id, "Rekenen", ResultValueType::DecimalToTen))
            .collect();
        catalogue::keep_page(&self.core, TENANT, "toa", &page).await.unwrap();
    }

    pub async fn close(self) {
        self.database.remove().await;
    }
}

fn fb() -> Account {
    let assignment = Assignment {
        id: "manages".to_owned(),
        duty: Duty::Beheren,
        unit: WHOLE_SCHOOL.to_owned(),
        mandate: false,
        from: jiff::Timestamp::UNIX_EPOCH,
        until: None,
        withdrawn: None,
        granted_by: FB.to_owned(),
    };
    Account {
        id: FB.to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: vec![assignment],
    }
}
