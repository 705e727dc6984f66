//! Who acts, what they hold, and what they may decide: the separation of duties (invariant 9).

use jiff::Timestamp;

/// The unit that stands for the whole school: every unit lies in it.
pub const WHOLE_SCHOOL: &str = "*";

/// A function somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Plans sittings, watches the flows (examenbureau).
    Plannen,
    /// Assesses students' work.
    Beoordelen,
    /// Decides on results (examencommissie).
    Vaststellen,
    /// Installs and rolls out connectors, grants functions (functioneel beheer).
    Beheren,
}

impl Duty {
    /// All of them, in the order of the chain.
    pub const ALL: [Duty; 4] = [Duty::Plannen, Duty::Beoordelen, Duty::Vaststellen, Duty::Beheren];

    /// As it is kept and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Duty::Plannen => "plannen",
            Duty::Beoordelen => "beoordelen",
            Duty::Vaststellen => "vaststellen",
            Duty::Beheren => "beheren",
        }
    }

    /// Reads [`Duty::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Duty> {
        Duty::ALL.into_iter().find(|duty| duty.name() == name)
    }
}

/// A function for a unit and everything in it, from a moment on. A mandate is a function held in the name of the
/// examencommissie: it has an end, and is printed on what is decided under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Id.
    pub id: String,
    /// Which function.
    pub duty: Duty,
    /// For which unit; [`WHOLE_SCHOOL`] for all.
    pub unit: String,
    /// Held by mandate of the examencommissie, not as its member.
    pub mandate: bool,
    /// Holds from this moment.
    pub from: Timestamp,
    /// Until this moment, exclusive. A mandate always has one.
    pub until: Option<Timestamp>,
    /// Taken away at this moment.
    pub withdrawn: Option<Timestamp>,
    /// The account that granted it.
    pub granted_by: String,
}

impl Assignment {
    /// Whether it holds at this moment.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && self.end().is_none_or(|end| now < end)
    }

    /// When it ended or will end.
    fn end(&self) -> Option<Timestamp> {
        match (self.until, self.withdrawn) {
            (Some(until), Some(withdrawn)) => Some(until.min(withdrawn)),
            (until, withdrawn) => until.or(withdrawn),
        }
    }

    /// Whether both hold at some same moment.
    fn overlaps(&self, other: &Assignment) -> bool {
        let ends_before = |one: &Assignment, two: &Assignment| one.end().is_some_and(|end| end <= two.from);
        !ends_before(self, other) && !ends_before(other, self)
    }
}

/// Somebody who signs in, as the rules need to know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: String,
    /// The personId that systems around the host know them by.
    pub person_id: Option<String>,
    /// Codes that assessors are named by (`assessorCode`), compared without regard to case.
    pub codes: Vec<String>,
    /// Functions held now or earlier.
    pub assignments: Vec<Assignment>,
}

/// Why somebody may not do something. The sentence is for the person who tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The function is not held for this unit now.
    #[error("account {account} does not hold `{}` for this unit now", duty.name())]
    NotHeld {
        /// Who tried.
        account: String,
        /// The function it takes.
        duty: Duty,
    },
    /// Would hold both beheren and vaststellen.
    #[error(
        "nobody holds both `beheren` and `vaststellen`: withdraw `{}` (assignment {assignment}) first", held.name()
    )]
    Incompatible {
        /// What is held already.
        held: Duty,
        /// By which assignment.
        assignment: String,
    },
    /// A mandate without an end, or one that ends before it begins.
    #[error("a mandate to `vaststellen` names an end after its beginning")]
    UndatedMandate,
    /// Only vaststellen can be mandated.
    #[error("only `vaststellen` is held by mandate, `{}` is granted without", duty.name())]
    NotMandated {
        /// What was asked.
        duty: Duty,
    },
    /// Planned the sitting.
    #[error("account {account} planned this sitting and can't decide on its results")]
    Planned {
        /// Who tried.
        account: String,
    },
    /// Had a hand in it first, where it takes two people.
    #[error("account {account} had a hand in this first: another person must confirm it")]
    SamePerson {
        /// Who tried.
        account: String,
    },
    /// Assessed on the sitting or in a version of the result.
    #[error("account {account} assessed on this sitting and can't decide on its results")]
    Assessed {
        /// Who tried.
        account: String,
    },
}

