//! `oke connector pack`: one file in canonical form.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{output_folder, read_manifest, write_file};
use crate::cli::outcome::{Done, Outcome};
use crate::connector::package::folder::read_at_most;
use crate::connector::package::{COMPONENT_FILE, FileName, Package, SBOM_FILE};

/// Put component, manifest, notes, SBOM and profiles into one unsigned package.
///
/// Reads connector.toml, NOTES.md and profiles/ from the folder, and what `oke connector build` made; writes
/// NAME-VERSION.oke. Everything a host would check before looking at the signature is checked here. The same contents
/// always give the same bytes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector pack my-vendor
  oke connector pack my-vendor --component dist/my-vendor.wasm --sbom dist/bom.json --out dist")]
pub(super) struct Arguments {
    /// The connector's folder
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// The component, when `oke connector build` didn't make it
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// The SBOM (CycloneDX JSON), when `oke connector build` didn't make it
    #[arg(long, value_name = "FILE")]
    sbom: Option<PathBuf>,
    /// The folder to write to [default: target/oke in the connector's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let manifest = read_manifest(&arguments.folder)?;
    let made = output_folder(&arguments.folder);
    let component_path = arguments.component.clone().unwrap_or_else(|| made.join(COMPONENT_FILE));
    let sbom_path = arguments.sbom.clone().unwrap_or_else(|| made.join(SBOM_FILE));
    let component = read_at_most(
        &component_path,
        &FileName::Component,
        "run `oke connector build` first, or give `--component`",
    )?;
    let sbom = read_at_most(
        &sbom_path,
        &FileName::Sbom,
        "run `oke connector build` first, or give `--sbom` with CycloneDX JSON",
    )?;
    let package = Package::from_folder(&arguments.folder, component, sbom)?;
    let bytes = package.to_bytes();
    let path = arguments.out.clone().unwrap_or(made).join(manifest.package_file_name());
    write_file(&path, &bytes)?;
    let text = format!(
        "packed {} ({} KiB, unsigned)\ndigest {}\nnext: oke connector sign --key FILE {}",
        path.display(),
        bytes.len().div_ceil(1024),
        package.digest(),
        path.display(),
    );
    Done::new(
        text,
        &json!({ "package": path, "bytes": bytes.len(), "digest": package.digest() }),
    )
}
