//! Where things lie: the workspace, its target folder, the cargo and rustc that started us.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::command;

/// The workspace this runner belongs to.
pub struct House {
    /// The folder with the root `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder: what may be thrown away at any time.
    pub target: PathBuf,
    /// Where cargo puts the binaries of the dev profile, ours among them.
    binaries: PathBuf,
    cargo: OsString,
    rustc: OsString,
}

impl House {
    /// Finds the workspace from the running binary and from what `cargo run` says in the environment.
    ///
    /// # Errors
    /// When the binary does not lie in a target folder, or the workspace has been moved away.
    pub fn find() -> Result<Self, Failure> {
        let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&crate_folder)
            .ancestors()
            .nth(2)
            .filter(|root| root.join("Cargo.lock").is_file())
            .ok_or_else(|| {
                Failure::new(format!(
                    "{crate_folder:?} is not tests/runner in the workspace of OKE Host"
                ))
            })?
            .to_path_buf();
        let own_path = std::env::current_exe()
            .map_err(|error| Failure::new(format!("could not find out where this program lies: {error}")))?;
        // <target>/debug/oke-run: we are always built with the dev profile, as `oke` is.
        let binaries = own_path.parent().map(Path::to_path_buf).unwrap_or_default();
        let target = binaries
            .parent()
            .map(Path::to_path_buf)
            .ok_or_else(|| Failure::new(format!("{} does not lie in a target folder", own_path.display())))?;
        Ok(Self {
            root,
            target,
            binaries,
            cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            rustc: std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
        })
    }

    /// The cargo that started us, run in the workspace's root.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.current_dir(&self.root);
        command::forget_cargo_run(&mut cargo);
        cargo
    }

    /// The rustc that belongs to that cargo.
    pub fn rustc(&self) -> Command {
        let mut rustc = Command::new(&self.rustc);
        rustc.current_dir(&self.root);
        rustc
    }

    /// The host's binary, as the dev profile builds it.
    pub fn oke(&self) -> PathBuf {
        self.binaries.join(format!("oke{}", std::env::consts::EXE_SUFFIX))
    }

    /// The runner's own small notes in the target folder.
    pub fn notes(&self) -> PathBuf {
        self.target.join("oke-run")
    }
}
