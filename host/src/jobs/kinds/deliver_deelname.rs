//! Flow 2: tells the vendor of a deelname as it is planned now, its person whole (R14). A cancelled one goes as cancelled
//! (R4), and without its person when their data is erased already (R5).

use std::time::Duration;

use futures_util::future::BoxFuture;
use oke_codec::loss::{self, Told};
use serde::Deserialize;

use super::call::{Line, draft, payload};
use super::deliver_sitting::{TWO_CALLS, carried, detail, may_have_been_made};
use crate::app::losses::{self, Delivered};
use crate::app::offering::Confirmed;
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::app::{deliver, needs};
use crate::connector::blame::Decision;
use crate::domain::association::Association;
use crate::domain::interface::Interface;
use crate::domain::model::{self, AssociationState};
use crate::domain::needs::Obstacle;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::needs as needs_store;
use crate::store::{association, ledger, offering, person};

pub(super) struct DeliverDeelname(pub(super) Connectors);

#[derive(Deserialize)]
struct Payload {
    association: String,
}

impl JobKind for DeliverDeelname {
    fn name(&self) -> &'static str {
        deliver::DELIVER_DEELNAME
    }

    fn budget(&self) -> Duration {
        TWO_CALLS
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(deliver(&self.0, context))
    }
}

async fn deliver(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let Payload { association: id } = payload(&context)?;
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let deelname = association::find(db, tenant, &id).await?;
    let deelname = deelname.ok_or_else(|| JobError::permanent(Blame::Host, format!("deelname {id} is not known")))?;
    // An earlier job of this lane has told it as it is now.
    if deelname.is_confirmed() {
        return Ok(Done::nothing());
    }
    if needs_wait(&context, &deelname).await? {
        return Ok(Done::nothing());
    }
    // The needs of an outside TPL's deelname are that TPL's to translate; what can't be told, the connector refuses.
    let obstacles = match deelname.planner {
        Some(_) => Vec::new(),
        None => needs::obstacles_at_delivery(&context.core, tenant, &deelname).await?,
    };
    if !obstacles.is_empty() {
        return Ok(blocking(context.clone(), id.clone(), obstacles));
    }
    let person = person_of(&context, &deelname).await?;
    let plan = deelname.plan(person.as_ref());
    let facts = model::Association {
        person,
        ..deelname.facts.clone()
    };
    let sitting = &deelname.facts.offering_id;
    let whose = Work::Sitting(sitting);
    let sitting = ledger::by_our_id(db, tenant, &deelname.peer, "offering", sitting).await?;
    let effect = format!("{id}/{}", deelname.plan_version);
    let line = Line::to(connectors, &context, Interface::TaZittingsplan, &effect).of(whose);
    let Some((caller, revision)) = line.caller_unless_carried().await? else {
        return Ok(carried(context.clone(), deelname.facts.offering_id.clone()));
    };
    let known = ledger::by_our_id(db, tenant, &deelname.peer, "association", &id).await?;
    let mut peer_id = known.map(|known| known.peer_id);
    if peer_id.is_none() && may_have_been_made(&context, deelname.confirmed.is_some()) {
        peer_id = made_earlier(&line, &plan).await?;
    }
    let sitting_peer_id = sitting.as_ref().map(|sitting| sitting.peer_id.as_str());
    let answer = caller.put_deelname(&plan, peer_id.as_deref(), sitting_peer_id).await;
    let written = line.heard(answer).await?;
    let peer_id = written.peer_id.or(peer_id);
    let plan_version = deelname.plan_version;
    Ok(Done::deciding(move || {
        let (context, id, peer_id) = (context.clone(), id.clone(), peer_id.clone());
        let facts = facts.clone();
        async move {
            let mut draft = draft(&context.core, &context);
            let of = Delivered {
                peer: &context.job.peer,
                revision,
                flow: 2,
                subject: ("association", &id),
            };
            // As it is here: what is left out before it goes to the connector is left out too.
            losses::note(&mut draft, of, |dialect| match facts.state {
                AssociationState::Canceled => Vec::new(),
                _ => loss::of_association(Told::Deelname, &facts, dialect),
            })
            .await?;
            let confirmed = Confirmed {
                plan_version,
                revision,
                peer_id: peer_id.as_deref(),
            };
            draft.audit("deelname.confirm", ("association", &id), detail(confirmed), b"");
            crate::app::association::confirm(&mut draft, &id, confirmed).await?;
            Ok(draft.finish())
        }
    }))
}

/// Whether a deelname that the vendor does not know waits because of a need. One that it knows goes on being told what
/// else changes, with its earlier needs.
async fn needs_wait(context: &JobContext, deelname: &Association) -> Result<bool, JobError> {
    if deelname.is_canceled() || deelname.confirmed.is_some() {
        return Ok(false);
    }
    let standing = needs_store::standing(&context.core.db, &context.job.tenant, &deelname.id).await?;
    Ok(standing.is_some_and(|standing| standing.blocked))
}

/// The connector that runs now can't tell what the one that ran at planning could.
fn blocking(context: JobContext, id: String, obstacles: Vec<Obstacle>) -> Done {
    Done::deciding(move || {
        let (context, id, obstacles) = (context.clone(), id.clone(), obstacles.clone());
        async move {
            let (db, tenant) = (&context.core.db, &context.job.tenant);
            let mut draft = draft(&context.core, &context);
            let deelname = association::find(db, tenant, &id).await?;
            if let Some(deelname) = deelname
                && let Some(sitting) = offering::find(db, tenant, &deelname.facts.offering_id).await?
            {
                needs::block(&mut draft, &deelname, &sitting, &obstacles).await?;
            }
            Ok(draft.finish())
        }
    })
}

/// Who takes part, as is known here. Of a cancelled deelname their data may be erased already.
async fn person_of(context: &JobContext, deelname: &Association) -> Result<Option<model::Person>, JobError> {
    if deelname.planner.is_some() {
        return Ok(deelname.facts.person.clone());
    }
    let person = &deelname.facts.person_id;
    let known = person::find(&context.core.db, &context.job.tenant, person).await?;
    match known.filter(|known| !known.erased) {
        Some(known) => Ok(Some(known.facts)),
        None if deelname.is_canceled() => Ok(None),
        None => Err(JobError::permanent(
            Blame::Host,
            format!(
                "person {person} of deelname {} is not known, or their data is erased",
                deelname.id
            ),
        )),
    }
}

/// The id that the vendor gave when an earlier try made the deelname.
async fn made_earlier(line: &Line<'_>, plan: &model::Association) -> Result<Option<String>, JobError> {
    let (caller, _) = line.caller().await?;
    match line.counted(caller.find_deelname(plan).await) {
        Ok(found) => Ok(found.and_then(|written| written.peer_id)),
        Err(error) if error.decision == Decision::Unsupported => Ok(None),
        Err(error) => Err(line.failed(&error).await?),
    }
}
