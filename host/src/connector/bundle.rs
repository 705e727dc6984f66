//! A publisher's bundle, `PUBLISHER-SEQUENCE.oke-bundle`: its new keys, its revocations and its packages in one signed
//! file that travels to many schools without a network. As canonical as a package: equal contents are equal bytes, and
//! reading demands that writing again gives the very same.
//!
//! The archive holds the DSSE envelope (`bundle.dsse.json`) first, then every package by its file name. The signed
//! statement names each package with its SHA-256, so that none is added, left out or swapped. The number counts up: a
//! school takes no bundle that is older than one it took before, so that an old one can't bring back what a newer one
//! took away.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::Slug;
use super::package::{MAX_PACKAGE_BYTES, Package, sha256_hex};
use super::refusal::Refusal;
use super::signature::{Envelope, KeyId, PublicKey, SigningKey};
use super::trust::{Signer, TrustStore};

/// The envelope's name in the archive.
const STATEMENT: &str = "bundle.dsse.json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "urn:oke:publisher-bundle:v1";
/// Largest bundle, in bytes (§8 of the design: packages are streamed up to 64 MiB).
pub const MAX_BUNDLE_BYTES: usize = MAX_PACKAGE_BYTES;
/// Largest envelope.
const MAX_STATEMENT: usize = 1024 * 1024;
/// Most packages, keys and revocations of each.
const MOST: usize = 256;

/// A key that the publisher signs with from now on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Its id, as a check on `public`.
    pub id: KeyId,
    /// The key.
    pub public: PublicKey,
}

/// A key that the publisher no longer signs with from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// The key.
    pub id: KeyId,
    /// The moment.
    pub at: Timestamp,
}

/// A key that was in other hands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The key.
    pub id: KeyId,
    /// Since when.
    pub compromised_since: Timestamp,
    /// What happened.
    pub reason: String,
}

/// What the publisher says with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct News {
    /// Whose bundle.
    pub publisher: Slug,
    /// Counts up with each bundle of this publisher, from 1.
    pub sequence: u64,
    /// Keys it signs with from now on.
    pub keys: Vec<NewKey>,
    /// Keys that end.
    pub expire: Vec<Expiry>,
    /// Keys that were in other hands.
    pub revoke: Vec<Revoked>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: News,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Sha256,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    sha256: String,
}

/// A bundle in canonical form, its packages those that its statement names. Who signed it is said by
/// [`Bundle::signers`].
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What the publisher says.
    pub news: News,
    /// The packages, by file name.
    pub packages: BTreeMap<String, Bytes>,
    envelope: Envelope,
    digest: String,
}

/// Why a bundle is refused. Each says what is wrong and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum BundleRefusal {
    /// Larger than a bundle may be.
    #[error("the bundle is larger than {} MiB; make several", MAX_BUNDLE_BYTES / 1024 / 1024)]
    TooLarge,
    /// No bundle of ours.
    #[error("this is no bundle that can be read: {0}; fetch it again, or make it with `oke bundle pack`")]
    Malformed(String),
    /// Not in canonical form.
    #[error("the bundle is not in canonical form: it was changed or made by another tool; fetch it again")]
    NotCanonical,
    /// A package is not the one that was signed, is missing, or was added.
    #[error("`{0}` is not what the bundle's statement says; it was changed, left out or added: fetch the bundle again")]
    Swapped(String),
    /// Its envelope or signature.
    #[error(transparent)]
    Signature(#[from] Refusal),
    /// The key that signed is another publisher's.
    #[error("the bundle says publisher `{said}`, but the key that signed it belongs to `{signer}`")]
    OtherPublisher {
        /// What it says.
        said: String,
        /// Whose key it is.
        signer: String,
    },
}

