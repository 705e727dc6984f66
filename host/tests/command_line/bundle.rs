//! `oke bundle pack | verify | import` and `oke connector test`, as a vendor and an operator type them.

use serde_json::json;

use crate::house::{House, guests, workspace};

/// A publisher's new key travels to every school of a host; an older bundle is refused, and each school is told of.
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_goes_into_every_school_once_and_an_older_one_into_none() {
    let house = House::serving().await;
    let place = |name: &str| house.path(name).to_str().unwrap().to_owned();
    for folder in ["old", "new"] {
        let keygen = ["connector", "keygen", "--name", "my-company", "--out"];
        house.run(&[&keygen[..], &[place(folder).as_str()]].concat()).done();
    }
    let (old, new) = (place("old/my-company.key"), place("new/my-company.pub"));
    let pack = |number: &str, more: &[&str]| {
        let here = place("bundles");
        let words = [
            "--json",
            "bundle",
            "pack",
            "--key",
            &old,
            "--sequence",
            number,
            "--out",
            &here,
        ];
        house.run(&[&words[..], more].concat()).json(0)["written"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = pack("1", &[]);
    let second = pack("2", &["--new-key", &new]);

    let stranger = house.run(&["bundle", "import", &second]).refused();
    assert!(
        stranger.contains("REFUSED, nothing changed") && stranger.contains("not trusted here"),
        "{stranger}"
    );
    let trusting = [
        "--json",
        "bundle",
        "import",
        "--trust-key",
        &place("old/my-company.pub"),
        &second,
    ];
    let done = house.run(&trusting).json(0);
    assert_eq!(done["schools"][0]["trusted"].as_array().unwrap().len(), 1, "{done}");
    let again = house.run(&["bundle", "import", &second]).done();
    assert!(again.ends_with("had this bundle already"), "{again}");
    let older = house.run(&["bundle", "import", &first]).refused();
    assert!(older.contains("older than bundle 2"), "{older}");
    let nowhere = house
        .run(&["bundle", "import", "--school", "elders", &second])
        .refused();
    assert!(nowhere.contains("no such school"), "{nowhere}");

    let keys = house.beheer().get("/publishers").await.unwrap();
    assert_eq!(keys.as_array().unwrap().len(), 2, "{keys}");
    let bytes = std::fs::read(&second).unwrap();
    let by_api = house.beheer().upload("/bundles", bytes).await.unwrap();
    assert_eq!(by_api["again"], json!(true), "{by_api}");
}

/// A vendor tries a package at home: no host, no database, exit code 1 when a scenario fails.
#[test]
fn a_vendor_tries_a_package_without_a_host() {
    let Some(guests) = guests() else { return };
    let house = House::empty();
    let component = |name: &str| {
        let module = std::fs::read(guests.join(format!("{name}.wasm"))).unwrap();
        let path = house.path(&format!("{name}.component"));
        std::fs::write(&path, oke_host::connector::build::componentize(&module).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sbom = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"oke-sdk","version":"0.1.0"}]}"#;
    let sbom_file = house.path("sbom.json");
    std::fs::write(&sbom_file, sbom).unwrap();
    let out = house.path("out").to_str().unwrap().to_owned();
    let pack = |folder: &str, component: &str| {
        let words = [
            "connector",
            "pack",
            folder,
            "--component",
            component,
            "--sbom",
            sbom_file.to_str().unwrap(),
            "--out",
            &out,
        ];
        house.run(&words).done();
    };
    let connector = workspace().join("connectors/ooapi-dr");
    pack(connector.to_str().unwrap(), &component("ooapi_dr"));
    let tried = house
        .run(&["connector", "test", &format!("{out}/ooapi-dr-0.1.0.oke")])
        .done();
    assert!(tried.contains("33 scenarios passed, 0 failed, 0 not tried"), "{tried}");
    assert!(tried.contains("passed     dr-studentresultaat answer-lost"), "{tried}");

    let folder = house.path("liar");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("NOTES.md"), "# 0.1.0\n\nVerzint alles.\n").unwrap();
    let manifest = "[connector]\nname = \"liar\"\nversion = \"0.1.0\"\npublisher = \"p\"\ntitle = \"L\"\ncontract = \"0.1\"\n\
                    interfaces = [\"ta-toetscatalogus\", \"ta-resultaten\"]\n\n[limits]\nbudget-ms = 500\n";
    std::fs::write(folder.join("connector.toml"), manifest).unwrap();
    pack(folder.to_str().unwrap(), &component("oke_guest_good"));
    let failed = house
        .run(&["connector", "test", "--json", &format!("{out}/liar-0.1.0.oke")])
        .json(1);
    assert_eq!(failed["refused"]["reason"], "conformance", "{failed}");
    assert!(
        failed["refused"]["message"]
            .as_str()
            .unwrap()
            .contains("ta-toetscatalogus server-error")
    );
}
