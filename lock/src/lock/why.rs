//! Why a package is there: the requirement that brought it in, and the packages between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pep440_rs::Version;

use super::closure::{Closure, Closures, normal, selection};
use super::{Dependency, Format, Lock, Package};
use crate::input::{Input, InputId, Part, Requirement};
use crate::marker::Selection;
use crate::problem::{Place, Problem};

/// A shortest way from a requirement to a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The input whose requirement it is.
    pub input: InputId,
    /// Where the requirement is written.
    pub place: Place,
    /// The requirement as written.
    pub requirement: String,
    /// The packages from the required one to the one asked about, both included, as indices.
    pub chain: Vec<usize>,
}

/// How a package was reached first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'i> {
    Requirement(&'i Input, &'i Requirement),
    Package(usize),
}

/// What was reached.
pub(super) struct Walk<'i> {
    pub(super) steps: BTreeMap<usize, Step<'i>>,
    /// Requirements that the lock does not fulfil.
    pub(super) problems: Vec<Problem>,
}

impl Closures<'_> {
    /// Why each package of the inputs' closure is there. A package that no edge of the lock leads to, as in
    /// locks without edges, is not in the answer.
    pub fn why(&self, inputs: &[&Input], closure: &Closure) -> BTreeMap<usize, Link> {
        let within: BTreeSet<usize> = closure.packages.iter().copied().collect();
        let walk = walk(self, inputs, Some(&within));
        let mut links = BTreeMap::new();
        for index in &within {
            let (mut chain, mut at) = (vec![*index], *index);
            while let Some(Step::Package(parent)) = walk.steps.get(&at) {
                chain.push(*parent);
                at = *parent;
            }
            if let Some(Step::Requirement(input, requirement)) = walk.steps.get(&at) {
                chain.reverse();
                let (input, place) = (input.id.clone(), requirement.place.clone());
                links.insert(*index, Link { input, place, requirement: requirement.text.clone(), chain });
            }
        }
        links
    }
}

/// Follows edges from the requirements of inputs, the nearest packages first; only to packages `within`.
pub(super) fn walk<'i>(
    closures: &Closures<'_>,
    inputs: &[&'i Input],
    within: Option<&BTreeSet<usize>>,
) -> Walk<'i> {
    let lock = closures.lock;
    let graph = Graph { closures, selection: selection(inputs), within };
    let mut walk = Walk { steps: BTreeMap::new(), problems: Vec::new() };
    // A package's own requirements are one node, those of each of its extras are more.
    let mut queue: VecDeque<(usize, Option<String>)> = VecDeque::new();
    let mut seen: BTreeSet<(usize, Option<String>)> = BTreeSet::new();
    let mut visit = |queue: &mut VecDeque<_>, index: usize, extras: &[String]| {
        for extra in std::iter::once(None).chain(extras.iter().cloned().map(Some)) {
            if seen.insert((index, extra.clone())) {
                queue.push_back((index, extra));
            }
        }
    };
    for input in inputs {
        for requirement in &input.requirements {
            let applies = requirement.marker.as_ref();
            if !applies.is_none_or(|marker| marker.holds(closures.environment, &graph.selection)) {
                continue;
            }
            let found = graph.roots(input, requirement);
            if found.is_empty() && within.is_none_or(|_| lock.format == Format::Pylock) {
                let message =
                    format!("the lock {} has nothing that fulfils \"{}\"", lock.path, requirement.text);
                let problem = Problem::at(requirement.place.clone(), message).hint(lock.refresh());
                walk.problems.push(problem);
            }
            walk.problems.extend(older(lock, requirement, &found));
            for (index, extras) in found {
                walk.steps.entry(index).or_insert(Step::Requirement(input, requirement));
                visit(&mut queue, index, &extras);
            }
        }
    }
    while let Some((index, extra)) = queue.pop_front() {
        let Some(package) = lock.packages.get(index) else { continue };
        let edges = match &extra {
            None => Some(&package.dependencies),
            Some(extra) => package.extras.get(extra),
        };
        for edge in edges.into_iter().flatten().filter(|edge| graph.applies(edge)) {
            if let Some(next) = graph.target(edge) {
                walk.steps.entry(next).or_insert(Step::Package(index));
                visit(&mut queue, next, &edge.extras);
            }
        }
    }
    walk
}

