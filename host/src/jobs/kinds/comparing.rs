//! Reads what a vendor or student system has now, and holds it against what the host has (R25): the plan whole, results
//! and enrolments in pieces, since each of them is a call.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::call::Line;
use crate::app::comparison::{Found, Read, served};
use crate::app::studentresultaat;
use crate::connector::blame::{CallError, Decision};
use crate::connector::call::{Answer, Caller};
use crate::domain::association::Association;
use crate::domain::comparison::{self as rules, Difference, Planned};
use crate::domain::lane;
use crate::domain::model;
use crate::domain::offering::Offering;
use crate::domain::result::Delivered;
use crate::domain::retry::Blame;
use crate::jobs::JobError;
use crate::store::{association, job, ledger, offering, person, result};

/// The most pages of deelnames of one sitting.
const PAGES: usize = 50;
/// The most objects read one by one in a piece.
const MOST: usize = 40;
/// After so long a piece ends where it is: its job has three times that, and an answer may take a third of it.
const LONG: SignedDuration = SignedDuration::from_secs(60);

/// What was read, and by which revision; revision 0 where none could.
pub(super) type Piece = (Read, i64);

/// An answer that may be that the connector can't.
enum Heard<T> {
    It(T),
    Unsupported,
}

async fn heard<T>(line: &Line<'_>, answer: Answer<T>) -> Result<Heard<T>, JobError> {
    match line.counted(answer) {
        Ok(it) => Ok(Heard::It(it)),
        Err(CallError {
            decision: Decision::Unsupported,
            ..
        }) => Ok(Heard::Unsupported),
        Err(error) => Err(line.failed(&error).await?),
    }
}

/// What is read one by one: the differences so far, who reads, and since when.
struct Reading {
    found: Found,
    revision: i64,
    begun: Timestamp,
}

impl Reading {
    fn begins(line: &Line<'_>, revision: i64) -> Reading {
        Reading {
            found: Found::default(),
            revision,
            begun: line.context().core.now(),
        }
    }

    /// Whether the rest is for another piece: the other side is slow.
    fn is_long(&self, line: &Line<'_>) -> bool {
        line.context().core.now().duration_since(self.begun) > LONG
    }

    /// The connector can't read the rest. What was found before that stands.
    fn cannot_go_on(self) -> Piece {
        match self.found.differences.is_empty() {
            true => (Read::Unreadable, self.revision),
            false => self.ends(None),
        }
    }

    fn compared(&mut self, differences: Vec<Difference>) {
        self.found.compared += 1;
        self.found.differences.extend(differences);
    }

    fn ends(self, next: Option<String>) -> Piece {
        (Read::Compared(self.found, next), self.revision)
    }
}

/// A caller for the next call, where the connector serves it at all.
async fn next_caller(line: &Line<'_>) -> Result<Option<(Caller, i64)>, JobError> {
    line.caller_if_served().await
}

// ---- the plan ------------------------------------------------------------------------------------------------------

/// A sitting and its deelnames at the vendor (flow 2).
pub(super) async fn plan(line: &Line<'_>, sitting: &Offering) -> Result<Piece, JobError> {
    let context = line.context();
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let Some((caller, revision)) = next_caller(line).await? else {
        return Ok((Read::Unreadable, 0));
    };
    let (planned, on_their_way) = planned(line, sitting).await?;
    let mut reading = Reading::begins(line, revision);
    reading.found.on_their_way = i64::try_from(on_their_way.len()).unwrap_or(i64::MAX);
    if sitting.confirmed.is_none() {
        reading.found.on_their_way += 1;
        return Ok(reading.ends(None));
    }
    let known = ledger::by_our_id(db, tenant, &sitting.peer, "offering", &sitting.id).await?;
    let peer_id = known.map_or_else(|| sitting.id.clone(), |known| known.peer_id);
    let Heard::It(read) = heard(line, caller.read_sitting(&peer_id).await).await? else {
        return Ok((Read::Unreadable, revision));
    };
    match sitting.is_confirmed() {
        true => reading.compared(rules::of_sitting(&sitting.id, &sitting.plan(), read.as_ref())),
        false => reading.found.on_their_way += 1,
    }
    if read.is_none() || sitting.is_canceled() {
        return Ok(reading.ends(None));
    }
    let Some(there) = deelnames(line, &peer_id).await? else {
        return Ok(reading.cannot_go_on());
    };
    let settled = |one: &Difference| !on_their_way.contains(&one.id);
    reading.found.compared += i64::try_from(planned.len() - on_their_way.len()).unwrap_or(i64::MAX);
    let differences = rules::of_deelnames(&planned, &there).into_iter().filter(settled);
    reading.found.differences.extend(differences);
    Ok(reading.ends(None))
}

