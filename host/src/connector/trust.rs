//! Whom the operator trusts: publishers with their keys, each from a moment on, and when a key is revoked, from which
//! moment it was in other hands. **The time that counts is when this host first admitted the package**: a package
//! admitted before the key was compromised stays good, however the key fares later.
//!
//! The store is filled from the database by the host, and from a trust file (TOML) by `oke connector verify --trust`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::Slug;
use super::refusal::Refusal;
use super::signature::{KeyId, PublicKey};

/// A key that is, or was, trusted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrustedKey {
    /// Its id, as a check on `public`.
    pub id: KeyId,
    /// The key.
    pub public: PublicKey,
    /// Packages admitted from this moment on may be signed with it.
    pub trusted_since: Timestamp,
    /// Revoked: compromised since this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_since: Option<Timestamp>,
    /// Packages admitted from this moment on may no longer be signed with it; those admitted before stay good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// It signs along with publishers, as a school does, and no packages of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counter_only: bool,
}

/// A publisher with keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrustedPublisher {
    /// The name that its manifests bear.
    pub name: Slug,
    /// Its keys; a new one is added beside the old.
    #[serde(default, rename = "key")]
    pub keys: Vec<TrustedKey>,
}

/// Whose signature counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// The publisher.
    pub publisher: Slug,
    /// The key.
    pub key: KeyId,
    /// Whether the key only signs along with others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub counter_only: bool,
}

/// A trust file or set of publishers that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The file can't be read.
    #[error("{place}{message}")]
    File {
        /// Line, when there is one.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A key under a wrong id.
    #[error("the key of `{publisher}` written under id {said} has id {is}; correct the id, or the key")]
    IdOfOtherKey {
        /// Whose.
        publisher: String,
        /// The id as written.
        said: KeyId,
        /// The id it has.
        is: KeyId,
    },
    /// A key that is there twice.
    #[error("key {key} is written twice (for `{first}` and `{second}`); a key belongs to one publisher, once")]
    KeyTwice {
        /// The key.
        key: KeyId,
        /// Whose, first.
        first: String,
        /// Whose, again.
        second: String,
    },
}

/// The keys an operator trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustStore {
    keys: BTreeMap<KeyId, (Slug, TrustedKey)>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TrustFile {
    #[serde(default)]
    publisher: Vec<TrustedPublisher>,
}

impl TrustStore {
    /// The store of these publishers.
    pub fn of(publishers: impl IntoIterator<Item = TrustedPublisher>) -> Result<Self, TrustError> {
        let mut store = Self::default();
        for publisher in publishers {
            for key in publisher.keys {
                store.add(&publisher.name, key)?;
            }
        }
        Ok(store)
    }

    /// Reads a trust file.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let file: TrustFile = toml::from_str(text).map_err(|error| TrustError::File {
            place: error
                .span()
                .map(|span| format!("line {}: ", 1 + text[..span.start].matches('\n').count()))
                .unwrap_or_default(),
            message: error.message().to_owned(),
        })?;
        Self::of(file.publisher)
    }

    /// Whether no key is trusted at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Who signs with this key, if a package first admitted `at` may be signed with it.
    pub fn signer(&self, key: &str, at: Timestamp) -> Result<(Signer, PublicKey), Refusal> {
        let known = key.parse::<KeyId>().ok().and_then(|id| self.keys.get(&id));
        let Some((publisher, trusted)) = known else {
            return Err(Refusal::UnknownKey {
                key: key.chars().take(64).collect::<String>().escape_debug().to_string(),
            });
        };
        if at < trusted.trusted_since {
            return Err(Refusal::KeyNotYetTrusted {
                key: trusted.id,
                publisher: publisher.to_string(),
                since: trusted.trusted_since,
                at,
            });
        }
        if let Some(since) = trusted.revoked_since
            && at >= since
        {
            return Err(Refusal::KeyRevoked {
                key: trusted.id,
                publisher: publisher.to_string(),
                since,
                at,
            });
        }
        if let Some(expired) = trusted.expires
            && at >= expired
        {
            return Err(Refusal::KeyExpired {
                key: trusted.id,
                publisher: publisher.to_string(),
                expired,
                at,
            });
        }
        let signer = Signer {
            publisher: publisher.clone(),
            key: trusted.id,
            counter_only: trusted.counter_only,
        };
        Ok((signer, trusted.public))
    }

    /// The same with one key more.
    pub fn trusting(mut self, publisher: &Slug, key: TrustedKey) -> Result<Self, TrustError> {
        self.add(publisher, key)?;
        Ok(self)
    }

    /// The same, as it would be if this key were revoked as compromised since then: an earlier revocation stands.
    #[must_use]
    pub fn revoking(mut self, key: KeyId, since: Timestamp) -> Self {
        if let Some((_, trusted)) = self.keys.get_mut(&key) {
            trusted.revoked_since = Some(trusted.revoked_since.map_or(since, |known| known.min(since)));
        }
        self
    }

    /// Whether a key is known here, trusted or no longer.
    #[must_use]
    pub fn knows(&self, key: KeyId) -> bool {
        self.keys.contains_key(&key)
    }

    fn add(&mut self, publisher: &Slug, key: TrustedKey) -> Result<(), TrustError> {
        let is = key.public.id();
        if is != key.id {
            return Err(TrustError::IdOfOtherKey {
                publisher: publisher.to_string(),
                said: key.id,
                is,
            });
        }
        if let Some((first, _)) = self.keys.insert(key.id, (publisher.clone(), key)) {
            return Err(TrustError::KeyTwice {
                key: is,
                first: first.to_string(),
                second: publisher.to_string(),
            });
        }
        Ok(())
    }
}
