//! The local disk as the outside of a build: what the command line reads, without an engine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::diagnostic::Span;
use crate::emit::{Found, Look};
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::outside::{ManifestFile, Outside, Refused, Resolved};
use crate::plan::ContextPlan;
use crate::platform::Platform;

/// A manifest and a context on this machine.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The manifest.
    pub manifest: PathBuf,
    /// The context's root.
    pub context: PathBuf,
}

impl Outside for Disk {
    async fn manifest(&self) -> Result<ManifestFile, Failure> {
        let name = self.manifest.display().to_string();
        let bytes = read(&self.manifest)?
            .ok_or_else(|| Failure::Request(format!("no manifest {name:?} was found, name it with -f")))?;
        let mut own = self.manifest.clone().into_os_string();
        own.push(".dockerignore");
        let ignore = match read(Path::new(&own))? {
            Some(bytes) => Some(bytes),
            None => read(&self.context.join(".dockerignore"))?,
        };
        Ok(ManifestFile { name, bytes, ignore })
    }

    /// Nothing is known here: an image's configuration is on an engine or in a registry.
    async fn resolve(&self, _: &BTreeMap<Base, Span>, _: &Platform) -> Result<Resolved, Refused> {
        Ok(Resolved::default())
    }

    async fn kinds(&self, _: &ContextPlan, paths: &[String]) -> Result<Look, Failure> {
        let mut kinds = Look::new();
        for path in paths {
            let full = self.context.join(path);
            // A link that leads nowhere here may lead somewhere in the image: it is a file all the same.
            match fs::metadata(&full).or_else(|_| fs::symlink_metadata(&full)) {
                Ok(found) => {
                    let plain = Found::Directory { mode: 0o755, uid: 0, gid: 0 };
                    kinds.insert(path.clone(), if found.is_dir() { plain } else { Found::File });
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(unreadable(&full, &error)),
            }
        }
        Ok(kinds)
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// A file that is there and cannot be read is the user's to mend; anything else may pass.
fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let text = format!("cannot read {}: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::IsADirectory => Failure::Request(text),
        _ => Failure::TryAgain(text),
    }
}
