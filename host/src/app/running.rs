//! Which revision runs for a peer now, loaded and ready to call. A call takes what the database says at its beginning:
//! after a switch new calls take the new revision at once, and those that run end on theirs.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::warn;

use super::Core;
use super::package::{self, PackageError};
use super::peer::secret_place;
use super::rollout::tally::Tally;
use super::rollout::{self, Work};
use super::set_up::SetUp;
use crate::connector::call::{CallContext, Caller};
use crate::connector::egress::{AddressRange, ClientCredentials, Credentials, Endpoint, Endpoints, Secret, SecretIn};
use crate::connector::engine::Engine;
use crate::connector::grant::{Grants, Rules};
use crate::connector::limits::CallLimits;
use crate::connector::loaded::{LoadError, Loaded};
use crate::connector::manifest::{Configuration, Limits};
use crate::connector::package::sha256_hex;
use crate::connector::recorder::Recorder;
use crate::domain::interface::Interface;
use crate::domain::rollout::{Served, Serving, flow_of};
use crate::store::revision::{EndpointRow, RevisionRow};
use crate::store::seal::SealError;
use crate::store::{StoreError, peer};

/// Most that any connector gets per call, whatever its manifest asks for.
const AT_MOST: Limits = Limits {
    memory_mib: 64,
    budget_ms: 30_000,
};

