//! What a vendor pushes: checked against the manifest of what runs, kept, and only then answered; translated by a job.

use http::HeaderMap;
use jiff::Timestamp;
use oke_codec::ReportMessage;
use oke_codec::model::{Delivery, Report};
use serde_json::json;

use super::account::actor;
use super::draft::{Draft, Follow};
use super::peer::PeerError;
use super::{CommitError, Core, Decision, Refused, deliver, polled, report, result};
use crate::connector::call::Received;
use crate::connector::manifest::{Manifest, Webhook};
use crate::connector::pushed::{self, NotGenuine};
use crate::domain::lane;
use crate::domain::result::Source;
use crate::store::push::{self, PushRow, WebhookRow};
use crate::store::seal::SealError;
use crate::store::{StoreError, ledger, peer, result as result_store};

/// Kind of the job that has a push translated.
pub const TAKE_PUSH: &str = "take_push";
/// The shortest secret that pushes may be checked with, in bytes.
const SHORTEST_SECRET: usize = 16;

/// Why a push is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushRefused {
    /// No such school, vendor or webhook; nobody is told which.
    #[error("there is no webhook at this address")]
    Unknown,
    /// Its secret was not set yet.
    #[error("the school has not yet set what pushes to `{0}` are checked with")]
    NoSecret(String),
    /// Not the vendor's.
    #[error(transparent)]
    NotGenuine(#[from] NotGenuine),
    /// It could not be sealed.
    #[error(transparent)]
    Sealed(#[from] SealError),
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

/// Sets what the pushes of a webhook are checked with: the shared secret, or for a scheme with keys the vendor's public
/// key, hexadecimal.
///
/// # Errors
/// [`PeerError`].
pub async fn put_secret(
    core: &Core,
    tenant: &str,
    by: &str,
    peer_id: &str,
    name: &str,
    secret: &str,
) -> Result<(), PeerError> {
    if secret.len() < SHORTEST_SECRET {
        let why = format!("a secret of less than {SHORTEST_SECRET} characters can be guessed; agree on a longer one");
        return Err(PeerError::Endpoint(why));
    }
    core.decide::<_, PeerError, _, _>(&[format!("peer/{tenant}/{peer_id}")], || async {
        if peer::find(&core.db, tenant, peer_id).await?.is_none() {
            return Err(PeerError::Unknown(peer_id.to_owned()));
        }
        let before = push::webhook(&core.db, tenant, peer_id, name).await?;
        let row = WebhookRow {
            tenant: tenant.to_owned(),
            peer: peer_id.to_owned(),
            name: name.to_owned(),
            secret: core
                .sealer
                .seal(&secret_place(tenant, peer_id, name), secret.as_bytes())?,
            version: before.map_or(0, |before| before.version),
        };
        let mut draft = Draft::of(core, tenant, actor(by));
        draft.put(row.next());
        draft.audit("webhook.secret", ("peer", peer_id), name.to_owned(), b"");
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Takes a push: when this returns, it is kept and will be translated. One that was signed with its time and comes again is
/// the same push.
///
/// # Errors
/// [`PushRefused`].
pub async fn take(
    core: &Core,
    (tenant, peer_id, name): (&str, &str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), PushRefused> {
    let webhook = declared(core, tenant, peer_id, name)
        .await?
        .ok_or(PushRefused::Unknown)?;
    let row = push::webhook(&core.db, tenant, peer_id, name).await?;
    let row = row.ok_or_else(|| PushRefused::NoSecret(name.to_owned()))?;
    let secret = core.sealer.open(&secret_place(tenant, peer_id, name), &row.secret)?;
    let secret = match webhook.scheme {
        crate::connector::manifest::Scheme::Ed25519 => hex::decode(&secret).unwrap_or_default(),
        _ => secret,
    };
    let genuine = pushed::check(&webhook, &secret, headers, body, core.now())?;
    let known = format!("{peer_id}-{name}-{}", genuine.digest);
    core.decide::<_, PushRefused, _, _>(&[format!("push/{tenant}/{known}")], || async {
        let mut draft = Draft::of(core, tenant, format!("peer:{peer_id}"));
        let came_before = push::find(&core.db, tenant, &known).await?.is_some();
        if !came_before || !genuine.is_timed {
            let id = if came_before { core.id() } else { known.clone() };
            let row = PushRow {
                tenant: tenant.to_owned(),
                id: id.clone(),
                peer: peer_id.to_owned(),
                webhook: name.to_owned(),
                content: core.sealer.seal(&content_place(tenant, &id), body)?,
                received_at: draft.now,
            };
            draft.put(row.write());
            draft.audit("push.take", ("push", &id), name.to_owned(), body);
            let follow = Follow {
                kind: TAKE_PUSH,
                peer: peer_id,
                flow: 3,
                lane: lane::name(3, "push", &id),
                parent: None,
                payload: json!({ "push": id, "again": came_before }),
                full_state: false,
            };
            draft.follow(follow).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// The webhook as the manifest of what runs declares it.
async fn declared(core: &Core, tenant: &str, peer_id: &str, name: &str) -> Result<Option<Webhook>, StoreError> {
    let Some(number) = peer::find(&core.db, tenant, peer_id)
        .await?
        .and_then(|row| row.revision)
    else {
        return Ok(None);
    };
    let Some(revision) = core.db.revision(tenant, peer_id, number).await? else {
        return Ok(None);
    };
    let Some(package) = core.db.package(tenant, &revision.digest).await? else {
        return Ok(None);
    };
    let manifest = Manifest::parse(package.manifest.as_bytes()).map_err(|error| StoreError::Inconsistent {
        column: "package.manifest".to_owned(),
        why: error.to_string(),
    })?;
    Ok(manifest
        .webhooks
        .into_iter()
        .find(|webhook| webhook.name.as_str() == name))
}

/// A push as it lies here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The webhook it came by.
    pub webhook: String,
    /// Its body in the clear.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// Opens a push.
///
/// # Errors
/// [`Refused::Unknown`] for a push that is not there.
pub async fn open(core: &Core, tenant: &str, id: &str) -> Result<Opened, Refused> {
    let row = push::find(&core.db, tenant, id).await?;
    let row = row.ok_or_else(|| Refused::unknown("push", id))?;
    Ok(Opened {
        body: core.sealer.open(&content_place(tenant, id), &row.content)?,
        webhook: row.webhook,
        received_at: row.received_at,
    })
}

/// By whom a push was translated, and from when its words are.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The vendor.
    pub peer: &'a str,
    /// The revision.
    pub revision: i64,
    /// What was kept later is newer than the push. The least moment there is for one that came before.
    pub said_at: Timestamp,
}

/// Keeps what a push said, one object per commit: said again, it changes nothing. Pushes pass each other, and one may be
/// tried again long after it came: what says otherwise than something newer is read back (R10, R25).
///
/// # Errors
/// What the database says.
pub async fn keep(core: &Core, tenant: &str, by: By<'_>, received: &Received) -> Result<(), Refused> {
    for delivery in &received.deliveries {
        keep_delivery(core, tenant, by, delivery).await?;
    }
    for report in &received.reports {
        keep_report(core, tenant, by.peer, report).await?;
    }
    Ok(())
}

async fn keep_delivery(core: &Core, tenant: &str, by: By<'_>, delivery: &Delivery) -> Result<(), Refused> {
    let By { peer, revision, .. } = by;
    let id = polled::our_deelname(core, tenant, peer, delivery).await?;
    core.decide(&[format!("association/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, format!("job:{TAKE_PUSH}"));
        draft.revision = Some(revision);
        // The revision that serves its sitting reads it itself.
        let is_anothers = polled::is_anothers(&draft, (peer, revision), &id).await?;
        if is_anothers || is_overtaken(&draft, &id, delivery, by.said_at).await? {
            deliver::read_back(&mut draft, peer, &id).await?;
            return Ok(Decision {
                write_set: draft.finish(),
                answer: (),
            });
        }
        match polled::result(&mut draft, peer, &id, delivery, Source::Push, revision).await {
            Ok(_) => {}
            Err(Refused::Unknown { .. }) => polled::keep_unknown(&mut draft, peer, &id, delivery).await?,
            Err(refused) => return Err(refused),
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Whether something else was kept of a deelname's result since the push said this.
async fn is_overtaken(
    draft: &Draft<'_>,
    deelname: &str,
    delivery: &Delivery,
    said_at: Timestamp,
) -> Result<bool, StoreError> {
    let ids = [deelname.to_owned()];
    let versions = result_store::versions_of(&draft.core.db, draft.tenant, &ids).await?;
    let newest = versions.last();
    Ok(newest.is_some_and(|newest| newest.received_at > said_at && newest.delivered != polled::delivered(delivery)))
}

async fn keep_report(core: &Core, tenant: &str, peer: &str, said: &Report) -> Result<(), Refused> {
    let ours = ledger::our_id(&core.db, tenant, peer, "offering", &said.sitting_peer_id).await?;
    let id = ours.unwrap_or_else(|| said.sitting_peer_id.clone());
    let message = ReportMessage {
        irregularities: said.irregularities.clone(),
        documents: said.documents.clone(),
        carries_irregularities: true,
        carries_documents: true,
        filled: Vec::new(),
    };
    let content = json!({ "irregularities": said.irregularities, "documents": said.documents }).to_string();
    core.decide(&[format!("offering/{tenant}/{id}")], || async {
        let mut draft = Draft::of(core, tenant, format!("job:{TAKE_PUSH}"));
        let incoming = report::Incoming {
            peer,
            sitting: &id,
            report: &message,
            method: "webhook",
            content: content.as_bytes(),
        };
        match report::accept(&mut draft, incoming).await {
            Ok(_) => {}
            Err(Refused::Unknown { .. }) => {
                result::keep_unknown(&mut draft, 4, ("offering", &id), peer, content.as_bytes()).await?;
            }
            Err(refused) => return Err(refused),
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

fn secret_place(tenant: &str, peer: &str, name: &str) -> String {
    format!("webhook/{tenant}/{peer}/{name}")
}

fn content_place(tenant: &str, id: &str) -> String {
    format!("push/{tenant}/{id}")
}
