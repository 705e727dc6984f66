//! `oke init` and `oke check`: the contact address that the standard requires is the school's own, or is missed.

use crate::house::{House, TENANT};

/// `GET /` must show a contact address: what lacks one is warned of, and nothing is made up.
#[test]
fn a_school_without_a_contact_address_is_warned_of() {
    let house = House::empty();
    let init = |more: &[&str]| {
        let mut arguments = vec!["init", TENANT, "--name", "ROC Voorbeeld"];
        arguments.extend(more);
        house.run(&arguments)
    };
    let wrong = init(&["--contact-email", "roc-voorbeeld.nl"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    assert!(
        wrong.err.contains("--contact-email") && wrong.err.contains("no mail address"),
        "{}",
        wrong.err
    );

    let made = init(&[]).done();
    assert!(made.contains("PUT /api/v1/school/contact-email"), "{made}");
    let checked = house.run(&["check"]).done();
    assert!(
        checked.contains(&format!("warning: school {TENANT} has no contact address")),
        "{checked}"
    );
    let facts = house.run(&["--json", "check"]).json(0);
    assert_eq!(facts["warnings"].as_array().unwrap().len(), 1);

    let second = [
        "init",
        "mbo-twee",
        "--name",
        "MBO Twee",
        "--contact-email",
        "oke@mbo-twee.nl",
    ];
    let made = house.run(&second).done();
    assert!(!made.contains("contact-email"), "{made}");
    let facts = house.run(&["--json", "check"]).json(0);
    assert_eq!(facts["warnings"].as_array().unwrap().len(), 1, "{facts}");
    house.run(&["audit", "verify"]).done();
}
