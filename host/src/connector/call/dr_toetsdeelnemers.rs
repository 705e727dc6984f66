//! Flow 1 (§3.1), read from the student system: single objects, for those that were named before they came (R14), and
//! lists by page.

use jiff::civil::Date;
use oke_codec::model::{Association, Group, Membership, Offering, Person};

use super::super::bindings::serves::dr_toetsdeelnemers as guest;
use super::super::bindings::wire;
use super::super::convert::{
    Broken, Judged, Within, association_from_guest, cursor, date_to_guest, free_text, group_from_guest, id,
    membership_from_guest, offering_from_guest, person_from_guest, records,
};
use super::guard::{guarded, model, optional};
use super::{Answer, Caller};

/// An item of a list that the connector could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id, where that much could be read.
    pub id: Option<String>,
    /// What is wrong with it.
    pub why: String,
}

/// The outcome of one item of a list.
pub type Listed<T> = Result<T, Unreadable>;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedPage<T> {
    /// What is on it, item by item.
    pub items: Vec<Listed<T>>,
    /// Where the next page starts; absent at the end. Keep it together with the items.
    pub next: Option<String>,
}

/// The days that a list is about, the first and the last included (R20); open on a side that is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListedDays {
    /// The first.
    pub since: Option<Date>,
    /// The last.
    pub until: Option<Date>,
}

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

impl Caller {
    /// One page of the planbare toetsen of a period, from the start without a cursor.
    pub async fn list_offerings(
        &self,
        days: ListedDays,
        cursor: Option<&str>,
        page_size: u32,
    ) -> Answer<ListedPage<Offering>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_list_offerings(store, context, period(days), cursor, page_size),
            model(|page: guest::OfferingPage| {
                let id_of = |offering: &wire::Offering| offering.offering_id.clone();
                listed((page.offerings, page.next), cursor, id_of, offering_from_guest)
            })
        )
    }

    /// One page of the associations of an offering; absent when the student system does not know the offering.
    pub async fn list_associations(
        &self,
        offering_id: &str,
        cursor: Option<&str>,
        page_size: u32,
    ) -> Answer<Option<ListedPage<Association>>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_list_associations(store, context, offering_id, cursor, page_size),
            optional(|page: guest::AssociationPage| {
                let id_of = |association: &wire::Association| association.association_id.clone();
                listed((page.associations, page.next), cursor, id_of, |association| {
                    let association = association_from_guest(association)?;
                    the_one_asked_for(&association.offering_id, offering_id, "offering-id")?;
                    Ok(association)
                })
            })
        )
    }

    /// One page of the toetsgroepen of a period (R26).
    pub async fn list_groups(
        &self,
        days: ListedDays,
        cursor: Option<&str>,
        page_size: u32,
    ) -> Answer<ListedPage<Group>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_list_groups(store, context, period(days), cursor, page_size),
            model(|page: guest::GroupPage| {
                let id_of = |group: &wire::Group| group.group_id.clone();
                listed((page.groups, page.next), cursor, id_of, group_from_guest)
            })
        )
    }

    /// One page of who belongs to a group; absent when the student system does not know the group.
    pub async fn list_members(
        &self,
        group_id: &str,
        cursor: Option<&str>,
        page_size: u32,
    ) -> Answer<Option<ListedPage<Membership>>> {
        guarded!(
            self,
            DrToetsdeelnemers.dr_toetsdeelnemers,
            |guest, store, context| guest.call_list_members(store, context, group_id, cursor, page_size),
            optional(|page: guest::MemberPage| {
                let id_of = |member: &wire::Membership| member.person_id.clone();
                listed((page.members, page.next), cursor, id_of, membership_from_guest)
            })
        )
    }
}

fn period(days: ListedDays) -> guest::Period {
    guest::Period {
        since: days.since.map(date_to_guest),
        until: days.until.map(date_to_guest),
    }
}

/// A page whose next one starts elsewhere: with the cursor it was asked with it would never end. An item that breaks the
/// model costs only itself, as one that the connector could not read.
fn listed<W, T>(
    (items, next): (Vec<Result<W, guest::Unreadable>>, Option<String>),
    asked: Option<&str>,
    id_of: impl Fn(&W) -> String,
    judge: impl Fn(W) -> Judged<T>,
) -> Judged<ListedPage<T>> {
    let outcome = |item: Result<W, guest::Unreadable>| match item {
        Ok(item) => {
            let named = id(id_of(&item)).ok();
            Ok(judge(item).map_err(|broken| Unreadable {
                id: named,
                why: broken.to_string(),
            }))
        }
        Err(unreadable) => Ok(Err(Unreadable {
            id: unreadable.id.map(id).transpose().within("id")?,
            why: free_text(unreadable.why).within("why")?,
        })),
    };
    Ok(ListedPage {
        items: records(items, outcome).within("items")?,
        next: cursor(next, asked, true).within("next")?,
    })
}

pub(super) fn the_one_asked_for(got: &str, asked: &str, field: &str) -> Judged<()> {
    match got == asked {
        true => Ok(()),
        false => Err(Broken::new(field, "is another than the one asked for")),
    }
}
