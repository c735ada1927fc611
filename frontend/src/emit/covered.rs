//! Where a layer goes into what lower layers of the same image hold. Made by itself it has the directories on the way as any
//! parent: root's, with mode 0755; and a merge takes them from the highest layer. `COPY` keeps those that are there.
//!
//! What the context holds is known, and its directories get their owner and mode back, with those of the base (`look.rs`). What
//! a stage holds is not: such a layer is copied onto those below it.

use std::collections::BTreeMap;

use super::look::PLAIN;
use crate::manifest::model::Id;
use crate::plan::{
    Attributes, Beneath, Found, Layer, Look, Origin, Part, Patterns, is_split, on_the_way, source_in,
};

/// Directories that a merge of a layer would change, as they are without it; `None`: it has to be copied. `context` says what
/// sources are.
pub(super) fn kept(beneath: &Beneath<'_>, layer: &Layer, context: &Look) -> Option<BTreeMap<String, Found>> {
    let mut kept = BTreeMap::new();
    for part in &layer.parts {
        let mut of_part = BTreeMap::new();
        for (below, outer, rest) in beneath.around(part) {
            match below.origin {
                _ if below.origin == layer.origin && is_split(outer, part, rest) => {
                    // Of the context they are made once more as it has them: see `inner.rs`. Of a stage they may be anything.
                    if layer.origin != Origin::Context && !rest.is_empty() {
                        return None;
                    }
                }
                // What a stage holds may be a link or a file where there is a directory.
                Origin::Context if !rest.is_empty() || layer.origin == Origin::Context => {
                    add_directories(&mut of_part, (outer, rest), layer, part, context)?;
                }
                Origin::Context | Origin::From(_) | Origin::Packages => return None,
            }
        }
        // Without an owner or mode that is said, a directory is made as it is.
        let unsaid = part.attributes == Attributes::default();
        of_part.retain(|path, directory| *directory != PLAIN || !unsaid && *path == part.target);
        // Lower layers have passed it, and made it as any parent.
        if !unsaid && beneath.is_inside(layer, part) {
            of_part.entry(part.target.clone()).or_insert(PLAIN);
        }
        kept.extend(of_part);
    }
    kept.remove("/");
    Some(kept)
}

/// Adds the directories that a part of the context brings, as far as they are on the way from its destination to that of
/// `part`, which is `rest`. `None`: that cannot be said beforehand.
fn add_directories(
    kept: &mut BTreeMap<String, Found>,
    (outer, rest): (&Part, &str),
    layer: &Layer,
    part: &Part,
    context: &Look,
) -> Option<()> {
    let (uid, gid) = numbers(&outer.attributes)?;
    let is = |source: &str| context.get(source).copied();
    // A copy makes its own destination with this mode, whatever the source has, and leaves one that is there.
    if outer.source == "/" || matches!(is(outer.source.trim_matches('/')), Some(Found::Directory { .. })) {
        kept.entry(outer.target.clone()).or_insert(Found::Directory { mode: 0o755, uid, gid });
    }
    for way in on_the_way(rest).filter(|way| !way.is_empty()) {
        match is(&source_in(outer, way)) {
            // No file op makes special bits.
            Some(Found::Directory { mode, .. }) if mode & 0o7000 == 0 => {
                // Only a directory can take its place.
                let directory = matches!(is(part.source.trim_matches('/')), Some(Found::Directory { .. }));
                if way == rest && !(layer.origin == Origin::Context && directory) {
                    return None;
                }
                let directory = Found::Directory { mode, uid, gid };
                // Whether patterns take a directory is not worked out here.
                if outer.patterns != Patterns::default() && directory != PLAIN {
                    return None;
                }
                kept.insert(format!("{}/{way}", outer.target.trim_end_matches('/')), directory);
            }
            Some(Found::Directory { .. } | Found::Link) => return None,
            Some(Found::File) | None => break,
        }
    }
    Some(())
}

/// User and group that a part is given to, where both are numbers and nothing is said of modes.
fn numbers(attributes: &Attributes) -> Option<(u32, u32)> {
    match attributes {
        Attributes { mode: Some(_), .. } => None,
        Attributes { owner: None, .. } => Some((0, 0)),
        Attributes { owner: Some(owner), .. } => {
            match (&owner.user, owner.group.as_ref().unwrap_or(&owner.user)) {
                (Id::Number(uid), Id::Number(gid)) => Some((*uid, *gid)),
                _ => None,
            }
        }
    }
}
