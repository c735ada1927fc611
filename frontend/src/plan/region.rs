//! Overlapping selections become disjoint regions, each with the set of consumers that need it.
//!
//! In a frame the selected paths are nodes of a tree. The region of a node is what is below it and
//! below no other node: `backend/` without `backend/common/`, and `backend/common/`. Whoever selects
//! a node or one above it needs the region. Nothing is listed, so a new file changes no region.
//! A selection with patterns is split against the plain ones that hold it: what matches is needed by
//! both, what does not by the plain ones alone.

use std::collections::{BTreeMap, BTreeSet};

use super::listing::Listing;
use super::listing_split::{self, Selected};
use super::want::{Frame, Origin, Patterns, Want};
use super::{elsewhere, inside};
use crate::diagnostic::Span;

/// Whoever needs something, by number. Sorted.
pub(super) type Consumers = Vec<usize>;

/// Files that are needed together: a part of a frame.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) frame: Frame,
    pub(super) path: Vec<String>,
    pub(super) patterns: Patterns,
    pub(super) consumers: Consumers,
    pub(super) spans: Vec<Span>,
}

/// A selected path.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Who selects all of it.
    pub(super) plain: BTreeSet<usize>,
    /// Who selects some of it.
    pub(super) filtered: BTreeMap<Patterns, BTreeSet<usize>>,
    /// Where each selects it.
    pub(super) spans: Spans,
}

/// Places by who says them.
pub(super) type Spans = BTreeMap<usize, BTreeSet<Span>>;

/// The places of some.
pub(super) fn places(spans: &Spans, consumers: &BTreeSet<usize>) -> Vec<Span> {
    let all: BTreeSet<Span> = consumers.iter().filter_map(|who| spans.get(who)).flatten().copied().collect();
    all.into_iter().collect()
}

/// Selected paths of a frame.
pub(super) type Tree = BTreeMap<Vec<String>, Node>;

/// Disjoint regions, as far as could be.
#[derive(Debug, Default)]
pub(super) struct Split {
    pub(super) regions: Vec<Region>,
    /// Whether selections of the context overlap in a way that only a listing can split.
    pub(super) overlaps: bool,
    /// Paths of the context inside of others that are selected, with those on the way.
    pub(super) inside: BTreeSet<String>,
}

/// Splits what all consumers want. `wants[i]` are the selections of consumer `i`.
pub(super) fn split(wants: &[Vec<Want>], listing: Option<&Listing>) -> Split {
    let mut frames: BTreeMap<&Frame, Tree> = BTreeMap::new();
    for (consumer, wants) in wants.iter().enumerate() {
        for want in wants {
            let node = frames.entry(&want.frame).or_default().entry(want.path.clone()).or_default();
            node.spans.entry(consumer).or_default().insert(want.span);
            if want.patterns == Patterns::default() {
                node.plain.insert(consumer);
            } else {
                node.filtered.entry(want.patterns.clone()).or_default().insert(consumer);
            }
        }
    }
    let mut split = Split::default();
    for (frame, tree) in frames {
        let tree = without_repeats(tree);
        if frame.origin == Origin::Context {
            split.inside.extend(inside::inside(frame, &tree));
            split_tree(frame, &tree, listing, &mut split);
        } else {
            elsewhere::one_by_one(frame, &tree, &mut split);
        }
    }
    split
}

/// Leaves out nodes that only say again what one above them says: whoever selects them, selects that.
fn without_repeats(tree: Tree) -> Tree {
    let mut kept = Tree::new();
    let mut stack: Vec<(Vec<String>, BTreeSet<usize>)> = Vec::new();
    for (path, node) in tree {
        while stack.last().is_some_and(|(above, _)| !path.starts_with(above)) {
            stack.pop();
        }
        let above = stack.last().map(|(_, plain)| plain);
        let repeats = above.is_some_and(|plain| node.filtered.is_empty() && node.plain.is_subset(plain));
        if !repeats {
            let plain = above.map_or(node.plain.clone(), |plain| plain.union(&node.plain).copied().collect());
            stack.push((path.clone(), plain));
            kept.insert(path, node);
        }
    }
    kept
}