/// A `uv.lock` whose project says other versions now: its edges lead to those it was made with.
fn older(lock: &Lock, requirement: &Requirement, found: &[(usize, Vec<String>)]) -> Option<Problem> {
    if lock.format != Format::UvLock || lock.overrides {
        return None;
    }
    let packages: Vec<_> = found.iter().filter_map(|(index, _)| lock.packages.get(*index)).collect();
    let fits = |version: &Version| requirement.specifiers.contains(version);
    // Of what comes from elsewhere than an index uv takes whatever version it has.
    if packages.iter().any(|package| is_elsewhere(package) || package.version.as_ref().is_none_or(fits)) {
        return None;
    }
    let package = packages.first()?;
    let message =
        format!("the lock {} is older than \"{}\": it has {}", lock.path, requirement.text, package.title());
    Some(Problem::at(requirement.place.clone(), message).hint(lock.refresh()))
}

/// Is it from an address, a directory or a repository rather than from an index.
pub(super) fn is_elsewhere(package: &Package) -> bool {
    package.direct || package.directory.is_some() || package.vcs.is_some()
}

struct Graph<'g> {
    closures: &'g Closures<'g>,
    selection: Selection,
    within: Option<&'g BTreeSet<usize>>,
}

impl Graph<'_> {
    fn applies(&self, edge: &Dependency) -> bool {
        edge.marker.as_ref().is_none_or(|marker| marker.holds(self.closures.environment, &self.selection))
    }

    /// The packages of a name that are for this environment, the newest last.
    fn named(&self, name: &str) -> impl Iterator<Item = usize> {
        let all = self.closures.by_name.get(name).into_iter().flatten().copied();
        all.filter(|index| {
            let package = self.closures.lock.packages.get(*index);
            let marker = package.and_then(|package| package.marker.as_ref());
            // In locks with groups it is the closure that says which packages are meant.
            let branch = self.closures.lock.format != Format::UvLock
                || marker.is_none_or(|marker| marker.holds(self.closures.environment, &self.selection));
            branch && self.within.is_none_or(|within| within.contains(index))
        })
    }

    fn target(&self, edge: &Dependency) -> Option<usize> {
        let fits = |index: &usize| {
            let package = self.closures.lock.packages.get(*index);
            edge.version.is_none() || package.is_some_and(|package| package.version == edge.version)
        };
        self.named(&edge.name).filter(fits).last()
    }

    /// The packages that fulfil a requirement, each with the extras asked for. Where the lock has the project
    /// itself, its edges know best: with conflicting extras they tell versions apart.
    fn roots(&self, input: &Input, requirement: &Requirement) -> Vec<(usize, Vec<String>)> {
        let lock = self.closures.lock;
        let project = input.project.as_deref().filter(|_| lock.format == Format::UvLock);
        let projects = project.and_then(|project| self.closures.by_name.get(project)).into_iter().flatten();
        let projects = projects.filter_map(|index| lock.packages.get(*index));
        let edges = projects.filter(|package| package.directory.is_some()).flat_map(|project| {
            // What another group has may be for when this one is not chosen, and does not always say so.
            let (own, more) = match &input.id.part {
                Part::All => (Some(&project.dependencies), None),
                Part::Extra(extra) => (Some(&project.dependencies), project.extras.get(&normal(extra))),
                Part::Group(group) => (project.groups.get(&normal(group)), None),
            };
            own.into_iter().chain(more).flatten()
        });
        let mut found: Vec<(usize, Vec<String>)> = edges
            .filter(|edge| edge.name == requirement.name && self.applies(edge))
            .filter_map(|edge| Some((self.target(edge)?, requirement.extras.clone())))
            .collect();
        found.sort();
        found.dedup();
        if found.is_empty() {
            let fits = |index: &usize| {
                let version = lock.packages.get(*index).and_then(|package| package.version.as_ref());
                version.is_none_or(|version| requirement.specifiers.contains(version))
            };
            found.extend(
                self.named(&requirement.name).filter(fits).last().map(|at| (at, requirement.extras.clone())),
            );
        }
        found
    }
}
