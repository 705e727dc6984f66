//! Planning a sitting, changing it, cancelling it.

use super::Planner;
use crate::app::draft::Draft;
use crate::app::{Core, Decision, Refused, cancel, deliver, draining, needs};
use crate::domain::calendar;
use crate::domain::model::{self, Code, ModeOfDelivery, OfferingState, OfferingType, Safety};
use crate::domain::offering::{NotPlannable, Offering, OfferingKind, ProviderName, Times};
use crate::store::component::{self, ComponentRow};
use crate::store::{offering, peer};

/// Code type that names the FAO server of a sitting (R19).
pub(in crate::app) const FAO_SERVER: &str = "systemId";

/// What a planner decides about a sitting, and may change later.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Name; by default the component's with the day.
    pub name: Option<String>,
    /// Code by which the afnameleider knows it; by default its id.
    pub code: Option<String>,
    /// When, and how its time counts (R18).
    pub times: Times,
    /// Rooms.
    pub location_codes: Vec<String>,
    /// Where and how.
    pub modes_of_delivery: Vec<ModeOfDelivery>,
    /// Safety measures.
    pub safety: Vec<Safety>,
    /// The FAO server, where the test is taken offline (R19).
    pub fao_system_id: Option<String>,
}

/// A sitting to plan.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSitting {
    /// The planbare toets it serves; without one it is for a test group, and no result goes to a student system (R26).
    pub plannable: Option<String>,
    /// The vendor.
    pub peer: String,
    /// A component of that vendor's catalogue.
    pub component: String,
    /// Owning unit; by default that of the planbare toets.
    pub unit: Option<String>,
    /// The rest.
    pub plan: Plan,
}

/// Plans a sitting and tells the vendor. Returns its id.
///
/// # Errors
/// [`Refused`]: the component may not serve the planbare toets (R22) or is inactive (R26), the times contradict each
/// other (R18), or the account does not plan for this unit.
pub async fn plan(core: &Core, planner: Planner<'_>, new: &NewSitting) -> Result<String, Refused> {
    new.plan.times.check()?;
    let id = core.id();
    let keys: Vec<String> = new
        .plannable
        .iter()
        .map(|plannable| format!("offering/{}/{plannable}", planner.tenant))
        .collect();
    core.decide(&keys, || async {
        let db = &core.db;
        let plannable = match &new.plannable {
            None => None,
            Some(id) => {
                let found = offering::find(db, planner.tenant, id).await?;
                Some(found.ok_or_else(|| Refused::unknown("planbare toets", id))?)
            }
        };
        let unit = new
            .unit
            .clone()
            .or_else(|| plannable.as_ref().and_then(|plannable| plannable.unit.clone()));
        planner.check(core, unit.as_deref()).await?;
        let component = component::find(db, planner.tenant, &new.peer, &new.component)
            .await?
            .ok_or_else(|| Refused::unknown("component", &new.component))?;
        check_component(core, planner.tenant, plannable.as_ref(), &component).await?;

        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        draining::must_take(&mut draft, &new.peer, unit.as_deref()).await?;
        let sitting = Offering {
            id: id.clone(),
            kind: OfferingKind::Sitting,
            unit: unit.clone(),
            peer: new.peer.clone(),
            plannable: new.plannable.clone(),
            component: Some(new.component.clone()),
            plan_version: 1,
            confirmed: None,
            planned_by: vec![planner.account.id.clone()],
            planner: None,
            facts: facts(&id, unit, plannable.as_ref(), &component, &new.plan),
            updated_at: draft.now,
            version: 0,
        };
        if let Some(plannable) = &plannable {
            let key = crate::values![planner.tenant, &plannable.id];
            draft.expect(&offering::OFFERING, key, plannable.version);
        }
        let detail = format!("component {} at {}", new.component, new.peer);
        draft.audit("sitting.plan", ("offering", &id), detail, sitting.facts.name.as_bytes());
        deliver::sitting(&mut draft, &sitting);
        draft.put(offering::next(planner.tenant, &sitting));
        Ok(Decision {
            write_set: draft.finish(),
            answer: id.clone(),
        })
    })
    .await
}

async fn check_component(
    core: &Core,
    tenant: &str,
    plannable: Option<&Offering>,
    component: &ComponentRow,
) -> Result<(), Refused> {
    let Some(plannable) = plannable else {
        if component.facts.status == model::ComponentStatus::Inactive {
            return Err(NotPlannable::Inactive(component.facts.component_id.clone()).into());
        }
        return Ok(());
    };
    let others: Vec<ProviderName> = peer::all(&core.db, tenant)
        .await?
        .into_iter()
        .filter(|other| other.hat == "ta" && other.id != component.peer)
        .map(|other| ProviderName {
            id: other.id,
            name: other.name,
        })
        .collect();
    plannable.may_be_served_by(&component.facts, &others)?;
    Ok(())
}

