//! A browser at the staged school: the real host behind a socket, and somebody who visits its pages.

use std::ops::Deref;

use super::super::stage::Stage;
use super::chromium::Chromium;
use super::window::Window;

/// A visit.
pub struct Visit {
    /// The school.
    pub stage: Stage,
    window: Window,
}

impl Deref for Visit {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.window
    }
}

impl Visit {
    /// Sets the stage, serves it and opens a browser; `None` where there is no browser.
    pub async fn begin() -> Option<Visit> {
        let browser = Chromium::start().await?;
        let stage = Stage::set().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = stage.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let window = Window { browser, base };
        Some(Visit { stage, window })
    }

    /// Signs in as this account.
    pub async fn sign_in(&self, account: &str) {
        self.sign_in_with(self.stage.token(account)).await;
    }
}
