//! Clients of the OKE faces: each acts for one peer, with scopes and a secret that is shown once (§5).

use super::account::{Token, actor};
use super::peer::PeerError;
use super::{Core, Decision};
use crate::store::client::{self, ClientRow};
use crate::store::{AuditEntry, WriteSet, peer};

/// The scopes of the standard.
pub const SCOPES: [&str; 4] = [
    "nl-test-admin-flow-0",
    "nl-test-admin-flow-1-5",
    "nl-test-admin-flow-2-3-4",
    "nl-test-admin-flow-6",
];

/// A client and its secret, shown once.
pub struct NewClient {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub secret: Token,
}

/// Makes a client for a peer.
///
/// # Errors
/// [`PeerError`]: an unknown peer, or a scope the standard doesn't have.
pub async fn create(
    core: &Core,
    tenant: &str,
    by: &str,
    peer_id: &str,
    scopes: &[String],
) -> Result<NewClient, PeerError> {
    if scopes.is_empty() {
        return Err(PeerError::Endpoint(format!(
            "name at least one scope of: {}",
            SCOPES.join(", ")
        )));
    }
    if let Some(strange) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(PeerError::Endpoint(format!(
            "`{strange}` is no scope; use one of: {}",
            SCOPES.join(", ")
        )));
    }
    let secret = Token::draw(&*core.world.random, "okec");
    let client_id = core
        .decide(&[], || async {
            if peer::find(&core.db, tenant, peer_id).await?.is_none() {
                return Err(PeerError::Unknown(peer_id.to_owned()));
            }
            let row = ClientRow {
                tenant: tenant.to_owned(),
                client_id: core.id(),
                peer: peer_id.to_owned(),
                secret_hash: secret.digest(),
                scopes: scopes.to_vec(),
                disabled: false,
                created_at: core.now(),
                version: 0,
            };
            let mut write_set = WriteSet::of(tenant);
            write_set.put(row.next());
            write_set.audit(entry(
                by,
                "client.create",
                &row.client_id,
                format!("{peer_id}: {}", scopes.join(" ")),
            ));
            Ok(Decision {
                write_set,
                answer: row.client_id,
            })
        })
        .await?;
    Ok(NewClient { client_id, secret })
}

/// Disables a client: it gets no tokens any more, and those it has are refused.
///
/// # Errors
/// [`PeerError::UnknownClient`], when the school has no such client.
pub async fn disable(core: &Core, tenant: &str, by: &str, client_id: &str) -> Result<(), PeerError> {
    core.decide(&[], || async {
        let row = client::find(&core.db, client_id)
            .await?
            .filter(|row| row.tenant == tenant);
        let mut row = row.ok_or_else(|| PeerError::UnknownClient(client_id.to_owned()))?;
        let mut write_set = WriteSet::of(tenant);
        if !row.disabled {
            row.disabled = true;
            write_set.put(row.next());
            write_set.audit(entry(by, "client.disable", client_id, row.peer.clone()));
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}

fn entry(by: &str, verb: &'static str, client_id: &str, detail: String) -> AuditEntry {
    AuditEntry {
        actor: actor(by),
        verb,
        subject_kind: "client",
        subject_id: client_id.to_owned(),
        detail,
        content: Vec::new(),
    }
}
