//! `oke audit verify` and `oke audit export`: whether the audit chains are what was written, and the entries
//! themselves for whoever has to look.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::outcome::{Done, Outcome, Stop};
use crate::audit::checkpoint::{self, read_folder};
use crate::audit::verify::{Report, unreadable, verify};
use crate::config::Settings;
use crate::server;
use crate::store::Sealer;
use crate::store::audit as rows;
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
    let sealer = Sealer::new(&settings.master_key().map_err(|error| super::told("settings", &error))?);
    let own_key = checkpoint::public_key(&sealer);
    let mut keys = vec![own_key.clone()];
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
    let mut report = super::on_runtime(async {
        let db = server::open_database(&settings, Purpose::Command)
            .await
            .map_err(|error| super::told("database", &error))?;
        verify(&db, &outside, &keys)
            .await
            .map_err(|error| super::told("database", &error))
    })??;
    report.findings.extend(refused.iter().map(unreadable));
    match report.is_clean() {
        true => Done::new(
            told(&report, &folder),
            &json!({ "report": report, "public_key": hex::encode(own_key) }),
        ),
        false => Err(Stop::refused("tampered", accused(&report))),
    }
}

fn told(report: &Report, folder: &Path) -> String {
    let Report {
        chains,
        entries,
        not_yet_signed,
        checkpoints,
        checkpoints_outside,
        ..
    } = report;
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
    let failed = |error: std::io::Error| {
        let message = format!("could not write `{}`: {error}", path.display());
        Stop::refused("file", message)
    };
    let file = std::fs::File::create_new(path).map_err(failed)?;
    let count = super::on_runtime(async {
        let db = server::open_database(&settings, Purpose::Command)
            .await
            .map_err(|error| super::told("database", &error))?;
        let unread = |error: crate::store::StoreError| super::told("database", &error);
        let mut out = BufWriter::new(file);
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
    let text = format!("{count} entries written to {}", path.display());
    Done::new(text, &json!({ "entries": count, "file": path }))
}
