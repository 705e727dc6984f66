//! Keuring: what was tried on a connector before it may run, how each scenario ended, and what a school demands before
//! a package may be put to work. Pure: it judges facts that others gathered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::interface::Interface;

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the contract demands.
    Passed,
    /// Otherwise.
    Failed,
    /// Not tried, or not offered by the connector: nothing is said for or against it.
    NotTried,
}

/// One scenario of a keuring, with its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The interface.
    pub interface: Interface,
    /// The scenario, by its stable name.
    pub scenario: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen, when it did not simply pass. Without personal data: simulators hold none.
    pub why: Option<String>,
    /// How long it took, in milliseconds.
    pub millis: u32,
}

/// Whether a package with these outcomes passed: something was tried, and nothing failed.
#[must_use]
pub fn passed(outcomes: &[Outcome]) -> bool {
    let failed = outcomes.iter().any(|one| one.verdict == Verdict::Failed);
    !failed && outcomes.iter().any(|one| one.verdict == Verdict::Passed)
}

/// What a school demands before a package may be put to work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionPolicy {
    /// A passed keuring is demanded.
    pub keuring: bool,
    /// A keuring counts for so many days.
    pub max_age_days: u32,
    /// A person approves what a revision may do beyond what runs now.
    pub approval: bool,
    /// So many different trusted keys must have signed, counter-signatures included.
    pub signatures: u32,
    /// A trusted counter-signer, such as the school itself, must have signed along.
    pub counter_signature: bool,
    /// Publishers whose packages are taken; empty: every publisher with a trusted key.
    pub publishers: BTreeSet<String>,
    /// The lowest version taken of a connector, against older ones that are known to be vulnerable.
    pub lowest_versions: BTreeMap<String, Version>,
}

impl Default for AdmissionPolicy {
    fn default() -> Self {
        AdmissionPolicy {
            keuring: true,
            max_age_days: 90,
            approval: true,
            signatures: 1,
            counter_signature: false,
            publishers: BTreeSet::new(),
            lowest_versions: BTreeMap::new(),
        }
    }
}

/// A policy that can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongPolicy {
    /// No keuring would ever count.
    #[error("`maxAgeDays` is {0}; say for how many days a keuring counts, from 1 to 3650")]
    Age(u32),
    /// More signatures than an envelope holds, or none.
    #[error("`signatures` is {0}; ask for 1 to 16")]
    Signatures(u32),
}

impl AdmissionPolicy {
    /// The same, if it can be.
    ///
    /// # Errors
    /// [`WrongPolicy`].
    pub fn checked(self) -> Result<Self, WrongPolicy> {
        if !(1..=3_650).contains(&self.max_age_days) {
            return Err(WrongPolicy::Age(self.max_age_days));
        }
        if !(1..=16).contains(&self.signatures) {
            return Err(WrongPolicy::Signatures(self.signatures));
        }
        Ok(self)
    }
}

/// Whether a person approved what a revision may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// It may do nothing else than what runs now.
    NotNeeded,
    /// Approved, exactly this difference.
    Given,
    /// Not yet.
    Missing,
}

/// The newest keuring of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// None was asked for.
    Never,
    /// It has not ended.
    UnderWay,
    /// It failed.
    Failed,
    /// It passed, then.
    Passed(Timestamp),
}

/// What is known of a package that someone wants to put to work.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The publisher.
    pub publisher: &'a str,
    /// The connector.
    pub name: &'a str,
    /// Its version.
    pub version: &'a Version,
    /// Different trusted keys that signed, counter-signatures included.
    pub signatures: u32,
    /// Whether a trusted counter-signer signed.
    pub counter_signed: bool,
    /// Its newest keuring.
    pub tried: Tried,
    /// Whether its capabilities were approved.
    pub approval: Approval,
}

