//! Options of requirement files.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What files, or a caller, say of indexes and of what may be installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A caller's indexes, the first of which is asked first, before all that files name. Each is an address, or `name=address`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<String>,
    /// The index instead of the resolver's own (`--index-url`).
    pub index: Option<String>,
    /// Indexes besides it (`--extra-index-url`).
    pub extra_indexes: Vec<String>,
    /// Pages of links, or directories of the context with wheels (`--find-links`).
    pub find_links: Vec<String>,
    /// No index, only `find_links` (`--no-index`).
    pub no_index: bool,
    /// Pre-releases too (`--pre`).
    pub pre: bool,
    /// Packages of which only wheels are taken; `:all:` is all (`--only-binary`).
    pub only_binary: Vec<String>,
    /// Packages of which only sdists are taken (`--no-binary`).
    pub no_binary: Vec<String>,
    /// Hosts whose certificates are not checked (`--trusted-host`).
    pub trusted_hosts: Vec<String>,
}

impl Settings {
    /// These with what files say besides; where both name the index, it is this one.
    #[must_use]
    pub fn with(&self, files: &Self) -> Self {
        let mut all = self.clone();
        all.add(files);
        all.once();
        all
    }

    /// The indexes as arguments of uv. It asks those of `--index` in their order and that of `--default-index` after all of
    /// them, whatever the order of the arguments: so of indexes that have an order, the last is the default. Where
    /// files alone name some it is as uv has it.
    pub fn index_arguments(&self) -> Vec<String> {
        let mut all: Vec<&String> = self.first.iter().collect();
        // A file's address has no name, and would hide the credentials of the same with one.
        let known = |index: &&String| self.first.iter().all(|first| address(first) != address(index));
        all.extend(self.extra_indexes.iter().filter(known));
        let default = if self.first.is_empty() { self.index.as_ref() } else { all.pop() };
        let default = default.map(|index| ["--default-index".to_owned(), index.clone()]);
        let others = all.into_iter().map(|index| ["--index".to_owned(), index.clone()]);
        default.into_iter().chain(others).flatten().collect()
    }

    /// Adds what another file says. The first index that is named stays; what is said twice counts once after
    /// [`Settings::once`].
    pub(crate) fn add(&mut self, other: &Self) {
        let extend = |to: &mut Vec<String>, from: &[String]| to.extend_from_slice(from);
        extend(&mut self.first, &other.first);
        if self.index.is_none() {
            self.index.clone_from(&other.index);
        }
        extend(&mut self.extra_indexes, &other.extra_indexes);
        extend(&mut self.find_links, &other.find_links);
        extend(&mut self.only_binary, &other.only_binary);
        extend(&mut self.no_binary, &other.no_binary);
        extend(&mut self.trusted_hosts, &other.trusted_hosts);
        self.no_index |= other.no_index;
        self.pre |= other.pre;
    }

    /// Each value once, where it stands first.
    pub(crate) fn once(&mut self) {
        for values in [
            &mut self.extra_indexes,
            &mut self.find_links,
            &mut self.only_binary,
            &mut self.no_binary,
            &mut self.trusted_hosts,
        ] {
            let mut seen = BTreeSet::new();
            values.retain(|value| seen.insert(value.clone()));
        }
    }
}

/// An index's address without the name before it and the slash behind it.
fn address(index: &str) -> &str {
    let named = index.split_once('=').filter(|(name, _)| !name.contains(':'));
    named.map_or(index, |(_, address)| address).trim_end_matches('/')
}

/// An option that we know, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Reads another requirement file.
    Requirement,
    /// Reads a file of constraints.
    Constraint,
    /// An editable install: refused.
    Editable,
    Index,
    ExtraIndex,
    FindLinks,
    NoIndex,
    Pre,
    OnlyBinary,
    NoBinary,
    TrustedHost,
    RequireHashes,
}

/// All options that may stand in a line of their own: spelling, meaning, whether a value follows.
pub(super) const OPTIONS: [(&str, Known, bool); 17] = [
    ("-r", Known::Requirement, true),
    ("--requirement", Known::Requirement, true),
    ("-c", Known::Constraint, true),
    ("--constraint", Known::Constraint, true),
    ("-e", Known::Editable, true),
    ("--editable", Known::Editable, true),
    ("-i", Known::Index, true),
    ("--index-url", Known::Index, true),
    ("--extra-index-url", Known::ExtraIndex, true),
    ("-f", Known::FindLinks, true),
    ("--find-links", Known::FindLinks, true),
    ("--no-index", Known::NoIndex, false),
    ("--pre", Known::Pre, false),
    ("--only-binary", Known::OnlyBinary, true),
    ("--no-binary", Known::NoBinary, true),
    ("--trusted-host", Known::TrustedHost, true),
    ("--require-hashes", Known::RequireHashes, false),
];

/// A word of a line with where it begins; quotes are taken off.
pub(super) fn words(text: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut quote: Option<char> = None;
    let mut inside = false;
    for (at, char) in text.char_indices() {
        match quote {
            Some(open) if char == open => quote = None,
            None if char.is_whitespace() => inside = false,
            _ => {
                if !inside {
                    words.push((at, String::new()));
                    inside = true;
                }
                match (char, words.last_mut()) {
                    ('"' | '\'', _) if quote.is_none() => quote = Some(char),
                    (_, Some((_, word))) => word.push(char),
                    (_, None) => {}
                }
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_callers_indexes_is_the_default() {
        let (own, all) = (
            |first: &[&str]| first.iter().map(|&index| index.to_owned()).collect(),
            |text: &str| text.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>(),
        );
        let files = Settings {
            index: Some("https://file/a".into()),
            extra_indexes: own(&["https://file/b?x=1", "https://own/simple/"]),
            ..Settings::default()
        };
        let caller = |first: &[&str]| Settings { first: own(first), ..Settings::default() }.with(&files);
        for (first, expected) in [
            (
                &[][..],
                "--default-index https://file/a --index https://file/b?x=1 --index https://own/simple/",
            ),
            (
                &["index0=https://own/simple", "https://two"],
                "--default-index https://file/b?x=1 --index index0=https://own/simple --index https://two",
            ),
        ] {
            assert_eq!(caller(first).index_arguments(), all(expected));
        }
        let alone = Settings { first: own(&["index0=https://own/simple"]), ..Settings::default() };
        assert_eq!(alone.index_arguments(), all("--default-index index0=https://own/simple"));
        assert_eq!(Settings::default().index_arguments(), Vec::<String>::new());
    }

    #[test]
    fn words_and_quotes() {
        let words = words("  -r 'a b.txt' --hash=\"x\"  y");
        let expected = [(2, "-r"), (5, "a b.txt"), (15, "--hash=x"), (27, "y")];
        assert_eq!(words, expected.map(|(at, word)| (at, word.to_owned())));
    }
}
