//! What follows when something about a peer was changed, an endpoint or what runs: polls are set right, what waited goes
//! on, and after a rollback what the newer revision did is told again and read back. One job, committed with the change,
//! goes through it in pieces: a stop in the middle loses nothing.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::draft::{Draft, Follow};
use super::{Refused, deliver, polled, polling, repair, revision, rollout};
use crate::domain::exception::{CREDENTIALS_REFUSED, NOT_RUNNING, UNIT_NOT_ENABLED};
use crate::domain::interface::Interface;
use crate::domain::lane::{self, JobState};
use crate::domain::retry::Blame;
use crate::domain::rollout::Served;
use crate::jobs::letters;
use crate::store::job::{self, JobRow};
use crate::store::mark::Mark;
use crate::store::scope::Scope;
use crate::store::{StoreError, association, offering, peer, served, task};

/// Kind of the job.
pub const MENDED: &str = "mended";

/// The most messages taken up in one commit.
const MOST_JOBS: u32 = 200;
/// The most sittings in one commit: each takes its deelnames along.
const MOST_SITTINGS: u32 = 5;
/// The most deelnames read back in one commit.
const MOST_DEELNAMES: u32 = 100;
/// No job with a call in it runs longer.
const CALLS_HAVE_ENDED: SignedDuration = SignedDuration::from_mins(5);
/// A sitting that moves to another revision has its results read back this long after its end: after that they are
/// asked for once an hour anyway.
const READ_BACK_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Where the work stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mending {
    /// The outside system.
    pub peer: String,
    phase: Phase,
    /// Where the phase goes on.
    after: Mark,
    /// Of a rollback: what those concerned had.
    from: Option<i64>,
    /// What some have now who had something else.
    to: Option<i64>,
    /// That the peer could not be called at all until now.
    was_shut: bool,
    /// The last look, after the calls that ran at the switch.
    #[serde(default)]
    once_more: bool,
}

/// In this order; what a change has no part in is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    /// Polls are set right, and exceptions about the peer as a whole closed.
    Open,
    /// Letters go back in their lanes, but for what the vendor refused.
    Letters,
    /// What waits for a second try has it now.
    Waiting,
    /// Results of sittings that have another revision now are read back by it.
    Moved,
    /// What the newer revision told the vendor is told again in full, and read back until it is equal.
    Tell,
    /// What the newer revision brought is read back.
    Results,
}

impl Mending {
    /// What waited goes on.
    #[must_use]
    pub fn of(peer: &str) -> Mending {
        Mending {
            peer: peer.to_owned(),
            phase: Phase::Open,
            after: Mark::start(),
            from: None,
            to: None,
            was_shut: false,
            once_more: false,
        }
    }

    /// Some sittings came on a revision.
    #[must_use]
    pub fn moved(peer: &str, to: i64) -> Mending {
        Mending {
            to: Some(to),
            ..Mending::of(peer)
        }
    }

    /// Those on a newer revision went back.
    #[must_use]
    pub fn back(peer: &str, from: i64, to: i64) -> Mending {
        Mending {
            from: Some(from),
            ..Mending::moved(peer, to)
        }
    }

    fn next_phase(&self) -> Option<Phase> {
        match self.phase {
            Phase::Open => Some(Phase::Letters),
            Phase::Letters => Some(Phase::Waiting),
            Phase::Waiting if self.from.is_some() => Some(Phase::Tell),
            Phase::Waiting if self.to.is_some() => Some(Phase::Moved),
            Phase::Tell => Some(Phase::Results),
            Phase::Waiting | Phase::Moved | Phase::Results => None,
        }
    }
}

/// The job that does the next piece.
///
/// # Errors
/// What the database says.
pub async fn follow(draft: &mut Draft<'_>, next: &Mending) -> Result<(), Refused> {
    draft.follow(job_of(next)).await
}

fn job_of(next: &Mending) -> Follow<'static> {
    let kind = if next.once_more { "peer-once-more" } else { "peer" };
    Follow {
        kind: MENDED,
        // Work inside the host: no vendor is asked, so that none can hold it up.
        peer: "",
        flow: 2,
        lane: lane::name(2, kind, &next.peer),
        parent: None,
        payload: serde_json::to_value(next).expect("names and numbers are JSON"),
        full_state: false,
    }
}

