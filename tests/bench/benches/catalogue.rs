//! A catalogue of 100,000 tests, fetched through the cursor of a vendor with an API of its own: how long until all of it is
//! there, and what it takes of the host's memory. The real `oke serve`, over sockets, with the real connector.
//!
//! The vendor makes each page up when it is asked for, so that it costs next to nothing beside what is measured.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use oke_bench::school::TENANT;
use oke_host::app::World;
use oke_host::config::Settings;
use oke_host::demo::client::Client;
use oke_host::demo::packages;
use oke_host::store::Database;
use oke_host::store::open::{self, Purpose};
use oke_host::store::testing::TestDatabase;
use oke_host::values;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const TESTS: u64 = 100_000;
const PEER: &str = "toetskade";
const KEY: &str = "bench";
const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(600);
/// With so many tests there, everything that is made once has been made: memory is counted from here.
const SETTLED: i64 = 2_000;

fn main() {
    let (Some(oke), Some(guests)) = (std::env::var_os("OKE_BIN"), std::env::var_os("OKE_GUESTS")) else {
        println!("SKIPPED catalogue: run `cargo bench-oke`, which builds what is measured optimised");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        measure("SQLite", None, (Path::new(&oke), Path::new(&guests))).await;
        match TestDatabase::postgres().await {
            Some(database) => {
                measure("PostgreSQL", Some(&database.url), (Path::new(&oke), Path::new(&guests))).await;
                database.remove().await;
            }
            None => println!("SKIPPED catalogue on PostgreSQL: OKE_TEST_POSTGRES names no cluster"),
        }
    });
}

/// Exams behind a number, as Toetskade lists them.
async fn exams(Query(asked): Query<Vec<(String, u64)>>) -> Json<Value> {
    let of = |name: &str| asked.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let after = of("after").unwrap_or(0);
    let last = (after + of("limit").unwrap_or(100)).min(TESTS);
    let exam = |id: u64| {
        json!({ "id": id, "code": format!("REK-{id}"), "title": format!("Rekenen, versie {id}"), "minutes": 90,
                "active": true, "aids": ["readAloud", "zoom"] })
    };
    let exams: Vec<Value> = (after + 1..=last).map(exam).collect();
    Json(json!({ "exams": exams, "next": (last < TESTS).then_some(last) }))
}

async fn vendor() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket opens");
    let address = listener.local_addr().expect("a socket has an address");
    let router = Router::new().route("/exams", get(exams));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The host in a process of its own, killed when the benchmark ends in whatever way.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

impl Serving {
    /// Resident memory, in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("the host runs on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a process has resident memory")
    }
}

async fn measure(name: &str, database: Option<&str>, (oke, guests): (&Path, &Path)) {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket opens");
    let address = free.local_addr().expect("a socket has an address");
    drop(free);
    let settings = Settings::within(folder.path(), address);
    let url = database.map_or_else(|| settings.database_url(), str::to_owned);
    let command = || {
        let mut command = Command::new(oke);
        command
            .current_dir(folder.path())
            .env("OKE_DATA", &settings.data)
            .env("OKE_LISTEN", address.to_string())
            .env("OKE_DATABASE", &url)
            .env("OKE_LOG", "warn");
        command
    };
    let made = command().args(["--json", "init", TENANT, "--name", "ROC"]).output();
    let made = made.expect("`oke init` runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).expect("`oke --json init` says JSON");
    let token = made["token"].as_str().expect("a school has a first token").to_owned();
    let serving = command()
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let serving = Serving(serving.expect("`oke serve` runs"));
    let beheer = Client::new(&format!("http://{address}"), &token);
    let begun = Instant::now();
    while beheer.get("/peers").await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "the host does not answer");
        tokio::time::sleep(LOOK).await;
    }

    let begun = install(&beheer, vendor().await, guests).await;
    let db = open::open(&url, Purpose::Command)
        .await
        .expect("the database opens beside the host");
    println!("catalogue on {name}: {TESTS} tests");
    let (mut least, mut most) = (None, 0);
    loop {
        let there = count(&db).await;
        let memory = serving.memory();
        if there >= SETTLED {
            least = Some(least.map_or(memory, |least: u64| least.min(memory)));
            most = most.max(memory);
        }
        if there >= TESTS.cast_signed() {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{there} tests there");
        tokio::time::sleep(LOOK).await;
    }
    let took = begun.elapsed().as_secs_f64();
    // The end of a round, in which what is no longer listed is withdrawn, counts for memory as well.
    for _ in 0..20 {
        most = most.max(serving.memory());
        tokio::time::sleep(LOOK).await;
    }
    let least = least.expect("a catalogue passes through what is settled");
    println!("{:<40} {took:>9.2} s, target 60", "fetched");
    println!(
        "{:<40} {:>9.1} MB, target 50 (from {} to {} MB)",
        "memory in between",
        (most - least) as f64 / 1024.0,
        least / 1024,
        most / 1024
    );
    db.close().await;
}

async fn count(db: &Database) -> i64 {
    let sql = "SELECT COUNT(*) AS number FROM component WHERE tenant = $1 AND peer = $2";
    let row = db.row(sql, values![TENANT, PEER]).await.expect("the database answers");
    row.map_or(0, |row| row.int("number").expect("a count is a number"))
}

/// Installs the connector, upon which the catalogue is fetched by itself; returns when that could begin.
async fn install(beheer: &Client, vendor: SocketAddr, guests: &Path) -> Instant {
    let must = "the API takes it";
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let random = World::of_this_machine().random;
    let published = packages::publish(&connectors, guests, &*random).expect("the connectors are packed");
    let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
    beheer.post("/publishers", &trust).await.expect(must);
    let package = beheer.upload("/packages", published.kade).await.expect(must);
    let digest = package["digest"].as_str().expect("a package has a digest");
    let peer = json!({ "id": PEER, "hat": "ta", "name": "Toetskade" });
    beheer.post("/peers", &peer).await.expect(must);
    let reach = json!({ "baseUrl": format!("http://{vendor}"), "allowedAddresses": ["127.0.0.1"],
        "signIn": { "kind": "api-key", "key": KEY } });
    beheer
        .put(&format!("/peers/{PEER}/endpoints/api"), &reach)
        .await
        .expect(must);
    beheer
        .keuring_passed(digest, PATIENCE)
        .await
        .expect("the connector passes");
    beheer.approve(PEER, digest, "meting").await.expect(must);
    let revision = json!({ "digest": digest, "reason": "meting" });
    let begun = Instant::now();
    beheer
        .post(&format!("/peers/{PEER}/revisions"), &revision)
        .await
        .expect(must);
    begun
}
