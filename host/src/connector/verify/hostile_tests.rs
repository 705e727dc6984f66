//! Packages that are broken or mean harm: each is refused with the reason that names the cause, in under a second, in
//! bounded memory. `app/hostile_stories.rs` holds that nothing of them stays behind in the database.

use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;

use super::verify;
use crate::connector::contract::Interface;
use crate::connector::contract::shape::CONNECTOR_WIT;
use crate::connector::fixture::{
    MANIFEST, component, component_of_world, contents, contents_with, publisher_key, signed, signed_unchecked, slug,
    stranger_key, trusted,
};
use crate::connector::package::{Contents, Package};
use crate::connector::signature::{Envelope, SigningKey};
use crate::connector::trust::{TrustStore, TrustedKey, TrustedPublisher};

/// A package to be refused: what it is, its bytes, and the reason that must come (one of these).
pub(crate) struct Hostile {
    pub name: String,
    pub bytes: Vec<u8>,
    pub reasons: &'static [&'static str],
}

/// Most time of a processor that judging one may take.
const WITHIN: Duration = Duration::from_secs(1);
/// Most memory that judging one may take, beyond its own bytes, in KiB.
const MOST_KIB: u64 = 192 * 1024;

/// The moment at which they come.
pub(crate) fn at() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().unwrap()
}

fn seeded(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

/// The publisher's keys: the good one, one revoked, one expired, one trusted too late, one for counter-signing only; and
/// a key of another publisher.
pub(crate) fn trust() -> TrustStore {
    let changed = |seed, change: fn(&mut TrustedKey)| {
        let mut key = trusted(&seeded(seed), None);
        change(&mut key);
        key
    };
    let keys = vec![
        trusted(&publisher_key(), None),
        changed(31, |key| {
            key.revoked_since = Some("2026-05-01T00:00:00Z".parse().unwrap())
        }),
        changed(32, |key| key.expires = Some("2026-05-01T00:00:00Z".parse().unwrap())),
        changed(33, |key| key.trusted_since = "2026-10-01T00:00:00Z".parse().unwrap()),
        changed(34, |key| key.counter_only = true),
    ];
    let other = TrustedPublisher {
        name: slug("ander"),
        keys: vec![trusted(&seeded(35), None)],
    };
    let publisher = TrustedPublisher {
        name: slug("voorbeeld-examens"),
        keys,
    };
    TrustStore::of([publisher, other]).unwrap()
}

const ARCHIVE: &[&str] = &[
    "not-a-package",
    "file-missing",
    "not-canonical",
    "not-signed",
    "too-large",
];
const PATHS: &[&str] = &["file-not-allowed"];
const LARGE: &[&str] = &["too-large"];
const COMPONENT: &[&str] = &["not-a-component", "contract-broken", "interfaces-differ"];

/// Every one of them.
pub(crate) fn all() -> Vec<Hostile> {
    let mut all = Vec::new();
    cut_off(&mut all);
    archives(&mut all);
    paths(&mut all);
    signatures(&mut all);
    manifests(&mut all);
    components(&mut all);
    papers(&mut all);
    all
}

struct Add<'a>(&'a mut Vec<Hostile>);

impl Add<'_> {
    fn bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>, reasons: &'static [&'static str]) {
        self.0.push(Hostile {
            name: name.into(),
            bytes,
            reasons,
        });
    }

    fn contents(&mut self, name: &str, contents: Contents, reasons: &'static [&'static str]) {
        self.bytes(name, signed_unchecked(contents, &publisher_key()).to_bytes(), reasons);
    }

    fn manifest(&mut self, name: &str, text: &str, instead_of: &str, reasons: &'static [&'static str]) {
        self.contents(name, contents_with(text, instead_of), reasons);
    }

    fn component(&mut self, name: &str, component: Vec<u8>, reasons: &'static [&'static str]) {
        let contents = Contents {
            component: Bytes::from(component),
            ..contents()
        };
        self.contents(name, contents, reasons);
    }
}

