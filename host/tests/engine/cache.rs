//! Compiled once, kept, and never run unless this host made it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oke_host::connector::compile::{CacheKey, CompileError};
use oke_host::connector::engine::{Engine, EngineSettings};
use oke_host::connector::loaded::{LoadError, Loaded};

use crate::stage::{component, digest, guests};

fn settings(folder: &Path, key: u8, compiler: &str) -> EngineSettings {
    EngineSettings::new(folder.to_owned(), CacheKey::new(&[key; 32]), compiler.into())
}

async fn load(settings: EngineSettings, component: &[u8]) -> Result<Arc<Loaded>, LoadError> {
    let engine = Engine::start(settings).unwrap();
    engine.load(&digest(component), component).await
}

fn compiled(folder: &Path) -> PathBuf {
    let engine = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<_> = fs::read_dir(engine)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "nothing but the compiled component is left: {files:?}");
    files.remove(0)
}

const OKE: &str = env!("CARGO_BIN_EXE_oke");
const NO_COMPILER: &str = "/nonexistent/oke";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_is_compiled_once_and_what_others_wrote_is_compiled_anew() {
    let Some(guests) = guests() else { return };
    let good = component(&guests, "good");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    load(settings(folder, 1, OKE), &good).await.unwrap();
    load(settings(folder, 1, NO_COMPILER), &good)
        .await
        .expect("it comes from the cache");

    let file = compiled(folder);
    let original = fs::read(&file).unwrap();
    for spoilt in [
        original[..original.len() - 1].to_vec(),
        original[1..].to_vec(),
        original[..20].to_vec(),
        Vec::new(),
        flipped(&original, original.len() / 2),
        flipped(&original, 0),
    ] {
        fs::write(&file, spoilt).unwrap();
        let refused = load(settings(folder, 1, NO_COMPILER), &good).await.unwrap_err();
        assert!(matches!(refused, LoadError::Compile(CompileError::Io(..))), "{refused}");
    }
    // The key of another host does not vouch for it either.
    fs::write(&file, &original).unwrap();
    assert!(load(settings(folder, 2, NO_COMPILER), &good).await.is_err());
    load(settings(folder, 2, OKE), &good).await.expect("compiled anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_of_one_component_does_not_pass_for_another() {
    let Some(guests) = guests() else { return };
    let (good, spin) = (component(&guests, "good"), component(&guests, "spin"));
    let folder = tempfile::tempdir().unwrap();
    load(settings(folder.path(), 1, OKE), &good).await.unwrap();
    let file = compiled(folder.path());
    fs::rename(&file, file.with_file_name(format!("{}.cwasm", digest(&spin)))).unwrap();
    assert!(load(settings(folder.path(), 1, NO_COMPILER), &spin).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_component_is_refused_with_the_compilers_reason() {
    let folder = tempfile::tempdir().unwrap();
    for nonsense in [&b"\0asm\x0d\0\x01\0nonsense"[..], b"", b"hello"] {
        let refused = load(settings(folder.path(), 1, OKE), nonsense).await.unwrap_err();
        assert!(
            matches!(refused, LoadError::Compile(CompileError::Refused(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_of_another_digest_are_refused_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(settings(folder.path(), 1, NO_COMPILER)).unwrap();
    let refused = engine.load(&"0".repeat(64), b"hello").await.unwrap_err();
    assert!(matches!(refused, LoadError::AnotherDigest { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_loaded_is_given_again() {
    let Some(guests) = guests() else { return };
    let good = component(&guests, "good");
    let engine = Engine::start(crate::stage::settings()).unwrap();
    let digest = digest(&good);
    let (one, other) = tokio::join!(engine.load(&digest, &good), engine.load(&digest, &good));
    assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}
