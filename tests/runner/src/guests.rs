//! The guests: connectors and the hostile ones of the tests. Found in their folders, built in one call for Wasm.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::command;
use crate::house::House;
use crate::progress::Progress;
use crate::toolchain::{TARGET, Toolchain};

/// The folders whose subfolders may hold a guest.
const SHELVES: [&str; 2] = ["connectors", "tests/guests"];

/// The profile of the root `Cargo.toml` that guests are built with.
const PROFILE: &str = "guest";

/// Builds all guests and returns the folder with their core modules, `NAME.wasm` each.
///
/// # Errors
/// When no toolchain can be had, a manifest is not one, or the build fails.
pub fn build(house: &House, progress: &Progress) -> Result<PathBuf, Failure> {
    let target_folder = house.target.join("guests");
    let modules = target_folder.join(TARGET).join(PROFILE);
    let packages = packages(&house.root)?;
    if packages.is_empty() {
        progress.say(&format!(
            "there are no guests in {}: nothing to build",
            SHELVES.join(" and ")
        ));
        return Ok(modules);
    }
    let toolchain = Toolchain::prepare(house, progress)?;
    let step = progress.step(&format!(
        "building guests ({}) with {}",
        packages.join(", "),
        toolchain.name()
    ));
    let mut cargo = toolchain.cargo_build(house);
    cargo
        .arg("--lib")
        .args(["--profile", PROFILE])
        .arg("--target-dir")
        .arg(&target_folder);
    for package in &packages {
        cargo.args(["--package", package]);
    }
    command::show(&mut cargo)?;
    let missing: Vec<String> = packages
        .iter()
        .map(|package| module_name(package))
        .filter(|name| !modules.join(name).is_file())
        .collect();
    if !missing.is_empty() {
        let (missing, modules) = (missing.join(", "), modules.display());
        return Err(Failure::new(format!(
            "cargo built the guests, but {modules} lacks {missing}: a guest's library bears its package's name"
        )));
    }
    step.done("guests are built");
    Ok(modules)
}

/// The names of the packages that are guests, in alphabetical order.
fn packages(root: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for shelf in SHELVES {
        let Ok(entries) = fs::read_dir(root.join(shelf)) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            let manifest = entry.path().join("Cargo.toml");
            if !manifest.is_file() {
                continue;
            }
            let text = fs::read_to_string(&manifest)
                .map_err(|error| Failure::new(format!("could not read {}: {error}", manifest.display())))?;
            if let Some(name) = guest_in(&text) {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// What cargo calls the core module of a package.
fn module_name(package: &str) -> String {
    format!("{}.wasm", package.replace('-', "_"))
}

/// The package's name, when its library is a `cdylib`. Reads only as much TOML as manifests are written in: one key
/// per line, lists possibly over more lines.
fn guest_in(manifest: &str) -> Option<String> {
    let mut table = "";
    let mut name = None;
    let mut in_crate_types = false;
    let mut is_cdylib = false;
    for line in manifest.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if in_crate_types {
            is_cdylib |= line.contains("\"cdylib\"");
            in_crate_types = !line.contains(']');
        } else if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']').trim();
        } else if let Some((key, value)) = line.split_once('=') {
            match (table, key.trim()) {
                ("package", "name") => name = Some(value.trim().trim_matches('"').to_owned()),
                ("lib", "crate-type") => {
                    is_cdylib |= value.contains("\"cdylib\"");
                    in_crate_types = !value.contains(']');
                }
                _ => {}
            }
        }
    }
    name.filter(|_| is_cdylib)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_a_cdylib_is_a_guest() {
        let manifest = "[package]\nname = \"ooapi-ta\" # the connector\n\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n\
                        [[test]]\nname = \"mapping\"\n[package.metadata.component]\nname = \"other\"\n";
        assert_eq!(guest_in(manifest).as_deref(), Some("ooapi-ta"));
        let over_more_lines = "[package]\nname = \"spin\"\n[lib]\ncrate-type = [\n  \"rlib\",\n  \"cdylib\",\n]\n";
        assert_eq!(guest_in(over_more_lines).as_deref(), Some("spin"));
    }

    #[test]
    fn a_library_beside_the_guests_is_no_guest() {
        assert_eq!(guest_in("[package]\nname = \"shared\"\n"), None);
        assert_eq!(
            guest_in("[package]\nname = \"shared\"\n[lib]\ncrate-type = [\"rlib\"] # no \"cdylib\"\n"),
            None
        );
    }

    #[test]
    fn a_core_module_bears_the_packages_name_with_underscores() {
        assert_eq!(module_name("ooapi-ta"), "ooapi_ta.wasm");
    }
}
