//! What goes on beside serving and jobs, for as long as the host runs: nobody waits for it.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::api::Service;
use crate::app::files::erase;
use crate::app::rollout::tally::WRITTEN_EVERY;
use crate::app::{Core, deadline, pull, recording};
use crate::audit::checkpoint;

/// So often the database is asked to look at what has filled up.
const GROWTH_EVERY: Duration = Duration::from_secs(1);
/// How often finished sittings are noted.
const SETTLE_EVERY: Duration = Duration::from_secs(1_800);
/// How often the heads of the audit chains are signed and leave the database.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

/// Begins all of it; each ends by itself after `stop`.
pub(super) fn start(service: &Service, stop: &CancellationToken) -> [JoinHandle<()>; 5] {
    let patient = service.core.patient();
    [
        tokio::spawn(checkpoints(service.clone(), stop.clone())),
        tokio::spawn(settle(patient.clone(), stop.clone())),
        tokio::spawn(tally(service.clone(), stop.clone())),
        tokio::spawn(look_at_growth(patient, stop.clone())),
        tokio::spawn(warm(service.clone(), stop.clone())),
    ]
}

/// Has the database find out now and then what has filled up.
async fn look_at_growth(core: Core, stop: CancellationToken) {
    let mut every = tokio::time::interval(GROWTH_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        let looked = tokio::select! {
            looked = core.db.look_at_growth() => looked,
            () = stop.cancelled() => return,
        };
        match looked {
            Ok(looked_at) if looked_at.is_empty() => {}
            Ok(looked_at) => debug!("the database looked at what has filled up: {}", looked_at.join(", ")),
            Err(error) => warn!("could not have the database look at what has filled up, will try again: {error}"),
        }
    }
}

/// Loads what may be called or gone back to: whoever calls a revision sooner loads it.
async fn warm(service: Service, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        outcome = service.connectors.warm_all() => match outcome {
            Ok(()) => info!("{} revisions of connectors are loaded", service.connectors.loaded()),
            Err(error) => warn!("could not look up which revisions to load: {error}"),
        }
    }
}

/// Notes now and then which sittings have nothing left to do, erases recorded exchanges and carried files whose days are
/// over, and has rounds of asking a student system begin anew that have stood still for a day.
async fn settle(core: Core, stop: CancellationToken) {
    let mut every = tokio::time::interval(SETTLE_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = deadline::settle_everywhere(&core).await {
            warn!("could not note which sittings are finished, will try again: {error}");
        }
        if let Err(error) = recording::sweep(&core).await {
            warn!("could not erase recorded exchanges whose days are over, will try again: {error}");
        }
        if let Err(error) = erase::sweep(&core).await {
            warn!("could not erase carried files whose days are over, will try again: {error}");
        }
        if let Err(error) = pull::restart_dead(&core).await {
            warn!("could not look for rounds of asking that stand still, will try again: {error}");
        }
    }
}

/// Writes now and then what calls came to; the last is written by who waits for the calls to end.
async fn tally(service: Service, stop: CancellationToken) {
    let mut every = tokio::time::interval(WRITTEN_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        service.connectors.tally().write(&service.core.patient()).await;
    }
}

async fn checkpoints(service: Service, stop: CancellationToken) {
    if let Err(error) = checkpoint::write_missing(&service.core, &service.checkpoints).await {
        warn!("could not write the checkpoints that are missing outside the database: {error}");
    }
    let mut every = tokio::time::interval(CHECKPOINT_EVERY);
    loop {
        let stopping = tokio::select! {
            _ = every.tick() => false,
            () = stop.cancelled() => true,
        };
        if let Err(error) = checkpoint::checkpoint_now(&service.core, &service.checkpoints).await {
            warn!("could not sign a checkpoint of the audit chains, will try again: {error}");
        }
        if stopping {
            return;
        }
    }
}
