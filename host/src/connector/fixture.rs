//! Components, keys and packages for tests, made without any guest toolchain: every function of the world is there
//! with its right type and traps when called.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Instruction,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::abi::WasmType;
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WasmImport, WorldId, WorldItem, WorldKey,
};

use super::build::componentize;
use super::contract::Interface;
use super::contract::shape::{CONNECTOR_WIT, TYPES_WIT};
use super::manifest::Slug;
use super::package::{Contents, Package};
use super::signature::SigningKey;
use super::trust::{TrustStore, TrustedKey, TrustedPublisher};

const MANGLING: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// A component that serves these interfaces and imports `http` and `log`.
pub(crate) fn component(exports: &[Interface]) -> Vec<u8> {
    let exports: String = exports
        .iter()
        .map(|interface| format!("export oke:connector/{interface}@0.1.0; "))
        .collect();
    component_of_world(
        CONNECTOR_WIT,
        &format!("import oke:connector/http@0.1.0; import oke:connector/log@0.1.0; {exports}"),
        "",
    )
}

/// A component of any world: `connector` is the text of `oke:connector`, `world` what stands in the world, `others`
/// further packages.
pub(crate) fn component_of_world(connector: &str, world: &str, others: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_source("model.wit", TYPES_WIT).unwrap();
    resolve.push_source("connector.wit", connector).unwrap();
    let text = format!("package test:fixture;\n{others}\nworld fixture {{ {world} }}\n");
    let package = resolve.push_source("fixture.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("fixture")).unwrap();
    let mut module = core_module(&resolve, world);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    componentize(&module).unwrap()
}

fn core_module(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let world = &resolve.worlds[world];
    let mut parts = CoreParts::default();
    for (key, function) in functions(resolve, &world.imports) {
        let import = WasmImport::Func {
            interface: key,
            func: function,
        };
        let (module, name) = resolve.wasm_import_name(MANGLING, import);
        let signature = resolve.wasm_signature(MANGLING.import_variant(), function);
        let ty = parts.type_of(&signature.params, &signature.results);
        parts.imports.import(&module, &name, EntityType::Function(ty));
        parts.imported += 1;
    }
    for (key, function) in functions(resolve, &world.exports) {
        let export = WasmExport::Func {
            interface: key,
            func: function,
            kind: WasmExportKind::Normal,
        };
        let name = resolve.wasm_export_name(MANGLING, export);
        let signature = resolve.wasm_signature(MANGLING.export_variant(), function);
        let ty = parts.type_of(&signature.params, &signature.results);
        parts.trap(&name, ty);
    }
    let realloc = parts.type_of(&[WasmType::I32; 4], &[WasmType::I32]);
    parts.trap("cabi_realloc", realloc);
    parts.finish()
}

fn functions<'a>(
    resolve: &'a Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> Vec<(Option<&'a WorldKey>, &'a wit_parser::Function)> {
    let mut functions = Vec::new();
    for (key, item) in items {
        match item {
            WorldItem::Interface { id, .. } => {
                let of_interface = resolve.interfaces[*id].functions.values();
                functions.extend(of_interface.map(|function| (Some(key), function)));
            }
            WorldItem::Function(function) => functions.push((None, function)),
            WorldItem::Type { .. } => {}
        }
    }
    functions
}

#[derive(Default)]
struct CoreParts {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    imported: u32,
    defined: u32,
}

impl CoreParts {
    fn type_of(&mut self, parameters: &[WasmType], results: &[WasmType]) -> u32 {
        let index = self.types.len();
        self.types
            .ty()
            .function(parameters.iter().map(core_type), results.iter().map(core_type));
        index
    }

    fn trap(&mut self, name: &str, ty: u32) {
        self.functions.function(ty);
        let mut body = Function::new([]);
        body.instruction(&Instruction::Unreachable);
        body.instruction(&Instruction::End);
        self.code.function(&body);
        self.exports
            .export(name, ExportKind::Func, self.imported + self.defined);
        self.defined += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        self.exports.export("memory", ExportKind::Memory, 0);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&memories)
            .section(&self.exports)
            .section(&self.code);
        module.finish()
    }
}

fn core_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}

