//! A host with real connectors installed, between a simulated student system and a
//! simulated vendor, all over sockets on this machine. The clock is moved by hand, for the simulators too.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use oke_host::app::peer::{self, Reach, SignIn};
use oke_host::app::planning::Planner;
use oke_host::app::planning::deelname::{self, For, NewDeelname};
use oke_host::app::planning::sitting::{self, NewSitting, Plan};
use oke_host::app::revision::{self, NewRevision};
use oke_host::app::{Core, World, account, client, package, publisher};
use oke_host::config::Settings;
use oke_host::connector::build::componentize;
use oke_host::connector::manifest::{ConfigValue, Configuration, Slug};
use oke_host::connector::package::Package;
use oke_host::connector::signature::SigningKey;
use oke_host::domain::association::Association;
use oke_host::domain::clock::{MovableClock, SeededRandom};
use oke_host::domain::offering::{Offering, Times};
use oke_host::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use oke_host::domain::result::Version;
use oke_host::server::Host;
use oke_host::simulator::{
    Auth, Flow1Push, Now, PeerAccess, ResultMode, SchoolPlan, Sis, SisOptions, Ta, TaOptions, TestToPlan, Tpl,
};
use oke_host::store::job::JobRow;
use oke_host::store::task::TaskRow;
use oke_host::store::testing::{TestDatabase, without_keuring};
use oke_host::store::{Sealer, association, job, offering, result, task};

pub const TENANT: &str = "roc";
pub const SIS: &str = "osiris";
pub const VENDOR: &str = "toetsgilde";
pub const VENDOR_NAME: &str = "Toetsgilde";
pub const PUBLISHER: &str = "oke-host";
pub const FB: &str = "fb";
/// Seed of the key that signs what these stories install.
pub const PUBLISHERS_KEY: [u8; 32] = [9; 32];

/// How the vendor's results come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Come {
    Pushed,
    Polled,
}

/// Everything together.
pub struct House {
    pub core: Core,
    pub clock: MovableClock,
    pub host: Host,
    pub base: String,
    pub sis: Sis,
    pub ta: Ta,
    database: TestDatabase,
}

/// Where the guests' core modules lie, as `cargo guests` made them.
pub fn modules() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("OKE_GUESTS").map(PathBuf::from) else {
        eprintln!("skipped: OKE_GUESTS names no folder with guests; `cargo verify` builds them and sets it");
        return None;
    };
    for name in [
        "ooapi_ta.wasm",
        "ooapi_dr.wasm",
        "ooapi_tpl.wasm",
        "toetskade.wasm",
        "toetskist.wasm",
    ] {
        if !folder.join(name).is_file() {
            eprintln!(
                "skipped: {} lacks {name}; build the guests with `cargo guests`",
                folder.display()
            );
            return None;
        }
    }
    Some(folder)
}

impl House {
    /// A school with a student system and a vendor, both connectors installed and the catalogue fetched; flow 1 has
    /// come. `None` where no guests are built.
    pub async fn open(come: Come) -> Option<House> {
        let house = House::with_nothing_installed(come).await?;
        house.install(SIS, "ooapi-dr", None, &[]).await;
        house.install_vendor(come, &[]).await;
        house.work().await;
        house.flow_1().await;
        Some(house)
    }

    /// The same before any connector is installed.
    pub async fn with_nothing_installed(come: Come) -> Option<House> {
        House::with_more_to_plan(come, &[]).await
    }

    /// The same, with tests of another vendor for the students of the school.
    pub async fn with_more_to_plan(come: Come, more: &[TestToPlan]) -> Option<House> {
        House::with_students(come, more, 6).await
    }

    /// The same, with so many students.
    pub async fn with_students(come: Come, more: &[TestToPlan], students: usize) -> Option<House> {
        modules()?;
        Some(House::over(TestDatabase::sqlite().await, come, more, students).await)
    }

    /// The same over this database, where guests are built.
    pub async fn over(database: TestDatabase, come: Come, more: &[TestToPlan], students: usize) -> House {
        let clock = MovableClock::at("2026-09-01T09:00:00Z".parse().unwrap());
        let world = World {
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededRandom::from_seed(7)),
        };
        let core = Core::start(database.db.clone(), world, Sealer::new(&[42; 32]));
        let mut settings = Settings::default();
        // The database is elsewhere: what lies here is the cache of compiled components, which all stories share.
        settings.data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chain_over_sockets");
        let compiler = PathBuf::from(env!("CARGO_BIN_EXE_oke"));
        let host = Host::assemble(core.clone(), &settings, compiler, None).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = host.router();
        tokio::spawn(async move { axum::serve(listener, router).await });

