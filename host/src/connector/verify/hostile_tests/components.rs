//! Components that are broken, grow without end, or belong to another world.

use super::{Add, Hostile};
use crate::connector::contract::Interface;
use crate::connector::contract::shape::CONNECTOR_WIT;
use crate::connector::fixture::{component, component_of_world};

const COMPONENT: &[&str] = &["not-a-component", "contract-broken", "interfaces-differ"];

/// A number as WebAssembly writes it.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A component of these raw sections.
fn of_sections(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for (id, data) in sections {
        bytes.push(*id);
        bytes.extend(leb(data.len()));
        bytes.extend_from_slice(data);
    }
    bytes
}

/// A good component with these raw sections behind it.
fn with_sections(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = component(&[Interface::TaToetscatalogus, Interface::TaResultaten]);
    bytes.extend_from_slice(&of_sections(sections)[8..]);
    bytes
}

/// A type section of `count` times this.
fn types(count: usize, one: impl Fn(usize) -> Vec<u8>) -> (u8, Vec<u8>) {
    let mut data = leb(count);
    for at in 0..count {
        data.extend(one(at));
    }
    (7, data)
}

const IMPORTS: &str = "import oke:connector/http@0.1.0; import oke:connector/log@0.1.0;";
const EXPORTS: &str = "export oke:connector/ta-toetscatalogus@0.1.0; export oke:connector/ta-resultaten@0.1.0;";

/// Bytes that are no component.
pub(super) fn broken(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let good = component(&[Interface::TaToetscatalogus, Interface::TaResultaten]);
    add.component("no component", Vec::new(), COMPONENT);
    add.component("a component of noise", vec![0xa5; 4_096], COMPONENT);
    add.component("a core module", b"\0asm\x01\0\0\0".to_vec(), COMPONENT);
    add.component("a component of nothing", of_sections(&[]), COMPONENT);
    for part in [1, 2, 3] {
        add.component(
            &format!("{part} quarters of a component"),
            good[..good.len() * part / 4].to_vec(),
            COMPONENT,
        );
    }
    // The validator repeats it in what it says.
    let name = b"executed-offering-name";
    let at = good.windows(name.len()).position(|part| part == name).unwrap();
    let mut steering = good.clone();
    steering[at] = 0x1b;
    add.component("a name that would steer a terminal", steering, COMPONENT);
    add.component(
        "a section that is larger than the file",
        [&good[..], &[0, 0xff, 0xff, 0xff, 0x7f]].concat(),
        COMPONENT,
    );
    add.component(
        "a size without end",
        [&good[..], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
        COMPONENT,
    );
    let flood: Vec<(u8, Vec<u8>)> = vec![(0, vec![0]); 1_000_000];
    let mut unknown = with_sections(&[]);
    unknown.extend_from_slice(&[0x63, 0x01, 0x00]);
    add.component("a section of an unknown kind", unknown, COMPONENT);
    let mut flooded = flood;
    flooded.push((7, vec![0xff]));
    add.component(
        "a million sections and a broken one",
        with_sections(&flooded),
        COMPONENT,
    );
}

/// Types that grow, nest or refer to themselves without end.
pub(super) fn bombs(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    add.component(
        "a million types",
        with_sections(&[types(1_000_001, |_| vec![0x7f])]),
        COMPONENT,
    );
    let doubling = types(60, |at| match at {
        0 => vec![0x73],
        at => [&[0x6f, 0x02][..], &leb(at - 1), &leb(at - 1)].concat(),
    });
    add.component("a type that doubles sixty times", of_sections(&[doubling]), COMPONENT);
    let deep = types(100_000, |at| match at {
        0 => vec![0x73],
        at => [&[0x6b][..], &leb(at - 1)].concat(),
    });
    add.component("an option of an option, 100,000 times", of_sections(&[deep]), COMPONENT);
    let own = types(1, |_| vec![0x6b, 0x00]);
    add.component("a type of itself", of_sections(&[own]), COMPONENT);
    let mut nested = of_sections(&[]);
    for _ in 0..2_000 {
        nested = of_sections(&[(4, nested)]);
    }
    add.component("two thousand components in one another", nested, COMPONENT);
    let name = |name: &str| [&[0x00][..], &leb(name.len()), name.as_bytes()].concat();
    let twice = [
        &leb(2)[..],
        &name("oke:connector/http@0.1.0"),
        &[0x05, 0x00],
        &name("oke:connector/http@0.1.0"),
        &[0x05, 0x00],
    ]
    .concat();
    add.component("one import twice", of_sections(&[(10, twice)]), COMPONENT);
}

/// Good components of another world than the contract's.
pub(super) fn foreign(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let world = |world: &str, others: &str| component_of_world(CONNECTOR_WIT, world, others);
    let wasi = "package wasi:clocks@0.2.0 { interface wall-clock { now: func() -> u64; } }";
    add.component(
        "an import of the system's clock",
        world(
            &format!("{IMPORTS} import wasi:clocks/wall-clock@0.2.0; {EXPORTS}"),
            wasi,
        ),
        &["imports-beyond-contract"],
    );
    let evil = "package evil:host@1.0.0 { interface secrets { read: func() -> string; } }";
    add.component(
        "an import of its own",
        world(&format!("{IMPORTS} import evil:host/secrets@1.0.0; {EXPORTS}"), evil),
        &["imports-beyond-contract"],
    );
    add.component(
        "a bare import",
        world(
            &format!("{IMPORTS} import getenv: func(name: string) -> string; {EXPORTS}"),
            "",
        ),
        &["imports-beyond-contract"],
    );
    let gift = "package evil:host@1.0.0 { interface gift { take: func() -> string; } }";
    add.component(
        "an export of its own",
        world(&format!("{IMPORTS} {EXPORTS} export evil:host/gift@1.0.0;"), gift),
        &["contract-broken"],
    );
    add.component("the wrong world: nothing exported", world(IMPORTS, ""), COMPONENT);
    let bent = CONNECTOR_WIT.replace(
        "get-component: func(ctx: context, component-id: string)",
        "get-component: func(ctx: context, component-id: list<list<list<list<string>>>>)",
    );
    assert_ne!(bent, CONNECTOR_WIT);
    add.component(
        "a function of another shape",
        component_of_world(&bent, &format!("{IMPORTS} {EXPORTS}"), ""),
        &["contract-broken"],
    );
    let newer = CONNECTOR_WIT.replace("package oke:connector@0.1.0", "package oke:connector@7.0.0");
    add.component(
        "a release of another line",
        component_of_world(
            &newer,
            &format!(
                "{} {}",
                IMPORTS.replace("0.1.0", "7.0.0"),
                EXPORTS.replace("0.1.0", "7.0.0")
            ),
            "",
        ),
        &["contract-out-of-range"],
    );
}
