//! kill -9 in the middle of work in bulk: a round of asking the student system for flow 1, and files of results that are
//! being stored. Each goes in pieces; afterwards everything is there once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oke_host::app::World;
use oke_host::demo::client::{Client, list, text};
use oke_host::demo::{packages, until};
use oke_host::domain::clock::{Random, SeededRandom};
use oke_host::simulator::{Sis, SisOptions, TestToPlan};
use oke_host::store::open::{Purpose, open};
use oke_host::store::{Database, association, message};
use serde_json::{Value, json};

use super::house::{House, TENANT};
use super::load::patiently;
use super::reconcile;
use super::school::{PATIENCE, SIS, peer, sign_in_at};

const VENDOR: &str = "toetskist";
/// Kills while a round is under way.
const KILLS: usize = 4;
/// Files with another grade for everybody, each killed while it is stored.
const GRADES: [&str; 4] = ["5,1", "5,2", "5,3", "5,4"];

/// A school whose student system is asked, and a vendor without an API.
struct Bulk {
    house: House,
    beheer: Client,
    planner: Client,
    sis: Sis,
    dice: SeededRandom,
}

/// Kills in the middle of either, on this house's database.
pub async fn survives(house: House, guests: &Path) {
    let bulk = Bulk::open(house, guests).await;
    bulk.pulled().await;
    reconcile::flow_1(&bulk.planner, &bulk.sis).await;
    let deelnames = bulk.planned().await;
    for grade in GRADES {
        bulk.stored(&deelnames, grade).await;
    }
    bulk.house.kill();
    bulk.house.verify_audit();
    let db = open(&bulk.house.database_url(), Purpose::Command).await.unwrap();
    bulk.each_came_once(&db).await;
    db.close().await;
    bulk.sis.stop().await;
}

impl Bulk {
    async fn open(house: House, guests: &Path) -> Bulk {
        let token = house.init();
        house.start().await;
        let mut options = SisOptions::new(2026, 2, 24);
        options.plan.tests = vec![TestToPlan {
            name: "Rekenen 2F".to_owned(),
            test_provider: "Toetskist".to_owned(),
            component_id: "4711".to_owned(),
            result_value_type: "0.0-10.0".to_owned(),
        }];
        let sis = Sis::start(options).await.unwrap();
        let beheer = Client::new(&house.base(), &token);
        for unit in &sis.school().organizations {
            let id = text(unit, "organizationId").unwrap();
            let body = json!({ "name": id, "parent": unit["parent"].as_str() });
            beheer.put(&format!("/units/{id}"), &body).await.unwrap();
        }
        let planner = json!({ "id": "planner", "name": "Joris de Wit" });
        let made = beheer.post("/accounts", &planner).await.unwrap();
        let duty = json!({ "duty": "plannen", "unit": "*" });
        beheer.post("/accounts/planner/assignments", &duty).await.unwrap();
        let planner = beheer.as_other(&text(&made, "token").unwrap());

        let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
        let published = packages::publish(&connectors, guests, &*World::of_this_machine().random).unwrap();
        let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
        beheer.post("/publishers", &trust).await.unwrap();
        let (there, token_url) = (sis.credentials(), sis.token_url());
        let sign_in = sign_in_at(&token_url, &there.client_id, &there.client_secret);
        let scope = "nl-test-admin-flow-1-5";
        peer(&beheer, &house, (SIS, "dr"), (sis.base_url(), sign_in), scope).await;
        let without_api = json!({ "id": VENDOR, "hat": "ta", "name": "Toetskist" });
        beheer.post("/peers", &without_api).await.unwrap();
        // Small pages: a round is many commits.
        let small = json!({ "page-size": "10" });
        for (peer, package, config) in [
            (SIS, published.dr, small),
            (VENDOR, published.kist, json!({ "fao-required": false })),
        ] {
            let digest = text(&beheer.upload("/packages", package).await.unwrap(), "digest").unwrap();
            beheer.keuring_passed(&digest, PATIENCE).await.unwrap();
            beheer.approve(peer, &digest, "inrichting").await.unwrap();
            let install = json!({ "digest": digest, "config": config, "reason": "inrichting" });
            let path = format!("/peers/{peer}/revisions");
            beheer.post(&path, &install).await.unwrap();
        }
        Bulk {
            house,
            beheer,
            planner,
            sis,
            dice: SeededRandom::from_seed(11),
        }
    }

    fn throw(&self, sides: u64) -> u64 {
        let mut bytes = [0; 8];
        self.dice.fill(&mut bytes);
        u64::from_le_bytes(bytes) % sides
    }

    /// Somewhere inside whatever is under way now.
    async fn killed_within(&self, micros: u64) {
        tokio::time::sleep(Duration::from_micros(self.throw(micros))).await;
        self.house.kill();
        self.house.start().await;
    }

    async fn registrations(&self) -> Value {
        let path = format!("/peers/{SIS}/registrations");
        patiently(|| async { self.beheer.get(&path).await }).await
    }