/// What the fixtures' connector says of itself: serves two interfaces, knows settings, has a profile.
pub(crate) const MANIFEST: &str = r#"[connector]
name = "voorbeeld-ta"
version = "1.2.0"
publisher = "voorbeeld-examens"
title = "Voorbeeld Examens"
contract = "0.1"
interfaces = ["ta-toetscatalogus", "ta-resultaten"]

[[endpoint]]
name = "api"
description = "De API van de leverancier"
allow = ["GET /components", "GET /offerings/*/associations"]

[config.page-size]
type = "integer"
description = "Aantal per bladzijde"
default = 100
minimum = 1
maximum = 250

[config.percentage-before-cesuur]
type = "boolean"
description = "Stuurt een percentage zolang er geen cesuur is"
default = false

[[profile]]
name = "proefwerk"
title = "Proefwerk Online"
"#;

/// The profile that [`MANIFEST`] names.
pub(crate) const PROFILE: &str = "[config]\npage-size = 50\n\n[quirks]\npercentage-before-cesuur = true\n";

static COMPONENT: LazyLock<Bytes> =
    LazyLock::new(|| Bytes::from(component(&[Interface::TaToetscatalogus, Interface::TaResultaten])));

/// Contents that every host takes.
pub(crate) fn contents() -> Contents {
    let sbom = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"oke-sdk","version":"0.1.0"}]}"#;
    Contents {
        manifest: Bytes::from_static(MANIFEST.as_bytes()),
        component: COMPONENT.clone(),
        notes: Bytes::from_static("# 1.2.0\n\nResultaten per examenversie.\n".as_bytes()),
        sbom: Bytes::from_static(sbom.as_bytes()),
        profiles: BTreeMap::from([(slug("proefwerk"), Bytes::from_static(PROFILE.as_bytes()))]),
    }
}

/// The same with one text of the manifest in place of another.
pub(crate) fn contents_with(text: &str, instead_of: &str) -> Contents {
    assert!(
        MANIFEST.contains(instead_of),
        "the fixture's manifest has `{instead_of}`"
    );
    Contents {
        manifest: Bytes::from(MANIFEST.replace(instead_of, text)),
        ..contents()
    }
}

/// A name.
pub(crate) fn slug(name: &str) -> Slug {
    name.parse().unwrap()
}

/// The key of `voorbeeld-examens`.
pub(crate) fn publisher_key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

/// A key of a stranger.
pub(crate) fn stranger_key() -> SigningKey {
    SigningKey::from_seed([8; 32])
}

/// A signed package of these contents.
pub(crate) fn signed(contents: Contents) -> Package {
    Package::assemble(contents)
        .unwrap()
        .signed(&slug("voorbeeld-examens"), &publisher_key())
        .unwrap()
}

/// A package of these contents with a statement by this key, made without asking whether a host would take it: what a
/// publisher with tools of its own could make.
pub(crate) fn signed_unchecked(contents: Contents, key: &SigningKey) -> Package {
    use super::manifest::Manifest;
    use super::signature::Statement;

    let package = Package::assemble(contents).unwrap();
    let manifest = Manifest::parse(package.file(&super::package::FileName::Manifest).unwrap())
        .unwrap_or_else(|_| Manifest::parse(MANIFEST.as_bytes()).unwrap());
    let payload = Statement::about(&package, &manifest).to_bytes();
    package
        .with_statement(Bytes::from(key.sign(payload).to_bytes()))
        .unwrap()
}

/// Trusts the publisher's key since 2026-01-01, and revokes it when told so.
pub(crate) fn trust(revoked_since: Option<&str>) -> TrustStore {
    TrustStore::of([TrustedPublisher {
        name: slug("voorbeeld-examens"),
        keys: vec![trusted(&publisher_key(), revoked_since)],
    }])
    .unwrap()
}

/// This key, trusted since 2026-01-01.
pub(crate) fn trusted(key: &SigningKey, revoked_since: Option<&str>) -> TrustedKey {
    TrustedKey {
        id: key.public().id(),
        public: key.public(),
        trusted_since: "2026-01-01T00:00:00Z".parse().unwrap(),
        revoked_since: revoked_since.map(|at| at.parse().unwrap()),
        expires: None,
        counter_only: false,
    }
}
