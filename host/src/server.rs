//! The process as a whole: opens what `oke serve` works with, joins the rooms' routes, and runs until told to stop.

mod background;
pub mod connections;
mod upkeep;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::{self, Service};
use crate::app::running::Connectors;
use crate::app::{Core, World, polling};
use crate::audit::checkpoint::{self, CheckpointError};
use crate::config::{Settings, SettingsError};
use crate::connector::compile::CacheKey;
use crate::connector::engine::{Engine, EngineError, EngineSettings};
use crate::jobs::{self, Jobs, predecessor};
use crate::store::open::{self, OpenError, Purpose};
use crate::store::{Database, Sealer, StoreError};
use crate::{dashboard, oke};
use connections::Limits;

/// How long connections may take to end once the host is told to stop. A peer that began a request and never ends it
/// would otherwise keep the process from ever stopping.
const LAST_ANSWERS: Duration = Duration::from_secs(20);

/// Why the host can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting can't be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database can't be migrated or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine can't start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What lies sealed in the database could not be opened, and what is sealed now could not be opened later.
    #[error(
        "the master key is not the one this database was used with (its checkpoints are signed by key {theirs}, this \
         key signs as {ours}): put the right key back in OKE_MASTER_KEY or the master key file"
    )]
    OtherMasterKey {
        /// The key that signed the newest checkpoint.
        theirs: String,
        /// The key that this master key gives.
        ours: String,
    },
    /// The database is new, while an older one left its checkpoints.
    #[error(
        "the database holds no school, but `{}` holds {count} checkpoint(s) of one that did: the database was lost, or \
         the settings name another. Name the right one (OKE_DATA, OKE_DATABASE) or put its backup back; to begin anew, \
         move that folder away first",
        folder.display()
    )]
    Emptied {
        /// Where the checkpoints are.
        folder: PathBuf,
        /// How many.
        count: usize,
    },
    /// The checkpoints can't be looked at.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A folder can't be made, or the own binary can't be found.
    #[error("could not {what}")]
    Io {
        /// What we were doing.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl StartError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| StartError::Io { what, source }
    }
}

/// Opens the database that the settings name, brings it up to date, and starts the core over it.
///
/// # Errors
/// [`StartError`].
pub async fn open_core(settings: &Settings, purpose: Purpose) -> Result<Core, StartError> {
    let sealer = Sealer::new(&settings.master_key()?);
    let db = open_database(settings, purpose).await?;
    same_master_key(&db, &sealer).await?;
    Ok(Core::start(db, World::of_this_machine(), sealer))
}

/// Opens the core as [`open_core`] does, to serve from. A database that lost its content is not served: what vendors and
/// student systems send would be taken as if it were new.
///
/// # Errors
/// [`StartError`], among them [`StartError::Emptied`].
pub async fn open_to_serve(settings: &Settings) -> Result<Core, StartError> {
    let core = open_core(settings, Purpose::Serve).await?;
    not_emptied(&core.db, settings).await?;
    Ok(core)
}

/// Refuses a database without a school beside the checkpoints of one that had any.
async fn not_emptied(db: &Database, settings: &Settings) -> Result<(), StartError> {
    let folder = settings.checkpoints();
    let (checkpoints, unreadable) = checkpoint::read_folder(&folder)?;
    let count = checkpoints.len() + unreadable.len();
    if count > 0 && db.tenants().await?.is_empty() {
        return Err(StartError::Emptied { folder, count });
    }
    Ok(())
}

/// Refuses a master key that did not sign the newest checkpoint: with another one nothing sealed opens any more, and
/// checkpoints signed with it would make the audit look forged.
async fn same_master_key(db: &Database, sealer: &Sealer) -> Result<(), StartError> {
    let Some(newest) = crate::store::audit::newest_checkpoint(db).await? else {
        return Ok(());
    };
    let ours = checkpoint::key_id(&checkpoint::public_key(sealer));
    if newest.key_id == ours {
        return Ok(());
    }
    Err(StartError::OtherMasterKey {
        theirs: newest.key_id,
        ours,
    })
}

