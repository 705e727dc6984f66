//! A host on this machine with a school, its systems and their tokens, over an empty database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oke_host::app::{Core, World, account, client, contact, peer};
use oke_host::config::Settings;
use oke_host::domain::clock::{MovableClock, SeededRandom};
use oke_host::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use oke_host::server::Host;
use oke_host::store::Sealer;
use oke_host::store::testing::TestDatabase;

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
        for (id, hat) in [("sis", "dr"), ("toa", "ta")] {
            peer::create(&core, TENANT, FB, id, hat, id).await.unwrap();
        }
        School {
            core,
            base,
            database,
            _host: host,
        }
    }

    /// A token for a peer, as it would get one.
    pub async fn token(&self, peer: &str, scope: &str) -> String {
        let made = client::create(&self.core, TENANT, FB, peer, &[scope.to_owned()])
            .await
            .unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", made.client_id.as_str()),
            ("client_secret", made.secret.reveal()),
        ];
        let asked = oke_host::simulator::client()
            .post(format!("{}/oauth2/token", self.base))
            .form(&form);
        let answer: serde_json::Value = asked.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
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
