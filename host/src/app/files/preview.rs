//! What a file that came back would do, line by line, before anything of it counts. The same file, connector and state of
//! things give the same preview; its digest says whether what is stored is what was seen.

use std::collections::{BTreeSet, HashMap};

use ring::digest;
use serde::{Deserialize, Serialize};

use super::{Carrier, File, FileError, caller, content, counted, decoded, find};
use crate::app::running::Connectors;
use crate::app::unit::Units;
use crate::app::{Core, Refused, result as result_verbs};
use crate::connector::call::{Delivery, Line as Read, Reading};
use crate::connector::files::SheetRow;
use crate::domain::association::{Association, AssociationKind};
use crate::domain::model::{Component, ExamResult, Person};
use crate::domain::principal::Duty;
use crate::domain::result::{self, Delivered, Head, Source, Version};
use crate::store::carried_file::Counts;
use crate::store::sql::Key;
use crate::store::{StoreError, association, component, offering, person, result as result_store};

/// Rows in one call of the connector.
const ROWS_PER_CALL: usize = 500;

/// What a file would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The file.
    pub file: File,
    /// The revision that read it.
    pub revision: i64,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its lines, in their order.
    pub lines: Vec<Line>,
    /// Of all this together.
    pub digest: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its number in the file.
    pub number: u32,
    /// Its cells.
    pub cells: Vec<String>,
    /// What comes of it.
    pub said: Said,
}

/// What comes of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// A result or attendance that will be taken.
    Result(Stated),
    /// A test that will be taken.
    Test(Component),
    /// It says what is known already.
    Known,
    /// It says nothing.
    Nothing,
    /// A person chooses one of these, or none.
    Choice(Vec<Stated>),
    /// It is not taken; the sentence is for the person who carries the file, in Dutch.
    Refused {
        /// Stable code.
        code: String,
        /// The sentence.
        message: String,
    },
}

/// What a line says of a deelname.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stated {
    /// The deelname, by our id.
    pub deelname: String,
    /// What tells it from other readings of the line, in Dutch.
    pub label: String,
    /// The result.
    pub result: ExamResult,
    /// Whether the cesuur was applied: `yes`, `no` or `unknown`.
    pub normed: String,
    /// The vendor's code of the version taken.
    pub examenversie: Option<String>,
    /// The result that there is now, where there is one. It is part of what was seen: a preview of which it has changed
    /// is another one.
    pub present: Option<Present>,
}

/// A result that there is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Its version.
    pub seq: i64,
    /// Its score, where it has one.
    pub score: Option<String>,
    /// Whether a decision stands on it.
    pub decided: bool,
}

impl Stated {
    fn of(reading: &Reading, present: Option<Present>) -> Self {
        let delivery = &reading.delivery;
        Stated {
            deelname: delivery.deelname_peer_id.clone(),
            label: reading.label.clone(),
            result: delivery.result.clone(),
            normed: result_store::normed_word(delivery.normed).to_owned(),
            examenversie: delivery.examenversie.clone(),
            present,
        }
    }

    /// As any other vendor's delivery.
    ///
    /// # Errors
    /// A word that was never kept.
    pub(super) fn delivery(&self) -> Result<Delivery, StoreError> {
        Ok(Delivery {
            deelname_peer_id: self.deelname.clone(),
            result: self.result.clone(),
            normed: result_store::normed_from(&self.normed)?,
            examenversie: self.examenversie.clone(),
        })
    }
}

