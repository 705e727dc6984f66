//! Flow 3 of a vendor that is polled: page by page, each stored with the next cursor in one commit.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::call::{Line, payload};
use crate::app::polled::{self, Page};
use crate::app::polling::{self, Asks, Recurring};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::connector::blame::Decision;
use crate::connector::call::DeliveryPage;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::cursor::CursorRow;
use crate::store::peer::{self, PEER};
use crate::store::write_set::WriteSet;
use crate::values;

/// The most pages of one run; the next run goes on from the cursor. Few, so that the lease of a node that vanished ends
/// soon.
const PAGES: usize = 5;

pub(super) struct PollResults(pub(super) Connectors);

impl JobKind for PollResults {
    fn name(&self) -> &'static str {
        polling::POLL_RESULTS
    }

    /// Every page may take a call's longest budget.
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
    let Some(round) = polling::wanted(core, tenant, peer, (Recurring::Results, asks)).await? else {
        return Ok(not_wanted(context, (Recurring::Results, asks)));
    };
    let asked = polled::sittings_for_results(core, tenant, peer, round).await?;
    let sittings: Vec<String> = asked.into_iter().map(|asked| asked.peer_id).collect();
    let mut has_more = !sittings.is_empty();
    for _ in 0..PAGES {
        if !has_more {
            break;
        }
        // A switch in between has its effect with the next page.
        let now = polling::wanted(core, tenant, peer, (Recurring::Results, asks)).await?;
        if now.is_none_or(|now| now.revision != round.revision) {
            break;
        }
        has_more = page(connectors, &context, round.revision, &sittings).await?;
    }
    let next = match has_more {
        true => core.now(),
        false => polling::next_round(core.now(), round.every),
    };
    Ok(Done::nothing().again_at(next))
}

/// Reads and keeps one page; says whether there is more.
async fn page(
    connectors: &Connectors,
    context: &JobContext,
    revision: i64,
    sittings: &[String],
) -> Result<bool, JobError> {
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let line = Line::to(connectors, context, Interface::TaResultaten, &context.job.id).of(Work::Revision(revision));
    let (caller, revision) = line.caller().await?;
    let before = polled::cursor(core, tenant, peer, revision, Interface::TaResultaten).await?;
    let answer = caller.poll(before.cursor.as_deref(), sittings).await;
    let read = match line.counted(answer) {
        Ok(read) => read,
        Err(error) if is_foreign(&before) && matches!(error.decision, Decision::Bug | Decision::Permanent { .. }) => {
            from_the_beginning(&line, sittings).await?
        }
        Err(error) => return Err(line.failed(&error).await?),
    };
    // A connector that says there is more and stays where it is asks again with the next round, not at once.
    let goes_on = read.more && read.cursor != before.cursor;
    let page = Page {
        peer: peer.clone(),
        revision,
        deliveries: read.deliveries,
        before,
        next: read.cursor,
    };
    polled::keep_page(core, tenant, &page).await?;
    Ok(goes_on)
}

/// Whether a cursor was made by the revision before this one.
fn is_foreign(cursor: &CursorRow) -> bool {
    cursor.version == 0 && cursor.cursor.is_some()
}

/// A revision that can't read the cursor of the one before it begins anew: what is known already changes nothing.
async fn from_the_beginning(line: &Line<'_>, sittings: &[String]) -> Result<DeliveryPage, JobError> {
    let (caller, _) = line.caller().await?;
    line.heard(caller.poll(None, sittings).await).await
}

/// Ends a recurring job that the running revision has no use for. Should another revision come to run at this very
/// moment, the job goes on instead, since whoever made that run has seen this job still open.
pub(super) fn not_wanted(context: JobContext, what: (Recurring, Asks)) -> Done {
    Done::deciding(move || {
        let context = context.clone();
        async move {
            let (core, tenant, id) = (&context.core, &context.job.tenant, &context.job.peer);
            let mut set = WriteSet::of(tenant);
            if let Some(row) = peer::find(&core.db, tenant, id).await? {
                set.expect(&PEER, values![tenant, id], row.version);
            }
            if polling::wanted(core, tenant, id, what).await?.is_some() {
                let why = "another revision has come to run, which asks again";
                return Err(JobError::transient(Blame::Host, Some(Duration::ZERO), why));
            }
            Ok(set)
        }
    })
}
