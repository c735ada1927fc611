//! Packages of a lock that are source trees of the context, such as the members of a workspace. There is nothing of them to
//! install: they get into an image by `files`.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Package, Place, Problem};

use crate::manifest::model::Manifest;
use crate::plan::{Target, stages_for};

/// One that somebody needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree {
    name: String,
    /// Its directory, from the context's root; `.` for the root.
    path: String,
    place: Place,
}

impl Tree {
    /// The package as a tree, if it is one and has no files.
    pub(super) fn of(package: &Package) -> Option<Self> {
        let path = package.directory.clone()?;
        let bare = package.wheels.is_empty() && package.sdist.is_none() && package.vcs.is_none();
        bare.then(|| Self { name: package.name.clone(), path, place: package.place.clone() })
    }

    /// Whether a selection of the context has something of it.
    fn is_in(&self, source: &str) -> bool {
        let below = |path: &str, above: &str| {
            path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        source.is_empty() || self.path == "." || below(&self.path, source) || below(source, &self.path)
    }
}

/// A warning for each tree that those who need it (`service api`) do not have among their files.
pub fn unselected(trees: &BTreeSet<(String, Tree)>, manifest: &Manifest) -> Vec<Problem> {
    let mut without: BTreeMap<&Tree, Vec<&str>> = BTreeMap::new();
    for (consumer, tree) in trees {
        if !sources(consumer, manifest).iter().any(|source| tree.is_in(source)) {
            without.entry(tree).or_default().push(consumer);
        }
    }
    let problem = |(tree, consumers): (&Tree, Vec<&str>)| {
        let Tree { name, path, place } = tree;
        let who = consumers.join(", ");
        let message = format!("{name} is the source tree {path}/: put it under files of {who}");
        let hint = "it is no wheel that could be installed; PYTHONPATH may lead Python to its modules";
        Problem::at(place.clone(), message).hint(hint)
    };
    without.into_iter().map(problem).collect()
}

/// What a service and its stages select of the context. A stage is only a part of images, so for it all counts.
fn sources<'m>(consumer: &str, manifest: &'m Manifest) -> Vec<&'m str> {
    let of_stages = |names: &mut dyn Iterator<Item = &str>| -> Vec<&'m str> {
        let stages = names.filter_map(|name| manifest.stages.get(name));
        stages.flat_map(|stage| &stage.files).map(|files| files.source.as_str()).collect()
    };
    let services = manifest.services.iter();
    let Some(name) = consumer.strip_prefix("service ") else {
        let mut sources = of_stages(&mut manifest.stages.keys().map(String::as_str));
        sources.extend(services.flat_map(|(_, service)| &service.files).map(|files| files.source.as_str()));
        return sources;
    };
    let stages = stages_for(manifest, &Target::Service(name.to_owned()));
    let mut sources = of_stages(&mut stages.iter().map(String::as_str));
    let own = services.filter(|(other, _)| *other == name).flat_map(|(_, service)| &service.files);
    sources.extend(own.map(|files| files.source.as_str()));
    sources
}
