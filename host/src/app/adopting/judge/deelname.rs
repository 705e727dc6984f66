//! What the lines of deelnames come to: which enrolment each belongs to, by the list, by the vendor or by a person's choice.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judging, MOST_NAMED};
use crate::app::adopting::list::Listed;
use crate::app::adopting::{Choice, Said};
use crate::app::{Refused, attempt as attempts, duplicate};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::attempt;
use crate::domain::model::{self, AssociationState, Role};
use crate::domain::person::Person;
use crate::store::{association, ledger, person};

/// The enrolments of the planbare toets, with their persons.
pub(super) struct Enrolled(Vec<(Association, Option<Person>)>);

impl<'a> Judging<'a> {
    pub(super) async fn enrolled(&self, plannable: Option<&str>) -> Result<Enrolled, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let Some(plannable) = plannable else {
            return Ok(Enrolled(Vec::new()));
        };
        let mut all = association::of_offering(db, tenant, plannable).await?;
        all.retain(|one| one.kind == AssociationKind::Enrolment && one.facts.role == Role::Student);
        let ids: Vec<String> = all.iter().map(|one| one.facts.person_id.clone()).collect();
        let persons = person::with_ids(db, tenant, &ids).await?;
        let by_id: BTreeMap<String, Person> = persons.into_iter().map(|one| (one.id.clone(), one)).collect();
        // One person may have several: an extra attempt, or twice the same.
        let with_person = |one: Association| {
            let person = by_id.get(&one.facts.person_id).filter(|person| !person.erased).cloned();
            (one, person)
        };
        Ok(Enrolled(all.into_iter().map(with_person).collect()))
    }

    pub(super) async fn deelname(
        &self,
        listed: &Listed,
        enrolled: &Enrolled,
        used: &mut BTreeSet<String>,
    ) -> Result<(Said, Option<(model::Association, Association)>), Refused> {
        let pairs = match self.pairs(listed, enrolled).await? {
            Ok(pairs) => pairs,
            Err(said) => return Ok((said, None)),
        };
        let ((there, enrolment), rest) = match pairs.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return Ok((self.no_pair(listed).await?, None)),
        };
        let several = |pairs: &[(&model::Association, &Association)]| {
            let choice = |(there, enrolment): &(&model::Association, &Association)| Choice {
                deelname: there.association_id.clone(),
                enrolment: enrolment.id.clone(),
            };
            let choices = pairs.iter().take(MOST_NAMED).map(choice).collect();
            Said::Choice(choices)
        };
        if !rest.is_empty() {
            return Ok((several(&pairs), None));
        }
        if let Some(said) = self.tied(there, enrolment).await? {
            return Ok((said, None));
        }
        // The only one that is left is not by that this student's.
        if listed.deelname.is_none() && says_nobody(there) {
            return Ok((several(&pairs), None));
        }
        let keys = [
            format!("deelname {}", there.association_id),
            format!("enrolment {}", enrolment.id),
        ];
        if keys.iter().any(|key| used.contains(key)) {
            let why = "Deze deelname of inschrijving staat al op een eerdere regel.";
            return Ok((Said::refused("twice", why), None));
        }
        if let Some(said) = self.not_plannable(enrolment, enrolled).await? {
            return Ok((said, None));
        }
        used.extend(keys);
        let taken = ((*there).clone(), (*enrolment).clone());
        Ok((Said::Take(self.differences(listed)), Some(taken)))
    }

    /// The deelname at the vendor and the enrolment here that a line means; more than one where it may mean several.
    async fn pairs<'e>(
        &self,
        listed: &Listed,
        enrolled: &'e Enrolled,
    ) -> Result<Result<Vec<(&'a model::Association, &'e Association)>, Said>, Refused> {
        let standing = |one: &&model::Association| one.state != AssociationState::Canceled && one.role == Role::Student;
        let there: Vec<&model::Association> = self.deelnames.iter().filter(standing).collect();
        let there: Vec<&model::Association> = match &listed.deelname {
            Some(id) => there.into_iter().filter(|one| one.association_id == *id).collect(),
            None => there,
        };
        if there.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let wanted: Vec<&(Association, Option<Person>)> = match (&listed.enrolment, &listed.student) {
            (Some(id), _) => enrolled.0.iter().filter(|(one, _)| one.id == *id).collect(),
            (None, Some(student)) => enrolled
                .0
                .iter()
                .filter(|(_, one)| is_named(one.as_ref(), student))
                .collect(),
            (None, None) => enrolled.0.iter().collect(),
        };
        if wanted.is_empty() {
            return Ok(Err(self.unknown_enrolment(listed).await?));
        }
        let mut pairs = Vec::new();
        let mut told = 0;
        for one in &there {
            for (enrolment, person) in &wanted {
                match is_same(one, enrolment, person.as_ref()) {
                    Some(true) => pairs.push((*one, enrolment)),
                    Some(false) => told += 1,
                    None => {}
                }
            }
        }
        if !pairs.is_empty() {
            return Ok(Ok(pairs));
        }
        if told > 0 && listed.deelname.is_some() && (listed.enrolment.is_some() || listed.student.is_some()) {
            let why = "De leverancier heeft deze deelname voor een andere persoon.";
            return Ok(Err(Said::refused("other-person", why)));
        }
        // The vendor does not say whose they are: what the list says counts, where it says it.
        let names_somebody = listed.enrolment.is_some() || listed.student.is_some();
        let of_nobody: Vec<&model::Association> = there.into_iter().filter(|one| says_nobody(one)).collect();
        if !names_somebody || of_nobody.is_empty() {
            let why = "De leverancier noemt hier geen deelname van deze student. Zet in de kolommen ‘deelname’ en \
                       ‘student’ of ‘inschrijving’ wie bij wie hoort.";
            return Ok(Err(Said::refused("deelname-absent", why)));
        }
        let mut free = Vec::new();
        for one in of_nobody {
            let id = &one.association_id;
            let db = &self.core.db;
            let tied = ledger::by_peer_id(db, self.adopter.tenant, &self.vendor.id, "association", id).await?;
            if let Some(tie) = tied.first() {
                let known = association::find(db, self.adopter.tenant, &tie.our_id).await?;
                let served = known.and_then(|known| known.enrolment);
                // Taken in before.
                if let Some((enrolment, _)) = wanted.iter().find(|(it, _)| Some(&it.id) == served.as_ref()) {
                    return Ok(Ok(vec![(one, enrolment)]));
                }
            }
            if tied.is_empty() || listed.deelname.is_some() {
                free.push(one);
            }
        }
        let pair = |one: &&'a model::Association| wanted.iter().map(|(it, _)| (*one, it)).collect::<Vec<_>>();
        Ok(Ok(free.iter().flat_map(pair).collect()))
    }

    async fn unknown_enrolment(&self, listed: &Listed) -> Result<Said, Refused> {
        let why = match (&listed.enrolment, &listed.student) {
            (Some(id), _) => {
                let found = association::find(&self.core.db, self.adopter.tenant, id).await?;
                match found {
                    Some(_) => format!("Inschrijving ‘{id}’ is voor een andere planbare toets dan deze zitting dient."),
                    None => {
                        format!("Er is hier geen inschrijving ‘{id}’. Wacht tot de deelnemerregistratie haar stuurt.")
                    }
                }
            }
            _ => "Deze student heeft geen inschrijving voor de planbare toets van deze zitting. Wacht tot de \
                  deelnemerregistratie die stuurt."
                .to_owned(),
        };
        Ok(Said::refused("enrolment-unknown", why))
    }

    /// What the vendor has in the sitting that nobody has taken in, to choose from.
    async fn no_pair(&self, listed: &Listed) -> Result<Said, Refused> {
        let mut free = Vec::new();
        for one in self
            .deelnames
            .iter()
            .filter(|one| one.state != AssociationState::Canceled)
        {
            let (db, id) = (&self.core.db, &one.association_id);
            let tied = ledger::by_peer_id(db, self.adopter.tenant, &self.vendor.id, "association", id).await?;
            if tied.is_empty() && free.len() < MOST_NAMED {
                free.push(id.as_str());
            }
        }
        let id = listed.deelname.as_deref().unwrap_or_default();
        let there = match free.is_empty() {
            true => "Er is daar niets meer dat nog niet is overgenomen.".to_owned(),
            false => format!("Nog over te nemen: {}.", free.join(", ")),
        };
        let why = format!("De leverancier heeft in deze zitting geen deelname ‘{id}’. {there}");
        Ok(Said::refused("deelname-absent", why))
    }

    /// Whether this deelname stands here already, or under another.
    async fn tied(&self, there: &model::Association, enrolment: &Association) -> Result<Option<Said>, Refused> {
        let (db, tenant, id) = (&self.core.db, self.adopter.tenant, there.association_id.as_str());
        let tied = ledger::by_peer_id(db, tenant, &self.vendor.id, "association", id).await?;
        let our_id = match tied.as_slice() {
            [] => id,
            [only] => only.our_id.as_str(),
            _ => {
                let why = format!("Het id ‘{id}’ van de leverancier hoort hier bij meer dan één deelname.");
                return Ok(Some(Said::refused("deelname-tied-twice", why)));
            }
        };
        let known = association::find(db, tenant, our_id).await?;
        let known = known.filter(|known| {
            known.peer == self.vendor.id && matches!(known.kind, AssociationKind::Deelname | AssociationKind::Relayed)
        });
        Ok(
            known.map(|known| match known.enrolment.as_deref() == Some(&enrolment.id) {
                true if !known.is_canceled() => Said::Known(known.id),
                _ => {
                    let why = format!("Deze deelname hoort hier al bij een andere: {}.", known.id);
                    Said::refused("tied", why)
                }
            }),
        )
    }

    /// Why an enrolment can't have this deelname, by the rules of planning.
    async fn not_plannable(&self, enrolment: &Association, enrolled: &Enrolled) -> Result<Option<Said>, Refused> {
        let tenant = self.adopter.tenant;
        let person = enrolled.0.iter().find(|(one, _)| one.id == enrolment.id);
        if person.is_none_or(|(_, person)| person.is_none()) {
            let why = "De persoon van deze inschrijving is nog niet van de deelnemerregistratie gekomen.";
            return Ok(Some(Said::refused("person-absent", why)));
        }
        if let Some(kept) = duplicate::merged_into(self.core, tenant, &enrolment.id).await? {
            let why = format!("Deze inschrijving is samengevoegd met {kept}: neem de deelname daarvoor over.");
            return Ok(Some(Said::refused("merged", why)));
        }
        let planned = attempts::planned_on(self.core, tenant, enrolment).await?;
        Ok(attempt::plan(enrolment, planned, false, false).err().map(|_| {
            let why = "Deze inschrijving is hier al ingepland of is geannuleerd.";
            Said::refused("enrolment-planned", why)
        }))
    }
}

