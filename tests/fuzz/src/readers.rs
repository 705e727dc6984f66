//! What the readers of packages are held to: they answer, never with a panic; a refusal has a word for programs and a
//! sentence that is short and safe to print; what is taken is what it says. They touch no file, so that nothing can be
//! left behind; libFuzzer bounds their memory and time.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use bytes::Bytes;

use crate::connector::bundle::Bundle;
use crate::connector::contract::read_surface;
use crate::connector::fixture::{self, publisher_key};
use crate::connector::manifest::{Manifest, Profile};
use crate::connector::package::{Contents, Package};
use crate::connector::refusal::Refusal;
use crate::connector::signature::{CounterStatement, Envelope, Statement};
use crate::connector::trust::TrustStore;
use crate::connector::verify::{VerifiedPackage, verify, verify_counter_signatures};
use crate::seeds::BETWEEN;

/// Longest sentence about a foreign file.
const LONGEST: usize = 4_000;

/// The one package that the publisher signed.
static SIGNED: LazyLock<VerifiedPackage> = LazyLock::new(|| {
    let bytes = fixture::signed(fixture::contents()).to_bytes();
    verify(bytes, &TRUST, at()).expect("the fixture is taken")
});

/// Trusts the publisher.
static TRUST: LazyLock<TrustStore> = LazyLock::new(|| fixture::trust(None));

fn at() -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_788_249_600).expect("a moment in 2026")
}

fn is_fit(sentence: &impl Display) {
    let said = sentence.to_string();
    assert!(
        !said.is_empty() && said.len() <= LONGEST,
        "a sentence of {} bytes",
        said.len()
    );
    assert!(
        !said.chars().any(|c| c.is_control() && c != '\n'),
        "steers a terminal: {said:?}"
    );
}

fn refused(refusal: &Refusal) {
    assert!(!refusal.reason().is_empty());
    is_fit(refusal);
}

/// Archive, signature, contents.
pub fn package(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    match Package::read(bytes.clone()) {
        Err(refusal) => refused(&refusal),
        Ok(package) => {
            assert_eq!(package.to_bytes(), data, "what is read is in canonical form");
            if let Err(refusal) = package.examine() {
                refused(&refusal);
            }
        }
    }
    match verify(bytes, &TRUST, at()) {
        Err(refusal) => refused(&refusal),
        Ok(verified) => assert_eq!(
            verified.package.digest(),
            SIGNED.package.digest(),
            "only what was signed is taken"
        ),
    }
}

/// Manifest, profile, notes and list of components, in a package that is signed as it should be.
pub fn contents(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == BETWEEN).map(Bytes::copy_from_slice);
    let mut part = || parts.next().unwrap_or_default();
    let (manifest, profile) = (part(), part());
    let contents = Contents {
        manifest,
        component: fixture::contents().component,
        notes: part(),
        sbom: part(),
        profiles: BTreeMap::from([(fixture::slug("proefwerk"), profile)]),
    };
    let signed = match Package::assemble(contents.clone()) {
        Err(refusal) => return refused(&refusal),
        Ok(_) => fixture::signed_unchecked(contents, &publisher_key()),
    };
    let bytes = signed.to_bytes();
    assert_eq!(
        Package::read(bytes.clone()).expect("we wrote it").digest(),
        signed.digest()
    );
    match verify(bytes, &TRUST, at()) {
        Err(refusal) => refused(&refusal),
        Ok(verified) => assert_eq!(
            verified.contents.manifest.connector.publisher.as_str(),
            "voorbeeld-examens"
        ),
    }
}

/// A component's type.
pub fn component(data: &[u8]) {
    match read_surface(data) {
        Err(breach) => refused(&breach.into()),
        Ok(surface) => assert!(!surface.exports.is_empty(), "what serves nothing is refused"),
    }
}

/// A manifest, and a profile for each that it names.
pub fn manifest(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == BETWEEN);
    let manifest = match Manifest::parse(parts.next().unwrap_or_default()) {
        Err(error) => return is_fit(&error),
        Ok(manifest) => manifest,
    };
    assert!(
        !manifest.package_file_name().contains(['/', '\\']),
        "a file name is no path"
    );
    let profile = parts.next().unwrap_or_default();
    for reference in &manifest.profiles {
        match Profile::parse(reference, profile, &manifest.config) {
            Err(error) => is_fit(&error),
            Ok(read) => {
                let problems = manifest.config.problems_with(&read.values);
                assert!(problems.is_empty(), "a profile that is read fits: {problems:?}");
            }
        }
    }
    if let Err(problems) = manifest.config.complete(&BTreeMap::new()) {
        problems.iter().for_each(|problem| is_fit(&problem.message));
    }
}

/// Envelopes, statements, counter-statements: as they come, and signed.
pub fn signature(data: &[u8]) {
    match Envelope::parse("statement", data) {
        Err(refusal) => refused(&refusal),
        Ok(envelope) => {
            assert_eq!(envelope.to_bytes(), data, "what is read is in canonical form");
            statement(&envelope.payload);
        }
    }
    statement(data);
    let signed = publisher_key().sign(data.to_vec()).to_bytes();
    let envelope = Envelope::parse("statement", &signed).expect("we wrote it");
    assert_eq!(envelope.payload, data);
    let package = SIGNED.package.with_statement(Bytes::from(signed.clone()));
    let package = package.expect("it is small");
    match verify(package.to_bytes(), &TRUST, at()) {
        Err(refusal) => refused(&refusal),
        Ok(verified) => assert_eq!(verified.package.digest(), SIGNED.package.digest()),
    }
    for file in [data, &signed] {
        if let Err(refusal) = verify_counter_signatures("counter", file, &SIGNED, &TRUST, at()) {
            refused(&refusal);
        }
    }
}

fn statement(payload: &[u8]) {
    match Statement::parse(payload) {
        Err(refusal) => refused(&refusal),
        Ok(statement) => {
            if let Err(refusal) = statement.check_files(&SIGNED.package) {
                refused(&refusal);
            }
        }
    }
    let subject = CounterStatement::subject_of(payload);
    if !subject.is_empty() {
        is_fit(&subject);
    }
}

/// A bundle; a trust file.
pub fn bundle(data: &[u8]) {
    match Bundle::read(data) {
        Err(refusal) => {
            assert!(!refusal.reason().is_empty());
            is_fit(&refusal);
        }
        Ok(bundle) => {
            assert_eq!(bundle.to_bytes(), data, "what is read is in canonical form");
            if let Err(refusal) = bundle.signers(&TRUST, at()) {
                is_fit(&refusal);
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Err(error) = TrustStore::parse(text)
    {
        is_fit(&error);
    }
}
