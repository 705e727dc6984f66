//! A school in a folder of its own: the real binary, on SQLite, serving in a process of its own where a story needs it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use oke_host::demo::client::Client;
use oke_host::demo::until;
use serde_json::Value;

pub const TENANT: &str = "roc-voorbeeld";

/// How a command ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Ran {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
        Ran {
            code: output.status.code().expect("it ended by itself"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// What it printed, having done what was asked.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The sentence with which it refused.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        let sentence = self.err.strip_prefix("refused: ");
        sentence.unwrap_or_else(|| panic!("{}", self.err)).to_owned()
    }

    /// The one JSON value it printed, whatever it ended with.
    #[track_caller]
    pub fn json(self, code: i32) -> Value {
        assert_eq!(self.code, code, "{} {}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// A data folder and an address, and the process that serves there.
pub struct House {
    folder: tempfile::TempDir,
    address: String,
    token: String,
    serving: Option<Child>,
}

impl House {
    /// With nothing in it.
    pub fn empty() -> House {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        House {
            folder: tempfile::tempdir().unwrap(),
            address: socket.local_addr().unwrap().to_string(),
            token: String::new(),
            serving: None,
        }
    }

    /// With a school.
    pub fn with_school() -> House {
        let mut house = House::empty();
        let made = house
            .run(&["--json", "init", TENANT, "--name", "ROC Voorbeeld"])
            .json(0);
        house.token = made["token"].as_str().unwrap().to_owned();
        house
    }

    /// With a school, and serving.
    pub async fn serving() -> House {
        let mut house = House::with_school();
        let log = std::fs::File::create(house.path("log")).unwrap();
        let mut command = house.command();
        command
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        house.serving = Some(command.spawn().unwrap());
        let ready = format!("{}/readyz", house.base());
        let http = oke_host::simulator::client();
        until("the host answers", Duration::from_secs(60), || async {
            Ok(match http.get(&ready).send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(answer.status().to_string()),
                Err(error) => Err(error.to_string()),
            })
        })
        .await
        .unwrap_or_else(|error| panic!("{error}; its log: {}", house.log()));
        house
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A file or folder in the house.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Functioneel beheer at the API.
    pub fn beheer(&self) -> Client {
        Client::new(&self.base(), &self.token)
    }

    /// `oke`, in this house and with nothing of the environment's settings.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oke"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("OKE_") || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("OKE_DATA", self.path("data"))
            .env("OKE_LISTEN", &self.address)
            .env("OKE_LOG", "warn");
        command
    }

    /// Runs a command that needs no host.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments))
    }

    /// Runs `oke connector …` as functioneel beheer of the host that serves.
    pub fn connector(&self, arguments: &[&str]) -> Ran {
        self.connector_as(&self.base(), &self.token, arguments)
    }

    /// The same at another address, or with another token.
    pub fn connector_as(&self, url: &str, token: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.env("OKE_URL", url).env("OKE_TOKEN", token);
        Ran::of(command.arg("connector").args(arguments))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut child) = self.serving.take() {
            // An error means that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Says on the terminal that a story was skipped, past the harness, which swallows what a passing test prints.
pub fn skipped(why: &str) {
    use std::io::Write as _;
    let said = format!("SKIPPED: {why}\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}

/// The folder with the guests' core modules, as `cargo verify` builds them.
pub fn guests() -> Option<PathBuf> {
    let folder = std::env::var_os("OKE_GUESTS").map(PathBuf::from);
    if folder.is_none() {
        skipped("installing from the command line needs guests: run `cargo guests` and set OKE_GUESTS to its folder");
    }
    folder
}

/// The workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
