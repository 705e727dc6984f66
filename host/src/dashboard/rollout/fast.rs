//! A fix in an hour, on the page of the rollout: how far it is, and approving it as it was seen.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::SignedDuration;

use super::shown;
use crate::api::Service;
use crate::app::keuring;
use crate::app::revision;
use crate::app::rollout::fast::{self as fast_verbs, RESULTS_WITHIN};
use crate::dashboard::form::Form;
use crate::dashboard::keuring_words;
use crate::dashboard::oops::Oops;
use crate::dashboard::refusal::InDutch as _;
use crate::dashboard::session::Visitor;
use crate::dashboard::shell::{Notice, after};
use crate::dashboard::words;
use crate::domain::keuring::Tried;
use crate::domain::offering::Offering;
use crate::domain::rollout::{APPROVALS, Rollout};
use crate::store::offering;

/// How far a rollout on the fast route is.
pub(super) struct Fast {
    /// Number of the rollout.
    pub(super) seq: i64,
    pub(super) approvals: Vec<(String, String, String)>,
    pub(super) missing: usize,
    /// Whether the visitor may approve, and has not yet.
    pub(super) may_approve: bool,
    /// Has the keuring passed, is it under way, or what else.
    pub(super) keuring: String,
    pub(super) passed: bool,
    /// The sitting that has it.
    pub(super) sitting: Option<(String, String)>,
    /// The sittings it can be tried on.
    pub(super) sittings: Vec<(String, String)>,
}

/// So far ahead a sitting is offered to try a fix on.
const TRY_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The most sittings that are offered.
const MOST_SITTINGS: usize = 500;

/// How far it is, as a visitor sees it.
pub(super) async fn fast(service: &Service, visitor: &Visitor, peer: &str, rollout: &Rollout) -> Result<Fast, Oops> {
    let (core, tenant) = (&service.core, visitor.tenant());
    let approvals = fast_verbs::approvals(core, tenant, peer, rollout.seq).await?;
    let revision = revision::at(core, tenant, peer, rollout.revision).await;
    let tried = match revision {
        Ok(revision) => keuring::tried(core, tenant, &revision.digest).await?,
        Err(error) => return Err(Oops::ours(&error)),
    };
    // A sitting of this morning is worth trying on as well: its results are still to come.
    let (from, until) = (visitor.now - RESULTS_WITHIN, visitor.now + TRY_WITHIN);
    let sittings = offering::sittings_under_way(&core.db, tenant, peer, until, from).await?;
    let named = |sitting: &Offering| {
        let start = sitting.facts.start.map(words::moment).unwrap_or_default();
        (sitting.id.clone(), format!("{start} · {}", sitting.facts.name))
    };
    let sitting = match &rollout.sitting {
        None => None,
        Some(id) => offering::find(&core.db, tenant, id).await?.as_ref().map(named),
    };
    let is_mine = approvals.iter().any(|one| one.account == visitor.id());
    Ok(Fast {
        seq: rollout.seq,
        missing: APPROVALS.saturating_sub(approvals.len()),
        may_approve: !is_mine
            && rollout.stage.is_open()
            && fast_verbs::may_approve(core, &visitor.who.account, rollout).is_ok(),
        keuring: keuring_words::tried(tried),
        passed: matches!(tried, Tried::Passed(_)),
        sitting,
        sittings: sittings
            .iter()
            .filter(|sitting| !sitting.is_canceled())
            .take(MOST_SITTINGS)
            .map(named)
            .collect(),
        approvals: approvals
            .into_iter()
            .map(|one| (one.account, one.reason, words::moment(one.at)))
            .collect(),
    })
}

pub(super) async fn approve(
    State(service): State<Service>,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Oops> {
    let Form { visitor, fields } = &form;
    let reason = fields.text("reden");
    let number = |name: &str| fields.text(name).parse().unwrap_or_default();
    let seen = fast_verbs::Seen {
        rollout: number("uitrol"),
        revision: number("revisie"),
    };
    let account = &visitor.who.account;
    match fast_verbs::approve(&service.core, visitor.tenant(), account, (&id, seen), reason).await {
        Ok(_) => Ok(after(&format!("/koppelingen/{id}/uitrol"), "toegelaten")),
        Err(error) => {
            let said = error.in_dutch()?;
            let told = (said.status, Notice::refused(said.sentence));
            shown(&service, visitor, &id, told, reason).await
        }
    }
}
