//! What is known of all that a file names, read at once, and what each line comes to by it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Present, Said, Stated};
use crate::app::files::{Carrier, FileError};
use crate::app::unit::Units;
use crate::app::{Core, result as result_verbs};
use crate::connector::call::{Delivery, Line as Read, Reading};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::exception::RESULT_ASIDE;
use crate::domain::model::{Component, Person};
use crate::domain::principal::Duty;
use crate::domain::result::{self, Delivered, Head, Judgement, Source, Version};
use crate::store::sql::Key;
use crate::store::{Database, StoreError, association, component, offering, person, result as result_store, task};

/// What is known of all that a file names.
pub(super) struct Around {
    bound: HashMap<String, Association>,
    persons: HashMap<String, Person>,
    versions: HashMap<String, Vec<Version>>,
    heads: HashMap<String, Head>,
    tests: HashMap<String, Component>,
    /// Deelnames of which lines say different things.
    disputed: BTreeSet<String>,
    /// Tests of which lines say different things.
    disputed_tests: BTreeSet<String>,
    /// Deelnames of which an older state lies aside: a line that says again what stands settles that.
    unsettled: HashSet<String>,
    /// Sittings of units that this account does not plan for.
    anothers: BTreeSet<String>,
    peer: String,
    may_bring_tests: bool,
}

impl Around {
    pub(super) async fn of(core: &Core, carrier: Carrier<'_>, peer: &str, read: &[Read]) -> Result<Around, FileError> {
        let (db, tenant) = (&core.db, carrier.tenant);
        let (mut deelnames, mut tests) = (BTreeSet::new(), BTreeSet::new());
        for line in read {
            match line {
                Read::Result(reading) => deelnames.extend([reading.delivery.deelname_peer_id.clone()]),
                Read::Choice(several) => {
                    deelnames.extend(several.iter().map(|reading| reading.delivery.deelname_peer_id.clone()));
                }
                Read::Component(one) => tests.extend([one.component_id.clone()]),
                Read::Nothing | Read::Refused { .. } => {}
            }
        }
        let key = |id: &String| -> Key { (tenant.to_owned(), id.clone()) };
        let keys: Vec<Key> = deelnames.iter().map(key).collect();
        let bound = association::with_keys(db, &keys).await?;
        let bound: HashMap<String, Association> = bound.into_iter().map(|(_, one)| (one.id.clone(), one)).collect();
        let persons: BTreeSet<String> = bound.values().map(|one| one.facts.person_id.clone()).collect();
        let persons: Vec<String> = persons.into_iter().collect();
        let persons = person::with_ids(db, tenant, &persons).await?;
        let mut versions: HashMap<String, Vec<Version>> = HashMap::new();
        for (_, version) in result_store::versions_with_keys(db, &keys).await? {
            versions.entry(version.association.clone()).or_default().push(version);
        }
        let heads = result_store::heads_with_keys(db, &keys).await?;
        let unsettled = unsettled(db, tenant, &versions).await?;
        let of_tests: Vec<Vec<crate::store::sql::Value>> =
            tests.iter().map(|id| crate::values![tenant, peer, id]).collect();
        let known = component::with_keys(db, &of_tests).await?;
        let whole_school = carrier.account.holding(Duty::Plannen, &[], core.now()).is_ok();
        Ok(Around {
            anothers: anothers(core, carrier, &bound).await?,
            persons: persons
                .into_iter()
                .filter(|person| !person.erased)
                .map(|person| (person.id, person.facts))
                .collect(),
            heads: heads
                .into_iter()
                .map(|(_, head)| (head.association.clone(), head))
                .collect(),
            tests: known
                .into_iter()
                .map(|row| (row.facts.component_id.clone(), row.facts))
                .collect(),
            unsettled,
            disputed: disputed(read),
            disputed_tests: disputed_tests(read),
            versions,
            bound,
            peer: peer.to_owned(),
            may_bring_tests: whole_school,
        })
    }

