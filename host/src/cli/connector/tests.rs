//! Stories of a vendor at the command line, from a folder to a package that a school trusts.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::Value;

use super::{Arguments, run};
use crate::cli::outcome::{Done, Stop};
use crate::connector::fixture::{MANIFEST, PROFILE, contents};
use crate::connector::manifest::Manifest;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// Runs `oke connector …`, its words separated by spaces; `{}` stands for the folder.
fn oke(folder: &Path, words: &str) -> Result<Done, Stop> {
    let words = words
        .split(' ')
        .map(|word| word.replace("{}", &folder.display().to_string()));
    let line = Line::try_parse_from(std::iter::once("oke connector".to_owned()).chain(words)).unwrap();
    run(line.arguments, false)
}

fn refused(outcome: Result<Done, Stop>) -> (String, String) {
    match outcome {
        Err(Stop::Refused { reason, message }) => (reason, message),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// A connector's folder as it is after building.
fn built_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = |path: &str| -> PathBuf {
        let path = folder.path().join("c").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let contents = contents();
    fs::write(place("connector.toml"), MANIFEST).unwrap();
    fs::write(place("NOTES.md"), &contents.notes).unwrap();
    fs::write(place("profiles/proefwerk.toml"), PROFILE).unwrap();
    fs::write(place("target/oke/component.wasm"), &contents.component).unwrap();
    fs::write(place("target/oke/sbom.json"), &contents.sbom).unwrap();
    folder
}

fn write_trust(folder: &Path, publisher: &str, public_file: &str) {
    let public: toml::Table = fs::read_to_string(folder.join(public_file)).unwrap().parse().unwrap();
    let text = format!(
        "[[publisher]]\nname = \"{publisher}\"\n[[publisher.key]]\nid = {}\npublic = {}\ntrusted-since = \
         \"2020-01-01T00:00:00Z\"\n",
        public["id"], public["public"]
    );
    fs::write(folder.join("trust.toml"), text).unwrap();
}

const PACKAGE: &str = "{}/c/target/oke/voorbeeld-ta-1.2.0.oke";

#[test]
fn a_vendor_packs_signs_and_a_school_verifies() {
    let folder = built_folder();
    let folder = folder.path();

    let packed = oke(folder, "pack {}/c").unwrap();
    oke(folder, "keygen --name voorbeeld-examens --out {}/keys").unwrap();
    let signed = oke(folder, &format!("sign --key {{}}/keys/voorbeeld-examens.key {PACKAGE}")).unwrap();
    write_trust(folder, "voorbeeld-examens", "keys/voorbeeld-examens.pub");
    let verified = oke(folder, &format!("verify --trust {{}}/trust.toml {PACKAGE}")).unwrap();

    assert_eq!(packed.facts()["digest"], signed.facts()["digest"]);
    assert_eq!(packed.facts()["digest"], verified.facts()["digest"]);
    assert_eq!(verified.facts()["signer"]["publisher"], "voorbeeld-examens");
    assert_eq!(verified.facts()["warnings"], Value::Array(Vec::new()));
}

#[test]
fn an_inspected_package_shows_what_it_asks_for() {
    let folder = built_folder();
    oke(folder.path(), "pack {}/c").unwrap();

    let inspected = oke(folder.path(), &format!("inspect {PACKAGE}")).unwrap();

    let digest = inspected.facts()["digest"].as_str().unwrap();
    insta::assert_snapshot!(inspected.text().replace(digest, "(digest)"), @r"
    voorbeeld-ta 1.2.0: Voorbeeld Examens
      publisher  voorbeeld-examens
      digest     (digest)
      signed     no
      contract   0.1
      serves     ta-toetscatalogus, ta-resultaten
      imports    oke:connector/call@0.1.0, oke:connector/http@0.1.0, oke:connector/log@0.1.0, oke:types/model@0.1.0
      asks for   16 MiB of memory, 10000 ms per call
      needs      no codes; no extra time
      made from  1 listed in sbom.json

    endpoint api: De API van de leverancier
      GET /components
      GET /offerings/*/associations

    settings
      page-size (integer, 1 to 250, default 100): Aantal per bladzijde
      percentage-before-cesuur (boolean, default false): Stuurt een percentage zolang er geen cesuur is

    profile proefwerk: Proefwerk Online
      page-size = 50, percentage-before-cesuur = true

    release notes
      # 1.2.0

      Resultaten per examenversie.
    ");
    assert_eq!(inspected.facts()["manifest"]["connector"]["version"], "1.2.0");
    assert_eq!(inspected.facts()["exports"][0], "ta-toetscatalogus");
}

#[test]
fn a_package_by_a_key_that_is_not_trusted_is_refused() {
    let folder = built_folder();
    let folder = folder.path();
    oke(folder, "pack {}/c").unwrap();
    for keys in ["mine", "theirs"] {
        oke(folder, &format!("keygen --name voorbeeld-examens --out {{}}/{keys}")).unwrap();
    }
    oke(
        folder,
        &format!("sign --key {{}}/theirs/voorbeeld-examens.key {PACKAGE}"),
    )
    .unwrap();
    write_trust(folder, "voorbeeld-examens", "mine/voorbeeld-examens.pub");

    let (reason, _) = refused(oke(folder, &format!("verify --trust {{}}/trust.toml {PACKAGE}")));

    assert_eq!(reason, "unknown-key");
}

#[test]
fn another_file_name_is_a_warning_only() {
    let folder = built_folder();
    let folder = folder.path();
    oke(folder, "pack {}/c").unwrap();
    oke(folder, "keygen --name voorbeeld-examens --out {}/keys").unwrap();
    oke(
        folder,
        &format!("sign --key {{}}/keys/voorbeeld-examens.key --out {{}}/nieuw-9.9.9.oke {PACKAGE}"),
    )
    .unwrap();
    write_trust(folder, "voorbeeld-examens", "keys/voorbeeld-examens.pub");

    let verified = oke(folder, "verify --trust {}/trust.toml {}/nieuw-9.9.9.oke").unwrap();

    assert_eq!(
        verified.facts()["warnings"][0],
        "the file is called `nieuw-9.9.9.oke`, but holds `voorbeeld-ta-1.2.0.oke`"
    );
}

#[test]
fn a_school_may_demand_its_own_counter_signature() {
    let folder = built_folder();
    let folder = folder.path();
    oke(folder, "pack {}/c").unwrap();
    oke(folder, "keygen --name voorbeeld-examens --out {}/keys").unwrap();
    oke(folder, "keygen --name de-school --out {}/keys").unwrap();
    oke(folder, &format!("sign --key {{}}/keys/voorbeeld-examens.key {PACKAGE}")).unwrap();
    write_trust(folder, "voorbeeld-examens", "keys/voorbeeld-examens.pub");
    let vendor = fs::read_to_string(folder.join("trust.toml")).unwrap();
    write_trust(folder, "de-school", "keys/de-school.pub");
    let school = fs::read_to_string(folder.join("trust.toml")).unwrap();
    fs::write(folder.join("trust.toml"), vendor + &school).unwrap();
    let demand = format!("verify --trust {{}}/trust.toml --counter-signed-by de-school {PACKAGE}");

    let (reason, _) = refused(oke(folder, &demand));
    assert_eq!(reason, "counter-signature-missing");

    oke(
        folder,
        &format!("sign --counter --key {{}}/keys/de-school.key {PACKAGE}"),
    )
    .unwrap();
    let verified = oke(folder, &demand).unwrap();
    assert_eq!(verified.facts()["counter_signers"][0]["publisher"], "de-school");
}

#[test]
fn keys_are_never_overwritten_and_private_ones_are_private() {
    let folder = tempfile::tempdir().unwrap();
    oke(folder.path(), "keygen --name een --out {}/keys").unwrap();
    let before = fs::read(folder.path().join("keys/een.key")).unwrap();

    let (reason, message) = refused(oke(folder.path(), "keygen --name een --out {}/keys"));

    assert_eq!(reason, "exists");
    assert!(message.contains("never overwritten"), "{message}");
    assert_eq!(fs::read(folder.path().join("keys/een.key")).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_private_key_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;

    let folder = built_folder();
    let folder = folder.path();
    oke(folder, "pack {}/c").unwrap();
    oke(folder, "keygen --name voorbeeld-examens --out {}/keys").unwrap();
    let key = folder.join("keys/voorbeeld-examens.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();

    let (reason, message) = refused(oke(
        folder,
        &format!("sign --key {{}}/keys/voorbeeld-examens.key {PACKAGE}"),
    ));

    assert_eq!(reason, "key-file");
    assert!(message.contains("chmod 600"), "{message}");
}

#[test]
fn what_is_missing_is_told_with_what_to_do() {
    let folder = built_folder();
    let folder = folder.path();
    fs::remove_file(folder.join("c/target/oke/component.wasm")).unwrap();
    let (_, message) = refused(oke(folder, "pack {}/c"));
    assert!(message.contains("run `oke connector build` first"), "{message}");

    let (_, message) = refused(oke(folder, "pack {}/nergens"));
    assert!(message.contains("`oke connector new`"), "{message}");

    let (_, message) = refused(oke(folder, "inspect {}/nergens.oke"));
    assert!(message.contains("check the path"), "{message}");

    fs::write(folder.join("rommel.oke"), b"rommel").unwrap();
    let (reason, _) = refused(oke(folder, "inspect {}/rommel.oke"));
    assert_eq!(reason, "not-a-package");

    fs::write(folder.join("trust.toml"), "").unwrap();
    let (_, message) = refused(oke(folder, "verify --trust {}/trust.toml {}/rommel.oke"));
    assert!(message.contains("trusts nobody"), "{message}");
}

#[test]
fn a_new_connector_is_not_written_over_another() {
    let folder = tempfile::tempdir().unwrap();

    oke(folder.path(), "new proef --publisher een --in {}").unwrap();
    let manifest = fs::read_to_string(folder.path().join("proef/connector.toml")).unwrap();
    let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
    assert_eq!(manifest.package_file_name(), "proef-0.1.0.oke");
    assert_eq!(manifest.connector.publisher.as_str(), "een");

    assert_eq!(refused(oke(folder.path(), "new proef --in {}")).0, "exists");
    assert_eq!(refused(oke(folder.path(), "new ander --in {} --sdk {}")).0, "no-sdk");
}

#[test]
fn every_verb_explains_itself_with_examples() {
    for verb in ["new", "build", "keygen", "pack", "sign", "verify", "inspect"] {
        let help = match Line::try_parse_from(["oke connector", verb, "--help"]) {
            Err(help) => help.to_string(),
            Ok(_) => panic!("`{verb} --help` prints help"),
        };
        assert!(help.contains("Example"), "{verb}: {help}");
        let explained = help.lines().take_while(|line| !line.starts_with("Usage")).count();
        assert!(explained > 2, "{verb} has more than a title: {help}");
    }
}
