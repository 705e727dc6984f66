//! Storing what was seen: the sitting and its deelnames as the vendor has them, tied to its ids, in one commit per sitting.

use std::collections::BTreeSet;

use super::judge::{Here, Judging, Made, TWICE};
use super::list::Listed;
use super::{Line, Said, changed_since};
use crate::app::account::actor;
use crate::app::comparison::{self, Why};
use crate::app::draft::Draft;
use crate::app::offering::know_as;
use crate::app::planning::sitting::{FAO_SERVER, Plan, facts};
use crate::app::{Decision, Refused, deliver, draining, needs};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model::{self, AssociationState, AssociationType, AttemptsLeft};
use crate::domain::offering::{Confirmation, Offering, OfferingKind};
use crate::store::{association, offering, peer};

/// What was seen before it is stored.
pub(super) struct Seen {
    /// Numbers of the lines that were to be taken.
    pub(super) taken: BTreeSet<u32>,
    /// Of these and of those for which a person chose: what may be taken.
    pub(super) may_be_taken: BTreeSet<u32>,
    /// The revision that read it back.
    pub(super) revision: i64,
}

impl Seen {
    /// Whether a line comes to something else than was seen. One that a choice leaves nothing for is the choice's doing.
    fn differs(&self, line: &Line) -> bool {
        match &line.said {
            Said::Take(_) => !self.may_be_taken.contains(&line.listed.number),
            Said::Refused { code, .. } => *code != TWICE && self.taken.contains(&line.listed.number),
            Said::Known(_) | Said::Choice(_) => false,
        }
    }
}

/// Stores what the lines of one sitting come to now.
///
/// # Errors
/// [`Refused`]: an account that may not, a vendor that is disabled, a line that came to something else when it was seen, or
/// what the database says.
pub(super) async fn keep(judging: &Judging<'_>, listed: &[&Listed], seen: &Seen) -> Result<Vec<Line>, Refused> {
    let (core, tenant) = (judging.core, judging.adopter.tenant);
    core.decide(&[format!("adopting/{tenant}/{}", judging.vendor.id)], || async {
        let judged = judging.sitting(listed).await?;
        if judged.lines.iter().any(|line| seen.differs(line)) {
            return Err(changed_since());
        }
        let mut draft = Draft::of(core, tenant, actor(&judging.adopter.account.id));
        if let Some(here) = &judged.here {
            let revision = seen.revision;
            let keeping = Keeping { judging, revision };
            keeping.all(&mut draft, here, &judged.taken).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: judged.lines,
        })
    })
    .await
}

struct Keeping<'a> {
    judging: &'a Judging<'a>,
    revision: i64,
}

