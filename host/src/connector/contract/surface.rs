//! What a component imports and exports, read from its type. Nothing is compiled and nothing runs.

use std::collections::BTreeSet;

use semver::Version;
use serde::Serialize;
use wasmparser::{ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload, Validator, WasmFeatures};

use super::{CONNECTOR_PACKAGE, Interface, SERVED, TYPES_PACKAGE, same_line, shape};

/// A component's outside: what it serves and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surface {
    /// The interfaces it exports.
    pub exports: BTreeSet<Interface>,
    /// Full names of what it imports, such as `oke:connector/http@0.1.0`.
    pub imports: BTreeSet<String>,
}

/// How a component's type breaks the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractBreach {
    /// The bytes are not a component.
    #[error("component.wasm {0}")]
    NotAComponent(String),
    /// An import of the operating-system interface.
    #[error(
        "component.wasm imports `{0}`: WASI is refused, since a connector has no clock, file, network or randomness of \
         its own; build for wasm32-unknown-unknown, or without WASI (`oke connector build` does)"
    )]
    ImportsWasi(String),
    /// An import that the contract doesn't have.
    #[error(
        "component.wasm imports `{0}`, which is beyond the contract; a connector may import only \
         `oke:connector/http`, `oke:connector/log` and the types they use"
    )]
    ImportsBeyondContract(String),
    /// An export that the contract doesn't have.
    #[error(
        "component.wasm exports `{0}`, which is no interface of the contract; export only interfaces of `oke:connector`"
    )]
    ExportsBeyondContract(String),
    /// An interface of the contract, at a release of another line.
    #[error(
        "component.wasm uses `{name}`, but this host serves contract {served} and what is of the same line; build \
         against a release of that line, or ask for a host that serves yours"
    )]
    OtherRelease {
        /// The name as it stands in the component.
        name: String,
        /// What this host serves.
        served: Version,
    },
    /// An interface that this host's release of the contract doesn't have yet.
    #[error(
        "component.wasm exports `{interface}`, which contract {served} of this host doesn't have yet; upgrade the host"
    )]
    NotServedYet {
        /// The interface.
        interface: Interface,
        /// What this host serves.
        served: Version,
    },
    /// A function that isn't shaped as the contract says.
    #[error(
        "component.wasm has `{function}` of `{interface}` otherwise than the contract: {difference}; rebuild it \
         against the published WIT"
    )]
    OtherShape {
        /// The interface, by its full name.
        interface: String,
        /// The function.
        function: String,
        /// What differs.
        difference: String,
    },
    /// It exports nothing of the contract.
    #[error("component.wasm exports no interface of the contract, so it serves nothing; export at least one")]
    ServesNothing,
}

/// Core and component features that a connector may use, the same that the engine has on. Everything else (SIMD,
/// threads, garbage collection, 64-bit memory, exceptions, component-model async) is refused before compiling.
pub fn accepted_features() -> WasmFeatures {
    let core = WasmFeatures::WASM2.difference(WasmFeatures::SIMD) | WasmFeatures::EXTENDED_CONST;
    core | WasmFeatures::COMPONENT_MODEL
}

/// Reads a component's imports and exports and holds them against the contract, function by function.
pub fn read_surface(component: &[u8]) -> Result<Surface, ContractBreach> {
    let (imports, exports) = top_level_names(component)?;
    for import in &imports {
        check_import(import)?;
    }
    let mut served = BTreeSet::new();
    for export in &exports {
        served.insert(check_export(export)?);
    }
    if served.is_empty() {
        return Err(ContractBreach::ServesNothing);
    }
    Validator::new_with_features(accepted_features())
        .validate_all(component)
        .map_err(|error| ContractBreach::NotAComponent(format!("is not valid: {}; rebuild it", told(&error))))?;
    shape::compare(component)?;
    Ok(Surface {
        exports: served,
        imports: imports.into_iter().map(|import| import.name).collect(),
    })
}

struct Extern {
    name: String,
    is_instance: bool,
}

fn top_level_names(component: &[u8]) -> Result<(Vec<Extern>, Vec<Extern>), ContractBreach> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(unreadable)? {
            Payload::Version { encoding, .. } if depth == 0 && encoding != Encoding::Component => {
                return Err(ContractBreach::NotAComponent(
                    "is a core module, not a component; make one with `oke connector build`".to_owned(),
                ));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(unreadable)?;
                    imports.push(Extern {
                        name: import.name.name.to_owned(),
                        is_instance: matches!(import.ty, ComponentTypeRef::Instance(_)),
                    });
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(unreadable)?;
                    exports.push(Extern {
                        name: export.name.name.to_owned(),
                        is_instance: export.kind == ComponentExternalKind::Instance,
                    });
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn unreadable(error: wasmparser::BinaryReaderError) -> ContractBreach {
    ContractBreach::NotAComponent(format!(
        "is not WebAssembly that can be read: {}; rebuild it",
        told(&error)
    ))
}

/// What a reader says of a foreign file, safe to print: it repeats names of that file as they are.
pub(super) fn told(error: &impl std::fmt::Display) -> String {
    let said: String = error.to_string().chars().take(400).collect();
    said.escape_debug().to_string()
}

fn check_import(import: &Extern) -> Result<(), ContractBreach> {
    let beyond = || ContractBreach::ImportsBeyondContract(shown(&import.name));
    if import.name.starts_with("wasi:") || import.name.starts_with("wasi_") {
        return Err(ContractBreach::ImportsWasi(shown(&import.name)));
    }
    let (package, interface, release) = split(&import.name).ok_or_else(beyond)?;
    let allowed = match package {
        TYPES_PACKAGE => interface == "model",
        CONNECTOR_PACKAGE => matches!(interface, "http" | "log" | "call"),
        _ => false,
    };
    if !allowed || !import.is_instance {
        return Err(beyond());
    }
    check_release(&import.name, &release)
}

fn check_export(export: &Extern) -> Result<Interface, ContractBreach> {
    let beyond = || ContractBreach::ExportsBeyondContract(shown(&export.name));
    let (package, interface, release) = split(&export.name).ok_or_else(beyond)?;
    if package != CONNECTOR_PACKAGE || !export.is_instance {
        return Err(beyond());
    }
    let interface: Interface = interface.parse().map_err(|_| beyond())?;
    check_release(&export.name, &release)?;
    Ok(interface)
}

fn check_release(name: &str, release: &Version) -> Result<(), ContractBreach> {
    match same_line(release, &SERVED) {
        true => Ok(()),
        false => Err(ContractBreach::OtherRelease {
            name: shown(name),
            served: SERVED,
        }),
    }
}

/// `oke:connector/http@0.1.0` as package, interface and release.
fn split(name: &str) -> Option<(&str, &str, Version)> {
    let (package, rest) = name.split_once('/')?;
    let (interface, release) = rest.split_once('@')?;
    Some((package, interface, Version::parse(release).ok()?))
}

/// A name from a foreign file, safe to print.
fn shown(name: &str) -> String {
    name.chars().take(120).collect::<String>().escape_debug().to_string()
}