/// Opens the database and brings it up to date.
///
/// # Errors
/// [`StartError`].
pub async fn open_database(settings: &Settings, purpose: Purpose) -> Result<Database, StartError> {
    let folder = &settings.data;
    std::fs::create_dir_all(folder).map_err(StartError::io(format!("make the data folder `{}`", folder.display())))?;
    let db = open::open(&settings.database_url(), purpose).await?;
    open::migrate(&db).await?;
    Ok(db)
}

/// A host that is ready to serve.
pub struct Host {
    /// What the API and pages work with.
    pub service: Service,
    router: Router,
    data: PathBuf,
    limits: Limits,
}

impl Host {
    /// Puts everything together over a core. `compiler` is the `oke` binary.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn assemble(
        core: Core,
        settings: &Settings,
        compiler: PathBuf,
        metrics: Option<PrometheusHandle>,
    ) -> Result<Host, StartError> {
        let cache = settings.compile_cache();
        std::fs::create_dir_all(&cache).map_err(StartError::io(format!("make the folder `{}`", cache.display())))?;
        let key = CacheKey::new(&core.sealer.derived_key("compile cache"));
        let mut engine = EngineSettings::new(cache, key, compiler);
        engine.slots = settings.connector_slots as usize;
        let connectors = Connectors::new(core.clone(), Engine::start(engine)?);
        let registry = jobs::kinds::registry(&connectors);
        let jobs = Jobs::new(core.clone(), registry, jobs::Settings::default());
        let service = Service {
            core,
            connectors,
            jobs,
            public_url: settings.public_url(),
            checkpoints: settings.checkpoints(),
            json_limit: settings.json_limit,
            stream_limit: settings.stream_limit,
        };
        let router = router(&service, metrics);
        Ok(Host {
            service,
            router,
            data: settings.data.clone(),
            limits: Limits {
                connections: settings.connections,
                ..Limits::default()
            },
        })
    }

    /// Answers requests and does the work that follows, until `stop`; ends what is under way and signs a last
    /// checkpoint.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        if let Err(error) = polling::schedule_all(&self.service.core).await {
            warn!("could not look up what vendors are asked again and again: {error}");
        }
        let jobs = self.service.jobs.clone();
        let place = predecessor::take_place(&self.data, &self.service.core.node)?;
        if let Some(before) = place.as_ref().and_then(|place| place.predecessor.as_deref()) {
            jobs.reclaim_from(before).await;
        }
        let upkeep = upkeep::start(&self.service, &stop);
        // Its threads outlive this call: however it ends, they take up no more.
        let working = stop.child_token();
        let _ends_with_this = working.clone().drop_guard();
        let working = background::spawn(async move { jobs.run(working.cancelled_owned()).await })?;
        if let Ok(address) = listener.local_addr() {
            info!("listens on {address}");
        }
        let serving = connections::serve(listener, self.router, self.limits, stop.clone());
        bounded(serving, &stop, LAST_ANSWERS).await?;
        for task in upkeep.into_iter().chain([working]) {
            if let Err(error) = task.await {
                warn!("a background task ended badly: {error}");
            }
        }
        // Calls that were under way at the stop have ended only now.
        self.service.connectors.tally().write(&self.service.core).await;
        Ok(())
    }

    /// The routes, for tests that need no socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

/// Serves until the last connection has ended, but no longer than `patience` after `stop`.
async fn bounded(
    serving: impl Future<Output = std::io::Result<()>>,
    stop: &CancellationToken,
    patience: Duration,
) -> std::io::Result<()> {
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        ended = serving => ended,
        () = overdue => {
            warn!("some connections did not end within {patience:?} and are cut off");
            Ok(())
        }
    }
}

fn router(service: &Service, metrics: Option<PrometheusHandle>) -> Router {
    let watched = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(Readiness {
            core: service.core.clone(),
            last: Arc::default(),
        });
    let measured = Router::new().route(
        "/metrics",
        get(move || {
            let text = metrics.as_ref().map(PrometheusHandle::render).unwrap_or_default();
            async move { text }
        }),
    );
    Router::new()
        .merge(watched)
        .merge(measured)
        .merge(oke::router(service))
        .merge(api::router(service.clone()))
        .merge(api::push::router(service.clone()))
        .merge(dashboard::router(service.clone()))
        .layer(from_fn(api::storable::address))
        .layer(from_fn(api::shape::refusals))
}

