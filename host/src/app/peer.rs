//! Peers: the systems around the host, where they are reached and how the host signs in there.

use oke_codec::Dialect;

use super::account::{AccountError, actor, check_name};
use super::{CommitError, Core, Decision, Draft, Refused, mended};
use crate::connector::egress::AddressRange;
use crate::domain::label;
use crate::domain::rollout::Environment;
use crate::store::peer::{self, PeerRow};
use crate::store::revision::EndpointRow;
use crate::store::seal::SealError;
use crate::store::{AuditEntry, StoreError, WriteSet};

/// Why a peer or endpoint can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A bad name.
    #[error(transparent)]
    Name(#[from] AccountError),
    /// There is one already.
    #[error("peer `{0}` exists already; choose another name")]
    Exists(String),
    /// There is none.
    #[error("there is no peer `{0}` in this school; make it first")]
    Unknown(String),
    /// There is no such client.
    #[error("there is no client `{0}` in this school")]
    UnknownClient(String),
    /// A hat that nobody wears.
    #[error(
        "`{0}` is no role of a peer; use `ta` for an examenleverancier, `dr` for a student system, `tpl` for a planning \
             system outside this host"
    )]
    BadHat(String),
    /// A draft of the agreement, of which nothing is there for such a system.
    #[error(
        "of OKE 1.1, a draft, only flow 3 is there, in which a student system has no part; choose 1.0 or 1.0.1 for `{0}`"
    )]
    Draft(String),
    /// An address or credential that can't be used.
    #[error("{0}")]
    Endpoint(String),
    /// A secret could not be sealed.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// What follows from it could not be decided.
    #[error(transparent)]
    Follow(#[from] Refused),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a peer: an examenleverancier (`ta`), a student system (`dr`) or an outside planning system (`tpl`).
///
/// # Errors
/// [`PeerError`].
pub async fn create(core: &Core, tenant: &str, by: &str, id: &str, hat: &str, name: &str) -> Result<(), PeerError> {
    check_name(id)?;
    let name = &label::tidy(name).map_err(AccountError::from)?;
    if !["ta", "dr", "tpl"].contains(&hat) {
        return Err(PeerError::BadHat(hat.to_owned()));
    }
    core.decide(&[format!("peer/{tenant}/{id}")], || async {
        if peer::find(&core.db, tenant, id).await?.is_some() {
            return Err(PeerError::Exists(id.to_owned()));
        }
        let mut write_set = WriteSet::of(tenant);
        write_set.put(PeerRow::new(tenant, id, hat, name).next());
        write_set.audit(entry(by, "peer.create", id, format!("{hat}: {name}")));
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// Says what a peer is, for people: nothing is decided by it.
///
/// # Errors
/// [`PeerError`].
pub async fn label(core: &Core, tenant: &str, by: &str, id: &str, environment: Environment) -> Result<(), PeerError> {
    core.decide(&[format!("peer/{tenant}/{id}")], || async {
        let row = peer::find(&core.db, tenant, id).await?;
        let row = row.ok_or_else(|| PeerError::Unknown(id.to_owned()))?;
        let mut write_set = WriteSet::of(tenant);
        write_set.put(PeerRow { environment, ..row }.next());
        write_set.audit(entry(by, "peer.label", id, environment.name().to_owned()));
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// Says how a peer writes and reads at our faces, where that differs from the agreement (`§4` of the rules). Messages that
/// came before are not read again. Of the 1.1 draft only flow 3 is there: a student system can't be set to it.
///
/// # Errors
/// [`PeerError`].
pub async fn speak(core: &Core, tenant: &str, by: &str, id: &str, dialect: Dialect) -> Result<(), PeerError> {
    core.decide(&[format!("peer/{tenant}/{id}")], || async {
        let row = peer::find(&core.db, tenant, id).await?;
        let row = row.ok_or_else(|| PeerError::Unknown(id.to_owned()))?;
        if dialect.version.is_draft() && row.hat == "dr" {
            return Err(PeerError::Draft(id.to_owned()));
        }
        let mut write_set = WriteSet::of(tenant);
        if row.dialect != dialect {
            let dialect = dialect.clone();
            let said = serde_json::to_string(&dialect).expect("a dialect is made of words and flags");
            write_set.put(PeerRow { dialect, ..row }.next());
            write_set.audit(entry(by, "peer.speak", id, said));
        }
        Ok(Decision { write_set, answer: () })
    })
    .await
}

/// How the host signs in at an endpoint.
#[derive(Clone)]
pub enum SignIn {
    /// Not at all.
    None,
    /// OAuth client credentials.
    Bearer {
        /// Where the token is got.
        token_url: String,
        /// As whom.
        client_id: String,
        /// With this secret.
        secret: String,
        /// Scope asked for.
        scope: Option<String>,
    },
    /// A key in the header `X-API-Key`.
    ApiKey(String),
}

/// Where a connector's endpoint really is.
#[derive(Clone)]
pub struct Reach {
    /// Base address, below which the connector names paths.
    pub base_url: String,
    /// How the host signs in.
    pub sign_in: SignIn,
    /// Private addresses the school allows for it.
    pub allowed_addresses: Vec<String>,
}

/// Sets where a connector's endpoint really is. A running connector takes it with its next call.
///
/// # Errors
/// [`PeerError`]: an address that is no `http(s)` URL, an allowed address that is no IP address.
pub async fn put_endpoint(
    core: &Core,
    tenant: &str,
    by: &str,
    peer_id: &str,
    name: &str,
    reach: &Reach,
) -> Result<(), PeerError> {
    let Reach {
        base_url,
        sign_in,
        allowed_addresses,
    } = reach;
    check_name(name)?;
    check_url("base URL", base_url)?;
    if let SignIn::Bearer { token_url, .. } = sign_in {
        check_url("token URL", token_url)?;
    }
    for address in allowed_addresses {
        if let Err(why) = address.parse::<AddressRange>() {
            return Err(PeerError::Endpoint(why));
        }
    }
    core.decide::<_, PeerError, _, _>(&[format!("peer/{tenant}/{peer_id}")], || async {
        if peer::find(&core.db, tenant, peer_id).await?.is_none() {
            return Err(PeerError::Unknown(peer_id.to_owned()));
        }
        let endpoints = core.db.endpoints(tenant, peer_id).await?;
        let version = endpoints
            .iter()
            .find(|row| row.name == name)
            .map_or(0, |row| row.version)
            + 1;
        let sealed = |secret: &str| {
            core.sealer
                .seal(&secret_place(tenant, peer_id, name), secret.as_bytes())
        };
        let (auth, token_url, client_id, secret, scope) = match sign_in {
            SignIn::None => ("none", None, None, None, None),
            SignIn::ApiKey(key) => ("api-key", None, None, Some(sealed(key)?), None),
            SignIn::Bearer {
                token_url,
                client_id,
                secret,
                scope,
            } => (
                "bearer",
                Some(token_url.clone()),
                Some(client_id.clone()),
                Some(sealed(secret)?),
                scope.clone(),
            ),
        };
        let row = EndpointRow {
            tenant: tenant.to_owned(),
            peer: peer_id.to_owned(),
            name: name.to_owned(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            auth: auth.to_owned(),
            token_url,
            client_id,
            secret,
            scope,
            allowed_addresses: serde_json::to_string(allowed_addresses).expect("a list of texts is JSON"),
            version,
        };
        let mut draft = Draft::of(core, tenant, actor(by));
        draft.put(row.write());
        let detail = format!("{name} at {base_url}, sign-in {auth}");
        draft.audit("endpoint.put", ("peer", peer_id), detail, b"");
        mended::follow(&mut draft, &mended::Mending::of(peer_id)).await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// Where an endpoint's secret is sealed for.
#[must_use]
pub fn secret_place(tenant: &str, peer: &str, endpoint: &str) -> String {
    format!("endpoint/{tenant}/{peer}/{endpoint}")
}

fn check_url(what: &str, text: &str) -> Result<(), PeerError> {
    let told = |why: String| PeerError::Endpoint(format!("the {what} `{text}` can't be used: {why}"));
    let url = url::Url::parse(text).map_err(|error| told(error.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(told(
            "it must begin with https:// (or http:// inside the school's network)".to_owned(),
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(told("credentials don't belong in a URL".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(told("leave out the query (?…) and fragment (#…)".to_owned()));
    }
    Ok(())
}

fn entry(by: &str, verb: &'static str, peer: &str, detail: String) -> AuditEntry {
    AuditEntry {
        actor: actor(by),
        verb,
        subject_kind: "peer",
        subject_id: peer.to_owned(),
        detail,
        content: Vec::new(),
    }
}
