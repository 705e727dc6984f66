//! How long the work list of a large school takes to open: 350,000 deelnames, a year's worth, over HTTP, signed in. First
//! on a database in which no sitting was noted as settled yet, as after an upgrade or a restore, and while the host looks
//! through the year; then as on any other day. On SQLite, and on PostgreSQL where `OKE_TEST_POSTGRES` names a cluster.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use oke_bench::load;
use oke_bench::{school, year};
use oke_host::app::account;
use oke_host::store::testing::TestDatabase;
use oke_host::values;

const DEELNAMES: u32 = 350_000;
const OPENINGS: usize = 30;
/// What the page has to stay under.
const TARGET: Duration = Duration::from_millis(300);

fn main() {
    oke_bench::on_each_database("worklist", open);
}

async fn open(name: &str, [database]: [TestDatabase; 1]) {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let staged = school::stage(&database).await;
    let begun = Instant::now();
    year::fill(&database, &staged.model, DEELNAMES, staged.core.now()).await;
    println!(
        "worklist on {name}: {DEELNAMES} deelnames, written in {} s; target {} ms",
        begun.elapsed().as_secs(),
        TARGET.as_millis()
    );
    let session = account::sign_in(&staged.core, &staged.beheer).await;
    let session = session.expect("the database answers").expect("the token is known");
    let request = load::get("/werklijst", &format!("oke_session={}", session.cookie.reveal()));
    let served = staged.serve(folder.path()).await;

    println!(
        "{:<40} {:>9.1} ms",
        "first opening",
        ms(once(served.address, &request).await)
    );
    let begun = Instant::now();
    let mut meanwhile = Duration::ZERO;
    while !looked_through(&database).await {
        meanwhile = meanwhile.max(once(served.address, &request).await);
    }
    println!(
        "{:<40} {:>9.1} ms, over {} s",
        "slowest while the year is looked through",
        ms(meanwhile),
        begun.elapsed().as_secs()
    );
    let round = load::drive(served.address, 1, vec![request; OPENINGS]).await;
    println!("{:<40} {:>9.1} ms", "afterwards, half within", ms(round.p50));
    println!("{:<40} {:>9.1} ms", "afterwards, 99 of 100 within", ms(round.p99));
    served.stop.cancel();
    database.remove().await;
}

async fn once(address: SocketAddr, request: &[u8]) -> Duration {
    load::drive(address, 1, vec![request.to_vec()]).await.p50
}

/// Whether the host has looked at every sitting that ended.
async fn looked_through(database: &TestDatabase) -> bool {
    let sql = "SELECT until FROM looked_at WHERE tenant = $1 AND until >= (SELECT MAX(end_at) FROM offering
        WHERE tenant = $1 AND kind = 'sitting' AND id LIKE 'sitting-%')";
    let row = database.db.row(sql, values![school::TENANT]).await;
    row.expect("the database answers").is_some()
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
