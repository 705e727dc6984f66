//! What runs for a peer: made as a revision, put to work by an activation, and taken back to an earlier one.

mod activation;
mod consequences;
mod difference;
mod switch;

pub(super) use activation::{Because, activate, note};
pub use consequences::{Consequences, DoneOutside, Misfit, done_outside};
pub use difference::{Difference, between};
pub use switch::{Back, Rollback, going_back_from, plan_rollback, plan_switch, rollback, rollout, taken_back};

use jiff::Timestamp;

use super::account::actor;
use super::admission::{self, AdmissionError};
use super::package::{self, PackageError};
use super::{CommitError, Core, Decision, Draft, Refused};
use crate::connector::grant::Rules;
use crate::connector::manifest::{Configuration, Manifest, Profile};
use crate::connector::verify::VerifiedPackage;
use crate::domain::interface::Interface;
use crate::domain::keuring::Obstacle;
use crate::domain::principal::Refusal;
use crate::domain::rollout::{Freeze, NotNow};
use crate::store::peer::{self, PeerRow};
use crate::store::revision::RevisionRow;
use crate::store::tenant::TENANT;
use crate::store::{Database, StoreError, freeze, keuring};
use crate::values;

/// Why a revision can't be made or put to work.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The peer does not exist.
    #[error("there is no peer `{0}` in this school; make it first")]
    UnknownPeer(String),
    /// The revision does not exist.
    #[error("peer `{peer}` has no revision {number}; see the list of its revisions")]
    UnknownRevision {
        /// Whose.
        peer: String,
        /// Which.
        number: i64,
    },
    /// There is nothing to go back to.
    #[error("peer `{0}` has run no earlier revision: there is nothing to roll back to")]
    NoEarlier(String),
    /// Something else runs than who asked had seen.
    #[error("revision {seen} was seen to run, but {now} runs now; look again at what would change")]
    RunsAnother {
        /// What was seen.
        seen: i64,
        /// What runs.
        now: i64,
    },
    /// It runs already.
    #[error("revision {0} runs already; nothing changed")]
    RunsAlready(i64),
    /// What was measured was another step of the rollout.
    #[error("another step was taken meanwhile; look at what its calls came to first")]
    AnotherStep,
    /// It is no way back.
    #[error(
        "revision {to} is no way back from {from}: it is newer, or never ran; put it to work by a rollout, which looks at \
         its keuring"
    )]
    NoWayBack {
        /// From what.
        from: i64,
        /// To what.
        to: i64,
    },
    /// The package has no such profile.
    #[error("the package has no profile `{name}`; it has: {there}")]
    UnknownProfile {
        /// What was asked.
        name: String,
        /// What there is.
        there: String,
    },
    /// The configuration doesn't fit the manifest's schema.
    #[error("the configuration does not fit this connector: {0}")]
    Configuration(String),
    /// Nobody said why.
    #[error("a reason is needed, so that others can follow it later")]
    NoReason,
    /// The school's policy asks for more before this package may run.
    #[error("{}", listed(.0))]
    Obstacles(Vec<Obstacle>),
    /// The package can't be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What follows from it could not be decided.
    #[error(transparent)]
    Follow(#[from] Refused),
    /// Nothing is rolled out now.
    #[error("nothing is rolled out until {until}: {name}. A rollback is always possible")]
    Frozen {
        /// The freeze.
        name: String,
        /// Its end.
        until: Timestamp,
    },
    /// The state of the rollout stands in the way.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// No rollout was begun.
    #[error("no rollout of peer `{0}` was begun; begin one")]
    NoRollout(String),
    /// Another rollout is open.
    #[error("revision {0} is being rolled out already: stop that or roll it back first")]
    RollsOut(i64),
    /// The first one was made already.
    #[error("revision {0} of this peer was made already: look at that first")]
    NotTheFirst(i64),
    /// On the fast route: nothing runs.
    #[error("nothing runs for this peer, so there is nothing to fix; begin a rollout step by step")]
    NothingToFix,
    /// On the fast route: nobody has what it replaces any more.
    #[error(
        "nobody has revision {0} any more, so there is nobody to bring the fix to; stop this rollout and look at what runs now"
    )]
    NobodyHas(i64),
    /// On the fast route: it may do something else than what it replaces.
    #[error("the fast route is for a package that may do just what runs now; this one differs: {}", .0.join("; "))]
    OtherGrants(Vec<String>),
    /// On the fast route: no sitting at this peer.
    #[error(
        "sitting `{0}` is none of this peer's that is still on and has the revision that is fixed; name one of those"
    )]
    NoSitting(String),
    /// Its files are the vendor's, and no unit's: a part of the school can't have another revision than the rest.
    #[error(
        "peer `{0}` works with files that a person carries: one list and one answer for the whole vendor, so that no unit, share or sitting can have a revision of its own; put the revision to work for everybody"
    )]
    ByFiles(String),
    /// A unit that the school doesn't have, or none.
    #[error("{0}")]
    Units(String),
    /// A function that is not held.
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
}

