//! What the host holds beside what the other side answers (R25), per sitting and system: asked for by a person or every
//! night, read by the job `compare`, kept with its differences, and repaired by the deliveries and readings there are.
//!
//! [`nightly`] walks past the sittings of each vendor, [`daily`] counts a day and has it signed off.

pub mod daily;
pub mod nightly;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::draft::{About, Draft};
use super::planning::Planner;
use super::{Core, Decision, Refused, deliver, repair, studentresultaat};
use crate::domain::association::{Association, AssociationKind};
use crate::domain::comparison::{self, Difference, Part, Subject};
use crate::domain::exception::{self, Exception};
use crate::domain::lane;
use crate::domain::offering::{Offering, OfferingKind};
use crate::store::comparison::{self as comparison_store, ComparisonRow, Outcome};
use crate::store::job::{self, NewJob};
use crate::store::{StoreError, association, offering, result};

/// Kind of the job that compares a part of a sitting.
pub const COMPARE: &str = "compare";
/// So long after a repair was asked for it is compared again: the messages have mostly gone by then.
const AFTER_REPAIR: SignedDuration = SignedDuration::from_mins(2);

/// The most differences kept of one part.
const MOST_KEPT: usize = 500;

/// What a job of [`COMPARE`] is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToCompare {
    /// The sitting.
    pub sitting: String,
    /// Which part of it.
    pub part: Part,
    /// The round, once one has begun: what a newer one has overtaken goes no further.
    #[serde(default)]
    pub round: String,
    /// Where the round goes on: after this id.
    #[serde(default)]
    pub after: String,
}

/// Why it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A person asked: all there is.
    Asked,
    /// The night: what can still change or is awaited.
    Nightly,
}

/// The parts of a sitting that can be compared now, each with its system.
///
/// # Errors
/// What the database says.
pub async fn parts(
    core: &Core,
    tenant: &str,
    sitting: &Offering,
    why: Why,
) -> Result<BTreeSet<(Part, String)>, StoreError> {
    let (db, now) = (&core.db, core.now());
    let has_begun = sitting.facts.start.is_some_and(|start| start <= now);
    let is_over = sitting.facts.end.is_some_and(|end| end <= now);
    let is_coming = why == Why::Asked || !is_over;
    let mut parts = BTreeSet::new();
    if is_coming {
        parts.insert((Part::Plan, sitting.peer.clone()));
    }
    if has_begun && (why == Why::Asked || !super::polled::all_decided(core, tenant, &sitting.id).await?) {
        parts.insert((Part::Results, sitting.peer.clone()));
    }
    if is_coming
        && let Some(plannable) = &sitting.plannable
        && let Some(plannable) = offering::find(db, tenant, plannable).await?
    {
        parts.insert((Part::Enrolments, plannable.peer));
    }
    let heads = result::heads_of_sitting(db, tenant, &sitting.id).await?;
    for (deelname, enrolment) in served(core, tenant, &sitting.id).await? {
        if is_coming && !enrolment.is_own_extra_attempt() {
            parts.insert((Part::Enrolments, enrolment.peer.clone()));
        }
        let head = heads.iter().find(|head| head.association == deelname.id);
        if head.is_some_and(|head| head.sent_seq.is_some()) {
            parts.insert((Part::StudentResults, enrolment.peer));
        }
    }
    Ok(parts)
}

/// The deelnames of a sitting that serve an enrolment, each with that enrolment, by deelname.
///
/// # Errors
/// What the database says.
pub async fn served(core: &Core, tenant: &str, sitting: &str) -> Result<Vec<(Association, Association)>, StoreError> {
    let deelnames = association::of_offering(&core.db, tenant, sitting).await?;
    let keys: Vec<_> = deelnames
        .iter()
        .filter_map(|deelname| Some((tenant.to_owned(), deelname.enrolment.clone()?)))
        .collect();
    let enrolments = association::with_keys(&core.db, &keys).await?;
    let served = deelnames.into_iter().filter_map(|deelname| {
        let id = deelname.enrolment.as_deref()?;
        let (_, enrolment) = enrolments.iter().find(|(_, enrolment)| enrolment.id == id)?;
        (enrolment.kind == AssociationKind::Enrolment).then(|| (deelname, enrolment.clone()))
    });
    Ok(served.collect())
}

