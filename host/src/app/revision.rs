//! What runs for a peer: made as a revision, put to work by an activation, and taken back to an earlier one.

use std::collections::BTreeMap;
use std::fmt;

use super::account::actor;
use super::admission::{self, AdmissionError};
use super::package::{self, PackageError};
use super::{CommitError, Core, Decision, Draft, Refused, mended, needs};
use crate::connector::grant::Rules;
use crate::connector::manifest::{Configuration, Manifest, Profile};
use crate::connector::verify::VerifiedPackage;
use crate::domain::keuring::Obstacle;
use crate::store::StoreError;
use crate::store::peer::{self, PeerRow};
use crate::store::revision::{ActivationRow, RevisionRow};

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

/// Makes the next revision of a peer and puts it to work, in one commit. Returns its number.
///
/// # Errors
/// [`RevisionError`]; then what ran goes on.
pub async fn install(core: &Core, tenant: &str, by: &str, peer: &str, new: &NewRevision) -> Result<i64, RevisionError> {
    if new.reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    let (_, verified) = package::open(core, tenant, &new.digest).await?;
    let manifest = &verified.contents.manifest;
    let config = configuration(manifest, &verified.contents.profiles, new)?;
    let number = core
        .decide::<_, RevisionError, _, _>(&[format!("peer/{tenant}/{peer}")], || async {
            let row = found(core, tenant, peer).await?;
            let granted = admission::asked(manifest);
            demand(core, &row, &new.digest, &verified, &granted).await?;
            let number = core
                .db
                .revisions(tenant, peer)
                .await?
                .first()
                .map_or(0, |newest| newest.number)
                + 1;
            let revision = RevisionRow {
                tenant: tenant.to_owned(),
                peer: peer.to_owned(),
                number,
                digest: new.digest.clone(),
                config: serde_json::to_string(&config).expect("a configuration is JSON"),
                grants: serde_json::to_string(&granted).expect("rules are JSON"),
                profile: new.profile.clone(),
                author: by.to_owned(),
                reason: new.reason.clone(),
                created_at: core.now(),
            };
            let kind = if row.revision.is_none() { "install" } else { "rollout" };
            let mut draft = Draft::of(core, tenant, actor(by));
            draft.put(revision.write());
            activate(&mut draft, row, number, kind, by, &new.reason).await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: number,
            })
        })
        .await?;
    mended::follow_up(core, tenant, peer).await;
    Ok(number)
}

/// What a rollback will change, or has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// What runs now, or ran.
    pub from: i64,
    /// What will run, or runs.
    pub to: i64,
    /// Differences between the two.
    pub differences: Vec<Difference>,
    /// This very rollback was done before, and what it put to work still runs: nothing was done again.
    pub already: bool,
}

/// What a rollback goes from and to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Back {
    /// The revision that was seen to run; when another runs now, the rollback is refused. Without it nothing is held
    /// against what runs.
    pub from: Option<i64>,
    /// The revision to go back to; when absent the one with a lower number that ran before.
    pub to: Option<i64>,
}

/// One difference between what runs and what will. `Display` says it in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Another package: name and version.
    Code {
        /// Now.
        from: String,
        /// Then.
        to: String,
    },
    /// Another profile of the package.
    Profile {
        /// Now.
        from: Option<String>,
        /// Then.
        to: Option<String>,
    },
    /// Another value of a configuration key, as JSON.
    Configuration {
        /// Which.
        key: String,
        /// Now.
        from: Option<String>,
        /// Then.
        to: Option<String>,
    },
    /// What the connector may ask of the peer differs.
    Grants,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |value: &Option<String>, absent: &str| value.clone().unwrap_or_else(|| absent.to_owned());
        match self {
            Difference::Code { from, to } => write!(out, "code: {from} → {to}"),
            Difference::Profile { from, to } => write!(out, "profile: {} → {}", or(from, "none"), or(to, "none")),
            Difference::Configuration { key, from, to } => {
                write!(
                    out,
                    "configuration `{key}`: {} → {}",
                    or(from, "absent"),
                    or(to, "absent")
                )
            }
            Difference::Grants => out.write_str("grants: what the connector may ask of the vendor differs"),
        }
    }
}

