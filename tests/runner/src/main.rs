//! `oke-run`: sets a machine up, then runs the demo, the tests or the benchmarks.
//!
//! The aliases in `.cargo/config.toml` call it. One more verb is one more arm in `run`, a line in `USAGE` and a
//! function in `verbs`.

mod apt;
mod browser;
mod command;
mod fuzz;
mod guests;
mod house;
mod postgres;
mod progress;
mod refusals;
mod schemathesis;
mod toolchain;
mod verbs;

use std::process::ExitCode;

use house::House;
use progress::Progress;

const USAGE: &str = "\
oke-run: sets this machine up, then runs the demo, the tests or the benchmarks

  cargo demo [ARGS]       build the guests and the host, then run `oke demo ARGS`
  cargo verify [ARGS]     build the guests, start a private PostgreSQL, then run `cargo test --workspace ARGS`
  cargo bench-oke [ARGS]  build optimised, then run the benchmarks of tests/bench (`--bench NAME`: one)
  cargo conformance [N]   try the OKE faces with N cases each (20,000 by default) of schemathesis
  cargo fuzz-all [MINUTES] [TARGET...]
                          run the fuzz targets of tests/fuzz for so many minutes each (10 by default)
  cargo guests            build the guests only, and print the folder they are in

environment:
  OKE_GUEST_TOOLCHAIN=rustup|debian  insist on one source of the guests' standard library
  OKE_PUBLISHED=FOLDER    where the published OKE document lies; by default ../shared/oke beside this repository
  OKE_TEST_POSTGRES=postgres://...   use this server for the tests instead of a private one
";

/// Why the run ended early: a sentence for whoever started it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure told in one sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = Vec::new();
    for argument in std::env::args_os().skip(1) {
        match argument.into_string() {
            Ok(text) => arguments.push(text),
            Err(bytes) => return usage_error(&format!("argument {bytes:?} is not valid UTF-8")),
        }
    }
    let Some((verb, rest)) = arguments.split_first() else {
        return usage_error("no command given");
    };
    match verb.as_str() {
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        postgres::KEEPER_VERB => postgres::keeper::main(rest),
        "demo" | "verify" | "conformance" | "bench" | "fuzz" | "guests" => match run(verb, rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("error: {failure}");
                ExitCode::FAILURE
            }
        },
        other => usage_error(&format!("there is no command `{other}`")),
    }
}

fn run(verb: &str, arguments: &[String]) -> Result<(), Failure> {
    let house = House::find()?;
    let progress = Progress::new();
    match verb {
        "demo" => verbs::demo(&house, &progress, arguments),
        "verify" => verbs::verify(&house, &progress, arguments),
        "conformance" => verbs::conformance(&house, &progress, arguments),
        "bench" => verbs::bench(&house, &progress, arguments),
        "fuzz" => fuzz::fuzz(&house, &progress, arguments),
        _ => verbs::guests(&house, &progress, arguments),
    }
}

fn usage_error(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}\n\n{USAGE}");
    ExitCode::from(2)
}
