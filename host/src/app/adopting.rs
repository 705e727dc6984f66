//! Sittings and deelnames that a school has at a vendor already are taken in: listed by a person, each read back from the
//! vendor, seen line by line before anything is stored, and tied to the vendor's ids, so that the next delivery is a change
//! and no second creation. Taken in twice, nothing changes.

mod judge;
mod keep;
pub mod list;
pub(in crate::app) mod there;

use std::collections::BTreeMap;

use serde::Serialize;

use self::judge::Judging;
use self::list::Listed;
use self::there::{AtVendor, There};
use super::running::Connectors;
use super::{Core, Refused};
use crate::domain::principal::{Account, Duty, WHOLE_SCHOOL};
use crate::store::peer::{self, PeerRow};

/// Who takes in, at which vendor.
#[derive(Debug, Clone, Copy)]
pub struct Adopter<'a> {
    /// The school.
    pub tenant: &'a str,
    /// The account: it holds `plannen` for the units, or `beheren` for the school.
    pub account: &'a Account,
    /// The vendor.
    pub peer: &'a str,
}

/// What comes of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// It will be taken in; what the vendor has otherwise than the list, in Dutch, where anything is.
    Take(Vec<String>),
    /// It is known by this id already.
    Known(String),
    /// A person chooses one of these first.
    Choice(Vec<Choice>),
    /// It is not taken; the sentence is for the person who made the list, in Dutch.
    Refused {
        /// Stable code.
        code: &'static str,
        /// The sentence.
        message: String,
    },
}

impl Said {
    pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Said {
        Said::Refused {
            code,
            message: message.into(),
        }
    }
}

/// One way to read a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// The vendor's id of the deelname.
    pub deelname: String,
    /// Our toetsinschrijving.
    pub enrolment: String,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// As it was listed.
    pub listed: Listed,
    /// What comes of it.
    pub said: Said,
}

/// What a list would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Its lines, in their order.
    pub lines: Vec<Line>,
    /// Of all this together: what is stored is what was seen.
    pub digest: String,
}

impl Preview {
    fn of(core: &Core, adopter: Adopter<'_>, mut lines: Vec<Line>) -> Preview {
        lines.sort_by_key(|line| line.listed.number);
        let written = serde_json::to_vec(&lines).expect("lines are words");
        let place = format!("adopting/{}/{}", adopter.tenant, adopter.peer);
        Preview {
            digest: core.sealer.digest(&place, &written),
            lines,
        }
    }

    /// How many lines will be taken, are known, wait for a choice, and are refused.
    #[must_use]
    pub fn counts(&self) -> [usize; 4] {
        let count = |is: fn(&Said) -> bool| self.lines.iter().filter(|line| is(&line.said)).count();
        [
            count(|said| matches!(said, Said::Take(_))),
            count(|said| matches!(said, Said::Known(_))),
            count(|said| matches!(said, Said::Choice(_))),
            count(|said| matches!(said, Said::Refused { .. })),
        ]
    }
}

/// The vendor's row, for who may take in anywhere at all.
async fn vendor(core: &Core, adopter: Adopter<'_>) -> Result<PeerRow, Refused> {
    let (account, now) = (adopter.account, core.now());
    let everywhere = [WHOLE_SCHOOL.to_owned()];
    if !account.holds_anywhere(Duty::Plannen, now) {
        account.holding(Duty::Beheren, &everywhere, now)?;
    }
    let row = peer::find(&core.db, adopter.tenant, adopter.peer).await?;
    row.filter(|row| row.hat == "ta")
        .ok_or_else(|| Refused::unknown("vendor", adopter.peer))
}

