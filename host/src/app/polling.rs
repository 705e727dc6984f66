//! What a peer is asked again and again, by jobs that never end: results and reports of a vendor that doesn't send them,
//! its catalogue, and flow 1 of a student system that doesn't send it. Whether, and how often, follows from the revision that runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::comparison::nightly;
use super::{Core, Decision, Draft, Refused, catalogue, pull, revision, rollout};
use crate::connector::manifest::ConfigValue;
use crate::domain::interface::Interface;
use crate::domain::lane::{self, JobState};
use crate::domain::rollout::{Serving, flow_of};
use crate::jobs::letters::{self, LetterError};
use crate::store::job::{self, JobRow, NewJob};
use crate::store::{StoreError, peer};

/// Kind of the job that polls a vendor's results.
pub const POLL_RESULTS: &str = "poll_results";
/// Kind of the job that polls a vendor's reports.
pub const POLL_REPORTS: &str = "poll_reports";

/// Configuration value that says how results come: `push`, or `poll`; a connector without it is polled.
const HOW_RESULTS_COME: &str = "results";
/// Configuration value that says how often a vendor is polled, in seconds.
const POLL_SECONDS: &str = "poll-seconds";
/// How often a vendor is polled by default.
const POLL_EVERY: Duration = Duration::from_secs(60);
/// How often a catalogue is fetched.
const CATALOGUE_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How often a student system is asked for the coming days; for everything at night.
const REGISTRATIONS_EVERY: Duration = Duration::from_secs(3600);

/// What is asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurring {
    /// The catalogue (flow 0).
    Catalogue,
    /// Results (flow 3).
    Results,
    /// Reports (flow 4).
    Reports,
    /// Planbare toetsen and who is enrolled for them (flow 1), where functioneel beheer says that they are asked for.
    Registrations,
}

impl Recurring {
    /// All of them.
    pub const ALL: [Recurring; 4] = [
        Recurring::Catalogue,
        Recurring::Results,
        Recurring::Reports,
        Recurring::Registrations,
    ];

    /// The kind of its job.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Recurring::Catalogue => catalogue::FETCH_CATALOGUE,
            Recurring::Results => POLL_RESULTS,
            Recurring::Reports => POLL_REPORTS,
            Recurring::Registrations => pull::PULL_REGISTRATIONS,
        }
    }

    /// The interface that is asked.
    #[must_use]
    pub fn interface(self) -> Interface {
        match self {
            Recurring::Catalogue => Interface::TaToetscatalogus,
            Recurring::Results => Interface::TaResultaten,
            Recurring::Reports => Interface::TaZittingsverslag,
            Recurring::Registrations => Interface::DrToetsdeelnemers,
        }
    }

    /// One lane per peer and revision that asks, so that its rounds follow each other.
    fn lane(self, peer: &str, asks: Asks) -> String {
        let flow = match self {
            Recurring::Catalogue => 0,
            Recurring::Results => 3,
            Recurring::Reports => 4,
            Recurring::Registrations => 1,
        };
        match asks.revision {
            None => lane::name(flow, "peer", peer),
            Some(number) => lane::name(flow, "revision", &format!("{peer}/{number}")),
        }
    }
}

/// A round of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// The revision that asks.
    pub revision: i64,
    /// How often.
    pub every: Duration,
}

/// What the payload of a job that asks says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// A revision that only some units have; without it the one that everybody has asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// How a peer is asked, and by which revision; `None` when it is not: no connector runs, it does not serve the
/// interface, nobody has it apart any more, or the peer sends by itself.
///
/// # Errors
/// What the database says.
pub async fn wanted(
    core: &Core,
    tenant: &str,
    peer_id: &str,
    (what, asks): (Recurring, Asks),
) -> Result<Option<Round>, StoreError> {
    let Some((_, serving)) = rollout::serving(&core.db, tenant, peer_id).await? else {
        return Ok(None);
    };
    if serving.is_for_nobody() {
        return Ok(None);
    }
    let number = match asks.revision {
        None => serving.default,
        Some(number) => apart(&serving, what).into_iter().find(|one| *one == number),
    };
    let Some(number) = number else { return Ok(None) };
    let every = how_often(core, tenant, peer_id, (what, number)).await?;
    Ok(every.map(|every| Round {
        revision: number,
        every,
    }))
}

