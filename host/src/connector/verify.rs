//! Whether a package may be trusted, decided offline from its bytes, the operator's trust store and the moment this
//! host first admitted it. Nothing is compiled and nothing runs.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;

use super::package::{Examined, Package, STATEMENT_FILE};
use super::refusal::Refusal;
use super::signature::{CounterStatement, Envelope, Statement};
use super::trust::{Signer, TrustStore};

/// A package whose signature fits, whose publisher was trusted at the time that counts, and whose contents hang
/// together and keep to the contract.
#[derive(Debug, Clone)]
pub struct VerifiedPackage {
    /// The package itself: digest, component, bytes.
    pub package: Package,
    /// Its contents, read.
    pub contents: Examined,
    /// Who signed it, first.
    pub signer: Signer,
    /// Everyone whose signature counts: keys of the same publisher.
    pub signers: Vec<Signer>,
}

/// Verifies a package that this host first admitted `at` (for one it has never seen: now).
///
/// # Errors
/// The first reason found to refuse it, in this order: form of the archive, signature and key, files against the
/// signed statement, publisher, contents.
pub fn verify(bytes: impl Into<Bytes>, trust: &TrustStore, at: Timestamp) -> Result<VerifiedPackage, Refusal> {
    let package = Package::read(bytes)?;
    let file = package.statement().ok_or(Refusal::NotSigned)?;
    let envelope = Envelope::parse(STATEMENT_FILE, file)?;
    let signers = signers(&envelope, trust, at)?;
    let statement = Statement::parse(&envelope.payload)?;
    statement.check_files(&package)?;
    let contents = package.examine()?;
    let said = &contents.manifest.connector.publisher;
    if let Some(other) = signers.iter().find(|signer| signer.publisher != *said) {
        return Err(Refusal::OtherPublisher {
            said: said.to_string(),
            signer: other.publisher.to_string(),
        });
    }
    statement.check_manifest(&package, &contents.manifest)?;
    let signer = signers[0].clone();
    Ok(VerifiedPackage {
        package,
        contents,
        signer,
        signers,
    })
}

/// The trusted keys whose signatures fit, in the envelope's order; at least one. What an unknown or no longer trusted
/// key signed takes nothing away from what a trusted one did, so that a publisher may sign with its old and its new key;
/// a trusted key whose signature doesn't fit means that somebody tampered with it.
fn signers(envelope: &Envelope, trust: &TrustStore, at: Timestamp) -> Result<Vec<Signer>, Refusal> {
    let signed = envelope.signed_bytes();
    let (mut signers, mut refused) = (Vec::new(), None);
    let mut seen = BTreeSet::new();
    for signature in &envelope.signatures {
        if !seen.insert(signature.key.as_str()) {
            return Err(Refusal::EnvelopeMalformed {
                file: STATEMENT_FILE.to_owned(),
                reason: "it holds two signatures of one key".to_owned(),
            });
        }
        match trust.signer(&signature.key, at) {
            Ok((signer, key)) if !key.verifies(&signed, &signature.signature) => {
                return Err(Refusal::BadSignature {
                    file: STATEMENT_FILE.to_owned(),
                    key: signer.key,
                });
            }
            Ok((signer, _)) if signer.counter_only => {
                refused = refused.or(Some(Refusal::CounterKeyOnly {
                    key: signer.key,
                    publisher: signer.publisher.to_string(),
                }));
            }
            Ok((signer, _)) => signers.push(signer),
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    match (signers.is_empty(), refused) {
        (false, _) => Ok(signers),
        (true, Some(refusal)) => Err(refusal),
        (true, None) => Err(Refusal::NotSigned),
    }
}

/// What was found in a file of counter-signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterSignatures {
    /// Trusted parties that signed.
    pub signers: Vec<Signer>,
    /// Why others don't count: unknown or revoked keys. They take nothing away from the package.
    pub not_counted: Vec<Refusal>,
}

/// Reads the detached counter-signatures of a verified package (`NAME-VERSION.oke.sig.json`).
///
/// # Errors
/// When the file is malformed, is about another package, or holds a signature of a trusted key that doesn't fit: then
/// somebody tampered with it.
pub fn verify_counter_signatures(
    file_name: &str,
    bytes: &[u8],
    verified: &VerifiedPackage,
    trust: &TrustStore,
    at: Timestamp,
) -> Result<CounterSignatures, Refusal> {
    let envelope = Envelope::parse(file_name, bytes)?;
    let expected = CounterStatement::about(verified.package.digest(), &verified.contents.manifest);
    if envelope.payload != expected.to_bytes() {
        return Err(Refusal::CounterSignatureElsewhere {
            said: CounterStatement::subject_of(&envelope.payload),
        });
    }
    let signed = envelope.signed_bytes();
    let mut found = CounterSignatures {
        signers: Vec::new(),
        not_counted: Vec::new(),
    };
    for signature in &envelope.signatures {
        match trust.signer(&signature.key, at) {
            Ok((signer, key)) if key.verifies(&signed, &signature.signature) => found.signers.push(signer),
            Ok((signer, _)) => {
                return Err(Refusal::BadSignature {
                    file: file_name.to_owned(),
                    key: signer.key,
                });
            }
            Err(refusal) => found.not_counted.push(refusal),
        }
    }
    Ok(found)
}

#[cfg(test)]
pub(crate) mod hostile_tests;
#[cfg(test)]
mod tests;