        let (sis, ta) = simulators(&clock, come, more, students).await;
        let house = House {
            core,
            clock,
            host,
            base,
            sis,
            ta,
            database,
        };
        house.make_school().await;
        house
    }

    async fn make_school(&self) {
        let core = &self.core;
        account::init(core, TENANT, "ROC", FB, "Functioneel beheer")
            .await
            .unwrap();
        peer::create(core, TENANT, FB, SIS, "dr", "Osiris").await.unwrap();
        peer::create(core, TENANT, FB, VENDOR, "ta", VENDOR_NAME).await.unwrap();
        self.reach(SIS, &self.sis_reach()).await;
        self.reach(VENDOR, &self.vendor_reach()).await;
        self.sis.connect_tpl(self.access(SIS, "nl-test-admin-flow-1-5").await);
        self.ta
            .connect_tpl(self.access(VENDOR, "nl-test-admin-flow-2-3-4").await);
    }

    /// How a peer comes in at our TPL face.
    pub async fn access(&self, peer: &str, scope: &str) -> PeerAccess {
        let made = client::create(&self.core, TENANT, FB, peer, &[scope.to_owned()])
            .await
            .unwrap();
        PeerAccess {
            target: format!("{}/oke/{TENANT}/tpl", self.base),
            token_url: format!("{}/oauth2/token", self.base),
            client_id: made.client_id,
            client_secret: made.secret.reveal().to_owned(),
        }
    }

    /// A planning system outside the host, with its connector and its way in at the vendor's TA face.
    pub async fn add_planner(&self, id: &str, tpl: &Tpl) {
        peer::create(&self.core, TENANT, FB, id, "tpl", id).await.unwrap();
        let credentials = tpl.credentials();
        let reach = bearer(
            tpl.base_url(),
            &tpl.token_url(),
            &credentials.client_id,
            &credentials.client_secret,
        );
        self.reach(id, &reach).await;
        self.install(id, "ooapi-tpl", None, &[]).await;
        let access = self.access(id, "nl-test-admin-flow-2-3-4").await;
        tpl.connect_ta(PeerAccess {
            target: format!("{}/oke/{TENANT}/ta/{VENDOR}", self.base),
            ..access
        });
    }

    fn sis_reach(&self) -> Reach {
        let credentials = self.sis.credentials();
        bearer(
            self.sis.base_url(),
            &self.sis.token_url(),
            &credentials.client_id,
            &credentials.client_secret,
        )
    }

    /// How the vendor is reached.
    pub fn vendor_reach(&self) -> Reach {
        let Auth::Bearer(credentials) = self.ta.auth() else {
            panic!("this house's vendor takes tokens");
        };
        bearer(
            self.ta.base_url(),
            &self.ta.token_url(),
            &credentials.client_id,
            &credentials.client_secret,
        )
    }

    /// Sets where a peer is.
    pub async fn reach(&self, peer_id: &str, reach: &Reach) {
        peer::put_endpoint(&self.core, TENANT, FB, peer_id, "api", reach)
            .await
            .unwrap();
    }

    /// Installs the vendor's connector, or another configuration of it. Returns the revision.
    pub async fn install_vendor(&self, come: Come, config: &[(&str, ConfigValue)]) -> i64 {
        let profile = match come {
            Come::Pushed => "oke-1-0-1-push",
            Come::Polled => "oke-1-0-1-poll",
        };
        self.install(VENDOR, "ooapi-ta", Some(profile), config).await
    }

    /// Makes another revision of the vendor's connector; nobody has it yet.
    pub async fn make_vendor(&self, come: Come, config: &[(&str, ConfigValue)]) -> i64 {
        let profile = match come {
            Come::Pushed => "oke-1-0-1-push",
            Come::Polled => "oke-1-0-1-poll",
        };
        let new = self.admitted("ooapi-ta", Some(profile), config).await;
        revision::make(&self.core, TENANT, FB, VENDOR, &new).await.unwrap()
    }

    /// Builds, packs and signs a connector, trusts its publisher, admits it and puts it to work.
    pub async fn install(
        &self,
        peer_id: &str,
        name: &str,
        profile: Option<&str>,
        config: &[(&str, ConfigValue)],
    ) -> i64 {
        let new = self.admitted(name, profile, config).await;
        revision::install(&self.core, TENANT, FB, peer_id, &new).await.unwrap()
    }

    async fn admitted(&self, name: &str, profile: Option<&str>, config: &[(&str, ConfigValue)]) -> NewRevision {
        let key = SigningKey::from_seed(PUBLISHERS_KEY);
        publisher::trust(&self.core, TENANT, FB, PUBLISHER, &key.public().to_string())
            .await
            .unwrap();
        // What these stories tell comes after the keuring, which has stories of its own.
        without_keuring(&self.core, TENANT).await;
        let package = packed(name, &key);
        let admitted = package::admit(&self.core, TENANT, FB, Bytes::from(package.to_bytes()))
            .await
            .unwrap();
        NewRevision {
            digest: admitted.digest,
            profile: profile.map(str::to_owned),
            config: config
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect::<Configuration>(),
            reason: "a story".to_owned(),
        }
    }

    /// Runs what has its turn now, until nothing has.
    pub async fn work(&self) -> usize {
        self.host.service.jobs.run_until_idle().await
    }

    /// Lets time pass, then works.
    pub async fn later(&self, by: SignedDuration) -> usize {
        self.clock.advance(by);
        self.work().await
    }

    /// The student system brings flow 1 over our face.
    pub async fn flow_1(&self) {
        let report = self.sis.push_flow_1(&Flow1Push::default()).await.unwrap();
        assert!(report.all_accepted(), "{:?}", report.failed);
        self.work().await;
    }

    /// The planbare toets, and the toetsinschrijvingen of its students.
    pub fn to_plan(&self) -> (String, Vec<String>) {
        let plannable = &self.sis.school().plannable_tests[0];
        let students = self.sis.school().student_registrations(&plannable.id);
        (plannable.id.clone(), students.map(|one| one.id.clone()).collect())
    }

    /// Plans a sitting an hour from now, of an hour, with deelnames for so many of the enrolled students.
    pub async fn plan(&self, students: usize) -> (String, Vec<String>) {
        self.plan_for(None, 0..students).await
    }

    /// The same for a unit, with these of the enrolled students.
    pub async fn plan_for(&self, unit: Option<&str>, students: std::ops::Range<usize>) -> (String, Vec<String>) {
        let (plannable, enrolments) = self.to_plan();
        let start = self.core.now() + SignedDuration::from_hours(1);
        let new = NewSitting {
            plannable: Some(plannable),
            peer: VENDOR.to_owned(),
            component: self.ta.catalogue().first_active().id.clone(),
            unit: unit.map(str::to_owned),
            plan: plan_at(start),
        };
        let planner = planner();
        let by = Planner {
            tenant: TENANT,
            account: &planner,
        };
        let sitting = sitting::plan(&self.core, by, &new).await.unwrap();
        let wanted = students.len();
        let chosen = enrolments.iter().skip(students.start).take(wanted);
        let new: Vec<NewDeelname> = chosen.map(|id| enrolled(id, false)).collect();
        assert_eq!(new.len(), wanted, "the school has enough students for this story");
        let added = deelname::add(&self.core, by, &sitting, &new).await.unwrap();
        (sitting, added.into_iter().map(Result::unwrap).collect())
    }

    /// Cancels a deelname.
    pub async fn cancel(&self, id: &str) {
        let planner = planner();
        let by = Planner {
            tenant: TENANT,
            account: &planner,
        };
        deelname::cancel(&self.core, by, id, "a story").await.unwrap();
    }

    /// Plans an extra attempt of an enrolment on a sitting; returns the deelname.
    pub async fn plan_extra_attempt(&self, sitting: &str, enrolment: &str) -> String {
        let planner = planner();
        let by = Planner {
            tenant: TENANT,
            account: &planner,
        };
        let mut added = deelname::add(&self.core, by, sitting, &[enrolled(enrolment, true)])
            .await
            .unwrap();
        added.remove(0).unwrap()
    }

    pub async fn sitting(&self, id: &str) -> Offering {
        offering::find(&self.core.db, TENANT, id).await.unwrap().unwrap()
    }

    pub async fn deelname(&self, id: &str) -> Association {
        association::find(&self.core.db, TENANT, id).await.unwrap().unwrap()
    }

    /// All versions of a deelname's result.
    pub async fn versions(&self, deelname: &str) -> Vec<Version> {
        result::versions(&self.core.db, TENANT, deelname).await.unwrap()
    }

    /// The score of a toetsinschrijving at the student system.
    pub fn score_at_sis(&self, enrolment: &str) -> Option<String> {
        let state = self.sis.state();
        let found = state.associations.iter().find(|one| one.association_id == enrolment)?;
        found.result.as_ref()?["score"].as_str().map(str::to_owned)
    }

    /// The score of a deelname at the vendor.
    pub fn score_at_vendor(&self, deelname: &str) -> Option<String> {
        let state = self.ta.state();
        let found = state.deelnames.iter().find(|one| one.association_id == deelname)?;
        found.result.as_ref()?["score"].as_str().map(str::to_owned)
    }

    pub async fn open_tasks(&self) -> Vec<TaskRow> {
        task::open_tasks(&self.core.db, TENANT, 100).await.unwrap()
    }

    pub async fn jobs_in_lane(&self, lane: &str) -> Vec<JobRow> {
        job::in_lane(&self.core.db, TENANT, lane).await.unwrap()
    }

    /// Stops everything; nothing may be left that waits for a person.
    pub async fn close_without_tasks(self) {
        let tasks = self.open_tasks().await;
        assert!(tasks.is_empty(), "{tasks:#?}");
        self.close().await;
    }

    /// Stops everything.
    pub async fn close(self) {
        self.sis.stop().await;
        self.ta.stop().await;
        self.database.remove().await;
    }
}

