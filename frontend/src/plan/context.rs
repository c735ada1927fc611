//! What of the build context is sent: one selection for all targets, because any difference between
//! two local sources is a new transfer.

use std::collections::BTreeSet;

use serde::Serialize;

use super::packages::{Packages, Wheel};
use crate::manifest::model::{Manifest, Selection, Stage};

/// The one local source of all targets.
#[derive(Debug, Default, Serialize)]
pub struct ContextPlan {
    /// Patterns of what is sent, sorted; empty: everything. Meaningless if `unused`.
    pub include: Vec<String>,
    /// Paths, sorted, whose links are followed: what they lead to is sent too.
    #[serde(skip)]
    pub follow: Vec<String>,
    /// Patterns of what is not sent, from `.dockerignore`, in its order.
    pub exclude: Vec<String>,
    /// Whether no target selects anything of the context.
    pub unused: bool,
}

/// The sorted union of what every service and stage selects, whichever target is built.
/// So are the wheels of the context.
pub(super) fn plan(manifest: &Manifest, packages: &Packages, exclude: Vec<String>) -> ContextPlan {
    let components = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty()).map(super::path::escape).collect()
    };
    let python = &manifest.python;
    let directory = python.wheels.iter().chain(&python.certificates).map(|path| components(&path.value));
    let wheels = packages.views.iter().flat_map(|view| &view.wheels);
    let wheels = wheels.filter_map(Wheel::context_path).map(components);
    let services = manifest.services.values().flat_map(|service| &service.files);
    let selections: Vec<&Selection> =
        services.chain(manifest.stages.values().flat_map(Stage::selections)).collect();
    let follow = selections.iter().filter(|selection| selection.filter.include.is_empty());
    let follow: BTreeSet<&str> = follow.map(|selection| selection.source.as_str()).collect();
    let selected = selections.into_iter().flat_map(patterns);
    let patterns: BTreeSet<Vec<String>> = selected.chain(directory).chain(wheels).collect();
    let include = union(&patterns);
    // With the whole context comes whatever its links lead to. Of what the client would take for a pattern nothing is followed.
    let literal = |path: &&str| !include.is_empty() && !path.contains(['*', '?', '[', '\\']);
    let follow = follow.into_iter().filter(literal).map(str::to_owned).collect();
    ContextPlan { include, follow, exclude, unused: patterns.is_empty() }
}

/// The patterns that no other covers; none if the whole context is among them.
fn union(patterns: &BTreeSet<Vec<String>>) -> Vec<String> {
    // A sorted set of component lists has every directory right before what is in it.
    let mut kept: Vec<&Vec<String>> = Vec::new();
    for pattern in patterns {
        if !kept.last().is_some_and(|above| pattern.starts_with(above)) {
            kept.push(pattern);
        }
    }
    kept.iter().map(|parts| parts.join("/")).filter(|pattern| !pattern.is_empty()).collect()
}

/// What one selection needs, as path components; the empty list is the whole context. A pattern with
/// a trailing part is only ever narrower than its source, so a listed parent covers it.
fn patterns(selection: &Selection) -> Vec<Vec<String>> {
    let source: Vec<String> =
        selection.source.split('/').filter(|part| !part.is_empty()).map(super::path::escape).collect();
    if selection.filter.include.is_empty() {
        return vec![source];
    }
    let below = |pattern: &String| {
        let own = pattern.split('/').filter(|part| !part.is_empty()).map(str::to_owned);
        source.iter().cloned().chain(own).collect()
    };
    selection.filter.include.iter().map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;
    use crate::manifest::model::Filter;

    fn selection(source: &str, include: &[&str]) -> Selection {
        let include = include.iter().map(|&pattern| pattern.to_owned()).collect();
        Selection {
            span: Span::default(),
            source: source.into(),
            target: source.into(),
            directory: false,
            filter: Filter { include, ..Filter::default() },
        }
    }

    fn sent(selections: &[Selection]) -> Vec<String> {
        union(&selections.iter().flat_map(patterns).collect())
    }

    #[test]
    fn a_directory_covers_what_is_in_it() {
        let sent = sent(&[selection("a/b", &[]), selection("a", &[]), selection("a-b", &[])]);
        assert_eq!(sent, ["a", "a-b"]);
    }

    #[test]
    fn patterns_are_sent_instead_of_their_directory() {
        let sent = sent(&[selection("conf", &["*.yaml"]), selection("x[1]", &[])]);
        assert_eq!(sent, ["conf/*.yaml", "x\\[1\\]"]);
    }

    #[test]
    fn links_are_followed_where_not_all_is_sent() {
        let follow = |files: &str| {
            let text = format!("services: {{a: {{from: scratch, files: {files}}}}}");
            let loaded =
                crate::manifest::load("layerset.yaml", text.as_bytes(), &crate::manifest::Inputs::default());
            plan(&loaded.manifest.unwrap(), &Packages::default(), Vec::new()).follow
        };
        assert_eq!(
            follow("[b/c, a, {source: d, include: [x]}, {source: e, exclude: [x]}]"),
            ["a", "b/c", "e"]
        );
        assert_eq!(follow("[a, .]"), [""; 0]);
        assert_eq!(follow("['x\\[1\\]']"), [""; 0]);
    }
}