/// Cut off at each boundary of the archive: inside a header, behind it, inside the data, behind it, in the trailer.
fn cut_off(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let whole = signed(contents()).to_bytes();
    let mut at = 0;
    while at + 512 <= whole.len() && whole[at] != 0 {
        let size = std::str::from_utf8(&whole[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        let data = at + 512;
        for (place, end) in [
            ("in a header", at + 100),
            ("behind a header", data),
            ("in the data", data + size / 2),
            ("behind the data", data + size.div_ceil(512) * 512),
        ] {
            add.bytes(format!("cut off {place}, at {end}"), whole[..end].to_vec(), ARCHIVE);
        }
        at = data + size.div_ceil(512) * 512;
    }
    add.bytes("cut off in the trailer", whole[..whole.len() - 512].to_vec(), ARCHIVE);
}

type Header<'a> = &'a dyn Fn(&mut tar::Header);

fn entry(path: &str, data: &[u8], change: Header<'_>) -> (tar::Header, Vec<u8>) {
    let mut header = tar::Header::new_ustar();
    header.set_path("x").unwrap();
    // Written as it is: the library refuses what an attacker would not.
    let name = &mut header.as_mut_bytes()[..100];
    name.fill(0);
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    change(&mut header);
    header.set_cksum();
    (header, data.to_vec())
}

fn archive(entries: Vec<(tar::Header, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (header, data) in entries {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&data);
        bytes.resize(bytes.len().div_ceil(512) * 512, 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// A good package with this entry in front of its first.
fn before_all(entries: Vec<(tar::Header, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = archive(entries);
    bytes.truncate(bytes.len() - 1024);
    bytes.extend_from_slice(&signed(contents()).to_bytes());
    bytes
}

fn archives(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let plain: Header<'_> = &|_| {};
    add.bytes("nothing", Vec::new(), ARCHIVE);
    add.bytes("zeros", vec![0; 10_240], ARCHIVE);
    add.bytes(
        "noise",
        (0..20_000_u32)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect(),
        ARCHIVE,
    );
    add.bytes(
        "a gzip bomb's beginning",
        [&[0x1f, 0x8b, 8, 0][..], &[0; 4_096]].concat(),
        ARCHIVE,
    );
    let claimed = |size: u64| move |header: &mut tar::Header| header.set_size(size);
    for (name, size) in [("8 GiB", 8_u64 << 30), ("all of u64", u64::MAX)] {
        let bomb = archive(vec![entry("connector.toml", b"", &claimed(size))]);
        add.bytes(format!("a file that claims {name}"), bomb, ARCHIVE);
    }
    add.bytes("more than any package", vec![b'x'; 65 << 20], LARGE);
    let large = archive(vec![entry("connector.toml", &vec![b'#'; 300 * 1024], plain)]);
    add.bytes("a manifest of 300 KiB", large, LARGE);
    let many = (0..70)
        .map(|at| entry(&format!("profiles/p{at}.toml"), b"", plain))
        .collect();
    add.bytes("seventy files", archive(many), LARGE);
    let twice = before_all(vec![entry("connector.toml", MANIFEST.as_bytes(), plain)]);
    add.bytes("two manifests", twice, PATHS);
    let good = signed(contents()).to_bytes();
    add.bytes(
        "something behind the end",
        [&good[..], b"hidden"].concat(),
        &["not-canonical", "not-a-package"],
    );
    add.bytes(
        "another package behind the end",
        [&good[..], &good[..]].concat(),
        &["not-canonical"],
    );
    let mut shouting = good.clone();
    shouting[100] ^= 0x40;
    add.bytes("a header with a wrong checksum", shouting, &["not-a-package"]);
    let changes: [(&str, Header<'_>); 5] = [
        ("a time", &|header| header.set_mtime(1)),
        ("an owner", &|header| header.set_uid(0o777)),
        ("a mode of everything", &|header| header.set_mode(0o7777)),
        ("a size in base 256", &|header| {
            header.as_mut_bytes()[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        }),
        ("a device number", &|header| header.as_mut_bytes()[329] = b'7'),
    ];
    for (name, change) in changes {
        let bytes = archive(vec![
            entry("connector.toml", b"", change),
            entry("component.wasm", b"", plain),
            entry("NOTES.md", b"", plain),
            entry("sbom.json", b"", plain),
        ]);
        add.bytes(format!("a header with {name}"), bytes, &["not-canonical"]);
    }
}

fn paths(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    for path in [
        "../connector.toml",
        "/etc/passwd",
        "./connector.toml",
        "profiles/../../connector.toml",
        "profiles/a/b.toml",
        "profiles\\a.toml",
        "connector.toml/",
        "c\u{43e}nnector.toml",
        "profiles/\u{202e}.toml",
        "CON",
        "profiles/.toml",
        "statement.dsse.json ",
    ] {
        add.bytes(
            format!("the path {path:?}"),
            before_all(vec![entry(path, b"x", &|_| {})]),
            PATHS,
        );
    }
    for (name, kind) in [
        ("a symbolic link", b'2'),
        ("a hard link", b'1'),
        ("a folder", b'5'),
        ("a device", b'3'),
        ("a pipe", b'6'),
        ("a sparse file", b'S'),
        ("a long name", b'L'),
        ("a pax header", b'x'),
        ("a global pax header", b'g'),
    ] {
        let turned = |header: &mut tar::Header| {
            header.as_mut_bytes()[156] = kind;
            header.as_mut_bytes()[157..168].copy_from_slice(b"/etc/passwd");
        };
        let data: &[u8] = if kind == b'x' {
            b"30 path=../../../etc/shadow\n\n\n"
        } else {
            b""
        };
        let bytes = before_all(vec![entry("connector.toml", data, &turned)]);
        add.bytes(name, bytes, &["file-not-allowed", "not-a-package", "not-canonical"]);
    }
}

fn with_envelope(envelope: &Envelope) -> Vec<u8> {
    with_statement(envelope.to_bytes())
}

fn with_statement(statement: Vec<u8>) -> Vec<u8> {
    let package = Package::assemble(contents()).unwrap();
    package.with_statement(Bytes::from(statement)).unwrap().to_bytes()
}

fn envelope() -> Envelope {
    Envelope::parse("statement", signed(contents()).statement().unwrap()).unwrap()
}

fn signatures(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    const BROKEN: &[&str] = &["envelope-malformed"];
    add.bytes(
        "no signature",
        Package::assemble(contents()).unwrap().to_bytes(),
        &["not-signed"],
    );
    add.bytes("an envelope of noise", with_statement(b"\x00\xff\xfe".to_vec()), BROKEN);
    add.bytes(
        "an envelope of 100,000 brackets",
        with_statement(vec![b'['; 100_000]),
        BROKEN,
    );
    let text = String::from_utf8(envelope().to_bytes()).unwrap();
    add.bytes(
        "an envelope with one field more",
        with_statement(text.replacen('{', "{\"x\":1,", 1).into_bytes()),
        BROKEN,
    );
    add.bytes(
        "an envelope with spaces",
        with_statement(text.replace(',', ", ").into_bytes()),
        BROKEN,
    );
    let mut other_type = envelope();
    other_type.payload_type = "text/plain".to_owned();
    add.bytes("a payload of another type", with_envelope(&other_type), BROKEN);
    let mut none = envelope();
    none.signatures.clear();
    add.bytes("an envelope without signatures", with_envelope(&none), BROKEN);
    let mut many = envelope();
    many.signatures = vec![many.signatures[0].clone(); 17];
    add.bytes("seventeen signatures", with_envelope(&many), BROKEN);
    many.signatures.truncate(2);
    add.bytes("one signature twice", with_envelope(&many), BROKEN);
    let mut flipped = envelope();
    flipped.signatures[0].signature[7] ^= 1;
    add.bytes(
        "a signature with one bit turned",
        with_envelope(&flipped),
        &["bad-signature"],
    );
    let mut zeros = envelope();
    zeros.signatures[0].signature = vec![0; 64];
    add.bytes("a signature of zeros", with_envelope(&zeros), &["bad-signature"]);
    let mut short = envelope();
    short.signatures[0].signature.truncate(63);
    add.bytes(
        "a signature that is too short",
        with_envelope(&short),
        &["bad-signature"],
    );
    let mut malleable = envelope();
    malleable.signatures[0].signature = plus_order(&malleable.signatures[0].signature);
    add.bytes(
        "the same signature plus the group's order",
        with_envelope(&malleable),
        &["bad-signature"],
    );
    let mut borrowed = stranger_key().sign(envelope().payload);
    borrowed.signatures[0].key = publisher_key().public().id().to_string();
    add.bytes(
        "a stranger's signature under a trusted key's name",
        with_envelope(&borrowed),
        &["bad-signature"],
    );
    let by = |key: &SigningKey| with_envelope(&key.sign(envelope().payload));
    add.bytes("a stranger's signature", by(&stranger_key()), &["unknown-key"]);
    add.bytes("a revoked key's signature", by(&seeded(31)), &["key-revoked"]);
    add.bytes("an expired key's signature", by(&seeded(32)), &["key-expired"]);
    add.bytes("a key that is trusted later", by(&seeded(33)), &["key-not-yet-trusted"]);
    add.bytes(
        "a counter-signing key's signature",
        by(&seeded(34)),
        &["counter-key-only"],
    );
    add.bytes("another publisher's signature", by(&seeded(35)), &["other-publisher"]);
    let elsewhere = signed(contents_with("1.1.0", "1.2.0"));
    add.bytes(
        "the signature of another version",
        with_statement(elsewhere.statement().unwrap().to_vec()),
        &["file-changed"],
    );
    let payload = String::from_utf8(envelope().payload).unwrap();
    let says = |text: String| with_envelope(&publisher_key().sign(text.into_bytes()));
    add.bytes(
        "a statement of another kind",
        says(payload.replace("connector-package", "web-page")),
        &["statement-malformed"],
    );
    add.bytes(
        "a statement of nothing",
        says("{}".to_owned()),
        &["statement-malformed"],
    );
    add.bytes(
        "a statement about a path outside",
        says(payload.replace("NOTES.md", "../NOTES.md")),
        &["file-changed"],
    );
    add.bytes(
        "a statement that lies about the version",
        says(payload.replace("\"1.2.0\"", "\"9.9.9\"")),
        &["statement-malformed"],
    );
    add.bytes(
        "a statement of 50,000 brackets",
        says("[".repeat(50_000)),
        &["statement-malformed"],
    );
    let mut changed = contents();
    changed.notes = Bytes::from_static(b"# Changed after signing\n");
    let package = Package::assemble(changed).unwrap();
    let package = package.with_statement(Bytes::from(envelope().to_bytes())).unwrap();
    add.bytes("a file changed after signing", package.to_bytes(), &["file-changed"]);
}

/// S + L of an Ed25519 signature: the same point, which a strict verifier refuses (RFC 8032 §5.1.7).
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature.to_vec();
    let mut carry = 0_u16;
    for (byte, order) in sum[32..].iter_mut().zip(ORDER) {
        let added = u16::from(*byte) + u16::from(order) + carry;
        *byte = added as u8;
        carry = added >> 8;
    }
    sum
}

fn manifests(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    const WRONG: &[&str] = &["manifest"];
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

/// A number as WebAssembly writes it.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A component of these raw sections.
fn of_sections(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for (id, data) in sections {
        bytes.push(*id);
        bytes.extend(leb(data.len()));
        bytes.extend_from_slice(data);
    }
    bytes
}

/// A good component with these raw sections behind it.
fn with_sections(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = component(&[Interface::TaToetscatalogus, Interface::TaResultaten]);
    bytes.extend_from_slice(&of_sections(sections)[8..]);
    bytes
}

/// A type section of `count` times this.
fn types(count: usize, one: impl Fn(usize) -> Vec<u8>) -> (u8, Vec<u8>) {
    let mut data = leb(count);
    for at in 0..count {
        data.extend(one(at));
    }
    (7, data)
}

const IMPORTS: &str = "import oke:connector/http@0.1.0; import oke:connector/log@0.1.0;";
const EXPORTS: &str = "export oke:connector/ta-toetscatalogus@0.1.0; export oke:connector/ta-resultaten@0.1.0;";

fn components(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let good = component(&[Interface::TaToetscatalogus, Interface::TaResultaten]);
    add.component("no component", Vec::new(), COMPONENT);
    add.component("a component of noise", vec![0xa5; 4_096], COMPONENT);
    add.component("a core module", b"\0asm\x01\0\0\0".to_vec(), COMPONENT);
    add.component("a component of nothing", of_sections(&[]), COMPONENT);
    for part in [1, 2, 3] {
        add.component(
            &format!("{part} quarters of a component"),
            good[..good.len() * part / 4].to_vec(),
            COMPONENT,
        );
    }
    add.component(
        "a section that is larger than the file",
        [&good[..], &[0, 0xff, 0xff, 0xff, 0x7f]].concat(),
        COMPONENT,
    );
    add.component(
        "a size without end",
        [&good[..], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
        COMPONENT,
    );
    let flood: Vec<(u8, Vec<u8>)> = vec![(0, vec![0]); 1_000_000];
    let mut unknown = with_sections(&[]);
    unknown.extend_from_slice(&[0x63, 0x01, 0x00]);
    add.component("a section of an unknown kind", unknown, COMPONENT);
    let mut flooded = flood;
    flooded.push((7, vec![0xff]));
    add.component(
        "a million sections and a broken one",
        with_sections(&flooded),
        COMPONENT,
    );
    add.component(
        "a million types",
        with_sections(&[types(1_000_001, |_| vec![0x7f])]),
        COMPONENT,
    );
    let doubling = types(60, |at| match at {
        0 => vec![0x73],
        at => [&[0x6f, 0x02][..], &leb(at - 1), &leb(at - 1)].concat(),
    });
    add.component("a type that doubles sixty times", of_sections(&[doubling]), COMPONENT);
    let deep = types(100_000, |at| match at {
        0 => vec![0x73],
        at => [&[0x6b][..], &leb(at - 1)].concat(),
    });
    add.component("an option of an option, 100,000 times", of_sections(&[deep]), COMPONENT);
    let own = types(1, |_| vec![0x6b, 0x00]);
    add.component("a type of itself", of_sections(&[own]), COMPONENT);
    let mut nested = of_sections(&[]);
    for _ in 0..2_000 {
        nested = of_sections(&[(4, nested)]);
    }
    add.component("two thousand components in one another", nested, COMPONENT);
    let name = |name: &str| [&[0x00][..], &leb(name.len()), name.as_bytes()].concat();
    let twice = [
        &leb(2)[..],
        &name("oke:connector/http@0.1.0"),
        &[0x05, 0x00],
        &name("oke:connector/http@0.1.0"),
        &[0x05, 0x00],
    ]
    .concat();
    add.component("one import twice", of_sections(&[(10, twice)]), COMPONENT);
    let world = |world: &str, others: &str| component_of_world(CONNECTOR_WIT, world, others);
    let wasi = "package wasi:clocks@0.2.0 { interface wall-clock { now: func() -> u64; } }";
    add.component(
        "an import of the system's clock",
        world(
            &format!("{IMPORTS} import wasi:clocks/wall-clock@0.2.0; {EXPORTS}"),
            wasi,
        ),
        &["imports-beyond-contract"],
    );
    let evil = "package evil:host@1.0.0 { interface secrets { read: func() -> string; } }";
    add.component(
        "an import of its own",
        world(&format!("{IMPORTS} import evil:host/secrets@1.0.0; {EXPORTS}"), evil),
        &["imports-beyond-contract"],
    );
    add.component(
        "a bare import",
        world(
            &format!("{IMPORTS} import getenv: func(name: string) -> string; {EXPORTS}"),
            "",
        ),
        &["imports-beyond-contract"],
    );
    let gift = "package evil:host@1.0.0 { interface gift { take: func() -> string; } }";
    add.component(
        "an export of its own",
        world(&format!("{IMPORTS} {EXPORTS} export evil:host/gift@1.0.0;"), gift),
        &["contract-broken"],
    );
    add.component("the wrong world: nothing exported", world(IMPORTS, ""), COMPONENT);
    let bent = CONNECTOR_WIT.replace(
        "get-component: func(ctx: context, component-id: string)",
        "get-component: func(ctx: context, component-id: list<list<list<list<string>>>>)",
    );
    assert_ne!(bent, CONNECTOR_WIT);
    add.component(
        "a function of another shape",
        component_of_world(&bent, &format!("{IMPORTS} {EXPORTS}"), ""),
        &["contract-broken"],
    );
    let newer = CONNECTOR_WIT.replace("package oke:connector@0.1.0", "package oke:connector@7.0.0");
    add.component(
        "a release of another line",
        component_of_world(
            &newer,
            &format!(
                "{} {}",
                IMPORTS.replace("0.1.0", "7.0.0"),
                EXPORTS.replace("0.1.0", "7.0.0")
            ),
            "",
        ),
        &["contract-out-of-range"],
    );
}

fn papers(all: &mut Vec<Hostile>) {
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

#[test]
fn each_hostile_package_is_refused_with_its_cause_in_under_a_second() {
    let all = all();
    assert!(all.len() >= 60, "{}", all.len());
    let trust = trust();
    let mut wrong = Vec::new();
    for one in all {
        // On a small stack, as the verifier's own thread may have: no reader recurses without end.
        let (bytes, trust) = (Bytes::from(one.bytes), trust.clone());
        let judging = std::thread::Builder::new().stack_size(1 << 20);
        let judged = judging
            .spawn(move || {
                let started = worked();
                let judged = verify(bytes, &trust, at()).map(drop);
                (judged, worked().saturating_sub(started))
            })
            .unwrap()
            .join();
        let name = one.name;
        let took = judged.as_ref().map_or(Duration::ZERO, |(_, took)| *took);
        match judged.map(|(judged, _)| judged) {
            Err(_) => wrong.push(format!("{name}: the verifier panicked")),
            Ok(Ok(())) => wrong.push(format!("{name}: was taken")),
            Ok(Err(refusal)) => {
                if !one.reasons.contains(&refusal.reason()) {
                    wrong.push(format!(
                        "{name}: {} ({refusal}), not one of {:?}",
                        refusal.reason(),
                        one.reasons
                    ));
                }
                if refusal.to_string().len() > 2_000 {
                    wrong.push(format!(
                        "{name}: its refusal is {} bytes long",
                        refusal.to_string().len()
                    ));
                }
                if refusal.to_string().chars().any(|c| c.is_control() && c != '\n') {
                    wrong.push(format!("{name}: its refusal would steer a terminal"));
                }
            }
        }
        if took > WITHIN {
            wrong.push(format!("{name}: took {took:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How long this thread has been on a processor: a busy machine makes nobody slower. Elsewhere than on Linux the clock.
fn worked() -> Duration {
    static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse::<u64>().ok());
    nanos.map_or_else(|| BEGIN.elapsed(), Duration::from_nanos)
}

/// A number of `/proc/self/status`, in KiB.
fn status_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Where the child finds the package that it judges.
const CHILD: &str = "OKE_HOSTILE_PACKAGE";

/// Not a test of its own: what the next one runs in a process of its own, so that a peak is that package's own.
#[test]
fn child_that_judges_one_package_and_tells_its_peak() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    let trust = trust();
    let before = status_kib("VmHWM:");
    let _refused = verify(bytes, &trust, at()).map(drop);
    println!("peak {} KiB", status_kib("VmHWM:").saturating_sub(before));
}

#[cfg(target_os = "linux")]
#[test]
fn no_hostile_package_takes_more_memory_than_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    // Judged by size and kind: those that are large, deep or many.
    let heavy = [
        "million",
        "100,000",
        "doubles",
        "thousand",
        "more than any",
        "claims",
        "brackets",
        "levels",
    ];
    let all = all()
        .into_iter()
        .filter(|one| heavy.iter().any(|word| one.name.contains(word)));
    let mut judged = 0;
    for one in all {
        let path = folder.path().join("package.oke");
        std::fs::write(&path, &one.bytes).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("connector::verify::hostile_tests::child_that_judges_one_package_and_tells_its_peak")
            .env(CHILD, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        let peak = said.split("peak ").nth(1).and_then(|rest| rest.split(' ').next());
        match peak.and_then(|peak| peak.parse::<u64>().ok()) {
            Some(peak) if child.status.success() => {
                judged += 1;
                if peak > MOST_KIB {
                    wrong.push(format!("{}: {peak} KiB", one.name));
                }
            }
            _ => wrong.push(format!(
                "{}: {said} {}",
                one.name,
                String::from_utf8_lossy(&child.stderr)
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged >= 8, "{judged}");
}

/// Property-based fuzzing over a valid package: whatever is changed, the readers answer, and never with a panic. What
/// libFuzzer would do with coverage is not to be had on a stable toolchain.
mod mutations {
    use proptest::prelude::*;

    use super::*;
    use crate::connector::manifest::Manifest;

    #[derive(Debug, Clone)]
    enum Mutation {
        Flip(prop::sample::Index, u8),
        Cut(prop::sample::Index),
        Repeat(prop::sample::Index, prop::sample::Index),
        Insert(prop::sample::Index, Vec<u8>),
    }

    fn mutation() -> impl Strategy<Value = Mutation> {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            4 => (index(), 1..=255_u8).prop_map(|(at, with)| Mutation::Flip(at, with)),
            1 => index().prop_map(Mutation::Cut),
            1 => (index(), index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
            1 => (index(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        ]
    }

    fn mutated(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for mutation in mutations {
            if bytes.is_empty() {
                break;
            }
            let length = bytes.len();
            match mutation {
                Mutation::Flip(at, with) => bytes[at.index(length)] ^= with,
                Mutation::Cut(at) => bytes.truncate(at.index(length)),
                Mutation::Repeat(from, to) => {
                    let (from, to) = (from.index(length), to.index(length));
                    let part = bytes[from.min(to)..from.max(to)].to_vec();
                    bytes.extend(part);
                }
                Mutation::Insert(at, new) => {
                    let at = at.index(length);
                    bytes.splice(at..at, new.iter().copied());
                }
            }
        }
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_mutation_of_a_package_is_taken_or_breaks_its_reader(mutations in prop::collection::vec(mutation(), 1..6)) {
            let good = signed(contents()).to_bytes();
            let bytes = mutated(&good, &mutations);
            prop_assume!(bytes != good);
            prop_assert!(verify(bytes, &trust(), at()).is_err());
        }

        #[test]
        fn no_mutation_of_a_manifest_breaks_its_reader(mutations in prop::collection::vec(mutation(), 1..6)) {
            let _read = Manifest::parse(&mutated(MANIFEST.as_bytes(), &mutations));
        }

        #[test]
        fn no_mutation_of_an_envelope_breaks_its_reader(mutations in prop::collection::vec(mutation(), 1..6)) {
            let good = envelope().to_bytes();
            if let Ok(read) = Envelope::parse("x", &mutated(&good, &mutations)) {
                let written = read.to_bytes();
                prop_assert!(written.ends_with(b"\n"));
            }
        }

        #[test]
        fn no_mutation_of_a_component_breaks_the_reader_of_its_surface(mutations in prop::collection::vec(mutation(), 1..4)) {
            let good = contents().component;
            let _read = crate::connector::contract::read_surface(&mutated(&good, &mutations));
        }
    }
}
