//! Splits selections that overlap through their patterns, file by file, with the context's listing.
//!
//! Every file has a set of consumers. A directory in which all have the same one is a region, patterns
//! or not; of other directories the files of each set are one. So a region says as little of single
//! files as it can, and the same sets give the same regions whatever the patterns behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::listing::{Kind, Listing};
use super::path::escape;
use super::pattern::{Filter, Place};
use super::region::Consumers;
use super::want::Patterns;

/// A selection of a part of the tree.
pub(super) struct Selected<'a> {
    /// Where it begins, in the context.
    pub(super) source: String,
    pub(super) patterns: &'a Patterns,
    pub(super) consumers: &'a BTreeSet<usize>,
}

/// A part of the tree: its path in the context, what of it, and who needs that.
pub(super) type Piece = (String, Patterns, Consumers);

/// Splits everything below `top` that is selected. `None` if the listing has nothing there, or a
/// pattern is none: the engine will say so. Nor is it known what patterns take of a link's files.
pub(super) fn split(listing: &Listing, top: &str, selections: &[Selected<'_>]) -> Option<Vec<Piece>> {
    let range = listing.subtree(top);
    let elsewhere = |selected: &Selected<'_>| {
        *selected.patterns != Patterns::default() && listing.is_link(&selected.source)
    };
    if range.is_empty() || selections.iter().any(elsewhere) {
        return None;
    }
    let mut walk = Walk::new(listing, top, range, selections)?;
    walk.fill();
    Some(walk.pieces())
}

/// Number of a set of consumers in [`Walk::sets`]; 0 is the empty one.
type SetId = usize;

struct Walk<'a> {
    listing: &'a Listing,
    top: &'a str,
    range: Range<usize>,
    selections: &'a [Selected<'a>],
    filters: Vec<Filter>,
    /// Selections by where they begin.
    begin: BTreeMap<&'a str, Vec<usize>>,
    sets: Vec<Consumers>,
    by_consumers: BTreeMap<Consumers, SetId>,
    /// Selections that meet somewhere, and who that makes.
    meetings: Vec<(Vec<usize>, SetId)>,
    by_selections: BTreeMap<Vec<usize>, usize>,
    /// For each entry of the range which selections meet there, and where what is below it ends.
    own: Vec<usize>,
    end: Vec<usize>,
}

/// A directory on the way down.
struct Level {
    end: usize,
    /// Selections that take everything in it.
    all: Vec<usize>,
    /// Selections that take some of it.
    some: Vec<(usize, Place)>,
}

