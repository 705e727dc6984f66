//! `oke connector inspect`: what is in a package, for the person who must decide about it.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::read_package;
use crate::cli::outcome::{Done, Outcome};
use crate::connector::manifest::{ConfigKind, ExtraTime, Manifest};
use crate::connector::package::{Examined, Package, STATEMENT_FILE, sha256_hex};
use crate::connector::signature::Envelope;

/// Show what a package holds and asks for, without running or trusting it.
///
/// Identity, digest, whose key signed it (unchecked: see `oke connector verify`), the interfaces its component really
/// exports and imports, the endpoints, methods and paths it asks for, its settings, profiles and release notes. The
/// manifest can be read in any archive tool as well: the package is a plain tar file.
#[derive(Args)]
#[command(after_help = "\
Examples:
  oke connector inspect my-vendor-1.0.0.oke
  oke connector inspect --json my-vendor-1.0.0.oke | jq .manifest.endpoint")]
pub(super) struct Arguments {
    /// The package
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let package = Package::read(read_package(&arguments.package)?)?;
    let contents = package.examine()?;
    let keys: Vec<String> = match package.statement() {
        None => Vec::new(),
        Some(statement) => {
            let envelope = Envelope::parse(STATEMENT_FILE, statement)?;
            envelope.signatures.into_iter().map(|signature| signature.key).collect()
        }
    };
    let files: Vec<_> = package
        .signed_files()
        .map(|(name, data)| json!({ "name": name.to_string(), "bytes": data.len(), "sha256": sha256_hex(data) }))
        .collect();
    Done::new(
        plain(&describe(&package, &contents, &keys)),
        &json!({
            "digest": package.digest(),
            "signed_with_keys": keys,
            "manifest": contents.manifest,
            "exports": contents.surface.exports,
            "imports": contents.surface.imports,
            "profiles": contents.profiles,
            "notes": contents.notes,
            "sbom": contents.sbom,
            "files": files,
        }),
    )
}

fn describe(package: &Package, contents: &Examined, keys: &[String]) -> String {
    let manifest = &contents.manifest;
    let connector = &manifest.connector;
    let mut out = format!("{} {}: {}\n", connector.name, connector.version, connector.title);
    line(&mut out, "publisher", connector.publisher.as_str());
    line(&mut out, "digest", &package.digest().to_string());
    let signed = match keys {
        [] => "no".to_owned(),
        keys => format!("with key {} (unchecked; see `oke connector verify`)", keys.join(", ")),
    };
    line(&mut out, "signed", &signed);
    line(&mut out, "contract", &connector.contract.to_string());
    line(&mut out, "serves", &list(contents.surface.exports.iter()));
    line(&mut out, "imports", &list(contents.surface.imports.iter()));
    line(
        &mut out,
        "asks for",
        &format!(
            "{} MiB of memory, {} ms per call",
            manifest.limits.memory_mib, manifest.limits.budget_ms
        ),
    );
    line(&mut out, "needs", &needs(manifest));
    line(
        &mut out,
        "made from",
        &format!("{} listed in sbom.json", contents.sbom.components.len()),
    );
    describe_endpoints(&mut out, manifest);
    describe_settings(&mut out, manifest);
    for profile in &contents.profiles {
        let values: Vec<String> = profile
            .values
            .iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        push(
            &mut out,
            format_args!(
                "\nprofile {}: {}\n  {}\n",
                profile.name,
                profile.title,
                values.join(", ")
            ),
        );
    }
    push(&mut out, format_args!("\nrelease notes\n"));
    for note in contents.notes.trim().lines() {
        match note.trim_end() {
            "" => out.push('\n'),
            note => push(&mut out, format_args!("  {note}\n")),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn describe_endpoints(out: &mut String, manifest: &Manifest) {
    for endpoint in &manifest.endpoints {
        push(
            out,
            format_args!("\nendpoint {}: {}\n", endpoint.name, endpoint.description),
        );
        for rule in &endpoint.allow {
            push(out, format_args!("  {rule}\n"));
        }
    }
    for webhook in &manifest.webhooks {
        let scheme = serde_json::to_value(webhook.scheme).unwrap_or_default();
        push(
            out,
            format_args!("\nwebhook {}: {} in header {}\n", webhook.name, scheme, webhook.header),
        );
    }
}

fn describe_settings(out: &mut String, manifest: &Manifest) {
    if manifest.config.is_empty() {
        return;
    }
    push(out, format_args!("\nsettings\n"));
    for (key, field) in manifest.config.fields() {
        let kind = match &field.kind {
            ConfigKind::Choice(choices) => choices.join(" | "),
            ConfigKind::Integer { minimum, maximum } if (*minimum, *maximum) != (i64::MIN, i64::MAX) => {
                format!("integer, {minimum} to {maximum}")
            }
            other => other.name().to_owned(),
        };
        let default = match (&field.default, field.required) {
            (Some(default), _) => format!(", default {default}"),
            (None, true) => ", required".to_owned(),
            (None, false) => String::new(),
        };
        push(out, format_args!("  {key} ({kind}{default}): {}\n", field.description));
    }
}

fn needs(manifest: &Manifest) -> String {
    let codes = match manifest.needs.codes.is_empty() {
        true => "no codes".to_owned(),
        false => manifest.needs.codes.join(", "),
    };
    let step = |step: u32, unit: &str| match step {
        1 => format!("; extra time in {unit}"),
        step => format!("; extra time in steps of {step} {unit}"),
    };
    let extra_time = match manifest.needs.extra_time {
        None => "; no extra time".to_owned(),
        Some(ExtraTime::Minutes { step: size, .. }) => step(size, "minutes"),
        Some(ExtraTime::Percent { step: size, .. }) => step(size, "percent"),
    };
    format!("{codes}{extra_time}")
}

fn line(out: &mut String, label: &str, text: &str) {
    push(out, format_args!("  {label:<10} {text}\n"));
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory cannot fail");
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Nothing in a foreign package may steer the terminal that shows it.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            control if control.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}
