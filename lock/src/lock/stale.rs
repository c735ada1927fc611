//! Whether a lock was made from the inputs as they are now.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Format, Lock};
use crate::input::{InputId, Inputs};
use crate::problem::{Place, Problem};

/// Something that has changed since a lock was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Stale {
    /// A file says something else.
    #[error("{0} has changed since the lock was made")]
    Changed(String),
    /// An input that the lock does not know.
    #[error("{0} is not in the lock")]
    Added(InputId),
    /// An input of the lock that is not used any more. Everything that is used is right in the lock.
    #[error("{0} is in the lock, but nothing uses it any more")]
    Removed(InputId),
}

impl Stale {
    /// The same as a problem of the file, with the advice.
    pub fn problem(&self) -> Problem {
        let file = match self {
            Self::Changed(file) => file,
            Self::Added(id) | Self::Removed(id) => &id.path,
        };
        Problem::at(Place::file(file), self.to_string()).hint("run `layerset lock` to refresh the lock")
    }

    /// Can the lock not be used because of it.
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::Removed(_))
    }
}

impl Lock {
    /// What has changed since the lock was made. Empty for locks of others, which say nothing of files; what
    /// they lack is found with [`super::Closures::of`].
    pub fn stale(&self, inputs: &Inputs) -> Vec<Stale> {
        if self.format != Format::Layerset {
            return Vec::new();
        }
        let locked: BTreeSet<&InputId> = self.groups.iter().flat_map(|group| &group.inputs).collect();
        let now: BTreeMap<&InputId, &[String]> =
            inputs.inputs.iter().map(|input| (&input.id, input.files.as_slice())).collect();
        let added = now.keys().filter(|id| !locked.contains(**id)).map(|id| Stale::Added((*id).clone()));
        let removed =
            locked.iter().filter(|id| !now.contains_key(**id)).map(|id| Stale::Removed((*id).clone()));
        // A new file is included by one that has changed, or belongs to a new input.
        let known = now.iter().filter(|(id, _)| locked.contains(**id)).flat_map(|(_, files)| *files);
        let changed = known.filter(|file| self.files.get(*file) != inputs.files.get(*file));
        let changed: BTreeSet<Stale> = changed.map(|file| Stale::Changed(file.clone())).collect();
        changed.into_iter().chain(added).chain(removed).collect()
    }
}
