//! One file per command of the `oke` binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs a Dutch vocational school's exam chain between its own systems and its exam vendors.
#[derive(Parser)]
#[command(name = "oke", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {}

/// Reads the arguments, runs the command, and turns its outcome into the exit code outsiders rely on:
/// 0 done, 1 refused with the reason, 2 usage.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {}
}
