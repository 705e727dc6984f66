//! The jobs that tell others: flow 2 to the vendor (sittings, deelnames), flow 5 to the student system, and the reads
//! that bring what is missing. Which job, in which lane, behind what.

use jiff::Timestamp;
use oke_codec::Dialect;
use oke_codec::loss::Loss;
use serde_json::json;

use super::draft::{Draft, Follow};
use super::{Refused, attempt};
use crate::domain::association::Association;
use crate::domain::lane;
use crate::domain::offering::Offering;
use crate::store::job::{self, JobRow};

/// Kind of the job that delivers a sitting.
pub const DELIVER_SITTING: &str = "deliver_sitting";
/// Kind of the job that delivers a deelname.
pub const DELIVER_DEELNAME: &str = "deliver_deelname";
/// Kind of the job that delivers a result to the student system.
pub const DELIVER_RESULT: &str = "deliver_result";
/// Kind of the job that fetches a person from the student system.
pub const FETCH_PERSON: &str = "fetch_person";
/// Kind of the job that fetches an offering from the student system.
pub const FETCH_OFFERING: &str = "fetch_offering";
/// Kind of the job that fetches an association from the student system.
pub const FETCH_ASSOCIATION: &str = "fetch_association";
/// Kind of the job that fetches a document from its vendor.
pub const FETCH_DOCUMENT: &str = "fetch_document";
/// Kind of the job that reads a result back from the vendor.
pub const READ_BACK: &str = "read_back";
/// Kind of the job that judges many results again.
pub const JUDGE_AGAIN: &str = "judge_again";

/// Kind of the job that sends a result on to the outside TPL that planned it.
pub const RELAY_RESULT: &str = "relay_result";
/// Kind of the job that sends a report on to the outside TPL that planned its sitting.
pub const RELAY_REPORT: &str = "relay_report";

/// Kind of the job that hands a result of an outside TPL on to the student system.
pub const RELAY_STUDENT_RESULT: &str = "relay_student_result";

/// Lane of a sitting's messages (flow 2).
#[must_use]
pub fn sitting_lane(sitting: &str) -> String {
    lane::name(2, "offering", sitting)
}

/// Tells the vendor of a sitting as it is now; its number in the lane is its plan version.
pub fn sitting(draft: &mut Draft<'_>, sitting: &Offering) {
    let now = draft.now;
    draft.follow_as(
        Follow {
            kind: DELIVER_SITTING,
            peer: &sitting.peer,
            flow: 2,
            lane: sitting_lane(&sitting.id),
            parent: None,
            payload: json!({ "offering": sitting.id }),
            full_state: true,
        },
        sitting.plan_version,
        now,
    );
}

/// Tells the vendor of a deelname as it is now, after everything about its sitting so far (R14).
pub fn deelname(draft: &mut Draft<'_>, deelname: &Association, sitting: &Offering) {
    let now = draft.now;
    draft.follow_as(
        Follow {
            kind: DELIVER_DEELNAME,
            peer: &deelname.peer,
            flow: 2,
            lane: lane::name(2, "association", &deelname.id),
            parent: Some((sitting_lane(&sitting.id), sitting.plan_version)),
            payload: json!({ "association": deelname.id }),
            full_state: true,
        },
        deelname.plan_version,
        now,
    );
}

/// Whether telling the vendor of a deelname was ever begun.
///
/// # Errors
/// What the database says.
pub async fn was_queued(draft: &Draft<'_>, deelname: &str) -> Result<bool, Refused> {
    let lane = lane::name(2, "association", deelname);
    Ok(job::last_in_lane(&draft.core.db, draft.tenant, &lane).await? > 0)
}

/// Sends the present result of a deelname on to the student system that this enrolment came from (R23). One lane per
/// enrolment, since two deelnames may serve the same one; where the student system keeps all attempts on one
/// association, one lane for them all.
///
/// # Errors
/// What the database says.
pub async fn result(
    draft: &mut Draft<'_>,
    (deelname, seq): (&str, i64),
    enrolment: &Association,
    due: Timestamp,
) -> Result<(), Refused> {
    let follow = own_result(draft, (deelname, seq), enrolment).await?;
    draft.follow_at(follow, due).await
}

