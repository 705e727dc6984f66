//! One exam through the whole chain, for showing and for checking: a school, its student system and four vendors'
//! test platforms (simulators, each on a socket of its own), and this host between them. Everything the people of the
//! school do goes through the public API, everything between systems over OKE.
//!
//! [`stage`] starts everything, [`client`] is what the people use, [`packages`] makes and signs the connectors,
//! [`story`] is what happens, [`ledger`] counts it from the simulators' own faces, [`table`] shows it.

pub mod client;
pub mod ledger;
pub mod packages;
pub mod stage;
pub mod story;
pub mod table;

use std::time::Duration;

/// Why the demo stopped.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DemoError(pub String);

impl DemoError {
    /// What we were doing, and what came in between.
    pub fn while_doing(what: &str) -> impl Fn(&dyn std::fmt::Display) -> DemoError + '_ {
        move |error| DemoError(format!("while {what}: {error}"))
    }
}

/// Waits until `look` finds what is waited for, and gives that; says what was seen last when it takes too long.
///
/// # Errors
/// When it takes longer than `patience`.
pub async fn until<T, F, Fut>(what: &str, patience: Duration, mut look: F) -> Result<T, DemoError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Result<T, String>, DemoError>>,
{
    let started = std::time::Instant::now();
    loop {
        match look().await? {
            Ok(found) => return Ok(found),
            Err(seen) if started.elapsed() > patience => {
                return Err(DemoError(format!(
                    "waited {} s until {what}; now: {seen}",
                    patience.as_secs()
                )));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