/// One thing that stands between a package and its being put to work. `Display` says it in English, with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The school does not take this publisher's packages.
    Publisher(String),
    /// Older than the school takes.
    TooOld {
        /// The connector.
        name: String,
        /// Its version.
        version: Version,
        /// The lowest taken.
        lowest: Version,
    },
    /// Too few trusted keys signed.
    Signatures {
        /// So many did.
        there: u32,
        /// So many must.
        demanded: u32,
    },
    /// No counter-signature.
    CounterSignature,
    /// Never tried.
    NotTried,
    /// Being tried.
    UnderWay,
    /// Tried, and failed.
    Failed,
    /// Tried too long ago.
    Stale {
        /// When it passed.
        passed: Timestamp,
        /// How many days that counts.
        days: u32,
    },
    /// Nobody approved what it may do.
    NotApproved,
}

impl Obstacle {
    /// A stable word for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Obstacle::Publisher(_) => "publisher-not-taken",
            Obstacle::TooOld { .. } => "version-too-low",
            Obstacle::Signatures { .. } => "signatures-missing",
            Obstacle::CounterSignature => "counter-signature-missing",
            Obstacle::NotTried => "keuring-missing",
            Obstacle::UnderWay => "keuring-under-way",
            Obstacle::Failed => "keuring-failed",
            Obstacle::Stale { .. } => "keuring-stale",
            Obstacle::NotApproved => "not-approved",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Publisher(publisher) => write!(
                out,
                "this school's admission policy does not take packages of `{publisher}`; add it to the policy first"
            ),
            Obstacle::TooOld { name, version, lowest } => write!(
                out,
                "{name} {version} is older than {lowest}, the lowest version that this school's admission policy takes; \
                 install a newer one"
            ),
            Obstacle::Signatures { there, demanded } => write!(
                out,
                "{there} trusted key(s) signed the package, and this school's admission policy asks for {demanded}; let \
                 others counter-sign it with `oke connector sign --counter`"
            ),
            Obstacle::CounterSignature => out.write_str(
                "no trusted counter-signer signed the package, which this school's admission policy asks for; \
                 counter-sign it with `oke connector sign --counter` and add that file to the package",
            ),
            Obstacle::NotTried => out.write_str("the package has had no keuring; start one and wait until it passes"),
            Obstacle::UnderWay => out.write_str("the package's keuring has not ended; wait until it has"),
            Obstacle::Failed => out
                .write_str("the package failed its keuring; see its outcomes, and ask the publisher for a new version"),
            Obstacle::Stale { passed, days } => write!(
                out,
                "the package passed its keuring on {passed}, and a keuring counts for {days} day(s); start another"
            ),
            Obstacle::NotApproved => out.write_str(
                "nobody approved what this package may do beyond what runs now; look at the difference and approve it",
            ),
        }
    }
}

impl AdmissionPolicy {
    /// Whether a package of this publisher, name and version is taken at all: asked at admission, and again when it is
    /// put to work.
    #[must_use]
    pub fn takes(&self, publisher: &str, name: &str, version: &Version) -> Option<Obstacle> {
        if !self.publishers.is_empty() && !self.publishers.contains(publisher) {
            return Some(Obstacle::Publisher(publisher.to_owned()));
        }
        let lowest = self.lowest_versions.get(name).filter(|lowest| version < *lowest)?;
        Some(Obstacle::TooOld {
            name: name.to_owned(),
            version: version.clone(),
            lowest: lowest.clone(),
        })
    }

    /// Everything that stands between a package and its being put to work. A rollback does not ask: what ran before may
    /// run again, however old its keuring, unless its key was revoked.
    #[must_use]
    pub fn obstacles(&self, candidate: &Candidate<'_>, now: Timestamp) -> Vec<Obstacle> {
        let mut found = Vec::new();
        found.extend(self.takes(candidate.publisher, candidate.name, candidate.version));
        if candidate.signatures < self.signatures {
            found.push(Obstacle::Signatures {
                there: candidate.signatures,
                demanded: self.signatures,
            });
        }
        if self.counter_signature && !candidate.counter_signed {
            found.push(Obstacle::CounterSignature);
        }
        if self.keuring {
            found.extend(self.of_keuring(candidate.tried, now));
        }
        if self.approval && candidate.approval == Approval::Missing {
            found.push(Obstacle::NotApproved);
        }
        found
    }