/// The deelnames as they were planned, by the ids the vendor knows them by, and which of them it has not confirmed.
async fn planned(
    line: &Line<'_>,
    sitting: &Offering,
) -> Result<(BTreeMap<String, Planned>, BTreeSet<String>), JobError> {
    let context = line.context();
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let (mut planned, mut on_their_way) = (BTreeMap::new(), BTreeSet::new());
    for deelname in association::of_offering(db, tenant, &sitting.id).await? {
        let was_never_told = deelname.is_canceled() && deelname.confirmed.is_none();
        if !deelname.is_confirmed() && !was_never_told {
            on_their_way.insert(deelname.id.clone());
        }
        let peer_id = peer_id(line, &deelname).await?;
        let plan = deelname.plan(None);
        planned.insert(peer_id, Planned { id: deelname.id, plan });
    }
    Ok((planned, on_their_way))
}

async fn peer_id(line: &Line<'_>, deelname: &Association) -> Result<String, JobError> {
    let (db, tenant) = (&line.context().core.db, &line.context().job.tenant);
    let known = ledger::by_our_id(db, tenant, &deelname.peer, "association", &deelname.id).await?;
    Ok(known.map_or_else(|| deelname.id.clone(), |known| known.peer_id))
}

/// `None` where the connector can't.
async fn deelnames(line: &Line<'_>, sitting: &str) -> Result<Option<Vec<model::Association>>, JobError> {
    let (mut all, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let (caller, _) = line.caller().await?;
        match heard(line, caller.read_deelnames(sitting, next.as_deref()).await).await? {
            Heard::It(page) => {
                all.extend(page.deelnames);
                next = page.next;
            }
            Heard::Unsupported => return Ok(None),
        }
        if next.is_none() {
            return Ok(Some(all));
        }
    }
    let what = format!("the deelnames of a sitting do not end after {PAGES} pages");
    Err(JobError::permanent(Blame::Connector, what))
}

// ---- results at the vendor -----------------------------------------------------------------------------------------

/// The results of students that the vendor knows, after an id (flow 3).
pub(super) async fn results(line: &Line<'_>, sitting: &Offering, after: &str) -> Result<Piece, JobError> {
    let context = line.context();
    let (db, tenant) = (&context.core.db, &context.job.tenant);
    let Some((_, revision)) = next_caller(line).await? else {
        return Ok((Read::Unreadable, 0));
    };
    let mut reading = Reading::begins(line, revision);
    let mut students = association::of_offering(db, tenant, &sitting.id).await?;
    students.retain(|one| one.facts.role == model::Role::Student && one.id.as_str() > after);
    let is_more = students.len() > MOST;
    students.truncate(MOST);
    let mut last = None;
    let heads = result::heads_of_sitting(db, tenant, &sitting.id).await?;
    for deelname in &students {
        if reading.is_long(line) {
            return Ok(reading.ends(last));
        }
        last = Some(deelname.id.clone());
        if deelname.confirmed.is_none() {
            reading.found.on_their_way += i64::from(!deelname.is_canceled());
            continue;
        }
        let Some((caller, _)) = next_caller(line).await? else {
            return Ok(reading.cannot_go_on());
        };
        let peer_id = peer_id(line, deelname).await?;
        let Heard::It(there) = heard(line, caller.read_result(&peer_id).await).await? else {
            return Ok(reading.cannot_go_on());
        };
        let ours = match heads.iter().find(|head| head.association == deelname.id) {
            None => None,
            Some(head) => {
                let versions = result::versions(db, tenant, &deelname.id).await?;
                versions.into_iter().find(|version| version.seq == head.seq)
            }
        };
        let there = there.map(|delivery| Delivered {
            result: delivery.result,
            normed: delivery.normed,
            examenversie: delivery.examenversie,
        });
        let ours = ours.map(|version| version.delivered);
        // A cancelled deelname may have a result (R6), and needs none.
        if deelname.is_canceled() && there.is_none() {
            continue;
        }
        reading.compared(rules::of_result(&deelname.id, ours.as_ref(), there.as_ref()));
    }
    Ok(reading.ends(last.filter(|_| is_more)))
}

// ---- the student system --------------------------------------------------------------------------------------------