impl Keeping<'_> {
    async fn all(
        &self,
        draft: &mut Draft<'_>,
        here: &Here,
        taken: &[(model::Association, Association)],
    ) -> Result<(), Refused> {
        let sitting = match here {
            Here::Known(sitting) => {
                if !taken.is_empty() {
                    draining::must_take(draft, &sitting.peer, sitting.unit.as_deref()).await?;
                }
                (**sitting).clone()
            }
            Here::New(made) => self.made(draft, made).await?,
        };
        let has_begun = sitting.facts.start.is_some_and(|start| start <= draft.now);
        for (there, enrolment) in taken {
            let deelname = self.deelname(draft, there, enrolment, &sitting).await?;
            if has_begun {
                // What the vendor knows of results by now; a poll may have passed it.
                deliver::read_back(draft, &sitting.peer, &deelname).await?;
            }
        }
        // Its version moves, so that a cancellation at the same time sees these deelnames, or they the cancellation.
        draft.put(offering::next(draft.tenant, &sitting));
        comparison::follow_all(draft, &sitting, Why::Asked).await?;
        if !taken.is_empty() {
            // What was assigned to a person since reaches the vendor as a change.
            needs::again::follow(draft, &sitting.peer, Some(&sitting.id), "").await?;
        }
        Ok(())
    }

    fn confirmed(&self, draft: &Draft<'_>) -> Option<Confirmation> {
        Some(Confirmation {
            plan_version: 1,
            at: draft.now,
            revision: self.revision,
        })
    }

    /// The sitting as the vendor has it, told and confirmed.
    async fn made(&self, draft: &mut Draft<'_>, made: &Made) -> Result<Offering, Refused> {
        let (there, vendor) = (self.judging.sitting, self.judging.vendor);
        let (plannable, component) = (&made.plannable, &made.component);
        draining::must_take(draft, &vendor.id, plannable.unit.as_deref()).await?;
        let id = draft.core.id();
        let plan = Plan {
            name: Some(there.name.clone()).filter(|name| !name.trim().is_empty()),
            code: Some(there.primary_code.value.clone()).filter(|code| !code.trim().is_empty()),
            times: made.times.clone(),
            location_codes: there.location_codes.clone(),
            modes_of_delivery: there.modes_of_delivery.clone(),
            safety: there.safety.clone(),
            fao_system_id: there.code(FAO_SERVER).map(str::to_owned),
        };
        let unit = plannable.unit.clone();
        let sitting = Offering {
            id: id.clone(),
            kind: OfferingKind::Sitting,
            unit: unit.clone(),
            peer: vendor.id.clone(),
            plannable: Some(plannable.id.clone()),
            component: Some(component.facts.component_id.clone()),
            plan_version: 1,
            confirmed: self.confirmed(draft),
            planned_by: vec![self.judging.adopter.account.id.clone()],
            planner: None,
            facts: facts(&id, unit, Some(plannable), component, &plan),
            updated_at: draft.now,
            version: 0,
        };
        let detail = format!("{} at {}", there.offering_id, vendor.id);
        draft.audit(
            "sitting.adopt",
            ("offering", &id),
            detail,
            sitting.facts.name.as_bytes(),
        );
        let by = (Some(there.offering_id.as_str()), Some(self.revision));
        know_as(draft, &vendor.id, ("offering", &id), by).await?;
        // Its version moves, so that a cancellation at the same time sees this sitting.
        draft.put(offering::next(draft.tenant, plannable));
        // And the vendor's, so that of two who take in the same sitting one sees the other, also where they take it for
        // different planbare toetsen.
        let row = peer::find(&draft.core.db, draft.tenant, &vendor.id).await?;
        let row = row.ok_or_else(|| Refused::unknown("vendor", &vendor.id))?;
        draft.put(row.next());
        Ok(sitting)
    }

    /// A deelname as the vendor has it, told and confirmed. Returns its id.
    async fn deelname(
        &self,
        draft: &mut Draft<'_>,
        there: &model::Association,
        enrolment: &Association,
        sitting: &Offering,
    ) -> Result<String, Refused> {
        let id = draft.core.id();
        let deelname = Association {
            id: id.clone(),
            kind: AssociationKind::Deelname,
            peer: sitting.peer.clone(),
            enrolment: Some(enrolment.id.clone()),
            plan_version: 1,
            confirmed: self.confirmed(draft),
            planned_by: Some(self.judging.adopter.account.id.clone()),
            planner: None,
            facts: model::Association {
                association_type: AssociationType::ComponentOfferingAssociation,
                role: enrolment.facts.role.clone(),
                state: AssociationState::Associated,
                additional_time_min: there.additional_time_min,
                personal_needs: there.personal_needs.clone(),
                attempt: Some(enrolment.attempt()),
                attempts_left: AttemptsLeft::Unknown,
                ..model::Association::bare(&id, &enrolment.facts.person_id, &sitting.id)
            },
            updated_at: draft.now,
            version: 0,
        };
        let detail = format!("{} in {}", there.association_id, sitting.id);
        draft.audit("deelname.adopt", ("association", &id), detail, b"");
        let by = (Some(there.association_id.as_str()), Some(self.revision));
        know_as(draft, &sitting.peer, ("association", &id), by).await?;
        // Its version moves: who plans it at this moment sees that it is planned.
        draft.put(association::next(draft.tenant, enrolment));
        draft.put(association::next(draft.tenant, &deelname));
        Ok(id)
    }
}
