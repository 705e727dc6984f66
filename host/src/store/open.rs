//! Opening a database by its URL, and bringing its schema up to date.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqlSafeStr};

use super::error::StoreError;
use super::sql::Database;

/// Prepared statements that a connection keeps: those of group reads and group commits differ by their size too.
const KEPT_STATEMENTS: usize = 400;
/// Every query names a school and goes along indexes from table to table in the order in which it is written, as SQLite
/// does it and as the tests of the plans hold it. A server that guesses instead reads whole tables into hashes and compiles
/// the query first, which took ten times as long.
const AS_WRITTEN: [(&str, &str); 7] = [
    ("jit", "off"),
    ("join_collapse_limit", "1"),
    // Else a plan made while a table was empty walks through it when it is full.
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("random_page_cost", "1.1"),
];
/// A connection to a server that was idle for so long is asked whether it still stands.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of neither database.
    #[error("database URL `{0}` is not understood: write sqlite:PATH or postgres://USER@HOST/NAME")]
    Url(String),
    /// Another process serves from the same SQLite file.
    #[error(
        "another `oke serve` uses the database {}: stop it first, or use PostgreSQL to run several at once",
        path.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file or its folder can't be used.
    #[error("could not use {} for the database", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("could not open the database")]
    Store(#[from] StoreError),
}

/// What the database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve and work off jobs: on SQLite one process at a time.
    Serve,
    /// For one command, possibly beside a serving process.
    Command,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the whole URL, which may hold a password.
    Postgres(String),
}

impl FromStr for Location {
    type Err = OpenError;

    fn from_str(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Location::Postgres(url.to_owned()));
        }
        let path = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
            .filter(|path| !path.is_empty());
        match path {
            Some(path) => Ok(Location::Sqlite(PathBuf::from(path))),
            // A URL that is not understood may hold a password: only its scheme is repeated.
            None => Err(OpenError::Url(
                url.split_once(':').map_or("…", |(scheme, _)| scheme).to_owned() + ":…",
            )),
        }
    }
}

/// Opens the database; makes the SQLite file when there is none. Does not migrate.
///
/// # Errors
/// [`OpenError`], among them [`OpenError::InUse`] when another process serves from the same SQLite file.
pub async fn open(url: &str, purpose: Purpose) -> Result<Database, OpenError> {
    match Location::from_str(url)? {
        Location::Sqlite(path) => sqlite(&path, purpose).await,
        Location::Postgres(url) => Ok(postgres(&url).await?),
    }
}

async fn sqlite(path: &Path, purpose: Purpose) -> Result<Database, OpenError> {
    let hold = match purpose {
        Purpose::Serve => Some(Arc::new(hold(path)?)),
        Purpose::Command => None,
    };
    make_private(path)?;
    // FULL: an answer is given only after the disk has it (invariant 1).
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10));
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up: to ask each time whether it is still there would double the steps of a statement.
        .test_before_acquire(false)
        .connect_with(options.clone().statement_cache_capacity(KEPT_STATEMENTS))
        .await
        .map_err(StoreError::from)?;
    let read = SqlitePoolOptions::new()
        .max_connections(8)
        .test_before_acquire(false)
        .connect_with(
            options
                .statement_cache_capacity(KEPT_STATEMENTS)
                .pragma("query_only", "1"),
        )
        .await
        .map_err(StoreError::from)?;
    Ok(Database::Sqlite { read, write, hold })
}

/// Makes the file, when there is none yet, for nobody else on this machine to read: it holds names of students. SQLite
/// gives the files beside it the same mode.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let made = File::options().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|source| OpenError::File {
        path: path.to_owned(),
        source,
    })
}