/// A node on the way down, with everyone who selects it or one above it without patterns.
struct Above<'a> {
    path: &'a [String],
    plain: BTreeSet<usize>,
    spans: Spans,
}

fn split_tree(frame: &Frame, tree: &Tree, listing: Option<&Listing>, split: &mut Split) {
    // A map over component lists has every node right before those below it.
    let below = nodes_below(tree);
    let mut stack: Vec<Above<'_>> = Vec::new();
    let mut listed: Option<&Vec<String>> = None;
    for ((path, node), below) in tree.iter().zip(below) {
        if listed.is_some_and(|top| path.starts_with(top)) {
            continue;
        }
        while stack.last().is_some_and(|above| !path.starts_with(above.path)) {
            stack.pop();
        }
        let above = stack.last();
        let plain: BTreeSet<usize> =
            above.map_or(node.plain.clone(), |above| above.plain.union(&node.plain).copied().collect());
        let mut spans = above.map_or_else(Spans::new, |above| above.spans.clone());
        for (who, own) in &node.spans {
            spans.entry(*who).or_default().extend(own);
        }
        let region = |patterns: Patterns, consumers: &BTreeSet<usize>| Region {
            frame: frame.clone(),
            path: path.clone(),
            patterns,
            consumers: consumers.iter().copied().collect(),
            spans: places(&spans, consumers),
        };
        if let Some(parts) = own_parts(node, &plain, &below) {
            let used = parts.into_iter().filter(|(_, consumers)| !consumers.is_empty());
            split.regions.extend(used.map(|(patterns, consumers)| region(patterns, &consumers)));
        } else if let Some(pieces) = listing.and_then(|listing| by_file(listing, frame, path, &plain, tree)) {
            split.overlaps = true;
            split.regions.extend(pieces);
            listed = Some(path);
        } else {
            split.overlaps = true;
            // Patterns that overlap each other: every selection by itself, stored more than once.
            if !plain.is_empty() {
                split.regions.push(region(leave_out(&below), &plain));
            }
            split.regions.extend(node.filtered.iter().map(|(patterns, who)| region(patterns.clone(), who)));
        }
        stack.push(Above { path, plain, spans });
    }
}

/// The regions of a node and of all below it, from the context's listing. `plain` select the node or
/// one above it without patterns.
fn by_file(
    listing: &Listing,
    frame: &Frame,
    top: &Vec<String>,
    plain: &BTreeSet<usize>,
    tree: &Tree,
) -> Option<Vec<Region>> {
    let source = |path: &[String]| [&frame.source[..], path].concat().join("/");
    let everything = Patterns::default();
    let mut selected = Vec::new();
    if !plain.is_empty() {
        selected.push(Selected { source: source(top), patterns: &everything, consumers: plain });
    }
    let nodes = || tree.range(top.clone()..).take_while(|(path, _)| path.starts_with(top));
    let mut spans = Spans::new();
    for (path, node) in nodes() {
        let filtered = node.filtered.iter();
        let own = (path != top && !node.plain.is_empty()).then_some((&everything, &node.plain));
        for (patterns, consumers) in filtered.chain(own) {
            selected.push(Selected { source: source(path), patterns, consumers });
        }
        for (consumer, own) in &node.spans {
            spans.entry(*consumer).or_default().extend(own);
        }
    }
    let top = source(top);
    let pieces = listing_split::split(listing, &top, &selected)?;
    let region = |(path, patterns, consumers): listing_split::Piece| {
        let places = places(&spans, &consumers.iter().copied().collect());
        let names = super::path::parts(&path);
        Region {
            frame: frame.clone(),
            path: names[frame.source.len()..].to_vec(),
            patterns,
            consumers,
            spans: places,
        }
    };
    Some(pieces.into_iter().map(region).collect())
}

