//! What one service or stage asks for, with its destination resolved.

use serde::Serialize;

use super::path;
use crate::diagnostic::Span;
use crate::manifest::model::{Base, CopyFrom, Filter, Owner, Selection};

/// Where files come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A stage, an image or a named context. Sorts first: it changes more slowly.
    From(Base),
    /// Python packages, installed from wheels.
    Packages,
    /// The build context.
    Context,
}

/// Owner and permissions that a selection gives its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Attributes {
    /// Owner of everything; `None`: root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Permission bits; `None`: as in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

/// Patterns below a path: what to take and what to leave, in the engine's own pattern language.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Patterns {
    /// Only what matches one of these; empty: everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Not what matches one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// A rule that takes paths of the source to paths of the image: `source/X` goes to `target/X`. The
/// trailing names that both have in common are cut off, so that selections of one tree that keep
/// their paths are in one frame: there they can overlap, and be split into disjoint regions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Frame {
    pub(super) origin: Origin,
    pub(super) source: Vec<String>,
    pub(super) target: Vec<String>,
    pub(super) attributes: Attributes,
}

/// One selection: a path in a frame.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) frame: Frame,
    pub(super) path: Vec<String>,
    pub(super) patterns: Patterns,
    pub(super) span: Span,
}

/// The selections of one service or stage, in the order written: `files`, then `copy`.
pub(super) fn wants(files: &[Selection], copy: &[CopyFrom], working_dir: &str) -> Vec<Want> {
    let context = files.iter().map(|file| {
        want(
            Origin::Context,
            &file.source,
            &path::resolve(working_dir, &file.target),
            &file.filter,
            file.span,
        )
    });
    let others = copy.iter().map(|copy| {
        let origin = Origin::From(copy.from.value.clone());
        want(origin, &copy.source, &path::resolve(working_dir, &copy.target), &copy.filter, copy.span)
    });
    context.chain(others).collect()
}

fn want(origin: Origin, source: &str, target: &str, filter: &Filter, span: Span) -> Want {
    let mut source = path::parts(source);
    let mut target = path::parts(target);
    let mut common = Vec::new();
    while let (Some(a), Some(b)) = (source.last(), target.last())
        && a == b
    {
        target.pop();
        common.extend(source.pop());
    }
    common.reverse();
    let attributes = Attributes { owner: filter.owner.clone(), mode: filter.mode };
    let patterns = Patterns { include: filter.include.clone(), exclude: filter.exclude.clone() };
    Want { frame: Frame { origin, source, target, attributes }, path: common, patterns, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_of(source: &str, target: &str) -> (String, String, String) {
        let want = want(Origin::Context, source, target, &Filter::default(), Span::default());
        (want.frame.source.join("/"), want.frame.target.join("/"), want.path.join("/"))
    }

    #[test]
    fn selections_that_keep_their_paths_share_a_frame() {
        let frame = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(frame_of("backend/api", "/app/backend/api"), frame("", "app", "backend/api"));
        assert_eq!(frame_of("backend", "/app/backend"), frame("", "app", "backend"));
        assert_eq!(frame_of("", "/app"), frame("", "app", ""));
        assert_eq!(frame_of("config/prod", "/etc/app"), frame("config/prod", "etc/app", ""));
        assert_eq!(frame_of("backend/api", "/srv/api"), frame("backend", "srv", "api"));
    }
}
