//! What a base holds where layers go. Directory by directory, because the engine's `StatFile` follows
//! links and would hide what is looked for.

use std::sync::PoisonError;

use buildkit_proto::stat::Stat;

use super::Engine;
use crate::emit::{self, Input, LookAt};
use crate::failure::Failure;
use crate::manifest::model::Manifest;
use crate::plan::{Directories, Found, Look, Looks, Target, stages_for};

impl Engine {
    /// Looks at the bases of `target` and of the stages it needs, each after those below it.
    pub async fn looks(
        &self,
        input: Input<'_>,
        manifest: &Manifest,
        target: &Target,
    ) -> Result<Looks, Failure> {
        let mut looks = Looks::new();
        let stages = stages_for(manifest, target).into_iter().map(Target::Stage);
        for target in stages.chain([target.clone()]) {
            if let Some(at) = emit::look_at(Input { looks: &looks, ..input }, &target) {
                looks.insert(target.name().to_owned(), self.look(at).await?);
            }
        }
        Ok(looks)
    }

    /// Remembers what a step has found on a base: each directory that is looked at anew is a request and a mount.
    pub(super) fn know(&self, base: String, directories: Directories) {
        self.bases.lock().unwrap_or_else(PoisonError::into_inner).insert(base, directories);
    }

    async fn look(&self, at: LookAt) -> Result<Look, Failure> {
        let mut look = Look::new();
        let known = self.bases.lock().unwrap_or_else(PoisonError::into_inner).get(&at.base).cloned();
        let mut listed = known.unwrap_or_default();
        // Sorted, so that every directory comes before what is in it.
        for path in &at.paths {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            if !parent.is_empty() && !matches!(look.get(parent), Some(Found::Directory { .. })) {
                continue;
            }
            let parent = if parent.is_empty() { "/" } else { parent };
            self.list_in(&at, parent, &mut listed).await?;
            if let Some(found) = listed.get(parent).and_then(|entries| entries.get(name)) {
                look.insert(path.clone(), *found);
            }
            if at.inside.contains(path) && matches!(look.get(path), Some(Found::Directory { .. })) {
                self.list_in(&at, path, &mut listed).await?;
                let links =
                    listed.get(path).into_iter().flatten().filter(|(_, found)| **found == Found::Link);
                look.extend(links.map(|(name, found)| (format!("{path}/{name}"), *found)));
            }
        }
        Ok(look)
    }

    /// Has a directory of a base among those that are listed.
    async fn list_in(&self, at: &LookAt, directory: &str, listed: &mut Directories) -> Result<(), Failure> {
        if !listed.contains_key(directory) {
            let reference = self.client.solve(at.definition.clone(), false).await?;
            let entries = self.client.read_dir(&reference, directory, "").await?.unwrap_or_default();
            listed.insert(directory.to_owned(), entries.iter().map(found).collect());
        }
        Ok(())
    }
}

/// The bit of a directory in a Go `os.FileMode`, which is what modes are on the wire.
/// Source: Go's `io/fs` package, `ModeDir` and the bits after it.
pub(super) const DIRECTORY: u32 = 1 << 31;
/// That of a symbolic link.
pub(super) const SYMLINK: u32 = 1 << 27;

/// Permission bits with setuid, setgid and sticky, of a Go mode.
pub(super) fn permissions(go: u32) -> u32 {
    const SPECIAL: [(u32, u32); 3] = [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)];
    go & 0o777 | SPECIAL.iter().filter(|(bit, _)| go & bit != 0).map(|(_, unix)| unix).sum::<u32>()
}

/// An entry's name and kind.
pub(super) fn found(stat: &Stat) -> (String, Found) {
    let found = if stat.mode & DIRECTORY != 0 {
        Found::Directory { mode: permissions(stat.mode), uid: stat.uid, gid: stat.gid }
    } else if stat.mode & SYMLINK != 0 {
        Found::Link
    } else {
        Found::File
    };
    (stat.path.trim_matches('/').to_owned(), found)
}