/// What a new sitting is, as it is planned.
pub(in crate::app) fn facts(
    id: &str,
    unit: Option<String>,
    plannable: Option<&Offering>,
    component: &ComponentRow,
    plan: &Plan,
) -> model::Offering {
    let day = calendar::in_words(calendar::day(plan.times.start));
    let empty = model::Offering {
        offering_id: id.to_owned(),
        offering_type: OfferingType::Component,
        primary_code: Code {
            code_type: "offeringCode".to_owned(),
            value: id.to_owned(),
        },
        other_codes: Vec::new(),
        name: format!("{}, {day}", component.facts.name),
        description: None,
        modes_of_delivery: Vec::new(),
        result_expected: true,
        result_value_type: None,
        start: None,
        end: None,
        offered_id: Some(component.facts.component_id.clone()),
        organization_id: unit,
        state: OfferingState::Active,
        duration_s: None,
        last_possible_start: None,
        start_options: None,
        duration_from: None,
        duration_until: None,
        safety: Vec::new(),
        location_codes: Vec::new(),
        final_results_allowed: plannable.and_then(|plannable| plannable.facts.final_results_allowed),
        tests_to_be_used: Vec::new(),
        cohort: None,
        irregularities: None,
        documents: Vec::new(),
        opaque: None,
    };
    planned(empty, plan)
}

/// The sitting's facts with what a plan says.
fn planned(facts: model::Offering, plan: &Plan) -> model::Offering {
    let times = plan.times.clone();
    let mut other_codes = facts.other_codes.clone();
    other_codes.retain(|code| !code.code_type.eq_ignore_ascii_case(FAO_SERVER));
    other_codes.extend(plan.fao_system_id.clone().map(|value| Code {
        code_type: FAO_SERVER.to_owned(),
        value,
    }));
    let code = plan.code.clone().unwrap_or_else(|| facts.primary_code.value.clone());
    model::Offering {
        primary_code: Code {
            value: code,
            ..facts.primary_code.clone()
        },
        other_codes,
        name: plan.name.clone().unwrap_or_else(|| facts.name.clone()),
        modes_of_delivery: plan.modes_of_delivery.clone(),
        start: Some(times.start),
        end: Some(times.end),
        duration_s: times.duration_s,
        last_possible_start: times.last_possible_start,
        start_options: times.start_options,
        duration_from: times.duration_from,
        duration_until: times.duration_until,
        safety: plan.safety.clone(),
        location_codes: plan.location_codes.clone(),
        ..facts
    }
}

/// Changes a sitting and tells the vendor. Whoever changes it has planned it too (invariant 9). Nothing is told when
/// nothing changed.
///
/// # Errors
/// [`Refused`]: a cancelled sitting, times that contradict each other, or an account that does not plan for this unit.
pub async fn change(core: &Core, planner: Planner<'_>, id: &str, plan: &Plan) -> Result<(), Refused> {
    plan.times.check()?;
    core.decide(&[format!("offering/{}/{id}", planner.tenant)], || async {
        let sitting = planner.standing_sitting(core, id).await?;
        let facts = planned(sitting.facts.clone(), plan);
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        if facts != sitting.facts {
            let moved = (facts.start, facts.end, facts.duration_s)
                != (sitting.facts.start, sitting.facts.end, sitting.facts.duration_s);
            let sitting = changed(sitting, facts, planner, draft.now);
            draft.audit(
                "sitting.change",
                ("offering", id),
                String::new(),
                sitting.facts.name.as_bytes(),
            );
            deliver::sitting(&mut draft, &sitting);
            draft.put(offering::next(planner.tenant, &sitting));
            if moved {
                // Needs hold on a day, and percents are of its duration.
                needs::again::follow(&mut draft, &sitting.peer, Some(id), "").await?;
            }
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Cancels a sitting with its deelnames, and tells the vendor (R4, R5). A second time does nothing.
///
/// # Errors
/// [`Refused`]: no such sitting, or an account that does not plan for this unit.
pub async fn cancel(core: &Core, planner: Planner<'_>, id: &str, reason: &str) -> Result<(), Refused> {
    core.decide(&[format!("offering/{}/{id}", planner.tenant)], || async {
        let sitting = planner.sitting(core, id).await?;
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        if !sitting.is_canceled() {
            let facts = model::Offering {
                state: OfferingState::Canceled,
                ..sitting.facts.clone()
            };
            let sitting = changed(sitting, facts, planner, draft.now);
            draft.audit("sitting.cancel", ("offering", id), reason.to_owned(), b"");
            deliver::sitting(&mut draft, &sitting);
            draft.put(offering::next(planner.tenant, &sitting));
            cancel::associations_of(&mut draft, &sitting).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn changed(sitting: Offering, facts: model::Offering, planner: Planner<'_>, now: jiff::Timestamp) -> Offering {
    let mut planned_by = sitting.planned_by.clone();
    if !planned_by.contains(&planner.account.id) {
        planned_by.push(planner.account.id.clone());
    }
    Offering {
        plan_version: sitting.plan_version + 1,
        planned_by,
        facts,
        updated_at: now,
        ..sitting
    }
}