impl<'a> Walk<'a> {
    fn new(
        listing: &'a Listing,
        top: &'a str,
        range: Range<usize>,
        selections: &'a [Selected<'a>],
    ) -> Option<Self> {
        let filters: Result<Vec<Filter>, _> = selections
            .iter()
            .map(|selected| Filter::new(&selected.patterns.include, &selected.patterns.exclude))
            .collect();
        let mut begin: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, selected) in selections.iter().enumerate() {
            begin.entry(&selected.source).or_default().push(number);
        }
        let length = range.len();
        Some(Self {
            listing,
            top,
            range,
            selections,
            filters: filters.ok()?,
            begin,
            sets: vec![Consumers::new()],
            by_consumers: BTreeMap::from([(Consumers::new(), 0)]),
            meetings: Vec::new(),
            by_selections: BTreeMap::new(),
            own: Vec::with_capacity(length),
            end: Vec::with_capacity(length),
        })
    }

    /// Finds who selects each entry.
    fn fill(&mut self) {
        let mut levels: Vec<Level> = Vec::new();
        if self.top.is_empty() {
            // The root itself is no entry.
            let (_, level) = self.enter("", true, None, self.range.end);
            levels.push(level);
        }
        for at in self.range.clone() {
            let entry = &self.listing.entries()[at];
            let directory = entry.kind == Kind::Directory;
            let end = if directory { self.listing.subtree(&entry.path).end } else { at + 1 };
            while levels.last().is_some_and(|level| level.end <= at) {
                levels.pop();
            }
            let (selected, level) = self.enter(&entry.path, directory, levels.last(), end);
            let meeting = self.meeting(selected);
            self.own.push(meeting);
            self.end.push(end);
            if end > at + 1 {
                levels.push(level);
            }
        }
    }

    /// The selections that take a path, and how they go on below it.
    fn enter(&self, path: &str, directory: bool, above: Option<&Level>, end: usize) -> (Vec<usize>, Level) {
        let mut level = Level { end, all: Vec::new(), some: Vec::new() };
        let mut selected = Vec::new();
        if let Some(above) = above {
            level.all.clone_from(&above.all);
            for (number, place) in &above.some {
                let source = &self.selections[*number].source;
                let inner = if source.is_empty() { path } else { &path[source.len() + 1..] };
                let filter = &self.filters[*number];
                let place = filter.enter(inner, place);
                if place.kept() {
                    selected.push(*number);
                }
                if !directory || filter.none_below(inner, &place) {
                    continue;
                }
                if filter.all_below(inner, &place) {
                    level.all.push(*number);
                } else {
                    level.some.push((*number, place));
                }
            }
        }
        for number in self.begin.get(path).into_iter().flatten() {
            if self.filters[*number].is_all() || !directory {
                level.all.push(*number);
            } else {
                selected.push(*number);
                level.some.push((*number, Place::default()));
            }
        }
        selected.extend(&level.all);
        selected.sort_unstable();
        selected.dedup();
        (selected, level)
    }

    fn meeting(&mut self, selected: Vec<usize>) -> usize {
        if let Some(known) = self.by_selections.get(&selected) {
            return *known;
        }
        let consumers = self.consumers(&selected);
        let next = self.sets.len();
        let set = *self.by_consumers.entry(consumers.clone()).or_insert(next);
        if set == next {
            self.sets.push(consumers);
        }
        let number = self.meetings.len();
        self.by_selections.insert(selected.clone(), number);
        self.meetings.push((selected, set));
        number
    }

    fn consumers(&self, selected: &[usize]) -> Consumers {
        let all: BTreeSet<usize> =
            selected.iter().flat_map(|number| self.selections[*number].consumers).copied().collect();
        all.into_iter().collect()
    }

    /// Who selects an entry.
    fn set(&self, at: usize) -> SetId {
        self.meetings[self.own[at - self.range.start]].1
    }

    fn pieces(&self) -> Vec<Piece> {
        let uniform = self.uniform();
        let mut pieces = Vec::new();
        if self.top.is_empty() {
            self.files("", self.range.clone(), &mut pieces);
        }
        let start = self.range.start;
        let mut at = start;
        while at < self.range.end {
            let end = self.end[at - start];
            let path = &self.listing.entries()[at].path;
            if end > at + 1 {
                let alone = self.alone(at, at + 1..end);
                if !alone.is_empty() {
                    // The directory itself, with nothing in it.
                    let nothing = Patterns { include: Vec::new(), exclude: vec!["*".to_owned()] };
                    pieces.push((path.clone(), nothing, alone));
                }
            }
            let directory = self.listing.entries()[at].kind == Kind::Directory;
            if let Some(set) = uniform[at - start] {
                // Files stand in the piece of their directory, but for one that is all there is to split.
                if set != 0 && (directory || path == self.top) {
                    pieces.push((path.clone(), Patterns::default(), self.sets[set].clone()));
                }
                at = end;
            } else {
                self.files(path, at + 1..end, &mut pieces);
                at += 1;
            }
        }
        pieces
    }

    /// For each entry the one set of all that is in it, if there is one.
    fn uniform(&self) -> Vec<Option<SetId>> {
        let start = self.range.start;
        let mut uniform: Vec<Option<SetId>> = self.range.clone().map(|at| Some(self.set(at))).collect();
        for at in self.range.clone().rev() {
            let mut children = self.children(at + 1..self.end[at - start]);
            if let Some(first) = children.next() {
                let set = uniform[first - start];
                let same = children.all(|child| uniform[child - start] == set);
                uniform[at - start] = if same { set } else { None };
            }
        }
        uniform
    }

    /// The entries right in a directory, whose inside is `range`.
    fn children(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let first = (!range.is_empty()).then_some(range.start);
        let next = move |at: &usize| Some(self.end[at - self.range.start]).filter(|next| *next < range.end);
        std::iter::successors(first, next)
    }

    /// Consumers of selections that take a directory, but nothing in it: all others bring it along.
    fn alone(&self, directory: usize, inside: Range<usize>) -> Consumers {
        let start = self.range.start;
        let mut rest = self.meetings[self.own[directory - start]].0.clone();
        let mut seen = BTreeSet::new();
        for at in inside {
            if rest.is_empty() {
                break;
            }
            let leaf = self.end[at - start] == at + 1;
            let own = self.own[at - start];
            if leaf && seen.insert(own) {
                rest.retain(|selection| self.meetings[own].0.binary_search(selection).is_err());
            }
        }
        self.consumers(&rest)
    }

    /// The files right in a directory that is not of one set, a piece for each set.
    fn files(&self, directory: &str, inside: Range<usize>, pieces: &mut Vec<Piece>) {
        let mut by_set: BTreeMap<&Consumers, Vec<String>> = BTreeMap::new();
        for at in self.children(inside) {
            let entry = &self.listing.entries()[at];
            let set = self.set(at);
            if entry.kind != Kind::Directory && set != 0 {
                let name = entry.path.rsplit_once('/').map_or(entry.path.as_str(), |(_, name)| name);
                by_set.entry(&self.sets[set]).or_default().push(escape(name));
            }
        }
        pieces.extend(by_set.into_iter().map(|(consumers, include)| {
            (directory.to_owned(), Patterns { include, exclude: Vec::new() }, consumers.clone())
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::tests::listing;
    use super::*;

    /// `path +include -exclude: consumers`, for each piece of what consumers 0, 1, … select.
    fn pieces(files: &[&str], top: &str, selections: &[(&str, &[&str], &[&str])]) -> Vec<String> {
        let list = |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        let patterns: Vec<Patterns> = selections
            .iter()
            .map(|(_, include, exclude)| Patterns { include: list(include), exclude: list(exclude) })
            .collect();
        let consumers: Vec<BTreeSet<usize>> =
            (0..selections.len()).map(|who| BTreeSet::from([who])).collect();
        let selected: Vec<Selected<'_>> = selections
            .iter()
            .enumerate()
            .map(|(who, (source, ..))| Selected {
                source: (*source).to_owned(),
                patterns: &patterns[who],
                consumers: &consumers[who],
            })
            .collect();
        let show = |(path, patterns, consumers): Piece| {
            let include: Vec<String> = patterns.include.iter().map(|p| format!(" +{p}")).collect();
            let exclude: Vec<String> = patterns.exclude.iter().map(|p| format!(" -{p}")).collect();
            format!("{path}{}{}: {consumers:?}", include.concat(), exclude.concat())
        };
        split(&listing(files), top, &selected).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn overlapping_patterns_are_split_by_file() {
        let files = ["conf/a.yaml", "conf/a.json", "conf/b.yaml", "conf/c.txt"];
        let selections = [("conf", &["*.yaml"][..], &[][..]), ("conf", &["a*"], &[])];
        assert_eq!(
            pieces(&files, "conf", &selections),
            ["conf +b.yaml: [0]", "conf +a.yaml: [0, 1]", "conf +a.json: [1]"]
        );
    }

    #[test]
    fn directories_of_one_set_stay_whole() {
        let files = ["app/lib/x.py", "app/lib/d/y.py", "app/tests/t.py", "app/main.py", "app/doc/i.md"];
        let selections = [("app", &[][..], &["**/tests"][..]), ("app", &["**/*.py"], &[])];
        assert_eq!(
            pieces(&files, "app", &selections),
            ["app +main.py: [0, 1]", "app/doc: [0]", "app/lib: [0, 1]", "app/tests: [1]"]
        );
        let all = [("app", &["**/*.py", "**/*.md"][..], &[][..]), ("app", &["*"], &[])];
        assert_eq!(pieces(&files, "app", &all), ["app: [0, 1]"]);
    }

    #[test]
    fn a_directory_without_its_contents_is_kept() {
        let files = ["a/d/x", "a/e/"];
        let selections = [("a", &["d", "e"][..], &["d/*"][..]), ("a", &["d"], &[])];
        assert_eq!(pieces(&files, "a", &selections), ["a/d -*: [0]", "a/d: [1]", "a/e: [0]"]);
    }

    #[test]
    fn selections_that_begin_below() {
        let files = ["a/b/x.py", "a/b/y.c", "a/z.py"];
        let selections = [("a", &["**/*.py"][..], &[][..]), ("a/b", &[], &[])];
        assert_eq!(pieces(&files, "a", &selections), ["a +z.py: [0]", "a/b +x.py: [0, 1]", "a/b +y.c: [1]"]);
        assert_eq!(pieces(&files, "", &[("", &["**/*.c"], &[])]), ["a/b +y.c: [0]"]);
    }
}
