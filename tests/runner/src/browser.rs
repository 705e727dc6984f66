//! A browser for the tests of the pages, and the accessibility checker axe-core that runs in it: neither is part of
//! this repository. What cannot be had is said in one sentence, and the tests that need it say that they are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::apt;
use crate::command;
use crate::house::House;
use crate::progress::Progress;
use crate::refusals::Refusal;

/// Debian's browser and the driver that speaks WebDriver for it.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// The checker, by version and by the digest of its package: another one finds other breaches.
const AXE_VERSION: &str = "4.14.1";
const AXE_SHA256: &str = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745";

/// The package is 0.7 MB; an unreachable registry must not hold the tests up.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(90);

/// The programs of a browser.
pub struct Browser {
    /// Chromium itself.
    pub chromium: PathBuf,
    /// Its driver.
    pub chromedriver: PathBuf,
}

impl Browser {
    /// Finds one, or installs it where that is possible; `None` where it cannot be had, after saying so.
    pub fn prepare(house: &House, progress: &Progress) -> Option<Self> {
        if let Some(found) = Self::find() {
            return Some(found);
        }
        match install(house, progress) {
            Ok(installed) => Some(installed),
            Err(why) => {
                progress.say(&format!("no browser: {why}"));
                None
            }
        }
    }

    fn find() -> Option<Self> {
        Some(Self {
            chromium: command::which("chromium").or_else(|| command::which("google-chrome"))?,
            chromedriver: command::which("chromedriver")?,
        })
    }
}

/// Installs Chromium with apt; otherwise the sentence says why not, and what to do.
fn install(house: &House, progress: &Progress) -> Result<Browser, Failure> {
    let by_hand = apt::by_hand(&PACKAGES);
    if !apt::may_install() {
        return Err(Failure::new(format!(
            "chromium and chromedriver are not both installed, and cannot be installed from here; run {by_hand}"
        )));
    }
    let refusal = Refusal::of(&house.notes(), "chromium");
    if let Some(why) = refusal.lately(SystemTime::now()) {
        let note = refusal.note().display();
        return Err(Failure::new(format!(
            "{why} (that was an earlier run; remove {note} to try again)"
        )));
    }
    let step = progress.step("installing chromium with apt");
    let outcome = apt::install(&PACKAGES).and_then(|()| {
        Browser::find()
            .ok_or_else(|| Failure::new("apt installed chromium, but chromium and chromedriver are not in PATH"))
    });
    match outcome {
        Ok(browser) => {
            refusal.forget();
            step.done("apt is done");
            Ok(browser)
        }
        Err(failure) => {
            refusal.remember(&failure.to_string());
            Err(Failure::new(format!("{failure}; run {by_hand}")))
        }
    }
}

/// The accessibility checker as one script, fetched once and held against its digest each time; `None` where it cannot
/// be had, after saying so.
pub fn accessibility_checker(house: &House, progress: &Progress) -> Option<PathBuf> {
    let folder = house.notes().join(format!("axe-core-{AXE_VERSION}"));
    let refusal = Refusal::of(&house.notes(), "axe-core");
    match checker_in(&folder, &refusal, progress) {
        Ok(script) => Some(script),
        Err(why) => {
            progress.say(&format!("no accessibility checker: {why}"));
            None
        }
    }
}

fn checker_in(folder: &Path, refusal: &Refusal, progress: &Progress) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("could not make the folder {}: {error}", folder.display())))?;
    let package = folder.join("package.tgz");
    if !package.is_file() {
        if let Some(why) = refusal.lately(SystemTime::now()) {
            let note = refusal.note().display();
            return Err(Failure::new(format!(
                "{why} (that was an earlier run; remove {note} to try again)"
            )));
        }
        let step = progress.step(&format!("fetching the accessibility checker axe-core {AXE_VERSION}"));
        if let Err(failure) = fetch(&package) {
            let _ = std::fs::remove_file(&package);
            refusal.remember(&failure.to_string());
            return Err(failure);
        }
        refusal.forget();
        step.done("fetched");
    }
    if let Err(failure) = hold_against(AXE_SHA256, &package) {
        // The next run fetches it anew.
        let _ = std::fs::remove_file(&package);
        return Err(failure);
    }
    let mut unpack = Command::new("tar");
    unpack
        .arg("-xzf")
        .arg(&package)
        .arg("-C")
        .arg(folder)
        .arg("package/axe.min.js");
    command::show(&mut unpack)?;
    Ok(folder.join("package/axe.min.js"))
}

/// Fetches the package by name with npm, from the registry that npm is set up for.
fn fetch(to: &Path) -> Result<(), Failure> {
    if command::which("npm").is_none() {
        return Err(Failure::new("there is no npm to fetch it with; install npm"));
    }
    let folder = to
        .parent()
        .ok_or_else(|| Failure::new(format!("{} lies in no folder", to.display())))?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--pack-destination"])
        .arg(folder)
        .arg(format!("axe-core@{AXE_VERSION}"));
    command::show_within(&mut npm, DOWNLOAD_LIMIT)?;
    let packed = folder.join(format!("axe-core-{AXE_VERSION}.tgz"));
    std::fs::rename(&packed, to)
        .map_err(|error| Failure::new(format!("npm left no package at {}: {error}", packed.display())))
}

/// Refuses a file with another digest.
fn hold_against(expected: &str, file: &Path) -> Result<(), Failure> {
    let listed = command::read(Command::new("sha256sum").arg("--binary").arg(file))?;
    let digest = listed.split_whitespace().next().unwrap_or_default();
    if digest.trim_start_matches('\\') == expected {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} has the SHA-256 digest {digest} instead of {expected}; it was removed",
        file.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_another_digest_is_refused() {
        let file = std::env::temp_dir().join(format!("oke-run-digest-{}", std::process::id()));
        std::fs::write(&file, "abc").unwrap();
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        hold_against(of_abc, &file).unwrap();
        let refused = hold_against(AXE_SHA256, &file).unwrap_err();
        assert!(refused.to_string().contains(of_abc), "{refused}");
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_package_that_was_tampered_with_is_removed_and_not_unpacked() {
        let folder = std::env::temp_dir().join(format!("oke-run-axe-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("package.tgz"), "not axe-core").unwrap();
        let refusal = Refusal::of(&folder, "axe-core");
        checker_in(&folder, &refusal, &Progress::new()).unwrap_err();
        assert!(!folder.join("package.tgz").exists() && !folder.join("package").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
