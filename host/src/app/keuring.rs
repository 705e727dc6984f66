//! Keuring of a package: asked for when it is admitted, carried out by a job, sealed by the host when it has ended.

use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;

use super::account::actor;
use super::draft::Follow;
use super::package::PackageError;
use super::{Core, Decision, Draft, Refused};
use crate::connector::package::sha256_hex;
use crate::domain::keuring::{Outcome, Tried, passed};
use crate::domain::lane;
use crate::store::keuring::{self, KeuringRow, KeuringState};
use crate::store::{StoreError, WriteSet};

/// Kind of the job that tries a package.
pub const KEUR_PACKAGE: &str = "keur_package";
/// The key that the host seals outcomes with: the same that it signs admissions with.
const SEALED_AS: &str = "admission";

/// Adds a keuring of a package, and the job that carries it out. Returns its id.
///
/// # Errors
/// What the database says.
pub async fn follow(draft: &mut Draft<'_>, by: &str, digest: &str) -> Result<String, Refused> {
    let row = KeuringRow {
        tenant: draft.tenant.to_owned(),
        id: draft.core.id(),
        digest: digest.to_owned(),
        state: KeuringState::Waiting,
        done: 0,
        total: 0,
        outcomes: Vec::new(),
        obstacle: None,
        seal: None,
        asked_by: by.to_owned(),
        asked_at: draft.now,
        ended_at: None,
        version: 0,
    };
    draft.put(row.next());
    draft
        .follow(Follow {
            kind: KEUR_PACKAGE,
            // Work inside the host: no vendor is asked.
            peer: "",
            flow: 0,
            lane: lane::name(0, "keuring", digest),
            parent: None,
            payload: json!({ "keuring": row.id }),
            full_state: false,
        })
        .await?;
    Ok(row.id)
}

/// Asks for another keuring of an admitted package, unless one is under way: then that one is meant. Returns its id.
///
/// # Errors
/// [`PackageError::Unknown`], and what the database says.
pub async fn ask(core: &Core, tenant: &str, by: &str, digest: &str) -> Result<String, PackageError> {
    core.decide::<_, PackageError, _, _>(&[format!("keuring/{tenant}/{digest}")], || async {
        if core.db.package(tenant, digest).await?.is_none() {
            return Err(PackageError::Unknown(digest.to_owned()));
        }
        let mut draft = Draft::of(core, tenant, actor(by));
        let there = keuring::of_package(&core.db, tenant, digest).await?;
        let waiting = there.into_iter().find(|one| one.state == KeuringState::Waiting);
        let id = match waiting {
            Some(waiting) => waiting.id,
            None => {
                draft.audit("keuring.ask", ("package", digest), String::new(), b"");
                follow(&mut draft, by, digest).await?
            }
        };
        Ok(Decision {
            write_set: draft.finish(),
            answer: id,
        })
    })
    .await
}

/// Notes how far a keuring is, for people who wait for it. Returns the row as it stands then.
///
/// # Errors
/// What the database says.
pub async fn note_progress(core: &Core, row: KeuringRow, done: usize, total: usize) -> Result<KeuringRow, Refused> {
    let noted = KeuringRow {
        done: i64::try_from(done).unwrap_or(i64::MAX),
        total: i64::try_from(total).unwrap_or(i64::MAX),
        ..row
    };
    let mut set = WriteSet::of(&noted.tenant);
    set.put(noted.next());
    core.commit(set).await?;
    Ok(KeuringRow {
        version: noted.version + 1,
        ..noted
    })
}

/// Ends a keuring with its outcomes, or with why the package could not be tried, and seals it.
pub fn finish(draft: &mut Draft<'_>, row: KeuringRow, outcomes: Vec<Outcome>, obstacle: Option<String>) {
    let state = match obstacle.is_none() && passed(&outcomes) {
        true => KeuringState::Passed,
        false => KeuringState::Failed,
    };
    let count = i64::try_from(outcomes.len()).unwrap_or(i64::MAX);
    let ended = KeuringRow {
        state,
        done: count,
        total: count,
        outcomes,
        obstacle,
        ended_at: Some(draft.now),
        ..row
    };
    let said = statement(&ended);
    let signature = draft.core.sealer.signing_key(SEALED_AS).sign(said.as_bytes());
    let ended = KeuringRow {
        seal: Some(hex::encode(signature)),
        ..ended
    };
    draft.audit(
        "keuring.end",
        ("package", &ended.digest),
        format!("{}, {count} scenarios", state.name()),
        said.as_bytes(),
    );
    draft.put(ended.next());
}

/// What the host signs of a keuring: the package by its digest, how it ended and when, and every outcome.
fn statement(row: &KeuringRow) -> String {
    let outcomes = serde_json::to_vec(&row.outcomes).expect("outcomes are JSON");
    let ended = row.ended_at.map_or(0, |at| at.as_millisecond());
    format!(
        "keuring {} of {} {} at {ended}: {}",
        row.id,
        row.digest,
        row.state.name(),
        sha256_hex(&outcomes)
    )
}

/// Whether the host itself wrote this outcome, over this package.
#[must_use]
pub fn is_sealed(core: &Core, row: &KeuringRow) -> bool {
    let Some(signature) = row.seal.as_deref().and_then(|seal| hex::decode(seal).ok()) else {
        return false;
    };
    let key = core.sealer.public_key(SEALED_AS);
    UnparsedPublicKey::new(&ED25519, key)
        .verify(statement(row).as_bytes(), &signature)
        .is_ok()
}

/// How a package fared: the newest keuring that has ended counts.
///
/// # Errors
/// What the database says, and an outcome that this host did not seal.
pub async fn tried(core: &Core, tenant: &str, digest: &str) -> Result<Tried, StoreError> {
    let there = keuring::of_package(&core.db, tenant, digest).await?;
    let ended = there
        .iter()
        .filter_map(|one| one.ended_at.map(|at| (one, at)))
        .max_by_key(|(_, at)| *at);
    let Some((newest, at)) = ended else {
        return Ok(match there.is_empty() {
            true => Tried::Never,
            false => Tried::UnderWay,
        });
    };
    if !is_sealed(core, newest) {
        return Err(StoreError::Inconsistent {
            column: "seal".to_owned(),
            why: format!("keuring {} does not carry this host's signature", newest.id),
        });
    }
    Ok(match newest.state {
        KeuringState::Passed => Tried::Passed(at),
        _ => Tried::Failed,
    })
}
