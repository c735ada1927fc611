//! What one service or stage asks for, with its destination resolved.

use std::collections::BTreeSet;

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
    /// How often selections of other frames have been written over it before: what is selected again then goes over them,
    /// and is not what was selected first.
    pub(super) again: usize,
}

impl Frame {
    /// Whether both are one but for their numbers.
    fn is_same_as(&self, other: &Self) -> bool {
        (&self.origin, &self.source, &self.target, &self.attributes)
            == (&other.origin, &other.source, &other.target, &other.attributes)
    }
}

/// One selection: a path in a frame.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) frame: Frame,
    pub(super) path: Vec<String>,
    pub(super) patterns: Patterns,
    pub(super) span: Span,
}

impl Want {
    /// Where it goes.
    fn target(&self) -> Vec<String> {
        [&self.frame.target[..], &self.path].concat()
    }
}

/// The selections of one service or stage, in the order written: `files`, then `copy`. `is_link` tells links of the context, as
/// far as that matters: what lies behind one is in no frame with what is around it, where it is a link.
pub(super) fn wants(
    files: &[Selection],
    copy: &[CopyFrom],
    working_dir: &str,
    is_link: impl Fn(&str) -> bool,
) -> Vec<Want> {
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
    let mut wants = behind_links(&context.collect::<Vec<_>>(), is_link);
    wants.extend(others);
    number(&mut wants);
    wants
}

/// Gives what is behind a link a frame of its own. Who selects what is around it too has the link.
fn behind_links(wants: &[Want], is_link: impl Fn(&str) -> bool) -> Vec<Want> {
    let behind = |want: &Want| {
        let names = [&want.frame.source[..], &want.path].concat();
        (1..=names.len()).any(|depth| is_link(&names[..depth].join("/")))
    };
    let behind: Vec<bool> = wants.iter().map(behind).collect();
    let around = |want: &Want| {
        let holds = |other: &Want| {
            other.frame == want.frame
                && other.patterns == Patterns::default()
                && other.path.len() < want.path.len()
                && want.path.starts_with(&other.path)
        };
        wants.iter().zip(&behind).any(|(other, behind)| !behind && holds(other))
    };
    let apart = |(want, behind): (&Want, &bool)| match behind {
        false => Some(want.clone()),
        true if around(want) => None,
        true => {
            let mut apart = want.clone();
            apart.frame.source.append(&mut apart.path.clone());
            apart.frame.target.append(&mut apart.path);
            Some(apart)
        }
    };
    wants.iter().zip(&behind).filter_map(apart).collect()
}

/// Numbers the frames of what is selected again after others have been written over it.
fn number(wants: &mut [Want]) {
    let targets: Vec<Vec<String>> = wants.iter().map(Want::target).collect();
    let over = |a: usize, b: usize, wants: &[Want]| {
        !wants[a].frame.is_same_as(&wants[b].frame) && nested(&targets[a], &targets[b])
    };
    for at in shared_places(wants, &targets) {
        let Some(last) = (0..at).rev().find(|other| over(*other, at, wants)) else { continue };
        // Of what is selected whole again it is enough that this is the last time.
        let whole = |other: &Want| {
            wants[at].patterns == Patterns::default() && other.path.starts_with(&wants[at].path)
        };
        let before = (0..at).filter(|other| {
            let other = &wants[*other];
            other.frame.is_same_as(&wants[at].frame) && nested(&other.path, &wants[at].path) && !whole(other)
        });
        let again = before.map(|other| wants[other].frame.again + usize::from(other < last)).max();
        wants[at].frame.again = again.unwrap_or_default();
    }
}

/// Which of them go where those of other frames go, or around it.
fn shared_places(wants: &[Want], targets: &[Vec<String>]) -> BTreeSet<usize> {
    let mut sorted: Vec<usize> = (0..wants.len()).collect();
    sorted.sort_by_key(|at| &targets[*at]);
    let (mut shared, mut stack) = (BTreeSet::new(), Vec::<usize>::new());
    for at in sorted {
        while stack.last().is_some_and(|above| !targets[at].starts_with(&targets[*above])) {
            stack.pop();
        }
        for above in stack.iter().filter(|above| !wants[**above].frame.is_same_as(&wants[at].frame)) {
            shared.extend([*above, at]);
        }
        stack.push(at);
    }
    shared
}

/// Whether one of two paths is the other or below it.
pub(super) fn nested(a: &[String], b: &[String]) -> bool {
    a.starts_with(b) || b.starts_with(a)
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
    let frame = Frame { origin, source, target, attributes, again: 0 };
    Want { frame, path: common, patterns, span }
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

    fn select(source: &str, target: &str) -> Selection {
        Selection {
            span: Span::default(),
            source: source.to_owned(),
            target: target.to_owned(),
            directory: false,
            filter: Filter::default(),
        }
    }

    /// Where the frames of selections begin in the context, their paths, and their numbers.
    fn framed(selections: &[Selection], link: &str) -> Vec<String> {
        let wants = wants(selections, &[], "/app", |path| path == link);
        let show = |want: &Want| {
            format!("{}:{} {}", want.frame.source.join("/"), want.path.join("/"), want.frame.again)
        };
        wants.iter().map(show).collect()
    }

    #[test]
    fn what_is_behind_a_link_is_apart() {
        let one = |path: &str| select(path, path);
        assert_eq!(
            framed(&[one("a/l"), one("a/l/x"), one("a/lx")], "a/l"),
            ["a/l: 0", "a/l/x: 0", ":a/lx 0"]
        );
        assert_eq!(framed(&[one("a"), one("a/l"), select("a/l", "/srv")], "a/l"), [":a 0", "a/l: 0"]);
    }

    #[test]
    fn what_is_selected_again_is_over_what_came_between() {
        let (conf, over) = (|| select("conf", "conf"), || select("prod", "conf"));
        let file = || select("conf/a", "conf/a");
        for (selections, expected) in [
            (vec![conf(), over(), file()], vec![":conf 0", "prod: 0", ":conf/a 1"]),
            (vec![conf(), over(), conf(), over()], vec![":conf 0", "prod: 0", ":conf 0", "prod: 0"]),
            (
                vec![conf(), over(), file(), over(), file()],
                vec![":conf 0", "prod: 0", ":conf/a 1", "prod: 0", ":conf/a 1"],
            ),
            (vec![over(), conf(), file()], vec!["prod: 0", ":conf 0", ":conf/a 0"]),
            (vec![select("b", "b"), over(), conf()], vec![":b 0", "prod: 0", ":conf 0"]),
            (vec![conf(), select("prod", "/etc"), file()], vec![":conf 0", "prod: 0", ":conf/a 0"]),
        ] {
            assert_eq!(framed(&selections, ""), expected);
        }
    }
}
