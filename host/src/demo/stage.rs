//! Everything that takes part, started: the host on a socket and a database of its own, a student system, four vendors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::DemoError;
use super::client::Client;
use super::story::{KADE_TEST, KIST_TEST};
use crate::app::account;
use crate::config::Settings;
use crate::server::Host;
use crate::simulator::SchoolPlan;
use crate::simulator::{Auth, ResultMode, Ta, TaOptions};
use crate::simulator::{Sis, SisOptions, TestToPlan, Toetskade, ToetskadeExam, ToetskadeOptions};
use crate::store::Sealer;
use crate::store::open::{self, Purpose};

/// The school's short name.
pub const TENANT: &str = "roc-voorbeeld";
/// The vendor that sends its results.
pub const PUSHES: &str = "toetsgilde";
/// The vendor that is asked for its results.
pub const POLLED: &str = "examenatelier";
/// The vendor with an API of its own.
pub const KADE: &str = "toetskade";
/// The vendor without an API.
pub const KIST: &str = "toetskist";
/// The student system.
pub const SIS: &str = "sis";

/// What the demo is played with.
pub struct Cast {
    /// Where the host listens.
    pub base: String,
    /// Functioneel beheer, signed in.
    pub beheer: Client,
    /// That account's token, to sign in with at the dashboard.
    pub beheer_token: String,
    /// The student system.
    pub sis: Sis,
    /// The vendor that sends.
    pub pushes: Ta,
    /// The vendor that is polled.
    pub polled: Ta,
    /// The vendor with an API of its own.
    pub kade: Toetskade,
    /// Folder of the audit checkpoints.
    pub checkpoints: PathBuf,
    /// The host's core, to verify the audit when all is done.
    pub core: crate::app::Core,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Cast {
    /// Starts everything on loopback. `data` is an empty folder for this run.
    ///
    /// # Errors
    /// What could not be started.
    pub async fn start(data: &Path, listen: SocketAddr, students: usize) -> Result<Cast, DemoError> {
        let failed = DemoError::while_doing("starting the host");
        let listener = TcpListener::bind(listen).await.map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let settings = Settings::within(data, address);
        let world = crate::app::World::of_this_machine();
        let mut master = [0_u8; 32];
        world.random.fill(&mut master);
        let db = open::open(&settings.database_url(), Purpose::Serve)
            .await
            .map_err(|error| failed(&error))?;
        open::migrate(&db).await.map_err(|error| failed(&error))?;
        let core = crate::app::Core::start(db, world, Sealer::new(&master));
        let token = account::init(
            &core,
            TENANT,
            "ROC Voorbeeld",
            "beheer",
            "Sanne Vos (functioneel beheer)",
        )
        .await
        .map_err(|error| failed(&error))?;
        let compiler = std::env::current_exe().map_err(|error| failed(&error))?;
        let host = Host::assemble(core.clone(), &settings, compiler, None).map_err(|error| failed(&error))?;
        let stop = CancellationToken::new();
        let serving = tokio::spawn(host.serve(listener, stop.clone()));
        let base = settings.public_url();

        let failed = DemoError::while_doing("starting the simulators");
        let mut options = SisOptions::new(2026, 2, students);
        options.plan.tests = SchoolPlan::one_test_of_each(&["Toetsgilde", "Examenatelier"]);
        for (vendor, component, name) in [
            ("Toetskade", KADE_TEST, "Rekenen 2F"),
            ("Toetskist", KIST_TEST, "Lezen 2F"),
        ] {
            options.plan.tests.push(TestToPlan {
                name: name.to_owned(),
                test_provider: vendor.to_owned(),
                component_id: component.to_owned(),
                result_value_type: "0.0-10.0".to_owned(),
            });
        }
        options.plan.assessor_in_sis = false;
        let sis = Sis::start(options).await.map_err(|error| failed(&error))?;
        let pushes = Ta::start(TaOptions::new("Toetsgilde"))
            .await
            .map_err(|error| failed(&error))?;
        let polled = TaOptions {
            mode: ResultMode::Poll,
            auth: Auth::ApiKey("demo-examenatelier".to_owned()),
            ..TaOptions::new("Examenatelier")
        };
        let polled = Ta::start(polled).await.map_err(|error| failed(&error))?;
        let kade = ToetskadeOptions {
            exams: vec![ToetskadeExam::new(4711, "REK-2F", "Rekenen 2F", 60)],
            ..ToetskadeOptions::new()
        };
        let kade = Toetskade::start(kade).await.map_err(|error| failed(&error))?;
        Ok(Cast {
            beheer: Client::new(&base, token.reveal()),
            beheer_token: token.reveal().to_owned(),
            base,
            sis,
            pushes,
            polled,
            kade,
            checkpoints: settings.checkpoints(),
            core,
            stop,
            serving,
        })
    }

    /// Ends everything.
    ///
    /// # Errors
    /// When the host ended badly.
    pub async fn end(self) -> Result<(), DemoError> {
        self.stop.cancel();
        let ended = self
            .serving
            .await
            .map_err(|error| DemoError(format!("the host ended badly: {error}")))?;
        ended.map_err(|error| DemoError(format!("the host ended badly: {error}")))?;
        self.sis.stop().await;
        self.pushes.stop().await;
        self.polled.stop().await;
        self.kade.stop().await;
        Ok(())
    }
}
