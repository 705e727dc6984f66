//! From a component to machine code: compiled once, in a child process with little memory, little CPU and low
//! priority, and kept in a cache that only this host can have written.
//!
//! Compiling is where a hostile component could hurt most (wasmtime does not count slowness there as a security bug)
//! and where an honest one slows the serving process (4 ms p99 for most of a second, measured). Machine code that we
//! did not write ourselves must never run: every cache file carries an HMAC over its place and content, and what was
//! verified is copied to a private file before it is mapped, so that nobody changes it in between.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ring::hmac;
use tokio::process::Command;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::compiling_engine;

/// Address space of the child, KiB. The largest components seen (Python) stay under half of it.
const CHILD_MEMORY_KIB: u64 = 4 << 20;
/// CPU seconds of the child.
const CHILD_CPU_SECONDS: u64 = 120;
/// Wall-clock of the child: its low priority makes it slow on a busy machine.
const CHILD_WITHIN: Duration = Duration::from_secs(300);
/// Largest machine code kept.
const LARGEST_CODE: u64 = 512 << 20;
const TAG_BYTES: usize = 32;

/// The key that authenticates cached machine code.
#[derive(Clone)]
pub struct CacheKey(hmac::Key);

impl CacheKey {
    /// A key from 32 secret bytes that outlive the process; with another key the cache is compiled anew.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }
}

impl std::fmt::Debug for CacheKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CacheKey(‹hidden›)")
    }
}

/// Why there is no machine code for a component.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler refused the component: it is malformed or uses what this host does not allow.
    #[error("the component can't be compiled: {0}")]
    Refused(String),
    /// The compiler ran into its limits.
    #[error("compiling the component took more than {CHILD_CPU_SECONDS} CPU seconds or {} MiB", CHILD_MEMORY_KIB / 1024)]
    OverLimit,
    /// The child or the cache did not work.
    #[error("could not {0}")]
    Io(&'static str, #[source] io::Error),
}

/// Compiles and keeps what was compiled.
pub(super) struct Compiler {
    cache: Arc<Cache>,
    program: PathBuf,
    /// One child at a time: several would only slow each other and the host.
    turn: tokio::sync::Semaphore,
}

impl Compiler {
    pub fn new(cache: PathBuf, key: CacheKey, program: PathBuf, engine: &Engine) -> Result<Self, CompileError> {
        let compatibility = compatibility(engine);
        let cache = cache.join(&compatibility);
        make_private_folder(&cache)
            .map_err(|error| CompileError::Io("make the folder for compiled components", error))?;
        Ok(Self {
            cache: Arc::new(Cache {
                folder: cache,
                key,
                compatibility,
            }),
            program,
            turn: tokio::sync::Semaphore::new(1),
        })
    }

    /// The component, from the cache or compiled now. `digest` is the hexadecimal SHA-256 of `component`, checked by
    /// the caller.
    pub async fn load(&self, engine: &Engine, digest: &str, component: &[u8]) -> Result<Component, CompileError> {
        if let Some(loaded) = self.cached(engine, digest).await? {
            return Ok(loaded);
        }
        let _turn = self.turn.acquire().await.expect("the semaphore is never closed");
        // Someone else may have compiled it while we waited.
        if let Some(loaded) = self.cached(engine, digest).await? {
            return Ok(loaded);
        }
        let code = self.compile(component).await?;
        self.cache
            .keep(digest, &code)
            .map_err(|error| CompileError::Io("keep the compiled component", error))?;
        match self.cached(engine, digest).await? {
            Some(loaded) => Ok(loaded),
            None => Err(CompileError::Io(
                "read back the compiled component",
                io::Error::other("what was just written does not verify"),
            )),
        }
    }

    /// Off the threads that answer: it reads, checks and writes hundreds of kilobytes.
    async fn cached(&self, engine: &Engine, digest: &str) -> Result<Option<Component>, CompileError> {
        let (cache, engine, digest) = (self.cache.clone(), engine.clone(), digest.to_owned());
        tokio::task::spawn_blocking(move || cache.find(&engine, &digest))
            .await
            .map_err(|error| CompileError::Io("load a compiled component", io::Error::other(error)))?
    }

