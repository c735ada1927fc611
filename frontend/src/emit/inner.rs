//! Directories inside a selection that is split: each layer makes those on the way to its files as root's
//! with mode 0755. An image gets them as the context has them, by copies of the directories alone.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Copy, File};

use super::copy::copy_attributes;
use super::look::PLAIN;
use super::{Emitter, FILE_TIME};
use crate::plan::{
    Attributes, Found, Layer, Look, Origin, Part, Patterns, Root, Roots, escape_pattern, on_the_way,
};

/// Directories to keep, as paths from the selections they are in.
pub(super) type Inner<'a> = BTreeMap<&'a Root, BTreeSet<&'a str>>;

/// Finds them. `context` says what the sources are, and `look` what is there on the base; a directory that a layer makes right
/// anyway is left out.
pub(super) fn find<'a>(roots: &'a Roots, layers: &[&'a Layer], context: &Look, look: &Look) -> Inner<'a> {
    let mut inner = Inner::new();
    let of_context = layers.iter().filter(|layer| layer.origin == Origin::Context);
    for part in of_context.flat_map(|layer| &layer.parts) {
        let Some((root, path)) = roots.above(part) else { continue };
        let start = root.source.trim_matches('/');
        let differs = on_the_way(path).filter(|path| {
            let source = if start.is_empty() { (*path).to_owned() } else { format!("{start}/{path}") };
            let there = look.get(&format!("{}/{path}", root.target.trim_end_matches('/')));
            let plain = part.attributes == Attributes::default() && there.is_none_or(|found| *found == PLAIN);
            matches!(context.get(&source), Some(Found::Directory { mode, .. }) if !plain || *mode != 0o755)
        });
        let differs: Vec<&str> = differs.collect();
        if !differs.is_empty() {
            inner.entry(root).or_default().extend(differs);
        }
    }
    inner
}

impl Emitter<'_> {
    /// Adds copies of the directories themselves, without what is in them.
    pub(super) fn copy_directories(&mut self, op: File, inner: &Inner<'_>) -> File {
        let from = Some(self.context());
        inner.iter().fold(op, |op, (root, paths)| {
            let names = |path: &&str| path.split('/').map(escape_pattern).collect::<Vec<_>>().join("/");
            // A directory on the way to a kept one is made with it, and must not be left out as its parent's contents.
            let last = |path: &&&str| {
                let below = format!("{path}/");
                let next = paths.range(below.as_str()..).next();
                next.is_none_or(|next| !next.starts_with(&below))
            };
            let paths: Vec<String> = paths.iter().filter(last).map(names).collect();
            let part = Part {
                source: root.source.clone(),
                target: root.target.clone(),
                attributes: root.attributes.clone(),
                patterns: Patterns {
                    exclude: paths.iter().map(|path| format!("{path}/*")).collect(),
                    include: paths,
                },
            };
            op.copy(Copy { timestamp: Some(FILE_TIME), ..copy_attributes(&part, from, self.input.settings) })
        })
    }
}

/// For people: the directories, as they are called in the image.
pub(super) fn shown(inner: &Inner<'_>) -> Vec<String> {
    let path = |root: &Root, path: &&str| format!("{}/{path}", root.target.trim_end_matches('/'));
    inner.iter().flat_map(|(root, paths)| paths.iter().map(|p| path(root, p))).collect()
}