/// What a rollback would do; nothing is changed. Without `to`, the revision with a lower number that ran before the
/// present one: who was put back by a rollout goes to a newer one by a rollout.
///
/// # Errors
/// [`RevisionError`]: among them a package whose key was revoked.
pub async fn plan_rollback(core: &Core, tenant: &str, peer: &str, to: Option<i64>) -> Result<Rollback, RevisionError> {
    let row = found(core, tenant, peer).await?;
    let from = row.revision.ok_or_else(|| RevisionError::NoEarlier(peer.to_owned()))?;
    let to = match to {
        Some(to) => to,
        None => earlier(core, tenant, peer, from).await?,
    };
    if from == to {
        return Err(RevisionError::RunsAlready(to));
    }
    let now = at(core, tenant, peer, from).await?;
    let then = at(core, tenant, peer, to).await?;
    // A revoked key stops a rollback; whether the package still may run is judged afresh.
    let (_, verified) = package::open(core, tenant, &then.digest).await?;
    let running = core.db.package(tenant, &now.digest).await?;
    let mut differences = Vec::new();
    if let Some(running) = running.filter(|running| running.digest != then.digest) {
        let identity = &verified.contents.manifest.connector;
        let back = format!("{} {}", identity.name.as_str(), identity.version);
        differences.push(Difference::Code {
            from: format!("{} {}", running.name, running.package_version),
            to: back,
        });
    }
    if now.profile != then.profile {
        differences.push(Difference::Profile {
            from: now.profile.clone(),
            to: then.profile.clone(),
        });
    }
    differences.extend(config_differences(&now.config, &then.config)?);
    if now.grants != then.grants {
        differences.push(Difference::Grants);
    }
    Ok(Rollback {
        from,
        to,
        differences,
        already: false,
    })
}

/// Takes a peer back to an earlier revision as a whole: code, configuration, grants and profile. New calls take it from
/// the commit on; calls that run end on theirs.
///
/// Asked again, because the answer was lost, it is not done again: the answer then says `already`.
///
/// # Errors
/// [`RevisionError`]; then what ran goes on.
pub async fn rollback(
    core: &Core,
    tenant: &str,
    by: &str,
    peer: &str,
    back: Back,
    reason: &str,
) -> Result<Rollback, RevisionError> {
    let asked = Asked {
        back,
        reason,
        kind: "rollback",
    };
    switch(core, tenant, by, peer, &asked).await
}

/// Puts an existing revision to work again, newer or older.
///
/// # Errors
/// [`RevisionError`]; then what ran goes on.
pub async fn rollout(
    core: &Core,
    tenant: &str,
    by: &str,
    peer: &str,
    to: i64,
    reason: &str,
) -> Result<Rollback, RevisionError> {
    let asked = Asked {
        back: Back {
            from: None,
            to: Some(to),
        },
        reason,
        kind: "rollout",
    };
    switch(core, tenant, by, peer, &asked).await
}

/// A change of what runs, as it was asked.
struct Asked<'a> {
    back: Back,
    reason: &'a str,
    kind: &'static str,
}

async fn switch(core: &Core, tenant: &str, by: &str, peer: &str, asked: &Asked<'_>) -> Result<Rollback, RevisionError> {
    if asked.reason.trim().is_empty() {
        return Err(RevisionError::NoReason);
    }
    let plan = core
        .decide::<_, RevisionError, _, _>(&[format!("peer/{tenant}/{peer}")], || async {
            let row = found(core, tenant, peer).await?;
            let mut draft = Draft::of(core, tenant, actor(by));
            if let Some(done) = done_before(core, &row, by, asked).await? {
                return Ok(Decision {
                    write_set: draft.finish(),
                    answer: done,
                });
            }
            as_seen(&row, asked.back.from)?;
            let plan = plan_rollback(core, tenant, peer, asked.back.to).await?;
            if asked.kind == "rollout" {
                let then = at(core, tenant, peer, plan.to).await?;
                let (_, verified) = package::open(core, tenant, &then.digest).await?;
                let granted = rules(&then)?;
                demand(core, &row, &then.digest, &verified, &granted).await?;
            }
            activate(&mut draft, row, plan.to, asked.kind, by, asked.reason).await?;
            Ok(Decision {
                write_set: draft.finish(),
                answer: plan,
            })
        })
        .await?;
    if !plan.already {
        mended::follow_up(core, tenant, peer).await;
    }
    Ok(plan)
}

/// Refuses when another revision runs than was seen.
fn as_seen(row: &PeerRow, seen: Option<i64>) -> Result<(), RevisionError> {
    match (seen, row.revision) {
        (Some(seen), Some(now)) if seen != now => Err(RevisionError::RunsAnother { seen, now }),
        _ => Ok(()),
    }
}

