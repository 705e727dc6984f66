//! What a rollback meets: what of the newer revision would not fit the older one, and what the newer one has done
//! outside that no switch takes back.

use std::fmt;

pub use crate::store::served::DoneOutside;

use super::{RevisionError, manifest};
use crate::app::Core;
use crate::connector::manifest::{Configuration, Manifest};
use crate::domain::interface::Interface;
use crate::store::revision::RevisionRow;
use crate::store::{Database, StoreError, call_tally, cursor, served};

/// What would not fit, and what was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consequences {
    /// What would not fit.
    pub misfits: Vec<Misfit>,
    /// What the newer revision has done.
    pub done: DoneOutside,
}

/// Something of the newer revision that the older one has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// A configuration key that the older connector does not know: what is set is lost.
    KeyGone(String),
    /// The older one can't go on from where the newer one's poll came to: it begins where it left off itself, or from
    /// the beginning. What is known already changes nothing.
    CursorNotReplayable(Interface),
    /// A request that the newer one may send and the older one was never granted.
    GrantGone {
        /// Name of the endpoint.
        endpoint: String,
        /// Method and path.
        request: String,
    },
    /// An interface that the older one does not serve: what waits for it goes on waiting.
    NotServed(Interface),
    /// An endpoint that the older one needs and that is not set up.
    EndpointMissing(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misfit::KeyGone(key) => write!(out, "configuration `{key}` is not known to it: what is set is not used"),
            Misfit::CursorNotReplayable(interface) => write!(
                out,
                "it can't go on from the newer one's cursor of `{interface}` and begins where it left off itself, or anew"
            ),
            Misfit::GrantGone { endpoint, request } => {
                write!(out, "it was never granted `{request}` at `{endpoint}`")
            }
            Misfit::NotServed(interface) => write!(out, "it does not serve `{interface}`: what is due there waits"),
            Misfit::EndpointMissing(endpoint) => write!(out, "endpoint `{endpoint}`, which it needs, is not set up"),
        }
    }
}

/// What going from one revision to another meets.
///
/// # Errors
/// What the database says.
pub async fn of(
    core: &Core,
    tenant: &str,
    now: &RevisionRow,
    then: &RevisionRow,
) -> Result<Consequences, RevisionError> {
    let mut misfits = Vec::new();
    let manifests = (manifest(&core.db, now).await?, manifest(&core.db, then).await?);
    if let (Some(newer), Some(older)) = &manifests {
        misfits.extend(keys_gone(now, older)?);
        misfits.extend(cursors(&core.db, now, (newer, older)).await?);
        let served = &older.connector.interfaces;
        let gone = newer.connector.interfaces.iter().filter(|it| !served.contains(it));
        misfits.extend(gone.map(|interface| Misfit::NotServed(*interface)));
        let set_up = core.db.endpoints(tenant, &now.peer).await?;
        let missing = older.endpoints.iter().map(|endpoint| endpoint.name.as_str());
        let missing = missing.filter(|name| !set_up.iter().any(|row| row.name == *name));
        misfits.extend(missing.map(|name| Misfit::EndpointMissing(name.to_owned())));
    }
    for difference in super::between(core, tenant, now, then).await? {
        if let super::Difference::Grant {
            added: false,
            endpoint,
            request,
        } = difference
        {
            misfits.push(Misfit::GrantGone { endpoint, request });
        }
    }
    Ok(Consequences {
        misfits,
        done: done_outside(&core.db, tenant, (&now.peer, now.number)).await?,
    })
}

fn keys_gone(now: &RevisionRow, older: &Manifest) -> Result<Vec<Misfit>, StoreError> {
    let config: Configuration = serde_json::from_str(&now.config).map_err(|error| StoreError::Inconsistent {
        column: "revision.config".to_owned(),
        why: error.to_string(),
    })?;
    let gone = config.into_keys().filter(|key| older.config.field(key).is_none());
    Ok(gone.map(Misfit::KeyGone).collect())
}

async fn cursors(
    db: &Database,
    now: &RevisionRow,
    (newer, older): (&Manifest, &Manifest),
) -> Result<Vec<Misfit>, StoreError> {
    if newer.cursor_tag() == older.cursor_tag() {
        return Ok(Vec::new());
    }
    let interface = Interface::TaResultaten;
    let kept = cursor::find(db, &now.tenant, &now.peer, now.number, interface.as_str()).await?;
    Ok(kept
        .cursor
        .map(|_| Misfit::CursorNotReplayable(interface))
        .into_iter()
        .collect())
}

/// What a revision has done outside, of all time.
///
/// # Errors
/// What the database says.
pub async fn done_outside(
    db: &Database,
    tenant: &str,
    (peer, revision): (&str, i64),
) -> Result<DoneOutside, StoreError> {
    let mut done = served::counts(db, tenant, (peer, revision)).await?;
    // A student system's connector delivers flow 5 itself.
    for row in call_tally::since(db, tenant, (peer, revision), jiff::Timestamp::UNIX_EPOCH).await? {
        if row.key.flow == 5 {
            done.sent += i64::try_from(row.measured.done).unwrap_or(i64::MAX);
        }
    }
    Ok(done)
}