impl BundleRefusal {
    /// A stable word for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            BundleRefusal::TooLarge => "too-large",
            BundleRefusal::Malformed(_) => "not-a-bundle",
            BundleRefusal::NotCanonical => "not-canonical",
            BundleRefusal::Swapped(_) => "file-changed",
            BundleRefusal::Signature(refusal) => refusal.reason(),
            BundleRefusal::OtherPublisher { .. } => "other-publisher",
        }
    }
}

impl Bundle {
    /// Makes and signs a bundle. The packages must be of this publisher and in canonical form.
    ///
    /// # Errors
    /// [`BundleRefusal`].
    pub fn pack(mut news: News, packages: Vec<Vec<u8>>, key: &SigningKey) -> Result<Self, BundleRefusal> {
        news.keys.sort_by_key(|key| key.id);
        news.expire.sort_by_key(|one| one.id);
        news.revoke.sort_by_key(|one| one.id);
        let mut named = BTreeMap::new();
        for bytes in packages {
            let bytes = Bytes::from(bytes);
            let manifest = Package::read(bytes.clone())?.examine()?.manifest;
            let said = &manifest.connector.publisher;
            if *said != news.publisher {
                return Err(BundleRefusal::OtherPublisher {
                    said: said.to_string(),
                    signer: news.publisher.to_string(),
                });
            }
            named.insert(manifest.package_file_name(), bytes);
        }
        let statement = statement(&news, &named);
        let envelope = key.sign(serde_json::to_vec(&statement).expect("a statement holds only text and numbers"));
        Self::of(news, named, envelope)
    }

    fn of(news: News, packages: BTreeMap<String, Bytes>, envelope: Envelope) -> Result<Self, BundleRefusal> {
        let mut bundle = Bundle {
            news,
            packages,
            envelope,
            digest: String::new(),
        };
        let bytes = bundle.to_bytes();
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleRefusal::TooLarge);
        }
        bundle.digest = sha256_hex(&bytes);
        Ok(bundle)
    }

    /// Reads a bundle and holds its packages against its statement. Trust is another question.
    ///
    /// # Errors
    /// [`BundleRefusal`].
    pub fn read(bytes: &[u8]) -> Result<Self, BundleRefusal> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleRefusal::TooLarge);
        }
        let malformed = |why: String| BundleRefusal::Malformed(why.escape_debug().to_string());
        let mut files: BTreeMap<String, Bytes> = BTreeMap::new();
        let mut archive = tar::Archive::new(bytes);
        for entry in archive
            .entries()
            .map_err(|error| malformed(error.to_string()))?
            .raw(true)
        {
            let mut entry = entry.map_err(|error| malformed(error.to_string()))?;
            let name: String = String::from_utf8_lossy(&entry.path_bytes()).chars().take(120).collect();
            if entry.header().entry_type() != tar::EntryType::Regular || !is_file_name(&name) {
                return Err(malformed(format!("`{name}` has no place in it")));
            }
            if entry.size() > bytes.len() as u64 || files.len() > MOST {
                return Err(malformed("it claims more than it holds".to_owned()));
            }
            let mut data = Vec::new();
            entry
                .read_to_end(&mut data)
                .map_err(|error| malformed(error.to_string()))?;
            if files.insert(name.clone(), Bytes::from(data)).is_some() {
                return Err(malformed(format!("`{name}` is in it twice")));
            }
        }
        let written = files.remove(STATEMENT);
        let written = written.ok_or_else(|| malformed(format!("it lacks `{STATEMENT}`")))?;
        if written.len() > MAX_STATEMENT {
            return Err(BundleRefusal::TooLarge);
        }
        let envelope = Envelope::parse(STATEMENT, &written)?;
        let said: Statement = serde_json::from_slice(&envelope.payload)
            .map_err(|error| malformed(format!("its statement is none about a bundle ({error})")))?;
        check(&said, &files)?;
        let bundle = Self::of(said.predicate, files, envelope)?;
        match bundle.to_bytes() == bytes {
            true => Ok(bundle),
            false => Err(BundleRefusal::NotCanonical),
        }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let envelope = self.envelope.to_bytes();
        let mut add = |name: &str, data: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header
                .set_path(name)
                .expect("file names of packages are short and relative");
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(data.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            header.set_cksum();
            archive.append(&header, data).expect("writing to memory cannot fail");
        };
        add(STATEMENT, &envelope);
        for (name, data) in &self.packages {
            add(name, data);
        }
        archive.into_inner().expect("writing to memory cannot fail")
    }

    /// SHA-256 of the bytes, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// `PUBLISHER-SEQUENCE.oke-bundle`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}-{}.oke-bundle", self.news.publisher, self.news.sequence)
    }

    /// The trusted keys of this publisher that signed it; at least one.
    ///
    /// # Errors
    /// [`BundleRefusal`]: nobody trusted did, a trusted key's signature does not fit, or it is another publisher's.
    pub fn signers(&self, trust: &TrustStore, at: Timestamp) -> Result<Vec<Signer>, BundleRefusal> {
        let signed = self.envelope.signed_bytes();
        let (mut signers, mut refused) = (Vec::new(), None);
        for signature in &self.envelope.signatures {
            match trust.signer(&signature.key, at) {
                Ok((signer, key)) if !key.verifies(&signed, &signature.signature) => {
                    return Err(BundleRefusal::Signature(Refusal::BadSignature {
                        file: STATEMENT.to_owned(),
                        key: signer.key,
                    }));
                }
                Ok((signer, _)) if signer.publisher != self.news.publisher || signer.counter_only => {
                    return Err(BundleRefusal::OtherPublisher {
                        said: self.news.publisher.to_string(),
                        signer: signer.publisher.to_string(),
                    });
                }
                Ok((signer, _)) => signers.push(signer),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match (signers.is_empty(), refused) {
            (false, _) => Ok(signers),
            (true, refused) => Err(refused.unwrap_or(Refusal::NotSigned).into()),
        }
    }
}

fn statement(news: &News, packages: &BTreeMap<String, Bytes>) -> Statement {
    let subject = packages.iter().map(|(name, data)| Subject {
        name: name.clone(),
        digest: Sha256 {
            sha256: sha256_hex(data),
        },
    });
    Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: subject.collect(),
        predicate_type: PREDICATE.to_owned(),
        predicate: news.clone(),
    }
}

