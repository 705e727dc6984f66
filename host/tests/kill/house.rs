//! The host in a process of its own, that can be killed and started again on the same data.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oke_host::demo::until;
use serde_json::Value;

/// The school's short name.
pub const TENANT: &str = "roc-voorbeeld";

/// A data folder, an address, and the process that serves there now.
#[derive(Clone)]
pub struct House(Arc<Inner>);

struct Inner {
    folder: tempfile::TempDir,
    address: String,
    database: Option<String>,
    serving: Mutex<Option<Child>>,
    kills: AtomicUsize,
}

impl House {
    /// On SQLite in a folder of its own, or on this PostgreSQL database.
    pub fn furnish(database: Option<&str>) -> Self {
        // The port is free now; the host takes it again after each kill.
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        House(Arc::new(Inner {
            folder: tempfile::tempdir().unwrap(),
            address,
            database: database.map(str::to_owned),
            serving: Mutex::new(None),
            kills: AtomicUsize::new(0),
        }))
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// Where the data lies, to be read once nothing serves.
    pub fn database_url(&self) -> String {
        let file = self.0.folder.path().join("data").join("oke.db");
        let of_its_own = || format!("sqlite:{}", file.display());
        self.0.database.clone().unwrap_or_else(of_its_own)
    }

    fn oke(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oke"));
        command
            .current_dir(self.0.folder.path())
            .env("OKE_DATA", self.0.folder.path().join("data"))
            .env("OKE_LISTEN", &self.0.address)
            .env("OKE_LOG", "warn");
        match &self.0.database {
            Some(url) => command.env("OKE_DATABASE", url),
            None => command.env_remove("OKE_DATABASE"),
        };
        command
    }

    /// Makes the school; returns the token of functioneel beheer.
    pub fn init(&self) -> String {
        let arguments = ["--json", "init", TENANT, "--name", "ROC Voorbeeld"];
        let output = self.oke().args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        said["token"].as_str().unwrap().to_owned()
    }

    /// Starts serving, and returns when it answers.
    pub async fn start(&self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.0.folder.path().join("log"))
            .unwrap();
        let mut command = self.oke();
        command
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        *self.0.serving.lock().unwrap() = Some(command.spawn().unwrap());
        let http = oke_host::simulator::client();
        let ready = format!("{}/readyz", self.base());
        let answered = until("the host answers", Duration::from_secs(60), || async {
            if let Some(ended) = self.ended() {
                panic!("the host ended with {ended} instead of serving: {}", self.log());
            }
            Ok(match http.get(&ready).send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(answer.status().to_string()),
                Err(error) => Err(error.to_string()),
            })
        });
        answered.await.unwrap();
    }

    fn ended(&self) -> Option<std::process::ExitStatus> {
        let mut serving = self.0.serving.lock().unwrap();
        serving.as_mut().and_then(|child| child.try_wait().unwrap())
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&self) {
        if let Some(mut child) = self.0.serving.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
            self.0.kills.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn kills(&self) -> usize {
        self.0.kills.load(Ordering::Relaxed)
    }

    /// What the host has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.0.folder.path().join("log")).unwrap_or_default()
    }

    pub fn verify_audit(&self) {
        let output = self.oke().args(["audit", "verify"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A story that fails leaves nothing running.
impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(mut child) = self.serving.lock().unwrap().take() {
            // An error means that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