impl Account {
    /// The assignment under which this account holds a function for a unit now. `lineage` is the unit and the units it
    /// lies in, innermost first; the whole school need not be named. A membership goes before a mandate.
    ///
    /// # Errors
    /// [`Refusal::NotHeld`].
    pub fn holding(&self, duty: Duty, lineage: &[String], now: Timestamp) -> Result<&Assignment, Refusal> {
        let covers = |assignment: &&Assignment| {
            assignment.duty == duty
                && assignment.holds_at(now)
                && (assignment.unit == WHOLE_SCHOOL || lineage.contains(&assignment.unit))
        };
        self.assignments
            .iter()
            .filter(covers)
            .min_by_key(|assignment| assignment.mandate)
            .ok_or_else(|| Refusal::NotHeld {
                account: self.id.clone(),
                duty,
            })
    }

    /// Whether a function is held now for any unit: enough to see a page, never to decide.
    #[must_use]
    pub fn holds_anywhere(&self, duty: Duty, now: Timestamp) -> bool {
        self.assignments
            .iter()
            .any(|assignment| assignment.duty == duty && assignment.holds_at(now))
    }

    /// Whether this assignment may be added to what the account holds.
    ///
    /// # Errors
    /// [`Refusal::Incompatible`] when beheren and vaststellen would meet, whatever the units;
    /// [`Refusal::UndatedMandate`]; [`Refusal::NotMandated`].
    pub fn may_receive(&self, granted: &Assignment) -> Result<(), Refusal> {
        if granted.mandate && granted.duty != Duty::Vaststellen {
            return Err(Refusal::NotMandated { duty: granted.duty });
        }
        if granted.mandate && granted.until.is_none_or(|until| until <= granted.from) {
            return Err(Refusal::UndatedMandate);
        }
        let opposite = match granted.duty {
            Duty::Beheren => Duty::Vaststellen,
            Duty::Vaststellen => Duty::Beheren,
            Duty::Plannen | Duty::Beoordelen => return Ok(()),
        };
        let held = self
            .assignments
            .iter()
            .find(|held| held.duty == opposite && held.overlaps(granted));
        match held {
            None => Ok(()),
            Some(held) => Err(Refusal::Incompatible {
                held: opposite,
                assignment: held.id.clone(),
            }),
        }
    }

    /// Whether one of these ids or codes is this account's own. Codes are compared without regard to case.
    #[must_use]
    pub fn is_named_by(&self, person_ids: &[String], codes: &[String]) -> bool {
        let by_id = self.person_id.as_ref().is_some_and(|own| person_ids.contains(own));
        let by_code = self
            .codes
            .iter()
            .any(|own| codes.iter().any(|code| own.eq_ignore_ascii_case(code)));
        by_id || by_code
    }
}

/// Who had a hand in one result, as [`may_decide`] weighs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hands {
    /// Units of the sitting, innermost first.
    pub lineage: Vec<String>,
    /// Accounts that planned or changed the sitting.
    pub planned_by: Vec<String>,
    /// personIds with the role assessor on the sitting, and `assessorId` in any version of the result.
    pub assessor_ids: Vec<String>,
    /// `assessorCode` in any version of the result.
    pub assessor_codes: Vec<String>,
}

