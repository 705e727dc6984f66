//! `oke connector verify`: may this package be trusted? Offline, from a trust file.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::sign::counter_signature_path;
use super::{could_not, read_package};
use crate::app::World;
use crate::cli::outcome::{Done, Outcome, Stop};
use crate::connector::manifest::Slug;
use crate::connector::refusal::Refusal;
use crate::connector::trust::{Signer, TrustStore};
use crate::connector::verify::{VerifiedPackage, verify, verify_counter_signatures};

/// Say, offline, whether a package may be trusted, and if not why.
///
/// Checks that the archive is in canonical form, that a trusted key of its publisher signed every file in it, that the
/// component imports and exports what the contract allows and the manifest says, and that notes, SBOM and profiles are
/// there. Nothing in the package is run, nothing is fetched. Counter-signatures in PACKAGE.sig.json are read along.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector verify --trust trust.toml my-vendor-1.0.0.oke
  oke connector verify --trust trust.toml --counter-signed-by my-school my-vendor-1.0.0.oke
  oke connector verify --trust trust.toml --admitted-at 2026-03-01T00:00:00Z my-vendor-1.0.0.oke

A trust file:
  [[publisher]]
  name = \"my-company\"

  [[publisher.key]]
  id = \"…\"                                  from the publisher's .pub file
  public = \"…\"
  trusted-since = \"2026-01-01T00:00:00Z\"
  revoked-since = \"2026-06-01T00:00:00Z\"    only when revoked: compromised since")]
pub(super) struct Arguments {
    /// The trust file: whose keys are believed, since when
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// When a host first admitted the package, which is the time that counts for keys [default: now]
    #[arg(long, value_name = "TIME")]
    admitted_at: Option<Timestamp>,
    /// Refuse unless this publisher counter-signed too; may be given more than once
    #[arg(long, value_name = "PUBLISHER")]
    counter_signed_by: Vec<Slug>,
    /// The package
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let trust = read_trust(&arguments.trust)?;
    let at = arguments
        .admitted_at
        .unwrap_or_else(|| World::of_this_machine().clock.now());
    let verified = verify(read_package(&arguments.package)?, &trust, at)?;
    let mut warnings = file_name_warning(arguments, &verified);
    let counter_signers = counter_signers(arguments, &verified, &trust, at, &mut warnings)?;
    for publisher in &arguments.counter_signed_by {
        if !counter_signers.iter().any(|signer| signer.publisher == *publisher) {
            return Err(Refusal::CounterSignatureMissing {
                publisher: publisher.to_string(),
            }
            .into());
        }
    }
    let connector = &verified.contents.manifest.connector;
    let mut text = format!(
        "{} {} by {} may be trusted\n  signed with key {}\n  digest {}",
        connector.name,
        connector.version,
        connector.publisher,
        verified.signer.key,
        verified.package.digest(),
    );
    for signer in &counter_signers {
        text.push_str(&format!(
            "\n  counter-signed by {} with key {}",
            signer.publisher, signer.key
        ));
    }
    for warning in &warnings {
        text.push_str(&format!("\n  warning: {warning}"));
    }
    Done::new(
        text,
        &json!({
            "name": connector.name,
            "version": connector.version.to_string(),
            "digest": verified.package.digest(),
            "signer": verified.signer,
            "counter_signers": counter_signers,
            "at": at,
            "warnings": warnings,
        }),
    )
}

/// Reads a trust file that trusts somebody.
pub(in crate::cli) fn read_trust(path: &Path) -> Result<TrustStore, Stop> {
    let text = std::fs::read_to_string(path).map_err(|error| could_not("read", path, &error))?;
    let trust = TrustStore::parse(&text)
        .map_err(|error| Stop::refused("trust-file", format!("trust file `{}`: {error}", path.display())))?;
    if trust.is_empty() {
        return Err(Stop::refused(
            "trust-file",
            format!(
                "trust file `{}` trusts nobody; add a `[[publisher]]` with a `[[publisher.key]]`",
                path.display()
            ),
        ));
    }
    Ok(trust)
}

/// The name of the file says nothing that is signed, so that another name is no reason to refuse.
fn file_name_warning(arguments: &Arguments, verified: &VerifiedPackage) -> Vec<String> {
    let said = arguments.package.file_name().map(|name| name.to_string_lossy());
    let is = verified.contents.manifest.package_file_name();
    match said {
        Some(said) if said != is => vec![format!("the file is called `{said}`, but holds `{is}`")],
        _ => Vec::new(),
    }
}

fn counter_signers(
    arguments: &Arguments,
    verified: &VerifiedPackage,
    trust: &TrustStore,
    at: Timestamp,
    warnings: &mut Vec<String>,
) -> Result<Vec<Signer>, Stop> {
    let path = counter_signature_path(&arguments.package);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(could_not("read", &path, &error)),
    };
    let found = verify_counter_signatures(&path.display().to_string(), &bytes, verified, trust, at)?;
    warnings.extend(
        found
            .not_counted
            .iter()
            .map(|why| format!("a counter-signature does not count: {why}")),
    );
    Ok(found.signers)
}
