//! Looks whether a vendor that was disabled still has anything to bring; when not, that ends by itself.

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{draft, payload};
use crate::app::draining;
use crate::jobs::{Done, JobContext, JobError, JobKind};

/// The job.
pub struct Drain;

#[derive(Deserialize)]
struct Payload {
    peer: String,
}

impl JobKind for Drain {
    fn name(&self) -> &'static str {
        draining::DRAIN
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(look(context))
    }
}

async fn look(context: JobContext) -> Result<Done, JobError> {
    let Payload { peer } = payload(&context)?;
    let mut draft = draft(&context.core, &context);
    let again = draining::end(&mut draft, &peer).await?;
    let done = Done::with(draft.finish());
    Ok(match again {
        Some(again) => done.again_at(again),
        None => done,
    })
}