/// Whether this account may vaststellen a result, and under which assignment.
///
/// # Errors
/// [`Refusal::NotHeld`], [`Refusal::Planned`], [`Refusal::Assessed`].
pub fn may_decide<'a>(account: &'a Account, hands: &Hands, now: Timestamp) -> Result<&'a Assignment, Refusal> {
    let assignment = account.holding(Duty::Vaststellen, &hands.lineage, now)?;
    if hands.planned_by.contains(&account.id) {
        return Err(Refusal::Planned {
            account: account.id.clone(),
        });
    }
    if account.is_named_by(&hands.assessor_ids, &hands.assessor_codes) {
        return Err(Refusal::Assessed {
            account: account.id.clone(),
        });
    }
    Ok(assignment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn assignment(duty: Duty, unit: &str) -> Assignment {
        Assignment {
            id: format!("{}-{unit}", duty.name()),
            duty,
            unit: unit.to_owned(),
            mandate: false,
            from: at("2026-01-01T00:00:00Z"),
            until: None,
            withdrawn: None,
            granted_by: "fb".to_owned(),
        }
    }

    fn account(assignments: Vec<Assignment>) -> Account {
        Account {
            id: "ans".to_owned(),
            person_id: Some("person-ans".to_owned()),
            codes: vec!["ANSJ".to_owned()],
            assignments,
        }
    }

    #[test]
    fn nobody_holds_both_beheren_and_vaststellen_whatever_the_units() {
        let manager = account(vec![assignment(Duty::Beheren, "techniek")]);
        let refused = manager.may_receive(&assignment(Duty::Vaststellen, "zorg")).unwrap_err();
        assert!(matches!(
            refused,
            Refusal::Incompatible {
                held: Duty::Beheren,
                ..
            }
        ));

        let member = account(vec![assignment(Duty::Vaststellen, "zorg")]);
        assert!(member.may_receive(&assignment(Duty::Beheren, WHOLE_SCHOOL)).is_err());
        assert!(member.may_receive(&assignment(Duty::Plannen, "zorg")).is_ok());
    }

    #[test]
    fn a_withdrawn_function_no_longer_stands_in_the_way() {
        let mut earlier = assignment(Duty::Beheren, WHOLE_SCHOOL);
        earlier.withdrawn = Some(at("2026-02-01T00:00:00Z"));
        let mut granted = assignment(Duty::Vaststellen, WHOLE_SCHOOL);
        granted.from = at("2026-02-01T00:00:00Z");
        assert_eq!(account(vec![earlier]).may_receive(&granted), Ok(()));
    }

    #[test]
    fn a_mandate_is_dated_and_ends() {
        let mut mandate = assignment(Duty::Vaststellen, "zorg");
        mandate.mandate = true;
        assert_eq!(account(vec![]).may_receive(&mandate), Err(Refusal::UndatedMandate));
        mandate.until = Some(at("2026-03-01T00:00:00Z"));
        assert_eq!(account(vec![]).may_receive(&mandate), Ok(()));

        let holder = account(vec![mandate]);
        let hands = Hands {
            lineage: vec!["zorg".to_owned()],
            ..Hands::default()
        };
        assert!(may_decide(&holder, &hands, at("2026-02-28T23:59:59Z")).is_ok());
        assert!(may_decide(&holder, &hands, at("2026-03-01T00:00:00Z")).is_err());
    }

    #[test]
    fn a_function_for_a_college_covers_its_teams_and_not_its_neighbours() {
        let member = account(vec![assignment(Duty::Vaststellen, "college")]);
        let now = at("2026-05-01T00:00:00Z");
        let lineage = vec!["team".to_owned(), "college".to_owned()];
        assert!(member.holding(Duty::Vaststellen, &lineage, now).is_ok());
        assert!(
            member
                .holding(Duty::Vaststellen, &["elsewhere".to_owned()], now)
                .is_err()
        );
    }

    #[test]
    fn who_planned_or_assessed_does_not_decide() {
        let member = account(vec![assignment(Duty::Vaststellen, WHOLE_SCHOOL)]);
        let now = at("2026-05-01T00:00:00Z");
        let planned = Hands {
            planned_by: vec!["ans".to_owned()],
            ..Hands::default()
        };
        assert!(matches!(
            may_decide(&member, &planned, now),
            Err(Refusal::Planned { .. })
        ));
        let assessed = Hands {
            assessor_ids: vec!["person-ans".to_owned()],
            ..Hands::default()
        };
        assert!(matches!(
            may_decide(&member, &assessed, now),
            Err(Refusal::Assessed { .. })
        ));
        let by_code = Hands {
            assessor_codes: vec!["ansj".to_owned()],
            ..Hands::default()
        };
        assert!(matches!(
            may_decide(&member, &by_code, now),
            Err(Refusal::Assessed { .. })
        ));
        assert!(may_decide(&member, &Hands::default(), now).is_ok());
    }
}
