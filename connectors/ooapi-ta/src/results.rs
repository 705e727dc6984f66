//! Flow 3 read from the platform: `GET /offerings/{id}/associations`, `GET /associations/{id}`.

use oke_codec::read_association;
use oke_sdk::{
    Context, Delivery, DeliveryPage, Document, Error, TaResultaten,
    ooapi::{self, unreadable},
    sitting_by_sitting::{self, SittingPage},
};

use crate::{
    API, OoapiTa, documents, mapping, plan,
    settings::{Results, Settings},
};

impl TaResultaten for OoapiTa {
    /// OKE has no list of changes.
    fn poll(ctx: &Context, cursor: Option<String>, sittings: &[String]) -> Result<DeliveryPage, Error> {
        let settings = Settings::of(ctx)?;
        if settings.results == Results::Push {
            return Err(Error::Unsupported(
                "this platform sends its results itself (`results` is `push`)".to_owned(),
            ));
        }
        let asked = (cursor.as_deref(), sittings);
        sitting_by_sitting::poll(ctx, settings.requests_per_poll, asked, |sitting, page| {
            results_page(ctx, &settings, (sitting, page))
        })
    }

    fn read_result(ctx: &Context, deelname_peer_id: &str) -> Result<Option<Delivery>, Error> {
        let dialect = ooapi::dialect(ctx)?;
        let normed = Settings::of(ctx)?.normed;
        let request = ctx.http(API).get(["associations", deelname_peer_id]);
        let association = ooapi::find(request, &dialect, read_association)?;
        Ok(association.and_then(|association| mapping::delivery(association, &dialect, normed)))
    }

    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error> {
        documents::fetch(ctx, document_id)
    }
}

/// What a page of a sitting's deelnames says. One that can't be read costs only itself: the host misses its result and
/// reads it back, which tells the reason.
fn results_page(ctx: &Context, settings: &Settings, (sitting, page): (&str, u32)) -> Result<SittingPage, Error> {
    let request = plan::associations_page(ctx, sitting, page)?;
    let Some(answer) = request.query("role", "student").send()?.found()? else {
        return Ok(SittingPage::default());
    };
    let dialect = ooapi::dialect(ctx)?;
    let page = ooapi::page(answer, &dialect, read_association)?;
    let mut deliveries = Vec::new();
    for item in page.items {
        let message = "a deelname can't be read; went on to the next";
        let read = ctx.readable(item.map_err(unreadable), message, &[("sitting", sitting)]);
        deliveries.extend(read.and_then(|association| mapping::delivery(association, &dialect, settings.normed)));
    }
    Ok(SittingPage {
        deliveries,
        has_next: page.has_next_page,
    })
}
