//! Conformance: whether a connector does what the contract says, tried in the sandbox against the simulators, with
//! trouble. The same scenarios serve the host's keuring of a package (a job) and `oke connector test` (a vendor at home,
//! without a database).
//!
//! [`scenario`] holds the scenarios as data, `stage` the systems that stand at the other end, `play` carries a step
//! out and compares. To add a scenario: a line in [`scenario::ALL`], a [`scenario::Call`] if it needs one with its arm in
//! `play`, and its words in `dashboard/keuring_words.rs`.
//!
//! What is tried runs as everything runs: the same engine, limits and egress rules, granted what its manifest asks for,
//! but every endpoint leads to a simulator on the loopback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::connector::call::{CallContext, Caller};
use crate::connector::egress::{Endpoint, Endpoints};
use crate::connector::engine::Engine;
use crate::connector::grant::Grants;
use crate::connector::limits::CallLimits;
use crate::connector::loaded::{LoadError, Loaded};
use crate::connector::manifest::{Configuration, Manifest, Profile, Speaks};
use crate::connector::package::{Examined, sha256_hex};
use crate::domain::keuring::{Outcome, Verdict};
use crate::simulator::SimulatorError;

mod play;
pub mod replay;
pub mod scenario;
mod stage;

use play::Ending;
use scenario::Scenario;
use stage::Stage;

/// Most memory, as at a school.
const MOST_MEMORY_MIB: u32 = 64;
/// A whole scenario takes no longer: a connector that hangs on without using its budget up is no translator.
const LONGEST_SCENARIO: Duration = Duration::from_secs(30);

/// Why a connector could not be tried at all.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// Its component does not load.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its configuration is not complete without what a school sets.
    #[error(
        "the connector can't be tried with {profile}: {problems}; give these a default, or name a complete profile under \
         `[conformance]`"
    )]
    Configuration {
        /// The profile, or the defaults.
        profile: String,
        /// What lacks.
        problems: String,
    },
    /// A simulator did not start.
    #[error("a simulator did not start")]
    Simulator(#[from] SimulatorError),
    /// A simulator's own data does not read: our fault.
    #[error("the stage could not be set: {0}")]
    Stage(String),
}

/// A connector, ready to be tried.
pub struct Trial {
    engine: Arc<Engine>,
    loaded: Arc<Loaded>,
    manifest: Manifest,
    config: Configuration,
    now: Timestamp,
}

impl Trial {
    /// Loads a package's component and completes its configuration. `now` is the time its calls are given.
    ///
    /// # Errors
    /// [`NotTried`].
    pub async fn of(
        engine: &Arc<Engine>,
        component: &[u8],
        contents: &Examined,
        now: Timestamp,
    ) -> Result<Self, NotTried> {
        let manifest = contents.manifest.clone();
        let config = configuration(&manifest, &contents.profiles)?;
        let loaded = engine.load(&sha256_hex(component), component).await?;
        Ok(Trial {
            engine: engine.clone(),
            loaded,
            manifest,
            config,
            now,
        })
    }

    /// A caller with everything that the manifest asks for, at whose every endpoint one system stands.
    fn caller(
        &self,
        endpoint: &Endpoint,
        (config, now): (Configuration, Timestamp),
        budget: Duration,
        key: &str,
    ) -> Caller {
        let manifest = &self.manifest;
        let endpoints = manifest.endpoints.iter();
        let endpoints = endpoints.map(|one| (one.name.as_str().to_owned(), endpoint.clone()));
        let context = CallContext {
            tenant: "(keuring)".to_owned(),
            tenant_alias: "keuring".to_owned(),
            peer: manifest.connector.name.as_str().to_owned(),
            revision: "(keuring)".to_owned(),
            now,
            budget,
            idempotency_key: key.to_owned(),
            config: config.into_iter().collect(),
            grants: Arc::new(Grants::all_of(manifest)),
            endpoints: Arc::new(Endpoints::from_iter(endpoints)),
            limits: CallLimits {
                memory: (manifest.limits.memory_mib.min(MOST_MEMORY_MIB) as usize) << 20,
            },
            recorder: None,
        };
        Caller::new(self.engine.clone(), self.loaded.clone(), context)
    }

    /// The scenarios that concern it, in the order in which they are played.
    #[must_use]
    pub fn scenarios(&self) -> Vec<&'static Scenario> {
        let served = self.loaded.serves();
        let concerns = |scenario: &&Scenario| served.contains(&scenario.interface);
        scenario::ALL.iter().filter(concerns).collect()
    }

    /// Starts the systems at the other end.
    ///
    /// # Errors
    /// [`NotTried`]: a simulator did not start.
    pub async fn begin(&self) -> Result<Playing<'_>, NotTried> {
        Ok(Playing {
            trial: self,
            stage: Stage::set(self).await?,
            scenarios: self.scenarios(),
            played: 0,
        })
    }
}

/// A trial under way: one scenario after another.
pub struct Playing<'a> {
    trial: &'a Trial,
    stage: Stage<'a>,
    scenarios: Vec<&'static Scenario>,
    played: usize,
}

impl Playing<'_> {
    /// How many scenarios there are in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.scenarios.len()
    }

    /// Plays the next scenario; nothing when all have been played.
    pub async fn next(&mut self) -> Option<Outcome> {
        let scenario = *self.scenarios.get(self.played)?;
        self.played += 1;
        Some(self.outcome(scenario, self.played).await)
    }

    async fn outcome(&self, scenario: &Scenario, number: usize) -> Outcome {
        let started = Instant::now();
        let ending = if scenario.needs_oke && self.trial.manifest.conformance.speaks == Speaks::Own {
            Ending::NotTried("the connector speaks a format of its own, which no simulator here knows".to_owned())
        } else {
            let playing = self.stage.play(scenario, number);
            match tokio::time::timeout(LONGEST_SCENARIO, playing).await {
                Ok(ending) => ending,
                Err(_) => Ending::Failed(format!("it did not end within {} s", LONGEST_SCENARIO.as_secs())),
            }
        };
        let (verdict, why) = match ending {
            Ending::Passed => (Verdict::Passed, None),
            Ending::Failed(why) => (Verdict::Failed, Some(why)),
            Ending::NotTried(why) => (Verdict::NotTried, Some(why)),
        };
        Outcome {
            interface: scenario.interface,
            scenario: scenario.name.to_owned(),
            verdict,
            why,
            millis: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
        }
    }
}

/// What the connector is tried with: the profile that its manifest names for that, over the defaults.
fn configuration(manifest: &Manifest, profiles: &[Profile]) -> Result<Configuration, NotTried> {
    let wanted = manifest.conformance.profile.as_ref();
    let profile = wanted.and_then(|wanted| profiles.iter().find(|profile| profile.name == *wanted));
    let values = profile.map(|profile| profile.values.clone()).unwrap_or_default();
    manifest.config.complete(&values).map_err(|problems| {
        let said: Vec<String> = problems
            .iter()
            .map(|problem| format!("`{}`: {}", problem.key, problem.message))
            .collect();
        NotTried::Configuration {
            profile: wanted.map_or_else(|| "the defaults".to_owned(), |name| format!("profile `{name}`")),
            problems: said.join("; "),
        }
    })
}
