//! `oke audit verify` and `oke audit export`: whether the audit chains are what was written, and the entries
//! themselves for whoever has to look.

use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::outcome::{Done, Outcome, Stop};
use crate::audit::checkpoint::{self, read_folder};
use crate::audit::verify::{Report, unreadable, verify, verify_export};
use crate::config::{Settings, SettingsError};
use crate::server;
use crate::store::Sealer;
use crate::store::audit::{self as rows, AuditRow};
use crate::store::open::Purpose;

/// So many findings are told; there may be more.
const MOST_TOLD: usize = 20;

/// Look into the audit chains
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// See whether every entry and checkpoint is what was written
    Verify(Verify),
    /// Write all entries to a file, one JSON object a line
    Export(Export),
}

/// Arguments of `oke audit verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Settings file; `oke.toml` in this folder when there is one
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Folder with checkpoints that were kept outside the database, instead of the one in the settings
    #[arg(long, value_name = "FOLDER")]
    checkpoints: Option<PathBuf>,
    /// Public key of an earlier master key, as this command printed it then; may be given more than once
    #[arg(long = "key", value_name = "HEX")]
    keys: Vec<String>,
    /// Look into this file, which `oke audit export` wrote, instead of the database
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

/// Arguments of `oke audit export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Settings file; `oke.toml` in this folder when there is one
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Only this school
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// File to write; must not be there yet
    file: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Refused, when something was found that can't be explained, or when it could not look.
pub fn run(command: &Audit) -> Outcome {
    match command {
        Audit::Verify(arguments) => run_verify(arguments),
        Audit::Export(arguments) => run_export(arguments),
    }
}

fn load(file: Option<&Path>) -> Result<Settings, Stop> {
    Settings::load(file).map_err(|error| Stop::refused("settings", error.to_string()))
}

fn run_verify(arguments: &Verify) -> Outcome {
    let settings = load(arguments.settings.as_deref())?;
    let mut keys = Vec::new();
    match settings.master_key() {
        Ok(key) => keys.push(checkpoint::public_key(&Sealer::new(&key))),
        // Whoever looks into an export elsewhere has the public keys, not the master key.
        Err(SettingsError::NoMasterKey { .. }) if arguments.export.is_some() && !arguments.keys.is_empty() => {}
        Err(error) => return Err(super::told("settings", &error)),
    }
    let own_key = keys.first().map(hex::encode);
    for text in &arguments.keys {
        let key = hex::decode(text.trim()).ok().filter(|key| key.len() == 32);
        keys.push(key.ok_or_else(|| Stop::Usage(format!("--key {text}: a public key is 64 hexadecimal digits")))?);
    }
    let folder = match &arguments.checkpoints {
        // A folder that was named has to be there; the one of the settings appears with the first checkpoint.
        Some(folder) if !folder.is_dir() => {
            let message = format!("there is no folder `{}`", folder.display());
            return Err(Stop::refused("checkpoints", message));
        }
        Some(folder) => folder.clone(),
        None => settings.checkpoints(),
    };
    let (outside, refused) = read_folder(&folder).map_err(|error| super::told("checkpoints", &error))?;
    let mut report = match &arguments.export {
        Some(file) => verify_export(entries_of(file)?, &outside, &keys)?,
        None => super::on_runtime(async {
            let db = server::open_database(&settings, Purpose::Command)
                .await
                .map_err(|error| super::told("database", &error))?;
            verify(&db, &outside, &keys)
                .await
                .map_err(|error| super::told("database", &error))
        })??,
    };
    report.findings.extend(refused.iter().map(unreadable));
    match report.is_clean() {
        true => Done::new(
            told(&report, &folder, arguments.export.as_deref()),
            &json!({ "report": report, "public_key": own_key }),
        ),
        false => Err(Stop::refused("tampered", accused(&report))),
    }
}

