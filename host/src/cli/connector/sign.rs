//! `oke connector sign`: the publisher's signature in the package, or a counter-signature beside it.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{could_not, read_package, write_file};
use crate::cli::outcome::{Done, Outcome, Stop};
use crate::connector::package::Package;
use crate::connector::signature::key_file::PrivateKeyFile;

/// Sign a package as its publisher, or counter-sign one.
///
/// The publisher's signature goes into the package and covers every file in it. A counter-signature (a school's own
/// approval, a second pair of eyes) covers the package's digest and goes into PACKAGE.sig.json, beside any that are
/// there already. Signing never changes the digest.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector sign --key keys/my-company.key my-vendor-1.0.0.oke
  oke connector sign --also --key keys/my-company-2.key my-vendor-1.0.0.oke
  oke connector sign --counter --key keys/my-school.key my-vendor-1.0.0.oke")]
pub(super) struct Arguments {
    /// The private key, made by `oke connector keygen`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Sign beside the package, as somebody other than its publisher
    #[arg(long)]
    counter: bool,
    /// Keep the signatures that are there: while one key follows another, schools that know either take the package
    #[arg(long, conflicts_with = "counter")]
    also: bool,
    /// Where to write [default: the package itself, or PACKAGE.sig.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The package
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let key = PrivateKeyFile::read(&arguments.key)?;
    let package = Package::read(read_package(&arguments.package)?)?;
    let (path, bytes) = match arguments.counter {
        true => counter_signed(arguments, &package, &key)?,
        false => {
            let signed = match arguments.also {
                true => package.also_signed(&key.publisher, &key.key)?,
                false => package.signed(&key.publisher, &key.key)?,
            };
            let path = arguments.out.clone().unwrap_or_else(|| arguments.package.clone());
            (path, signed.to_bytes())
        }
    };
    write_file(&path, &bytes)?;
    let id = key.key.public().id();
    let text = format!(
        "signed {} by {} with key {id}\ndigest {}",
        path.display(),
        key.publisher,
        package.digest()
    );
    Done::new(
        text,
        &json!({
            "written": path,
            "publisher": key.publisher,
            "key": id,
            "digest": package.digest(),
            "counter": arguments.counter,
        }),
    )
}

fn counter_signed(arguments: &Arguments, package: &Package, key: &PrivateKeyFile) -> Result<(PathBuf, Vec<u8>), Stop> {
    let path = arguments
        .out
        .clone()
        .unwrap_or_else(|| counter_signature_path(&arguments.package));
    let earlier = match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(could_not("read", &path, &error)),
    };
    let bytes = package.counter_signed(&path.display().to_string(), earlier.as_deref(), &key.key)?;
    Ok((path, bytes))
}

/// `NAME-VERSION.oke.sig.json`, beside the package.
pub(super) fn counter_signature_path(package: &Path) -> PathBuf {
    let mut path = package.as_os_str().to_owned();
    path.push(".sig.json");
    PathBuf::from(path)
}
