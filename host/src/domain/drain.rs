//! Disabling a vendor drains: nothing new is planned there, and what is planned is served until its last result is in.
//! What a drain waits for.

use super::deadline::Progress;
use super::exception::Exception;
use super::model::AssociationState;
use super::principal::Duty;
use super::result::{Hold, Judgement};

/// How far a drain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainState {
    /// Nothing new is planned; what is planned is served.
    Draining,
    /// Nothing is served.
    Ended,
    /// It was enabled again.
    Lifted,
}

impl DrainState {
    /// All of them.
    pub const ALL: [DrainState; 3] = [DrainState::Draining, DrainState::Ended, DrainState::Lifted];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DrainState::Draining => "draining",
            DrainState::Ended => "ended",
            DrainState::Lifted => "lifted",
        }
    }

    /// Reads [`DrainState::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<DrainState> {
        DrainState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a drain waits for at a deelname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// The vendor has not confirmed its last change.
    Delivery,
    /// There is no result that counts yet.
    Result,
    /// Its result named a document that has not been fetched.
    Document,
}

impl Awaits {
    /// For programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Awaits::Delivery => "delivery",
            Awaits::Result => "result",
            Awaits::Document => "document",
        }
    }

    /// Dutch.
    #[must_use]
    pub fn in_dutch(self) -> &'static str {
        match self {
            Awaits::Delivery => "nog niet bevestigd",
            Awaits::Result => "nog geen resultaat",
            Awaits::Document => "document nog niet opgehaald",
        }
    }
}

/// A deelname as a drain looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its state.
    pub state: AssociationState,
    /// Whether it is a student's; nobody else gets a result.
    pub is_students: bool,
    /// Whether the vendor has confirmed any plan of it.
    pub was_told: bool,
    /// Whether the vendor has confirmed its last change.
    pub is_told: bool,
    /// How far its result is.
    pub progress: Progress,
    /// What became of it.
    pub judgement: Judgement,
    /// Whether all documents that its result named are here.
    pub has_documents: bool,
}

impl Left {
    /// What is still to come; nothing where no result will come: cancelled, or the student did not turn up.
    #[must_use]
    pub fn awaits(&self) -> Option<Awaits> {
        match self.state {
            // The vendor never heard of it.
            AssociationState::Canceled if !self.was_told => return None,
            AssociationState::Canceled | AssociationState::Finished => {
                return (!self.is_told).then_some(Awaits::Delivery);
            }
            AssociationState::Associated | AssociationState::Other(_) => {}
        }
        if !self.is_told {
            return Some(Awaits::Delivery);
        }
        if !self.is_students {
            return None;
        }
        let comes_again = matches!(self.judgement, Judgement::Aside | Judgement::Held(Hold::NotNormed));
        if self.progress == Progress::Open || comes_again {
            return Some(Awaits::Result);
        }
        (!self.has_documents).then_some(Awaits::Document)
    }
}

/// Kind of the exceptions about what was left when a drain was ended by hand.
pub const DRAIN_LEFT: &str = "drain-left";

/// A drain was ended by hand while this sitting still waited for something.
#[must_use]
pub fn drain_left(peer: &str, deelnames: usize) -> Exception {
    let left = match deelnames {
        0 => "De laatste wijziging van deze zitting is niet bevestigd".to_owned(),
        1 => "Van 1 deelname wordt nog iets verwacht".to_owned(),
        count => format!("Van {count} deelnames wordt nog iets verwacht"),
    };
    Exception {
        kind: DRAIN_LEFT,
        owner: Duty::Plannen,
        title: format!("{peer} is uitgeschakeld voordat alles binnen was"),
        next_step: format!(
            "{left}. Vraag de leverancier ernaar en regel het buiten de koppeling om, of laat functioneel beheer de \
             leverancier weer inschakelen."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> Left {
        Left {
            state: AssociationState::Associated,
            is_students: true,
            was_told: true,
            is_told: true,
            progress: Progress::Open,
            judgement: Judgement::Accepted,
            has_documents: true,
        }
    }

    #[test]
    fn a_result_a_change_and_a_document_are_awaited() {
        assert_eq!(planned().awaits(), Some(Awaits::Result));
        let known = Left {
            progress: Progress::Known,
            ..planned()
        };
        assert_eq!(known.awaits(), None);
        let changed = Left {
            is_told: false,
            ..known.clone()
        };
        assert_eq!(changed.awaits(), Some(Awaits::Delivery));
        let named = Left {
            has_documents: false,
            ..known.clone()
        };
        assert_eq!(named.awaits(), Some(Awaits::Document));
        for judgement in [Judgement::Aside, Judgement::Held(Hold::NotNormed)] {
            let again = Left {
                judgement,
                ..known.clone()
            };
            assert_eq!(again.awaits(), Some(Awaits::Result), "{judgement:?}");
        }
    }

    #[test]
    fn what_will_have_no_result_is_not_awaited() {
        let absent = Left {
            progress: Progress::Absent,
            ..planned()
        };
        assert_eq!(absent.awaits(), None);
        let canceled = Left {
            state: AssociationState::Canceled,
            ..planned()
        };
        assert_eq!(canceled.awaits(), None);
        let untold = Left {
            is_told: false,
            ..canceled.clone()
        };
        assert_eq!(untold.awaits(), Some(Awaits::Delivery), "its vendor still has it");
        let never_told = Left {
            was_told: false,
            ..untold
        };
        assert_eq!(never_told.awaits(), None);
        let invigilator = Left {
            is_students: false,
            ..planned()
        };
        assert_eq!(invigilator.awaits(), None);
    }
}
