//! Which packages of a lock the inputs of a service need on an interpreter.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep440_rs::Version;

use super::{Format, Lock, why};
use crate::input::{Input, InputId, Part, said};
use crate::marker::{Groups, MarkerEnvironment, Selection};
use crate::name;
use crate::problem::{Place, Problem};

/// A lock seen from one environment.
#[derive(Debug)]
pub struct Closures<'a> {
    pub(super) lock: &'a Lock,
    pub(super) environment: &'a MarkerEnvironment,
    /// In our locks: the packages of each group, as indices.
    by_group: BTreeMap<&'a str, Vec<usize>>,
    /// In our locks: the packages of every group.
    everywhere: Vec<usize>,
    /// In our locks: the group of each set of inputs.
    by_inputs: BTreeMap<Vec<&'a InputId>, &'a str>,
    /// The packages of each name, as indices, by version.
    pub(super) by_name: BTreeMap<&'a str, Vec<usize>>,
}

/// What inputs need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closure {
    /// Indices of the lock's packages, ascending: by name, one of each.
    pub packages: Vec<usize>,
    /// What is probably not meant.
    pub warnings: Vec<Problem>,
}

impl Lock {
    /// The lock as seen from an environment, or why it is not for it. One pass over the lock; asking it for
    /// closures is cheap then.
    pub fn closures<'a>(&'a self, environment: &'a MarkerEnvironment) -> Result<Closures<'a>, Vec<Problem>> {
        let version = release(environment);
        let python = self.requires_python.as_ref().zip(version.as_ref());
        let nothing = Selection::default();
        let covers = self.environments.iter().any(|marker| marker.holds(environment, &nothing));
        if python.is_some_and(|(specifiers, version)| !specifiers.contains(version))
            || !(self.environments.is_empty() || covers)
        {
            let mut message = format!(
                "the lock is not for Python {} on {} {}",
                environment.python_version, environment.sys_platform, environment.platform_machine
            );
            if !self.environments.is_empty() {
                let known: Vec<String> = self.environments.iter().map(ToString::to_string).collect();
                message = format!("{message}; it is for {}", known.join(", or "));
            }
            return Err(vec![Problem::at(Place::file(&self.path), message).hint(self.refresh())]);
        }
        let mut by_group: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut everywhere = Vec::new();
        for (index, package) in self.packages.iter().enumerate() {
            by_name.entry(&package.name).or_default().push(index);
            if self.format != Format::Layerset {
                continue;
            }
            let groups = package.marker.as_ref().map_or(Groups::All, |marker| marker.groups(environment));
            match groups {
                Groups::All => everywhere.push(index),
                Groups::Of(groups) => {
                    for group in groups {
                        by_group.entry(group).or_default().push(index);
                    }
                }
            }
        }
        let by_inputs = self.groups.iter().map(|group| (group.inputs.iter().collect(), group.name.as_str()));
        Ok(Closures {
            lock: self,
            environment,
            by_group,
            everywhere,
            by_inputs: by_inputs.collect(),
            by_name,
        })
    }

    /// How this lock is made again.
    pub(super) fn refresh(&self) -> &'static str {
        match self.format {
            Format::Layerset => "run `layerset lock` to refresh it",
            Format::UvLock => "run `uv lock` to refresh it",
            Format::Pylock => "refresh it with the tool that made it, or run `layerset lock`",
        }
    }
}

