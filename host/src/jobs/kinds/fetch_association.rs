//! Flow 1: fetches an association that another named and no list brings, or reads one again from the student system that
//! made it (R25). One that it does not have is a person's to settle.

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::presence::note;
use crate::app::running::Connectors;
use crate::app::{association, deliver};
use crate::domain::interface::Interface;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::association as association_store;

pub(super) struct FetchAssociation(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    association: String,
    /// It is known, and read again: what the student system says goes before what is kept.
    #[serde(default)]
    known: bool,
}

impl JobKind for FetchAssociation {
    fn name(&self) -> &'static str {
        deliver::FETCH_ASSOCIATION
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(fetch(&self.0, context))
    }
}

async fn fetch(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { association: id, known } = payload(&context)?;
    let line = Line::to(connectors, &context, Interface::DrToetsdeelnemers, &id);
    // What changes here while they answer goes before the answer.
    let seen = association_store::find(&context.core.db, &context.job.tenant, &id).await?;
    let seen = seen.map_or(0, |known| known.version);
    let (caller, _) = line.caller().await?;
    let found = line.heard(caller.get_association(&id).await).await?;
    Ok(Done::deciding(move || {
        let (context, id, found) = (context.clone(), id.clone(), found.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            let peer = &context.job.peer;
            note(
                &mut draft,
                peer,
                ("association", &id, "een inschrijving"),
                found.is_some(),
            )
            .await?;
            if let Some(told) = &found {
                match known {
                    true => association::keep_read(&mut draft, peer, told, seen).await?,
                    false => association::keep_fetched(&mut draft, peer, told).await?,
                }
            }
            Ok(draft.finish())
        }
    }))
}
