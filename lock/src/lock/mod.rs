//! Locks: which files of which packages an input needs, and why.
//!
//! Ours are PEP 751 `pylock.toml`, with one dependency group for each input and a `[tool.layerset]` table
//! that says which files it was made from. Those of others, and `uv.lock`, are read into the same model.
//! A lock is untrusted input, like every other file of a context.

mod allowed;
mod artifact;
mod closure;
mod pylock;
mod stale;
#[cfg(test)]
mod tests;
mod unbuildable;
mod uv_lock;
mod why;
mod write;

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};

pub use artifact::{Artifact, Location, Vcs};
pub use closure::{Closure, Closures};
pub use stale::Stale;
pub use why::Link;

use crate::input::InputId;
use crate::marker::Marker;
use crate::problem::{Place, Problem};
use crate::resolve::Resolution;
use crate::tree::Tree;

pub(crate) use artifact::Policy;
pub(crate) use unbuildable::{INSTEAD, in_archive, in_git, subdirectory};

/// Packages with their files, and who needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Who made it, which says how closures are found.
    pub format: Format,
    /// Where it was read from, from the context's root.
    pub path: String,
    /// The Python versions that it is for.
    pub requires_python: Option<VersionSpecifiers>,
    /// The environments that it is for; empty: all that its packages allow.
    pub environments: Vec<Marker>,
    /// The packages, by name and version.
    pub packages: Vec<Package>,
    /// The names of its dependency groups, sorted.
    pub group_names: Vec<String>,
    /// The groups that are installed when nothing is said, sorted.
    pub default_groups: Vec<String>,
    /// The names of its extras, sorted.
    pub extras: Vec<String>,
    /// In a `uv.lock`: versions may be others than those required, as `tool.uv.override-dependencies` says.
    pub overrides: bool,
    /// In our locks: the inputs of each group.
    pub groups: Vec<Group>,
    /// In our locks: the digests of the files it was made from, by path, as in [`crate::Inputs::files`].
    pub files: BTreeMap<String, String>,
    /// In our locks: how it was resolved.
    pub resolution: Resolution,
    /// In our locks: the digests of images (`sha256:…`), by their references as they were written.
    pub images: BTreeMap<String, String>,
}

/// Who made a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// We did: a group for each input.
    Layerset,
    /// A `pylock.toml` of another tool.
    Pylock,
    /// uv's own lock of a project.
    UvLock,
}

/// A dependency group of our locks, with the inputs it stands for: one, or a set that was resolved apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// Its inputs, sorted.
    pub inputs: Vec<InputId>,
}

/// A package at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The normalised name.
    pub name: String,
    /// The version; a source tree may have none.
    pub version: Option<Version>,
    /// For which environments, groups and extras it is.
    pub marker: Option<Marker>,
    /// The Python versions it works with.
    pub requires_python: Option<VersionSpecifiers>,
    /// Its wheels, by file name. Which of them fits an interpreter is not decided here.
    pub wheels: Vec<Artifact>,
    /// Its source distribution.
    pub sdist: Option<Artifact>,
    /// Its one file was named by address or path, not found in an index.
    pub direct: bool,
    /// Its source tree under version control.
    pub vcs: Option<Vcs>,
    /// Where it is in its archive, if that has more.
    pub subdirectory: Option<String>,
    /// Its source tree in the context, from its root; `.` for the root.
    pub directory: Option<String>,
    /// What it requires. In our locks: without markers, since the groups already say who needs what.
    pub dependencies: Vec<Dependency>,
    /// What its extras require besides; in a `uv.lock`.
    pub extras: BTreeMap<String, Vec<Dependency>>,
    /// What its dependency groups require; in a `uv.lock`, of the project itself.
    pub groups: BTreeMap<String, Vec<Dependency>>,
    /// Where the lock says so.
    pub place: Place,
}

/// An edge from one package to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// The other's normalised name.
    pub name: String,
    /// The other's version, where the lock has several.
    pub version: Option<Version>,
    /// The extras of the other that it asks for.
    pub extras: Vec<String>,
    /// When it is required.
    pub marker: Option<Marker>,
}

impl Package {
    pub(crate) fn new(name: String, place: Place) -> Self {
        Self {
            name,
            version: None,
            marker: None,
            requires_python: None,
            wheels: Vec::new(),
            sdist: None,
            direct: false,
            vcs: None,
            subdirectory: None,
            directory: None,
            dependencies: Vec::new(),
            extras: BTreeMap::new(),
            groups: BTreeMap::new(),
            place,
        }
    }

    /// `name 1.0`
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Lock {
    /// A lock of ours without anything in it, for the file at `path`.
    pub fn empty(path: &str) -> Self {
        Self {
            format: Format::Layerset,
            path: path.to_owned(),
            requires_python: None,
            environments: Vec::new(),
            packages: Vec::new(),
            group_names: Vec::new(),
            default_groups: Vec::new(),
            extras: Vec::new(),
            overrides: false,
            groups: Vec::new(),
            files: BTreeMap::new(),
            resolution: Resolution::Together,
            images: BTreeMap::new(),
        }
    }

    /// Reads a lock of any known format. `path` is where it is in the context; paths in it are relative to it.
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        Self::read_with(path, bytes, &Policy::Refuse)
    }

    pub(crate) fn read_with(path: &str, bytes: &[u8], policy: &Policy) -> Result<Self, Vec<Problem>> {
        let Ok(text) = str::from_utf8(bytes) else {
            return Err(vec![Problem::at(Place::file(path), "expected TOML in UTF-8, found other bytes")]);
        };
        let (mut tree, root) = Tree::parse(path, text);
        // Of what is no TOML, only that it is none is of interest.
        if tree.problems.is_empty() {
            let root = root.get_ref();
            let lock = if root.contains_key("lock-version") {
                pylock::read(&mut tree, root, path, policy)
            } else if root.contains_key("package") && root.contains_key("version") {
                uv_lock::read(&mut tree, root, path, policy)
            } else {
                let hint = "a lock is a pylock.toml (PEP 751) or a uv.lock; name another file, which `layerset lock` makes";
                tree.wrong(0, "expected a lock, found neither \"lock-version\" nor \"version\"", hint);
                None
            };
            if let Some(lock) = lock.filter(|_| tree.problems.is_empty()) {
                return Ok(lock);
            }
        }
        Err(tree.problems)
    }
}
