//! A window of the browser on a host's pages, and what somebody does there with the keyboard alone.

use serde_json::json;

use super::chromium::{Chromium, ENTER, Screen, TAB};

/// Controls passed by before one gives up looking.
const FAR: usize = 150;
/// How long a page may take on a machine with other work.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// A window.
pub struct Window {
    /// The browser.
    pub browser: Chromium,
    /// Where the host is.
    pub base: String,
}

impl Window {
    /// Visits a page.
    pub async fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.base)).await;
    }

    /// The path and query of where the window is.
    pub async fn place(&self) -> String {
        let url = self.browser.url().await;
        url.strip_prefix(&self.base)
            .unwrap_or_else(|| panic!("left the host: {url}"))
            .to_owned()
    }

    /// Signs in with a token, by keyboard: the field for it has the focus when the page opens.
    pub async fn sign_in_with(&self, token: &str) {
        self.go("/aanmelden").await;
        self.browser.press(token).await;
        self.enter("/").await;
        assert_eq!(self.place().await, "/", "signed in");
    }

    /// Presses Enter, waits for the page that follows and tells where it is; that begins with `path`.
    pub async fn enter(&self, path: &str) -> String {
        self.browser.run("window.leftBehind = true", json!([])).await;
        self.browser.press(ENTER).await;
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE {
            // In between two pages there may be none to ask.
            let state = "return document.readyState === 'complete' && !window.leftBehind";
            if self.browser.try_to_run(state, json!([])).await == Ok(true.into()) {
                let place = self.place().await;
                assert!(
                    place.starts_with(path),
                    "at {place} instead of {path}: {}",
                    self.browser.text().await
                );
                return place;
            }
        }
        panic!("{} leads nowhere: {}", self.place().await, self.browser.text().await);
    }

    /// Presses Tab until a control of this role, with a name that begins so, has the focus.
    pub async fn tab_to(&self, role: &str, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..FAR {
            self.browser.press(TAB).await;
            let focused = self.browser.focused().await;
            if focused.0 == role && focused.1.starts_with(name) {
                return;
            }
            passed.push(focused);
        }
        panic!("Tab reaches no {role} `{name}` at {}: {passed:?}", self.place().await);
    }

    /// Chooses a file in the field of this name.
    pub async fn choose_file(&self, name: &str, file: &std::path::Path) {
        self.tab_to("button", name).await;
        self.browser.choose_file(file).await;
    }

    /// Follows a link by keyboard.
    pub async fn follow(&self, name: &str, to: &str) -> String {
        self.tab_to("link", name).await;
        self.enter(to).await
    }

    /// Types into the field of this name.
    pub async fn fill(&self, name: &str, text: &str) {
        self.tab_to("textbox", name).await;
        self.browser.press(text).await;
    }

    /// Presses the button of this name.
    pub async fn push(&self, name: &str, to: &str) -> String {
        self.tab_to("button", name).await;
        self.enter(to).await
    }

    /// Fails unless the page says all of this.
    pub async fn reads(&self, expected: &[&str]) {
        let text = self.browser.text().await;
        for one in expected {
            assert!(text.contains(one), "{} says `{one}`: {text}", self.place().await);
        }
    }

    /// Keeps a picture of the page where `OKE_PICTURES` names a folder, for whoever wants to see what the pages look
    /// like.
    pub async fn keep_picture(&self, account: &str, screen: Screen) {
        let Some(folder) = std::env::var_os("OKE_PICTURES") else {
            return;
        };
        let place = self.place().await;
        // Ids differ with each run; the picture is known by the page's place in the house.
        let name: String = place
            .chars()
            .map(|it| if it.is_alphanumeric() { it } else { '_' })
            .take(24)
            .collect();
        let file = std::path::Path::new(&folder).join(format!("{name}-{account}-{screen:?}.png"));
        std::fs::write(file, self.browser.picture().await).unwrap();
    }
}
