//! Stories about packages that are taken, and every way in which one is refused.

use bytes::Bytes;
use jiff::Timestamp;

use super::{VerifiedPackage, verify, verify_counter_signatures};
use crate::connector::contract::Interface;
use crate::connector::contract::shape::CONNECTOR_WIT;
use crate::connector::fixture::{
    component, component_of_world, contents, contents_with, publisher_key, signed, signed_unchecked, slug,
    stranger_key, trust, trusted,
};
use crate::connector::package::{Contents, Package, STATEMENT_FILE};
use crate::connector::refusal::Refusal;
use crate::connector::signature::{Envelope, SigningKey};
use crate::connector::trust::{TrustStore, TrustedPublisher};

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn verified(package: &Package) -> Result<VerifiedPackage, Refusal> {
    verify(package.to_bytes(), &trust(None), at("2026-09-01T08:00:00Z"))
}

fn refusal(contents: Contents) -> Refusal {
    verified(&signed_unchecked(contents, &publisher_key())).unwrap_err()
}

fn with_component(component: Vec<u8>) -> Contents {
    Contents {
        component: Bytes::from(component),
        ..contents()
    }
}

const IMPORTS: &str = "import oke:connector/http@0.1.0; import oke:connector/log@0.1.0;";
const EXPORTS: &str = "export oke:connector/ta-toetscatalogus@0.1.0; export oke:connector/ta-resultaten@0.1.0;";

#[test]
fn a_good_package_is_taken_and_says_what_it_is() {
    let package = signed(contents());

    let verified = verified(&package).unwrap();

    assert_eq!(verified.signer.publisher, slug("voorbeeld-examens"));
    assert_eq!(verified.package.digest(), package.digest());
    assert_eq!(
        verified.contents.surface.exports,
        [Interface::TaToetscatalogus, Interface::TaResultaten].into()
    );
    assert!(verified.contents.surface.imports.contains("oke:connector/http@0.1.0"));
    assert_eq!(verified.contents.profiles.len(), 1);
}

/// Issue 2 part 4: refused with the reason, any changed byte.
#[test]
fn any_changed_byte_is_refused() {
    let package = signed(contents());
    let bytes = package.to_bytes();
    let component = package.component().as_ref();
    let from = bytes
        .windows(component.len())
        .position(|window| window == component)
        .unwrap();
    for position in 0..bytes.len() {
        // Every byte outside the component; every seventh of it, where one digest covers all.
        let inside_component = (from..from + component.len()).contains(&position);
        if inside_component && position % 7 != 0 {
            continue;
        }
        let mut changed = bytes.clone();
        changed[position] ^= 1 << (position % 8);
        let outcome = verify(changed, &trust(None), at("2026-09-01T08:00:00Z"));
        assert!(outcome.is_err(), "a changed byte {position} was not noticed");
    }
}

#[test]
fn a_package_cut_off_or_with_something_behind_it_is_refused() {
    let bytes = signed(contents()).to_bytes();
    for end in (0..bytes.len()).step_by(512) {
        assert!(verify(bytes[..end].to_vec(), &trust(None), at("2026-09-01T08:00:00Z")).is_err());
    }
    let mut longer = bytes.clone();
    longer.extend([0; 512]);
    let refusal = verify(longer, &trust(None), at("2026-09-01T08:00:00Z")).unwrap_err();
    assert_eq!(refusal.reason(), "not-canonical");
}

#[test]
fn a_manifest_swapped_between_two_good_packages_is_refused() {
    let older = signed(contents_with("1.1.0", "1.2.0"));
    let newer = signed(contents());
    assert!(verified(&older).is_ok());

    let mixed = Package::assemble(contents_with("1.1.0", "1.2.0"))
        .unwrap()
        .with_statement(newer.statement().unwrap().clone())
        .unwrap();

    let refusal = verified(&mixed).unwrap_err();
    insta::assert_snapshot!(refusal, @"`connector.toml` is not the file that was signed; it was changed or swapped: fetch the package again");
    assert_eq!(refusal.reason(), "file-changed");
}

#[test]
fn a_file_added_or_taken_out_after_signing_is_refused() {
    let without_profile = Contents {
        profiles: Default::default(),
        ..contents_with("", "[[profile]]\nname = \"proefwerk\"\ntitle = \"Proefwerk Online\"\n")
    };
    let signed_without = signed(without_profile.clone());

    let added = Package::assemble(contents())
        .unwrap()
        .with_statement(signed_without.statement().unwrap().clone());
    assert_eq!(verified(&added.unwrap()).unwrap_err().reason(), "file-changed");

    let mut fewer = contents();
    fewer.profiles.clear();
    let taken = Package::assemble(fewer)
        .unwrap()
        .with_statement(signed(contents()).statement().unwrap().clone());
    assert!(
        matches!(verified(&taken.unwrap()).unwrap_err(), Refusal::SignedFileMissing { file } if file == "profiles/proefwerk.toml")
    );
}

