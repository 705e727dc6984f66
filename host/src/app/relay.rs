//! The host as TA in front of a vendor: what an outside TPL plans is kept here, told to the vendor by the same jobs as
//! the school's own plan, and what comes back goes to that TPL ([`back`]). What an outside TPL planned is no plan of the
//! school: no enrolment, no decision, no deadline hangs on it. What such a TPL brings for the school's student system is
//! handed on ([`student_result`]).

pub mod back;
pub mod start_link;
#[cfg(test)]
mod stories;
pub mod student_result;

use oke_codec::{
    PutBrings, merge_put_association, merge_put_offering, patch_association as merged_association,
    patch_offering as merged_offering,
};
use serde_json::Value;

use super::draft::{Arrived, Draft, Outcome, Sender};
use super::{Core, Decision, Refused, deliver, draining};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model::{self, AssociationState, AssociationType, ComponentStatus, OfferingType, Role};
use crate::domain::offering::{NotPlannable, Offering, OfferingKind, WrongTimes};
use crate::store::{association, component, offering};

/// An outside TPL at the TA face of a vendor.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// Who sends.
    pub sender: &'a Sender,
    /// The peer of the vendor.
    pub vendor: &'a str,
}

impl At<'_> {
    fn key(&self, kind: &str, id: &str) -> [String; 1] {
        [format!("{kind}/{}/{id}", self.sender.tenant)]
    }

    fn arrived<'a>(&'a self, method: &'a str, subject: (&'a str, &'a str), content: &'a [u8]) -> Arrived<'a> {
        let (subject_kind, subject_id) = subject;
        Arrived {
            flow: 2,
            peer: &self.sender.peer,
            method,
            subject_kind,
            subject_id,
            content,
            carries_person: subject_kind == "association",
        }
    }
}

/// The sitting by this id, if this TPL planned it at this vendor.
///
/// # Errors
/// What the database says.
pub async fn sitting(core: &Core, at: At<'_>, id: &str) -> Result<Option<Offering>, Refused> {
    let found = offering::find(&core.db, &at.sender.tenant, id).await?;
    Ok(found.filter(|found| found.planner.as_deref() == Some(&at.sender.peer) && found.peer == at.vendor))
}

/// The deelname by this id, if this TPL made it at this vendor.
///
/// # Errors
/// What the database says.
pub async fn deelname(core: &Core, at: At<'_>, id: &str) -> Result<Option<Association>, Refused> {
    let found = association::find(&core.db, &at.sender.tenant, id).await?;
    Ok(found.filter(|found| found.planner.as_deref() == Some(&at.sender.peer) && found.peer == at.vendor))
}

/// A PUT of a sitting: made or replaced, but for a report that was delivered since (R1, table 4.0.F).
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system; [`Refused::NotPlannable`] for a test that can't be
/// planned (R26); [`Refused::Invalid`] and [`Refused::WrongTimes`] for what can't be a sitting.
pub async fn put_sitting(core: &Core, at: At<'_>, told: &model::Offering, content: &[u8]) -> Result<Outcome, Refused> {
    let id = told.offering_id.as_str();
    core.decide(&at.key("offering", id), || async {
        let known = sitting(core, at, id).await?;
        if known.is_none() && offering::find(&core.db, &at.sender.tenant, id).await?.is_some() {
            return Err(Refused::unknown("sitting", id));
        }
        let facts = merge_put_offering(known.as_ref().map(|known| &known.facts), told);
        take_sitting(core, at, known, facts, ("PUT", content)).await
    })
    .await
}

/// A PATCH of a sitting that this TPL planned; a cancellation does nothing else (R3, R4).
///
/// # Errors
/// [`Refused::Unknown`] for an id that is not known (R2); else as [`put_sitting`].
pub async fn patch_sitting(
    core: &Core,
    at: At<'_>,
    id: &str,
    message: &Value,
    content: &[u8],
) -> Result<Outcome, Refused> {
    core.decide(&at.key("offering", id), || async {
        let known = sitting(core, at, id)
            .await?
            .ok_or_else(|| Refused::unknown("sitting", id))?;
        let facts = merged_offering(&known.facts, message, &at.sender.dialect)?;
        take_sitting(core, at, Some(known), facts, ("PATCH", content)).await
    })
    .await
}

