//! Flow 4 of a vendor that is polled: the report of each sitting that has ended, a few per run, in the order of their
//! ids; the cursor is the last one asked for.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::call::{Line, draft, payload};
use super::poll_results::not_wanted;
use crate::app::polled;
use crate::app::polling::{self, Asks, Recurring};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::domain::interface::Interface;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::cursor::{self, CursorRow};

/// The most reports of one run; the next run goes on from the cursor. Few, so that the lease of a node that vanished
/// ends soon.
const REPORTS: usize = 5;
/// The walk of the revision that everybody has belongs to the host: revisions count from 1.
const NO_REVISION: i64 = 0;

pub(super) struct PollReports(pub(super) Connectors);

impl JobKind for PollReports {
    fn name(&self) -> &'static str {
        polling::POLL_REPORTS
    }

    /// Every report may take a call's longest budget.
    fn budget(&self) -> Duration {
        Duration::from_secs(3 * 60)
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(poll(&self.0, context))
    }
}

async fn poll(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let asks: Asks = payload(&context)?;
    let Some(round) = polling::wanted(core, tenant, peer, (Recurring::Reports, asks)).await? else {
        return Ok(not_wanted(context, (Recurring::Reports, asks)));
    };
    let interface = Interface::TaZittingsverslag;
    let walk = cursor::find(
        &core.db,
        tenant,
        peer,
        asks.revision.unwrap_or(NO_REVISION),
        interface.as_str(),
    )
    .await?;
    let last = walk.cursor.clone().unwrap_or_default();
    let mut asked = polled::sittings_for_reports(core, tenant, peer, round).await?;
    asked.retain(|asked| asked.sitting > last);
    let has_more = asked.len() > REPORTS;
    asked.truncate(REPORTS);
    for sitting in &asked {
        let line = Line::to(connectors, &context, interface, &context.job.id).of(Work::Revision(round.revision));
        let (caller, revision) = line.caller().await?;
        let read = line.heard(caller.read_report(&sitting.peer_id).await).await?;
        if let Some(report) = read {
            polled::keep_report(core, tenant, (peer, revision), &sitting.sitting, &report).await?;
        }
    }
    let next = match has_more {
        true => core.now(),
        false => polling::next_round(core.now(), round.every),
    };
    let reached = asked.pop().map(|asked| asked.sitting).filter(|_| has_more);
    Ok(walked(context.clone(), walk, reached).again_at(next))
}

/// Keeps how far the walk came; at its end it begins anew.
fn walked(context: JobContext, walk: CursorRow, reached: Option<String>) -> Done {
    if walk.cursor == reached {
        return Done::nothing();
    }
    let mut draft = draft(&context.core, &context);
    draft.put(
        CursorRow {
            cursor: reached,
            ..walk
        }
        .next(),
    );
    Done::with(draft.finish())
}
