//! What the targets begin with, made from the examples that are there anyway: those of the codec's tests, those of the
//! published walk-through where it is at hand, and the fixtures of the host's tests of packages.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::connector::bundle::{Bundle, News};
use crate::connector::fixture::{self, MANIFEST, PROFILE};
use crate::connector::manifest::Manifest;
use crate::connector::package::{Contents, Package};
use crate::connector::signature::{CounterStatement, Envelope};
use crate::{given, json as documents};

/// The folder that a target writes its seeds to when it starts: a corpus folder of libFuzzer's.
const FOLDER: &str = "OKE_FUZZ_SEEDS";
/// The folder with the published document.
const PUBLISHED: &str = "OKE_PUBLISHED";

/// Divides the parts of an input that is several texts: a byte that no text holds.
pub const BETWEEN: u8 = 0;

/// Writes seeds where the environment asks for it, each once.
pub fn plant(seeds: fn() -> Vec<Vec<u8>>) {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    for (nth, seed) in seeds().into_iter().enumerate() {
        let path = folder.join(format!("seed-{nth:03}"));
        if let Err(error) = std::fs::write(&path, seed) {
            panic!("could not write {}: {error}", path.display());
        }
    }
}

/// The codec's examples: what its tests say in JSON, and the published ones.
pub fn examples() -> Vec<Value> {
    let mut found = vec![
        given::sitting_message(),
        given::enrolment_message(),
        given::result_message(),
        oke_codec::write_person(
            &given::student(),
            &oke_codec::Dialect::v1_0_1(),
            oke_codec::PersonFields::WithNeeds,
        ),
        oke_codec::write_association(
            &given::deelname(),
            &oke_codec::Dialect::v1_0_1(),
            oke_codec::AssociationFields::All,
            oke_codec::PersonAs::Whole,
        ),
    ];
    for golden in [
        include_str!("../../../sdk/codec/tests/golden/1.1/attended-with-result.json"),
        include_str!("../../../sdk/codec/tests/golden/1.1/irregularity.json"),
    ] {
        found.extend(serde_json::from_str::<Value>(golden));
    }
    for source in [
        include_str!("../../../sdk/codec/tests/codec/examples.rs"),
        include_str!("../../../sdk/codec/tests/codec/changes.rs"),
        include_str!("../../../sdk/codec/tests/codec/habits.rs"),
        include_str!("../../../sdk/codec/tests/codec/objects.rs"),
        include_str!("../../../sdk/codec/tests/codec/results.rs"),
    ] {
        found.extend(between(source, "json!(", balanced));
    }
    for file in published() {
        found.extend(between(&file, "```json", |rest| rest.split("```").next()));
    }
    // Of a page its items as well.
    let items: Vec<Value> = found
        .iter()
        .flat_map(|one| one["items"].as_array().cloned().unwrap_or_default())
        .collect();
    found.extend(items);
    found
}

fn published() -> Vec<String> {
    let folder = std::env::var_os(PUBLISHED).map_or_else(|| PathBuf::from("../shared/oke"), PathBuf::from);
    let Ok(files) = std::fs::read_dir(Path::new(&folder).join("flows")) else {
        return Vec::new();
    };
    files
        .flatten()
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .collect()
}

/// What stands behind each `mark` and is JSON; the rest is not (an expression, a slip of syntax).
fn between<'a>(text: &'a str, mark: &str, cut: impl Fn(&'a str) -> Option<&'a str>) -> Vec<Value> {
    let parts = text.split_inclusive(mark).skip(1).scan(0, |_, rest| Some(rest));
    let starts = parts.map(|rest| rest.as_ptr() as usize - text.as_ptr() as usize);
    starts
        .filter_map(|at| serde_json::from_str(cut(&text[at..])?).ok())
        .collect()
}

/// Up to the bracket that closes.
fn balanced(text: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => match depth.checked_sub(1) {
                None => return Some(&text[..at]),
                Some(less) => depth = less,
            },
            _ => {}
        }
    }
    None
}

