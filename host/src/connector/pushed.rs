//! Whether a push comes from the vendor: the signature or secret that the manifest's scheme asks for, checked by the host
//! before any connector runs.

use http::HeaderMap;
use jiff::Timestamp;
use ring::{digest, hmac, signature};

use super::manifest::{Encoding, Scheme, SignedContent, Webhook};

/// Why a push is not taken for the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    /// A header is absent, twice there, or no text.
    #[error("header `{0}` must be there once; it carries what the push is checked by")]
    Header(String),
    /// The signature can't be read.
    #[error("header `{0}` does not hold a signature as agreed: another prefix or another encoding")]
    Unreadable(String),
    /// It is another's, or the body was changed.
    #[error(
        "the signature is not that of this body with the secret agreed; compare the secret, and sign the bytes sent"
    )]
    OtherSignature,
    /// The time of signing can't be read.
    #[error("header `{0}` does not hold a time in seconds since 1970")]
    NoTime(String),
    /// It was signed too long ago, or in the future.
    #[error("it was signed {apart} seconds from the time here, and at most {tolerance} are taken; sign it anew")]
    OtherTime {
        /// How far apart, in seconds.
        apart: u64,
        /// How far at most.
        tolerance: u32,
    },
}

/// A push that comes from the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genuine {
    /// Digest of what was signed, hexadecimal: the same for whoever sends it again.
    pub digest: String,
    /// The time of signing is part of that: the same digest is the same push. Without it, it may be a replay or the same
    /// words said anew, and nobody can tell which.
    pub is_timed: bool,
}

impl Genuine {
    fn of(signed: &[u8], is_timed: bool) -> Self {
        Self {
            digest: hex::encode(digest::digest(&digest::SHA256, signed)),
            is_timed,
        }
    }
}

/// Checks a push. `secret` is the shared secret, or the 32 bytes of the vendor's Ed25519 key.
///
/// # Errors
/// [`NotGenuine`].
pub fn check(
    webhook: &Webhook,
    secret: &[u8],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Genuine, NotGenuine> {
    let shown = header(headers, &webhook.header)?;
    let unreadable = || NotGenuine::Unreadable(webhook.header.clone());
    let shown = shown.strip_prefix(&webhook.prefix).ok_or_else(unreadable)?;
    if webhook.scheme == Scheme::SharedSecret {
        return match is_same(secret, shown.as_bytes()) {
            true => Ok(Genuine::of(body, false)),
            false => Err(NotGenuine::OtherSignature),
        };
    }
    let signature = decoded(webhook.encoding, shown).ok_or_else(unreadable)?;
    let time = match (&webhook.timestamp_header, webhook.signs) {
        (Some(name), SignedContent::TimestampAndBody) => Some(signed_at(webhook, headers, name, now)?),
        _ => None,
    };
    let signed = match time {
        Some(time) => [time.as_bytes(), b".", body].concat(),
        None => body.to_vec(),
    };
    let is_genuine = match webhook.scheme {
        Scheme::HmacSha256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::verify(&key, &signed, &signature).is_ok()
        }
        Scheme::Ed25519 => signature::UnparsedPublicKey::new(&signature::ED25519, secret)
            .verify(&signed, &signature)
            .is_ok(),
        Scheme::SharedSecret => false,
    };
    match is_genuine {
        true => Ok(Genuine::of(&signed, time.is_some())),
        false => Err(NotGenuine::OtherSignature),
    }
}

/// The time of signing as it was written, when it is near enough.
fn signed_at<'a>(webhook: &Webhook, headers: &'a HeaderMap, name: &str, now: Timestamp) -> Result<&'a str, NotGenuine> {
    let written = header(headers, name)?;
    let seconds: i64 = written.parse().map_err(|_| NotGenuine::NoTime(name.to_owned()))?;
    let apart = seconds.abs_diff(now.as_second());
    let tolerance = webhook.tolerance_seconds;
    match apart <= u64::from(tolerance) {
        true => Ok(written),
        false => Err(NotGenuine::OtherTime { apart, tolerance }),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, NotGenuine> {
    let mut all = headers.get_all(name).iter();
    let (first, second) = (all.next(), all.next());
    match (first.and_then(|value| value.to_str().ok()), second) {
        (Some(text), None) => Ok(text),
        _ => Err(NotGenuine::Header(name.to_owned())),
    }
}

fn decoded(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    match encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => base64::engine::general_purpose::STANDARD.decode(text).ok(),
    }
}