/// The planbare toets, and the enrolments that a sitting serves with their persons, after an id (flow 1).
pub(super) async fn enrolments(line: &Line<'_>, sitting: &Offering, after: &str) -> Result<Piece, JobError> {
    let context = line.context();
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let Some((caller, revision)) = next_caller(line).await? else {
        return Ok((Read::Unreadable, 0));
    };
    let mut reading = Reading::begins(line, revision);
    if after.is_empty()
        && let Some(plannable) = &sitting.plannable
        && let Some(plannable) = offering::find(&core.db, tenant, plannable).await?
        && plannable.peer == *peer
    {
        let Heard::It(there) = heard(line, caller.get_offering(&plannable.id).await).await? else {
            return Ok((Read::Unreadable, revision));
        };
        reading.compared(rules::of_plannable(&plannable.facts, there.as_ref()));
    }
    let mut enrolments: BTreeMap<String, Association> = served(core, tenant, &sitting.id)
        .await?
        .into_iter()
        .map(|(_, enrolment)| (enrolment.id.clone(), enrolment))
        .collect();
    enrolments.retain(|id, one| one.peer == *peer && !one.is_own_extra_attempt() && id.as_str() > after);
    let is_more = enrolments.len() > MOST / 2;
    let chosen: Vec<Association> = enrolments.into_values().take(MOST / 2).collect();
    let mut last = None;
    for enrolment in &chosen {
        if reading.is_long(line) {
            return Ok(reading.ends(last));
        }
        last = Some(enrolment.id.clone());
        let (caller, _) = line.caller().await?;
        let Heard::It(there) = heard(line, caller.get_association(&enrolment.id).await).await? else {
            return Ok(reading.cannot_go_on());
        };
        reading.compared(rules::of_enrolment(&enrolment.facts, there.as_ref()));
        if !one_person(line, &mut reading, &enrolment.facts.person_id).await? {
            return Ok(reading.cannot_go_on());
        }
    }
    Ok(reading.ends(last.filter(|_| is_more)))
}

/// Whether the connector can read persons. One that is not known here yet is being fetched, one that was erased is not
/// asked for (R5).
async fn one_person(line: &Line<'_>, reading: &mut Reading, id: &str) -> Result<bool, JobError> {
    let context = line.context();
    let Some(known) = person::find(&context.core.db, &context.job.tenant, id).await? else {
        reading.found.on_their_way += 1;
        return Ok(true);
    };
    if known.erased || known.peer != context.job.peer {
        return Ok(true);
    }
    let (caller, _) = line.caller().await?;
    match heard(line, caller.get_person(id).await).await? {
        Heard::It(there) => {
            reading.compared(rules::of_person(&known.facts, there.as_ref()));
            Ok(true)
        }
        Heard::Unsupported => Ok(false),
    }
}

/// The results that were sent of a sitting, at the student system, after a deelname's id (flow 5).
pub(super) async fn student_results(line: &Line<'_>, sitting: &Offering, after: &str) -> Result<Piece, JobError> {
    let context = line.context();
    let (core, tenant, peer) = (&context.core, &context.job.tenant, &context.job.peer);
    let Some((_, revision)) = next_caller(line).await? else {
        return Ok((Read::Unreadable, 0));
    };
    let mut reading = Reading::begins(line, revision);
    let heads = result::heads_of_sitting(&core.db, tenant, &sitting.id).await?;
    let mut sent = served(core, tenant, &sitting.id).await?;
    let was_sent = |id: &str| {
        heads
            .iter()
            .any(|head| head.association == id && head.sent_seq.is_some())
    };
    sent.retain(|(deelname, enrolment)| {
        enrolment.peer == *peer && deelname.id.as_str() > after && was_sent(&deelname.id)
    });
    let is_more = sent.len() > MOST;
    sent.truncate(MOST);
    let mut last = None;
    for (deelname, enrolment) in &sent {
        if reading.is_long(line) {
            return Ok(reading.ends(last));
        }
        last = Some(deelname.id.clone());
        let message = studentresultaat::compose_for(core, tenant, &deelname.id, &enrolment.id).await?;
        // Another deelname's result counts on it, which is compared with that one's sitting.
        let Some(message) = message.filter(|message| message.deelname == deelname.id) else {
            continue;
        };
        let to = &message.enrolment.association_id;
        let head = heads.iter().find(|head| head.association == deelname.id);
        let is_confirmed = head.is_some_and(|head| head.confirmed_seq == Some(message.seq));
        let lane = lane::name(5, "association", to);
        if !is_confirmed || !job::open_in_lane(&core.db, tenant, &lane).await?.is_empty() {
            reading.found.on_their_way += 1;
            continue;
        }
        let Some(ours) = &message.enrolment.result else {
            continue;
        };
        let (caller, _) = line.caller().await?;
        let Heard::It(there) = heard(line, caller.read_result_dr(to).await).await? else {
            return Ok(reading.cannot_go_on());
        };
        reading.compared(rules::of_student_result(&deelname.id, ours, there.as_ref()));
    }
    Ok(reading.ends(last.filter(|_| is_more)))
}
