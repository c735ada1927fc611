//! What a base holds at the destinations of the layers that go onto it. A merge does not look: it puts
//! a directory where the base has a link (`/bin`), and gives every directory on the way to a file the
//! owner and permissions of the layer's own. So whoever merges looks first.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Edge, File, Mkdir, Owner};

use super::{Emitter, FILE_TIME, inner};
use crate::manifest::model::Base;
use crate::plan::{Attributes, Found, Layer, Look, Origin, Part, Plan, Roots};

/// A directory as BuildKit makes it on the way to a destination.
pub(super) const PLAIN: Found = Found::Directory { mode: 0o755, uid: 0, gid: 0 };

/// The paths to look at before `layers` are merged: every destination and every directory on the way.
pub(super) fn paths<'a>(layers: impl Iterator<Item = &'a Layer>) -> BTreeSet<String> {
    let targets = layers.flat_map(Layer::targets);
    targets
        .flat_map(|target| above(target).into_iter().chain([target.to_owned()]))
        .filter(|p| p != "/")
        .collect()
}

/// Where selections of the context go: what they hold may meet links there.
pub(super) fn destinations_of_directories<'a>(layers: impl Iterator<Item = &'a Layer>) -> BTreeSet<String> {
    let parts = layers.filter(|layer| layer.origin == Origin::Context).flat_map(|layer| &layer.parts);
    parts.map(|part| part.target.clone()).filter(|target| target != "/").collect()
}

/// The most directories that a step is asked for, so that they fit on its command line.
const MOST_DIRECTORIES: usize = 64;

/// The directories that layers of all who are built on `base` are put into, `/` for the root. They are the same whoever is
/// built, so that all builds ask for them by one step.
pub(super) fn destinations(plan: &Plan, base: &Base) -> BTreeSet<String> {
    let chains =
        plan.stages.values().map(|stage| &stage.chain).chain(plan.images.values().map(|image| &image.chain));
    let layers =
        chains.filter(|chain| chain.base == *base).flat_map(|chain| &chain.layers).collect::<BTreeSet<_>>();
    let targets = layers.into_iter().flat_map(|id| plan.layers[*id].targets());
    let parents: BTreeSet<String> =
        targets.map(|target| above(target).pop().unwrap_or_else(|| "/".to_owned())).collect();
    parents.into_iter().take(MOST_DIRECTORIES).collect()
}

/// Directories on the way to a path, without the root and itself.
pub(super) fn above(path: &str) -> Vec<String> {
    path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| path[..at].to_owned()).collect()
}

/// Whether a layer has to be copied onto the base, because a merge would not do what a copy does:
/// follow links, and keep directories with special bits, which no file op can make.
pub(super) fn in_the_way(look: &Look, layer: &Layer) -> bool {
    let special = |path: &String| match look.get(path) {
        Some(Found::Directory { mode, .. }) => mode & 0o7000 != 0,
        Some(Found::Link | Found::File) => true,
        None => false,
    };
    let has_link = |target: &str| {
        let inside = format!("{target}/");
        let mut inside = look.range(inside.clone()..).take_while(|(path, _)| path.starts_with(&inside));
        inside.any(|(path, found)| *found == Found::Link && !path[target.len() + 1..].contains('/'))
    };
    let onto = layer.targets().into_iter().any(|target| {
        // Whether what another stage or image holds is a file is not known here: onto a directory it is
        // copied, so that nothing is replaced.
        let replaces = match look.get(target) {
            Some(Found::Link) => true,
            Some(Found::Directory { mode, .. }) => {
                mode & 0o7000 != 0
                    || matches!(layer.origin, Origin::From(_))
                    || layer.packages.is_none() && has_link(target)
            }
            // The base's own root: most have links there.
            _ => target == "/",
        };
        replaces || above(target).iter().any(special)
    });
    // Directories on the way to what a pattern takes keep what the base has, which a copy sees alone.
    let deep = |part: &Part| {
        let nested = |pattern: &String| pattern.contains('/') || pattern.contains("**");
        matches!(look.get(&part.target), Some(Found::Directory { .. }))
            && (part.patterns.include.iter().any(nested)
                || part.patterns.exclude.iter().any(|pattern| pattern.starts_with('!')))
    };
    onto || layer.parts.iter().any(deep)
}

impl Emitter<'_> {
    /// A layer that gives directories of the base, and those in `kept`, their owners and permissions back; `None` if the
    /// merged layers change none.
    pub(super) fn restore(
        &mut self,
        look: &Look,
        kept: &BTreeMap<String, Found>,
        roots: &Roots,
        layers: &[&Layer],
        name: &str,
    ) -> Option<(Edge, String)> {
        // What is there on the base already has nothing of a layer.
        let mut changed: BTreeSet<String> =
            kept.keys().filter(|path| !look.contains_key(*path)).cloned().collect();
        let mut made: BTreeSet<String> = changed.iter().flat_map(|path| above(path)).collect();
        let differs = |path: &String| look.get(path).is_some_and(|found| *found != PLAIN);
        for layer in layers {
            for target in layer.targets() {
                changed.extend(above(target).into_iter().filter(differs));
                // An existing destination keeps what it has, as with COPY. The directories of packages are plain ones.
                let target = target.to_owned();
                let directory = matches!(look.get(&target), Some(Found::Directory { .. }));
                if directory && (layer.packages.is_none() || differs(&target)) {
                    changed.insert(target);
                }
            }
        }
        let inner = inner::find(roots, layers, self.input.context, look);
        if changed.is_empty() && inner.is_empty() {
            return None;
        }
        let mut list: Vec<String> = changed.iter().cloned().collect();
        list.extend(inner::shown(&inner));
        // What is on the way to an inner directory is made again here, and must be as the base has it.
        changed.extend(inner::shown(&inner));
        // The copy makes the destination itself with an owner that is said, and would give it to those on the way too.
        let said = inner.keys().filter(|root| root.attributes != Attributes::default());
        made.extend(said.flat_map(|root| above(&root.target)));
        // Every directory on the way, each after the one it is in: none is left to a default.
        let all: BTreeSet<String> =
            changed.iter().flat_map(|path| above(path).into_iter().chain([path.clone()])).collect();
        let mut op = File::on(None);
        for path in all {
            let found =
                look.get(&path).or_else(|| kept.get(&path)).or(made.contains(&path).then_some(&PLAIN));
            let Some(Found::Directory { mode, uid, gid }) = found.copied() else { continue };
            op = op.mkdir(Mkdir {
                path,
                mode: mode & 0o777,
                parents: false,
                owner: Some(Owner::ids(uid, gid)),
                timestamp: Some(FILE_TIME),
            });
        }
        let shown = format!("[{name}] keep owner and mode of {}", list.join(", "));
        let op = self.copy_directories(op, &inner);
        // Each directory made gives the one that it is in the time of the build.
        let metadata = self.metadata_of(name, shown.clone()).progress_group(&shown, &shown, false);
        let made = self.graph.add(op, metadata);
        let again = self.metadata_of(name, format!("{shown}, file times"));
        let again = again.progress_group(&shown, &shown, false);
        Some((self.copy_all(made, None, again), shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_path() {
        assert_eq!(above("/a/b/c"), ["/a", "/a/b"]);
        assert_eq!(above("/a"), Vec::<String>::new());
        assert_eq!(above("/"), Vec::<String>::new());
    }
}
