//! Flow 0: fetches the whole catalogue of a vendor, page by page, and once a day again (§3.0).

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::call::{Line, payload};
use super::poll_results::not_wanted;
use crate::app::catalogue;
use crate::app::polling::{self, Asks, Recurring};
use crate::app::running::Connectors;
use crate::domain::interface::Interface;
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};

/// Components per page asked for.
const PAGE: u32 = 100;
/// A catalogue of more pages is no catalogue: the connector goes round in circles.
const MOST_PAGES: usize = 10_000;

pub(super) struct FetchCatalogue(pub(super) Connectors);

impl JobKind for FetchCatalogue {
    fn name(&self) -> &'static str {
        catalogue::FETCH_CATALOGUE
    }

    fn budget(&self) -> Duration {
        Duration::from_secs(15 * 60)
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(fetch(&self.0, context))
    }
}

async fn fetch(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let asks: Asks = payload(&context)?;
    let Some(round) = polling::wanted(core, tenant, peer, (Recurring::Catalogue, asks)).await? else {
        return Ok(not_wanted(context, (Recurring::Catalogue, asks)));
    };
    let line = Line::to(connectors, &context, Interface::TaToetscatalogus, &context.job.id);
    let mut listed = HashSet::new();
    let mut next = None;
    for _ in 0..MOST_PAGES {
        let (caller, _) = line.caller().await?;
        let page = line.heard(caller.list_components(next.as_deref(), PAGE).await).await?;
        catalogue::keep_page(core, tenant, peer, &page.components).await?;
        listed.extend(page.components.into_iter().map(|component| component.component_id));
        next = page.next;
        if next.is_none() {
            // What the whole catalogue no longer names can't be planned any more (R26).
            catalogue::withdraw_missing(core, tenant, peer, &listed).await?;
            let again = polling::next_round(core.now(), round.every);
            return Ok(Done::nothing().again_at(again));
        }
    }
    let what = format!("the catalogue does not end after {MOST_PAGES} pages");
    Err(JobError::permanent(Blame::Connector, what))
}