    fn stated(&self, reading: &Reading) -> Stated {
        let deelname = &reading.delivery.deelname_peer_id;
        let present = self.heads.get(deelname).map(|head| {
            let versions = self.versions.get(deelname).map(Vec::as_slice).unwrap_or_default();
            let version = versions.iter().find(|version| version.seq == head.seq);
            Present {
                seq: head.seq,
                score: version.and_then(|version| version.delivered.result.score.clone()),
                decided: head.decided.stands(),
            }
        });
        let mut stated = Stated::of(reading, present);
        if stated.label.is_empty() && self.repeats_head(&reading.delivery) {
            "zegt opnieuw wat er staat".clone_into(&mut stated.label);
        }
        stated
    }

    /// Whether a line says again what the head points at.
    fn repeats_head(&self, delivery: &Delivery) -> bool {
        let id = &delivery.deelname_peer_id;
        let head = self.heads.get(id).map(|head| head.seq);
        let versions = self.versions.get(id).map(Vec::as_slice).unwrap_or_default();
        let standing = versions.iter().find(|version| Some(version.seq) == head);
        standing.is_some_and(|standing| result::is_same(&delivered(delivery), &standing.delivered))
    }

    /// What comes of a line.
    pub(super) fn said(&self, read: Read) -> Said {
        match read {
            Read::Nothing => Said::Nothing,
            Read::Refused { code, message } => Said::Refused { code, message },
            Read::Component(_) if !self.may_bring_tests => Said::refused(
                "not-allowed",
                "De toetsen van een leverancier wijzigt alleen wie plant voor de hele school.",
            ),
            Read::Component(test) if self.disputed_tests.contains(&test.component_id) => Said::refused(
                "contradicts",
                "Andere regels zeggen iets anders over dezelfde toets. Laat er één staan.",
            ),
            Read::Component(test) => match self.tests.get(&test.component_id) == Some(&test) {
                true => Said::Known,
                false => Said::Test(test),
            },
            Read::Result(reading) => match self.obstacle(&reading) {
                Some(refused) => refused,
                None if self.says_nothing_new(&reading.delivery) => Said::Known,
                None if self.disputed.contains(&reading.delivery.deelname_peer_id) => Said::Choice(vec![Stated {
                    label: "deze regel telt; andere regels zeggen iets anders over dezelfde deelname".to_owned(),
                    ..self.stated(&reading)
                }]),
                None => Said::Result(self.stated(&reading)),
            },
            Read::Choice(several) => {
                if let Some(refused) = several.iter().find_map(|reading| self.obstacle(reading)) {
                    return refused;
                }
                // Who chose before needn't choose again.
                match several.iter().any(|reading| self.says_nothing_new(&reading.delivery)) {
                    true => Said::Known,
                    false => Said::Choice(several.iter().map(|reading| self.stated(reading)).collect()),
                }
            }
        }
    }

    /// Why a reading can't be taken.
    fn obstacle(&self, reading: &Reading) -> Option<Said> {
        let id = &reading.delivery.deelname_peer_id;
        let is_ours = |bound: &&Association| {
            bound.peer == self.peer && matches!(bound.kind, AssociationKind::Deelname | AssociationKind::Relayed)
        };
        let Some(bound) = self.bound.get(id).filter(is_ours) else {
            let message = format!("Het kenmerk ‘{id}’ is van geen deelname bij deze leverancier.");
            return Some(Said::refused("unknown", message));
        };
        if self.anothers.contains(&bound.facts.offering_id) {
            let message = "De zitting is van een onderdeel van de school waarvoor u niet plant.";
            return Some(Said::refused("not-allowed", message));
        }
        let relayed = bound.facts.person.as_ref();
        let person = relayed.or_else(|| self.persons.get(&bound.facts.person_id));
        let known = person.and_then(Person::student_number);
        match (&reading.student_number, known) {
            (Some(said), Some(known)) if !said.trim().eq_ignore_ascii_case(known.trim()) => Some(Said::refused(
                "student-number",
                "Het studentnummer hoort niet bij dit kenmerk. Zijn de kolommen los van elkaar gesorteerd?",
            )),
            _ => None,
        }
    }

