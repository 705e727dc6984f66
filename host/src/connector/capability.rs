//! What a revision may do, as a whole that can be compared: what a person approves is the difference between what runs
//! and what would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::grant::Rules;
use super::manifest::{ExtraTime, Manifest};
use super::package::sha256_hex;
use crate::domain::interface::Interface;

/// What a connector may do and use, and what it can tell a vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// What it serves.
    pub interfaces: BTreeSet<Interface>,
    /// Method and path it may ask for, by endpoint.
    pub requests: BTreeMap<String, BTreeSet<String>>,
    /// Memory of one call, MiB.
    pub memory_mib: u32,
    /// Wall-clock budget of one call, milliseconds.
    pub budget_ms: u32,
    /// Names of the pushes it takes.
    pub webhooks: BTreeSet<String>,
    /// Codes of needs that it can tell.
    pub needs: BTreeSet<String>,
    /// How it tells extra time.
    pub extra_time: Option<String>,
}

/// One difference between two sets of capabilities. `Display` says it in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An interface.
    Interface {
        /// Which.
        interface: Interface,
        /// Whether it comes, or goes.
        gained: bool,
    },
    /// A request it may make.
    Request {
        /// At which endpoint.
        endpoint: String,
        /// Method and path.
        request: String,
        /// Whether it comes, or goes.
        gained: bool,
    },
    /// Memory of one call, MiB.
    Memory {
        /// Now.
        from: u32,
        /// Then.
        to: u32,
    },
    /// Budget of one call, milliseconds.
    Budget {
        /// Now.
        from: u32,
        /// Then.
        to: u32,
    },
    /// A push it takes.
    Webhook {
        /// Its name.
        name: String,
        /// Whether it comes, or goes.
        gained: bool,
    },
    /// A need it can tell.
    Need {
        /// Its code.
        code: String,
        /// Whether it comes, or goes.
        gained: bool,
    },
    /// How it tells extra time.
    ExtraTime {
        /// Now.
        from: Option<String>,
        /// Then.
        to: Option<String>,
    },
}

impl Capabilities {
    /// Of a manifest, as far as it is granted.
    #[must_use]
    pub fn of(manifest: &Manifest, granted: &Rules) -> Self {
        let requests = granted.iter().map(|(endpoint, rules)| {
            let rules = rules.iter().map(ToString::to_string);
            (endpoint.clone(), rules.collect())
        });
        Capabilities {
            interfaces: manifest.connector.interfaces.clone(),
            requests: requests.collect(),
            memory_mib: manifest.limits.memory_mib,
            budget_ms: manifest.limits.budget_ms,
            webhooks: manifest
                .webhooks
                .iter()
                .map(|one| one.name.as_str().to_owned())
                .collect(),
            needs: manifest.needs.codes.iter().cloned().collect(),
            extra_time: manifest.needs.extra_time.map(extra_time),
        }
    }

    /// What changes when these take the place of `now`; nothing when they are the same.
    #[must_use]
    pub fn changes_from(&self, now: &Capabilities) -> Vec<Change> {
        let mut changes = Vec::new();
        for (interface, gained) in differences(&now.interfaces, &self.interfaces) {
            changes.push(Change::Interface {
                interface: *interface,
                gained,
            });
        }
        let none = BTreeSet::new();
        let endpoints: BTreeSet<&String> = now.requests.keys().chain(self.requests.keys()).collect();
        for endpoint in endpoints {
            let of = |one: &'_ Capabilities| one.requests.get(endpoint).cloned().unwrap_or_else(|| none.clone());
            for (request, gained) in differences(&of(now), &of(self)) {
                changes.push(Change::Request {
                    endpoint: endpoint.clone(),
                    request: request.clone(),
                    gained,
                });
            }
        }
        if now.memory_mib != self.memory_mib {
            changes.push(Change::Memory {
                from: now.memory_mib,
                to: self.memory_mib,
            });
        }
        if now.budget_ms != self.budget_ms {
            changes.push(Change::Budget {
                from: now.budget_ms,
                to: self.budget_ms,
            });
        }
        for (name, gained) in differences(&now.webhooks, &self.webhooks) {
            changes.push(Change::Webhook {
                name: name.clone(),
                gained,
            });
        }
        for (code, gained) in differences(&now.needs, &self.needs) {
            changes.push(Change::Need {
                code: code.clone(),
                gained,
            });
        }
        if now.extra_time != self.extra_time {
            changes.push(Change::ExtraTime {
                from: now.extra_time.clone(),
                to: self.extra_time.clone(),
            });
        }
        changes
    }

