//! A private PostgreSQL for the tests: a cluster in a temporary folder, reachable through a Unix socket in that folder
//! only, gone when the run ends in whatever way.
//!
//! The cluster is looked after by a second process of this program, the `keeper`, in a process group of its own, so
//! that Ctrl-C does not reach it. It waits on a pipe that we hold: when we end, be it by Ctrl-C or by kill -9, the pipe
//! closes, and the keeper stops the cluster and removes its folder.

pub mod keeper;
mod programs;

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::Failure;
use crate::apt;
use crate::command;
use crate::house::House;
use crate::progress::Progress;
use crate::refusals::Refusal;

/// The hidden verb that makes this program a keeper.
pub const KEEPER_VERB: &str = "keep-postgres";

/// Stopping takes well under a second; the keeper itself gives up earlier than this.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// A running cluster. Dropping it stops it.
pub struct Cluster {
    keeper: Child,
    url: String,
}

impl Cluster {
    /// Starts a cluster, installing PostgreSQL where that is possible; `None` where it cannot be had, after saying so.
    ///
    /// # Errors
    /// When PostgreSQL is there but does not start.
    pub fn start(house: &House, progress: &Progress) -> Result<Option<Self>, Failure> {
        if programs::find().is_none()
            && let Err(why) = install(house, progress)
        {
            progress.say(&format!("no PostgreSQL: {why}"));
            return Ok(None);
        }
        let step = progress.step("starting a private PostgreSQL");
        let cluster = Self::spawn_keeper()?;
        step.done("PostgreSQL is ready");
        Ok(Some(cluster))
    }

    fn spawn_keeper() -> Result<Self, Failure> {
        let own_path = std::env::current_exe()
            .map_err(|error| Failure::new(format!("could not find out where this program lies: {error}")))?;
        let mut keeper = Command::new(own_path)
            .arg(KEEPER_VERB)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::new(format!("could not start the keeper of PostgreSQL: {error}")))?;
        let mut url = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            // A keeper that fails says why on stderr and closes its stdout: the line stays empty.
            let _ = BufReader::new(stdout).read_line(&mut url);
        }
        let cluster = Self {
            keeper,
            url: url.trim().to_owned(),
        };
        if cluster.url.is_empty() {
            return Err(Failure::new("PostgreSQL did not start; the lines above say why"));
        }
        Ok(cluster)
    }

    /// Where the cluster answers, as `postgres://...` with a superuser's rights and no password.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if command::wait_until(&mut self.keeper, Instant::now() + STOP_LIMIT).is_none() {
            eprintln!(
                "warning: the private PostgreSQL has not stopped after {} s",
                STOP_LIMIT.as_secs()
            );
        }
    }
}

/// Installs PostgreSQL with apt; otherwise the sentence says why not, and what to do.
fn install(house: &House, progress: &Progress) -> Result<(), Failure> {
    let by_hand = apt::by_hand(&["postgresql"]);
    if !apt::may_install() {
        return Err(Failure::new(format!(
            "it is not installed, and cannot be installed from here; run {by_hand}"
        )));
    }
    let refusal = Refusal::of(&house.notes(), "postgresql");
    if let Some(why) = refusal.lately(SystemTime::now()) {
        let note = refusal.note().display();
        return Err(Failure::new(format!(
            "{why} (that was an earlier run; remove {note} to try again)"
        )));
    }
    let step = progress.step("installing postgresql with apt");
    let outcome = programs::install().and_then(|()| match programs::find() {
        Some(_) => Ok(()),
        None => Err(Failure::new(
            "apt installed postgresql, but initdb and pg_ctl are not where they should be",
        )),
    });
    match outcome {
        Ok(()) => {
            refusal.forget();
            step.done("apt is done");
            Ok(())
        }
        Err(failure) => {
            refusal.remember(&failure.to_string());
            Err(Failure::new(format!("{failure}; run {by_hand}")))
        }
    }
}
