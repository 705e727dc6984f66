//! `oke audit export`, and what can be told from an export.

use crate::house::{House, TENANT};

/// What was exported can be checked elsewhere, and a change in it is found.
#[test]
fn an_exported_chain_can_be_checked_and_a_change_in_it_is_found() {
    let house = House::with_school();
    let file = house.path("audit.jsonl");
    let name = file.to_str().unwrap();
    let exported = house.run(&["--json", "audit", "export", name]).json(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(exported["entries"].as_u64().unwrap(), text.lines().count() as u64);
    assert!(text.contains("\"verb\":\"tenant.init\""), "{text}");

    let said = house.run(&["audit", "verify", "--export", name]).done();
    assert!(said.contains("holds what was written"), "{said}");
    let facts = house.run(&["--json", "audit", "verify", "--export", name]).json(0);
    assert_eq!(facts["report"]["entries"], exported["entries"]);

    std::fs::write(&file, text.replace("first account beheer", "first account mallory")).unwrap();
    let found = house.run(&["audit", "verify", "--export", name]).refused();
    assert!(
        found.contains("entry 1 of chain") && found.contains("was changed"),
        "{found}"
    );
    assert_eq!(
        house.run(&["--json", "audit", "verify", "--export", name]).json(1)["refused"]["reason"],
        "tampered"
    );
    std::fs::write(&file, "no entry\n").unwrap();
    let found = house.run(&["audit", "verify", "--export", name]).refused();
    assert!(found.contains("line 1 of"), "{found}");
    house.run(&["audit", "verify"]).done();
}

/// A file that is there stays as it is.
#[test]
fn a_file_that_exists_is_not_overwritten() {
    let house = House::with_school();
    let file = house.path("audit.jsonl");
    std::fs::write(&file, "mine").unwrap();
    let said = house.run(&["audit", "export", file.to_str().unwrap()]).refused();
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

/// An unknown school is no school without entries.
#[test]
fn an_unknown_school_is_refused_without_leaving_a_file() {
    let house = House::with_school();
    let file = house.path("audit.jsonl");
    let name = file.to_str().unwrap();
    let ran = house.run(&["--json", "audit", "export", "--tenant", "nergens", name]);
    let refused = &ran.json(1)["refused"];
    assert_eq!(refused["reason"], "unknown-school");
    assert!(refused["message"].as_str().unwrap().contains(TENANT), "{refused}");
    assert!(!file.exists());
    let only = house
        .run(&["--json", "audit", "export", "--tenant", TENANT, name])
        .json(0);
    assert!(only["entries"].as_u64().unwrap() > 0);
}
