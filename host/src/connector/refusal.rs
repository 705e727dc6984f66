//! Why a package is refused: one variant per reason, each a sentence that says what, where, and how to mend it.

use jiff::Timestamp;
use semver::Version;

use super::contract::{ContractBreach, Interface};
use super::manifest::ManifestError;
use super::signature::KeyId;

/// A package is not taken. Nothing of it has been stored or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // ---- the archive ----
    /// Larger than a package may be.
    #[error("the package is larger than {} MiB; leave out what the connector does not need", limit / 1024 / 1024)]
    TooLarge {
        /// Most bytes.
        limit: usize,
    },
    /// Not a tar archive, or a broken one.
    #[error("the file is not a connector package: {reason}; fetch it again, or make it with `oke connector pack`")]
    NotAnArchive {
        /// What the reader met.
        reason: String,
    },
    /// A file that packages don't have.
    #[error(
        "the package holds `{file}`, which is not allowed; it may hold connector.toml, component.wasm, NOTES.md, \
         sbom.json, profiles/NAME.toml and statement.dsse.json only"
    )]
    FileNotAllowed {
        /// The path.
        file: String,
    },
    /// A link, folder, device or extended header.
    #[error("the package holds `{file}`, which is not a plain file; links, folders and extended headers are refused")]
    NotAPlainFile {
        /// The path.
        file: String,
    },
    /// The same path again.
    #[error("the package holds `{file}` twice; make it again with `oke connector pack`")]
    FileTwice {
        /// The path.
        file: String,
    },
    /// A file beyond its limit.
    #[error("`{file}` in the package is larger than {} KiB; make it smaller", limit / 1024)]
    FileTooLarge {
        /// The path.
        file: String,
        /// Most bytes.
        limit: usize,
    },
    /// Too many files.
    #[error("the package holds more than {limit} files; leave out profiles")]
    TooManyFiles {
        /// Most files.
        limit: usize,
    },
    /// A file that must be there is not.
    #[error("the package has no `{file}`; add it and make the package again with `oke connector pack`")]
    FileMissing {
        /// The path.
        file: String,
    },
    /// The same contents would be written with other bytes.
    #[error(
        "the package is not in canonical form (first difference at byte {offset}); it was changed, or made by another \
         tool: fetch it again, or make it with `oke connector pack`"
    )]
    NotCanonical {
        /// Where the first difference is, counted from 0.
        offset: usize,
    },

    // ---- the signature ----
    /// No statement in it.
    #[error("the package is not signed; its publisher signs it with `oke connector sign`")]
    NotSigned,
    /// The envelope can't be read, or isn't in canonical form.
    #[error("`{file}` can't be used: {reason}; sign again with `oke connector sign`")]
    EnvelopeMalformed {
        /// Which file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Signed by a key that nobody here trusts.
    #[error(
        "the package is signed with key {key}, which is not trusted here; check with the publisher by another channel \
         that the key is theirs, then trust it"
    )]
    UnknownKey {
        /// The key, as the envelope names it.
        key: String,
    },
    /// The key was trusted only later than the package was admitted.
    #[error("key {key} of {publisher} is trusted since {since}, but the package was first admitted on {at}")]
    KeyNotYetTrusted {
        /// The key.
        key: KeyId,
        /// Whose.
        publisher: String,
        /// Start of trust.
        since: Timestamp,
        /// The time that counts.
        at: Timestamp,
    },
    /// The key is revoked, and the package came after it was compromised.
    #[error(
        "key {key} of {publisher} is revoked: compromised since {since}, and the package was first admitted on {at}; \
         ask the publisher for a version signed with a new key"
    )]
    KeyRevoked {
        /// The key.
        key: KeyId,
        /// Whose.
        publisher: String,
        /// The revocation's "compromised since".
        since: Timestamp,
        /// The time that counts.
        at: Timestamp,
    },
    /// The key's time was over when the package came.
    #[error(
        "key {key} of {publisher} expired on {expired}, and the package was first admitted on {at}; ask the publisher \
         for its present key, or for a version signed with it"
    )]
    KeyExpired {
        /// The key.
        key: KeyId,
        /// Whose.
        publisher: String,
        /// When it expired.
        expired: Timestamp,
        /// The time that counts.
        at: Timestamp,
    },
    /// The key signs along with others, and no packages of its own.
    #[error(
        "key {key} of {publisher} is trusted to counter-sign only, and it signed the package as its publisher; trust \
         the key as a publisher's if it is meant"
    )]
    CounterKeyOnly {
        /// The key.
        key: KeyId,
        /// Whose.
        publisher: String,
    },
    /// The signature doesn't fit what it signs.
    #[error("the signature by key {key} does not fit `{file}`: it was changed after signing; fetch the package again")]
    BadSignature {
        /// Which file.
        file: String,
        /// The key.
        key: KeyId,
    },
    /// The signed statement is not one of ours.
    #[error("the signed statement can't be used: {reason}; sign again with `oke connector sign`")]
    StatementMalformed {
        /// What is wrong.
        reason: String,
    },
    /// A file isn't the one that was signed.
    #[error("`{file}` is not the file that was signed; it was changed or swapped: fetch the package again")]
    FileChanged {
        /// The path.
        file: String,
    },
    /// A file is not covered by the statement.
    #[error("`{file}` is in the package but not in the signed statement; it was added after signing")]
    FileNotSigned {
        /// The path.
        file: String,
    },
    /// The statement covers a file that is not there.
    #[error("`{file}` is in the signed statement but not in the package; it was taken out after signing")]
    SignedFileMissing {
        /// The path.
        file: String,
    },
    /// Another publisher's key.
    #[error(
        "connector.toml says publisher `{said}`, but the key that signed belongs to `{signer}`; a publisher signs only \
         its own connectors"
    )]
    OtherPublisher {
        /// What the manifest says.
        said: String,
        /// Whose key it is.
        signer: String,
    },
    /// A counter-signature that is about another package.
    #[error("the counter-signatures are over {said}, not over this package; fetch the file that belongs to it")]
    CounterSignatureElsewhere {
        /// The digest they are about.
        said: String,
    },
    /// A party that must have counter-signed hasn't.
    #[error(
        "the package is not counter-signed by `{publisher}`; ask them to sign it with `oke connector sign --counter`"
    )]
    CounterSignatureMissing {
        /// Who.
        publisher: String,
    },

    // ---- the contents ----
    /// The manifest or a profile can't be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Made for another contract.
    #[error(
        "connector.toml asks for contract `{range}`, but this host serves {served} and what is older of the same line; \
         build for that, or upgrade the host"
    )]
    ContractOutOfRange {
        /// What the manifest asks for.
        range: String,
        /// What this host serves.
        served: Version,
    },
    /// The component's type breaks the contract.
    #[error(transparent)]
    Contract(#[from] ContractBreach),
    /// The manifest lies about what is served.
    #[error(
        "connector.toml and the component disagree on what is served: {}; correct `interfaces`",
        disagreement(only_said, only_exported)
    )]
    InterfacesDiffer {
        /// In the manifest only.
        only_said: Vec<Interface>,
        /// Exported only.
        only_exported: Vec<Interface>,
    },
    /// No release notes.
    #[error("NOTES.md is empty; write in Dutch what this version changes for the school")]
    NotesEmpty,
    /// Release notes that can't be shown.
    #[error("NOTES.md is not UTF-8 text; save it as UTF-8")]
    NotesNotText,
    /// The list of components can't be used.
    #[error("sbom.json can't be used: {reason}; let `oke connector pack` make it")]
    Sbom {
        /// What is wrong.
        reason: String,
    },
    /// A profile that the manifest doesn't name.
    #[error("the package holds `{file}`, which connector.toml doesn't name; add a `[[profile]]` or leave it out")]
    ProfileUnnamed {
        /// The path.
        file: String,
    },
}