async fn simulators(clock: &MovableClock, come: Come, more: &[TestToPlan], students: usize) -> (Sis, Ta) {
    let now = Now::by(clock.clone());
    let plan = SchoolPlan {
        tests: [SchoolPlan::one_test_of_each(&[VENDOR_NAME]), more.to_vec()].concat(),
        ..SchoolPlan::new(11, 1, students, now.today())
    };
    let sis = Sis::start(SisOptions {
        plan,
        now: now.clone(),
        token_lifetime: SignedDuration::from_hours(2400),
        ..SisOptions::new(11, 1, students)
    });
    let ta = Ta::start(TaOptions {
        mode: match come {
            Come::Pushed => ResultMode::Push,
            Come::Polled => ResultMode::Poll,
        },
        now,
        token_lifetime: SignedDuration::from_hours(2400),
        ..TaOptions::new(VENDOR_NAME)
    });
    (sis.await.unwrap(), ta.await.unwrap())
}

fn bearer(base_url: &str, token_url: &str, client_id: &str, secret: &str) -> Reach {
    Reach {
        base_url: base_url.to_owned(),
        sign_in: SignIn::Bearer {
            token_url: token_url.to_owned(),
            client_id: client_id.to_owned(),
            secret: secret.to_owned(),
            scope: None,
        },
        allowed_addresses: vec!["127.0.0.1".to_owned()],
    }
}

