//! Flow 1 (§3.1), single reads from the student system, for objects that were named before they came (R14).

use oke_codec::model::{Association, Offering, Person};

use super::super::convert::{Broken, Judged, Within, association_from_guest, offering_from_guest, person_from_guest};
use super::guard::{guarded, optional};
use super::{Answer, Caller};

impl Caller {
    /// An offering; absent when the student system does not know it.
    pub async fn get_offering(&self, offering_id: &str) -> Answer<Option<Offering>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_get_offering(store, context, offering_id),
            optional(|offering| {
                let offering = offering_from_guest(offering).within("offering")?;
                the_one_asked_for(&offering.offering_id, offering_id, "offering.offering-id")?;
                Ok(offering)
            })
        )
    }

    /// A person; absent when the student system does not know it.
    pub async fn get_person(&self, person_id: &str) -> Answer<Option<Person>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_get_person(store, context, person_id),
            optional(|person| {
                let person = person_from_guest(person).within("person")?;
                the_one_asked_for(&person.person_id, person_id, "person.person-id")?;
                Ok(person)
            })
        )
    }

    /// An association; absent when the student system does not know it.
    pub async fn get_association(&self, association_id: &str) -> Answer<Option<Association>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_get_association(store, context, association_id),
            optional(|association| {
                let association = association_from_guest(association).within("association")?;
                the_one_asked_for(
                    &association.association_id,
                    association_id,
                    "association.association-id",
                )?;
                Ok(association)
            })
        )
    }
}

pub(super) fn the_one_asked_for(got: &str, asked: &str, field: &str) -> Judged<()> {
    match got == asked {
        true => Ok(()),
        false => Err(Broken::new(field, "is another than the one asked for")),
    }
}
