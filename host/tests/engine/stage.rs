//! An engine with guests, and callers for them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::time::Duration;

use oke_host::connector::blame::{Blame, CallError, Decision};
use oke_host::connector::build::componentize;
use oke_host::connector::call::{Answer, CallContext, CallReport, Caller};
use oke_host::connector::compile::CacheKey;
use oke_host::connector::egress::{Credentials, Endpoint, Endpoints};
use oke_host::connector::engine::{Engine, EngineSettings};
use oke_host::connector::grant::{Grants, Rules};
use oke_host::connector::limits::CallLimits;
use oke_host::connector::loaded::{LoadError, Loaded};

/// An engine and where its guests come from.
pub struct Stage {
    pub engine: Arc<Engine>,
    guests: PathBuf,
}

/// The engine's usual settings, with a cache that the tests of one build share.
pub fn settings() -> EngineSettings {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    EngineSettings::new(cache, CacheKey::new(&[7; 32]), env!("CARGO_BIN_EXE_oke").into())
}

/// The folder with the guests' core modules, or nothing and a plain word about it.
pub fn guests() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let folder = std::env::var_os("OKE_GUESTS").map(PathBuf::from);
    if folder.is_none() {
        SAID.call_once(|| {
            // Not by `eprintln!`, which the test harness swallows.
            let said = "SKIPPED: the engine's tests need guests: run `cargo guests` and set OKE_GUESTS to its folder\n";
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        });
    }
    folder
}

/// A guest's component, made from its core module.
pub fn component(guests: &std::path::Path, name: &str) -> Vec<u8> {
    let path = guests.join(format!("oke_guest_{}.wasm", name.replace('-', "_")));
    let module = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    componentize(&module).unwrap()
}

pub fn digest(component: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, component))
}

impl Stage {
    /// The usual engine; nothing when there are no guests.
    pub fn new() -> Option<Self> {
        Self::with(settings())
    }

    pub fn with(settings: EngineSettings) -> Option<Self> {
        let guests = guests()?;
        let engine = Engine::start(settings).unwrap();
        Some(Self { engine, guests })
    }

    pub async fn try_load(&self, guest: &str) -> Result<Arc<Loaded>, LoadError> {
        let component = component(&self.guests, guest);
        self.engine.load(&digest(&component), &component).await
    }

    pub async fn load(&self, guest: &str) -> Arc<Loaded> {
        self.try_load(guest).await.unwrap()
    }

    /// A caller with nothing granted and a budget of two seconds.
    pub fn caller(&self, loaded: &Arc<Loaded>) -> Caller {
        self.caller_with(loaded, context())
    }

    pub fn caller_with(&self, loaded: &Arc<Loaded>, context: CallContext) -> Caller {
        Caller::new(self.engine.clone(), loaded.clone(), context)
    }

    /// Nothing of any call is left: slots, instances, memories, stacks, the slow lane.
    pub fn assert_all_came_back(&self) {
        let metrics = self.engine.metrics();
        assert_eq!(
            (
                metrics.in_use,
                metrics.waiting,
                metrics.in_slow_lane,
                metrics.instances,
                metrics.memories,
                metrics.stacks
            ),
            (0, 0, 0, 0, 0, 0),
            "{metrics:?}"
        );
    }
}

/// A call without grants.
pub fn context() -> CallContext {
    CallContext {
        tenant: "school".to_owned(),
        tenant_alias: "s1".to_owned(),
        peer: "vendor".to_owned(),
        revision: "r1".to_owned(),
        now: "2026-06-01T07:00:00Z".parse().unwrap(),
        budget: Duration::from_secs(2),
        idempotency_key: "k1".to_owned(),
        config: Vec::new(),
        grants: Arc::new(Grants::none()),
        endpoints: Arc::new(Endpoints::none()),
        limits: CallLimits::default(),
        recorder: None,
    }
}

pub trait Adjust {
    fn budget(self, millis: u64) -> Self;
    fn peer(self, peer: &str) -> Self;
    /// The endpoint `api` at a vendor on the loopback, with these rules.
    fn api(self, base: &str, credentials: Credentials, rules: &[&str]) -> Self;
}

impl Adjust for CallContext {
    fn budget(mut self, millis: u64) -> Self {
        self.budget = Duration::from_millis(millis);
        self
    }

    fn peer(mut self, peer: &str) -> Self {
        self.peer = peer.to_owned();
        self
    }

    fn api(mut self, base: &str, credentials: Credentials, rules: &[&str]) -> Self {
        let endpoint = Endpoint::new(base, credentials)
            .unwrap()
            .allowing(["127.0.0.0/8".parse().unwrap()]);
        self.endpoints = Arc::new(Endpoints::from_iter([("api".to_owned(), endpoint)]));
        self.grants = Arc::new(grants(rules));
        self
    }
}

/// Rules for the endpoint `api`, asked for and granted alike.
pub fn grants(rules: &[&str]) -> Grants {
    let allow = rules.iter().map(|rule| rule.to_string().try_into().unwrap()).collect();
    let rules: Rules = BTreeMap::from([("api".to_owned(), allow)]);
    Grants::new(rules.clone(), rules)
}

/// The error of an answer that must have one, with its report, which must be inside the budget.
pub fn failed<T>(answer: Answer<T>, budget_millis: u64) -> (CallError, CallReport) {
    let error = match answer.outcome {
        Ok(_) => panic!("the call should have failed"),
        Err(error) => error,
    };
    let wall = answer.report.wall;
    assert!(wall <= Duration::from_millis(budget_millis), "{wall:?}: {error}");
    (error, answer.report)
}

/// It was the connector's fault.
pub fn assert_bug(error: &CallError) {
    assert_eq!(
        (error.blame, &error.decision),
        (Blame::Connector, &Decision::Bug),
        "{error}"
    );
}
