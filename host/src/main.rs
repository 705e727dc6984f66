//! The `oke` binary: arguments to command, and nothing else.

fn main() -> std::process::ExitCode {
    oke_host::cli::run()
}
