//! Stories about the list of components.

use serde_json::{Value, json};

use super::{Sbom, from_cargo};
use crate::connector::fixture::MANIFEST;
use crate::connector::manifest::Manifest;

fn metadata() -> Vec<u8> {
    let package = |id: &str, name: &str, version: &str, source: Value| json!({"id": id, "name": name, "version": version, "license": "MIT/Apache-2.0", "source": source});
    let registry = json!("registry+https://github.com/rust-lang/crates.io-index");
    let edge = |id: &str, kind: Value| json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
    json!({
        "packages": [
            package("a", "voorbeeld-ta", "1.2.0", Value::Null),
            package("b", "oke-sdk", "0.1.0", Value::Null),
            package("c", "serde", "1.0.0", registry.clone()),
            package("d", "proptest", "1.0.0", registry.clone()),
        ],
        "resolve": {"root": "a", "nodes": [
            {"id": "a", "deps": [edge("b", Value::Null), edge("d", json!("dev"))]},
            {"id": "b", "deps": [edge("c", Value::Null)]},
            {"id": "c", "deps": []},
            {"id": "d", "deps": [edge("c", Value::Null)]},
        ]},
    })
    .to_string()
    .into_bytes()
}

const LOCK: &str = r#"
[[package]]
name = "serde"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "abc123"
"#;

#[test]
fn what_is_linked_is_listed_with_its_checksum_and_what_is_for_tests_is_not() {
    let manifest = Manifest::parse(MANIFEST.as_bytes()).unwrap();

    let bytes = from_cargo(&manifest, &metadata(), LOCK).unwrap();

    let sbom = Sbom::parse(&bytes).unwrap();
    sbom.check_subject(&manifest).unwrap();
    let names: Vec<&str> = sbom
        .components
        .iter()
        .map(|component| component.name.as_str())
        .collect();
    assert_eq!(names, ["oke-sdk", "serde"]);
    let raw: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(raw["components"][1]["hashes"][0]["content"], "abc123");
    assert_eq!(raw["components"][1]["licenses"][0]["expression"], "MIT OR Apache-2.0");
}

#[test]
fn the_same_sources_give_the_same_list() {
    let manifest = Manifest::parse(MANIFEST.as_bytes()).unwrap();

    assert_eq!(
        from_cargo(&manifest, &metadata(), LOCK),
        from_cargo(&manifest, &metadata(), LOCK)
    );
}

#[test]
fn output_that_is_not_cargos_is_refused_with_a_sentence() {
    let manifest = Manifest::parse(MANIFEST.as_bytes()).unwrap();

    assert!(
        from_cargo(&manifest, b"error", LOCK)
            .unwrap_err()
            .contains("cargo metadata")
    );
    assert!(
        from_cargo(
            &manifest,
            b"{\"packages\":[],\"resolve\":{\"root\":null,\"nodes\":[]}}",
            LOCK
        )
        .unwrap_err()
        .contains("root package")
    );
}
