//! Flow 3 read from the platform: `GET /offerings/{id}/associations`, `GET /associations/{id}`.

use oke_codec::read_association;
use oke_sdk::{
    Context, Delivery, DeliveryPage, Document, Error, TaResultaten,
    ooapi::{self, unreadable},
};
use serde_json::Value;

use crate::{
    API, OoapiTa, documents, mapping,
    poll::Poll,
    settings::{Results, Settings},
};

impl TaResultaten for OoapiTa {
    fn poll(ctx: &Context, cursor: Option<String>, sittings: &[String]) -> Result<DeliveryPage, Error> {
        let settings = Settings::of(ctx)?;
        if settings.results == Results::Push {
            return Err(Error::Unsupported(
                "this platform sends its results itself (`results` is `push`)".to_owned(),
            ));
        }
        Poll::new(ctx, settings)?.run(cursor.as_deref(), sittings)
    }

    fn read_result(ctx: &Context, deelname_peer_id: &str) -> Result<Option<Delivery>, Error> {
        let dialect = ooapi::dialect(ctx)?;
        let Some(answer) = ctx.http(API).get(["associations", deelname_peer_id]).send()?.found()? else {
            return Ok(None);
        };
        let association: Value = answer.json()?;
        let association = read_association(&association, &dialect).map_err(unreadable)?;
        Ok(mapping::delivery(association, &dialect, Settings::of(ctx)?.normed))
    }

    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error> {
        documents::fetch(ctx, document_id)
    }
}
