//! What comes of each line of a sitting: held against what the vendor has, what is known here, and who may be planned.

use std::collections::{BTreeMap, BTreeSet};

use super::list::Listed;
use super::{Adopter, Choice, Line, Said};
use crate::app::unit::Units;
use crate::app::{Core, Refused, attempt as attempts, duplicate};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::attempt;
use crate::domain::model::{self, AssociationState, OfferingState, Role};
use crate::domain::offering::{NotPlannable, Offering, OfferingKind, ProviderName, Times};
use crate::domain::person::Person;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::component::{self, ComponentRow};
use crate::store::peer::{self, PeerRow};
use crate::store::scope::Scope;
use crate::store::{association, ledger, offering, person};

/// The most ids that a refusal or a choice names.
const MOST_NAMED: usize = 20;
/// Planbare toetsen of one name that are looked through.
const MOST_ALIKE: u32 = 50;

/// One sitting at the vendor, and everything that its lines are held against.
pub(super) struct Judging<'a> {
    pub(super) core: &'a Core,
    pub(super) adopter: Adopter<'a>,
    pub(super) vendor: &'a PeerRow,
    /// As the vendor has it.
    pub(super) sitting: &'a model::Offering,
    deelnames: &'a [model::Association],
}

/// The sitting as it is here, or will be.
pub(super) enum Here {
    /// It is known.
    Known(Box<Offering>),
    /// It is made.
    New(Box<Made>),
}

/// What a new sitting is made of.
pub(super) struct Made {
    pub(super) plannable: Offering,
    pub(super) component: ComponentRow,
    pub(super) times: Times,
}

/// What the lines of one sitting come to.
pub(super) struct Judged {
    pub(super) lines: Vec<Line>,
    /// The sitting, unless every line is refused.
    pub(super) here: Option<Here>,
    /// The vendor's deelnames that are taken in, each with the enrolment that it serves.
    pub(super) taken: Vec<(model::Association, Association)>,
}

/// The enrolments of the planbare toets, with their persons.
struct Enrolled(Vec<(Association, Option<Person>)>);

impl<'a> Judging<'a> {
    pub(super) fn of(
        core: &'a Core,
        adopter: Adopter<'a>,
        vendor: &'a PeerRow,
        (sitting, deelnames): (&'a model::Offering, &'a [model::Association]),
    ) -> Self {
        Judging {
            core,
            adopter,
            vendor,
            sitting,
            deelnames,
        }
    }

    /// Judges the lines of this sitting as things stand now.
    pub(super) async fn sitting(&self, listed: &[&Listed]) -> Result<Judged, Refused> {
        let here = match self.here(listed).await? {
            Ok(here) => here,
            Err(said) => {
                let lines = listed.iter().map(|one| Line {
                    listed: (*one).clone(),
                    said: said.clone(),
                });
                return Ok(Judged {
                    lines: lines.collect(),
                    here: None,
                    taken: Vec::new(),
                });
            }
        };
        let plannable = match &here {
            Here::Known(sitting) => sitting.plannable.clone(),
            Here::New(made) => Some(made.plannable.id.clone()),
        };
        let enrolled = self.enrolled(plannable.as_deref()).await?;
        let mut judged = Judged {
            lines: Vec::with_capacity(listed.len()),
            here: None,
            taken: Vec::new(),
        };
        let mut used = BTreeSet::new();
        for one in listed {
            let said = match (one.is_of_sitting(), &here) {
                (true, Here::Known(sitting)) => Said::Known(sitting.id.clone()),
                (true, Here::New(_)) => Said::Take(self.differences(one)),
                (false, _) => {
                    let (said, taken) = self.deelname(one, &enrolled, &mut used).await?;
                    judged.taken.extend(taken);
                    said
                }
            };
            judged.lines.push(Line {
                listed: (*one).clone(),
                said,
            });
        }
        let is_wanted = judged.lines.iter().any(|line| matches!(line.said, Said::Take(_)));
        judged.here = is_wanted.then_some(here);
        Ok(judged)
    }

    // ---- the sitting -----------------------------------------------------------------------------------------------