/// Has a sitting compared with every system that has to do with it.
///
/// # Errors
/// [`Refused`]: no such sitting, or a function that is not held.
pub async fn ask(core: &Core, planner: Planner<'_>, sitting: &str) -> Result<(), Refused> {
    core.decide(&[], || async {
        let sitting = planner.sitting(core, sitting).await?;
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        draft.audit("comparison.ask", ("offering", &sitting.id), String::new(), b"");
        follow_all(&mut draft, &sitting, Why::Asked).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// The jobs that compare a sitting, each unless it waits already.
///
/// # Errors
/// What the database says.
pub(super) async fn follow_all(draft: &mut Draft<'_>, sitting: &Offering, why: Why) -> Result<(), Refused> {
    for (part, peer) in parts(draft.core, draft.tenant, sitting, why).await? {
        let begins = ToCompare {
            sitting: sitting.id.clone(),
            part,
            round: String::new(),
            after: String::new(),
        };
        let now = draft.now;
        follow(draft, &peer, &begins, now).await?;
    }
    Ok(())
}

fn lane_of(peer: &str, what: &ToCompare) -> String {
    lane::name(what.part.flow(), "compare", &format!("{}/{peer}", what.sitting))
}

/// The job for one piece. It is no message: it does not count as one that waits in its flow.
async fn follow(draft: &mut Draft<'_>, peer: &str, what: &ToCompare, due_at: Timestamp) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let lane = lane_of(peer, what);
    let payload = serde_json::to_string(what).expect("names are JSON");
    let waiting = job::waiting_in_lane(db, tenant, &lane).await?;
    if let Some(same) = waiting
        .iter()
        .find(|job| job.payload == payload && job.due_at <= due_at)
    {
        draft.expect(&job::JOB, crate::values![tenant, &same.id], same.version);
        return Ok(());
    }
    let last = job::last_in_lane(db, tenant, &lane).await?;
    let new = NewJob {
        kind: COMPARE.to_owned(),
        peer: peer.to_owned(),
        flow: None,
        lane,
        seq: last + 1,
        parent: None,
        payload,
        full_state: true,
        due_at,
    };
    let (id, now) = (draft.core.id(), draft.now);
    draft.put(new.write(tenant, &id, now));
    Ok(())
}

/// What a round has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Which round.
    pub round: String,
    /// What differs.
    pub differences: Vec<Difference>,
    /// How many objects were compared.
    pub compared: i64,
    /// How many objects the other side has not confirmed yet.
    pub on_their_way: i64,
    /// How many more differences there are than are kept: a repair mends those that are, and finds the rest.
    #[serde(default)]
    pub left_out: i64,
}

/// What came of reading a piece.
#[derive(Debug, Clone)]
pub enum Read {
    /// It was held against what there is here; the round goes on after an id, or has ended.
    Compared(Found, Option<String>),
    /// The connector can't read it back.
    Unreadable,
}

/// Of what a comparison is.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    /// The sitting.
    pub sitting: &'a Offering,
    /// Which part of it.
    pub part: Part,
    /// The outside system.
    pub peer: &'a str,
    /// The revision that read; 0 where none could.
    pub revision: i64,
}

fn place(tenant: &str, sitting: &str, (part, peer): (Part, &str)) -> String {
    format!("comparison/{tenant}/{sitting}/{}/{peer}", part.name())
}

/// Opens what lies sealed in a comparison.
///
/// # Errors
/// Another master key, or a content that this program did not write.
pub fn differences(core: &Core, row: &ComparisonRow) -> Result<Vec<Difference>, Refused> {
    Ok(opened(core, row, row.differences.as_deref())?.differences)
}

fn opened(core: &Core, row: &ComparisonRow, sealed: Option<&[u8]>) -> Result<Found, Refused> {
    let Some(sealed) = sealed else {
        return Ok(Found::default());
    };
    let place = place(&row.tenant, &row.sitting, (row.part, &row.peer));
    let content = core.sealer.open(&place, sealed)?;
    serde_json::from_slice(&content).map_err(|error| {
        Refused::Store(StoreError::Inconsistent {
            column: "comparison.differences".to_owned(),
            why: error.to_string(),
        })
    })
}

fn sealed(core: &Core, row: &ComparisonRow, found: &Found) -> Result<Vec<u8>, Refused> {
    let place = place(&row.tenant, &row.sitting, (row.part, &row.peer));
    let content = serde_json::to_vec(found).expect("names and texts are JSON");
    Ok(core.sealer.seal(&place, &content)?)
}

/// Whether a piece still belongs to the round under way; the first one always does.
///
/// # Errors
/// What the database says.
pub async fn is_under_way(core: &Core, tenant: &str, peer: &str, what: &ToCompare) -> Result<bool, Refused> {
    if what.round.is_empty() {
        return Ok(true);
    }
    let known = comparison_store::find(&core.db, tenant, &what.sitting, (what.part, peer)).await?;
    match known {
        Some(row) => Ok(opened(core, &row, row.found.as_deref())?.round == what.round),
        None => Ok(false),
    }
}

/// Notes what a piece found: the round goes on with the next, or has ended and says how it stands.
///
/// # Errors
/// What the database says.
pub async fn note(draft: &mut Draft<'_>, of: Of<'_>, what: &ToCompare, read: &Read) -> Result<(), Refused> {
    let known = comparison_store::find(&draft.core.db, draft.tenant, &of.sitting.id, (of.part, of.peer)).await?;
    let version = known.as_ref().map_or(0, |known| known.version);
    let mut all = Found::default();
    if !what.round.is_empty()
        && let Some(known) = &known
    {
        all = opened(draft.core, known, known.found.as_deref())?;
    }
    let (found, next) = match read {
        // What earlier pieces found stands all the same.
        Read::Unreadable => {
            let found = Some(&all).filter(|all| !all.differences.is_empty());
            return conclude(draft, of, found, version).await;
        }
        Read::Compared(found, next) => (found, next),
    };
    let room = MOST_KEPT.saturating_sub(all.differences.len());
    all.left_out += i64::try_from(found.differences.len().saturating_sub(room)).unwrap_or(i64::MAX);
    all.differences.extend(found.differences.iter().take(room).cloned());
    all.compared += found.compared;
    all.on_their_way += found.on_their_way;
    let Some(after) = next else {
        return conclude(draft, of, Some(&all), version).await;
    };
    if all.round.is_empty() {
        all.round = draft.core.id();
    }
    let mut row = known.unwrap_or_else(|| blank(draft, of));
    row.found = Some(sealed(draft.core, &row, &all)?);
    draft.put(row.next());
    let next = ToCompare {
        round: all.round,
        after: after.clone(),
        ..what.clone()
    };
    let now = draft.now;
    follow(draft, of.peer, &next, now).await
}

/// A row of which nothing is known yet.
fn blank(draft: &Draft<'_>, of: Of<'_>) -> ComparisonRow {
    ComparisonRow {
        tenant: draft.tenant.to_owned(),
        sitting: of.sitting.id.clone(),
        part: of.part,
        peer: of.peer.to_owned(),
        outcome: Outcome::Waiting,
        detail: String::new(),
        differences: None,
        found: None,
        compared: 0,
        on_their_way: 0,
        revision: of.revision,
        plan_version: of.sitting.plan_version,
        at: draft.now,
        version: 0,
    }
}

/// Notes how a part stands: a task where it differs, which closes once it doesn't. `None`: it could not be read.
///
/// # Errors
/// What the database says.
pub(super) async fn conclude(
    draft: &mut Draft<'_>,
    of: Of<'_>,
    found: Option<&Found>,
    version: i64,
) -> Result<(), Refused> {
    let mut row = ComparisonRow {
        version,
        ..blank(draft, of)
    };
    row.outcome = match found {
        None => Outcome::Unreadable,
        Some(found) if !found.differences.is_empty() => Outcome::Differs,
        Some(found) if found.on_their_way > 0 => Outcome::Waiting,
        Some(_) => Outcome::Equal,
    };
    if let Some(found) = found {
        row.detail = comparison::summary(&found.differences);
        if found.left_out > 0 {
            row.detail = format!("{}, en nog {} verschillen", row.detail, found.left_out);
        }
        (row.compared, row.on_their_way) = (found.compared, found.on_their_way);
        if row.outcome == Outcome::Differs {
            row.differences = Some(sealed(draft.core, &row, found)?);
        }
    }
    match row.outcome {
        Outcome::Differs => {
            let differs = differs(of.part, &row.detail, &of.sitting.id);
            draft.open(&differs, about(of)).await?;
        }
        Outcome::Equal => close(draft, of).await?,
        Outcome::Waiting | Outcome::Unreadable => {}
    }
    let said = format!("{} {}: {}", row.part.name(), row.outcome.name(), row.detail);
    draft.audit("sitting.check", ("offering", &row.sitting), said, b"");
    draft.put(row.next());
    Ok(())
}

fn about<'a>(of: Of<'a>) -> About<'a> {
    About {
        kind: "offering",
        id: &of.sitting.id,
        unit: of.sitting.unit.as_deref(),
        peer: Some(of.peer),
    }
}

