//! Where a person starts the test of a relayed deelname: asked of the vendor each time, through its connector; never kept,
//! never logged.

use tracing::warn;

use super::{At, deelname};
use crate::app::rollout::Work;
use crate::app::running::{Connectors, NotRunning};
use crate::app::{Core, Refused, counting};
use crate::connector::blame::Decision;
use crate::domain::interface::Interface;
use crate::store::ledger;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// There will be none as things stand; the sentence is for who asked.
    #[error("{0}")]
    None(&'static str),
    /// The vendor, or the way to it, doesn't answer now.
    #[error("the examenleverancier gave no start link now; ask again later")]
    NotNow,
    /// The deelname is not known, or the host failed.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Asks the vendor.
///
/// # Errors
/// [`NoLink`].
pub async fn start_link(core: &Core, connectors: &Connectors, at: At<'_>, id: &str) -> Result<String, NoLink> {
    let (tenant, vendor) = (at.sender.tenant.as_str(), at.vendor);
    let found = deelname(core, at, id).await?;
    let found = found.ok_or_else(|| Refused::unknown("deelname", id))?;
    if found.is_canceled() {
        return Err(NoLink::None("this deelname is cancelled, there is nothing to start"));
    }
    if found.confirmed.is_none() {
        return Err(NoLink::None(
            "the examenleverancier has not confirmed this deelname yet; ask again later",
        ));
    }
    let known = ledger::by_our_id(&core.db, tenant, vendor, "association", id).await;
    let known = known.map_err(Refused::from)?;
    let peer_id = known.map_or_else(|| id.to_owned(), |known| known.peer_id);
    let running = connectors
        .caller_for(
            tenant,
            vendor,
            Interface::TaZittingsplan,
            Work::Sitting(&found.facts.offering_id),
            &core.id(),
        )
        .await
        .map_err(|error| match error {
            NotRunning::Store(error) => NoLink::Refused(error.into()),
            NotRunning::Sealed(error) => NoLink::Refused(error.into()),
            _ => NoLink::None("this examenleverancier can't be asked for start links now; ask the school"),
        })?;
    let answer = running.caller.start_link(&peer_id).await;
    let of = counting::Of {
        tenant,
        peer: vendor,
        revision: Some(running.revision),
        interface: Interface::TaZittingsplan,
    };
    counting::count(core, connectors.tally(), of, &answer);
    answer.outcome.map_err(|error| match error.decision {
        Decision::Permanent { .. } | Decision::Unsupported | Decision::Unrepresentable { .. } => {
            NoLink::None("the examenleverancier gives no start link for this deelname")
        }
        Decision::RetryAfter(_) | Decision::RateLimited(_) | Decision::AuthExpired | Decision::Bug => {
            warn!(peer = %vendor, "could not get a start link: blame {}", error.blame);
            NoLink::NotNow
        }
    })
}
