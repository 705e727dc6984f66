//! Running other programs: shown, read, or held to a time limit.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// How often a program that is held to a time limit is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs a program to its end with its output on our stderr.
///
/// # Errors
/// When it cannot be started, or ends in failure.
pub fn show(command: &mut Command) -> Result<(), Failure> {
    command.stdout(std::io::stderr());
    run(command)
}

/// Runs a program to its end with our own input and output.
///
/// # Errors
/// When it cannot be started, or ends in failure.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    succeeded(command, status)
}

/// Runs a program to its end and returns what it wrote to stdout.
///
/// # Errors
/// When it cannot be started, or ends in failure; what it wrote to stderr is part of the sentence.
pub fn read(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!(
        "{} ended with {}: {}",
        line_of(command),
        output.status,
        said.trim()
    )))
}

/// Runs a program with its output on our stderr, and ends it when it takes longer than `limit`.
///
/// # Errors
/// When it cannot be started, ends in failure, or had to be ended.
pub fn show_within(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    match wait_until(&mut child, Instant::now() + limit) {
        Some(status) => succeeded(command, status),
        None => {
            // It may have ended by itself since we looked: then there is nothing left to end.
            let _ = child.kill();
            let _ = child.wait();
            Err(Failure::new(format!(
                "{} did not end within {} s",
                line_of(command),
                limit.as_secs()
            )))
        }
    }
}

/// Waits for a child until `deadline`; `None` when it still runs then.
pub fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Looks a program up in `PATH`.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// Whether we run as the superuser.
pub fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|text| text.trim() == "0")
}

/// Takes out of a command's environment what `cargo run` put into ours for this crate alone.
pub fn forget_cargo_run(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let meant_for_us = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO"
        });
        if meant_for_us {
            command.env_remove(name);
        }
    }
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{} ended with {status}", line_of(command))))
    }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("could not start {}: {error}", line_of(command)))
}

/// The command as one would type it, for messages.
fn line_of(command: &Command) -> String {
    let mut line = format!("`{}", command.get_program().to_string_lossy());
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line.push('`');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_ended_at_its_limit() {
        let begun = Instant::now();
        let failure = show_within(Command::new("sleep").arg("30"), Duration::from_millis(100)).unwrap_err();
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it took {:?}",
            begun.elapsed()
        );
        assert_eq!(failure.to_string(), "`sleep 30` did not end within 0 s");
    }

    #[test]
    fn a_failing_program_is_named_with_what_it_said() {
        let failure = read(Command::new("sh").args(["-c", "echo no luck >&2; exit 3"])).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "`sh -c echo no luck >&2; exit 3` ended with exit status: 3: no luck"
        );
    }

    #[test]
    fn a_program_that_does_not_exist_is_told_so() {
        let failure = run(&mut Command::new("/nonexistent/oke")).unwrap_err();
        assert!(
            failure.to_string().starts_with("could not start `/nonexistent/oke`"),
            "{failure}"
        );
    }
}
