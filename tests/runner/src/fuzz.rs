//! `cargo fuzz-all`: the fuzz targets of tests/fuzz, one after the other, each with the seeds it plants and the corpus
//! that earlier runs left in the target folder. Works with a stable Rust, without a sanitizer: our own code has no
//! `unsafe`, and libFuzzer bounds memory and time by itself.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::command;
use crate::house::House;
use crate::progress::Progress;

/// By version: what works today works tomorrow.
const VERSION: &str = "0.13.2";

/// The targets, as tests/fuzz/Cargo.toml has them.
const TARGETS: [&str; 9] = [
    "codec_read",
    "codec_message",
    "codec_merge",
    "package",
    "contents",
    "component",
    "manifest",
    "signature",
    "bundle",
];

/// Minutes for each, when nobody says otherwise.
const MINUTES: u64 = 10;

/// Most memory of a target, in MiB. They begin at some 60; with its corpus in memory libFuzzer itself takes more.
const MOST_MEMORY_MIB: u32 = 1024;
/// Most seconds for one input. A busy machine is slow; a reader that runs away is slower.
const MOST_SECONDS: u32 = 20;

/// What was asked: minutes per target, and which.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    minutes: u64,
    targets: Vec<&'static str>,
}

/// Runs the targets.
///
/// # Errors
/// When they can't be built, or one of them found something; the rest are run all the same.
pub fn fuzz(house: &House, progress: &Progress, arguments: &[String]) -> Result<(), Failure> {
    let asked = read(arguments)?;
    let path = path_with_cargo_fuzz(house, progress)?;
    let step = progress.step("building the fuzz targets");
    command::show(cargo_fuzz(house, &path, "build").args(built_with(house)))?;
    step.done("fuzz targets are built");
    let mut found = Vec::new();
    for target in asked.targets {
        let step = progress.step(&format!("fuzzing {target} for {} min", asked.minutes));
        match command::run(&mut run(house, &path, target, asked.minutes)?) {
            Ok(()) => step.done("nothing was found"),
            Err(_) => found.push(target),
        }
    }
    match found.as_slice() {
        [] => Ok(()),
        found => Err(Failure::new(format!(
            "something was found by {}; the inputs are in tests/fuzz/artifacts, and tests/fuzz/README.md says how to look \
             at one",
            found.join(", ")
        ))),
    }
}

fn read(arguments: &[String]) -> Result<Asked, Failure> {
    let mut asked = Asked {
        minutes: MINUTES,
        targets: Vec::new(),
    };
    for (nth, argument) in arguments.iter().enumerate() {
        let minutes = argument.parse().ok().filter(|minutes| nth == 0 && *minutes > 0);
        match (minutes, TARGETS.iter().find(|target| *target == argument)) {
            (Some(minutes), _) => asked.minutes = minutes,
            (None, Some(target)) => asked.targets.push(*target),
            (None, None) => {
                return Err(Failure::new(format!(
                    "`cargo fuzz-all` takes minutes and then names of targets, and got `{argument}`; the targets are {}",
                    TARGETS.join(", ")
                )));
            }
        }
    }
    if asked.targets.is_empty() {
        asked.targets = TARGETS.to_vec();
    }
    Ok(asked)
}

/// A search path on which cargo finds cargo-fuzz: the one that is there, or ours in the target folder.
fn path_with_cargo_fuzz(house: &House, progress: &Progress) -> Result<OsString, Failure> {
    let given = std::env::var_os("PATH").unwrap_or_default();
    if command::which("cargo-fuzz").is_some() {
        return Ok(given);
    }
    let folder = house.notes().join(format!("cargo-fuzz-{VERSION}"));
    if !folder.join("bin/cargo-fuzz").is_file() {
        let step = progress.step(&format!("fetching and building cargo-fuzz {VERSION}"));
        let mut install = house.cargo();
        install.args(["install", "cargo-fuzz", "--locked", "--version", VERSION, "--root"]);
        command::show(install.arg(&folder))?;
        step.done("cargo-fuzz is there");
    }
    let folders = std::iter::once(folder.join("bin")).chain(std::env::split_paths(&given));
    std::env::join_paths(folders).map_err(|error| Failure::new(format!("the target folder can't be in PATH: {error}")))
}

fn cargo_fuzz(house: &House, path: &OsStr, verb: &str) -> Command {
    let mut cargo = house.cargo();
    cargo.env("PATH", path).args(["fuzz", verb]);
    cargo
}

fn built_with(house: &House) -> Vec<OsString> {
    let target = house.target.join("fuzz");
    let options = ["--fuzz-dir", "tests/fuzz", "--sanitizer", "none", "--target-dir"];
    options.into_iter().map(OsString::from).chain([target.into()]).collect()
}

fn run(house: &House, path: &OsStr, target: &str, minutes: u64) -> Result<Command, Failure> {
    let folder = |kind: &str| -> Result<PathBuf, Failure> {
        let folder = house.notes().join("fuzz").join(kind).join(target);
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("could not make the folder {}: {error}", folder.display())))?;
        Ok(folder)
    };
    let (corpus, seeds) = (folder("corpus")?, folder("seeds")?);
    let mut cargo = cargo_fuzz(house, path, "run");
    cargo.args(built_with(house)).arg(target).args([&corpus, &seeds]);
    cargo.env("OKE_FUZZ_SEEDS", &seeds);
    if std::env::var_os("OKE_PUBLISHED").is_none() {
        cargo.env("OKE_PUBLISHED", house.root.join("../shared/oke"));
    }
    cargo.arg("--").args([
        format!("-max_total_time={}", minutes * 60),
        format!("-rss_limit_mb={MOST_MEMORY_MIB}"),
        format!("-timeout={MOST_SECONDS}"),
        "-print_final_stats=1".to_owned(),
        "-verbosity=0".to_owned(),
    ]);
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn minutes_come_first_and_all_targets_are_meant_unless_some_are_named() {
        let all = read(&[]).unwrap();
        assert_eq!((all.minutes, all.targets), (MINUTES, TARGETS.to_vec()));
        let some = read(&words("2 manifest bundle")).unwrap();
        assert_eq!((some.minutes, some.targets), (2, vec!["manifest", "bundle"]));
        assert_eq!(read(&words("manifest")).unwrap().minutes, MINUTES);
        for wrong in ["0", "manifest 2", "nothing"] {
            assert!(read(&words(wrong)).is_err(), "{wrong}");
        }
    }

    /// A target that the manifest has and this list doesn't would never run.
    #[test]
    fn the_targets_are_those_of_the_manifest() {
        let manifest = include_str!("../../fuzz/Cargo.toml");
        let there: Vec<&str> = manifest
            .split("[[bin]]\nname = \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(there, TARGETS);
    }
}
