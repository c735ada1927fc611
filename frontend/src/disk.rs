//! The local disk as the outside of a build: what the command line reads, without an engine.

mod look;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use layerset_lock::Lock;

use crate::diagnostic::Span;
use crate::emit::{BaseSource, UV_IMAGE};
use crate::failure::Failure;
use crate::manifest::model::Base;
use crate::outside::{ManifestFile, OnStage, Outside, Pins, Resolved, Weights};
use crate::plan::{ContextPlan, Entry, EntryKind, Filter, Listing, Look, Place, escape_pattern};
use crate::platform::Platform;
use crate::python::{self, Answer, Imports, Probed, Request};

pub use sources::imports;

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
        let context = self.context.display().to_string();
        Ok(ManifestFile { name, bytes, context, ignore })
    }

    /// Nothing is known here: an image's configuration is on an engine or in a registry.
    async fn resolve(&self, _: &BTreeMap<Base, Span>, _: &Platform, _: &Pins) -> Result<Resolved, Failure> {
        Ok(Resolved::default())
    }

    async fn kinds(&self, context: &ContextPlan, paths: &[String]) -> Result<Look, Failure> {
        self.found(context, paths)
    }

    async fn links(&self, _: &ContextPlan, paths: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        let link = |path: &&String| self.context.join(path).is_symlink();
        Ok(paths.iter().filter(link).cloned().collect())
    }

    async fn weights(&self, context: &ContextPlan, paths: &BTreeSet<String>) -> Result<Weights, Failure> {
        self.weighed(context, paths)
    }

    async fn read(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let mut files = BTreeMap::new();
        for path in paths {
            if let Some(bytes) = read(&self.context.join(path))? {
                files.insert(path.clone(), bytes);
            }
        }
        Ok(files)
    }

    async fn uv(&self, _: &Platform) -> Result<Option<BaseSource>, Failure> {
        Ok(Some(BaseSource::Image(UV_IMAGE.into())))
    }

    /// The interpreter that the lock was made for: an image cannot be asked here.
    async fn interpreter(&self, at: OnStage<'_>) -> Result<Option<Probed>, Failure> {
        let Some(path) = &at.checked.manifest.python.lock else { return Ok(None) };
        let Some(bytes) = read(&self.context.join(&path.value))? else { return Ok(None) };
        let Ok(lock) = Lock::read(&path.value, &bytes) else { return Ok(None) };
        Ok(python::assumed(&lock, at.platform.machine()).map(Box::new).map(Probed::Assumed))
    }

    async fn lock(
        &self,
        _: OnStage<'_>,
        _: &BTreeSet<String>,
        _: &Request,
    ) -> Result<Option<Answer>, Failure> {
        Ok(None)
    }

    async fn imports(
        &self,
        context: &ContextPlan,
        names: &BTreeSet<String>,
    ) -> Result<Option<Imports>, Failure> {
        if context.unused {
            return Ok(Some(Imports::new()));
        }
        imports(&self.context, self.filter(context)?, names).map(Some)
    }

    async fn texts(&self, directories: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        Ok(sources::texts(&self.context, directories))
    }

    async fn listing(&self, context: &ContextPlan) -> Result<Listing, Failure> {
        if context.unused {
            return Ok(Listing::default());
        }
        list(&self.context, self.filter(context)?)
    }
}

impl Disk {
    /// What of the context is sent, with what links lead to.
    fn filter(&self, context: &ContextPlan) -> Result<Filter, Failure> {
        let root = fs::canonicalize(&self.context).unwrap_or_else(|_| self.context.clone());
        let led_to = |path: &String| {
            let found = fs::canonicalize(self.context.join(path)).ok()?;
            let inside = found.strip_prefix(&root).ok()?.to_str()?;
            let names: Vec<String> = inside.split('/').map(escape_pattern).collect();
            Some(names.join("/")).filter(|found| found != path)
        };
        let mut include = context.include.clone();
        include.extend(context.follow.iter().filter_map(led_to));
        Filter::new(&include, &context.exclude).map_err(|bad| Failure::Request(bad.to_string()))
    }
}

/// Lists a directory as a client sends it: what is left out is not entered.
pub fn list(root: &Path, filter: Filter) -> Result<Listing, Failure> {
    below(root, "", &Place::default(), filter).map(Listing::new)
}

/// The same of a directory somewhere in it.
fn below(directory: &Path, name: &str, place: &Place, filter: Filter) -> Result<Vec<Entry>, Failure> {
    let mut walk = Walk { filter, entries: Vec::new() };
    walk.directory(directory, name, place)?;
    Ok(walk.entries)
}

struct Walk {
    filter: Filter,
    entries: Vec<Entry>,
}

impl Walk {
    fn directory(&mut self, directory: &Path, name: &str, above: &Place) -> Result<(), Failure> {
        let found = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
        for entry in found {
            let entry = entry.map_err(|error| unreadable(directory, &error))?;
            let own = entry.file_name();
            let own = own.to_string_lossy();
            let path = if name.is_empty() { own.into_owned() } else { format!("{name}/{own}") };
            let place = self.filter.enter(&path, above);
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
            if !place.kept() && !kind.is_dir() {
                continue;
            }
            if place.kept() {
                let (size, mode) =
                    if kind.is_file() || kind.is_dir() { attributes(&entry)? } else { (0, 0o777) };
                let size = if kind.is_file() { size } else { 0 };
                self.entries.push(Entry { path: path.clone(), kind: entry_kind(kind), size, mode });
            }
            if kind.is_dir() && !self.filter.none_below(&path, &place) {
                self.directory(&entry.path(), &path, &place)?;
            }
        }
        Ok(())
    }
}

fn entry_kind(kind: fs::FileType) -> EntryKind {
    match kind {
        kind if kind.is_dir() => EntryKind::Directory,
        kind if kind.is_symlink() => EntryKind::Link,
        kind if kind.is_file() => EntryKind::File,
        _ => EntryKind::Other,
    }
}

/// Bytes and permission bits.
fn attributes(entry: &fs::DirEntry) -> Result<(u64, u32), Failure> {
    let metadata = entry.metadata().map_err(|error| unreadable(&entry.path(), &error))?;
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    #[cfg(not(unix))]
    let mode = 0o755;
    Ok((metadata.len(), mode))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(error.kind()) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// There is nothing at a path, nor can there be.
fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
}

/// A file that is there and cannot be read is the user's to mend; anything else may pass.
fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let text = format!("cannot read {}: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::IsADirectory => Failure::Request(text),
        _ => Failure::TryAgain(text),
    }
}
