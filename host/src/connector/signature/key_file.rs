//! Keys on disk. The private key is PKCS#8 in PEM (RFC 8410), readable by its owner only, and is never overwritten.
//! The public key is a small TOML file that can be pasted into a trust file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::{KeyId, PublicKey, SigningKey};
use crate::connector::manifest::Slug;

/// PKCS#8 version 1 of an Ed25519 key is this prefix and the seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// No key file of ours is longer.
const MAX_BYTES: u64 = 64 * 1024;

/// A key file that can't be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is there already.
    #[error("`{}` exists already; a key is never overwritten: choose another --name or --out", .0.display())]
    Exists(PathBuf),
    /// The system refuses.
    #[error("could not {doing} `{}`: {source}", path.display())]
    Io {
        /// What we were doing.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others can read it.
    #[error(
        "the private key `{}` can be read by others than its owner; run `chmod 600` on it, and if anyone may have read \
         it, make a new key and revoke this one", .0.display()
    )]
    Exposed(PathBuf),
    /// Not a key file.
    #[error("`{}` is not a key file of `oke connector keygen`: {reason}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A private key with the publisher it was made for.
#[derive(Debug)]
pub struct PrivateKeyFile {
    /// Whose it is.
    pub publisher: Slug,
    /// The key.
    pub key: SigningKey,
}

/// A public key with its publisher.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublicKeyFile {
    /// Whose it is.
    pub publisher: Slug,
    /// Its id.
    pub id: KeyId,
    /// The key.
    pub public: PublicKey,
}

impl PrivateKeyFile {
    /// Writes the key to a file that must not exist yet, with mode 0600 from its first moment.
    pub fn write(&self, path: &Path) -> Result<(), KeyFileError> {
        let mut der = PKCS8_PREFIX.to_vec();
        der.extend_from_slice(&self.key.seed);
        let text = format!(
            "Private key of publisher {} (key {}). Keep it secret: whoever has it can sign connectors in your name.\n\
             {BEGIN}\n{}\n{END}\n",
            self.publisher,
            self.key.public().id(),
            BASE64.encode(der)
        );
        create_new(path, &text, 0o600)
    }

    /// Reads a private key; refuses one that others can read.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let mut file = File::open(path).map_err(|source| io_error("open", path, source))?;
        refuse_exposed(&file, path)?;
        let text = read_text(&mut file, path)?;
        let malformed = |reason: &str| KeyFileError::Malformed {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let publisher = text
            .strip_prefix("Private key of publisher ")
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|name| name.parse().ok())
            .ok_or_else(|| malformed("its first line does not name the publisher"))?;
        let body = text
            .split_once(BEGIN)
            .and_then(|(_, rest)| rest.split_once(END))
            .map(|(body, _)| body.split_whitespace().collect::<String>())
            .ok_or_else(|| malformed("it holds no PEM block `PRIVATE KEY`"))?;
        let der = BASE64
            .decode(body)
            .map_err(|_| malformed("its PEM block is broken base64"))?;
        let seed = der
            .strip_prefix(&PKCS8_PREFIX)
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
            .ok_or_else(|| malformed("it holds another kind of key than Ed25519 in PKCS#8"))?;
        Ok(Self {
            publisher,
            key: SigningKey::from_seed(seed),
        })
    }

    /// The public half, to hand out.
    pub fn public(&self) -> PublicKeyFile {
        let public = self.key.public();
        PublicKeyFile {
            publisher: self.publisher.clone(),
            id: public.id(),
            public,
        }
    }
}

impl PublicKeyFile {
    /// Writes the key to a file that must not exist yet.
    pub fn write(&self, path: &Path) -> Result<(), KeyFileError> {
        let text = format!(
            "# Public key of an OKE connector publisher. Hand it out; tell the id by another channel.\n\
             publisher = \"{}\"\nid = \"{}\"\npublic = \"{}\"\n",
            self.publisher, self.id, self.public
        );
        create_new(path, &text, 0o644)
    }

    /// Reads a public key and checks that its id is its own.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let mut file = File::open(path).map_err(|source| io_error("open", path, source))?;
        let text = read_text(&mut file, path)?;
        Self::parse(&text).map_err(|reason| KeyFileError::Malformed {
            path: path.to_owned(),
            reason,
        })
    }

    /// Reads the text of a public key file, as pasted or uploaded.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        match file.public.id() == file.id {
            true => Ok(file),
            false => Err(format!(
                "its id does not belong to its key, which has id {}",
                file.public.id()
            )),
        }
    }
}

fn create_new(path: &Path, text: &str, mode: u32) -> Result<(), KeyFileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _unused_here = mode;
    let mut file = options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => io_error("create", path, source),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|source| io_error("write", path, source))
}

#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = file.metadata().map_err(|source| io_error("look at", path, source))?;
    match metadata.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(KeyFileError::Exposed(path.to_owned())),
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_file: &File, _path: &Path) -> Result<(), KeyFileError> {
    Ok(())
}

fn read_text(file: &mut File, path: &Path) -> Result<String, KeyFileError> {
    let mut text = String::new();
    file.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|source| io_error("read", path, source))?;
    Ok(text)
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
