//! What is needed of a named context: as with the build context, one selection for all targets.

use std::collections::{BTreeMap, BTreeSet};

use super::path;
use crate::manifest::model::{Base, CopyFrom, Manifest};

/// Paths that are copied or mounted from images and named contexts, by their names, as patterns that match them alone. What
/// is built upon, or copied as a whole, is not here: all of it is needed.
pub(super) fn copied(manifest: &Manifest) -> BTreeMap<String, BTreeSet<String>> {
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    let stages = manifest.stages.values();
    let stages = stages.map(|stage| (&stage.from.value, stage.elsewhere().collect::<Vec<_>>()));
    let services = manifest.services.values();
    let services = services.map(|service| (&service.from.value, service.copy.iter().collect::<Vec<_>>()));
    for (from, elsewhere) in stages.chain(services) {
        whole.extend(external(from));
        for CopyFrom { from, source, .. } in elsewhere {
            let Some(name) = external(&from.value) else { continue };
            let source: Vec<String> = path::parts(source).iter().map(|part| path::escape(part)).collect();
            if source.is_empty() {
                whole.insert(name);
            } else {
                paths.entry(name.to_owned()).or_default().insert(source.join("/"));
            }
        }
    }
    paths.retain(|name, _| !whole.contains(name.as_str()));
    paths
}

fn external(base: &Base) -> Option<&str> {
    match base {
        Base::Image(name) | Base::Context(name) | Base::Fixed { name, .. } => Some(name),
        Base::Scratch | Base::Stage(_) | Base::Download(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Inputs, load};

    #[test]
    fn the_union_of_all_copies_and_nothing_of_bases() {
        let text = "stages:\n  base: {from: 'busybox:1', copy: [{from: vendor, source: /a}]}\n\
            services:\n  api: {from: base, copy: [{from: vendor, source: /b/c}, {from: all, source: /, target: /all}, {from: all, source: /x}]}\n  \
            web: {from: under, copy: [{from: under, source: /x}, {from: base, source: /y}]}\n";
        let contexts = ["vendor", "all", "under"].map(str::to_owned).into();
        let loaded =
            load("layerset.yaml", text.as_bytes(), &Inputs { contexts: &contexts, ..Inputs::default() });
        let expected = ["a".to_owned(), "b/c".to_owned()].into();
        let manifest = loaded.manifest.ok_or(loaded.diagnostics).unwrap();
        assert_eq!(copied(&manifest), BTreeMap::from([("vendor".to_owned(), expected)]));
    }
}