async fn take_sitting(
    core: &Core,
    at: At<'_>,
    known: Option<Offering>,
    facts: model::Offering,
    (method, content): (&str, &[u8]),
) -> Result<Decision<Outcome>, Refused> {
    let tenant = &at.sender.tenant;
    let id = facts.offering_id.clone();
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), &facts);
    let mut draft = Draft::of(core, tenant, at.sender.actor());
    draft.note(at.arrived(method, ("offering", &id), content), outcome)?;
    if outcome != Outcome::Repeated {
        let (is_unknown, was_canceled) = (known.is_none(), known.as_ref().is_some_and(Offering::is_canceled));
        let planned = Offering {
            id: id.clone(),
            kind: OfferingKind::Relayed,
            unit: facts.organization_id.clone(),
            peer: at.vendor.to_owned(),
            plannable: None,
            component: facts.offered_id.clone(),
            plan_version: known.as_ref().map_or(0, |known| known.plan_version) + 1,
            confirmed: known.as_ref().and_then(|known| known.confirmed),
            planned_by: Vec::new(),
            planner: Some(at.sender.peer.clone()),
            facts,
            updated_at: draft.now,
            version: known.as_ref().map_or(0, |known| known.version),
        };
        if !planned.is_canceled() {
            check_sitting(core, tenant, &planned).await?;
        }
        if !planned.is_canceled() && (is_unknown || was_canceled) {
            draining::must_take(&mut draft, at.vendor, planned.unit.as_deref()).await?;
        }
        draft.audit("sitting.relay", ("offering", &id), outcome.word().to_owned(), content);
        deliver::sitting(&mut draft, &planned);
        draft.put(offering::next(tenant, &planned));
        if planned.is_canceled() && !was_canceled {
            cancel_deelnames(&mut draft, &id).await?;
        }
    }
    Ok(Decision {
        write_set: draft.finish(),
        answer: outcome,
    })
}

/// What the vendor could only refuse later.
async fn check_sitting(core: &Core, tenant: &str, sitting: &Offering) -> Result<(), Refused> {
    if sitting.facts.offering_type != OfferingType::Component {
        return Err(Refused::Invalid(
            "/offeringType: a sitting is an offering of a `component` (flow 2)".to_owned(),
        ));
    }
    if let (Some(start), Some(end)) = (sitting.facts.start, sitting.facts.end)
        && end <= start
    {
        return Err(WrongTimes::EndsBeforeStart.into());
    }
    let Some(id) = &sitting.component else {
        return Err(Refused::Invalid(
            "/component is missing: name the test by the id that GET /components gives".to_owned(),
        ));
    };
    match component::find(&core.db, tenant, &sitting.peer, id).await? {
        Some(known) if known.facts.status == ComponentStatus::Inactive => {
            Err(NotPlannable::Inactive(id.clone()).into())
        }
        Some(_) => Ok(()),
        None if component::of_peer(&core.db, tenant, &sitting.peer).await?.is_empty() => Ok(()),
        None => Err(Refused::Invalid(format!(
            "/component: there is no test `{id}` in this vendor's catalogue; GET /components lists it"
        ))),
    }
}

/// A cancelled sitting takes its deelnames along, and their persons' data (R5). The vendor does the same (§3.2.2), so that
/// none is told by itself.
async fn cancel_deelnames(draft: &mut Draft<'_>, sitting: &str) -> Result<(), Refused> {
    for bound in association::of_offering(&draft.core.db, draft.tenant, sitting).await? {
        if bound.kind != AssociationKind::Relayed || bound.is_canceled() {
            continue;
        }
        draft.audit(
            "deelname.cancel",
            ("association", &bound.id),
            "sitting cancelled".to_owned(),
            b"",
        );
        let canceled = Association {
            facts: canceled(bound.facts),
            updated_at: draft.now,
            ..bound
        };
        draft.put(association::next(draft.tenant, &canceled));
    }
    Ok(())
}

/// Cancelled, and without the person's data: the keys stay (R5, R6).
fn canceled(facts: model::Association) -> model::Association {
    model::Association {
        state: AssociationState::Canceled,
        person: None,
        ..facts
    }
}

/// A PUT of a deelname: made or replaced, but for a result that was delivered since (R1, table 4.0.F). Its person is
/// whole and its sitting was sent before (R14).
///
/// # Errors
/// [`Refused::Unknown`] for an id that belongs to another system; [`Refused::Invalid`] and [`Refused::NotNow`] for what
/// can't be a deelname.
pub async fn put_deelname(
    core: &Core,
    at: At<'_>,
    told: &model::Association,
    content: &[u8],
) -> Result<Outcome, Refused> {
    let id = told.association_id.as_str();
    core.decide(&at.key("association", id), || async {
        let known = deelname(core, at, id).await?;
        if known.is_none() && association::find(&core.db, &at.sender.tenant, id).await?.is_some() {
            return Err(Refused::unknown("deelname", id));
        }
        let stored = known.as_ref().map(|known| &known.facts);
        let facts = merge_put_association(stored, told, PutBrings::NoResult);
        take_deelname(core, at, known, facts, ("PUT", content)).await
    })
    .await
}

