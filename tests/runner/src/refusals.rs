//! Remembers for some hours what could not be had, so that each run does not wait for it again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// After this time a thing that could not be had is asked for again.
const REMEMBERED: Duration = Duration::from_secs(6 * 60 * 60);

/// One thing that may be refused, and the note about it in the target folder.
pub struct Refusal {
    note: PathBuf,
}

impl Refusal {
    /// The note on `thing`, kept in `folder`.
    pub fn of(folder: &Path, thing: &str) -> Self {
        Self {
            note: folder.join(format!("refused-{thing}")),
        }
    }

    /// Why it was refused, when that was not long before `now`.
    pub fn lately(&self, now: SystemTime) -> Option<String> {
        let noted = fs::metadata(&self.note).and_then(|about| about.modified()).ok()?;
        let age = now.duration_since(noted).unwrap_or_default();
        if age > REMEMBERED {
            return None;
        }
        fs::read_to_string(&self.note).ok()
    }

    /// Notes why it was refused. A note that cannot be written only costs the next run its wait.
    pub fn remember(&self, why: &str) {
        if let Some(folder) = self.note.parent() {
            let _ = fs::create_dir_all(folder);
        }
        let _ = fs::write(&self.note, why);
    }

    /// Forgets the note, since the thing was had after all.
    pub fn forget(&self) {
        let _ = fs::remove_file(&self.note);
    }

    /// Where the note lies, for whoever wants to remove it.
    pub fn note(&self) -> &Path {
        &self.note
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_for_six_hours_and_can_be_forgotten() {
        let folder = std::env::temp_dir().join(format!("oke-run-refusals-{}", std::process::id()));
        let refusal = Refusal::of(&folder, "rustup");
        let now = SystemTime::now();
        assert_eq!(refusal.lately(now), None);

        refusal.remember("no route");
        assert_eq!(refusal.lately(now).as_deref(), Some("no route"));
        assert_eq!(refusal.lately(now + REMEMBERED + Duration::from_secs(60)), None);

        refusal.forget();
        assert_eq!(refusal.lately(now), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
