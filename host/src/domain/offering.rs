//! Offerings as the host keeps them: planbare toets, zitting, and the course and program offerings around them (`§4.2`).

use jiff::Timestamp;

use super::model::{
    self, Component, ComponentStatus, DurationFrom, DurationUntil, OfferingState, OfferingType, StartOptions,
    TestReference,
};

/// What an offering is to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferingKind {
    /// Planbare toets, made by the student system (flow 1).
    Plannable,
    /// Zitting, planned here (flow 2).
    Sitting,
    /// Course offering, context from the student system.
    Course,
    /// Program offering, context from the student system.
    Program,
    /// Zitting that an outside TPL planned at a vendor: this host is TA there, and passes it on.
    Relayed,
}

impl OfferingKind {
    /// All of them.
    pub const ALL: [OfferingKind; 5] = [
        OfferingKind::Plannable,
        OfferingKind::Sitting,
        OfferingKind::Course,
        OfferingKind::Program,
        OfferingKind::Relayed,
    ];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            OfferingKind::Plannable => "plannable",
            OfferingKind::Sitting => "sitting",
            OfferingKind::Course => "course",
            OfferingKind::Program => "program",
            OfferingKind::Relayed => "relayed",
        }
    }

    /// Reads [`OfferingKind::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<OfferingKind> {
        OfferingKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What an offering that a student system sends is (flow 1).
    #[must_use]
    pub fn from_student_system(offering_type: OfferingType) -> OfferingKind {
        match offering_type {
            OfferingType::Component => OfferingKind::Plannable,
            OfferingType::Course => OfferingKind::Course,
            OfferingType::Program => OfferingKind::Program,
        }
    }

    /// The OOAPI type it has on the wire.
    #[must_use]
    pub fn offering_type(self) -> OfferingType {
        match self {
            OfferingKind::Plannable | OfferingKind::Sitting | OfferingKind::Relayed => OfferingType::Component,
            OfferingKind::Course => OfferingType::Course,
            OfferingKind::Program => OfferingType::Program,
        }
    }
}

/// What the vendor has confirmed of a sitting or deelname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// The plan version that it applied.
    pub plan_version: i64,
    /// When it answered.
    pub at: Timestamp,
    /// The connector revision that delivered it.
    pub revision: i64,
}

/// An offering, and what the host knows of it beside its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Offering {
    /// Id, by its maker.
    pub id: String,
    /// What it is here.
    pub kind: OfferingKind,
    /// Owning unit (R24).
    pub unit: Option<String>,
    /// The student system of a planbare toets, the vendor of a sitting: the way back is the way out (R23).
    pub peer: String,
    /// Of a sitting: the planbare toets it serves.
    pub plannable: Option<String>,
    /// Of a sitting: the vendor's component.
    pub component: Option<String>,
    /// Of a sitting: counts the changes the vendor must hear of; 0 for what is not delivered.
    pub plan_version: i64,
    /// Of a sitting: what the vendor has confirmed.
    pub confirmed: Option<Confirmation>,
    /// Of a sitting: the accounts that planned or changed it (invariant 9).
    pub planned_by: Vec<String>,
    /// Of a relayed sitting: the outside TPL that planned it; its report goes there (R23).
    pub planner: Option<String>,
    /// The object itself, with the report of flow 4 where there is one.
    pub facts: model::Offering,
    /// Last change.
    pub updated_at: Timestamp,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

/// Why a test can't be planned on a planbare toets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPlannable {
    /// Not a planbare toets.
    #[error("offering {0} is not a planbare toets of a student system")]
    WrongKind(String),
    /// Cancelled by the student system (R4).
    #[error("planbare toets {0} has been cancelled by the student system")]
    Canceled(String),
    /// Not among `testsToBeUsed` (R22).
    #[error("component {component} is not among the tests that may serve planbare toets {plannable} (testsToBeUsed)")]
    NotToBeUsed {
        /// The component asked for.
        component: String,
        /// The planbare toets.
        plannable: String,
    },
    /// Under construction or withdrawn (R26).
    #[error("component {0} is inactive at its vendor and can't be planned")]
    Inactive(String),
    /// The unit, or the whole school, was disabled for this vendor: what is planned there is served, and nothing new comes.
    #[error(
        "vendor {peer} was disabled for {}: what is planned there is served till its last result, and nothing new is \
         planned with it; functioneel beheer can enable it again",
        unit.as_deref().map_or_else(|| "the whole school".to_owned(), |unit| format!("unit {unit}"))
    )]
    Drains {
        /// The vendor.
        peer: String,
        /// The unit that was disabled; absent for the whole school.
        unit: Option<String>,
    },
}

