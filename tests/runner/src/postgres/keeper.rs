//! The keeper: starts a cluster, prints where it answers, waits until its stdin closes, stops the cluster.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use super::programs;
use crate::Failure;
use crate::command;

/// The port only names the socket's file; no port is opened.
const PORT: &str = "5432";

/// Speed instead of safety: the data lives no longer than the tests. The connections are for many tests at once.
const SERVER_SETTINGS: [&str; 6] = [
    "listen_addresses=''",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "timezone=UTC",
];

/// Runs as the keeper until stdin closes.
pub fn main(arguments: &[String]) -> ExitCode {
    if !arguments.is_empty() {
        eprintln!("error: the keeper takes no arguments; `cargo verify` starts it");
        return ExitCode::from(2);
    }
    match keep() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn keep() -> Result<(), Failure> {
    let programs = programs::find().ok_or_else(|| Failure::new("initdb and pg_ctl are not on this machine"))?;
    let home = Home::make(account()?)?;
    let cluster = Server { programs, home: &home };
    cluster.initialise()?;
    let outcome = cluster.start().and_then(|()| {
        announce(&home.url())?;
        wait_for_the_end();
        Ok(())
    });
    // Also after a failed start: it may have been slow rather than dead.
    cluster.stop();
    outcome
}

fn announce(url: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{url}")
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::new(format!("nobody listens to the keeper any more: {error}")))
}

fn wait_for_the_end() {
    let mut unused = Vec::new();
    // An error means the same as the end: whoever started us is gone.
    let _ = std::io::stdin().read_to_end(&mut unused);
}

/// A user and group by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Account {
    user: u32,
    group: u32,
}

/// Whom the server runs as: PostgreSQL refuses the superuser. `None` is ourselves.
fn account() -> Result<Option<Account>, Failure> {
    if !command::is_root() {
        return Ok(None);
    }
    let table = fs::read_to_string("/etc/passwd")
        .map_err(|error| Failure::new(format!("could not read /etc/passwd: {error}")))?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| account_in(&table, name))
        .map(Some)
        .ok_or_else(|| Failure::new("PostgreSQL does not run as root, and there is no account `postgres` or `nobody`"))
}

fn account_in(table: &str, name: &str) -> Option<Account> {
    let line = table.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Account {
        user: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

/// The cluster's folder, private to its account; removed at the end.
struct Home {
    folder: PathBuf,
    account: Option<Account>,
}

impl Home {
    fn make(account: Option<Account>) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("oke-postgres-{}", std::process::id()));
        let told = |error| Failure::new(format!("could not make {}: {error}", folder.display()));
        // Not create_dir_all: a folder that somebody else made is not ours to use.
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(told)?;
        let home = Self {
            folder: folder.clone(),
            account,
        };
        if let Some(Account { user, group }) = account {
            chown(&home.folder, Some(user), Some(group)).map_err(told)?;
        }
        Ok(home)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// For libpq and sqlx alike, `host` that begins with a slash is the socket's folder.
    fn url(&self) -> String {
        format!("postgres://oke@localhost/postgres?host={}", self.folder.display())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("warning: could not remove {}: {error}", self.folder.display());
        }
    }
}

/// The server in its home.
struct Server<'a> {
    programs: PathBuf,
    home: &'a Home,
}

impl Server<'_> {
    fn initialise(&self) -> Result<(), Failure> {
        let mut initdb = self.program("initdb");
        initdb.args([
            "--username=oke",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        initdb.arg("--pgdata").arg(self.home.data());
        command::read(&mut initdb).map(drop)
    }

    fn start(&self) -> Result<(), Failure> {
        let mut options = format!("-p {PORT} -k {}", self.home.folder.display());
        for setting in SERVER_SETTINGS {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let mut pg_ctl = self.pg_ctl("start");
        pg_ctl
            .args(["--wait", "--silent", "--timeout=60", "--options"])
            .arg(options)
            .arg("--log")
            .arg(self.home.log());
        // The server keeps what it gets here for life: our stdout must close when we say no more.
        let status = pg_ctl.stdin(Stdio::null()).stdout(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::new(format!(
                "pg_ctl start ended with {status}: {}",
                self.end_of_log()
            ))),
            Err(error) => Err(Failure::new(format!("could not start pg_ctl: {error}"))),
        }
    }

    fn stop(&self) {
        for mode in ["fast", "immediate"] {
            let mut pg_ctl = self.pg_ctl("stop");
            pg_ctl.args(["--wait", "--silent", "--timeout=20", "--mode", mode]);
            if command::read(&mut pg_ctl).is_ok() || !self.home.data().join("postmaster.pid").exists() {
                return;
            }
        }
        eprintln!(
            "warning: the private PostgreSQL in {} did not stop",
            self.home.folder.display()
        );
    }

    fn pg_ctl(&self, verb: &str) -> Command {
        let mut pg_ctl = self.program("pg_ctl");
        pg_ctl.arg(verb).arg("--pgdata").arg(self.home.data());
        pg_ctl
    }

    /// One of PostgreSQL's programs, as the cluster's account, free of settings for other servers.
    fn program(&self, name: &str) -> Command {
        let mut program = Command::new(self.programs.join(name));
        program.current_dir(&self.home.folder);
        for (variable, _) in std::env::vars_os() {
            if variable.to_str().is_some_and(|variable| variable.starts_with("PG")) {
                program.env_remove(variable);
            }
        }
        if let Some(Account { user, group }) = self.home.account {
            program.uid(user).gid(group);
        }
        program
    }

    fn end_of_log(&self) -> String {
        last_lines(&fs::read_to_string(self.home.log()).unwrap_or_default(), 5)
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_the_table_by_its_whole_name() {
        let table =
            "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104:,,,:/var:/bin/bash\n";
        assert_eq!(account_in(table, "postgres"), Some(Account { user: 101, group: 104 }));
        assert_eq!(account_in(table, "nobody"), None);
        assert_eq!(account_in("nobody:x:no:number::/:/bin/sh\n", "nobody"), None);
    }

    #[test]
    fn the_end_of_a_log_is_at_most_so_many_lines() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
