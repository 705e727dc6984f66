//! Where the guests' standard library for wasm32-unknown-unknown comes from: the toolchain at hand if it has it,
//! else rustup, else Debian's packages, with which cargo builds it from source.
//!
//! `choice` decides, without touching the machine; this file carries out.

mod choice;
mod debian;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::apt;
use crate::command;
use crate::house::House;
use crate::progress::Progress;
use crate::refusals::Refusal;
use choice::{Debian, Insisted, Known, Next, Rustup};

/// What guests are compiled for. Nothing of WASI: a connector imports the contract only (DESIGN §5).
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A download of some 20 MB takes seconds; an unreachable server must not hold the build up for longer.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// A way to build guests that works on this machine.
pub enum Toolchain {
    /// The toolchain that built this program has the target.
    Own,
    /// Debian's cargo and rustc build the standard library too, and link with this linker.
    Debian {
        /// Debian's own compiler and cargo.
        packages: debian::Packages,
        /// A `rust-lld` or `wasm-ld`.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds a toolchain that builds guests, and installs one where there is none.
    ///
    /// # Errors
    /// When none can be had: one sentence says what to install.
    pub fn prepare(house: &House, progress: &Progress) -> Result<Self, Failure> {
        let rustup_refusal = Refusal::of(&house.notes(), "rustup");
        let mut known = look_around(house, &rustup_refusal)?;
        loop {
            match choice::next(&known) {
                Next::UseOwn => {
                    rustup_refusal.forget();
                    return Ok(Self::Own);
                }
                Next::AskRustup => match ask_rustup(house, progress) {
                    Ok(()) => known.own_has_target = true,
                    Err(failure) => {
                        progress.say(&format!("  not to be had from rustup: {failure}"));
                        rustup_refusal.remember(&failure.to_string());
                        known.rustup = Rustup::Refused(failure.to_string());
                    }
                },
                Next::UseDebian(packages) => {
                    let linker = debian::linker(house, &packages, progress)?;
                    return Ok(Self::Debian { packages, linker });
                }
                Next::InstallDebian => {
                    let step = progress.step(&format!("installing {} with apt", debian::PACKAGES.join(", ")));
                    known.debian = match apt::install(&debian::PACKAGES) {
                        Ok(()) => debian::find(),
                        Err(failure) => Debian::Refused(failure.to_string()),
                    };
                    step.done("apt is done");
                }
                Next::GiveUp(sentence) => return Err(Failure::new(sentence)),
            }
        }
    }

    /// How to name it in a progress line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Own => "the toolchain's own standard library",
            Self::Debian { .. } => "Debian's rustc, standard library from source",
        }
    }

    /// A `cargo build` for the guests' target; packages, profile and target folder are the caller's.
    pub fn cargo_build(&self, house: &House) -> Command {
        let mut cargo = match self {
            Self::Own => house.cargo(),
            Self::Debian { packages, .. } => packages.cargo(house),
        };
        cargo.args(["build", "--target", TARGET]);
        if let Self::Debian { linker, .. } = self {
            cargo
                .arg("-Zbuild-std=std,panic_abort")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        // Flags meant for this machine's processor and linker, and incremental builds, which exclude link-time
        // optimisation, are none of the guests' business.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(variable);
        }
        cargo.env("CARGO_INCREMENTAL", "0");
        cargo
    }
}

fn look_around(house: &House, rustup_refusal: &Refusal) -> Result<Known, Failure> {
    let insisted = match std::env::var("OKE_GUEST_TOOLCHAIN").as_deref() {
        Err(_) | Ok("") => None,
        Ok("rustup") => Some(Insisted::Rustup),
        Ok("debian") => Some(Insisted::Debian),
        Ok(other) => {
            return Err(Failure::new(format!(
                "OKE_GUEST_TOOLCHAIN is `{other}`, but may only be `rustup` or `debian`"
            )));
        }
    };
    let own_has_target = has_target(house);
    let rustup = match command::which("rustup") {
        None => Rustup::Absent,
        Some(_) => match rustup_refusal.lately(SystemTime::now()) {
            Some(why) => Rustup::RefusedLately(why),
            None => Rustup::NotAsked,
        },
    };
    // Asking dpkg takes a moment; when the target is there, nobody needs the answer.
    let debian = if own_has_target && insisted.is_none() {
        Debian::Missing
    } else {
        debian::find()
    };
    Ok(Known {
        insisted,
        own_has_target,
        rustup,
        debian,
        may_install: apt::may_install(),
    })
}

fn has_target(house: &House) -> bool {
    let listed = command::read(house.rustc().args(["--print", "target-libdir", "--target", TARGET]));
    let Ok(Ok(mut files)) = listed.map(|folder| std::fs::read_dir(folder.trim())) else {
        return false;
    };
    files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

fn ask_rustup(house: &House, progress: &Progress) -> Result<(), Failure> {
    let step = progress.step(&format!("asking rustup for {TARGET}"));
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", TARGET])
        .current_dir(&house.root)
        .env("RUST_BACKTRACE", "0");
    command::show_within(&mut rustup, RUSTUP_LIMIT)?;
    if !has_target(house) {
        return Err(Failure::new(format!(
            "rustup added {TARGET}, but to another toolchain than the one in use"
        )));
    }
    step.done("rustup has it");
    Ok(())
}
