//! What a vendor pushed in a format of its own: translated by the connector and kept.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;

use super::call::{Line, payload};
use crate::app::pushed::{self, By};
use crate::app::running::Connectors;
use crate::domain::interface::Interface;
use crate::jobs::{Done, JobContext, JobError, JobKind};

pub(super) struct TakePush(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    push: String,
    /// The same words came before, and nobody can tell when these were said.
    again: bool,
}

impl JobKind for TakePush {
    fn name(&self) -> &'static str {
        pushed::TAKE_PUSH
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(take(&self.0, context))
    }
}

async fn take(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { push: id, again } = payload(&context)?;
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let push = pushed::open(core, tenant, &id).await?;
    let line = Line::to(connectors, &context, Interface::Webhook, &id);
    let (caller, revision) = line.caller().await?;
    let received = line.heard(caller.receive(&push.webhook, &push.body).await).await?;
    let by = By {
        peer,
        revision,
        said_at: if again { Timestamp::MIN } else { push.received_at },
    };
    pushed::keep(core, tenant, by, &received).await?;
    Ok(Done::nothing())
}
