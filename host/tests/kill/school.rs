//! The school, its student system and one vendor, set up over the public API with signed connectors.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oke_host::app::World;
use oke_host::demo::client::{Client, list, text};
use oke_host::demo::{packages, until};
use oke_host::simulator::{Auth, Misbehaviour, PeerAccess, SchoolPlan, Sis, SisOptions, Ta, TaOptions, Trouble};
use serde_json::{Value, json};

use super::house::{House, TENANT};

pub const VENDOR: &str = "toetsgilde";
pub const SIS: &str = "sis";
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Everything around the host; it survives the kills.
pub struct School {
    pub beheer: Client,
    pub planner: Client,
    pub sis: Arc<Sis>,
    pub vendor: Arc<Ta>,
    pub sis_access: PeerAccess,
    pub vendor_access: PeerAccess,
}

impl School {
    pub async fn open(house: &House, guests: &Path, token: &str) -> Self {
        let mut options = SisOptions::new(2026, 2, 24);
        options.plan.tests = SchoolPlan::one_test_of_each(&["Toetsgilde"]);
        let sis = Sis::start(options).await.unwrap();
        let vendor = Ta::start(TaOptions::new("Toetsgilde")).await.unwrap();
        let beheer = Client::new(&house.base(), token);

        for unit in &sis.school().organizations {
            let id = text(unit, "organizationId").unwrap();
            let body = json!({ "name": id, "parent": unit["parent"].as_str() });
            beheer.put(&format!("/units/{id}"), &body).await.unwrap();
        }
        let made = beheer
            .post("/accounts", &json!({ "id": "planner", "name": "Joris de Wit" }))
            .await
            .unwrap();
        let duty = json!({ "duty": "plannen", "unit": "*" });
        beheer.post("/accounts/planner/assignments", &duty).await.unwrap();
        let planner = beheer.as_other(&text(&made, "token").unwrap());

        let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
        let published = packages::publish(&connectors, guests, &*World::of_this_machine().random).unwrap();
        let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
        beheer.post("/publishers", &trust).await.unwrap();
        let ta = text(&beheer.upload("/packages", published.ta).await.unwrap(), "digest").unwrap();
        let dr = text(&beheer.upload("/packages", published.dr).await.unwrap(), "digest").unwrap();

        let Auth::Bearer(there) = vendor.auth() else {
            panic!("this platform asks for tokens")
        };
        let sign_in = sign_in_at(&vendor.token_url(), &there.client_id, &there.client_secret);
        let vendor_access = peer(
            &beheer,
            house,
            (VENDOR, "ta"),
            (vendor.base_url(), sign_in),
            "nl-test-admin-flow-2-3-4",
        )
        .await;
        let there = sis.credentials();
        let sign_in = sign_in_at(&sis.token_url(), &there.client_id, &there.client_secret);
        let sis_access = peer(
            &beheer,
            house,
            (SIS, "dr"),
            (sis.base_url(), sign_in),
            "nl-test-admin-flow-1-5",
        )
        .await;
        vendor.connect_tpl(vendor_access.clone());
        sis.connect_tpl(sis_access.clone());

        for (peer, digest, profile) in [(VENDOR, ta, "oke-1-0-1-push"), (SIS, dr, "oke-1-0-1")] {
            beheer.keuring_passed(&digest, PATIENCE).await.unwrap();
            beheer.approve(peer, &digest, "inrichting").await.unwrap();
            let install = json!({ "digest": digest, "profile": profile, "reason": "inrichting" });
            beheer
                .post(&format!("/peers/{peer}/revisions"), &install)
                .await
                .unwrap();
        }
        let school = School {
            beheer,
            planner,
            sis: Arc::new(sis),
            vendor: Arc::new(vendor),
            sis_access,
            vendor_access,
        };
        school.fetch_catalogue().await;
        school
    }

    async fn fetch_catalogue(&self) {
        let path = format!("/peers/{VENDOR}/catalogue/refresh");
        self.beheer.post(&path, &json!({})).await.unwrap();
        let expected = self.vendor.catalogue().tests().len();
        let here = until("the catalogue is here", PATIENCE, || async {
            let here = list(self.beheer.get("/components").await?)?.len();
            Ok(if here == expected {
                Ok(())
            } else {
                Err(format!("{here} of {expected} tests"))
            })
        });
        here.await.unwrap();
    }

    /// From now on the receivers, too, lose connections: before and after they applied a message.
    pub fn misbehave(&self) {
        for trouble in [
            Trouble::DropAfterApplying,
            Trouble::DropBeforeApplying,
            Trouble::ServerError,
        ] {
            let rule = |trouble: Trouble| Misbehaviour {
                probability: 0.07,
                ..Misbehaviour::always(trouble)
            };
            self.vendor.misbehave(rule(trouble.clone()));
            self.sis.misbehave(rule(trouble));
        }
    }

    pub fn behave(&self) {
        self.vendor.behave();
        self.sis.behave();
    }

    pub async fn close(self) {
        if let Ok(sis) = Arc::try_unwrap(self.sis) {
            sis.stop().await;
        }
        if let Ok(vendor) = Arc::try_unwrap(self.vendor) {
            vendor.stop().await;
        }
    }
}

/// How the host signs in at a system.
pub fn sign_in_at(token_url: &str, client_id: &str, secret: &str) -> Value {
    json!({ "kind": "bearer", "tokenUrl": token_url, "clientId": client_id, "secret": secret })
}

/// A system around the host, and its way in here.
pub async fn peer(
    beheer: &Client,
    house: &House,
    (id, hat): (&str, &str),
    (base_url, sign_in): (&str, Value),
    scope: &str,
) -> PeerAccess {
    beheer
        .post("/peers", &json!({ "id": id, "hat": hat, "name": id }))
        .await
        .unwrap();
    let reach = json!({ "baseUrl": base_url, "signIn": sign_in, "allowedAddresses": ["127.0.0.1"] });
    beheer.put(&format!("/peers/{id}/endpoints/api"), &reach).await.unwrap();
    let made = beheer
        .post(&format!("/peers/{id}/clients"), &json!({ "scopes": [scope] }))
        .await
        .unwrap();
    PeerAccess {
        target: format!("{}/oke/{TENANT}/tpl", house.base()),
        token_url: text(&made, "tokenUrl").unwrap(),
        client_id: text(&made, "clientId").unwrap(),
        client_secret: text(&made, "clientSecret").unwrap(),
    }
}
