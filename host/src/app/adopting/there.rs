//! What the vendor has of the sittings that were listed, read through the connector that runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tracing::warn;

use super::Adopter;
use super::list::{self, Listed};
use crate::app::running::{Connectors, NotRunning};
use crate::app::{Refused, counting};
use crate::connector::blame::{CallError, Decision};
use crate::connector::call::{Answer, Caller};
use crate::domain::interface::Interface;
use crate::domain::model::{Association, Offering};

/// The most pages of deelnames of one sitting.
const PAGES: usize = 50;
/// So long a person waits for the whole list to be read back.
const LONGEST: Duration = Duration::from_secs(60);

/// A sitting at the vendor.
#[derive(Debug)]
pub(in crate::app) enum AtVendor {
    /// With the deelnames that it has there.
    It {
        /// The sitting, by the id that the vendor knows it by.
        sitting: Box<Offering>,
        /// The deelnames.
        deelnames: Vec<Association>,
    },
    /// The vendor does not know it.
    Absent,
    /// The connector can't read it.
    Unreadable,
    /// The vendor gave no answer now.
    Failed,
}

/// What was read.
#[derive(Debug, Default)]
pub(in crate::app) struct There {
    /// By the id that was listed.
    pub(in crate::app) sittings: BTreeMap<String, AtVendor>,
    /// The revision that read.
    pub(in crate::app) revision: i64,
}

impl There {
    /// The sitting that the vendor knows by this id.
    pub(super) fn at(&self, peer_id: &str) -> (&Offering, &[Association]) {
        let found = self.sittings.values().find_map(|one| match one {
            AtVendor::It { sitting, deelnames } if sitting.offering_id == peer_id => Some((&**sitting, &deelnames[..])),
            _ => None,
        });
        found.expect("groups are made of what was read")
    }
}

struct Reading<'a> {
    connectors: &'a Connectors,
    adopter: Adopter<'a>,
    revision: i64,
}

/// Why a read gave nothing.
enum Not {
    Unsupported,
    Failed,
}

/// Reads every sitting that was listed, with its deelnames.
///
/// # Errors
/// [`Refused`]: a list that is too long, a vendor that is too slow for it, or no connector that can be called.
pub(super) async fn read(connectors: &Connectors, adopter: Adopter<'_>, listed: &[Listed]) -> Result<There, Refused> {
    list::check(listed).map_err(|error| Refused::Invalid(error.to_string()))?;
    let wanted: BTreeSet<&str> = listed
        .iter()
        .filter(|one| one.fault.is_none())
        .map(|one| one.sitting.as_str())
        .collect();
    let mut reading = Reading {
        connectors,
        adopter,
        revision: 0,
    };
    let sittings = all(&mut reading, &wanted, LONGEST).await?;
    Ok(There {
        sittings,
        revision: reading.revision,
    })
}

/// Who reads one sitting after the other.
trait ReadsBack: Send {
    /// A sitting, by the id that was listed.
    fn sitting(&mut self, id: &str) -> impl Future<Output = Result<AtVendor, Refused>> + Send;
}

/// Each call has its budget; all of them together have this one. Nothing of a list that was read in part is used: what is
/// stored would differ from what was seen.
async fn all(
    reading: &mut impl ReadsBack,
    wanted: &BTreeSet<&str>,
    longest: Duration,
) -> Result<BTreeMap<String, AtVendor>, Refused> {
    let mut sittings = BTreeMap::new();
    let reads = async {
        for id in wanted {
            let found = reading.sitting(id).await?;
            sittings.insert((*id).to_owned(), found);
        }
        Ok(())
    };
    let ended: Result<Result<(), Refused>, _> = tokio::time::timeout(longest, reads).await;
    match ended {
        Ok(read) => read.map(|()| sittings),
        Err(_) => Err(Refused::TooSlow {
            read: sittings.len(),
            of: wanted.len(),
            seconds: longest.as_secs(),
        }),
    }
}

impl ReadsBack for Reading<'_> {
    async fn sitting(&mut self, id: &str) -> Result<AtVendor, Refused> {
        let caller = match self.caller().await? {
            Some(caller) => caller,
            None => return Ok(AtVendor::Unreadable),
        };
        let sitting = match self.heard(caller.read_sitting(id).await) {
            Ok(Some(sitting)) => sitting,
            Ok(None) => return Ok(AtVendor::Absent),
            Err(Not::Unsupported) => return Ok(AtVendor::Unreadable),
            Err(Not::Failed) => return Ok(AtVendor::Failed),
        };
        let (mut deelnames, mut next) = (Vec::new(), None);
        for _ in 0..PAGES {
            let Some(caller) = self.caller().await? else {
                return Ok(AtVendor::Unreadable);
            };
            match self.heard(caller.read_deelnames(&sitting.offering_id, next.as_deref()).await) {
                Ok(page) => {
                    deelnames.extend(page.deelnames);
                    next = page.next;
                }
                Err(Not::Unsupported) => return Ok(AtVendor::Unreadable),
                Err(Not::Failed) => return Ok(AtVendor::Failed),
            }
            if next.is_none() {
                return Ok(AtVendor::It {
                    sitting: Box::new(sitting),
                    deelnames,
                });
            }
        }
        Ok(AtVendor::Failed)
    }
}

impl Reading<'_> {
    /// A caller for one call; `None` where the connector does not serve the plan.
    async fn caller(&mut self) -> Result<Option<Caller>, Refused> {
        let (tenant, peer) = (self.adopter.tenant, self.adopter.peer);
        let key = self.connectors.core().id();
        let running = self
            .connectors
            .caller(tenant, peer, Interface::TaZittingsplan, &key)
            .await;
        match running {
            Ok(running) => {
                self.revision = running.revision;
                Ok(Some(running.caller))
            }
            Err(NotRunning::NotServed { .. }) => Ok(None),
            Err(NotRunning::Store(error)) => Err(error.into()),
            Err(NotRunning::Sealed(error)) => Err(error.into()),
            Err(other) => Err(Refused::NotNow(other.to_string())),
        }
    }

    fn heard<T>(&self, answer: Answer<T>) -> Result<T, Not> {
        let of = counting::Of {
            tenant: self.adopter.tenant,
            peer: self.adopter.peer,
            revision: Some(self.revision),
            interface: Interface::TaZittingsplan,
        };
        counting::count(self.connectors.core(), self.connectors.tally(), of, &answer);
        answer.outcome.map_err(|error| match error {
            CallError {
                decision: Decision::Unsupported,
                ..
            } => Not::Unsupported,
            error => {
                warn!(peer = %self.adopter.peer, "could not read what is to be taken in: blame {}", error.blame);
                Not::Failed
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives no answer from this sitting on.
    struct SilentFrom(&'static str);

    impl ReadsBack for SilentFrom {
        async fn sitting(&mut self, id: &str) -> Result<AtVendor, Refused> {
            match id < self.0 {
                true => Ok(AtVendor::Absent),
                false => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn a_list_that_takes_too_long_to_read_back_is_refused_and_says_how_far_it_got() {
        let wanted: BTreeSet<&str> = ["z-1", "z-2", "z-3", "z-4"].into();
        let soon = Duration::from_millis(20);
        let refused = all(&mut SilentFrom("z-3"), &wanted, soon).await;
        assert!(
            matches!(
                refused,
                Err(Refused::TooSlow {
                    read: 2,
                    of: 4,
                    seconds: 0
                })
            ),
            "{refused:?}"
        );
        let read = all(&mut SilentFrom("z-9"), &wanted, LONGEST).await.unwrap();
        assert_eq!(read.len(), 4);
    }
}
