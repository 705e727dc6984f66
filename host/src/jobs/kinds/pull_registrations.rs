//! Flow 1 of a student system that is asked for it (`§3.1.2`): page by page, each stored with where the round goes on in
//! one commit. Everything once a night, the coming days every hour.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::call::{Line, payload};
use super::poll_results::not_wanted;
use crate::app::polling::{self, Asks, Recurring};
use crate::app::pull::keep::NotKept;
use crate::app::pull::{self, keep};
use crate::app::rollout::Work;
use crate::app::running::Connectors;
use crate::connector::blame::Decision;
use crate::domain::interface::Interface;
use crate::domain::pull::{Stage, Walk};
use crate::domain::retry::Blame;
use crate::jobs::{Done, JobContext, JobError, JobKind};
use crate::store::pulled::{self, PulledRow};

/// The most pages of one run; the next run goes on from the cursor. Few, so that the lease of a node that vanished ends
/// soon.
const PAGES: usize = 5;
/// Objects per page asked for.
const PAGE: u32 = 250;
/// Persons that are asked for one by one in the place of a page.
const PERSONS: u32 = 5;

pub(super) struct PullRegistrations(pub(super) Connectors);

impl JobKind for PullRegistrations {
    fn name(&self) -> &'static str {
        pull::PULL_REGISTRATIONS
    }

    /// Every page may take a call's longest budget.
    fn budget(&self) -> Duration {
        Duration::from_secs(3 * 60)
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        Box::pin(pull(&self.0, context))
    }
}

async fn pull(connectors: &Connectors, context: JobContext) -> Result<Done, JobError> {
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let asks: Asks = payload(&context)?;
    for _ in 0..PAGES {
        // A switch in between has its effect with the next page.
        let Some(round) = polling::wanted(core, tenant, peer, (Recurring::Registrations, asks)).await? else {
            return Ok(not_wanted(context, (Recurring::Registrations, asks)));
        };
        let at = pull::under_way(core, tenant, peer, round.revision).await?;
        let Some((row, walk)) = at.and_then(|row| row.walk.clone().map(|walk| (row, walk))) else {
            return Ok(not_wanted(context, (Recurring::Registrations, asks)));
        };
        page(connectors, &context, &row, &walk).await?;
        let has_more = pulled::find(&core.db, tenant, peer).await?;
        if has_more.is_none_or(|row| row.walk.is_none()) {
            let next = pull::next_round(core, tenant, peer, round.every).await?;
            return Ok(Done::nothing().again_at(next));
        }
    }
    Ok(Done::nothing().again_at(core.now()))
}

/// Reads and keeps what comes next.
async fn page(connectors: &Connectors, context: &JobContext, row: &PulledRow, walk: &Walk) -> Result<(), JobError> {
    let core = &context.core;
    let interface = Interface::DrToetsdeelnemers;
    let line = Line::to(connectors, context, interface, &context.job.id).of(Work::Revision(walk.revision));
    let (cursor, days) = (walk.cursor.as_deref(), pull::days(walk));
    let kept = match &walk.stage {
        Stage::Offerings => {
            let (caller, _) = line.caller().await?;
            let page = line.heard(caller.list_offerings(days, cursor, PAGE).await).await?;
            keep::offerings(core, row, walk, page).await
        }
        Stage::Associations { .. } => match pull::next_of(core, row, walk).await? {
            None => keep::nothing(core, row, walk).await,
            Some(offering) => {
                let (caller, _) = line.caller().await?;
                let page = line
                    .heard(caller.list_associations(&offering, cursor, PAGE).await)
                    .await?;
                keep::associations(core, row, walk, (&offering, page)).await
            }
        },
        Stage::Groups => {
            let (caller, _) = line.caller().await?;
            let page = match line.counted(caller.list_groups(days, cursor, PAGE).await) {
                Ok(page) => Some(page),
                Err(error) if error.decision == Decision::Unsupported => None,
                Err(error) => return Err(line.failed(&error).await?),
            };
            keep::groups(core, row, walk, page).await
        }
        Stage::Members { .. } => match pull::next_of(core, row, walk).await? {
            None => keep::nothing(core, row, walk).await,
            Some(group) => {
                let (caller, _) = line.caller().await?;
                let page = line.heard(caller.list_members(&group, cursor, PAGE).await).await?;
                keep::members(core, row, walk, (&group, page)).await
            }
        },
        Stage::Persons { after } => {
            let of = (row.tenant.as_str(), row.peer.as_str());
            let mut found = Vec::new();
            for id in pulled::persons_after(&core.db, of, (after, PERSONS)).await? {
                let (caller, _) = line.caller().await?;
                let told = line.heard(caller.get_person(&id).await).await?;
                found.push((id, told));
            }
            keep::persons(core, row, walk, found).await
        }
    };
    kept.map_err(|not_kept| match not_kept {
        NotKept::Endless(endless) => JobError::permanent(Blame::Connector, endless.to_string()),
        NotKept::Refused(refused) => refused.into(),
    })
}