/// A vendor by the names a student system may use for it (`testProvider` is free text).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderName {
    /// The peer's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl ProviderName {
    fn is(&self, provider: &str) -> bool {
        let provider = provider.trim();
        self.id.eq_ignore_ascii_case(provider) || self.name.eq_ignore_ascii_case(provider)
    }
}

impl Offering {
    /// Whether it was cancelled by its owner.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.facts.state == OfferingState::Canceled
    }

    /// Whether the vendor has confirmed the present plan.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
            .is_some_and(|confirmed| confirmed.plan_version >= self.plan_version)
    }

    /// Whether a component of a vendor may serve this planbare toets. `others` are the school's other vendors: a
    /// reference that names one of them is not this vendor's, any other spelling of `testProvider` is taken for it,
    /// since schools and vendors spell names differently and component ids are the vendors' own.
    ///
    /// # Errors
    /// [`NotPlannable`], R22 and R26.
    pub fn may_be_served_by(&self, component: &Component, others: &[ProviderName]) -> Result<(), NotPlannable> {
        if self.kind != OfferingKind::Plannable {
            return Err(NotPlannable::WrongKind(self.id.clone()));
        }
        if self.is_canceled() {
            return Err(NotPlannable::Canceled(self.id.clone()));
        }
        if component.status == ComponentStatus::Inactive {
            return Err(NotPlannable::Inactive(component.component_id.clone()));
        }
        let names_this = |test: &TestReference| {
            test.component_id == component.component_id && !others.iter().any(|other| other.is(&test.test_provider))
        };
        let allowed = &self.facts.tests_to_be_used;
        if allowed.is_empty() || allowed.iter().any(names_this) {
            return Ok(());
        }
        Err(NotPlannable::NotToBeUsed {
            component: component.component_id.clone(),
            plannable: self.id.clone(),
        })
    }

    /// The sitting as the vendor hears of it: without the report and without what belongs to flow 1 (`§3.2.3`, R22).
    #[must_use]
    pub fn plan(&self) -> model::Offering {
        model::Offering {
            irregularities: None,
            documents: Vec::new(),
            tests_to_be_used: Vec::new(),
            result_value_type: None,
            offered_id: self.component.clone(),
            ..self.facts.clone()
        }
    }

    /// Takes what a student system says of its own object, and nothing else: the report of flow 4 is not its to change
    /// (table 4.0.F). `None` when that is the present state (R10).
    #[must_use]
    pub fn told_by_owner(&self, told: model::Offering) -> Option<model::Offering> {
        let facts = model::Offering {
            irregularities: self.facts.irregularities.clone(),
            documents: self.facts.documents.clone(),
            ..told
        };
        (facts != self.facts).then_some(facts)
    }

    /// Takes the report of a sitting (flow 4): nothing else is the vendor's to change (table 4.0.F). `None` when that is
    /// the present state.
    #[must_use]
    pub fn reported(
        &self,
        irregularities: Option<String>,
        documents: Vec<model::DocumentReference>,
    ) -> Option<model::Offering> {
        if self.facts.irregularities == irregularities && self.facts.documents == documents {
            return None;
        }
        Some(model::Offering {
            irregularities,
            documents,
            ..self.facts.clone()
        })
    }
}

/// When a sitting is and how its time counts (R18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// Start.
    pub start: Timestamp,
    /// End.
    pub end: Timestamp,
    /// Latest start.
    pub last_possible_start: Option<Timestamp>,
    /// Net duration, seconds.
    pub duration_s: Option<u32>,
    /// How candidates start.
    pub start_options: Option<StartOptions>,
    /// From when time counts.
    pub duration_from: Option<DurationFrom>,
    /// Until when.
    pub duration_until: Option<DurationUntil>,
}

