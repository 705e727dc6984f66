//! Connector for planning systems (TPL) that speak OKE themselves: flows 3 and 4, for what they planned at a vendor of the
//! school.
//!
//! Here is only the calling: what is written is `oke-codec`'s, which message it travels in is `mapping`'s.

mod mapping;

use oke_sdk::{
    Context, Error, TplResultaten, TplZittingsverslag,
    model::{Association, Offering},
    ooapi,
};

/// The connector.
pub struct OoapiTpl;

oke_sdk::export!(OoapiTpl: tpl_resultaten, tpl_zittingsverslag);

/// The endpoint of the manifest.
const API: &str = "api";

impl TplResultaten for OoapiTpl {
    fn put_result(ctx: &Context, deelname: Association) -> Result<(), Error> {
        let message = mapping::result_message(&deelname, &ooapi::dialect(ctx)?)?;
        let path = ["associations", deelname.association_id.as_str()];
        ctx.http(API).patch(path).merge_patch(&message).send()?.success()?;
        Ok(())
    }
}

impl TplZittingsverslag for OoapiTpl {
    fn put_report(ctx: &Context, sitting: Offering) -> Result<(), Error> {
        let message = mapping::report_message(&sitting, &ooapi::dialect(ctx)?);
        let path = ["offerings", sitting.offering_id.as_str()];
        ctx.http(API).patch(path).merge_patch(&message).send()?.success()?;
        Ok(())
    }
}