    async fn here(&self, listed: &[&Listed]) -> Result<Result<Here, Said>, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let id = self.sitting.offering_id.as_str();
        if self.sitting.state == OfferingState::Canceled {
            return Ok(Err(Said::refused(
                "sitting-canceled",
                "De zitting is bij de leverancier geannuleerd.",
            )));
        }
        let tied = ledger::by_peer_id(db, tenant, &self.vendor.id, "offering", id).await?;
        let our_id = match tied.as_slice() {
            [] => id,
            [only] => only.our_id.as_str(),
            _ => {
                let why = "Deze zitting hoort hier bij meer dan één zitting. Laat functioneel beheer dat uitzoeken.";
                return Ok(Err(Said::refused("sitting-tied-twice", why)));
            }
        };
        let known = offering::find(db, tenant, our_id).await?;
        match known.filter(|known| known.peer == self.vendor.id) {
            Some(known) if known.kind == OfferingKind::Relayed => Ok(Err(Said::refused(
                "sitting-tied",
                "Deze zitting is door een ander planningsysteem gepland en staat hier al.",
            ))),
            Some(known) if known.is_canceled() => Ok(Err(Said::refused(
                "sitting-tied",
                "Deze zitting hoort bij een zitting die hier is geannuleerd.",
            ))),
            Some(known) if known.kind == OfferingKind::Sitting => {
                self.may(known.unit.as_deref()).await?;
                Ok(Ok(Here::Known(Box::new(known))))
            }
            _ => self.unknown(listed).await,
        }
    }

    /// A sitting that is not here yet.
    async fn unknown(&self, listed: &[&Listed]) -> Result<Result<Here, Said>, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let plannable = match self.plannable(listed).await? {
            Ok(plannable) => plannable,
            Err(said) => return Ok(Err(said)),
        };
        self.may(plannable.unit.as_deref()).await?;
        let offered = self.sitting.offered_id.as_deref().unwrap_or_default();
        let Some(component) = component::find(db, tenant, &self.vendor.id, offered).await? else {
            let why =
                format!("De toets ‘{offered}’ van deze zitting staat niet in de toetscatalogus van de leverancier.");
            return Ok(Err(Said::refused("component-unknown", why)));
        };
        let others = peer::all(db, tenant).await?.into_iter();
        let others: Vec<ProviderName> = others
            .filter(|other| other.hat == "ta" && other.id != self.vendor.id)
            .map(|other| ProviderName {
                id: other.id,
                name: other.name,
            })
            .collect();
        match plannable.may_be_served_by(&component.facts, &others) {
            // What is planned already may be of a test that can't be planned any more.
            Ok(()) | Err(NotPlannable::Inactive(_)) => {}
            Err(NotPlannable::Canceled(_)) => {
                let why = "De planbare toets is door de deelnemerregistratie geannuleerd.";
                return Ok(Err(Said::refused("plannable-canceled", why)));
            }
            Err(_) => {
                let why = "Deze toets mag volgens de deelnemerregistratie niet dienen voor deze planbare toets.";
                return Ok(Err(Said::refused("not-to-be-used", why)));
            }
        }
        let start = listed.iter().find_map(|one| one.start).or(self.sitting.start);
        let end = listed.iter().find_map(|one| one.end).or(self.sitting.end);
        let (Some(start), Some(end)) = (start, end) else {
            let why = "De leverancier noemt geen begin of einde. Zet ze in de kolommen ‘begin’ en ‘einde’.";
            return Ok(Err(Said::refused("no-times", why)));
        };
        let times = Times {
            start,
            end,
            last_possible_start: self.sitting.last_possible_start,
            duration_s: self.sitting.duration_s,
            start_options: self.sitting.start_options,
            duration_from: self.sitting.duration_from,
            duration_until: self.sitting.duration_until,
        };
        if times.check().is_err() {
            let why = "De tijden spreken elkaar tegen. Kijk begin en einde na, in de lijst of bij de leverancier.";
            return Ok(Err(Said::refused("wrong-times", why)));
        }
        Ok(Ok(Here::New(Box::new(Made {
            plannable,
            component,
            times,
        }))))
    }

    /// The planbare toets that the lines name, or that their enrolments are for.
    async fn plannable(&self, listed: &[&Listed]) -> Result<Result<Offering, Said>, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let named: BTreeSet<&str> = listed.iter().filter_map(|one| one.plannable.as_deref()).collect();
        let mut ids = BTreeSet::new();
        for name in named {
            match self.plannable_named(name).await? {
                Some(found) => ids.insert(found.id),
                None => {
                    let why = format!("Er is hier niet precies één planbare toets ‘{name}’.");
                    return Ok(Err(Said::refused("plannable-unknown", why)));
                }
            };
        }
        for enrolment in listed.iter().filter_map(|one| one.enrolment.as_deref()) {
            let found = association::find(db, tenant, enrolment).await?;
            let found = found.filter(|found| found.kind == AssociationKind::Enrolment);
            ids.extend(found.map(|found| found.facts.offering_id));
        }
        let mut ids = ids.into_iter();
        match (ids.next(), ids.next()) {
            (Some(id), None) => {
                let found = offering::find(db, tenant, &id).await?;
                let found = found.filter(|found| found.kind == OfferingKind::Plannable);
                Ok(found.ok_or_else(|| {
                    Said::refused(
                        "plannable-unknown",
                        "De planbare toets is nog niet van de deelnemerregistratie gekomen.",
                    )
                }))
            }
            (None, _) => Ok(Err(Said::refused(
                "plannable-missing",
                "Zet in de kolom ‘planbare toets’ waarvoor deze zitting is, of noem een inschrijving.",
            ))),
            _ => Ok(Err(Said::refused(
                "plannables-differ",
                "De regels van deze zitting horen bij verschillende planbare toetsen; een zitting dient er één.",
            ))),
        }
    }

    async fn plannable_named(&self, name: &str) -> Result<Option<Offering>, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let by_id = offering::find(db, tenant, name).await?;
        if let Some(found) = by_id.filter(|found| found.kind == OfferingKind::Plannable) {
            return Ok(Some(found));
        }
        let named = offering::plannables_named(db, tenant, &Scope::School, name, MOST_ALIKE).await?;
        let mut coded = named
            .into_iter()
            .filter(|one| one.facts.primary_code.value == name || one.facts.name == name);
        let first = coded.next();
        Ok(first.filter(|_| coded.next().is_none()))
    }

    /// Who may plan for a unit, or manages, takes in what is there.
    async fn may(&self, unit: Option<&str>) -> Result<(), Refused> {
        let (account, now) = (self.adopter.account, self.core.now());
        if account.holding(Duty::Beheren, &[WHOLE_SCHOOL.to_owned()], now).is_ok() {
            return Ok(());
        }
        let lineage = Units::of(&self.core.db, self.adopter.tenant).await?.lineage(unit);
        account.holding(Duty::Plannen, &lineage, now)?;
        Ok(())
    }

    /// What the list says otherwise than the vendor: kept as listed, and compared.
    fn differences(&self, listed: &Listed) -> Vec<String> {
        let mut differs = Vec::new();
        for (what, ours, theirs) in [
            ("het begin", listed.start, self.sitting.start),
            ("het einde", listed.end, self.sitting.end),
        ] {
            if let (Some(ours), Some(theirs)) = (ours, theirs)
                && ours != theirs
            {
                differs.push(format!(
                    "de leverancier heeft {what} anders; na het overnemen wordt dat vergeleken"
                ));
            }
        }
        differs
    }

    // ---- a deelname ------------------------------------------------------------------------------------------------

    async fn enrolled(&self, plannable: Option<&str>) -> Result<Enrolled, Refused> {
        let (db, tenant) = (&self.core.db, self.adopter.tenant);
        let Some(plannable) = plannable else {
            return Ok(Enrolled(Vec::new()));
        };
        let mut all = association::of_offering(db, tenant, plannable).await?;
        all.retain(|one| one.kind == AssociationKind::Enrolment && one.facts.role == Role::Student);
        let ids: Vec<String> = all.iter().map(|one| one.facts.person_id.clone()).collect();
        let persons = person::with_ids(db, tenant, &ids).await?;
        let mut by_id: BTreeMap<String, Person> = persons.into_iter().map(|one| (one.id.clone(), one)).collect();
        let with_person = |one: Association| {
            let person = by_id.remove(&one.facts.person_id).filter(|person| !person.erased);
            (one, person)
        };
        Ok(Enrolled(all.into_iter().map(with_person).collect()))
    }

    async fn deelname(
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
