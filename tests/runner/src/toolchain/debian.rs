//! Debian's `rustc-web`, `cargo-web` and `rust-web-src`: a toolchain with the standard library's source and its
//! dependencies, from which cargo builds it for Wasm.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::choice::Debian;
use crate::Failure;
use crate::apt;
use crate::command;
use crate::house::House;
use crate::progress::Progress;

/// What is installed with apt.
pub const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// The packages' own programs, whatever a rustup puts before them in `PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// Debian's cargo.
    pub cargo: PathBuf,
    /// Debian's rustc.
    pub rustc: PathBuf,
}

impl Packages {
    /// Debian's cargo with Debian's rustc, in the workspace's root, free of what rustup and `cargo run` set.
    pub fn cargo(&self, house: &House) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.current_dir(&house.root);
        command::forget_cargo_run(&mut cargo);
        // rustup and `cargo run` point the loader at the other toolchain's libraries.
        for variable in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "LD_LIBRARY_PATH"] {
            cargo.env_remove(variable);
        }
        cargo
            .env("RUSTC", &self.rustc)
            .env("PATH", self.path_with_rustc_first());
        // Building the standard library is not stable yet; this lets a stable compiler do it.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        cargo
    }

    fn path_with_rustc_first(&self) -> OsString {
        let mut path = self
            .rustc
            .parent()
            .map(|folder| folder.as_os_str().to_owned())
            .unwrap_or_default();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        path
    }
}

/// Looks for the packages on this machine.
pub fn find() -> Debian {
    let (Some(rustc_files), Some(cargo_files)) = (apt::files_of("rustc-web"), apt::files_of("cargo-web")) else {
        return Debian::Missing;
    };
    let (Some(rustc), Some(cargo)) = (program(&rustc_files, "rustc"), program(&cargo_files, "cargo")) else {
        return Debian::Unusable("rustc-web or cargo-web holds no program that we know".into());
    };
    let Some(version) = command::read(Command::new(&rustc).arg("--version"))
        .ok()
        .as_deref()
        .and_then(version_in)
    else {
        return Debian::Unusable(format!("{} does not tell its version", rustc.display()));
    };
    if !is_at_least(&version, env!("CARGO_PKG_RUST_VERSION")) {
        return Debian::Unusable(format!(
            "rustc-web is {version}, we need {} or later",
            env!("CARGO_PKG_RUST_VERSION")
        ));
    }
    match sysroot(&rustc) {
        Some(sysroot) if sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").is_file() => {
            Debian::Ready(Packages { cargo, rustc })
        }
        _ => Debian::Missing,
    }
}

/// A linker for Wasm: the one that rustup's toolchain brings, else LLVM's own, installed if need be.
///
/// # Errors
/// When there is none and it cannot be installed.
pub fn linker(house: &House, packages: &Packages, progress: &Progress) -> Result<PathBuf, Failure> {
    let own_sysroot = command::read(house.rustc().args(["--print", "sysroot"])).ok();
    let sysroots = own_sysroot
        .map(|text| PathBuf::from(text.trim()))
        .into_iter()
        .chain(sysroot(&packages.rustc));
    for sysroot in sysroots {
        if let Some(linker) = rust_lld(&sysroot) {
            return Ok(linker);
        }
    }
    let told = command::read(Command::new(&packages.rustc).arg("-vV"))?;
    let major = llvm_major(&told)
        .ok_or_else(|| Failure::new(format!("{} does not tell its LLVM version", packages.rustc.display())))?;
    let wasm_ld = PathBuf::from(format!("/usr/lib/llvm-{major}/bin/wasm-ld"));
    if wasm_ld.is_file() {
        return Ok(wasm_ld);
    }
    let package = format!("lld-{major}");
    if apt::may_install() {
        let step = progress.step(&format!("installing {package} with apt, to link the guests"));
        apt::install(&[&package])?;
        step.done("apt is done");
    }
    if wasm_ld.is_file() {
        return Ok(wasm_ld);
    }
    Err(Failure::new(format!(
        "there is no linker for Wasm here: run {}",
        apt::by_hand(&[&package])
    )))
}

/// The program of this name among a package's files. Wrappers for package builders lie under `/usr/share`.
fn program(files: &[String], name: &str) -> Option<PathBuf> {
    files
        .iter()
        .map(Path::new)
        .find(|file| {
            file.file_name().is_some_and(|found| found == name)
                && file.parent().is_some_and(|folder| folder.ends_with("bin"))
                && !file.starts_with("/usr/share")
        })
        .map(Path::to_path_buf)
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    let printed = command::read(Command::new(rustc).args(["--print", "sysroot"])).ok()?;
    Some(PathBuf::from(printed.trim()))
}

/// `rust-lld` lies under the host's triple, which differs per machine.
fn rust_lld(sysroot: &Path) -> Option<PathBuf> {
    let triples = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    triples
        .filter_map(Result::ok)
        .map(|triple| triple.path().join("bin/rust-lld"))
        .find(|candidate| candidate.is_file())
}

/// `1.96.0` in `rustc 1.96.0 (30a34c682 2026-05-25) (built from a source tarball)`.
fn version_in(printed: &str) -> Option<String> {
    printed.split_whitespace().nth(1).map(str::to_owned)
}

/// `22` in the line `LLVM version: 22.1.2`.
fn llvm_major(printed: &str) -> Option<u32> {
    let version = printed.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.parse().ok()
}

fn is_at_least(version: &str, wanted: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let release = text.split(['-', '+']).next().unwrap_or(text);
        release.split('.').map_while(|part| part.parse().ok()).collect()
    };
    numbers(version) >= numbers(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_own_cargo_is_found_and_not_the_wrapper_for_package_builders() {
        let files: Vec<String> = [
            "/.",
            "/usr/share/cargo/bin/cargo",
            "/usr/share/bash-completion/completions/cargo",
            "/usr/bin/cargo",
        ]
        .map(str::to_owned)
        .to_vec();
        assert_eq!(program(&files, "cargo"), Some("/usr/bin/cargo".into()));
        assert_eq!(program(&files, "rustc"), None);
    }

    #[test]
    fn versions_are_read_and_compared_by_number() {
        assert_eq!(
            version_in("rustc 1.96.0 (30a34c682 2026-05-25)\n").as_deref(),
            Some("1.96.0")
        );
        assert_eq!(version_in(""), None);
        assert!(is_at_least("1.96.0", "1.95"));
        assert!(is_at_least("1.95.0", "1.95"));
        assert!(is_at_least("1.100.0-nightly", "1.95"));
        assert!(!is_at_least("1.85.0", "1.95"));
        assert!(!is_at_least("unreadable", "1.95"));
    }

    #[test]
    fn the_linker_must_be_of_the_compilers_llvm() {
        assert_eq!(
            llvm_major("rustc 1.96.0\nhost: x86_64\nLLVM version: 22.1.2\n"),
            Some(22)
        );
        assert_eq!(llvm_major("rustc 1.96.0\n"), None);
    }
}
