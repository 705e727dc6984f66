//! The model from a guest, judged field by field. Ids must be there, texts storable, dates of the calendar, and an
//! object inside another must be the one that its id names.

use oke_codec::model;

use super::super::bindings::wire;
use super::{Broken, Judged, Within, date, free_text, id, moment, opaque, parts, records, word};

fn code(code: wire::Code) -> Judged<model::Code> {
    Ok(model::Code {
        code_type: id(code.code_type).within("code-type")?,
        value: word(code.value).within("value")?,
    })
}

fn words(list: Vec<String>) -> Judged<Vec<String>> {
    parts(list, |text| word(text).within(""))
}

fn safety(list: Vec<wire::Safety>) -> Judged<Vec<model::Safety>> {
    parts(list, |measure| model::Safety::try_from(measure).within(""))
}

/// A document's name in a result or report.
pub fn document_reference_from_guest(document: wire::DocumentReference) -> Judged<model::DocumentReference> {
    Ok(model::DocumentReference {
        document_id: id(document.document_id).within("document-id")?,
        document_type: model::DocumentType::try_from(document.document_type).within("document-type")?,
        document_name: word(document.document_name).within("document-name")?,
    })
}

fn documents(list: Vec<wire::DocumentReference>) -> Judged<Vec<model::DocumentReference>> {
    parts(list, document_reference_from_guest)
}

