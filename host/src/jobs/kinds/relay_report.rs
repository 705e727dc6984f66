//! Flow 4: sends the present report of a sitting on to the outside TPL that planned it (R23), of a cancelled one too (R6).

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{Line, payload};
use crate::app::running::Connectors;
use crate::app::{deliver, relay};
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::offering;

pub(super) struct RelayReport(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    offering: String,
}

impl JobKind for RelayReport {
    fn name(&self) -> &'static str {
        deliver::RELAY_REPORT
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(relay(&self.0, context))
    }
}

async fn relay(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { offering: id } = payload(&context)?;
    let (core, tenant) = (&context.core, &context.job.tenant);
    let sitting = offering::find(&core.db, tenant, &id).await?;
    let sitting = sitting.ok_or_else(|| JobError::permanent(Blame::Host, format!("sitting {id} is not known")))?;
    let told = relay::back::told_sitting(core, tenant, &sitting).await?;
    let said = serde_json::json!([told.irregularities, told.documents]);
    let effect = format!("{id}/{}/{said}", sitting.version);
    let line = Line::to(connectors, &context, Interface::TplZittingsverslag, &effect);
    let (caller, _) = line.caller().await?;
    line.heard(caller.put_report_tpl(&told).await).await?;
    Ok(Done::nothing())
}
