//! PostgreSQL's own programs: where they lie, and how they come onto the machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::apt;
use crate::command;

/// Debian keeps each major version's programs here, out of `PATH`.
const DEBIAN_SHELF: &str = "/usr/lib/postgresql";

/// Debian's package would start a server of its own at installation, unless told here that none is wanted.
const DEBIAN_CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// The folder with `initdb` and `pg_ctl`: the newest of Debian's, else the one in `PATH`.
pub fn find() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN_SHELF).into_iter().flatten().filter_map(Result::ok);
    let newest = versions
        .filter_map(|version| {
            Some((
                version.file_name().to_str()?.parse::<f64>().ok()?,
                version.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| is_complete(folder))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, folder)| folder);
    newest.or_else(|| {
        let folder = command::which("pg_ctl")?.parent()?.to_path_buf();
        is_complete(&folder).then_some(folder)
    })
}

fn is_complete(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("pg_ctl").is_file()
}

/// Installs Debian's package without its own server.
///
/// # Errors
/// When the settings cannot be written, or apt fails.
pub fn install() -> Result<(), Failure> {
    let setting = NoMainCluster::write()
        .map_err(|error| Failure::new(format!("could not write to {DEBIAN_CLUSTER_SETTINGS}: {error}")))?;
    let outcome = apt::install(&["postgresql"]);
    drop(setting);
    outcome
}

/// The setting that keeps Debian from making and starting a main cluster, for as long as this lives.
struct NoMainCluster {
    file: PathBuf,
}

impl NoMainCluster {
    fn write() -> std::io::Result<Self> {
        let file = Path::new(DEBIAN_CLUSTER_SETTINGS).join("oke-run.conf");
        fs::create_dir_all(DEBIAN_CLUSTER_SETTINGS)?;
        fs::write(&file, "create_main_cluster = false\n")?;
        Ok(Self { file })
    }
}

impl Drop for NoMainCluster {
    fn drop(&mut self) {
        // What stays behind would only keep a later installation from starting a server; nothing to fail for.
        let _ = fs::remove_file(&self.file);
    }
}
