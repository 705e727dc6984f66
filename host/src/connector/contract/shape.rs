//! Whether the functions a component imports and exports are shaped as the contract's, type by type. Names of records
//! and variants don't count, names of their fields and cases do, since those are what the binary carries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem, WorldKey};

use super::surface::told;
use super::{CONNECTOR_PACKAGE, ContractBreach, Interface, SERVED};

/// The contract's own text, compiled in.
pub const TYPES_WIT: &str = include_str!("../../../../wit/types/model.wit");
/// See [`TYPES_WIT`].
pub const CONNECTOR_WIT: &str = include_str!("../../../../wit/connector/connector.wit");

/// The contract this host serves, parsed.
pub fn contract() -> &'static Resolve {
    static CONTRACT: LazyLock<Resolve> = LazyLock::new(|| {
        let mut resolve = Resolve::default();
        for (file, text) in [("model.wit", TYPES_WIT), ("connector.wit", CONNECTOR_WIT)] {
            resolve
                .push_source(file, text)
                .expect("the contract that was compiled in is valid, a test reads it");
        }
        resolve
    });
    &CONTRACT
}

/// Functions of an interface by name, each written out in full.
type Shapes = BTreeMap<String, String>;

/// Longest function shape we write out. The contract's are far shorter; a hostile type could grow without end.
const LONGEST_SHAPE: usize = 64 * 1024;

/// Compares every interface of `component` with the contract. The component must have been validated.
pub(super) fn compare(component: &[u8]) -> Result<(), ContractBreach> {
    let broken = |error: String| ContractBreach::NotAComponent(format!("has no type that can be read: {error}"));
    let (resolve, world) = match decode(component).map_err(|error| broken(told(&format!("{error:#}"))))? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => return Err(broken("it is a WIT package, not a component".to_owned())),
    };
    let world = &resolve.worlds[world];
    for (key, item) in &world.imports {
        if let Some((name, theirs)) = interface_shapes(&resolve, key, item) {
            // Unused functions are trimmed from imports, so theirs is a part of ours.
            let ours = contract_shapes(interface_of(&name)).unwrap_or_default();
            differing_function(&name, &theirs, &ours)?;
        }
    }
    for (key, item) in &world.exports {
        let Some((name, theirs)) = interface_shapes(&resolve, key, item) else {
            continue;
        };
        let short = interface_of(&name);
        let ours = match (contract_shapes(short), short.parse::<Interface>()) {
            (Some(ours), _) => ours,
            (None, Ok(interface)) => {
                return Err(ContractBreach::NotServedYet {
                    interface,
                    served: SERVED,
                });
            }
            (None, Err(_)) => return Err(ContractBreach::ExportsBeyondContract(name)),
        };
        differing_function(&name, &theirs, &ours)?;
        if let Some(missing) = ours.keys().find(|function| !theirs.contains_key(*function)) {
            return Err(ContractBreach::OtherShape {
                interface: name,
                function: missing.clone(),
                difference: "the component doesn't have it".to_owned(),
            });
        }
    }
    Ok(())
}

fn differing_function(interface: &str, theirs: &Shapes, ours: &Shapes) -> Result<(), ContractBreach> {
    for (function, shape) in theirs {
        let difference = match ours.get(function) {
            Some(expected) if expected == shape => continue,
            Some(expected) => first_difference(expected, shape),
            None => "the contract doesn't have it".to_owned(),
        };
        return Err(ContractBreach::OtherShape {
            interface: interface.to_owned(),
            function: function.clone(),
            difference,
        });
    }
    Ok(())
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let same = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| -> String {
        let before = text.get(..same).unwrap_or_default();
        let from = before.rfind(['(', '<', ',']).map_or(0, |at| at + 1);
        let piece = text.get(from..).unwrap_or_default().trim_start();
        let to = piece.find([',', '<', '>']).unwrap_or(piece.len());
        piece.chars().take(to.min(60)).collect()
    };
    format!(
        "the contract says `{}`, the component `{}`",
        around(ours),
        around(theirs)
    )
}

/// `ta-resultaten` of `oke:connector/ta-resultaten@0.1.0`.
fn interface_of(name: &str) -> &str {
    let after = name.split_once('/').map_or(name, |(_, rest)| rest);
    after.split_once('@').map_or(after, |(interface, _)| interface)
}

