//! Guarded calls on two threads at once against an unguarded set-up on two threads: wasmtime's pool as it comes, and the
//! host's own pool and code. What two threads share is one address space, which every fresh instance changes. The same
//! call as `guarded_call`; calls per second, more is better.

use std::sync::Arc;
use std::time::Instant;

use oke_bench::Figures;
use oke_bench::calls::{self, Guarded, Raw};
use oke_host::connector::compile::CacheKey;
use oke_host::connector::engine::EngineSettings;

const ROUNDS: usize = 9;
/// Of each thread, per round.
const CALLS: u32 = 3_000;
const THREADS: usize = 2;

fn main() {
    let (Some(guests), Some(oke)) = (std::env::var_os("OKE_GUESTS"), std::env::var_os("OKE_BIN")) else {
        println!(
            "SKIPPED guarded_call_two_threads: run `cargo bench-oke`, which builds the guests and the host and names both"
        );
        return;
    };
    let component = calls::good(&guests);
    let cache = tempfile::tempdir().expect("there is a place for temporary files");
    let settings = EngineSettings::new(cache.path().to_owned(), CacheKey::new(&[1; 32]), oke.into());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let plain = Arc::new(Raw::plain(&component));
        let tuned = Arc::new(Raw::like_the_host(&settings, &component));
        let guarded = Arc::new(Guarded::new(settings, &component).await);
        let mut plain_figures = Figures::of("unguarded, wasmtime's own pool", "calls/s");
        let mut tuned_figures = Figures::of("unguarded, the host's pool and code", "calls/s");
        let mut guarded_figures = Figures::of("guarded, two threads", "calls/s");
        let mut alone_figures = Figures::of("guarded, one thread", "calls/s");
        // The first round fills pools and caches, and does not count.
        for round in 0..=ROUNDS {
            let figures = [
                at_once(THREADS, || raw_calls(plain.clone())).await,
                at_once(THREADS, || raw_calls(tuned.clone())).await,
                at_once(THREADS, || guarded_calls(guarded.clone())).await,
                at_once(1, || guarded_calls(guarded.clone())).await,
            ];
            if round > 0 {
                plain_figures.add(figures[0]);
                tuned_figures.add(figures[1]);
                guarded_figures.add(figures[2]);
                alone_figures.add(figures[3]);
            }
        }
        println!("guarded_call_two_threads: {CALLS} calls a thread and round, in turns");
        println!("{plain_figures}\n{tuned_figures}\n{guarded_figures}\n{alone_figures}");
        println!(
            "to wasmtime's own pool, target 1.1: {}",
            guarded_figures.ratio_to(&plain_figures)
        );
        println!(
            "to the host's pool:                 {}",
            guarded_figures.ratio_to(&tuned_figures)
        );
        println!(
            "two threads to one:                 {}",
            guarded_figures.ratio_to(&alone_figures)
        );
    });
}

async fn raw_calls(raw: Arc<Raw>) {
    raw.calls(CALLS).await;
}

async fn guarded_calls(guarded: Arc<Guarded>) {
    guarded.calls(CALLS).await;
}

/// Calls per second of so many threads together.
async fn at_once<F>(threads: usize, calls: impl Fn() -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let begun = Instant::now();
    let running: Vec<_> = (0..threads).map(|_| tokio::spawn(calls())).collect();
    for one in running {
        one.await.expect("no call fails");
    }
    f64::from(CALLS) * threads as f64 / begun.elapsed().as_secs_f64()
}