/// What a new revision consists of.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// Package, by digest.
    pub digest: String,
    /// Profile of the package to take values from.
    pub profile: Option<String>,
    /// Values that differ from the profile and the defaults.
    pub config: Configuration,
    /// Why it is made.
    pub reason: String,
}

/// Makes the next revision of a peer and puts it to work for everybody, in one commit. Returns its number.
///
/// # Errors
/// [`RevisionError`]; then what ran goes on.
pub async fn install(core: &Core, tenant: &str, by: &str, peer: &str, new: &NewRevision) -> Result<i64, RevisionError> {
    made(core, tenant, by, peer, new, Then::Works).await
}

/// The same for the very first revision of a peer: of two that are made at once only one is put to work.
///
/// # Errors
/// [`RevisionError::NotTheFirst`] where there is one already, and as [`install`].
pub async fn install_first(
    core: &Core,
    tenant: &str,
    by: &str,
    peer: &str,
    new: &NewRevision,
) -> Result<i64, RevisionError> {
    made(core, tenant, by, peer, new, Then::WorksAsTheFirst).await
}

/// Makes the next revision of a peer; nobody is served by it until it is rolled out. Returns its number.
///
/// # Errors
/// [`RevisionError`].
pub async fn make(core: &Core, tenant: &str, by: &str, peer: &str, new: &NewRevision) -> Result<i64, RevisionError> {
    made(core, tenant, by, peer, new, Then::Waits).await
}

/// What becomes of a revision that is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Waits,
    Works,
    WorksAsTheFirst,
}

async fn made(
    core: &Core,
    tenant: &str,
    by: &str,
    peer: &str,
    new: &NewRevision,
    then: Then,
) -> Result<i64, RevisionError> {
    if new.reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    let (_, verified) = package::open(core, tenant, &new.digest).await?;
    let manifest = &verified.contents.manifest;
    let config = configuration(manifest, &verified.contents.profiles, new)?;
    core.decide::<_, RevisionError, _, _>(&[format!("peer/{tenant}/{peer}")], || async {
        let row = found(core, tenant, peer).await?;
        let granted = admission::asked(manifest);
        let revision = RevisionRow {
            tenant: tenant.to_owned(),
            peer: peer.to_owned(),
            number: next_number(core, tenant, peer).await?,
            digest: new.digest.clone(),
            config: serde_json::to_string(&config).expect("a configuration is JSON"),
            grants: serde_json::to_string(&granted).expect("rules are JSON"),
            profile: new.profile.clone(),
            author: by.to_owned(),
            reason: new.reason.clone(),
            created_at: core.now(),
        };
        let number = revision.number;
        if then == Then::WorksAsTheFirst && number > 1 {
            return Err(RevisionError::NotTheFirst(number - 1));
        }
        let mut draft = Draft::of(core, tenant, actor(by));
        draft.put(revision.write());
        if then != Then::Waits {
            not_frozen(&mut draft).await?;
            demand(&mut draft, &row, &new.digest, &verified, &granted).await?;
            let because = match row.revision {
                None => Because::Installed,
                Some(_) => Because::RolledOut,
            };
            activate(&mut draft, row, number, because, by, &new.reason).await?;
        } else {
            // Two that are made at once see each other by the peer's row.
            draft.put(row.next());
            let detail = format!("revision {number}; {}", new.reason);
            draft.audit("revision.make", ("peer", peer), detail, b"");
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: number,
        })
    })
    .await
}

/// The number that the next revision of a peer gets.
async fn next_number(core: &Core, tenant: &str, peer: &str) -> Result<i64, StoreError> {
    let revisions = core.db.revisions(tenant, peer).await?;
    Ok(revisions.first().map_or(0, |newest| newest.number) + 1)
}

/// What holds up a rollout now: a freeze of the school.
///
/// # Errors
/// What the database says.
pub async fn frozen_by(core: &Core, tenant: &str) -> Result<Option<Freeze>, StoreError> {
    let now = core.now();
    let coming = freeze::ending_after(&core.db, tenant, now).await?;
    Ok(coming.into_iter().find(|freeze| freeze.holds_at(now)))
}

/// Refuses what a freeze holds up. One that is entered at the same moment changes the school's row.
pub(super) async fn not_frozen(draft: &mut Draft<'_>) -> Result<(), RevisionError> {
    let (core, tenant) = (draft.core, draft.tenant);
    let school = core.db.tenant(tenant).await?;
    draft.expect(&TENANT, values![tenant], school.map_or(0, |school| school.version));
    match frozen_by(core, tenant).await? {
        None => Ok(()),
        Some(freeze) => Err(RevisionError::Frozen {
            name: freeze.name,
            until: freeze.until,
        }),
    }
}

