//! What the lower layers of an image put where a layer goes, or around it.

use std::collections::BTreeMap;

use super::layers::{Layer, Part};

/// The parts of layers, by where they go.
#[derive(Debug, Default)]
pub struct Beneath<'a>(BTreeMap<&'a str, Vec<(&'a Layer, &'a Part)>>);

impl<'a> Beneath<'a> {
    /// Adds a layer, after those below it.
    pub fn add(&mut self, layer: &'a Layer) {
        for part in &layer.parts {
            self.0.entry(&part.target).or_default().push((layer, part));
        }
    }

    /// Whether something else goes below the destination of `part`, which is of `layer`, so that this is a directory already. What
    /// is split from the same selection is nothing else.
    pub fn is_inside(&self, layer: &Layer, part: &Part) -> bool {
        let below = format!("{}/", part.target.trim_end_matches('/'));
        let inside = self.0.range(below.as_str()..).take_while(|(target, _)| target.starts_with(&below));
        let mut inside = inside.filter(|(target, _)| target.len() > below.len());
        inside.any(|(target, parts)| {
            let split = |inner: &Part| is_split(part, inner, &target[below.len()..]);
            parts.iter().any(|(other, inner)| other.origin != layer.origin || !split(inner))
        })
    }

    /// The parts that go to where `part` does, or to a directory on the way to it: each with its layer, and with the path from
    /// its destination to that of `part`, which is empty for the same.
    pub fn around<'b>(&self, part: &'b Part) -> impl Iterator<Item = (&'a Layer, &'a Part, &'b str)> {
        let target = part.target.as_str();
        let ends =
            target.match_indices('/').map(|(at, _)| at).chain(Some(target.len()).filter(|end| *end > 1));
        let at = |end: usize| match end {
            0 => ("/", &target[1..]),
            _ => (&target[..end], target[end..].trim_start_matches('/')),
        };
        let known = ends.map(at).filter_map(|(path, rest)| Some((self.0.get(path)?, rest)));
        known.flat_map(|(parts, rest)| parts.iter().map(move |(layer, part)| (*layer, *part, rest)))
    }
}

/// Whether `part` is, `rest` below the destination of `outer`, just what a copy of that brings there.
pub fn is_split(outer: &Part, part: &Part, rest: &str) -> bool {
    let inside = part.source.strip_prefix(outer.source.trim_end_matches('/'));
    let inside =
        inside.and_then(|inside| if inside.is_empty() { Some("") } else { inside.strip_prefix('/') });
    outer.attributes == part.attributes && inside == Some(rest)
}

/// The path of the context behind `path` below the destination of `outer`.
pub fn source_in(outer: &Part, path: &str) -> String {
    let start = outer.source.trim_matches('/');
    if start.is_empty() { path.to_owned() } else { format!("{start}/{path}") }
}

#[cfg(test)]
mod tests {
    use super::super::want::{Attributes, Origin, Patterns};
    use super::*;

    fn part(source: &str, target: &str) -> Part {
        Part {
            source: source.into(),
            target: target.into(),
            patterns: Patterns::default(),
            attributes: Attributes::default(),
        }
    }

    fn layer(parts: &[(&str, &str)]) -> Layer {
        Layer {
            id: String::new(),
            name: String::new(),
            origin: Origin::Context,
            heavy: false,
            parts: parts.iter().map(|(source, target)| part(source, target)).collect(),
            packages: None,
            consumers: Vec::new(),
            spans: Vec::new(),
        }
    }

    #[test]
    fn what_is_around_a_path() {
        let layers = [
            layer(&[("/a", "/srv/app"), ("/r", "/")]),
            layer(&[("/b", "/srv/app/b/c"), ("/x", "/srv/apple")]),
        ];
        let mut beneath = Beneath::default();
        for layer in &layers {
            beneath.add(layer);
        }
        let around = |target: &str| -> Vec<(String, String)> {
            let part = part("/z", target);
            beneath.around(&part).map(|(_, part, rest)| (part.source.clone(), rest.to_owned())).collect()
        };
        let found = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|(source, rest)| ((*source).to_owned(), (*rest).to_owned())).collect()
        };
        assert_eq!(around("/srv/app"), found(&[("/r", "srv/app"), ("/a", "")]));
        assert_eq!(around("/srv/app/b/c"), found(&[("/r", "srv/app/b/c"), ("/a", "b/c"), ("/b", "")]));
        assert_eq!(around("/"), found(&[("/r", "")]));
        for (target, inside) in
            [("/srv/app", true), ("/srv", true), ("/", true), ("/srv/app/b/c", false), ("/sr", false)]
        {
            assert_eq!(beneath.is_inside(&layers[0], &part("/z", target)), inside, "{target}");
        }
    }

    #[test]
    fn what_is_split_from_a_selection_is_nothing_else() {
        let lib = layer(&[("/app/lib", "/srv/app/lib")]);
        let mut beneath = Beneath::default();
        beneath.add(&lib);
        assert!(!beneath.is_inside(&lib, &part("/app", "/srv/app")));
        assert!(beneath.is_inside(&lib, &part("/other", "/srv/app")));
        let made = Layer { origin: Origin::Packages, ..lib.clone() };
        assert!(beneath.is_inside(&made, &part("/app", "/srv/app")));
    }

    #[test]
    fn a_part_of_one_selection() {
        let outer = part("/app", "/srv/app");
        assert!(is_split(&outer, &part("/app/lib", "/srv/app/lib"), "lib"));
        assert!(!is_split(&outer, &part("/lib", "/srv/app/lib"), "lib"));
        assert!(!is_split(&outer, &part("/apple", "/srv/app/le"), "le"));
        assert!(is_split(&part("/", "/srv"), &part("/app/lib", "/srv/app/lib"), "app/lib"));
        assert_eq!(source_in(&outer, "a/b"), "app/a/b");
        assert_eq!(source_in(&part("/", "/srv"), "a"), "a");
    }
}
