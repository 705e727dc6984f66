//! From a connector's folder to a component: cargo makes a core module for `wasm32-unknown-unknown`, wit-component
//! wraps it. No tool beyond Rust is needed.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde::Deserialize;
use wit_component::ComponentEncoder;

use super::manifest::Manifest;
use super::sbom;

/// The target that has no operating system, and so imports none.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Where Debian's `rust-web-src` puts the standard library's source.
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/Cargo.toml";
/// Debian's own programs, whatever stands before them in the path.
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// See [`DEBIAN_CARGO`].
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No Rust that can make WebAssembly.
    #[error(
        "no Rust here can build for {TARGET}: run `rustup target add {TARGET}`, or on Debian `apt install rustc-web \
         cargo-web rust-web-src`, and start again"
    )]
    NoToolchain,
    /// Debian's Rust, but nothing to link with.
    #[error("Debian's Rust is here, but no linker for {TARGET}: run `apt install lld-{llvm}` and start again")]
    NoLinker {
        /// The version of LLVM that this Rust is made with.
        llvm: String,
    },
    /// A program can't be started.
    #[error("could not run `{program}`: {source}")]
    NotStarted {
        /// Which.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// Cargo said no, and has said why.
    #[error("cargo could not {doing} `{}` ({status}); its messages are above", folder.display())]
    CargoFailed {
        /// How it ended.
        status: ExitStatus,
        /// What it was to do.
        doing: &'static str,
        /// Which connector.
        folder: PathBuf,
    },
    /// The crate makes no WebAssembly library.
    #[error("`{}` built, but gave no WebAssembly module; set `crate-type = [\"cdylib\", \"lib\"]` under `[lib]`", .0.display())]
    NoModule(PathBuf),
    /// The module can't be made a component.
    #[error("the core module can't be made a component: {0}")]
    NotComponentizable(String),
    /// A file can't be read.
    #[error("could not read `{}`: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The SBOM can't be made.
    #[error("could not list what the connector is made from: {0}")]
    Sbom(String),
}

/// Wraps a core module, as the guest crate's bindings make it, into a component.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .map_err(not_componentizable)?
        .encode()
        .map_err(not_componentizable)
}

fn not_componentizable(error: impl Display) -> BuildError {
    let reason = format!("{error:#}");
    let mend = match reason.contains("wasi_snapshot_preview1") {
        true => format!("; it was built for WASI, build it for {TARGET}"),
        false => String::new(),
    };
    BuildError::NotComponentizable(format!("{reason}{mend}"))
}

/// What building gives.
#[derive(Debug, Clone)]
pub struct Built {
    /// The component.
    pub component: Vec<u8>,
    /// CycloneDX JSON.
    pub sbom: Vec<u8>,
}

/// A cargo that can build for [`TARGET`].
#[derive(Debug, Clone)]
pub struct Toolchain {
    cargo: PathBuf,
    environment: Vec<(&'static str, OsString)>,
    arguments: Vec<&'static str>,
    /// For people: which one it is.
    pub description: &'static str,
}

impl Toolchain {
    /// The cargo of the path if its Rust has the target installed, else Debian's with the standard library built
    /// along.
    pub fn find() -> Result<Self, BuildError> {
        if has_target("rustc") {
            return Ok(Self {
                cargo: "cargo".into(),
                environment: Vec::new(),
                arguments: Vec::new(),
                description: "cargo, with the installed target",
            });
        }
        if Path::new(DEBIAN_SOURCE).exists() && Path::new(DEBIAN_CARGO).exists() {
            return Ok(Self {
                cargo: DEBIAN_CARGO.into(),
                // Debian ships the source, not the compiled library; cargo builds that along, which it allows only so.
                environment: vec![
                    ("RUSTC", DEBIAN_RUSTC.into()),
                    ("RUSTC_BOOTSTRAP", "1".into()),
                    ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", debian_linker()?.into()),
                ],
                arguments: vec!["-Zbuild-std=std,panic_abort"],
                description: "Debian's cargo, building the standard library along",
            });
        }
        Err(BuildError::NoToolchain)
    }

    /// Builds the connector in `folder` with this cargo profile: its component and the list of what that is made from.
    /// Cargo's messages go to standard error.
    pub fn build(&self, folder: &Path, profile: &str, manifest: &Manifest) -> Result<Built, BuildError> {
        let metadata = self.metadata(folder)?;
        let place: MetadataPlace =
            serde_json::from_slice(&metadata).map_err(|error| BuildError::Sbom(error.to_string()))?;
        let module = self.build_module(folder, profile, place.remapped_paths())?;
        let lock = read(&place.workspace_root.join("Cargo.lock"))?;
        let sbom = sbom::from_cargo(manifest, &metadata, &String::from_utf8_lossy(&lock)).map_err(BuildError::Sbom)?;
        Ok(Built {
            component: componentize(&module)?,
            sbom,
        })
    }