pub fn packed(name: &str, key: &SigningKey) -> Package {
    let module = modules()
        .expect("the house opened")
        .join(format!("{}.wasm", name.replace('-', "_")));
    let component = componentize(&std::fs::read(module).unwrap()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors").join(name);
    // What the component is made from matters to other stories.
    let sbom = br#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"oke-sdk","version":"0.1.0"}]}"#;
    let package = Package::from_folder(&folder, Bytes::from(component), Bytes::from_static(sbom)).unwrap();
    let publisher: Slug = PUBLISHER.parse().unwrap();
    package.signed(&publisher, key).unwrap()
}

fn plan_at(start: Timestamp) -> Plan {
    Plan {
        name: Some("Rekenen, dinsdag".to_owned()),
        code: None,
        times: Times {
            start,
            end: start + SignedDuration::from_hours(1),
            last_possible_start: None,
            duration_s: Some(45 * 60),
            start_options: None,
            duration_from: None,
            duration_until: None,
        },
        location_codes: vec!["B2.17".to_owned()],
        modes_of_delivery: Vec::new(),
        safety: Vec::new(),
        fao_system_id: None,
    }
}

pub fn planner() -> Account {
    let assignment = Assignment {
        id: "plans".to_owned(),
        duty: Duty::Plannen,
        unit: WHOLE_SCHOOL.to_owned(),
        mandate: false,
        from: Timestamp::UNIX_EPOCH,
        until: None,
        withdrawn: None,
        granted_by: FB.to_owned(),
    };
    Account {
        id: "planner".to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: vec![assignment],
    }
}

pub fn enrolled(id: &str, extra_attempt: bool) -> NewDeelname {
    NewDeelname {
        candidate: For::Enrolment {
            id: id.to_owned(),
            extra_attempt,
            confirmed: true,
        },
        needs: None,
    }
}
