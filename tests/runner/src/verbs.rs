//! What each command does, step by step.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::Failure;
use crate::browser::{self, Browser};
use crate::command;
use crate::guests;
use crate::house::House;
use crate::postgres::Cluster;
use crate::progress::Progress;
use crate::schemathesis;

/// The folder with the guests' core modules, for the demo, the tests and the benchmarks.
const GUESTS: &str = "OKE_GUESTS";

/// The host's binary, for tests and benchmarks outside its own crate.
const BINARY: &str = "OKE_BIN";

/// The PostgreSQL server for the tests; not set where there is none.
const POSTGRES: &str = "OKE_TEST_POSTGRES";

/// A browser and its driver for the tests of the pages; not set where there is none.
const CHROMIUM: &str = "OKE_CHROMIUM";
const CHROMEDRIVER: &str = "OKE_CHROMEDRIVER";

/// The accessibility checker that runs in that browser; not set where it could not be fetched.
const AXE: &str = "OKE_AXE";

/// A Python with schemathesis, for the tests of the faces against the published document; not set where there is none.
const SCHEMATHESIS: &str = "OKE_SCHEMATHESIS";

/// How many cases those tests take per face, instead of some seconds.
const CASES: &str = "OKE_CONFORMANCE_CASES";

/// `cargo guests`: builds the guests and prints where they are.
///
/// # Errors
/// When they cannot be built.
pub fn guests(house: &House, progress: &Progress, arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::new(format!(
            "`cargo guests` takes no arguments, and got `{argument}`"
        )));
    }
    let modules = guests::build(house, progress)?;
    println!("{}", modules.display());
    Ok(())
}

/// `cargo demo`: builds everything, then becomes `oke demo`.
///
/// # Errors
/// When something does not build, or the binary cannot be started. Otherwise it does not return.
pub fn demo(house: &House, progress: &Progress, arguments: &[String]) -> Result<(), Failure> {
    let modules = guests::build(house, progress)?;
    build_host(house, progress, &mut house.cargo())?;
    progress.say("running the demo");
    let mut demo = Command::new(house.oke());
    demo.arg("demo").args(arguments).env(GUESTS, modules);
    // In our place, so that Ctrl-C, the exit code and the terminal are the demo's own.
    let error = demo.exec();
    Err(Failure::new(format!(
        "could not start {}: {error}",
        house.oke().display()
    )))
}

/// `cargo verify`: builds everything, starts a private PostgreSQL, sees to a browser and runs all tests.
///
/// # Errors
/// When something does not build, PostgreSQL does not start, or a test fails.
pub fn verify(house: &House, progress: &Progress, arguments: &[String]) -> Result<(), Failure> {
    let modules = guests::build(house, progress)?;
    build_host(house, progress, &mut house.cargo())?;
    let step = progress.step("building the tests");
    command::show(&mut test(house, &["--no-run"], arguments))?;
    step.done("tests are built");

    let cluster = Postgres::given_or_started(house, progress)?;
    if cluster.url().is_none() {
        progress.say("the tests on PostgreSQL will be skipped; those on SQLite run");
    }
    let browser = Browser::prepare(house, progress);
    let checker = browser
        .as_ref()
        .and_then(|_| browser::accessibility_checker(house, progress));
    match (&browser, &checker) {
        (None, _) => progress.say("the tests in a browser will be skipped"),
        (Some(_), None) => {
            progress.say("the pages are not checked for accessibility; the other tests in a browser run")
        }
        (Some(_), Some(_)) => {}
    }
    let python = schemathesis::python(house, progress);
    if python.is_none() {
        progress.say("the faces are not held against the published document");
    }
    let step = progress.step("running the tests");
    let mut tests = test(house, &["--no-fail-fast"], arguments);
    if let Some(browser) = &browser {
        tests
            .env(CHROMIUM, &browser.chromium)
            .env(CHROMEDRIVER, &browser.chromedriver);
    }
    if let Some(checker) = &checker {
        tests.env(AXE, checker);
    }
    if let Some(python) = &python {
        tests.env(SCHEMATHESIS, python);
    }
    tests.env(GUESTS, modules).env(BINARY, house.oke());
    cluster.tell(&mut tests);
    command::run(&mut tests)?;
    step.done(match cluster.url() {
        Some(_) => "all tests passed",
        None => "all tests passed, but those on PostgreSQL were skipped",
    });
    Ok(())
}

