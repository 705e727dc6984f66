//! Sealing: what lies encrypted in the database, and the keys that are derived from the one master key.

use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use ring::{hkdf, hmac};

/// First byte of everything sealed, so that another cipher can follow some day.
const FORMAT: u8 = 1;

/// Seals and opens values with keys derived from the master key. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    seal: LessSafeKey,
    digest: hmac::Key,
    derive: hkdf::Prk,
    system: SystemRandom,
}

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was sealed with another master key or for another place, or it was changed.
    #[error("could not open a sealed value for `{0}`: another master key, another place, or changed bytes")]
    Refused(String),
    /// The operating system gave no random bytes.
    #[error("could not draw random bytes for sealing")]
    NoRandomness,
}

impl Sealer {
    /// From the 32 bytes of the master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        let derive = hkdf::Salt::new(hkdf::HKDF_SHA256, b"oke-host master key").extract(master);
        let seal = UnboundKey::new(&CHACHA20_POLY1305, &derived(&derive, "seal"))
            .expect("the derived key has the cipher's length");
        let digest = hmac::Key::new(hmac::HMAC_SHA256, &derived(&derive, "digest"));
        Sealer(Arc::new(Keys {
            seal: LessSafeKey::new(seal),
            digest,
            derive,
            system: SystemRandom::new(),
        }))
    }

    /// Encrypts for one place, such as `endpoint/TENANT/PEER/NAME`: moved to another row, the value doesn't open.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        // Not the World's dice: a nonce that repeats under the same key would give the content away, and tests seed
        // those dice.
        let mut nonce = [0_u8; NONCE_LEN];
        self.0.system.fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + CHACHA20_POLY1305.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        let mut content = plain.to_vec();
        self.0
            .seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut content,
            )
            .expect("a message in memory is shorter than the cipher's limit");
        sealed.extend_from_slice(&content);
        Ok(sealed)
    }

    /// Decrypts what was sealed for this place.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let refused = || SealError::Refused(place.to_owned());
        let (format, rest) = sealed.split_first().ok_or_else(refused)?;
        let (nonce, content) = rest.split_at_checked(NONCE_LEN).ok_or_else(refused)?;
        if *format != FORMAT {
            return Err(refused());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| refused())?;
        let mut content = content.to_vec();
        let length = self
            .0
            .seal
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut content)
            .map_err(|_| refused())?
            .len();
        content.truncate(length);
        Ok(content)
    }

    /// A digest that vouches for a content without giving it away: keyed, so that nobody without the master key can
    /// find the content by guessing. The same place and content give the same digest.
    #[must_use]
    pub fn digest(&self, place: &str, content: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0.digest);
        context.update(&(place.len() as u64).to_be_bytes());
        context.update(place.as_bytes());
        context.update(content);
        hex::encode(context.sign())
    }

    /// A key of its own for a purpose, such as authenticating cache files.
    #[must_use]
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        derived(&self.0.derive, &format!("purpose {purpose}"))
    }

    /// The host's own signing key for a purpose, such as `audit checkpoint`.
    #[must_use]
    pub fn signing_key(&self, purpose: &str) -> Ed25519KeyPair {
        let seed = derived(&self.0.derive, &format!("sign {purpose}"));
        Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are an ed25519 seed")
    }

    /// The public half of [`Sealer::signing_key`].
    #[must_use]
    pub fn public_key(&self, purpose: &str) -> Vec<u8> {
        self.signing_key(purpose).public_key().as_ref().to_vec()
    }
}

fn derived(key: &hkdf::Prk, purpose: &str) -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    key.expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut bytes))
        .expect("32 bytes is what HKDF-SHA256 gives");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_and_in_its_place() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("endpoint/a", b"s3cret").unwrap();
        assert_eq!(sealer.open("endpoint/a", &sealed).unwrap(), b"s3cret");
        assert!(sealer.open("endpoint/b", &sealed).is_err());
        assert!(Sealer::new(&[8; 32]).open("endpoint/a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("endpoint/a", &changed).is_err(), "byte {at}");
        }
        assert!(sealer.open("endpoint/a", &sealed[..5]).is_err());
    }

    #[test]
    fn sealing_twice_gives_different_bytes_and_digesting_twice_the_same() {
        let sealer = Sealer::new(&[7; 32]);
        assert_ne!(sealer.seal("a", b"x").unwrap(), sealer.seal("a", b"x").unwrap());
        assert_eq!(sealer.digest("a", b"x"), sealer.digest("a", b"x"));
        assert_ne!(sealer.digest("a", b"x"), sealer.digest("ax", b""));
        assert_ne!(sealer.digest("a", b"x"), Sealer::new(&[8; 32]).digest("a", b"x"));
        assert_ne!(sealer.public_key("one"), sealer.public_key("two"));
    }
}
