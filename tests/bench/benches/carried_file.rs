//! A file of 20,000 results that a person carried from a vendor without an API: how long until its preview is there, and
//! until all of it is stored, through the real connector.

use std::path::Path;
use std::time::{Duration, Instant};

use oke_bench::school::{self, TENANT, VENDOR};
use oke_host::app::files::keep::{self, Choices};
use oke_host::app::files::{self, Carrier, preview};
use oke_host::config::Settings;
use oke_host::demo::client::Client;
use oke_host::demo::packages;
use oke_host::domain::principal::Duty;
use oke_host::server::Host;
use oke_host::store::carried_file::{self, FileState};
use oke_host::store::testing::{TestDatabase, without_keuring};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const LINES: usize = 20_000;
const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    oke_bench::on_each_database("carried_file", measure);
}

async fn measure(name: &str, [database]: [TestDatabase; 1]) {
    let (compiler, guests) = oke_bench::programs().expect("both are named");
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let staged = school::stage(&database).await;
    let core = staged.core.clone();
    let deelnames = school::multiply(&core, &staged.model, LINES).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a socket opens");
    let address = listener.local_addr().expect("a socket has an address");
    let settings = Settings::within(folder.path(), address);
    let host = Host::assemble(core.clone(), &settings, compiler, None).expect("the host starts");
    let connectors = host.service.connectors.clone();
    let stop = CancellationToken::new();
    tokio::spawn(host.serve(listener, stop.clone()));
    install(
        &Client::new(&format!("http://{address}"), &staged.beheer),
        &core,
        &guests,
    )
    .await;

    let mut file = "kenmerk;studentnummer;versie;status;punten;maximum;cijfer;datum\r\n".to_owned();
    for deelname in &deelnames {
        file.push_str(deelname);
        file.push_str(";;2026-A;genormeerd;37;60;6,4;2-9-2026\r\n");
    }
    let account = school::holding("bureau", Duty::Plannen);
    let carrier = Carrier {
        tenant: TENANT,
        account: &account,
    };
    println!("carried_file on {name}: {LINES} lines, {} kB", file.len() / 1024);
    let begun = Instant::now();
    let id = files::bring(&core, carrier, VENDOR, ("uitslagen.csv", file.as_bytes())).await;
    let id = id.expect("the file is kept");
    let previewed = preview::preview(&core, &connectors, carrier, (VENDOR, &id)).await;
    let previewed = previewed.expect("the file is previewed");
    println!(
        "{:<40} {:>9.2} s, target 3",
        "brought and previewed",
        begun.elapsed().as_secs_f64()
    );
    assert_eq!(previewed.counts().taken as usize, LINES, "every line is taken");

    let begun = Instant::now();
    let seen = (previewed.digest.as_str(), &Choices::new());
    keep::store(&core, &connectors, carrier, (VENDOR, &id), seen)
        .await
        .expect("the file is stored");
    println!("{:<40} {:>9.2} s", "asked to store", begun.elapsed().as_secs_f64());
    loop {
        let row = carried_file::find(&core.db, TENANT, &id)
            .await
            .expect("the database answers");
        let row = row.expect("the file is there");
        if row.state == FileState::Stored {
            assert_eq!(row.counts.stored as usize, LINES, "every line is stored");
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{} lines stored", row.counts.stored);
        tokio::time::sleep(LOOK).await;
    }
    println!("{:<40} {:>9.2} s, target 10", "stored", begun.elapsed().as_secs_f64());
    stop.cancel();
    database.remove().await;
}

async fn install(beheer: &Client, core: &oke_host::app::Core, guests: &Path) {
    let must = "the API takes it";
    // What is measured begins after the keuring.
    without_keuring(core, TENANT).await;
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let published = packages::publish(&connectors, guests, &*core.world.random).expect("the connectors are packed");
    let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
    beheer.post("/publishers", &trust).await.expect(must);
    let package = beheer.upload("/packages", published.kist).await.expect(must);
    let revision = json!({ "digest": package["digest"], "reason": "inrichting" });
    beheer
        .post(&format!("/peers/{VENDOR}/revisions"), &revision)
        .await
        .expect(must);
}