/// What is wrong with the times of a sitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongTimes {
    /// `end` is not after `start`.
    #[error("`end` must be after `start`")]
    EndsBeforeStart,
    /// Outside the sitting.
    #[error("`lastPossibleStart` must lie between `start` and `end`")]
    LastStartOutside,
    /// Zero, or no whole minutes.
    #[error("`durationMin` must be one minute or more")]
    NoDuration,
    /// `testDuration` without a duration.
    #[error("`durationUntil: testDuration` needs `durationMin`")]
    DurationMissing,
    /// `triggeredStartDateTime` without a release, or the other way round.
    #[error("`durationFrom: {from}` does not go with `startOptions: {options}`")]
    StartsDisagree {
        /// From when time counts.
        from: &'static str,
        /// How candidates start.
        options: &'static str,
    },
}

impl Times {
    /// Whether these times make sense together; the six scenarios of table 4.2.C do.
    ///
    /// # Errors
    /// [`WrongTimes`], with the field to mend.
    pub fn check(&self) -> Result<(), WrongTimes> {
        if self.end <= self.start {
            return Err(WrongTimes::EndsBeforeStart);
        }
        if self
            .last_possible_start
            .is_some_and(|last| last < self.start || last > self.end)
        {
            return Err(WrongTimes::LastStartOutside);
        }
        if self.duration_s.is_some_and(|duration| duration < 60) {
            return Err(WrongTimes::NoDuration);
        }
        if self.duration_until == Some(DurationUntil::TestDuration) && self.duration_s.is_none() {
            return Err(WrongTimes::DurationMissing);
        }
        match (self.duration_from, self.start_options) {
            (Some(DurationFrom::TriggeredStartDateTime), Some(StartOptions::IndividualStart)) => {
                Err(WrongTimes::StartsDisagree {
                    from: "triggeredStartDateTime",
                    options: "individualStart",
                })
            }
            (Some(DurationFrom::IndividualStartDateTime), Some(StartOptions::TriggeredStart)) => {
                Err(WrongTimes::StartsDisagree {
                    from: "individualStartDateTime",
                    options: "triggeredStart",
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn times() -> Times {
        Times {
            start: at("2026-11-15T08:00:00Z"),
            end: at("2026-11-15T09:00:00Z"),
            last_possible_start: None,
            duration_s: Some(40 * 60),
            start_options: Some(StartOptions::IndividualStart),
            duration_from: Some(DurationFrom::IndividualStartDateTime),
            duration_until: Some(DurationUntil::EndDateTime),
        }
    }

    /// R18, table 4.2.C.
    #[test]
    fn the_six_scenarios_of_the_standard_are_good_times() {
        let one = times();
        let two = Times {
            last_possible_start: Some(at("2026-11-15T08:15:00Z")),
            ..times()
        };
        let three = Times {
            duration_until: Some(DurationUntil::TestDuration),
            ..two.clone()
        };
        let four = Times {
            duration_from: Some(DurationFrom::StartDateTime),
            duration_until: None,
            ..times()
        };
        let five = Times {
            start_options: Some(StartOptions::TriggeredStart),
            duration_from: Some(DurationFrom::TriggeredStartDateTime),
            duration_until: Some(DurationUntil::TestDuration),
            ..times()
        };
        let six = Times {
            end: at("2026-11-15T22:00:00Z"),
            last_possible_start: Some(at("2026-11-15T21:00:00Z")),
            duration_until: Some(DurationUntil::TestDuration),
            ..times()
        };
        for (number, scenario) in [one, two, three, four, five, six].iter().enumerate() {
            assert_eq!(scenario.check(), Ok(()), "scenario {}", number + 1);
        }
    }

    /// R18.
    #[test]
    fn times_that_contradict_each_other_are_refused_with_the_field() {
        let backwards = Times {
            end: at("2026-11-15T08:00:00Z"),
            ..times()
        };
        assert_eq!(backwards.check(), Err(WrongTimes::EndsBeforeStart));
        let late = Times {
            last_possible_start: Some(at("2026-11-15T10:00:00Z")),
            ..times()
        };
        assert_eq!(late.check(), Err(WrongTimes::LastStartOutside));
        let endless = Times {
            duration_s: None,
            duration_until: Some(DurationUntil::TestDuration),
            ..times()
        };
        assert_eq!(endless.check(), Err(WrongTimes::DurationMissing));
        let unreleased = Times {
            duration_from: Some(DurationFrom::TriggeredStartDateTime),
            ..times()
        };
        assert!(matches!(unreleased.check(), Err(WrongTimes::StartsDisagree { .. })));
    }
}