/// For every node the paths of the nearest nodes below it, from it.
fn nodes_below(tree: &Tree) -> Vec<Vec<Vec<String>>> {
    let mut below: Vec<Vec<Vec<String>>> = vec![Vec::new(); tree.len()];
    let mut stack: Vec<(usize, &Vec<String>)> = Vec::new();
    for (number, path) in tree.keys().enumerate() {
        while stack.last().is_some_and(|(_, above)| !path.starts_with(above)) {
            stack.pop();
        }
        if let Some((above, prefix)) = stack.last() {
            below[*above].push(path[prefix.len()..].to_vec());
        }
        stack.push((number, path));
    }
    below
}

/// The disjoint parts of a node without what is below other nodes; `None` if patterns alone cannot
/// say them.
pub(super) fn own_parts(
    node: &Node,
    plain: &BTreeSet<usize>,
    below: &[Vec<String>],
) -> Option<Vec<(Patterns, BTreeSet<usize>)>> {
    let mut filtered = node.filtered.iter();
    let Some((patterns, who)) = filtered.next() else {
        return Some(vec![(leave_out(below), plain.clone())]);
    };
    if filtered.next().is_some() || !below.is_empty() {
        return None;
    }
    if plain.is_empty() {
        return Some(vec![(patterns.clone(), who.clone())]);
    }
    if who.is_subset(plain) {
        return Some(vec![(Patterns::default(), plain.clone())]);
    }
    let both = plain.union(who).copied().collect();
    let rest = complement(patterns)?;
    Some(vec![(patterns.clone(), both), (rest, plain.clone())])
}

/// What the patterns leave, if one list of patterns can say it.
fn complement(patterns: &Patterns) -> Option<Patterns> {
    let negated = |list: &[String]| list.iter().any(|pattern| pattern.starts_with('!'));
    match (&patterns.include[..], &patterns.exclude[..]) {
        (include, []) if !negated(include) => {
            Some(Patterns { include: Vec::new(), exclude: include.to_vec() })
        }
        ([], exclude) if !negated(exclude) => {
            Some(Patterns { include: exclude.to_vec(), exclude: Vec::new() })
        }
        _ => None,
    }
}

