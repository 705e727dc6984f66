//! What surrounds every call: the slot, the fresh store with its limits, the deadlines, and the judgement at the end.
//!
//! Three deadlines, none of which can stand in for another: the network stops first, so that the guest can still
//! answer; then the epoch traps the guest that computes, and a timer drops the call that waits, in the host, for a
//! slot, or for its turn in the slow lane. What is left of the budget is for clearing up on a busy machine.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::domain::interface::Interface;

use super::super::bindings::call;
use super::super::blame::{CallError, Failure};
use super::super::convert::Judged;
use super::super::engine::Running;
use super::super::limits::{HOST_CALL_FUEL, MOST_HELD_BODIES, Meter, StoreLimits};
use super::super::manifest::ConfigValue;
use super::super::pool::{Customer, Slot};
use super::super::store_data::CallState;
use super::{Answer, CallReport, Caller};

/// Calls one function of one served interface under guard:
/// `guarded!(caller, Interface, indices_field, |guest, store, context| call, judge)`.
macro_rules! guarded {
    ($caller:expr, $interface:ident . $field:ident, |$guest:ident, $store:ident, $context:ident| $call:expr, $judge:expr) => {{
        let caller = $caller;
        let guard = $crate::connector::call::guard::Guard::begin(caller);
        let outcome = guard
            .within_budget(async {
                let indices =
                    caller
                        .loaded
                        .indices
                        .$field
                        .as_ref()
                        .ok_or($crate::connector::blame::Failure::NotServed(
                            $crate::domain::interface::Interface::$interface,
                        ))?;
                let mut room = guard.enter().await?;
                let $guest = indices
                    .load(&mut room.store, &room.instance)
                    .map_err($crate::connector::blame::Failure::Stopped)?;
                let $context = &room.context;
                let $store = &mut room.store;
                let returned = $call.await;
                room.judge(returned, $judge)
            })
            .await;
        guard.end(outcome)
    }};
}
pub(super) use guarded;

/// One call from its begin to its end.
pub(in crate::connector) struct Guard<'a> {
    caller: &'a Caller,
    meter: Arc<Meter>,
    deadlines: Deadlines,
    waited: std::sync::OnceLock<Duration>,
}

/// Moments at which a call is stopped, the earliest first.
#[derive(Clone, Copy)]
struct Deadlines {
    begun: Instant,
    network: Instant,
    /// For the guest that computes and for the call that waits.
    call: Instant,
    budget: Instant,
}

impl Deadlines {
    fn of(begun: Instant, budget: Duration) -> Self {
        // Time for the guest to answer after the network stopped, and for the call to be cleared up.
        let step = (budget / 10).min(Duration::from_millis(250));
        Self {
            begun,
            network: begun + (budget - 2 * step),
            call: begun + (budget - step),
            budget: begun + budget,
        }
    }
}

/// A slot with a fresh instance in it. Fields are dropped in order: the store before the slot it stands in.
pub(in crate::connector) struct Room<'a> {
    pub store: Store<CallState>,
    pub instance: Instance,
    pub context: call::Context,
    _running: Running<'a>,
    _slot: Slot,
}

impl<'a> Guard<'a> {
    pub fn begin(caller: &'a Caller) -> Self {
        Self {
            caller,
            meter: Arc::default(),
            deadlines: Deadlines::of(Instant::now(), caller.context.budget()),
            waited: std::sync::OnceLock::new(),
        }
    }

