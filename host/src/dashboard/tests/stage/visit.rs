//! Somebody who visits the pages: what they get, and what they send.

use axum::http::StatusCode;

use super::Stage;

/// An answer of the host.
pub struct Page {
    /// Status.
    pub status: StatusCode,
    /// Where it leads on to.
    pub location: String,
    /// The cookie it sets.
    pub cookie: String,
    /// The content security policy.
    pub policy: String,
    /// The page.
    pub text: String,
}

impl Page {
    /// The word that the forms on this page carry.
    pub fn csrf(&self) -> String {
        let (_, rest) = self
            .text
            .split_once("name=\"csrf\" value=\"")
            .expect("a form on the page");
        rest.split('"').next().unwrap().to_owned()
    }
}

/// Somebody's browser, signed in.
pub struct Browser<'a> {
    pub(super) stage: &'a Stage,
    pub(super) cookie: String,
    pub(super) csrf: String,
}

impl Browser<'_> {
    /// Visits a page.
    pub async fn get(&self, path: &str) -> Page {
        self.stage.get(path, &self.cookie).await
    }

    /// Sends a form with the session's word.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        fields.push(("csrf", &self.csrf));
        self.stage.post(path, &self.cookie, &fields).await
    }

    /// The cookie of this session.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Sends a form as it is.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.stage.post(path, &self.cookie, fields).await
    }
}
