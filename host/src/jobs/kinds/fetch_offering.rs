//! Flow 1: fetches an offering that an association named before it came (R14), or reads one again (R25). One that the
//! student system doesn't have either is a person's to settle.

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::presence::note;
use crate::app::running::Connectors;
use crate::app::{deliver, offering};
use crate::domain::interface::Interface;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::offering as offering_store;

pub(super) struct FetchOffering(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    offering: String,
    /// It is known, and read again: what the student system says goes before what is kept.
    #[serde(default)]
    known: bool,
}

impl JobKind for FetchOffering {
    fn name(&self) -> &'static str {
        deliver::FETCH_OFFERING
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(fetch(&self.0, context))
    }
}

async fn fetch(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { offering: id, known } = payload(&context)?;
    let line = Line::to(connectors, &context, Interface::DrToetsdeelnemers, &id);
    // What changes here while they answer goes before the answer.
    let seen = offering_store::find(&context.core.db, &context.job.tenant, &id).await?;
    let seen = seen.map_or(0, |known| known.version);
    let (caller, _) = line.caller().await?;
    let found = line.heard(caller.get_offering(&id).await).await?;
    Ok(Done::deciding(move || {
        let (context, id, found) = (context.clone(), id.clone(), found.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            let peer = &context.job.peer;
            note(&mut draft, peer, ("offering", &id, "een aanbod"), found.is_some()).await?;
            if let Some(told) = &found {
                match known {
                    true => offering::keep_read(&mut draft, peer, told, seen).await?,
                    false => offering::keep_fetched(&mut draft, peer, told).await?,
                }
            }
            Ok(draft.finish())
        }
    }))
}