fn contract_shapes(interface: &str) -> Option<Shapes> {
    let resolve = contract();
    let (_, package) = resolve
        .packages
        .iter()
        .find(|(_, package)| package.name.to_string() == format!("{CONNECTOR_PACKAGE}@{SERVED}"))?;
    let id = package.interfaces.get(interface)?;
    Some(shapes(resolve, *id))
}

fn interface_shapes(resolve: &Resolve, key: &WorldKey, item: &WorldItem) -> Option<(String, Shapes)> {
    match item {
        WorldItem::Interface { id, .. } => Some((resolve.name_world_key(key), shapes(resolve, *id))),
        // Bare functions and types were refused by name already.
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    }
}

fn shapes(resolve: &Resolve, interface: InterfaceId) -> Shapes {
    let functions = &resolve.interfaces[interface].functions;
    functions
        .iter()
        .map(|(name, function)| {
            let mut shape = Shape {
                resolve,
                text: String::new(),
            };
            shape.text.push_str("func(");
            for parameter in &function.params {
                shape.text.push_str(&parameter.name);
                shape.text.push_str(": ");
                shape.write(&parameter.ty);
                shape.text.push_str(", ");
            }
            shape.text.push(')');
            if let Some(result) = &function.result {
                shape.text.push_str(" -> ");
                shape.write(result);
            }
            (name.clone(), shape.text)
        })
        .collect()
}

struct Shape<'a> {
    resolve: &'a Resolve,
    text: String,
}

impl Shape<'_> {
    fn write(&mut self, ty: &Type) {
        if self.text.len() > LONGEST_SHAPE {
            return;
        }
        match ty {
            Type::Id(id) => self.write_definition(*id),
            primitive => self.text.push_str(&format!("{primitive:?}").to_lowercase()),
        }
    }

    fn write_definition(&mut self, id: TypeId) {
        let resolve = self.resolve;
        match &resolve.types[id].kind {
            TypeDefKind::Type(alias) => self.write(alias),
            TypeDefKind::Handle(Handle::Own(resource)) => self.write_resource("own", *resource),
            TypeDefKind::Handle(Handle::Borrow(resource)) => self.write_resource("borrow", *resource),
            TypeDefKind::Resource => self.write_resource("resource", id),
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter().map(|field| (field.name.as_str(), Some(&field.ty)));
                self.write_cases("record", fields);
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| (case.name.as_str(), case.ty.as_ref()));
                self.write_cases("variant", cases);
            }
            TypeDefKind::Enum(listed) => {
                self.write_cases("enum", listed.cases.iter().map(|case| (case.name.as_str(), None)));
            }
            TypeDefKind::Flags(flags) => {
                self.write_cases("flags", flags.flags.iter().map(|flag| (flag.name.as_str(), None)));
            }
            TypeDefKind::Tuple(tuple) => self.write_cases("tuple", tuple.types.iter().map(|ty| ("", Some(ty)))),
            TypeDefKind::Option(inner) => self.write_cases("option", [("", Some(inner))].into_iter()),
            TypeDefKind::List(inner) => self.write_cases("list", [("", Some(inner))].into_iter()),
            TypeDefKind::Result(result) => {
                let arms = [("ok", result.ok.as_ref()), ("err", result.err.as_ref())];
                self.write_cases("result", arms.into_iter());
            }
            // The contract uses none of these; the name alone makes it differ.
            other => self.text.push_str(other.as_str()),
        }
    }

    fn write_cases<'t>(&mut self, kind: &str, cases: impl Iterator<Item = (&'t str, Option<&'t Type>)>) {
        self.text.push_str(kind);
        self.text.push('<');
        for (name, ty) in cases {
            self.text.push_str(name);
            if let Some(ty) = ty {
                self.text.push_str(": ");
                self.write(ty);
            }
            self.text.push_str(", ");
            if self.text.len() > LONGEST_SHAPE {
                break;
            }
        }
        self.text.push('>');
    }

    /// A resource is itself by name and interface, whatever release the interface bears.
    fn write_resource(&mut self, kind: &str, id: TypeId) {
        let mut id = id;
        while let TypeDefKind::Type(Type::Id(aliased)) = &self.resolve.types[id].kind {
            id = *aliased;
        }
        let definition = &self.resolve.types[id];
        let owner = match definition.owner {
            TypeOwner::Interface(interface) => self.resolve.id_of(interface).unwrap_or_default(),
            TypeOwner::World(_) | TypeOwner::None => String::new(),
        };
        let name = definition.name.as_deref().unwrap_or_default();
        let text = format!("{kind}<{}.{name}>", interface_of(&owner));
        self.text.push_str(&text);
    }
}
