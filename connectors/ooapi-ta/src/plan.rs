//! Flow 2: PUT, PATCH and GET of offerings and associations. The platform keeps the ids of who plans (`§4.0`), so that
//! it makes none of its own.

use crate::{API, OoapiTa, mapping, settings::Settings};
use oke_codec::{read_association, read_offering, write_association_cancellation, write_offering_cancellation};
use oke_sdk::{
    Context, Error, Level, Page, TaZittingsplan, Written,
    http::Request,
    model::{Association, AssociationState, Offering, OfferingState},
    ooapi::{self, unreadable},
};

impl TaZittingsplan for OoapiTa {
    fn put_sitting(ctx: &Context, sitting: Offering, peer_id: Option<&str>) -> Result<Written, Error> {
        let dialect = ooapi::dialect(ctx)?;
        let sitting = mapping::sitting_at_peer(sitting, peer_id);
        let path = ["offerings", sitting.offering_id.as_str()];
        if sitting.state == OfferingState::Canceled {
            let message = write_offering_cancellation(&sitting, &dialect);
            return cancel(ctx, ctx.http(API).patch(path).merge_patch(&message));
        }
        let message = mapping::write_sitting(&sitting, &dialect);
        ctx.http(API).put(path).json(&message).send()?.success()?;
        Ok(Written::default())
    }

    fn put_deelname(
        ctx: &Context,
        deelname: Association,
        peer_id: Option<&str>,
        sitting_peer_id: Option<&str>,
    ) -> Result<Written, Error> {
        let dialect = ooapi::dialect(ctx)?;
        let deelname = mapping::deelname_at_peer(deelname, peer_id, sitting_peer_id);
        let path = ["associations", deelname.association_id.as_str()];
        if deelname.state == AssociationState::Canceled {
            let message = write_association_cancellation(&deelname, &dialect);
            return cancel(ctx, ctx.http(API).patch(path).merge_patch(&message));
        }
        let message = mapping::write_deelname(&deelname, &dialect)?;
        ctx.http(API).put(path).json(&message).send()?.success()?;
        Ok(Written::default())
    }

    fn find_sitting(ctx: &Context, sitting: Offering) -> Result<Option<Written>, Error> {
        let found = ctx.http(API).get(["offerings", &sitting.offering_id]).send()?.found()?;
        Ok(found.map(|_| Written::default()))
    }

    fn find_deelname(ctx: &Context, deelname: Association) -> Result<Option<Written>, Error> {
        let found = ctx
            .http(API)
            .get(["associations", &deelname.association_id])
            .send()?
            .found()?;
        Ok(found.map(|_| Written::default()))
    }

    fn read_sitting(ctx: &Context, peer_id: &str) -> Result<Option<Offering>, Error> {
        offering(ctx, peer_id)
    }

    /// A page with a deelname that can't be read is refused as a whole: one that is left out would be taken for one
    /// that is not there.
    fn read_deelnames(
        ctx: &Context,
        sitting_peer_id: &str,
        cursor: Option<String>,
    ) -> Result<Page<Association>, Error> {
        let number = ooapi::page_number(cursor.as_deref())?;
        let answer = associations_page(ctx, sitting_peer_id, number)?.send()?;
        let page = ooapi::page(answer.success()?, &ooapi::dialect(ctx)?, read_association)?;
        let page = page.all_or_nothing().map_err(unreadable)?;
        Ok(Page {
            items: page.items,
            next: page.has_next_page.then(|| (number + 1).to_string()),
        })
    }

    fn start_link(ctx: &Context, deelname_peer_id: &str) -> Result<String, Error> {
        ctx.http(API).get(["associations", deelname_peer_id, "url"]).read()
    }
}

/// The present state of a sitting at the platform, with its report (R25).
pub(crate) fn offering(ctx: &Context, id: &str) -> Result<Option<Offering>, Error> {
    let request = ctx.http(API).get(["offerings", id]);
    ooapi::find(request, &ooapi::dialect(ctx)?, read_offering)
}

/// A request for one page of the associations of a sitting.
pub(crate) fn associations_page<'a>(ctx: &'a Context, sitting: &str, number: u32) -> Result<Request<'a>, Error> {
    let request = ctx.http(API).get(["offerings", sitting, "associations"]);
    Ok(request
        .query("pageSize", Settings::of(ctx)?.page_size)
        .query("pageNumber", number))
}

/// Sends a cancellation. What the platform never knew needs none: its PUT was refused or never sent.
fn cancel(ctx: &Context, request: Request<'_>) -> Result<Written, Error> {
    if request.send()?.found()?.is_none() {
        ctx.log(Level::Info, "nothing to cancel: the platform does not know it", &[]);
    }
    Ok(Written::default())
}