impl Closures<'_> {
    /// What the inputs of one service need together.
    pub fn of(&self, inputs: &[&Input]) -> Result<Closure, Vec<Problem>> {
        let mut closure = Closure::default();
        let packages = match self.lock.format {
            Format::Layerset => {
                said(inputs.iter().copied())?;
                self.grouped(inputs)?
            }
            Format::UvLock => self.walked(inputs, None)?,
            Format::Pylock => self.foreign(inputs, &mut closure.warnings)?,
        };
        let mut versions: BTreeMap<&str, &str> = BTreeMap::new();
        let mut problems = self.of_other_pythons(&packages);
        problems.extend(self.other_versions(inputs, &packages));
        problems.extend(self.unhashed(inputs, &packages));
        let titles: Vec<(usize, String)> = packages
            .iter()
            .filter_map(|index| Some((*index, self.lock.packages.get(*index)?.title())))
            .collect();
        for (index, title) in &titles {
            let Some(package) = self.lock.packages.get(*index) else { continue };
            if let Some(other) = versions.insert(&package.name, title) {
                let named: Vec<String> = inputs.iter().map(|input| input.id.to_string()).collect();
                let message = format!("both {other} and {title} are locked for {}", named.join(" with "));
                problems.push(Problem::at(package.place.clone(), message).hint(self.lock.refresh()));
            }
        }
        closure.packages = packages.into_iter().collect();
        if problems.is_empty() { Ok(closure) } else { Err(problems) }
    }

    /// Packages that the lock says do not work with this Python.
    fn of_other_pythons(&self, packages: &BTreeSet<usize>) -> Vec<Problem> {
        let Some(python) = release(self.environment) else { return Vec::new() };
        let mut problems = Vec::new();
        for package in packages.iter().filter_map(|index| self.lock.packages.get(*index)) {
            if let Some(specifiers) = package.requires_python.as_ref().filter(|all| !all.contains(&python)) {
                let message = format!("{} is for Python {specifiers}, found {python}", package.title());
                problems.push(Problem::at(package.place.clone(), message).hint(self.lock.refresh()));
            }
        }
        problems
    }

    /// By the groups of our own locks: the group of the set of inputs, else those of each.
    fn grouped(&self, inputs: &[&Input]) -> Result<BTreeSet<usize>, Vec<Problem>> {
        let of =
            |group: &str| self.by_group.get(group).into_iter().flatten().chain(&self.everywhere).copied();
        let mut ids: Vec<_> = inputs.iter().map(|input| &input.id).collect();
        ids.sort();
        ids.dedup();
        if let Some(group) = self.by_inputs.get(&ids) {
            return Ok(of(group).collect());
        }
        let mut packages = BTreeSet::new();
        let mut problems = Vec::new();
        for id in ids {
            if let Some(group) = self.by_inputs.get(&vec![id]) {
                packages.extend(of(group));
            } else {
                let message = format!("\"{id}\" is not in the lock {}", self.lock.path);
                problems.push(Problem::at(Place::file(&id.path), message).hint(self.lock.refresh()));
            }
        }
        if problems.is_empty() { Ok(packages) } else { Err(problems) }
    }

    /// By the edges of a lock that has some.
    fn walked(
        &self,
        inputs: &[&Input],
        within: Option<&BTreeSet<usize>>,
    ) -> Result<BTreeSet<usize>, Vec<Problem>> {
        said(inputs.iter().copied())?;
        let walk = why::walk(self, inputs, within);
        if walk.problems.is_empty() { Ok(walk.steps.into_keys().collect()) } else { Err(walk.problems) }
    }

    /// By what the pylock of another tool says: its groups and extras, its edges, or nothing.
    fn foreign(
        &self,
        inputs: &[&Input],
        warnings: &mut Vec<Problem>,
    ) -> Result<BTreeSet<usize>, Vec<Problem>> {
        let lock = self.lock;
        let mut selection = selection(inputs);
        let named = inputs.iter().all(|input| match &input.id.part {
            Part::Group(group) => lock.group_names.contains(&normal(group)),
            Part::Extra(extra) => lock.extras.contains(&normal(extra)),
            Part::All => false,
        });
        // The project's own dependencies are in the groups that are installed when nothing is said, and an extra comes
        // besides.
        let own = inputs.iter().any(|input| !matches!(input.id.part, Part::Group(_)));
        if own || !named {
            selection.groups.extend(lock.default_groups.iter().cloned());
        }
        let holds = |index: &usize| {
            let marker = lock.packages.get(*index).and_then(|package| package.marker.as_ref());
            marker.is_none_or(|marker| marker.holds(self.environment, &selection))
        };
        let all: BTreeSet<usize> = (0..lock.packages.len()).filter(holds).collect();
        if named {
            return Ok(all);
        }
        if lock.packages.iter().any(|package| !package.dependencies.is_empty()) {
            return self.walked(inputs, Some(&all));
        }
        // The roots at least can be checked.
        let roots = why::walk(self, inputs, Some(&all));
        if !roots.problems.is_empty() {
            return Err(roots.problems);
        }
        let message =
            format!("the lock does not say which package needs which: a service gets all {}", all.len());
        let hint = "make a lock with `layerset lock`, or use uv.lock";
        warnings.push(Problem::at(Place::file(&lock.path), message).hint(hint));
        Ok(all)
    }
}

/// The version as `requires-python` means it: a pre-release of 3.15 is a Python 3.15, for which `>=3.15` is written.
fn release(environment: &MarkerEnvironment) -> Option<Version> {
    Version::from_str(&environment.python_full_version).ok().map(|version| version.only_release())
}

/// The normalised name of a group or an extra.
pub(super) fn normal(text: &str) -> String {
    name::normalise(text).unwrap_or_else(|| text.to_owned())
}

/// The extras and groups that inputs ask for; also by the names that a `uv.lock` has for them in the markers
/// of a project whose extras conflict: `extra-7-project-cpu`, with the length of the project's name.
pub(super) fn selection(inputs: &[&Input]) -> Selection {
    let mut selection = Selection::default();
    for input in inputs {
        let project = input.project.as_deref().unwrap_or_default();
        match &input.id.part {
            Part::Extra(extra) => {
                let extra = normal(extra);
                selection.extras.insert(extra.clone());
                selection.extras.insert(format!("extra-{}-{project}-{extra}", project.len()));
            }
            Part::Group(group) => {
                let group = normal(group);
                selection.groups.insert(group.clone());
                selection.extras.insert(format!("group-{}-{project}-{group}", project.len()));
            }
            Part::All => {}
        }
    }
    selection
}