/// The revisions that ask beside the one that everybody has: each for the sittings that it serves. The catalogue and flow
/// 1 are everybody's.
fn apart(serving: &Serving, what: Recurring) -> Vec<i64> {
    match what {
        Recurring::Catalogue | Recurring::Registrations => Vec::new(),
        Recurring::Results | Recurring::Reports => {
            let mut in_use = serving.in_use(flow_of(what.interface()));
            in_use.retain(|number| serving.default != Some(*number));
            in_use
        }
    }
}

async fn how_often(
    core: &Core,
    tenant: &str,
    peer_id: &str,
    (what, number): (Recurring, i64),
) -> Result<Option<Duration>, StoreError> {
    let Some(revision) = core.db.revision(tenant, peer_id, number).await? else {
        return Ok(None);
    };
    let Some(manifest) = revision::manifest(&core.db, &revision).await? else {
        return Ok(None);
    };
    if !manifest.connector.interfaces.contains(&what.interface()) {
        return Ok(None);
    }
    if what == Recurring::Catalogue {
        return Ok(Some(CATALOGUE_EVERY));
    }
    if what == Recurring::Registrations {
        let is_asked = pull::is_asked(core, tenant, peer_id).await?;
        return Ok(is_asked.then_some(REGISTRATIONS_EVERY));
    }
    let config: crate::connector::manifest::Configuration =
        serde_json::from_str(&revision.config).map_err(|error| inconsistent("revision.config", &error.to_string()))?;
    let sends_itself = matches!(config.get(HOW_RESULTS_COME), Some(ConfigValue::Text(how)) if how == "push");
    if sends_itself {
        return Ok(None);
    }
    Ok(Some(match config.get(POLL_SECONDS) {
        Some(ConfigValue::Number(seconds)) => Duration::from_secs(u64::try_from(*seconds).unwrap_or(0).max(1)),
        _ => POLL_EVERY,
    }))
}

fn inconsistent(column: &str, why: &str) -> StoreError {
    StoreError::Inconsistent {
        column: column.to_owned(),
        why: why.to_owned(),
    }
}

/// The next round, from now.
#[must_use]
pub fn next_round(now: Timestamp, every: Duration) -> Timestamp {
    now.checked_add(every).unwrap_or(Timestamp::MAX)
}

/// Makes sure that everything a peer is to be asked again and again has its job, and the nightly comparison. Part of each change of what runs; a job
/// that is no longer wanted ends by itself.
///
/// # Errors
/// What the database says.
pub async fn schedule_in(draft: &mut Draft<'_>, peer: &str) -> Result<(), Refused> {
    let (core, tenant) = (draft.core, draft.tenant);
    let Some((row, serving)) = rollout::serving(&core.db, tenant, peer).await? else {
        return Ok(());
    };
    if row.hat == "ta" {
        nightly::schedule_in(draft, peer).await?;
    }
    for what in Recurring::ALL {
        let named = apart(&serving, what).into_iter().map(Some);
        for revision in std::iter::once(None).chain(named) {
            let asks = Asks { revision };
            let is_wanted = wanted(core, tenant, peer, (what, asks)).await?.is_some();
            if is_wanted && open(core, tenant, peer, (what, asks)).await?.is_none() {
                make(draft, peer, (what, asks)).await?;
            }
        }
    }
    Ok(())
}