    fn says_nothing_new(&self, delivery: &Delivery) -> bool {
        let id = &delivery.deelname_peer_id;
        let (Some(head), Some(versions)) = (self.heads.get(id), self.versions.get(id)) else {
            return false;
        };
        if self.unsettled.contains(id) && self.repeats_head(delivery) {
            return false;
        }
        // A head without its version is found out where it is stored.
        result_verbs::present(Some(head), versions)
            .ok()
            .flatten()
            .is_some_and(|present| result::is_repeated(&delivered(delivery), Source::File, present))
    }
}

fn delivered(delivery: &Delivery) -> Delivered {
    Delivered {
        result: delivery.result.clone(),
        normed: delivery.normed,
        examenversie: delivery.examenversie.clone(),
    }
}

/// The deelnames whose newest version lies aside, while that is still an exception.
async fn unsettled(
    db: &Database,
    tenant: &str,
    versions: &HashMap<String, Vec<Version>>,
) -> Result<HashSet<String>, StoreError> {
    let is_aside = |versions: &Vec<Version>| {
        versions
            .last()
            .is_some_and(|newest| newest.judgement == Judgement::Aside)
    };
    let aside = versions.iter().filter(|(_, versions)| is_aside(versions));
    let keys: Vec<Key> = aside.map(|(id, _)| (tenant.to_owned(), id.clone())).collect();
    let open = task::open_about_any(db, "association", &keys).await?;
    let open = open.into_iter().filter(|task| task.about.kind == RESULT_ASIDE);
    Ok(open.map(|task| task.about.subject_id).collect())
}

async fn anothers(
    core: &Core,
    carrier: Carrier<'_>,
    bound: &HashMap<String, Association>,
) -> Result<BTreeSet<String>, FileError> {
    let sittings: BTreeSet<&str> = bound.values().map(|one| one.facts.offering_id.as_str()).collect();
    let keys: Vec<Key> = sittings
        .iter()
        .map(|id| (carrier.tenant.to_owned(), (*id).to_owned()))
        .collect();
    let units = Units::of(&core.db, carrier.tenant).await?;
    let now = core.now();
    let sittings = offering::with_keys(&core.db, &keys).await?;
    let anothers = sittings
        .into_iter()
        .filter(|(_, sitting)| !units.covers(carrier.account, Duty::Plannen, sitting.unit.as_deref(), now));
    Ok(anothers.map(|(_, sitting)| sitting.id).collect())
}

/// The deelnames of which lines say different things: a person chooses which of them counts, never chance.
fn disputed(read: &[Read]) -> BTreeSet<String> {
    let mut first: HashMap<&str, &Delivery> = HashMap::new();
    let mut disputed = BTreeSet::new();
    for line in read {
        if let Read::Result(Reading { delivery, .. }) = line {
            let known = *first.entry(&delivery.deelname_peer_id).or_insert(delivery);
            if known != delivery {
                disputed.insert(delivery.deelname_peer_id.clone());
            }
        }
    }
    disputed
}

/// The same for tests. Nobody chooses there: by its scale all its results are judged, so that the file is mended first.
fn disputed_tests(read: &[Read]) -> BTreeSet<String> {
    let mut first: HashMap<&str, &Component> = HashMap::new();
    let mut disputed = BTreeSet::new();
    for line in read {
        if let Read::Component(test) = line
            && *first.entry(&test.component_id).or_insert(test) != test
        {
            disputed.insert(test.component_id.clone());
        }
    }
    disputed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::{Attendance, ExamResult, Normed, ResultState};

    fn line(deelname: &str, score: &str) -> Read {
        Read::Result(Reading {
            delivery: Delivery {
                deelname_peer_id: deelname.to_owned(),
                result: ExamResult {
                    score: Some(score.to_owned()),
                    ..ExamResult::bare(ResultState::Completed, Attendance::Present)
                },
                normed: Normed::Yes,
                examenversie: None,
            },
            student_number: None,
            label: String::new(),
        })
    }

    /// Never the last one, or the first one, by chance.
    #[test]
    fn lines_that_say_different_things_of_one_deelname_are_disputed() {
        let lines = [line("a", "6.4"), line("b", "7.0"), line("a", "5.0"), line("b", "7.0")];
        assert_eq!(disputed(&lines), BTreeSet::from(["a".to_owned()]));
    }
}