#[test]
fn an_unsigned_package_and_one_by_a_stranger_are_refused() {
    let unsigned = Package::assemble(contents()).unwrap();
    assert_eq!(verified(&unsigned).unwrap_err(), Refusal::NotSigned);

    let strange = signed_unchecked(contents(), &stranger_key());
    assert_eq!(verified(&strange).unwrap_err().reason(), "unknown-key");
}

#[test]
fn a_stranger_who_claims_a_trusted_key_is_refused() {
    let strange = signed_unchecked(contents(), &stranger_key());
    let mut envelope = Envelope::parse(STATEMENT_FILE, strange.statement().unwrap()).unwrap();
    envelope.signatures[0].key = publisher_key().public().id().to_string();
    let claims = strange.with_statement(Bytes::from(envelope.to_bytes())).unwrap();

    assert_eq!(verified(&claims).unwrap_err().reason(), "bad-signature");
}

/// A publisher that changes its key signs with both for a while; whoever else signs inside the package adds nothing to
/// it and takes nothing away.
#[test]
fn a_second_signature_counts_when_its_key_is_the_publishers_and_trusted() {
    let twice = |second: &SigningKey| {
        let package = signed(contents());
        let mut envelope = Envelope::parse(STATEMENT_FILE, package.statement().unwrap()).unwrap();
        second.add_signature(&mut envelope);
        package.with_statement(Bytes::from(envelope.to_bytes())).unwrap()
    };
    let by_a_stranger = verified(&twice(&stranger_key())).unwrap();
    assert_eq!(by_a_stranger.signers.len(), 1);

    let next = SigningKey::from_seed([17; 32]);
    let both = TrustStore::of([TrustedPublisher {
        name: slug("voorbeeld-examens"),
        keys: vec![trusted(&publisher_key(), None), trusted(&next, None)],
    }])
    .unwrap();
    let moment = at("2026-09-01T08:00:00Z");
    let found = verify(twice(&next).to_bytes(), &both, moment).unwrap();
    assert_eq!(found.signers.len(), 2);

    let mut broken = Envelope::parse(STATEMENT_FILE, twice(&next).statement().unwrap()).unwrap();
    broken.signatures[1].signature[0] ^= 1;
    let broken = signed(contents())
        .with_statement(Bytes::from(broken.to_bytes()))
        .unwrap();
    let refusal = verify(broken.to_bytes(), &both, moment).unwrap_err();
    assert_eq!(
        refusal.reason(),
        "bad-signature",
        "a trusted key's signature that does not fit: tampered with"
    );
}

#[test]
fn a_revoked_key_refuses_what_came_after_it_was_compromised_and_nothing_else() {
    let bytes = signed(contents()).to_bytes();
    let revoked = trust(Some("2026-06-01T00:00:00Z"));

    assert!(verify(bytes.clone(), &revoked, at("2026-05-31T23:59:59Z")).is_ok());
    let refusal = verify(bytes.clone(), &revoked, at("2026-06-01T00:00:00Z")).unwrap_err();
    assert_eq!(refusal.reason(), "key-revoked");
    let too_early = verify(bytes, &revoked, at("2025-12-31T23:59:59Z")).unwrap_err();
    assert_eq!(too_early.reason(), "key-not-yet-trusted");
}

#[test]
fn a_publisher_signs_only_its_own_connectors() {
    let store = TrustStore::of([TrustedPublisher {
        name: slug("andere-examens"),
        keys: vec![trusted(&publisher_key(), None)],
    }])
    .unwrap();

    let refusal = verify(signed(contents()).to_bytes(), &store, at("2026-09-01T08:00:00Z")).unwrap_err();

    assert_eq!(refusal.reason(), "other-publisher");
}

#[test]
fn signing_again_with_a_new_key_keeps_the_digest() {
    let package = Package::assemble(contents()).unwrap();
    let first = signed(contents());
    let second = first.signed(&slug("voorbeeld-examens"), &stranger_key()).unwrap();

    assert_eq!(first.digest(), package.digest());
    assert_eq!(second.digest(), package.digest());
    assert_ne!(first.to_bytes(), second.to_bytes());
}

#[test]
fn a_manifest_that_lies_about_its_interfaces_is_refused() {
    let refusal = refusal(contents_with("ta-zittingsverslag", "ta-resultaten"));

    insta::assert_snapshot!(refusal, @"connector.toml and the component disagree on what is served: `ta-zittingsverslag` is in the manifest but not exported, `ta-resultaten` is exported but not in the manifest; correct `interfaces`");
}

