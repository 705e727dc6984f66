//! Threads for the work that follows commits, half as many as there are processors: nobody waits for it at a screen or a
//! socket, so that those who do always find a processor that is not taken by it. One set for the process, kept to its
//! end: connections of the database may have been opened on it.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

static THREADS: OnceLock<Runtime> = OnceLock::new();

/// Runs something, and all that it spawns, on these threads.
///
/// # Errors
/// When the machine gives no threads.
pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    if let Some(threads) = THREADS.get() {
        return Ok(threads.spawn(work));
    }
    let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let made = Builder::new_multi_thread()
        .thread_name("oke-background")
        .worker_threads((processors / 2).max(1))
        .enable_all()
        .build()?;
    // Two hosts of one process that start at once: one of the two sets is let go, unused.
    if let Err(unused) = THREADS.set(made) {
        unused.shutdown_background();
    }
    Ok(THREADS.get().expect("set just now").spawn(work))
}