/// Compares without telling by its time where the difference is: two authentication codes under the same key.
fn is_same(secret: &[u8], shown: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"compare");
    hmac::verify(&key, shown, hmac::sign(&key, secret).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"event":"outcome"}"#;

    fn webhook(more: &str) -> Webhook {
        toml::from_str(&format!("name = \"outcomes\"\nheader = \"x-signature\"\n{more}")).unwrap()
    }

    fn timed() -> Webhook {
        webhook(
            "scheme = \"hmac-sha256\"\nprefix = \"sha256=\"\nsigns = \"timestamp-and-body\"\n\
             timestamp-header = \"x-time\"",
        )
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_780_300_800).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn mac(secret: &[u8], signed: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hex::encode(hmac::sign(&key, signed).as_ref())
    }

    fn signed(secret: &[u8], time: i64, body: &[u8]) -> HeaderMap {
        let content = [time.to_string().as_bytes(), b".", body].concat();
        let time = time.to_string();
        headers(&[
            ("x-signature", &format!("sha256={}", mac(secret, &content))),
            ("x-time", &time),
        ])
    }

    #[test]
    fn a_signed_push_is_genuine_and_the_same_one_has_the_same_id() {
        let shown = signed(b"secret", 1_780_300_790, BODY);
        let first = check(&timed(), b"secret", &shown, BODY, now()).unwrap();
        assert!(first.is_timed);
        assert_eq!(check(&timed(), b"secret", &shown, BODY, now()).unwrap(), first);
    }

    #[test]
    fn another_secret_body_or_time_is_not_genuine() {
        let shown = signed(b"secret", 1_780_300_790, BODY);
        let refused = |secret: &[u8], headers: &HeaderMap, body: &[u8]| {
            check(&timed(), secret, headers, body, now()).unwrap_err()
        };
        assert_eq!(refused(b"other", &shown, BODY), NotGenuine::OtherSignature);
        assert_eq!(refused(b"secret", &shown, b"{}"), NotGenuine::OtherSignature);
        let mut moved = shown.clone();
        moved.insert("x-time", "1780300791".parse().unwrap());
        assert_eq!(refused(b"secret", &moved, BODY), NotGenuine::OtherSignature);
        let old = signed(b"secret", 1_780_300_499, BODY);
        assert_eq!(
            refused(b"secret", &old, BODY),
            NotGenuine::OtherTime {
                apart: 301,
                tolerance: 300
            }
        );
    }

    #[test]
    fn headers_that_are_absent_double_or_otherwise_written_are_named() {
        let refused = |headers: &HeaderMap| {
            check(&timed(), b"secret", headers, BODY, now())
                .unwrap_err()
                .to_string()
        };
        assert!(refused(&HeaderMap::new()).contains("x-signature"));
        let mut double = signed(b"secret", 1_780_300_790, BODY);
        double.append("x-signature", "sha256=00".parse().unwrap());
        assert!(refused(&double).contains("once"));
        assert!(refused(&headers(&[("x-signature", "00"), ("x-time", "1")])).contains("prefix"));
        assert!(refused(&headers(&[("x-signature", "sha256=zz"), ("x-time", "1")])).contains("encoding"));
        assert!(refused(&headers(&[("x-signature", "sha256=00"), ("x-time", "yesterday")])).contains("1970"));
    }

    #[test]
    fn a_key_pair_and_a_shared_secret_are_checked_as_well() {
        let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let by_key = webhook("scheme = \"ed25519\"\nencoding = \"base64\"");
        let shown = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(pair.sign(BODY).as_ref())
        };
        let public = signature::KeyPair::public_key(&pair).as_ref();
        assert_eq!(
            check(&by_key, public, &headers(&[("x-signature", &shown)]), BODY, now()),
            Ok(Genuine::of(BODY, false))
        );
        assert!(check(&by_key, &[7; 32], &headers(&[("x-signature", &shown)]), BODY, now()).is_err());

        let by_secret = webhook("scheme = \"shared-secret\"");
        assert_eq!(
            check(
                &by_secret,
                b"s3cret",
                &headers(&[("x-signature", "s3cret")]),
                BODY,
                now()
            ),
            Ok(Genuine::of(BODY, false))
        );
        assert!(
            check(
                &by_secret,
                b"s3cret",
                &headers(&[("x-signature", "s3cre")]),
                BODY,
                now()
            )
            .is_err()
        );
    }
}