/// A component of the catalogue.
pub fn component_from_guest(component: wire::Component) -> Judged<model::Component> {
    let wire::Component {
        component_id,
        component_type,
        primary_code,
        other_codes,
        name,
        description,
        result_value_type,
        exam,
        pass_from,
        retries,
        status,
        licensed,
        additional_testing_time_min,
        available_personal_needs,
        safety: measures,
        opaque: rest,
    } = component;
    Ok(model::Component {
        component_id: id(component_id).within("component-id")?,
        component_type: word(component_type).within("component-type")?,
        primary_code: code(primary_code).within("primary-code")?,
        other_codes: parts(other_codes, code).within("other-codes")?,
        name: id(name).within("name")?,
        description: description.map(free_text).transpose().within("description")?,
        result_value_type: result_value_type
            .map(model::ResultValueType::try_from)
            .transpose()
            .within("result-value-type")?,
        exam,
        pass_from: pass_from.map(word).transpose().within("pass-from")?,
        retries,
        status: status.into(),
        licensed,
        additional_testing_time_min,
        available_personal_needs: words(available_personal_needs).within("available-personal-needs")?,
        safety: safety(measures).within("safety")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

/// An offering.
pub fn offering_from_guest(offering: wire::Offering) -> Judged<model::Offering> {
    let wire::Offering {
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
        safety: measures,
        location_codes,
        final_results_allowed,
        tests_to_be_used,
        cohort,
        irregularities,
        documents: named,
        opaque: rest,
    } = offering;
    Ok(model::Offering {
        offering_id: id(offering_id).within("offering-id")?,
        offering_type: offering_type.into(),
        primary_code: code(primary_code).within("primary-code")?,
        other_codes: parts(other_codes, code).within("other-codes")?,
        name: id(name).within("name")?,
        description: description.map(free_text).transpose().within("description")?,
        modes_of_delivery: parts(modes_of_delivery, |mode| {
            model::ModeOfDelivery::try_from(mode).within("")
        })
        .within("modes-of-delivery")?,
        result_expected,
        result_value_type: result_value_type
            .map(model::ResultValueType::try_from)
            .transpose()
            .within("result-value-type")?,
        start: start.map(moment).transpose().within("start")?,
        end: end.map(moment).transpose().within("end")?,
        offered_id: offered_id.map(id).transpose().within("offered-id")?,
        organization_id: organization_id.map(id).transpose().within("organization-id")?,
        state: state.into(),
        duration_s,
        last_possible_start: last_possible_start
            .map(moment)
            .transpose()
            .within("last-possible-start")?,
        start_options: start_options.map(Into::into),
        duration_from: duration_from.map(Into::into),
        duration_until: duration_until.map(Into::into),
        safety: safety(measures).within("safety")?,
        location_codes: words(location_codes).within("location-codes")?,
        final_results_allowed,
        tests_to_be_used: parts(tests_to_be_used, test_reference).within("tests-to-be-used")?,
        cohort: cohort.map(word).transpose().within("cohort")?,
        irregularities: irregularities.map(free_text).transpose().within("irregularities")?,
        documents: documents(named).within("documents")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

fn test_reference(test: wire::TestReference) -> Judged<model::TestReference> {
    Ok(model::TestReference {
        test_provider: word(test.test_provider).within("test-provider")?,
        component_id: id(test.component_id).within("component-id")?,
    })
}

fn assigned_need(need: wire::AssignedNeed) -> Judged<model::AssignedNeed> {
    Ok(model::AssignedNeed {
        code: word(need.code).within("code")?,
        description: need.description.map(free_text).transpose().within("description")?,
        start: need.start.map(date).transpose().within("start")?,
        end: need.end.map(date).transpose().within("end")?,
    })
}

/// A person.
pub fn person_from_guest(person: wire::Person) -> Judged<model::Person> {
    let wire::Person {
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
        opaque: rest,
    } = person;
    Ok(model::Person {
        person_id: id(person_id).within("person-id")?,
        primary_code: code(primary_code).within("primary-code")?,
        other_codes: parts(other_codes, code).within("other-codes")?,
        given_name: given_name.map(word).transpose().within("given-name")?,
        surname_prefix: surname_prefix.map(word).transpose().within("surname-prefix")?,
        surname: surname.map(word).transpose().within("surname")?,
        display_name: word(display_name).within("display-name")?,
        preferred_name: preferred_name.map(word).transpose().within("preferred-name")?,
        id_check_name: id_check_name.map(word).transpose().within("id-check-name")?,
        mail: mail.map(word).transpose().within("mail")?,
        affiliations: words(affiliations).within("affiliations")?,
        languages: words(languages).within("languages")?,
        assigned_needs: parts(assigned_needs, assigned_need).within("assigned-needs")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

/// A deelname as its vendor has it. One that keeps nothing of ours of a person says nobody's name.
pub fn deelname_from_guest(mut deelname: wire::Association) -> Judged<model::Association> {
    const NOBODY: &str = "-";
    let says_nobody = deelname.person_id.is_empty() && deelname.person.is_none();
    if says_nobody {
        NOBODY.clone_into(&mut deelname.person_id);
    }
    let mut read = association_from_guest(deelname)?;
    if says_nobody {
        read.person_id.clear();
    }
    Ok(read)
}

/// An association.
pub fn association_from_guest(association: wire::Association) -> Judged<model::Association> {
    let wire::Association {
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
        opaque: rest,
    } = association;
    let person_id = id(person_id).within("person-id")?;
    let person = person.map(person_from_guest).transpose().within("person")?;
    if person.as_ref().is_some_and(|person| person.person_id != person_id) {
        return Err(Broken::new("person.person-id", "is another than `person-id`"));
    }
    Ok(model::Association {
        association_id: id(association_id).within("association-id")?,
        association_type: association_type.into(),
        role: model::Role::try_from(role).within("role")?,
        state: model::AssociationState::try_from(state).within("state")?,
        person_id,
        person,
        offering_id: id(offering_id).within("offering-id")?,
        additional_time_min,
        personal_needs: words(personal_needs).within("personal-needs")?,
        attempt,
        attempts_left: attempts_left.into(),
        program_offering_association_id: program_offering_association_id
            .map(id)
            .transpose()
            .within("program-offering-association-id")?,
        course_offering_association_id: course_offering_association_id
            .map(id)
            .transpose()
            .within("course-offering-association-id")?,
        org_association_id: org_association_id.map(id).transpose().within("org-association-id")?,
        start: start.map(date).transpose().within("start")?,
        expected_end: expected_end.map(date).transpose().within("expected-end")?,
        final_end: final_end.map(date).transpose().within("final-end")?,
        sequence_code: sequence_code.map(word).transpose().within("sequence-code")?,
        result: result.map(result_from_guest).transpose().within("result")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

/// A toetsgroep.
pub fn group_from_guest(group: wire::Group) -> Judged<model::Group> {
    let wire::Group {
        group_id,
        group_type,
        primary_code,
        other_codes,
        name,
        description,
        start,
        end,
        person_count,
        organization_id,
        opaque: rest,
    } = group;
    Ok(model::Group {
        group_id: id(group_id).within("group-id")?,
        group_type: word(group_type).within("group-type")?,
        primary_code: code(primary_code).within("primary-code")?,
        other_codes: parts(other_codes, code).within("other-codes")?,
        name: id(name).within("name")?,
        description: description.map(free_text).transpose().within("description")?,
        start: start.map(date).transpose().within("start")?,
        end: end.map(date).transpose().within("end")?,
        person_count,
        organization_id: organization_id.map(id).transpose().within("organization-id")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

/// That a person belongs to a group.
pub fn membership_from_guest(membership: wire::Membership) -> Judged<model::Membership> {
    let wire::Membership {
        person_id,
        state,
        role,
        start,
        end,
        opaque: rest,
    } = membership;
    Ok(model::Membership {
        person_id: id(person_id).within("person-id")?,
        state: model::MembershipState::try_from(state).within("state")?,
        role: role.map(model::Role::try_from).transpose().within("role")?,
        start: moment(start).within("start")?,
        end: end.map(moment).transpose().within("end")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

/// A result. Whether its score lies on its scale is not judged here: that is a fact about the exam (a task for a
/// person), not about the connector.
pub fn result_from_guest(result: wire::ExamResult) -> Judged<model::ExamResult> {
    let wire::ExamResult {
        state,
        attendance,
        pass,
        comment,
        score,
        result_date,
        test_date,
        final_,
        raw_score,
        max_raw_score,
        executed_offering_name,
        assessor_id,
        assessor_code,
        irregularities,
        documents: named,
        opaque: rest,
    } = result;
    Ok(model::ExamResult {
        state: state.into(),
        attendance: model::Attendance::try_from(attendance).within("attendance")?,
        pass: pass.map(Into::into),
        comment: comment.map(free_text).transpose().within("comment")?,
        score: score.map(word).transpose().within("score")?,
        result_date: result_date.map(date).transpose().within("result-date")?,
        test_date: test_date.map(moment).transpose().within("test-date")?,
        r#final: final_,
        raw_score,
        max_raw_score,
        executed_offering_name: executed_offering_name
            .map(word)
            .transpose()
            .within("executed-offering-name")?,
        assessor_id: assessor_id.map(word).transpose().within("assessor-id")?,
        assessor_code: assessor_code.map(word).transpose().within("assessor-code")?,
        irregularities: irregularities.map(free_text).transpose().within("irregularities")?,
        documents: documents(named).within("documents")?,
        opaque: rest.map(opaque).transpose().within("opaque")?,
    })
}

/// What a vendor says of one deelname.
pub fn delivery_from_guest(delivery: wire::Delivery) -> Judged<model::Delivery> {
    Ok(model::Delivery {
        deelname_peer_id: id(delivery.deelname_peer_id).within("deelname-peer-id")?,
        result: result_from_guest(delivery.result).within("result")?,
        normed: delivery.normed.into(),
        examenversie: delivery.examenversie.map(id).transpose().within("examenversie")?,
    })
}

/// What a vendor reports of one sitting.
pub fn report_from_guest(report: wire::Report) -> Judged<model::Report> {
    Ok(model::Report {
        sitting_peer_id: id(report.sitting_peer_id).within("sitting-peer-id")?,
        irregularities: report
            .irregularities
            .map(free_text)
            .transpose()
            .within("irregularities")?,
        documents: records(report.documents, document_reference_from_guest).within("documents")?,
    })
}
