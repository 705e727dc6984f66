//! Objects of the model with nothing filled but what each must have, for who fills in the rest by update syntax.

use super::{
    Association, AssociationState, AssociationType, AttemptsLeft, Attendance, Code, Component, ComponentStatus,
    ExamResult, Offering, OfferingState, OfferingType, ResultState, Role,
};

impl Code {
    /// A code of a type.
    pub fn new(code_type: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            code_type: code_type.into(),
            value: value.into(),
        }
    }
}

impl Component {
    /// An active test.
    pub fn bare(component_id: impl Into<String>, primary_code: Code, name: impl Into<String>) -> Self {
        Self {
            component_id: component_id.into(),
            component_type: "test".to_owned(),
            primary_code,
            other_codes: Vec::new(),
            name: name.into(),
            description: None,
            result_value_type: None,
            exam: None,
            pass_from: None,
            retries: None,
            status: ComponentStatus::Active,
            licensed: None,
            additional_testing_time_min: None,
            available_personal_needs: Vec::new(),
            safety: Vec::new(),
            opaque: None,
        }
    }
}

impl Offering {
    /// An active planbare toets or zitting that expects results.
    pub fn bare(offering_id: impl Into<String>, primary_code: Code, name: impl Into<String>) -> Self {
        Self {
            offering_id: offering_id.into(),
            offering_type: OfferingType::Component,
            primary_code,
            other_codes: Vec::new(),
            name: name.into(),
            description: None,
            modes_of_delivery: Vec::new(),
            result_expected: true,
            result_value_type: None,
            start: None,
            end: None,
            offered_id: None,
            organization_id: None,
            state: OfferingState::Active,
            duration_s: None,
            last_possible_start: None,
            start_options: None,
            duration_from: None,
            duration_until: None,
            safety: Vec::new(),
            location_codes: Vec::new(),
            final_results_allowed: None,
            tests_to_be_used: Vec::new(),
            cohort: None,
            irregularities: None,
            documents: Vec::new(),
            opaque: None,
        }
    }
}

impl Association {
    /// A student's deelname or toetsinschrijving.
    pub fn bare(
        association_id: impl Into<String>,
        person_id: impl Into<String>,
        offering_id: impl Into<String>,
    ) -> Self {
        Self {
            association_id: association_id.into(),
            association_type: AssociationType::ComponentOfferingAssociation,
            role: Role::Student,
            state: AssociationState::Associated,
            person_id: person_id.into(),
            person: None,
            offering_id: offering_id.into(),
            additional_time_min: None,
            personal_needs: Vec::new(),
            attempt: None,
            attempts_left: AttemptsLeft::Unknown,
            program_offering_association_id: None,
            course_offering_association_id: None,
            org_association_id: None,
            start: None,
            expected_end: None,
            final_end: None,
            sequence_code: None,
            result: None,
            opaque: None,
        }
    }
}

impl ExamResult {
    /// How far a candidate is, without a score.
    pub fn bare(state: ResultState, attendance: Attendance) -> Self {
        Self {
            state,
            attendance,
            pass: None,
            comment: None,
            score: None,
            result_date: None,
            test_date: None,
            r#final: false,
            raw_score: None,
            max_raw_score: None,
            executed_offering_name: None,
            assessor_id: None,
            assessor_code: None,
            irregularities: None,
            documents: Vec::new(),
            opaque: None,
        }
    }
}
