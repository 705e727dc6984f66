//! The daily check: what went in and came out per flow, what differs, and what it takes to sign it off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where a message of a day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whereabouts {
    /// It came through: taken in here, or confirmed by the other side.
    Through,
    /// It is on its way, or tried again by itself.
    Waiting,
    /// It waits for a person.
    Stuck,
    /// A person or a newer message of the same object took it out.
    SetAside,
}

/// So many messages of a system and flow stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The outside system.
    pub peer: String,
    /// The flow.
    pub flow: i64,
    /// Where they stand.
    pub standing: Whereabouts,
    /// How many.
    pub count: i64,
}

/// The messages of a day with one system in one flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowLine {
    /// The outside system.
    pub peer: String,
    /// The flow.
    pub flow: i64,
    /// How many went in.
    pub went_in: i64,
    /// How many came out.
    pub came_out: i64,
    /// How many are on their way.
    pub waiting: i64,
    /// How many wait for a person.
    pub stuck: i64,
    /// How many were taken out by a person or by a newer message.
    pub set_aside: i64,
}

impl FlowLine {
    /// Whether all that went in came out, or was taken out on purpose.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.went_in == self.came_out + self.set_aside
    }
}

/// The counts of a day as lines, by system and flow: what went in is all there is, wherever it stands.
#[must_use]
pub fn lines(counted: &[Counted]) -> Vec<FlowLine> {
    let mut lines: BTreeMap<(&str, i64), FlowLine> = BTreeMap::new();
    for one in counted {
        let line = lines.entry((&one.peer, one.flow)).or_insert_with(|| FlowLine {
            peer: one.peer.clone(),
            flow: one.flow,
            went_in: 0,
            came_out: 0,
            waiting: 0,
            stuck: 0,
            set_aside: 0,
        });
        line.went_in += one.count;
        match one.standing {
            Whereabouts::Through => line.came_out += one.count,
            Whereabouts::Waiting => line.waiting += one.count,
            Whereabouts::Stuck => line.stuck += one.count,
            Whereabouts::SetAside => line.set_aside += one.count,
        }
    }
    lines.into_values().collect()
}

/// What a day stood at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stood {
    /// How many parts of sittings differ from the other side.
    pub differing: i64,
    /// How many parts could not be compared, or not whole.
    pub not_compared: i64,
    /// How many sittings were to be compared in the night and were not at all.
    #[serde(default)]
    pub overdue: i64,
    /// Per system and flow.
    pub flows: Vec<FlowLine>,
}

/// Nobody said why a day with something open is signed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} differences or messages are open: say why the day is signed off all the same")]
pub struct ReasonMissing(pub i64);

impl Stood {
    /// How many differences, sittings that nobody looked at, and messages are open.
    #[must_use]
    pub fn open(&self) -> i64 {
        let messages: i64 = self.flows.iter().map(|line| line.waiting + line.stuck).sum();
        self.differing + self.overdue + messages
    }

    /// Whether it may be signed off with this reason: with nothing open it needs none.
    ///
    /// # Errors
    /// [`ReasonMissing`].
    pub fn may_be_signed(&self, reason: &str) -> Result<(), ReasonMissing> {
        match self.open() {
            0 => Ok(()),
            open if reason.trim().is_empty() => Err(ReasonMissing(open)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Whereabouts; 4] = [
        Whereabouts::Through,
        Whereabouts::Waiting,
        Whereabouts::Stuck,
        Whereabouts::SetAside,
    ];

    fn a_count() -> impl Strategy<Value = Counted> {
        let standing = proptest::sample::select(ALL.to_vec());
        ("[ab]", 1..6_i64, standing, 0..50_i64).prop_map(|(peer, flow, standing, count)| Counted {
            peer,
            flow,
            standing,
            count,
        })
    }

    proptest! {
        /// Nothing that went in is lost from the page: it came out, or is said to be somewhere.
        #[test]
        fn what_went_in_is_somewhere(counted in proptest::collection::vec(a_count(), 0..30)) {
            let lines = lines(&counted);
            let all: i64 = counted.iter().map(|one| one.count).sum();
            prop_assert_eq!(lines.iter().map(|line| line.went_in).sum::<i64>(), all);
            for line in &lines {
                let open = line.waiting + line.stuck;
                prop_assert_eq!(line.went_in, line.came_out + line.set_aside + open);
                prop_assert_eq!(line.is_balanced(), open == 0);
            }
        }
    }

    /// Who signs off with something open says why.
    #[test]
    fn a_day_with_something_open_takes_a_reason() {
        let quiet = Stood::default();
        assert_eq!(quiet.may_be_signed(""), Ok(()));
        let differs = Stood {
            differing: 2,
            ..Stood::default()
        };
        assert_eq!(differs.may_be_signed("  "), Err(ReasonMissing(2)));
        assert_eq!(differs.may_be_signed("leverancier herstelt vannacht"), Ok(()));
        let stuck = Counted {
            peer: "toa".to_owned(),
            flow: 2,
            standing: Whereabouts::Stuck,
            count: 1,
        };
        let stuck = Stood {
            flows: lines(&[stuck]),
            ..Stood::default()
        };
        assert_eq!(stuck.may_be_signed(""), Err(ReasonMissing(1)));
        let unseen = Stood {
            overdue: 3,
            ..Stood::default()
        };
        assert_eq!(
            unseen.may_be_signed(""),
            Err(ReasonMissing(3)),
            "nothing compared is not nothing open"
        );
    }
}
