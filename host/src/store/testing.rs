//! Databases for tests: SQLite in a folder that goes away, and PostgreSQL when `OKE_TEST_POSTGRES` holds the URL of a
//! cluster in which databases may be made. What is skipped is said on standard error.

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::open::{Purpose, migrate, open};
use super::{Database, Sealer};
use crate::app::{Core, World, admission};
use crate::domain::clock::{MovableClock, SeededRandom};
use crate::domain::keuring::AdmissionPolicy;
use crate::domain::model::{Code, Component, ComponentStatus, ResultValueType};

/// An empty database of its own, with the schema in place.
pub struct TestDatabase {
    /// The database.
    pub db: Database,
    /// Its URL, for a second opening.
    pub url: String,
    folder: Option<tempfile::TempDir>,
    cluster: Option<(PgConnectOptions, String)>,
}

impl TestDatabase {
    /// On SQLite.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test's database");
        let url = format!("sqlite:{}", folder.path().join("oke.db").display());
        let db = open(&url, Purpose::Command).await.expect("a new SQLite database opens");
        migrate(&db)
            .await
            .expect("the schema applies to an empty SQLite database");
        TestDatabase {
            db,
            url,
            folder: Some(folder),
            cluster: None,
        }
    }

    /// On PostgreSQL, or `None` when there is no cluster.
    pub async fn postgres() -> Option<Self> {
        let Ok(cluster_url) = std::env::var("OKE_TEST_POSTGRES") else {
            eprintln!("skipped on PostgreSQL: OKE_TEST_POSTGRES holds no URL of a cluster");
            return None;
        };
        let cluster = PgConnectOptions::from_str(&cluster_url).expect("OKE_TEST_POSTGRES holds a PostgreSQL URL");
        let name = format!("oke_test_{}", uuid::Uuid::new_v4().simple());
        run(&cluster, &format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&cluster_url).expect("OKE_TEST_POSTGRES holds a URL");
        url.set_path(&name);
        let db = open(url.as_str(), Purpose::Command)
            .await
            .expect("a new PostgreSQL database opens");
        migrate(&db)
            .await
            .expect("the schema applies to an empty PostgreSQL database");
        Some(TestDatabase {
            db,
            url: url.to_string(),
            folder: None,
            cluster: Some((cluster, name)),
        })
    }

    /// Closes it and clears it away. A test that fails before this leaves a PostgreSQL database behind, to be looked at.
    pub async fn remove(self) {
        self.db.close().await;
        drop(self.folder);
        if let Some((cluster, name)) = self.cluster {
            run(&cluster, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn run(cluster: &PgConnectOptions, statement: &str) {
    let mut connection = cluster.connect().await.expect("the test cluster answers");
    connection
        .execute(AssertSqlSafe(statement.to_owned()))
        .await
        .expect("the test cluster lets databases be made and removed");
    connection.close().await.expect("the connection closes");
}

/// Runs a story on an empty SQLite database, and on an empty PostgreSQL database when there is a cluster.
pub async fn on_each_database<F, Fut>(story: F)
where
    F: Fn(Bench) -> Fut,
    Fut: Future<Output = ()>,
{
    let sqlite = TestDatabase::sqlite().await;
    // On the heap: a story is a large future, and a test's stack is small.
    Box::pin(story(Bench::over(&sqlite))).await;
    sqlite.remove().await;
    if let Some(postgres) = TestDatabase::postgres().await {
        Box::pin(story(Bench::over(&postgres))).await;
        postgres.remove().await;
    }
}

/// A core over a test database, in a world whose clock the test moves.
#[derive(Clone)]
pub struct Bench {
    /// The core.
    pub core: Core,
    /// The world's clock.
    pub clock: MovableClock,
    /// The database's URL, for a second opening.
    pub url: String,
}

impl Bench {
    /// A new core over this database, at 9 o'clock on the first of September 2026, UTC.
    #[must_use]
    pub fn over(database: &TestDatabase) -> Self {
        let start: Timestamp = "2026-09-01T09:00:00Z".parse().expect("a moment");
        let clock = MovableClock::at(start);
        Bench {
            core: core_over(database.db.clone(), &clock, 1),
            clock,
            url: database.url.clone(),
        }
    }

    /// A second core over the same database and clock, as another node or a later start would have; `seed` must differ
    /// from 1 and from those of other nodes.
    #[must_use]
    pub fn another_node(&self, seed: u64) -> Core {
        core_over(self.core.db.clone(), &self.clock, seed)
    }
}

fn core_over(db: Database, clock: &MovableClock, seed: u64) -> Core {
    let world = World {
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandom::from_seed(seed)),
    };
    Core::start(db, world, Sealer::new(&[42; 32]))
}

/// Has a school demand neither keuring nor approval, for stories of what comes after them: their connectors are made
/// without code that could be tried.
///
/// # Panics
/// When the policy can't be stored.
pub async fn without_keuring(core: &Core, tenant: &str) {
    let policy = AdmissionPolicy {
        keuring: false,
        approval: false,
        ..AdmissionPolicy::default()
    };
    admission::set_policy(core, tenant, "fb", policy)
        .await
        .expect("a policy of the default numbers can be stored");
}

/// A component that can be planned, with results on this scale.
#[must_use]
pub fn component(id: &str, name: &str, scale: ResultValueType) -> Component {
    Component {
        component_id: id.to_owned(),
        component_type: "test".to_owned(),
        primary_code: Code {
            code_type: "testCode".to_owned(),
            value: id.to_owned(),
        },
        other_codes: Vec::new(),
        name: name.to_owned(),
        description: None,
        result_value_type: Some(scale),
        exam: Some(true),
        pass_from: None,
        retries: None,
        status: ComponentStatus::Active,
        licensed: Some(true),
        additional_testing_time_min: None,
        available_personal_needs: Vec::new(),
        safety: Vec::new(),
        opaque: None,
    }
}
