//! Makes one lock of what was found for units and environments.

use std::collections::{BTreeMap, BTreeSet};

use super::environment::Classes;
use super::unit::Resolved;
use super::{Request, pins};
use crate::input::{Input, Requirement};
use crate::lock::{Artifact, Dependency, Format, Group, Lock, Package};
use crate::marker::Marker;
use crate::problem::{Kind, Problem};
use crate::{InputId, Selection};

/// What has been found so far.
pub(super) struct Merge<'a> {
    request: &'a Request<'a>,
    classes: &'a Classes,
    packages: BTreeMap<Key, Found>,
    groups: BTreeMap<String, Vec<InputId>>,
    /// The version that a name was given last, or in the lock there was.
    versions: BTreeMap<String, String>,
}

/// What is the same package: name, version, and its source if that is no index.
type Key = (String, Option<pep440_rs::Version>, Option<String>);

struct Found {
    package: Package,
    /// The classes of environments in which a group needs it.
    groups: BTreeMap<String, BTreeSet<usize>>,
    /// The names of what it requires.
    requires: BTreeSet<String>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(request: &'a Request<'a>, classes: &'a Classes) -> Self {
        let mut versions = BTreeMap::new();
        for package in request.previous.into_iter().flat_map(|lock| &lock.packages) {
            if let Some(version) = &package.version {
                versions.insert(package.name.clone(), version.to_string());
            }
        }
        Self { request, classes, packages: BTreeMap::new(), groups: BTreeMap::new(), versions }
    }

    /// The versions that the next resolution should prefer.
    pub(super) fn pins(&self) -> Option<String> {
        let versions = || self.versions.iter().map(|(name, version)| (name.as_str(), version.as_str()));
        (!self.versions.is_empty()).then(|| pins::preferences(versions()))
    }

    /// Adds what was found for an environment.
    pub(super) fn add(&mut self, environment: usize, resolved: Resolved<'_>) -> Vec<Problem> {
        let class = self.classes.of(environment);
        let mut packages = resolved.packages;
        let mut problems = Vec::new();
        if let Some(environment) = self.request.environments.get(environment) {
            let markers = environment.markers();
            for input in &resolved.inputs {
                // A constraint says nothing of what is not required.
                let all = input.requirements.iter().chain(&input.constraints);
                let hashed = all.filter(|requirement| !requirement.hashes.is_empty());
                let applies = |requirement: &&Requirement| {
                    let marker = requirement.marker.as_ref();
                    marker.is_none_or(|marker| marker.holds(&markers, &Selection::default()))
                };
                for requirement in hashed.filter(applies) {
                    problems.extend(only_hashed(&mut packages, requirement));
                }
            }
        }
        let mut keys: BTreeMap<String, Key> = BTreeMap::new();
        for package in packages {
            let key = key(&package);
            keys.insert(package.name.clone(), key.clone());
            if let Some(version) = &package.version {
                self.versions.insert(package.name.clone(), version.to_string());
            }
            if let Some(found) = self.packages.get_mut(&key) {
                merge(&mut found.package, package);
            } else {
                let (groups, requires) = (BTreeMap::new(), BTreeSet::new());
                self.packages.insert(key, Found { package, groups, requires });
            }
        }
        for (group, graph) in resolved.groups {
            let ids: Vec<InputId> = group.inputs.iter().map(|input: &&Input| input.id.clone()).collect();
            self.groups.insert(group.name.clone(), ids);
            for (name, requirers) in graph.packages {
                let Some(found) = keys.get(&name).and_then(|key| self.packages.get_mut(key)) else {
                    let message =
                        format!("uv says that {} needs {name}, which it did not resolve", group.name);
                    problems.push(Problem::new(Kind::Resolver, message));
                    continue;
                };
                found.groups.entry(group.name.clone()).or_default().insert(class);
                for requirer in requirers {
                    if let Some(found) = keys.get(&requirer).and_then(|key| self.packages.get_mut(key)) {
                        found.requires.insert(name.clone());
                    }
                }
            }
        }
        problems
    }

