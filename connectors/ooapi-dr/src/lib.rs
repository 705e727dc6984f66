//! Connector for student systems (DR) that speak OKE themselves: flow 5, and flow 1 by reading.
//!
//! Here is only the calling: what is read and written is `oke-codec`'s, which message a result travels in is `mapping`'s.

mod lists;
mod mapping;

use oke_codec::{Dialect, Problems, read_association, read_offering, read_person};
use oke_sdk::{
    Context, DrStudentresultaat, DrToetsdeelnemers, Error, Listed, Page, Period, Way,
    model::{Association, Group, Membership, Offering, Person},
    ooapi,
};
use serde_json::Value;

use mapping::Message;

/// The connector.
pub struct OoapiDr;

oke_sdk::export!(OoapiDr: dr_toetsdeelnemers, dr_studentresultaat);

/// The endpoint of the manifest.
const API: &str = "api";

impl DrStudentresultaat for OoapiDr {
    fn put_result(ctx: &Context, enrolment: Association, way: Way) -> Result<(), Error> {
        let path = ["associations", enrolment.association_id.as_str()];
        let request = match mapping::result_message(&enrolment, way, &ooapi::dialect(ctx)?)? {
            Message::Patch(message) => ctx.http(API).patch(path).merge_patch(&message),
            Message::Put(message) => ctx.http(API).put(path).json(&message),
        };
        request.send()?.success()?;
        Ok(())
    }

    fn read_result(ctx: &Context, enrolment_id: &str) -> Result<Option<Association>, Error> {
        read(ctx, ["associations", enrolment_id], read_association)
    }
}

impl DrToetsdeelnemers for OoapiDr {
    fn get_offering(ctx: &Context, offering_id: &str) -> Result<Option<Offering>, Error> {
        read(ctx, ["offerings", offering_id], read_offering)
    }

    fn get_person(ctx: &Context, person_id: &str) -> Result<Option<Person>, Error> {
        read(ctx, ["persons", person_id], read_person)
    }

    fn get_association(ctx: &Context, association_id: &str) -> Result<Option<Association>, Error> {
        read(ctx, ["associations", association_id], read_association)
    }

    fn list_offerings(
        ctx: &Context,
        period: Period,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Page<Listed<Offering>>, Error> {
        lists::offerings(ctx, period, cursor.as_deref(), page_size)
    }

    fn list_associations(
        ctx: &Context,
        offering_id: &str,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Option<Page<Listed<Association>>>, Error> {
        lists::associations(ctx, offering_id, cursor.as_deref(), page_size)
    }

    fn list_groups(
        ctx: &Context,
        period: Period,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Page<Listed<Group>>, Error> {
        lists::groups(ctx, period, cursor.as_deref(), page_size)
    }

    fn list_members(
        ctx: &Context,
        group_id: &str,
        cursor: Option<String>,
        page_size: u32,
    ) -> Result<Option<Page<Listed<Membership>>>, Error> {
        lists::members(ctx, group_id, cursor.as_deref(), page_size)
    }
}

/// One object, as it is now (R25).
fn read<T>(
    ctx: &Context,
    path: [&str; 2],
    reader: impl Fn(&Value, &Dialect) -> Result<T, Problems>,
) -> Result<Option<T>, Error> {
    ooapi::find(ctx.http(API).get(path), &ooapi::dialect(ctx)?, reader)
}
