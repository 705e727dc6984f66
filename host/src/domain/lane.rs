//! Lanes: the queues in which messages about one object keep their order (invariant 4). Pure rules; `store::job`
//! says the same in SQL.

/// The lane of the messages of one flow about one object, such as `2/offering/ID` or `5/association/ID`.
#[must_use]
pub fn name(flow: i64, kind: &str, id: &str) -> String {
    format!("{flow}/{kind}/{id}")
}

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waits for its turn and its time.
    Ready,
    /// A worker has it.
    Running,
    /// Its effect took place.
    Done,
    /// Waits for a person, as head of its lane.
    Dead,
    /// A person decided that it needn't take place.
    Dismissed,
    /// A newer message about the same object took its place.
    Superseded,
}

impl JobState {
    const ALL: [JobState; 6] = [
        JobState::Ready,
        JobState::Running,
        JobState::Done,
        JobState::Dead,
        JobState::Dismissed,
        JobState::Superseded,
    ];

    /// The word kept in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Ready => "ready",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Dead => "dead",
            JobState::Dismissed => "dismissed",
            JobState::Superseded => "superseded",
        }
    }

    /// Reads [`JobState::as_str`] back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it still holds its place in the lane, so that later messages wait.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, JobState::Ready | JobState::Running | JobState::Dead)
    }
}

/// A job's place: its lane and number, and what of its parent's lane goes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its lane.
    pub lane: String,
    /// Its number in the lane.
    pub seq: i64,
    /// Lane of the sitting it belongs to, and the number up to which that lane goes first.
    pub parent: Option<(String, i64)>,
}

impl Place {
    /// Whether it is this job's turn, given the places of all open jobs (its own may be among them): it is the head of
    /// its lane, and the parent's lane holds nothing open up to the number it waits for.
    #[must_use]
    pub fn has_its_turn<'a>(&self, open: impl IntoIterator<Item = &'a Place>) -> bool {
        open.into_iter().all(|other| {
            let goes_before = other.lane == self.lane && other.seq < self.seq;
            let is_awaited = self
                .parent
                .as_ref()
                .is_some_and(|(lane, seq)| other.lane == *lane && other.seq <= *seq);
            !goes_before && !is_awaited
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lane: &str, seq: i64, parent: Option<(&str, i64)>) -> Place {
        Place {
            lane: lane.to_owned(),
            seq,
            parent: parent.map(|(lane, seq)| (lane.to_owned(), seq)),
        }
    }

    #[test]
    fn only_the_head_of_a_lane_has_its_turn_and_other_lanes_do_not_matter() {
        let open = [place("a", 3, None), place("a", 4, None), place("b", 1, None)];
        assert!(open[0].has_its_turn(&open));
        assert!(!open[1].has_its_turn(&open));
        assert!(open[2].has_its_turn(&open));
    }

    #[test]
    fn a_deelname_waits_for_its_sitting_up_to_its_number_and_not_for_later_changes() {
        let deelname = place("deelname", 1, Some(("sitting", 2)));
        assert!(!deelname.has_its_turn(&[place("sitting", 1, None)]));
        assert!(!deelname.has_its_turn(&[place("sitting", 2, None)]));
        assert!(deelname.has_its_turn(&[place("sitting", 3, None)]));
    }

    #[test]
    fn a_dead_letter_keeps_its_place_and_a_dismissed_one_does_not() {
        assert!(JobState::Dead.is_open());
        assert!(!JobState::Dismissed.is_open() && !JobState::Superseded.is_open() && !JobState::Done.is_open());
        for state in JobState::ALL {
            assert_eq!(JobState::from_word(state.as_str()), Some(state));
        }
    }
}
