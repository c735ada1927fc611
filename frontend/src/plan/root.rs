//! Where the selections of one service or stage begin. A selection that is split comes out of several
//! layers, and each makes the directories on the way to its files as BuildKit makes any parent: root's,
//! with mode 0755. Where one copy of the whole selection would give them what the context has, an
//! image must give it to them again: so it must know which directories these are.

use std::collections::BTreeMap;

use super::layers::Part;
use super::pattern::{Filter, Place};
use super::want::{Attributes, Origin, Want};

/// A selection of the context without its patterns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// Absolute path in the context, `/` for its root.
    pub source: String,
    /// Absolute destination.
    pub target: String,
    /// Owner and permissions.
    pub attributes: Attributes,
}

/// The selections of one service or stage, with what each takes.
#[derive(Clone, Debug, Default)]
pub struct Roots(BTreeMap<Root, Vec<Filter>>);

impl Roots {
    pub(super) fn of(wants: &[Want]) -> Self {
        let path = |start: &[String], rest: &[String]| {
            let names: Vec<&str> = start.iter().chain(rest).map(String::as_str).collect();
            format!("/{}", names.join("/"))
        };
        let of_context = wants.iter().filter(|want| want.frame.origin == Origin::Context);
        let root = |want: &Want| Root {
            source: path(&want.frame.source, &want.path),
            target: path(&want.frame.target, &want.path),
            attributes: want.frame.attributes.clone(),
        };
        let mut roots = BTreeMap::new();
        for want in of_context {
            let filters: &mut Vec<Filter> = roots.entry(root(want)).or_default();
            // A pattern that is none makes the build fail: what it takes does not matter.
            filters.extend(Filter::new(&want.patterns.include, &want.patterns.exclude));
        }
        Self(roots)
    }

    /// The outermost selection that takes a part, and its path from there, if there is one.
    pub fn above<'a>(&self, part: &'a Part) -> Option<(&Root, &'a str)> {
        let mut found = None;
        let (mut source, mut target) = (part.source.as_str(), part.target.as_str());
        while let (Some((s, name)), Some((t, same))) = (source.rsplit_once('/'), target.rsplit_once('/'))
            && name == same
            && !name.is_empty()
        {
            (source, target) = (s, t);
            let whole = |path: &str| if path.is_empty() { "/".to_owned() } else { path.to_owned() };
            let root = Root { source: whole(s), target: whole(t), attributes: part.attributes.clone() };
            let path = part.source[s.len()..].trim_start_matches('/');
            if let Some((root, filters)) = self.0.get_key_value(&root)
                && filters.iter().any(|filter| enters(filter, path))
            {
                found = Some((root, path));
            }
        }
        found
    }
}

/// Whether a selection may take a directory or what is in it.
fn enters(filter: &Filter, path: &str) -> bool {
    let mut place = Place::default();
    on_the_way(path).all(|path| {
        place = filter.enter(path, &place);
        place.kept() || !filter.none_below(path, &place)
    })
}

/// A path and all directories on the way to it: `a`, `a/b` and `a/b/c` for `a/b/c`.
pub fn on_the_way(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

#[cfg(test)]
mod tests {
    use super::super::want::{Patterns, wants};
    use super::*;
    use crate::diagnostic::Span;
    use crate::manifest::model::{Filter, Selection};

    fn select(source: &str, target: &str) -> Selection {
        Selection {
            span: Span::default(),
            source: source.to_owned(),
            target: target.to_owned(),
            directory: false,
            filter: Filter::default(),
        }
    }

    #[test]
    fn the_outermost_selection_counts() {
        let mut without = select("c", "c");
        without.filter.exclude = vec!["d".into()];
        let selections = [select("a", "a"), select("a/b", "a/b"), select("", "/srv"), without];
        let roots = Roots::of(&wants(&selections, &[], "/app", |_| false));
        let above = |source: &str, target: &str| {
            let part = Part {
                source: source.into(),
                target: target.into(),
                patterns: Patterns::default(),
                attributes: Attributes::default(),
            };
            roots.above(&part).map(|(root, path)| (root.source.clone(), path.to_owned()))
        };
        let found = |root: &str, path: &str| Some((root.to_owned(), path.to_owned()));
        assert_eq!(above("/a/b/c", "/app/a/b/c"), found("/a", "b/c"));
        assert_eq!(above("/a", "/app/a"), None);
        assert_eq!(above("/a/b", "/app/b"), None);
        assert_eq!(above("/x/y", "/srv/x/y"), found("/", "x/y"));
        assert_eq!(above("/c/e", "/app/c/e"), found("/c", "e"));
        assert_eq!(above("/c/d/e", "/app/c/d/e"), None);
        assert_eq!(on_the_way("a/b/c").collect::<Vec<_>>(), ["a", "a/b", "a/b/c"]);
    }
}