/// How long an answer that the database works is good for: who asks all the time doesn't write all the time.
const STAYS_READY: Duration = Duration::from_secs(1);

/// What `/readyz` looks at, and when it last found all well.
#[derive(Clone)]
struct Readiness {
    core: Core,
    last: Arc<Mutex<Option<Instant>>>,
}

/// Whether the database answers, and takes what is written.
async fn ready(State(readiness): State<Readiness>) -> (StatusCode, &'static str) {
    let mut last = readiness.last.lock().await;
    if last.is_some_and(|last| last.elapsed() < STAYS_READY) {
        return (StatusCode::OK, "ready\n");
    }
    *last = None;
    let db = &readiness.core.db;
    if let Err(error) = db.tenants().await {
        warn!("not ready: {error}");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n");
    }
    if let Err(error) = db.commits().await {
        warn!("not ready, the database takes no writes: {error}");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n");
    }
    *last = Some(Instant::now());
    (StatusCode::OK, "ready\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::account;
    use crate::app::rollout::tally::Call;
    use crate::connector::call::CallReport;
    use crate::domain::interface::Interface;
    use crate::store::call_tally;

    #[tokio::test]
    async fn a_request_that_never_ends_does_not_keep_the_host_from_stopping() {
        let stop = CancellationToken::new();
        stop.cancel();
        bounded(std::future::pending(), &stop, Duration::ZERO).await.unwrap();
    }

    /// Calls go on for a while after the host was told to stop; the one that ends last counts too.
    #[tokio::test]
    async fn what_calls_came_to_until_the_very_end_is_kept_when_the_host_stops() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::within(data.path(), ([127, 0, 0, 1], 0).into());
        std::fs::write(settings.master_key_path(), "0a".repeat(32)).unwrap();
        let core = open_to_serve(&settings).await.unwrap();
        let host = Host::assemble(core.clone(), &settings, data.path().join("no-compiler"), None).unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        let call = Call {
            tenant: "roc",
            peer: "toa",
            revision: 1,
            interface: Interface::TaResultaten,
            blame: None,
            report: CallReport::default(),
            fault: None,
        };
        host.service.connectors.tally().count(call, core.now());
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        host.serve(listener, stop).await.unwrap();
        let kept = call_tally::since(&core.db, "roc", ("toa", 1), jiff::Timestamp::UNIX_EPOCH).await;
        assert_eq!(kept.unwrap().iter().map(|row| row.measured.done).sum::<u64>(), 1);
    }

    #[tokio::test]
    async fn a_host_does_not_serve_an_empty_database_beside_the_checkpoints_of_a_full_one() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::within(data.path(), ([127, 0, 0, 1], 0).into());
        std::fs::write(settings.master_key_path(), "0a".repeat(32)).unwrap();
        let core = open_to_serve(&settings).await.unwrap();
        account::init(&core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        checkpoint::checkpoint_now(&core, &settings.checkpoints())
            .await
            .unwrap()
            .unwrap();
        not_emptied(&core.db, &settings).await.unwrap();

        let mut lost = settings.clone();
        lost.database = Some(format!("sqlite:{}", data.path().join("another.db").display()));
        let refused = open_to_serve(&lost).await.err().unwrap().to_string();
        assert!(
            refused.contains("holds no school") && refused.contains("backup"),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn a_host_does_not_start_with_another_master_key_than_its_database() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::within(data.path(), ([127, 0, 0, 1], 0).into());
        let key = |byte: &str| std::fs::write(settings.master_key_path(), byte.repeat(32)).unwrap();
        key("0a");
        let core = open_core(&settings, Purpose::Command).await.unwrap();
        account::init(&core, "roc", "ROC", "beheer", "Beheer").await.unwrap();
        checkpoint::checkpoint_now(&core, &settings.checkpoints())
            .await
            .unwrap()
            .unwrap();
        drop(core);

        key("0b");
        let refused = open_core(&settings, Purpose::Command).await.err().unwrap().to_string();
        assert!(refused.contains("put the right key back"), "{refused}");
        key("0a");
        open_core(&settings, Purpose::Command).await.unwrap();
    }
}
