//! Flow 4 read back: `GET /offerings/{id}`.

use oke_sdk::{Context, Document, Error, Report, TaZittingsverslag};

use crate::{OoapiTa, documents, mapping, plan};

impl TaZittingsverslag for OoapiTa {
    fn read_report(ctx: &Context, sitting_peer_id: &str) -> Result<Option<Report>, Error> {
        Ok(plan::offering(ctx, sitting_peer_id)?.and_then(mapping::report))
    }

    fn fetch_document(ctx: &Context, document_id: &str) -> Result<Document, Error> {
        documents::fetch(ctx, document_id)
    }
}