    /// The timer around everything.
    pub async fn within_budget<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match tokio::time::timeout_at(self.deadlines.call.into(), work).await {
            Ok(outcome) => outcome,
            Err(_) if self.waited.get().is_none() => Err(Failure::NoSlot),
            Err(_) => Err(Failure::TooLate),
        }
    }

    /// Waits for a slot and makes an instance in it.
    pub async fn enter(&self) -> Result<Room<'a>, Failure> {
        let caller = self.caller;
        let engine = &caller.engine;
        let customer = Customer {
            tenant: caller.context.tenant.clone(),
            peer: caller.context.peer.clone(),
        };
        let (slot, running) = engine.enter(customer).await;
        if Instant::now() >= self.deadlines.call {
            return Err(Failure::NoSlot);
        }
        self.waited.get_or_init(|| self.deadlines.begun.elapsed());
        let memory_cap = caller.context.limits.memory.min(engine.memory_cap());
        let state = CallState {
            context: caller.context.clone(),
            table: CallState::table(),
            limits: StoreLimits::new(memory_cap, self.meter.clone()),
            lane: engine.slow_lane.enter(self.deadlines.call, self.meter.clone()),
            meter: self.meter.clone(),
            egress: engine.egress.clone(),
            network_until: self.deadlines.network,
            budget_ends: self.deadlines.budget,
            bytes_read: 0,
            digest: caller.loaded.digest.clone(),
        };
        let mut store = Store::try_new(engine.wasmtime(), state).map_err(Failure::Stopped)?;
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(HOST_CALL_FUEL);
        store.set_max_component_handles(2 * MOST_HELD_BODIES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().lane.tick()));
        let instance = caller
            .loaded
            .instance
            .instantiate_async(&mut store)
            .await
            .map_err(Failure::Stopped)?;
        Ok(Room {
            store,
            instance,
            context: self.context(),
            _running: running,
            _slot: slot,
        })
    }

    /// What the guest is told about the call.
    fn context(&self) -> call::Context {
        let context = &self.caller.context;
        call::Context {
            tenant: context.tenant_alias.clone(),
            now: context.now.as_millisecond(),
            budget_ms: u32::try_from(context.budget().as_millis()).unwrap_or(u32::MAX),
            idempotency_key: context.idempotency_key.clone(),
            config: context
                .config
                .iter()
                .map(|(key, value)| (key.clone(), config_value(value)))
                .collect(),
        }
    }

    /// Blame, decision and report. An incident outweighs what the guest made of it.
    pub fn end<T>(self, outcome: Result<T, Failure>) -> Answer<T> {
        let meter = &self.meter;
        let outcome = match (meter.take_incident(), outcome) {
            (Some(incident), _) => Err(CallError::from(incident)),
            (None, Ok(value)) => Ok(value),
            (None, Err(failure)) => Err(failure.judge(meter, self.caller.context.budget())),
        };
        let count = |counter: &std::sync::atomic::AtomicU32| counter.load(Ordering::Relaxed);
        let wall = self.deadlines.begun.elapsed();
        let report = CallReport {
            wall,
            waited: self.waited.get().copied().unwrap_or(wall),
            network: Duration::from_micros(meter.network_micros.load(Ordering::Relaxed)),
            guest_ms: count(&meter.guest_ticks),
            demoted: count(&meter.demoted) > 0,
            memory_peak: meter.memory_peak.load(Ordering::Relaxed),
            host_calls: count(&meter.host_calls),
            requests: count(&meter.requests),
            bytes_sent: meter.bytes_sent.load(Ordering::Relaxed),
            bytes_received: meter.bytes_received.load(Ordering::Relaxed),
            log_lines: count(&meter.log_lines),
            log_lines_dropped: count(&meter.log_lines_dropped),
        };
        Answer { outcome, report }
    }
}

impl Room<'_> {
    /// What a guest returned, as the model or as what is wrong with it.
    pub fn judge<W, T>(
        &mut self,
        returned: wasmtime::Result<Result<W, call::Error>>,
        judge: impl FnOnce(W, &mut CallState) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match returned {
            Ok(Ok(value)) => judge(value, self.store.data_mut()),
            Ok(Err(error)) => Err(Failure::Said(error)),
            Err(error) => Err(Failure::Stopped(error)),
        }
    }
}

/// A judgement that needs nothing but the value.
pub(super) fn model<W, T>(judge: impl FnOnce(W) -> Judged<T>) -> impl FnOnce(W, &mut CallState) -> Result<T, Failure> {
    |value, _| judge(value).map_err(Failure::Broken)
}

/// The same for a value that may be absent.
pub(super) fn optional<W, T>(
    judge: impl FnOnce(W) -> Judged<T>,
) -> impl FnOnce(Option<W>, &mut CallState) -> Result<Option<T>, Failure> {
    |value, _| value.map(judge).transpose().map_err(Failure::Broken)
}

fn config_value(value: &ConfigValue) -> call::ConfigValue {
    match value {
        ConfigValue::Text(text) => call::ConfigValue::Text(text.clone()),
        ConfigValue::Number(number) => call::ConfigValue::Number(*number),
        ConfigValue::Flag(flag) => call::ConfigValue::Flag(*flag),
    }
}

impl Caller {
    /// Instantiates the connector and loads every interface it serves; gives the first whose functions have other
    /// types than the contract's.
    pub(in crate::connector) async fn start(&self) -> Result<Option<(Interface, String)>, CallError> {
        let guard = Guard::begin(self);
        let started = guard
            .within_budget(async {
                let mut room = guard.enter().await?;
                let indices = &self.loaded.indices;
                macro_rules! other_shape {
                    ($($interface:ident . $field:ident),+) => {
                        $(
                            if let Some(found) = &indices.$field
                                && let Err(error) = found.load(&mut room.store, &room.instance)
                            {
                                return Ok(Some((Interface::$interface, format!("{error:#}"))));
                            }
                        )+
                    };
                }
                other_shape!(
                    TaToetscatalogus.ta_toetscatalogus,
                    TaZittingsplan.ta_zittingsplan,
                    TaResultaten.ta_resultaten,
                    TaZittingsverslag.ta_zittingsverslag,
                    DrToetsdeelnemers.dr_toetsdeelnemers,
                    DrStudentresultaat.dr_studentresultaat,
                    TplResultaten.tpl_resultaten,
                    TplZittingsverslag.tpl_zittingsverslag,
                    Webhook.webhook,
                    Files.files
                );
                Ok(None)
            })
            .await;
        guard.end(started).outcome
    }
}
