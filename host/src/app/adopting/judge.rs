//! What comes of each line of a sitting: held against what the vendor has, what is known here, and who may be planned.

mod deelname;

use std::collections::BTreeSet;

use super::list::Listed;
use super::{Adopter, Line, Said};
use crate::app::unit::Units;
use crate::app::{Core, Refused};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model::{self, OfferingState};
use crate::domain::offering::{NotPlannable, Offering, OfferingKind, ProviderName, Times};
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::component::{self, ComponentRow};
use crate::store::peer::{self, PeerRow};
use crate::store::scope::Scope;
use crate::store::{association, ledger, offering};

/// Code of the refusal of a line whose deelname or enrolment is another line's.
pub(super) const TWICE: &str = "twice";
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
        let known = self.known(plannable.as_deref()).await?;
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
                    let (said, taken) = self.deelname(one, &known, &mut used).await?;
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
                match self.serves_another(listed, &known).await? {
                    Some(said) => Ok(Err(said)),
                    None => Ok(Ok(Here::Known(Box::new(known)))),
                }
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

    /// Why a sitting that is here can't be what its lines say: they name another planbare toets than it serves.
    async fn serves_another(&self, listed: &[&Listed], known: &Offering) -> Result<Option<Said>, Refused> {
        let named: BTreeSet<&str> = listed.iter().filter_map(|one| one.plannable.as_deref()).collect();
        for name in named {
            let found = self.plannable_named(name).await?;
            if let Some(other) = found.filter(|found| known.plannable.as_ref() != Some(&found.id)) {
                let serves = known.plannable.as_deref().unwrap_or("geen");
                let why = format!(
                    "Deze zitting staat hier al, voor planbare toets ‘{serves}’ en niet voor ‘{}’; een zitting dient er één.",
                    other.id
                );
                return Ok(Some(Said::refused("plannables-differ", why)));
            }
        }
        Ok(None)
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
}
