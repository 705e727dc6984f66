//! Who signed what: Ed25519 keys, and the DSSE envelope that carries a signed in-toto statement. Which keys are
//! believed is the business of [`trust`](super::trust).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::domain::clock::Random;

pub mod key_file;
pub mod statement;

pub use statement::{CounterStatement, Statement};

/// Media type of the signed payload.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Most signatures in one envelope.
const MAX_SIGNATURES: usize = 16;

/// An Ed25519 public key: 32 bytes, in base64 where it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.0);
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_ref()[..16]);
        KeyId(id)
    }

    /// Whether `signature` was made over `message` with the private half.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| {
            "the public key is not an Ed25519 key: write its 32 bytes in base64, as in the `.pub` file that \
             `oke connector keygen` makes"
                .to_owned()
        })
    }
}

impl TryFrom<String> for PublicKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

/// Names a public key: the first 16 bytes of its SHA-256, in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 16]);

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for KeyId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut id = [0; 16];
        let lower_case = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut id) {
            Ok(()) if lower_case => Ok(Self(id)),
            _ => Err(format!(
                "`{}` is not a key id; write 32 lower-case hexadecimal digits, as `oke connector keygen` prints them",
                text.chars().take(80).collect::<String>().escape_debug()
            )),
        }
    }
}

impl TryFrom<String> for KeyId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

/// A private key, in memory.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// A new key from unpredictable bytes.
    pub fn generate(random: &dyn Random) -> Self {
        let mut seed = [0; 32];
        random.fill(&mut seed);
        Self::from_seed(seed)
    }

    /// The key with this seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("every 32 bytes are an Ed25519 seed");
        Self { seed, pair }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs `payload` into an envelope of its own.
    pub fn sign(&self, payload: Vec<u8>) -> Envelope {
        let mut envelope = Envelope {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload,
            signatures: Vec::new(),
        };
        self.add_signature(&mut envelope);
        envelope
    }

    /// Adds this key's signature to an envelope; an earlier one of the same key is replaced.
    pub fn add_signature(&self, envelope: &mut Envelope) {
        let key = self.public().id().to_string();
        let signature = self.pair.sign(&envelope.signed_bytes()).as_ref().to_vec();
        envelope.signatures.retain(|other| other.key != key);
        envelope.signatures.push(Signature { key, signature });
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.public().id())
    }
}

/// A DSSE envelope: a payload with its type, and signatures over both. Written in one form only: the fields in the
/// order of the specification, no white space, standard base64 and a last line feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Media type of the payload.
    pub payload_type: String,
    /// What is signed.
    pub payload: Vec<u8>,
    /// By whom.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key, as the envelope names it. Only a hint where to look: what counts is that the signature fits.
    pub key: String,
    /// The signature itself.
    pub signature: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenEnvelope {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// The bytes that are signed: DSSE's pre-authentication encoding, which binds the type to the payload.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = format!(
            "DSSEv1 {} {} {} ",
            self.payload_type.len(),
            self.payload_type,
            self.payload.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The envelope as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let signatures = self.signatures.iter().map(|signature| WrittenSignature {
            keyid: signature.key.clone(),
            sig: BASE64.encode(&signature.signature),
        });
        let written = WrittenEnvelope {
            payload: BASE64.encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: signatures.collect(),
        };
        let mut bytes = serde_json::to_vec(&written).expect("an envelope holds only text");
        bytes.push(b'\n');
        bytes
    }

    /// Reads an envelope; `file` is its name in errors.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        let refuse = |reason: &str| Refusal::EnvelopeMalformed {
            file: file.to_owned(),
            reason: reason.to_owned(),
        };
        let written: WrittenEnvelope = serde_json::from_slice(bytes).map_err(|error| {
            refuse(
                &format!("it is not a DSSE envelope ({error})")
                    .escape_debug()
                    .to_string(),
            )
        })?;
        if written.payload_type != PAYLOAD_TYPE {
            return Err(refuse("its payload type is not application/vnd.in-toto+json"));
        }
        if written.signatures.is_empty() || written.signatures.len() > MAX_SIGNATURES {
            return Err(refuse("it must hold 1 to 16 signatures"));
        }
        let decode = |text: &str| BASE64.decode(text).map_err(|_| refuse("it holds broken base64"));
        let mut envelope = Self {
            payload: decode(&written.payload)?,
            payload_type: written.payload_type,
            signatures: Vec::with_capacity(written.signatures.len()),
        };
        for signature in written.signatures {
            envelope.signatures.push(Signature {
                signature: decode(&signature.sig)?,
                key: signature.keyid,
            });
        }
        match envelope.to_bytes() == bytes {
            true => Ok(envelope),
            false => Err(refuse("it is not in canonical form")),
        }
    }
}
