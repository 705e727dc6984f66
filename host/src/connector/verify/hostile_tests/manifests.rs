//! Manifests and papers that can't be read, ask too much, or lie about the package.

use bytes::Bytes;

use super::{Add, Hostile};
use crate::connector::fixture::{MANIFEST, contents};
use crate::connector::package::Contents;

const WRONG: &[&str] = &["manifest"];

/// Manifests that can't be read.
pub(super) fn unreadable(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let with = |bytes: Vec<u8>| Contents {
        manifest: Bytes::from(bytes),
        ..contents()
    };
    add.contents("a manifest of bytes", with(vec![0xff; 300]), WRONG);
    add.contents("a manifest of nothing", with(Vec::new()), WRONG);
    add.contents(
        "a manifest of 40,000 brackets",
        with([b"x = ".as_slice(), &[b'['; 40_000]].concat()),
        WRONG,
    );
    let nested = format!("{}[x{}]\ny = 1\n", MANIFEST, ".x".repeat(20_000));
    add.contents("a table 20,000 levels down", with(nested.into_bytes()), WRONG);
    let keys: String = (0..9_000).map(|at| format!("k{at} = {at}\n")).collect();
    add.contents(
        "nine thousand unknown fields",
        with(format!("{keys}{MANIFEST}").into_bytes()),
        WRONG,
    );
}

/// Manifests that ask for what no connector gets, or say of the package what is not so.
pub(super) fn lying(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    add.manifest("a version that is none", "latest", "1.2.0", WRONG);
    add.manifest("a name that is a path", "../../oke", "voorbeeld-ta", WRONG);
    add.manifest("a name that shouts", "Voorbeeld-TA", "voorbeeld-ta", WRONG);
    add.manifest(
        "a path that leaves its endpoint",
        "GET /../admin",
        "GET /components",
        WRONG,
    );
    add.manifest(
        "a whole address as path",
        "GET https://evil.example/",
        "GET /components",
        WRONG,
    );
    add.manifest("a method that is none", "CONNECT /components", "GET /components", WRONG);
    add.manifest(
        "a title with a line in it",
        "title = \"a\\nb\"",
        "title = \"Voorbeeld Examens\"",
        WRONG,
    );
    add.manifest(
        "memory without end",
        "[limits]\nmemory-mib = 4000000000\n\n[config.page-size]",
        "[config.page-size]",
        WRONG,
    );
    add.manifest(
        "two endpoints of one name",
        "[[endpoint]]\nname = \"api\"\ndescription = \"x\"\nallow = [\"GET /x\"]\n\n[config.page-size]",
        "[config.page-size]",
        WRONG,
    );
    add.manifest(
        "a profile to be tried with that is not there",
        "[conformance]\nprofile = \"geen\"\n\n[[profile]]",
        "[[profile]]",
        WRONG,
    );
    add.manifest(
        "a contract of the future",
        "contract = \"9.0\"",
        "contract = \"0.1\"",
        &["contract-out-of-range", "manifest"],
    );
    add.manifest(
        "more interfaces than there are",
        "\"ta-toetscatalogus\", \"dr-analyse\"",
        "\"ta-toetscatalogus\"",
        &["interfaces-differ"],
    );
    add.manifest(
        "fewer interfaces than there are",
        "interfaces = [\"ta-resultaten\"]",
        "interfaces = [\"ta-toetscatalogus\", \"ta-resultaten\"]",
        &["interfaces-differ"],
    );
    add.manifest(
        "a profile that is not there",
        "name = \"weg\"",
        "name = \"proefwerk\"",
        &["profile-unnamed", "file-missing"],
    );
    add.manifest(
        "a profile nobody names",
        "",
        "[[profile]]\nname = \"proefwerk\"\ntitle = \"Proefwerk Online\"\n",
        &["profile-unnamed"],
    );
}

/// SBOM and release notes.
pub(super) fn papers(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let sbom = |text: Vec<u8>| Contents {
        sbom: Bytes::from(text),
        ..contents()
    };
    add.contents("an SBOM of noise", sbom(vec![0xff, 0xfe]), &["sbom"]);
    add.contents("an SBOM of a million brackets", sbom(vec![b'['; 1_000_000]), &["sbom"]);
    add.contents("an SBOM of nothing", sbom(b"{}".to_vec()), &["sbom"]);
    let notes = |text: Vec<u8>| Contents {
        notes: Bytes::from(text),
        ..contents()
    };
    add.contents("notes of nothing", notes(b" \n ".to_vec()), &["notes"]);
    add.contents("notes of bytes", notes(vec![0xc0, 0x80]), &["notes"]);
}
