//! One file per command of the `oke` binary. To add one: a file `cli/NAME.rs` with its arguments (a `clap::Args` whose
//! doc comments are the help) and a function that returns an [`outcome::Outcome`]; then a line in `Command` and in
//! `execute`. `--json` is global: a command doesn't declare it, its [`outcome::Done`] carries both tongues.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use outcome::{Outcome, Stop, finish};

mod account;
mod audit;
mod bundle;
mod compile;
mod connector;
mod demo;
mod init;
pub mod outcome;
mod serve;
mod simulate;

/// Runs a Dutch vocational school's exam chain between its own systems and its exam vendors.
#[derive(Parser)]
#[command(name = "oke", version, about, arg_required_else_help = true)]
struct Arguments {
    /// Print one JSON value instead of text, also when refused
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(name = "__compile", hide = true)]
    Compile(compile::Compile),
    /// Make, check and sign connectors
    Connector(connector::Arguments),
    Demo(demo::Demo),
    Init(init::Init),
    /// Run the host until it is told to stop
    Serve(serve::Which),
    /// Bring the database up to date
    Migrate(serve::Which),
    /// See whether settings, database and master key can be used
    Check(serve::Which),
    #[command(subcommand)]
    Account(account::Account),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Run a system around the host that speaks OKE and misbehaves on request
    Simulate(simulate::Arguments),
}

/// Reads the arguments, runs the command, and turns its outcome into the exit code outsiders rely on:
/// 0 done, 1 refused with the reason, 2 usage.
pub fn run() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => finish(execute(arguments.command, arguments.json), arguments.json),
        // Help and version are no mistakes: they go to standard output with exit code 0.
        Err(message) if !message.use_stderr() => message.exit(),
        Err(mistake) if std::env::args_os().any(|argument| argument == "--json") => {
            finish(Err(Stop::Usage(mistake.render().to_string())), true)
        }
        Err(mistake) => mistake.exit(),
    }
}

fn execute(command: Command, as_json: bool) -> Outcome {
    match command {
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Connector(arguments) => connector::run(arguments, as_json),
        Command::Demo(arguments) => demo::run(&arguments, as_json),
        Command::Init(arguments) => init::run(&arguments),
        Command::Serve(which) => serve::serve(&which),
        Command::Migrate(which) => serve::migrate(&which),
        Command::Check(which) => serve::check(&which),
        Command::Account(command) => account::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Bundle(command) => bundle::run(&command),
        Command::Simulate(arguments) => simulate::run(arguments, as_json),
    }
}

/// Runs a command's asynchronous work.
fn on_runtime<T>(work: impl Future<Output = T>) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::refused("start", format!("could not start the runtime: {error}")))?;
    Ok(runtime.block_on(work))
}

/// A refusal with its whole chain of causes, for who runs the command.
fn told(reason: &str, error: &dyn std::error::Error) -> Stop {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        cause = error.source();
    }
    Stop::refused(reason, said)
}
