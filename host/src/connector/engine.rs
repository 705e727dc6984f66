//! The engine that runs connectors: how wasmtime is set up, the clock that interrupts guests, and loading a version.
//!
//! One engine for small guests. Each call gets a fresh instance from a pool, and its store is dropped afterwards.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use super::bindings;
use super::compile::{CacheKey, CompileError, Compiler};
use super::egress::Egress;
use super::limits::{INSTANCES_PER_COMPONENT, MEMORIES_PER_COMPONENT, MOST_TABLE_ELEMENTS, TABLES_PER_COMPONENT};
use super::loaded::{LoadError, Loaded};
use super::pool::{Customer, Slot, Slots};
use super::slow_lane::SlowLane;
use super::store_data::{CallState, Imports};

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Calls that run at the same time.
    pub slots: usize,
    /// Of those, at most so many of one tenant's connector.
    pub slots_per_connector: usize,
    /// Most linear memory of one call, bytes. All slots together may use `slots` times this.
    pub memory_cap: usize,
    /// Demoted calls that compute at the same time.
    pub slow_lane_width: usize,
    /// Folder for compiled components.
    pub cache: PathBuf,
    /// Authenticates what lies in that folder.
    pub cache_key: CacheKey,
    /// The `oke` binary, started to compile: `std::env::current_exe()`.
    pub compiler: PathBuf,
}

impl EngineSettings {
    /// Settings for a machine with a few cores: 32 slots of at most 64 MiB, 8 per connector, one slow lane.
    pub fn new(cache: PathBuf, cache_key: CacheKey, compiler: PathBuf) -> Self {
        Self {
            slots: 32,
            slots_per_connector: 8,
            memory_cap: 64 << 20,
            slow_lane_width: 1,
            cache,
            cache_key,
            compiler,
        }
    }

    /// What wasmtime is told: for a benchmark's baseline with the same pool and the same code.
    pub fn wasmtime_config(&self) -> Config {
        pooled(self)
    }
}

/// Runs connectors. One per process, shared.
pub struct Engine {
    wasmtime: wasmtime::Engine,
    linker: Linker<CallState>,
    slots: Arc<Slots>,
    compiler: Compiler,
    ticker: Ticker,
    memory_cap: usize,
    pub(super) slow_lane: SlowLane,
    pub(super) egress: Arc<Egress>,
    loaded: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Weak<Loaded>>>>>,
}

/// An engine that could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refuses these settings, or the machine can't give what they ask (address space).
    #[error("could not set up wasmtime: {0}")]
    Wasmtime(String),
    /// The cache of compiled components can't be used.
    #[error(transparent)]
    Cache(#[from] CompileError),
    /// The thread that interrupts guests did not start.
    #[error("could not start the engine's clock")]
    Clock(#[source] std::io::Error),
}

/// How busy the engine is. Everything that is "now" is zero when no call is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolMetrics {
    /// Calls that can run at the same time.
    pub slots: usize,
    /// Calls that run now.
    pub in_use: usize,
    /// Calls that wait for a slot now.
    pub waiting: usize,
    /// Calls in the slow lane now.
    pub in_slow_lane: usize,
    /// Instances alive now, by wasmtime's own count.
    pub instances: u64,
    /// Linear memories in use now, by wasmtime's own count.
    pub memories: usize,
    /// Guest stacks in use now, by wasmtime's own count.
    pub stacks: usize,
    /// Slots given out since the start.
    pub served: u64,
    /// Calls that had to wait since the start.
    pub waited: u64,
}

impl Engine {
    /// Starts an engine and its clock.
    pub fn start(settings: EngineSettings) -> Result<Arc<Self>, EngineError> {
        let refused = |error: wasmtime::Error| EngineError::Wasmtime(format!("{error:#}"));
        let wasmtime = wasmtime::Engine::new(&settings.wasmtime_config()).map_err(refused)?;
        let mut linker = Linker::new(&wasmtime);
        bindings::http::add_to_linker::<_, Imports>(&mut linker, |state| state).map_err(refused)?;
        bindings::log::add_to_linker::<_, Imports>(&mut linker, |state| state).map_err(refused)?;
        let compiler = Compiler::new(settings.cache, settings.cache_key, settings.compiler, &wasmtime)?;
        let ticker = Ticker::start(&wasmtime).map_err(EngineError::Clock)?;
        Ok(Arc::new(Self {
            wasmtime,
            linker,
            slots: Slots::new(settings.slots, settings.slots_per_connector),
            compiler,
            ticker,
            memory_cap: settings.memory_cap,
            slow_lane: SlowLane::new(settings.slow_lane_width),
            egress: Arc::default(),
            loaded: Mutex::default(),
        }))
    }

