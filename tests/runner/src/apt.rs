//! Debian's packages: installed when we are the superuser on a machine with apt, otherwise named to the reader.

use std::process::Command;

use crate::Failure;
use crate::command;

/// Whether packages can be installed from here.
pub fn may_install() -> bool {
    command::which("apt-get").is_some() && command::is_root()
}

/// What to type to install these packages by hand.
pub fn by_hand(packages: &[&str]) -> String {
    format!("`sudo apt-get install {}`", packages.join(" "))
}

/// Installs packages without asking anything. Refreshes apt's lists first: on a fresh machine they are empty.
///
/// # Errors
/// When apt fails; its own output says why.
pub fn install(packages: &[&str]) -> Result<(), Failure> {
    // A failed refresh is no reason to stop: the lists at hand may do.
    if let Err(failure) = command::show(&mut apt_get(&["update", "-qq"])) {
        eprintln!("warning: {failure}");
    }
    command::show(apt_get(&["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut apt_get = Command::new("apt-get");
    apt_get
        .args(arguments)
        // Another apt may be at work, as on a machine that has just started.
        .args(["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(std::process::Stdio::null());
    apt_get
}

/// The files of an installed package; `None` when it is not installed, or this is no Debian.
pub fn files_of(package: &str) -> Option<Vec<String>> {
    let listing = command::read(Command::new("dpkg").args(["-L", package])).ok()?;
    Some(listing.lines().map(str::to_owned).collect())
}