impl Said {
    fn refused(code: &str, message: impl Into<String>) -> Said {
        Said::Refused {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

impl Preview {
    /// How many lines come to what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |is: fn(&Said) -> bool| {
            let found = self.lines.iter().filter(|line| is(&line.said)).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        Counts {
            taken: count(|said| matches!(said, Said::Result(_) | Said::Test(_))),
            known: count(|said| matches!(said, Said::Known)),
            refused: count(|said| matches!(said, Said::Refused { .. })),
            ..Counts::default()
        }
    }

    /// How many lines wait for a choice.
    #[must_use]
    pub fn choices(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| matches!(line.said, Said::Choice(_)))
            .count()
    }
}

/// What a file would do now. Nothing is stored.
///
/// # Errors
/// [`FileError`]: no such file, no connector that reads it, or one that refuses it as a whole.
pub async fn preview(
    core: &Core,
    connectors: &Connectors,
    carrier: Carrier<'_>,
    (peer, id): (&str, &str),
) -> Result<Preview, FileError> {
    let file = find(core, carrier, (peer, id)).await?;
    if !file.row.media_type.is_empty() {
        return Err(Refused::unknown("file that came back", id).into());
    }
    let sheet = decoded(content(core, &file.row).await?).await?;
    let (read, revision) = read(core, connectors, &file, (&sheet.columns, &sheet.rows)).await?;
    let around = Around::of(core, carrier, peer, &read).await?;
    let mut lines: Vec<Line> = sheet
        .rows
        .iter()
        .zip(read)
        .map(|(row, read)| Line {
            number: row.number,
            cells: row.cells.clone(),
            said: around.said(read),
        })
        .collect();
    once(&mut lines);
    let digest = digest_of(&file, revision, &lines);
    Ok(Preview {
        file,
        revision,
        columns: sheet.columns.clone(),
        lines,
        digest,
    })
}

fn digest_of(file: &File, revision: i64, lines: &[Line]) -> String {
    let said: Vec<(u32, &Said)> = lines.iter().map(|line| (line.number, &line.said)).collect();
    let all = serde_json::to_vec(&(&file.row.digest, revision, said)).expect("lines are JSON");
    hex::encode(digest::digest(&digest::SHA256, &all))
}

/// What the connector, and before it the reader of files, says of each row.
async fn read(
    core: &Core,
    connectors: &Connectors,
    file: &File,
    (columns, rows): (&[String], &[SheetRow]),
) -> Result<(Vec<Read>, i64), FileError> {
    let mut all = Vec::with_capacity(rows.len());
    let mut by = None;
    // A file without rows is held against its columns all the same.
    let pieces = rows.chunks(ROWS_PER_CALL).chain(rows.is_empty().then_some(rows));
    for (place, piece) in pieces.enumerate() {
        let good: Vec<Vec<String>> = piece
            .iter()
            .filter(|row| row.fault.is_none())
            .map(|row| row.cells.clone())
            .collect();
        let effect = format!("{}/{place}", file.row.id);
        let of = (file.row.tenant.as_str(), file.row.peer.as_str());
        let (caller, revision) = caller(connectors, core, of, &effect).await?;
        if *by.get_or_insert(revision) != revision {
            return Err(FileError::SeenOther);
        }
        let answer = caller.read_piece(columns, &good).await;
        let mut said = counted(connectors, core, (of.0, of.1, revision), answer)?.into_iter();
        for row in piece {
            all.push(match &row.fault {
                Some(fault) => Read::Refused {
                    code: fault.code().to_owned(),
                    message: fault.to_string(),
                },
                None => said.next().expect("a call answers with exactly one line per row"),
            });
        }
    }
    Ok((all, by.unwrap_or_default()))
}

/// What is known of all that a file names.
struct Around {
    bound: HashMap<String, Association>,
    persons: HashMap<String, Person>,
    versions: HashMap<String, Vec<Version>>,
    heads: HashMap<String, Head>,
    tests: HashMap<String, Component>,
    /// Deelnames of which lines say different things.
    disputed: BTreeSet<String>,
    /// Tests of which lines say different things.
    disputed_tests: BTreeSet<String>,
    /// Sittings of units that this account does not plan for.
    anothers: BTreeSet<String>,
    peer: String,
    may_bring_tests: bool,
}

impl Around {
    async fn of(core: &Core, carrier: Carrier<'_>, peer: &str, read: &[Read]) -> Result<Around, FileError> {
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
        Stated::of(reading, present)
    }

    fn said(&self, read: Read) -> Said {
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
        let known = person.and_then(student_number);
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
        let delivered = Delivered {
            result: delivery.result.clone(),
            normed: delivery.normed,
            examenversie: delivery.examenversie.clone(),
        };
        // A head without its version is found out where it is stored.
        result_verbs::present(Some(head), versions)
            .ok()
            .flatten()
            .is_some_and(|present| result::is_repeated(&delivered, Source::File, present))
    }
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

fn student_number(person: &Person) -> Option<&str> {
    let mut codes = std::iter::once(&person.primary_code).chain(&person.other_codes);
    let number = codes.find(|code| code.code_type.eq_ignore_ascii_case("studentNumber"));
    number.map(|code| code.value.as_str())
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

/// Of lines that say the same of one deelname or test the first counts.
fn once(lines: &mut [Line]) {
    let mut seen = BTreeSet::new();
    for line in lines {
        let about = match &line.said {
            Said::Result(stated) => format!("deelname/{}", stated.deelname),
            Said::Test(test) => format!("test/{}", test.component_id),
            _ => continue,
        };
        if !seen.insert(about) {
            line.said = Said::Known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::{Attendance, Normed, ResultState};

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
