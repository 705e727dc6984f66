//! The keuring of a package: its component is loaded and played against the simulators, scenario by scenario; what came
//! of it is sealed by the host and kept.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{draft, payload};
use crate::app::package::{self, PackageError};
use crate::app::running::Connectors;
use crate::app::{Core, keuring, recording};
use crate::conformance::replay::Recorded;
use crate::conformance::{NotTried, Trial};
use crate::connector::engine::Engine;
use crate::domain::keuring::Outcome;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::keuring::{self as kept, KeuringRow, KeuringState};

/// So many scenarios between two notes of how far it is.
const NOTE_EVERY: usize = 8;

pub(super) struct KeurPackage(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    keuring: String,
}

impl JobKind for KeurPackage {
    fn name(&self) -> &'static str {
        keuring::KEUR_PACKAGE
    }

    fn budget(&self) -> Duration {
        // Compiling in the child may take minutes on a busy machine.
        Duration::from_secs(10 * 60)
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(keur(&self.0, context))
    }
}

async fn keur(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { keuring: id } = payload(&context)?;
    let (core, tenant) = (&context.core, &context.job.tenant);
    let Some(row) = kept::find(&core.db, tenant, &id).await? else {
        return Err(JobError::permanent(Blame::Host, format!("there is no keuring {id}")));
    };
    if row.state != KeuringState::Waiting {
        // Ended by a run before, whose own end was lost.
        return Ok(Done::nothing());
    }
    let (outcomes, obstacle) = match try_out(core, connectors.engine(), row).await? {
        Ok(outcomes) => (outcomes, None),
        Err(obstacle) => (Vec::new(), Some(obstacle)),
    };
    Ok(Done::deciding(move || {
        let (context, id) = (context.clone(), id.clone());
        let (outcomes, obstacle) = (outcomes.clone(), obstacle.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            let row = kept::find(&context.core.db, &context.job.tenant, &id).await?;
            if let Some(row) = row.filter(|row| row.state == KeuringState::Waiting) {
                keuring::finish(&mut draft, row, outcomes, obstacle);
            }
            Ok(draft.finish())
        }
    }))
}

/// The outcomes, or why the package could not be tried; an error when this host could not.
async fn try_out(
    core: &Core,
    engine: &std::sync::Arc<Engine>,
    row: KeuringRow,
) -> Result<Result<Vec<Outcome>, String>, JobError> {
    let verified = match package::open(core, &row.tenant, &row.digest).await {
        Ok((_, verified)) => verified,
        Err(PackageError::Store(error)) => return Err(error.into()),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let component = verified.package.component();
    let ours = |error: NotTried| JobError::transient(Blame::Host, None, error.to_string());
    let trial = match Trial::of(engine, component, &verified.contents, core.now()).await {
        Ok(trial) => trial,
        Err(error @ (NotTried::Load(_) | NotTried::Configuration { .. })) => return Ok(Err(error.to_string())),
        Err(error) => return Err(ours(error)),
    };
    let mut playing = trial.begin().await.map_err(ours)?;
    let total = playing.total();
    let mut row = keuring::note_progress(core, row, 0, total).await?;
    let mut outcomes = Vec::new();
    while let Some(outcome) = playing.next().await {
        outcomes.push(outcome);
        if outcomes.len() % NOTE_EVERY == 0 {
            row = keuring::note_progress(core, row, outcomes.len(), total).await?;
        }
    }
    // What the vendor really said, where that was recorded, after what the simulators say.
    let recorded = recording::of_connector(core, &row.tenant, &verified.contents.manifest).await;
    let recorded = recorded.map_err(|error| JobError::transient(Blame::Host, None, error.to_string()))?;
    for (call, config) in recorded {
        if let Some(asked) = call.said.asked {
            let recorded = Recorded {
                asked,
                exchanged: call.said.exchanged,
                is_partial: call.said.is_partial,
                outcome: call.outcome,
                at: call.at,
                config,
            };
            outcomes.push(trial.replay(&recorded).await);
        }
    }
    Ok(Ok(outcomes))
}