/// Why no call can be made for a peer.
#[derive(Debug, thiserror::Error)]
pub enum NotRunning {
    /// The peer is unknown.
    #[error("there is no peer `{0}` in this school")]
    UnknownPeer(String),
    /// No connector was installed.
    #[error("no connector runs for peer `{0}`; install one")]
    NoRevision(String),
    /// The unit that owns the sitting is not enabled for this peer and flow: the work waits.
    #[error(
        "peer `{peer}` is not enabled for unit `{}` in flow {flow}; enable it in its rollout",
        unit.as_deref().unwrap_or("none")
    )]
    NotEnabled {
        /// Whose.
        peer: String,
        /// The unit, where the sitting has one.
        unit: Option<String>,
        /// The flow.
        flow: i64,
    },
    /// Its key was revoked: nothing of it runs any more.
    #[error("the connector of peer `{peer}` was signed with key {key}, which is revoked; roll back or install another")]
    Revoked {
        /// Whose.
        peer: String,
        /// The key.
        key: String,
    },
    /// The connector does not serve this.
    #[error("the connector of peer `{peer}` does not serve {}", interface.as_str())]
    NotServed {
        /// Whose.
        peer: String,
        /// What.
        interface: Interface,
    },
    /// An endpoint is not set up, or can't be used.
    #[error("endpoint `{name}` of peer `{peer}` can't be used: {why}")]
    Endpoint {
        /// Whose.
        peer: String,
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// The package can't be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The component can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A secret doesn't open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The database can't be read, or its rows make no sense.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A caller for one call, and the revision it runs on.
pub struct Running {
    /// Makes the call.
    pub caller: Caller,
    /// The revision, to be recorded with what comes of it.
    pub revision: i64,
    /// What it and the vendor say to each other, where functioneel beheer asked for that to be kept.
    pub recorder: Option<Arc<Recorder>>,
}

/// Finds and loads what runs. Cheap to clone. Of each peer it keeps the revisions that serve somebody and those that a
/// rollback may go back to; others are let go when another one is loaded.
#[derive(Clone)]
pub struct Connectors {
    core: Core,
    engine: Arc<Engine>,
    ready: Arc<Mutex<HashMap<RevisionKey, Arc<Ready>>>>,
    tally: Tally,
}

/// School, peer and number.
type RevisionKey = (String, String, i64);

/// A revision whose parts are read and whose component is loaded.
struct Ready {
    loaded: Arc<Loaded>,
    config: Configuration,
    grants: Arc<Grants>,
    limits: Limits,
}

impl Connectors {
    /// Over one engine.
    #[must_use]
    pub fn new(core: Core, engine: Arc<Engine>) -> Self {
        Connectors {
            core,
            engine,
            ready: Arc::default(),
            tally: Tally::default(),
        }
    }

    /// What calls came to.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The core it works with.
    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// The engine, for its metrics.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// A caller on the revision that everybody has for work that is no sitting's.
    ///
    /// # Errors
    /// [`NotRunning`].
    pub async fn caller(
        &self,
        tenant: &str,
        peer_id: &str,
        interface: Interface,
        key: &str,
    ) -> Result<Running, NotRunning> {
        self.caller_for(tenant, peer_id, interface, Work::Everybody, key).await
    }

    /// A caller on the revision that serves this work now. `key` is the same for every repeat of the same effect.
    ///
    /// # Errors
    /// [`NotRunning`].
    pub async fn caller_for(
        &self,
        tenant: &str,
        peer_id: &str,
        interface: Interface,
        work: Work<'_>,
        key: &str,
    ) -> Result<Running, NotRunning> {
        let known = self.core.serving(tenant, peer_id).await?;
        let (_, serving) = known.ok_or_else(|| NotRunning::UnknownPeer(peer_id.to_owned()))?;
        let number = self.chosen(tenant, peer_id, &serving, (interface, work)).await?;
        let set_up = self.core.set_up(tenant, peer_id, number).await?;
        let set_up = set_up.ok_or_else(|| NotRunning::NoRevision(peer_id.to_owned()))?;
        self.refuse_revoked(&set_up).await?;
        let ready = self.ready(&set_up.revision).await?;
        if !ready.loaded.serves().contains(&interface) {
            return Err(NotRunning::NotServed {
                peer: peer_id.to_owned(),
                interface,
            });
        }
        let recorder = set_up.is_recorded.then(Arc::<Recorder>::default);
        let context = CallContext {
            recorder: recorder.clone(),
            tenant: tenant.to_owned(),
            tenant_alias: self.core.sealer.digest("tenant alias", tenant.as_bytes())[..16].to_owned(),
            peer: peer_id.to_owned(),
            revision: number.to_string(),
            now: self.core.now(),
            budget: Duration::from_millis(u64::from(ready.limits.budget_ms)),
            idempotency_key: key.to_owned(),
            config: ready
                .config
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            grants: ready.grants.clone(),
            endpoints: Arc::new(self.endpoints(&set_up.endpoints)?),
            limits: CallLimits {
                memory: (ready.limits.memory_mib as usize) << 20,
            },
        };
        let caller = Caller::new(self.engine.clone(), ready.loaded.clone(), context);
        Ok(Running {
            caller,
            recorder,
            revision: number,
        })
    }

    /// The revision that serves this work.
    async fn chosen(
        &self,
        tenant: &str,
        peer_id: &str,
        serving: &Serving,
        (interface, work): (Interface, Work<'_>),
    ) -> Result<i64, NotRunning> {
        let nothing = || NotRunning::NoRevision(peer_id.to_owned());
        let flow = flow_of(interface);
        if serving.off.everybody {
            return Err(NotRunning::NotEnabled {
                peer: peer_id.to_owned(),
                unit: None,
                flow,
            });
        }
        // Where nobody is named apart everything has the default, and a sitting's unit needn't be looked up.
        let is_plain = serving.is_plain();
        let sitting = match work {
            Work::Revision(number) => return Ok(number),
            Work::Sitting(sitting) if !is_plain => sitting,
            Work::Sitting(_) | Work::Everybody => return serving.default.ok_or_else(nothing),
        };
        let (served, unit) = rollout::of_sitting(&self.core.db, tenant, serving, (flow, sitting)).await?;
        match served {
            Served::By(number) => Ok(number),
            Served::Nothing => Err(nothing()),
            Served::NotEnabled | Served::Off => Err(NotRunning::NotEnabled {
                peer: peer_id.to_owned(),
                unit,
                flow,
            }),
        }
    }

    /// Compiles and starts a package once, before any revision of it is put to work.
    ///
    /// # Errors
    /// [`NotRunning`], among them a component that does not load.
    pub async fn try_package(&self, tenant: &str, digest: &str) -> Result<(), NotRunning> {
        let (_, verified) = package::open(&self.core, tenant, digest).await?;
        let component = verified.package.component();
        self.engine.load(&sha256_hex(component), component).await?;
        Ok(())
    }

    /// Loads a revision ahead of its first call; what is loaded stays so.
    ///
    /// # Errors
    /// [`NotRunning`].
    pub async fn warm(&self, tenant: &str, peer_id: &str, number: i64) -> Result<(), NotRunning> {
        let revision = self.core.db.revision(tenant, peer_id, number).await?;
        let revision = revision.ok_or_else(|| NotRunning::NoRevision(peer_id.to_owned()))?;
        self.ready(&revision).await.map(|_| ())
    }

    /// Loads of every peer what serves somebody and what a rollback goes back to, one after the other: a host that was
    /// started again is as ready as it was. A revision that does not load is told of in the log, and to whoever calls it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn warm_all(&self) -> Result<(), StoreError> {
        for school in self.core.db.tenants().await? {
            for peer in peer::all(&self.core.db, &school.tenant).await? {
                let kept = match self.kept(&school.tenant, &peer.id).await {
                    Ok(kept) => kept,
                    Err(error) => {
                        warn!(tenant = %school.tenant, peer = %peer.id, "can't tell what serves peer `{}`: {error}", peer.id);
                        continue;
                    }
                };
                for number in kept {
                    if let Err(error) = self.warm(&school.tenant, &peer.id, number).await {
                        warn!(
                            tenant = %school.tenant, peer = %peer.id, revision = number,
                            "revision {number} of peer `{}` can't be loaded: {error}", peer.id
                        );
                    }
                }
            }
        }
        Ok(())
    }

    async fn refuse_revoked(&self, set_up: &SetUp) -> Result<(), NotRunning> {
        let revision = &set_up.revision;
        let package = set_up.package.as_ref();
        let package = package.ok_or_else(|| PackageError::Unknown(revision.digest.clone()))?;
        match &set_up.key {
            // Another key of the publisher may have signed along, which still counts.
            Some(key) if key.refuses(package.admitted_at) => {
                match package::open(&self.core, &revision.tenant, &revision.digest).await {
                    Ok(_) => Ok(()),
                    Err(PackageError::Refused(_)) => Err(NotRunning::Revoked {
                        peer: revision.peer.clone(),
                        key: package.key_id.clone(),
                    }),
                    Err(error) => Err(error.into()),
                }
            }
            _ => Ok(()),
        }
    }

    async fn ready(&self, revision: &RevisionRow) -> Result<Arc<Ready>, NotRunning> {
        let key = (revision.tenant.clone(), revision.peer.clone(), revision.number);
        if let Some(ready) = self.held().get(&key) {
            return Ok(ready.clone());
        }
        let (_, verified) = package::open(&self.core, &revision.tenant, &revision.digest).await?;
        let component = verified.package.component();
        let loaded = self.engine.load(&sha256_hex(component), component).await?;
        let manifest = &verified.contents.manifest;
        let granted: Rules = inconsistent("grants", serde_json::from_str(&revision.grants))?;
        let given: Configuration = inconsistent("config", serde_json::from_str(&revision.config))?;
        let ready = Arc::new(Ready {
            loaded,
            config: given,
            grants: Arc::new(Grants::granted(manifest, granted)),
            limits: manifest.limits.capped(AT_MOST),
        });
        let kept = self.kept(&revision.tenant, &revision.peer).await?;
        let mut held = self.held();
        held.insert(key, ready.clone());
        held.retain(|(tenant, peer, number), _| {
            let is_of_this_peer = *tenant == revision.tenant && *peer == revision.peer;
            !is_of_this_peer || *number == revision.number || kept.contains(number)
        });
        drop(held);
        Ok(ready)
    }

    /// The revisions of a peer that stay loaded: those that serve somebody, and for each of those what ran before it, so
    /// that a rollback finds it warm.
    async fn kept(&self, tenant: &str, peer: &str) -> Result<BTreeSet<i64>, StoreError> {
        let db = &self.core.db;
        let Some((_, serving)) = rollout::serving(db, tenant, peer).await? else {
            return Ok(BTreeSet::new());
        };
        let activations = db.activations(tenant, peer).await?;
        let used = activations.iter().filter(|one| serving.uses(one.revision));
        let with_previous = used.flat_map(|one| [Some(one.revision), one.previous]);
        Ok(with_previous.chain([serving.default]).flatten().collect())
    }

    /// How many revisions are loaded.
    #[must_use]
    pub fn loaded(&self) -> usize {
        self.held().len()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<RevisionKey, Arc<Ready>>> {
        self.ready.lock().expect("no holder of this lock panics")
    }

    fn endpoints(&self, rows: &[EndpointRow]) -> Result<Endpoints, NotRunning> {
        rows.iter()
            .map(|row| Ok((row.name.clone(), self.endpoint(row)?)))
            .collect()
    }

    /// What is set up for an endpoint, as it is used.
    pub(super) fn endpoint(&self, row: &EndpointRow) -> Result<Endpoint, NotRunning> {
        let refused = |why: String| NotRunning::Endpoint {
            peer: row.peer.clone(),
            name: row.name.clone(),
            why,
        };
        let secret = match &row.secret {
            None => String::new(),
            Some(sealed) => {
                let plain = self
                    .core
                    .sealer
                    .open(&secret_place(&row.tenant, &row.peer, &row.name), sealed)?;
                String::from_utf8(plain).map_err(|_| refused("its secret is no text".to_owned()))?
            }
        };
        let credentials = match row.auth.as_str() {
            "none" => Credentials::None,
            "api-key" => Credentials::ApiKey {
                header: http::HeaderName::from_static("x-api-key"),
                key: Secret::new(secret),
            },
            "bearer" => {
                let token_url = row.token_url.as_deref().unwrap_or_default();
                Credentials::ClientCredentials(ClientCredentials {
                    token_url: token_url
                        .parse()
                        .map_err(|_| refused(format!("token URL `{token_url}` is no URL")))?,
                    client_id: row.client_id.clone().unwrap_or_default(),
                    client_secret: Secret::new(secret),
                    scope: row.scope.clone(),
                    secret_in: SecretIn::BasicHeader,
                })
            }
            other => return Err(refused(format!("its sign-in `{other}` is not known"))),
        };
        let addresses: Vec<String> = inconsistent("allowed_addresses", serde_json::from_str(&row.allowed_addresses))?;
        let allowed: Result<Vec<AddressRange>, String> = addresses.iter().map(|text| text.parse()).collect();
        let endpoint = Endpoint::new(&row.base_url, credentials).map_err(|error| refused(error.to_string()))?;
        Ok(endpoint.allowing(allowed.map_err(refused)?))
    }
}

fn inconsistent<T>(column: &str, read: Result<T, serde_json::Error>) -> Result<T, StoreError> {
    read.map_err(|error| StoreError::Inconsistent {
        column: column.to_owned(),
        why: error.to_string(),
    })
}
