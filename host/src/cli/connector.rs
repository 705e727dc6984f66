//! `oke connector …`: the life of a connector version before a host knows it: new, build, keygen, pack, sign, verify,
//! inspect, test work offline, on files, one file per verb under `connector/`. What talks to a running host (install, list,
//! show, rollout, rollback, revoke) is in `connector/online.rs`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::outcome::{Outcome, Stop};
use crate::connector::build::BuildError;
use crate::connector::manifest::{MANIFEST_FILE, Manifest};
use crate::connector::package::folder::{FolderError, read_at_most};
use crate::connector::package::{FileName, MAX_PACKAGE_BYTES};
use crate::connector::refusal::Refusal;
use crate::connector::signature::key_file::KeyFileError;

mod build;
mod client;
mod inspect;
mod install;
mod keygen;
mod new;
mod online;
mod pack;
mod phased;
mod revoke;
mod sign;
mod test;
mod verify;

/// The arguments of `oke connector`.
#[derive(Args)]
#[command(after_help = "\
From an idea to a package that a school can install:
  oke connector new my-vendor --publisher my-company
  oke connector build my-vendor
  oke connector keygen --name my-company --out keys
  oke connector pack my-vendor
  oke connector test my-vendor/target/oke/my-vendor-0.1.0.oke
  oke connector sign --key keys/my-company.key my-vendor/target/oke/my-vendor-0.1.0.oke
  oke connector inspect my-vendor/target/oke/my-vendor-0.1.0.oke
  oke connector verify --trust trust.toml my-vendor/target/oke/my-vendor-0.1.0.oke

At a school, with OKE_URL and OKE_TOKEN set:
  oke connector install my-vendor-0.1.0.oke --peer my-vendor --reason 'first installation'
  oke connector show my-vendor
  oke connector rollback my-vendor --reason 'results come in twice since 0.1.0'")]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

/// What each does is told by its own arguments.
#[derive(Subcommand)]
enum Verb {
    New(new::Arguments),
    Build(build::Arguments),
    Keygen(keygen::Arguments),
    Pack(pack::Arguments),
    Sign(sign::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Test(test::Arguments),
    Install(install::Install),
    List(online::List),
    Show(online::Show),
    Rollout(phased::Rollout),
    Rollback(online::Rollback),
    Revoke(revoke::Revoke),
}

/// Runs one verb.
pub(super) fn run(arguments: Arguments, as_json: bool) -> Outcome {
    match arguments.verb {
        Verb::New(arguments) => new::run(&arguments),
        Verb::Build(arguments) => build::run(&arguments),
        Verb::Keygen(arguments) => keygen::run(&arguments),
        Verb::Pack(arguments) => pack::run(&arguments),
        Verb::Sign(arguments) => sign::run(&arguments),
        Verb::Verify(arguments) => verify::run(&arguments),
        Verb::Inspect(arguments) => inspect::run(&arguments),
        Verb::Test(arguments) => test::run(&arguments, as_json),
        Verb::Install(arguments) => install::install(&arguments),
        Verb::List(arguments) => online::list(&arguments),
        Verb::Show(arguments) => online::show(&arguments),
        Verb::Rollout(arguments) => phased::rollout(&arguments),
        Verb::Rollback(arguments) => online::rollback(&arguments),
        Verb::Revoke(arguments) => revoke::revoke(&arguments),
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Stop::refused(refusal.reason(), refusal.to_string())
    }
}

impl From<FolderError> for Stop {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Refused(refusal) => refusal.into(),
            FolderError::Unreadable { .. } => Stop::refused("unreadable", error.to_string()),
        }
    }
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Self {
        let reason = match &error {
            BuildError::NoToolchain | BuildError::NoLinker { .. } => "no-toolchain",
            _ => "build-failed",
        };
        Stop::refused(reason, error.to_string())
    }
}

impl From<KeyFileError> for Stop {
    fn from(error: KeyFileError) -> Self {
        Stop::refused("key-file", error.to_string())
    }
}

pub(super) use verify::read_trust;

/// Where `build` and `pack` put what they make, below the connector's folder.
fn output_folder(folder: &Path) -> PathBuf {
    folder.join("target").join("oke")
}

fn read_manifest(folder: &Path) -> Result<Manifest, Stop> {
    let mend = "give the folder of a connector, or make one with `oke connector new`";
    let bytes = read_at_most(&folder.join(MANIFEST_FILE), &FileName::Manifest, mend)?;
    Ok(Manifest::parse(&bytes).map_err(Refusal::from)?)
}

/// Reads a whole package file, but no more than a package may be.
fn read_package(path: &Path) -> Result<Vec<u8>, Stop> {
    let refuse = |error: io::Error| could_not("read", path, &error);
    let size = std::fs::metadata(path).map_err(refuse)?.len();
    if size > MAX_PACKAGE_BYTES as u64 {
        return Err(Refusal::TooLarge {
            limit: MAX_PACKAGE_BYTES,
        }
        .into());
    }
    std::fs::read(path).map_err(refuse)
}

/// Writes a file whole or not at all: a reader never meets half of it.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let refuse = |error: io::Error| could_not("write", path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(refuse)
}

pub(super) fn could_not(what: &str, path: &Path, error: &io::Error) -> Stop {
    let mend = match error.kind() {
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::PermissionDenied => "; check who owns it",
        _ => "",
    };
    Stop::refused(
        "unreadable",
        format!("could not {what} `{}`: {error}{mend}", path.display()),
    )
}

#[cfg(test)]
mod tests;
