//! `oke connector test`: the keuring of a school, at the vendor's own desk.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::read_package;
use crate::app::World;
use crate::cli::outcome::{Done, Outcome, Stop};
use crate::conformance::{NotTried, Trial};
use crate::connector::compile::CacheKey;
use crate::connector::engine::{Engine, EngineSettings};
use crate::connector::package::{Examined, Package};
use crate::domain::keuring::{self, Verdict};

/// Try a package in the sandbox against simulators that misbehave, as a school's keuring does.
///
/// Plays every scenario of each interface that the component exports: what must work, and what must come of answers that
/// are slow, lost, garbage, 429, 500 or refused. Needs no signature, database or network; nothing is built. Exits with 1
/// when a scenario fails.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector test my-vendor/target/oke/my-vendor-1.0.0.oke
  oke connector test --json my-vendor-1.0.0.oke | jq '.refused.message'

A connector for a system that does not speak OKE says so in connector.toml, and is tried with trouble only:
  [conformance]
  speaks = \"own\"")]
pub(super) struct Arguments {
    /// The package, signed or not
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
}

pub(super) fn run(arguments: &Arguments, as_json: bool) -> Outcome {
    let package = Package::read(read_package(&arguments.package)?)?;
    let contents = package.examine()?;
    let outcomes = crate::cli::on_runtime(try_out(&package, &contents, as_json))??;
    let count = |verdict| outcomes.iter().filter(|one| one.verdict == verdict).count();
    let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
    let not_tried = count(Verdict::NotTried);
    let connector = &contents.manifest.connector;
    let mut text = format!(
        "{} {}: {passed} scenarios passed, {failed} failed, {not_tried} not tried\ndigest {}",
        connector.name,
        connector.version,
        package.digest()
    );
    if keuring::passed(&outcomes) {
        return Done::new(
            text,
            &json!({ "passed": true, "digest": package.digest(), "outcomes": outcomes }),
        );
    }
    if as_json {
        // A refusal carries one sentence only; a program needs the scenarios that failed as well.
        for one in outcomes.iter().filter(|one| one.verdict == Verdict::Failed) {
            let why = one.why.as_deref().unwrap_or_default();
            write!(text, "\n{} {}: {why}", one.interface, one.scenario).expect("writing to memory cannot fail");
        }
    }
    Err(Stop::refused("conformance", text))
}

async fn try_out(package: &Package, contents: &Examined, as_json: bool) -> Result<Vec<keuring::Outcome>, Stop> {
    let world = World::of_this_machine();
    let refused = |reason: &'static str| move |error: &dyn std::error::Error| crate::cli::told(reason, error);
    let folder = tempfile::tempdir().map_err(|error| refused("cache")(&error))?;
    let mut key = [0; 32];
    world.random.fill(&mut key);
    let compiler = std::env::current_exe().map_err(|error| refused("start")(&error))?;
    let settings = EngineSettings::new(folder.path().to_owned(), CacheKey::new(&key), compiler);
    let engine = Engine::start(settings).map_err(|error| refused("engine")(&error))?;
    let not_tried = |error: NotTried| refused("not-tried")(&error);
    let trial = Trial::of(&engine, package.component(), contents, world.clock.now())
        .await
        .map_err(not_tried)?;
    let mut playing = trial.begin().await.map_err(not_tried)?;
    let mut outcomes = Vec::new();
    while let Some(outcome) = playing.next().await {
        if !as_json {
            show(&outcome);
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// A line per scenario, as soon as it has ended.
fn show(outcome: &keuring::Outcome) {
    let word = match outcome.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "FAILED",
        Verdict::NotTried => "not tried",
    };
    let why = outcome.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let (interface, scenario, millis) = (outcome.interface, &outcome.scenario, outcome.millis);
    // A reader that went away is no reason to stop trying.
    let _gone = writeln!(
        std::io::stdout(),
        "{word:<10} {interface} {scenario} ({millis} ms){why}"
    );
}
