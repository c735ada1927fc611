//! What the build context holds, as plain data.

use std::cmp::Ordering;
use std::ops::Range;

use super::look::Found;
use super::pattern::{Filter, Place};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, pipe or socket.
    Other,
}

/// A file or directory of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path from the context's root, without a leading slash.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Its bytes; 0 for all but regular files.
    pub size: u64,
    /// Its permission bits, with setuid, setgid and sticky.
    pub mode: u32,
}

/// Everything in a context, each directory right before what is in it.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    entries: Vec<Entry>,
}

impl Listing {
    /// Of entries in any order. Directories on the way that are missing are added.
    pub fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| by_names(&a.path, &b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        let mut all: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            let known = all.last().map_or(0, |last| common(&last.path, &entry.path));
            let missing = entry.path.match_indices('/').map(|(at, _)| at).filter(|at| *at > known);
            let missing: Vec<Entry> = missing
                .map(|at| Entry {
                    path: entry.path[..at].to_owned(),
                    kind: Kind::Directory,
                    size: 0,
                    mode: 0o755,
                })
                .collect();
            all.extend(missing);
            all.push(entry);
        }
        Self { entries: all }
    }

    /// All of it.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The place of a path, if it is there.
    pub(super) fn find(&self, path: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| by_names(&entry.path, path)).ok()
    }

    /// What a path is: a directory or a file. Where a link leads is not known here.
    pub fn look_at(&self, path: &str) -> Option<Found> {
        let entry = &self.entries[self.find(path)?];
        match entry.kind {
            Kind::Directory => Some(Found::Directory { mode: entry.mode, uid: 0, gid: 0 }),
            Kind::Link => None,
            Kind::File | Kind::Other => Some(Found::File),
        }
    }

    /// The places of a path and of everything below it; of all for `""`.
    pub(super) fn subtree(&self, path: &str) -> Range<usize> {
        if path.is_empty() {
            return 0..self.entries.len();
        }
        let Some(start) = self.find(path) else { return 0..0 };
        let inside = |entry: &Entry| {
            entry.path == path || entry.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        };
        let length = self.entries[start..].partition_point(inside);
        start..start + length
    }

    /// Whether a path is a symbolic link: what a copy of it takes is elsewhere.
    pub fn is_link(&self, path: &str) -> bool {
        self.find(path).is_some_and(|at| self.entries[at].kind == Kind::Link)
    }

    /// The places of what a copy of `source` takes, itself included.
    pub(super) fn select(&self, source: &str, filter: &Filter) -> Vec<usize> {
        let range = self.subtree(source);
        if filter.is_all() {
            return range.collect();
        }
        let prefix = if source.is_empty() { 0 } else { source.len() + 1 };
        let mut selected = Vec::new();
        let mut above: Vec<(usize, Place)> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let entry = &self.entries[at];
            if entry.path == source {
                selected.push(at);
                at += 1;
                continue;
            }
            let path = &entry.path[prefix..];
            while above.last().is_some_and(|(end, _)| *end <= at) {
                above.pop();
            }
            let place = filter.enter(path, above.last().map_or(&Place::default(), |(_, place)| place));
            if place.kept() {
                selected.push(at);
            }
            at += 1;
            if entry.kind == Kind::Directory {
                let end = self.subtree(&entry.path).end;
                if filter.none_below(path, &place) {
                    at = end;
                } else if filter.all_below(path, &place) {
                    selected.extend(at..end);
                    at = end;
                } else {
                    above.push((end, place));
                }
            }
        }
        selected
    }
}

/// By the names of the path, so that a directory and what is in it stand together.
fn by_names(a: &str, b: &str) -> Ordering {
    let slash_first = |byte: u8| if byte == b'/' { 0 } else { byte };
    a.bytes().map(slash_first).cmp(b.bytes().map(slash_first))
}

/// Length of the directory that two paths have in common, or of the first one if the second is in it.
fn common(a: &str, b: &str) -> usize {
    let mut length = 0;
    for (at, (x, y)) in a.bytes().zip(b.bytes()).enumerate() {
        if x != y {
            return length;
        }
        if x == b'/' {
            length = at;
        }
    }
    if b.len() > a.len() && b.as_bytes()[a.len()] == b'/' { a.len() } else { length }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A listing of paths; those that end in a slash are directories.
    pub(in super::super) fn listing(paths: &[&str]) -> Listing {
        let entry = |path: &&str| match path.strip_suffix('/') {
            Some(path) => Entry { path: path.to_owned(), kind: Kind::Directory, size: 0, mode: 0o755 },
            None => Entry { path: (*path).to_owned(), kind: Kind::File, size: 1, mode: 0o644 },
        };
        Listing::new(paths.iter().map(entry).collect())
    }

    /// A listing of files by their bytes.
    pub(in super::super) fn sized(files: &[(&str, u64)]) -> Listing {
        let entry = |(path, size): &(&str, u64)| Entry {
            path: (*path).to_owned(),
            kind: Kind::File,
            size: *size,
            mode: 0o644,
        };
        Listing::new(files.iter().map(entry).collect())
    }

    fn paths(listing: &Listing, places: &[usize]) -> Vec<String> {
        places.iter().map(|at| listing.entries()[*at].path.clone()).collect()
    }

    #[test]
    fn directories_stand_before_what_is_in_them() {
        let listing = listing(&["a-b", "a/x", "a/d/y", "a.c", "a/d/e/z", "b/"]);
        let all: Vec<usize> = (0..listing.entries().len()).collect();
        assert_eq!(
            paths(&listing, &all),
            ["a", "a/d", "a/d/e", "a/d/e/z", "a/d/y", "a/x", "a-b", "a.c", "b"]
        );
        assert_eq!(listing.subtree("a"), 0..6);
        assert_eq!(listing.subtree("a/d"), 1..5);
        assert_eq!(listing.subtree("c"), 0..0);
        assert_eq!(listing.subtree(""), 0..9);
    }

    #[test]
    fn a_selection_takes_its_root_and_what_matches() {
        let listing = listing(&["a/x.py", "a/x.c", "a/d/y.py", "a/tests/z.py", "a/e/"]);
        let take = |source: &str, include: &[&str], exclude: &[&str]| {
            let list = |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
            let filter = Filter::new(&list(include), &list(exclude)).unwrap();
            paths(&listing, &listing.select(source, &filter)).join(" ")
        };
        assert_eq!(take("a", &["**/*.py"], &["tests"]), "a a/d/y.py a/x.py");
        assert_eq!(take("a", &[], &["**/*.py"]), "a a/d a/e a/tests a/x.c");
        assert_eq!(take("a/x.c", &["nothing"], &[]), "a/x.c");
        assert_eq!(take("", &["a/e", "a/d"], &[]), "a/d a/d/y.py a/e");
        assert_eq!(take("missing", &[], &[]), "");
    }
}
