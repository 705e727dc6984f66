//! `oke demo`: one exam through the whole chain, with signed connectors, on real messages.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::outcome::{Done, Outcome, Stop};
use crate::audit::{checkpoint, verify};
use crate::demo::stage::Cast;
use crate::demo::{DemoError, ledger, packages, story, table};
use crate::telemetry;

/// Play one exam through the whole chain: a school, its student system, four vendors, and this host between them
///
/// Everything runs on this machine, in a folder that is removed afterwards. Ends with a table that counts what went in
/// against what came out, and leaves the dashboard up; with `--once` it ends, with exit code 0 only if every count
/// balances and the audit verifies.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  oke demo\n  oke demo --once --json\n\nNeeds the connectors' modules: `cargo demo` \
                        builds them and runs this."
)]
pub struct Demo {
    /// End when the story is told, instead of leaving the dashboard up
    #[arg(long)]
    once: bool,
    /// Where the host listens
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many students
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(4..=400))]
    students: u16,
    /// Folder with the connectors' folders
    #[arg(long, default_value = "connectors", value_name = "DIR")]
    connectors: PathBuf,
    /// Folder with the connectors' built modules
    #[arg(long, env = "OKE_GUESTS", value_name = "DIR")]
    guests: PathBuf,
    /// Which log lines
    #[arg(long, default_value = "error", value_name = "FILTER")]
    log: String,
}

/// Runs it.
///
/// # Errors
/// Refused: something did not start, did not do what it should, or does not add up.
pub fn run(arguments: &Demo, as_json: bool) -> Outcome {
    telemetry::start_logging(&arguments.log, false).map_err(|error| Stop::refused("log", error))?;
    super::on_runtime(play(arguments, as_json))?
}

fn refused(error: DemoError) -> Stop {
    Stop::refused("demo", error.to_string())
}

async fn play(arguments: &Demo, as_json: bool) -> Outcome {
    let started = Instant::now();
    let say = |line: &str| eprintln!("[{:5.1} s] {line}", started.elapsed().as_secs_f64());
    say("connectoren inpakken en ondertekenen");
    let world = crate::app::World::of_this_machine();
    let published = packages::publish(&arguments.connectors, &arguments.guests, &*world.random).map_err(refused)?;
    let data =
        tempfile::tempdir().map_err(|error| Stop::refused("demo", format!("could not make a folder: {error}")))?;
    let cast = Cast::start(data.path(), arguments.listen, usize::from(arguments.students))
        .await
        .map_err(refused)?;
    let told = match story::tell(&cast, &published, &say).await {
        Ok(told) => told,
        Err(error) => {
            let why = story::dead_letters(&cast).await.map_err(refused)?;
            return Err(refused(DemoError(format!("{error}{why}"))));
        }
    };
    say("alles tellen, en de audit verifiëren");
    let counted = ledger::count(&cast, &told).await.map_err(refused)?;
    let (audit, audit_is_clean) = audited(&cast).await.map_err(refused)?;
    let took = started.elapsed();
    let text = table::text(&told, &counted, &audit, took);
    let facts = table::json(&told, &counted, &audit, took);
    let all_well = counted.is_clean() && audit_is_clean;
    if !arguments.once {
        leave_up(&cast, &text, &facts, as_json).await;
    }
    cast.end().await.map_err(refused)?;
    if !all_well {
        return Err(Stop::refused(
            "does-not-reconcile",
            format!("the demo does not add up\n{text}"),
        ));
    }
    if arguments.once {
        Done::new(text, &facts)
    } else {
        Done::new("", &facts)
    }
}

/// Shows the table and waits for Ctrl-C.
async fn leave_up(cast: &Cast, text: &str, facts: &serde_json::Value, as_json: bool) {
    eprintln!("{}", if as_json { facts.to_string() } else { text.to_owned() });
    eprintln!(
        "\nHet dashboard blijft open op {}/ — meld aan met {}\nStoppen met Ctrl-C.",
        cast.base, cast.beheer_token
    );
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("could not wait for Ctrl-C: {error}");
    }
}

async fn audited(cast: &Cast) -> Result<(String, bool), DemoError> {
    let failed = DemoError::while_doing("verifying the audit");
    checkpoint::checkpoint_now(&cast.core, &cast.checkpoints)
        .await
        .map_err(|error| failed(&error))?;
    let (outside, unreadable) = checkpoint::read_folder(&cast.checkpoints).map_err(|error| failed(&error))?;
    let keys = [checkpoint::public_key(&cast.core.sealer)];
    let report = verify::verify(&cast.core.db, &outside, &keys)
        .await
        .map_err(|error| failed(&error))?;
    let clean = report.is_clean() && unreadable.is_empty();
    let said = format!(
        "{} regels in {} ketens, {} ondertekende controlepunten: {}",
        report.entries,
        report.chains,
        outside.len(),
        if clean { "klopt" } else { "KLOPT NIET" }
    );
    Ok((said, clean))
}
