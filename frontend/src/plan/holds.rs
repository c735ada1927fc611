//! What a layer holds, for people.

use std::fmt::Write as _;

use super::want::Origin;
use super::{Layer, Part};

/// Parts that are named, and names in each.
const SHOWN: usize = 3;

/// `backend/common, conf/{a.yaml, b.yaml}, docs except drafts, +2`
pub(super) fn holds(layer: &Layer) -> String {
    let wheels = layer.packages.as_ref().map_or(&[][..], |packages| &packages.wheels);
    let wheels = wheels.iter().map(|wheel| format!("{} {}", wheel.name, wheel.version));
    let named: Vec<String> = layer.parts.iter().map(shown).chain(wheels).collect();
    let from = match &layer.origin {
        Origin::Context | Origin::Packages => String::new(),
        Origin::From(base) => format!(" from {base}"),
    };
    few(&named) + &from
}

fn shown(part: &Part) -> String {
    let source = if part.source == "/" { "" } else { part.source.trim_start_matches('/') };
    let below = |name: &str| if source.is_empty() { name.to_owned() } else { format!("{source}/{name}") };
    let whole = if source.is_empty() { "." } else { source };
    let mut text = match &part.patterns.include[..] {
        [] => whole.to_owned(),
        [one] => below(one),
        many => below(&format!("{{{}}}", few(many))),
    };
    match &part.patterns.exclude[..] {
        [] => {}
        // A directory for its own sake.
        [all] if all == "*" && part.patterns.include.is_empty() => text.push('/'),
        some => {
            let _ = write!(text, " except {}", few(some));
        }
    }
    if !part.target.ends_with(&format!("/{source}")) {
        let _ = write!(text, " → {}", part.target);
    }
    text
}

fn few(names: &[String]) -> String {
    let mut shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        let _ = write!(shown, ", +{}", names.len() - SHOWN);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::want::{Attributes, Patterns};
    use super::*;

    #[test]
    fn parts_for_people() {
        for (source, target, include, exclude, expected) in [
            ("/backend", "/app/backend", &[][..], &[][..], "backend"),
            ("/", "/app/", &[], &["a", "b"], ". except a, b"),
            ("/conf", "/conf", &["a.yaml"], &[], "conf/a.yaml"),
            ("/conf", "/conf", &["a", "b", "c", "d"], &[], "conf/{a, b, c, +1}"),
            ("/conf", "/etc/x", &["*.yaml"], &["secret"], "conf/*.yaml except secret → /etc/x"),
            ("/empty", "/empty", &[], &["*"], "empty/"),
        ] {
            let list = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            let patterns = Patterns { include: list(include), exclude: list(exclude) };
            let (source, target) = (source.to_owned(), target.to_owned());
            let part = Part { source, target, patterns, attributes: Attributes::default() };
            assert_eq!(shown(&part), expected);
        }
    }
}
