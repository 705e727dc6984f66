//! `oke init`: makes the master key, a school and its first account.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::Args;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::json;

use super::outcome::{Done, Outcome, Stop};
use crate::app::{account, contact};
use crate::config::Settings;
use crate::server::{self, StartError};
use crate::store::open::Purpose;

/// What is still to do after a school is made without `--contact-email`.
const NO_CONTACT_YET: &str = "\n\nThe OKE faces have to show a contact address and this school has none yet: set it with \
                              PUT /api/v1/school/contact-email";

/// Make a school and its account for functioneel beheer; prints that account's token once
///
/// Makes the data folder, the master key and the database when there are none yet. Run it once per school, while
/// `oke serve` is not running on the same SQLite file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  oke init roc-voorbeeld --name 'ROC Voorbeeld' --account-name 'Sanne Vos' \\\n    \
                  --contact-email oke-beheer@roc-voorbeeld.nl"
)]
pub struct Init {
    /// Short name of the school in addresses: 2 to 40 small letters, digits and dashes
    tenant: String,
    /// Its full name
    #[arg(long)]
    name: String,
    /// Short name of the first account
    #[arg(long, default_value = "beheer")]
    account: String,
    /// That person's name
    #[arg(long, default_value = "Functioneel beheer")]
    account_name: String,
    /// Mail address of the school's contact for the systems around it, which the OKE faces show; of a function rather
    /// than a person
    #[arg(long, value_name = "ADDRESS")]
    contact_email: Option<String>,
    /// Settings file; `oke.toml` in this folder when there is one
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// Refused: settings that can't be used, or a school that exists.
pub fn run(arguments: &Init) -> Outcome {
    if let Some(address) = &arguments.contact_email {
        contact::check_mail_address(address).map_err(|why| Stop::Usage(format!("--contact-email: {why}")))?;
    }
    let settings =
        Settings::load(arguments.settings.as_deref()).map_err(|error| Stop::refused("settings", error.to_string()))?;
    let made = make_master_key(&settings)?;
    let token = super::on_runtime(async {
        let core = server::open_core(&settings, Purpose::Serve).await.map_err(|error| {
            // A key made just now opens nothing here; left behind, it would pass for the right one.
            if let (StartError::OtherMasterKey { .. }, Some(path)) = (&error, &made) {
                let _gone = std::fs::remove_file(path);
            }
            super::told("start", &error)
        })?;
        let Init {
            tenant,
            name,
            account,
            account_name,
            contact_email,
            ..
        } = arguments;
        let refused = |error: &dyn std::error::Error| Stop::refused("init", error.to_string());
        let token = account::init(&core, tenant, name, account, account_name)
            .await
            .map_err(|error| refused(&error))?;
        if let Some(address) = contact_email {
            let who = account::by_token(&core, token.reveal())
                .await
                .map_err(|error| refused(&error))?;
            let who = who.ok_or_else(|| Stop::refused("init", "the account that was just made is gone"))?;
            contact::set_email(&core, tenant, &who.account, Some(address))
                .await
                .map_err(|error| refused(&error))?;
        }
        Ok::<_, Stop>(token)
    })??;
    let mut text = format!(
        "school `{}` is made. Token of account `{}`, shown this once:\n\n  {}\n\nNext: oke serve, and sign in at {}/",
        arguments.tenant,
        arguments.account,
        token.reveal(),
        settings.public_url()
    );
    if arguments.contact_email.is_none() {
        text.push_str(NO_CONTACT_YET);
    }
    Done::new(
        text,
        &json!({ "tenant": arguments.tenant, "account": arguments.account, "token": token.reveal(),
                 "url": settings.public_url(), "contactEmail": arguments.contact_email }),
    )
}

/// Makes the master key file when there is no key, and says where; never touches one that is there.
fn make_master_key(settings: &Settings) -> Result<Option<PathBuf>, Stop> {
    use crate::config::SettingsError;
    let refused = |error: std::io::Error, path: &std::path::Path| {
        Stop::refused(
            "master-key",
            format!("could not write the master key `{}`: {error}", path.display()),
        )
    };
    match settings.master_key() {
        Ok(_) => Ok(None),
        Err(SettingsError::NoMasterKey { path }) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|error| refused(error, &path))?;
            }
            let mut key = [0_u8; 32];
            SystemRandom::new()
                .fill(&mut key)
                .map_err(|_| Stop::refused("master-key", "the operating system gave no random bytes"))?;
            let opened = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
            let mut file = opened.map_err(|error| refused(error, &path))?;
            writeln!(file, "{}", hex::encode(key)).map_err(|error| refused(error, &path))?;
            file.sync_all().map_err(|error| refused(error, &path))?;
            Ok(Some(path))
        }
        Err(error) => Err(Stop::refused("master-key", error.to_string())),
    }
}
