//! What `wasmtime` generates from `wit/`: the host's side of the contract. These types stop in this room; everyone
//! else speaks the canonical model ([`super::convert`] goes between).

pub(super) use generated::exports::oke::connector as serves;
pub(super) use generated::oke::connector::{call, http, log};
pub(super) use generated::oke::types::model as wire;

mod generated {
    wasmtime::component::bindgen!({
        world: "oke:connector/everything",
        path: ["../wit/types", "../wit/connector"],
        imports: {
            "oke:connector/http": async | trappable,
            "oke:connector/log": trappable,
        },
        exports: { default: async },
        with: { "oke:connector/http.body": crate::connector::host_body::HeldBody },
    });
}