/// Does one piece, and has the next one follow.
///
/// # Errors
/// What the database says.
pub async fn piece(draft: &mut Draft<'_>, at: &Mending) -> Result<(), Refused> {
    let mut next = at.clone();
    let goes_on = match at.phase {
        Phase::Open => {
            polling::schedule_in(draft, &at.peer).await?;
            next.was_shut = open_the_way(draft, &at.peer).await?;
            None
        }
        Phase::Letters => requeue(draft, at).await?,
        Phase::Waiting => bring_forward(draft, at).await?,
        Phase::Moved => read_moved(draft, at).await?,
        Phase::Tell => tell_again(draft, at).await?,
        Phase::Results => read_brought(draft, at).await?,
    };
    match goes_on {
        Some(after) => next.after = after,
        None => match at.next_phase() {
            Some(phase) => {
                next.phase = phase;
                next.after = Mark::start();
            }
            None if at.phase == Phase::Results && !at.once_more => return once_more(draft, at).await,
            None => return Ok(()),
        },
    }
    follow(draft, &next).await
}

/// A call that ran on the newer revision at the switch tells of its sitting or result only when it ends: what it brought is
/// looked for once more when none can run any more. In a lane of its own, to hold up no other repair.
async fn once_more(draft: &mut Draft<'_>, at: &Mending) -> Result<(), Refused> {
    let last = Mending {
        phase: Phase::Tell,
        after: Mark::start(),
        once_more: true,
        ..at.clone()
    };
    let due = draft.now + CALLS_HAVE_ENDED;
    draft.follow_at(job_of(&last), due).await
}

/// Where a full page of jobs ended; `None` after the last.
fn end_of(page: &[JobRow]) -> Option<Mark> {
    let last = page.last().filter(|_| page.len() >= MOST_JOBS as usize)?;
    Some(Mark {
        moment: last.created_at,
        id: last.id.clone(),
    })
}

/// Where a full page of ids ended.
fn end_of_ids(page: &[String], most: u32) -> Option<Mark> {
    let last = page.last().filter(|_| page.len() >= most as usize)?;
    Some(Mark {
        id: last.clone(),
        ..Mark::start()
    })
}

/// Closes the exceptions that said that the peer as a whole can't be called, and ends the wait that followed from it;
/// a wait that the vendor asked for stays. Says whether there was any.
async fn open_the_way(draft: &mut Draft<'_>, id: &str) -> Result<bool, Refused> {
    let core = draft.core;
    let subject = ("peer", id);
    let open = task::open_about(&core.db, draft.tenant, subject.0, subject.1).await?;
    let of_calls = [NOT_RUNNING, CREDENTIALS_REFUSED];
    let was_shut = open.iter().any(|task| of_calls.contains(&task.about.kind.as_str()));
    for kind in of_calls {
        let resolution = "De koppeling is aangepast; wat wachtte gaat verder.";
        draft.close(kind, subject, resolution).await?;
    }
    if let Some(mut row) = peer::find(&core.db, draft.tenant, id).await?
        && was_shut
        && row.breaker.open_until.is_some()
    {
        row.breaker.open_until = None;
        draft.put(row.next());
    }
    close_enabled(draft, id).await?;
    Ok(was_shut)
}

/// Closes the exceptions about units that were not enabled and are now; where one is not, the next try opens another.
async fn close_enabled(draft: &mut Draft<'_>, id: &str) -> Result<(), Refused> {
    let resolution = "Er is gewijzigd wie is ingeschakeld; wat wachtte wordt opnieuw bekeken.";
    for open in task::open_of_kind(&draft.core.db, draft.tenant, (id, UNIT_NOT_ENABLED)).await? {
        let subject = (open.about.subject_kind.as_str(), open.about.subject_id.as_str());
        draft.close(UNIT_NOT_ENABLED, subject, resolution).await?;
    }
    Ok(())
}

/// Letters that the vendor refused stay a person's.
async fn requeue(draft: &mut Draft<'_>, at: &Mending) -> Result<Option<Mark>, Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let dead = job::of_peer_after(
        db,
        tenant,
        (&at.peer, JobState::Dead, &Scope::School),
        &at.after,
        MOST_JOBS,
    )
    .await?;
    let end = end_of(&dead);
    for letter in dead.into_iter().filter(|letter| letter.blame != Some(Blame::Vendor)) {
        letters::requeue_in(draft, letter).await?;
    }
    Ok(end)
}

