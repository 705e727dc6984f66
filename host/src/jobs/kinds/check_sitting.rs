//! Flow 2: reads a sitting back that was told again after a rollback, until the vendor has it as it was planned (R25).

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use serde::Deserialize;

use super::call::{Line, draft, payload};
use super::comparing;
use crate::app::comparison::Read;
use crate::app::repair;
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::domain::association::Association;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::{association, offering};

/// Until what was told again has been confirmed, it is looked at this often.
const CONFIRMED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// While it differs it is read back this often: long enough for a person or a vendor to mend it.
const DIFFERS_EVERY: SignedDuration = SignedDuration::from_mins(15);

pub(super) struct CheckSitting(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    offering: String,
}

impl JobKind for CheckSitting {
    fn name(&self) -> &'static str {
        repair::CHECK_SITTING
    }

    /// Every page may take a call's longest budget.
    fn budget(&self) -> Duration {
        Duration::from_secs(3 * 60)
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(check(&self.0, context))
    }
}

async fn check(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { offering: id } = payload(&context)?;
    let (db, tenant, now) = (&context.core.db, &context.job.tenant, context.core.now());
    let sitting = offering::find(db, tenant, &id).await?;
    let sitting = sitting.ok_or_else(|| JobError::permanent(Blame::Host, format!("sitting {id} is not known")))?;
    let is_over = sitting.facts.end.is_some_and(|end| end <= now);
    if !sitting.is_confirmed() || !all_confirmed(&context, &id).await? {
        return Ok(match is_over {
            true => Done::nothing(),
            false => Done::nothing().again_at(now + CONFIRMED_EVERY),
        });
    }
    let line = Line::to(connectors, &context, Interface::TaZittingsplan, &context.job.id).of(Work::Sitting(&id));
    let (read, revision) = comparing::plan(&line, &sitting).await?;
    let found = match read {
        // What could not be read was delivered by this revision.
        Read::Unreadable => None,
        Read::Compared(found, _) => Some(found),
    };
    let revision = match revision {
        0 => sitting.confirmed.map_or(0, |confirmed| confirmed.revision),
        read_by => read_by,
    };
    let differs = found.as_ref().is_some_and(|found| !found.differences.is_empty());
    let done = Done::deciding({
        let context = context.clone();
        move || {
            let (context, sitting, found) = (context.clone(), sitting.clone(), found.clone());
            async move {
                let mut draft = draft(&context.core, &context);
                repair::note(&mut draft, &sitting, revision, found.as_ref()).await?;
                Ok(draft.finish())
            }
        }
    });
    Ok(match differs && !is_over {
        true => done.again_at(now + DIFFERS_EVERY),
        false => done,
    })
}

/// Whether the vendor has confirmed all that it was told of.
async fn all_confirmed(context: &JobContext, sitting: &str) -> Result<bool, JobError> {
    let deelnames = association::of_offering(&context.core.db, &context.job.tenant, sitting).await?;
    let told = |one: &&Association| one.confirmed.is_some();
    Ok(deelnames.iter().filter(told).all(Association::is_confirmed))
}
