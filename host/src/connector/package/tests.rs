//! Stories about the archive: one canonical form, and nothing else is read.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{Contents, MAX_FILES, Package};
use crate::connector::fixture::{contents, signed};
use crate::connector::manifest::Slug;
use crate::connector::refusal::Refusal;
use crate::connector::verify::verify;

fn entry(path: &str, data: &[u8], change: impl FnOnce(&mut tar::Header)) -> (tar::Header, Vec<u8>) {
    let mut header = tar::Header::new_ustar();
    header.set_path(path).unwrap();
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

fn four_files() -> Vec<(tar::Header, Vec<u8>)> {
    ["connector.toml", "component.wasm", "NOTES.md", "sbom.json"]
        .map(|path| entry(path, path.as_bytes(), |_| {}))
        .into()
}

fn archive(entries: Vec<(tar::Header, Vec<u8>)>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (header, data) in entries {
        builder.append(&header, data.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn refusal(entries: Vec<(tar::Header, Vec<u8>)>) -> Refusal {
    Package::read(archive(entries)).unwrap_err()
}

fn four_files_and(path: &str, change: impl FnOnce(&mut tar::Header)) -> Vec<(tar::Header, Vec<u8>)> {
    let mut entries = four_files();
    entries.push(entry(path, b"", change));
    entries
}

#[test]
fn an_archive_in_canonical_form_is_read_without_copying() {
    let bytes = Bytes::from(archive(four_files()));

    let package = Package::read(bytes.clone()).unwrap();

    assert_eq!(package.to_bytes(), bytes);
    let inside = bytes.as_ptr_range();
    assert!(inside.contains(&package.component().as_ptr()));
}

#[test]
fn another_order_owner_time_or_mode_is_refused() {
    let mut turned = four_files();
    turned.reverse();
    assert_eq!(refusal(turned).reason(), "not-canonical");

    let changes: [fn(&mut tar::Header); 4] = [
        |header| header.set_mtime(1),
        |header| header.set_uid(1000),
        |header| header.set_mode(0o755),
        |header| header.set_username("jan").unwrap(),
    ];
    for change in changes {
        let mut entries = four_files();
        entries[2] = entry("NOTES.md", b"NOTES.md", change);
        assert_eq!(refusal(entries).reason(), "not-canonical");
    }
}

#[test]
fn links_folders_and_foreign_paths_are_refused() {
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Directory,
        tar::EntryType::XHeader,
    ] {
        let entries = four_files_and("profiles/a.toml", |header| header.set_entry_type(kind));
        assert!(matches!(refusal(entries), Refusal::NotAPlainFile { .. }), "{kind:?}");
    }
    for path in [
        "profiles/A.toml",
        "profiles/a/b.toml",
        "profiles/.toml",
        "readme.md",
        "Connector.toml",
        "a/connector.toml",
    ] {
        assert!(
            matches!(refusal(four_files_and(path, |_| {})), Refusal::FileNotAllowed { .. }),
            "{path}"
        );
    }
    let outside = four_files_and("profiles/a.toml", |header| {
        header.as_mut_bytes()[..12].copy_from_slice(b"/etc/passwd\0");
    });
    assert!(matches!(refusal(outside), Refusal::FileNotAllowed { file } if file == "/etc/passwd"));
}

#[test]
fn a_file_twice_missing_or_too_many_is_refused() {
    assert!(matches!(
        refusal(four_files_and("NOTES.md", |_| {})),
        Refusal::FileTwice { .. }
    ));
    let mut three = four_files();
    three.remove(3);
    assert_eq!(
        refusal(three),
        Refusal::FileMissing {
            file: "sbom.json".to_owned()
        }
    );

    let mut many = four_files();
    many.extend((0..MAX_FILES).map(|number| entry(&format!("profiles/p{number:03}.toml"), b"", |_| {})));
    assert_eq!(refusal(many), Refusal::TooManyFiles { limit: MAX_FILES });
}

#[test]
fn a_size_beyond_its_limit_or_beyond_the_archive_is_refused() {
    let mut entries = four_files();
    entries[2] = entry("NOTES.md", &vec![b'x'; 256 * 1024 + 1], |_| {});
    assert!(matches!(refusal(entries), Refusal::FileTooLarge { file, .. } if file == "NOTES.md"));

    let mut lies = archive(four_files_and("profiles/a.toml", |header| header.set_size(60_000)));
    lies.truncate(lies.len() - 512);
    assert_eq!(Package::read(lies).unwrap_err().reason(), "not-a-package");

    assert_eq!(
        Package::read(vec![0; 64 * 1024 * 1024 + 1]).unwrap_err().reason(),
        "too-large"
    );
}

#[test]
fn names_from_a_foreign_archive_are_shown_without_control_characters() {
    let entries = four_files_and("profiles/a.toml", |header| {
        header.as_mut_bytes()[..10].copy_from_slice(b"\x1b[2J\x07evil\0");
    });

    assert!(!refusal(entries).to_string().contains('\u{1b}'));
}

fn any_contents() -> impl Strategy<Value = Contents> {
    let data = || vec(any::<u8>(), 0..2_000).prop_map(Bytes::from);
    let profiles = btree_map("[a-z]{1,8}(-[a-z0-9]{1,8})?", data(), 0..5);
    (data(), data(), data(), data(), profiles).prop_map(|(manifest, component, notes, sbom, profiles)| Contents {
        manifest,
        component,
        notes,
        sbom,
        profiles: profiles
            .into_iter()
            .map(|(name, data)| (name.parse::<Slug>().unwrap(), data))
            .collect::<BTreeMap<_, _>>(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Reading what was written gives it back, with the same digest.
    #[test]
    fn what_is_written_is_read_back(contents in any_contents()) {
        let package = Package::assemble(contents).unwrap();
        let again = Package::read(package.to_bytes()).unwrap();
        prop_assert_eq!(&again, &package);
        prop_assert_eq!(again.digest(), package.digest());
    }

    /// Rubbish is refused, never a panic.
    #[test]
    fn rubbish_is_refused(bytes in vec(any::<u8>(), 0..4_000)) {
        prop_assert!(Package::read(bytes).is_err());
    }

    /// A good package with a random piece overwritten is refused, never a panic.
    #[test]
    fn a_damaged_package_is_refused(
        position in any::<proptest::sample::Index>(),
        piece in vec(any::<u8>(), 1..40),
    ) {
        let good = good_package();
        let mut damaged = good.clone();
        let from = position.index(damaged.len());
        let to = damaged.len().min(from + piece.len());
        damaged[from..to].copy_from_slice(&piece[..to - from]);
        prop_assume!(damaged != good);
        let outcome = verify(damaged, &crate::connector::fixture::trust(None), "2026-09-01T08:00:00Z".parse().unwrap());
        prop_assert!(outcome.is_err());
    }

    /// A component with a random piece overwritten may be good or not; reading its type never panics.
    #[test]
    fn a_damaged_component_never_panics(
        position in any::<proptest::sample::Index>(),
        piece in vec(any::<u8>(), 1..12),
    ) {
        let mut component = contents().component.to_vec();
        let from = position.index(component.len());
        let to = component.len().min(from + piece.len());
        component[from..to].copy_from_slice(&piece[..to - from]);
        let _either = crate::connector::contract::read_surface(&component);
    }
}

fn good_package() -> Vec<u8> {
    static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| signed(contents()).to_bytes());
    GOOD.clone()
}