impl Refusal {
    /// A stable word per reason, for scripts, audit entries and problem answers.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::FileTooLarge { .. } | Self::TooManyFiles { .. } => "too-large",
            Self::NotAnArchive { .. } => "not-a-package",
            Self::FileNotAllowed { .. } | Self::NotAPlainFile { .. } | Self::FileTwice { .. } => "file-not-allowed",
            Self::FileMissing { .. } => "file-missing",
            Self::NotCanonical { .. } => "not-canonical",
            Self::NotSigned => "not-signed",
            Self::EnvelopeMalformed { .. } => "envelope-malformed",
            Self::UnknownKey { .. } => "unknown-key",
            Self::KeyNotYetTrusted { .. } => "key-not-yet-trusted",
            Self::KeyRevoked { .. } => "key-revoked",
            Self::KeyExpired { .. } => "key-expired",
            Self::CounterKeyOnly { .. } => "counter-key-only",
            Self::BadSignature { .. } => "bad-signature",
            Self::StatementMalformed { .. } => "statement-malformed",
            Self::FileChanged { .. } | Self::FileNotSigned { .. } | Self::SignedFileMissing { .. } => "file-changed",
            Self::OtherPublisher { .. } => "other-publisher",
            Self::CounterSignatureElsewhere { .. } => "counter-signature-elsewhere",
            Self::CounterSignatureMissing { .. } => "counter-signature-missing",
            Self::Manifest(_) => "manifest",
            Self::ContractOutOfRange { .. } => "contract-out-of-range",
            Self::Contract(ContractBreach::ImportsWasi(_) | ContractBreach::ImportsBeyondContract(_)) => {
                "imports-beyond-contract"
            }
            Self::Contract(ContractBreach::NotAComponent(_)) => "not-a-component",
            Self::Contract(ContractBreach::OtherRelease { .. } | ContractBreach::NotServedYet { .. }) => {
                "contract-out-of-range"
            }
            Self::Contract(_) => "contract-broken",
            Self::InterfacesDiffer { .. } => "interfaces-differ",
            Self::NotesEmpty | Self::NotesNotText => "notes",
            Self::Sbom { .. } => "sbom",
            Self::ProfileUnnamed { .. } => "profile-unnamed",
        }
    }
}

fn disagreement(only_said: &[Interface], only_exported: &[Interface]) -> String {
    let list = |interfaces: &[Interface]| {
        let names: Vec<String> = interfaces.iter().map(|interface| format!("`{interface}`")).collect();
        names.join(", ")
    };
    match (only_said.is_empty(), only_exported.is_empty()) {
        (false, true) => format!("{} is in the manifest but not exported", list(only_said)),
        (true, false) => format!("{} is exported but not in the manifest", list(only_exported)),
        _ => format!(
            "{} is in the manifest but not exported, {} is exported but not in the manifest",
            list(only_said),
            list(only_exported)
        ),
    }
}
