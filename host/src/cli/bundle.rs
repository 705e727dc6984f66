//! `oke bundle pack | verify | import`: a publisher's keys, revocations and packages in one signed file, for schools on
//! closed networks. `import` works on the database itself, beside a serving host, for every school of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::connector::{could_not, read_trust, write_file};
use super::outcome::{Done, Outcome, Stop};
use crate::app::World;
use crate::app::bundle::{self as verbs, BundleError};
use crate::app::publisher;
use crate::config::Settings;
use crate::connector::bundle::{Bundle, BundleRefusal, Expiry, MAX_BUNDLE_BYTES, NewKey, News, Revoked};
use crate::connector::signature::KeyId;
use crate::connector::signature::key_file::{PrivateKeyFile, PublicKeyFile};
use crate::server;
use crate::store::open::Purpose;

/// A publisher's keys, revocations and packages in one signed file, for many schools at once.
#[derive(Subcommand)]
pub(super) enum BundleCommand {
    Pack(Pack),
    Verify(Verify),
    Import(Import),
}

/// Make a bundle and sign it with a key that schools trust already.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke bundle pack --key keys/my-company.key --sequence 7 --out . my-vendor-1.4.0.oke
  oke bundle pack --key keys/old.key --sequence 8 --new-key keys/new.pub --expire 2fd1…e9=2027-01-01T00:00:00Z --out .
  oke bundle pack --key keys/new.key --sequence 9 --revoke 2fd1…e9=2026-09-01T00:00:00Z --reason 'laptop stolen' --out .")]
pub(super) struct Pack {
    /// The private key to sign with
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Counts up with each bundle of this publisher, from 1: a school takes no older one than it has
    #[arg(long, value_name = "NUMBER")]
    sequence: u64,
    /// A public key that signs from now on; may be given more than once
    #[arg(long, value_name = "FILE")]
    new_key: Vec<PathBuf>,
    /// A key that ends, as KEY=MOMENT; may be given more than once
    #[arg(long, value_name = "KEY=MOMENT", value_parser = key_and_moment)]
    expire: Vec<(KeyId, Timestamp)>,
    /// A key that was in other hands, as KEY=SINCE; may be given more than once
    #[arg(long, value_name = "KEY=SINCE", value_parser = key_and_moment, requires = "reason")]
    revoke: Vec<(KeyId, Timestamp)>,
    /// Why keys are revoked
    #[arg(long)]
    reason: Option<String>,
    /// The folder to write PUBLISHER-SEQUENCE.oke-bundle to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Signed packages of this publisher
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PathBuf>,
}

/// Say, offline, whether a bundle may be trusted, and what is in it.
#[derive(Args)]
pub(super) struct Verify {
    /// The trust file: whose keys are believed, since when
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
}

/// Import a bundle into every school of this host, each all or nothing, and say what became of it in each.
///
/// Works on the database itself, also beside a host that serves from it. A school that trusts no key of the publisher
/// refuses it, unless --trust-key names the key that signed: then that key is trusted first, on your word.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke bundle import my-company-7.oke-bundle
  oke bundle import --school roc-voorbeeld --trust-key keys/my-company.pub my-company-7.oke-bundle")]
pub(super) struct Import {
    /// Only this school
    #[arg(long, value_name = "SCHOOL")]
    school: Option<String>,
    /// A publisher's public key to trust first, checked with the publisher by another channel
    #[arg(long, value_name = "FILE")]
    trust_key: Option<PathBuf>,
    /// Settings file; `oke.toml` in this folder when there is one
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
}

/// Runs one verb.
pub(super) fn run(command: &BundleCommand) -> Outcome {
    match command {
        BundleCommand::Pack(arguments) => pack(arguments),
        BundleCommand::Verify(arguments) => verify(arguments),
        BundleCommand::Import(arguments) => import(arguments),
    }
}

fn key_and_moment(text: &str) -> Result<(KeyId, Timestamp), String> {
    let wrong = || format!("`{text}` is no KEY=MOMENT; write 2fd1…e9=2026-09-01T00:00:00Z");
    let (key, moment) = text.split_once('=').ok_or_else(wrong)?;
    Ok((key.parse()?, moment.parse().map_err(|_| wrong())?))
}

impl From<BundleRefusal> for Stop {
    fn from(refusal: BundleRefusal) -> Self {
        Stop::refused(refusal.reason(), refusal.to_string())
    }
}

fn read_at_most(path: &PathBuf) -> Result<Vec<u8>, Stop> {
    let size = std::fs::metadata(path)
        .map_err(|error| could_not("read", path, &error))?
        .len();
    if size > MAX_BUNDLE_BYTES as u64 {
        return Err(BundleRefusal::TooLarge.into());
    }
    std::fs::read(path).map_err(|error| could_not("read", path, &error))
}

fn pack(arguments: &Pack) -> Outcome {
    let key = PrivateKeyFile::read(&arguments.key)?;
    let mut keys = Vec::new();
    for path in &arguments.new_key {
        let file = PublicKeyFile::read(path)?;
        if file.publisher != key.publisher {
            let said = format!(
                "`{}` is a key of {}, not of {}",
                path.display(),
                file.publisher,
                key.publisher
            );
            return Err(Stop::refused("other-publisher", said));
        }
        keys.push(NewKey {
            id: file.id,
            public: file.public,
        });
    }
    let reason = arguments.reason.clone().unwrap_or_default();
    let news = News {
        publisher: key.publisher.clone(),
        sequence: arguments.sequence,
        keys,
        expire: arguments
            .expire
            .iter()
            .map(|(id, at)| Expiry { id: *id, at: *at })
            .collect(),
        revoke: arguments
            .revoke
            .iter()
            .map(|(id, since)| Revoked {
                id: *id,
                compromised_since: *since,
                reason: reason.clone(),
            })
            .collect(),
    };
    let packages: Result<Vec<Vec<u8>>, Stop> = arguments.packages.iter().map(read_at_most).collect();
    let bundle = Bundle::pack(news, packages?, &key.key)?;
    let bytes = bundle.to_bytes();
    // What could not be read back must not leave the house.
    Bundle::read(&bytes)?;
    let path = arguments.out.join(bundle.file_name());
    write_file(&path, &bytes)?;
    let facts = json!({ "written": path, "digest": bundle.digest(), "bundle": told(&bundle) });
    Done::new(format!("packed {}\n{}", path.display(), described(&bundle)), &facts)
}