/// The same rollback, when it is the last thing that was done: by the same account with the same words, from what the
/// caller saw to what the caller wants. Who means to go back one more says so, by the revision that runs now.
async fn done_before(
    core: &Core,
    row: &PeerRow,
    by: &str,
    asked: &Asked<'_>,
) -> Result<Option<Rollback>, RevisionError> {
    let Some(running) = row.revision.filter(|_| asked.kind == "rollback") else {
        return Ok(None);
    };
    let activations = core.db.activations(&row.tenant, &row.id).await?;
    let Some(newest) = activations.into_iter().next() else {
        return Ok(None);
    };
    let same_words = newest.actor == by && newest.reason == asked.reason;
    let same_way = asked.back.to.is_none_or(|to| to == running)
        && asked.back.from.is_none_or(|seen| Some(seen) == newest.previous);
    let done = newest.kind == "rollback" && newest.revision == running && same_words && same_way;
    Ok(newest.previous.filter(|_| done).map(|from| Rollback {
        from,
        to: running,
        differences: Vec::new(),
        already: true,
    }))
}

/// Puts a revision to work. That deelnames are looked at again which waited because the connector before could not tell
/// their needs is part of the same commit.
async fn activate(
    draft: &mut Draft<'_>,
    mut row: PeerRow,
    number: i64,
    kind: &'static str,
    by: &str,
    reason: &str,
) -> Result<(), RevisionError> {
    let seq = draft
        .core
        .db
        .activations(&row.tenant, &row.id)
        .await?
        .first()
        .map_or(0, |newest| newest.seq)
        + 1;
    let activation = ActivationRow {
        tenant: row.tenant.clone(),
        peer: row.id.clone(),
        seq,
        revision: number,
        previous: row.revision,
        kind: kind.to_owned(),
        actor: by.to_owned(),
        reason: reason.to_owned(),
        at: draft.now,
    };
    draft.put(activation.write());
    let detail = format!("{kind}: revision {number}, before {:?}; {reason}", row.revision);
    draft.audit("revision.activate", ("peer", &row.id), detail, b"");
    needs::again::follow_blocked(draft, &row.id).await?;
    row.revision = Some(number);
    draft.put(row.next());
    Ok(())
}

/// The revision that ran before the present one came to work, skipping what was itself rolled back from.
async fn earlier(core: &Core, tenant: &str, peer: &str, present: i64) -> Result<i64, RevisionError> {
    let activations = core.db.activations(tenant, peer).await?;
    let came = activations
        .iter()
        .find(|one| one.revision == present && one.kind != "rollback");
    let mut previous = came.and_then(|one| one.previous);
    // After a rollback the revision one before the present one is the one it replaced when it was first put to work.
    while let Some(number) = previous {
        if number < present {
            return Ok(number);
        }
        previous = activations
            .iter()
            .find(|one| one.revision == number && one.previous.is_some_and(|before| before < present))
            .and_then(|one| one.previous);
    }
    Err(RevisionError::NoEarlier(peer.to_owned()))
}

async fn found(core: &Core, tenant: &str, peer: &str) -> Result<PeerRow, RevisionError> {
    peer::find(&core.db, tenant, peer)
        .await?
        .ok_or_else(|| RevisionError::UnknownPeer(peer.to_owned()))
}

async fn at(core: &Core, tenant: &str, peer: &str, number: i64) -> Result<RevisionRow, RevisionError> {
    let row = core.db.revision(tenant, peer, number).await?;
    row.ok_or_else(|| RevisionError::UnknownRevision {
        peer: peer.to_owned(),
        number,
    })
}

/// Refuses what the school's policy does not let run yet. A rollback is not asked: what ran before may run again, however
/// old its keuring; a revoked key stops it all the same.
async fn demand(
    core: &Core,
    row: &PeerRow,
    digest: &str,
    verified: &VerifiedPackage,
    granted: &Rules,
) -> Result<(), RevisionError> {
    let review = admission::review(core, row, digest, verified, granted).await?;
    match review.obstacles.is_empty() {
        true => Ok(()),
        false => Err(RevisionError::Obstacles(review.obstacles)),
    }
}

fn rules(revision: &RevisionRow) -> Result<Rules, StoreError> {
    serde_json::from_str(&revision.grants).map_err(|error| StoreError::Inconsistent {
        column: "grants".to_owned(),
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

fn config_differences(now: &str, then: &str) -> Result<Vec<Difference>, StoreError> {
    let read = |text: &str| -> Result<BTreeMap<String, serde_json::Value>, StoreError> {
        serde_json::from_str(text).map_err(|error| StoreError::Inconsistent {
            column: "config".to_owned(),
            why: error.to_string(),
        })
    };
    let (now, then) = (read(now)?, read(then)?);
    let mut said = Vec::new();
    for key in now.keys().chain(then.keys().filter(|key| !now.contains_key(*key))) {
        if now.get(key) != then.get(key) {
            said.push(Difference::Configuration {
                key: key.clone(),
                from: now.get(key).map(ToString::to_string),
                to: then.get(key).map(ToString::to_string),
            });
        }
    }
    Ok(said)
}
