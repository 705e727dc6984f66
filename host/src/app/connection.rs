//! Whether a peer can be reached as functioneel beheer set it up, step by step: address and TLS, token, the version of OKE
//! that it speaks, and whether what it lets us read can be read. Nothing is changed by it, here nor there.

use oke_codec::{Dialect, Problems, read_component, read_offering, read_page, read_service};
use serde_json::Value;

use super::account::actor;
use super::running::{Connectors, NotRunning};
use super::{CommitError, revision};
use crate::connector::egress::{Answer, Endpoint, SignIn, Unreached};
use crate::connector::manifest::Speaks;
use crate::store::{AuditEntry, StoreError, WriteSet, peer};

/// A step of the trial, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Somebody answers at the address, over TLS that is trusted.
    Address,
    /// The token endpoint gives a token.
    Token,
    /// `GET /` says that the peer speaks a version of OKE that we speak.
    Version,
    /// The token's scope suffices.
    Scope,
    /// What is read can be read.
    Sample,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 5] = [Step::Address, Step::Token, Step::Version, Step::Scope, Step::Sample];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Address => "address",
            Step::Token => "token",
            Step::Version => "version",
            Step::Scope => "scope",
            Step::Sample => "sample",
        }
    }
}

/// What a step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// As it should be; what was seen, where that tells something.
    Fine(String),
    /// Not as it should be.
    Fails(Fault),
    /// Not tried, and why.
    NotTried(NotTried),
}

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No answer.
    #[error(transparent)]
    Unreached(#[from] Unreached),
    /// The peer does not take what we prove ourselves with.
    #[error("the peer answers 401: it does not take our token or key")]
    NotTaken,
    /// The peer says that we may not.
    #[error("the peer answers 403: ask its operator for the scope of this flow")]
    NotAllowed,
    /// Another status than 200.
    #[error("the peer answers {0} instead of 200")]
    Status(u16),
    /// The answer is no OKE.
    #[error("the answer can't be read as OKE: {0}")]
    Unreadable(String),
    /// No version in common.
    #[error("the peer speaks none of our versions of nl-test-admin; it names: {0}")]
    NoCommonVersion(String),
}

/// Why a step is not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTried {
    /// A step before it failed.
    AfterFailure,
    /// The endpoint needs none.
    NotNeeded,
    /// The peer speaks a language of its own, which its connector knows and the host does not.
    NotOke,
    /// The standard lets us read nothing at a peer of this role.
    NothingToRead,
}

impl NotTried {
    /// In a few words.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            NotTried::AfterFailure => "a step before it failed",
            NotTried::NotNeeded => "this endpoint needs none",
            NotTried::NotOke => "the peer speaks a language of its own, which only its connector knows",
            NotTried::NothingToRead => "the standard lets us read nothing at a peer of this role",
        }
    }
}