/// Holds the database for one serving process, by a lock on a file beside it that the system releases when the process
/// ends, however it ends.
fn hold(path: &Path) -> Result<File, OpenError> {
    let lock = path.with_added_extension("lock");
    let failed = |source| OpenError::File {
        path: lock.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&lock)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

async fn postgres(url: &str) -> Result<Database, StoreError> {
    // A node that vanishes in the middle of a transaction holds its tenants' locks; the server ends it after this.
    let options = PgConnectOptions::from_str(url)?
        .options([("idle_in_transaction_session_timeout", "10s")])
        .options(AS_WRITTEN)
        .statement_cache_capacity(KEPT_STATEMENTS);
    let write = pool().max_connections(2).connect_with(options.clone()).await?;
    let read = pool().max_connections(16).connect_with(options).await?;
    Ok(Database::Postgres { read, write })
}

/// Asks a connection whether it still stands only when it has been idle: one that was used just now most likely does,
/// and asking costs as much as a query.
fn pool() -> PgPoolOptions {
    PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|connection, met| {
            Box::pin(async move {
                if met.idle_for >= ASK_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// Number, name and text of each migration in a folder; what has been applied is history.
macro_rules! migrations_in {
    ($folder:literal) => {
        [
            (1, "first", migrations_in!($folder, "0001_first")),
            (2, "standing", migrations_in!($folder, "0002_standing")),
            (3, "attempts", migrations_in!($folder, "0003_attempts")),
            (4, "deadlines", migrations_in!($folder, "0004_deadlines")),
            (5, "plans", migrations_in!($folder, "0005_plans")),
            (6, "lists", migrations_in!($folder, "0006_lists")),
            (7, "claims", migrations_in!($folder, "0007_claims")),
            (8, "worklist", migrations_in!($folder, "0008_worklist")),
            (9, "rollout", migrations_in!($folder, "0009_rollout")),
            (10, "keuring", migrations_in!($folder, "0010_keuring")),
            (11, "groups", migrations_in!($folder, "0011_groups")),
            (14, "outside_planners", migrations_in!($folder, "0014_outside_planners")),
            (15, "push", migrations_in!($folder, "0015_push")),
            (16, "files", migrations_in!($folder, "0016_files")),
            (17, "health", migrations_in!($folder, "0017_health")),
            (18, "fast_route", migrations_in!($folder, "0018_fast_route")),
            (19, "recording", migrations_in!($folder, "0019_recording")),
            (20, "comparisons", migrations_in!($folder, "0020_comparisons")),
            (21, "file_terms", migrations_in!($folder, "0021_file_terms")),
            (22, "absent", migrations_in!($folder, "0022_absent")),
            (23, "dialect", migrations_in!($folder, "0023_dialect")),
            (24, "pulled", migrations_in!($folder, "0024_pulled")),
            (25, "drains", migrations_in!($folder, "0025_drains")),
            (26, "losses", migrations_in!($folder, "0026_losses")),
        ]
    };
    ($folder:literal, $file:literal) => {
        include_str!(concat!("../../migrations/", $folder, "/", $file, ".sql"))
    };
}

static SQLITE: &[(i64, &str, &str)] = &migrations_in!("sqlite");
static POSTGRES: &[(i64, &str, &str)] = &migrations_in!("postgres");

fn migrations(database: &Database) -> Vec<Migration> {
    let chosen = match database {
        Database::Sqlite { .. } => SQLITE,
        Database::Postgres { .. } => POSTGRES,
    };
    chosen
        .iter()
        .copied()
        .map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect()
}

/// Applies the migrations that are missing. Several nodes may do so at once: the database lets one go first.
///
/// # Errors
/// [`StoreError::Migrate`]: a migration failed, or one that was applied has been changed since.
pub async fn migrate(database: &Database) -> Result<(), StoreError> {
    let migrator = Migrator::with_migrations(migrations(database));
    match database {
        Database::Sqlite { write, .. } => migrator.run(write).await?,
        Database::Postgres { write, .. } => migrator.run(write).await?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_of_both_databases_differ_only_in_the_bytes_type() {
        let statements = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("--"));
            lines.collect::<Vec<_>>().join("\n").replace("BYTEA", "BLOB")
        };
        for ((_, name, sqlite), (_, _, postgres)) in SQLITE.iter().zip(POSTGRES) {
            assert!(!sqlite.contains("BYTEA") && !postgres.contains("BLOB"), "{name}");
            assert_eq!(statements(sqlite), statements(postgres), "{name}");
        }
    }

    #[tokio::test]
    async fn a_new_database_is_for_nobody_else_on_the_machine_to_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let test = crate::store::testing::TestDatabase::sqlite().await;
        let Ok(Location::Sqlite(path)) = test.url.parse() else {
            panic!("{}", test.url)
        };
        for file in [path.clone(), path.with_extension("db-wal")] {
            assert_eq!(
                file.metadata().unwrap().permissions().mode() & 0o077,
                0,
                "{}",
                file.display()
            );
        }
        test.remove().await;
    }

    #[test]
    fn a_url_names_a_file_or_a_server_and_anything_else_is_explained_without_its_password() {
        let file = |path: &str| Location::Sqlite(PathBuf::from(path));
        assert_eq!("sqlite:oke.db".parse::<Location>().unwrap(), file("oke.db"));
        assert_eq!("sqlite:/var/oke.db".parse::<Location>().unwrap(), file("/var/oke.db"));
        assert_eq!("sqlite://oke.db".parse::<Location>().unwrap(), file("oke.db"));
        assert_eq!("sqlite:///var/oke.db".parse::<Location>().unwrap(), file("/var/oke.db"));
        assert!(matches!("postgres://a@b/c".parse(), Ok(Location::Postgres(_))));
        let refusal = "mysql://root:hunter2@db/oke"
            .parse::<Location>()
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("`mysql:…`") && !refusal.contains("hunter2"),
            "{refusal}"
        );
        assert!("sqlite:".parse::<Location>().is_err());
    }

    #[tokio::test]
    async fn a_second_serving_process_on_one_sqlite_file_is_refused_and_a_command_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("oke.db").display());
        let first = open(&url, Purpose::Serve).await.unwrap();
        let refusal = open(&url, Purpose::Serve).await.err().expect("refused").to_string();
        assert!(refusal.contains("another `oke serve` uses the database"), "{refusal}");
        open(&url, Purpose::Command).await.unwrap();
        drop(first);
        open(&url, Purpose::Serve).await.unwrap();
    }

    #[tokio::test]
    async fn migrating_twice_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("oke.db").display());
        let database = open(&url, Purpose::Command).await.unwrap();
        migrate(&database).await.unwrap();
        migrate(&database).await.unwrap();
        let rows = database.rows("SELECT tenant FROM tenant", vec![]).await.unwrap();
        assert!(rows.is_empty());
    }
}
