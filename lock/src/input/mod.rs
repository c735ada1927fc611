//! What services ask for: the requirements of requirement files and of `pyproject.toml`.

mod formats;
mod lines;
mod options;
mod pyproject;
mod read;
mod requirement;
mod requirements_txt;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use formats::Formats;
pub use options::Settings;
pub use requirement::{Origin, Requirement};
pub(crate) use requirements_txt::{is_sha256, project_of};

use crate::problem::{Place, Problem};

/// What a service names in its list of requirements. A path that ends in `pyproject.toml` is read as one,
/// every other as a requirement file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputId {
    /// Path from the context's root.
    pub path: String,
    /// Which part of a `pyproject.toml`; of a requirement file always [`Part::All`].
    #[serde(default)]
    pub part: Part,
}

/// A part of an input file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The requirement file, or a project's `dependencies`.
    #[default]
    All,
    /// A project's `dependencies` with one of its `optional-dependencies`.
    Extra(String),
    /// One of `[dependency-groups]`, without the project's `dependencies`.
    Group(String),
}

impl InputId {
    /// A requirement file, or the `dependencies` of a `pyproject.toml`.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), part: Part::All }
    }

    /// Is it a part of a `pyproject.toml`.
    pub fn is_pyproject(&self) -> bool {
        self.path.rsplit('/').next() == Some("pyproject.toml")
    }
}

impl fmt::Display for InputId {
    /// `requirements.txt`, `pyproject.toml[extra]`, `pyproject.toml:group`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::All => f.write_str(&self.path),
            Part::Extra(extra) => write!(f, "{}[{extra}]", self.path),
            Part::Group(group) => write!(f, "{}:{group}", self.path),
        }
    }
}

/// An input with all that it names, includes followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What was asked for.
    pub id: InputId,
    /// The name of its dependency group in a lock: valid, normalised, unique among the inputs.
    pub group: String,
    /// What it requires, in the order of the files.
    pub requirements: Vec<Requirement>,
    /// What it allows of packages that something requires (`-c`).
    pub constraints: Vec<Requirement>,
    /// What its files say of indexes and of what may be installed, in their order.
    pub settings: Settings,
    /// Where a file says that every package has a hash in it (`--require-hashes`).
    pub require_hashes: Option<Place>,
    /// The project's own name, if the input is a part of a `pyproject.toml` that says one.
    pub project: Option<String>,
    /// That its `pyproject.toml` does not say what it requires. A lock that gives everything to everybody does without.
    pub unsaid: Option<Problem>,
    /// The files it was read from, from the context's root, sorted.
    pub files: Vec<String>,
}

/// Refuses inputs of which nobody knows what they require.
pub(crate) fn said<'a>(inputs: impl Iterator<Item = &'a Input>) -> Result<(), Vec<Problem>> {
    let unsaid: Vec<Problem> = inputs.filter_map(|input| input.unsaid.clone()).collect();
    if unsaid.is_empty() { Ok(()) } else { Err(unsaid) }
}

/// All inputs of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// In the order of their ids, without duplicates.
    pub inputs: Vec<Input>,
    /// Each file that was read, by path: the sha256 (64 hex digits) of what it says. Comments, blank lines and
    /// spacing do not count, nor those parts of a `pyproject.toml` that say nothing of dependencies.
    pub files: BTreeMap<String, String>,
    /// What the files say of indexes and of what may be installed, together.
    pub settings: Settings,
    /// The indexes that files name instead of the resolver's own, and where: those that differ.
    pub indexes: Vec<(String, Place)>,
    /// Warnings of packages that `[tool.uv.sources]` takes from elsewhere, which only a `uv.lock` honours.
    pub elsewhere: Vec<Problem>,
}

impl Inputs {
    /// The input of an id.
    pub fn get(&self, id: &InputId) -> Option<&Input> {
        self.inputs.iter().find(|input| input.id == *id)
    }
}