#[test]
fn a_contract_out_of_range_is_refused() {
    for range in ["0.2", "1.0", "0.1.1"] {
        let refusal = refusal(contents_with(&format!("contract = \"{range}\""), "contract = \"0.1\""));
        assert_eq!(refusal.reason(), "contract-out-of-range", "{range}");
    }
}

#[test]
fn a_component_built_against_another_line_of_the_contract_is_refused() {
    let newer = CONNECTOR_WIT.replace("package oke:connector@0.1.0", "package oke:connector@0.2.0");
    let exports = EXPORTS.replace("0.1.0", "0.2.0");

    let refusal = refusal(with_component(component_of_world(&newer, &exports, "")));

    assert_eq!(refusal.reason(), "contract-out-of-range");
}

#[test]
fn a_component_built_against_a_later_release_of_the_same_line_is_taken() {
    let later = CONNECTOR_WIT.replace("package oke:connector@0.1.0", "package oke:connector@0.1.7");
    let world = format!("{IMPORTS} {EXPORTS}").replace("0.1.0", "0.1.7");
    let package = signed(with_component(component_of_world(&later, &world, "")));

    assert!(verified(&package).is_ok());
}

#[test]
fn a_wasi_import_is_refused_by_name() {
    let wasi = "package wasi:clocks@0.2.0 { interface monotonic-clock { now: func() -> u64; } }";
    let world = format!("import wasi:clocks/monotonic-clock@0.2.0; {EXPORTS}");

    let refusal = refusal(with_component(component_of_world(CONNECTOR_WIT, &world, wasi)));

    assert!(
        refusal
            .to_string()
            .contains("imports `wasi:clocks/monotonic-clock@0.2.0`: WASI is refused"),
        "{refusal}"
    );
    assert_eq!(refusal.reason(), "imports-beyond-contract");
}

#[test]
fn an_import_beyond_the_contract_is_refused() {
    let other = "package vendor:extra { interface secrets { get: func() -> string; } }";
    for world in [
        "import vendor:extra/secrets;",
        "import secret: func() -> string;",
        "import oke:connector/ta-zittingsverslag@0.1.0;",
    ] {
        let component = component_of_world(CONNECTOR_WIT, &format!("{world} {EXPORTS}"), other);
        let refusal = refusal(with_component(component));
        assert_eq!(refusal.reason(), "imports-beyond-contract", "{world}");
    }
}

#[test]
fn an_export_beyond_the_contract_is_refused() {
    let other = "package vendor:extra { interface back-door { open: func(); } }";

    let refusal = refusal(with_component(component_of_world(
        CONNECTOR_WIT,
        &format!("{EXPORTS} export vendor:extra/back-door;"),
        other,
    )));

    assert_eq!(refusal.reason(), "contract-broken");
}

/// The name alone is not enough: the functions must have the contract's shape, before anything is compiled.
#[test]
fn an_interface_of_another_shape_is_refused() {
    let reshaped = CONNECTOR_WIT.replace(
        "cursor: option<string>, page-size: u32)",
        "cursor: option<string>, page-size: u64)",
    );
    assert_ne!(reshaped, CONNECTOR_WIT);

    let refusal = refusal(with_component(component_of_world(
        &reshaped,
        &format!("{IMPORTS} {EXPORTS}"),
        "",
    )));

    insta::assert_snapshot!(refusal, @"component.wasm has `list-components` of `oke:connector/ta-toetscatalogus@0.1.0` otherwise than the contract: the contract says `page-size: u32`, the component `page-size: u64`; rebuild it against the published WIT");
}

#[test]
fn an_imported_function_of_another_shape_is_refused() {
    let reshaped = CONNECTOR_WIT.replace("fields: list<tuple<string, string>>);", "fields: list<string>);");
    assert_ne!(reshaped, CONNECTOR_WIT);

    let refusal = refusal(with_component(component_of_world(
        &reshaped,
        &format!("{IMPORTS} {EXPORTS}"),
        "",
    )));

    assert_eq!(refusal.reason(), "contract-broken");
}

#[test]
fn an_interface_that_this_host_does_not_have_yet_is_refused() {
    let later = format!("{CONNECTOR_WIT}\ninterface dr-analyse {{ entries: func(); }}\n");
    let world = format!("{EXPORTS} export oke:connector/dr-analyse@0.1.0;");

    let refusal = refusal(with_component(component_of_world(&later, &world, "")));

    assert_eq!(refusal.reason(), "contract-out-of-range");
}