/// A PATCH of a deelname that this TPL made; a cancellation does nothing else (R3, R4).
///
/// # Errors
/// [`Refused::Unknown`] for an id that is not known (R2); else as [`put_deelname`].
pub async fn patch_deelname(
    core: &Core,
    at: At<'_>,
    id: &str,
    message: &Value,
    content: &[u8],
) -> Result<Outcome, Refused> {
    core.decide(&at.key("association", id), || async {
        let known = deelname(core, at, id)
            .await?
            .ok_or_else(|| Refused::unknown("deelname", id))?;
        let facts = merged_association(&known.facts, message, &at.sender.dialect)?;
        take_deelname(core, at, Some(known), facts, ("PATCH", content)).await
    })
    .await
}

async fn take_deelname(
    core: &Core,
    at: At<'_>,
    known: Option<Association>,
    facts: model::Association,
    (method, content): (&str, &[u8]),
) -> Result<Decision<Outcome>, Refused> {
    let tenant = &at.sender.tenant;
    let facts = match facts.state {
        AssociationState::Canceled => canceled(facts),
        _ => facts,
    };
    let id = facts.association_id.clone();
    let outcome = Outcome::of(known.as_ref().map(|known| &known.facts), &facts);
    let mut draft = Draft::of(core, tenant, at.sender.actor());
    draft.note(at.arrived(method, ("association", &id), content), outcome)?;
    if outcome != Outcome::Repeated {
        let sitting = its_sitting(core, at, &facts).await?;
        check_deelname(known.as_ref(), &facts, &sitting)?;
        let is_new = known.as_ref().is_none_or(Association::is_canceled) && facts.state != AssociationState::Canceled;
        if is_new && facts.role == Role::Student {
            draining::must_take(&mut draft, at.vendor, sitting.unit.as_deref()).await?;
        }
        // Should the sitting be cancelled at this moment, one of the two runs again and sees the other.
        draft.put(offering::next(tenant, &sitting));
        let made = Association {
            id: id.clone(),
            kind: AssociationKind::Relayed,
            peer: at.vendor.to_owned(),
            enrolment: None,
            plan_version: known.as_ref().map_or(0, |known| known.plan_version) + 1,
            confirmed: known.as_ref().and_then(|known| known.confirmed),
            planned_by: None,
            planner: Some(at.sender.peer.clone()),
            facts,
            updated_at: draft.now,
            version: known.map_or(0, |known| known.version),
        };
        draft.audit(
            "deelname.relay",
            ("association", &id),
            outcome.word().to_owned(),
            content,
        );
        deliver::deelname(&mut draft, &made, &sitting);
        draft.put(association::next(tenant, &made));
    }
    Ok(Decision {
        write_set: draft.finish(),
        answer: outcome,
    })
}

async fn its_sitting(core: &Core, at: At<'_>, facts: &model::Association) -> Result<Offering, Refused> {
    let found = sitting(core, at, &facts.offering_id).await?;
    found.ok_or_else(|| {
        Refused::Invalid(format!(
            "/offering: sitting `{}` is not known here; PUT it first (§3.2.2)",
            facts.offering_id
        ))
    })
}

fn check_deelname(known: Option<&Association>, facts: &model::Association, sitting: &Offering) -> Result<(), Refused> {
    if facts.association_type != AssociationType::ComponentOfferingAssociation {
        return Err(Refused::Invalid(
            "/associationType: a deelname is a `componentOfferingAssociation` (flow 2)".to_owned(),
        ));
    }
    if known.is_some_and(|known| known.facts.offering_id != facts.offering_id) {
        return Err(Refused::Invalid(
            "/offering: a deelname stays with its sitting; cancel it and make another".to_owned(),
        ));
    }
    if facts.state == AssociationState::Canceled {
        return Ok(());
    }
    if sitting.is_canceled() {
        return Err(Refused::NotNow(format!(
            "sitting `{}` is cancelled; PUT it again before its deelnames",
            sitting.id
        )));
    }
    if facts.person.is_none() {
        return Err(Refused::Invalid(
            "/person: give the whole person, not the id alone (R14, §3.2.3)".to_owned(),
        ));
    }
    Ok(())
}
