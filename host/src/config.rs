//! Arguments and settings: the only room that reads the environment or settings files.
//!
//! Settings come from `oke.toml` (or the file named by `--settings`), then from the environment, which wins. Every
//! setting has a default that works on one machine, so that `oke init` and `oke serve` need no file at all.

use std::{
    env,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Connections of callers at once: below the 1024 open files that most systems give a process, since the database and
/// the vendors need some too.
pub const CONNECTIONS: usize = 800;

/// What `oke` needs to know before it starts. One field per line of `oke.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Settings {
    /// Folder for the embedded database, the compile cache, the master key and the audit checkpoints, unless these are
    /// named on their own. `OKE_DATA`.
    pub data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; by default `oke.db` in the data folder. `OKE_DATABASE`.
    pub database: Option<String>,
    /// Where to listen. Plain HTTP: put a TLS 1.3 front before it. `OKE_LISTEN`.
    pub listen: SocketAddr,
    /// How the outside reaches this host, without a slash at the end; by default `http://` and the listen address.
    /// `OKE_PUBLIC_URL`.
    pub public_url: Option<String>,
    /// File with the master key (64 hexadecimal digits). `OKE_MASTER_KEY` holds the key itself and wins.
    pub master_key_file: Option<PathBuf>,
    /// Folder outside the database for signed checkpoints of the audit chain. `OKE_CHECKPOINTS`.
    pub checkpoints: Option<PathBuf>,
    /// Which log lines: a level, or `room=level` pairs. `OKE_LOG`.
    pub log: String,
    /// Log lines as JSON. `OKE_LOG_JSON`.
    pub log_json: bool,
    /// Connections of callers at once; who comes after them waits.
    pub connections: usize,
    /// Connector calls at once.
    pub connector_slots: u32,
    /// Largest JSON body accepted, in bytes (DESIGN §8: 1 MiB).
    pub json_limit: usize,
    /// Largest package, document or file accepted, in bytes (64 MiB).
    pub stream_limit: usize,
    /// The key itself, from the environment; never from a file of settings.
    #[serde(skip)]
    master_key: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            data: PathBuf::from("oke-data"),
            database: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            master_key_file: None,
            checkpoints: None,
            log: "info".to_owned(),
            log_json: false,
            connections: CONNECTIONS,
            connector_slots: 64,
            json_limit: 1024 * 1024,
            stream_limit: 64 * 1024 * 1024,
            master_key: None,
        }
    }
}

/// Settings that can't be used: what, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file named can't be read.
    #[error("could not read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML, or names something unknown.
    #[error("the settings file `{}` can't be used: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        problem: String,
    },
    /// A variable of the environment holds something else than it should.
    #[error("the environment variable {name} can't be used: {problem}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What it should be.
        problem: String,
    },
    /// A setting holds a value with which the host could do nothing.
    #[error("the setting `{name}` can't be used: {problem}")]
    Useless {
        /// Its name.
        name: &'static str,
        /// What it should be.
        problem: String,
    },
    /// There is no master key yet.
    #[error("there is no master key: `{}` does not exist; run `oke init` to make one, or set OKE_MASTER_KEY", path.display())]
    NoMasterKey {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The master key is no 64 hexadecimal digits.
    #[error("the master key in {place} is not 64 hexadecimal digits")]
    MalformedMasterKey {
        /// The variable or file.
        place: String,
    },
}

impl Settings {
    /// Defaults, with everything in one folder, at one address.
    #[must_use]
    pub fn within(data: &Path, listen: SocketAddr) -> Settings {
        Settings {
            data: data.to_owned(),
            listen,
            ..Settings::default()
        }
    }

    /// Reads `file` (or `oke.toml` in this folder, if there is one), then the environment.
    ///
    /// # Errors
    /// [`SettingsError`], when something can't be read or used.
    pub fn load(file: Option<&Path>) -> Result<Settings, SettingsError> {
        Settings::load_with(file, |name| env::var_os(name))
    }

