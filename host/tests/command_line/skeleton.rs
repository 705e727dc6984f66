//! What `oke connector new` makes builds to a component and packs, with the toolchain that is at hand.

use std::path::Path;

use crate::house::{House, Ran, skipped, workspace};

/// A vendor's first hour: new, build, pack, keygen, sign, inspect, without touching a line.
#[test]
fn the_skeleton_of_a_connector_builds_packs_and_signs() {
    let house = House::empty();
    let sdk = workspace().join("sdk/guest");
    let made = house
        .run(&[
            "--json",
            "connector",
            "new",
            "proef",
            "--publisher",
            "proef-bv",
            "--sdk",
            sdk.to_str().unwrap(),
        ])
        .json(0);
    assert_eq!(made["name"], "proef");
    // The crates that this workspace was built with are at hand: the skeleton need not choose others.
    std::fs::copy(workspace().join("Cargo.lock"), house.path("proef/Cargo.lock")).unwrap();

    // Kept between runs: the crates it is made from need building once.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skeleton");
    let mut build = house.command();
    build
        .env("CARGO_TARGET_DIR", &target)
        .args(["--json", "connector", "build", "proef"]);
    let built = Ran::of(&mut build);
    if built.code == 1 && built.out.contains("no-toolchain") {
        skipped(&format!("the skeleton of a connector was not built: {}", built.out));
        return;
    }
    let built = built.json(0);
    assert_eq!(built["exports"], serde_json::json!(["ta-toetscatalogus"]), "{built}");
    let packed = house.run(&["--json", "connector", "pack", "proef"]).json(0);
    house
        .run(&["connector", "keygen", "--name", "proef-bv", "--out", "keys"])
        .done();
    let file = "proef/target/oke/proef-0.1.0.oke";
    house
        .run(&["connector", "sign", "--key", "keys/proef-bv.key", file])
        .done();
    let seen = house.run(&["--json", "connector", "inspect", file]).json(0);
    assert_eq!(seen["digest"], packed["digest"]);

    let twice = house.run(&["connector", "new", "proef"]).refused();
    assert!(twice.contains("exists already"), "{twice}");
}
