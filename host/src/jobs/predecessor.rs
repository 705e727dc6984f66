//! Who served from this data folder before: its jobs need not wait until their leases end.
//!
//! The system gives a file lock back when its holder ends, however it ends. Whoever gets the lock therefore knows that
//! the process whose name is in the file is gone.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

/// The place of this process in its data folder, held until the process ends or this is dropped.
pub struct Place {
    _held: File,
    /// The process that held the place before, by its node name; `None` for the first.
    pub predecessor: Option<String>,
}

/// Takes the place in this folder for the process with this node name. `None` when another process holds it now: then
/// several share the folder, and abandoned jobs are found by their leases alone.
///
/// # Errors
/// What the system says of the file.
pub fn take_place(folder: &Path, node: &str) -> std::io::Result<Option<Place>> {
    let mut file = File::options()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(folder.join("node"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut before = String::new();
    file.read_to_string(&mut before)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(node.as_bytes())?;
    // On disk before this process takes up its first job.
    file.sync_all()?;
    Ok(Some(Place {
        _held: file,
        predecessor: Some(before).filter(|name| !name.is_empty()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_learns_who_was_before_it_only_when_that_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = take_place(folder.path(), "first").unwrap().unwrap();
        assert_eq!(first.predecessor, None);
        assert!(take_place(folder.path(), "second").unwrap().is_none());
        drop(first);
        let second = take_place(folder.path(), "second").unwrap().unwrap();
        assert_eq!(second.predecessor.as_deref(), Some("first"));
    }
}
