//! What the student system tells of its own objects (flow 1): planbare toetsen, toetsinschrijvingen and persons.

use super::{Difference, Field, Fields, Subject, missing_there, yes_or_no};
use crate::domain::model::{
    Association, AssociationState, AttemptsLeft, Offering, OfferingState, Person, ResultValueType,
};

/// What a student system has otherwise of its planbare toets. One that was cancelled may be gone there.
#[must_use]
pub fn of_plannable(ours: &Offering, theirs: Option<&Offering>) -> Vec<Difference> {
    let id = ours.offering_id.as_str();
    let Some(theirs) = theirs else {
        return match ours.state {
            OfferingState::Active => vec![missing_there(Subject::Plannable, id)],
            OfferingState::Canceled => Vec::new(),
        };
    };
    let mut fields = Fields::of(Subject::Plannable, id);
    fields.exact(Field::State, &ours.state, &theirs.state, |state| {
        let word = match state {
            OfferingState::Active => "staat",
            OfferingState::Canceled => "vervallen",
        };
        Some(word.to_owned())
    });
    fields.exact(Field::Name, &ours.name, &theirs.name, |name| Some(name.clone()));
    fields.told(
        Field::StartDateTime,
        ours.start.as_ref(),
        theirs.start.as_ref(),
        ToString::to_string,
    );
    fields.told(
        Field::EndDateTime,
        ours.end.as_ref(),
        theirs.end.as_ref(),
        ToString::to_string,
    );
    fields.exact(
        Field::ResultExpected,
        &ours.result_expected,
        &theirs.result_expected,
        |it| Some(yes_or_no(*it)),
    );
    let (ours_scale, theirs_scale) = (ours.result_value_type.as_ref(), theirs.result_value_type.as_ref());
    fields.told(Field::ResultValueType, ours_scale, theirs_scale, scale);
    let allows = |one: &Offering| one.final_results_allowed.unwrap_or(true);
    fields.exact(Field::FinalResultsAllowed, &allows(ours), &allows(theirs), |it| {
        Some(yes_or_no(*it))
    });
    let tests = |one: &Offering| {
        let named = one.tests_to_be_used.iter();
        named
            .map(|test| format!("{} ({})", test.component_id, test.test_provider))
            .collect::<Vec<String>>()
    };
    fields.set(Field::TestsToBeUsed, &tests(ours), &tests(theirs));
    let (unit, read_unit) = (ours.organization_id.as_ref(), theirs.organization_id.as_ref());
    fields.told(Field::Organization, unit, read_unit, Clone::clone);
    fields.found
}

/// What a student system has otherwise of its toetsinschrijving. One that was cancelled may be gone there.
#[must_use]
pub fn of_enrolment(ours: &Association, theirs: Option<&Association>) -> Vec<Difference> {
    let id = ours.association_id.as_str();
    let Some(theirs) = theirs else {
        return match ours.state {
            AssociationState::Canceled => Vec::new(),
            _ => vec![missing_there(Subject::Enrolment, id)],
        };
    };
    let mut fields = Fields::of(Subject::Enrolment, id);
    fields.exact(Field::State, &ours.state, &theirs.state, |state| {
        let word = match state {
            AssociationState::Associated => "staat",
            AssociationState::Canceled => "vervallen",
            AssociationState::Finished => "afgerond",
            AssociationState::Other(other) => other,
        };
        Some(word.to_owned())
    });
    fields.exact(Field::Person, &ours.person_id, &theirs.person_id, |id| Some(id.clone()));
    fields.exact(Field::Offering, &ours.offering_id, &theirs.offering_id, |id| {
        Some(id.clone())
    });
    fields.told(
        Field::Attempt,
        ours.attempt.as_ref(),
        theirs.attempt.as_ref(),
        ToString::to_string,
    );
    if theirs.attempts_left != AttemptsLeft::Unknown {
        fields.exact(
            Field::AttemptLeft,
            &ours.attempts_left,
            &theirs.attempts_left,
            |left| match left {
                AttemptsLeft::Unknown => None,
                AttemptsLeft::Unlimited => Some("onbeperkt".to_owned()),
                AttemptsLeft::Left(left) => Some(left.to_string()),
            },
        );
    }
    fields.found
}