/// The lines of each sitting, by the id that the vendor itself knows it by; lines that can't be read at all are judged.
fn grouped<'a>(listed: &'a [Listed], there: &There, lines: &mut Vec<Line>) -> BTreeMap<String, Vec<&'a Listed>> {
    let mut groups: BTreeMap<String, Vec<&Listed>> = BTreeMap::new();
    for one in listed {
        let said = match (&one.fault, there.sittings.get(&one.sitting)) {
            (Some(fault), _) => Said::refused("unreadable", fault.clone()),
            (None, Some(AtVendor::It { sitting, .. })) => {
                groups.entry(sitting.offering_id.clone()).or_default().push(one);
                continue;
            }
            (None, None | Some(AtVendor::Absent)) => {
                Said::refused("sitting-absent", "De leverancier kent deze zitting niet.")
            }
            (None, Some(AtVendor::Unreadable)) => Said::refused(
                "not-readable",
                "Deze koppeling kan zittingen niet teruglezen. Zonder teruglezen wordt niets overgenomen.",
            ),
            (None, Some(AtVendor::Failed)) => Said::refused(
                "not-read",
                "De leverancier gaf nu geen bruikbaar antwoord. Probeer het later opnieuw.",
            ),
        };
        lines.push(Line {
            listed: one.clone(),
            said,
        });
    }
    groups
}

/// What a list would do now, held against what the vendor has. Nothing is stored.
///
/// # Errors
/// [`Refused`]: no such vendor, a list that is too long, no connector that runs, or an account that may not.
pub async fn preview(
    core: &Core,
    connectors: &Connectors,
    adopter: Adopter<'_>,
    listed: &[Listed],
) -> Result<Preview, Refused> {
    let row = vendor(core, adopter).await?;
    let there = there::read(connectors, adopter, listed).await?;
    judged(core, adopter, (&row, &there), listed).await
}

/// The same of what was read.
///
/// # Errors
/// What the database says, or an account that may not.
pub(in crate::app) async fn judged(
    core: &Core,
    adopter: Adopter<'_>,
    (row, there): (&PeerRow, &There),
    listed: &[Listed],
) -> Result<Preview, Refused> {
    let mut lines = Vec::with_capacity(listed.len());
    let groups = grouped(listed, there, &mut lines);
    for (peer_id, of_one) in groups {
        let judging = Judging::of(core, adopter, row, there.at(&peer_id));
        let judged = judging.sitting(&of_one).await?;
        lines.extend(judged.lines);
    }
    Ok(Preview::of(core, adopter, lines))
}

/// Stores what a list would do, exactly as it was seen; then what the vendor has otherwise is compared, and results it has
/// already are read. `choices` says for a line, by its number, which of its readings is meant.
///
/// # Errors
/// As [`preview`]; [`Refused::NotNow`] where it would do something else now than was seen.
pub async fn store(
    core: &Core,
    connectors: &Connectors,
    adopter: Adopter<'_>,
    (listed, choices): (&[Listed], &BTreeMap<u32, usize>),
    digest: &str,
) -> Result<Preview, Refused> {
    let row = vendor(core, adopter).await?;
    let there = there::read(connectors, adopter, listed).await?;
    kept(core, adopter, (&row, &there), (listed, choices), digest).await
}

/// The same of what was read.
///
/// # Errors
/// As [`store`].
pub(in crate::app) async fn kept(
    core: &Core,
    adopter: Adopter<'_>,
    (row, there): (&PeerRow, &There),
    (listed, choices): (&[Listed], &BTreeMap<u32, usize>),
    digest: &str,
) -> Result<Preview, Refused> {
    let seen = judged(core, adopter, (row, there), listed).await?;
    if seen.digest != digest {
        return Err(changed_since());
    }
    let may_be_taken = |line: &&Line| match line.said {
        Said::Take(_) => true,
        Said::Choice(_) => choices.contains_key(&line.listed.number),
        _ => false,
    };
    let is_taken = |line: &&Line| matches!(line.said, Said::Take(_));
    let number = |line: &Line| line.listed.number;
    let before = keep::Seen {
        taken: seen.lines.iter().filter(is_taken).map(number).collect(),
        may_be_taken: seen.lines.iter().filter(may_be_taken).map(number).collect(),
        revision: there.revision,
    };
    let chosen: Vec<Listed> = seen.lines.iter().map(|line| list::chosen(line, choices)).collect();
    let mut lines = Vec::with_capacity(chosen.len());
    let groups = grouped(&chosen, there, &mut lines);
    for (peer_id, of_one) in groups {
        let judging = Judging::of(core, adopter, row, there.at(&peer_id));
        lines.extend(keep::keep(&judging, &of_one, &before).await?);
    }
    Ok(Preview::of(core, adopter, lines))
}

fn changed_since() -> Refused {
    Refused::NotNow("what this list would do has changed since it was looked at; look again".to_owned())
}