async fn bring_forward(draft: &mut Draft<'_>, at: &Mending) -> Result<Option<Mark>, Refused> {
    let (db, tenant, now) = (&draft.core.db, draft.tenant, draft.now);
    let waiting = job::of_peer_after(
        db,
        tenant,
        (&at.peer, JobState::Ready, &Scope::School),
        &at.after,
        MOST_JOBS,
    )
    .await?;
    let end = end_of(&waiting);
    for job in waiting {
        if job.due_at > now && failed_of_it(&job, at.was_shut) {
            draft.put(JobRow { due_at: now, ..job }.next());
        }
    }
    Ok(end)
}

/// Whether a waiting job failed for what may be mended now.
fn failed_of_it(job: &JobRow, was_shut: bool) -> bool {
    match job.blame {
        Some(Blame::Host | Blame::Connector) => true,
        Some(Blame::Vendor) => was_shut,
        None => false,
    }
}

/// Results of sittings under way that have the revision now are read back by it: what the one before took in last may
/// have been about them.
async fn read_moved(draft: &mut Draft<'_>, at: &Mending) -> Result<Option<Mark>, Refused> {
    let (core, tenant, now) = (draft.core, draft.tenant, draft.now);
    let Some(to) = at.to else { return Ok(None) };
    if !reads_results(draft, &at.peer, to).await? {
        return Ok(None);
    }
    let Some((_, serving)) = rollout::serving(&core.db, tenant, &at.peer).await? else {
        return Ok(None);
    };
    let ended_after = now - READ_BACK_FOR;
    let page = (at.after.id.as_str(), MOST_SITTINGS);
    let sittings = offering::under_way_after(&core.db, tenant, &at.peer, (now, ended_after), page).await?;
    for sitting in &sittings {
        let (served, _) = rollout::of_sitting(&core.db, tenant, &serving, (3, sitting)).await?;
        if served != Served::By(to) || polled::all_decided(core, tenant, sitting).await? {
            continue;
        }
        for deelname in association::of_offering(&core.db, tenant, sitting).await? {
            if deelname.confirmed.is_some() && !deelname.is_canceled() {
                deliver::read_back(draft, &at.peer, &deelname.id).await?;
            }
        }
    }
    Ok(end_of_ids(&sittings, MOST_SITTINGS))
}

async fn reads_results(draft: &Draft<'_>, peer: &str, number: i64) -> Result<bool, StoreError> {
    let db = &draft.core.db;
    let Some(row) = db.revision(draft.tenant, peer, number).await? else {
        return Ok(false);
    };
    let manifest = revision::manifest(db, &row).await?;
    Ok(manifest.is_some_and(|manifest| manifest.connector.interfaces.contains(&Interface::TaResultaten)))
}

/// Sittings that the newer revision told the vendor of, themselves or one of their deelnames.
async fn tell_again(draft: &mut Draft<'_>, at: &Mending) -> Result<Option<Mark>, Refused> {
    let (core, tenant) = (draft.core, draft.tenant);
    let Some(from) = at.from else { return Ok(None) };
    let page = (at.after.id.as_str(), MOST_SITTINGS);
    let touched = served::coming_sittings(&core.db, tenant, (&at.peer, from), draft.now, page).await?;
    for sitting in &touched {
        repair::tell_again(draft, sitting).await?;
    }
    Ok(end_of_ids(&touched, MOST_SITTINGS))
}

async fn read_brought(draft: &mut Draft<'_>, at: &Mending) -> Result<Option<Mark>, Refused> {
    let (core, tenant) = (draft.core, draft.tenant);
    let (Some(from), Some(to)) = (at.from, at.to) else {
        return Ok(None);
    };
    if !reads_results(draft, &at.peer, to).await? {
        return Ok(None);
    }
    let page = (at.after.id.as_str(), MOST_DEELNAMES);
    let brought = served::brought(&core.db, tenant, (&at.peer, from), page).await?;
    // A deelname once, whatever it brought.
    for deelname in brought.iter().collect::<BTreeSet<_>>() {
        deliver::read_back(draft, &at.peer, deelname).await?;
    }
    Ok(end_of_ids(&brought, MOST_DEELNAMES))
}