    /// A whole round, killed whenever it has come a bit further.
    async fn pulled(&self) {
        let path = format!("/peers/{SIS}/registrations");
        let asked = json!({ "asked": true, "from": "2020-01-01" });
        self.beheer.put(&path, &asked).await.unwrap();
        let mut next = 1;
        for _ in 0..KILLS {
            loop {
                let seen = self.registrations().await;
                let came = seen["underWay"]["came"].as_i64().unwrap_or(0);
                if came >= next || !seen["last"].is_null() {
                    next = came + 1 + i64::try_from(self.throw(12)).unwrap();
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.killed_within(30_000).await;
        }
        let ended = until("the round has ended", PATIENCE, || async {
            let seen = self.beheer.get(&path).await?;
            Ok(match seen["last"]["whole"] == json!(true) {
                true => Ok(()),
                false => Err(seen["underWay"].to_string()),
            })
        });
        ended.await.unwrap();
        let seen = self.registrations().await;
        assert_eq!(seen["refused"], json!([]), "{seen}");
        let persons = until("everybody's person was fetched", PATIENCE, || async {
            let waiting = list(self.beheer.get(&format!("/jobs?peer={SIS}&state=ready")).await?)?;
            let fetches = waiting.iter().filter(|job| job["kind"] != json!("pull_registrations"));
            Ok(match fetches.count() {
                0 => Ok(()),
                count => Err(format!("{count} wait")),
            })
        });
        persons.await.unwrap();
    }

    /// A sitting with everybody who is enrolled, and told by a file; their deelnames.
    async fn planned(&self) -> Vec<String> {
        let tests = "toetscode;toetsnaam;schaal;actief\n4711;Rekenen 2F;cijfer;ja\n";
        self.carried("toetsen.csv", tests, false).await;
        let start = Timestamp::now() + SignedDuration::from_hours(24 * 7);
        let mut sittings = BTreeMap::new();
        for plannable in list(self.planner.get("/plannables").await.unwrap()).unwrap() {
            let id = text(&plannable, "id").unwrap();
            let body = json!({ "plannable": id, "peer": VENDOR, "component": "4711", "plan": {
                "name": format!("Zitting van {id}"), "start": start.to_string(),
                "end": (start + SignedDuration::from_mins(75)).to_string(), "durationMin": 60,
            }});
            let sitting = text(&self.planner.post("/sittings", &body).await.unwrap(), "id").unwrap();
            let enrolments = self.planner.get(&format!("/plannables/{id}/enrolments")).await;
            let enrolments = list(enrolments.unwrap()).unwrap().into_iter();
            let students = enrolments.filter(|one| one["role"] == json!("student"));
            let new: Vec<Value> = students.map(|one| json!({ "enrolment": one["id"] })).collect();
            let path = format!("/sittings/{sitting}/deelnames");
            let added = list(self.planner.post(&path, &json!(new)).await.unwrap()).unwrap();
            let ids: Vec<String> = added.iter().map(|one| text(one, "id").unwrap()).collect();
            sittings.insert(sitting, ids);
        }
        let taken: Vec<&String> = sittings.keys().collect();
        let path = format!("/peers/{VENDOR}/files/plan");
        self.planner.post(&path, &json!({ "sittings": taken })).await.unwrap();
        sittings.into_values().flatten().collect()
    }

    /// A file with this grade for everybody.
    async fn stored(&self, deelnames: &[String], grade: &str) {
        let day = &Timestamp::now().to_string()[..10];
        let mut file = "kenmerk;status;cijfer;datum\n".to_owned();
        for deelname in deelnames {
            file.push_str(&format!("{deelname};genormeerd;{grade};{day}\n"));
        }
        self.carried(&format!("uitslag {grade}.csv"), &file, true).await;
    }

    async fn carried(&self, name: &str, content: &str, kills: bool) {
        let place = format!("/peers/{VENDOR}/files");
        let path = format!("{place}?name={}", name.replace(' ', "%20").replace(',', "%2C"));
        let bytes = content.as_bytes().to_vec();
        let brought = self.planner.upload(&path, bytes).await.unwrap();
        let file = format!("{place}/{}", text(&brought, "id").unwrap());
        let preview = self.planner.get(&format!("{file}/preview")).await.unwrap();
        let lines = content.lines().count() - 1;
        assert_eq!(preview["counts"]["taken"], json!(lines), "{preview}");
        let store = json!({ "digest": preview["digest"], "choices": {} });
        let path = format!("{file}/store");
        self.planner.post(&path, &store).await.unwrap();
        if kills {
            self.killed_within(120_000).await;
        }
        let stored = until("the file is stored", PATIENCE, || async {
            let files = list(self.planner.get(&place).await?)?;
            let this = files.iter().find(|one| one["id"] == brought["id"]).cloned();
            let this = this.unwrap_or_default();
            Ok(match this["state"] == json!("stored") {
                true => Ok(()),
                false => Err(this.to_string()),
            })
        });
        stored.await.unwrap();
    }

    /// Each object of flow 1 made one message that changed something, and each file one version of each result.
    async fn each_came_once(&self, db: &Database) {
        for one in &self.sis.school().registrations {
            let messages = message::about(db, TENANT, "association", &one.id).await.unwrap();
            let outcomes: Vec<&str> = messages.iter().map(|message| message.outcome.as_str()).collect();
            assert_eq!(outcomes, ["applied"], "{}", one.id);
            for deelname in association::serving(db, TENANT, &one.id).await.unwrap() {
                let versions = oke_host::store::result::versions(db, TENANT, &deelname.id)
                    .await
                    .unwrap();
                let scores = versions.iter().map(|version| version.delivered.result.score.as_deref());
                let expected: Vec<String> = GRADES.map(|grade| grade.replace(',', ".")).to_vec();
                assert_eq!(
                    scores.map(Option::unwrap_or_default).collect::<Vec<_>>(),
                    expected,
                    "versions of deelname {}",
                    deelname.id
                );
            }
        }
    }
}
