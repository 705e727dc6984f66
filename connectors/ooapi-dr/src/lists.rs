//! Flow 1 by page (`§3.1.2`): `GET /offerings`, `GET /offerings/{id}/associations`, `GET /groups`,
//! `GET /groups/{id}/members`. Each item is read as the student system's own PUT of it would be, so that a result or
//! report in it, which is not its to bring in flow 1, can't spoil it (table 4.0.F).

use oke_codec::{read_association_put, read_group, read_membership, read_offering_put};
use oke_sdk::{
    Context, Error, Listed, Page, Period,
    http::Request,
    model::{Association, Group, Membership, Offering},
    ooapi,
};

use crate::API;

/// One page of the planbare toetsen of a period.
pub(crate) fn offerings(
    ctx: &Context,
    period: Period,
    cursor: Option<&str>,
    size: u32,
) -> Result<Page<Listed<Offering>>, Error> {
    let mut request = ctx.http(API).get("/offerings").query("offeringType", "component");
    request = match ctx.text("component-type-filter")?.unwrap_or(AGREED_FILTER) {
        "none" => request,
        name => request.query(name, "test"),
    };
    let (request, number) = paged(ctx, within(request, period), (cursor, size))?;
    let answer = request.send()?.success()?;
    ooapi::listed(answer, &ooapi::dialect(ctx)?, (number, "offeringId"), read_offering_put)
}

/// What `§3.1.2` calls the filter; the walk-through of flow 1 has another name for it.
const AGREED_FILTER: &str = "component.componentType";

/// One page of the associations of an offering.
pub(crate) fn associations(
    ctx: &Context,
    offering: &str,
    cursor: Option<&str>,
    size: u32,
) -> Result<Option<Page<Listed<Association>>>, Error> {
    let request = ctx.http(API).get(["offerings", offering, "associations"]);
    let (request, number) = paged(ctx, request, (cursor, size))?;
    let Some(answer) = request.send()?.found()? else {
        return Ok(None);
    };
    let dialect = ooapi::dialect(ctx)?;
    ooapi::listed(answer, &dialect, (number, "associationId"), read_association_put).map(Some)
}

/// One page of the groups of a period. They are optional (`§3.1.4`): a student system without has no such endpoint, or
/// its profile says so.
pub(crate) fn groups(
    ctx: &Context,
    period: Period,
    cursor: Option<&str>,
    size: u32,
) -> Result<Page<Listed<Group>>, Error> {
    let none = || Error::Unsupported("this student system has no toetsgroepen".to_owned());
    if ctx.flag("groups")? == Some(false) {
        return Err(none());
    }
    let request = within(ctx.http(API).get("/groups"), period);
    let (request, number) = paged(ctx, request, (cursor, size))?;
    let answer = request.send()?;
    if cursor.is_none() && matches!(answer.status(), 404 | 405 | 501) {
        return Err(none());
    }
    ooapi::listed(
        answer.success()?,
        &ooapi::dialect(ctx)?,
        (number, "groupId"),
        read_group,
    )
}

/// One page of who belongs to a group.
pub(crate) fn members(
    ctx: &Context,
    group: &str,
    cursor: Option<&str>,
    size: u32,
) -> Result<Option<Page<Listed<Membership>>>, Error> {
    let request = ctx.http(API).get(["groups", group, "members"]);
    let (request, number) = paged(ctx, request, (cursor, size))?;
    let Some(answer) = request.send()?.found()? else {
        return Ok(None);
    };
    let dialect = ooapi::dialect(ctx)?;
    ooapi::listed(answer, &dialect, (number, "personId"), read_membership).map(Some)
}

fn within(request: Request<'_>, period: Period) -> Request<'_> {
    request
        .query_opt("since", period.since)
        .query_opt("until", period.until)
}

/// The page that a cursor names, and its number. A smaller page than asked for where the student system's profile says so.
fn paged<'a>(
    ctx: &Context,
    request: Request<'a>,
    (cursor, size): (Option<&str>, u32),
) -> Result<(Request<'a>, u32), Error> {
    let number = ooapi::page_number(cursor)?;
    let most = match ctx.text("page-size")? {
        None => size,
        Some(text) => text.parse().map_err(|_| {
            Error::Bug(format!(
                "configuration `page-size` is `{text}`, which the manifest should not let through"
            ))
        })?,
    };
    let request = request
        .query("pageSize", ooapi::page_size(size.min(most)))
        .query("pageNumber", number);
    Ok((request, number))
}
