//! How every command ends: what it says to people, what it says to programs (`--json`), and its exit code
//! (0 done, 1 refused with the reason, 2 usage).
//!
//! A command is a function that returns an [`Outcome`]; only [`finish`] prints. A command that runs for long (`serve`)
//! logs while it runs and still ends with an outcome.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

/// What a command ends with.
pub type Outcome = Result<Done, Stop>;

/// A command did what was asked.
#[derive(Debug)]
pub struct Done {
    text: String,
    json: Value,
}

impl Done {
    /// `text` goes to standard output for a person, whole lines without the last newline; `facts` say the same for a
    /// program and are printed instead under `--json`. A type that cannot be JSON is a mistake in the program and is
    /// reported as a refusal.
    pub fn new(text: impl Into<String>, facts: &impl Serialize) -> Outcome {
        let json = serde_json::to_value(facts)
            .map_err(|error| Stop::refused("bug", format!("could not write the outcome as JSON: {error}")))?;
        Ok(Self {
            text: text.into(),
            json,
        })
    }

    /// What a person reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a program reads.
    pub fn facts(&self) -> &Value {
        &self.json
    }
}

/// A command stopped before it did what was asked.
#[derive(Debug)]
pub enum Stop {
    /// Exit code 1: the arguments were fine, the answer is no. The sentence says what, where, and how to mend it.
    Refused {
        /// A stable kebab-case word that a script may branch on, such as `unknown-key`.
        reason: String,
        /// The sentence for people.
        message: String,
    },
    /// Exit code 2: the arguments make no sense together.
    Usage(String),
}

impl Stop {
    /// See [`Stop::Refused`].
    pub fn refused(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Refused {
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// Prints the outcome and gives the exit code that outsiders rely on. Under `--json` standard output holds exactly one
/// JSON value, also for a refusal: `{"refused": {"reason": …, "message": …}}` or `{"usage": {"message": …}}`.
pub fn finish(outcome: Outcome, as_json: bool) -> ExitCode {
    let (code, to_stdout, line) = match (outcome, as_json) {
        (Ok(done), true) => (0, true, pretty(&done.json)),
        (Ok(done), false) => (0, true, done.text),
        (Err(Stop::Refused { reason, message }), true) => (
            1,
            true,
            pretty(&json!({ "refused": { "reason": reason, "message": message } })),
        ),
        (Err(Stop::Refused { message, .. }), false) => (1, false, format!("refused: {message}")),
        (Err(Stop::Usage(message)), true) => (2, true, pretty(&json!({ "usage": { "message": message } }))),
        (Err(Stop::Usage(message)), false) => (2, false, format!("usage: {message}")),
    };
    if line.is_empty() {
        return ExitCode::from(code);
    }
    // A reader that went away (`oke … | head`) is no reason to fail a command that did its work.
    let _gone = match to_stdout {
        true => writeln!(std::io::stdout(), "{line}"),
        false => writeln!(std::io::stderr(), "{line}"),
    };
    ExitCode::from(code)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
