//! Flow 5 (§3.5): results to the student system.

use oke_codec::model::Association;

use super::super::convert::{Within, association_from_guest, association_to_guest};
use super::dr_toetsdeelnemers::the_one_asked_for;
use super::guard::{guarded, optional};
use super::{Answer, Caller};

/// How a result goes to the student system (R8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// PATCH on the original enrolment.
    Original,
    /// PUT of a new association that names its original (R7).
    ExtraAttempt,
}

impl Caller {
    /// Delivers the result of an enrolment, full state, with `attempt` and `org_association_id` filled (R12).
    pub async fn put_result(&self, enrolment: &Association, way: Way) -> Answer<()> {
        let enrolment = association_to_guest(enrolment);
        guarded!(
            self,
            DrStudentresultaat.dr_studentresultaat,
            |guest, store, context| guest.call_put_result(store, context, &enrolment, way.into()),
            |(), _| Ok(())
        )
    }

    /// What the student system holds now (R25); absent when it does not know the enrolment.
    pub async fn read_result_dr(&self, enrolment_id: &str) -> Answer<Option<Association>> {
        guarded!(
            self,
            DrStudentresultaat.dr_studentresultaat,
            |guest, store, context| guest.call_read_result(store, context, enrolment_id),
            optional(|association| {
                let association = association_from_guest(association).within("association")?;
                the_one_asked_for(&association.association_id, enrolment_id, "association.association-id")?;
                Ok(association)
            })
        )
    }
}
