//! Pages per second: an outside TPL reads the deelnames of its sitting with their results, 250 on a page, at the TA face, from
//! the host's own state. Beside it a bare axum + sqlx server that reads the same rows and sends on what lies in them. One
//! process, one load, rounds in turns; on SQLite, and on PostgreSQL where `OKE_TEST_POSTGRES` names a cluster.

use std::net::SocketAddr;

use oke_bench::bare::{self, Store};
use oke_bench::school::{self, Served};
use oke_bench::{Figures, load};
use oke_host::app::client::{self, NewClient};
use oke_host::app::{Core, landscape, peer};
use oke_host::store::testing::TestDatabase;
use oke_host::values;
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;

const PLANNER: &str = "ontrack";
const DEELNAMES: usize = 250;
const CONNECTIONS: usize = 16;
/// Pages in a round.
const PAGES: usize = 400;
const ROUNDS: usize = 5;

fn main() {
    oke_bench::on_each_database("pages", read);
}

async fn read(name: &str, [database]: [TestDatabase; 1]) {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let staged = school::stage(&database).await;
    let core = staged.core.clone();
    let planner = outside_tpl(&core).await;
    let served = staged.serve(folder.path()).await;
    let token = school::token(served.address, &planner.client_id, planner.secret.reveal()).await;
    plan(&served, &token).await;
    let sitting = assess(&core, &served).await;
    let bare = serve_bare(&database).await;

    let face = format!("/oke/{}/ta/{}", school::TENANT, school::VENDOR);
    let page = format!("{face}/offerings/s-1/associations?pageSize={DEELNAMES}");
    let page = load::read(&page, &token);
    let bare_page = load::read(&format!("/oke/{}/offerings/{sitting}", school::TENANT), "");
    println!("pages on {name}: {DEELNAMES} deelnames with results on a page, {CONNECTIONS} connections, target 300/s");
    let (mut ours, mut theirs) = (Figures::of("host", "/s"), Figures::of("bare axum + sqlx", "/s"));
    for round in 0..=ROUNDS {
        let baseline = load::drive(bare, CONNECTIONS, vec![bare_page.clone(); PAGES]).await;
        let host = load::drive(served.address, CONNECTIONS, vec![page.clone(); PAGES]).await;
        // The first round warms up.
        if round > 0 {
            ours.add(host.per_second);
            theirs.add(baseline.per_second);
        }
    }
    println!("{theirs}\n{ours}\n{}", ours.ratio_to(&theirs));
    served.stop.cancel();
    drop(served);
    database.remove().await;
}

/// A planning system outside, which may plan at the vendor.
async fn outside_tpl(core: &Core) -> NewClient {
    peer::create(core, school::TENANT, school::FB, PLANNER, "tpl", "OnTrack")
        .await
        .expect("an outside TPL is made");
    landscape::allow(core, school::TENANT, school::FB, (PLANNER, school::VENDOR), true)
        .await
        .expect("it may plan at the vendor");
    let scopes = ["nl-test-admin-flow-2-3-4".to_owned()];
    client::create(core, school::TENANT, school::FB, PLANNER, &scopes)
        .await
        .expect("it has a client")
}

/// It plans a sitting and its deelnames by flow 2.
async fn plan(served: &Served, token: &str) {
    let face = format!("/oke/{}/ta/{}", school::TENANT, school::VENDOR);
    let sitting = json!({
        "offeringId": "s-1", "offeringType": "component", "component": school::COMPONENT,
        "primaryCode": { "codeType": "offeringCode", "code": "s-1" },
        "name": [{ "language": "nl-NL", "value": "Rekenen 3F, zaal 2" }],
        "description": [{ "language": "nl-NL", "value": "Rekenen" }],
        "teachingLanguage": "nld", "resultExpected": true,
        "startDateTime": "2026-09-02T09:00:00Z", "endDateTime": "2026-09-02T11:00:00Z",
        "consumers": [{ "consumerKey": "nl-test-admin", "locationCode": "B1.02" }],
    });
    let sitting = load::put(&format!("{face}/offerings/s-1"), token, &sitting.to_string());
    load::drive(served.address, 1, vec![sitting]).await;
    let deelnames = (0..DEELNAMES).map(|at| load::put(&format!("{face}/associations/d-{at}"), token, &deelname(at)));
    load::drive(served.address, 4, deelnames.collect()).await;
}

fn deelname(at: usize) -> String {
    let told: Value = json!({
        "associationId": format!("d-{at}"), "associationType": "componentOfferingAssociation", "role": "student",
        "state": "associated", "offering": "s-1",
        "person": {
            "personId": format!("p-{at}"), "primaryCode": { "codeType": "studentNumber", "code": format!("{at}") },
            "givenName": "Jip", "surname": "Jansen", "displayName": "Jip Jansen", "mail": format!("jip{at}@example.org"),
            "activeEnrollment": true, "affiliations": ["student"],
        },
        "consumers": [{ "consumerKey": "nl-test-admin", "additionalTimeInMin": 30, "personalNeeds": ["extraTime"] }],
    });
    told.to_string()
}

/// The vendor delivers a result for each; returns the sitting as the host calls it.
async fn assess(core: &Core, served: &Served) -> String {
    let sql = "SELECT id, offering FROM association WHERE tenant = $1 AND kind = 'relayed' ORDER BY id";
    let rows = core.db.rows(sql, values![school::TENANT]).await;
    let rows = rows.expect("the database answers");
    assert_eq!(rows.len(), DEELNAMES, "deelnames are kept");
    let results = rows.iter().map(|row| {
        let id = row.text("id").expect("an id");
        let path = format!("/oke/{}/tpl/associations/{id}", school::TENANT);
        load::patch(&path, &served.token, &school::completed(&id, "6.1"))
    });
    load::drive(served.address, 4, results.collect()).await;
    rows[0].text("offering").expect("a sitting")
}

async fn serve_bare(database: &TestDatabase) -> SocketAddr {
    let store = match database.url.starts_with("sqlite:") {
        true => {
            let pool = SqlitePoolOptions::new().max_connections(4).connect(&database.url).await;
            Store::Sqlite(pool.expect("SQLite opens"))
        }
        false => {
            let pool = PgPoolOptions::new().max_connections(16).connect(&database.url).await;
            Store::Postgres(pool.expect("PostgreSQL opens"))
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a socket opens");
    let address = listener.local_addr().expect("a socket has an address");
    tokio::spawn(async move { axum::serve(listener, bare::pages(store)).await });
    address
}
