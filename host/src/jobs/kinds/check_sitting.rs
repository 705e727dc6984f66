//! Flow 2: reads a sitting back that was told again after a rollback, until the vendor has it as it was planned (R25).

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use serde::Deserialize;

use super::call::{Line, draft, payload};
use crate::app::repair::{self, Read};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::connector::blame::Decision;
use crate::domain::interface::Interface;
use crate::domain::model;
use crate::domain::offering::Offering;
use crate::domain::reading_back::{self, Difference, Planned};
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::{association, ledger, offering};

/// Until what was told again has been confirmed, it is looked at this often.
const CONFIRMED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// While it differs it is read back this often: long enough for a person or a vendor to mend it.
const DIFFERS_EVERY: SignedDuration = SignedDuration::from_mins(15);
/// The most pages of deelnames of one sitting.
const PAGES: usize = 50;

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
    let (planned, all_confirmed) = planned(&context, &sitting).await?;
    if !sitting.is_confirmed() || !all_confirmed {
        return Ok(match is_over {
            true => Done::nothing(),
            false => Done::nothing().again_at(now + CONFIRMED_EVERY),
        });
    }
    let line = Line::to(connectors, &context, Interface::TaZittingsplan, &context.job.id).of(Work::Sitting(&id));
    let (read, revision) = read(&line, &sitting, &planned).await?;
    let differs = matches!(&read, Read::Compared(differences) if !differences.is_empty());
    let done = Done::deciding({
        let context = context.clone();
        move || {
            let (context, sitting, read) = (context.clone(), sitting.clone(), read.clone());
            async move {
                let mut draft = draft(&context.core, &context);
                repair::note(&mut draft, &sitting, revision, &read).await?;
                Ok(draft.finish())
            }
        }
    });
    Ok(match differs && !is_over {
        true => done.again_at(now + DIFFERS_EVERY),
        false => done,
    })
}

/// The deelnames that the vendor knows, by the ids it knows them by, and whether it has confirmed them all.
async fn planned(context: &JobContext, sitting: &Offering) -> Result<(Planned, bool), JobError> {
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let (mut planned, mut all_confirmed) = (Planned::new(), true);
    for deelname in association::of_offering(db, tenant, &sitting.id).await? {
        if deelname.confirmed.is_none() {
            continue;
        }
        all_confirmed &= deelname.is_confirmed();
        let known = ledger::by_our_id(db, tenant, &sitting.peer, "association", &deelname.id).await?;
        let peer_id = known.map_or_else(|| deelname.id.clone(), |known| known.peer_id);
        planned.insert(peer_id, deelname.plan(None));
    }
    Ok((planned, all_confirmed))
}

async fn read(line: &Line<'_>, sitting: &Offering, planned: &Planned) -> Result<(Read, i64), JobError> {
    let context = line.context();
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let known = ledger::by_our_id(db, tenant, &sitting.peer, "offering", &sitting.id).await?;
    let peer_id = known.map_or_else(|| sitting.id.clone(), |known| known.peer_id);
    let Some((caller, revision)) = line.caller_unless_carried().await? else {
        return Ok((
            Read::Unreadable,
            sitting.confirmed.map_or(0, |confirmed| confirmed.revision),
        ));
    };
    let read = match line.counted(caller.read_sitting(&peer_id).await) {
        Ok(read) => read,
        Err(error) if error.decision == Decision::Unsupported => return Ok((Read::Unreadable, revision)),
        Err(error) => return Err(line.failed(&error).await?),
    };
    let Some(read) = read else {
        let gone = if sitting.is_canceled() {
            vec![]
        } else {
            vec![Difference::Unknown]
        };
        return Ok((Read::Compared(gone), revision));
    };
    let mut differences = reading_back::of_sitting(&sitting.plan(), &read);
    if !sitting.is_canceled() {
        let Some(deelnames) = read_deelnames(line, &peer_id).await? else {
            return Ok((Read::Unreadable, revision));
        };
        differences.extend(reading_back::of_deelnames(planned, &deelnames));
    }
    Ok((Read::Compared(differences), revision))
}

/// `None` where the connector can't.
async fn read_deelnames(line: &Line<'_>, sitting: &str) -> Result<Option<Vec<model::Association>>, JobError> {
    let (mut all, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let (caller, _) = line.caller().await?;
        match line.counted(caller.read_deelnames(sitting, next.as_deref()).await) {
            Ok(page) => {
                all.extend(page.deelnames);
                next = page.next;
            }
            Err(error) if error.decision == Decision::Unsupported => return Ok(None),
            Err(error) => return Err(line.failed(&error).await?),
        }
        if next.is_none() {
            return Ok(Some(all));
        }
    }
    let what = format!("the deelnames of a sitting do not end after {PAGES} pages");
    Err(JobError::permanent(Blame::Connector, what))
}