#[test]
fn a_core_module_and_rubbish_are_refused() {
    let core = b"\0asm\x01\0\0\0".to_vec();
    assert!(refusal(with_component(core)).to_string().contains("is a core module"));
    assert_eq!(refusal(with_component(b"rubbish".to_vec())).reason(), "not-a-component");
    assert_eq!(refusal(with_component(Vec::new())).reason(), "not-a-component");
}

#[test]
fn a_component_that_serves_nothing_is_refused() {
    assert_eq!(refusal(with_component(component(&[]))).reason(), "contract-broken");
}

#[test]
fn release_notes_and_a_list_of_components_are_required() {
    let without_notes = Contents {
        notes: Bytes::from_static(b" \n"),
        ..contents()
    };
    assert_eq!(refusal(without_notes), Refusal::NotesEmpty);

    for sbom in ["", "{}", r#"{"bomFormat":"SPDX","specVersion":"1.5","components":[]}"#] {
        let contents = Contents {
            sbom: Bytes::from(sbom),
            ..contents()
        };
        assert_eq!(refusal(contents).reason(), "sbom");
    }
    let about_another = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[],"metadata":{"component":{"name":"x","version":"1"}}}"#;
    let contents = Contents {
        sbom: Bytes::from(about_another),
        ..contents()
    };
    assert_eq!(refusal(contents).reason(), "sbom");
}

#[test]
fn profiles_and_manifest_must_agree() {
    let mut unnamed = contents();
    unnamed.profiles.insert(slug("los"), Bytes::from_static(b""));
    assert_eq!(refusal(unnamed).reason(), "profile-unnamed");

    let mut missing = contents();
    missing.profiles.clear();
    assert_eq!(refusal(missing).reason(), "file-missing");
}

#[test]
fn a_package_that_no_host_would_take_is_not_signed() {
    let package = Package::assemble(with_component(component(&[]))).unwrap();
    assert!(package.signed(&slug("voorbeeld-examens"), &publisher_key()).is_err());

    let good = Package::assemble(contents()).unwrap();
    let refusal = good.signed(&slug("andere-examens"), &publisher_key()).unwrap_err();
    assert_eq!(refusal.reason(), "other-publisher");
}

#[test]
fn counter_signatures_count_when_their_key_is_trusted_and_they_are_about_this_package() {
    let verified_package = verified(&signed(contents())).unwrap();
    let package = &verified_package.package;
    let now = at("2026-09-01T08:00:00Z");
    let school = stranger_key();
    let store = TrustStore::of([TrustedPublisher {
        name: slug("de-school"),
        keys: vec![trusted(&school, None)],
    }])
    .unwrap();
    let once = package.counter_signed("x.sig.json", None, &publisher_key()).unwrap();
    let twice = package.counter_signed("x.sig.json", Some(&once), &school).unwrap();

    let found = verify_counter_signatures("x.sig.json", &twice, &verified_package, &store, now).unwrap();
    assert_eq!(found.signers.len(), 1);
    assert_eq!(found.signers[0].publisher, slug("de-school"));
    assert_eq!(found.not_counted.len(), 1);

    let other = verified(&signed(contents_with("1.3.0", "1.2.0"))).unwrap();
    let refusal = verify_counter_signatures("x.sig.json", &twice, &other, &store, now).unwrap_err();
    assert_eq!(refusal.reason(), "counter-signature-elsewhere");

    let mut envelope = Envelope::parse("x.sig.json", &twice).unwrap();
    envelope.signatures[1].signature[0] ^= 1;
    let refusal =
        verify_counter_signatures("x.sig.json", &envelope.to_bytes(), &verified_package, &store, now).unwrap_err();
    assert_eq!(refusal.reason(), "bad-signature");
}

#[test]
fn a_trust_file_is_read_and_its_mistakes_are_told() {
    let key = publisher_key().public();
    let text = format!(
        "[[publisher]]\nname = \"voorbeeld-examens\"\n\n[[publisher.key]]\nid = \"{}\"\npublic = \"{key}\"\n\
         trusted-since = \"2026-01-01T00:00:00Z\"\n",
        key.id()
    );
    assert_eq!(TrustStore::parse(&text).unwrap(), trust(None));

    let other_id = text.replace(&key.id().to_string(), &stranger_key().public().id().to_string());
    assert!(
        TrustStore::parse(&other_id)
            .unwrap_err()
            .to_string()
            .contains("correct the id")
    );
    let twice = format!("{text}\n{}", text.replace("voorbeeld-examens", "een-ander"));
    assert!(
        TrustStore::parse(&twice)
            .unwrap_err()
            .to_string()
            .contains("a key belongs to one publisher")
    );
    let unknown = text.replace("trusted-since", "since");
    assert!(
        TrustStore::parse(&unknown)
            .unwrap_err()
            .to_string()
            .starts_with("line 7: unknown field `since`")
    );
}
