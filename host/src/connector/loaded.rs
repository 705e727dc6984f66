//! One version of a connector, ready to be called: compiled, linked, and with the interfaces it serves found from its
//! exports. A component that exports only some interfaces is a good connector.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, InstancePre, Linker};

use crate::domain::interface::Interface;

use super::bindings::serves::{
    dr_studentresultaat, dr_toetsdeelnemers, files, ta_resultaten, ta_toetscatalogus, ta_zittingsplan,
    ta_zittingsverslag, tpl_resultaten, tpl_zittingsverslag, webhook,
};
use super::blame::CallError;
use super::call::Caller;
use super::compile::CompileError;
use super::engine::Engine;
use super::store_data::CallState;

/// The release of the contract the bindings are made from.
const RELEASE: &str = "0.1.0";
/// Budget for starting a version once when it is loaded.
const START_WITHIN: Duration = Duration::from_secs(5);

/// A version of a connector, loaded.
pub struct Loaded {
    pub(super) digest: Arc<str>,
    pub(super) instance: InstancePre<CallState>,
    pub(super) indices: Indices,
    serves: BTreeSet<Interface>,
}

/// Where each served interface's functions are.
#[derive(Default)]
pub(super) struct Indices {
    pub ta_toetscatalogus: Option<ta_toetscatalogus::GuestIndices>,
    pub ta_zittingsplan: Option<ta_zittingsplan::GuestIndices>,
    pub ta_resultaten: Option<ta_resultaten::GuestIndices>,
    pub ta_zittingsverslag: Option<ta_zittingsverslag::GuestIndices>,
    pub dr_toetsdeelnemers: Option<dr_toetsdeelnemers::GuestIndices>,
    pub dr_studentresultaat: Option<dr_studentresultaat::GuestIndices>,
    pub tpl_resultaten: Option<tpl_resultaten::GuestIndices>,
    pub tpl_zittingsverslag: Option<tpl_zittingsverslag::GuestIndices>,
    pub webhook: Option<webhook::GuestIndices>,
    pub files: Option<files::GuestIndices>,
}

/// A version that can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not those of the digest.
    #[error("the component is not the one asked for: its digest is {actual}, expected {expected}")]
    AnotherDigest {
        /// What was asked for.
        expected: String,
        /// What the bytes have.
        actual: String,
    },
    /// It does not compile, or compiling it took too much.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It imports something outside the contract, or something of it in another shape.
    #[error("the component imports what a connector may not: {0}")]
    Imports(String),
    /// An interface it exports has not the shape of the contract.
    #[error("the component exports `{interface}`, but not as the contract has it: {why}")]
    Exports {
        /// The interface.
        interface: Interface,
        /// What is missing or different.
        why: String,
    },
    /// It exports no interface of the contract.
    #[error("the component exports no interface of oke:connector@{RELEASE}, so there is nothing it could serve")]
    ServesNothing,
    /// It was started once, and failed.
    #[error("the component does not start: {0}")]
    DoesNotStart(#[source] CallError),
}

impl Loaded {
    pub(super) fn new(linker: &Linker<CallState>, digest: Arc<str>, component: Component) -> Result<Self, LoadError> {
        refuse_foreign_imports(&component)?;
        let instance = linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Imports(format!("{error:#}")))?;
        let mut served = Served {
            instance: &instance,
            serves: BTreeSet::new(),
        };
        let indices = Indices {
            ta_toetscatalogus: served.find(Interface::TaToetscatalogus, ta_toetscatalogus::GuestIndices::new)?,
            ta_zittingsplan: served.find(Interface::TaZittingsplan, ta_zittingsplan::GuestIndices::new)?,
            ta_resultaten: served.find(Interface::TaResultaten, ta_resultaten::GuestIndices::new)?,
            ta_zittingsverslag: served.find(Interface::TaZittingsverslag, ta_zittingsverslag::GuestIndices::new)?,
            dr_toetsdeelnemers: served.find(Interface::DrToetsdeelnemers, dr_toetsdeelnemers::GuestIndices::new)?,
            dr_studentresultaat: served.find(Interface::DrStudentresultaat, dr_studentresultaat::GuestIndices::new)?,
            tpl_resultaten: served.find(Interface::TplResultaten, tpl_resultaten::GuestIndices::new)?,
            tpl_zittingsverslag: served.find(Interface::TplZittingsverslag, tpl_zittingsverslag::GuestIndices::new)?,
            webhook: served.find(Interface::Webhook, webhook::GuestIndices::new)?,
            files: served.find(Interface::Files, files::GuestIndices::new)?,
        };
        let serves = served.serves;
        if serves.is_empty() {
            return Err(LoadError::ServesNothing);
        }
        Ok(Self {
            digest,
            instance,
            indices,
            serves,
        })
    }

    /// The interfaces it serves.
    pub fn serves(&self) -> &BTreeSet<Interface> {
        &self.serves
    }

    /// SHA-256 of the component, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Instantiates it once and compares its functions' types with the contract's: neither can be seen before, and
    /// both should be known before the first real call.
    pub(super) async fn start_once(self: &Arc<Self>, engine: &Arc<Engine>) -> Result<(), LoadError> {
        let caller = Caller::for_start(engine.clone(), self.clone(), START_WITHIN);
        let started = caller.start().await;
        match started {
            Ok(None) => Ok(()),
            Ok(Some((interface, why))) => Err(LoadError::Exports { interface, why }),
            Err(error) => Err(LoadError::DoesNotStart(error)),
        }
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Loaded")
            .field("digest", &self.digest)
            .field("serves", &self.serves)
            .finish_non_exhaustive()
    }
}

struct Served<'a> {
    instance: &'a InstancePre<CallState>,
    serves: BTreeSet<Interface>,
}

impl Served<'_> {
    fn find<I>(
        &mut self,
        interface: Interface,
        indices: impl FnOnce(&InstancePre<CallState>) -> wasmtime::Result<I>,
    ) -> Result<Option<I>, LoadError> {
        let name = format!("oke:connector/{interface}@{RELEASE}");
        if self.instance.component().get_export_index(None, &name).is_none() {
            return Ok(None);
        }
        let indices = indices(self.instance).map_err(|error| LoadError::Exports {
            interface,
            why: format!("{error:#}"),
        })?;
        self.serves.insert(interface);
        Ok(Some(indices))
    }
}

/// Types of the contract travel as imports without functions; everything else must be `http` or `log`.
fn refuse_foreign_imports(component: &Component) -> Result<(), LoadError> {
    let kind = component.component_type();
    for (name, _) in kind.imports(component.engine()) {
        let of_the_contract = name.split_once('@').is_some_and(|(interface, _)| {
            matches!(
                interface,
                "oke:connector/http" | "oke:connector/log" | "oke:connector/call" | "oke:types/model"
            )
        });
        if !of_the_contract {
            return Err(LoadError::Imports(format!(
                "`{name}`; only oke:connector's http and log may be imported"
            )));
        }
    }
    Ok(())
}
