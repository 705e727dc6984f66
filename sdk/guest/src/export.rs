//! Registration: which interfaces a component serves.

use std::marker::PhantomData;

/// Carries a connector type from the generated export functions to its traits.
#[doc(hidden)]
pub struct Glue<T>(PhantomData<T>);

/// Registers a connector and the interfaces it serves, in the crate that is built as the component.
///
/// `oke_sdk::export!(Connector: ta_toetscatalogus, ta_resultaten);` exports exactly those two. `Connector` is a type in
/// scope that implements their traits. In a native build this only checks that it does.
///
/// | interface | trait |
/// |---|---|
/// | `ta_toetscatalogus` | [`TaToetscatalogus`](crate::TaToetscatalogus) |
/// | `ta_zittingsplan` | [`TaZittingsplan`](crate::TaZittingsplan) |
/// | `ta_resultaten` | [`TaResultaten`](crate::TaResultaten) |
/// | `ta_zittingsverslag` | [`TaZittingsverslag`](crate::TaZittingsverslag) |
/// | `dr_toetsdeelnemers` | [`DrToetsdeelnemers`](crate::DrToetsdeelnemers) |
/// | `dr_studentresultaat` | [`DrStudentresultaat`](crate::DrStudentresultaat) |
/// | `tpl_resultaten` | [`TplResultaten`](crate::TplResultaten) |
/// | `tpl_zittingsverslag` | [`TplZittingsverslag`](crate::TplZittingsverslag) |
/// | `webhook` | [`Webhook`](crate::Webhook) |
/// | `files` | [`Files`](crate::Files) |
#[macro_export]
macro_rules! export {
    ($connector:ident: $($interface:ident),+ $(,)?) => {
        $($crate::__export_interface!($interface, $connector);)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_interface {
    (ta_toetscatalogus, $connector:ident) => {
        $crate::__export_one!($connector, ta_toetscatalogus, TaToetscatalogus);
    };
    (ta_zittingsplan, $connector:ident) => {
        $crate::__export_one!($connector, ta_zittingsplan, TaZittingsplan);
    };
    (ta_resultaten, $connector:ident) => {
        $crate::__export_one!($connector, ta_resultaten, TaResultaten);
    };
    (ta_zittingsverslag, $connector:ident) => {
        $crate::__export_one!($connector, ta_zittingsverslag, TaZittingsverslag);
    };
    (dr_toetsdeelnemers, $connector:ident) => {
        $crate::__export_one!($connector, dr_toetsdeelnemers, DrToetsdeelnemers);
    };
    (dr_studentresultaat, $connector:ident) => {
        $crate::__export_one!($connector, dr_studentresultaat, DrStudentresultaat);
    };
    (tpl_resultaten, $connector:ident) => {
        $crate::__export_one!($connector, tpl_resultaten, TplResultaten);
    };
    (tpl_zittingsverslag, $connector:ident) => {
        $crate::__export_one!($connector, tpl_zittingsverslag, TplZittingsverslag);
    };
    (webhook, $connector:ident) => {
        $crate::__export_one!($connector, webhook, Webhook);
    };
    (files, $connector:ident) => {
        $crate::__export_one!($connector, files, Files);
    };
    ($other:ident, $connector:ident) => {
        ::core::compile_error!(::core::concat!(
            "unknown interface `",
            ::core::stringify!($other),
            "`; known are ta_toetscatalogus, ta_zittingsplan, ",
            "ta_resultaten, ta_zittingsverslag, dr_toetsdeelnemers, dr_studentresultaat, ",
            "tpl_resultaten, tpl_zittingsverslag, webhook, files"
        ));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_one {
    ($connector:ident, $interface:ident, $contract:ident) => {
        const _: () = {
            const fn serves<T: $crate::$contract>() {}
            serves::<$connector>();
        };
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Served = $crate::Glue<$connector>;
    $crate::bindings::$interface::export!(Served with_types_in $crate::bindings::$interface);
        };
    };
}