/// Why an endpoint could not be tried at all.
#[derive(Debug, thiserror::Error)]
pub enum NotTriable {
    /// No such peer or endpoint, or one that can't be used.
    #[error(transparent)]
    NotRunning(#[from] NotRunning),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be noted.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Tries an endpoint of a peer; the audit says who did.
///
/// # Errors
/// [`NotTriable`].
pub async fn try_endpoint(
    connectors: &Connectors,
    tenant: &str,
    by: &str,
    peer_id: &str,
    name: &str,
) -> Result<Vec<(Step, Found)>, NotTriable> {
    let db = &connectors.core().db;
    let row = peer::find(db, tenant, peer_id).await?;
    let row = row.ok_or_else(|| NotRunning::UnknownPeer(peer_id.to_owned()))?;
    let endpoints = db.endpoints(tenant, peer_id).await?;
    let set_up = endpoints.iter().find(|one| one.name == name);
    let set_up = set_up.ok_or_else(|| NotRunning::Endpoint {
        peer: peer_id.to_owned(),
        name: name.to_owned(),
        why: "it is not set up".to_owned(),
    })?;
    let mut trial = Trial {
        endpoint: connectors.endpoint(set_up)?,
        sign_in: None,
        connectors,
        hat: &row.hat,
        speaks: speaks(connectors, tenant, peer_id, row.revision).await?,
        has_token: set_up.auth == "bearer",
    };
    // Before anything goes out: credentials go along, and whoever asks learns what stands there.
    let mut set = WriteSet::of(tenant);
    set.audit(AuditEntry {
        actor: actor(by),
        verb: "endpoint.try",
        subject_kind: "peer",
        subject_id: peer_id.to_owned(),
        detail: format!("{name} at {}", set_up.base_url),
        content: Vec::new(),
    });
    connectors.core().commit(set).await?;
    let mut found = Vec::with_capacity(Step::ALL.len());
    let mut has_failed = false;
    for step in Step::ALL {
        let one = match has_failed {
            true => Found::NotTried(NotTried::AfterFailure),
            false => trial.step(step).await.unwrap_or_else(Found::Fails),
        };
        has_failed |= matches!(one, Found::Fails(_));
        found.push((step, one));
    }
    Ok(found)
}

/// What the other end speaks: what the connector that runs says; OKE where none runs yet.
async fn speaks(
    connectors: &Connectors,
    tenant: &str,
    peer: &str,
    revision: Option<i64>,
) -> Result<Speaks, NotRunning> {
    let Some(number) = revision else {
        return Ok(Speaks::Oke);
    };
    let Some(revision) = connectors.core().db.revision(tenant, peer, number).await? else {
        return Ok(Speaks::Oke);
    };
    let manifest = revision::manifest(&connectors.core().db, &revision).await?;
    Ok(manifest.map_or(Speaks::Oke, |manifest| manifest.conformance.speaks))
}

struct Trial<'a> {
    connectors: &'a Connectors,
    endpoint: Endpoint,
    hat: &'a str,
    speaks: Speaks,
    has_token: bool,
    /// What the step `token` came to.
    sign_in: Option<SignIn>,
}

impl Trial<'_> {
    async fn step(&mut self, step: Step) -> Result<Found, Fault> {
        let engine = self.connectors.engine();
        match step {
            Step::Address => engine.try_address(&self.endpoint).await?,
            Step::Token => {
                self.sign_in = Some(engine.try_sign_in(&self.endpoint).await?);
                if !self.has_token {
                    return Ok(Found::NotTried(NotTried::NotNeeded));
                }
            }
            _ if self.speaks != Speaks::Oke => return Ok(Found::NotTried(NotTried::NotOke)),
            Step::Version => return self.version().await,
            Step::Scope | Step::Sample => return self.sample(step).await,
        }
        Ok(Found::Fine(String::new()))
    }

    async fn read(&self, path: &str, query: &[(String, String)]) -> Result<Answer, Fault> {
        let sign_in = self.sign_in.as_ref().expect("the step before has signed in");
        let engine = self.connectors.engine();
        Ok(engine.try_read(&self.endpoint, sign_in, path, query).await?)
    }

    async fn version(&self) -> Result<Found, Fault> {
        let answer = self.read("/", &[]).await?;
        let service = read_service(&json(&answer)?).map_err(unreadable)?;
        match service.newest_common_version() {
            Some(version) => Ok(Found::Fine(version.as_str().to_owned())),
            None => {
                let named: Vec<String> = service
                    .supported_consumers
                    .into_iter()
                    .map(|one| format!("{} {}", one.consumer_key, one.version.unwrap_or_default()))
                    .collect();
                Err(Fault::NoCommonVersion(cut(&named.join(", "))))
            }
        }
    }

    /// A page of what a peer of this role has: whether it may be read (scope), and whether it can (sample).
    async fn sample(&self, step: Step) -> Result<Found, Fault> {
        let path = match self.hat {
            "ta" => "/components",
            "dr" => "/offerings",
            _ => return Ok(Found::NotTried(NotTried::NothingToRead)),
        };
        let query = [("pageSize".to_owned(), "10".to_owned())];
        let answer = self.read(path, &query).await?;
        if step == Step::Scope {
            return granted(&answer).map(|()| Found::Fine(String::new()));
        }
        let page = json(&answer)?;
        let dialect = Dialect::default();
        let count = match self.hat {
            "ta" => items(&page, |item| read_component(item, &dialect))?,
            _ => items(&page, |item| read_offering(item, &dialect))?,
        };
        Ok(Found::Fine(format!("{path}: {count}")))
    }
}

fn items<T>(page: &Value, read: impl Fn(&Value) -> Result<T, Problems>) -> Result<usize, Fault> {
    let page = read_page(page, read).and_then(oke_codec::Page::all_or_nothing);
    page.map(|page| page.items.len()).map_err(unreadable)
}

/// The body of a 200.
fn json(answer: &Answer) -> Result<Value, Fault> {
    granted(answer)?;
    serde_json::from_slice(&answer.body).map_err(|error| Fault::Unreadable(cut(&error.to_string())))
}

/// Whether we may read it.
fn granted(answer: &Answer) -> Result<(), Fault> {
    match answer.status.as_u16() {
        200 => Ok(()),
        401 => Err(Fault::NotTaken),
        403 => Err(Fault::NotAllowed),
        status => Err(Fault::Status(status)),
    }
}

fn unreadable(problems: Problems) -> Fault {
    Fault::Unreadable(cut(&problems.to_string()))
}

/// Of what the other end says no more than fits a line or two.
fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