/// Which fields a student system has otherwise of a person; never what they say.
#[must_use]
pub fn of_person(ours: &Person, theirs: Option<&Person>) -> Vec<Difference> {
    let id = ours.person_id.as_str();
    let Some(theirs) = theirs else {
        return vec![missing_there(Subject::Person, id)];
    };
    let mut fields = Fields::of(Subject::Person, id);
    let names = |one: &Person| {
        (
            one.display_name.clone(),
            [one.given_name.clone(), one.surname_prefix.clone(), one.surname.clone()],
            one.preferred_name.clone(),
        )
    };
    fields.withheld(Field::Name, names(ours) != names(theirs));
    let codes = |one: &Person| {
        let all = std::iter::once(&one.primary_code).chain(&one.other_codes);
        let mut all: Vec<(String, String)> = all
            .map(|code| (code.code_type.to_ascii_lowercase(), code.value.clone()))
            .collect();
        all.sort();
        all
    };
    fields.withheld(Field::Codes, codes(ours) != codes(theirs));
    fields.withheld(Field::Mail, theirs.mail.is_some() && ours.mail != theirs.mail);
    let needs = |one: &Person| {
        let mut needs: Vec<_> = one
            .assigned_needs
            .iter()
            .map(|need| (need.code.clone(), need.start, need.end))
            .collect();
        needs.sort();
        needs
    };
    fields.withheld(Field::AssignedNeeds, needs(ours) != needs(theirs));
    fields.found
}

/// Our planbare toets with what was compared as the student system has it: what is not compared, or was not told, stays.
#[must_use]
pub fn plannable_as_read(ours: &Offering, theirs: &Offering) -> Offering {
    let theirs = theirs.clone();
    Offering {
        state: theirs.state,
        name: theirs.name,
        start: theirs.start.or(ours.start),
        end: theirs.end.or(ours.end),
        result_expected: theirs.result_expected,
        result_value_type: theirs.result_value_type.or_else(|| ours.result_value_type.clone()),
        final_results_allowed: theirs.final_results_allowed,
        tests_to_be_used: theirs.tests_to_be_used,
        organization_id: theirs.organization_id.or_else(|| ours.organization_id.clone()),
        ..ours.clone()
    }
}

/// The same of a toetsinschrijving.
#[must_use]
pub fn enrolment_as_read(ours: &Association, theirs: &Association) -> Association {
    Association {
        state: theirs.state.clone(),
        person_id: theirs.person_id.clone(),
        offering_id: theirs.offering_id.clone(),
        attempt: theirs.attempt.or(ours.attempt),
        attempts_left: match theirs.attempts_left {
            AttemptsLeft::Unknown => ours.attempts_left,
            told => told,
        },
        ..ours.clone()
    }
}

/// The same of a person.
#[must_use]
pub fn person_as_read(ours: &Person, theirs: &Person) -> Person {
    let theirs = theirs.clone();
    Person {
        display_name: theirs.display_name,
        given_name: theirs.given_name,
        surname_prefix: theirs.surname_prefix,
        surname: theirs.surname,
        preferred_name: theirs.preferred_name,
        primary_code: theirs.primary_code,
        other_codes: theirs.other_codes,
        mail: theirs.mail.or_else(|| ours.mail.clone()),
        assigned_needs: theirs.assigned_needs,
        ..ours.clone()
    }
}

fn scale(scale: &ResultValueType) -> String {
    let word = match scale {
        ResultValueType::PassOrFail => "behaald of niet behaald",
        ResultValueType::InsufficientSatisfactoryGood => "onvoldoende, voldoende, goed",
        ResultValueType::UsLetter => "letters (VS)",
        ResultValueType::UkLetter => "letters (VK)",
        ResultValueType::DeGrade => "cijfers (Duitsland)",
        ResultValueType::ZeroToHundred => "0-100",
        ResultValueType::ZeroToTen => "0-10",
        ResultValueType::DecimalToTen => "0.0-10.0",
        ResultValueType::ReferenceLevelRktr => "referentieniveau rekenen en taal",
        ResultValueType::ReferenceLevelErk => "referentieniveau ERK",
        ResultValueType::Other(other) => other,
    };
    word.to_owned()
}