/// Whether a person goes by this: their id, or one of their codes.
fn is_named(person: Option<&Person>, name: &str) -> bool {
    person.is_some_and(|person| {
        let mut codes = std::iter::once(&person.facts.primary_code).chain(&person.facts.other_codes);
        person.id == name || codes.any(|code| code.value == name)
    })
}

fn says_nobody(there: &model::Association) -> bool {
    there.person_id.is_empty() && there.person.is_none()
}

/// Whether the vendor's deelname is of the person of an enrolment; nothing where it does not say whose it is.
fn is_same(there: &model::Association, enrolment: &Association, person: Option<&Person>) -> Option<bool> {
    if says_nobody(there) {
        return None;
    }
    if there.person_id == enrolment.facts.person_id {
        return Some(true);
    }
    let codes = there
        .person
        .iter()
        .flat_map(|whole| std::iter::once(&whole.primary_code).chain(&whole.other_codes));
    let ours = person.map(|person| &person.facts);
    let same = |code: &model::Code| {
        let ours = ours
            .iter()
            .flat_map(|whole| std::iter::once(&whole.primary_code).chain(&whole.other_codes));
        ours.into_iter()
            .any(|our| our.code_type.eq_ignore_ascii_case(&code.code_type) && our.value == code.value)
    };
    Some(codes.into_iter().any(same))
}