fn leave_out(below: &[Vec<String>]) -> Patterns {
    let exclude =
        below.iter().map(|path| path.iter().map(|part| super::path::escape(part)).collect::<Vec<_>>());
    Patterns { include: Vec::new(), exclude: exclude.map(|parts| parts.join("/")).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::want::wants;
    use super::*;
    use crate::diagnostic::Spanned;
    use crate::manifest::model::{Base, CopyFrom, Filter, Selection};

    fn select(source: &str, include: &[&str], exclude: &[&str]) -> Selection {
        let list = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Selection {
            span: Span::default(),
            source: source.into(),
            target: source.into(),
            directory: false,
            filter: Filter { include: list(include), exclude: list(exclude), ..Filter::default() },
        }
    }

    /// `path +include -exclude: consumers`, for each region.
    fn regions(consumers: &[Vec<Selection>]) -> Vec<String> {
        let all: Vec<Vec<Want>> =
            consumers.iter().map(|files| wants(files, &[], "/app", |_| false)).collect();
        let show = |region: &Region| {
            let mut text = region.path.join("/");
            for pattern in &region.patterns.include {
                text.extend([" +", pattern.as_str()]);
            }
            for pattern in &region.patterns.exclude {
                text.extend([" -", pattern.as_str()]);
            }
            format!("{text}: {:?}", region.consumers)
        };
        split(&all, None).regions.iter().map(show).collect()
    }

    #[test]
    fn a_directory_and_what_is_in_it() {
        let a = vec![select("backend", &[], &[])];
        let b = vec![select("backend/common", &[], &[])];
        let c = vec![select("backend/common/db", &[], &[]), select("other", &[], &[])];
        assert_eq!(
            regions(&[a, b, c]),
            [
                "backend -common: [0]",
                "backend/common -db: [0, 1]",
                "backend/common/db: [0, 1, 2]",
                "other: [2]"
            ]
        );
    }

    #[test]
    fn what_all_select_twice_is_one_region() {
        let twice = || vec![select("backend", &[], &[]), select("backend/common", &[], &[])];
        assert_eq!(regions(&[twice(), twice()]), ["backend: [0, 1]"]);
        assert_eq!(
            regions(&[twice(), vec![select("backend/common", &[], &[])]]),
            ["backend -common: [0]", "backend/common: [0, 1]"]
        );
    }

    #[test]
    fn patterns_split_a_plain_selection_in_two() {
        let plain = vec![select("conf", &[], &[])];
        let some = vec![select("conf", &["*.yaml"], &[])];
        let most = vec![select("conf", &[], &["secret"])];
        assert_eq!(regions(&[plain.clone(), some.clone()]), ["conf +*.yaml: [0, 1]", "conf -*.yaml: [0]"]);
        assert_eq!(regions(&[plain.clone(), most]), ["conf -secret: [0, 1]", "conf +secret: [0]"]);
        assert_eq!(regions(&[some]), ["conf +*.yaml: [0]"]);
        let both = vec![select("conf", &[], &[]), select("conf", &["*.yaml"], &[])];
        assert_eq!(regions(&[both]), ["conf: [0]"]);
    }

    #[test]
    fn patterns_that_overlap_each_other_are_stored_by_themselves() {
        let a = vec![select("conf", &["*.yaml"], &[])];
        let b = vec![select("conf", &["a*"], &[])];
        assert_eq!(regions(&[a, b]), ["conf +*.yaml: [0]", "conf +a*: [1]"]);
    }

    #[test]
    fn a_path_below_a_pattern_of_someone_above() {
        let plain = vec![select("backend", &[], &[])];
        let some = vec![select("backend/common", &["*.py"], &[])];
        assert_eq!(
            regions(&[plain, some]),
            ["backend -common: [0]", "backend/common +*.py: [0, 1]", "backend/common -*.py: [0]"]
        );
    }

    /// A file in a stage may be a link, and a directory may be anybody's.
    #[test]
    fn of_a_stage_nothing_is_taken_out() {
        let copy = |source: &str| CopyFrom {
            span: Span::default(),
            from: Spanned { value: Base::Stage("s".into()), span: Span::default() },
            source: source.into(),
            target: source.into(),
            filter: Filter::default(),
        };
        let consumers = [vec![copy("/out")], vec![copy("/out/a/b")], vec![copy("/out"), copy("/out/a")]];
        let wants: Vec<Vec<Want>> =
            consumers.iter().map(|copies| wants(&[], copies, "/", |_| false)).collect();
        let split = split(&wants, None);
        let show = |region: &Region| {
            format!("{} {:?} {:?}", region.path.join("/"), region.patterns.exclude, region.consumers)
        };
        assert_eq!(split.regions.iter().map(show).collect::<Vec<_>>(), ["out [] [0, 2]", "out/a/b [] [1]"]);
        assert!(split.inside.is_empty() && !split.overlaps);
    }

    #[test]
    fn what_may_be_a_link_is_asked_for() {
        let wants = |paths: &[&str]| {
            wants(&paths.iter().map(|path| select(path, &[], &[])).collect::<Vec<_>>(), &[], "/", |_| false)
        };
        let found = |all: &[Vec<Want>]| split(all, None).inside.into_iter().collect::<Vec<_>>();
        assert_eq!(found(&[wants(&["a"]), wants(&["a/b/c", "ab"])]), ["a/b", "a/b/c"]);
        assert_eq!(found(&[wants(&["a", "a/b"]), wants(&["c"])]), [""; 0]);
        let many: BTreeSet<String> = (0..17).map(|number| format!("a/{number}/x")).collect();
        assert!(inside::is_scattered(&many) && !inside::is_scattered(&many.into_iter().skip(1).collect()));
    }
}