/// The same for a result that says nothing new but can be told more fully: unless its delivery still waits.
///
/// # Errors
/// What the database says.
pub async fn result_again(
    draft: &mut Draft<'_>,
    deelname: (&str, i64),
    enrolment: &Association,
) -> Result<(), Refused> {
    let follow = own_result(draft, deelname, enrolment).await?;
    draft.follow_once(follow).await
}

async fn own_result<'a>(
    draft: &Draft<'_>,
    (deelname, seq): (&str, i64),
    enrolment: &'a Association,
) -> Result<Follow<'a>, Refused> {
    let mut written_to = enrolment.id.clone();
    if enrolment.is_own_extra_attempt() {
        let destination = attempt::destination(draft.core, draft.tenant, enrolment).await?;
        written_to = destination.association;
    }
    Ok(Follow {
        kind: DELIVER_RESULT,
        peer: &enrolment.peer,
        flow: 5,
        lane: lane::name(5, "association", &written_to),
        parent: None,
        payload: json!({ "enrolment": enrolment.id, "association": deelname, "seq": seq }),
        full_state: true,
    })
}

/// Fetches a person that was named before they came (R14).
///
/// # Errors
/// What the database says.
pub async fn fetch_person(draft: &mut Draft<'_>, peer: &str, person: &str) -> Result<(), Refused> {
    fetch(draft, FETCH_PERSON, peer, ("person", person)).await
}

/// Fetches an offering that was named before it came (R14).
///
/// # Errors
/// What the database says.
pub async fn fetch_offering(draft: &mut Draft<'_>, peer: &str, offering: &str) -> Result<(), Refused> {
    fetch(draft, FETCH_OFFERING, peer, ("offering", offering)).await
}

/// Fetches an association that another named, and that no list brings.
///
/// # Errors
/// What the database says.
pub async fn fetch_association(draft: &mut Draft<'_>, peer: &str, association: &str) -> Result<(), Refused> {
    fetch(draft, FETCH_ASSOCIATION, peer, ("association", association)).await
}

/// Reads a person again from the student system, whose data goes before ours (R25).
///
/// # Errors
/// What the database says.
pub async fn read_person(draft: &mut Draft<'_>, peer: &str, person: &str) -> Result<(), Refused> {
    read(draft, FETCH_PERSON, peer, ("person", person)).await
}

/// Reads an offering again from the student system.
///
/// # Errors
/// What the database says.
pub async fn read_offering(draft: &mut Draft<'_>, peer: &str, offering: &str) -> Result<(), Refused> {
    read(draft, FETCH_OFFERING, peer, ("offering", offering)).await
}

/// Reads an association again from the student system.
///
/// # Errors
/// What the database says.
pub async fn read_association(draft: &mut Draft<'_>, peer: &str, association: &str) -> Result<(), Refused> {
    read(draft, FETCH_ASSOCIATION, peer, ("association", association)).await
}

async fn fetch(draft: &mut Draft<'_>, kind: &'static str, peer: &str, (noun, id): (&str, &str)) -> Result<(), Refused> {
    follow_fetch(draft, kind, peer, (noun, id), json!({ noun: id })).await
}

async fn read(draft: &mut Draft<'_>, kind: &'static str, peer: &str, (noun, id): (&str, &str)) -> Result<(), Refused> {
    follow_fetch(draft, kind, peer, (noun, id), json!({ noun: id, "known": true })).await
}

async fn follow_fetch(
    draft: &mut Draft<'_>,
    kind: &'static str,
    peer: &str,
    (noun, id): (&str, &str),
    payload: serde_json::Value,
) -> Result<(), Refused> {
    draft
        .follow_once(Follow {
            kind,
            peer,
            flow: 1,
            lane: lane::name(1, noun, id),
            parent: None,
            payload,
            full_state: true,
        })
        .await
}