    fn load_with(file: Option<&Path>, given: impl Fn(&str) -> Option<OsString>) -> Result<Settings, SettingsError> {
        // What can't be read must not count as absent: the host would go on with another folder or database.
        let variable = |name: &'static str| match given(name).map(OsString::into_string).transpose() {
            Ok(text) => Ok(text),
            Err(_) => Err(SettingsError::Variable {
                name,
                problem: "it holds bytes that are no UTF-8; write it as plain text".to_owned(),
            }),
        };
        let mut settings = match file {
            Some(path) => Settings::read(path)?,
            None if Path::new("oke.toml").exists() => Settings::read(Path::new("oke.toml"))?,
            None => Settings::default(),
        };
        if let Some(data) = variable("OKE_DATA")? {
            settings.data = PathBuf::from(data);
        }
        if let Some(database) = variable("OKE_DATABASE")? {
            settings.database = Some(database);
        }
        if let Some(listen) = variable("OKE_LISTEN")? {
            settings.listen = listen.parse().map_err(|_| SettingsError::Variable {
                name: "OKE_LISTEN",
                problem: format!("`{listen}` is no address with a port, such as 127.0.0.1:8080"),
            })?;
        }
        if let Some(url) = variable("OKE_PUBLIC_URL")? {
            settings.public_url = Some(url.trim_end_matches('/').to_owned());
        }
        if let Some(folder) = variable("OKE_CHECKPOINTS")? {
            settings.checkpoints = Some(PathBuf::from(folder));
        }
        if let Some(log) = variable("OKE_LOG")? {
            settings.log = log;
        }
        if let Some(json) = variable("OKE_LOG_JSON")? {
            settings.log_json = json.parse().map_err(|_| SettingsError::Variable {
                name: "OKE_LOG_JSON",
                problem: format!("`{json}` is neither `true` nor `false`"),
            })?;
        }
        settings.master_key = variable("OKE_MASTER_KEY")?;
        settings.refuse_nothing()?;
        Ok(settings)
    }

    /// Refuses a bound of 0: the host would start and then take nothing.
    fn refuse_nothing(&self) -> Result<(), SettingsError> {
        let bounds = [
            ("connections", self.connections),
            ("connector-slots", self.connector_slots as usize),
            ("json-limit", self.json_limit),
            ("stream-limit", self.stream_limit),
        ];
        match bounds.into_iter().find(|(_, bound)| *bound == 0) {
            None => Ok(()),
            Some((name, _)) => Err(SettingsError::Useless {
                name,
                problem: "with 0 the host could take nothing at all; write 1 or more, or leave it out for the default"
                    .to_owned(),
            }),
        }
    }

    fn read(path: &Path) -> Result<Settings, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| SettingsError::Malformed {
            path: path.to_owned(),
            problem: error.to_string(),
        })
    }

    /// The database's address.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data.join("oke.db").display()))
    }

    /// How the outside reaches this host.
    #[must_use]
    pub fn public_url(&self) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// Folder for signed audit checkpoints.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.checkpoints
            .clone()
            .unwrap_or_else(|| self.data.join("checkpoints"))
    }

    /// Folder for compiled connectors.
    #[must_use]
    pub fn compile_cache(&self) -> PathBuf {
        self.data.join("compiled")
    }

    /// Where the master key lies when it isn't in the environment.
    #[must_use]
    pub fn master_key_path(&self) -> PathBuf {
        self.master_key_file
            .clone()
            .unwrap_or_else(|| self.data.join("master.key"))
    }

    /// The master key, which protects secrets, the compile cache and signing keys.
    ///
    /// # Errors
    /// [`SettingsError::NoMasterKey`] and [`SettingsError::MalformedMasterKey`].
    pub fn master_key(&self) -> Result<[u8; 32], SettingsError> {
        if let Some(text) = &self.master_key {
            return parse_key(text, "OKE_MASTER_KEY");
        }
        let path = self.master_key_path();
        match std::fs::read_to_string(&path) {
            Ok(text) => parse_key(&text, &format!("`{}`", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(SettingsError::NoMasterKey { path }),
            Err(source) => Err(SettingsError::Unreadable { path, source }),
        }
    }
}

fn parse_key(text: &str, place: &str) -> Result<[u8; 32], SettingsError> {
    let malformed = || SettingsError::MalformedMasterKey {
        place: place.to_owned(),
    };
    let bytes = hex::decode(text.trim()).map_err(|_| malformed())?;
    bytes.try_into().map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_file_or_environment_the_defaults_work_on_one_machine() {
        let settings = Settings::load_with(None, |_| None).unwrap();
        assert_eq!(settings.database_url(), "sqlite:oke-data/oke.db");
        assert_eq!(settings.public_url(), "http://127.0.0.1:8080");
    }

    #[test]
    fn the_environment_wins_from_the_file_and_a_bad_value_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("oke.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlog = \"warn\"\n").unwrap();
        let variable = |name: &str| (name == "OKE_LISTEN").then(|| "127.0.0.1:2".into());
        let settings = Settings::load_with(Some(&file), variable).unwrap();
        assert_eq!((settings.listen.port(), settings.log.as_str()), (2, "warn"));

        let bad = |name: &str| (name == "OKE_LISTEN").then(|| "everywhere".into());
        let error = Settings::load_with(Some(&file), bad).unwrap_err().to_string();
        assert!(error.contains("OKE_LISTEN") && error.contains("everywhere"), "{error}");
    }

    #[test]
    fn a_variable_that_is_no_utf_8_is_refused_instead_of_passed_over() {
        use std::os::unix::ffi::OsStringExt as _;
        let bad = |name: &str| (name == "OKE_DATABASE").then(|| OsString::from_vec(b"sqlite:\xff".to_vec()));
        let error = Settings::load_with(None, bad).unwrap_err().to_string();
        assert!(error.contains("OKE_DATABASE") && error.contains("UTF-8"), "{error}");
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("oke.toml");
        std::fs::write(&file, "listne = \"127.0.0.1:1\"\n").unwrap();
        let error = Settings::load_with(Some(&file), |_| None).unwrap_err().to_string();
        assert!(error.contains("listne") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn a_bound_of_nothing_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("oke.toml");
        for name in ["connections", "connector-slots", "json-limit", "stream-limit"] {
            std::fs::write(&file, format!("{name} = 0\n")).unwrap();
            let error = Settings::load_with(Some(&file), |_| None).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("1 or more"), "{error}");
        }
    }

    #[test]
    fn a_settings_file_that_cannot_be_read_names_its_cause() {
        let absent = Path::new("/nowhere/oke.toml");
        let error = Settings::load_with(Some(absent), |_| None).unwrap_err().to_string();
        assert!(
            error.contains("/nowhere/oke.toml") && error.contains("No such file"),
            "{error}"
        );
    }

    #[test]
    fn a_master_key_is_64_hexadecimal_digits_or_refused() {
        let with = |key: &'static str| {
            Settings::load_with(None, move |name| (name == "OKE_MASTER_KEY").then(|| key.into())).unwrap()
        };
        let good = with("00000000000000000000000000000000000000000000000000000000000000ff");
        assert_eq!(good.master_key().unwrap()[31], 255);
        assert!(matches!(
            with("short").master_key(),
            Err(SettingsError::MalformedMasterKey { .. })
        ));
    }
}
