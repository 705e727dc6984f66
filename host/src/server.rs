//! The process as a whole: opens what `oke serve` works with, joins the rooms' routes, and runs until told to stop.

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::{self, Service};
use crate::app::running::Connectors;
use crate::app::{Core, World, polling};
use crate::audit::checkpoint;
use crate::config::{Settings, SettingsError};
use crate::connector::compile::CacheKey;
use crate::connector::engine::{Engine, EngineError, EngineSettings};
use crate::jobs::{self, Jobs, predecessor};
use crate::store::open::{self, OpenError, Purpose};
use crate::store::{Database, Sealer, StoreError};
use crate::{dashboard, oke};

/// How often the heads of the audit chains are signed and leave the database.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

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
    Ok(Core::start(db, World::of_this_machine(), sealer))
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
        let signing = tokio::spawn(checkpoints(self.service.clone(), stop.clone()));
        let working = tokio::spawn({
            let stop = stop.clone();
            async move { jobs.run(stop.cancelled_owned()).await }
        });
        if let Ok(address) = listener.local_addr() {
            info!("listens on {address}");
        }
        axum::serve(listener, self.router)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await?;
        for task in [working, signing] {
            if let Err(error) = task.await {
                warn!("a background task ended badly: {error}");
            }
        }
        Ok(())
    }

    /// The routes, for tests that need no socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

fn router(service: &Service, metrics: Option<PrometheusHandle>) -> Router {
    let watched = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(service.clone());
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
        .merge(dashboard::router(service.clone()))
}

/// Whether the database answers.
async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    match service.core.db.tenants().await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            warn!("not ready: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn checkpoints(service: Service, stop: CancellationToken) {
    let mut every = tokio::time::interval(CHECKPOINT_EVERY);
    loop {
        let stopping = tokio::select! {
            _ = every.tick() => false,
            () = stop.cancelled() => true,
        };
        if let Err(error) = checkpoint::checkpoint_now(&service.core, &service.checkpoints).await {
            warn!("could not sign a checkpoint of the audit chains, will try again: {error}");
        }
        if stopping {
            return;
        }
    }
}
