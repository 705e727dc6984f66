//! Schemathesis, the tester of the OKE faces: a Python package, in an environment of its own below the target folder.
//! What cannot be had is said in one sentence, and the tests that need it say that they are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::command;
use crate::house::House;
use crate::progress::Progress;
use crate::refusals::Refusal;

/// By version: another one finds other breaches.
const VERSION: &str = "4.32.5";

/// Some 20 packages of 30 MB; an unreachable registry must not hold the tests up.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(180);

/// A Python that has it, made where that is possible; `None` where it cannot be had, after saying so.
pub fn python(house: &House, progress: &Progress) -> Option<PathBuf> {
    let folder = house.notes().join(format!("schemathesis-{VERSION}"));
    match python_in(&folder, &Refusal::of(&house.notes(), "schemathesis"), progress) {
        Ok(python) => Some(python),
        Err(why) => {
            progress.say(&format!("no schemathesis: {why}"));
            None
        }
    }
}

fn python_in(folder: &Path, refusal: &Refusal, progress: &Progress) -> Result<PathBuf, Failure> {
    let python = folder.join("bin/python");
    // Written last, so that an environment half made is made again.
    let complete = folder.join("complete");
    if complete.is_file() {
        return Ok(python);
    }
    if let Some(why) = refusal.lately(SystemTime::now()) {
        let note = refusal.note().display();
        return Err(Failure::new(format!(
            "{why} (that was an earlier run; remove {note} to try again)"
        )));
    }
    let step = progress.step(&format!("fetching schemathesis {VERSION} with pip"));
    if let Err(failure) = install(folder, &python) {
        refusal.remember(&failure.to_string());
        return Err(failure);
    }
    refusal.forget();
    std::fs::write(&complete, "")
        .map_err(|error| Failure::new(format!("could not write {}: {error}", complete.display())))?;
    step.done("fetched");
    Ok(python)
}

fn install(folder: &Path, python: &Path) -> Result<(), Failure> {
    if command::which("python3").is_none() {
        return Err(Failure::new(
            "there is no python3 to run it with; install python3 and python3-venv",
        ));
    }
    let _ = std::fs::remove_dir_all(folder);
    command::show(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg(format!("schemathesis=={VERSION}"))
        .arg("pyyaml");
    command::show_within(&mut pip, DOWNLOAD_LIMIT)
}