/// The manifest of a revision's package; `None` when the package is gone.
///
/// # Errors
/// What the database says.
pub async fn manifest(db: &Database, revision: &RevisionRow) -> Result<Option<Manifest>, StoreError> {
    let Some(package) = db.package(&revision.tenant, &revision.digest).await? else {
        return Ok(None);
    };
    let read = Manifest::parse(package.manifest.as_bytes()).map_err(|error| StoreError::Inconsistent {
        column: "package.manifest".to_owned(),
        why: error.to_string(),
    })?;
    Ok(Some(read))
}

/// Whether a revision is of a vendor that works with files: its connector serves those, and not the plan itself.
///
/// # Errors
/// What the database says.
pub async fn works_with_files(db: &Database, revision: &RevisionRow) -> Result<bool, StoreError> {
    let manifest = manifest(db, revision).await?;
    let serves = |interface| {
        let interfaces = manifest.as_ref().map(|manifest| &manifest.connector.interfaces);
        interfaces.is_some_and(|interfaces| interfaces.contains(&interface))
    };
    Ok(serves(Interface::Files) && !serves(Interface::TaZittingsplan))
}

pub(super) async fn found(core: &Core, tenant: &str, peer: &str) -> Result<PeerRow, RevisionError> {
    peer::find(&core.db, tenant, peer)
        .await?
        .ok_or_else(|| RevisionError::UnknownPeer(peer.to_owned()))
}

/// A revision of a peer.
///
/// # Errors
/// [`RevisionError::UnknownRevision`]; what the database says.
pub async fn at(core: &Core, tenant: &str, peer: &str, number: i64) -> Result<RevisionRow, RevisionError> {
    let row = core.db.revision(tenant, peer, number).await?;
    row.ok_or_else(|| RevisionError::UnknownRevision {
        peer: peer.to_owned(),
        number,
    })
}

/// Refuses to put an existing revision to work that the school's policy does not let run yet.
///
/// # Errors
/// [`RevisionError`].
pub(super) async fn may_come(
    draft: &mut Draft<'_>,
    row: &PeerRow,
    revision: &RevisionRow,
) -> Result<(), RevisionError> {
    let (_, verified) = package::open(draft.core, &revision.tenant, &revision.digest).await?;
    demand(draft, row, &revision.digest, &verified, &rules(revision)?).await
}

/// What is decided depends on the school's policy as it is read now.
///
/// # Errors
/// What the database says.
pub(super) async fn holds_policy(draft: &mut Draft<'_>) -> Result<(), RevisionError> {
    let tenant = draft.tenant;
    let policy = keuring::policy(&draft.core.db, tenant).await?;
    draft.expect(
        &keuring::ADMISSION_POLICY,
        values![tenant],
        policy.map_or(0, |policy| policy.version),
    );
    Ok(())
}

/// Refuses what the school's policy does not let run yet. A rollback is not asked: what ran before may run again, however
/// old its keuring; a revoked key stops it all the same.
async fn demand(
    draft: &mut Draft<'_>,
    row: &PeerRow,
    digest: &str,
    verified: &VerifiedPackage,
    granted: &Rules,
) -> Result<(), RevisionError> {
    holds_policy(draft).await?;
    let review = admission::review(draft.core, row, digest, verified, granted).await?;
    match review.obstacles.is_empty() {
        true => Ok(()),
        false => Err(RevisionError::Obstacles(review.obstacles)),
    }
}

pub(super) fn rules(revision: &RevisionRow) -> Result<Rules, StoreError> {
    serde_json::from_str(&revision.grants).map_err(|error| StoreError::Inconsistent {
        column: "revision.grants".to_owned(),
        why: error.to_string(),
    })
}

fn listed(obstacles: &[Obstacle]) -> String {
    let said: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    said.join("; ")
}

impl From<AdmissionError> for RevisionError {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Package(error) => error.into(),
            AdmissionError::Commit(error) => error.into(),
            AdmissionError::Store(error) => error.into(),
            other => RevisionError::Configuration(other.to_string()),
        }
    }
}

fn configuration(manifest: &Manifest, profiles: &[Profile], new: &NewRevision) -> Result<Configuration, RevisionError> {
    let mut values = Configuration::new();
    if let Some(name) = &new.profile {
        let profile = profiles
            .iter()
            .find(|profile| profile.name.as_str() == name)
            .ok_or_else(|| {
                let there: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
                RevisionError::UnknownProfile {
                    name: name.clone(),
                    there: there.join(", "),
                }
            })?;
        values.extend(profile.values.clone());
    }
    values.extend(new.config.clone());
    manifest.config.complete(&values).map_err(|problems| {
        let said: Vec<String> = problems
            .iter()
            .map(|problem| format!("`{}`: {}", problem.key, problem.message))
            .collect();
        RevisionError::Configuration(said.join("; "))
    })
}
