//! The model towards a guest. Every struct is taken apart whole, so that a new field can't be forgotten here.

use jiff::{Timestamp, civil};
use oke_codec::model;

use super::super::bindings::wire;

fn moment(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

/// A day for a guest.
pub fn date_to_guest(day: civil::Date) -> wire::Date {
    date(day)
}

fn date(date: civil::Date) -> wire::Date {
    wire::Date {
        year: date.year(),
        month: date.month().unsigned_abs(),
        day: date.day().unsigned_abs(),
    }
}

fn code(code: &model::Code) -> wire::Code {
    wire::Code {
        code_type: code.code_type.clone(),
        value: code.value.clone(),
    }
}

fn codes(codes: &[model::Code]) -> Vec<wire::Code> {
    codes.iter().map(code).collect()
}

fn document_reference(document: &model::DocumentReference) -> wire::DocumentReference {
    wire::DocumentReference {
        document_id: document.document_id.clone(),
        document_type: (&document.document_type).into(),
        document_name: document.document_name.clone(),
    }
}

/// An offering for a guest.
pub fn offering_to_guest(offering: &model::Offering) -> wire::Offering {
    let model::Offering {
        offering_id,
        offering_type,
        primary_code,
        other_codes,
        name,
        description,
        modes_of_delivery,
        result_expected,
        result_value_type,
        start,
        end,
        offered_id,
        organization_id,
        state,
        duration_s,
        last_possible_start,
        start_options,
        duration_from,
        duration_until,
        safety,
        location_codes,
        final_results_allowed,
        tests_to_be_used,
        cohort,
        irregularities,
        documents,
        opaque,
    } = offering;
    wire::Offering {
        offering_id: offering_id.clone(),
        offering_type: (*offering_type).into(),
        primary_code: code(primary_code),
        other_codes: codes(other_codes),
        name: name.clone(),
        description: description.clone(),
        modes_of_delivery: modes_of_delivery.iter().map(Into::into).collect(),
        result_expected: *result_expected,
        result_value_type: result_value_type.as_ref().map(Into::into),
        start: start.map(moment),
        end: end.map(moment),
        offered_id: offered_id.clone(),
        organization_id: organization_id.clone(),
        state: (*state).into(),
        duration_s: *duration_s,
        last_possible_start: last_possible_start.map(moment),
        start_options: start_options.map(Into::into),
        duration_from: duration_from.map(Into::into),
        duration_until: duration_until.map(Into::into),
        safety: safety.iter().map(Into::into).collect(),
        location_codes: location_codes.clone(),
        final_results_allowed: *final_results_allowed,
        tests_to_be_used: tests_to_be_used
            .iter()
            .map(|test| wire::TestReference {
                test_provider: test.test_provider.clone(),
                component_id: test.component_id.clone(),
            })
            .collect(),
        cohort: cohort.clone(),
        irregularities: irregularities.clone(),
        documents: documents.iter().map(document_reference).collect(),
        opaque: opaque.clone(),
    }
}

/// A person for a guest.
pub fn person_to_guest(person: &model::Person) -> wire::Person {
    let model::Person {
        person_id,
        primary_code,
        other_codes,
        given_name,
        surname_prefix,
        surname,
        display_name,
        preferred_name,
        id_check_name,
        mail,
        affiliations,
        languages,
        assigned_needs,
        opaque,
    } = person;
    wire::Person {
        person_id: person_id.clone(),
        primary_code: code(primary_code),
        other_codes: codes(other_codes),
        given_name: given_name.clone(),
        surname_prefix: surname_prefix.clone(),
        surname: surname.clone(),
        display_name: display_name.clone(),
        preferred_name: preferred_name.clone(),
        id_check_name: id_check_name.clone(),
        mail: mail.clone(),
        affiliations: affiliations.clone(),
        languages: languages.clone(),
        assigned_needs: assigned_needs
            .iter()
            .map(|need| wire::AssignedNeed {
                code: need.code.clone(),
                description: need.description.clone(),
                start: need.start.map(date),
                end: need.end.map(date),
            })
            .collect(),
        opaque: opaque.clone(),
    }
}

/// An association for a guest.
pub fn association_to_guest(association: &model::Association) -> wire::Association {
    let model::Association {
        association_id,
        association_type,
        role,
        state,
        person_id,
        person,
        offering_id,
        additional_time_min,
        personal_needs,
        attempt,
        attempts_left,
        program_offering_association_id,
        course_offering_association_id,
        org_association_id,
        start,
        expected_end,
        final_end,
        sequence_code,
        result,
        opaque,
    } = association;
    wire::Association {
        association_id: association_id.clone(),
        association_type: (*association_type).into(),
        role: role.into(),
        state: state.into(),
        person_id: person_id.clone(),
        person: person.as_ref().map(person_to_guest),
        offering_id: offering_id.clone(),
        additional_time_min: *additional_time_min,
        personal_needs: personal_needs.clone(),
        attempt: *attempt,
        attempts_left: (*attempts_left).into(),
        program_offering_association_id: program_offering_association_id.clone(),
        course_offering_association_id: course_offering_association_id.clone(),
        org_association_id: org_association_id.clone(),
        start: start.map(date),
        expected_end: expected_end.map(date),
        final_end: final_end.map(date),
        sequence_code: sequence_code.clone(),
        result: result.as_ref().map(result_to_guest),
        opaque: opaque.clone(),
    }
}

/// A result for a guest.
pub fn result_to_guest(result: &model::ExamResult) -> wire::ExamResult {
    let model::ExamResult {
        state,
        attendance,
        pass,
        comment,
        score,
        result_date,
        test_date,
        r#final,
        raw_score,
        max_raw_score,
        executed_offering_name,
        assessor_id,
        assessor_code,
        irregularities,
        documents,
        opaque,
    } = result;
    wire::ExamResult {
        state: (*state).into(),
        attendance: attendance.into(),
        pass: pass.map(Into::into),
        comment: comment.clone(),
        score: score.clone(),
        result_date: result_date.map(date),
        test_date: test_date.map(moment),
        final_: *r#final,
        raw_score: *raw_score,
        max_raw_score: *max_raw_score,
        executed_offering_name: executed_offering_name.clone(),
        assessor_id: assessor_id.clone(),
        assessor_code: assessor_code.clone(),
        irregularities: irregularities.clone(),
        documents: documents.iter().map(document_reference).collect(),
        opaque: opaque.clone(),
    }
}
