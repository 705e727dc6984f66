//! Flow 3: sends the present result of a deelname on to the outside TPL that made it (R23), of a cancelled one too (R6).

use futures_util::future::BoxFuture;
use oke_codec::{Dialect, loss};
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::losses::{self, Delivered};
use crate::app::running::Connectors;
use crate::app::{deliver, relay};
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::association;

pub(super) struct RelayResult(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    association: String,
    /// What the vendor said beside the result and flow 3 has no place for; absent where the result goes again without news
    /// of the vendor.
    beside: Option<Vec<String>>,
}

impl JobKind for RelayResult {
    fn name(&self) -> &'static str {
        deliver::RELAY_RESULT
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(relay(&self.0, context))
    }
}

async fn relay(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload {
        association: id,
        beside,
    } = payload(&context)?;
    let (core, tenant) = (&context.core, &context.job.tenant);
    let deelname = association::find(&core.db, tenant, &id).await?;
    let deelname = deelname.ok_or_else(|| JobError::permanent(Blame::Host, format!("deelname {id} is not known")))?;
    // Composed now and not when the job was made: the planner gets the present state (R10).
    let version = deelname.version;
    let told = relay::back::told_deelname(core, tenant, deelname).await?;
    let effect = format!("{id}/{version}/{}", serde_json::json!(told.result));
    let line = Line::to(connectors, &context, Interface::TplResultaten, &effect);
    let (caller, revision) = line.caller().await?;
    line.heard(caller.put_result_tpl(&told).await).await?;
    Ok(Done::deciding(move || {
        let (context, id, told) = (context.clone(), id.clone(), told.result.clone());
        let beside = beside.clone();
        async move {
            let mut draft = draft(&context.core, &context);
            let of = Delivered {
                peer: &context.job.peer,
                revision,
                flow: 3,
                subject: ("association", &id),
            };
            let beside = match beside {
                Some(words) => losses::named(&words),
                None => losses::beside_before(&draft, of).await?,
            };
            let lost = |dialect: &Dialect| {
                let of_result = told.iter().flat_map(|told| loss::of_result(told, dialect));
                of_result.chain(beside).collect()
            };
            losses::note(&mut draft, of, lost).await?;
            Ok(draft.finish())
        }
    }))
}
