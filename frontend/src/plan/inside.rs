//! Paths of the context that are selected inside of what others select. One of them may be a link: what it leads to is not what
//! is around it, so it has to be known.

use std::collections::BTreeSet;

use super::region::Tree;
use super::want::Frame;

/// Paths of nodes below others, with those on the way from there.
pub(super) fn inside(frame: &Frame, tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut stack: Vec<&Vec<String>> = Vec::new();
    for path in tree.keys() {
        while stack.last().is_some_and(|above| !path.starts_with(above)) {
            stack.pop();
        }
        if let Some(above) = stack.last() {
            let way =
                (above.len() + 1..=path.len()).map(|depth| [&frame.source[..], &path[..depth]].concat());
            found.extend(way.map(|names| names.join("/")));
        }
        stack.push(path);
    }
    found
}

/// Whether paths are in more directories than should be looked into one by one.
pub(super) fn is_scattered(inside: &BTreeSet<String>) -> bool {
    const MOST: usize = 16;
    let parents: BTreeSet<&str> =
        inside.iter().map(|path| path.rsplit_once('/').map_or("", |(parent, _)| parent)).collect();
    parents.len() > MOST
}
