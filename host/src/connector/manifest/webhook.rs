//! `[[webhook]]`: how the vendor signs what it pushes. The host checks it before the connector runs; the secret or
//! public key itself is the operator's and never in a package.

use serde::{Deserialize, Serialize};

use super::identity::Slug;

/// One kind of push.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, try_from = "WrittenWebhook")]
pub struct Webhook {
    /// Name, last part of the address the vendor pushes to.
    pub name: Slug,
    /// How it is authenticated.
    pub scheme: Scheme,
    /// The header that carries the signature or secret, in lower case.
    pub header: String,
    /// Text before the signature in that header, such as `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What is signed.
    #[serde(default)]
    pub signs: SignedContent,
    /// The header with the time of signing in seconds since 1970, in lower case; needed when the time is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// How far that time may be from ours, in seconds.
    #[serde(default = "five_minutes")]
    pub tolerance_seconds: u32,
}

/// How a push is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// HMAC with SHA-256 and a shared secret.
    HmacSha256,
    /// Signature with the vendor's Ed25519 key.
    Ed25519,
    /// The header holds a shared secret itself. Weak; compared in constant time.
    SharedSecret,
}

/// How a signature is written in its header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Hexadecimal.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

/// What a signature covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedContent {
    /// The body.
    #[default]
    Body,
    /// The time's text, a full stop, and the body.
    TimestampAndBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenWebhook {
    name: Slug,
    scheme: Scheme,
    header: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    signs: SignedContent,
    timestamp_header: Option<String>,
    #[serde(default = "five_minutes")]
    tolerance_seconds: u32,
}

fn five_minutes() -> u32 {
    300
}

impl TryFrom<WrittenWebhook> for Webhook {
    type Error = String;

    fn try_from(written: WrittenWebhook) -> Result<Self, String> {
        for header in std::iter::once(&written.header).chain(&written.timestamp_header) {
            let plain = header
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if header.is_empty() || !plain {
                return Err(format!(
                    "`{}` is not a header name; write it in lower case, such as `x-signature`",
                    header.escape_debug()
                ));
            }
        }
        let signs_time = written.signs == SignedContent::TimestampAndBody;
        if signs_time && written.timestamp_header.is_none() {
            return Err("`signs` includes the time; say in `timestamp-header` where it stands".to_owned());
        }
        if signs_time && written.scheme == Scheme::SharedSecret {
            return Err("a shared secret signs nothing; drop `signs`".to_owned());
        }
        Ok(Self {
            name: written.name,
            scheme: written.scheme,
            header: written.header,
            prefix: written.prefix,
            encoding: written.encoding,
            signs: written.signs,
            timestamp_header: written.timestamp_header,
            tolerance_seconds: written.tolerance_seconds,
        })
    }
}
