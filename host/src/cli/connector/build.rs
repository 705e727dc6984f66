//! `oke connector build`: from a folder with Rust in it to a component that keeps to the contract.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{could_not, output_folder, read_manifest, write_file};
use crate::cli::outcome::{Done, Outcome};
use crate::connector::build::Toolchain;
use crate::connector::contract::read_surface;
use crate::connector::package::{COMPONENT_FILE, SBOM_FILE, check_interfaces};
use crate::connector::refusal::Refusal;

/// Build a connector's folder into a component, with the list of what it is made from.
///
/// Runs cargo for wasm32-unknown-unknown, wraps the module into a component, and holds its type against the contract
/// and the manifest. Writes `target/oke/component.wasm` and `target/oke/sbom.json` in the folder. Needs Rust with that
/// target (`rustup target add wasm32-unknown-unknown`), or Debian's rustc-web, cargo-web and rust-web-src.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector build                      the connector in this folder
  oke connector build connectors/my-vendor
  oke connector build my-vendor --profile dev

A connector in another language is built with its own tools; give the component to `oke connector pack --component`.")]
pub(super) struct Arguments {
    /// The connector's folder, which holds connector.toml and Cargo.toml
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Cargo's profile to build with
    #[arg(long, default_value = "release")]
    profile: String,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let manifest = read_manifest(&arguments.folder)?;
    let folder = arguments
        .folder
        .canonicalize()
        .map_err(|error| could_not("find", &arguments.folder, &error))?;
    let toolchain = Toolchain::find()?;
    let built = toolchain.build(&folder, &arguments.profile, &manifest)?;
    let surface = read_surface(&built.component).map_err(Refusal::from)?;
    check_interfaces(&manifest, &surface)?;

    let out = output_folder(&arguments.folder);
    let component = out.join(COMPONENT_FILE);
    let sbom = out.join(SBOM_FILE);
    write_file(&component, &built.component)?;
    write_file(&sbom, &built.sbom)?;
    let exports: Vec<&str> = surface.exports.iter().map(|interface| interface.as_str()).collect();
    let text = format!(
        "built {} ({} KiB) with {}\nserves {}\nnext: oke connector pack {}",
        component.display(),
        built.component.len().div_ceil(1024),
        toolchain.description,
        exports.join(", "),
        arguments.folder.display(),
    );
    Done::new(
        text,
        &json!({
            "component": component,
            "sbom": sbom,
            "bytes": built.component.len(),
            "exports": surface.exports,
            "imports": surface.imports,
            "toolchain": toolchain.description,
        }),
    )
}
