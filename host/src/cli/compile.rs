//! `oke __compile SOURCE TARGET`, hidden: the host starts itself with it to compile a component in a limited child
//! process ([`crate::connector::compile`]). Not for people, and no name outsiders may rely on.

use std::path::PathBuf;

use serde_json::json;

use super::outcome::{Done, Outcome, Stop};
use crate::connector::compile;

/// Compile a component to machine code for this host
#[derive(clap::Args)]
pub struct Compile {
    /// The component
    source: PathBuf,
    /// Where the machine code goes
    target: PathBuf,
}

/// Compiles; refused when the component is at fault.
pub fn run(arguments: &Compile) -> Outcome {
    match compile::run_child(&arguments.source, &arguments.target) {
        Ok(()) => Done::new("", &json!({})),
        Err(why) => Err(Stop::refused("does-not-compile", why)),
    }
}