fn told(bundle: &Bundle) -> Value {
    json!({
        "publisher": bundle.news.publisher,
        "sequence": bundle.news.sequence,
        "new_keys": bundle.news.keys,
        "expire": bundle.news.expire,
        "revoke": bundle.news.revoke,
        "packages": bundle.packages.keys().collect::<Vec<_>>(),
    })
}

fn described(bundle: &Bundle) -> String {
    let mut out = format!("bundle {} of {}", bundle.news.sequence, bundle.news.publisher);
    let mut line = |text: String| write!(out, "\n  {text}").expect("writing to memory cannot fail");
    for key in &bundle.news.keys {
        line(format!("new key {}", key.id));
    }
    for one in &bundle.news.expire {
        line(format!("key {} ends at {}", one.id, one.at));
    }
    for one in &bundle.news.revoke {
        let reason = one.reason.escape_debug();
        line(format!(
            "key {} is revoked: compromised since {}: {reason}",
            one.id, one.compromised_since
        ));
    }
    for name in bundle.packages.keys() {
        line(format!("package {name}"));
    }
    out
}

fn verify(arguments: &Verify) -> Outcome {
    let trust = read_trust(&arguments.trust)?;
    let bundle = Bundle::read(&read_at_most(&arguments.bundle)?)?;
    let signers = bundle.signers(&trust, World::of_this_machine().clock.now())?;
    let keys: Vec<String> = signers.iter().map(|signer| signer.key.to_string()).collect();
    let text = format!(
        "{}\nmay be trusted: signed with key {}",
        described(&bundle),
        keys.join(", ")
    );
    Done::new(
        text,
        &json!({ "signed_with": keys, "digest": bundle.digest(), "bundle": told(&bundle) }),
    )
}

fn import(arguments: &Import) -> Outcome {
    let settings =
        Settings::load(arguments.settings.as_deref()).map_err(|error| Stop::refused("settings", error.to_string()))?;
    let bundle = Bundle::read(&read_at_most(&arguments.bundle)?)?;
    let first = arguments.trust_key.as_deref().map(PublicKeyFile::read).transpose()?;
    let (lines, schools, refused) = super::on_runtime(into_schools(&settings, arguments, &bundle, first.as_ref()))??;
    let facts = json!({ "bundle": told(&bundle), "schools": schools });
    match refused {
        0 => Done::new(lines.join("\n"), &facts),
        _ => Err(Stop::refused("refused-by-schools", lines.join("\n"))),
    }
}

/// What became of the bundle in each school: a line and a fact each, and how many refused it.
async fn into_schools(
    settings: &Settings,
    arguments: &Import,
    bundle: &Bundle,
    first: Option<&PublicKeyFile>,
) -> Result<(Vec<String>, Vec<Value>, usize), Stop> {
    let core = server::open_core(settings, Purpose::Command)
        .await
        .map_err(|error| super::told("start", &error))?;
    let schools = core
        .db
        .tenants()
        .await
        .map_err(|error| super::told("database", &error))?;
    let wanted = |school: &str| arguments.school.as_deref().is_none_or(|only| only == school);
    let (mut lines, mut facts, mut refused) = (Vec::new(), Vec::new(), 0);
    for school in schools
        .iter()
        .map(|row| row.tenant.as_str())
        .filter(|school| wanted(school))
    {
        let outcome = into_school(&core, school, bundle, first).await;
        match outcome {
            Ok(done) if done.again => {
                lines.push(format!("{school}: had this bundle already"));
                facts.push(json!({ "school": school, "again": true }));
            }
            Ok(done) => {
                lines.push(format!(
                    "{school}: {} keys trusted, {} ending, {} revoked, {} packages admitted",
                    done.trusted.len(),
                    done.expiring.len(),
                    done.revoked.len(),
                    done.admitted.len()
                ));
                facts.push(
                    json!({ "school": school, "trusted": done.trusted, "expiring": done.expiring,
                    "revoked": done.revoked, "admitted": done.admitted }),
                );
            }
            Err(why) => {
                refused += 1;
                lines.push(format!("{school}: REFUSED, nothing changed: {why}"));
                facts.push(json!({ "school": school, "refused": why }));
            }
        }
    }
    match lines.is_empty() {
        true => Err(Stop::refused(
            "no-school",
            "this host has no such school; see `oke check`",
        )),
        false => Ok((lines, facts, refused)),
    }
}

/// The account that imports in the audit of every school.
const OPERATOR: &str = "operator";

async fn into_school(
    core: &crate::app::Core,
    school: &str,
    bundle: &Bundle,
    first: Option<&PublicKeyFile>,
) -> Result<verbs::Imported, String> {
    if let Some(key) = first {
        let (name, public) = (key.publisher.as_str(), key.public.to_string());
        publisher::trust(core, school, OPERATOR, name, &public)
            .await
            .map_err(|error| error.to_string())?;
    }
    verbs::import(core, school, OPERATOR, bundle)
        .await
        .map_err(|error: BundleError| error.to_string())
}
