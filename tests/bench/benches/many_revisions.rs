//! 300 vendors with a revision each, 3 on each of 100 connectors, everything compiled before. How long `oke serve` takes
//! from its start until it is ready; how long a process that starts takes to have all of them loaded; and what memory a
//! process takes with the revisions of 100 different connectors loaded and idle. On SQLite.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oke_bench::Figures;
use oke_bench::installed::{self, Versions};
use oke_bench::school::TENANT;
use oke_host::config::Settings;
use oke_host::server::{self, Host};

const CONNECTORS: u32 = 100;
const REVISIONS: u32 = 300;
const ROUNDS: usize = 5;
/// How long anything may take before something must be wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// Tells a process started by this one what it is there for: the folder, and how many revisions it loads.
const FOLDER: &str = "OKE_BENCH_REVISIONS_IN";
const LOADED: &str = "OKE_BENCH_REVISIONS";

fn main() {
    let (Some(guests), Some(oke)) = (std::env::var_os("OKE_GUESTS"), std::env::var_os("OKE_BIN")) else {
        println!("SKIPPED many_revisions: run `cargo bench-oke`, which builds the guests and the host and names both");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    if let (Some(folder), Ok(revisions)) = (std::env::var_os(FOLDER), std::env::var(LOADED)) {
        let revisions = revisions.parse().expect("a number of revisions");
        runtime.block_on(load(Path::new(&folder), Path::new(&oke), revisions));
        return;
    }
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let begun = Instant::now();
    let guest = runtime.block_on(install(folder.path(), Path::new(&oke), &guests));
    println!(
        "many_revisions: {REVISIONS} revisions of {CONNECTORS} connectors of {} kB, installed and compiled in {} s",
        guest / 1000,
        begun.elapsed().as_secs()
    );
    let mut ready = Figures::of("`oke serve` until ready (target 2)", "s");
    for _ in 0..ROUNDS {
        ready.add(until_ready(folder.path(), Path::new(&oke)).as_secs_f64());
    }
    println!("{ready}");
    for revisions in [0, CONNECTORS, REVISIONS] {
        let own = std::env::current_exe().expect("this program has a path");
        let ended = Command::new(own)
            .env(FOLDER, folder.path())
            .env(LOADED, revisions.to_string())
            .status()
            .expect("it can be started");
        assert!(ended.success(), "loading {revisions} revisions ended with {ended}");
    }
}

fn vendor(number: u32) -> String {
    format!("leverancier-{number}")
}

fn settings(folder: &Path) -> Settings {
    Settings::within(folder, ([127, 0, 0, 1], 0).into())
}

/// Installs and compiles everything; the size of a guest.
async fn install(folder: &Path, oke: &Path, guests: &std::ffi::OsStr) -> usize {
    let settings = settings(folder);
    std::fs::write(settings.master_key_path(), "0a".repeat(32)).expect("a master key is written");
    let core = server::open_to_serve(&settings).await.expect("the database opens");
    let versions = Versions::stage(&core, guests).await;
    let host = Host::assemble(core.clone(), &settings, oke.to_owned(), None).expect("the host starts");
    for number in 0..CONNECTORS {
        let digest = versions.admit(&core, number).await;
        let compiled = host.service.connectors.try_package(TENANT, &digest).await;
        compiled.expect("it compiles");
        for vendor in (0..REVISIONS / CONNECTORS).map(|nth| vendor(number + nth * CONNECTORS)) {
            installed::vendor(&core, &vendor).await;
            installed::revise(&core, &vendor, &digest, true).await;
        }
    }
    core.db.close().await;
    versions.component_bytes()
}

/// Starts the host as an operator does, and ends it when it said that it is ready.
fn until_ready(folder: &Path, oke: &Path) -> Duration {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let address = address.expect("there is a free port");
    let begun = Instant::now();
    let host = Command::new(oke)
        .arg("serve")
        .env("OKE_DATA", folder)
        .env("OKE_LISTEN", address.to_string())
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the host can be started");
    let _ends = Ends(host);
    while !is_ready(address) {
        assert!(begun.elapsed() < PATIENCE, "the host is not ready after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// A process that does not outlive what was asked of it.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to end.
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

/// In a process of its own: starts a host and loads the revisions of the first so many vendors.
async fn load(folder: &Path, oke: &Path, revisions: u32) {
    let begun = Instant::now();
    let settings = settings(folder);
    let core = server::open_to_serve(&settings).await.expect("the database opens");
    let host = Host::assemble(core, &settings, oke.to_owned(), None).expect("the host starts");
    let connectors = &host.service.connectors;
    for number in 0..revisions {
        connectors.warm(TENANT, &vendor(number), 1).await.expect("it loads");
    }
    assert_eq!(connectors.loaded(), revisions as usize);
    let took = begun.elapsed().as_secs_f64();
    let [all, own] = ["VmRSS:", "RssAnon:"].map(|field| memory_mb(field).unwrap_or(f64::NAN));
    println!(
        "{:<40} {took:>9.2} s, {all:.0} MB resident, {own:.0} MB of it of its own",
        format!("start with {revisions} revisions loaded")
    );
    if revisions == CONNECTORS {
        println!("{:<40} {all:>9.0} MB (target 150)", "100 idle revisions, in all");
    }
}

/// A figure of `/proc/self/status`; none elsewhere than on Linux.
fn memory_mb(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