/// The entries of an exported file, one a line.
fn entries_of(file: &Path) -> Result<impl Iterator<Item = Result<AuditRow, Stop>>, Stop> {
    let refused = |why: String| Stop::refused("export", why);
    let opened = std::fs::File::open(file);
    let opened = opened.map_err(|error| refused(format!("could not read `{}`: {error}", file.display())))?;
    let name = file.display().to_string();
    Ok(BufReader::new(opened).lines().enumerate().map(move |(index, line)| {
        let line = line.map_err(|error| refused(format!("could not read `{name}`: {error}")))?;
        serde_json::from_str(&line).map_err(|error| {
            refused(format!(
                "line {} of `{name}` is no entry as `oke audit export` writes it: {error}",
                index + 1
            ))
        })
    }))
}

fn told(report: &Report, folder: &Path, export: Option<&Path>) -> String {
    let Report {
        chains,
        entries,
        not_yet_signed,
        checkpoints,
        checkpoints_outside,
        ..
    } = report;
    if let Some(file) = export {
        return format!(
            "`{}` holds what was written: {entries} entries in {chains} chains, without gaps\n\
             checkpoints: {checkpoints_outside} in {}; entries after the last one: {not_yet_signed}\n\
             whether more was written after these entries only the database can tell",
            file.display(),
            folder.display()
        );
    }
    format!(
        "the audit is what was written: {entries} entries in {chains} chains\n\
         checkpoints: {checkpoints} in the database, {checkpoints_outside} in {}\n\
         not yet under a checkpoint: {not_yet_signed} entries",
        folder.display()
    )
}

fn accused(report: &Report) -> String {
    let mut text = format!(
        "the audit is not what was written: {} findings in {} entries",
        report.findings.len(),
        report.entries
    );
    for finding in report.findings.iter().take(MOST_TOLD) {
        text.push_str(&format!("\n  {finding}"));
    }
    if report.findings.len() > MOST_TOLD {
        text.push_str(&format!("\n  and {} more", report.findings.len() - MOST_TOLD));
    }
    text.push_str("\nkeep the database and the checkpoints as they are, and have them looked at");
    text
}

fn run_export(arguments: &Export) -> Outcome {
    let settings = load(arguments.settings.as_deref())?;
    let path = &arguments.file;
    let count = super::on_runtime(async {
        let db = server::open_database(&settings, Purpose::Command)
            .await
            .map_err(|error| super::told("database", &error))?;
        let unread = |error: crate::store::StoreError| super::told("database", &error);
        if let Some(tenant) = &arguments.tenant
            && db.tenant(tenant).await.map_err(unread)?.is_none()
        {
            let known: Vec<String> = db
                .tenants()
                .await
                .map_err(unread)?
                .into_iter()
                .map(|row| row.tenant)
                .collect();
            let message = format!("there is no school `{tenant}` here; there are: {}", known.join(", "));
            return Err(Stop::refused("unknown-school", message));
        }
        // Only now: whoever can't be helped is left without an empty file.
        let mut out = BufWriter::new(std::fs::File::create_new(path).map_err(|error| not_written(path, &error))?);
        let failed = |error: std::io::Error| not_written(path, &error);
        let mut count = 0_u64;
        for head in rows::heads(&db).await.map_err(unread)? {
            if arguments.tenant.as_ref().is_some_and(|tenant| *tenant != head.tenant) {
                continue;
            }
            let mut last = 0;
            loop {
                let page = rows::page(&db, &head.tenant, &head.writer, last, 2000)
                    .await
                    .map_err(unread)?;
                let Some(newest) = page.last() else { break };
                last = newest.seq;
                count += page.len() as u64;
                for entry in &page {
                    let line = serde_json::to_string(entry).map_err(|error| failed(error.into()))?;
                    writeln!(out, "{line}").map_err(failed)?;
                }
            }
        }
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok::<_, Stop>(count)
    })??;
    let text = format!(
        "{count} entries written to {path}\nnext: oke audit verify --export {path}",
        path = path.display()
    );
    Done::new(text, &json!({ "entries": count, "file": path }))
}

fn not_written(path: &Path, error: &std::io::Error) -> Stop {
    if error.kind() == ErrorKind::AlreadyExists {
        let message = format!(
            "`{}` exists already and is left as it is; name another file",
            path.display()
        );
        return Stop::refused("exists", message);
    }
    Stop::refused("file", format!("could not write `{}`: {error}", path.display()))
}
