//! A headless Chromium, driven by the W3C WebDriver protocol: a handful of JSON calls to chromedriver on the loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The key that goes to the next control.
pub const TAB: &str = "\u{E004}";
/// The key that sends a form or follows a link.
pub const ENTER: &str = "\u{E007}";
/// The key that ticks a box.
pub const SPACE: &str = " ";

const CHROMIUM: &str = "OKE_CHROMIUM";
const CHROMEDRIVER: &str = "OKE_CHROMEDRIVER";
const AXE: &str = "OKE_AXE";
/// How long a page or some keys may take on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(180);

/// How wide and high the window is, and which colours its user prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1366 by 768, light.
    Laptop,
    /// 390 by 844, light.
    Phone,
    /// The same, dark.
    DarkPhone,
}

impl Screen {
    /// Its width in CSS pixels.
    pub fn width(self) -> u32 {
        match self {
            Screen::Laptop => 1366,
            Screen::Phone | Screen::DarkPhone => 390,
        }
    }
}

/// What the machine has for these stories.
struct Tools {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

impl Tools {
    fn at_hand() -> Option<Tools> {
        let (Some(chromium), Some(chromedriver)) = (named(CHROMIUM), named(CHROMEDRIVER)) else {
            eprintln!(
                "skipped: {CHROMIUM} and {CHROMEDRIVER} name no browser; `cargo verify` installs one and sets them"
            );
            return None;
        };
        Some(Tools { chromium, chromedriver })
    }
}

/// The text of the accessibility checker axe-core; `None` where it was not fetched, after saying so.
pub fn accessibility_checker() -> Option<String> {
    let Some(path) = named(AXE) else {
        eprintln!("skipped: {AXE} names no axe-core; `cargo verify` fetches it and sets it");
        return None;
    };
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{AXE} names {}: {error}", path.display())))
}

/// A running browser with one window. Dropping it ends it.
pub struct Chromium {
    calls: reqwest::Client,
    port: u16,
    session: String,
    driver: Child,
    /// Kept open, so that the driver can always write.
    _says: BufReader<ChildStdout>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts one; `None` where there is none, after saying so.
    pub async fn start() -> Option<Chromium> {
        let tools = Tools::at_hand()?;
        let profile = tempfile::tempdir().unwrap();
        let (driver, port, says) = start_driver(&tools.chromedriver);
        let mut chromium = Chromium {
            calls: crate::simulator::client(),
            port,
            session: String::new(),
            driver,
            _says: says,
            _profile: profile,
        };
        let options = json!({
            "binary": tools.chromium,
            "args": [
                "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                // The superuser of a container gets no sandbox; only our own pages are visited.
                "--no-sandbox",
                // Nothing but this machine.
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking",
                format!("--user-data-dir={}", chromium._profile.path().display()),
            ],
        });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } });
        let made = chromium.call(reqwest::Method::POST, "/session", &wanted).await;
        chromium.session = made["sessionId"].as_str().expect("a new session has an id").to_owned();
        chromium.show_on(Screen::Laptop).await;
        Some(chromium)
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let answer = self.try_to_call(method.clone(), path, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    async fn try_to_call(&self, method: reqwest::Method, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.calls.request(method.clone(), url).timeout(PATIENCE);
        if method == reqwest::Method::POST {
            request = request.json(body);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let value = &answer["value"];
        match value.get("error") {
            None => Ok(value.clone()),
            Some(error) => Err(format!("{error}: {}", value["message"])),
        }
    }

    async fn get(&self, what: &str) -> Value {
        let path = format!("/session/{}{what}", self.session);
        self.call(reqwest::Method::GET, &path, &Value::Null).await
    }

    async fn post(&self, what: &str, body: Value) -> Value {
        let path = format!("/session/{}{what}", self.session);
        self.call(reqwest::Method::POST, &path, &body).await
    }

    /// A command of Chromium's own protocol, for what WebDriver does not know.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
            .await
    }

    /// Visits an address and waits until the page is there.
    pub async fn go(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    /// Where the window is.
    pub async fn url(&self) -> String {
        self.get("/url").await.as_str().unwrap().to_owned()
    }

    /// What a page's reader reads.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body.innerText", json!([])).await;
        text.as_str().unwrap().to_owned()
    }

    /// Runs a script in the page and returns its value.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": arguments }))
            .await
    }

    /// The same, where it may fail since a page is on its way.
    pub async fn try_to_run(&self, script: &str, arguments: Value) -> Result<Value, String> {
        let path = format!("/session/{}/execute/sync", self.session);
        let body = json!({ "script": script, "args": arguments });
        self.try_to_call(reqwest::Method::POST, &path, &body).await
    }

    /// Runs a script that calls its last argument with its value when it has one.
    pub async fn run_until_called(&self, script: &str, arguments: Value) -> Value {
        self.post("/execute/async", json!({ "script": script, "args": arguments }))
            .await
    }

    /// Presses keys one after another, on whatever has the focus.
    pub async fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|way| json!({ "type": way, "value": key.to_string() })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("/actions", json!({ "actions": [keyboard] })).await;
    }

    /// Gives a file to the field that has the focus, as its window for choosing one would.
    pub async fn choose_file(&self, file: &Path) {
        let field = self.active().await;
        self.post(&format!("/element/{field}/value"), json!({ "text": file }))
            .await;
    }

    async fn active(&self) -> String {
        let element = self.get("/element/active").await;
        let id = element
            .as_object()
            .and_then(|it| it.values().next())
            .and_then(Value::as_str);
        id.expect("something has the focus, be it the page itself").to_owned()
    }

    /// The role and the name by which a screen reader announces what has the focus.
    pub async fn focused(&self) -> (String, String) {
        let id = self.active().await;
        let role = self.get(&format!("/element/{id}/computedrole")).await;
        let name = self.get(&format!("/element/{id}/computedlabel")).await;
        (role.as_str().unwrap().to_owned(), name.as_str().unwrap().to_owned())
    }

    /// Changes the size of the window and the preferred colours.
    pub async fn show_on(&self, screen: Screen) {
        let (height, mobile) = match screen {
            Screen::Laptop => (768, false),
            Screen::Phone | Screen::DarkPhone => (844, true),
        };
        let metrics = json!({ "width": screen.width(), "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let colours = match screen {
            Screen::Laptop | Screen::Phone => "light",
            Screen::DarkPhone => "dark",
        };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": colours }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Switches the scripts of pages off; those of [`Chromium::run`] still work, but hear no events.
    pub async fn switch_scripts_off(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }))
            .await;
    }

    /// The whole page as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let made = self.devtools("Page.captureScreenshot", whole).await;
        STANDARD.decode(made["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Chromium {
    /// Asks the driver to end, which takes the browser with it: also when a story fails.
    fn drop(&mut self) {
        if ask_to_end(self.port).is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
    }
}

fn ask_to_end(port: u16) -> std::io::Result<()> {
    let mut driver = TcpStream::connect(("127.0.0.1", port))?;
    driver.set_read_timeout(Some(Duration::from_secs(20)))?;
    driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    driver.read(&mut [0; 512]).map(|_| ())
}

/// Starts chromedriver on a port of its choice.
fn start_driver(program: &Path) -> (Child, u16, BufReader<ChildStdout>) {
    const STARTED: &str = "successfully on port ";
    let spawned = Command::new(program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut driver = spawned.unwrap_or_else(|error| panic!("could not start {}: {error}", program.display()));
    let mut says = BufReader::new(driver.stdout.take().unwrap());
    let mut said = String::new();
    while says.read_line(&mut said).unwrap() > 0 {
        if let Some((_, rest)) = said.split_once(STARTED) {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return (driver, digits.parse().unwrap(), says);
        }
    }
    // It closed its output, so that it has ended or is about to.
    let ended = driver.wait();
    panic!("{} did not start ({ended:?}): {said}", program.display());
}