/// Whether the statement is one about a bundle, in its one form, and about exactly these packages.
fn check(said: &Statement, packages: &BTreeMap<String, Bytes>) -> Result<(), BundleRefusal> {
    let malformed = |why: &str| Err(BundleRefusal::Malformed(why.to_owned()));
    if said.statement_type != STATEMENT_TYPE || said.predicate_type != PREDICATE {
        return malformed("its statement is of another kind");
    }
    let news = &said.predicate;
    if news.sequence == 0 || i64::try_from(news.sequence).is_err() {
        return malformed("its number is none; it counts from 1");
    }
    if news.keys.len().max(news.expire.len()).max(news.revoke.len()) > MOST {
        return malformed("it names more keys than any publisher has");
    }
    if news.keys.iter().any(|key| key.public.id() != key.id) {
        return malformed("it names a key under the id of another");
    }
    let ids: BTreeSet<KeyId> = news.keys.iter().map(|key| key.id).collect();
    if ids.len() != news.keys.len() || news.revoke.iter().any(|one| ids.contains(&one.id)) {
        return malformed("it names a key twice, or brings and revokes it at once");
    }
    let expected = statement(news, packages);
    if *said == expected {
        return Ok(());
    }
    let signed: BTreeMap<&str, &str> = said
        .subject
        .iter()
        .map(|one| (one.name.as_str(), one.digest.sha256.as_str()))
        .collect();
    let there = expected.subject.iter();
    let changed = there
        .clone()
        .find(|one| signed.get(one.name.as_str()) != Some(&one.digest.sha256.as_str()));
    let missing = signed.keys().find(|name| !packages.contains_key(**name)).copied();
    let which = changed.map(|one| one.name.as_str()).or(missing).unwrap_or(STATEMENT);
    Err(BundleRefusal::Swapped(which.escape_debug().to_string()))
}

