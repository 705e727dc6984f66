//! Stories in a real browser: headless Chromium visits the pages over a socket, by keyboard only and with scripts
//! switched off, and an accessibility checker looks at each page. Where there is no browser, one sentence says that
//! these are skipped; `cargo verify` sets it up.
//!
//! A new page joins by one line in [`pages`]; a story of its own goes into `stories`.

mod accessible;
mod chromium;
mod pages;
mod stories;
mod visit;
#[expect(dead_code, reason = "the stories over sockets use the rest of it")]
mod window;