    /// The list of what the connector in `folder` is made from, without building it: for a module that was built
    /// along with others.
    ///
    /// # Errors
    /// When cargo can't tell the dependencies, or the workspace has no lock file.
    pub fn sbom(folder: &Path, manifest: &Manifest) -> Result<Vec<u8>, BuildError> {
        // Telling dependencies takes no target library, so any cargo will do.
        let any = Toolchain {
            cargo: "cargo".into(),
            environment: Vec::new(),
            arguments: Vec::new(),
            description: "cargo",
        };
        let metadata = any.metadata(folder)?;
        let place: MetadataPlace =
            serde_json::from_slice(&metadata).map_err(|error| BuildError::Sbom(error.to_string()))?;
        let lock = read(&place.workspace_root.join("Cargo.lock"))?;
        sbom::from_cargo(manifest, &metadata, &String::from_utf8_lossy(&lock)).map_err(BuildError::Sbom)
    }

    fn build_module(&self, folder: &Path, profile: &str, flags: OsString) -> Result<Vec<u8>, BuildError> {
        let mut command = self.cargo(folder);
        command
            .args(["build", "--target", TARGET, "--profile", profile])
            .args(["--message-format", "json-render-diagnostics"])
            .args(&self.arguments)
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.not_started(source))?;
        let messages = child.stdout.take().expect("standard output was piped");
        let mut module = None;
        for line in BufReader::new(messages).lines() {
            let line = line.map_err(|source| self.not_started(source))?;
            if let Ok(message) = serde_json::from_str::<CargoMessage>(&line) {
                module = message.module_of(folder).or(module);
            }
        }
        let status = child.wait().map_err(|source| self.not_started(source))?;
        if !status.success() {
            return Err(BuildError::CargoFailed {
                status,
                doing: "build",
                folder: folder.to_owned(),
            });
        }
        let path = module.ok_or_else(|| BuildError::NoModule(folder.to_owned()))?;
        read(&path)
    }

    fn metadata(&self, folder: &Path) -> Result<Vec<u8>, BuildError> {
        let output = self
            .cargo(folder)
            .args(["metadata", "--format-version", "1", "--filter-platform", TARGET])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| self.not_started(source))?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(BuildError::CargoFailed {
                status: output.status,
                doing: "list the dependencies of",
                folder: folder.to_owned(),
            }),
        }
    }

    fn cargo(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        // In the connector's own folder, so that its toolchain file and cargo settings count.
        command.current_dir(folder).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if !self.environment.is_empty() {
            // `cargo run` under rustup points the loader at the other toolchain's libraries.
            command.env_remove("LD_LIBRARY_PATH").env_remove("RUSTUP_TOOLCHAIN");
        }
        command
    }

    fn not_started(&self, source: io::Error) -> BuildError {
        BuildError::NotStarted {
            program: self.cargo.display().to_string(),
            source,
        }
    }
}

fn has_target(rustc: &str) -> bool {
    let folder = printed(rustc, &["--print", "target-libdir", "--target", TARGET]);
    !folder.trim().is_empty() && Path::new(folder.trim()).is_dir()
}

/// A linker for Debian's Rust: LLVM's of the same version, or the one that a rustup toolchain brings.
fn debian_linker() -> Result<PathBuf, BuildError> {
    let llvm = printed(DEBIAN_RUSTC, &["-vV"])
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))
        .and_then(|version| version.split('.').next())
        .unwrap_or_default()
        .to_owned();
    let mut candidates = vec![PathBuf::from(format!("/usr/lib/llvm-{llvm}/bin/wasm-ld"))];
    let rustup = PathBuf::from(printed("rustc", &["--print", "sysroot"]).trim());
    let triples = std::fs::read_dir(rustup.join("lib/rustlib"))
        .into_iter()
        .flatten()
        .flatten();
    candidates.extend(triples.map(|triple| triple.path().join("bin/rust-lld")));
    candidates
        .into_iter()
        .find(|linker| linker.is_file())
        .ok_or(BuildError::NoLinker { llvm })
}

/// What a program prints, or nothing when it can't be run.
fn printed(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(|source| BuildError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

#[derive(Deserialize)]
struct CargoMessage {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl CargoMessage {
    /// The WebAssembly file, if this message tells of the one made from this folder.
    fn module_of(self, folder: &Path) -> Option<PathBuf> {
        let from_here = self
            .manifest_path
            .parent()
            .is_some_and(|place| same_place(place, folder));
        if self.reason != "compiler-artifact" || !from_here {
            return None;
        }
        self.filenames
            .into_iter()
            .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
    }
}

fn same_place(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Where things lie, from `cargo metadata`.
#[derive(Deserialize)]
struct MetadataPlace {
    workspace_root: PathBuf,
    packages: Vec<PackagePlace>,
}

#[derive(Deserialize)]
struct PackagePlace {
    name: String,
    version: String,
    manifest_path: PathBuf,
}

impl MetadataPlace {
    /// Compiler flags that put each package's name in place of its path, which panic messages would carry into the
    /// component. Separated as `CARGO_ENCODED_RUSTFLAGS` wants them.
    fn remapped_paths(&self) -> OsString {
        let mut flags = OsString::new();
        for package in &self.packages {
            let Some(folder) = package.manifest_path.parent() else {
                continue;
            };
            if !flags.is_empty() {
                flags.push("\u{1f}");
            }
            flags.push("--remap-path-prefix=");
            flags.push(folder);
            flags.push(format!("={}-{}", package.name, package.version));
        }
        flags
    }
}