    fn of_keuring(&self, tried: Tried, now: Timestamp) -> Option<Obstacle> {
        match tried {
            Tried::Never => Some(Obstacle::NotTried),
            Tried::UnderWay => Some(Obstacle::UnderWay),
            Tried::Failed => Some(Obstacle::Failed),
            Tried::Passed(passed) => {
                let age = now.duration_since(passed);
                let counts = SignedDuration::from_hours(24 * i64::from(self.max_age_days));
                (age > counts).then_some(Obstacle::Stale {
                    passed,
                    days: self.max_age_days,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn candidate(version: &Version) -> Candidate<'_> {
        Candidate {
            publisher: "voorbeeld",
            name: "toa",
            version,
            signatures: 1,
            counter_signed: false,
            tried: Tried::Passed(at("2026-09-01T09:00:00Z")),
            approval: Approval::Given,
        }
    }

    fn reasons(policy: &AdmissionPolicy, candidate: &Candidate<'_>) -> Vec<&'static str> {
        let found = policy.obstacles(candidate, at("2026-09-10T09:00:00Z"));
        found.iter().map(Obstacle::reason).collect()
    }

    #[test]
    fn a_fresh_keuring_and_an_approval_are_enough_by_default() {
        let version = Version::new(1, 2, 0);
        let policy = AdmissionPolicy::default();
        assert_eq!(reasons(&policy, &candidate(&version)), [""; 0]);
        let changed = |tried, approval| Candidate {
            tried,
            approval,
            ..candidate(&version)
        };
        assert_eq!(
            reasons(&policy, &changed(Tried::Never, Approval::Missing)),
            ["keuring-missing", "not-approved"]
        );
        assert_eq!(
            reasons(&policy, &changed(Tried::UnderWay, Approval::NotNeeded)),
            ["keuring-under-way"]
        );
        assert_eq!(
            reasons(&policy, &changed(Tried::Failed, Approval::NotNeeded)),
            ["keuring-failed"]
        );
    }

    #[test]
    fn a_keuring_counts_until_its_last_day_and_no_longer() {
        let version = Version::new(1, 2, 0);
        let aged = |days| AdmissionPolicy {
            max_age_days: days,
            ..AdmissionPolicy::default()
        };
        assert_eq!(reasons(&aged(9), &candidate(&version)), [""; 0]);
        assert_eq!(reasons(&aged(8), &candidate(&version)), ["keuring-stale"]);
    }

    #[test]
    fn a_school_may_ask_for_publishers_signatures_and_lowest_versions() {
        let version = Version::new(1, 2, 0);
        let policy = AdmissionPolicy {
            signatures: 2,
            counter_signature: true,
            publishers: ["ander".to_owned()].into(),
            lowest_versions: [("toa".to_owned(), Version::new(1, 2, 1))].into(),
            ..AdmissionPolicy::default()
        };
        assert_eq!(
            reasons(&policy, &candidate(&version)),
            ["publisher-not-taken", "signatures-missing", "counter-signature-missing"]
        );
        let known = AdmissionPolicy {
            publishers: BTreeSet::new(),
            ..policy
        };
        let signed = Candidate {
            signatures: 2,
            counter_signed: true,
            ..candidate(&version)
        };
        assert_eq!(reasons(&known, &signed), ["version-too-low"]);
    }

    #[test]
    fn a_policy_that_no_package_could_meet_is_refused() {
        let policy = |max_age_days, signatures| AdmissionPolicy {
            max_age_days,
            signatures,
            ..AdmissionPolicy::default()
        };
        assert_eq!(policy(0, 1).checked(), Err(WrongPolicy::Age(0)));
        assert_eq!(policy(1, 0).checked(), Err(WrongPolicy::Signatures(0)));
        assert!(policy(1, 1).checked().is_ok());
    }

    #[test]
    fn a_keuring_in_which_nothing_was_tried_has_not_passed() {
        let outcome = |verdict| Outcome {
            interface: Interface::TaResultaten,
            scenario: "slow".to_owned(),
            verdict,
            why: None,
            millis: 1,
        };
        assert!(!passed(&[]));
        assert!(!passed(&[outcome(Verdict::NotTried)]));
        assert!(passed(&[outcome(Verdict::NotTried), outcome(Verdict::Passed)]));
        assert!(!passed(&[outcome(Verdict::Passed), outcome(Verdict::Failed)]));
    }
}