    /// Names the difference between `now` and these: an approval holds for exactly one.
    #[must_use]
    pub fn fingerprint(&self, now: &Capabilities) -> String {
        let both = serde_json::to_vec(&(now, self)).expect("capabilities are JSON");
        sha256_hex(&both)
    }
}

/// What only the one has, and what only the other has: `false` goes, `true` comes.
fn differences<'a, T: Ord>(
    now: &'a BTreeSet<T>,
    then: &'a BTreeSet<T>,
) -> impl Iterator<Item = (&'a T, bool)> + use<'a, T> {
    let gone = now.difference(then).map(|one| (one, false));
    gone.chain(then.difference(now).map(|one| (one, true)))
}

fn extra_time(how: ExtraTime) -> String {
    let (step, maximum, unit) = match how {
        ExtraTime::Minutes { step, maximum } => (step, maximum, "minutes"),
        ExtraTime::Percent { step, maximum } => (step, maximum, "percent"),
    };
    let most = maximum.map_or_else(String::new, |most| format!(", at most {most}"));
    format!("by {step} {unit}{most}")
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |gained: &bool| if *gained { "now also" } else { "no longer" };
        let or_not = |how: &Option<String>| how.clone().unwrap_or_else(|| "not".to_owned());
        match self {
            Change::Interface { interface, gained } => write!(out, "{} serves {interface}", word(gained)),
            Change::Request {
                endpoint,
                request,
                gained,
            } => write!(out, "{} asks {request} at endpoint `{endpoint}`", word(gained)),
            Change::Memory { from, to } => write!(out, "memory of a call: {from} → {to} MiB"),
            Change::Budget { from, to } => write!(out, "time of a call: {from} → {to} ms"),
            Change::Webhook { name, gained } => write!(out, "{} takes the push `{name}`", word(gained)),
            Change::Need { code, gained } => write!(out, "{} tells the need `{code}`", word(gained)),
            Change::ExtraTime { from, to } => write!(out, "tells extra time: {} → {}", or_not(from), or_not(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::fixture::MANIFEST;

    fn of(manifest: &str) -> Capabilities {
        let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
        let granted = manifest
            .endpoints
            .iter()
            .map(|one| (one.name.as_str().to_owned(), one.allow.clone()))
            .collect();
        Capabilities::of(&manifest, &granted)
    }

    #[test]
    fn what_comes_and_what_goes_is_told_and_the_same_is_nothing() {
        let now = of(MANIFEST);
        assert_eq!(now.changes_from(&now), []);
        let then = MANIFEST
            .replace("\"GET /components\"", "\"DELETE /components\"")
            .replace("[config.page-size]", "[limits]\nmemory-mib = 32\n\n[config.page-size]")
            .replace(
                "[[profile]]",
                "[needs]\ncodes = [\"spoken\"]\nextra-time = { unit = \"minutes\" }\n\n[[profile]]",
            );
        let then = of(&then);
        let said: Vec<String> = then.changes_from(&now).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "no longer asks GET /components at endpoint `api`",
                "now also asks DELETE /components at endpoint `api`",
                "memory of a call: 16 → 32 MiB",
                "now also tells the need `spoken`",
                "tells extra time: not → by 1 minutes",
            ]
        );
    }

    #[test]
    fn an_approval_is_of_one_difference_from_one_state() {
        let (one, other) = (of(MANIFEST), of(&MANIFEST.replace("GET /components", "GET /tests")));
        let nothing = Capabilities::default();
        assert_ne!(one.fingerprint(&nothing), other.fingerprint(&nothing));
        assert_ne!(one.fingerprint(&nothing), one.fingerprint(&other));
        assert_eq!(one.fingerprint(&other), one.fingerprint(&other));
    }
}
