//! What the lines of deelnames come to: which enrolment each belongs to, by the list, by the vendor or by a person's choice.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judging, MOST_NAMED, TWICE};
use crate::app::adopting::list::Listed;
use crate::app::adopting::{Choice, Said};
use crate::app::{Refused, attempt as attempts, duplicate};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::attempt;
use crate::domain::model::{self, AssociationState, Role};
use crate::domain::person::Person;
use crate::store::sql::Key;
use crate::store::{association, ledger, person};

/// What is known here of those who may be in a sitting, read at once.
pub(super) struct Known {
    /// The enrolments of the planbare toets, with their persons.
    enrolled: Vec<(Association, Option<Person>)>,
    /// Our ids of the vendor's deelnames, by the vendor's.
    ties: BTreeMap<String, Vec<String>>,
    /// What stands here by those ids, ours and the vendor's.
    here: BTreeMap<String, Association>,
}

impl Known {
    fn our_ids(&self, peer_id: &str) -> &[String] {
        self.ties.get(peer_id).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Judging<'a> {
    pub(super) async fn known(&self, plannable: Option<&str>) -> Result<Known, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let there: Vec<&str> = self.deelnames.iter().map(|one| one.association_id.as_str()).collect();
        let mut ties: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for tie in ledger::by_peer_ids(db, (tenant, &self.vendor.id), "association", &there).await? {
            ties.entry(tie.peer_id).or_default().push(tie.our_id);
        }
        let ids: BTreeSet<&str> = ties.values().flatten().map(String::as_str).chain(there).collect();
        let keys: Vec<Key> = ids.into_iter().map(|id| (tenant.to_owned(), id.to_owned())).collect();
        let here = association::with_keys(db, &keys).await?.into_iter();
        Ok(Known {
            enrolled: self.enrolled(plannable).await?,
            here: here.map(|(_, one)| (one.id.clone(), one)).collect(),
            ties,
        })
    }

    async fn enrolled(&self, plannable: Option<&str>) -> Result<Vec<(Association, Option<Person>)>, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let Some(plannable) = plannable else {
            return Ok(Vec::new());
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
        Ok(all.into_iter().map(with_person).collect())
    }

    pub(super) async fn deelname(
        &self,
        listed: &Listed,
        known: &Known,
        used: &mut BTreeSet<String>,
    ) -> Result<(Said, Option<(model::Association, Association)>), Refused> {
        let pairs = match self.pairs(listed, known).await? {
            Ok(pairs) => pairs,
            Err(said) => return Ok((said, None)),
        };
        let ((there, enrolment), rest) = match pairs.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return Ok((self.no_pair(listed, known), None)),
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
        if let Some(said) = self.tied(there, enrolment, known) {
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
            return Ok((Said::refused(TWICE, why), None));
        }
        if let Some(said) = self.not_plannable(enrolment, known).await? {
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
        known: &'e Known,
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
            (Some(id), _) => known.enrolled.iter().filter(|(one, _)| one.id == *id).collect(),
            (None, Some(student)) => known
                .enrolled
                .iter()
                .filter(|(_, one)| is_named(one.as_ref(), student))
                .collect(),
            (None, None) => known.enrolled.iter().collect(),
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
            let tied = known.our_ids(&one.association_id);
            if let Some(our_id) = tied.first() {
                let served = known.here.get(our_id).and_then(|here| here.enrolment.as_ref());
                // Taken in before.
                if let Some((enrolment, _)) = wanted.iter().find(|(it, _)| Some(&it.id) == served) {
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
    fn no_pair(&self, listed: &Listed, known: &Known) -> Said {
        let standing = self
            .deelnames
            .iter()
            .filter(|one| one.state != AssociationState::Canceled);
        let ids = standing.map(|one| one.association_id.as_str());
        let free: Vec<&str> = ids.filter(|id| known.our_ids(id).is_empty()).take(MOST_NAMED).collect();
        let id = listed.deelname.as_deref().unwrap_or_default();
        let there = match free.is_empty() {
            true => "Er is daar niets meer dat nog niet is overgenomen.".to_owned(),
            false => format!("Nog over te nemen: {}.", free.join(", ")),
        };
        let why = format!("De leverancier heeft in deze zitting geen deelname ‘{id}’. {there}");
        Said::refused("deelname-absent", why)
    }

    /// Whether this deelname stands here already, or under another.
    fn tied(&self, there: &model::Association, enrolment: &Association, known: &Known) -> Option<Said> {
        let id = there.association_id.as_str();
        let our_id = match known.our_ids(id) {
            [] => id,
            [only] => only.as_str(),
            _ => {
                let why = format!("Het id ‘{id}’ van de leverancier hoort hier bij meer dan één deelname.");
                return Some(Said::refused("deelname-tied-twice", why));
            }
        };
        let here = known.here.get(our_id).filter(|here| {
            here.peer == self.vendor.id && matches!(here.kind, AssociationKind::Deelname | AssociationKind::Relayed)
        })?;
        Some(match here.enrolment.as_deref() == Some(&enrolment.id) {
            true if !here.is_canceled() => Said::Known(here.id.clone()),
            _ => {
                let why = format!("Deze deelname hoort hier al bij een andere: {}.", here.id);
                Said::refused("tied", why)
            }
        })
    }

    /// Why an enrolment can't have this deelname, by the rules of planning.
    async fn not_plannable(&self, enrolment: &Association, known: &Known) -> Result<Option<Said>, Refused> {
        let tenant = self.adopter.tenant;
        let person = known.enrolled.iter().find(|(one, _)| one.id == enrolment.id);
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