/// Fetches a document that a result (flow 3) or a report (flow 4) named (R27).
///
/// # Errors
/// What the database says.
pub async fn fetch_document(draft: &mut Draft<'_>, peer: &str, flow: i64, document: &str) -> Result<(), Refused> {
    draft
        .follow_once(Follow {
            kind: FETCH_DOCUMENT,
            peer,
            flow,
            lane: lane::name(flow, "document", document),
            parent: None,
            payload: json!({ "document": document }),
            full_state: true,
        })
        .await
}

/// Reads a deelname's result back from the vendor (R25).
///
/// # Errors
/// What the database says.
pub async fn read_back(draft: &mut Draft<'_>, peer: &str, deelname: &str) -> Result<(), Refused> {
    draft
        .follow_once(Follow {
            kind: READ_BACK,
            peer,
            flow: 3,
            lane: lane::name(3, "association", deelname),
            parent: None,
            payload: json!({ "association": deelname }),
            full_state: true,
        })
        .await
}

/// Sends the present result of a relayed deelname on to the TPL that made it (R23). News of the vendor takes its turn, with
/// what was said beside the result and flow 3 has no place for, unless the last that waits says the same: the last that is
/// sent leaves the loss report as it is. What goes again without news goes with what waits.
///
/// # Errors
/// What the database says.
pub async fn relayed_result(
    draft: &mut Draft<'_>,
    deelname: &Association,
    beside: Option<&[Loss]>,
) -> Result<(), Refused> {
    let Some(planner) = deelname.planner.as_deref() else {
        return Ok(());
    };
    let mut onward = onward(planner, (RELAY_RESULT, 3), ("association", &deelname.id));
    match beside {
        None => draft.follow_unless(onward, |_, _| true).await,
        Some(beside) => {
            let words: Vec<&str> = beside.iter().map(|loss| loss.name()).collect();
            onward.payload["beside"] = words.into();
            let payload = onward.payload.to_string();
            let says_the_same = |job: &JobRow, is_last: bool| is_last && job.payload == payload;
            draft.follow_unless(onward, says_the_same).await
        }
    }
}

/// Sends the present report of a relayed sitting on to the TPL that planned it (R23), unless that waits already.
///
/// # Errors
/// What the database says.
pub async fn relayed_report(draft: &mut Draft<'_>, sitting: &Offering) -> Result<(), Refused> {
    match sitting.planner.as_deref() {
        None => Ok(()),
        Some(planner) => {
            let onward = onward(planner, (RELAY_REPORT, 4), ("offering", &sitting.id));
            draft.follow_once(onward).await
        }
    }
}

fn onward<'a>(planner: &'a str, (kind, flow): (&'static str, i64), (noun, id): (&str, &str)) -> Follow<'a> {
    Follow {
        kind,
        peer: planner,
        flow,
        // Apart from the lane of read-backs, which wait for the vendor.
        lane: lane::name(flow, &format!("{noun}-onward"), id),
        parent: None,
        payload: json!({ noun: id }),
        full_state: true,
    }
}

/// Hands a result that an outside TPL brought on to the student system of its enrolment (R23): the one of a message, or
/// of an extra attempt the association's own.
///
/// # Errors
/// What the database says.
pub async fn student_result(
    draft: &mut Draft<'_>,
    enrolment: &Association,
    message: Option<(&str, &Dialect)>,
) -> Result<(), Refused> {
    // The dialect as well: it is read again as it was meant, however the system writes by then.
    let payload = match message {
        Some((message, dialect)) => json!({ "association": enrolment.id, "message": message, "dialect": dialect }),
        None => json!({ "association": enrolment.id }),
    };
    draft
        .follow(Follow {
            kind: RELAY_STUDENT_RESULT,
            peer: &enrolment.peer,
            flow: 5,
            lane: lane::name(5, "association", &enrolment.id),
            parent: None,
            payload,
            full_state: true,
        })
        .await
}
