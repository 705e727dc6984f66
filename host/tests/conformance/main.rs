//! The faces held against the published OKE document by tools that are not ours: schemathesis calls them with whatever
//! the document allows, and a validator reads what the codec writes. Skipped, plainly, where the document or the tool is
//! not there: `cargo verify` sets the tool up, and the document is looked for in `../shared/oke` or in the folder that
//! `OKE_PUBLISHED` names. `cargo conformance` takes 20,000 cases instead of some seconds.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

mod messages;
mod school;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Seconds per face within `cargo verify`.
const SECONDS: &str = "18";

/// Python with schemathesis, and the folder of the published document.
struct Tools {
    python: PathBuf,
    published: PathBuf,
}

impl Tools {
    fn found() -> Option<Tools> {
        let Some(python) = std::env::var_os("OKE_SCHEMATHESIS").map(PathBuf::from) else {
            eprintln!("skipped: OKE_SCHEMATHESIS names no Python with schemathesis; `cargo verify` sets it up");
            return None;
        };
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/oke");
        let published = std::env::var_os("OKE_PUBLISHED").map_or(beside, PathBuf::from);
        if !published.join("ooapiv5_MBO.yaml").is_file() {
            eprintln!(
                "skipped: {} has no ooapiv5_MBO.yaml; let OKE_PUBLISHED name the folder with the published document",
                published.display()
            );
            return None;
        }
        Some(Tools {
            python,
            published: published.canonicalize().unwrap(),
        })
    }

    /// Runs `tests/oke/conformance.py`.
    fn run(&self, arguments: &[&str], tokens: &[String]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oke/conformance.py");
        let mut command = Command::new(&self.python);
        command.arg(script).args(arguments).env("OKE_TOKENS", tokens.join("\n"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let ended = command.status().unwrap();
        assert!(ended.success(), "what breaks the published document is told above");
    }

    /// Tries one face for some seconds, or for as many cases as `OKE_CONFORMANCE_CASES` says.
    fn try_face(&self, face: &str, url: &str, tokens: &[String]) {
        let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
        std::fs::create_dir_all(&work).unwrap();
        let (published, work) = (self.published.to_str().unwrap(), work.to_str().unwrap());
        let cases = std::env::var("OKE_CONFORMANCE_CASES").unwrap_or_default();
        let how = match cases.as_str() {
            "" => ["--seconds", SECONDS],
            cases => ["--cases", cases],
        };
        self.run(&[&[face, url, published, work], how.as_slice()].concat(), tokens);
    }
}

/// RULES §2, R21: no 5xx, no undocumented status, no breach of a schema, whatever comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_tpl_face_keeps_to_the_published_document() {
    let Some(tools) = Tools::found() else { return };
    let school = school::School::open().await;
    let tokens = [
        school.token("sis", &["nl-test-admin-flow-1-5"]).await,
        school.token("toa", &["nl-test-admin-flow-2-3-4"]).await,
    ];
    let url = format!("{}/oke/roc/tpl", school.base);
    tokio::task::block_in_place(|| tools.try_face("tpl", &url, &tokens));
    school.close().await;
}

/// The same of the TA face of a vendor.
#[tokio::test(flavor = "multi_thread")]
async fn the_ta_face_keeps_to_the_published_document() {
    let Some(tools) = Tools::found() else { return };
    let school = school::School::open().await;
    school.keep_catalogue(&ids("ta")).await;
    let scopes = ["nl-test-admin-flow-0", "nl-test-admin-flow-2-3-4"];
    let tokens = [school.token("ontrack", &scopes).await];
    let url = format!("{}/oke/roc/ta/toa", school.base);
    tokio::task::block_in_place(|| tools.try_face("ta", &url, &tokens));
    school.close().await;
}

/// The same of the DR face.
#[tokio::test(flavor = "multi_thread")]
async fn the_dr_face_keeps_to_the_published_document() {
    let Some(tools) = Tools::found() else { return };
    let school = school::School::open().await;
    school.tell_flow_1(&ids("dr")).await;
    let tokens = [
        school.token("ontrack", &["nl-test-admin-flow-1-5"]).await,
        school.token("toa", &["nl-test-admin-flow-6"]).await,
    ];
    let url = format!("{}/oke/roc/dr", school.base);
    tokio::task::block_in_place(|| tools.try_face("dr", &url, &tokens));
    school.close().await;
}

/// The ids that `tests/oke/hooks.py` uses for a face.
fn ids(face: &str) -> Vec<String> {
    let face: String = face.bytes().map(|byte| format!("{byte:02x}")).collect();
    (0..4)
        .map(|digit| format!("00000000-0000-4000-8000-{face:0>8}000{digit}"))
        .collect()
}

/// RULES §3: what the host and its connectors send fits the bodies that the published document asks for.
#[test]
fn what_is_sent_fits_the_published_document() {
    let Some(tools) = Tools::found() else { return };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages.jsonl");
    let lines: Vec<String> = messages::all().iter().map(ToString::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let published = tools.published.to_str().unwrap();
    tools.run(&["--messages", file.to_str().unwrap(), published], &[]);
}
