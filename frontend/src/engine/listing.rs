//! What the context holds. A step that runs the frontend's own image lists it: the engine keeps its
//! result as long as the context is unchanged, and all targets of a bake share it. Where that image is
//! not known, every directory is read, many at once.

use std::collections::BTreeSet;

use buildkit_proto::pb;
use buildkit_proto::stat::Stat;
use tokio::task::JoinSet;

use super::look::{DIRECTORY, SYMLINK, permissions};
use super::{Engine, LOOKUPS};
use crate::emit;
use crate::failure::Failure;
use crate::gateway::{Client, Ref};
use crate::plan::{ContextPlan, Entry, EntryKind, Listing};
use crate::python::Imports;

impl Engine {
    pub(super) async fn list(&self, context: &ContextPlan) -> Result<Listing, Failure> {
        if context.unused {
            return Ok(Listing::default());
        }
        let definition = self.context.definition(context);
        if let Some(asked) = self.own_image.as_ref().and_then(|image| emit::list_context(image, &definition))
        {
            let bytes = self.ask(asked).await?;
            let unreadable =
                || Failure::Request("internal error: the context's listing cannot be read".into());
            return Listing::from_bytes(&bytes).ok_or_else(unreadable);
        }
        self.read_directories(definition).await
    }

    /// Which of `names` the sources of the context name.
    pub(super) async fn look_for_imports(
        &self,
        context: &ContextPlan,
        names: &BTreeSet<String>,
    ) -> Result<Option<Imports>, Failure> {
        let Some(image) = self.own_image.as_ref().filter(|_| !context.unused) else { return Ok(None) };
        let definition = self.context.definition(context);
        let Some(asked) = emit::imports(image, &definition, names) else { return Ok(None) };
        let bytes = self.ask(asked).await?;
        let imports = serde_json::from_slice(&bytes);
        imports.map(Some).map_err(|error| Failure::Request(format!("internal error: imports: {error}")))
    }

    async fn read_directories(&self, context: pb::Definition) -> Result<Listing, Failure> {
        let reference = self.client.solve(context, false).await?;
        let mut entries = Vec::new();
        let mut waiting = vec![String::new()];
        let mut pending = JoinSet::new();
        loop {
            while pending.len() < LOOKUPS {
                let Some(directory) = waiting.pop() else { break };
                pending.spawn(read(self.client.clone(), reference.clone(), directory));
            }
            let Some(done) = pending.join_next().await else { break };
            let found = done.map_err(|join| Failure::Request(format!("internal error: {join}")))??;
            let directories = found.iter().filter(|entry| entry.kind == EntryKind::Directory);
            waiting.extend(directories.map(|entry| entry.path.clone()));
            entries.extend(found);
        }
        Ok(Listing::new(entries))
    }
}

async fn read(client: Client, reference: Ref, directory: String) -> Result<Vec<Entry>, Failure> {
    let path = if directory.is_empty() { "/" } else { &directory };
    let found = client.read_dir(&reference, path, "").await?.unwrap_or_default();
    Ok(found.iter().map(|stat| entry(&directory, stat)).collect())
}

fn entry(directory: &str, stat: &Stat) -> Entry {
    /// Devices, pipes, sockets and what Go knows no name for.
    const OTHER: u32 = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;
    let kind = match stat.mode {
        mode if mode & DIRECTORY != 0 => EntryKind::Directory,
        mode if mode & SYMLINK != 0 => EntryKind::Link,
        mode if mode & OTHER != 0 => EntryKind::Other,
        _ => EntryKind::File,
    };
    let name = stat.path.trim_matches('/');
    let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
    let size = if kind == EntryKind::File { u64::try_from(stat.size).unwrap_or_default() } else { 0 };
    Entry { path, kind, size, mode: permissions(stat.mode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_modes() {
        for (mode, kind, size) in [
            (0o644, EntryKind::File, 7),
            (1 << 23 | 0o4755, EntryKind::File, 7),
            (1 << 31 | 1 << 20 | 0o755, EntryKind::Directory, 0),
            (1 << 27 | 0o777, EntryKind::Link, 0),
            (1 << 25 | 0o600, EntryKind::Other, 0),
            (1 << 26 | 1 << 21, EntryKind::Other, 0),
        ] {
            let stat = Stat { path: "x".into(), mode, size: 7, ..Stat::default() };
            let found = entry("a", &stat);
            assert_eq!((found.path.as_str(), found.kind, found.size), ("a/x", kind, size), "{mode:o}");
        }
    }
}
