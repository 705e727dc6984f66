//! One guarded call (slot, limits, deadlines, judgement, report) against raw wasmtime with the same guest, the same
//! pool and the same code: a fresh store and instance, one call, dropped. `good.get-component`, a record of 16 fields.

use std::sync::Arc;
use std::time::{Duration, Instant};

use oke_bench::Figures;
use oke_host::connector::build::componentize;
use oke_host::connector::call::{CallContext, Caller};
use oke_host::connector::compile::CacheKey;
use oke_host::connector::engine::{Engine, EngineSettings};
use oke_host::connector::limits::CallLimits;
use oke_host::connector::loaded::Loaded;
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre, Linker};

mod bindings {
    //! Generated from the contract.
    wasmtime::component::bindgen!({
        world: "oke:connector/serves-ta-toetscatalogus",
        path: ["../../wit/types", "../../wit/connector"],
        imports: { default: async },
        exports: { default: async },
    });
}

use bindings::exports::oke::connector::ta_toetscatalogus::GuestIndices;
use bindings::oke::connector::call::Context;

const ROUNDS: usize = 9;
const CALLS: u32 = 3_000;

fn main() {
    // `cargo test --benches` and `cargo bench NAME` hand arguments that this program has no use for.
    let (Some(guests), Some(oke)) = (std::env::var_os("OKE_GUESTS"), std::env::var_os("OKE_BIN")) else {
        println!("SKIPPED guarded_call: run `cargo bench-oke`, which builds the guests and the host and names both");
        return;
    };
    let module = std::fs::read(std::path::Path::new(&guests).join("oke_guest_good.wasm")).expect("the guest is built");
    let component = componentize(&module).expect("the guest can be made a component");
    let cache = tempfile::tempdir().expect("there is a place for temporary files");
    let settings = EngineSettings::new(cache.path().to_owned(), CacheKey::new(&[1; 32]), oke.into());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let raw = Raw::new(&settings, &component);
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

struct Raw {
    engine: wasmtime::Engine,
    instance: InstancePre<()>,
    indices: GuestIndices,
}

impl Raw {
    fn new(settings: &EngineSettings, component: &[u8]) -> Self {
        let engine = wasmtime::Engine::new(&settings.wasmtime_config()).expect("the engine's settings are sound");
        let component = Component::new(&engine, component).expect("the guest compiles");
        let mut linker = Linker::new(&engine);
        linker
            .define_unknown_imports_as_traps(&component)
            .expect("the guest's imports can be named");
        let instance = linker.instantiate_pre(&component).expect("the guest links");
        let indices = GuestIndices::new(&instance).expect("the guest serves the catalogue");
        Self {
            engine,
            instance,
            indices,
        }
    }

    async fn calls(&self, calls: u32) -> Duration {
        let begun = Instant::now();
        for _ in 0..calls {
            let mut store = Store::new(&self.engine, ());
            store.set_epoch_deadline(u64::from(u32::MAX));
            let instance = self.instance.instantiate_async(&mut store).await.expect("it starts");
            let guest = self
                .indices
                .load(&mut store, &instance)
                .expect("it has the contract's shape");
            let context = Context {
                tenant: "s1".to_owned(),
                now: 0,
                budget_ms: 1_000,
                idempotency_key: "k".to_owned(),
                config: Vec::new(),
            };
            let answer = guest.call_get_component(&mut store, &context, "test-1").await;
            assert!(answer.expect("it answers").expect("it succeeds").is_some());
        }
        begun.elapsed()
    }
}

struct Guarded {
    engine: Arc<Engine>,
    loaded: Arc<Loaded>,
}

impl Guarded {
    async fn new(settings: EngineSettings, component: &[u8]) -> Self {
        let engine = Engine::start(settings).expect("the engine starts");
        let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, component));
        let loaded = engine.load(&digest, component).await.expect("the guest loads");
        Self { engine, loaded }
    }

    async fn calls(&self, calls: u32) -> Duration {
        let begun = Instant::now();
        for _ in 0..calls {
            let context = CallContext {
                tenant: "school".to_owned(),
                tenant_alias: "s1".to_owned(),
                peer: "vendor".to_owned(),
                revision: "r1".to_owned(),
                now: jiff::Timestamp::UNIX_EPOCH,
                budget: Duration::from_secs(1),
                idempotency_key: "k".to_owned(),
                config: Vec::new(),
                grants: Arc::default(),
                endpoints: Arc::default(),
                limits: CallLimits::default(),
                recorder: None,
            };
            let caller = Caller::new(self.engine.clone(), self.loaded.clone(), context);
            assert!(
                caller
                    .get_component("test-1")
                    .await
                    .outcome
                    .expect("it answers")
                    .is_some()
            );
        }
        begun.elapsed()
    }
}
