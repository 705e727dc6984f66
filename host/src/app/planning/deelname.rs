//! Deelnames: who takes part in a sitting, as student or staff; changed and cancelled.

use std::collections::HashSet;

use super::Planner;
use crate::app::draft::Draft;
use crate::app::needs::{self, Settled, Vendor, Whose};
use crate::app::{Core, Decision, Refused, attempt as attempts, cancel, deliver, draining, duplicate};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::attempt::{self, Attempt};
use crate::domain::exception::{NEEDS_BLOCKED, NEEDS_CHANGED};
use crate::domain::model::{self, AssociationState, AssociationType, AttemptsLeft, Role};
use crate::domain::needs::{Needs, duration_s};
use crate::domain::offering::{NotPlannable, Offering};
use crate::domain::person::Person;
use crate::store::{association, offering, person};

/// The most deelnames planned in one commit.
pub const MOST_AT_ONCE: usize = 200;

/// For whom a deelname is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum For {
    /// A toetsinschrijving: its person, in its role.
    Enrolment {
        /// The toetsinschrijving.
        id: String,
        /// Plan an extra attempt (R8, R9).
        extra_attempt: bool,
        /// Take an extra attempt upon yourself where the student system has not said how many are left (R9).
        confirmed: bool,
    },
    /// A person without enrolment: staff, or a member of a test group (R26).
    Person {
        /// The person.
        id: String,
        /// In which role.
        role: Role,
    },
}

/// A deelname to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeelname {
    /// For whom.
    pub candidate: For,
    /// Needs; by default those that follow from the enrolment and the person on the day (R15).
    pub needs: Option<Needs>,
}

impl NewDeelname {
    fn is_students(&self) -> bool {
        match &self.candidate {
            For::Enrolment { .. } => true,
            For::Person { role, .. } => *role == Role::Student,
        }
    }
}

/// Adds deelnames to a sitting and tells the vendor. Each stands or falls by itself: the answer holds, in the same
/// order, the id of a deelname or why there is none.
///
/// # Errors
/// [`Refused`] for all of them: no such sitting, more than [`MOST_AT_ONCE`], or an account that does not plan here.
pub async fn add(
    core: &Core,
    planner: Planner<'_>,
    sitting: &str,
    new: &[NewDeelname],
) -> Result<Vec<Result<String, Refused>>, Refused> {
    if new.len() > MOST_AT_ONCE {
        return Err(Refused::Invalid(format!(
            "{} deelnames at once is too many: send at most {MOST_AT_ONCE} per call",
            new.len()
        )));
    }
    core.decide(&[format!("offering/{}/{sitting}", planner.tenant)], || async {
        let sitting = planner.standing_sitting(core, sitting).await?;
        let mut adding = Adding {
            draft: Draft::of(core, planner.tenant, planner.actor()),
            planner,
            sitting: &sitting,
            bound: HashSet::new(),
            enrolments: HashSet::new(),
            persons: HashSet::new(),
            vendor: Vendor::of(&core.db, planner.tenant, &sitting.peer).await?,
        };
        adding.vendor.bind(&mut adding.draft, &sitting.peer);
        // Its version moves, so that a cancellation at the same time sees these deelnames, or they the cancellation.
        adding.draft.put(offering::next(planner.tenant, &sitting));
        // Who invigilates a sitting that is still served may change.
        if new.iter().any(NewDeelname::is_students) {
            draining::must_take(&mut adding.draft, &sitting.peer, sitting.unit.as_deref()).await?;
        }
        adding.plannable_stands().await?;
        adding.bound = adding.bound_already().await?;
        let mut answer = Vec::with_capacity(new.len());
        for one in new {
            match adding.add(one).await {
                Err(failure) if failure.is_failure() => return Err(failure),
                outcome => answer.push(outcome),
            }
        }
        Ok(Decision {
            write_set: adding.draft.finish(),
            answer,
        })
    })
    .await
}

struct Adding<'a> {
    draft: Draft<'a>,
    planner: Planner<'a>,
    sitting: &'a Offering,
    /// Persons with a role that stand on this sitting, so that nobody takes part twice.
    bound: HashSet<(String, Role)>,
    /// Enrolments that were planned in this run.
    enrolments: HashSet<String>,
    /// Persons whose row is written in this run.
    persons: HashSet<String>,
    /// What the vendor can be told of needs.
    vendor: Vendor,
}