    /// Versions that no marker of the lock tells apart: those of environments that differ only in their C library, or
    /// in the patch version of Python.
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut seen: BTreeMap<(&str, &str, usize), String> = BTreeMap::new();
        let mut problems = Vec::new();
        for found in self.packages.values() {
            for (group, classes) in &found.groups {
                for class in classes {
                    let title = found.package.title();
                    let Some(other) = seen.insert((&found.package.name, group, *class), title.clone()) else {
                        continue;
                    };
                    let message = format!(
                        "{group} needs {other} and {title} where only the C library or the patch version of Python differs"
                    );
                    let hint = "pin a version that is for both, use the same Python, or make a lock for each";
                    problems.push(Problem::new(Kind::Conflict, message).hint(hint));
                }
            }
        }
        problems
    }

    /// The lock.
    pub(super) fn lock(self) -> Lock {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for found in self.packages.values().filter(|found| !found.groups.is_empty()) {
            *names.entry(found.package.name.clone()).or_default() += 1;
        }
        let mut packages = Vec::new();
        for (_, found) in self.packages {
            if found.groups.is_empty() {
                continue;
            }
            let mut package = found.package;
            let edge = |name: String| Dependency { name, version: None, extras: Vec::new(), marker: None };
            package.dependencies =
                found.requires.into_iter().filter(|name| names.contains_key(name)).map(edge).collect();
            package.marker = Some(marker(&found.groups, self.classes));
            package.wheels.sort();
            packages.push(package);
        }
        let group_names: Vec<String> = self.groups.keys().cloned().collect();
        let groups = self.groups.into_iter().map(|(name, mut inputs)| {
            inputs.sort();
            Group { name, inputs }
        });
        Lock {
            format: Format::Layerset,
            path: self.request.lock_path.clone(),
            requires_python: self.classes.oldest().and_then(|oldest| format!(">={oldest}").parse().ok()),
            environments: self.classes.markers(),
            packages,
            default_groups: group_names.clone(),
            group_names,
            extras: Vec::new(),
            overrides: false,
            groups: groups.collect(),
            files: self.request.inputs.files.clone(),
            resolution: self.request.resolution,
            images: BTreeMap::new(),
        }
    }
}

fn key(package: &Package) -> Key {
    let direct = || package.wheels.first().or(package.sdist.as_ref()).map(|file| file.location.to_string());
    let source = match (&package.vcs, &package.directory) {
        (Some(vcs), _) => Some(format!("{}@{}", vcs.url, vcs.commit_id)),
        (None, Some(directory)) => Some(directory.clone()),
        (None, None) => direct().filter(|_| package.direct),
    };
    (package.name.clone(), package.version.clone(), source)
}

/// Adds the files that another environment can use.
fn merge(package: &mut Package, other: Package) {
    for wheel in other.wheels {
        if !package.wheels.iter().any(|known| known.filename == wheel.filename) {
            package.wheels.push(wheel);
        }
    }
    package.sdist = package.sdist.take().or(other.sdist);
}

/// `('a' in dependency_groups or 'b' in dependency_groups) and python_version == '3.12'`
fn marker(groups: &BTreeMap<String, BTreeSet<usize>>, classes: &Classes) -> Marker {
    let mut by_classes: BTreeMap<&BTreeSet<usize>, Vec<Marker>> = BTreeMap::new();
    for (group, classes) in groups {
        by_classes.entry(classes).or_default().push(Marker::in_group(group));
    }
    let alternatives = by_classes.into_iter().map(|(chosen, groups)| {
        let groups = Marker::any(groups);
        match classes.marker(chosen) {
            None => groups,
            Some(environments) => Marker::And(vec![groups, environments]),
        }
    });
    Marker::any(alternatives.collect())
}

/// Leaves a package the files that a requirement's hashes allow.
fn only_hashed(packages: &mut [Package], requirement: &Requirement) -> Option<Problem> {
    let package = packages.iter_mut().find(|package| package.name == requirement.name)?;
    let allowed = |file: &Artifact| requirement.hashes.contains(&file.sha256);
    package.wheels.retain(allowed);
    package.sdist = package.sdist.take().filter(allowed);
    if package.wheels.is_empty() && package.sdist.is_none() {
        let message =
            format!("no file of {} has one of the hashes of \"{}\"", package.title(), requirement.text);
        let hint = "somebody has changed the files, or the hashes are of another version";
        return Some(Problem::at(requirement.place.clone(), message).hint(hint));
    }
    None
}
