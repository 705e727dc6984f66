//! A connector is replaced while 64 tasks call it, each its next call when it has heard on its last, through the door
//! that jobs use: which revision runs is read from the database for each call. From loading the file of machine code
//! (compiled apart and before) to 2 ms after the commit that puts it to work, against as long a window without a swap.
//! Then rollbacks: the commit, and the first call that the older revision answers. On SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use oke_bench::Figures;
use oke_bench::installed::{self, Versions};
use oke_bench::school::{FB, TENANT};
use oke_host::app::revision::{self, Back};
use oke_host::app::running::Connectors;
use oke_host::app::{Core, World};
use oke_host::connector::compile::CacheKey;
use oke_host::connector::engine::{Engine, EngineSettings};
use oke_host::domain::interface::Interface;
use oke_host::store::Sealer;
use oke_host::store::testing::TestDatabase;
use tokio::task::JoinHandle;

const VENDOR: &str = "toetsgilde";
const TASKS: usize = 64;
const ROUNDS: u32 = 9;
/// Between windows, so that one does not disturb the next.
const SETTLE: Duration = Duration::from_millis(500);
/// What still belongs to a swap after its commit.
const AFTER: Duration = Duration::from_millis(2);

fn main() {
    let (Some(guests), Some(oke)) = (std::env::var_os("OKE_GUESTS"), std::env::var_os("OKE_BIN")) else {
        println!("SKIPPED hot_swap: run `cargo bench-oke`, which builds the guests and the host and names both");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let database = TestDatabase::sqlite().await;
        let cache = tempfile::tempdir().expect("there is a place for temporary files");
        let core = Core::start(database.db.clone(), World::of_this_machine(), Sealer::new(&[7; 32]));
        let versions = Versions::stage(&core, &guests).await;
        let engine = || {
            let key = CacheKey::new(&[1; 32]);
            let settings = EngineSettings::new(cache.path().to_owned(), key, oke.clone().into());
            Engine::start(settings).expect("the engine starts")
        };
        let revisions = compiled(&core, &versions, engine()).await;
        let connectors = Connectors::new(core.clone(), engine());
        println!(
            "hot_swap: {TASKS} tasks, guests of {} kB, on SQLite",
            versions.component_bytes() / 1000
        );
        swaps(&core, &connectors, &revisions).await;
        rollbacks(&core, &connectors).await;
        database.remove().await;
    });
}

/// As many revisions as are swapped to and one to begin with, each compiled by an engine that is gone when it is put to
/// work, so that the one that calls has to load it.
async fn compiled(core: &Core, versions: &Versions, engine: Arc<Engine>) -> Vec<i64> {
    installed::vendor(core, VENDOR).await;
    let compiler = Connectors::new(core.clone(), engine);
    let mut revisions = Vec::new();
    for number in 0..=ROUNDS {
        let digest = versions.admit(core, number).await;
        compiler.try_package(TENANT, &digest).await.expect("it compiles");
        revisions.push(installed::revise(core, VENDOR, &digest, number == 0).await);
    }
    revisions
}

/// One call, seen from outside.
struct Seen {
    begun: Instant,
    ended: Instant,
    revision: i64,
}

async fn call(connectors: &Connectors) -> Seen {
    let begun = Instant::now();
    let running = connectors
        .caller(TENANT, VENDOR, Interface::TaToetscatalogus, "k")
        .await;
    let running = running.expect("a revision runs");
    let answer = running.caller.get_component("test-1").await;
    assert!(answer.outcome.expect("no call fails").is_some());
    Seen {
        begun,
        ended: Instant::now(),
        revision: running.revision,
    }
}

async fn swaps(core: &Core, connectors: &Connectors, revisions: &[i64]) {
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<JoinHandle<Vec<Seen>>> = (0..TASKS)
        .map(|_| {
            let (connectors, stop) = (connectors.clone(), stop.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    seen.push(call(&connectors).await);
                }
                seen
            })
        })
        .collect();
    let mut windows = Vec::new();
    for to in &revisions[1..] {
        tokio::time::sleep(SETTLE).await;
        let begun = Instant::now();
        connectors.warm(TENANT, VENDOR, *to).await.expect("it loads");
        let loaded = Instant::now();
        revision::rollout(core, TENANT, FB, VENDOR, *to, "wisselen onder belasting")
            .await
            .expect("it is put to work");
        let swapped = Instant::now();
        tokio::time::sleep(AFTER).await;
        let with = (begun, Instant::now());
        tokio::time::sleep(SETTLE).await;
        let quiet = Instant::now();
        tokio::time::sleep(with.1 - with.0).await;
        windows.push(Window {
            with,
            without: (quiet, Instant::now()),
            loaded: loaded - begun,
            swapped,
            to: *to,
        });
    }
    stop.store(true, Ordering::Relaxed);
    let mut seen = Vec::new();
    for caller in callers {
        seen.extend(caller.await.expect("no call fails"));
    }
    tell(&seen, &windows);
}

struct Window {
    with: (Instant, Instant),
    without: (Instant, Instant),
    loaded: Duration,
    swapped: Instant,
    to: i64,
}

fn tell(seen: &[Seen], windows: &[Window]) {
    let mut with = Figures::of("p99 from loading to 2 ms after the swap", "ms");
    let mut without = Figures::of("p99 of as long without a swap", "ms");
    let mut loading = Figures::of("opening the package, loading, starting once", "ms");
    for window in windows {
        with.add(p99(seen, window.with));
        without.add(p99(seen, window.without));
        loading.add(window.loaded.as_secs_f64() * 1e3);
        let stale = seen
            .iter()
            .filter(|call| call.begun > window.swapped && call.revision < window.to);
        assert_eq!(
            stale.count(),
            0,
            "a call that begins after the swap takes the new revision"
        );
    }
    println!("{} calls, none failed, none stale after a swap", seen.len());
    println!("{with}\n{without}\n{loading}");
    println!("with to without, target 2: {}", with.ratio_to(&without));
}

/// Of the calls that overlap a window, in milliseconds.
fn p99(seen: &[Seen], (from, to): (Instant, Instant)) -> f64 {
    let within = seen.iter().filter(|call| call.begun < to && call.ended > from);
    let mut took: Vec<Duration> = within.map(|call| call.ended - call.begun).collect();
    took.sort_unstable();
    assert!(!took.is_empty(), "there are calls in a window");
    took[took.len() * 99 / 100].as_secs_f64() * 1e3
}

/// Back from the newest revision to the one before, which is still loaded, and on again.
async fn rollbacks(core: &Core, connectors: &Connectors) {
    let mut commit = Figures::of("rollback, the commit", "ms");
    let mut answered = Figures::of("rollback, to the first answer of the older", "ms");
    for round in 0..ROUNDS {
        let newest = call(connectors).await.revision;
        let begun = Instant::now();
        let back = revision::rollback(core, TENANT, FB, VENDOR, Back::default(), &format!("terug {round}"))
            .await
            .expect("it goes back");
        commit.add(begun.elapsed().as_secs_f64() * 1e3);
        let seen = call(connectors).await;
        answered.add((seen.ended - begun).as_secs_f64() * 1e3);
        assert_eq!((back.from, seen.revision), (newest, back.to));
        revision::rollout(core, TENANT, FB, VENDOR, newest, &format!("weer verder {round}"))
            .await
            .expect("it goes on");
    }
    println!("{commit}\n{answered} (target 200)");
}