impl Adding<'_> {
    async fn plannable_stands(&self) -> Result<(), Refused> {
        let Some(id) = &self.sitting.plannable else {
            return Ok(());
        };
        let plannable = offering::find(&self.draft.core.db, self.draft.tenant, id).await?;
        match plannable {
            Some(plannable) if plannable.is_canceled() => Err(NotPlannable::Canceled(id.clone()).into()),
            _ => Ok(()),
        }
    }

    async fn bound_already(&self) -> Result<HashSet<(String, Role)>, Refused> {
        let all = association::of_offering(&self.draft.core.db, self.draft.tenant, &self.sitting.id).await?;
        Ok(all
            .into_iter()
            .filter(|bound| !bound.is_canceled())
            .map(|bound| (bound.facts.person_id, bound.facts.role))
            .collect())
    }

    async fn add(&mut self, new: &NewDeelname) -> Result<String, Refused> {
        match &new.candidate {
            For::Person { id, role } => {
                let person = self.person(id, None).await?;
                self.check_free(&person, role)?;
                if self.persons.insert(id.clone()) {
                    // Its version moves, so that an erasure at the same time sees that the person is needed (R5).
                    self.draft.put(person::next(self.draft.tenant, &person));
                }
                self.deelname(None, &person, role.clone(), new.needs.clone()).await
            }
            For::Enrolment {
                id,
                extra_attempt,
                confirmed,
            } => {
                let enrolment = self.enrolment(id).await?;
                let person = self.person(&enrolment.facts.person_id, Some(&enrolment.peer)).await?;
                let attempt = self.attempt(&enrolment, *extra_attempt, *confirmed).await?;
                let along = match attempt {
                    Attempt::Enrolled => Vec::new(),
                    Attempt::Extra { .. } => self.served_along(&enrolment, *confirmed).await?,
                };
                self.check_free(&person, &enrolment.facts.role)?;
                let role = enrolment.facts.role.clone();
                self.enrolments.insert(enrolment.id.clone());
                // Its version moves: as for the sitting above.
                self.draft.put(association::next(self.draft.tenant, &enrolment));
                let served = match attempt {
                    Attempt::Enrolled => enrolment,
                    Attempt::Extra { number } => {
                        let served = self.extra_attempt(&enrolment, number);
                        for (other, number) in along {
                            self.draft.put(association::next(self.draft.tenant, &other));
                            let other = self.extra_attempt(&other, number);
                            duplicate::merge_along(&mut self.draft, &other, &served);
                        }
                        served
                    }
                };
                self.deelname(Some(&served), &person, role, new.needs.clone()).await
            }
        }
    }

    async fn enrolment(&self, id: &str) -> Result<Association, Refused> {
        let found = association::find(&self.draft.core.db, self.draft.tenant, id).await?;
        let enrolment = found
            .filter(|found| found.kind == AssociationKind::Enrolment)
            .ok_or_else(|| Refused::unknown("toetsinschrijving", id))?;
        if Some(&enrolment.facts.offering_id) != self.sitting.plannable.as_ref() {
            return Err(Refused::Invalid(format!(
                "enrolment {id} is for another planbare toets than sitting {} serves",
                self.sitting.id
            )));
        }
        if self.enrolments.contains(id) {
            return Err(Refused::Invalid(format!(
                "enrolment {id} stands twice in this call: plan a further attempt in a call of its own"
            )));
        }
        Ok(enrolment)
    }

    /// The person, whole; one that has not come yet is fetched, and nothing is planned until then (R14).
    async fn person(&mut self, id: &str, from: Option<&str>) -> Result<Person, Refused> {
        let known = person::find(&self.draft.core.db, self.draft.tenant, id).await?;
        if let Some(known) = known
            && !known.erased
        {
            return Ok(known);
        }
        match from {
            None => Err(Refused::unknown("person", id)),
            Some(peer) => {
                deliver::fetch_person(&mut self.draft, peer, id).await?;
                Err(Refused::NotNow(format!(
                    "person {id} has not come from the student system yet; it is asked for, plan again when it is there"
                )))
            }
        }
    }

    /// Which attempt planning an enrolment comes to; one that another's deelname serves is planned through that one.
    async fn attempt(&self, enrolment: &Association, extra: bool, confirmed: bool) -> Result<Attempt, Refused> {
        let (core, tenant) = (self.draft.core, self.draft.tenant);
        if let Some(kept) = duplicate::merged_into(core, tenant, &enrolment.id).await? {
            return Err(Refused::NotNow(format!(
                "enrolment {} is merged with {kept}, whose deelname serves both: plan that one, or unmerge first",
                enrolment.id
            )));
        }
        let planned = attempts::planned_on(core, tenant, enrolment).await?;
        Ok(attempt::plan(enrolment, planned, extra, confirmed)?)
    }

    /// The enrolments that are merged with this one, with the number of the extra attempt that each gets along with it:
    /// the student system has to allow it on each (R9).
    async fn served_along(&self, kept: &Association, confirmed: bool) -> Result<Vec<(Association, u32)>, Refused> {
        let (core, tenant) = (self.draft.core, self.draft.tenant);
        let mut along = Vec::new();
        for other in duplicate::merged_with(core, tenant, &kept.id).await? {
            if other.is_canceled() {
                continue;
            }
            let planned = attempts::planned_on(core, tenant, &other).await?;
            if let Attempt::Extra { number } = attempt::plan(&other, planned, true, confirmed)? {
                along.push((other, number));
            }
        }
        Ok(along)
    }

    fn check_free(&self, person: &Person, role: &Role) -> Result<(), Refused> {
        if self.bound.contains(&(person.id.clone(), role.clone())) {
            return Err(Refused::NotNow(format!(
                "person {} takes part in sitting {} already in this role",
                person.id, self.sitting.id
            )));
        }
        Ok(())
    }

    /// Makes the toetsinschrijving of an extra attempt, which the student system hears of with its result (R8).
    fn extra_attempt(&mut self, original: &Association, number: u32) -> Association {
        let id = self.draft.core.id();
        let extra = Association {
            id: id.clone(),
            kind: AssociationKind::Enrolment,
            peer: original.peer.clone(),
            enrolment: None,
            plan_version: 0,
            confirmed: None,
            planned_by: Some(self.planner.account.id.clone()),
            planner: None,
            facts: model::Association {
                association_id: id,
                attempt: Some(number),
                attempts_left: AttemptsLeft::Unknown,
                org_association_id: Some(original.id.clone()),
                opaque: None,
                ..original.facts.clone()
            },
            updated_at: self.draft.now,
            version: 0,
        };
        let detail = format!("attempt {number} of {}", original.id);
        self.draft
            .audit("enrolment.extra", ("association", &extra.id), detail, b"");
        self.draft.put(association::next(self.draft.tenant, &extra));
        extra
    }

    async fn deelname(
        &mut self,
        enrolment: Option<&Association>,
        person: &Person,
        role: Role,
        needs: Option<Needs>,
    ) -> Result<String, Refused> {
        self.check_free(person, &role)?;
        let by_hand = needs.is_some();
        let facts = enrolment.map(|enrolment| &enrolment.facts);
        let (needs, obstacles) = match needs {
            Some(needs) => {
                check_told(&self.vendor, self.sitting, &needs)?;
                (needs, Vec::new())
            }
            None if role == Role::Student => {
                match needs::wanted(&self.vendor, self.sitting, facts, &person.facts, self.draft.now) {
                    Ok(needs) => (needs, Vec::new()),
                    Err(obstacles) => (Needs::default(), obstacles),
                }
            }
            None => (Needs::default(), Vec::new()),
        };
        let id = self.draft.core.id();
        let deelname = Association {
            id: id.clone(),
            kind: AssociationKind::Deelname,
            peer: self.sitting.peer.clone(),
            enrolment: enrolment.map(|enrolment| enrolment.id.clone()),
            plan_version: 1,
            confirmed: None,
            planned_by: Some(self.planner.account.id.clone()),
            planner: None,
            facts: model::Association {
                association_id: id.clone(),
                association_type: AssociationType::ComponentOfferingAssociation,
                role: role.clone(),
                state: AssociationState::Associated,
                person_id: person.id.clone(),
                person: None,
                offering_id: self.sitting.id.clone(),
                additional_time_min: needs.additional_time_min,
                personal_needs: needs.personal_needs,
                attempt: enrolment.map(Association::attempt),
                attempts_left: AttemptsLeft::Unknown,
                program_offering_association_id: None,
                course_offering_association_id: None,
                org_association_id: None,
                start: None,
                expected_end: None,
                final_end: None,
                sequence_code: None,
                result: None,
                opaque: None,
            },
            updated_at: self.draft.now,
            version: 0,
        };
        let detail = format!("{} in {}", association::role_word(&role), self.sitting.id);
        self.draft.audit("deelname.plan", ("association", &id), detail, b"");
        if obstacles.is_empty() {
            deliver::deelname(&mut self.draft, &deelname, self.sitting);
        } else {
            needs::block(&mut self.draft, &deelname, self.sitting, &obstacles).await?;
        }
        if by_hand {
            needs::set_by_hand(&mut self.draft, &deelname, true).await?;
        }
        self.draft.put(association::next(self.draft.tenant, &deelname));
        self.bound.insert((person.id.clone(), role));
        Ok(id)
    }
}

