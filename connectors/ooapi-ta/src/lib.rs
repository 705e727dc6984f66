//! Connector for test platforms (TA) that speak OKE themselves: flows 0, 2, 3 and 4, one file per flow.
//!
//! Here is only the calling: what is read and written is `oke-codec`'s, what it means for a delivery is in `mapping`.

mod catalogue;
mod documents;
mod mapping;
mod plan;
mod report;
mod results;
mod settings;

/// The connector.
pub struct OoapiTa;

oke_sdk::export!(OoapiTa: ta_toetscatalogus, ta_zittingsplan, ta_resultaten, ta_zittingsverslag);

/// The endpoint of the manifest.
const API: &str = "api";