/// One message each.
pub fn messages() -> Vec<Vec<u8>> {
    examples()
        .iter()
        .map(|one| documents::input(std::slice::from_ref(one)))
        .collect()
}

/// An object and what comes in for it.
pub fn changes() -> Vec<Vec<u8>> {
    let stored = [
        examples()[0].clone(),
        examples()[1].clone(),
        examples()[3].clone(),
        examples()[4].clone(),
    ];
    let mut some = vec![
        json!({}),
        json!({ "consumers": [{ "consumerKey": "nl-vendor", "colour": null }] }),
    ];
    some.extend(examples());
    let pairs = stored
        .iter()
        .flat_map(|stored| some.iter().map(move |said| [stored.clone(), said.clone()]));
    pairs.map(|pair| documents::input(&pair)).collect()
}

/// Packages: one that is taken, one without a signature, one by a stranger.
pub fn packages() -> Vec<Vec<u8>> {
    let good = fixture::contents();
    let mut small = good.clone();
    small.component = Bytes::from_static(b"\0asm\x0d\0\x01\0");
    vec![
        fixture::signed(good.clone()).to_bytes(),
        Package::assemble(good.clone())
            .expect("the fixture is a package")
            .to_bytes(),
        fixture::signed_unchecked(good, &fixture::stranger_key()).to_bytes(),
        fixture::signed_unchecked(small, &fixture::publisher_key()).to_bytes(),
    ]
}

/// Manifest, profile, notes and list of components.
pub fn contents() -> Vec<Vec<u8>> {
    let Contents { notes, sbom, .. } = fixture::contents();
    let manifests = [
        MANIFEST,
        include_str!("../../../connectors/ooapi-ta/connector.toml"),
        include_str!("../../../connectors/toetskade/connector.toml"),
        include_str!("../../../connectors/toetskist/connector.toml"),
    ];
    let parts = manifests.map(|manifest| [manifest.as_bytes(), PROFILE.as_bytes(), &notes, &sbom]);
    parts.map(|parts| parts.join(&BETWEEN)).to_vec()
}

/// A component that is taken, and its beginning.
pub fn components() -> Vec<Vec<u8>> {
    let good = fixture::contents().component;
    vec![
        good.to_vec(),
        good[..good.len() / 2].to_vec(),
        b"\0asm\x0d\0\x01\0".to_vec(),
    ]
}

/// Envelopes and what they carry.
pub fn signatures() -> Vec<Vec<u8>> {
    let package = fixture::signed(fixture::contents());
    let envelope = package.statement().expect("it is signed").clone();
    let payload = Envelope::parse("seed", &envelope).expect("we wrote it").payload;
    let manifest = Manifest::parse(MANIFEST.as_bytes()).expect("the fixture is a manifest");
    let counter = CounterStatement::about(package.digest(), &manifest).to_bytes();
    vec![
        envelope.to_vec(),
        payload,
        counter.clone(),
        fixture::stranger_key().sign(counter).to_bytes(),
    ]
}

/// A bundle that is taken, and a trust file.
pub fn bundles() -> Vec<Vec<u8>> {
    let news = |sequence| News {
        publisher: fixture::slug("voorbeeld-examens"),
        sequence,
        keys: Vec::new(),
        expire: Vec::new(),
        revoke: Vec::new(),
    };
    let pack = |sequence, packages| {
        let packed = Bundle::pack(news(sequence), packages, &fixture::publisher_key());
        packed.expect("the fixture is a bundle").to_bytes()
    };
    let trust = format!(
        "[[publisher]]\nname = \"voorbeeld-examens\"\n\n[[publisher.keys]]\nid = \"{}\"\npublic = \"{}\"\n\
         trusted_since = \"2026-01-01T00:00:00Z\"\n",
        fixture::publisher_key().public().id(),
        fixture::publisher_key().public()
    );
    vec![
        pack(1, Vec::new()),
        pack(2, vec![fixture::signed(fixture::contents()).to_bytes()]),
        trust.into_bytes(),
    ]
}
