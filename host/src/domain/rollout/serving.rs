//! Which revision of a connector serves which sitting.

use std::collections::{BTreeMap, BTreeSet};

/// Whose work a call is.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Nobody's in particular, such as the catalogue.
    Everybody,
    /// A sitting's.
    Sitting {
        /// Its id.
        id: &'a str,
        /// The unit that owns it and those that one lies in, innermost first. A sitting never changes its unit.
        lineage: &'a [String],
    },
}

/// Some sittings of units that are not named have another revision. Which ones follows from their ids alone: a sitting
/// keeps its side, and a greater share takes others along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The revision they have.
    pub revision: i64,
    /// How many of a hundred.
    pub percent: u8,
}

impl Share {
    fn takes(self, sitting: &str) -> bool {
        // FNV-1a: the same on every node and in every release, which is what makes it sticky.
        let hash = sitting.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        // The low bits of FNV alone are not even enough.
        (hash >> 17) % 100 < u64::from(self.percent)
    }
}

/// One sitting has another revision, whatever its unit has: a fix is tried on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Its id.
    pub sitting: String,
    /// The revision it has.
    pub revision: i64,
}

/// Who was disabled for a vendor and has drained: nothing is served any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Off {
    /// The whole school.
    pub everybody: bool,
    /// These units, with those in them.
    pub units: BTreeSet<String>,
}

impl Off {
    /// Whether a unit is among them, by its line.
    #[must_use]
    pub fn covers(&self, lineage: &[String]) -> bool {
        self.everybody || lineage.iter().any(|unit| self.units.contains(unit))
    }
}

/// Which revision of a peer's connector serves whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serving {
    /// The peer's own: for work that is no sitting's, and for units that are not named.
    pub default: Option<i64>,
    /// Units that are not named are not served.
    pub named_only: bool,
    /// By unit and flow.
    pub named: BTreeMap<(String, i64), i64>,
    /// Of the units that are not named.
    pub share: Option<Share>,
    /// One sitting that has a revision before all others.
    pub trial: Option<Trial>,
    /// Who is served no longer, whatever the rest says.
    pub off: Off,
}

/// What serves a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// This revision.
    By(i64),
    /// The unit is not enabled for this peer and flow: the work waits.
    NotEnabled,
    /// The unit, or the whole school, was disabled for this peer and has drained.
    Off,
    /// Nothing was ever installed.
    Nothing,
}

impl Serving {
    /// Which revision a call takes: that of a trial on its sitting, else that of the innermost unit of the sitting's line that is named for the flow, else
    /// the peer's default.
    #[must_use]
    pub fn revision(&self, flow: i64, whose: Whose<'_>) -> Served {
        let lineage = match whose {
            Whose::Everybody => &[],
            Whose::Sitting { lineage, .. } => lineage,
        };
        if self.off.covers(lineage) {
            return Served::Off;
        }
        if let Whose::Sitting { id, lineage } = whose {
            if let Some(trial) = self.trial.as_ref().filter(|trial| trial.sitting == id) {
                return Served::By(trial.revision);
            }
            let named = lineage.iter().find_map(|unit| self.named.get(&(unit.clone(), flow)));
            if let Some(revision) = named {
                return Served::By(*revision);
            }
            if let Some(share) = self.share.filter(|share| share.takes(id)) {
                return Served::By(share.revision);
            }
            if self.named_only {
                return Served::NotEnabled;
            }
        }
        self.default.map_or(Served::Nothing, Served::By)
    }

    /// Every revision that serves somebody in a flow, the default first.
    #[must_use]
    pub fn in_use(&self, flow: i64) -> Vec<i64> {
        let named = self.named.iter().filter(|((_, of), _)| *of == flow);
        let all = self.default.into_iter().chain(named.map(|(_, revision)| *revision));
        let apart = self.share.map(|share| share.revision);
        let apart = apart.into_iter().chain(self.trial.as_ref().map(|trial| trial.revision));
        let mut seen = Vec::new();
        for revision in all.chain(apart) {
            if !seen.contains(&revision) {
                seen.push(revision);
            }
        }
        seen
    }

    /// Whether a revision serves anybody.
    #[must_use]
    pub fn uses(&self, revision: i64) -> bool {
        self.default == Some(revision)
            || self.named.values().any(|named| *named == revision)
            || self.share.is_some_and(|share| share.revision == revision)
            || self.trial.as_ref().is_some_and(|trial| trial.revision == revision)
    }

    /// Whether everything has the default.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let nobody_is_off = !self.off.everybody && self.off.units.is_empty();
        !self.named_only && self.named.is_empty() && self.share.is_none() && self.trial.is_none() && nobody_is_off
    }

    /// Whether nobody at all is served: a vendor is asked nothing for nobody.
    #[must_use]
    pub fn is_for_nobody(&self) -> bool {
        let nobody_is_named = self.named.is_empty() && self.share.is_none() && self.trial.is_none();
        self.off.everybody || (self.named_only && nobody_is_named)
    }
}
