//! One guarded call (slot, limits, deadlines, judgement, report) against raw wasmtime with the same guest, the same
//! pool and the same code: a fresh store and instance, one call, dropped. `good.get-component`, a record of 16 fields.

use oke_bench::Figures;
use oke_bench::calls::{self, Guarded, Raw};
use oke_host::connector::compile::CacheKey;
use oke_host::connector::engine::EngineSettings;

const ROUNDS: usize = 9;
const CALLS: u32 = 3_000;

fn main() {
    // `cargo test --benches` and `cargo bench NAME` hand arguments that this program has no use for.
    let (Some(guests), Some(oke)) = (std::env::var_os("OKE_GUESTS"), std::env::var_os("OKE_BIN")) else {
        println!("SKIPPED guarded_call: run `cargo bench-oke`, which builds the guests and the host and names both");
        return;
    };
    let component = calls::good(&guests);
    let cache = tempfile::tempdir().expect("there is a place for temporary files");
    let settings = EngineSettings::new(cache.path().to_owned(), CacheKey::new(&[1; 32]), oke.into());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let raw = Raw::like_the_host(&settings, &component);
        let guarded = Guarded::new(settings, &component).await;
        let (mut raw_figures, mut guarded_figures) = (
            Figures::of("raw wasmtime, fresh instance", "us"),
            Figures::of("guarded call, fresh instance", "us"),
        );
        raw.calls(CALLS).await;
        guarded.calls(CALLS).await;
        for _ in 0..ROUNDS {
            raw_figures.add_calls(CALLS, raw.calls(CALLS).await);
            guarded_figures.add_calls(CALLS, guarded.calls(CALLS).await);
        }
        println!("guarded_call: {CALLS} calls a round, in turns, one thread");
        println!(
            "{raw_figures}\n{guarded_figures}\n{}",
            guarded_figures.ratio_to(&raw_figures)
        );
    });
}
