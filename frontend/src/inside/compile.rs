//! Compiles the modules of a layer of packages.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use unwheel::{Runtime, Scheme};

use crate::failure::Failure;

/// The time of every file of ours: 1980-01-01.
const FILE_TIME: Duration = Duration::from_secs(315_532_800);

/// Compiles what an interpreter finds below `scheme`'s directories of the layer at `root`. It is there by itself, without
/// the rest of its image. The compiled files say nothing of the time, and are not compared with their sources
/// when they are loaded: nothing changes these.
pub(super) fn compile(runtime: &Runtime, scheme: &Scheme, root: &Path) -> Result<(), Failure> {
    let python = || alone(runtime);
    let failed = |why: String| {
        Failure::Request(format!(
            "{} could not compile the packages: {why}; without bytecode: true they are compiled when they are first imported",
            runtime.executable
        ))
    };
    let started = python().args(["-c", "import compileall"]).output();
    let started = started.map_err(|error| failed(error.to_string()))?;
    if !started.status.success() {
        return Err(failed(String::from_utf8_lossy(&started.stderr).trim().to_owned()));
    }
    let mut directories = vec![&scheme.purelib, &scheme.platlib];
    directories.dedup();
    let inside = |directory: &String| root.join(directory.trim_start_matches('/'));
    let present: Vec<PathBuf> = directories.into_iter().map(inside).filter(|path| path.is_dir()).collect();
    let mut command = python();
    command.args(["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s"]);
    command.arg(root).args(["-p", "/"]).args(&present);
    // Some packages hold modules for other versions, which do not compile: they are left as they are.
    let status = command.status().map_err(|error| failed(error.to_string()))?;
    if status.code().is_none() {
        return Err(failed(status.to_string()));
    }
    settle(root).map_err(|error| failed(error.to_string()))
}

/// The interpreter, which finds its libraries without the loader's cache and takes no other settings.
fn alone(runtime: &Runtime) -> Command {
    let folders: BTreeSet<&str> =
        runtime.paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    let folders: Vec<&str> = folders.into_iter().collect();
    let mut command = Command::new(&runtime.executable);
    command.args(["-S", "-s"]).env_clear().env("LD_LIBRARY_PATH", folders.join(":"));
    // What a set's members come to depends on it.
    command.env("PYTHONHASHSEED", "0").stdin(Stdio::null());
    command
}

/// Gives everything the one time, directories after what is in them.
fn settle(directory: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            settle(&entry.path())?;
        } else if kind.is_file() {
            set_time(&entry.path())?;
        }
    }
    set_time(directory)
}

fn set_time(path: &Path) -> std::io::Result<()> {
    let time = SystemTime::UNIX_EPOCH + FILE_TIME;
    let file = File::open(path)?;
    // What has it already must not be written to: it would be stored once more.
    if file.metadata()?.modified()? == time {
        return Ok(());
    }
    file.set_times(FileTimes::new().set_modified(time).set_accessed(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_one_time() {
        let root = std::env::temp_dir().join(format!("layerset-compile-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/c"), "x").unwrap();
        settle(&root).unwrap();
        for path in ["", "a", "a/b", "a/b/c"] {
            let found = fs::metadata(root.join(path)).unwrap().modified().unwrap();
            assert_eq!(found, SystemTime::UNIX_EPOCH + FILE_TIME, "{path}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