/// The same by itself, when the server starts.
///
/// # Errors
/// What the database says.
pub async fn schedule(core: &Core, tenant: &str, peer: &str) -> Result<(), Refused> {
    core.decide(&[lock(tenant, peer)], || async {
        let mut draft = Draft::of(core, tenant, "host");
        schedule_in(&mut draft, peer).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// The same for every peer of every school, when the server starts. What fails for one peer is logged and does not hold
/// up the others.
///
/// # Errors
/// When the schools or their peers can't be read.
pub async fn schedule_all(core: &Core) -> Result<(), StoreError> {
    for school in core.db.tenants().await? {
        for peer in peer::all(&core.db, &school.tenant).await? {
            if let Err(error) = schedule(core, &school.tenant, &peer.id).await {
                warn!(tenant = %school.tenant, peer = %peer.id, "could not schedule what a peer is asked: {error}");
            }
        }
    }
    Ok(())
}

/// Asks a peer now rather than at its next round.
///
/// # Errors
/// [`Refused::NotNow`] when the connector that runs does not ask this.
pub async fn now(core: &Core, tenant: &str, peer: &str, what: Recurring, actor: &str) -> Result<(), Refused> {
    let everybody = Asks::default();
    if wanted(core, tenant, peer, (what, everybody)).await?.is_none() {
        return Err(Refused::NotNow(format!(
            "the connector that runs for peer `{peer}` does not ask {}: it does not serve it, or the peer sends by itself",
            what.interface()
        )));
    }
    let dead = core
        .decide::<_, Refused, _, _>(&[lock(tenant, peer)], || async {
            let mut draft = Draft::of(core, tenant, actor);
            draft.audit("peer.ask-now", ("peer", peer), what.kind().to_owned(), b"");
            let open = open(core, tenant, peer, (what, everybody)).await?;
            match &open {
                None => make(&mut draft, peer, (what, everybody)).await?,
                Some(job) if job.state == JobState::Ready && job.due_at > draft.now => {
                    let due_at = draft.now;
                    draft.put(JobRow { due_at, ..job.clone() }.next());
                }
                // A round that runs now sees what there is now.
                Some(_) => {}
            }
            Ok(Decision {
                write_set: draft.finish(),
                answer: open.filter(|job| job.state == JobState::Dead),
            })
        })
        .await?;
    match dead {
        Some(job) => requeue(core, tenant, &job.id, actor).await,
        None => Ok(()),
    }
}

/// Puts a dead letter back in its lane, unless somebody decided on it meanwhile.
async fn requeue(core: &Core, tenant: &str, id: &str, actor: &str) -> Result<(), Refused> {
    match letters::requeue(core, tenant, id, actor).await {
        Ok(()) | Err(LetterError::NotDead { .. } | LetterError::Unknown(_) | LetterError::NoReason) => Ok(()),
        Err(LetterError::Store(error)) => Err(error.into()),
        Err(LetterError::Commit(error)) => Err(error.into()),
    }
}

fn lock(tenant: &str, peer: &str) -> String {
    format!("polling/{tenant}/{peer}")
}

/// The job that asks, where there is one: it waits, runs, or is a dead letter.
pub(super) async fn open(
    core: &Core,
    tenant: &str,
    peer: &str,
    (what, asks): (Recurring, Asks),
) -> Result<Option<JobRow>, StoreError> {
    let open = job::open_in_lane(&core.db, tenant, &what.lane(peer, asks)).await?;
    Ok(open.into_iter().next())
}

async fn make(draft: &mut Draft<'_>, peer: &str, (what, asks): (Recurring, Asks)) -> Result<(), StoreError> {
    let lane = what.lane(peer, asks);
    let last = job::last_in_lane(&draft.core.db, draft.tenant, &lane).await?;
    let new = NewJob {
        kind: what.kind().to_owned(),
        peer: peer.to_owned(),
        // No message: it does not count as one that waits in its flow.
        flow: None,
        lane,
        seq: last + 1,
        parent: None,
        payload: serde_json::to_string(&asks).expect("a number is JSON"),
        full_state: false,
        due_at: draft.now,
    };
    let (id, now) = (draft.core.id(), draft.now);
    draft.put(new.write(draft.tenant, &id, now));
    Ok(())
}
