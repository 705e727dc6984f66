//! Archives that are cut off, written otherwise, or name what a package has no place for.

use super::{Add, Hostile};
use crate::connector::fixture::{MANIFEST, contents, signed};

const ARCHIVE: &[&str] = &[
    "not-a-package",
    "file-missing",
    "not-canonical",
    "not-signed",
    "too-large",
];
const PATHS: &[&str] = &["file-not-allowed"];
const LARGE: &[&str] = &["too-large"];

/// Cut off at each boundary of the archive: inside a header, behind it, inside the data, behind it, in the trailer.
pub(super) fn cut_off(all: &mut Vec<Hostile>) {
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

pub(super) fn archives(all: &mut Vec<Hostile>) {
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

pub(super) fn paths(all: &mut Vec<Hostile>) {
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