fn differs(part: Part, what: &str, sitting: &str) -> Exception {
    match part {
        Part::Plan => exception::sitting_differs(what, sitting),
        Part::Results => exception::results_differ(what, sitting),
        Part::Enrolments => exception::enrolments_differ(what, sitting),
        Part::StudentResults => exception::student_results_differ(what, sitting),
    }
}

/// What came to be equal closes by itself, unless another system still has the same part otherwise.
async fn close(draft: &mut Draft<'_>, of: Of<'_>) -> Result<(), Refused> {
    let all = comparison_store::of_sitting(&draft.core.db, draft.tenant, &of.sitting.id).await?;
    let elsewhere = |row: &ComparisonRow| row.part == of.part && row.peer != of.peer && row.outcome == Outcome::Differs;
    if all.iter().any(elsewhere) {
        return Ok(());
    }
    let (kind, resolution) = match of.part {
        Part::Plan => (
            exception::SITTING_DIFFERS,
            "Teruggelezen: de leverancier heeft de zitting zoals gepland.",
        ),
        Part::Results => (
            exception::RESULTS_DIFFER,
            "Teruggelezen: de resultaten zijn gelijk aan die van de leverancier.",
        ),
        Part::Enrolments => (
            exception::ENROLMENTS_DIFFER,
            "Teruggelezen: de inschrijvingen zijn gelijk aan die van de deelnemerregistratie.",
        ),
        Part::StudentResults => (
            exception::STUDENT_RESULTS_DIFFER,
            "Teruggelezen: de deelnemerregistratie heeft de resultaten zoals verstuurd.",
        ),
    };
    draft.close(kind, ("offering", &of.sitting.id), resolution).await
}

