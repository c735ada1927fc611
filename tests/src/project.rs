//! A directory with the files of one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Doing, Result};
use crate::place::Place;
use crate::settings;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A temporary project directory, gone with this value (unless `LAYERSET_KEEP=1`).
#[derive(Debug)]
pub struct Project {
    path: PathBuf,
}

impl Project {
    /// An empty project whose directory's name begins with `name`.
    pub fn new(name: &str) -> Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Place::open()?.projects().join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).doing_to("make", &path)?;
        Ok(Self { path })
    }

    /// The project's directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<&Self> {
        let path = self.path.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).doing_to("make", parent)?;
        }
        fs::write(&path, content).doing_to("write", &path)?;
        Ok(self)
    }

    /// Copies a directory's content into the project, as an example's.
    pub fn copy_from(&self, source: &Path) -> Result<&Self> {
        copy(source, &self.path)?;
        Ok(self)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if !settings::keep_projects() {
            // What cannot be removed goes with `target/`.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// A word that was never there before, for contents that no engine may have cached.
pub fn unique() -> Result<String> {
    let path = Path::new("/proc/sys/kernel/random/uuid");
    let text = fs::read_to_string(path).doing_to("read", path)?;
    Ok(text.trim().replace('-', ""))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).doing_to("read", from)? {
        let entry = entry.doing_to("read", from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().doing_to("look at", &source)?.is_dir() {
            fs::create_dir_all(&target).doing_to("make", &target)?;
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).doing_to("copy", &source)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_are_apart_and_go_away() {
        let one = Project::new("unit").unwrap();
        let two = Project::new("unit").unwrap();
        assert_ne!(one.path(), two.path());
        one.write("a/b.txt", "hello").unwrap();
        two.copy_from(one.path()).unwrap();
        assert_eq!(fs::read_to_string(two.path().join("a/b.txt")).unwrap(), "hello");
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists());
    }
}
