//! Accepted messages per second: the host's TPL face, with all that accepting means (token, codec, rules, sealing, audit
//! chain, durable before 200), against a bare axum + sqlx server that writes as many rows to the same tables. One
//! process, one load, rounds in turns; on SQLite, and on PostgreSQL where `OKE_TEST_POSTGRES` names a cluster.

use std::net::SocketAddr;
use std::time::Duration;

use oke_bench::Figures;
use oke_bench::bare::{self, Store};
use oke_bench::load::{self, Round};
use oke_bench::school::{self, Served};
use oke_host::store::testing::TestDatabase;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

/// Connections, and the messages of a round over them.
const CASES: [(usize, usize); 3] = [(1, 300), (16, 1_500), (64, 2_000)];
const ROUNDS: usize = 5;
const DEELNAMES: usize = 8_000;
const SCORES: [&str; 2] = ["5.4", "6.1"];

fn main() {
    oke_bench::on_each_database("accepted_messages", compare);
}

async fn compare(name: &str, [ours, theirs]: [TestDatabase; 2]) {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let staged = school::stage(&ours).await;
    let deelnames = school::multiply(&staged.core, &staged.model, DEELNAMES).await;
    let served = staged.serve(folder.path()).await;
    let bare = serve_bare(&theirs).await;
    let mut sent = 0;
    println!("accepted_messages on {name}: 1 kB PATCH, {ROUNDS} rounds in turns, load and servers in one process");
    for (connections, messages) in CASES {
        let mut host = Case::of("host");
        let mut baseline = Case::of("bare axum + sqlx");
        for round in 0..=ROUNDS {
            let requests = requests(&served, &deelnames, sent, messages);
            sent += messages;
            let theirs = load::drive(bare, connections, requests.clone()).await;
            let ours = load::drive(served.address, connections, requests).await;
            // The first round warms up.
            if round > 0 {
                host.add(ours);
                baseline.add(theirs);
            }
        }
        println!("{connections} connections, {messages} messages a round");
        println!("{baseline}\n{host}\n{}", host.per_second.ratio_to(&baseline.per_second));
    }
    told_the_same(&ours, &theirs).await;
    println!(
        "memory of this process, load and baseline included: {} MB",
        resident_mb()
    );
    served.stop.cancel();
    drop(served);
    ours.remove().await;
    theirs.remove().await;
}

/// The next messages: each says something new of its deelname.
fn requests(served: &Served, deelnames: &[String], sent: usize, messages: usize) -> Vec<Vec<u8>> {
    (sent..sent + messages)
        .map(|at| {
            let deelname = &deelnames[at % DEELNAMES];
            let score = SCORES[at / DEELNAMES % SCORES.len()];
            let path = format!("/oke/{}/tpl/associations/{deelname}", school::TENANT);
            load::patch(&path, &served.token, &school::completed(deelname, score))
        })
        .collect()
}

async fn serve_bare(database: &TestDatabase) -> SocketAddr {
    let store = if let Some(path) = database.url.strip_prefix("sqlite:") {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        Store::Sqlite(pool.expect("SQLite opens"))
    } else {
        let pool = PgPoolOptions::new().max_connections(1).connect(&database.url).await;
        Store::Postgres(pool.expect("PostgreSQL opens"))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a socket opens");
    let address = listener.local_addr().expect("a socket has an address");
    tokio::spawn(async move { axum::serve(listener, bare::router(store)).await });
    address
}

/// Both wrote a row of each kind per message: else they would not be compared on the same work.
async fn told_the_same(ours: &TestDatabase, theirs: &TestDatabase) {
    for table in [
        "result",
        "result_head",
        "message WHERE flow = 3",
        "audit WHERE verb = 'result.accept'",
    ] {
        let [ours, theirs] = [count(ours, table).await, count(theirs, table).await];
        assert_eq!(ours, theirs, "rows of {table}, by the host and by the baseline");
    }
}

async fn count(database: &TestDatabase, table: &str) -> i64 {
    let row = database
        .db
        .row(format!("SELECT COUNT(*) AS n FROM {table}"), Vec::new())
        .await;
    row.expect("the database counts")
        .expect("a count")
        .int("n")
        .expect("a number")
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or("0 kB");
    let kb: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    kb / 1024
}

struct Case {
    per_second: Figures,
    p50: Figures,
    p99: Figures,
}

impl Case {
    fn of(name: &'static str) -> Self {
        Case {
            per_second: Figures::of(name, "/s"),
            p50: Figures::of("  half within", "ms"),
            p99: Figures::of("  99 of 100 within", "ms"),
        }
    }

    fn add(&mut self, round: Round) {
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        self.per_second.add(round.per_second);
        self.p50.add(ms(round.p50));
        self.p99.add(ms(round.p99));
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}\n{}\n{}", self.per_second, self.p50, self.p99)
    }
}