/// `bundle.dsse.json` or `NAME-VERSION.oke`: nothing that could be a path.
fn is_file_name(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '+');
    name == STATEMENT || (name.ends_with(".oke") && name.chars().all(plain) && !name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::fixture::{contents, contents_with, publisher_key, signed, slug, stranger_key, trust};

    fn news(sequence: u64) -> News {
        News {
            publisher: slug("voorbeeld-examens"),
            sequence,
            keys: Vec::new(),
            expire: Vec::new(),
            revoke: Vec::new(),
        }
    }

    fn bundle() -> Bundle {
        let packages = vec![
            signed(contents_with("1.3.0", "1.2.0")).to_bytes(),
            signed(contents()).to_bytes(),
        ];
        Bundle::pack(news(1), packages, &publisher_key()).unwrap()
    }

    fn at() -> Timestamp {
        "2026-09-01T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_bundle_is_read_back_as_it_was_packed_and_its_publisher_signed_it() {
        let packed = bundle();
        let read = Bundle::read(&packed.to_bytes()).unwrap();
        assert_eq!((read.digest(), &read.news), (packed.digest(), &packed.news));
        assert_eq!(read.packages.len(), 2);
        assert_eq!(read.file_name(), "voorbeeld-examens-1.oke-bundle");
        assert_eq!(read.signers(&trust(None), at()).unwrap().len(), 1);
        let by_a_stranger = Bundle::pack(news(1), Vec::new(), &stranger_key()).unwrap();
        let refused = by_a_stranger.signers(&trust(None), at()).unwrap_err();
        assert_eq!(refused.reason(), "unknown-key");
    }

    #[test]
    fn any_changed_byte_of_a_bundle_is_refused() {
        let bytes = bundle().to_bytes();
        for position in (0..bytes.len()).step_by(61) {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << (position % 8);
            let taken = Bundle::read(&changed).is_ok_and(|read| read.signers(&trust(None), at()).is_ok());
            assert!(!taken, "byte {position}");
        }
        for end in (0..bytes.len()).step_by(512) {
            assert!(Bundle::read(&bytes[..end]).is_err(), "cut off at {end}");
        }
    }

    #[test]
    fn a_package_added_left_out_or_of_another_publisher_is_refused() {
        let mut fewer = bundle();
        fewer.packages.pop_last();
        let refused = Bundle::read(&fewer.to_bytes()).unwrap_err();
        assert_eq!(refused.reason(), "file-changed", "{refused}");
        let mut swapped = bundle();
        let other = Bytes::from(signed(contents_with("1.4.0", "1.2.0")).to_bytes());
        swapped.packages.insert("voorbeeld-ta-1.2.0.oke".to_owned(), other);
        assert_eq!(Bundle::read(&swapped.to_bytes()).unwrap_err().reason(), "file-changed");
        let others = News {
            publisher: slug("ander"),
            ..news(1)
        };
        let refused = Bundle::pack(others, vec![signed(contents()).to_bytes()], &publisher_key()).unwrap_err();
        assert_eq!(refused.reason(), "other-publisher");
    }

    #[test]
    fn a_key_under_another_id_or_both_brought_and_revoked_is_refused() {
        let brought = NewKey {
            id: publisher_key().public().id(),
            public: stranger_key().public(),
        };
        let lying = News {
            keys: vec![brought],
            ..news(1)
        };
        let lying = Bundle::pack(lying, Vec::new(), &publisher_key()).unwrap();
        assert_eq!(Bundle::read(&lying.to_bytes()).unwrap_err().reason(), "not-a-bundle");
    }
}
