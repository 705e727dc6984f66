//! Flow 2: tells the vendor of a sitting as it is planned now (§3.2.2). A cancelled one goes as cancelled (R4).

use std::time::Duration;

use futures_util::future::BoxFuture;
use oke_codec::loss::{self, Told};
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::deliver;
use crate::app::files;
use crate::app::losses::{self, Delivered};
use crate::app::offering::Confirmed;
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::connector::blame::Decision;
use crate::domain::interface::Interface;
use crate::domain::model::{self, OfferingState};
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::{ledger, offering};

/// Two calls: looking for an earlier try, and the write.
pub(super) const TWO_CALLS: Duration = Duration::from_secs(90);

pub(super) struct DeliverSitting(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    offering: String,
}

impl JobKind for DeliverSitting {
    fn name(&self) -> &'static str {
        deliver::DELIVER_SITTING
    }

    fn budget(&self) -> Duration {
        TWO_CALLS
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(deliver(&self.0, context))
    }
}

async fn deliver(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { offering: id } = payload(&context)?;
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let sitting = offering::find(db, tenant, &id).await?;
    let sitting = sitting.ok_or_else(|| JobError::permanent(Blame::Host, format!("sitting {id} is not known")))?;
    // An earlier job of this lane has told it as it is now.
    if sitting.is_confirmed() {
        return Ok(Done::nothing());
    }
    let plan = sitting.plan();
    let effect = format!("{id}/{}", sitting.plan_version);
    let line = Line::to(connectors, &context, Interface::TaZittingsplan, &effect).of(Work::Sitting(&id));
    let Some((caller, revision)) = line.caller_unless_carried().await? else {
        return Ok(carried(context.clone(), id));
    };
    let known = ledger::by_our_id(db, tenant, &sitting.peer, "offering", &id).await?;
    let mut peer_id = known.map(|known| known.peer_id);
    if peer_id.is_none() && may_have_been_made(&context, sitting.confirmed.is_some()) {
        peer_id = made_earlier(&line, &plan).await?;
    }
    let written = line.heard(caller.put_sitting(&plan, peer_id.as_deref()).await).await?;
    let peer_id = written.peer_id.or(peer_id);
    let plan_version = sitting.plan_version;
    Ok(Done::deciding(move || {
        let (context, id, peer_id) = (context.clone(), id.clone(), peer_id.clone());
        let facts = sitting.facts.clone();
        async move {
            let mut draft = draft(&context.core, &context);
            let of = Delivered {
                peer: &context.job.peer,
                revision,
                flow: 2,
                subject: ("offering", &id),
            };
            // As it is here: what is left out before it goes to the connector is left out too.
            losses::note(&mut draft, of, |dialect| match facts.state {
                // A cancellation says nothing else (R4).
                OfferingState::Canceled => Vec::new(),
                OfferingState::Active => loss::of_offering(Told::Sitting, &facts, dialect),
            })
            .await?;
            let confirmed = Confirmed {
                plan_version,
                revision,
                peer_id: peer_id.as_deref(),
            };
            draft.audit("sitting.confirm", ("offering", &id), detail(confirmed), b"");
            crate::app::offering::confirm(&mut draft, &id, confirmed).await?;
            Ok(draft.finish())
        }
    }))
}

/// A person carries the plan of this sitting: it waits for the next list.
pub(super) fn carried(context: JobContext, sitting: String) -> Done {
    Done::deciding(move || {
        let (context, sitting) = (context.clone(), sitting.clone());
        async move {
            let mut draft = draft(&context.core, &context);
            files::plan::look(&mut draft, &sitting).await?;
            Ok(draft.finish())
        }
    })
}

/// For the audit.
pub(super) fn detail(confirmed: Confirmed<'_>) -> String {
    format!(
        "plan version {}, revision {}",
        confirmed.plan_version, confirmed.revision
    )
}

/// Whether an earlier try may have made the object although its answer was lost: of this job, or of one before it in
/// the lane.
pub(super) fn may_have_been_made(context: &JobContext, is_confirmed: bool) -> bool {
    !is_confirmed && (context.job.attempts > 1 || context.job.place.seq > 1)
}

/// The id that the vendor gave when an earlier try made the sitting. A vendor that can't be asked, or keeps our ids,
/// gets the same write to the same id.
async fn made_earlier(line: &Line<'_>, plan: &model::Offering) -> Result<Option<String>, JobError> {
    let (caller, _) = line.caller().await?;
    match line.counted(caller.find_sitting(plan).await) {
        Ok(found) => Ok(found.and_then(|written| written.peer_id)),
        Err(error) if error.decision == Decision::Unsupported => Ok(None),
        Err(error) => Err(line.failed(&error).await?),
    }
}
