//! A connector's package, `NAME-VERSION.oke`: a plain ustar archive in one canonical form, so that equal contents are
//! equal bytes. Reading never unpacks to disk, keeps no second copy of the contents, and demands that writing again
//! gives the very same bytes.
//!
//! **The package digest** is the SHA-256 of the archive *without* `statement.dsse.json`, that is of the unsigned
//! package as `oke connector pack` writes it. Signing, or signing again with a new key, therefore does not change it:
//! a version keeps one digest for life.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::manifest::Slug;
use super::refusal::Refusal;

mod examine;
mod file;
pub mod folder;
mod sign;

pub use examine::{Examined, check_interfaces};
pub use file::{COMPONENT_FILE, FileName, NOTES_FILE, SBOM_FILE, STATEMENT_FILE};

/// Largest package, in bytes (§8 of the design: packages are streamed up to 64 MiB).
pub const MAX_PACKAGE_BYTES: usize = 64 * 1024 * 1024;
/// Most files in a package, the statement included.
pub const MAX_FILES: usize = 64;

/// SHA-256 of the canonical bytes of a package's unsigned contents; written `sha256:…` in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageDigest([u8; 32]);

impl PackageDigest {
    /// From the digest's bytes, as a database keeps them.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Hexadecimal without the name of the algorithm.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for PackageDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for PackageDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for PackageDigest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut bytes = [0; 32];
        let hexadecimal = text.strip_prefix("sha256:").unwrap_or(text);
        hex::decode_to_slice(hexadecimal, &mut bytes).map_err(|_| {
            "is not a package digest; write `sha256:` and 64 hexadecimal digits, as `oke connector inspect` prints it"
                .to_owned()
        })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for PackageDigest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PackageDigest> for String {
    fn from(digest: PackageDigest) -> Self {
        digest.to_string()
    }
}

/// The files a package is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// `connector.toml`.
    pub manifest: Bytes,
    /// `component.wasm`.
    pub component: Bytes,
    /// `NOTES.md`: release notes in Dutch.
    pub notes: Bytes,
    /// `sbom.json`: CycloneDX.
    pub sbom: Bytes,
    /// `profiles/NAME.toml`, by name.
    pub profiles: BTreeMap<Slug, Bytes>,
}

/// A package in canonical form. Nothing is said yet about who made it or whether its contents are any good: see
/// [`verify`](super::verify::verify).
#[derive(Clone, PartialEq, Eq)]
pub struct Package {
    files: BTreeMap<FileName, Bytes>,
    digest: PackageDigest,
}

impl fmt::Debug for Package {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Package({}, {} files)", self.digest, self.files.len())
    }
}

impl Package {
    /// Makes an unsigned package of these contents.
    pub fn assemble(contents: Contents) -> Result<Self, Refusal> {
        let mut files = BTreeMap::from([
            (FileName::Manifest, contents.manifest),
            (FileName::Component, contents.component),
            (FileName::Notes, contents.notes),
            (FileName::Sbom, contents.sbom),
        ]);
        for (name, data) in contents.profiles {
            files.insert(FileName::Profile(name), data);
        }
        Self::of(files)
    }

    /// The same package with this statement in it, in place of an earlier one.
    pub fn with_statement(&self, envelope: Bytes) -> Result<Self, Refusal> {
        let mut files = self.files.clone();
        files.insert(FileName::Statement, envelope);
        Self::of(files)
    }

    /// Reads a package. Its files are slices of `bytes`: nothing is copied.
    pub fn read(bytes: impl Into<Bytes>) -> Result<Self, Refusal> {
        let bytes = bytes.into();
        if bytes.len() > MAX_PACKAGE_BYTES {
            return Err(Refusal::TooLarge {
                limit: MAX_PACKAGE_BYTES,
            });
        }
        let package = Self::of(read_files(&bytes)?)?;
        let mut same = Compare { rest: &bytes, at: 0 };
        match package.write_files(&mut same, |_| true) {
            Ok(()) if same.rest.is_empty() => Ok(package),
            _ => Err(Refusal::NotCanonical { offset: same.at }),
        }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_files(&mut bytes, |_| true)
            .expect("writing to memory cannot fail, and sizes were checked");
        bytes
    }

    /// See [`PackageDigest`].
    pub fn digest(&self) -> PackageDigest {
        self.digest
    }

    /// A file's data.
    pub fn file(&self, name: &FileName) -> Option<&Bytes> {
        self.files.get(name)
    }

    /// The component, to compile once the package has been verified.
    pub fn component(&self) -> &Bytes {
        &self.files[&FileName::Component]
    }

