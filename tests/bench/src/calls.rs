//! The same call, raw and guarded: `good.get-component`, a record of 16 fields, each time in a fresh store and instance
//! that is dropped afterwards.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oke_host::connector::build::componentize;
use oke_host::connector::call::{CallContext, Caller};
use oke_host::connector::engine::{Engine, EngineSettings};
use oke_host::connector::limits::CallLimits;
use oke_host::connector::loaded::Loaded;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, InstanceAllocationStrategy, Store};

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

/// The guest `good` as a component, from the folder with the guests' modules.
///
/// # Panics
/// When it is not there, or is none.
#[must_use]
pub fn good(guests: &OsStr) -> Vec<u8> {
    let module = std::fs::read(Path::new(guests).join("oke_guest_good.wasm")).expect("the guest is built");
    componentize(&module).expect("the guest can be made a component")
}

/// Wasmtime and nothing else: no limits, no deadlines, nobody counts.
pub struct Raw {
    engine: wasmtime::Engine,
    instance: InstancePre<()>,
    indices: GuestIndices,
}

impl Raw {
    /// With the host's pool and code.
    ///
    /// # Panics
    /// When the guest does not compile or link.
    #[must_use]
    pub fn like_the_host(settings: &EngineSettings, component: &[u8]) -> Self {
        Self::new(&settings.wasmtime_config(), component)
    }

    /// With wasmtime's pool as it comes.
    ///
    /// # Panics
    /// When the guest does not compile or link.
    #[must_use]
    pub fn plain(component: &[u8]) -> Self {
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::pooling());
        Self::new(&config, component)
    }

    fn new(config: &Config, component: &[u8]) -> Self {
        let engine = wasmtime::Engine::new(config).expect("the engine's settings are sound");
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

    /// How long so many calls take, one after the other.
    ///
    /// # Panics
    /// When one fails.
    pub async fn calls(&self, calls: u32) -> Duration {
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

/// The host's guarded call: slot, limits, deadlines, judgement, report.
pub struct Guarded {
    engine: Arc<Engine>,
    loaded: Arc<Loaded>,
}

impl Guarded {
    /// With the host's engine.
    ///
    /// # Panics
    /// When the engine does not start or the guest does not load.
    pub async fn new(settings: EngineSettings, component: &[u8]) -> Self {
        let engine = Engine::start(settings).expect("the engine starts");
        let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, component));
        let loaded = engine.load(&digest, component).await.expect("the guest loads");
        Self { engine, loaded }
    }

    /// How long so many calls take, one after the other.
    ///
    /// # Panics
    /// When one fails.
    pub async fn calls(&self, calls: u32) -> Duration {
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
