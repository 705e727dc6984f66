//! Flow 3: reads the present result of one deelname back from the vendor (R25), such as after a message that came out of
//! order (R10).

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::app::{deliver, polled};
use crate::domain::interface::Interface;
use crate::domain::result::Source;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::{association, ledger};

pub(super) struct ReadBack(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    association: String,
}

impl JobKind for ReadBack {
    fn name(&self) -> &'static str {
        deliver::READ_BACK
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(read_back(&self.0, context))
    }
}

async fn read_back(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { association: id } = payload(&context)?;
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let deelname = association::find(db, tenant, &id).await?;
    let deelname = deelname.ok_or_else(|| JobError::permanent(Blame::Host, format!("deelname {id} is not known")))?;
    let known = ledger::by_our_id(db, tenant, &deelname.peer, "association", &id).await?;
    let peer_id = known.map_or_else(|| id.clone(), |known| known.peer_id);
    let line = Line::to(connectors, &context, Interface::TaResultaten, &context.job.id)
        .of(Work::Sitting(&deelname.facts.offering_id));
    // A vendor without an API is not asked: its next file says how it stands.
    let Some((caller, revision)) = line.caller_unless_carried().await? else {
        return Ok(Done::nothing());
    };
    // What is not there has nothing to say: the exception that led here stays with its owner.
    let Some(delivery) = line.heard(caller.read_result(&peer_id).await).await? else {
        return Ok(Done::nothing());
    };
    Ok(Done::deciding(move || {
        let (context, id, delivery) = (context.clone(), id.clone(), delivery.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            draft.revision = Some(revision);
            polled::result(
                &mut draft,
                &context.job.peer,
                &id,
                &delivery,
                Source::ReadBack,
                revision,
            )
            .await?;
            Ok(draft.finish())
        }
    }))
}