    /// The DSSE envelope, if the package is signed.
    pub fn statement(&self) -> Option<&Bytes> {
        self.file(&FileName::Statement)
    }

    /// Every file but the statement, in canonical order: what a signature covers.
    pub fn signed_files(&self) -> impl Iterator<Item = (&FileName, &Bytes)> {
        self.files.iter().filter(|(name, _)| **name != FileName::Statement)
    }

    fn of(files: BTreeMap<FileName, Bytes>) -> Result<Self, Refusal> {
        for required in [FileName::Manifest, FileName::Component, FileName::Notes, FileName::Sbom] {
            if !files.contains_key(&required) {
                return Err(Refusal::FileMissing {
                    file: required.to_string(),
                });
            }
        }
        if files.len() > MAX_FILES {
            return Err(Refusal::TooManyFiles { limit: MAX_FILES });
        }
        for (name, data) in &files {
            if data.len() > name.max_bytes() {
                return Err(Refusal::FileTooLarge {
                    file: name.to_string(),
                    limit: name.max_bytes(),
                });
            }
        }
        let mut package = Self {
            files,
            digest: PackageDigest([0; 32]),
        };
        let mut hash = Hash::default();
        package
            .write_files(&mut hash, |name| *name != FileName::Statement)
            .expect("hashing cannot fail, and sizes were checked");
        package.digest = PackageDigest(hash.finish());
        if package.archive_bytes() > MAX_PACKAGE_BYTES {
            return Err(Refusal::TooLarge {
                limit: MAX_PACKAGE_BYTES,
            });
        }
        Ok(package)
    }

    fn archive_bytes(&self) -> usize {
        let blocks: usize = self.files.values().map(|data| 1 + data.len().div_ceil(BLOCK)).sum();
        (blocks + 2) * BLOCK
    }

    fn write_files(&self, out: &mut impl Write, wanted: impl Fn(&FileName) -> bool) -> io::Result<()> {
        let mut archive = tar::Builder::new(out);
        for (name, data) in self.files.iter().filter(|(name, _)| wanted(name)) {
            archive.append(&name.header(data.len())?, data.as_ref())?;
        }
        archive.finish()
    }
}

const BLOCK: usize = 512;

fn read_files(bytes: &Bytes) -> Result<BTreeMap<FileName, Bytes>, Refusal> {
    let broken = |error: io::Error| Refusal::NotAnArchive {
        reason: error.to_string().escape_debug().to_string(),
    };
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(bytes.as_ref());
    // Raw: long-name and pax entries are shown as the foreign entries they are, not acted upon.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let entry = entry.map_err(broken)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(Refusal::NotAPlainFile { file: shown(&path) });
        }
        let name: FileName = path
            .parse()
            .map_err(|()| Refusal::FileNotAllowed { file: shown(&path) })?;
        let size = usize::try_from(entry.size()).unwrap_or(usize::MAX);
        if size > name.max_bytes() {
            return Err(Refusal::FileTooLarge {
                file: name.to_string(),
                limit: name.max_bytes(),
            });
        }
        let from = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
        let data = from
            .checked_add(size)
            .filter(|end| *end <= bytes.len())
            .map(|end| bytes.slice(from..end))
            .ok_or_else(|| Refusal::NotAnArchive {
                reason: format!("{name} ends after the archive does"),
            })?;
        if files.insert(name, data).is_some() {
            return Err(Refusal::FileTwice { file: shown(&path) });
        }
        if files.len() > MAX_FILES {
            return Err(Refusal::TooManyFiles { limit: MAX_FILES });
        }
    }
    Ok(files)
}

/// A name from a foreign file, safe to print.
fn shown(path: &str) -> String {
    path.chars().take(120).collect::<String>().escape_debug().to_string()
}

/// Writes nothing; compares what is written with what should have been written.
struct Compare<'a> {
    rest: &'a [u8],
    at: usize,
}

impl Write for Compare<'_> {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        let same = self.rest.iter().zip(written).take_while(|(a, b)| a == b).count();
        self.at += same;
        self.rest = &self.rest[same..];
        match same == written.len() {
            true => Ok(same),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes nothing; hashes what is written.
struct Hash(ring::digest::Context);

impl Default for Hash {
    fn default() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }
}

impl Hash {
    fn finish(self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.0.finish().as_ref());
        digest
    }
}

impl Write for Hash {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0.update(written);
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// SHA-256 of `data`, in lower-case hexadecimal, as statements write it.
pub fn sha256_hex(data: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, data))
}

#[cfg(test)]
mod tests;