    /// Loads one version of a connector: compiled or from the cache, its imports and exports checked, started once to
    /// see that it starts. `digest` is the SHA-256 of `component` in hexadecimal, with or without `sha256:`. A version
    /// that is loaded already is given again.
    pub async fn load(self: &Arc<Self>, digest: &str, component: &[u8]) -> Result<Arc<Loaded>, LoadError> {
        let digest = digest.strip_prefix("sha256:").unwrap_or(digest).to_owned();
        let actual = hex::encode(ring::digest::digest(&ring::digest::SHA256, component));
        if actual != digest {
            return Err(LoadError::AnotherDigest {
                expected: digest,
                actual,
            });
        }
        let place = {
            let mut loaded = self.loaded.lock().expect("no holder of this lock panics");
            loaded.entry(digest.clone()).or_default().clone()
        };
        // Held while loading, so that two callers load once.
        let mut place = place.lock().await;
        if let Some(loaded) = place.upgrade() {
            return Ok(loaded);
        }
        let compiled = self.compiler.load(&self.wasmtime, &digest, component).await?;
        let loaded = Arc::new(Loaded::new(&self.linker, digest.into(), compiled)?);
        loaded.start_once(self).await?;
        *place = Arc::downgrade(&loaded);
        Ok(loaded)
    }

    /// How busy it is now.
    pub fn metrics(&self) -> PoolMetrics {
        let counts = self.slots.counts();
        let pool = self.wasmtime.pooling_allocator_metrics();
        PoolMetrics {
            slots: counts.slots,
            in_use: counts.in_use,
            waiting: counts.waiting,
            in_slow_lane: self.slow_lane.inside(),
            instances: pool.as_ref().map_or(0, |pool| pool.component_instances()),
            memories: pool.as_ref().map_or(0, |pool| pool.memories()),
            stacks: pool.as_ref().map_or(0, |pool| pool.stacks()),
            served: counts.served,
            waited: counts.waited,
        }
    }

    pub(super) async fn enter(&self, customer: Customer) -> (Slot, Running<'_>) {
        let slot = self.slots.enter(customer).await;
        (slot, self.ticker.run())
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.wasmtime
    }

    pub(super) fn memory_cap(&self) -> usize {
        self.memory_cap
    }
}

/// What guests may be made of, and how they are compiled. The same for the child that compiles and the engine that
/// runs, else the code would not load.
fn guest_config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(20))
        // Backtraces name functions; without this they name nothing.
        .generate_address_map(true)
        .concurrency_support(false)
        .shared_memory(false)
        // What a translator does not need, it does not get.
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_extended_const(true)
        .max_wasm_stack(512 << 10);
    config
}

/// The engine of the compiling child: no pool, nothing runs.
pub(super) fn compiling_engine() -> wasmtime::Result<wasmtime::Engine> {
    wasmtime::Engine::new(&guest_config())
}

fn pooled(settings: &EngineSettings) -> Config {
    let slots = u32::try_from(settings.slots).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(INSTANCES_PER_COMPONENT))
        .total_memories(slots.saturating_mul(MEMORIES_PER_COMPONENT))
        .total_tables(slots.saturating_mul(TABLES_PER_COMPONENT))
        .total_stacks(slots)
        .max_core_instances_per_component(INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_tables_per_module(4)
        .table_elements(MOST_TABLE_ELEMENTS)
        .max_memory_size(settings.memory_cap)
        .max_unused_warm_slots(slots);
    // Measured: keeping pages resident pays only where the kernel tells which ones were touched; without that it
    // clears everything and costs more than it saves.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(2 << 20)
            .table_keep_resident(64 << 10);
    }
    let mut config = guest_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// The engine's clock: an OS thread, since a task could be starved by the very guest it should interrupt. It sleeps
/// while nothing runs.
struct Ticker {
    shared: Arc<TickerShared>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct TickerShared {
    running: std::sync::atomic::AtomicUsize,
    stop: AtomicBool,
}

const TICK: Duration = Duration::from_millis(1);
/// So long it ticks on without calls: between the calls of a busy minute nobody has to wake it.
const IDLE_TICKS: u32 = 1_000;

impl Ticker {
    fn start(engine: &wasmtime::Engine) -> std::io::Result<Self> {
        let shared = Arc::<TickerShared>::default();
        let (seen, engine) = (shared.clone(), engine.clone());
        let handle = std::thread::Builder::new()
            .name("oke-epoch".to_owned())
            .spawn(move || {
                let mut idle_ticks = 0;
                while !seen.stop.load(Ordering::Acquire) {
                    idle_ticks = match seen.running.load(Ordering::Acquire) {
                        0 => idle_ticks + 1,
                        _ => 0,
                    };
                    if idle_ticks > IDLE_TICKS {
                        // A call that begins unparks; one that began just now left a token, so this returns at once.
                        std::thread::park();
                        idle_ticks = 0;
                    }
                    std::thread::sleep(TICK);
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            shared,
            thread: handle.thread().clone(),
            handle: Some(handle),
        })
    }

    /// The clock ticks as long as what this gives is kept.
    fn run(&self) -> Running<'_> {
        if self.shared.running.fetch_add(1, Ordering::AcqRel) == 0 {
            self.thread.unpark();
        }
        Running(&self.shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.thread.unpark();
        if let Some(handle) = self.handle.take() {
            // It can't panic; if it did, there is nobody left to interrupt.
            let _ended = handle.join();
        }
    }
}

/// A call for which the clock ticks.
pub(super) struct Running<'a>(&'a TickerShared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