/// Repairs a part that differs by the full-state deliveries and readings there are (R25): the plan and the results sent are
/// told again, results and what the student system owns are read again. Afterwards it is compared again.
///
/// # Errors
/// [`Refused`]: no such sitting, a function that is not held, or nothing that differs.
pub async fn repair(
    core: &Core,
    planner: Planner<'_>,
    sitting: &str,
    (part, peer): (Part, &str),
) -> Result<(), Refused> {
    core.decide(&[], || async {
        let sitting = planner.sitting(core, sitting).await?;
        let row = comparison_store::find(&core.db, planner.tenant, &sitting.id, (part, peer)).await?;
        let row = row.filter(|row| row.outcome == Outcome::Differs);
        let row = row.ok_or_else(|| {
            Refused::NotNow(format!(
                "{} of sitting {} does not differ at `{peer}`: compare it first",
                part.name(),
                sitting.id
            ))
        })?;
        let mut draft = Draft::of(core, planner.tenant, planner.actor());
        draft.audit(
            "comparison.repair",
            ("offering", &sitting.id),
            format!("{} at {peer}: {}", part.name(), row.detail),
            b"",
        );
        let again = ToCompare {
            sitting: sitting.id.clone(),
            part,
            round: String::new(),
            after: String::new(),
        };
        // Of two that press the button one repairs: both want the same place in the lane, and the other finds it taken.
        let waiting = job::waiting_in_lane(&core.db, planner.tenant, &lane_of(peer, &again)).await?;
        if waiting.iter().any(|job| job.due_at > draft.now) {
            return Err(Refused::NotNow(format!(
                "{} of sitting {} is being repaired at `{peer}`: it is compared again in a moment",
                part.name(),
                sitting.id
            )));
        }
        mend(&mut draft, &sitting, &row, &differences(core, &row)?).await?;
        let due_at = draft.now + AFTER_REPAIR;
        follow(&mut draft, peer, &again, due_at).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

async fn mend(
    draft: &mut Draft<'_>,
    sitting: &Offering,
    row: &ComparisonRow,
    differences: &[Difference],
) -> Result<(), Refused> {
    if row.part == Part::Plan {
        return repair::tell_again(draft, &sitting.id).await;
    }
    let objects: BTreeSet<(Subject, &str)> = differences.iter().map(|one| (one.subject, one.id.as_str())).collect();
    for (subject, id) in objects {
        match subject {
            Subject::Result => deliver::read_back(draft, &row.peer, id).await?,
            Subject::StudentResult => studentresultaat::send_again(draft, id).await?,
            Subject::Plannable => deliver::read_offering(draft, &row.peer, id).await?,
            Subject::Enrolment => deliver::read_association(draft, &row.peer, id).await?,
            Subject::Person => deliver::read_person(draft, &row.peer, id).await?,
            // Told again with their sitting, above.
            Subject::Sitting | Subject::Deelname => {}
        }
    }
    Ok(())
}

/// A sitting of the school's own plan, which is what is compared; one that an outside TPL planned is that TPL's to compare.
///
/// # Errors
/// What the database says.
pub async fn own_sitting(core: &Core, tenant: &str, id: &str) -> Result<Option<Offering>, StoreError> {
    let found = offering::find(&core.db, tenant, id).await?;
    Ok(found.filter(|found| found.kind == OfferingKind::Sitting))
}