    async fn compile(&self, component: &[u8]) -> Result<Vec<u8>, CompileError> {
        let io = |what| move |error| CompileError::Io(what, error);
        let folder = tempfile::Builder::new()
            .prefix(".compile-")
            .tempdir_in(&self.cache.folder)
            .map_err(io("make a folder to compile in"))?;
        let (source, target) = (
            folder.path().join("component.wasm"),
            folder.path().join("component.cwasm"),
        );
        fs::write(&source, component).map_err(io("write the component to compile"))?;
        let mut child = Command::new("/bin/sh");
        // The limits are set by the shell before it becomes the compiler, so that no unsafe code is needed here.
        child
            .arg("-c")
            .arg("ulimit -v \"$1\" && ulimit -t \"$2\" && ulimit -c 0 && shift 2 && exec nice -n 19 \"$@\"")
            .arg("oke-compile")
            .arg(CHILD_MEMORY_KIB.to_string())
            .arg(CHILD_CPU_SECONDS.to_string())
            .arg(&self.program)
            .arg(COMPILE_COMMAND)
            .arg(&source)
            .arg(&target)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let running = child.spawn().map_err(io("start the compiler"))?;
        let ended = match tokio::time::timeout(CHILD_WITHIN, running.wait_with_output()).await {
            Ok(ended) => ended.map_err(io("wait for the compiler"))?,
            Err(_) => return Err(CompileError::OverLimit),
        };
        if ended.status.success() {
            let size = fs::metadata(&target).map_err(io("find what the compiler made"))?.len();
            return match size <= LARGEST_CODE {
                true => fs::read(&target).map_err(io("read what the compiler made")),
                false => Err(CompileError::OverLimit),
            };
        }
        match ended.status.code() {
            Some(REFUSED) => Err(CompileError::Refused(first_line(&ended.stderr))),
            Some(code) => Err(CompileError::Io(
                "compile the component",
                io::Error::other(format!(
                    "the compiler ended with code {code}: {}",
                    first_line(&ended.stderr)
                )),
            )),
            // Ended by a signal: SIGXCPU or SIGKILL at the CPU limit, SIGABRT when memory ran out.
            None => Err(CompileError::OverLimit),
        }
    }
}

/// Machine code that was compiled, with what it was compiled of and for.
struct Cache {
    folder: PathBuf,
    key: CacheKey,
    compatibility: String,
}

impl Cache {
    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.cwasm"))
    }

    /// What a tag covers: which component, for which engine, and (by its digest) the code itself.
    fn covered(&self, digest: &str, code: &[u8]) -> String {
        let code = hex::encode(ring::digest::digest(&ring::digest::SHA256, code));
        format!("oke compiled component 1\n{}\n{digest}\n{code}\n", self.compatibility)
    }

    /// Writes code and tag in one file that appears at once.
    fn keep(&self, digest: &str, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
        file.write_all(hmac::sign(&self.key.0, self.covered(digest, code).as_bytes()).as_ref())?;
        file.write_all(code)?;
        file.persist(self.path(digest))?;
        Ok(())
    }

    fn find(&self, engine: &Engine, digest: &str) -> Result<Option<Component>, CompileError> {
        let path = self.path(digest);
        let contents = match fs::metadata(&path) {
            Ok(metadata) if metadata.len() <= LARGEST_CODE => fs::read(&path),
            Ok(_) => return Ok(None),
            Err(error) => Err(error),
        };
        let contents = match contents {
            Ok(contents) => contents,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CompileError::Io("read a compiled component", error)),
        };
        let Some((tag, code)) = contents.split_at_checked(TAG_BYTES) else {
            return Ok(None);
        };
        if hmac::verify(&self.key.0, self.covered(digest, code).as_bytes(), tag).is_err() {
            tracing::warn!(
                component = digest,
                "compiled component {digest} in the cache was not made by this host, compiling it anew"
            );
            return Ok(None);
        }
        let private = self
            .private_copy(code)
            .map_err(|error| CompileError::Io("copy a compiled component", error))?;
        match map_verified_code(engine, private.path()) {
            Ok(component) => Ok(Some(component)),
            Err(error) => {
                tracing::warn!(component = digest, %error, "compiled component {digest} does not load, compiling it anew");
                Ok(None)
            }
        }
    }

    /// A file of our own, named at random, readable by nobody else, gone once it is mapped.
    fn private_copy(&self, code: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix(".load-").tempfile_in(&self.folder)?;
        file.write_all(code)?;
        Ok(file)
    }
}

/// Name of the hidden command that serves [`run_child`].
const COMPILE_COMMAND: &str = "__compile";
/// The child's exit code when the component itself is at fault.
const REFUSED: i32 = 1;

/// What the child does: reads a component, writes machine code. The error is one sentence about the component.
pub fn run_child(source: &Path, target: &Path) -> Result<(), String> {
    let component = fs::read(source).map_err(|error| format!("could not read the component: {error}"))?;
    let engine = compiling_engine().map_err(|error| format!("could not set up the compiler: {error}"))?;
    let code = engine
        .precompile_component(&component)
        .map_err(|error| format!("{error:#}"))?;
    fs::write(target, code).map_err(|error| format!("could not write the machine code: {error}"))
}

/// Which engines can run what this one compiled, as hexadecimal text.
fn compatibility(engine: &Engine) -> String {
    use std::hash::{Hash, Hasher};

    /// Feeds SHA-256, since the standard hasher may change between compilers while the cache stays.
    struct Digest(ring::digest::Context);

    impl Hasher for Digest {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        fn finish(&self) -> u64 {
            0
        }
    }

    let mut digest = Digest(ring::digest::Context::new(&ring::digest::SHA256));
    engine.precompile_compatibility_hash().hash(&mut digest);
    hex::encode(&digest.0.finish().as_ref()[..16])
}

#[expect(
    unsafe_code,
    reason = "machine code from a file; only ever called on code whose MAC was just verified"
)]
fn map_verified_code(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the code was written by this host's own compiler (its HMAC verified), and `path` is a private file of
    // this process that nobody writes to while it is mapped.
    unsafe { Component::deserialize_file(engine, path) }
}

fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no reason given");
    let line = line.trim_start_matches("refused: ");
    line.chars().filter(|c| !c.is_control()).take(500).collect()
}