/// Refuses needs that whoever sets them by hand can mend at once.
fn check_told(vendor: &Vendor, sitting: &Offering, needs: &Needs) -> Result<(), Refused> {
    let Some(bounds) = &vendor.bounds else {
        return Ok(());
    };
    let obstacles = needs.obstacles(duration_s(&sitting.facts), bounds);
    if obstacles.is_empty() {
        Ok(())
    } else {
        Err(Refused::NeedsNotTold(obstacles))
    }
}

/// Sets the needs of a deelname by hand and tells the vendor; nothing is told when nothing changed. From then on the
/// vendor's table no longer decides on them.
///
/// # Errors
/// [`Refused`]: no such deelname, a cancelled one, needs that the vendor can't be told, or an account that does not plan
/// for this unit.
pub async fn change(core: &Core, planner: Planner<'_>, id: &str, needs: &Needs) -> Result<(), Refused> {
    core.decide(&[format!("association/{}/{id}", planner.tenant)], || async {
        let (deelname, sitting) = standing(core, planner, id).await?;
        let vendor = Vendor::of(&core.db, planner.tenant, &deelname.peer).await?;
        check_told(&vendor, &sitting, needs)?;
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        let was_blocked = needs::is_blocked(&draft, id).await?;
        needs::set_by_hand(&mut draft, &deelname, true).await?;
        if was_blocked || *needs != needs::of_deelname(&deelname) {
            tell(&mut draft, deelname, &sitting, needs.clone());
        }
        let resolution = "De voorzieningen van de deelname zijn opnieuw vastgelegd.";
        for settled in [NEEDS_CHANGED, NEEDS_BLOCKED] {
            draft.close(settled, ("association", id), resolution).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Lets the vendor's table decide on the needs of a deelname again, after they were set by hand.
///
/// # Errors
/// [`Refused`]: no such deelname, a cancelled one, a person who is not known, or an account that does not plan for this
/// unit.
pub async fn follow_table(core: &Core, planner: Planner<'_>, id: &str) -> Result<(), Refused> {
    core.decide(&[format!("association/{}/{id}", planner.tenant)], || async {
        let (deelname, sitting) = standing(core, planner, id).await?;
        let db = &core.db;
        let known = person::find(db, planner.tenant, &deelname.facts.person_id).await?;
        let known = known.filter(|known| !known.erased).ok_or_else(|| {
            Refused::NotNow(format!(
                "the person of deelname {id} is not known: their needs can't be read"
            ))
        })?;
        let enrolment = match &deelname.enrolment {
            Some(enrolment) => association::find(db, planner.tenant, enrolment).await?,
            None => None,
        };
        let vendor = Vendor::of(db, planner.tenant, &deelname.peer).await?;
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        vendor.bind(&mut draft, &deelname.peer);
        let whose = Whose {
            deelname: &deelname,
            sitting: &sitting,
            enrolment: enrolment.as_ref().map(|enrolment| &enrolment.facts),
            person: &known.facts,
        };
        if let Settled::Tell(needs) = needs::settle_by_table(&mut draft, &vendor, whose).await? {
            tell(&mut draft, deelname, &sitting, needs);
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn tell(draft: &mut Draft<'_>, deelname: Association, sitting: &Offering, needs: Needs) {
    let deelname = needs::with(deelname, needs, draft.now);
    draft.audit(
        "deelname.change",
        ("association", &deelname.id),
        "needs".to_owned(),
        b"",
    );
    deliver::deelname(draft, &deelname, sitting);
    draft.put(association::next(draft.tenant, &deelname));
}

/// Cancels a deelname and tells the vendor (R4); the toetsinschrijving of an extra attempt made for it goes with it.
/// A second time does nothing.
///
/// # Errors
/// [`Refused`]: no such deelname, or an account that does not plan for this unit.
pub async fn cancel(core: &Core, planner: Planner<'_>, id: &str, reason: &str) -> Result<(), Refused> {
    core.decide(&[format!("association/{}/{id}", planner.tenant)], || async {
        let (deelname, sitting) = found(core, planner, id).await?;
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        if !deelname.is_canceled() {
            cancel::deelname(&mut draft, deelname, &sitting, reason).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// A deelname that stands, of a sitting that stands.
async fn standing(core: &Core, planner: Planner<'_>, id: &str) -> Result<(Association, Offering), Refused> {
    let (deelname, sitting) = found(core, planner, id).await?;
    if deelname.is_canceled() || sitting.is_canceled() {
        return Err(Refused::NotNow(format!(
            "deelname {id} has been cancelled; plan a new one instead"
        )));
    }
    Ok((deelname, sitting))
}

async fn found(core: &Core, planner: Planner<'_>, id: &str) -> Result<(Association, Offering), Refused> {
    let found = association::find(&core.db, planner.tenant, id).await?;
    let deelname = found
        .filter(|found| found.kind == AssociationKind::Deelname)
        .ok_or_else(|| Refused::unknown("deelname", id))?;
    let sitting = planner.sitting(core, &deelname.facts.offering_id).await?;
    Ok((deelname, sitting))
}