/// `cargo conformance`: tries the OKE faces with as many cases as are asked for.
///
/// # Errors
/// When schemathesis can't be had, something does not build, or a breach is found.
pub fn conformance(house: &House, progress: &Progress, arguments: &[String]) -> Result<(), Failure> {
    let cases = match arguments {
        [] => "20000",
        [cases] if cases.parse::<u32>().is_ok_and(|cases| cases > 0) => cases,
        _ => {
            return Err(Failure::new(
                "`cargo conformance` takes one argument at most, the number of cases per face",
            ));
        }
    };
    let python = schemathesis::python(house, progress);
    let python = python.ok_or_else(|| Failure::new("without schemathesis there is nothing to try the faces with"))?;
    let step = progress.step(&format!("trying the faces with {cases} cases each"));
    let mut tests = test(house, &["--test", "conformance"], &[]);
    tests.args(["--", "--nocapture", "--test-threads=1"]);
    tests.env(SCHEMATHESIS, python).env(CASES, cases);
    command::run(&mut tests)?;
    step.done("nothing was found");
    Ok(())
}

/// The PostgreSQL that tests and benchmarks use, where there is one: the server that was named, or a private one that
/// lives as long as this.
enum Postgres {
    Given(String),
    Started(Option<Cluster>),
}

impl Postgres {
    fn given_or_started(house: &House, progress: &Progress) -> Result<Self, Failure> {
        match std::env::var(POSTGRES).ok().filter(|url| !url.is_empty()) {
            Some(url) => Ok(Postgres::Given(url)),
            None => Ok(Postgres::Started(Cluster::start(house, progress)?)),
        }
    }

    fn url(&self) -> Option<&str> {
        match self {
            Postgres::Given(url) => Some(url),
            Postgres::Started(cluster) => cluster.as_ref().map(Cluster::url),
        }
    }

    fn tell(&self, command: &mut Command) {
        match self.url() {
            Some(url) => command.env(POSTGRES, url),
            None => command.env_remove(POSTGRES),
        };
    }
}

/// `cargo bench-oke`: builds our own crates optimised and runs the benchmarks.
///
/// # Errors
/// When there are no benchmarks, or something does not build or run.
pub fn bench(house: &House, progress: &Progress, arguments: &[String]) -> Result<(), Failure> {
    if !house.root.join("tests/bench/Cargo.toml").is_file() {
        return Err(Failure::new("there are no benchmarks: tests/bench does not exist"));
    }
    let modules = guests::build(house, progress)?;
    build_host(house, progress, optimised(&mut house.cargo()))?;
    let cluster = Postgres::given_or_started(house, progress)?;
    let step = progress.step("running the benchmarks");
    let mut benches = house.cargo();
    optimised(&mut benches);
    benches.args(["bench", "--workspace", "--profile", "dev"]);
    if !arguments.iter().any(|argument| argument.starts_with("--bench")) {
        benches.args(["--bench", "*"]);
    }
    benches.args(arguments).env(GUESTS, modules).env(BINARY, house.oke());
    cluster.tell(&mut benches);
    command::run(&mut benches)?;
    step.done("benchmarks are done");
    Ok(())
}

/// Builds the host's binary with the same features of its dependencies as the tests have: else the engine or the host
/// would be compiled once for the demo and once for the tests. For that the whole workspace is selected, and a test
/// with it, since only then what crates need for their tests counts.
fn build_host(house: &House, progress: &Progress, cargo: &mut Command) -> Result<(), Failure> {
    let step = progress.step("building the host (the first time this takes minutes: it compiles the engine)");
    command::show(cargo.args(["build", "--workspace", "--bin", "oke", "--test", "private_postgres"]))?;
    if !house.oke().is_file() {
        return Err(Failure::new(format!(
            "cargo built the host, but not to {}",
            house.oke().display()
        )));
    }
    step.done("host is built");
    Ok(())
}

/// `cargo test`, over the whole workspace unless the arguments choose packages.
fn test(house: &House, options: &[&str], arguments: &[String]) -> Command {
    let mut cargo = house.cargo();
    cargo.arg("test");
    if !chooses_packages(arguments) {
        cargo.arg("--workspace");
    }
    // Ours come first: behind a `--` in the arguments they would be the test programs'.
    cargo.args(options).args(arguments);
    cargo
}

fn chooses_packages(arguments: &[String]) -> bool {
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    ours.into_iter().any(|argument| {
        ["--package", "--workspace"]
            .iter()
            .any(|option| argument.starts_with(option))
            || argument.starts_with("-p")
    })
}

/// Optimises our own crates within the dev profile. Dependencies are optimised there already, so that they stay as
/// they are: a profile of its own would compile the engine once more.
fn optimised(cargo: &mut Command) -> &mut Command {
    cargo
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false")
        .env("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false")
        // Fewer and larger units of code: an incremental build would optimise the same code many times over.
        .env("CARGO_INCREMENTAL", "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn all_packages_are_tested_unless_some_are_chosen() {
        assert!(!chooses_packages(&words("store -- -p")));
        assert!(!chooses_packages(&[]));
        assert!(chooses_packages(&words("-p oke-host store")));
        assert!(chooses_packages(&words("--package=oke-codec")));
    }
}
